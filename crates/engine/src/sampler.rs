//! Chooses the next token from logits: greedily, or by chance from the likeliest.
//!
//! The steps, in this order:
//! 1. a bias is added to the logits of named tokens;
//! 2. tokens among the last ones are made less likely (Keskar et al. 2019, arXiv:1909.05858);
//! 3. tokens that a constraint refuses are out, see [`crate::Constraint`];
//! 4. top-k: the k likeliest stay;
//! 5. temperature: logits are divided by it;
//! 6. top-p (Holtzman et al. 2020, arXiv:1904.09751) and min-p (Nguyen et al. 2024,
//!    arXiv:2407.01082): both cut off the unlikely end, the one that cuts more counts;
//! 7. one random number decides.
//!
//! Without temperature, or with one candidate, the likeliest after step 3 is taken and no random
//! number is drawn. Equal logits are ordered by token id, and the generator is part of this
//! crate, so a seed gives the same choices in every version.

mod log_probabilities;
mod pcg32;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::VecDeque;

pub use self::log_probabilities::TokenLogProbabilities;
pub(crate) use self::log_probabilities::log_probabilities;

use self::pcg32::Pcg32;
use crate::constraint::TokenMask;
use crate::error::EngineError;
use crate::session::check_finite;

/// Most tokens that the repetition penalty looks back on.
const REPETITION_WINDOW_MAX: usize = 65_536;
/// Candidates that are looked at first when a constraint may refuse some.
const CONSTRAINED_FIRST: usize = 16;

/// How tokens are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token always; 1 samples as the model predicts; more is wilder.
    /// From 0 to 100.
    pub temperature: f32,
    /// Only this many of the likeliest tokens are candidates; 0 means all.
    pub top_k: usize,
    /// Only the likeliest tokens that together have this probability are candidates; 1 means
    /// all. Above 0, at most 1.
    pub top_p: f32,
    /// Only tokens at least this probable, as a part of the likeliest one's probability, are
    /// candidates; 0 means all. From 0 to 1.
    pub min_p: f32,
    /// Divides positive logits of recent tokens, and multiplies negative ones; 1 changes nothing.
    /// From 0.1 to 10.
    pub repetition_penalty: f32,
    /// How many of the last tokens, of the prompt too, are recent. At most 65,536.
    pub repetition_window: usize,
    /// Added to the logits of tokens; minus infinity forbids one. The last entry of a token
    /// counts.
    pub logit_bias: Vec<(u32, f32)>,
    /// The same seed gives the same choices.
    pub seed: u64,
}

impl Default for Sampling {
    /// Temperature 0.8 among the 40 likeliest, 0.95 of their probability, seed 0; no min-p,
    /// penalty (its window is 64) or bias.
    fn default() -> Sampling {
        Sampling {
            temperature: 0.8,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.0,
            repetition_penalty: 1.0,
            repetition_window: 64,
            logit_bias: Vec::new(),
            seed: 0,
        }
    }
}

impl Sampling {
    /// The likeliest token always.
    #[must_use]
    pub fn greedy() -> Sampling {
        Sampling { temperature: 0.0, top_k: 1, top_p: 1.0, ..Sampling::default() }
    }

    /// Whether the likeliest token is taken always, and the seed means nothing.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        self.temperature == 0.0 || self.top_k == 1
    }

    fn check(&self) -> Result<(), EngineError> {
        let invalid = |option, why: String| Err(EngineError::InvalidOption { option, why });
        let Sampling { temperature, top_p, min_p, repetition_penalty, .. } = *self;
        if !(0.0..=100.0).contains(&temperature) {
            return invalid("temperature", format!("{temperature} is not in 0 to 100"));
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return invalid("top_p", format!("{top_p} is not above 0 and at most 1"));
        }
        if !(0.0..=1.0).contains(&min_p) {
            return invalid("min_p", format!("{min_p} is not in 0 to 1"));
        }
        if !(0.1..=10.0).contains(&repetition_penalty) {
            let why = format!("{repetition_penalty} is not in 0.1 to 10");
            return invalid("repetition_penalty", why);
        }
        if self.repetition_window > REPETITION_WINDOW_MAX {
            let why = format!("{} is above {REPETITION_WINDOW_MAX}", self.repetition_window);
            return invalid("repetition_window", why);
        }
        match self.logit_bias.iter().find(|(_, bias)| bias.is_nan() || *bias == f32::INFINITY) {
            Some((token, bias)) => invalid("logit_bias", format!("{bias} for token {token}")),
            None => Ok(()),
        }
    }
}

/// A chosen token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Its id.
    pub token: u32,
    /// The difference between the two largest logits, whichever was chosen: below about 0.05,
    /// quantisation or another order of additions may change which is first. None if there is
    /// no second: the vocabulary has one token, or a constraint refused the others that were
    /// looked at.
    pub top_two_gap: Option<f32>,
}

/// Chooses tokens one after another.
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    random: Pcg32,
    /// The last tokens, at most `repetition_window`; empty without a penalty.
    recent: VecDeque<u32>,
    /// Room for logits with bias and penalty, [vocabulary], reused.
    adjusted: Vec<f32>,
    /// Room for (logit, token), reused.
    candidates: Vec<(f32, u32)>,
}

impl Sampler {
    /// Checks the options and starts from their seed.
    ///
    /// # Errors
    /// [`EngineError::InvalidOption`].
    pub fn new(sampling: &Sampling) -> Result<Sampler, EngineError> {
        sampling.check()?;
        Ok(Sampler {
            random: Pcg32::new(sampling.seed),
            sampling: sampling.clone(),
            recent: VecDeque::new(),
            adjusted: Vec::new(),
            candidates: Vec::new(),
        })
    }

    /// Tells what precedes the next choice: the prompt, and then each token that was kept. Only
    /// the repetition penalty asks.
    pub fn remember(&mut self, tokens: &[u32]) {
        if self.sampling.repetition_penalty == 1.0 {
            return;
        }
        let window = self.sampling.repetition_window;
        self.recent.extend(&tokens[tokens.len().saturating_sub(window)..]);
        self.recent.drain(..self.recent.len().saturating_sub(window));
    }

    /// Chooses one of `logits`, one for each token of the vocabulary.
    ///
    /// # Errors
    /// [`EngineError::NotFinite`] for NaN or infinities, [`EngineError::NoTokens`] for none,
    /// [`EngineError::TokenOutOfRange`] if the bias names a token that is not there, and
    /// [`EngineError::NothingAllowed`] if it forbids all.
    pub fn choose(&mut self, logits: &[f32]) -> Result<Choice, EngineError> {
        let choice = self.choose_among(logits, None, None)?;
        choice.ok_or(EngineError::NothingAllowed)
    }

    /// As [`Sampler::choose`] among the tokens in `mask` that `allows` names; None if there are
    /// none. Asks for the likeliest first and stops when it has enough.
    pub(crate) fn choose_among(
        &mut self,
        logits: &[f32],
        mask: Option<&TokenMask>,
        allows: Option<&mut dyn FnMut(u32) -> bool>,
    ) -> Result<Option<Choice>, EngineError> {
        check_finite(logits)?;
        if logits.is_empty() {
            return Err(EngineError::NoTokens);
        }
        let mut adjusted = std::mem::take(&mut self.adjusted);
        let is_adjusted = self.adjust(logits, &mut adjusted)?;
        let logits = if is_adjusted { &adjusted } else { logits };
        let choice = if self.sampling.is_greedy() && mask.is_none() && allows.is_none() {
            Some(likeliest(logits)).filter(|choice| logits[choice.token as usize].is_finite())
        } else {
            self.collect_allowed(logits, mask, allows);
            self.choose_candidate()
        };
        self.adjusted = adjusted;
        Ok(choice)
    }

    /// Steps 1 and 2. False if they change nothing; then `adjusted` is left as it was.
    fn adjust(&self, logits: &[f32], adjusted: &mut Vec<f32>) -> Result<bool, EngineError> {
        if self.sampling.logit_bias.is_empty() && self.recent.is_empty() {
            return Ok(false);
        }
        adjusted.clear();
        adjusted.extend_from_slice(logits);
        for (token, bias) in &self.sampling.logit_bias {
            let Some(logit) = logits.get(*token as usize) else {
                let vocabulary = logits.len();
                return Err(EngineError::TokenOutOfRange { token: *token, vocabulary });
            };
            adjusted[*token as usize] = (logit + bias).min(f32::MAX);
        }
        let mut recent: Vec<u32> = self.recent.iter().copied().collect();
        recent.sort_unstable();
        recent.dedup();
        let penalty = self.sampling.repetition_penalty;
        for token in recent {
            if let Some(logit) = adjusted.get_mut(token as usize) {
                let lowered = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
                // What was forbidden stays so; nothing else becomes infinite.
                *logit = if logit.is_finite() { lowered.clamp(f32::MIN, f32::MAX) } else { *logit };
            }
        }
        Ok(true)
    }

    /// Steps 3 and 4: the candidates that are neither forbidden nor refused, in order.
    fn collect_allowed(
        &mut self,
        logits: &[f32],
        mask: Option<&TokenMask>,
        mut allows: Option<&mut dyn FnMut(u32) -> bool>,
    ) {
        let (wanted, mut looked_at) = match (self.sampling.is_greedy(), self.sampling.top_k) {
            // The gap to the second is told if it comes at no cost.
            (true, _) => (1, CONSTRAINED_FIRST),
            (false, 0) => (logits.len(), logits.len()),
            (false, k) => (k, k),
        };
        loop {
            // Adding zero makes -0 and 0 equal for the total order too.
            match mask {
                None => {
                    let all = logits.iter().map(|logit| logit + 0.0).zip(0..);
                    self.collect_likeliest(all, logits.len(), looked_at);
                }
                Some(mask) => {
                    let left = mask.tokens().map(|token| (logits[token as usize] + 0.0, token));
                    self.collect_likeliest(left, logits.len(), looked_at);
                }
            }
            self.candidates.retain(|(logit, token)| {
                *logit > f32::NEG_INFINITY && allows.as_mut().is_none_or(|allows| allows(*token))
            });
            if self.candidates.len() >= wanted || looked_at >= logits.len() {
                break;
            }
            looked_at = looked_at.saturating_mul(8);
        }
        if !self.sampling.is_greedy() {
            self.candidates.truncate(wanted);
        }
    }

    /// The `k` likeliest of `all`, at most `count`, in order; all if there are not as many.
    fn collect_likeliest(&mut self, all: impl Iterator<Item = (f32, u32)>, count: usize, k: usize) {
        let candidates = &mut self.candidates;
        candidates.clear();
        if k >= count {
            candidates.extend(all);
        } else {
            // Whenever there are twice as many, the lesser half goes, and its best logit is a
            // bar for all that follow: they have higher ids, so they lose ties.
            let room = 2 * k.max(32);
            let mut bar = f32::NEG_INFINITY;
            let mut has_bar = false;
            for candidate in all {
                if has_bar && candidate.0 <= bar {
                    continue;
                }
                candidates.push(candidate);
                if candidates.len() == room {
                    let (_, kth, _) = candidates.select_nth_unstable_by(k - 1, by_logit_then_token);
                    bar = kth.0;
                    has_bar = true;
                    candidates.truncate(k);
                }
            }
        }
        candidates.sort_unstable_by(by_logit_then_token);
        candidates.truncate(k);
    }

    fn choose_candidate(&mut self) -> Option<Choice> {
        let first = *self.candidates.first()?;
        let top_two_gap = self.candidates.get(1).map(|second| first.0 - second.0);
        let token = if self.sampling.is_greedy() { first.1 } else { self.draw() };
        Some(Choice { token, top_two_gap })
    }

    /// Steps 5 to 7: one of the candidates, which are in order and not empty.
    fn draw(&mut self) -> u32 {
        let largest = f64::from(self.candidates[0].0);
        let temperature = f64::from(self.sampling.temperature);
        let weight = |(logit, _): &(f32, u32)| ((f64::from(*logit) - largest) / temperature).exp();
        let total: f64 = self.candidates.iter().map(weight).sum();
        let enough = total * f64::from(self.sampling.top_p);
        // The likeliest has weight 1.
        let weight_min = f64::from(self.sampling.min_p);
        let mut kept = 0.0;
        let mut count = 0;
        for candidate in &self.candidates {
            let weight = weight(candidate);
            if weight < weight_min {
                break;
            }
            kept += weight;
            count += 1;
            if kept >= enough {
                break;
            }
        }
        let mut left = self.random.unit() * kept;
        for candidate in &self.candidates[..count] {
            left -= weight(candidate);
            if left < 0.0 {
                return candidate.1;
            }
        }
        // Rounding can leave a crumb: it belongs to the last candidate.
        self.candidates[count - 1].1
    }
}

fn by_logit_then_token(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

/// The largest logit, of equals the lowest id. `logits` are not NaN and not
/// empty.
fn likeliest(logits: &[f32]) -> Choice {
    let mut best = 0;
    let mut second = f32::NEG_INFINITY;
    for (token, logit) in logits.iter().enumerate().skip(1) {
        if *logit > logits[best] {
            second = logits[best];
            best = token;
        } else if *logit > second {
            second = *logit;
        }
    }
    let top_two_gap = (logits.len() > 1).then(|| logits[best] - second);
    Choice { token: best as u32, top_two_gap }
}
