//! How likely the model found what was chosen, and what it would rather have said.

use super::by_logit_then_token;

/// What the model thought of a token. Natural logarithms of the probabilities that its logits
/// stand for, before any step of sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenLogProbabilities {
    /// Of the chosen token.
    pub log_probability: f32,
    /// The likeliest tokens, in order.
    pub top: Vec<(u32, f32)>,
}

/// Of `token` and the `top` likeliest. `logits` are finite and not empty.
pub(crate) fn log_probabilities(logits: &[f32], token: u32, top: usize) -> TokenLogProbabilities {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    let of = |logit: f32| ((f64::from(logit) - f64::from(largest)) - sum.ln()) as f32;
    let mut candidates: Vec<(f32, u32)> = logits.iter().copied().zip(0..).collect();
    if top < candidates.len() {
        candidates.select_nth_unstable_by(top, by_logit_then_token);
        candidates.truncate(top);
    }
    candidates.sort_unstable_by(by_logit_then_token);
    TokenLogProbabilities {
        log_probability: of(logits[token as usize]).max(f32::MIN),
        top: candidates.into_iter().map(|(logit, token)| (token, of(logit))).collect(),
    }
}
