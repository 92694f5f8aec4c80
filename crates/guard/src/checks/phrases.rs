//! Phrases in comments and texts: a few words tell where to look, a pattern decides.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder};

use crate::lexical::{Lexed, comment_lines};

/// Longest part of a line that is looked at, in bytes.
const LINE_BYTES_MAX: usize = 2_000;

/// One phrase of a table.
pub(super) struct Phrase {
    /// Which of the check's rules it belongs to.
    pub rule: usize,
    /// Words one of which is in every match, in lower case.
    pub words: &'static [&'static str],
    /// What a line must hold, in any case.
    pub pattern: &'static str,
    /// What is said about it.
    pub message: &'static str,
}

/// A table of phrases with its compiled forms.
pub(super) struct Phrases {
    table: &'static [Phrase],
    search: OnceLock<AhoCorasick>,
    patterns: OnceLock<Vec<OnceLock<Option<Regex>>>>,
}

/// A phrase that was found.
pub(super) struct Hit {
    pub phrase: &'static Phrase,
    pub range: Range<usize>,
}

impl Phrases {
    pub(super) const fn new(table: &'static [Phrase]) -> Phrases {
        Phrases { table, search: OnceLock::new(), patterns: OnceLock::new() }
    }

    /// At most `most` phrases in a text's comments, one for each line.
    pub(super) fn in_comments(&self, text: &str, lexed: &Lexed, most: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut done = 0;
        for word in self.search().find_iter(text) {
            if word.start() < done || hits.len() >= most {
                continue;
            }
            let Some(comment) = lexed.comment_at(word.start()) else { continue };
            done = comment.end;
            let lines = comment_lines(text, comment);
            hits.extend(lines.filter_map(|(at, line)| self.in_line(at, line)));
        }
        hits.truncate(most);
        hits
    }

    /// The same in strings, line by line.
    pub(super) fn in_texts(&self, text: &str, lexed: &Lexed, most: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut done = 0;
        for word in self.search().find_iter(text) {
            if word.start() < done || hits.len() >= most {
                continue;
            }
            let after = lexed.tokens.partition_point(|token| token.start <= word.start());
            let Some(token) = after.checked_sub(1).and_then(|index| lexed.tokens.get(index)) else {
                continue;
            };
            if !token.is_text() || word.start() >= token.end {
                continue;
            }
            done = token.end;
            let mut at = token.start;
            for line in token.of(text).split('\n') {
                hits.extend(self.in_line(at, line));
                at += line.len() + 1;
            }
        }
        hits.truncate(most);
        hits
    }

    /// The first phrase of the table in a line that starts at a byte of the text.
    pub(super) fn in_line(&self, at: usize, line: &str) -> Option<Hit> {
        let line = &line[..line.floor_char_boundary(LINE_BYTES_MAX)];
        if line.is_empty() || !self.search().is_match(line) {
            return None;
        }
        self.table.iter().enumerate().find_map(|(index, phrase)| {
            let found = self.pattern(index)?.find(line)?;
            Some(Hit { phrase, range: at + found.start()..at + found.end() })
        })
    }

    fn search(&self) -> &AhoCorasick {
        self.search.get_or_init(|| {
            let words = self.table.iter().flat_map(|phrase| phrase.words);
            let mut builder = AhoCorasick::builder();
            let builder = builder.ascii_case_insensitive(true);
            builder.build(words).expect("a few dozen short words are no large automaton")
        })
    }

    fn pattern(&self, index: usize) -> Option<&Regex> {
        let patterns = self.patterns.get_or_init(|| {
            let mut all = Vec::new();
            all.resize_with(self.table.len(), OnceLock::new);
            all
        });
        let compiled = patterns.get(index)?.get_or_init(|| {
            let pattern = self.table[index].pattern;
            RegexBuilder::new(pattern).case_insensitive(true).build().ok()
        });
        compiled.as_ref()
    }

    /// The patterns of the table that do not compile, or do not hold one of their words.
    #[cfg(test)]
    pub(super) fn broken(&self) -> Vec<&'static str> {
        let all = 0..self.table.len();
        all.filter(|index| self.pattern(*index).is_none())
            .map(|index| self.table[index].pattern)
            .collect()
    }
}
