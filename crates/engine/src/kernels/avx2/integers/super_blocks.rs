//! K types: a scale for 256 columns, of weights and of activations, and small integer scales for
//! each 16 or 32 columns. Everything within a block is added up as integers: small scales are the
//! factors with which pairs of 16 bits are widened.

use std::arch::x86_64::*;

use super::{
    Floats, Integers, LANES, SIDES, add_pairs, halves, high_bits, line, low_bits, multiply,
    with_fifth_bit, zeros,
};
use crate::kernels::activations::{PARTS, Quants, SuperScale, Tile};
use crate::kernels::packed::{
    K_HEAD, K_MINS, K_SCALES, LINE, Q4_K_UNIT, Q5_K_UNIT, Q6_K_HALF, Q6_K_UNIT, ROWS, k_lines,
    q5_k_lines, q6_k_lines,
};
use crate::tensor::blocks::array_at;

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q4_k<const T: usize>(units: &[[u8; Q4_K_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let mut blocks = zeros();
        for pair in 0..4 {
            let scales = pairs_of_scales(unit, K_SCALES + pair * 2 * ROWS);
            let mut pairs = [zeros::<T>(); 2];
            let [first, second] = &mut pairs;
            let lines = K_HEAD + pair * 8 * LINE;
            for j in 0..8 {
                let bytes = line(unit, lines + j * LINE);
                multiply(first, low_bits(bytes), &quants[2 * pair], 4 * j);
                if T <= 2 {
                    multiply(second, high_bits(bytes), &quants[2 * pair + 1], 4 * j);
                }
            }
            add_pairs(&mut blocks, first, one_of_pair(scales, 0));
            if T > 2 {
                // A second look at the lines costs less than 16 registers of sums.
                for j in 0..8 {
                    let bytes = line(unit, lines + j * LINE);
                    multiply(second, high_bits(bytes), &quants[2 * pair + 1], 4 * j);
                }
            }
            add_pairs(&mut blocks, second, one_of_pair(scales, 1));
        }
        add_block_with_mins(&mut totals, &blocks, unit, &tile.super_scales[index]);
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q5_k<const T: usize>(units: &[[u8; Q5_K_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let lines: &[_; 40] = k_lines(unit, 0);
        let mut blocks = zeros();
        for (part, quants) in quants.iter().enumerate() {
            let scales = pairs_of_scales(unit, K_SCALES + part / 2 * 2 * ROWS);
            let scales = one_of_pair(scales, part % 2);
            for four in 0..2 {
                let mut pairs = zeros();
                for j in 4 * four..4 * four + 4 {
                    let (high, low) = q5_k_lines(part / 2 % 4, j);
                    let low = line(&lines[low], 0);
                    let low = if part % 2 == 0 { low_bits(low) } else { high_bits(low) };
                    let high = line(&lines[high], 0);
                    multiply(&mut pairs, with_fifth_bit(low, high, part), quants, 4 * j);
                }
                add_pairs(&mut blocks, &pairs, scales);
            }
        }
        add_block_with_mins(&mut totals, &blocks, unit, &tile.super_scales[index]);
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn q6_k<const T: usize>(units: &[[u8; Q6_K_UNIT]], tile: Tile<'_, T>) -> Floats<T> {
    let mut totals = [[_mm256_setzero_ps(); T]; SIDES];
    for (index, unit) in units.iter().enumerate() {
        let quants = quants_of(tile.quants, index);
        let scales = &tile.super_scales[index];
        let mut blocks = q6_k_offsets(unit, scales);
        for half in 0..2 {
            q6_k_part::<T, 0>(&mut blocks, unit, half, quants);
            q6_k_part::<T, 1>(&mut blocks, unit, half, quants);
            q6_k_part::<T, 2>(&mut blocks, unit, half, quants);
            q6_k_part::<T, 3>(&mut blocks, unit, half, quants);
        }
        for side in 0..SIDES {
            let scale = halves(unit, 0, side);
            for t in 0..T {
                let value = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(blocks[side][t]));
                let x_scale = _mm256_set1_ps(scales[t].scale);
                totals[side][t] = _mm256_fmadd_ps(value, x_scale, totals[side][t]);
            }
        }
    }
    totals
}

/// Minus 32 times the sum of the activations, each times its scale.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q6_k_offsets<const T: usize>(unit: &[u8; Q6_K_UNIT], scales: &[SuperScale; T]) -> Integers<T> {
    let mut sums = zeros();
    for part in 0..PARTS {
        let pairs = q6_k_scales(unit, part);
        for t in 0..T {
            let sixteens = _mm256_set1_epi32(scales[t].sixteens[part]);
            for side in 0..SIDES {
                let products = _mm256_madd_epi16(pairs[side], sixteens);
                sums[side][t] = _mm256_sub_epi32(sums[side][t], products);
            }
        }
    }
    for sum in sums.as_flattened_mut() {
        *sum = _mm256_slli_epi32::<5>(*sum);
    }
    sums
}

/// 32 of the 128 columns of a half: two scales of 16 columns each.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q6_k_part<const T: usize, const PART: usize>(
    blocks: &mut Integers<T>,
    unit: &[u8; Q6_K_UNIT],
    half: usize,
    quants: &[[Quants; T]; PARTS],
) {
    let part = half * 4 + PART;
    let scales = q6_k_scales(unit, part);
    let lines: &[_; Q6_K_HALF] = k_lines(unit, Q6_K_HALF * half);
    for sixteen in 0..2 {
        let scales = one_of_pair(scales, sixteen);
        for two in 0..2 {
            let mut pairs = zeros();
            let first = 4 * sixteen + 2 * two;
            for j in first..first + 2 {
                let [first, second, high] = q6_k_lines(0, j);
                let low = line(&lines[if PART.is_multiple_of(2) { first } else { second }], 0);
                let low = if PART < 2 { low_bits(low) } else { high_bits(low) };
                let high = line(&lines[high], 0);
                multiply(&mut pairs, with_high_bits::<PART>(low, high), &quants[part], 4 * j);
            }
            add_pairs(blocks, &pairs, scales);
        }
    }
}

/// Adds the two high bits of each byte, those of PART, to the four low ones.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn with_high_bits<const PART: usize>(
    mut low: [__m256i; SIDES],
    high: [__m256i; SIDES],
) -> [__m256i; SIDES] {
    for side in 0..SIDES {
        let high = match PART {
            0 => _mm256_slli_epi16::<4>(high[side]),
            1 => _mm256_slli_epi16::<2>(high[side]),
            2 => high[side],
            _ => _mm256_srli_epi16::<2>(high[side]),
        };
        let high = _mm256_and_si256(high, _mm256_set1_epi8(0x30));
        low[side] = _mm256_or_si256(low[side], high);
    }
    low
}

/// Adds a block of Q4_K or Q5_K: `(d · block - m · minima · sums of activations) · scale`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn add_block_with_mins<const T: usize>(
    totals: &mut Floats<T>,
    blocks: &Integers<T>,
    unit: &[u8],
    scales: &[SuperScale; T],
) {
    let mut min_sums = zeros::<T>();
    for pair in 0..PARTS / 2 {
        let mins = pairs_of_scales(unit, K_MINS + pair * 2 * ROWS);
        for t in 0..T {
            let thirty_twos = _mm256_set1_epi32(scales[t].thirty_twos[pair]);
            for side in 0..SIDES {
                let products = _mm256_madd_epi16(mins[side], thirty_twos);
                min_sums[side][t] = _mm256_add_epi32(min_sums[side][t], products);
            }
        }
    }
    for side in 0..SIDES {
        let (scale, min) = (halves(unit, 0, side), halves(unit, 32, side));
        for t in 0..T {
            let value = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(blocks[side][t]));
            let min_sum = _mm256_cvtepi32_ps(min_sums[side][t]);
            let value = _mm256_fnmadd_ps(min, min_sum, value);
            let x_scale = _mm256_set1_ps(scales[t].scale);
            totals[side][t] = _mm256_fmadd_ps(value, x_scale, totals[side][t]);
        }
    }
}

/// Two scales or minima of Q4_K or Q5_K of each row: pairs of i16.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn pairs_of_scales(unit: &[u8], at: usize) -> [__m256i; SIDES] {
    [_mm256_cvtepu8_epi16(sixteen(unit, at)), _mm256_cvtepu8_epi16(sixteen(unit, at + 2 * LANES))]
}

/// The scales of 32 columns of Q6_K of each row: pairs of i16.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn q6_k_scales(unit: &[u8; Q6_K_UNIT], part: usize) -> [__m256i; SIDES] {
    let at = K_SCALES + part * 2 * ROWS;
    [_mm256_cvtepi8_epi16(sixteen(unit, at)), _mm256_cvtepi8_epi16(sixteen(unit, at + 2 * LANES))]
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn sixteen(unit: &[u8], at: usize) -> __m128i {
    let bytes: &[u8; 2 * LANES] = array_at(unit, at);
    // SAFETY: the array is exactly the 16 bytes that are read; no alignment is needed.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The lower or the higher i16 of each lane, twice.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn one_of_pair(pairs: [__m256i; SIDES], which: usize) -> [__m256i; SIDES] {
    pairs.map(|pairs| {
        if which == 0 {
            _mm256_shufflehi_epi16::<0b10_10_00_00>(_mm256_shufflelo_epi16::<0b10_10_00_00>(pairs))
        } else {
            _mm256_shufflehi_epi16::<0b11_11_01_01>(_mm256_shufflelo_epi16::<0b11_11_01_01>(pairs))
        }
    })
}

/// The activations of 256 columns.
#[inline]
fn quants_of<const T: usize>(quants: &[[Quants; T]], index: usize) -> &[[Quants; T]; PARTS] {
    &quants.as_chunks().0[index]
}
