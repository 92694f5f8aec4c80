//! What is chosen, and how often.

use super::*;

fn choices(sampling: &Sampling, logits: &[f32], count: usize) -> Vec<u32> {
    let mut sampler = Sampler::new(sampling).unwrap();
    (0..count).map(|_| sampler.choose(logits).unwrap().token).collect()
}

/// All tokens that are chosen now and then.
fn seen(sampling: &Sampling, logits: &[f32]) -> Vec<u32> {
    let mut seen = choices(sampling, logits, 300);
    seen.sort_unstable();
    seen.dedup();
    seen
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
    let sampling =
        Sampling { top_k: 0, top_p: 1.0, temperature: 1.0, seed: 3, ..Sampling::default() };
    let first = choices(&sampling, &logits, 50);
    assert_eq!(first, choices(&sampling, &logits, 50));
    assert_ne!(first, choices(&Sampling { seed: 4, ..sampling }, &logits, 50));
}

#[test]
fn top_k_never_samples_outside_and_breaks_ties_by_id() {
    let logits = [1.0, 5.0, 5.0, 5.0, 0.0, 5.0];
    for temperature in [0.5, 1.0, 50.0] {
        let sampling =
            Sampling { top_k: 3, top_p: 1.0, temperature, seed: 1, ..Sampling::default() };
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
        let sampling =
            Sampling { top_k: 0, top_p, temperature: 1.0, seed: 5, ..Sampling::default() };
        let mut seen = choices(&sampling, &logits, 300);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, expected, "{top_p}");
    }
}

#[test]
fn frequencies_follow_probabilities() {
    let logits = [0.6_f32.ln(), 0.3_f32.ln(), 0.1_f32.ln()];
    let sampling =
        Sampling { top_k: 0, top_p: 1.0, temperature: 1.0, seed: 11, ..Sampling::default() };
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
    for min_p in [-0.1, 1.1, f32::NAN] {
        assert!(Sampler::new(&Sampling { min_p, ..Sampling::default() }).is_err());
    }
    for repetition_penalty in [0.0, -1.0, 10.5, f32::NAN] {
        assert!(Sampler::new(&Sampling { repetition_penalty, ..Sampling::default() }).is_err());
    }
    for bias in [f32::NAN, f32::INFINITY] {
        let logit_bias = vec![(0, bias)];
        assert!(Sampler::new(&Sampling { logit_bias, ..Sampling::default() }).is_err());
    }
}

#[test]
fn extreme_logits_do_not_break_the_sum() {
    let sampling =
        Sampling { top_k: 0, top_p: 1.0, temperature: 1e-6, seed: 0, ..Sampling::default() };
    assert_eq!(choices(&sampling, &[f32::MAX, f32::MIN, 0.0], 5), [0; 5]);
}

#[test]
fn the_likeliest_are_those_of_a_full_sort() {
    let mut random = Pcg32::new(9);
    for length in [1, 2, 63, 64, 65, 1000] {
        // Few different values, so that there are ties.
        let logits: Vec<f32> = (0..length).map(|_| (random.unit() * 50.0).floor() as f32).collect();
        let mut sorted: Vec<(f32, u32)> = logits.iter().copied().zip(0..).collect();
        sorted.sort_by(by_logit_then_token);
        for k in [1, 2, 31, 40, 64, 999, 1000, 5000] {
            let mut sampler = Sampler::new(&Sampling::default()).unwrap();
            sampler.collect_likeliest(logits.iter().copied().zip(0..), length, k);
            assert_eq!(sampler.candidates, sorted[..k.min(length)], "{k} of {length}");
        }
    }
}

#[test]
fn min_p_cuts_relative_to_the_best() {
    let logits = [0.5_f32.ln(), 0.3_f32.ln(), 0.2_f32.ln()];
    for (min_p, expected) in
        [(0.0, &[0, 1, 2][..]), (0.35, &[0, 1, 2]), (0.5, &[0, 1]), (1.0, &[0])]
    {
        let sampling =
            Sampling { top_k: 0, top_p: 1.0, min_p, temperature: 1.0, ..Sampling::default() };
        assert_eq!(seen(&sampling, &logits), expected, "{min_p}");
    }
}

#[test]
fn a_bias_moves_and_forbids() {
    let logits = [1.0, 2.0, 3.0];
    let check = |logit_bias: &[(u32, f32)], expected: &[u32]| {
        for sampling in [Sampling::greedy(), Sampling { top_k: 2, ..Sampling::default() }] {
            let logit_bias = logit_bias.to_vec();
            let sampling = Sampling { temperature: 0.01, logit_bias, ..sampling };
            assert_eq!(seen(&sampling, &logits), expected, "{sampling:?}");
        }
    };
    check(&[], &[2]);
    check(&[(0, 5.0)], &[0]);
    check(&[(2, f32::NEG_INFINITY)], &[1]);
    check(&[(2, f32::NEG_INFINITY), (1, f32::NEG_INFINITY)], &[0]);
    for sampling in [Sampling::greedy(), Sampling::default()] {
        let logit_bias = (0..3).map(|token| (token, f32::NEG_INFINITY)).collect();
        let mut sampler = Sampler::new(&Sampling { logit_bias, ..sampling.clone() }).unwrap();
        assert!(matches!(sampler.choose(&logits), Err(EngineError::NothingAllowed)));
        let mut sampler =
            Sampler::new(&Sampling { logit_bias: vec![(3, 1.0)], ..sampling }).unwrap();
        let error = sampler.choose(&logits).unwrap_err();
        assert!(matches!(error, EngineError::TokenOutOfRange { token: 3, vocabulary: 3 }));
    }
}

#[test]
fn repetition_is_penalised_within_the_window() {
    let check = |window: usize, said: &[u32], expected: u32| {
        let sampling =
            Sampling { repetition_penalty: 2.0, repetition_window: window, ..Sampling::greedy() };
        let mut sampler = Sampler::new(&sampling).unwrap();
        for token in said {
            sampler.remember(&[*token]);
        }
        let mut at_once = Sampler::new(&sampling).unwrap();
        at_once.remember(said);
        // Halved 3 is 1.5, doubled -1 is -2.
        let logits = [-1.0, -1.5, 2.0, 3.0];
        for sampler in [&mut sampler, &mut at_once] {
            assert_eq!(sampler.choose(&logits).unwrap().token, expected, "{window} {said:?}");
        }
    };
    check(4, &[], 3);
    check(4, &[3], 2);
    check(4, &[3, 3, 3], 2);
    check(4, &[3, 2], 3);
    check(2, &[3, 0, 1], 3);
    check(3, &[3, 0, 1], 2);
    check(0, &[3], 3);
    check(9, &[77], 3);
    let mut sampler =
        Sampler::new(&Sampling { repetition_penalty: 2.0, ..Sampling::greedy() }).unwrap();
    sampler.remember(&[0]);
    assert_eq!(sampler.choose(&[-1.0, -1.5]).unwrap().token, 1, "negative logits are lowered too");
}

/// A constraint is a mask over the vocabulary: the same as if the refused were not there.
#[test]
fn refused_tokens_are_as_if_they_were_forbidden() {
    let mut random = Pcg32::new(77);
    for round in 0..300 {
        let logits: Vec<f32> = (0..500).map(|_| random.unit() as f32 * 9.0).collect();
        let one_in = [1.1, 2.0, 30.0, 400.0][round % 4];
        let allowed: Vec<bool> = (0..500).map(|_| random.unit() * one_in < 1.0).collect();
        let logit_bias = (0..500).filter(|t| !allowed[*t as usize]);
        let logit_bias = logit_bias.map(|token| (token, f32::NEG_INFINITY)).collect();
        let top_k = [0, 3, 40][round % 3];
        for sampling in [Sampling::greedy(), Sampling { top_k, seed: 5, ..Sampling::default() }] {
            let mut masked = Sampler::new(&sampling).unwrap();
            let mut biased =
                Sampler::new(&Sampling { logit_bias: Vec::clone(&logit_bias), ..sampling })
                    .unwrap();
            let mut mask = TokenMask::empty(500);
            (0..500).for_each(|token| mask.set(token, allowed[token as usize]));
            // The mask alone, the questions alone, and both.
            for way in 0..3 {
                let mut allows = |token| allowed[token as usize];
                let allows: Option<&mut dyn FnMut(u32) -> bool> =
                    if way == 0 { None } else { Some(&mut allows) };
                let mask = (way != 1).then_some(&mask);
                let choice = masked.choose_among(&logits, mask, allows).unwrap();
                let expected = biased.choose(&logits).ok();
                assert_eq!(choice.map(|c| c.token), expected.map(|c| c.token));
                assert_eq!(choice.is_some(), allowed.contains(&true));
            }
        }
    }
}

#[test]
fn log_probabilities_are_those_of_the_model() {
    let logits = [0.2_f32.ln() + 7.0, 0.5_f32.ln() + 7.0, 0.3_f32.ln() + 7.0];
    let found = log_probabilities(&logits, 2, 2);
    assert!((found.log_probability.exp() - 0.3).abs() < 1e-6);
    assert_eq!(found.top.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [1, 2]);
    assert!((found.top[0].1.exp() - 0.5).abs() < 1e-6);
    assert_eq!(found.top[1].1, found.log_probability);
    assert_eq!(log_probabilities(&logits, 0, 9).top.len(), 3);
    assert!(log_probabilities(&[f32::MAX, f32::MIN], 1, 0).log_probability.is_finite());
}

/// What the first version chose: a seed means the same for ever.
#[test]
fn choices_never_change() {
    let cases = [
        (0, 40, [568, 297, 1, 409, 866, 422, 558, 546, 571, 411, 461, 387]),
        (1, 40, [420, 235, 532, 631, 224, 718, 731, 287, 213, 695, 362, 313]),
        (7, 0, [754, 433, 112, 27, 978, 447, 547, 41, 547, 918, 436, 745]),
        (7, 3, [284, 235, 223, 495, 446, 39, 669, 620, 250, 201, 831, 782]),
    ];
    for (seed, top_k, expected) in cases {
        let sampling = Sampling { seed, top_k, ..Sampling::default() };
        let mut sampler = Sampler::new(&sampling).unwrap();
        for (round, expected) in (0..).zip(expected) {
            let logit = |i: u32| ((i * 7919 + round * 31) % 1000 / 3) as f32 * 0.03;
            let logits: Vec<f32> = (0..1000).map(logit).collect();
            assert_eq!(sampler.choose(&logits).unwrap().token, expected, "{seed} {top_k} {round}");
        }
    }
}
