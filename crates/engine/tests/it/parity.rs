//! Every architecture against HF transformers: tiny models with random weights, logits at all
//! positions. `tests/data/make_goldens.py` makes both sides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{LoadLimits, Model, Session};
use serde_json::Value;

/// Both sides compute in f32 and add in another order.
const DIFFERENCE_MAX: f32 = 1e-4;
/// Of all these models.
const VOCABULARY: usize = 104;

pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|logit| logit.to_bits()).collect()
}

struct Golden {
    tokens: Vec<u32>,
    /// At each position, of all tokens of the vocabulary.
    logits: Vec<Vec<f32>>,
}

/// The prompts of a model and what the reference gives for them.
fn goldens(name: &str) -> Vec<Golden> {
    let manifest = std::fs::read_to_string(path("goldens.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let bytes = std::fs::read(path(&format!("{name}.logits"))).unwrap();
    let numbers = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let numbers: Vec<f32> = numbers.collect();
    let mut rows = numbers.chunks_exact(VOCABULARY).map(<[f32]>::to_vec);
    let prompts = manifest[name]["prompts"].as_array().unwrap();
    let goldens: Vec<Golden> = prompts
        .iter()
        .map(|prompt| {
            let tokens = prompt.as_array().unwrap().iter();
            let tokens: Vec<u32> = tokens.map(|token| token.as_u64().unwrap() as u32).collect();
            let logits = rows.by_ref().take(tokens.len()).collect();
            Golden { tokens, logits }
        })
        .collect();
    assert!(rows.next().is_none(), "as many rows as tokens");
    goldens
}

/// One token at a time, all at once, and in pieces: within the bound of the reference at each
/// position, and alike to the bit.
#[allow(clippy::print_stdout, reason = "the figure is worth reading, with --nocapture")]
fn check(name: &str) {
    let mut largest = 0.0_f32;
    let mut positions = 0;
    for golden in goldens(name) {
        // The tightest context: LongRoPE turns by it.
        let limits = LoadLimits { context_max: golden.tokens.len(), ..LoadLimits::default() };
        let model = Arc::new(Model::open(&path(&format!("{name}.gguf")), &limits).unwrap());
        assert_eq!(model.info().vocabulary_size, VOCABULARY);
        let mut steps = Session::new(Arc::clone(&model));
        let mut pieces = Session::new(Arc::clone(&model));
        for (position, expected) in golden.logits.iter().enumerate() {
            let spread = expected.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
            assert!(spread > 1.0, "logits near zero would prove nothing: {spread}");
            let alone = bits(steps.forward(&golden.tokens[position..=position]).unwrap());
            let mut whole = Session::new(Arc::clone(&model));
            let together = whole.forward(&golden.tokens[..=position]).unwrap();
            assert_eq!(alone, bits(together), "{name}, position {position}");
            for (expected, found) in expected.iter().zip(together) {
                let difference = (expected - found).abs();
                assert!(difference <= DIFFERENCE_MAX, "{name}, {position}: {expected} {found}");
                largest = largest.max(difference);
            }
            if position % 5 == 4 {
                let piece = &golden.tokens[position - 4..=position];
                assert_eq!(alone, bits(pieces.forward(piece).unwrap()), "{name}, {position}");
            }
            positions += 1;
        }
    }
    assert!(positions > 30, "{name}: {positions} positions");
    println!("{name}: {positions} positions, largest difference {largest:e}");
}

#[test]
fn llama() {
    check("llama");
}

#[test]
fn qwen2() {
    check("qwen2");
    check("qwen2-yarn");
}

#[test]
fn qwen3() {
    check("qwen3");
}

#[test]
fn qwen3moe() {
    check("qwen3moe");
}

#[test]
fn starcoder2() {
    check("starcoder2");
}

#[test]
fn gemma3() {
    check("gemma3");
    check("gemma3-scaled");
}

#[test]
fn phi3() {
    check("phi3");
    check("phi3-long");
}

#[test]
fn deepseek2() {
    check("deepseek2");
    check("deepseek2-split");
}
