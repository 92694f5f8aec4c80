//! One text under check, read by its language's parser when a check first asks.

use std::cell::OnceCell;

use types::{Language, LineIndex};

use crate::analysis::{Analysis, Depth};
use crate::deep_stack::{self, LINEAR_PATIENCE, Lost, PATIENCE};
use crate::languages;

/// Longest text that is parsed, in bytes. Longer ones are only scanned for secrets and hidden
/// characters.
pub(crate) const PARSED_BYTES_MAX: usize = 2 << 20;

/// How much of a line counts before and after a place on it, in bytes.
const LINE_SIDE_BYTES: usize = 300;

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// One text under check.
pub(crate) struct Source<'a> {
    pub path: &'a str,
    pub language: Option<Language>,
    pub text: &'a str,
    clock: &'a dyn Fn() -> u64,
    depth: Depth,
    lines: OnceCell<LineIndex>,
    read: OnceCell<Read>,
}

struct Read {
    analysis: Result<Analysis, String>,
    /// Time the linter took of the whole reading, in microseconds.
    lint_us: u64,
}

impl<'a> Source<'a> {
    pub(crate) fn new(
        path: &'a str,
        language: Option<Language>,
        text: &'a str,
        clock: &'a dyn Fn() -> u64,
    ) -> Source<'a> {
        let (lines, read) = (OnceCell::new(), OnceCell::new());
        Source { path, language, text, clock, depth: Depth::Lints, lines, read }
    }

    /// A text of which nothing but its syntax errors is asked.
    pub(crate) fn for_syntax(
        path: &'a str,
        language: Option<Language>,
        text: &'a str,
    ) -> Source<'a> {
        Source { depth: Depth::Syntax, ..Source::new(path, language, text, &|| 0) }
    }

    pub(crate) fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.text))
    }

    /// What the parser says, or why it was not asked.
    pub(crate) fn analysis(&self) -> Result<&Analysis, &String> {
        self.read().analysis.as_ref()
    }

    /// Time the linter took of the first call to [`Source::analysis`].
    pub(crate) fn lint_us(&self) -> u64 {
        self.read.get().map_or(0, |read| read.lint_us)
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| {
            let refused = |reason: &str| Read { analysis: Err(reason.to_owned()), lint_us: 0 };
            let Some(language) = self.language else {
                return refused("the language of this file is not known");
            };
            if self.text.len() > PARSED_BYTES_MAX {
                let mib = PARSED_BYTES_MAX >> 20;
                return refused(&format!("the file is larger than {mib} MiB"));
            }
            let (path, text) = (self.path.to_owned(), self.text.to_owned());
            let depth = self.depth;
            let patience = match languages::grammar(language) {
                Some(_) => PATIENCE,
                None => LINEAR_PATIENCE,
            };
            let ran = deep_stack::run(self.clock, patience, move |watch| {
                languages::analyse(language, &path, &text, depth, watch)
            });
            match ran.value {
                Ok(analysis) => Read { analysis, lint_us: ran.after_us },
                Err(Lost::Failed) => refused("the parser failed on this file"),
                Err(Lost::Late) => refused("the file takes too long to parse"),
            }
        })
    }

    /// The text of the line that a byte stands on, without blanks at its ends; of a very long line
    /// only what is near.
    pub(crate) fn line_text(&self, byte: usize) -> &'a str {
        let text = self.text;
        let byte = text.floor_char_boundary(byte);
        let from = text.floor_char_boundary(byte.saturating_sub(LINE_SIDE_BYTES));
        let to = text.ceil_char_boundary((byte + LINE_SIDE_BYTES).min(text.len()));
        let start = text[from..byte].rfind(LINE_ENDS).map_or(from, |end| from + end + 1);
        let end = text[byte..to].find(LINE_ENDS).map_or(to, |end| byte + end);
        text[start..end].trim()
    }
}
