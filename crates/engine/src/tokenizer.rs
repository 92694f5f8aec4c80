//! Byte-level byte-pair encoding from the metadata of a GGUF file: text to tokens and back.
//!
//! `tokenizer.ggml.model` must be `gpt2`. Text is cut at special tokens (only when asked), then
//! into words by a [`pretokenizer`], then each word's bytes are merged into tokens ([`merge`]).

mod alphabet;
mod merge;
mod pretokenizer;
mod special;
mod utf8_stream;
mod word_cache;

use std::collections::HashMap;

pub use self::special::FimTokens;
pub(crate) use self::special::SpecialTokens;
pub use self::utf8_stream::Utf8Stream;

use self::alphabet::CharToByte;
use self::merge::MergeTable;
use self::pretokenizer::Pretokenizer;
use self::special::SpecialTexts;
use self::word_cache::WordCache;
use crate::error::{EngineError, excerpt};
use crate::gguf::{Gguf, Value, invalid, wrong_type};

const MODEL_KEY: &str = "tokenizer.ggml.model";
const PRE_KEY: &str = "tokenizer.ggml.pre";
const TOKENS_KEY: &str = "tokenizer.ggml.tokens";
const TYPES_KEY: &str = "tokenizer.ggml.token_type";
const MERGES_KEY: &str = "tokenizer.ggml.merges";

/// What a token is for. Numbers are those of `tokenizer.ggml.token_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// Text: 1, and 6 (a single byte), which byte-level vocabularies need no type for.
    Text,
    /// Steers the model and is no text: 3, and 2 (unknown).
    Control,
    /// Added after training, with its text taken literally: 4.
    Added,
    /// Not used by the model: 5.
    Unused,
}

/// Turns text into token ids and back. Shared by all sessions of a model.
#[derive(Debug)]
pub struct Tokenizer {
    /// The bytes of each token, by id.
    pieces: Vec<Box<[u8]>>,
    kinds: Vec<TokenKind>,
    /// The token of each single byte.
    byte_tokens: [Option<u32>; 256],
    merges: MergeTable,
    pretokenizer: Pretokenizer,
    /// Tokens by their bytes, if whole words go before merges; else empty.
    whole_words: HashMap<Box<[u8]>, u32>,
    special_texts: SpecialTexts,
    special: SpecialTokens,
    cache: WordCache,
}

impl Tokenizer {
    /// Reads the vocabulary of a file and checks that it does not contradict itself.
    pub(crate) fn from_gguf(gguf: &Gguf<'_>) -> Result<Tokenizer, EngineError> {
        let model = gguf.text(MODEL_KEY)?;
        if model != "gpt2" {
            return Err(EngineError::UnsupportedTokenizer {
                key: MODEL_KEY,
                found: excerpt(model),
                supported: "gpt2".to_owned(),
            });
        }
        let pretokenizer = Pretokenizer::named(PRE_KEY, gguf.text(PRE_KEY)?)?;
        let texts = gguf.texts(TOKENS_KEY)?;
        if texts.is_empty() || u32::try_from(texts.len()).is_err() {
            return Err(invalid(TOKENS_KEY, format!("{} tokens are not possible", texts.len())));
        }
        let kinds = token_kinds(gguf, texts.len())?;

        let char_to_byte = CharToByte::new();
        let mut ids = HashMap::with_capacity(texts.len());
        let mut pieces = Vec::with_capacity(texts.len());
        for (id, (text, kind)) in (0..).zip(texts.iter().zip(&kinds)) {
            let is_literal = matches!(kind, TokenKind::Control | TokenKind::Added);
            pieces.push(match is_literal {
                true => text.as_bytes().into(),
                false => char_to_byte.decode(text).into_boxed_slice(),
            });
            // Control tokens are not reachable from text, so not by merging either.
            if *kind != TokenKind::Control {
                ids.entry(*text).or_insert(id);
            }
        }
        let special = SpecialTokens::from_gguf(gguf, texts, &kinds, pretokenizer.adds_begin_token)?;
        let mut whole_words = HashMap::new();
        if pretokenizer.whole_words {
            for (id, piece) in (0..).zip(&pieces) {
                if kinds[id as usize] == TokenKind::Text {
                    whole_words.entry(piece.clone()).or_insert(id);
                }
            }
        }
        Ok(Tokenizer {
            byte_tokens: alphabet::byte_to_char()
                .map(|char| ids.get(char.encode_utf8(&mut [0; 4]) as &str).copied()),
            merges: merge_table(gguf, &ids)?,
            special_texts: SpecialTexts::new(texts, &kinds)?,
            pieces,
            kinds,
            pretokenizer,
            whole_words,
            special,
            cache: WordCache::default(),
        })
    }

    /// Number of tokens; ids are 0 up to it.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.pieces.len()
    }

    /// The tokens of a text.
    ///
    /// With `parse_special`, the texts of control and added tokens (`<|end|>`) become those
    /// tokens; for templates only. Without, they are text like any other, so that nothing a user
    /// writes can steer the model. No begin token is added, see [`Tokenizer::begin_token`].
    ///
    /// # Errors
    /// [`EngineError::Unencodable`] if the vocabulary lacks a byte, which good ones do not.
    pub fn encode(&self, text: &str, parse_special: bool) -> Result<Vec<u32>, EngineError> {
        let mut tokens = Vec::new();
        let mut at = 0;
        if parse_special {
            for (range, token) in self.special_texts.find(text) {
                self.encode_text(&text[at..range.start], &mut tokens)?;
                tokens.push(token);
                at = range.end;
            }
        }
        self.encode_text(&text[at..], &mut tokens)?;
        Ok(tokens)
    }

    /// The bytes that tokens stand for, control tokens by their names. May end within a
    /// character; see [`Utf8Stream`] for text that arrives token by token.
    ///
    /// # Errors
    /// [`EngineError::TokenOutOfRange`].
    pub fn decode(&self, tokens: &[u32]) -> Result<Vec<u8>, EngineError> {
        let mut bytes = Vec::new();
        for token in tokens {
            bytes.extend_from_slice(self.piece(*token)?);
        }
        Ok(bytes)
    }

    /// The bytes of one token.
    ///
    /// # Errors
    /// [`EngineError::TokenOutOfRange`].
    pub fn piece(&self, token: u32) -> Result<&[u8], EngineError> {
        self.check_range(token)?;
        Ok(&self.pieces[token as usize])
    }

    /// Whether a token steers the model and is no text. False for ids out of range.
    #[must_use]
    pub fn is_control(&self, token: u32) -> bool {
        self.kinds.get(token as usize) == Some(&TokenKind::Control)
    }

    /// The token that every prompt must start with, if this model was trained with one.
    #[must_use]
    pub fn begin_token(&self) -> Option<u32> {
        self.special.begin
    }

    /// Tokens for fill-in-the-middle, if this model was trained with them.
    pub(crate) fn fim_tokens(&self) -> Option<FimTokens> {
        self.special.fim
    }

    /// All tokens that end a text, sorted.
    pub(crate) fn end_tokens(&self) -> &[u32] {
        &self.special.ends
    }

    /// Checks that an id is part of the vocabulary.
    pub(crate) fn check_range(&self, token: u32) -> Result<(), EngineError> {
        if (token as usize) < self.pieces.len() {
            Ok(())
        } else {
            Err(EngineError::TokenOutOfRange { token, vocabulary: self.pieces.len() })
        }
    }

    fn encode_text(&self, text: &str, tokens: &mut Vec<u32>) -> Result<(), EngineError> {
        let mut result = Ok(());
        self.pretokenizer.words(text, |word| {
            if result.is_ok() {
                result = self.encode_word(word, tokens);
            }
        });
        result
    }

    fn encode_word(&self, word: &str, tokens: &mut Vec<u32>) -> Result<(), EngineError> {
        if let Some(token) = self.whole_words.get(word.as_bytes()) {
            tokens.push(*token);
            return Ok(());
        }
        if self.cache.append(word, tokens) {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(word.len());
        for byte in word.bytes() {
            let token = self.byte_tokens[usize::from(byte)];
            bytes.push(token.ok_or(EngineError::Unencodable { byte })?);
        }
        let start = tokens.len();
        self.merges.apply(&bytes, tokens);
        self.cache.insert(word, &tokens[start..]);
        Ok(())
    }
}

/// The kind of each token; all are text where the file does not say.
fn token_kinds(gguf: &Gguf<'_>, count: usize) -> Result<Vec<TokenKind>, EngineError> {
    let Some(value) = gguf.optional(TYPES_KEY) else { return Ok(vec![TokenKind::Text; count]) };
    let Some(numbers) = value.scalars() else {
        return Err(wrong_type(TYPES_KEY, "an array of numbers", value));
    };
    let mut kinds = Vec::new();
    for number in numbers {
        kinds.push(match number.as_count() {
            Some(1 | 6) => TokenKind::Text,
            Some(2 | 3) => TokenKind::Control,
            Some(4) => TokenKind::Added,
            Some(5) => TokenKind::Unused,
            _ => {
                let why = match number {
                    Value::Unsigned(_) | Value::Signed(_) => "a number that is no token type",
                    _ => "something other than integers",
                };
                return Err(invalid(TYPES_KEY, format!("token {} has {why}", kinds.len())));
            }
        });
    }
    if kinds.len() != count {
        let why = format!("{} entries for {count} tokens", kinds.len());
        return Err(invalid(TYPES_KEY, why));
    }
    Ok(kinds)
}

/// The list of merges, each `left right`, as pairs of ids.
fn merge_table(gguf: &Gguf<'_>, ids: &HashMap<&str, u32>) -> Result<MergeTable, EngineError> {
    let mut table = MergeTable::default();
    let mut joined = String::new();
    for (rank, merge) in (0_u32..).zip(gguf.texts(MERGES_KEY)?) {
        let Some((left, right)) = merge.split_once(' ') else {
            let what = format!("merge {rank}, {}, is not a pair", excerpt(merge));
            return Err(EngineError::InvalidTokenizer { what });
        };
        joined.clear();
        joined.push_str(left);
        joined.push_str(right);
        let id = |text: &str| {
            ids.get(text).copied().ok_or_else(|| EngineError::InvalidTokenizer {
                what: format!(
                    "merge {rank}, {}, needs {}, which is no text in the vocabulary",
                    excerpt(merge),
                    excerpt(text)
                ),
            })
        };
        table.insert((id(left)?, id(right)?), rank, id(&joined)?);
    }
    Ok(table)
}
