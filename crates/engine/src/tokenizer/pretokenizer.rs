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

use super::ascii::AsciiRules;
use crate::error::{EngineError, excerpt};

/// A way to cut text into words: steps that each cut what the step before left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pretokenizer {
    steps: &'static [Step],
    /// A word that is in the vocabulary as a whole is that token, whatever the merges give.
    pub(super) whole_words: bool,
    /// Whether prompts start with the begin token where the file does not say.
    pub(super) adds_begin_token: bool,
}

#[derive(Debug)]
enum Step {
    /// Every numeric character is a word of its own, and ends the text before it.
    Digits,
    /// Matches are words, and so is what lies between them.
    Isolate(&'static LazyLock<Regex>),
    /// Matches are words, but for the last character of white space.
    Words(&'static LazyLock<Pattern>),
}

#[derive(Debug)]
struct Pattern {
    regex: Regex,
    /// What finds the same words sooner, where it can.
    ascii: Option<AsciiRules>,
    /// Whether runs of white space that end in a line break are matched by a branch of their own,
    /// which gives nothing back.
    keeps_line_breaks: bool,
}

/// GPT-2: <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.
static GPT_2: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"),
    ascii: Some(AsciiRules { is_modern: false, digits_max: None }),
    keeps_line_breaks: false,
});

/// Llama 3: <https://github.com/meta-llama/llama3/blob/main/llama/tokenizer.py>.
static LLAMA_3: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(concat!(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
    )),
    ascii: Some(AsciiRules { is_modern: true, digits_max: Some(3) }),
    keeps_line_breaks: true,
});

/// Qwen 2: <https://huggingface.co/Qwen/Qwen2-0.5B/blob/main/tokenizer.json>.
static QWEN_2: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(concat!(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
    )),
    ascii: Some(AsciiRules { is_modern: true, digits_max: Some(1) }),
    keeps_line_breaks: true,
});

/// Runs of letters of scripts with two cases, as DeepSeek LLM names them.
static DEEPSEEK_LETTERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"\s?[",
        r"A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}",
        r"\u{1c4}-\u{293}\u{295}-\u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}",
        r"\u{37f}\u{386}\u{388}-\u{38a}\u{38c}\u{38e}-\u{3a1}\u{3a3}-\u{3f5}",
        r"\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}\u{10a0}-\u{10c5}",
        r"\u{13a0}-\u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}",
        r"\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}",
        r"\u{1f18}-\u{1f1d}\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}\u{1f50}-\u{1f57}\u{1f59}",
        r"\u{1f5b}\u{1f5d}\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}",
        r"\u{1fc2}-\u{1fc4}\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}",
        r"\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}\u{1ff6}-\u{1ffc}\u{2102}\u{2107}",
        r"\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}\u{2126}\u{2128}",
        r"\u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}\u{2145}-\u{2149}",
        r"\u{214e}\u{2183}\u{2184}\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}\u{2ceb}-\u{2cee}",
        r"\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}\u{a680}-\u{a69b}\u{a722}-\u{a76f}",
        r"\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}\u{fb00}-\u{fb06}",
        r"\u{fb13}-\u{fb17}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}",
        r"\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}",
        r"\u{118a0}-\u{118df}\u{1e900}-\u{1e943}",
        r"]+"
    ))
});

/// DeepSeek LLM and V2: <https://huggingface.co/deepseek-ai/DeepSeek-V2-Lite/blob/main/tokenizer.json>.
static DEEPSEEK_PUNCTUATION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\s?[!-/:-~！-／：-～‘-‟\u{3000}-。]+"));
static FINAL_SPACE: LazyLock<Regex> = LazyLock::new(|| regex(r"\s+$"));
static CJK_AND_HANGUL: LazyLock<Regex> = LazyLock::new(|| regex(r"[一-龥ࠀ-一가-\u{d7ff}]+"));

/// DeepSeek Coder: <https://huggingface.co/deepseek-ai/deepseek-coder-1.3b-base/blob/main/tokenizer.json>.
static LINE_BREAK: LazyLock<Regex> = LazyLock::new(|| regex(r"[\r\n]"));
static LETTERS: LazyLock<Regex> = LazyLock::new(|| regex(r"\s?\p{L}+"));
static PUNCTUATION: LazyLock<Regex> = LazyLock::new(|| regex(r"\s?\p{P}+"));

/// DeepSeek V3: <https://huggingface.co/deepseek-ai/DeepSeek-V3/blob/main/tokenizer.json>.
static NUMBERS_OF_THREE: LazyLock<Regex> = LazyLock::new(|| regex(r"\p{N}{1,3}"));
static CJK_AND_KANA: LazyLock<Regex> = LazyLock::new(|| regex(r"[一-龥぀-ゟ゠-ヿ]+"));
static DEEPSEEK_3: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(concat!(
        r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
        r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+"
    )),
    ascii: None,
    keeps_line_breaks: true,
});

/// A word of GPT-4o: capitals, then small letters. Marks, and letters without case, count as both.
macro_rules! cased_words {
    ($after:literal) => {
        concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
            $after,
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
            $after
        )
    };
}

/// `o200k_base` of <https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py>.
static GPT_4O: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(concat!(
        cased_words!(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"),
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+"
    )),
    ascii: None,
    keeps_line_breaks: true,
});

/// Mistral: <https://huggingface.co/mistralai/Mistral-Nemo-Base-2407/blob/main/tokenizer.json>.
static TEKKEN_WORDS: LazyLock<Pattern> = LazyLock::new(|| Pattern {
    regex: regex(concat!(cased_words!(""), r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+")),
    ascii: None,
    keeps_line_breaks: true,
});

/// What llama.cpp does where a converter did not know the pattern.
static SIGNS: LazyLock<Regex> = LazyLock::new(|| regex(r"[\p{P}$+<=>^~|]+"));
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| regex(r"\p{N}+"));
static THREE_DIGITS: LazyLock<Regex> = LazyLock::new(|| regex("[0-9][0-9][0-9]"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant, tested")
}

const PLAIN: Pretokenizer =
    Pretokenizer { steps: &[Step::Words(&GPT_2)], whole_words: false, adds_begin_token: false };
const DIGITS_APART: Pretokenizer =
    Pretokenizer { steps: &[Step::Digits, Step::Words(&GPT_2)], ..PLAIN };
const LLAMA_BPE: Pretokenizer =
    Pretokenizer { steps: &[Step::Words(&LLAMA_3)], whole_words: true, adds_begin_token: true };
const QWEN: Pretokenizer = Pretokenizer { steps: &[Step::Words(&QWEN_2)], ..PLAIN };
const O200K: Pretokenizer = Pretokenizer { steps: &[Step::Words(&GPT_4O)], ..PLAIN };
const TEKKEN: Pretokenizer = Pretokenizer {
    steps: &[Step::Words(&TEKKEN_WORDS)],
    whole_words: true,
    adds_begin_token: true,
};
const DEEPSEEK_LLM: Pretokenizer = Pretokenizer {
    steps: &[
        Step::Isolate(&LINE_BREAK),
        Step::Isolate(&DEEPSEEK_LETTERS),
        Step::Isolate(&DEEPSEEK_PUNCTUATION),
        Step::Isolate(&FINAL_SPACE),
        Step::Isolate(&CJK_AND_HANGUL),
        Step::Digits,
    ],
    ..PLAIN
};
const DEEPSEEK_CODER: Pretokenizer = Pretokenizer {
    steps: &[
        Step::Isolate(&LINE_BREAK),
        Step::Isolate(&LETTERS),
        Step::Isolate(&PUNCTUATION),
        Step::Isolate(&CJK_AND_HANGUL),
        Step::Digits,
    ],
    ..PLAIN
};
const DEEPSEEK_V3: Pretokenizer = Pretokenizer {
    steps: &[
        Step::Isolate(&NUMBERS_OF_THREE),
        Step::Isolate(&CJK_AND_KANA),
        Step::Words(&DEEPSEEK_3),
    ],
    ..PLAIN
};
const UNKNOWN: Pretokenizer = Pretokenizer {
    steps: &[
        Step::Isolate(&SIGNS),
        Step::Words(&GPT_2),
        Step::Isolate(&NUMBERS),
        Step::Isolate(&THREE_DIGITS),
    ],
    ..PLAIN
};

/// All that is known, by the names that files use.
const KNOWN: &[(&str, Pretokenizer)] = &[
    ("default", UNKNOWN),
    ("gpt-2", PLAIN),
    ("llama-bpe", LLAMA_BPE),
    ("llama3", LLAMA_BPE),
    ("qwen2", QWEN),
    ("deepseek-r1-qwen", QWEN),
    ("smollm", DIGITS_APART),
    ("starcoder", DIGITS_APART),
    ("refact", DIGITS_APART),
    ("codeshell", DIGITS_APART),
    ("deepseek-llm", DEEPSEEK_LLM),
    ("deepseek-coder", DEEPSEEK_CODER),
    ("deepseek-v3", DEEPSEEK_V3),
    ("gpt-4o", O200K),
    ("tekken", TEKKEN),
];

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
        cut(self.steps, text, &mut on_word);
    }
}

/// Cuts `text` by the first step and what comes out by the others.
fn cut(steps: &[Step], text: &str, on_word: &mut dyn FnMut(&str)) {
    let Some((step, rest)) = steps.split_first() else {
        if !text.is_empty() {
            on_word(text);
        }
        return;
    };
    let mut next = |part: &str| cut(rest, part, on_word);
    match step {
        Step::Words(pattern) => pattern.words(text, &mut next),
        Step::Isolate(regex) => {
            let mut at = 0;
            for found in regex.find_iter(text) {
                next(&text[at..found.start()]);
                next(found.as_str());
                at = found.end();
            }
            next(&text[at..]);
        }
        Step::Digits => {
            let mut at = 0;
            // The same set as \p{N}.
            for (start, digit) in text.match_indices(char::is_numeric) {
                next(&text[at..start]);
                next(digit);
                at = start + digit.len();
            }
            next(&text[at..]);
        }
    }
}

impl Pattern {
    fn words(&self, text: &str, on_word: &mut dyn FnMut(&str)) {
        let mut at = 0;
        while at < text.len() {
            let rules = self.ascii.as_ref();
            if let Some(end) = rules.and_then(|rules| rules.word_end(text.as_bytes(), at)) {
                on_word(&text[at..end]);
                at = end;
                continue;
            }
            let Some(found) = self.regex.find_at(text, at) else { break };
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
    fn deepseek() {
        let name = "deepseek-llm";
        check(name, "f(x1)  \n", &["f", "(", "x", "1", ")", "  ", "\n"]);
        // The range from `:` to `~` of its punctuation has the Latin letters in it.
        check(name, "a  b ü λx", &["a", " ", " b", " ü", " λ", "x"]);
        check(name, "你好, 世界12", &["你好", ",", " ", "世界", "1", "2"]);
        check("deepseek-coder", "x == 10\n", &["x", " == ", "1", "0", "\n"]);
        check("deepseek-coder", "a += ₀b!", &["a", " += ", "₀", "b", "!"]);
        check("deepseek-v3", "x.foo(1234)\n\n", &["x", ".foo", "(", "123", "4", ")\n\n"]);
        check("deepseek-v3", "カナx e\u{301}", &["カナ", "x", " e\u{301}"]);
    }

    #[test]
    fn cased_words_end_before_capitals() {
        check("gpt-4o", "HTTPServer's 12345", &["HTTPServer's", " ", "123", "45"]);
        check("gpt-4o", "fooBar //\n/x", &["foo", "Bar", " //\n/", "x"]);
        check("tekken", "fooBar's 12", &["foo", "Bar", "'s", " ", "1", "2"]);
    }

    /// The rules for ASCII find what the expressions match, also beside what is not ASCII.
    #[test]
    fn ascii_rules_are_the_expressions() {
        let parts = [
            "a", "Zq", "s", "S", "ll", "VE", " ", "  ", "\n", "\r\n", "\t", "\u{b}", "'", "''",
            "7", "1234", "_", "();", "/", "\0", "\u{1c}", "é", "ſ", "\u{212a}", "²", "\u{3000}",
            "\u{85}", "日", "\u{301}", "🦀",
        ];
        let mut state = 9_u64;
        for (name, pattern) in [("gpt-2", &GPT_2), ("llama-bpe", &LLAMA_3), ("qwen2", &QWEN_2)] {
            let slow = Pattern { regex: pattern.regex.clone(), ascii: None, ..**pattern };
            for _ in 0..4000 {
                let mut text = String::new();
                for _ in 0..12 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // Most parts are ASCII.
                    let count = if state & 1 << 20 == 0 { 21 } else { parts.len() };
                    text.push_str(parts[(state >> 33) as usize % count]);
                }
                let words = |pattern: &Pattern| {
                    let mut words = Vec::new();
                    pattern.words(&text, &mut |word: &str| words.push(word.to_owned()));
                    words
                };
                assert_eq!(words(pattern), words(&slow), "{name}: {text:?}");
            }
        }
    }

    #[test]
    fn the_default_of_converters() {
        check("default", "a+=12345 b's  c", &["a", "+=", "123", "45", " b", "'", "s", " ", " c"]);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known() {
        let error = Pretokenizer::named("tokenizer.ggml.pre", "viking").unwrap_err().to_string();
        assert!(error.contains("\"viking\"") && error.contains("llama-bpe, llama3, qwen2"));
    }
}
