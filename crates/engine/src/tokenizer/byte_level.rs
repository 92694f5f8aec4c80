//! Byte-level byte-pair encoding: text is cut into words by a [`pretokenizer`](super::pretokenizer),
//! then each word's bytes are merged into tokens.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::TokenKind;
use super::alphabet::{self, CharToByte};
use super::merge::MergeTable;
use super::pretokenizer::Pretokenizer;
use super::word_cache::{WordCache, Words};
use crate::error::{EngineError, excerpt};
use crate::gguf::Gguf;

const PRE_KEY: &str = "tokenizer.ggml.pre";
const MERGES_KEY: &str = "tokenizer.ggml.merges";

/// What `tokenizer.ggml.model` = `gpt2` stands for.
#[derive(Debug)]
pub(super) struct ByteLevel {
    /// The token of each single byte.
    byte_tokens: [Option<u32>; 256],
    merges: MergeTable,
    pretokenizer: Pretokenizer,
    /// Tokens by their bytes, if whole words go before merges; else empty.
    whole_words: HashMap<Box<[u8]>, u32, RandomState>,
    cache: WordCache,
}

/// The bytes of each token, by id.
pub(super) fn pieces(texts: &[&str], kinds: &[TokenKind]) -> Vec<Box<[u8]>> {
    let char_to_byte = CharToByte::new();
    let piece = |(text, kind): (&&str, &TokenKind)| match kind {
        TokenKind::Control | TokenKind::Added => text.as_bytes().into(),
        _ => char_to_byte.decode(text).into_boxed_slice(),
    };
    texts.iter().zip(kinds).map(piece).collect()
}

impl ByteLevel {
    /// `pieces` are those of [`pieces`].
    pub(super) fn from_gguf(
        gguf: &Gguf<'_>,
        texts: &[&str],
        kinds: &[TokenKind],
        pieces: &[Box<[u8]>],
    ) -> Result<ByteLevel, EngineError> {
        let pretokenizer = Pretokenizer::named(PRE_KEY, gguf.text(PRE_KEY)?)?;
        let mut ids = HashMap::with_capacity(texts.len());
        let mut whole_words = HashMap::default();
        for (id, (text, kind)) in (0..).zip(texts.iter().zip(kinds)) {
            // Control tokens are not reachable from text, so not by merging either.
            if *kind != TokenKind::Control {
                ids.entry(*text).or_insert(id);
            }
            if pretokenizer.whole_words && matches!(kind, TokenKind::Text | TokenKind::Byte) {
                whole_words.entry(pieces[id as usize].clone()).or_insert(id);
            }
        }
        Ok(ByteLevel {
            byte_tokens: alphabet::byte_to_char()
                .map(|char| ids.get(char.encode_utf8(&mut [0; 4]) as &str).copied()),
            merges: merge_table(gguf, &ids)?,
            pretokenizer,
            whole_words,
            cache: WordCache::default(),
        })
    }

    /// Whether prompts start with the begin token where the file does not say.
    pub(super) fn adds_begin_token(&self) -> bool {
        self.pretokenizer.adds_begin_token
    }

    /// Appends the tokens of `text`.
    pub(super) fn encode(&self, text: &str, tokens: &mut Vec<u32>) -> Result<(), EngineError> {
        let mut words = self.cache.take();
        let mut result = Ok(());
        self.pretokenizer.words(text, |word| {
            if result.is_ok() && !words.append(word.as_bytes(), tokens) {
                result = self.encode_word(word.as_bytes(), &mut words, tokens);
            }
        });
        self.cache.give_back(words);
        result
    }

    fn encode_word(
        &self,
        word: &[u8],
        words: &mut Words,
        tokens: &mut Vec<u32>,
    ) -> Result<(), EngineError> {
        let start = tokens.len();
        if let Some(token) = self.whole_words.get(word) {
            tokens.push(*token);
        } else {
            let mut bytes = Vec::with_capacity(word.len());
            for byte in word {
                let token = self.byte_tokens[usize::from(*byte)];
                bytes.push(token.ok_or(EngineError::Unencodable { byte: *byte })?);
            }
            self.merges.apply(&bytes, tokens);
        }
        words.insert(word, &tokens[start..]);
        Ok(())
    }
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
