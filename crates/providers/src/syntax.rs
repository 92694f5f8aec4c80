//! What the engine must know of each language to keep a completion whole.

use std::sync::LazyLock;

use engine::{IndentationSyntax, Pair, StringSyntax, Syntax};
use types::Language;

/// The table of a language.
pub(crate) fn of(language: Language) -> &'static Syntax {
    static PYTHON: LazyLock<Syntax> = LazyLock::new(python);
    static SCRIPT: LazyLock<Syntax> = LazyLock::new(script);
    static RUST: LazyLock<Syntax> = LazyLock::new(rust);
    static GO: LazyLock<Syntax> = LazyLock::new(go);
    match language {
        Language::Python => &PYTHON,
        Language::JavaScript | Language::TypeScript | Language::Tsx => &SCRIPT,
        Language::Rust => &RUST,
        Language::Go => &GO,
    }
}

fn python() -> Syntax {
    Syntax {
        pairs: pairs(),
        strings: vec![
            string("\"\"\"", true),
            string("'''", true),
            string("\"", false),
            string("'", false),
        ],
        line_comments: vec!["#".to_owned()],
        indentation: Some(IndentationSyntax { opener: b':' }),
        ..Syntax::default()
    }
}

/// A quote in a regular expression is taken for a string up to the end of its line.
fn script() -> Syntax {
    let strings = vec![string("\"", false), string("'", false), string("`", true)];
    Syntax { strings, ..braces() }
}

fn rust() -> Syntax {
    let mut strings = vec![
        string("\"", true),
        raw("r\"", "\""),
        raw("r#\"", "\"#"),
        raw("r##\"", "\"##"),
        // Characters that would mean something elsewhere. The quote alone is that of lifetimes.
        raw("'\"", "'"),
        raw("'\\", "'"),
    ];
    let brackets = ["'(", "')", "'[", "']", "'{", "'}"];
    strings.extend(brackets.map(|open| raw(open, "'")));
    Syntax { strings, ..braces() }
}

fn go() -> Syntax {
    let strings = vec![string("\"", false), string("'", false), raw("`", "`")];
    Syntax { strings, ..braces() }
}

/// A language of the family of C, without its strings.
fn braces() -> Syntax {
    Syntax {
        pairs: pairs(),
        line_comments: vec!["//".to_owned()],
        block_comments: vec![("/*".to_owned(), "*/".to_owned())],
        ..Syntax::default()
    }
}

fn pairs() -> Vec<Pair> {
    [b"()", b"[]", b"{}"].map(|[open, close]| Pair { open: *open, close: *close }).into()
}

fn string(quote: &str, spans_lines: bool) -> StringSyntax {
    StringSyntax { escape: Some(b'\\'), spans_lines, ..raw(quote, quote) }
}

/// A string without escapes.
fn raw(open: &str, close: &str) -> StringSyntax {
    StringSyntax { open: open.to_owned(), close: close.to_owned(), escape: None, spans_lines: true }
}

#[cfg(test)]
mod tests {
    use engine::{Constraint as _, Piece, SyntaxConstraint};

    use super::*;

    /// Whether the engine takes `text` in a language, and lets it end there.
    fn check(language: Language, text: &str, expected: bool) {
        let mut constraint = SyntaxConstraint::new(of(language), "", "").expect("a valid table");
        let is_allowed = text.as_bytes().chunks(1).all(|bytes| {
            let piece = Piece { token: None, bytes };
            let is_allowed = constraint.allows(piece);
            constraint.advance(piece);
            is_allowed
        });
        assert_eq!(is_allowed && constraint.may_end(), expected, "{language}: {text}");
    }

    #[test]
    fn what_looks_like_a_bracket_or_a_quote() {
        for language in Language::ALL {
            check(language, "f(\"(\", [a], {})", true);
            check(language, "f(\"(\", [a)", false);
            check(language, "f(\"a\\\"(\")", true);
            check(language, "a = \"b", false);
        }
        check(Language::Python, "f('(', '\\'', '''a'\n(''') # (", true);
        check(Language::Python, "'''a\n", false);
        for language in [Language::JavaScript, Language::TypeScript, Language::Tsx] {
            check(language, "f(`a\n(`, '\"') /* ( */ // {", true);
            check(language, "f(`a\n(, '\"')", false);
        }
        check(Language::Rust, "fn f<'a>(x: &'a str) -> &'a str { x }", true);
        check(Language::Rust, r#"['"', '\'', '(', b'{', '\\', '\"', ']']"#, true);
        check(Language::Rust, r####"(r"\", r#"a"("#, r##""#"##)"####, true);
        check(Language::Rust, "f(r#\"a\")", false);
        check(Language::Go, "[]rune{'\"', '\\'', '('} + `a\\`", true);
        check(Language::Go, "`a\n", false);
    }
}
