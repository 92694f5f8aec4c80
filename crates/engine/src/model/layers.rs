//! The small layers that architectures are built from: linear maps, norms, activations.
//!
//! What one token gives never depends on the tokens computed beside it, see [`crate::kernels`].

use super::weights::Weights;
use crate::error::EngineError;
use crate::kernels::{Kernels, add, rms_norm};
use crate::tensor::{Matrix, MatrixView};

/// `y = weight · x + bias`.
#[derive(Debug)]
pub(super) struct Linear {
    /// [rows, columns].
    weight: Matrix,
    rows: usize,
    /// `[rows]`.
    bias: Option<Vec<f32>>,
}

impl Linear {
    /// `<name>.weight`, [rows, columns].
    pub(super) fn load(
        weights: &mut Weights<'_>,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Linear, EngineError> {
        let weight = weights.matrix(&format!("{name}.weight"), rows, columns)?;
        Ok(Linear { weight, rows, bias: None })
    }

    /// `<name>.weight`, [rows, columns], and `<name>.bias`, `[rows]`.
    pub(super) fn load_biased(
        weights: &mut Weights<'_>,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Linear, EngineError> {
        let linear = Linear::load(weights, name, rows, columns)?;
        Ok(Linear { bias: Some(weights.vector(&format!("{name}.bias"), rows)?), ..linear })
    }

    /// `<name>.weight`, whose rows belong to several maps, one after another.
    pub(super) fn load_fused<const N: usize>(
        weights: &mut Weights<'_>,
        name: &str,
        rows: [usize; N],
        columns: usize,
    ) -> Result<[Linear; N], EngineError> {
        let matrices = weights.matrix_parts(&format!("{name}.weight"), rows, columns)?;
        let mut rows = rows.into_iter();
        Ok(matrices.map(|weight| Linear {
            weight,
            rows: rows.next().expect("as many lengths as parts"),
            bias: None,
        }))
    }

    pub(super) fn from_matrix(weight: Matrix, rows: usize) -> Linear {
        Linear { weight, rows, bias: None }
    }

    /// For x [tokens, columns], [tokens, rows].
    pub(super) fn apply(&self, kernels: &Kernels, x: &[f32]) -> Vec<f32> {
        let [out] = Linear::apply_all([self], kernels, x);
        out
    }

    /// Several maps of the same x.
    pub(super) fn apply_all<const N: usize>(
        maps: [&Linear; N],
        kernels: &Kernels,
        x: &[f32],
    ) -> [Vec<f32>; N] {
        let mut outs = maps.map(|map| vec![0.0; x.len() / map.weight.view().columns * map.rows]);
        let mut products: Vec<(MatrixView<'_>, &mut [f32])> = Vec::with_capacity(N);
        for (map, out) in maps.iter().zip(&mut outs) {
            products.push((map.weight.view(), out));
        }
        kernels.matmuls(x, &mut products);
        for (map, out) in maps.iter().zip(&mut outs) {
            map.add_bias(out);
        }
        outs
    }

    fn add_bias(&self, out: &mut [f32]) {
        let Some(bias) = &self.bias else { return };
        for row in out.chunks_exact_mut(self.rows) {
            add(row, bias);
        }
    }
}

/// Brings each row to a common size.
#[derive(Debug)]
pub(super) enum Norm {
    /// Root mean square, see [`rms_norm`].
    Rms { gain: Vec<f32>, epsilon: f32 },
    /// Ba, Kiros and Hinton 2016, arXiv:1607.06450:
    /// `(x - mean) / √(variance + epsilon) · gain + bias`.
    Layer { gain: Vec<f32>, bias: Vec<f32>, epsilon: f32 },
}

impl Norm {
    /// `<name>.weight`, `[width]`.
    pub(super) fn rms(
        weights: &mut Weights<'_>,
        name: &str,
        width: usize,
        epsilon: f32,
    ) -> Result<Norm, EngineError> {
        Ok(Norm::Rms { gain: weights.vector(&format!("{name}.weight"), width)?, epsilon })
    }

    /// `<name>.weight` and `<name>.bias`, both `[width]`.
    pub(super) fn layer(
        weights: &mut Weights<'_>,
        name: &str,
        width: usize,
        epsilon: f32,
    ) -> Result<Norm, EngineError> {
        let gain = weights.vector(&format!("{name}.weight"), width)?;
        Ok(Norm::Layer { gain, bias: weights.vector(&format!("{name}.bias"), width)?, epsilon })
    }

    /// For x [rows, width], the same shape.
    pub(super) fn apply(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        match self {
            Norm::Rms { gain, epsilon } => rms_norm(x, gain, *epsilon, &mut out),
            Norm::Layer { gain, bias, epsilon } => layer_norm(x, gain, bias, *epsilon, &mut out),
        }
        out
    }
}

fn layer_norm(x: &[f32], gain: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = gain.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let mean = row.iter().sum::<f32>() / width as f32;
        let variance = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / width as f32;
        let factor = 1.0 / (variance + epsilon).sqrt();
        for ((out, value), (gain, bias)) in out.iter_mut().zip(row).zip(gain.iter().zip(bias)) {
            *out = (value - mean) * factor * gain + bias;
        }
    }
}

/// A function of one number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Activation {
    /// `x · sigmoid(x)`.
    Silu,
    /// Hendrycks and Gimpel 2016, arXiv:1606.08415, in its approximation by tanh:
    /// `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.
    GeluTanh,
}

impl Activation {
    /// In place.
    pub(super) fn apply(self, x: &mut [f32]) {
        for x in x {
            *x = self.of(*x);
        }
    }

    /// `gate = activation(gate) · up`, both of the same length (Shazeer 2020, arXiv:2002.05202).
    pub(super) fn gate(self, kernels: &Kernels, gate: &mut [f32], up: &[f32]) {
        match self {
            Activation::Silu => kernels.swiglu(gate, up),
            Activation::GeluTanh => {
                for (gate, up) in gate.iter_mut().zip(up) {
                    *gate = self.of(*gate) * up;
                }
            }
        }
    }

    fn of(self, x: f32) -> f32 {
        match self {
            Activation::Silu => x / (1.0 + (-x).exp()),
            Activation::GeluTanh => {
                let inner = 0.797_884_6 * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + inner.tanh())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Instructions;

    #[test]
    fn layer_norm_centres_and_scales() {
        let norm = Norm::Layer { gain: vec![1.0, 2.0], bias: vec![0.0, 10.0], epsilon: 0.0 };
        assert_eq!(norm.apply(&[3.0, 5.0, -1.0, -9.0]), [-1.0, 12.0, 1.0, 8.0]);
    }

    #[test]
    fn activations_at_known_points() {
        let mut x = [-1.0, 0.0, 1.0, 30.0, -30.0];
        Activation::GeluTanh.apply(&mut x);
        let known = [-0.158_808, 0.0, 0.841_192, 30.0, 0.0];
        assert!(x.iter().zip(known).all(|(x, known)| (x - known).abs() < 1e-6), "{x:?}");
        let mut x = [-1.0, 0.0, 1.0];
        let kernels = Kernels::new(Instructions::Portable, None);
        Activation::Silu.gate(&kernels, &mut x, &[1.0, 1.0, 2.0]);
        let known = [-0.268_941, 0.0, 1.462_117];
        assert!(x.iter().zip(known).all(|(x, known)| (x - known).abs() < 1e-6), "{x:?}");
    }
}
