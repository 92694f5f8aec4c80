//! What is chosen, and what the model thought of its words.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{CancelToken, EngineError, GenerateOptions, Generated, Sampling, Session};

use crate::seedling;

const INSTRUCTION: &str = "Write f(xs): return the sum of all even numbers in `xs`.";

fn options(seed: u64) -> GenerateOptions {
    let sampling = Sampling { temperature: 1.5, seed, ..Sampling::default() };
    GenerateOptions { sampling, tokens_max: 20, ..GenerateOptions::default() }
}

fn alone(prompt: &[u32], options: &GenerateOptions) -> Generated {
    let mut session = Session::new(Arc::clone(&seedling::Q8_0));
    let mut on_text = |_: &str| ControlFlow::Continue(());
    session.generate(prompt, options, &CancelToken::new(), &mut on_text).unwrap()
}

#[test]
fn log_probabilities_are_told_when_asked_for() {
    let prompt = seedling::prompt(INSTRUCTION);
    let asking = |top| GenerateOptions { log_probabilities: Some(top), ..options(3) };
    assert!(alone(&prompt, &options(3)).log_probabilities.is_empty());
    let generated = alone(&prompt, &asking(5));
    assert_eq!(generated.tokens, alone(&prompt, &options(3)).tokens);
    assert_eq!(generated.log_probabilities.len(), generated.tokens.len());
    let mut session = Session::new(Arc::clone(&seedling::Q8_0));
    let mut logits = session.forward(&prompt).unwrap().to_vec();
    for (told, token) in generated.log_probabilities.iter().zip(&generated.tokens) {
        // The definition, in plain arithmetic.
        let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
        let expected = f64::from(logits[*token as usize]) - sum.ln();
        assert!((f64::from(told.log_probability) - expected).abs() < 1e-4);
        assert_eq!(told.top.len(), 5);
        assert!(told.top.is_sorted_by(|a, b| a.1 >= b.1));
        let is_top = told.top.iter().any(|(top, _)| top == token);
        assert!(is_top || told.log_probability <= told.top[4].1);
        logits = session.forward(&[*token]).unwrap().to_vec();
    }
    let mut on_text = |_: &str| ControlFlow::Continue(());
    let error = session.generate(&prompt, &asking(101), &CancelToken::new(), &mut on_text);
    assert!(matches!(error, Err(EngineError::InvalidOption { option: "log_probabilities", .. })));
}

#[test]
fn penalties_bias_and_min_p_reach_the_text() {
    let prompt = seedling::Q8_0.tokenizer().encode("x = 1\nx = 1\nx = 1\n", false).unwrap();
    let greedy = |sampling| GenerateOptions {
        sampling,
        tokens_max: 40,
        end_tokens: Some(vec![]),
        ..options(0)
    };
    let plain = alone(&prompt, &greedy(Sampling::greedy()));
    let first = plain.tokens[0];
    let logit_bias = vec![(first, f32::NEG_INFINITY)];
    let biased = alone(&prompt, &greedy(Sampling { logit_bias, ..Sampling::greedy() }));
    assert!(!biased.tokens.contains(&first));
    let penalised = Sampling { repetition_penalty: 5.0, ..Sampling::greedy() };
    let penalised = alone(&prompt, &greedy(penalised));
    let distinct = |tokens: &[u32]| {
        tokens.iter().collect::<std::collections::BTreeSet<_>>().len() as f64 / tokens.len() as f64
    };
    assert!(distinct(&penalised.tokens) > distinct(&plain.tokens));
    let only_the_best = Sampling { min_p: 1.0, ..options(4).sampling };
    assert_eq!(alone(&prompt, &greedy(only_the_best)).tokens, plain.tokens);
}
