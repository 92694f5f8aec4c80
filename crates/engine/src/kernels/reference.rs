//! The readable way: plain loops, the definition of what the fast paths compute.
//!
//! Weights that are floats are multiplied by the activations as they are. Quantised weights are
//! multiplied by activations that are rounded to bytes first ([`super::activations`]), a block of
//! 32 columns at a time, or of 256 for K types: the sum over a block is an exact integer, small
//! scales included, and each block adds one fused multiply-add (two with minima) to the total, in
//! order. Fast paths do the same in each lane, so for quantised weights they give the same bits.

use super::Head;
use super::activations::{Activations, Grain, PARTS, Portable, Tile};
use super::packed::Quantized;
use super::pool::Pool;
use crate::tensor::MatrixView;
use crate::tensor::blocks::{
    BLOCK, SUPER_BLOCK, array_at, half_at, q4_k_quants, q4_quants, q5_k_quants, q5_quants,
    q6_k_quants, scales_and_mins,
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
    let shape = [weights.columns / BLOCK, weights.columns];
    let activations = Activations::new(pool, Portable, kind.grain(), shape, &[1], x);
    for (t, tile) in activations.tiles().enumerate() {
        let tile = tile.sized::<1>();
        for r in 0..weights.rows {
            let row = weights.row(r);
            out[t * weights.rows + r] = match kind.grain() {
                Grain::Block => product(kind, row, tile),
                Grain::SuperBlock => super_product(kind, row, tile),
            };
        }
    }
}

/// One row times one token, 32 columns at a time.
fn product(kind: Quantized, row: &[u8], tile: Tile<'_, 1>) -> f32 {
    let block_bytes = row.len() / tile.quants.len();
    let mut total = 0.0;
    for ((bytes, [x]), [scale]) in row.chunks(block_bytes).zip(tile.quants).zip(tile.scales) {
        // Quants, what to take off each, and where there is one the minimum.
        let (quants, offset, min) = match kind {
            Quantized::Q8_0 => {
                (array_at::<BLOCK>(bytes, 2).map(|byte| i32::from(byte.cast_signed())), 0, None)
            }
            Quantized::Q4_0 => (q4_quants(array_at(bytes, 2)).map(i32::from), 8, None),
            Quantized::Q4_1 => {
                (q4_quants(array_at(bytes, 4)).map(i32::from), 0, Some(half_at(bytes, 2)))
            }
            Quantized::Q5_0 => {
                let quants = q5_quants(*array_at(bytes, 2), array_at(bytes, 6));
                (quants.map(i32::from), 16, None)
            }
            Quantized::Q5_1 => {
                let quants = q5_quants(*array_at(bytes, 4), array_at(bytes, 8));
                (quants.map(i32::from), 0, Some(half_at(bytes, 2)))
            }
            Quantized::Q4K | Quantized::Q5K | Quantized::Q6K => {
                unreachable!("blocks of 256 columns have a function of their own")
            }
        };
        if let Some(min) = min {
            total = f32::mul_add(min, scale.scaled_sum, total);
        }
        let sum = sum_products(0..BLOCK, |i| quants[i] - offset, x);
        total = f32::mul_add(sum as f32, half_at(bytes, 0) * scale.scale, total);
    }
    total
}

/// One row times one token, 256 columns at a time.
fn super_product(kind: Quantized, row: &[u8], tile: Tile<'_, 1>) -> f32 {
    let block_bytes = row.len() / tile.super_scales.len();
    let blocks = row.chunks(block_bytes).zip(tile.quants.chunks(PARTS)).zip(tile.super_scales);
    let mut total = 0.0;
    for ((bytes, x), [scale]) in blocks {
        let x: &[u8] = x.as_flattened().as_flattened();
        let value = match kind {
            Quantized::Q6K => q6_k_block(bytes, x),
            Quantized::Q5K => {
                block_with_mins(bytes, &q5_k_quants(array_at(bytes, 16), array_at(bytes, 48)), x)
            }
            _ => block_with_mins(bytes, &q4_k_quants(array_at(bytes, 16)), x),
        };
        total = f32::mul_add(value, scale.scale, total);
    }
    total
}

/// A Q4_K or Q5_K block: `d · Σ scale · q · x - m · Σ min · x`.
fn block_with_mins(head: &[u8], quants: &[u8; SUPER_BLOCK], x: &[u8]) -> f32 {
    let (mut sum, mut min_sum) = (0, 0);
    for (part, (scale, min)) in scales_and_mins(array_at(head, 4)).into_iter().enumerate() {
        let columns = part * BLOCK..(part + 1) * BLOCK;
        sum += i32::from(scale) * sum_products(columns.clone(), |i| i32::from(quants[i]), x);
        min_sum += i32::from(min) * sum_products(columns, |_| 1, x);
    }
    f32::mul_add(-half_at(head, 2), min_sum as f32, half_at(head, 0) * sum as f32)
}

/// `d · Σ scale · (q - 32) · x`, with a scale for each 16 columns.
fn q6_k_block(bytes: &[u8], x: &[u8]) -> f32 {
    let quants = q6_k_quants(array_at(bytes, 0), array_at(bytes, 128));
    let mut sum = 0;
    for (sixteen, scale) in array_at::<16>(bytes, 192).iter().enumerate() {
        let columns = sixteen * 16..(sixteen + 1) * 16;
        let products = sum_products(columns, |i| i32::from(quants[i]) - 32, x);
        sum += i32::from(scale.cast_signed()) * products;
    }
    half_at(bytes, 208) * sum as f32
}

/// `Σ weight(i) · x[i]`, which is exact.
fn sum_products(range: std::ops::Range<usize>, weight: impl Fn(usize) -> i32, x: &[u8]) -> i32 {
    range.map(|i| weight(i) * i32::from(x[i].cast_signed())).sum()
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
