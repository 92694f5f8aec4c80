//! A vocabulary of any pieces, and any text: nothing panics, and a sound vocabulary gives the text
//! back.

#![no_main]

#[path = "../../crates/engine/tests/it/tiny.rs"]
#[allow(dead_code, reason = "shared with the engine; a target uses a part")]
mod tiny;

use engine::{LoadLimits, Model, heal};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::{Corpus, fuzz_target};

use tiny::{F32, File, Meta};

const PATTERNS: &[&str] = &[
    "default",
    "gpt-2",
    "llama-bpe",
    "qwen2",
    "smollm",
    "deepseek-llm",
    "deepseek-coder",
    "deepseek-v3",
];
/// Most pieces beside the single bytes.
const PIECES_MAX: usize = 64;

fuzz_target!(|data: &[u8]| -> Corpus {
    match try_out(&mut Unstructured::new(data)) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});

struct Vocabulary {
    texts: Vec<String>,
    kinds: Vec<i32>,
    /// Whether every piece is text or a byte, so that decoding must give the text back.
    is_plain: bool,
}

fn try_out(data: &mut Unstructured<'_>) -> Result<()> {
    let mut file = File::tiny(F32, 1);
    let is_byte_level: bool = data.arbitrary()?;
    let adds_space: bool = data.arbitrary()?;
    let vocabulary = if is_byte_level {
        byte_level(&mut file, data)?
    } else {
        file.set("tokenizer.ggml.add_space_prefix", Meta::Bool(adds_space));
        sentence_piece(&mut file, data)?
    };
    file.resize_vocabulary(vocabulary.texts.len());
    file.set("tokenizer.ggml.tokens", Meta::Texts(vocabulary.texts));
    file.set("tokenizer.ggml.token_type", Meta::I32s(vocabulary.kinds));
    let Ok(model) = Model::from_bytes(file.bytes(), &LoadLimits::default()) else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(data.bytes(data.len())?).into_owned();
    check(&model, &text, is_byte_level, adds_space, vocabulary.is_plain);
    Ok(())
}

fn check(model: &Model, text: &str, is_byte_level: bool, adds_space: bool, is_plain: bool) {
    let tokenizer = model.tokenizer();
    if let Ok(tokens) = tokenizer.encode(text, true) {
        tokenizer.decode(&tokens).expect("these are tokens");
    }
    let tokens = match tokenizer.encode(text, false) {
        Ok(tokens) => tokens,
        Err(error) => return assert!(!is_plain, "{error}"),
    };
    // What is remembered is what was computed.
    assert_eq!(tokenizer.encode(text, false).expect("as before"), tokens);
    let decoded = tokenizer.decode(&tokens).expect("these are tokens");
    if is_plain && is_byte_level {
        assert_eq!(decoded, text.as_bytes());
    } else if is_plain {
        let prefix = if adds_space && !text.is_empty() { " " } else { "" };
        assert_eq!(decoded, format!("{prefix}{}", text.replace('\u{2581}', " ")).as_bytes());
    }
    let healed = heal(tokenizer, &tokens).expect("these are tokens");
    let mut again = tokenizer.decode(&tokens[..healed.kept]).expect("these are tokens");
    again.extend(&healed.start_bytes);
    assert_eq!(again, decoded);
}

/// Single bytes, then pairs of what is there already, as training makes them.
fn byte_level(file: &mut File, data: &mut Unstructured<'_>) -> Result<Vocabulary> {
    file.set("tokenizer.ggml.pre", Meta::Text((*data.choose(PATTERNS)?).to_owned()));
    let Some((_, Meta::Texts(texts))) =
        file.metadata.iter().find(|(key, _)| key == "tokenizer.ggml.tokens").cloned()
    else {
        unreachable!("the tiny file has tokens");
    };
    let mut texts = texts[..256].to_vec();
    let mut merges = Vec::new();
    for _ in 0..data.int_in_range(0..=PIECES_MAX)? {
        let (left, right) = (data.choose(&texts)?.clone(), data.choose(&texts)?.clone());
        if left.len() + right.len() <= 64 && !texts.contains(&format!("{left}{right}")) {
            texts.push(format!("{left}{right}"));
            merges.push(format!("{left} {right}"));
        }
    }
    file.set("tokenizer.ggml.merges", Meta::Texts(merges));
    file.set("tokenizer.ggml.eos_token_id", Meta::U32(0));
    let (kinds, is_plain) = kinds(texts.len(), 0, data)?;
    Ok(Vocabulary { texts, kinds, is_plain })
}

/// Byte tokens, then any texts with any scores.
fn sentence_piece(file: &mut File, data: &mut Unstructured<'_>) -> Result<Vocabulary> {
    let mut texts: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    // Every sound vocabulary has a piece for the space.
    texts.push("\u{2581}".to_owned());
    let mut scores = vec![0.0; 257];
    for _ in 0..data.int_in_range(0..=PIECES_MAX)? {
        let text: &str = data.arbitrary()?;
        let text: String = text.chars().take(16).collect();
        texts.push(text.replace(' ', "\u{2581}"));
        scores.push(data.arbitrary()?);
    }
    for key in ["merges", "pre"] {
        file.remove(&format!("tokenizer.ggml.{key}"));
    }
    file.set("tokenizer.ggml.model", Meta::Text("llama".to_owned()));
    file.set("tokenizer.ggml.scores", Meta::F32s(scores));
    file.set("tokenizer.ggml.eos_token_id", Meta::U32(0));
    let (mut kinds, is_plain) = kinds(texts.len(), 257, data)?;
    kinds[..256].fill(6);
    Ok(Vocabulary { texts, kinds, is_plain })
}

/// All are text, or from `first` on any kind.
fn kinds(count: usize, first: usize, data: &mut Unstructured<'_>) -> Result<(Vec<i32>, bool)> {
    let mut kinds = vec![1; count];
    let is_plain: bool = data.arbitrary()?;
    if !is_plain {
        for kind in &mut kinds[first..] {
            *kind = data.int_in_range(1..=6)?;
        }
    }
    Ok((kinds, is_plain))
}
