//! The feed-forward half of a block: plain, gated, or a choice of experts.

use super::experts::Experts;
use super::layers::{Activation, Linear};
use super::weights::Weights;
use crate::error::EngineError;
use crate::kernels::Kernels;

/// One of the kinds. Each maps [tokens, width] to the same shape.
#[derive(Debug)]
pub(super) enum FeedForward {
    Plain(Plain),
    Gated(Gated),
    Experts(Experts),
}

impl FeedForward {
    pub(super) fn apply(&self, kernels: &Kernels, x: &[f32]) -> Vec<f32> {
        match self {
            FeedForward::Plain(plain) => plain.apply(kernels, x),
            FeedForward::Gated(gated) => gated.apply(kernels, x),
            FeedForward::Experts(experts) => experts.apply(kernels, x),
        }
    }
}

/// `down(activation(up(x)))`.
#[derive(Debug)]
pub(super) struct Plain {
    /// [hidden width, width].
    pub(super) up: Linear,
    /// [width, hidden width].
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

impl Plain {
    fn apply(&self, kernels: &Kernels, x: &[f32]) -> Vec<f32> {
        let mut hidden = self.up.apply(kernels, x);
        self.activation.apply(&mut hidden);
        self.down.apply(kernels, &hidden)
    }
}

/// `down(activation(gate(x)) · up(x))` (Shazeer 2020, arXiv:2002.05202).
#[derive(Debug)]
pub(super) struct Gated {
    /// [hidden width, width].
    pub(super) gate: Linear,
    /// [hidden width, width].
    pub(super) up: Linear,
    /// [width, hidden width].
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

impl Gated {
    /// `blk.<index>.ffn_{gate,up,down}<suffix>`, without biases.
    pub(super) fn load(
        weights: &mut Weights<'_>,
        index: usize,
        suffix: &str,
        [width, hidden]: [usize; 2],
        activation: Activation,
    ) -> Result<Gated, EngineError> {
        let name = |part: &str| format!("blk.{index}.ffn_{part}{suffix}");
        Ok(Gated {
            gate: Linear::load(weights, &name("gate"), hidden, width)?,
            up: Linear::load(weights, &name("up"), hidden, width)?,
            down: Linear::load(weights, &name("down"), width, hidden)?,
            activation,
        })
    }

    pub(super) fn apply(&self, kernels: &Kernels, x: &[f32]) -> Vec<f32> {
        let [mut gate, up] = Linear::apply_all([&self.gate, &self.up], kernels, x);
        self.activation.gate(kernels, &mut gate, &up);
        self.down.apply(kernels, &gate)
    }
}
