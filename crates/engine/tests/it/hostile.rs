//! Files that are wrong in one way each: the message says what and where.

use std::path::Path;
use std::sync::Arc;

use engine::{EngineError, LoadLimits, Model, Session};

use crate::tiny::{F16, F32, File, Meta};

/// Loads a tiny file with one thing changed.
fn check(change: impl FnOnce(&mut File), expected: &str) {
    let mut file = File::tiny(F32, 1);
    change(&mut file);
    check_bytes(file.bytes(), expected);
}

fn check_bytes(bytes: Vec<u8>, expected: &str) {
    match Model::from_bytes(bytes, &LoadLimits::default()) {
        Ok(_) => panic!("this file must not load; expected {expected:?}"),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains(expected), "{message}\nexpected: {expected}");
        }
    }
}

fn set(key: &'static str, value: Meta) -> impl FnOnce(&mut File) {
    move |file| file.set(key, value)
}

fn text(text: &str) -> Meta {
    Meta::Text(text.to_owned())
}

#[test]
fn the_tiny_file_itself_is_fine() {
    let mut file = File::tiny(F32, 1);
    for version in [2, 3] {
        file.version = version;
        let model = file.load().unwrap();
        let info = model.info();
        assert_eq!((info.name.as_deref(), info.architecture), (Some("tiny"), "llama"));
        assert_eq!((info.quantization, info.vocabulary_size), ("F32", 261));
        assert_eq!(info.context_length, 48);
        assert_eq!(info.file_bytes, model.file_bytes().len() as u64);
    }
    assert_eq!(File::tiny(F16, 1).load().unwrap().info().quantization, "F16");
}

#[test]
fn magic_and_version() {
    let bytes = File::tiny(F32, 1).bytes();
    let with = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    check_bytes(vec![], "not a GGUF file");
    check_bytes(b"GG".to_vec(), "not a GGUF file");
    check_bytes(b"PK\x03\x04zip".to_vec(), "not a GGUF file");
    check_bytes(b"GGUF".to_vec(), "the version at byte 4 needs 4 bytes, 0 are left");
    check_bytes(with(4, &[1, 0, 0, 0]), "GGUF version 1 is not supported");
    check_bytes(with(4, &[0, 0, 0, 3]), "big-endian");
    check_bytes(with(8, &u64::MAX.to_le_bytes()), "the tensor count at byte 8");
    check_bytes(with(16, &(u64::MAX / 13 - 1).to_le_bytes()), "the metadata count at byte 16");
    check_bytes(with(24, &u64::MAX.to_le_bytes()), "a metadata key is 18446744073709551615 bytes");
    check_bytes(with(24, &40_000_u64.to_le_bytes()), "is not UTF-8");
}

/// A header with one metadata entry, `k`, whose bytes are given.
fn with_value(value: &[u8]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.push(b'k');
    bytes.extend(value);
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn metadata_values() {
    let array = |kind: u32, count: u64| {
        let mut value = 9_u32.to_le_bytes().to_vec();
        value.extend(kind.to_le_bytes());
        value.extend(count.to_le_bytes());
        with_value(&value)
    };
    check_bytes(with_value(&99_u32.to_le_bytes()), "at byte 33: metadata type 99 does not exist");
    check_bytes(array(99, 1), "at byte 37: metadata type 99 does not exist");
    check_bytes(array(9, 1), "array of arrays");
    check_bytes(array(8, u64::MAX), "a metadata array of texts at byte 41");
    check_bytes(array(8, 1 << 40), "needs 8796093022208 bytes, 8 are left");
    check_bytes(array(12, u64::MAX / 8 + 2), "a metadata array at byte 41");
    let long_text = [&8_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat();
    check_bytes(with_value(&long_text), "a metadata text at byte 45");
    let not_utf8 = [&8_u32.to_le_bytes()[..], &2_u64.to_le_bytes(), b"a\xff"].concat();
    check_bytes(with_value(&not_utf8), "at byte 46: a metadata text is not UTF-8");
    check_bytes(array(0, 8), "no metadata key `general.architecture`");
}

#[test]
fn duplicates() {
    let twice = |file: &mut File| file.metadata.push(("general.name".into(), text("again")));
    check(twice, "metadata key \"general.name\" appears twice");
    let twice = |file: &mut File| file.tensors.push(file.tensors[0].clone());
    check(twice, "tensor \"token_embd.weight\" appears twice");
}

#[test]
fn keys_of_the_architecture() {
    let required = [
        "general.architecture",
        "llama.context_length",
        "llama.embedding_length",
        "llama.block_count",
        "llama.feed_forward_length",
        "llama.attention.head_count",
        "llama.attention.layer_norm_rms_epsilon",
        "tokenizer.ggml.model",
        "tokenizer.ggml.pre",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.merges",
    ];
    for key in required {
        check(|file| file.remove(key), &format!("no metadata key `{key}`"));
        check(set(key, Meta::Bool(true)), &format!("metadata key `{key}` holds a boolean"));
    }
    for key in required.into_iter().filter(|key| key.ends_with("_length") || key.ends_with("nt")) {
        check(set(key, Meta::U32(0)), &format!("`{key}`: must not be zero"));
        check(set(key, Meta::I32(-1)), &format!("`{key}`: -1 is negative"));
    }
    check(set("general.architecture", text("\u{1b}[31m")), r#""\u{1b}[31m" is not supported"#);
    check(set("general.architecture", text("mamba")), "supported: deepseek2, gemma3, llama, ");
    let epsilon = "llama.attention.layer_norm_rms_epsilon";
    check(set(epsilon, Meta::F32(f32::NAN)), "NaN is not finite");
    check(set(epsilon, Meta::F32(-1.0)), "-1 is not in 0 to 1");
}

#[test]
fn shapes_that_do_not_fit_together() {
    check(set("llama.attention.head_count_kv", Meta::U32(3)), "3 does not divide the 4 attention");
    let seven_heads = |file: &mut File| {
        file.set("llama.attention.head_count", Meta::U32(7));
        file.remove("llama.attention.head_count_kv");
    };
    check(seven_heads, "7 heads do not divide the width 24");
    check(
        set("llama.embedding_length", Meta::U32(32)),
        "tensor `blk.0.attn_norm.weight` has shape",
    );
    check(
        set("llama.feed_forward_length", Meta::U32(41)),
        "`blk.0.ffn_gate.weight` has shape [24, 40], the metadata demand [24, 41]",
    );
    check(set("llama.block_count", Meta::U32(u32::MAX)), "no tensor `blk.2.attn_norm.weight`");
    check(set("llama.block_count", Meta::U32(1)), "tensor \"blk.1.attn_k.weight\" is not part of");
    check(set("llama.vocab_size", Meta::U32(5)), "5, but the tokenizer has 261 tokens");
    check(set("llama.attention.key_length", Meta::U64(u64::MAX / 2)), "is too large");
    check(set("llama.attention.key_length", Meta::U32(1 << 30)), "heads of 1073741824 elements");
    check(set("llama.embedding_length", Meta::U64(1 << 40)), "heads of 274877906944 elements");
    check(set("llama.attention.value_length", Meta::U32(8)), "value_length other than");
    check(set("llama.rope.dimension_count", Meta::U32(5)), "5 is odd");
    check(set("llama.rope.dimension_count", Meta::U32(8)), "more than the head width 6");
    check(set("llama.rope.freq_base", Meta::F32(0.0)), "0 is not positive");
    check(set("llama.rope.scaling.type", text("dynamic")), "scaling.type = \"dynamic\", which is");
    check(set("llama.expert_count", Meta::U32(8)), "llama.expert_count = 8");
    check(set("general.alignment", Meta::U32(24)), "24 is not a power of two");
    check(set("general.alignment", Meta::U32(64)), "which is not aligned to 64");
}

#[test]
fn tensors() {
    let shape = |dimensions: &'static [u64]| {
        move |file: &mut File| file.tensor("output.weight").dimensions = dimensions.to_vec()
    };
    check(shape(&[]), "has 0 dimensions");
    check(shape(&[1; 5]), "has 5 dimensions");
    check(shape(&[24, 0]), "impossible dimensions [24, 0]");
    check(shape(&[1 << 32, 1 << 32]), "impossible dimensions");
    check(shape(&[1 << 31, 1 << 31]), "cannot have shape");
    check(shape(&[1 << 40]), "the data of a tensor at byte");
    check(shape(&[261, 24]), "`output.weight` has shape [261, 24]");
    let kind = |kind: u32| move |file: &mut File| file.tensor("output.weight").kind = kind;
    check(kind(10), "\"output.weight\" is stored as Q2_K, which is not supported");
    check(kind(12), "of type Q4_K cannot have shape [24, 261]");
    check(kind(77), "is stored as unknown type 77");
    check(kind(8), "of type Q8_0 cannot have shape [24, 261]");
    let rename = |name: &'static str| {
        move |file: &mut File| file.tensor("output.weight").name = name.to_owned()
    };
    check(rename("blk.0.attn_q.bias"), "\"blk.0.attn_q.bias\" is not part of architecture `llama`");
    const LONG: &str = "a.tensor.name.of.more.than.sixty-four.bytes.which.the.format.forbids";
    check(rename(LONG), "a tensor name is 68 bytes long, at most 64");
    check(
        |file| file.tensors.retain(|tensor| tensor.name != "blk.1.ffn_up.weight"),
        "no tensor `blk.1.ffn_up.weight`",
    );
}

#[test]
fn tokenizers() {
    check(set("tokenizer.ggml.model", text("bert")), "\"bert\", which is not supported");
    check(set("tokenizer.ggml.model", text("llama")), "no metadata key `tokenizer.ggml.scores`");
    check(set("tokenizer.ggml.pre", text("viking")), "`tokenizer.ggml.pre` is \"viking\"");
    check(set("tokenizer.ggml.tokens", Meta::Texts(vec![])), "0 tokens are not possible");
    check(set("tokenizer.ggml.tokens", Meta::I32s(vec![1])), "holds an array of numbers");
    check(set("tokenizer.ggml.token_type", Meta::I32s(vec![1])), "1 entries for 261 tokens");
    check(set("tokenizer.ggml.token_type", Meta::I32s(vec![9; 261])), "token 0 has a number that");
    let merges = |merge: &str| set("tokenizer.ggml.merges", Meta::Texts(vec![merge.to_owned()]));
    check(merges("th"), "merge 0, \"th\", is not a pair");
    check(merges("t q"), "needs \"tq\", which is no text in the vocabulary");
    check(merges("<|end|> x"), "needs \"<|end|>\", which is no text");
    check(set("tokenizer.ggml.eos_token_id", Meta::U32(261)), "261 is out of range");
    check(set("tokenizer.ggml.eos_token_id", Meta::I32(-1)), "-1 is negative");
    check(set("tokenizer.ggml.bos_token_id", text("0")), "holds a text");
    check(set("tokenizer.ggml.fim_mid_token_id", Meta::U64(u64::MAX)), "out of range");
}

#[test]
fn limits_of_the_caller() {
    let mut file = File::tiny(F32, 1);
    file.set("llama.context_length", Meta::U64(1 << 60));
    let limits = LoadLimits { context_max: 100, ..LoadLimits::default() };
    let model = Model::from_bytes(file.bytes(), &limits).unwrap();
    assert_eq!(model.info().context_length, 100);
    assert_eq!(model.info().context_length_trained, 1 << 60);

    for context_max in [usize::MAX, 1 << 40] {
        let limits = LoadLimits { context_max, ..LoadLimits::default() };
        let error = Model::from_bytes(file.bytes(), &limits).unwrap_err();
        assert!(matches!(error, EngineError::LimitExceeded { .. }), "{error}");
    }
    let none = LoadLimits { context_max: 0, ..LoadLimits::default() };
    let error = Model::from_bytes(file.bytes(), &none).unwrap_err();
    assert!(matches!(error, EngineError::InvalidOption { option: "context_max", .. }));
}

#[test]
fn weights_that_are_not_numbers_are_an_error_when_computed() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut file = File::tiny(F32, 1);
        file.tensor("blk.1.ffn_norm.weight").bytes[..4].copy_from_slice(&bad.to_le_bytes());
        let mut session = Session::new(Arc::new(file.load().unwrap()));
        let error = session.forward(&[1, 2]).unwrap_err();
        assert!(matches!(error, EngineError::NotFinite { .. }), "{error}");
        assert!(session.tokens().is_empty());
    }
}

#[test]
fn a_file_that_is_not_there() {
    let error = Model::open(Path::new("no/such/model.gguf"), &LoadLimits::default()).unwrap_err();
    assert!(error.to_string().contains("no/such/model.gguf"), "{error}");
}
