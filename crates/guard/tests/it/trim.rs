//! Completions that do not parse are cut to what does.

use types::{Document, Edit, Snapshot};

/// Completes `before¦after` with a text; what is left of it must be `expected`.
fn check(path: &str, place: &str, text: &str, expected: Option<&str>) {
    let (before, after) = place.split_once('¦').unwrap();
    let document = Document::new(path, &format!("{before}{after}"));
    let edit = Edit::insert(&document, before.len(), text.to_owned()).unwrap();
    let trimmed = guard::trim(&Snapshot::of(document), &edit).unwrap();
    let left = trimmed.map(|edit| edit.text_edits()[0].new_text.clone());
    assert_eq!(left.as_deref(), expected, "{path}: {text}");
}

#[test]
fn python() {
    let place = "def f(a):\n    ¦\n\n\nx = 1\n";
    check("a.py", place, "b = a + 1\n    return b", None);
    check("a.py", place, "b = a + 1\n    return (b", Some("b = a + 1"));
    check("a.py", place, "if a:\n        return 1\n    else", Some("if a:\n        return 1"));
    check("a.py", place, "return (a", None);
    check("a.py", "x = ¦\n", "1\ny = [", Some("1"));
    check("a.py", "x = 1\n¦y = 2\n", "z = 3\nfor\n", Some("z = 3\n"));
}

#[test]
fn javascript() {
    let place = "function f(a) {\n  ¦\n}\n";
    check("a.js", place, "const b = a;\n  return b;", None);
    check("a.js", place, "const b = a;\n  return (b", Some("const b = a;"));
    check("a.js", place, "const b = a; return b; }}", Some("const b = a; return b;"));
    check("a.ts", place, "const b: number = a;\n  b as", Some("const b: number = a;"));
    check("a.js", place, "return {", None);
}

#[test]
fn rust_and_go() {
    let place = "fn f(a: u8) -> u8 {\n    ¦\n}\n";
    check("a.rs", place, "let b = a;\n    b + 1", None);
    check("a.rs", place, "let b = a;\n    b + (", Some("let b = a;"));
    check("a.rs", place, "let b = a; if b {", Some("let b = a;"));
    let place = "package a\n\nfunc f(a int) int {\n\t¦\n}\n";
    check("a.go", place, "b := a\n\treturn b", None);
    check("a.go", place, "b := a\n\treturn b + (", Some("b := a"));
}

#[test]
fn what_cannot_be_checked_is_left_alone() {
    check("Makefile", "a:\n¦\n", "((((", None);
}
