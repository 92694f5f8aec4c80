//! Types with a scale for each 32 columns, which activations have as well.

use std::arch::aarch64::*;

use super::{
    FOUR, Line, SIDES, Totals, Way, halves, high_bits, load_lines, load_side, low_bits, multiply,
    with_fifth_bit,
};
use crate::kernels::activations::{BlockScale, Tile};
use crate::kernels::packed::{
    Q4_0_UNIT, Q4_1_UNIT, Q5_0_UNIT, Q5_1_UNIT, Q8_0_UNIT, SMALL_HEAD, SMALL_HEAD_WITH_MINS,
};

#[target_feature(enable = "neon")]
pub(super) fn q8_0<const T: usize>(
    way: impl Way,
    units: &[[u8; Q8_0_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    let mut totals = [[vdupq_n_f32(0.0); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let lines: &[Line; 16] = lines(unit, SMALL_HEAD);
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            for side in 0..SIDES {
                let mut sums = [vdupq_n_s32(0); T];
                for sixteen in 0..2 {
                    let weights = load_lines(lines, half * 8 + sixteen * FOUR, side);
                    multiply::<T, 1>(way, &mut sums, weights, quants, sixteen);
                }
                let scale = halves(unit, half * 32, side);
                add_scaled(&mut totals[side], sums, scale, scales);
            }
        }
    }
    totals
}

#[target_feature(enable = "neon")]
pub(super) fn q4_0<const T: usize>(
    way: impl Way,
    units: &[[u8; Q4_0_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_of_four_or_five_bits::<T, 8, 8, Q4_0_UNIT>(way, units, tile)
}

#[target_feature(enable = "neon")]
pub(super) fn q4_1<const T: usize>(
    way: impl Way,
    units: &[[u8; Q4_1_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_of_four_or_five_bits::<T, 8, 0, Q4_1_UNIT>(way, units, tile)
}

#[target_feature(enable = "neon")]
pub(super) fn q5_0<const T: usize>(
    way: impl Way,
    units: &[[u8; Q5_0_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_of_four_or_five_bits::<T, 10, 16, Q5_0_UNIT>(way, units, tile)
}

#[target_feature(enable = "neon")]
pub(super) fn q5_1<const T: usize>(
    way: impl Way,
    units: &[[u8; Q5_1_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_of_four_or_five_bits::<T, 10, 0, Q5_1_UNIT>(way, units, tile)
}

/// `LINES` of a unit: 8, or 10 where two are of fifth bits. `OFFSET` is taken off each weight; if
/// it is 0, there are minima.
#[inline]
#[target_feature(enable = "neon")]
fn units_of_four_or_five_bits<
    const T: usize,
    const LINES: usize,
    const OFFSET: i32,
    const UNIT: usize,
>(
    way: impl Way,
    units: &[[u8; UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    let has_mins = OFFSET == 0;
    let head = if has_mins { SMALL_HEAD_WITH_MINS } else { SMALL_HEAD };
    let mut totals = [[vdupq_n_f32(0.0); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let lines: &[Line; LINES] = lines(unit, head);
        for half in 0..2 {
            let (quants, scales) = (&tile.quants[2 * index + half], &tile.scales[2 * index + half]);
            let first = half * LINES / 2;
            for side in 0..SIDES {
                if has_mins {
                    let min = halves(unit, SMALL_HEAD + half * 32, side);
                    add_mins(&mut totals[side], min, scales);
                }
                let bytes = load_lines(lines, first + LINES / 2 - FOUR, side);
                let (mut low, mut high) = (low_bits(bytes), high_bits(bytes));
                if LINES == 10 {
                    let fifth = load_side(&lines[first], side);
                    for i in 0..FOUR {
                        low[i] = with_fifth_bit(low[i], fifth, i);
                        high[i] = with_fifth_bit(high[i], fifth, FOUR + i);
                    }
                }
                let mut sums = [vdupq_n_s32(0); T];
                for t in 0..T {
                    sums[t] = vdupq_n_s32(OFFSET * scales[t].minus_sum);
                }
                multiply::<T, 4>(way, &mut sums, low, quants, 0);
                multiply::<T, 4>(way, &mut sums, high, quants, 1);
                let scale = halves(unit, half * 32, side);
                add_scaled(&mut totals[side], sums, scale, scales);
            }
        }
    }
    totals
}

/// The lines behind the head of a unit. An array, for the reason of `packed::k_lines`.
#[inline]
fn lines<const N: usize>(unit: &[u8], head: usize) -> &[Line; N] {
    unit[head..].as_chunks().0.first_chunk().expect("units have so many lines")
}

/// `totals += sums · (scale of the weights · scale of the activations)`.
#[inline]
#[target_feature(enable = "neon")]
fn add_scaled<const T: usize>(
    totals: &mut [float32x4_t; T],
    sums: [int32x4_t; T],
    scale: float32x4_t,
    scales: &[BlockScale; T],
) {
    for t in 0..T {
        let scale = vmulq_n_f32(scale, scales[t].scale);
        totals[t] = vfmaq_f32(totals[t], vcvtq_f32_s32(sums[t]), scale);
    }
}

/// `totals += minima · sum of the activations`.
#[inline]
#[target_feature(enable = "neon")]
fn add_mins<const T: usize>(
    totals: &mut [float32x4_t; T],
    min: float32x4_t,
    scales: &[BlockScale; T],
) {
    for t in 0..T {
        totals[t] = vfmaq_n_f32(totals[t], min, scales[t].scaled_sum);
    }
}
