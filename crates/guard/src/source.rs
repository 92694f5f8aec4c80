//! One text under check, read by its language's parser when a check first asks.

use std::cell::OnceCell;

use types::{Facts, Language, LineIndex};

use crate::analysis::{Analysis, Depth};
use crate::deep_stack::{self, LINEAR_PATIENCE, Lost, PATIENCE};
use crate::languages;
use crate::lexical::Lexed;

/// Longest text that is parsed, in bytes. Longer ones are only scanned for secrets and hidden
/// characters.
pub(crate) const PARSED_BYTES_MAX: usize = 2 << 20;

/// How much of a line counts before and after a place on it, in bytes.
const LINE_SIDE_BYTES: usize = 300;

/// How far data is followed, in steps of the flow engine. Real files need fewer steps than they
/// have bytes.
const FLOW_STEPS_BASE: u64 = 200_000;
const FLOW_STEPS_PER_BYTE: u64 = 8;

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// One text under check.
pub(crate) struct Source<'a> {
    pub path: &'a str,
    pub language: Option<Language>,
    pub text: &'a str,
    pub facts: &'a Facts,
    clock: &'a dyn Fn() -> u64,
    depth: Depth,
    lines: OnceCell<LineIndex>,
    read: OnceCell<Read>,
    flow: OnceCell<Result<flow::Outcome, String>>,
    lexed: OnceCell<Lexed>,
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
        facts: &'a Facts,
        clock: &'a dyn Fn() -> u64,
    ) -> Source<'a> {
        let (lines, read) = (OnceCell::new(), OnceCell::new());
        let (flow, lexed) = (OnceCell::new(), OnceCell::new());
        let depth = Depth::Lints;
        Source { path, language, text, facts, clock, depth, lines, read, flow, lexed }
    }

    /// A text of which nothing but its syntax errors is asked.
    pub(crate) fn for_syntax(
        path: &'a str,
        language: Option<Language>,
        text: &'a str,
        facts: &'a Facts,
    ) -> Source<'a> {
        Source { depth: Depth::Syntax, ..Source::new(path, language, text, facts, &|| 0) }
    }

    /// Comments and tokens, or why the text was not read.
    pub(crate) fn lexed(&self) -> Result<&Lexed, String> {
        if self.text.len() > PARSED_BYTES_MAX {
            return Err(too_large());
        }
        Ok(self.lexed.get_or_init(|| Lexed::of(self.path, self.text)))
    }

    pub(crate) fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.text))
    }

    /// What the parser says, or why it was not asked.
    pub(crate) fn analysis(&self) -> Result<&Analysis, &String> {
        self.read().analysis.as_ref()
    }

    /// Where untrusted data goes, or why that is not known.
    pub(crate) fn flow(&self) -> Result<&flow::Outcome, &String> {
        let walked = self.flow.get_or_init(|| {
            let analysis = self.analysis().map_err(Clone::clone)?;
            let program = analysis.program.clone();
            let Some((language, program)) = self.language.and_then(languages::flow).zip(program)
            else {
                let gap = analysis.gap.clone();
                return Err(gap.unwrap_or_else(|| "the flow of data cannot be read".to_owned()));
            };
            let steps = FLOW_STEPS_BASE + FLOW_STEPS_PER_BYTE * self.text.len() as u64;
            let text = self.text.to_owned();
            let ran = deep_stack::run(&|| 0, PATIENCE, move |_| {
                flow::check(language, &program, &text, steps)
            });
            ran.value.map_err(|lost| match lost {
                Lost::Failed => "the flow engine failed on this file".to_owned(),
                Lost::Late => "it takes too long to follow the data of this file".to_owned(),
            })
        });
        walked.as_ref()
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
                return refused(&too_large());
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

fn too_large() -> String {
    format!("the file is larger than {} MiB", PARSED_BYTES_MAX >> 20)
}
