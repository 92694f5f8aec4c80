//! Tokens with a meaning: beginning, ends, fill-in-the-middle; and finding them in templates.

use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::TokenKind;
use crate::error::EngineError;
use crate::gguf::{Gguf, invalid};

/// Ids of the tokens that mark a fill-in-the-middle prompt (Bavarian et al. 2022,
/// arXiv:2207.14255): prefix, text, suffix, text, middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FimTokens {
    /// Before the text that precedes the gap.
    pub prefix: u32,
    /// Before the text that follows the gap.
    pub suffix: u32,
    /// Before the text that fills the gap.
    pub middle: u32,
    /// Before the name of a repository, in models that were trained on several files at once.
    pub repository: Option<u32>,
    /// Before the name of each file of a repository. A model that gives this one, or the one
    /// before, has filled the gap.
    pub file: Option<u32>,
    /// Filled up training data: nothing follows it.
    pub padding: Option<u32>,
}

/// Ids that the file names.
#[derive(Debug)]
pub(crate) struct SpecialTokens {
    pub(super) begin: Option<u32>,
    pub(super) fim: Option<FimTokens>,
    /// Sorted, without duplicates.
    pub(super) ends: Vec<u32>,
}

/// Metadata keys of tokens that end a text: the text itself, a turn, a message.
const END_KEYS: &[&str] =
    &["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

/// Control tokens that end a text by their name. Files often name one end of several.
const END_TEXTS: &[&str] = &[
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<end_of_turn>",
    "</s>",
    "<｜end▁of▁sentence｜>",
    "<|EOT|>",
    "<EOT>",
];

/// How files name a token of fill-in-the-middle: metadata keys, newest first, and its text in
/// StarCoder, Qwen, DeepSeek and Code Llama vocabularies.
struct FimNames {
    keys: &'static [&'static str],
    texts: &'static [&'static str],
}

const FIM_PREFIX: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"],
    texts: &[
        "<|fim_prefix|>",
        "<fim_prefix>",
        "<fim-prefix>",
        "<｜fim▁begin｜>",
        "▁<PRE>",
        "<PRE>",
    ],
};
const FIM_SUFFIX: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"],
    texts: &["<|fim_suffix|>", "<fim_suffix>", "<fim-suffix>", "<｜fim▁hole｜>", "▁<SUF>", "<SUF>"],
};
const FIM_MIDDLE: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"],
    texts: &["<|fim_middle|>", "<fim_middle>", "<fim-middle>", "<｜fim▁end｜>", "▁<MID>", "<MID>"],
};
const FIM_REPOSITORY: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_rep_token_id"],
    texts: &["<|repo_name|>", "<repo_name>", "<reponame>"],
};
const FIM_FILE: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_sep_token_id"],
    texts: &["<|file_sep|>", "<file_sep>", "<filename>"],
};
const FIM_PADDING: FimNames = FimNames {
    keys: &["tokenizer.ggml.fim_pad_token_id"],
    texts: &["<|fim_pad|>", "<fim_pad>", "<fim-pad>"],
};

impl SpecialTokens {
    /// `adds_begin_token` is the habit of the model's family, where the file does not say.
    pub(super) fn from_gguf(
        gguf: &Gguf<'_>,
        texts: &[&str],
        kinds: &[TokenKind],
        adds_begin_token: bool,
    ) -> Result<SpecialTokens, EngineError> {
        let is_special = |id: usize| matches!(kinds[id], TokenKind::Control | TokenKind::Added);
        let named = |names: &[&str]| {
            let ids = (0..texts.len()).filter(|id| names.contains(&texts[*id]) && is_special(*id));
            ids.map(|id| id as u32).collect::<Vec<u32>>()
        };

        let mut ends = named(END_TEXTS);
        for key in END_KEYS {
            ends.extend(token_id(gguf, key, texts.len())?);
        }
        ends.sort_unstable();
        ends.dedup();

        let find = |names: &FimNames| -> Result<Option<u32>, EngineError> {
            let mut id = None;
            for key in names.keys {
                id = id.or(token_id(gguf, key, texts.len())?);
            }
            Ok(id.or_else(|| named(names.texts).first().copied()))
        };
        let three = [find(&FIM_PREFIX)?, find(&FIM_SUFFIX)?, find(&FIM_MIDDLE)?];
        let (repository, file) = (find(&FIM_REPOSITORY)?, find(&FIM_FILE)?);
        let padding = find(&FIM_PADDING)?;
        let fim = match three {
            [Some(prefix), Some(suffix), Some(middle)] => {
                Some(FimTokens { prefix, suffix, middle, repository, file, padding })
            }
            _ => None,
        };
        let begin = token_id(gguf, "tokenizer.ggml.bos_token_id", texts.len())?;
        let adds_begin_token =
            gguf.optional_bool("tokenizer.ggml.add_bos_token")?.unwrap_or(adds_begin_token);
        Ok(SpecialTokens { begin: begin.filter(|_| adds_begin_token), fim, ends })
    }
}

/// A token id that, where the key is present, is part of the vocabulary.
fn token_id(gguf: &Gguf<'_>, key: &str, vocabulary: usize) -> Result<Option<u32>, EngineError> {
    match gguf.optional_count(key)? {
        None => Ok(None),
        Some(id) if id < vocabulary => Ok(Some(id as u32)),
        Some(id) => {
            Err(invalid(key, format!("{id} is out of range: the vocabulary has {vocabulary}")))
        }
    }
}

/// Finds the texts of control and added tokens: the leftmost, and there the longest.
pub(super) struct SpecialTexts {
    automaton: AhoCorasick,
    /// Token id of each pattern of the automaton.
    ids: Vec<u32>,
}

impl SpecialTexts {
    /// Of all tokens of the kinds that are `wanted`, by the text of each token.
    pub(super) fn new(
        texts: &[impl AsRef<[u8]>],
        kinds: &[TokenKind],
        wanted: &[TokenKind],
    ) -> Result<SpecialTexts, EngineError> {
        let ids: Vec<u32> = (0..texts.len())
            .filter(|id| wanted.contains(&kinds[*id]) && !texts[*id].as_ref().is_empty())
            .map(|id| id as u32)
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(ids.iter().map(|id| &texts[*id as usize]))
            .map_err(|error| EngineError::InvalidTokenizer {
                what: format!("its special tokens cannot be searched for: {error}"),
            })?;
        Ok(SpecialTexts { automaton, ids })
    }

    /// Ranges of bytes and the tokens that they name, from left to right.
    pub(super) fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (Range<usize>, u32)> {
        let ids = &self.ids;
        self.automaton.find_iter(text).map(|found| (found.range(), ids[found.pattern().as_usize()]))
    }
}

impl fmt::Debug for SpecialTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpecialTexts").field("ids", &self.ids).finish_non_exhaustive()
    }
}
