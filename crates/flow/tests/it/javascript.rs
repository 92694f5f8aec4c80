//! What JavaScript and TypeScript write in ways of their own, and texts that nest deeply.

use flow::lower::javascript::{DEPTH_MAX, Dialect, LOWERED_MAX, depth, lower, parse};
use flow::{Language, Rules};
use oxc::allocator::Allocator;

use crate::marks;

const RULES: &[(&str, &str)] = &[
    ("rules/weakness/test.toml", include_str!("cases/weakness.toml")),
    ("rules/javascript/test.toml", include_str!("cases/rules.toml")),
    ("models/javascript/test.toml", include_str!("cases/models.toml")),
];

#[test]
fn flows_through_what_only_javascript_has() {
    let text = include_str!("cases/javascript.tsx");
    let rules = Rules::new(Language::JavaScript, RULES).unwrap_or_else(|error| panic!("{error}"));
    let outcome = marks::check(&rules, text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.complete, Ok(()));
    let found = marks::lines(text, outcome.alarms.iter());
    assert_eq!(found, marks::marked(text, "HERE"), "found, and marked `HERE`");
}

/// Whether a text parses without errors, and whether it is lowered.
fn read(text: &str, dialect: Dialect) -> (bool, bool) {
    // The parser recurses.
    let read = || {
        let allocator = Allocator::default();
        let parsed = parse(&allocator, text, dialect);
        (parsed.errors.is_empty(), lower(&parsed.program).is_some())
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20);
        let thread = thread.spawn_scoped(scope, read).expect("a thread can be had");
        thread.join().expect("reading does not panic")
    })
}

#[test]
fn refuses_what_nests_too_deeply() {
    for (open, close) in
        [("!", ""), ("[", "]"), ("a=>", ""), ("a?b:", ""), ("a+", ""), ("`${", "}`")]
    {
        let text = |count: usize| format!("x={}1{}", open.repeat(count), close.repeat(count));
        assert_eq!(read(&text(100), Dialect::JavaScript), (true, true), "{open}");
        let deep = text(2 * LOWERED_MAX);
        assert_eq!(read(&deep, Dialect::JavaScript), (true, false), "{open}");
        assert!(depth(&deep) >= 2 * LOWERED_MAX && depth(&deep) <= DEPTH_MAX, "{open}");
    }
}

#[test]
fn reads_each_dialect_and_says_what_is_wrong() {
    for (text, dialect, is_right) in [
        ("const a = <b>{c}</b>;", Dialect::JavaScript, true),
        ("const a = <b>c;", Dialect::TypeScript, true),
        ("const a = <b>{c}</b> as any;", Dialect::Tsx, true),
        ("return 1", Dialect::JavaScript, true),
        ("with (a) { b }", Dialect::JavaScript, true),
        ("let a: number = 1;", Dialect::TypeScript, true),
        ("let a: number = 1;", Dialect::JavaScript, false),
        ("function (", Dialect::TypeScript, false),
    ] {
        assert_eq!(read(text, dialect).0, is_right, "{text}");
    }
    let allocator = Allocator::default();
    let parsed = parse(&allocator, "let a = ;", Dialect::JavaScript);
    let error = parsed.errors.first().expect("the text is wrong");
    assert_eq!((error.span.start, error.span.end), (8, 9), "{}", error.message);
}
