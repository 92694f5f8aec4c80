//! Types with a scale for each 32 columns, which activations have as well.

use std::arch::x86_64::*;

use super::{add_sums, halves, high_bits, line, low_bits, multiply, or_masked};
use crate::kernels::activations::{BlockScale, Tile};
use crate::kernels::packed::{
    LINE, Q4_0_UNIT, Q4_1_UNIT, Q5_0_UNIT, Q5_1_UNIT, Q8_0_UNIT, SMALL_HEAD, SMALL_HEAD_WITH_MINS,
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q8_0<const T: usize>(units: &[[u8; Q8_0_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let sign = _mm512_set1_epi8(-128);
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let mut sums = offset_sums::<T, 7>(scales);
            let mut others = [_mm512_setzero_si512(); T];
            for j in 0..4 {
                let at = SMALL_HEAD + (half * 8 + 2 * j) * LINE;
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
pub(super) fn q4_0<const T: usize>(units: &[[u8; Q4_0_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, 3, false, false, Q4_0_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q4_1<const T: usize>(units: &[[u8; Q4_1_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, 0, false, true, Q4_1_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q5_0<const T: usize>(units: &[[u8; Q5_0_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, 4, true, false, Q5_0_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q5_1<const T: usize>(units: &[[u8; Q5_1_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, 0, true, true, Q5_1_UNIT>(units, tile)
}

/// `OFFSET`: which power of two is taken off each weight, where there are no minima.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn units_of_four_or_five_bits<
    const T: usize,
    const OFFSET: u32,
    const HAS_FIFTH: bool,
    const HAS_MINS: bool,
    const UNIT: usize,
>(
    units: &[[u8; UNIT]],
    tile: Tile<'_, T>,
) -> [__m512; T] {
    let head = if HAS_MINS { SMALL_HEAD_WITH_MINS } else { SMALL_HEAD };
    let lines = if HAS_FIFTH { 5 } else { 4 };
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let first = head + half * lines * LINE;
            let fifth = line(unit, first);
            let mut sums = [_mm512_setzero_si512(); T];
            if HAS_MINS {
                add_mins(&mut totals, halves(unit, SMALL_HEAD + half * 32), scales);
            } else {
                sums = offset_sums::<T, OFFSET>(scales);
            }
            let mut others = [_mm512_setzero_si512(); T];
            macro_rules! four_columns {
                ($($j:literal $after:literal)*) => {$({
                    let at = first + (lines - 4 + $j) * LINE;
                    let bytes = line(unit, at);
                    let (mut low, mut high) = (low_bits(bytes), high_bits(bytes));
                    if HAS_FIFTH {
                        low = with_fifth_bit::<$j>(low, fifth);
                        high = with_fifth_bit::<$after>(high, fifth);
                    }
                    multiply(&mut sums, low, quants, 4 * $j);
                    let sums = if T <= 2 { &mut others } else { &mut sums };
                    multiply(sums, high, quants, 16 + 4 * $j);
                })*};
            }
            four_columns!(0 4 1 5 2 6 3 7);
            if T <= 2 {
                add_sums(&mut sums, &others);
            }
            add_scaled(&mut totals, sums, halves(unit, half * 32), scales);
        }
    }
    totals
}

/// Adds bit BIT of each byte of `high` as the fifth to the four of `low`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn with_fifth_bit<const BIT: usize>(low: __m512i, high: __m512i) -> __m512i {
    // To bit 4. What crosses into the neighbouring byte is masked.
    let high = match BIT {
        0 => _mm512_slli_epi16::<4>(high),
        1 => _mm512_slli_epi16::<3>(high),
        2 => _mm512_slli_epi16::<2>(high),
        3 => _mm512_slli_epi16::<1>(high),
        4 => high,
        5 => _mm512_srli_epi16::<1>(high),
        6 => _mm512_srli_epi16::<2>(high),
        _ => _mm512_srli_epi16::<3>(high),
    };
    or_masked(low, high, _mm512_set1_epi8(0x10))
}

/// Minus the sum of the activations times 2^SHIFT.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn offset_sums<const T: usize, const SHIFT: u32>(scales: &[BlockScale; T]) -> [__m512i; T] {
    let mut sums = [_mm512_setzero_si512(); T];
    for t in 0..T {
        sums[t] = _mm512_set1_epi32(scales[t].minus_sum << SHIFT);
    }
    sums
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

/// `totals += min · sum of the activations`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_mins<const T: usize>(totals: &mut [__m512; T], min: __m512, scales: &[BlockScale; T]) {
    for t in 0..T {
        totals[t] = _mm512_fmadd_ps(min, _mm512_set1_ps(scales[t].scaled_sum), totals[t]);
    }
}
