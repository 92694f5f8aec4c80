//! Tokens of a text, against the libraries that models are trained with: `tokenizers` for
//! byte-level vocabularies and their patterns, `sentencepiece` for the other kind.
//! `tests/data/make_tokenizers.py` makes vocabularies and tokens.

use engine::{LoadLimits, Model};
use serde_json::Value;

use crate::parity::path;
use crate::tiny::{F32, File, Meta};

fn sample() -> String {
    String::from_utf8(std::fs::read(path("sample.txt")).unwrap()).unwrap()
}

fn vocabulary(name: &str) -> Value {
    let file = std::fs::read_to_string(path("vocabularies.json")).unwrap();
    let mut file: Value = serde_json::from_str(&file).unwrap();
    file[name].take()
}

fn expected(name: &str) -> Vec<u32> {
    let bytes = std::fs::read(path(&format!("{name}.ids"))).unwrap();
    bytes.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes).into()).collect()
}

fn texts(value: &Value) -> Meta {
    let texts = value.as_array().unwrap().iter();
    Meta::Texts(texts.map(|text| text.as_str().unwrap().to_owned()).collect())
}

/// A model whose only purpose is its vocabulary.
fn model(vocabulary: &Value, set: impl FnOnce(&mut File)) -> Model {
    let mut file = File::tiny(F32, 1);
    for key in ["merges", "token_type", "eos_token_id"] {
        file.remove(&format!("tokenizer.ggml.{key}"));
    }
    file.set("tokenizer.ggml.tokens", texts(&vocabulary["tokens"]));
    file.resize_vocabulary(vocabulary["tokens"].as_array().unwrap().len());
    set(&mut file);
    Model::from_bytes(file.bytes(), &LoadLimits::default()).unwrap()
}

/// Compares the tokens of the whole sample, and shows the text around the first difference.
fn check(model: &Model, name: &str) {
    let sample = sample();
    let tokenizer = model.tokenizer();
    let found = tokenizer.encode(&sample, false).unwrap();
    let expected = expected(name);
    assert!(expected.len() > 10_000, "{name}: {} tokens", expected.len());
    let at = found.iter().zip(&expected).take_while(|(a, b)| a == b).count();
    if found != expected {
        let around = |tokens: &[u32]| {
            let tokens = &tokens[at.saturating_sub(3)..tokens.len().min(at + 5)];
            let pieces: Vec<_> = tokens.iter().map(|id| tokenizer.piece(*id).unwrap()).collect();
            pieces.iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
        };
        let (found, expected): (Vec<String>, Vec<String>) = (around(&found), around(&expected));
        panic!("{name}, token {at}: {found:?}, expected {expected:?}");
    }
}

#[test]
fn patterns() {
    let vocabulary = vocabulary("byte-level");
    let names = [
        ("gpt-2", "gpt-2"),
        ("llama-bpe", "llama-bpe"),
        ("llama3", "llama-bpe"),
        ("qwen2", "qwen2"),
        ("deepseek-r1-qwen", "qwen2"),
        ("starcoder", "starcoder"),
        ("smollm", "starcoder"),
        ("refact", "starcoder"),
        ("codeshell", "starcoder"),
        ("deepseek-llm", "deepseek-llm"),
        ("deepseek-coder", "deepseek-coder"),
        ("deepseek-v3", "deepseek-v3"),
        ("gpt-4o", "gpt-4o"),
        ("tekken", "tekken"),
        ("default", "default"),
    ];
    for (pre, reference) in names {
        let model = model(&vocabulary, |file| {
            file.set("tokenizer.ggml.merges", texts(&vocabulary["merges"]));
            file.set("tokenizer.ggml.pre", Meta::Text(pre.to_owned()));
        });
        check(&model, reference);
        let sample = sample();
        let tokens = model.tokenizer().encode(&sample, false).unwrap();
        assert_eq!(model.tokenizer().decode(&tokens).unwrap(), sample.as_bytes(), "{pre}");
    }
}

/// A pattern that is confused with another must be seen in the sample.
#[test]
fn the_sample_tells_patterns_apart() {
    let names = ["gpt-2", "llama-bpe", "qwen2", "starcoder", "deepseek-llm", "deepseek-coder"];
    let names = [&names[..], &["deepseek-v3", "gpt-4o", "tekken", "default"]].concat();
    for (index, name) in names.iter().enumerate() {
        for other in &names[..index] {
            assert_ne!(expected(name), expected(other), "{name} {other}");
        }
    }
}

fn sentence_piece(vocabulary: &Value) -> Model {
    model(vocabulary, |file| {
        let scores = vocabulary["scores"].as_array().unwrap().iter();
        let scores = scores.map(|score| score.as_f64().unwrap() as f32).collect();
        let kinds = vocabulary["kinds"].as_array().unwrap().iter();
        let kinds = kinds.map(|kind| kind.as_i64().unwrap() as i32).collect();
        let prefix = vocabulary["prefix"].as_bool().unwrap();
        file.set("tokenizer.ggml.model", Meta::Text("llama".to_owned()));
        file.remove("tokenizer.ggml.pre");
        file.set("tokenizer.ggml.scores", Meta::F32s(scores));
        file.set("tokenizer.ggml.token_type", Meta::I32s(kinds));
        file.set("tokenizer.ggml.add_space_prefix", Meta::Bool(prefix));
    })
}

#[test]
fn sentence_pieces() {
    for name in ["spm-prefix", "spm-plain", "spm-across"] {
        let vocabulary = vocabulary(name);
        let model = sentence_piece(&vocabulary);
        check(&model, name);
        // Spaces come back as spaces, also those that stood as U+2581 in the text.
        let sample = sample();
        let tokens = model.tokenizer().encode(&sample, false).unwrap();
        let text = String::from_utf8(model.tokenizer().decode(&tokens).unwrap()).unwrap();
        let prefix = if vocabulary["prefix"].as_bool().unwrap() { " " } else { "" };
        assert!(text == format!("{prefix}{}", sample.replace('\u{2581}', " ")), "{name}");
    }
}

#[test]
fn text_cannot_name_control_tokens_of_sentence_pieces() {
    let model = sentence_piece(&vocabulary("spm-plain"));
    let tokenizer = model.tokenizer();
    let control = |text: &str, parse_special| {
        let tokens = tokenizer.encode(text, parse_special).unwrap();
        tokens.iter().filter(|token| tokenizer.is_control(**token)).count()
    };
    assert_eq!(control("a</s>b<s>", false), 0);
    assert_eq!(control("a</s>b<s>", true), 2);
    // Added tokens are pieces like any other.
    let heading = tokenizer.encode("<h1>", false).unwrap();
    assert_eq!(heading.len(), 1);
    assert_eq!(tokenizer.encode("x<h1>", true).unwrap()[1..], heading);
}

#[test]
fn a_megabyte_without_a_space_is_quick() {
    for name in ["spm-prefix", "spm-across"] {
        let model = sentence_piece(&vocabulary(name));
        for unit in ["e", " ", "the", "\n", "é", " a"] {
            let text = unit.repeat(1_000_000 / unit.len());
            let start = std::time::Instant::now();
            let tokens = model.tokenizer().encode(&text, false).unwrap();
            assert!(start.elapsed().as_secs() < 20, "{unit:?}");
            let decoded = model.tokenizer().decode(&tokens).unwrap();
            assert_eq!(&decoded[1..], text.as_bytes(), "{unit:?}");
        }
    }
}
