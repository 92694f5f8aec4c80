//! Text to tokens and back.

use std::time::{Duration, Instant};

use engine::Tokenizer;

use crate::seedling;
use crate::tiny::{F32, File, Meta, Random};

fn tokenizer() -> &'static Tokenizer {
    seedling::Q8_0.tokenizer()
}

fn check_round_trip(tokenizer: &Tokenizer, text: &str) {
    for parse_special in [false, true] {
        let tokens = tokenizer.encode(text, parse_special).unwrap();
        assert_eq!(tokenizer.decode(&tokens).unwrap(), text.as_bytes(), "{text:?}");
    }
}

#[test]
fn decoding_gives_the_text_back() {
    let tokenizer = tokenizer();
    check_round_trip(tokenizer, "");
    check_round_trip(tokenizer, "def f(x):\n    return x ** 2\n\n\n");
    check_round_trip(tokenizer, "naïve – 日本語 🦀 e\u{301} \u{0} \r\n\t ½²");
    check_round_trip(tokenizer, "a <|end|> b<|user|><|<|end|>");
    let all_bytes: String = (0..0x250).filter_map(char::from_u32).collect();
    check_round_trip(tokenizer, &all_bytes);

    let parts = [
        "a", "Z", " ", "  ", "\n", "\r\n", "'s", "7", "é", "日", "🦀", "\u{301}", "<|end|>", "_",
        "(", "\u{a0}", "\u{3000}", "\u{0}", "the", "ſ",
    ];
    let mut random = Random(5);
    for _ in 0..3000 {
        let count = random.below(24);
        let text: String = (0..count).map(|_| parts[random.below(parts.len())]).collect();
        check_round_trip(tokenizer, &text);
    }
}

#[test]
fn other_pretokenizers_lose_nothing() {
    for pre in ["gpt-2", "qwen2", "llama-bpe", "smollm"] {
        let mut file = File::tiny(F32, 1);
        file.set("tokenizer.ggml.pre", Meta::Text(pre.to_owned()));
        let model = file.load().unwrap();
        check_round_trip(model.tokenizer(), "the theory: 1234\n\n  they're \t x\u{a0}the the");
        let tokens = model.tokenizer().encode("the the", false).unwrap();
        assert_eq!(tokens, [257, 258], "{pre}");
    }
}

#[test]
fn text_cannot_name_control_tokens() {
    let tokenizer = tokenizer();
    let text = "x<|end|>\n<|endoftext|><|user|>";
    let as_text = tokenizer.encode(text, false).unwrap();
    assert!(as_text.iter().all(|token| !tokenizer.is_control(*token)), "{as_text:?}");
    let as_template = tokenizer.encode(text, true).unwrap();
    let control: Vec<u32> =
        as_template.iter().copied().filter(|token| tokenizer.is_control(*token)).collect();
    assert_eq!(control, [6, 0, 4]);
}

#[test]
fn whole_words_do_not_name_control_tokens_either() {
    // `llama-bpe` looks words up before merging, and "<|" is a word of its own there.
    let mut file = File::tiny(F32, 1);
    file.set("tokenizer.ggml.pre", Meta::Text("llama-bpe".into()));
    let Some((_, Meta::Texts(tokens))) =
        file.metadata.iter_mut().find(|(key, _)| key == "tokenizer.ggml.tokens")
    else {
        unreachable!("the tiny file has tokens");
    };
    tokens[260] = "<|".to_owned();
    let model = file.load().unwrap();
    let as_text = model.tokenizer().encode("<|a", false).unwrap();
    assert_eq!(as_text, [60, 124, 97].map(|byte| byte));
    assert_eq!(model.tokenizer().encode("<|a", true).unwrap(), [260, 97]);
}

#[test]
fn special_tokens_of_the_file_are_known() {
    let model = &*seedling::Q8_0;
    let fim = model.fim_tokens().unwrap();
    assert_eq!((fim.prefix, fim.suffix, fim.middle), (1, 2, 3));
    assert_eq!(model.end_tokens(), [0, 6]);
    assert_eq!(model.tokenizer().begin_token(), None);
    assert_eq!(model.tokenizer().vocabulary_size(), 4096);
    assert!(model.chat_template().unwrap().starts_with("{% for m in messages %}"));
    assert!(model.tokenizer().decode(&[4096]).is_err());
    assert!(!model.tokenizer().is_control(4096));
}

#[test]
fn a_vocabulary_without_a_byte_says_so() {
    let mut file = File::tiny(F32, 1);
    let Some((_, Meta::Texts(tokens))) =
        file.metadata.iter_mut().find(|(key, _)| key == "tokenizer.ggml.tokens")
    else {
        unreachable!("the tiny file has tokens");
    };
    tokens[usize::from(b'q')] = "unreachable".to_owned();
    let model = file.load().unwrap();
    let error = model.tokenizer().encode("a q", false).unwrap_err().to_string();
    assert!(error.contains("0x71"), "{error}");
    assert!(model.tokenizer().encode("a p", false).is_ok());
}

/// Each of these would take hours if anything were quadratic.
#[test]
fn a_megabyte_without_a_word_boundary_is_quick() {
    let mut file = File::tiny(F32, 1);
    file.set("tokenizer.ggml.pre", Meta::Text("llama-bpe".into()));
    let other = file.load().unwrap();
    for tokenizer in [tokenizer(), other.tokenizer()] {
        for unit in ["e", " ", "the", "=", "\n", "7", " \n", "é"] {
            let text = unit.repeat(1_000_000 / unit.len());
            let start = Instant::now();
            let tokens = tokenizer.encode(&text, false).unwrap();
            assert!(start.elapsed() < Duration::from_secs(20), "{unit:?}");
            assert_eq!(tokenizer.decode(&tokens).unwrap(), text.as_bytes(), "{unit:?}");
        }
    }
}

/// A tiny file whose last vocabulary entries are control tokens with these texts.
fn with_control(names: &[&str]) -> File {
    let mut file = File::tiny(F32, 1);
    for (key, value) in &mut file.metadata {
        match value {
            Meta::Texts(tokens) if key == "tokenizer.ggml.tokens" => {
                tokens.extend(names.iter().map(|name| (*name).to_owned()));
            }
            Meta::I32s(kinds) if key == "tokenizer.ggml.token_type" => {
                kinds.extend(vec![3; names.len()]);
            }
            _ => {}
        }
    }
    file.resize_vocabulary(261 + names.len());
    file
}

#[test]
fn fill_in_the_middle_of_each_family() {
    let families: [&[&str]; 5] = [
        &["<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<repo_name>", "<file_sep>"],
        &["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>"],
        &["<fim-prefix>", "<fim-suffix>", "<fim-middle>", "<reponame>", "<filename>"],
        &["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"],
        &["▁<PRE>", "▁<SUF>", "▁<MID>"],
    ];
    for names in families {
        let model = with_control(names).load().unwrap();
        let fim = model.fim_tokens().unwrap();
        assert_eq!([fim.prefix, fim.suffix, fim.middle], [261, 262, 263], "{names:?}");
        let others = if names.len() > 3 { (Some(264), Some(265)) } else { (None, None) };
        assert_eq!((fim.repository, fim.file), others, "{names:?}");
        assert_eq!(fim.padding, None);
    }
    assert_eq!(with_control(&families[0][..2]).load().unwrap().fim_tokens(), None);
}

#[test]
fn keys_go_before_names() {
    let mut file = with_control(&["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]);
    file.set("tokenizer.ggml.prefix_token_id", Meta::U32(7));
    assert_eq!(file.load().unwrap().fim_tokens().unwrap().prefix, 7);
    file.set("tokenizer.ggml.fim_pre_token_id", Meta::U32(8));
    file.set("tokenizer.ggml.fim_pad_token_id", Meta::U32(9));
    let fim = file.load().unwrap().fim_tokens().unwrap();
    assert_eq!((fim.prefix, fim.suffix, fim.padding), (8, 262, Some(9)));
}

#[test]
fn phi_drops_white_space_after_control_tokens() {
    let text = "<|user|> \n the in<|end|>\n<|x|>";
    let model = |name: &str| {
        let path = crate::parity::path(&format!("{name}.gguf"));
        engine::Model::open(&path, &engine::LoadLimits::default()).unwrap()
    };
    let phi = model("phi3");
    let tokens = phi.tokenizer().encode(text, true).unwrap();
    let pieces: Vec<&[u8]> =
        tokens.iter().map(|token| phi.tokenizer().piece(*token).unwrap()).collect();
    let expected = ["<|user|>", " the", " ", "in", "<|end|>", "<|x|>"].map(str::as_bytes);
    assert_eq!(pieces, expected);
    // Gemma keeps what stands there, and this vocabulary has no line break.
    let error = model("gemma3").tokenizer().encode(text, true).unwrap_err().to_string();
    assert!(error.contains("0x0a"), "{error}");
}
