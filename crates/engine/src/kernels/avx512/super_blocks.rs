//! K types: a scale for 256 columns, of weights and of activations, and small integer scales for
//! each 16 or 32 columns. Everything within a block is added up as integers.

use std::arch::x86_64::*;

use super::{
    ask_for, half_line, halves, high_bits, line, low_bits, multiply, or_masked, with_fifth_bit,
};
use crate::kernels::activations::{PARTS, Quants, SuperScale, Tile};
use crate::kernels::packed::{
    K_HEAD, K_MINS, K_SCALES, LINE, Q4_K_UNIT, Q5_K_UNIT, Q6_K_UNIT, ROWS, q5_k_lines, q6_k_lines,
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q4_k<const T: usize>(units: &[[u8; Q4_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        for ahead in 0..5 {
            ask_for(unit, ahead * LINE);
        }
        let mut blocks = [_mm512_setzero_si512(); T];
        for pair in 0..4 {
            let [first_scale, second_scale] = part_scales(unit, pair);
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
            add_part(&mut blocks, *first, first_scale);
            if T > 4 {
                // A second look at the lines costs less than 16 registers of sums.
                for j in 0..8 {
                    let bytes = line(unit, lines + j * LINE);
                    multiply(second, high_bits(bytes), &quants[2 * pair + 1], 4 * j);
                }
            }
            add_part(&mut blocks, *second, second_scale);
        }
        add_block_with_mins(&mut totals, blocks, unit, &tile.super_scales[index]);
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q5_k<const T: usize>(units: &[[u8; Q5_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let mut blocks = [_mm512_setzero_si512(); T];
        q5_k_part::<T, 0>(&mut blocks, unit, quants);
        q5_k_part::<T, 1>(&mut blocks, unit, quants);
        q5_k_part::<T, 2>(&mut blocks, unit, quants);
        q5_k_part::<T, 3>(&mut blocks, unit, quants);
        q5_k_part::<T, 4>(&mut blocks, unit, quants);
        q5_k_part::<T, 5>(&mut blocks, unit, quants);
        q5_k_part::<T, 6>(&mut blocks, unit, quants);
        q5_k_part::<T, 7>(&mut blocks, unit, quants);
        add_block_with_mins(&mut totals, blocks, unit, &tile.super_scales[index]);
    }
    totals
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q5_k_part<const T: usize, const PART: usize>(
    blocks: &mut [__m512i; T],
    unit: &[u8; Q5_K_UNIT],
    quants: &[[Quants; T]; PARTS],
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
        multiply(&mut sums, with_fifth_bit::<PART>(low, high), &quants[PART], 4 * j);
    }
    add_part(blocks, sums, part_scales(unit, PART / 2)[PART % 2]);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn q6_k<const T: usize>(units: &[[u8; Q6_K_UNIT]], tile: Tile<'_, T>) -> [__m512; T] {
    let mut totals = [_mm512_setzero_ps(); T];
    for (index, unit) in units.iter().enumerate() {
        for ahead in 0..K_HEAD / LINE {
            ask_for(unit, ahead * LINE);
        }
        let quants = quants_of(tile.quants, index);
        let scales = &tile.super_scales[index];
        let mut blocks = q6_k_offsets(unit, scales);
        for half in 0..2 {
            if T <= 2 {
                q6_k_half(&mut blocks, unit, half, quants);
            } else {
                q6_k_part::<T, 0>(&mut blocks, unit, half, quants);
                q6_k_part::<T, 1>(&mut blocks, unit, half, quants);
                q6_k_part::<T, 2>(&mut blocks, unit, half, quants);
                q6_k_part::<T, 3>(&mut blocks, unit, half, quants);
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
            ask_for(unit, first);
            ask_for(unit, second);
            ask_for(unit, high);
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

/// 32 of the 128 columns of a half: two scales of 16 columns each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn q6_k_part<const T: usize, const PART: usize>(
    blocks: &mut [__m512i; T],
    unit: &[u8; Q6_K_UNIT],
    half: usize,
    quants: &[[Quants; T]; PARTS],
) {
    let pairs = q6_k_scales(unit, half * 4 + PART);
    for side in 0..2 {
        let mut sums = [_mm512_setzero_si512(); T];
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
            multiply(&mut sums, with_high_bits::<PART>(low, high), &quants[half * 4 + PART], 4 * j);
        }
        add_part(blocks, sums, one_of_pair(pairs, side));
    }
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
