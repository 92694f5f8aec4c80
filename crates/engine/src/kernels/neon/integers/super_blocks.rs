//! K types: a scale for 256 columns, of weights and of activations, and small integer scales for
//! each 16 or 32 columns. Everything within a block is added up as integers.

use std::arch::aarch64::*;

use super::{
    FOUR, LANES, Line, SIDES, Totals, Way, halves, high_bits, load_lines, load_side, low_bits,
    multiply, with_fifth_bit,
};
use crate::kernels::activations::{PARTS, Quants, SuperScale, Tile};
use crate::kernels::packed::{
    K_MINS, K_SCALES, Q4_K_UNIT, Q5_K_UNIT, Q6_K_UNIT, ROWS, k_lines, q5_k_lines, q6_k_lines,
};
use crate::tensor::blocks::array_at;

#[target_feature(enable = "neon")]
pub(super) fn q4_k<const T: usize>(
    way: impl Way,
    units: &[[u8; Q4_K_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_with_mins::<T, 32, Q4_K_UNIT>(way, units, tile)
}

#[target_feature(enable = "neon")]
pub(super) fn q5_k<const T: usize>(
    way: impl Way,
    units: &[[u8; Q5_K_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    units_with_mins::<T, 40, Q5_K_UNIT>(way, units, tile)
}

/// `LINES` of a unit: 32, or 40 where eight are of fifth bits.
#[inline]
#[target_feature(enable = "neon")]
fn units_with_mins<const T: usize, const LINES: usize, const UNIT: usize>(
    way: impl Way,
    units: &[[u8; UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    let mut totals = [[vdupq_n_f32(0.0); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let lines: &[Line; LINES] = k_lines(unit, 0);
        for side in 0..SIDES {
            let mut blocks = [vdupq_n_s32(0); T];
            for pair in 0..PARTS / 2 {
                let mut sums = [[vdupq_n_s32(0); T]; 2];
                for sixteen in 0..2 {
                    let bytes = load_lines(lines, LINES - 32 + 8 * pair + sixteen * FOUR, side);
                    let (mut low, mut high) = (low_bits(bytes), high_bits(bytes));
                    if LINES == 40 {
                        for i in 0..FOUR {
                            let (line, _) = q5_k_lines(pair, sixteen * FOUR + i);
                            let fifth = load_side(&lines[line], side);
                            low[i] = with_fifth_bit(low[i], fifth, 2 * pair);
                            high[i] = with_fifth_bit(high[i], fifth, 2 * pair + 1);
                        }
                    }
                    multiply::<T, 4>(way, &mut sums[0], low, &quants[2 * pair], sixteen);
                    multiply::<T, 4>(way, &mut sums[1], high, &quants[2 * pair + 1], sixteen);
                }
                let scales = unsigned_pairs(unit, K_SCALES + pair * 2 * ROWS, side);
                for (sums, scale) in sums.into_iter().zip(split(scales)) {
                    add_part(&mut blocks, sums, scale);
                }
            }
            let scales = &tile.super_scales[index];
            add_block_with_mins(&mut totals[side], blocks, unit, side, scales);
        }
    }
    totals
}

#[target_feature(enable = "neon")]
pub(super) fn q6_k<const T: usize>(
    way: impl Way,
    units: &[[u8; Q6_K_UNIT]],
    tile: Tile<'_, T>,
) -> Totals<T> {
    let mut totals = [[vdupq_n_f32(0.0); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let lines: &[Line; 48] = k_lines(unit, 0);
        let x = &tile.super_scales[index];
        for side in 0..SIDES {
            let scales: [_; PARTS] =
                std::array::from_fn(|part| signed_pairs(unit, K_SCALES + part * 2 * ROWS, side));
            let mut blocks = times_sums(scales, x.each_ref().map(|x| &x.sixteens));
            for block in &mut blocks {
                *block = vmulq_n_s32(*block, -32);
            }
            for half in 0..2 {
                for sixteen in 0..2 {
                    let mut bytes = [[vdupq_n_u8(0); FOUR]; 3];
                    for i in 0..FOUR {
                        let at = q6_k_lines(half, sixteen * FOUR + i);
                        for (bytes, at) in bytes.iter_mut().zip(at) {
                            bytes[i] = load_side(&lines[at], side);
                        }
                    }
                    let weights = [
                        q6_k_weights::<0>(bytes),
                        q6_k_weights::<1>(bytes),
                        q6_k_weights::<2>(bytes),
                        q6_k_weights::<3>(bytes),
                    ];
                    for quarter in 0..4 {
                        let part = FOUR * half + quarter;
                        let mut sums = [vdupq_n_s32(0); T];
                        multiply::<T, 2>(way, &mut sums, weights[quarter], &quants[part], sixteen);
                        add_part(&mut blocks, sums, split(scales[part])[sixteen]);
                    }
                }
            }
            let scale = halves(unit, 0, side);
            for t in 0..T {
                let value = vmulq_f32(scale, vcvtq_f32_s32(blocks[t]));
                totals[side][t] = vfmaq_n_f32(totals[side][t], value, x[t].scale);
            }
        }
    }
    totals
}

/// Adds the two high bits of a quarter of half a unit to the four low ones, for 16 columns, which
/// share a scale, of 4 rows.
#[inline]
#[target_feature(enable = "neon")]
fn q6_k_weights<const QUARTER: usize>(
    [even, odd, high]: [[uint8x16_t; FOUR]; 3],
) -> [uint8x16_t; FOUR] {
    let mut weights = if QUARTER.is_multiple_of(2) { even } else { odd };
    weights = if QUARTER < 2 { low_bits(weights) } else { high_bits(weights) };
    for i in 0..FOUR {
        let high = match QUARTER {
            0 => vshlq_n_u8::<4>(high[i]),
            1 => vshlq_n_u8::<2>(high[i]),
            2 => high[i],
            _ => vshrq_n_u8::<2>(high[i]),
        };
        weights[i] = vorrq_u8(weights[i], vandq_u8(high, vdupq_n_u8(0x30)));
    }
    weights
}

/// `blocks += sums · scale`.
#[inline]
#[target_feature(enable = "neon")]
fn add_part<const T: usize>(blocks: &mut [int32x4_t; T], sums: [int32x4_t; T], scale: int32x4_t) {
    for t in 0..T {
        blocks[t] = vmlaq_s32(blocks[t], sums[t], scale);
    }
}

/// The first and the second of each pair.
#[inline]
#[target_feature(enable = "neon")]
fn split(pairs: int16x8_t) -> [int32x4_t; 2] {
    let pairs = vreinterpretq_s32_s16(pairs);
    [vshrq_n_s32::<16>(vshlq_n_s32::<16>(pairs)), vshrq_n_s32::<16>(pairs)]
}

/// Adds a block of Q4_K or Q5_K: `(d · block - m · minima · sums of activations) · scale`.
#[inline]
#[target_feature(enable = "neon")]
fn add_block_with_mins<const T: usize>(
    totals: &mut [float32x4_t; T],
    blocks: [int32x4_t; T],
    unit: &[u8],
    side: usize,
    scales: &[SuperScale; T],
) {
    let mins: [_; PARTS / 2] =
        std::array::from_fn(|pair| unsigned_pairs(unit, K_MINS + pair * 2 * ROWS, side));
    let min_sums = times_sums(mins, scales.each_ref().map(|scales| &scales.thirty_twos));
    let (scale, min) = (halves(unit, 0, side), halves(unit, 2 * ROWS, side));
    for t in 0..T {
        let value = vmulq_f32(scale, vcvtq_f32_s32(blocks[t]));
        let value = vfmsq_f32(value, min, vcvtq_f32_s32(min_sums[t]));
        totals[t] = vfmaq_n_f32(totals[t], value, scales[t].scale);
    }
}

/// Scales or minima of 4 rows times sums of activations, added up over `N` pairs of them.
#[inline]
#[target_feature(enable = "neon")]
fn times_sums<const T: usize, const N: usize>(
    factors: [int16x8_t; N],
    sums: [&[i32; N]; T],
) -> [int32x4_t; T] {
    let mut products = [vdupq_n_s32(0); T];
    for t in 0..T {
        // Rows 0 and 1, rows 2 and 3.
        let (mut lower, mut upper) = (vdupq_n_s32(0), vdupq_n_s32(0));
        for i in 0..N {
            let sums = vreinterpretq_s16_s32(vdupq_n_s32(sums[t][i]));
            lower = vmlal_s16(lower, vget_low_s16(factors[i]), vget_low_s16(sums));
            upper = vmlal_high_s16(upper, factors[i], sums);
        }
        products[t] = vpaddq_s32(lower, upper);
    }
    products
}

/// Pairs of scales or minima of Q4_K or Q5_K of 4 rows.
#[inline]
#[target_feature(enable = "neon")]
fn unsigned_pairs(unit: &[u8], at: usize, side: usize) -> int16x8_t {
    vreinterpretq_s16_u16(vmovl_u8(eight(unit, at + side * 2 * LANES)))
}

/// Pairs of scales of Q6_K of 4 rows.
#[inline]
#[target_feature(enable = "neon")]
fn signed_pairs(unit: &[u8], at: usize, side: usize) -> int16x8_t {
    vmovl_s8(vreinterpret_s8_u8(eight(unit, at + side * 2 * LANES)))
}

#[inline]
#[target_feature(enable = "neon")]
fn eight(unit: &[u8], at: usize) -> uint8x8_t {
    let bytes: &[u8; 8] = array_at(unit, at);
    // SAFETY: the array is exactly the 8 bytes that are read; bytes need no alignment.
    unsafe { vld1_u8(bytes.as_ptr()) }
}

/// The activations of 256 columns.
#[inline]
fn quants_of<const T: usize>(quants: &[[Quants; T]], index: usize) -> &[[Quants; T]; PARTS] {
    &quants.as_chunks().0[index]
}
