//! Files of the other architectures that are wrong in one way each, or ask for a variant that is
//! not implemented; and models that are split over several files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{LoadLimits, Model, Session};

use crate::parity;
use crate::tiny::{F32, File, Meta};

/// Replaces the value of a key, which the file must have, with an integer of the same size.
fn with_number(name: &str, key: &str, number: u32) -> Vec<u8> {
    with_bytes(name, key, &number.to_le_bytes())
}

fn with_bytes(name: &str, key: &str, value: &[u8; 4]) -> Vec<u8> {
    let mut bytes = std::fs::read(parity::path(&format!("{name}.gguf"))).unwrap();
    let at = bytes.windows(key.len()).position(|window| window == key.as_bytes()).unwrap();
    bytes[at + key.len() + 4..][..4].copy_from_slice(value);
    bytes
}

/// Adds a key to a file, and another one so long that tensors stay where they must lie.
fn with_added(name: &str, key: &str, number: u32) -> Vec<u8> {
    let mut bytes = std::fs::read(parity::path(&format!("{name}.gguf"))).unwrap();
    let count = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
    bytes[16..24].copy_from_slice(&(count + 2).to_le_bytes());
    let mut added = (key.len() as u64).to_le_bytes().to_vec();
    added.extend(key.bytes());
    added.extend([4_u32, number].iter().flat_map(|number| number.to_le_bytes()));
    added.extend(1_u64.to_le_bytes());
    added.push(b'z');
    added.extend(8_u32.to_le_bytes());
    let padding = (added.len() + 8).next_multiple_of(32) - (added.len() + 8);
    added.extend((padding as u64).to_le_bytes());
    added.extend(std::iter::repeat_n(b'z', padding));
    bytes.splice(24..24, added);
    bytes
}

/// Gives a key another name of the same length.
fn with_key(name: &str, key: &str, other: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(parity::path(&format!("{name}.gguf"))).unwrap();
    assert_eq!(key.len(), other.len());
    while let Some(at) = bytes.windows(key.len()).position(|window| window == key.as_bytes()) {
        bytes[at..at + key.len()].copy_from_slice(other.as_bytes());
    }
    bytes
}

fn check(bytes: Vec<u8>, expected: &str) {
    let message = match Model::from_bytes(bytes, &LoadLimits::default()) {
        Ok(_) => panic!("this file must not load; expected {expected:?}"),
        Err(error) => error.to_string(),
    };
    assert!(message.contains(expected), "{message}\nexpected: {expected}");
}

#[test]
fn experts() {
    let key = "qwen3moe.expert_used_count";
    check(with_number("qwen3moe", key, 9), "9 of 8 experts are not possible");
    check(with_number("qwen3moe", key, 0), "must not be zero");
    check(
        with_number("qwen3moe", "qwen3moe.expert_count", u32::MAX),
        "`blk.0.ffn_gate_inp.weight` has shape [24, 8], the metadata demand [24, 4294967295]",
    );
    check(
        with_number("qwen3moe", "qwen3moe.expert_feed_forward_length", 1 << 31),
        "`blk.0.ffn_gate_exps.weight` has shape",
    );
    check(with_added("qwen3moe", "qwen3moe.expert_shared_count", 1), "expert_shared_count = 1");
}

#[test]
fn variants_of_deepseek() {
    let harmless = with_added("deepseek2", "deepseek2.expert_group_count", 1);
    assert!(Model::from_bytes(harmless, &LoadLimits::default()).is_ok());
    for (key, number) in [("attention.q_lora_rank", 8), ("expert_gating_func", 2)] {
        let key = format!("deepseek2.{key}");
        let expected = format!("this model needs {key} = {number}, which is not supported");
        check(with_added("deepseek2", &key, number), &expected);
    }
    check(with_added("deepseek2", "deepseek2.expert_group_count", 8), "expert_group_count = 8");
    let key = "deepseek2.rope.dimension_count";
    check(with_number("deepseek2", key, 18), "18 leaves nothing of a key of 18");
    check(with_number("deepseek2", key, 7), "7 is odd");
    check(
        with_number("deepseek2", "deepseek2.attention.kv_lora_rank", u32::MAX),
        "`blk.0.attn_kv_a_mqa.weight` has shape",
    );
    check(
        with_number("deepseek2", "deepseek2.leading_dense_block_count", 3),
        "no tensor `blk.1.ffn_gate.weight`",
    );
    check(
        with_number("deepseek2", "deepseek2.expert_shared_count", 0),
        "\"blk.1.ffn_down_shexp.weight\" is not part of architecture `deepseek2`",
    );
}

#[test]
fn windows_where_there_are_none() {
    for name in ["qwen2", "qwen3", "qwen3moe"] {
        let key = format!("{name}.attention.sliding_window");
        check(with_added(name, &key, 7), &format!("needs {key} = 7, which is not supported"));
        let none = with_added(name, &key, 0);
        assert!(Model::from_bytes(none, &LoadLimits::default()).is_ok());
    }
}

#[test]
fn long_rotations() {
    let short = "rope_factors_short.weight";
    check(
        with_key("phi3-long", short, "rope_factors_other.weight"),
        "\"rope_factors_other.weight\" is not part of architecture `phi3`",
    );
    let mut file = File::tiny(F32, 1);
    file.set("llama.rope.scaling.type", Meta::Text("longrope".into()));
    check(file.bytes(), "llama.rope.scaling.type = \"longrope\" without tensors `rope_factors");
}

#[test]
fn biases_and_norms_that_are_missing_or_too_many() {
    check(
        with_key("qwen2", "blk.1.attn_k.bias", "blk.1.attn_z.bias"),
        "no tensor `blk.1.attn_k.bias`",
    );
    check(
        with_key("gemma3", "blk.3.post_ffw_norm.weight", "blk.3.post_xxx_norm.weight"),
        "no tensor `blk.3.post_ffw_norm.weight`",
    );
    check(
        with_key("qwen2", "general.architecture\u{8}\0\0\0\u{5}\0\0\0\0\0\0\0qwen2", {
            "general.architecture\u{8}\0\0\0\u{5}\0\0\0\0\0\0\0qwen3"
        }),
        "no metadata key `qwen3.context_length`",
    );
}

/// Writes a tiny model in two files, the first `first` tensors in one. `change` spoils them.
fn split(folder: &str, first: usize, change: impl FnOnce(&mut [File; 2])) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut left = File::tiny(F32, 1);
    let mut right = left.clone();
    right.metadata.clear();
    right.tensors = left.tensors.split_off(first);
    let tensors = left.tensors.len() + right.tensors.len();
    left.set("split.tensors.count", Meta::I32(tensors as i32));
    let mut files = [left, right];
    for (number, file) in (0..).zip(&mut files) {
        file.set("split.no", Meta::U32(number));
        file.set("split.count", Meta::U32(2));
    }
    change(&mut files);
    for (number, file) in (1..).zip(&files) {
        let path = folder.join(format!("m-0000{number}-of-00002.gguf"));
        std::fs::write(path, file.bytes()).unwrap();
    }
    folder.join("m-00001-of-00002.gguf")
}

fn open(path: &Path) -> Result<Model, String> {
    Model::open(path, &LoadLimits::default()).map_err(|error| error.to_string())
}

#[test]
fn a_split_model_is_the_same_model() {
    let whole = File::tiny(F32, 1);
    let tokens = [5, 100, 7];
    let mut alone = Session::new(Arc::new(whole.load().unwrap()));
    let expected = alone.forward(&tokens).unwrap().to_vec();
    for first in [1, 7, 20] {
        let model = Arc::new(open(&split(&format!("whole-{first}"), first, |_| {})).unwrap());
        let bytes: Vec<usize> = model.files().map(<[u8]>::len).collect();
        assert_eq!(bytes.len(), 2);
        assert_eq!(model.info().file_bytes, bytes.iter().sum::<usize>() as u64);
        assert_eq!(model.info().parameters, alone.model().info().parameters);
        let mut session = Session::new(model);
        assert_eq!(session.forward(&tokens).unwrap(), expected);
    }
}

#[test]
fn files_that_do_not_belong_together() {
    let refused = |folder: &str, expected: &str, change: fn(&mut [File; 2])| {
        let message = open(&split(folder, 9, change)).unwrap_err();
        assert!(message.contains(expected), "{message}\nexpected: {expected}");
    };
    let duplicate = |files: &mut [File; 2]| files[1].tensors.push(files[0].tensors[0].clone());
    refused("twice", "\"token_embd.weight\" appears in two of them", duplicate);
    refused("number", "`split.no` of file 2 is 0, not 1", |files| {
        files[1].set("split.no", Meta::U32(0));
    });
    refused("no-number", "no metadata key `split.no`", |files| files[1].remove("split.no"));
    refused("count", "`split.count` of file 2 is 3, not 2", |files| {
        files[1].set("split.count", Meta::U32(3));
    });
    refused("no-count", "`split.count` of file 1 is 1, not 2", |files| {
        files[0].remove("split.count");
    });
    refused("tensors", "`split.tensors.count` is 99, the files have 21", |files| {
        files[0].set("split.tensors.count", Meta::I32(99));
    });
    refused("lost", "no tensor `blk.1.ffn_down.weight`", |files| {
        files[0].remove("split.tensors.count");
        files[1].tensors.pop();
    });
}

#[test]
fn files_that_are_not_there_or_not_the_first() {
    let first = split("lonely", 9, |_| {});
    let second = first.with_file_name("m-00002-of-00002.gguf");
    let message = open(&second).unwrap_err();
    let expected = "m-00002-of-00002.gguf is not the first, open m-00001-of-00002.gguf";
    assert!(message.contains(expected), "{message}");
    let renamed = first.with_file_name("renamed.gguf");
    std::fs::copy(&first, &renamed).unwrap();
    let message = open(&renamed).unwrap_err();
    assert!(message.contains("this file is one of 2; open the first"), "{message}");
    std::fs::remove_file(&second).unwrap();
    let message = open(&first).unwrap_err();
    assert!(message.contains("m-00002-of-00002.gguf"), "{message}");
}
