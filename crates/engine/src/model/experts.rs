//! A mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): a router sends each token to a
//! few of many gated feed-forward nets and weighs what they give.
//!
//! Experts stay in the mapped file, so only those that are chosen are ever read. Tokens that
//! chose the same expert are computed together. A token adds its experts up in the order of
//! their index, so what it gets does not depend on its neighbours.

use super::feed_forward::Gated;
use super::layers::{Activation, Linear};
use super::weights::Weights;
use crate::error::EngineError;
use crate::kernels::{Kernels, add};

/// The router, its experts, and one that every token goes to.
#[derive(Debug)]
pub(super) struct Experts {
    width: usize,
    /// [experts, width].
    router: Linear,
    experts: Vec<Gated>,
    routing: Routing,
    /// Experts that every token goes to, side by side as one.
    shared: Option<Gated>,
}

/// How a token's experts are chosen and weighed: by softmax over the router's scores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routing {
    /// Experts in all.
    pub(super) count: usize,
    /// Experts that a token goes to, at most all.
    pub(super) used: usize,
    /// Whether the weights of the chosen are made to sum to 1.
    pub(super) normalise: bool,
    /// Multiplies all weights.
    pub(super) scale: f32,
}

impl Experts {
    /// Block `index` of a model of `width`, whose experts have a hidden width of `hidden`:
    /// `ffn_gate_inp`, `ffn_{gate,up,down}_exps`, and with `shared`, the hidden width of that
    /// one, `ffn_{gate,up,down}_shexp`.
    pub(super) fn load(
        weights: &mut Weights<'_>,
        index: usize,
        [width, hidden]: [usize; 2],
        routing: Routing,
        shared: Option<usize>,
    ) -> Result<Experts, EngineError> {
        let name = |part: &str| format!("blk.{index}.ffn_{part}");
        let router = Linear::load(weights, &name("gate_inp"), routing.count, width)?;
        let mut stack =
            |part: &str, rows, columns| weights.matrices(&name(part), routing.count, rows, columns);
        let gates = stack("gate_exps.weight", hidden, width)?;
        let ups = stack("up_exps.weight", hidden, width)?;
        let downs = stack("down_exps.weight", width, hidden)?;
        let experts = gates.into_iter().zip(ups).zip(downs).map(|((gate, up), down)| Gated {
            gate: Linear::from_matrix(gate, hidden),
            up: Linear::from_matrix(up, hidden),
            down: Linear::from_matrix(down, width),
            activation: Activation::Silu,
        });
        let experts = experts.collect();
        let shared = match shared {
            None => None,
            Some(hidden) => {
                Some(Gated::load(weights, index, "_shexp", [width, hidden], Activation::Silu)?)
            }
        };
        Ok(Experts { width, router, experts, routing, shared })
    }

    /// For x [tokens, width], the same shape.
    pub(super) fn apply(&self, kernels: &Kernels, x: &[f32]) -> Vec<f32> {
        let scores = self.router.apply(kernels, x);
        // For each expert the tokens that chose it, with its weight.
        let mut chosen_by: Vec<Vec<(usize, f32)>> = vec![Vec::new(); self.routing.count];
        for (token, scores) in scores.chunks_exact(self.routing.count).enumerate() {
            for (expert, weight) in self.routing.choose(scores) {
                chosen_by[expert].push((token, weight));
            }
        }
        let mut out = match &self.shared {
            None => vec![0.0; x.len()],
            Some(shared) => shared.apply(kernels, x),
        };
        let row = |token: usize| token * self.width..(token + 1) * self.width;
        for (expert, tokens) in self.experts.iter().zip(chosen_by) {
            if tokens.is_empty() {
                continue;
            }
            let mut gathered = Vec::with_capacity(tokens.len() * self.width);
            for (token, _) in &tokens {
                gathered.extend_from_slice(&x[row(*token)]);
            }
            let mut given = expert.apply(kernels, &gathered);
            for ((token, weight), given) in tokens.iter().zip(given.chunks_exact_mut(self.width)) {
                for value in given.iter_mut() {
                    *value *= weight;
                }
                add(&mut out[row(*token)], given);
            }
        }
        out
    }
}

impl Routing {
    /// The experts for one token and their weights, by the scores of all experts. Of equal
    /// scores the lower index counts as higher.
    fn choose(&self, scores: &[f32]) -> Vec<(usize, f32)> {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        let largest = scores[order[0]];
        let exponentials = |experts: &[usize]| -> f32 {
            experts.iter().map(|expert| (scores[*expert] - largest).exp()).sum()
        };
        let chosen = &order[..self.used];
        let sum = if self.normalise { exponentials(chosen) } else { exponentials(&order) };
        let weigh = |expert: &usize| ((scores[*expert] - largest).exp() / sum) * self.scale;
        chosen.iter().map(|expert| (*expert, weigh(expert))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_scores_are_chosen() {
        let scores = [0.0, 2.0_f32.ln(), 5.0_f32.ln(), 2.0_f32.ln()];
        let routing = Routing { count: 4, used: 2, normalise: false, scale: 10.0 };
        let check = |routing: Routing, expected: [(usize, f32); 2]| {
            for ((expert, weight), (wanted, right)) in routing.choose(&scores).iter().zip(expected)
            {
                assert_eq!(*expert, wanted);
                assert!((weight - right).abs() < 1e-6, "{weight} {right}");
            }
        };
        check(routing, [(2, 5.0), (1, 2.0)]);
        let normalised = Routing { normalise: true, scale: 1.0, ..routing };
        check(normalised, [(2, 5.0 / 7.0), (1, 2.0 / 7.0)]);
    }

    #[test]
    fn scores_that_are_not_numbers_choose_something() {
        let routing = Routing { count: 3, used: 2, normalise: true, scale: 1.0 };
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(routing.choose(&[bad; 3]).len(), 2);
        }
    }
}
