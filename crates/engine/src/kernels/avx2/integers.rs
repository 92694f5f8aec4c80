//! Products of quantised weights with activations as bytes, for AVX2: the 16 rows of a group in
//! the lanes of two registers, its sides.
//!
//! `maddubs` multiplies unsigned by signed bytes and adds pairs into 16 bits, where the products
//! of 4-bit weights can be added up eight at a time, of 5 bits four, of 6 bits two, before they
//! must be widened: 8 · 2 · 15 · 127, 4 · 2 · 31 · 127 and 2 · 2 · 63 · 127 are less than 2¹⁵. Weights of
//! 8 bits give their sign to the activations: 2 · 128 · 127 is just enough for one.

mod blocks;
mod super_blocks;

use std::arch::x86_64::*;

use super::Avx2;
use crate::kernels::activations::{
    AnyTile, BlockScale, PARTS, Quantize, Quants, SuperScale, Tile, quantize_block,
    quantize_super_block,
};
use crate::kernels::matrix_product::IntegerPath;
use crate::kernels::packed::{LINE, Quantized, ROWS};
use crate::tensor::blocks::{BLOCK, SUPER_BLOCK, array_at};

/// Rows in a register.
const LANES: usize = 8;
/// Registers of a group of rows.
const SIDES: usize = ROWS / LANES;

/// Integers for the 16 rows of a group and each token of a tile.
type Integers<const T: usize> = [[__m256i; T]; SIDES];
/// Floats for the same.
type Floats<const T: usize> = [[__m256; T]; SIDES];

impl Quantize for Avx2 {
    #[inline]
    fn block(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { block(x, quants) }
    }

    #[inline]
    fn super_block(self, x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { super_block(x, quants) }
    }
}

impl IntegerPath for Avx2 {
    /// Four need half of the registers.
    const TILES: &'static [usize] = &[4, 2, 1];

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

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn block(x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
    quantize_block(x, quants)
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn super_block(x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
    quantize_super_block(x, quants)
}

#[target_feature(enable = "avx2,fma,f16c")]
fn products<const T: usize>(
    kind: Quantized,
    group: &[u8],
    tile: Tile<'_, T>,
    mut put: impl FnMut(usize, &[f32; ROWS]),
) {
    let totals = match kind {
        Quantized::Q8_0 => blocks::q8_0(group.as_chunks().0, tile),
        Quantized::Q4_0 => blocks::q4_0(group.as_chunks().0, tile),
        Quantized::Q4_1 => blocks::q4_1(group.as_chunks().0, tile),
        Quantized::Q5_0 => blocks::q5_0(group.as_chunks().0, tile),
        Quantized::Q5_1 => blocks::q5_1(group.as_chunks().0, tile),
        Quantized::Q4K => super_blocks::q4_k(group.as_chunks().0, tile),
        Quantized::Q5K => super_blocks::q5_k(group.as_chunks().0, tile),
        Quantized::Q6K => super_blocks::q6_k(group.as_chunks().0, tile),
    };
    let mut rows = [0.0; ROWS];
    for token in 0..T {
        for (rows, totals) in rows.as_chunks_mut().0.iter_mut().zip(totals) {
            super::store(rows, totals[token]);
        }
        put(token, &rows);
    }
}

/// `pairs[side][t] += weights[side] · quants[t][at..at + 4]`, pairs of bytes in 16 bits.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn multiply<const T: usize>(
    pairs: &mut Integers<T>,
    weights: [__m256i; SIDES],
    quants: &[Quants; T],
    at: usize,
) {
    for t in 0..T {
        let four = four(&quants[t], at);
        for side in 0..SIDES {
            let products = _mm256_maddubs_epi16(weights[side], four);
            pairs[side][t] = _mm256_add_epi16(pairs[side][t], products);
        }
    }
}

/// `sums[side][t] += factors[side] · pairs[side][t]`, pairs of 16 bits into 32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_pairs<const T: usize>(
    sums: &mut Integers<T>,
    pairs: &Integers<T>,
    factors: [__m256i; SIDES],
) {
    for side in 0..SIDES {
        for t in 0..T {
            let products = _mm256_madd_epi16(pairs[side][t], factors[side]);
            sums[side][t] = _mm256_add_epi32(sums[side][t], products);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn zeros<const T: usize>() -> Integers<T> {
    [[_mm256_setzero_si256(); T]; SIDES]
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn low_bits(bytes: [__m256i; SIDES]) -> [__m256i; SIDES] {
    let mask = _mm256_set1_epi8(15);
    [_mm256_and_si256(bytes[0], mask), _mm256_and_si256(bytes[1], mask)]
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn high_bits(bytes: [__m256i; SIDES]) -> [__m256i; SIDES] {
    low_bits([_mm256_srli_epi16::<4>(bytes[0]), _mm256_srli_epi16::<4>(bytes[1])])
}

/// Adds bit `bit` of each byte of `high` as the fifth to the four of `low`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn with_fifth_bit(
    mut low: [__m256i; SIDES],
    high: [__m256i; SIDES],
    bit: usize,
) -> [__m256i; SIDES] {
    let bit = _mm256_set1_epi8(1_i8 << bit);
    for side in 0..SIDES {
        let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(high[side], bit), bit);
        let fifth = _mm256_and_si256(is_set, _mm256_set1_epi8(16));
        low[side] = _mm256_or_si256(low[side], fifth);
    }
    low
}

/// Four activations in every lane.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn four(quants: &Quants, at: usize) -> __m256i {
    _mm256_set1_epi32(i32::from_le_bytes(*array_at(quants, at)))
}

/// The line at `at`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn line(unit: &[u8], at: usize) -> [__m256i; SIDES] {
    [half_line(unit, at), half_line(unit, at + LINE / SIDES)]
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn half_line(unit: &[u8], at: usize) -> __m256i {
    let bytes: &[u8; LINE / SIDES] = array_at(unit, at);
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Eight of the sixteen f16 at `at`, as f32.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn halves(unit: &[u8], at: usize, side: usize) -> __m256 {
    super::load_f16(array_at(unit, at + side * 2 * LANES))
}
