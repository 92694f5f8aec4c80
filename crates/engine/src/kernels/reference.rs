//! The readable way: plain loops, the definition of what the fast paths compute.

use super::{Head, softmax};
use crate::tensor::MatrixView;

/// See [`super::Kernels::matmul`].
pub(super) fn matmul(weights: MatrixView<'_>, x: &[f32], out: &mut [f32]) {
    let mut row = vec![0.0; weights.columns];
    for r in 0..weights.rows {
        weights.kind.dequantize(weights.row(r), &mut row);
        for (t, x) in x.chunks_exact(weights.columns).enumerate() {
            out[t * weights.rows + r] = dot(&row, x);
        }
    }
}

/// See [`super::Kernels::attend`].
pub(super) fn attend(head: Head<'_>, scores: &mut [f32], out: &mut [f32]) {
    for (position, score) in scores.iter_mut().enumerate() {
        *score = dot(head.query, head.at(head.keys, position)) * head.scale;
    }
    softmax(scores);
    out.fill(0.0);
    for (position, weight) in scores.iter().enumerate() {
        for (out, value) in out.iter_mut().zip(head.at(head.values, position)) {
            *out += weight * value;
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = 0.0;
    for (a, b) in a.iter().zip(b) {
        sum += a * b;
    }
    sum
}
