//! The arithmetic of a transformer: one readable reference, and fast paths with the same meaning.
//!
//! [`Kernels::detect`] chooses at run time. The reference is the definition; a fast path may
//! differ from it only by the order of additions, and tests hold it to a bound on that.
//!
//! Within one path, the result for a token does not depend on how many tokens are computed
//! together: each output is one chain of additions in a fixed order. So a prompt computed at
//! once, in pieces, or from a shared prefix gives bit-identical logits, and the same seed gives
//! the same text.

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector loads and CPU features; each block says why it is sound")]
mod avx2;
mod reference;
#[cfg(test)]
mod tests;

use crate::tensor::MatrixView;

/// A way to compute. Holding one proves that this CPU has what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernels(Path);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    #[cfg_attr(all(target_arch = "x86_64", not(test)), allow(dead_code, reason = "other CPUs"))]
    Reference,
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
}

/// One attention head of one token over the keys and values of all positions so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    /// [head width], rotated.
    pub(crate) query: &'a [f32],
    /// [positions, stride], rotated.
    pub(crate) keys: &'a [f32],
    /// [positions, stride].
    pub(crate) values: &'a [f32],
    /// Elements from one position to the next: the width of all key heads together.
    pub(crate) stride: usize,
    /// First element of this head within a position.
    pub(crate) offset: usize,
    /// Multiplies each score, usually 1 / √(head width).
    pub(crate) scale: f32,
}

impl Head<'_> {
    fn width(&self) -> usize {
        self.query.len()
    }

    /// The part of `rows` ([positions, stride]) that belongs to this head at `position`.
    fn at<'r>(&self, rows: &'r [f32], position: usize) -> &'r [f32] {
        &rows[position * self.stride + self.offset..][..self.query.len()]
    }
}

impl Kernels {
    /// The fastest way that this CPU can do.
    pub(crate) fn detect() -> Kernels {
        #[cfg(target_arch = "x86_64")]
        if let Some(proof) = avx2::Avx2::detect() {
            return Kernels(Path::Avx2(proof));
        }
        Kernels(Path::Reference)
    }

    /// The readable way.
    #[cfg(test)]
    pub(crate) fn reference() -> Kernels {
        Kernels(Path::Reference)
    }

    /// Name of the path, for reports.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Path::Reference => "reference",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => "avx2",
        }
    }

    /// `out[t, r] = Σ_c weights[r, c] · x[t, c]` for x [tokens, columns], out [tokens, rows].
    pub(crate) fn matmul(self, weights: MatrixView<'_>, x: &[f32], out: &mut [f32]) {
        let tokens = x.len() / weights.columns;
        assert_eq!(x.len(), tokens * weights.columns, "x is [tokens, columns]");
        assert_eq!(out.len(), tokens * weights.rows, "out is [tokens, rows]");
        match self.0 {
            Path::Reference => reference::matmul(weights, x, out),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(proof) => proof.matmul(weights, x, out),
        }
    }

    /// `out = softmax(scale · keys · query)ᵀ · values` for one head; out [head width].
    /// `scores` is room for one number per position; its length is the number of positions.
    pub(crate) fn attend(self, head: Head<'_>, scores: &mut [f32], out: &mut [f32]) {
        assert_eq!(out.len(), head.width(), "out is [head width]");
        match self.0 {
            Path::Reference => reference::attend(head, scores, out),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(proof) => proof.attend(head, scores, out),
        }
    }
}

/// Root mean square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467), row by row:
/// `out = x / √(mean(x²) + epsilon) · gain` for x, out [tokens, width], gain `[width]`.
pub(crate) fn rms_norm(x: &[f32], gain: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = gain.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let mean_square = row.iter().map(|v| v * v).sum::<f32>() / width as f32;
        let factor = 1.0 / (mean_square + epsilon).sqrt();
        for ((out, value), gain) in out.iter_mut().zip(row).zip(gain) {
            *out = value * factor * gain;
        }
    }
}

/// The gate of SwiGLU (Shazeer 2020, arXiv:2002.05202), in place:
/// `gate = gate · sigmoid(gate) · up`, all of the same length.
pub(crate) fn swiglu(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + (-*gate).exp()) * up;
    }
}

/// `x += y`, element by element.
pub(crate) fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

/// Numbers to weights that sum to 1, in place. The largest is subtracted first, so that no
/// exponential overflows.
fn softmax(scores: &mut [f32]) {
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
