//! Generating: the same each time, ending when it must, and only then.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{
    CancelToken, EngineError, Finish, GenerateOptions, Generated, Instructions, LoadLimits, Model,
    Sampling, Session, generate,
};

use crate::seedling;
use crate::tiny::{CONTEXT, F32, File};

const INSTRUCTION: &str = "Write f(xs): return the sum of all even numbers in `xs`.";

fn greedy(tokens_max: usize) -> GenerateOptions {
    GenerateOptions { sampling: Sampling::greedy(), tokens_max, ..GenerateOptions::default() }
}

fn run(model: &Arc<Model>, prompt: &[u32], options: &GenerateOptions) -> Generated {
    let mut shown = String::new();
    let generated = generate(model, prompt, options, &CancelToken::new(), &mut |text| {
        assert!(!text.is_empty());
        shown.push_str(text);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(shown, generated.text, "the pieces are the whole");
    generated
}

fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|logit| logit.to_bits()).collect()
}

#[test]
fn any_split_of_a_prompt_gives_the_same_bits() {
    let prompt = seedling::prompt(&INSTRUCTION.repeat(6));
    assert!(prompt.len() > 70, "more than two pieces");
    for model in [&*seedling::F16, &*seedling::Q8_0] {
        let mut whole = Session::new(Arc::clone(model));
        let expected = bits(whole.forward(&prompt).unwrap());
        for size in [1, 2, 5, 31, 32, 33, 64] {
            let mut session = Session::new(Arc::clone(model));
            let mut last = Vec::new();
            for piece in prompt.chunks(size) {
                last = bits(session.forward(piece).unwrap());
            }
            assert_eq!(last, expected, "pieces of {size}");
        }
    }
}

#[test]
fn truncated_and_forked_sessions_continue_alike() {
    let prompt = seedling::prompt(INSTRUCTION);
    let (shared, rest) = prompt.split_at(10);
    let mut session = Session::new(Arc::clone(&seedling::Q8_0));
    session.forward(shared).unwrap();
    let mut fork = session.fork();
    let expected = bits(session.forward(rest).unwrap());
    assert_eq!(bits(fork.forward(rest).unwrap()), expected);
    assert_eq!(fork.tokens(), prompt);

    session.truncate(3);
    assert_eq!(session.tokens(), &prompt[..3]);
    session.forward(&[9, 9, 9]).unwrap();
    session.truncate(3);
    assert_eq!(bits(session.forward(&prompt[3..]).unwrap()), expected);
    session.truncate(1000);
    assert_eq!(session.tokens(), prompt);
}

#[test]
fn a_reused_session_generates_as_a_new_one() {
    let prompt = seedling::prompt(INSTRUCTION);
    let other = seedling::prompt("Write g(s): reverse `s`.");
    let mut session = Session::new(Arc::clone(&seedling::Q8_0));
    for (prompt, reused) in [(&prompt, 0), (&prompt, prompt.len() - 1), (&other, 3)] {
        let options = GenerateOptions { tokens_max: 30, ..GenerateOptions::default() };
        let again = session
            .generate(prompt, &options, &CancelToken::new(), &mut |_| ControlFlow::Continue(()))
            .unwrap();
        let new = run(&seedling::Q8_0, prompt, &options);
        assert_eq!((again.tokens, again.text), (new.tokens, new.text));
        assert_eq!((again.prompt_tokens, again.reused_tokens), (prompt.len(), reused));
        assert_eq!(new.reused_tokens, 0);
    }
}

#[test]
fn the_same_seed_gives_the_same_text() {
    let prompt = seedling::prompt(INSTRUCTION);
    let with_seed = |seed| {
        let sampling = Sampling { seed, temperature: 1.5, ..Sampling::default() };
        let options = GenerateOptions { sampling, tokens_max: 40, ..GenerateOptions::default() };
        run(&seedling::Q8_0, &prompt, &options).text
    };
    assert_eq!(with_seed(1), with_seed(1));
    let different = (0..5).map(with_seed).collect::<std::collections::BTreeSet<_>>();
    assert!(different.len() > 1, "{different:?}");
}

#[test]
fn a_good_model_ends_by_itself() {
    let generated = run(&seedling::Q8_0, &seedling::prompt(INSTRUCTION), &greedy(200));
    assert_eq!(generated.finish, Finish::Stop);
    assert!(generated.text.starts_with("def f(xs):"), "{}", generated.text);
    assert!(!generated.tokens.contains(&6) && !generated.text.contains("<|"));
    assert!(generated.top_two_gap_min.unwrap() > 0.0);
    assert!(generated.timings.prefill <= generated.timings.first_token);
}

#[test]
fn the_length_is_a_limit() {
    let prompt = seedling::prompt(INSTRUCTION);
    for tokens_max in [0, 1, 5] {
        let generated = run(&seedling::Q8_0, &prompt, &greedy(tokens_max));
        assert_eq!((generated.tokens.len(), generated.finish), (tokens_max, Finish::Length));
        assert_eq!(generated.top_two_gap_min.is_none(), tokens_max == 0);
    }
}

/// Every part of the text, whichever tokens it straddles, ends the text before its first
/// occurrence.
#[test]
fn stop_strings_end_the_text_wherever_tokens_end() {
    let model = &*seedling::Q8_0;
    let prompt = seedling::prompt(INSTRUCTION);
    let whole = run(model, &prompt, &greedy(200)).text;
    for length in [1, 3, 9] {
        for start in (0..whole.len() - length).step_by(5) {
            let stop = &whole[start..start + length];
            let options = GenerateOptions { stop: vec!["§".into(), stop.into()], ..greedy(200) };
            let generated = run(model, &prompt, &options);
            assert_eq!(generated.finish, Finish::StopString, "{stop:?}");
            assert_eq!(generated.text, whole[..whole.find(stop).unwrap()], "{stop:?}");
        }
    }
    let never = GenerateOptions { stop: vec![format!("{whole}x")], ..greedy(200) };
    assert_eq!(run(model, &prompt, &never).text, whole, "what was held back is shown at the end");
}

#[test]
fn cancelling_takes_effect_at_once() {
    let model = &*seedling::Q8_0;
    let prompt = seedling::prompt(INSTRUCTION);
    let cancel = CancelToken::new();
    cancel.cancel();
    let generated =
        generate(model, &prompt, &greedy(50), &cancel, &mut |_| unreachable!("no text")).unwrap();
    assert_eq!((generated.finish, generated.tokens.len()), (Finish::Cancelled, 0));

    for by_token in [true, false] {
        let cancel = CancelToken::new();
        let mut pieces = 0;
        let generated = generate(model, &prompt, &greedy(50), &cancel, &mut |_| {
            pieces += 1;
            if pieces < 4 {
                ControlFlow::Continue(())
            } else if by_token {
                cancel.cancel();
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
        .unwrap();
        assert_eq!((generated.finish, pieces), (Finish::Cancelled, 4));
        let text = model.tokenizer().decode(&generated.tokens).unwrap();
        assert_eq!(text, generated.text.as_bytes(), "nothing was computed for nothing");
    }
}

#[test]
fn a_full_context_ends_the_text() {
    let model = Arc::new(File::tiny(F32, 1).load().unwrap());
    let options = GenerateOptions { end_tokens: Some(vec![]), ..greedy(1000) };
    for prompt_length in [1, CONTEXT - 1, CONTEXT] {
        let generated = run(&model, &vec![7; prompt_length], &options);
        assert_eq!(generated.finish, Finish::ContextFull);
        assert_eq!(generated.tokens.len(), CONTEXT - prompt_length + 1);
    }
}

#[test]
fn prompts_that_cannot_be_computed_are_errors() {
    let model = &*seedling::Q8_0;
    let error = |prompt: &[u32], options: &GenerateOptions| -> EngineError {
        let mut on_text = |_: &str| unreachable!("no text");
        generate(model, prompt, options, &CancelToken::new(), &mut on_text).unwrap_err()
    };
    let too_long = error(&[9; 513], &greedy(1)).to_string();
    assert!(too_long.contains("513") && too_long.contains("512"), "{too_long}");
    assert!(matches!(error(&[], &greedy(1)), EngineError::NoTokens));
    let out_of_range = error(&[1, 4096], &greedy(1));
    assert!(matches!(out_of_range, EngineError::TokenOutOfRange { token: 4096, .. }));

    let with_stop = |stop: Vec<String>| GenerateOptions { stop, ..greedy(1) };
    for stop in [vec![String::new()], vec!["x".to_owned(); 65], vec!["x".repeat(1025)]] {
        let invalid = error(&[1], &with_stop(stop));
        assert!(matches!(invalid, EngineError::InvalidOption { option: "stop", .. }), "{invalid}");
    }
}

#[test]
fn a_failed_call_leaves_the_session_as_it_was() {
    let mut session = Session::new(Arc::clone(&seedling::Q8_0));
    session.forward(&[4, 210]).unwrap();
    assert!(session.forward(&[5, 5000]).is_err());
    assert!(session.forward(&[5; 511]).is_err());
    assert!(session.forward(&[]).is_err());
    assert_eq!(session.tokens(), [4, 210]);
    let mut new = Session::new(Arc::clone(&seedling::Q8_0));
    assert_eq!(bits(session.forward(&[5]).unwrap()), bits(new.forward(&[4, 210, 5]).unwrap()));
}

/// Quantised weights on every path, floats on the same path: the same bits, however many threads.
#[test]
fn threads_do_not_change_the_logits() {
    let prompt = seedling::prompt(&INSTRUCTION.repeat(3));
    let logits = |file: &str, instructions, threads| {
        let threads = NonZeroUsize::new(threads);
        let limits = LoadLimits { threads, instructions, ..LoadLimits::default() };
        let model = Model::open(&seedling::path(file), &limits).unwrap();
        assert_eq!(Some(model.info().threads), threads.map(NonZeroUsize::get));
        let mut session = Session::new(Arc::new(model));
        session.forward(&prompt).unwrap();
        bits(session.forward(&[9]).unwrap())
    };
    for file in ["seedling-F16.gguf", "seedling-Q8_0.gguf"] {
        for instructions in Instructions::FAST {
            let alone = logits(file, *instructions, 1);
            for threads in [2, 5] {
                assert_eq!(logits(file, *instructions, threads), alone, "{file} {threads}");
            }
        }
    }
}

#[test]
fn what_was_repacked_is_said() {
    let repacked = |file: &str, instructions| {
        let limits = LoadLimits { instructions, ..LoadLimits::default() };
        let model = Model::open(&seedling::path(file), &limits).unwrap();
        (model.info().kernels, model.info().repacked_bytes, model.info().file_bytes)
    };
    assert_eq!(repacked("seedling-Q8_0.gguf", Instructions::Portable).1, 0);
    assert_eq!(repacked("seedling-F16.gguf", Instructions::Best).1, 0, "floats stay in the file");
    let (kernels, bytes, file_bytes) = repacked("seedling-Q8_0.gguf", Instructions::Best);
    if kernels != "reference" {
        assert!(bytes > file_bytes / 2 && bytes < file_bytes, "{bytes} of {file_bytes}");
    }
}

#[test]
fn sessions_of_one_model_run_in_parallel() {
    let prompt = seedling::prompt(INSTRUCTION);
    let expected = run(&seedling::Q8_0, &prompt, &greedy(30)).tokens;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(run(&seedling::Q8_0, &prompt, &greedy(30)).tokens, expected);
            });
        }
    });
}
