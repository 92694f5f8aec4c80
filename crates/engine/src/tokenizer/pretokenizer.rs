//! Cuts text into words before byte pairs are merged. No token crosses a word's end.
//!
//! Each model family was trained with its own pattern; `tokenizer.ggml.pre` names it. A wrong
//! one gives other tokens than in training without any sign, so an unknown name is an error.
//!
//! The published patterns end in `\s+(?!\S)|\s+`: a run of white space leaves its last character
//! to the word that follows. The `regex` crate has no look-ahead, and takes linear time for it;
//! so the pattern ends in `\s+` here and [`Pattern::words`] gives the last character back.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::error::{EngineError, excerpt};

/// A way to cut text into words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pretokenizer {
    /// Every numeric character is a word of its own, and ends the text before it.
    digits_apart: bool,
    pattern: &'static LazyLock<Pattern>,
    /// A word that is in the vocabulary as a whole is that token, whatever the merges give.
    pub(super) whole_words: bool,
    /// Whether prompts start with the begin token where the file does not say.
    pub(super) adds_begin_token: bool,
}

#[derive(Debug)]
struct Pattern {
    regex: Regex,
    /// Whether runs of white space that end in a line break are matched by a branch of their own,
    /// which gives nothing back.
    keeps_line_breaks: bool,
}

/// GPT-2: <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.
static GPT_2: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+")
        .expect("a constant, tested"),
    keeps_line_breaks: false,
});

/// Llama 3: <https://github.com/meta-llama/llama3/blob/main/llama/tokenizer.py>.
static LLAMA_3: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(concat!(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
    ))
    .expect("a constant, tested"),
    keeps_line_breaks: true,
});

/// Qwen 2: <https://huggingface.co/Qwen/Qwen2-0.5B/blob/main/tokenizer.json>.
static QWEN_2: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: Regex::new(concat!(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
    ))
    .expect("a constant, tested"),
    keeps_line_breaks: true,
});

const PLAIN: Pretokenizer = Pretokenizer {
    digits_apart: false,
    pattern: &GPT_2,
    whole_words: false,
    adds_begin_token: false,
};

/// All that is known, by the names that files use.
const KNOWN: &[(&str, Pretokenizer)] = &[
    ("gpt-2", PLAIN),
    ("llama-bpe", LLAMA_BPE),
    ("llama3", LLAMA_BPE),
    ("qwen2", Pretokenizer { pattern: &QWEN_2, ..PLAIN }),
    ("smollm", Pretokenizer { digits_apart: true, ..PLAIN }),
    ("starcoder", Pretokenizer { digits_apart: true, ..PLAIN }),
];

const LLAMA_BPE: Pretokenizer =
    Pretokenizer { pattern: &LLAMA_3, whole_words: true, adds_begin_token: true, ..PLAIN };

impl Pretokenizer {
    /// The one that a file names under `key`.
    pub(super) fn named(key: &'static str, name: &str) -> Result<Pretokenizer, EngineError> {
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, pretokenizer)) => Ok(*pretokenizer),
            None => {
                let names: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
                let supported = names.join(", ");
                Err(EngineError::UnsupportedTokenizer { key, found: excerpt(name), supported })
            }
        }
    }

    /// The words of `text`, in order and without gaps.
    pub(super) fn words(self, text: &str, mut on_word: impl FnMut(&str)) {
        if !self.digits_apart {
            return self.pattern.words(text, &mut on_word);
        }
        let mut start = 0;
        for (at, char) in text.char_indices() {
            // The same set as \p{N}.
            if char.is_numeric() {
                self.pattern.words(&text[start..at], &mut on_word);
                start = at + char.len_utf8();
                on_word(&text[at..start]);
            }
        }
        self.pattern.words(&text[start..], &mut on_word);
    }
}

impl Pattern {
    fn words(&self, text: &str, on_word: &mut impl FnMut(&str)) {
        let mut at = 0;
        while let Some(found) = self.regex.find_at(text, at) {
            // The branches cover every character, so there is no gap; should there ever be one,
            // it becomes a word and nothing is lost.
            if found.start() > at {
                on_word(&text[at..found.start()]);
            }
            let word = self.without_next_space(text, found.range());
            on_word(&text[word.clone()]);
            at = word.end;
        }
        if at < text.len() {
            on_word(&text[at..]);
        }
    }

    /// What `\s+(?!\S)|\s+` would match where `\s+` matched `word`: all of it at the end of the
    /// text, else all but the last character, else that character.
    fn without_next_space(&self, text: &str, word: Range<usize>) -> Range<usize> {
        let matched = &text[word.clone()];
        let is_space = matched.chars().all(char::is_whitespace);
        let is_line_break = self.keeps_line_breaks && matched.ends_with(['\r', '\n']);
        let last = matched.char_indices().next_back().map_or(0, |(at, _)| at);
        if is_space && !is_line_break && word.end < text.len() && last > 0 {
            word.start..word.start + last
        } else {
            word
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, expected: &[&str]) {
        let mut words = Vec::new();
        let pretokenizer = Pretokenizer::named("tokenizer.ggml.pre", name).unwrap();
        pretokenizer.words(text, |word| words.push(word.to_owned()));
        assert_eq!(words, expected, "{name}: {text:?}");
        assert_eq!(words.concat(), text);
    }

    #[test]
    fn gpt_2() {
        check("gpt-2", "", &[]);
        check("gpt-2", "we're here", &["we", "'re", " here"]);
        check("gpt-2", "a  b", &["a", " ", " b"]);
        check("gpt-2", "a   ", &["a", "   "]);
        check("gpt-2", "a\n\n  b", &["a", "\n\n ", " b"]);
        check("gpt-2", "a\nb", &["a", "\n", "b"]);
        check("gpt-2", "a\n\nb", &["a", "\n", "\n", "b"]);
        check("gpt-2", "x1234 567", &["x", "1234", " 567"]);
        check("gpt-2", "if (x != 1) {", &["if", " (", "x", " !=", " 1", ")", " {"]);
        check("gpt-2", "\u{3000}\u{3000}x", &["\u{3000}", "\u{3000}", "x"]);
    }

    #[test]
    fn digits_one_by_one() {
        check("smollm", "a 123", &["a", " ", "1", "2", "3"]);
        check("smollm", "a  1", &["a", "  ", "1"]);
        check("smollm", "x²½٣", &["x", "²", "½", "٣"]);
        check("smollm", "1\n    return", &["1", "\n   ", " return"]);
        check("qwen2", "a 12", &["a", " ", "1", "2"]);
    }

    #[test]
    fn llama_3() {
        check("llama-bpe", "12345", &["123", "45"]);
        check("llama-bpe", "WE'RE", &["WE", "'RE"]);
        check("llama-bpe", "a\n\n  b", &["a", "\n\n", " ", " b"]);
        check("llama-bpe", "a  \n  b", &["a", "  \n", " ", " b"]);
        check("llama-bpe", "f();\n}", &["f", "();\n", "}"]);
        check("llama-bpe", ".foo\tbar", &[".foo", "\tbar"]);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known() {
        let error = Pretokenizer::named("tokenizer.ggml.pre", "tekken").unwrap_err().to_string();
        assert!(error.contains("\"tekken\"") && error.contains("llama-bpe, llama3, qwen2"));
    }
}
