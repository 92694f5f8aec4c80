//! K types: a scale for 256 columns, of weights and of activations, and small integer scales for
//! each 16 or 32 columns. Everything within a block is added up as integers.

use std::arch::x86_64::*;

use super::{half_line, halves, high_bits, line, low_bits, multiply, or_masked};
use crate::kernels::activations::{PARTS, Quants, SuperScale, Tile};
use crate::kernels::packed::{
    K_HEAD, K_MINS, K_SCALES, LINE, Q4_K_UNIT, Q5_K_UNIT, Q6_K_HALF, Q6_K_UNIT, ROWS, k_lines,
    q5_k_lines, q6_k_lines,
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q4_k<const T: usize>(units: &[[u8; Q4_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, false, Q4_K_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q5_k<const T: usize>(units: &[[u8; Q5_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    units_of_four_or_five_bits::<T, true, Q5_K_UNIT>(units, tile)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn units_of_four_or_five_bits<const T: usize, const HAS_FIFTH: bool, const UNIT: usize>(
    units: &[[u8; UNIT]],
    tile: Tile<'_, T>,
) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let mut blocks = [_mm512_setzero_si512(); T];
        for pair in 0..PARTS / 2 {
            let [first_scale, second_scale] = part_scales(unit, pair);
            let mut sums = [[_mm512_setzero_si512(); T]; 2];
            let [first, second] = &mut sums;
            for j in 0..8 {
                let weights = pair_of_parts::<HAS_FIFTH>(unit, pair, j);
                multiply(first, weights[0], &quants[2 * pair], 4 * j);
                if T <= 4 {
                    multiply(second, weights[1], &quants[2 * pair + 1], 4 * j);
                }
            }
            add_part(&mut blocks, *first, first_scale);
            if T > 4 {
                // A second look at the lines costs less than 16 registers of sums.
                for j in 0..8 {
                    let weights = pair_of_parts::<HAS_FIFTH>(unit, pair, j);
                    multiply(second, weights[1], &quants[2 * pair + 1], 4 * j);
                }
            }
            add_part(&mut blocks, *second, second_scale);
        }
        add_block_with_mins(&mut totals, blocks, unit, &tile.super_scales[index]);
    }
    totals
}

/// Columns 4j to 4j + 4 of two neighbouring parts of Q4_K or Q5_K.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn pair_of_parts<const HAS_FIFTH: bool>(unit: &[u8], pair: usize, j: usize) -> [__m512i; 2] {
    if !HAS_FIFTH {
        let bytes = line(unit, K_HEAD + (8 * pair + j) * LINE);
        return [low_bits(bytes), high_bits(bytes)];
    }
    let lines: &[_; 40] = k_lines(unit, 0);
    let (high, low) = q5_k_lines(pair % 4, j);
    let (high, low) = (line(&lines[high], 0), line(&lines[low], 0));
    // The bits of the two parts to bit 4; shifts are by a number that is not known when compiled,
    // as a loop that is written out eight times would not keep its sums in registers.
    let to_fifth = |part: usize| _mm512_set1_epi32(4 - part as i32);
    let mask = _mm512_set1_epi8(0x10);
    let first = _mm512_rolv_epi32(high, to_fifth(2 * pair));
    let second = _mm512_rolv_epi32(high, to_fifth(2 * pair + 1));
    [or_masked(low_bits(low), first, mask), or_masked(high_bits(low), second, mask)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q6_k<const T: usize>(units: &[[u8; Q6_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let scales = &tile.super_scales[index];
        let mut blocks = q6_k_offsets(unit, scales);
        if T <= 2 {
            q6_k_half(&mut blocks, unit, 0, quants);
            q6_k_half(&mut blocks, unit, 1, quants);
        } else {
            for (part, quants) in quants.iter().enumerate() {
                q6_k_sixteen::<T, 0>(&mut blocks, unit, part, quants);
                q6_k_sixteen::<T, 1>(&mut blocks, unit, part, quants);
            }
        }
        let scale = halves(unit, 0);
        for t in 0..T {
            let value = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(blocks[t]));
            totals[t] = _mm512_fmadd_ps(value, _mm512_set1_ps(scales[t].scale), totals[t]);
        }
    }
    totals
}

/// Minus 32 times the sum of the activations, each times its scale.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_offsets<const T: usize>(unit: &[u8; Q6_K_UNIT], scales: &[SuperScale; T]) -> [__m512i; T] {
    let mut sums = [_mm512_setzero_si512(); T];
    for part in 0..PARTS {
        let pairs = q6_k_scales(unit, part);
        for t in 0..T {
            let sixteens = _mm512_set1_epi32(scales[t].sixteens[part]);
            sums[t] = _mm512_dpwssd_epi32(sums[t], pairs, sixteens);
        }
    }
    for sum in &mut sums {
        *sum = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32::<5>(*sum));
    }
    sums
}

/// The 128 columns of a half, each line read once: for few tokens.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_half<const T: usize>(
    blocks: &mut [__m512i; T],
    unit: &[u8; Q6_K_UNIT],
    half: usize,
    quants: &[[Quants; T]; PARTS],
) {
    let quants: &[[Quants; T]; 4] = &quants.as_chunks().0[half];
    for side in 0..2 {
        let mut sums = [[_mm512_setzero_si512(); T]; 4];
        for j in 4 * side..4 * side + 4 {
            let [first, second, high] = q6_k_lines(half, j).map(|line| K_HEAD + line * LINE);
            let (first, second, high) = (line(unit, first), line(unit, second), line(unit, high));
            multiply(&mut sums[0], with_high_bits::<0>(low_bits(first), high), &quants[0], 4 * j);
            multiply(&mut sums[1], with_high_bits::<1>(low_bits(second), high), &quants[1], 4 * j);
            multiply(&mut sums[2], with_high_bits::<2>(high_bits(first), high), &quants[2], 4 * j);
            multiply(&mut sums[3], with_high_bits::<3>(high_bits(second), high), &quants[3], 4 * j);
        }
        for (part, sums) in sums.into_iter().enumerate() {
            let pairs = q6_k_scales(unit, half * 4 + part);
            add_part(blocks, sums, one_of_pair(pairs, side));
        }
    }
}

/// 16 columns, those of a scale: the SIDEth of a part.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_sixteen<const T: usize, const SIDE: usize>(
    blocks: &mut [__m512i; T],
    unit: &[u8; Q6_K_UNIT],
    part: usize,
    quants: &[Quants; T],
) {
    let (half, quarter) = (part / 4, part % 4);
    // Shifts by numbers that are not known when compiled: see `pair_of_parts`.
    let to_low = _mm512_set1_epi32(if quarter < 2 { 0 } else { 4 });
    let to_high = _mm512_set1_epi32(4 - 2 * quarter as i32);
    let lines: &[_; Q6_K_HALF] = k_lines(unit, Q6_K_HALF * half);
    let mut sums = [_mm512_setzero_si512(); T];
    for j in 0..4 {
        let j = 4 * SIDE + j;
        let [first, second, high] = q6_k_lines(0, j);
        let low = line(&lines[if quarter % 2 == 0 { first } else { second }], 0);
        let high = line(&lines[high], 0);
        let low = low_bits(_mm512_srlv_epi32(low, to_low));
        let high = _mm512_rolv_epi32(high, to_high);
        let weights = or_masked(low, high, _mm512_set1_epi8(0x30));
        multiply(&mut sums, weights, quants, 4 * j);
    }
    add_part(blocks, sums, one_of_pair(q6_k_scales(unit, part), SIDE));
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

/// The scales of 32 columns of 16 rows: pairs of i16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_scales(unit: &[u8; Q6_K_UNIT], part: usize) -> __m512i {
    _mm512_cvtepi8_epi16(half_line(unit, K_SCALES + part * 2 * ROWS))
}

/// The scales of two parts of Q4_K or Q5_K of 16 rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn part_scales(unit: &[u8], pair: usize) -> [__m512i; 2] {
    let pairs = _mm512_cvtepu8_epi16(half_line(unit, K_SCALES + pair * 2 * ROWS));
    [one_of_pair(pairs, 0), one_of_pair(pairs, 1)]
}

/// The lower or the higher i16 of each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn one_of_pair(pairs: __m512i, side: usize) -> __m512i {
    let pairs = if side == 0 { _mm512_slli_epi32::<16>(pairs) } else { pairs };
    _mm512_srai_epi32::<16>(pairs)
}

/// `blocks += scale · sums`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_part<const T: usize>(blocks: &mut [__m512i; T], sums: [__m512i; T], scale: __m512i) {
    for t in 0..T {
        blocks[t] = _mm512_add_epi32(blocks[t], _mm512_mullo_epi32(sums[t], scale));
    }
}

/// Adds a block of Q4_K or Q5_K: `(d · block - m · minima · sums of activations) · scale`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_block_with_mins<const T: usize>(
    totals: &mut [__m512; T],
    blocks: [__m512i; T],
    unit: &[u8],
    scales: &[SuperScale; T],
) {
    let mut min_sums = [_mm512_setzero_si512(); T];
    for pair in 0..PARTS / 2 {
        let mins = _mm512_cvtepu8_epi16(half_line(unit, K_MINS + pair * 2 * ROWS));
        for t in 0..T {
            let thirty_twos = _mm512_set1_epi32(scales[t].thirty_twos[pair]);
            min_sums[t] = _mm512_dpwssd_epi32(min_sums[t], mins, thirty_twos);
        }
    }
    let (scale, min) = (halves(unit, 0), halves(unit, 32));
    for t in 0..T {
        let value = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(blocks[t]));
        let value = _mm512_fnmadd_ps(min, _mm512_cvtepi32_ps(min_sums[t]), value);
        totals[t] = _mm512_fmadd_ps(value, _mm512_set1_ps(scales[t].scale), totals[t]);
    }
}

/// The activations of 256 columns.
#[inline]
fn quants_of<const T: usize>(quants: &[[Quants; T]], index: usize) -> &[[Quants; T]; PARTS] {
    &quants.as_chunks().0[index]
}
