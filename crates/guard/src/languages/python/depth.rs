//! How deeply a text may nest before it is handed to code that recurses.
//!
//! ruff's parser grows its own stack, but its linter, its formatter and the freeing of a syntax
//! tree recurse. Two measures protect them. Before parsing, [`tokens`] bounds the depth of any tree
//! that the text can become; that keeps the parser's memory in bounds. After parsing, the depth of
//! the tree is known exactly, and only shallow trees go on to the linter.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// Largest bound from [`tokens`] at which a text is parsed at all.
pub(crate) const TOKENS_MAX: usize = 10_000;

/// Deepest tree that the linter and the formatter are given.
pub(crate) const LINTED_MAX: usize = 400;

/// Deepest tree that is freed; freeing recurses.
pub(crate) const DROPPED_MAX: usize = 20_000;

/// An upper bound of the depth of the tree that a text parses to, from its tokens alone.
///
/// Operators, keywords and brackets each deepen a tree by at most a few levels, and only those
/// that are not separated by a comma, a semicolon or a line end can be inside one another.
pub(crate) fn tokens(text: &str) -> usize {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut open: Vec<Frame> = Vec::new();
    let mut here = Frame::default();
    // Depth of everything around the innermost frame.
    let (mut around, mut indents, mut deepest) = (0_usize, 0_usize, 0_usize);
    loop {
        match lexer.next_token() {
            TokenKind::EndOfFile => return deepest,
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => continue,
            TokenKind::Indent => indents += 1,
            TokenKind::Dedent => indents = indents.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => here = Frame::default(),
            // The parts of a list do not nest; but `lambda a, b: lambda c, d: ...` does.
            TokenKind::Comma => here.chain = 0,
            TokenKind::Lambda => here.lambdas += 1,
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                here.chain += 1;
                around += here.chain + here.lambdas;
                open.push(std::mem::take(&mut here));
            }
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                if let Some(outer) = open.pop() {
                    around -= outer.chain + outer.lambdas;
                    here = outer;
                }
            }
            _ => here.chain += 1,
        }
        deepest = deepest.max(around + here.chain + here.lambdas + indents);
    }
}

/// What may nest within one pair of brackets.
#[derive(Default)]
struct Frame {
    /// Deepening tokens since the last separator.
    chain: usize,
    /// Lambdas since the opening bracket.
    lambdas: usize,
}

/// Whether a string can be seen, at a glance, not to be an expression: two words in a row.
///
/// Linters read strings in annotations as code; nearly all long strings are prose.
pub(crate) fn is_prose(text: &str) -> bool {
    const OPERATORS: [&str; 14] = [
        "and", "as", "async", "await", "else", "for", "from", "if", "in", "is", "lambda", "not",
        "or", "yield",
    ];
    let plain = text.split(['\'', '"', '#', '\\']).next().unwrap_or_default();
    let mut after_name = false;
    for part in plain.split_whitespace() {
        let is_name = part.chars().all(char::is_alphabetic) && !OPERATORS.contains(&part);
        if is_name && after_name {
            return true;
        }
        after_name = is_name;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_with_what_nests() {
        let n = 300;
        for deep in [
            "-".repeat(n) + "1",
            "not ".repeat(n) + "1",
            "lambda a, b: ".repeat(n) + "1",
            "(".repeat(n),
            "f(a, ".repeat(n),
            "1+".repeat(n) + "1",
            "a".to_owned() + &".b".repeat(n),
            "a if b else ".repeat(n) + "c",
            "f'{".repeat(n),
            (0..n).map(|level| " ".repeat(level) + "if a:\n").collect(),
        ] {
            assert!(tokens(&deep) >= n, "{}", &deep[..20]);
        }
    }

    #[test]
    fn lists_and_lines_do_not_nest() {
        let rows = "(-1, 'a', f(x)),\n".repeat(5_000);
        assert!(tokens(&format!("a = [{rows}]\n")) < 20);
        assert!(tokens(&"if a: b = -1; c = f(d)\n".repeat(5_000)) < 20);
    }

    #[test]
    fn tells_prose_from_code() {
        assert!(is_prose("Returns the number of lines."));
        for code in ["not not a", "List['a b']", "a if b else c", "", "dict[str, int]"] {
            assert!(!is_prose(code), "{code}");
        }
    }
}
