//! What the engine must know of each language to keep a completion whole.

use std::sync::OnceLock;

use engine::{IndentationSyntax, Pair, StringSyntax, Syntax};
use types::{Language, Lexis, Quote};

/// The table of a language; an empty one, which allows everything, where brackets cannot be told
/// without a parser.
pub(crate) fn of(language: Language) -> &'static Syntax {
    static TABLES: [OnceLock<Syntax>; Language::ALL.len()] =
        [const { OnceLock::new() }; Language::ALL.len()];
    TABLES[language as usize].get_or_init(|| match language.lexis().brackets {
        true => table(language.lexis()),
        false => Syntax::default(),
    })
}

fn table(lexis: &Lexis) -> Syntax {
    let pairs = [b"()", b"[]", b"{}"].map(|[open, close]| Pair { open: *open, close: *close });
    let owned = |text: &&str| (*text).to_owned();
    let string = |quote: &Quote| StringSyntax {
        open: quote.open.to_owned(),
        close: quote.close.to_owned(),
        escape: quote.escape,
        spans_lines: quote.spans_lines,
    };
    Syntax {
        pairs: pairs.into(),
        strings: lexis.strings.iter().map(string).collect(),
        line_comments: lexis.line_comments.iter().map(owned).collect(),
        block_comments: lexis
            .block_comments
            .iter()
            .map(|(open, close)| ((*open).to_owned(), (*close).to_owned()))
            .collect(),
        indentation: lexis.block_opener.map(|opener| IndentationSyntax { opener }),
    }
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
        for language in Language::ALL.into_iter().filter(|one| one.lexis().brackets) {
            check(language, "f(\"(\", [a], {})", true);
            check(language, "f(\"(\", [a)", false);
            let quotes = language.lexis().strings.iter();
            let escapes = quotes.filter(|one| one.open == "\"").any(|one| one.escape.is_some());
            check(language, "f(\"a\\\"(\")", escapes);
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
