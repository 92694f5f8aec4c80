//! The fast way for x86-64 with AVX-512 and VNNI: products of quantised weights with activations
//! as bytes, 16 rows in the lanes of a register, 64 products an instruction.
//!
//! A lane is a row: it adds up its blocks in order, by the formula of [`super::reference`], so
//! results are the same to the bit. VNNI multiplies unsigned weights by signed activations;
//! weights with an offset (8 for Q4_0, 32 for Q6_K, 128 for Q8_0 whose sign bit is turned) start
//! from minus the offset times the sum of the block's activations.

use std::arch::x86_64::*;

use super::activations::{AnyTile, BlockScale, Quants, Tile, quantize_block};
use super::matrix_product::IntegerPath;
use super::packed::{
    K_HEAD, LINE, Q4_0_UNIT, Q4_K_UNIT, Q5_K_UNIT, Q6_K_UNIT, Q8_0_UNIT, Quantized, ROWS,
    SMALL_HEAD, q5_k_lines, q6_k_lines,
};
use crate::tensor::blocks::{BLOCK, array_at};

/// How far ahead weights are asked for, in bytes.
const AHEAD: usize = 4096;

/// Proof that this CPU has AVX-512 F, BW, VL and VNNI: made by [`Avx512::detect`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        has_all.then_some(Avx512(()))
    }
}

impl IntegerPath for Avx512 {
    /// Eight need half of the registers, and make the unpacking of weights a small part.
    const TILES: &'static [usize] = &[8, 4, 2, 1];

    #[inline]
    fn quantize(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { quantize(x, quants) }
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
                8 => products(kind, group, tile.sized::<8>(), put),
                4 => products(kind, group, tile.sized::<4>(), put),
                2 => products(kind, group, tile.sized::<2>(), put),
                _ => products(kind, group, tile.sized::<1>(), put),
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn quantize(x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
    quantize_block(x, quants)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn products<const T: usize>(
    kind: Quantized,
    group: &[u8],
    tile: Tile<'_, T>,
    mut put: impl FnMut(usize, &[f32; ROWS]),
) {
    let products = match kind {
        Quantized::Q8_0 => q8_0(group.as_chunks().0, tile),
        Quantized::Q4_0 => q4_0(group.as_chunks().0, tile),
        Quantized::Q4K => q4_k(group.as_chunks().0, tile),
        Quantized::Q5K => q5_k(group.as_chunks().0, tile),
        Quantized::Q6K => q6_k(group.as_chunks().0, tile),
    };
    let mut rows = [0.0; ROWS];
    for (token, products) in products.into_iter().enumerate() {
        store(&mut rows, products);
        put(token, &rows);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q8_0<const T: usize>(units: &[[u8; Q8_0_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let sign = _mm512_set1_epi8(-128);
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        ask_for(unit, 0);
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let mut sums = offset_sums::<T, 7>(scales);
            let mut others = [_mm512_setzero_si512(); T];
            for j in 0..4 {
                let at = SMALL_HEAD + (half * 8 + 2 * j) * LINE;
                ask_for(unit, at);
                ask_for(unit, at + LINE);
                let first = _mm512_xor_si512(line(unit, at), sign);
                let second = _mm512_xor_si512(line(unit, at + LINE), sign);
                multiply(&mut sums, first, quants, 8 * j);
                if T <= 2 {
                    multiply(&mut others, second, quants, 8 * j + 4);
                } else {
                    multiply(&mut sums, second, quants, 8 * j + 4);
                }
            }
            if T <= 2 {
                add_sums(&mut sums, &others);
            }
            add_scaled(&mut totals, sums, halves(unit, half * 32), scales);
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q4_0<const T: usize>(units: &[[u8; Q4_0_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        ask_for(unit, 0);
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let mut sums = offset_sums::<T, 3>(scales);
            let mut others = [_mm512_setzero_si512(); T];
            for j in 0..4 {
                let at = SMALL_HEAD + (half * 4 + j) * LINE;
                ask_for(unit, at);
                let bytes = line(unit, at);
                multiply(&mut sums, low_bits(bytes), quants, 4 * j);
                if T <= 2 {
                    multiply(&mut others, high_bits(bytes), quants, 16 + 4 * j);
                } else {
                    multiply(&mut sums, high_bits(bytes), quants, 16 + 4 * j);
                }
            }
            if T <= 2 {
                add_sums(&mut sums, &others);
            }
            add_scaled(&mut totals, sums, halves(unit, half * 32), scales);
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q4_k<const T: usize>(units: &[[u8; Q4_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = array_at_block::<8, T>(tile.quants, 8 * index);
        let scales = scales_at_block::<8, T>(tile.scales, 8 * index);
        for ahead in 0..5 {
            ask_for(unit, ahead * LINE);
        }
        for pair in 0..4 {
            let mut sums = [[_mm512_setzero_si512(); T]; 2];
            let [first, second] = &mut sums;
            let lines = K_HEAD + pair * 8 * LINE;
            for j in 0..8 {
                ask_for(unit, lines + j * LINE);
                let bytes = line(unit, lines + j * LINE);
                multiply(first, low_bits(bytes), &quants[2 * pair], 4 * j);
                if T <= 4 {
                    multiply(second, high_bits(bytes), &quants[2 * pair + 1], 4 * j);
                }
            }
            add_part(&mut totals, *first, unit, 2 * pair, &scales[2 * pair]);
            if T > 4 {
                // A second look at the lines costs less than 16 registers of sums.
                for j in 0..8 {
                    let bytes = line(unit, lines + j * LINE);
                    multiply(second, high_bits(bytes), &quants[2 * pair + 1], 4 * j);
                }
            }
            add_part(&mut totals, *second, unit, 2 * pair + 1, &scales[2 * pair + 1]);
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q5_k<const T: usize>(units: &[[u8; Q5_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = array_at_block::<8, T>(tile.quants, 8 * index);
        let scales = scales_at_block::<8, T>(tile.scales, 8 * index);
        q5_k_part::<T, 0>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 1>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 2>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 3>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 4>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 5>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 6>(&mut totals, unit, quants, scales);
        q5_k_part::<T, 7>(&mut totals, unit, quants, scales);
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q5_k_part<const T: usize, const PART: usize>(
    totals: &mut [__m512; T],
    unit: &[u8; Q5_K_UNIT],
    quants: &[[Quants; T]; 8],
    scales: &[[BlockScale; T]; 8],
) {
    let mut sums = [_mm512_setzero_si512(); T];
    for j in 0..8 {
        let (high, low) = q5_k_lines(PART / 2, j);
        let (high, low) = (K_HEAD + high * LINE, K_HEAD + low * LINE);
        if PART == 0 {
            ask_for(unit, high);
        }
        if PART.is_multiple_of(2) {
            ask_for(unit, low);
        } else if PART == 7 && j < K_HEAD / LINE {
            ask_for(unit, j * LINE);
        }
        let (high, low) = (line(unit, high), line(unit, low));
        let low = if PART.is_multiple_of(2) { low_bits(low) } else { high_bits(low) };
        // Bit PART of each byte to bit 4. What crosses into the neighbouring byte is masked.
        let high = match PART {
            0 => _mm512_slli_epi16::<4>(high),
            1 => _mm512_slli_epi16::<3>(high),
            2 => _mm512_slli_epi16::<2>(high),
            3 => _mm512_slli_epi16::<1>(high),
            4 => high,
            5 => _mm512_srli_epi16::<1>(high),
            6 => _mm512_srli_epi16::<2>(high),
            _ => _mm512_srli_epi16::<3>(high),
        };
        multiply(&mut sums, or_masked(low, high, _mm512_set1_epi8(0x10)), &quants[PART], 4 * j);
    }
    add_part(totals, sums, unit, PART, &scales[PART]);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k<const T: usize>(units: &[[u8; Q6_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        for ahead in 0..K_HEAD / LINE {
            ask_for(unit, ahead * LINE);
        }
        for half in 0..2 {
            let quants = array_at_block::<4, T>(tile.quants, 8 * index + 4 * half);
            let scales = scales_at_block::<4, T>(tile.scales, 8 * index + 4 * half);
            if T <= 2 {
                q6_k_half(&mut totals, unit, half, quants, scales);
            } else {
                q6_k_part::<T, 0>(&mut totals, unit, half, quants, scales);
                q6_k_part::<T, 1>(&mut totals, unit, half, quants, scales);
                q6_k_part::<T, 2>(&mut totals, unit, half, quants, scales);
                q6_k_part::<T, 3>(&mut totals, unit, half, quants, scales);
            }
        }
    }
    totals
}

/// The 128 columns of a half, each line read once: for few tokens.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_half<const T: usize>(
    totals: &mut [__m512; T],
    unit: &[u8; Q6_K_UNIT],
    half: usize,
    quants: &[[Quants; T]; 4],
    scales: &[[BlockScale; T]; 4],
) {
    let mut products = [[_mm512_setzero_ps(); T]; 4];
    for side in 0..2 {
        let mut sums = [[_mm512_setzero_si512(); T]; 4];
        for part in 0..4 {
            sums[part] = q6_k_offsets(side, &scales[part]);
        }
        for j in 4 * side..4 * side + 4 {
            let [first, second, high] = q6_k_lines(half, j).map(|line| K_HEAD + line * LINE);
            ask_for(unit, first);
            ask_for(unit, second);
            ask_for(unit, high);
            let (first, second, high) = (line(unit, first), line(unit, second), line(unit, high));
            multiply(&mut sums[0], with_high_bits::<0>(low_bits(first), high), &quants[0], 4 * j);
            multiply(&mut sums[1], with_high_bits::<1>(low_bits(second), high), &quants[1], 4 * j);
            multiply(&mut sums[2], with_high_bits::<2>(high_bits(first), high), &quants[2], 4 * j);
            multiply(&mut sums[3], with_high_bits::<3>(high_bits(second), high), &quants[3], 4 * j);
        }
        for part in 0..4 {
            let scale = q6_k_scale(unit, 2 * (half * 4 + part) + side);
            add_q6_k_side(&mut products[part], side, sums[part], scale);
        }
    }
    for part in 0..4 {
        add_q6_k_products(totals, &products[part], &scales[part]);
    }
}

/// 32 of the 128 columns of a half: two scales of 16 columns each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_part<const T: usize, const PART: usize>(
    totals: &mut [__m512; T],
    unit: &[u8; Q6_K_UNIT],
    half: usize,
    quants: &[[Quants; T]; 4],
    scales: &[[BlockScale; T]; 4],
) {
    let mut products = [_mm512_setzero_ps(); T];
    for side in 0..2 {
        let mut sums = q6_k_offsets(side, &scales[PART]);
        for j in 4 * side..4 * side + 4 {
            let lines = q6_k_lines(half, j);
            let (low, high) = (K_HEAD + lines[PART % 2] * LINE, K_HEAD + lines[2] * LINE);
            if PART < 2 {
                ask_for(unit, low);
            }
            if PART == 0 {
                ask_for(unit, high);
            }
            let (low, high) = (line(unit, low), line(unit, high));
            let low = if PART < 2 { low_bits(low) } else { high_bits(low) };
            multiply(&mut sums, with_high_bits::<PART>(low, high), &quants[PART], 4 * j);
        }
        let scale = q6_k_scale(unit, 2 * (half * 4 + PART) + side);
        add_q6_k_side(&mut products, side, sums, scale);
    }
    add_q6_k_products(totals, &products, &scales[PART]);
}

/// Minus 32 times the sum of the activations of 16 columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_offsets<const T: usize>(side: usize, scales: &[BlockScale; T]) -> [__m512i; T] {
    let mut sums = [_mm512_setzero_si512(); T];
    for t in 0..T {
        let first = _mm512_set1_epi32(scales[t].minus_first);
        let both = _mm512_set1_epi32(scales[t].minus_sum);
        let minus = if side == 0 { first } else { _mm512_sub_epi32(both, first) };
        sums[t] = _mm512_slli_epi32::<5>(minus);
    }
    sums
}

/// Adds the two high bits of each byte, those of PART, to the four low ones.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn with_high_bits<const PART: usize>(low: __m512i, high: __m512i) -> __m512i {
    let high = match PART {
        0 => _mm512_slli_epi16::<4>(high),
        1 => _mm512_slli_epi16::<2>(high),
        2 => high,
        _ => _mm512_srli_epi16::<2>(high),
    };
    or_masked(low, high, _mm512_set1_epi8(0x30))
}

/// The scales of 16 columns of 16 rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_scale(unit: &[u8; Q6_K_UNIT], sixteen: usize) -> __m512 {
    let bytes = load_rows(array_at(unit, 2 * ROWS + sixteen * ROWS));
    _mm512_mul_ps(halves(unit, 0), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)))
}

/// The products of 16 columns; the second 16 are added to the first.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_q6_k_side<const T: usize>(
    products: &mut [__m512; T],
    side: usize,
    sums: [__m512i; T],
    scale: __m512,
) {
    for t in 0..T {
        let sum = _mm512_cvtepi32_ps(sums[t]);
        products[t] = if side == 0 {
            _mm512_mul_ps(sum, scale)
        } else {
            _mm512_fmadd_ps(sum, scale, products[t])
        };
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_q6_k_products<const T: usize>(
    totals: &mut [__m512; T],
    products: &[__m512; T],
    scales: &[BlockScale; T],
) {
    for t in 0..T {
        totals[t] = _mm512_fmadd_ps(products[t], _mm512_set1_ps(scales[t].scale), totals[t]);
    }
}

/// Minus the sum of the activations times 2^SHIFT.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn offset_sums<const T: usize, const SHIFT: u32>(scales: &[BlockScale; T]) -> [__m512i; T] {
    let mut sums = [_mm512_setzero_si512(); T];
    for t in 0..T {
        sums[t] = _mm512_slli_epi32::<SHIFT>(_mm512_set1_epi32(scales[t].minus_sum));
    }
    sums
}

/// `sums[t] += weights · quants[t][at..at + 4]` in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn multiply<const T: usize>(
    sums: &mut [__m512i; T],
    weights: __m512i,
    quants: &[Quants; T],
    at: usize,
) {
    for t in 0..T {
        let four = i32::from_le_bytes(*array_at(&quants[t], at));
        sums[t] = _mm512_dpbusd_epi32(sums[t], weights, _mm512_set1_epi32(four));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_sums<const T: usize>(sums: &mut [__m512i; T], others: &[__m512i; T]) {
    for t in 0..T {
        sums[t] = _mm512_add_epi32(sums[t], others[t]);
    }
}

/// `totals += sums · (scale of the weights · scale of the activations)`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_scaled<const T: usize>(
    totals: &mut [__m512; T],
    sums: [__m512i; T],
    scale: __m512,
    scales: &[BlockScale; T],
) {
    for t in 0..T {
        let scale = _mm512_mul_ps(scale, _mm512_set1_ps(scales[t].scale));
        totals[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[t]), scale, totals[t]);
    }
}

/// Adds the products of one of the eight parts of Q4_K or Q5_K, minima first.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_part<const T: usize>(
    totals: &mut [__m512; T],
    sums: [__m512i; T],
    unit: &[u8],
    part: usize,
    scales: &[BlockScale; T],
) {
    let scale = _mm512_mul_ps(halves(unit, 0), bytes_to_floats(unit, 4 * ROWS + part * ROWS));
    let min = _mm512_mul_ps(halves(unit, 32), bytes_to_floats(unit, 12 * ROWS + part * ROWS));
    for t in 0..T {
        let scaled_sum = _mm512_set1_ps(scales[t].scaled_sum);
        totals[t] = _mm512_fnmadd_ps(min, scaled_sum, totals[t]);
    }
    add_scaled(totals, sums, scale, scales);
}

#[inline]
fn array_at_block<const N: usize, const T: usize>(
    quants: &[[Quants; T]],
    at: usize,
) -> &[[Quants; T]; N] {
    quants[at..].first_chunk().expect("activations have a block for each of the weights")
}

#[inline]
fn scales_at_block<const N: usize, const T: usize>(
    scales: &[[BlockScale; T]],
    at: usize,
) -> &[[BlockScale; T]; N] {
    scales[at..].first_chunk().expect("activations have a block for each of the weights")
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn low_bits(bytes: __m512i) -> __m512i {
    _mm512_and_si512(bytes, _mm512_set1_epi8(15))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn high_bits(bytes: __m512i) -> __m512i {
    _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), _mm512_set1_epi8(15))
}

/// `low | (high & mask)`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn or_masked(low: __m512i, high: __m512i, mask: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xf8>(low, high, mask)
}

/// Sixteen f16 at `at`, as f32.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn halves(unit: &[u8], at: usize) -> __m512 {
    let bytes: &[u8; 2 * ROWS] = array_at(unit, at);
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) })
}

/// Sixteen unsigned bytes at `at`, as f32.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn bytes_to_floats(unit: &[u8], at: usize) -> __m512 {
    _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load_rows(array_at(unit, at))))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn load_rows(bytes: &[u8; ROWS]) -> __m128i {
    // SAFETY: the array is exactly the 16 bytes that are read; no alignment is needed.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn line(unit: &[u8], at: usize) -> __m512i {
    let bytes: &[u8; LINE] = array_at(unit, at);
    // SAFETY: the array is exactly the 64 bytes that are read; no alignment is needed.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn store(rows: &mut [f32; ROWS], lanes: __m512) {
    // SAFETY: the array is exactly the 64 bytes that are written; no alignment is needed.
    unsafe { _mm512_storeu_ps(rows.as_mut_ptr(), lanes) }
}

/// Asks for what is some way behind the line at `at`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn ask_for(unit: &[u8], at: usize) {
    let ahead = unit.as_ptr().wrapping_add(at + AHEAD);
    // A hint that reads nothing: any address is allowed.
    _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
}
