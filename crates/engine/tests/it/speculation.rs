//! Guesses change the speed and nothing else.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{
    CancelToken, Finish, GenerateOptions, Generated, Model, Sampling, Session, Speculation,
    TokenIndex,
};

use crate::seedling;
use crate::tiny::{CONTEXT, F32, File, Random, VOCABULARY};

fn run(model: &Arc<Model>, prompt: &[u32], options: &GenerateOptions) -> (Generated, Vec<u32>) {
    let mut session = Session::new(Arc::clone(model));
    let mut on_text = |_: &str| ControlFlow::Continue(());
    let generated = session.generate(prompt, options, &CancelToken::new(), &mut on_text).unwrap();
    (generated, session.tokens().to_vec())
}

/// The same with and without guesses: everything but times and counts. Returns the counts of
/// the guesses: proposed, accepted.
fn check(
    model: &Arc<Model>,
    prompt: &[u32],
    options: &GenerateOptions,
    speculation: Speculation,
) -> (usize, usize) {
    let guessing = GenerateOptions { speculation: Some(speculation), ..options.clone() };
    let (plain, plain_session) = run(model, prompt, options);
    let (guessed, guessed_session) = run(model, prompt, &guessing);
    assert_eq!(guessed.tokens, plain.tokens);
    assert_eq!(guessed.text, plain.text);
    assert_eq!(guessed.finish, plain.finish);
    assert_eq!(guessed.log_probabilities, plain.log_probabilities);
    assert_eq!(
        guessed.top_two_gap_min.map(f32::to_bits),
        plain.top_two_gap_min.map(f32::to_bits),
        "to the bit"
    );
    assert!(guessed_session.starts_with(&plain_session), "no guess stays behind");
    assert!(guessed_session.len() <= plain_session.len() + 1);
    assert_eq!((plain.speculation.proposed, plain.speculation.accepted), (0, 0));
    let counts = guessed.speculation;
    assert_eq!(counts.steps + counts.accepted, plain.speculation.steps, "no token came for free");
    (counts.proposed, counts.accepted)
}

/// Guesses at any cost, so that they are made.
fn always(references: &[&[u32]]) -> Speculation {
    let references = references.iter().map(|tokens| Arc::new(TokenIndex::new(tokens).unwrap()));
    Speculation { references: references.collect(), row_cost: Some(0.0), ..Speculation::default() }
}

const CODE: &str = "\
def total(items):
    total = 0
    for item in items:
        if item.price > 0:
            total += item.price
    return total


def count(items):
    count = 0
    for item in items:
        if item.price > 0:
            count += 1
    return count
";

fn samplings() -> Vec<Sampling> {
    let hot = |seed| Sampling { temperature: 1.3, seed, ..Sampling::default() };
    let mut all = vec![Sampling::greedy(), Sampling::default()];
    all.extend((1..4).map(hot));
    all.push(Sampling { repetition_penalty: 1.2, min_p: 0.05, ..hot(9) });
    all.push(Sampling { top_k: 0, top_p: 1.0, logit_bias: vec![(300, 2.0)], ..hot(10) });
    all
}

#[test]
fn a_real_model_says_the_same() {
    let (mut proposed, mut accepted) = (0, 0);
    for model in [&*seedling::F16, &*seedling::Q8_0] {
        let prompt = model.tokenizer().encode(CODE, false).unwrap();
        let cut = prompt.len() * 2 / 3;
        for sampling in samplings() {
            for tokens_max in [2, 40] {
                let options = GenerateOptions {
                    sampling: sampling.clone(),
                    tokens_max,
                    log_probabilities: Some(2),
                    ..GenerateOptions::default()
                };
                // What it will say, but for every seventh token: often right, often wrong.
                let mut said = run(model, &prompt[..cut], &options).0.tokens;
                said.iter_mut().step_by(7).for_each(|token| *token = 300);
                let speculation = always(&[&prompt, &said]);
                let counts = check(model, &prompt[..cut], &options, speculation);
                proposed += counts.0;
                accepted += counts.1;
            }
        }
    }
    assert!(accepted > 60 && proposed > accepted, "{accepted} of {proposed}");
}

#[test]
fn what_ends_a_text_ends_it_at_the_same_token() {
    let model = &*seedling::Q8_0;
    let prompt = model.tokenizer().encode(CODE, false).unwrap();
    let cut = &prompt[..prompt.len() * 2 / 3];
    let greedy = GenerateOptions {
        sampling: Sampling::greedy(),
        tokens_max: 60,
        ..GenerateOptions::default()
    };
    let (whole, _) = run(model, cut, &greedy);
    for stop in ["\n", "item", "  ", &whole.text[whole.text.len() / 2..][..4]] {
        let options = GenerateOptions { stop: vec![stop.to_owned()], ..greedy.clone() };
        check(model, cut, &options, always(&[&prompt]));
    }
    for end in &whole.tokens {
        let options = GenerateOptions { end_tokens: Some(vec![*end]), ..greedy.clone() };
        check(model, cut, &options, always(&[&prompt]));
    }
}

/// A random model over a small vocabulary repeats itself and contradicts itself.
#[test]
fn random_models_say_the_same_up_to_a_full_context() {
    let mut random = Random(3);
    let (mut accepted, mut proposed, mut full) = (0, 0, 0);
    for seed in 1..6 {
        let model = Arc::new(File::tiny(F32, seed).load().unwrap());
        for round in 0..40 {
            let letters = 2 + random.below(5);
            let length = 1 + random.below(CONTEXT);
            let prompt: Vec<u32> = (0..length).map(|_| random.below(letters) as u32 + 97).collect();
            let reference: Vec<u32> = (0..60).map(|_| random.below(letters) as u32 + 97).collect();
            // A bias keeps it among the letters, so that guesses are sometimes right.
            let others = (0..VOCABULARY as u32).filter(|t| !(97..97 + letters as u32).contains(t));
            let sampling = Sampling {
                temperature: [0.0, 0.7, 2.0][round % 3],
                logit_bias: others.map(|token| (token, f32::NEG_INFINITY)).collect(),
                seed: round as u64,
                ..Sampling::default()
            };
            let options = GenerateOptions {
                sampling,
                tokens_max: 1 + random.below(2 * CONTEXT),
                ..GenerateOptions::default()
            };
            let draft_max = 1 + random.below(31);
            let speculation = Speculation { draft_max, ..always(&[&reference]) };
            let counts = check(&model, &prompt, &options, speculation);
            proposed += counts.0;
            accepted += counts.1;
            full += usize::from(run(&model, &prompt, &options).0.finish == Finish::ContextFull);
        }
    }
    assert!(full > 10, "{full}");
    assert!(accepted > 200 && proposed > accepted + 200, "{accepted} of {proposed}");
}

#[test]
fn copying_takes_few_steps() {
    // The model is made to copy: the bias leaves one token.
    let model = Arc::new(File::tiny(F32, 1).load().unwrap());
    let sampling = Sampling {
        logit_bias: (0..VOCABULARY as u32)
            .filter(|t| *t != 98)
            .map(|t| (t, f32::NEG_INFINITY))
            .collect(),
        ..Sampling::greedy()
    };
    let options = GenerateOptions {
        sampling,
        tokens_max: 40,
        speculation: Some(always(&[])),
        ..GenerateOptions::default()
    };
    let (generated, _) = run(&model, &[98; 4], &options);
    assert_eq!(generated.tokens, [98; 40]);
    let counts = generated.speculation;
    assert_eq!((counts.steps, counts.proposed, counts.accepted), (3, 36, 36));
    assert!((counts.tokens_per_step().unwrap() - 13.0).abs() < 1e-9);
}

#[test]
fn guesses_that_cost_too_much_are_rare() {
    let model = &*seedling::Q8_0;
    let prompt = model.tokenizer().encode(CODE, false).unwrap();
    let options = GenerateOptions {
        sampling: Sampling { temperature: 2.0, top_k: 0, top_p: 1.0, ..Sampling::default() },
        tokens_max: 200,
        end_tokens: Some(vec![]),
        ..GenerateOptions::default()
    };
    let costly = Speculation { row_cost: Some(2.0), ..Speculation::default() };
    let (proposed, _) = check(model, &prompt, &options, costly);
    assert!(proposed < 30, "{proposed}");
}

#[test]
fn logits_of_all_rows_are_those_of_one_at_a_time() {
    for model in [&*seedling::F16, &*seedling::Q8_0] {
        let tokens = model.tokenizer().encode(CODE, false).unwrap();
        let bits = |logits: &[f32]| logits.iter().map(|l| l.to_bits()).collect::<Vec<_>>();
        for rows in [1, 2, 3, 7, 32] {
            let mut session = Session::new(Arc::clone(model));
            let mut single = Session::new(Arc::clone(model));
            session.forward(&tokens[..9]).unwrap();
            single.forward(&tokens[..9]).unwrap();
            let all = bits(session.forward_all(&tokens[9..9 + rows]).unwrap());
            for (row, token) in all.chunks(model.info().vocabulary_size).zip(&tokens[9..]) {
                assert_eq!(row, bits(single.forward(&[*token]).unwrap()));
            }
            assert_eq!(session.tokens(), single.tokens());
        }
        let mut session = Session::new(Arc::clone(model));
        assert!(session.forward_all(&tokens[..33]).is_err());
        assert!(session.forward_all(&[]).is_err());
        assert!(session.tokens().is_empty());
    }
}
