//! Text to tokens and back, by the metadata of a GGUF file.
//!
//! Text is cut at special tokens (only when asked), and what lies between is encoded in one of
//! two ways, by `tokenizer.ggml.model`: [`byte_level`] for `gpt2`, [`sentencepiece`] for `llama`.
//! Both join pairs ([`merge`]) and remember words that they saw ([`word_cache`]).

mod alphabet;
mod ascii;
mod byte_level;
mod merge;
mod pretokenizer;
mod sentencepiece;
mod special;
mod utf8_stream;
mod word_cache;

pub use self::special::FimTokens;
pub(crate) use self::special::SpecialTokens;
pub use self::utf8_stream::Utf8Stream;

use self::byte_level::ByteLevel;
use self::sentencepiece::SentencePiece;
use self::special::SpecialTexts;
use crate::error::{EngineError, excerpt};
use crate::gguf::{Gguf, Value, invalid, wrong_type};

const MODEL_KEY: &str = "tokenizer.ggml.model";
const TOKENS_KEY: &str = "tokenizer.ggml.tokens";
const TYPES_KEY: &str = "tokenizer.ggml.token_type";

/// Architectures whose control tokens take the white space after them, as their published
/// tokenizers do, but for the tokens that follow.
const DROPS_SPACE: &[&str] = &["phi3"];
const KEEPS_SPACE: &[&str] = &["<s>", "<unk>", "<|endoftext|>"];

/// What a token is for. Numbers are those of `tokenizer.ggml.token_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// Text: 1.
    Text,
    /// A single byte: 6. Byte-level vocabularies need no type for these.
    Byte,
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
    encoder: Encoder,
    special: SpecialTokens,
}

/// How what is between special tokens becomes tokens.
#[derive(Debug)]
enum Encoder {
    ByteLevel {
        encoder: ByteLevel,
        special_texts: SpecialTexts,
    },
    /// Works on escaped text, in which special tokens are looked for as well.
    SentencePiece {
        encoder: SentencePiece,
        special_texts: SpecialTexts,
        /// Tokens that were added to the vocabulary: part of it like any other piece.
        added_texts: SpecialTexts,
        /// Whether white space after control tokens is dropped.
        drops_space: bool,
    },
}

impl Tokenizer {
    /// Reads the vocabulary of a file and checks that it does not contradict itself.
    pub(crate) fn from_gguf(gguf: &Gguf<'_>) -> Result<Tokenizer, EngineError> {
        let model = gguf.text(MODEL_KEY)?;
        if !["gpt2", "llama"].contains(&model) {
            return Err(EngineError::UnsupportedTokenizer {
                key: MODEL_KEY,
                found: excerpt(model),
                supported: "gpt2, llama".to_owned(),
            });
        }
        let texts = gguf.texts(TOKENS_KEY)?;
        if texts.is_empty() || u32::try_from(texts.len()).is_err() {
            return Err(invalid(TOKENS_KEY, format!("{} tokens are not possible", texts.len())));
        }
        let kinds = token_kinds(gguf, texts.len())?;
        let both = [TokenKind::Control, TokenKind::Added];
        let (pieces, encoder, adds_begin_token) = if model == "gpt2" {
            let pieces = byte_level::pieces(texts, &kinds);
            let encoder = ByteLevel::from_gguf(gguf, texts, &kinds, &pieces)?;
            let adds_begin_token = encoder.adds_begin_token();
            let special_texts = SpecialTexts::new(&pieces, &kinds, &both)?;
            (pieces, Encoder::ByteLevel { encoder, special_texts }, adds_begin_token)
        } else {
            let pieces = sentencepiece::pieces(texts, &kinds);
            let escaped: Vec<String> =
                texts.iter().map(|text| sentencepiece::escape(text)).collect();
            let encoder = Encoder::SentencePiece {
                encoder: SentencePiece::from_gguf(gguf, texts, &kinds)?,
                added_texts: SpecialTexts::new(&escaped, &kinds, &[TokenKind::Added])?,
                special_texts: SpecialTexts::new(&escaped, &kinds, &both)?,
                drops_space: DROPS_SPACE.contains(&gguf.text("general.architecture")?),
            };
            (pieces, encoder, true)
        };
        let special = SpecialTokens::from_gguf(gguf, texts, &kinds, adds_begin_token)?;
        Ok(Tokenizer { pieces, kinds, encoder, special })
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
    /// writes can steer the model. (SentencePiece has added tokens that are pieces like any
    /// other, runs of spaces for example; those are always found.) No begin token is added, see [`Tokenizer::begin_token`].
    ///
    /// # Errors
    /// [`EngineError::Unencodable`] if the vocabulary lacks a byte, which good ones do not.
    pub fn encode(&self, text: &str, parse_special: bool) -> Result<Vec<u32>, EngineError> {
        let mut tokens = Vec::new();
        match &self.encoder {
            Encoder::ByteLevel { encoder, special_texts } => {
                let mut at = 0;
                if parse_special {
                    for (range, token) in special_texts.find(text) {
                        encoder.encode(&text[at..range.start], &mut tokens)?;
                        tokens.push(token);
                        at = range.end;
                    }
                }
                encoder.encode(&text[at..], &mut tokens)?;
            }
            Encoder::SentencePiece { encoder, special_texts, added_texts, drops_space } => {
                let text = sentencepiece::escape(text);
                let special = if parse_special { special_texts } else { added_texts };
                let mut at = 0;
                let mut is_start = true;
                for (range, token) in special.find(&text) {
                    // White space that was dropped may have been part of an added token.
                    if range.start < at {
                        continue;
                    }
                    encoder.encode(&text[at..range.start], is_start, &mut tokens)?;
                    tokens.push(token);
                    at = range.end;
                    is_start = self.is_control(token);
                    if is_start && *drops_space && !KEEPS_SPACE.contains(&&text[range]) {
                        at = text.len() - sentencepiece::trim_start(&text[at..]).len();
                    }
                }
                encoder.encode(&text[at..], is_start, &mut tokens)?;
            }
        }
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
            Some(1) => TokenKind::Text,
            Some(6) => TokenKind::Byte,
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
