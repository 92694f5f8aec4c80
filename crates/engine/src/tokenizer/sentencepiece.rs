//! SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226) with byte pairs: characters are
//! joined to pieces of the vocabulary, the highest score first; what is no piece falls back to
//! its bytes.
//!
//! Spaces are the character U+2581 and part of pieces. Most vocabularies have them only where
//! pieces begin; then nothing is ever joined across the beginning of a word, and words can be
//! encoded one by one and remembered.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::TokenKind;
use super::merge::join;
use super::word_cache::{WordCache, Words};
use crate::error::EngineError;
use crate::gguf::{Gguf, Value, invalid, missing, wrong_type};

const SCORES_KEY: &str = "tokenizer.ggml.scores";
const PREFIX_KEY: &str = "tokenizer.ggml.add_space_prefix";

/// What stands for a space.
const SPACE: char = '\u{2581}';

/// What `tokenizer.ggml.model` = `llama` stands for.
#[derive(Debug)]
pub(super) struct SentencePiece {
    /// Pieces that text can become, with [`SPACE`] for spaces.
    ids: HashMap<Box<str>, Piece, RandomState>,
    byte_tokens: [Option<u32>; 256],
    /// Whether text starts with a space that is not there.
    adds_space: bool,
    /// Whether words can be encoded one by one.
    words_apart: bool,
    cache: WordCache,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    token: u32,
    score: Score,
}

/// Higher is joined sooner.
#[derive(Debug, Clone, Copy)]
struct Score(f32);

impl Ord for Score {
    fn cmp(&self, other: &Score) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Score) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

/// The bytes of each token, by id.
pub(super) fn pieces(texts: &[&str], kinds: &[TokenKind]) -> Vec<Box<[u8]>> {
    let piece = |(text, kind): (&&str, &TokenKind)| match (kind, byte_of(text)) {
        (TokenKind::Byte, Some(byte)) => Box::from([byte]),
        (TokenKind::Control, _) => Box::from(text.as_bytes()),
        _ => Box::from(text.replace(SPACE, " ").as_bytes()),
    };
    texts.iter().zip(kinds).map(piece).collect()
}

/// Text with [`SPACE`] for spaces.
pub(super) fn escape(text: &str) -> String {
    text.chars().map(|char| if char == ' ' { SPACE } else { char }).collect()
}

/// Where escaped text goes on after white space.
pub(super) fn trim_start(escaped: &str) -> &str {
    escaped.trim_start_matches(|char: char| char == SPACE || char.is_whitespace())
}

/// The byte that a text such as `<0x0A>` stands for.
fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok())?
}

impl SentencePiece {
    pub(super) fn from_gguf(
        gguf: &Gguf<'_>,
        texts: &[&str],
        kinds: &[TokenKind],
    ) -> Result<SentencePiece, EngineError> {
        let scores = scores(gguf, texts.len())?;
        let mut ids = HashMap::with_capacity_and_hasher(texts.len(), RandomState::default());
        let mut byte_tokens = [None; 256];
        let mut words_apart = true;
        for (token, ((text, kind), score)) in (0..).zip(texts.iter().zip(kinds).zip(scores)) {
            match (kind, byte_of(text)) {
                (TokenKind::Text, _) => {
                    let ends_in_space = text.trim_start_matches(SPACE).contains(SPACE);
                    words_apart &= !ends_in_space;
                    ids.entry(Box::from(*text)).or_insert(Piece { token, score });
                }
                (TokenKind::Byte, Some(byte)) => {
                    byte_tokens[usize::from(byte)].get_or_insert(token);
                }
                _ => {}
            }
        }
        let adds_space = gguf.optional_bool(PREFIX_KEY)?.unwrap_or(true);
        let cache = WordCache::default();
        Ok(SentencePiece { ids, byte_tokens, adds_space, words_apart, cache })
    }

    /// Appends the tokens of escaped text, which `is_start` of a text or of what follows a
    /// control token.
    pub(super) fn encode(
        &self,
        text: &str,
        is_start: bool,
        tokens: &mut Vec<u32>,
    ) -> Result<(), EngineError> {
        if text.is_empty() {
            return Ok(());
        }
        let mut prefixed = String::new();
        let text = if is_start && self.adds_space {
            prefixed.push(SPACE);
            prefixed.push_str(text);
            &prefixed
        } else {
            text
        };
        let mut words = self.cache.take();
        let result = self.encode_words(text, &mut words, tokens);
        self.cache.give_back(words);
        result
    }

    fn encode_words(
        &self,
        text: &str,
        words: &mut Words,
        tokens: &mut Vec<u32>,
    ) -> Result<(), EngineError> {
        let mut start = 0;
        let mut previous = SPACE;
        for (at, char) in text.char_indices() {
            if self.words_apart && char == SPACE && previous != SPACE {
                self.encode_word(&text[start..at], words, tokens)?;
                start = at;
            }
            previous = char;
        }
        self.encode_word(&text[start..], words, tokens)
    }

    fn encode_word(
        &self,
        word: &str,
        words: &mut Words,
        tokens: &mut Vec<u32>,
    ) -> Result<(), EngineError> {
        if words.append(word.as_bytes(), tokens) {
            return Ok(());
        }
        let start = tokens.len();
        let chars: Vec<(usize, usize)> =
            word.char_indices().map(|(at, char)| (at, at + char.len_utf8())).collect();
        let joined = join(&chars, |left, right| {
            let piece = self.ids.get(&word[left.0..right.1])?;
            Some((Reverse(piece.score), (left.0, right.1)))
        });
        for (start, end) in joined {
            self.push(&word[Range { start, end }], tokens)?;
        }
        words.insert(word.as_bytes(), &tokens[start..]);
        Ok(())
    }

    /// Appends the token of a piece, or those of its bytes.
    fn push(&self, piece: &str, tokens: &mut Vec<u32>) -> Result<(), EngineError> {
        if let Some(piece) = self.ids.get(piece) {
            tokens.push(piece.token);
            return Ok(());
        }
        for byte in piece.bytes() {
            let token = self.byte_tokens[usize::from(byte)];
            tokens.push(token.ok_or(EngineError::Unencodable { byte })?);
        }
        Ok(())
    }
}

/// One for each token.
fn scores(gguf: &Gguf<'_>, count: usize) -> Result<Vec<Score>, EngineError> {
    let value = gguf.optional(SCORES_KEY).ok_or_else(|| missing(SCORES_KEY))?;
    let Some(numbers) = value.scalars() else {
        return Err(wrong_type(SCORES_KEY, "an array of floats", value));
    };
    let mut scores = Vec::new();
    for number in numbers {
        let Value::Float(score) = number else {
            return Err(wrong_type(SCORES_KEY, "an array of floats", value));
        };
        scores.push(Score(score as f32));
    }
    if scores.len() != count {
        return Err(invalid(SCORES_KEY, format!("{} entries for {count} tokens", scores.len())));
    }
    Ok(scores)
}
