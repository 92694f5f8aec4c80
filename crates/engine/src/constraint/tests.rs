//! What the syntax-aware constraint lets through, on two languages.

use super::*;

fn string(open: &str, close: &str, escape: Option<u8>, spans_lines: bool) -> StringSyntax {
    StringSyntax { open: open.to_owned(), close: close.to_owned(), escape, spans_lines }
}

fn pairs() -> Vec<Pair> {
    [b"()", b"[]", b"{}"].map(|[open, close]| Pair { open: *open, close: *close }).to_vec()
}

fn braces() -> Syntax {
    Syntax {
        pairs: pairs(),
        strings: vec![
            string("\"", "\"", Some(b'\\'), true),
            string("r#\"", "\"#", None, true),
            string("'", "'", Some(b'\\'), false),
        ],
        line_comments: vec!["//".to_owned()],
        block_comments: vec![("/*".to_owned(), "*/".to_owned())],
        indentation: None,
    }
}

fn indented() -> Syntax {
    Syntax {
        pairs: pairs(),
        strings: vec![
            string("\"\"\"", "\"\"\"", Some(b'\\'), true),
            string("\"", "\"", Some(b'\\'), false),
            string("'", "'", Some(b'\\'), false),
        ],
        line_comments: vec!["#".to_owned()],
        block_comments: vec![],
        indentation: Some(IndentationSyntax { opener: b':' }),
    }
}

/// Reads `text` at the cursor `|` of `around`, however it is cut into pieces. The outcome:
/// - `...` it may not end here
/// - `ok` it may
/// - `stop N` it is complete after N bytes
/// - `wrong N` the byte at N cannot come.
fn check(syntax: &Syntax, around: &str, text: &str, expected: &str) {
    let (prefix, suffix) = around.split_once('|').unwrap();
    for size in 1..=text.len().max(1) {
        let mut constraint = SyntaxConstraint::new(syntax, prefix, suffix).unwrap();
        let mut outcome = None;
        let mut start = 0;
        for bytes in text.as_bytes().chunks(size) {
            let piece = Piece { token: None, bytes };
            if !constraint.allows(piece) {
                // The first byte that is refused, without cutting it into pieces.
                let at = (0..bytes.len()).find(|at| {
                    let mut fresh = SyntaxConstraint::new(syntax, prefix, suffix).unwrap();
                    !fresh.allows(Piece { token: None, bytes: &text.as_bytes()[..=start + at] })
                });
                outcome = Some(format!("wrong {}", start + at.unwrap()));
                break;
            }
            if let Progress::Complete(kept) = constraint.advance(piece) {
                assert!(kept <= bytes.len());
                // Bytes of earlier pieces cannot be taken back.
                let first = text.as_bytes()[..start + kept].trim_ascii_end().len();
                outcome = Some(format!("stop {first}"));
                break;
            }
            start += bytes.len();
        }
        let may_end = if constraint.may_end() { "ok" } else { "..." };
        let outcome = outcome.unwrap_or_else(|| may_end.to_owned());
        assert_eq!(outcome, expected, "{text:?} at {around:?} in pieces of {size}");
    }
}

#[test]
fn brackets_that_were_opened_are_closed() {
    let braces = &braces();
    check(braces, "|", "", "ok");
    check(braces, "|", "a + b", "ok");
    check(braces, "|", "f(", "...");
    check(braces, "|", "f(a[1], {", "...");
    check(braces, "|", "f(a[1], {})", "ok");
    check(braces, "|", "f(]", "wrong 2");
    check(braces, "|", "f(a})", "wrong 3");
    check(braces, "|", "a)", "wrong 1");
    check(braces, "x = |", "(\n  1\n)", "ok");
}

#[test]
fn strings_and_comments_hide_brackets_and_end() {
    let braces = &braces();
    check(braces, "|", "\"(", "...");
    check(braces, "|", "\"(\"", "ok");
    check(braces, "|", r#""\""#, "...");
    check(braces, "|", r#""\"(""#, "ok");
    check(braces, "|", "'a\n", "wrong 2");
    check(braces, "|", "r#\"a\" ( \\\"#", "ok");
    check(braces, "|", "r#\"a\"", "...");
    check(braces, "|", "r + r # a", "ok");
    check(braces, "|", "a // (", "ok");
    check(braces, "|", "a / (", "...");
    check(braces, "|", "a /* ( ", "...");
    check(braces, "|", "a /* ( **/", "ok");
    let indented = &indented();
    check(indented, "|", "\"\"", "ok");
    check(indented, "|", "\"\"\"", "...");
    check(indented, "|", "\"\"\" \"\" ( \n \"\"\"", "ok");
    check(indented, "|", "x = \"\"  # it's (", "ok");
}

#[test]
fn what_the_suffix_closes_ends_the_unit() {
    let braces = &braces();
    check(braces, "f(|)", "a, b", "ok");
    check(braces, "f(|)", "a, g(b)", "ok");
    check(braces, "f(|)", "a, b)", "stop 4");
    check(braces, "f(|)", "a, b]", "wrong 4");
    check(braces, "fn f() { g(|\n}", "a);", "ok");
    check(braces, "fn f() { g(|\n}", "a);\n", "stop 3");
    check(braces, "fn f() {\n    |\n}\n", "g();\n    h();\n}", "stop 13");
    // A bracket that the suffix opens itself does not count.
    check(braces, "f(|, g(x)", "a)", "ok");
    // A string at the cursor.
    check(braces, "f(\"|\")", "a b", "ok");
    check(braces, "f(\"|\")", "a\\", "...");
    check(braces, "f(\"|\")", "a b\")", "stop 3");
    check(braces, "f(\"|", "a b\")", "ok");
    check(braces, "/* |*/ x", "it's (", "ok");
    check(braces, "// |\nx", "it's (", "ok");
    // A quote in a line before does not open a string for ever.
    check(braces, "it's\n|", "f()", "ok");
}

#[test]
fn a_closed_block_ends_the_unit_at_the_end_of_its_line() {
    let braces = &braces();
    check(braces, "fn f() {\n    |", "g();\n    h();\n}\nfn", "stop 15");
    check(braces, "fn f() |", "{\n    g();\n}\n\nfn h", "stop 12");
    check(braces, "fn f() |", "{ g() }\n", "ok");
    check(braces, "if a |", "{\n    b\n} else {\n    c\n}\n", "stop 24");
    check(braces, "let x = |", "vec![\n    1,\n];\nlet", "stop 15");
    check(braces, "a;\n|", "b;\nc;\n", "ok");
}

#[test]
fn indentation_is_that_of_open_blocks() {
    let indented = &indented();
    check(indented, "def f(x):\n|", "    return x", "ok");
    check(indented, "def f(x):\n|", "return x", "wrong 0");
    check(indented, "def f(x):\n    |", "return x", "ok");
    check(indented, "def f(x):|", "\n    return x\n\nf(1)", "stop 13");
    check(indented, "def f(x):\n    |", "a = 1\n    b = 2\n", "ok");
    check(indented, "def f(x):\n    |", "a = 1\n      b", "wrong 12");
    check(indented, "def f(x):\n    |", "if x:\n    b", "wrong 10");
    check(indented, "def f(x):\n    |", "if x:\n        b\n      c", "wrong 22");
    check(indented, "def f(x):\n    |", "if x:\n        b\n    c", "ok");
    check(indented, "def f(x):\n    |", "if x:\n        b\nc", "stop 15");
    check(indented, "def f(x):\n    |", "a = (1,\n2)\n    c", "stop 10");
    check(indented, "def f(x):\n    a\n    |", "b = 1 + \\\n  2\n    c", "ok");
    check(indented, "def f(x):\n    a\n    |", "# note\n# note\n    c", "ok");
    check(indented, "def f(x):\n\t|", "a\n        b\n", "ok");
    check(indented, "def f(x):\n    if x:\n        |", "a\n    else:\n        b", "stop 1");
    // A block must follow, but where the file has it already.
    check(indented, "|", "if x:", "...");
    check(indented, "|\n    y\n", "if x:", "ok");
    check(indented, "f({|})", "a:", "ok");
}

#[test]
fn tables_have_limits() {
    let bad = [
        Syntax { line_comments: vec![String::new()], ..Syntax::default() },
        Syntax { line_comments: vec!["123456789".to_owned()], ..Syntax::default() },
        Syntax { line_comments: vec!["#".to_owned(); 33], ..Syntax::default() },
        Syntax { strings: vec![string("\"", "", None, false)], ..Syntax::default() },
        Syntax { block_comments: vec![("/\n".into(), "x".into())], ..Syntax::default() },
    ];
    for syntax in &bad {
        assert!(SyntaxConstraint::new(syntax, "", "").is_err(), "{syntax:?}");
    }
    assert!(SyntaxConstraint::new(&Syntax::default(), "(", ")").is_ok());
    let long = format!("{}f(", "(\"".repeat(200_000));
    assert!(SyntaxConstraint::new(&braces(), &long, &long).is_ok(), "only the nearest is read");
}

/// Whatever is read, nothing panics, and what was allowed piece by piece is read without a fault.
#[test]
fn any_bytes_are_read() {
    let alphabet = b"(){}[]\"'\\\n\n  \t#/*r:ab\xff\xc3";
    let mut state = 7_u64;
    let mut random = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % end
    };
    let (braces, indented) = (braces(), indented());
    let (mut allowed, mut refused) = (0, 0);
    for _ in 0..4000 {
        let mut text = |length: usize| -> Vec<u8> {
            (0..length).map(|_| alphabet[random(alphabet.len())]).collect()
        };
        let (prefix, suffix, rest) = (text(12), text(12), text(40));
        let (prefix, suffix) = (String::from_utf8_lossy(&prefix), String::from_utf8_lossy(&suffix));
        for syntax in [&braces, &indented] {
            let mut constraint = SyntaxConstraint::new(syntax, &prefix, &suffix).unwrap();
            for bytes in rest.chunks(3) {
                let piece = Piece { token: None, bytes };
                if !constraint.allows(piece) {
                    refused += 1;
                    continue;
                }
                allowed += 1;
                if constraint.advance(piece) != Progress::Open {
                    break;
                }
                constraint.may_end();
            }
        }
    }
    assert!(allowed > 5000 && refused > 1000, "{allowed} {refused}");
}

/// Reads `text` byte by byte at the cursor `|`, for one line: where it is complete, or None if it
/// is refused.
fn check_line(syntax: &Syntax, around: &str, text: &str, expected: Option<usize>) {
    let (prefix, suffix) = around.split_once('|').unwrap();
    let mut constraint = SyntaxConstraint::new(syntax, prefix, suffix).unwrap().one_line();
    let mut outcome = Err("it goes on");
    for (at, bytes) in text.as_bytes().chunks(1).enumerate() {
        let piece = Piece { token: None, bytes };
        if !constraint.allows(piece) {
            outcome = Ok(None);
            break;
        }
        if let Progress::Complete(kept) = constraint.advance(piece) {
            outcome = Ok(Some(at + kept));
            break;
        }
    }
    assert_eq!(outcome, Ok(expected), "{text:?} at {around:?}");
}

#[test]
fn one_line_ends_where_it_is_whole() {
    let (braces, indented) = (&braces(), &indented());
    check_line(braces, "|", "f(a)\n", Some(4));
    check_line(braces, "|", "f(a\n", None);
    check_line(braces, "|", "\"a\n", None);
    check_line(braces, "|", "/* a\n", None);
    check_line(braces, "|", "a // (\n", Some(6));
    check_line(braces, "f(|)", "a)", Some(1));
    check_line(braces, "\"a|\nb\"", "b\n", Some(1));
    check_line(indented, "|", "if a:\n", Some(5));
    check_line(indented, "|", "a = \\\n", None);
    check_line(indented, "|", "\n", Some(0));
}
