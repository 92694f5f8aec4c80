//! The readable way: plain loops, the definition of what the fast paths compute.
//!
//! Weights that are floats are multiplied by the activations as they are. Quantised weights are
//! multiplied by activations that are rounded to bytes first ([`super::activations`]), a block of
//! 32 columns at a time: the sum over a block is an exact integer, and each block adds one fused
//! multiply-add (two with minima) to the total, in order. Fast paths do the same in each lane, so
//! for quantised weights they give the same bits.

use super::Head;
use super::activations::{Activations, BlockScale, Quants, quantize_block};
use super::packed::Quantized;
use super::pool::Pool;
use crate::tensor::MatrixView;
use crate::tensor::blocks::{
    BLOCK, Q4_K_BYTES, Q5_K_BYTES, Q6_K_BYTES, SUPER_BLOCK, array_at, half_at, q4_k_quants,
    q5_k_quants, q6_k_quants, scales_and_mins,
};

/// See [`super::Kernels::matmul`].
pub(super) fn matmul(pool: &Pool, weights: MatrixView<'_>, x: &[f32], out: &mut [f32]) {
    match Quantized::from_type(weights.kind) {
        Some(kind) => matmul_quantized(pool, kind, weights, x, out),
        None => matmul_floats(weights, x, out),
    }
}

fn matmul_floats(weights: MatrixView<'_>, x: &[f32], out: &mut [f32]) {
    let mut row = vec![0.0; weights.columns];
    for r in 0..weights.rows {
        weights.kind.dequantize(weights.row(r), &mut row);
        for (t, x) in x.chunks_exact(weights.columns).enumerate() {
            out[t * weights.rows + r] = dot(&row, x);
        }
    }
}

fn matmul_quantized(
    pool: &Pool,
    kind: Quantized,
    weights: MatrixView<'_>,
    x: &[f32],
    out: &mut [f32],
) {
    let tokens = x.len() / weights.columns;
    let mut activations = Activations::new(tokens, weights.columns / BLOCK, &[1]);
    activations.fill(pool, x, weights.columns, quantize_block);
    for (t, tile) in activations.tiles().enumerate() {
        let tile = tile.sized::<1>();
        for r in 0..weights.rows {
            let row = weights.row(r);
            out[t * weights.rows + r] = product(kind, row, tile.quants, tile.scales);
        }
    }
}

/// One row times one token.
fn product(kind: Quantized, row: &[u8], x: &[[Quants; 1]], scales: &[[BlockScale; 1]]) -> f32 {
    let mut total = 0.0;
    for (block, ([x], [scale])) in x.iter().zip(scales).enumerate() {
        total = match kind {
            Quantized::Q8_0 => {
                let bytes: &[u8; 34] = array_at(row, block * 34);
                let weight = |i: usize| i32::from(bytes[2 + i].cast_signed());
                let sum = sum_products(0..BLOCK, weight, x);
                f32::mul_add(sum, half_at(bytes, 0) * scale.scale, total)
            }
            Quantized::Q4_0 => {
                let bytes: &[u8; 18] = array_at(row, block * 18);
                let weight = |i: usize| i32::from(bytes[2 + i % 16] >> (i / 16 * 4) & 15) - 8;
                let sum = sum_products(0..BLOCK, weight, x);
                f32::mul_add(sum, half_at(bytes, 0) * scale.scale, total)
            }
            Quantized::Q4K => {
                let bytes: &[u8; Q4_K_BYTES] = array_at(row, block / 8 * Q4_K_BYTES);
                let quants = q4_k_quants(array_at(bytes, 16));
                add_part(total, bytes, &quants, block % 8, x, scale)
            }
            Quantized::Q5K => {
                let bytes: &[u8; Q5_K_BYTES] = array_at(row, block / 8 * Q5_K_BYTES);
                let quants = q5_k_quants(array_at(bytes, 16), array_at(bytes, 48));
                add_part(total, bytes, &quants, block % 8, x, scale)
            }
            Quantized::Q6K => {
                let bytes: &[u8; Q6_K_BYTES] = array_at(row, block / 8 * Q6_K_BYTES);
                add_q6_k_part(total, bytes, block % 8, x, scale)
            }
        };
    }
    total
}

/// One of the eight parts of a Q4_K or Q5_K block.
fn add_part(
    total: f32,
    head: &[u8],
    quants: &[u8; SUPER_BLOCK],
    part: usize,
    x: &Quants,
    scale: &BlockScale,
) -> f32 {
    let (part_scale, part_min) = scales_and_mins(array_at(head, 4))[part];
    let min = half_at(head, 2) * f32::from(part_min);
    let total = f32::mul_add(-min, scale.scaled_sum, total);
    let sum = sum_products(0..BLOCK, |i| i32::from(quants[part * BLOCK + i]), x);
    f32::mul_add(sum, half_at(head, 0) * f32::from(part_scale) * scale.scale, total)
}

/// 32 columns of a Q6_K block: two scales of 16 columns each.
fn add_q6_k_part(
    total: f32,
    bytes: &[u8; Q6_K_BYTES],
    part: usize,
    x: &Quants,
    scale: &BlockScale,
) -> f32 {
    let quants = q6_k_quants(array_at(bytes, 0), array_at(bytes, 128));
    let weight = |i: usize| i32::from(quants[part * BLOCK + i]) - 32;
    let half_scale =
        |half: usize| half_at(bytes, 208) * f32::from(bytes[192 + 2 * part + half].cast_signed());
    let first = sum_products(0..BLOCK / 2, weight, x) * half_scale(0);
    let both = f32::mul_add(sum_products(BLOCK / 2..BLOCK, weight, x), half_scale(1), first);
    f32::mul_add(both, scale.scale, total)
}

/// `Σ weight(i) · x[i]`, which is exact: less than 2²⁴.
fn sum_products(range: std::ops::Range<usize>, weight: impl Fn(usize) -> i32, x: &Quants) -> f32 {
    range.map(|i| weight(i) * i32::from(x[i].cast_signed())).sum::<i32>() as f32
}

/// See [`super::Kernels::attend`].
pub(super) fn attend(head: Head<'_>, query: &[f32], scores: &mut [f32], out: &mut [f32]) {
    for (before, rows) in head.seen(head.keys) {
        for position in 0..rows.len() / head.stride {
            scores[before + position] = dot(query, head.at(rows, position)) * head.scale;
        }
    }
    softmax(scores);
    out.fill(0.0);
    for (before, rows) in head.seen(head.values) {
        for position in 0..rows.len() / head.stride {
            for (out, value) in out.iter_mut().zip(head.at(rows, position)) {
                *out += scores[before + position] * value;
            }
        }
    }
}

/// See [`super::Kernels::swiglu`].
pub(super) fn swiglu(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + (-*gate).exp()) * up;
    }
}

/// Numbers to weights that sum to 1, in place. The largest is subtracted first, so that no
/// exponential overflows.
pub(super) fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = 0.0;
    for (a, b) in a.iter().zip(b) {
        sum += a * b;
    }
    sum
}
