//! Types with a scale for each 32 columns, which activations have as well.

use std::arch::x86_64::*;

use super::{
    Floats, Integers, SIDES, add_pairs, four, halves, high_bits, line, low_bits, multiply,
    with_fifth_bit, zeros,
};
use crate::kernels::activations::{BlockScale, Tile};
use crate::kernels::packed::{
    LINE, Q4_0_UNIT, Q4_1_UNIT, Q5_0_UNIT, Q5_1_UNIT, Q8_0_UNIT, SMALL_HEAD, SMALL_HEAD_WITH_MINS,
};

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q8_0<const T: usize>(units: &[[u8; Q8_0_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    let ones = _mm256_set1_epi16(1);
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let mut sums = zeros();
            for j in 0..8 {
                let at = SMALL_HEAD + (half * 8 + j) * LINE;
                let weights = line(unit, at);
                let magnitudes = weights.map(|weights| _mm256_abs_epi8(weights));
                for t in 0..T {
                    let four = four(&quants[t], 4 * j);
                    for side in 0..SIDES {
                        let signed = _mm256_sign_epi8(four, weights[side]);
                        let pairs = _mm256_maddubs_epi16(magnitudes[side], signed);
                        let products = _mm256_madd_epi16(pairs, ones);
                        sums[side][t] = _mm256_add_epi32(sums[side][t], products);
                    }
                }
            }
            add_scaled(&mut totals, &sums, unit, half * 32, scales);
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q4_0<const T: usize>(units: &[[u8; Q4_0_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    units_of_four_or_five_bits::<T, 3, false, false, Q4_0_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q4_1<const T: usize>(units: &[[u8; Q4_1_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    units_of_four_or_five_bits::<T, 0, false, true, Q4_1_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q5_0<const T: usize>(units: &[[u8; Q5_0_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    units_of_four_or_five_bits::<T, 4, true, false, Q5_0_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q5_1<const T: usize>(units: &[[u8; Q5_1_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    units_of_four_or_five_bits::<T, 0, true, true, Q5_1_UNIT>(units, tile)
}

/// `OFFSET`: which power of two is taken off each weight, where there are no minima.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn units_of_four_or_five_bits<
    const T: usize,
    const OFFSET: u32,
    const HAS_FIFTH: bool,
    const HAS_MINS: bool,
    const UNIT: usize,
>(
    units: &[[u8; UNIT]],
    tile: Tile<'_, T>,
) -> Floats<T> {
    let head = if HAS_MINS { SMALL_HEAD_WITH_MINS } else { SMALL_HEAD };
    let lines = if HAS_FIFTH { 5 } else { 4 };
    let ones = [_mm256_set1_epi16(1); SIDES];
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let first = head + half * lines * LINE;
            let fifth = line(unit, first);
            let mut sums = if HAS_MINS {
                add_mins(&mut totals, unit, SMALL_HEAD + half * 32, scales);
                zeros()
            } else {
                offset_sums::<T, OFFSET>(scales)
            };
            let mut pairs = zeros();
            for j in 0..4 {
                let bytes = line(unit, first + (lines - 4 + j) * LINE);
                let (mut low, mut high) = (low_bits(bytes), high_bits(bytes));
                if HAS_FIFTH {
                    low = with_fifth_bit(low, fifth, j);
                    high = with_fifth_bit(high, fifth, 4 + j);
                }
                multiply(&mut pairs, low, quants, 4 * j);
                multiply(&mut pairs, high, quants, 16 + 4 * j);
                if HAS_FIFTH && j == 1 {
                    add_pairs(&mut sums, &pairs, ones);
                    pairs = zeros();
                }
            }
            add_pairs(&mut sums, &pairs, ones);
            add_scaled(&mut totals, &sums, unit, half * 32, scales);
        }
    }
    totals
}

/// Minus the sum of the activations times 2^SHIFT.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn offset_sums<const T: usize, const SHIFT: u32>(scales: &[BlockScale; T]) -> Integers<T> {
    let mut sums = zeros();
    for t in 0..T {
        let offset = _mm256_set1_epi32(scales[t].minus_sum << SHIFT);
        sums[0][t] = offset;
        sums[1][t] = offset;
    }
    sums
}

/// `totals += sums · (scale of the weights, at `at` · scale of the activations)`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_scaled<const T: usize>(
    totals: &mut Floats<T>,
    sums: &Integers<T>,
    unit: &[u8],
    at: usize,
    scales: &[BlockScale; T],
) {
    for side in 0..SIDES {
        let scale = halves(unit, at, side);
        for t in 0..T {
            let scale = _mm256_mul_ps(scale, _mm256_set1_ps(scales[t].scale));
            let sum = _mm256_cvtepi32_ps(sums[side][t]);
            totals[side][t] = _mm256_fmadd_ps(sum, scale, totals[side][t]);
        }
    }
}

/// `totals += minima, at `at` · sum of the activations`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_mins<const T: usize>(
    totals: &mut Floats<T>,
    unit: &[u8],
    at: usize,
    scales: &[BlockScale; T],
) {
    for (side, totals) in totals.iter_mut().enumerate() {
        let min = halves(unit, at, side);
        for t in 0..T {
            let scaled_sum = _mm256_set1_ps(scales[t].scaled_sum);
            totals[t] = _mm256_fmadd_ps(min, scaled_sum, totals[t]);
        }
    }
}
