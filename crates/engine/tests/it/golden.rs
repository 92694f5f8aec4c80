//! Parity with llama.cpp on 20 prompts: token ids, and greedy continuations.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{CancelToken, GenerateOptions, Generated, Model, Sampling, generate};
use serde_json::Value;

use crate::seedling;

/// Below this difference of the two best logits, quantised weights prove nothing: the other side
/// quantises its activations too.
const GAP_MIN: f64 = 0.05;

struct Case {
    prompt: String,
    prompt_ids: Vec<u32>,
    gap_min: f64,
    f16: Vec<u32>,
    q8_0: Vec<u32>,
    text_f16: String,
}

fn cases() -> Vec<Case> {
    let file = std::fs::read_to_string(seedling::path("golden.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let ids = |value: &Value| -> Vec<u32> {
        value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
    };
    let cases: Vec<Case> = file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case {
            prompt: case["prompt"].as_str().unwrap().to_owned(),
            prompt_ids: ids(&case["prompt_ids"]),
            gap_min: case["min_top2_gap"].as_f64().unwrap(),
            f16: ids(&case["f16"]),
            q8_0: ids(&case["q8_0"]),
            text_f16: case["text_f16"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(cases.len(), 20);
    cases
}

fn greedy(model: &Arc<Model>, prompt: &[u32]) -> Generated {
    let options = GenerateOptions {
        sampling: Sampling::greedy(),
        tokens_max: 80,
        end_tokens: Some(vec![0, 6]),
        ..GenerateOptions::default()
    };
    let cancel = CancelToken::new();
    generate(model, prompt, &options, &cancel, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn prompts_become_the_same_tokens() {
    for case in cases() {
        for model in [&*seedling::F16, &*seedling::Q8_0] {
            let ids = model.tokenizer().encode(&case.prompt, true).unwrap();
            assert_eq!(ids, case.prompt_ids, "{}", case.prompt);
            assert_eq!(model.tokenizer().decode(&ids).unwrap(), case.prompt.as_bytes());
        }
    }
}

#[test]
fn f16_continues_all_prompts_alike() {
    for case in cases() {
        let generated = greedy(&seedling::F16, &case.prompt_ids);
        assert_eq!(generated.tokens, case.f16, "{}", case.prompt);
        assert_eq!(generated.text, case.text_f16, "{}", case.prompt);
    }
}

#[test]
fn q8_0_continues_clear_prompts_alike() {
    let mut compared = 0;
    for case in cases() {
        if case.gap_min > GAP_MIN {
            let generated = greedy(&seedling::Q8_0, &case.prompt_ids);
            assert_eq!(generated.tokens, case.q8_0, "{}", case.prompt);
            compared += 1;
        }
    }
    assert!(compared >= 15, "only {compared} of 20 prompts are clear enough to compare");
}

/// Both sides round differently: PyTorch and llama.cpp were seen 0.14 apart in a logit.
#[test]
fn the_smallest_gap_is_that_of_the_other_side() {
    for case in cases() {
        let gap = greedy(&seedling::F16, &case.prompt_ids).top_two_gap_min.unwrap();
        let difference = (f64::from(gap) - case.gap_min).abs();
        assert!(difference < 0.25, "{gap} and {}: {}", case.gap_min, case.prompt);
    }
}
