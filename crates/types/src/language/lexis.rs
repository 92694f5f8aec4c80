//! What comments and texts look like: enough to find the code between them without a parser.

/// How a language writes what is not code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexis {
    /// What starts a comment up to the end of its line.
    pub line_comments: &'static [&'static str],
    /// What starts and what ends other comments.
    pub block_comments: &'static [(&'static str, &'static str)],
    /// Texts and characters. A quote that also means something else, as that of lifetimes in
    /// Rust, is left out, or stands with what may follow it.
    pub strings: &'static [Quote],
    /// Whether brackets outside comments and texts always come in pairs, as far as `strings`
    /// tells what a text is. Not so where patterns, here-documents or markup stand in the code.
    pub brackets: bool,
    /// The last byte of a line after which a block is indented, where indentation means blocks.
    pub block_opener: Option<u8>,
}

/// A kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What starts it.
    pub open: &'static str,
    /// What ends it.
    pub close: &'static str,
    /// The byte that takes the meaning of the next one away.
    pub escape: Option<u8>,
    /// Whether it may hold line ends.
    pub spans_lines: bool,
}

/// A text with escapes that ends on its line.
const fn line(quote: &'static str) -> Quote {
    Quote { open: quote, close: quote, escape: Some(b'\\'), spans_lines: false }
}

/// A text with escapes.
const fn lines(quote: &'static str) -> Quote {
    Quote { spans_lines: true, ..line(quote) }
}

/// A text without escapes.
const fn raw(open: &'static str, close: &'static str) -> Quote {
    Quote { open, close, escape: None, spans_lines: true }
}

const C_BLOCK: &[(&str, &str)] = &[("/*", "*/")];

const NONE: Lexis = Lexis {
    line_comments: &[],
    block_comments: &[],
    strings: &[],
    brackets: false,
    block_opener: None,
};

/// A language of the family of C, without its texts.
const SLASHES: Lexis =
    Lexis { line_comments: &["//"], block_comments: C_BLOCK, brackets: true, ..NONE };

/// `#` and nothing else that is certain without a parser.
pub(super) const HASH: Lexis = Lexis { line_comments: &["#"], ..NONE };

pub(super) const PYTHON: Lexis = Lexis {
    strings: &[lines("\"\"\""), lines("'''"), line("\""), line("'")],
    brackets: true,
    block_opener: Some(b':'),
    ..HASH
};

/// A quote in a regular expression is taken for a text up to the end of its line.
pub(super) const SCRIPT: Lexis = Lexis { strings: &[line("\""), line("'"), lines("`")], ..SLASHES };

/// Characters that would mean something elsewhere, where the quote alone means something else.
macro_rules! with_characters {
    ($($quote:expr),* $(,)?) => {
        &[
            $($quote,)*
            raw("'\"", "'"), raw("'\\", "'"), raw("'(", "'"), raw("')", "'"), raw("'[", "'"),
            raw("']", "'"), raw("'{", "'"), raw("'}", "'"),
        ]
    };
}

pub(super) const RUST: Lexis = Lexis {
    strings: with_characters![
        lines("\""),
        raw("r\"", "\""),
        raw("r#\"", "\"#"),
        raw("r##\"", "\"##")
    ],
    ..SLASHES
};

pub(super) const GO: Lexis = Lexis { strings: &[line("\""), line("'"), raw("`", "`")], ..SLASHES };

/// The quote of characters also groups digits.
pub(super) const C: Lexis = Lexis { strings: with_characters![line("\"")], ..SLASHES };

pub(super) const CPP: Lexis =
    Lexis { strings: with_characters![line("\""), raw("R\"(", ")\"")], ..SLASHES };

pub(super) const C_SHARP: Lexis = Lexis {
    strings: &[raw("\"\"\"", "\"\"\""), raw("@\"", "\""), line("\""), line("'")],
    ..SLASHES
};

pub(super) const CSS: Lexis = Lexis { line_comments: &[], ..TWO_QUOTES };

pub(super) const DART: Lexis = Lexis {
    strings: &[
        lines("\"\"\""),
        lines("'''"),
        raw("r\"", "\""),
        raw("r'", "'"),
        line("\""),
        line("'"),
    ],
    ..SLASHES
};

pub(super) const HASKELL: Lexis = Lexis {
    line_comments: &["--"],
    block_comments: &[("{-", "-}")],
    strings: with_characters![lines("\"")],
    brackets: true,
    ..NONE
};

pub(super) const HCL: Lexis =
    Lexis { line_comments: &["#", "//"], strings: &[line("\"")], ..SLASHES };

pub(super) const MARKUP: Lexis = Lexis { block_comments: &[("<!--", "-->")], ..NONE };

/// Java, Kotlin, Scala, Swift: texts of one line and of several.
pub(super) const TRIPLE: Lexis =
    Lexis { strings: with_characters![lines("\"\"\""), line("\"")], ..SLASHES };

/// JSON, where some readers allow comments.
pub(super) const JSON: Lexis = Lexis { strings: &[line("\"")], ..SLASHES };

pub(super) const JULIA: Lexis = Lexis {
    line_comments: &["#"],
    block_comments: &[("#=", "=#")],
    strings: with_characters![lines("\"\"\""), lines("\""), lines("`")],
    brackets: true,
    ..NONE
};

pub(super) const LUA: Lexis = Lexis {
    line_comments: &["--"],
    block_comments: &[("--[[", "]]")],
    strings: &[line("\""), line("'"), raw("[[", "]]")],
    brackets: true,
    ..NONE
};

pub(super) const NIX: Lexis = Lexis {
    line_comments: &["#"],
    block_comments: C_BLOCK,
    strings: &[lines("\""), raw("''", "''")],
    brackets: true,
    ..NONE
};

pub(super) const OCAML: Lexis = Lexis {
    block_comments: &[("(*", "*)")],
    strings: with_characters![lines("\""), raw("{|", "|}")],
    brackets: true,
    ..NONE
};

/// `#[` begins an attribute, no comment.
pub(super) const PHP: Lexis = Lexis { line_comments: &["//", "#"], brackets: false, ..SLASHES };

/// Solidity and Protobuf.
pub(super) const TWO_QUOTES: Lexis = Lexis { strings: &[line("\""), line("'")], ..SLASHES };

pub(super) const R: Lexis =
    Lexis { strings: &[lines("\""), lines("'"), raw("`", "`")], brackets: true, ..HASH };

/// The marks of a block stand at the start of their lines.
pub(super) const RUBY: Lexis = Lexis { block_comments: &[("=begin", "=end")], ..HASH };

pub(super) const SQL: Lexis = Lexis {
    line_comments: &["--"],
    block_comments: C_BLOCK,
    strings: &[raw("'", "'"), raw("\"", "\"")],
    brackets: true,
    ..NONE
};

pub(super) const TOML: Lexis = Lexis {
    strings: &[
        lines("\"\"\""),
        raw("'''", "'''"),
        line("\""),
        Quote { spans_lines: false, ..raw("'", "'") },
    ],
    brackets: true,
    ..HASH
};

/// What follows `\\` on a line is text, brackets in it too.
pub(super) const ZIG: Lexis = Lexis { line_comments: &["//"], ..NONE };
