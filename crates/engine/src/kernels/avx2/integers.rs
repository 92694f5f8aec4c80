//! Products of quantised weights with activations as bytes, for AVX2: 8 of the 16 rows of a
//! group in the lanes of a register.
//!
//! `maddubs` multiplies unsigned by signed bytes and adds pairs into 16 bits, where the products
//! of 4-bit weights can be added up eight at a time, of 5 bits four, of 6 bits two, before they
//! must be widened: 8 · 2 · 15 · 127, 4 · 2 · 31 · 127 and 2 · 2 · 63 · 127 are less than 2¹⁵. Weights of
//! 8 bits give their sign to the activations: 2 · 128 · 127 is just enough for one.

#![allow(clippy::needless_range_loop, reason = "iterators would keep totals out of registers")]

use std::arch::x86_64::*;

use super::Avx2;
use crate::kernels::activations::{AnyTile, BlockScale, Quants, Tile};
use crate::kernels::matrix_product::IntegerPath;
use crate::kernels::packed::{
    K_HEAD, LINE, Q4_0_UNIT, Q4_K_UNIT, Q5_K_UNIT, Q6_K_UNIT, Q8_0_UNIT, Quantized, ROWS,
    SMALL_HEAD, q5_k_lines, q6_k_lines,
};
use crate::tensor::blocks::{BLOCK, array_at};

/// Rows in a register.
const LANES: usize = 8;
/// Registers of a group of rows.
const SIDES: usize = ROWS / LANES;

/// Totals of the 16 rows of a group, for each token of a tile.
type Totals<const T: usize> = [[__m256; T]; SIDES];

impl IntegerPath for Avx2 {
    /// Four need half of the registers.
    const TILES: &'static [usize] = &[4, 2, 1];

    #[inline]
    fn quantize(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { super::quantize(x, quants) }
    }

    fn group_times_tile(
        self,
        kind: Quantized,
        group: &[u8],
        tile: AnyTile<'_>,
        put: impl FnMut(usize, &[f32; ROWS]),
    ) {
        // SAFETY: `self` proves that the CPU has the features of the callees.
        unsafe {
            match tile.tokens {
                4 => products(kind, group, tile.sized::<4>(), put),
                2 => products(kind, group, tile.sized::<2>(), put),
                _ => products(kind, group, tile.sized::<1>(), put),
            }
        }
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn products<const T: usize>(
    kind: Quantized,
    group: &[u8],
    tile: Tile<'_, T>,
    mut put: impl FnMut(usize, &[f32; ROWS]),
) {
    let totals = match kind {
        Quantized::Q8_0 => q8_0(group.as_chunks().0, tile),
        Quantized::Q4_0 => q4_0(group.as_chunks().0, tile),
        Quantized::Q4K => q4_k(group.as_chunks().0, tile),
        Quantized::Q5K => q5_k(group.as_chunks().0, tile),
        Quantized::Q6K => q6_k(group.as_chunks().0, tile),
    };
    let mut rows = [0.0; ROWS];
    for token in 0..T {
        for (rows, totals) in rows.as_chunks_mut().0.iter_mut().zip(totals) {
            super::store(rows, totals[token]);
        }
        put(token, &rows);
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q8_0<const T: usize>(units: &[[u8; Q8_0_UNIT]], tile: Tile<'_, T>) -> Totals<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            for side in 0..SIDES {
                let mut sums = [_mm256_setzero_si256(); T];
                for j in 0..8 {
                    let weights = load(unit, SMALL_HEAD + (half * 8 + j) * LINE, side);
                    let magnitudes = _mm256_abs_epi8(weights);
                    for t in 0..T {
                        let signed = _mm256_sign_epi8(four(&quants[t], 4 * j), weights);
                        let pairs = _mm256_maddubs_epi16(magnitudes, signed);
                        sums[t] = _mm256_add_epi32(sums[t], widen(pairs));
                    }
                }
                let scale = halves(unit, half * 32, side);
                add_scaled(&mut totals[side], sums, scale, scales);
            }
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q4_0<const T: usize>(units: &[[u8; Q4_0_UNIT]], tile: Tile<'_, T>) -> Totals<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            for side in 0..SIDES {
                let mut pairs = [_mm256_setzero_si256(); T];
                for j in 0..4 {
                    let bytes = load(unit, SMALL_HEAD + (half * 4 + j) * LINE, side);
                    multiply(&mut pairs, low_bits(bytes), quants, 4 * j);
                    multiply(&mut pairs, high_bits(bytes), quants, 16 + 4 * j);
                }
                let mut sums = [_mm256_setzero_si256(); T];
                for t in 0..T {
                    let offset = _mm256_slli_epi32::<3>(_mm256_set1_epi32(scales[t].minus_sum));
                    sums[t] = _mm256_add_epi32(offset, widen(pairs[t]));
                }
                add_scaled(&mut totals[side], sums, halves(unit, half * 32, side), scales);
            }
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q4_k<const T: usize>(units: &[[u8; Q4_K_UNIT]], tile: Tile<'_, T>) -> Totals<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for part in 0..8 {
            let (quants, scales) = (&tile.quants[8 * index + part], &tile.scales[8 * index + part]);
            for side in 0..SIDES {
                let mut pairs = [_mm256_setzero_si256(); T];
                for j in 0..8 {
                    let bytes = load(unit, K_HEAD + (part / 2 * 8 + j) * LINE, side);
                    let weights = if part % 2 == 0 { low_bits(bytes) } else { high_bits(bytes) };
                    multiply(&mut pairs, weights, quants, 4 * j);
                }
                add_part(&mut totals[side], widen_all(pairs), unit, part, side, scales);
            }
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q5_k<const T: usize>(units: &[[u8; Q5_K_UNIT]], tile: Tile<'_, T>) -> Totals<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for part in 0..8 {
            let (quants, scales) = (&tile.quants[8 * index + part], &tile.scales[8 * index + part]);
            let bit = _mm256_set1_epi8(1_i8 << part);
            for side in 0..SIDES {
                let mut pairs = [[_mm256_setzero_si256(); T]; 2];
                for j in 0..8 {
                    let (high, low) = q5_k_lines(part / 2, j);
                    let low = load(unit, K_HEAD + low * LINE, side);
                    let low = if part % 2 == 0 { low_bits(low) } else { high_bits(low) };
                    let high = load(unit, K_HEAD + high * LINE, side);
                    let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(high, bit), bit);
                    let fifth = _mm256_and_si256(is_set, _mm256_set1_epi8(16));
                    multiply(&mut pairs[j / 4], _mm256_or_si256(low, fifth), quants, 4 * j);
                }
                let sums = add_all(widen_all(pairs[0]), widen_all(pairs[1]));
                add_part(&mut totals[side], sums, unit, part, side, scales);
            }
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q6_k<const T: usize>(units: &[[u8; Q6_K_UNIT]], tile: Tile<'_, T>) -> Totals<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for part in 0..8 {
            let (quants, scales) = (&tile.quants[8 * index + part], &tile.scales[8 * index + part]);
            for side in 0..SIDES {
                q6_k_part(&mut totals[side], unit, part, side, quants, scales);
            }
        }
    }
    totals
}

/// 32 columns: two scales of 16 columns each.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q6_k_part<const T: usize>(
    totals: &mut [__m256; T],
    unit: &[u8; Q6_K_UNIT],
    part: usize,
    side: usize,
    quants: &[Quants; T],
    scales: &[BlockScale; T],
) {
    let (half, quarter) = (part / 4, part % 4);
    let mut products = [_mm256_setzero_ps(); T];
    for sixteen in 0..2 {
        let mut pairs = [[_mm256_setzero_si256(); T]; 2];
        for j in 0..4 {
            let column = 4 * sixteen + j;
            let lines = q6_k_lines(half, column);
            let low = load(unit, K_HEAD + lines[quarter % 2] * LINE, side);
            let low = if quarter < 2 { low_bits(low) } else { high_bits(low) };
            let high = load(unit, K_HEAD + lines[2] * LINE, side);
            let high = match quarter {
                0 => _mm256_slli_epi16::<4>(high),
                1 => _mm256_slli_epi16::<2>(high),
                2 => high,
                _ => _mm256_srli_epi16::<2>(high),
            };
            let high = _mm256_and_si256(high, _mm256_set1_epi8(0x30));
            multiply(&mut pairs[j / 2], _mm256_or_si256(low, high), quants, 4 * column);
        }
        let part_scale = signed_bytes(unit, 2 * ROWS + (2 * part + sixteen) * ROWS, side);
        let scale = _mm256_mul_ps(halves(unit, 0, side), part_scale);
        let sums = add_all(widen_all(pairs[0]), widen_all(pairs[1]));
        for t in 0..T {
            let BlockScale { minus_sum, minus_first, .. } = scales[t];
            let minus = if sixteen == 0 { minus_first } else { minus_sum - minus_first };
            let sum = _mm256_add_epi32(sums[t], _mm256_set1_epi32(32 * minus));
            let sum = _mm256_cvtepi32_ps(sum);
            products[t] = if sixteen == 0 {
                _mm256_mul_ps(sum, scale)
            } else {
                _mm256_fmadd_ps(sum, scale, products[t])
            };
        }
    }
    for t in 0..T {
        totals[t] = _mm256_fmadd_ps(products[t], _mm256_set1_ps(scales[t].scale), totals[t]);
    }
}

/// `pairs[t] += weights · quants[t][at..at + 4]`, pairs of bytes in 16 bits.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn multiply<const T: usize>(
    pairs: &mut [__m256i; T],
    weights: __m256i,
    quants: &[Quants; T],
    at: usize,
) {
    for t in 0..T {
        let products = _mm256_maddubs_epi16(weights, four(&quants[t], at));
        pairs[t] = _mm256_add_epi16(pairs[t], products);
    }
}

/// Adds pairs of 16 bits into 32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn widen(pairs: __m256i) -> __m256i {
    _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn widen_all<const T: usize>(mut pairs: [__m256i; T]) -> [__m256i; T] {
    for pairs in &mut pairs {
        *pairs = widen(*pairs);
    }
    pairs
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_all<const T: usize>(mut sums: [__m256i; T], others: [__m256i; T]) -> [__m256i; T] {
    for t in 0..T {
        sums[t] = _mm256_add_epi32(sums[t], others[t]);
    }
    sums
}

/// `totals += sums · (scale of the weights · scale of the activations)`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_scaled<const T: usize>(
    totals: &mut [__m256; T],
    sums: [__m256i; T],
    scale: __m256,
    scales: &[BlockScale; T],
) {
    for t in 0..T {
        let scale = _mm256_mul_ps(scale, _mm256_set1_ps(scales[t].scale));
        totals[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[t]), scale, totals[t]);
    }
}

/// Adds the products of one of the eight parts of Q4_K or Q5_K, minima first.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_part<const T: usize>(
    totals: &mut [__m256; T],
    sums: [__m256i; T],
    unit: &[u8],
    part: usize,
    side: usize,
    scales: &[BlockScale; T],
) {
    let part_scale = unsigned_bytes(unit, 4 * ROWS + part * ROWS, side);
    let part_min = unsigned_bytes(unit, 12 * ROWS + part * ROWS, side);
    let scale = _mm256_mul_ps(halves(unit, 0, side), part_scale);
    let min = _mm256_mul_ps(halves(unit, 32, side), part_min);
    for t in 0..T {
        let scaled_sum = _mm256_set1_ps(scales[t].scaled_sum);
        totals[t] = _mm256_fnmadd_ps(min, scaled_sum, totals[t]);
    }
    add_scaled(totals, sums, scale, scales);
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn low_bits(bytes: __m256i) -> __m256i {
    _mm256_and_si256(bytes, _mm256_set1_epi8(15))
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn high_bits(bytes: __m256i) -> __m256i {
    _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15))
}

/// Four activations in every lane.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn four(quants: &Quants, at: usize) -> __m256i {
    _mm256_set1_epi32(i32::from_le_bytes(*array_at(quants, at)))
}

/// Half of the line at `at`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load(unit: &[u8], at: usize, side: usize) -> __m256i {
    let bytes: &[u8; LINE / SIDES] = array_at(unit, at + side * LINE / SIDES);
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Eight of the sixteen f16 at `at`, as f32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn halves(unit: &[u8], at: usize, side: usize) -> __m256 {
    super::load_f16(array_at(unit, at + side * 2 * LANES))
}

/// Eight of the sixteen bytes at `at`, as f32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn unsigned_bytes(unit: &[u8], at: usize, side: usize) -> __m256 {
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load_bytes(array_at(unit, at + side * LANES))))
}

/// Eight of the sixteen signed bytes at `at`, as f32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn signed_bytes(unit: &[u8], at: usize, side: usize) -> __m256 {
    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load_bytes(array_at(unit, at + side * LANES))))
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load_bytes(bytes: &[u8; LANES]) -> __m128i {
    // SAFETY: the array is exactly the 8 bytes that are read; no alignment is needed.
    unsafe { _mm_loadl_epi64(bytes.as_ptr().cast()) }
}
