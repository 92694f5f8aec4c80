//! Chooses the next token from logits: greedily, or by chance from the likeliest.
//!
//! In this order: top-k, temperature, top-p (Holtzman et al. 2020, arXiv:1904.09751). Equal
//! logits are ordered by token id, and the generator is part of this file, so a seed gives the
//! same choices in every version.

use std::cmp::Ordering;

use crate::error::EngineError;
use crate::session::check_finite;

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
    /// The same seed gives the same choices.
    pub seed: u64,
}

impl Default for Sampling {
    /// Temperature 0.8 among the 40 likeliest, 0.95 of their probability, seed 0.
    fn default() -> Sampling {
        Sampling { temperature: 0.8, top_k: 40, top_p: 0.95, seed: 0 }
    }
}

impl Sampling {
    /// The likeliest token always.
    #[must_use]
    pub fn greedy() -> Sampling {
        Sampling { temperature: 0.0, top_k: 1, top_p: 1.0, seed: 0 }
    }
}

/// A chosen token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Its id.
    pub token: u32,
    /// The difference between the two largest logits, whichever was chosen: below about 0.05,
    /// quantisation or another order of additions may change which is first. None if the
    /// vocabulary has one token.
    pub top_two_gap: Option<f32>,
}

/// Chooses tokens one after another.
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    random: Pcg32,
    /// Room for (logit, token), reused.
    candidates: Vec<(f32, u32)>,
}

impl Sampler {
    /// Checks the options and starts from their seed.
    ///
    /// # Errors
    /// [`EngineError::InvalidOption`].
    pub fn new(sampling: &Sampling) -> Result<Sampler, EngineError> {
        let Sampling { temperature, top_p, seed, .. } = *sampling;
        let invalid = |option, why: String| Err(EngineError::InvalidOption { option, why });
        if !(0.0..=100.0).contains(&temperature) {
            return invalid("temperature", format!("{temperature} is not in 0 to 100"));
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return invalid("top_p", format!("{top_p} is not above 0 and at most 1"));
        }
        let sampling = sampling.clone();
        Ok(Sampler { sampling, random: Pcg32::new(seed), candidates: Vec::new() })
    }

    /// Chooses one of `logits`, one for each token of the vocabulary.
    ///
    /// # Errors
    /// [`EngineError::NotFinite`] for NaN or infinities, [`EngineError::NoTokens`] for none.
    pub fn choose(&mut self, logits: &[f32]) -> Result<Choice, EngineError> {
        check_finite(logits)?;
        if logits.is_empty() {
            return Err(EngineError::NoTokens);
        }
        if self.sampling.temperature == 0.0 || self.sampling.top_k == 1 {
            return Ok(likeliest(logits));
        }
        self.collect_candidates(logits);
        let top_two_gap = match self.candidates[..] {
            [(first, _), (second, _), ..] => Some(first - second),
            _ => None,
        };
        Ok(Choice { token: self.draw(), top_two_gap })
    }

    /// The `top_k` likeliest, in order.
    fn collect_candidates(&mut self, logits: &[f32]) {
        let by_logit_then_token = |a: &(f32, u32), b: &(f32, u32)| -> Ordering {
            b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
        };
        let candidates = &mut self.candidates;
        candidates.clear();
        // Adding zero makes -0 and 0 equal for the total order too.
        candidates.extend(logits.iter().map(|logit| logit + 0.0).zip(0..));
        let k = self.sampling.top_k;
        if k > 0 && k < candidates.len() {
            candidates.select_nth_unstable_by(k - 1, by_logit_then_token);
            candidates.truncate(k);
        }
        candidates.sort_unstable_by(by_logit_then_token);
    }

    /// One of the candidates, which are in order and not empty.
    fn draw(&mut self) -> u32 {
        let largest = f64::from(self.candidates[0].0);
        let temperature = f64::from(self.sampling.temperature);
        let weight = |(logit, _): &(f32, u32)| ((f64::from(*logit) - largest) / temperature).exp();
        let total: f64 = self.candidates.iter().map(weight).sum();
        let enough = total * f64::from(self.sampling.top_p);
        let mut kept = 0.0;
        let mut count = 0;
        for candidate in &self.candidates {
            kept += weight(candidate);
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

/// The largest logit, of equals the lowest id. `logits` are finite and not empty.
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

/// The generator PCG-XSH-RR 64/32 (O'Neill 2014, <https://www.pcg-random.org>): small, good
/// enough for sampling, not for secrets.
#[derive(Debug, Clone)]
struct Pcg32 {
    state: u64,
}

impl Pcg32 {
    const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
    /// Odd: which of the 2⁶³ sequences. This is number 54, that of the reference demonstration.
    const INCREMENT: u64 = (54 << 1) | 1;

    fn new(seed: u64) -> Pcg32 {
        let mut random = Pcg32 { state: 0 };
        random.next();
        random.state = random.state.wrapping_add(seed);
        random.next();
        random
    }

    fn next(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// From 0 to just below 1, in steps of 2⁻³².
    fn unit(&mut self) -> f64 {
        f64::from(self.next()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(sampling: &Sampling, logits: &[f32], count: usize) -> Vec<u32> {
        let mut sampler = Sampler::new(sampling).unwrap();
        (0..count).map(|_| sampler.choose(logits).unwrap().token).collect()
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // Output of `pcg32-demo` for seed 42, sequence 54.
        let mut random = Pcg32::new(42);
        let expected =
            [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e];
        assert_eq!(expected.map(|_| random.next()), expected);
    }

    #[test]
    fn greedy_takes_the_lowest_id_of_the_best() {
        let check = |logits: &[f32], token: u32, top_two_gap: Option<f32>| {
            let choice = Sampler::new(&Sampling::greedy()).unwrap().choose(logits).unwrap();
            assert_eq!(choice, Choice { token, top_two_gap }, "{logits:?}");
        };
        check(&[1.0, 3.0, 2.5, 3.0], 1, Some(0.0));
        check(&[3.0, 1.0, 2.5], 0, Some(0.5));
        check(&[-0.0, 0.0], 0, Some(0.0));
        check(&[-7.0], 0, None);
    }

    #[test]
    fn the_same_seed_gives_the_same_choices() {
        let logits: Vec<f32> = (0..50).map(|i| (i % 7) as f32).collect();
        let sampling = Sampling { top_k: 0, top_p: 1.0, temperature: 1.0, seed: 3 };
        let first = choices(&sampling, &logits, 50);
        assert_eq!(first, choices(&sampling, &logits, 50));
        assert_ne!(first, choices(&Sampling { seed: 4, ..sampling }, &logits, 50));
    }

    #[test]
    fn top_k_never_samples_outside_and_breaks_ties_by_id() {
        let logits = [1.0, 5.0, 5.0, 5.0, 0.0, 5.0];
        for temperature in [0.5, 1.0, 50.0] {
            let sampling = Sampling { top_k: 3, top_p: 1.0, temperature, seed: 1 };
            let mut seen = choices(&sampling, &logits, 300);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen, [1, 2, 3]);
        }
    }

    #[test]
    fn top_p_keeps_the_fewest_that_suffice() {
        let logits = [0.5_f32.ln(), 0.3_f32.ln(), 0.2_f32.ln()];
        for (top_p, expected) in [(0.4, &[0][..]), (0.7, &[0, 1]), (0.9, &[0, 1, 2])] {
            let sampling = Sampling { top_k: 0, top_p, temperature: 1.0, seed: 5 };
            let mut seen = choices(&sampling, &logits, 300);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen, expected, "{top_p}");
        }
    }

    #[test]
    fn frequencies_follow_probabilities() {
        let logits = [0.6_f32.ln(), 0.3_f32.ln(), 0.1_f32.ln()];
        let sampling = Sampling { top_k: 0, top_p: 1.0, temperature: 1.0, seed: 11 };
        let all = choices(&sampling, &logits, 20_000);
        for (token, probability) in [0.6, 0.3, 0.1].into_iter().enumerate() {
            let count = all.iter().filter(|t| **t == token as u32).count();
            // Four standard deviations are below 0.014.
            assert!((count as f64 / 20_000.0 - probability).abs() < 0.014, "{token}: {count}");
        }
    }

    #[test]
    fn bad_numbers_are_errors() {
        for sampling in [Sampling::greedy(), Sampling::default()] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut sampler = Sampler::new(&sampling).unwrap();
                let error = sampler.choose(&[0.0, bad]).unwrap_err();
                assert!(matches!(error, EngineError::NotFinite { token: 1, .. }), "{error}");
            }
            assert!(Sampler::new(&sampling).unwrap().choose(&[]).is_err());
        }
        for temperature in [-1.0, f32::NAN, 101.0] {
            assert!(Sampler::new(&Sampling { temperature, ..Sampling::default() }).is_err());
        }
        for top_p in [0.0, -1.0, 1.5, f32::NAN] {
            assert!(Sampler::new(&Sampling { top_p, ..Sampling::default() }).is_err());
        }
    }

    #[test]
    fn extreme_logits_do_not_break_the_sum() {
        let sampling = Sampling { top_k: 0, top_p: 1.0, temperature: 1e-6, seed: 0 };
        assert_eq!(choices(&sampling, &[f32::MAX, f32::MIN, 0.0], 5), [0; 5]);
    }
}
