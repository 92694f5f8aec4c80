//! What reading a text with its language's parser tells: the same shape for every language.

use std::ops::Range;
use std::sync::Arc;

use types::Fix;

use crate::languages::naming::Convention;
use crate::outline::Outline;

/// What one pass of the parser (and for Python the linter) told about one text.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// Where the text is not a program of its language.
    pub errors: Vec<SyntaxError>,
    /// What the linter said.
    pub linted: Linted,
    /// Functions, in order of their start.
    pub functions: Vec<Function>,
    /// Names that the text declares.
    pub names: Vec<Name>,
    /// What the program declares; only of languages that are read so far.
    pub outline: Option<Outline>,
    /// Where the comments are, with the characters that open and close them.
    pub comments: Vec<Range<usize>>,
    /// The text as the flow engine reads it; `None` where it has no such form.
    pub program: Option<Arc<flow::ir::Program>>,
    /// Why functions and names may be missing.
    pub gap: Option<String>,
}

/// How much of a text is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Its syntax errors.
    Syntax,
    /// All that the linter says, too.
    Lints,
}

#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub range: Range<usize>,
    pub message: String,
}

/// How far the linter came.
#[derive(Debug)]
pub(crate) enum Linted {
    /// All rules ran.
    Whole(Vec<Lint>),
    /// Only rules that need no syntax tree ran, for the reason given.
    Partly(Vec<Lint>, String),
    /// It did not run, for the reason given.
    Not(String),
}

impl Default for Linted {
    fn default() -> Linted {
        Linted::Not("there is no linter for this language in this build".to_owned())
    }
}

/// One diagnostic of the linter.
#[derive(Clone, Debug)]
pub(crate) struct Lint {
    pub code: String,
    pub message: String,
    pub range: Range<usize>,
    pub fix: Option<Fix>,
}

#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub name: String,
    /// Where a finding about the function points to.
    pub name_range: Range<usize>,
    pub range: Range<usize>,
    pub cyclomatic: usize,
    pub nesting: usize,
    pub parameters: usize,
}

/// One declared name; without a convention where the linter judges names.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub range: Range<usize>,
    pub convention: Option<Convention>,
}
