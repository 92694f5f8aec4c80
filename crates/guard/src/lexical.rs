//! A text as comments and tokens, by the family that its file name belongs to.
//!
//! No parser: it works on broken code, in files whose language has no grammar here (settings,
//! scripts, CI files), and in linear time. What it cannot know without a parser (whether a `/`
//! divides, whether an apostrophe stands in the text of an element) it judges by the token before,
//! and a text that does not end on its line is taken for punctuation where its family has no texts
//! over several lines.

mod family;
mod scan;

use std::cell::OnceCell;
use std::ops::Range;

pub(crate) use family::Family;

/// Comments and tokens of one text, each in order of place.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// With their marks: `# ...`, `/* ... */`.
    pub comments: Vec<Range<usize>>,
    /// What stands outside comments.
    pub tokens: Vec<Token>,
    /// For each bracket the index of its partner, its own where it has none; made when first asked.
    partners: OnceCell<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a keyword or a number.
    Word,
    /// A string or character, with its quotes where it has them.
    Text,
    /// An operator or a bracket.
    Mark,
}

impl Token {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(crate) fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_text(&self) -> bool {
        self.kind == TokenKind::Text
    }
}

impl Lexed {
    /// Reads a text of at most 4 GiB.
    pub(crate) fn of(path: &str, text: &str) -> Lexed {
        scan::scan(Family::of(path, text), text)
    }

    /// The comment that a byte stands in.
    pub(crate) fn comment_at(&self, byte: usize) -> Option<&Range<usize>> {
        let after = self.comments.partition_point(|comment| comment.start <= byte);
        let comment = self.comments.get(after.checked_sub(1)?)?;
        (byte < comment.end).then_some(comment)
    }

    /// The index of the first token that starts at or after a byte.
    pub(crate) fn token_from(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| token.start < byte)
    }

    /// The index of the bracket that closes the one at `open`; `None` where it is never closed.
    pub(crate) fn closing(&self, text: &str, open: usize) -> Option<usize> {
        let partners = self.partners.get_or_init(|| partners(&self.tokens, text));
        partners.get(open).copied().filter(|partner| *partner > open)
    }

    /// Whether a comment stands between two bytes.
    pub(crate) fn comment_between(&self, from: usize, to: usize) -> bool {
        let first = self.comments.partition_point(|comment| comment.start < from);
        self.comments.get(first).is_some_and(|comment| comment.end <= to)
    }
}

fn partners(tokens: &[Token], text: &str) -> Vec<usize> {
    let mut partners: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Mark {
            continue;
        }
        match token.of(text) {
            "(" | "[" | "{" => open.push(index),
            ")" | "]" | "}" => {
                if let Some(begin) = open.pop() {
                    partners[begin] = index;
                }
            }
            _ => {}
        }
    }
    partners
}

/// What a comment says, line by line, without its marks; with the byte where each line starts.
pub(crate) fn comment_lines<'t>(
    text: &'t str,
    comment: &Range<usize>,
) -> impl Iterator<Item = (usize, &'t str)> {
    const MARKS: &[char] = &['/', '*', '#', '!', '-', ';', '%', '<', '{', '"'];
    let whole = text.get(comment.clone()).unwrap_or_default();
    let mut at = comment.start;
    whole.split('\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        let inner = line.trim_start().trim_start_matches(MARKS).trim_start();
        let said = inner.trim_end().trim_end_matches("*/").trim_end_matches("-->").trim_end();
        (start + (line.len() - inner.len()), said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments, then tokens, as they read.
    fn check(path: &str, text: &str, comments: &[&str], tokens: &str) {
        let lexed = Lexed::of(path, text);
        let said: Vec<&str> = lexed.comments.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(said, comments, "{path}: {text}");
        let read: Vec<&str> = lexed.tokens.iter().map(|token| token.of(text)).collect();
        assert_eq!(read.join(" "), tokens, "{path}: {text}");
    }

    #[test]
    fn families() {
        check("a.py", "x = '#a' # b\n'''\n# c\n'''", &["# b"], "x = '#a' '''\n# c\n'''");
        check("a.py", "f(r'\\'#', \"a\\\"#\")", &[], "f ( r'\\'#' , \"a\\\"#\" )");
        check("a.js", "a = /[/'\"]/g / b // c", &["// c"], "a = /[/'\"]/g / b");
        check("a.js", "`a ${b /* c */ + `d`} // e`", &["/* c */"], "`a ${ b + `d` } // e`");
        check("a.jsx", "<p>Don't // it\n</p>", &["// it"], "< p > Don ' t < / p >");
        check(
            "a.rs",
            "fn f<'a>(c: char) { c == '\\'' } /* a /* b */ c */",
            &["/* a /* b */ c */"],
            "fn f < ' a > ( c : char ) { c == '\\'' }",
        );
        check("a.rs", "r#\"a \" // b\"# // c", &["// c"], "r#\"a \" // b\"#");
        check("a.go", "a := `// b\nc` // d", &["// d"], "a := `// b\nc`");
        check(
            "a.sh",
            "echo $# a#b '# c' # d\ncat <<E\n# e\nE\nf",
            &["# d"],
            "echo $ # a # b '# c' cat << E # e\n f",
        );
        check(
            "a.yaml",
            "a: don't # b\nc: 'x # y'\nd: a#b",
            &["# b"],
            "a : don ' t c : 'x # y' d : a # b",
        );
        check("a.sql", "select '-- a' -- b\n", &["-- b"], "select '-- a'");
        check("a.html", "<b>'<!-- c\nd -->", &["<!-- c\nd -->"], "< b > '");
        check("Dockerfile", "RUN a # b\n# c\n", &["# c"], "RUN a # b");
        check("a.css", "a { b: '/*' } /* c */", &["/* c */"], "a { b : '/*' }");
        check("a.txt", "# it isn't code", &[], "# it isn ' t code");
    }

    #[test]
    fn lines_of_comments() {
        let text = "/**\n * a\n * b */";
        let lines: Vec<_> = comment_lines(text, &(0..text.len())).collect();
        assert_eq!(lines, [(3, ""), (7, "a"), (12, "b")]);
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        for path in ["a.py", "a.js", "a.rs", "a.sh", "a.yaml", "a.html", "a.lua", "a.hs", "x"] {
            for part in
                ["'", "\"", "`", "`${", "/*", "/", "<<E\n", "r#\"", "'''", "--[[", "é", "\\"]
            {
                let text = part.repeat(2_000);
                let lexed = Lexed::of(path, &text);
                let inside = |range: &Range<usize>| text.get(range.clone()).is_some();
                assert!(lexed.comments.iter().all(inside), "{path} {part}");
                assert!(lexed.tokens.iter().all(|token| inside(&token.range())), "{path} {part}");
            }
        }
    }
}
