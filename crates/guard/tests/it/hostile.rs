//! Texts made to break parsers: nothing may abort, hang or be called checked when it was not.

use types::{CheckState, Document, Language};

use crate::{check_edit, check_new};

/// A report comes back, has every check, and no check passes that could not have run.
fn survives(name: &str, path: &str, text: &str) {
    let report = check_new(path, text);
    assert_eq!(report.checks.len(), guard::checks_for(None).len(), "{name}");
    for outcome in &report.checks {
        let said = outcome.state != CheckState::Unchecked || outcome.reason.is_some();
        assert!(said, "{name}: {} is unchecked without a reason", outcome.name);
    }
    // The same as an edit of a file: both texts are read.
    if text.len() < BOTH_BYTES_MAX {
        let document = Document::new(path, &format!("{text}\n"));
        check_edit(&document, text);
    }
}

/// Longer texts are not read twice: the second reading tells nothing that the first does not.
const BOTH_BYTES_MAX: usize = 30_000;

fn paths() -> impl Iterator<Item = String> {
    Language::ALL.into_iter().map(|language| format!("a.{}", language.extensions()[0]))
}

#[test]
fn deep_nesting_in_every_language() {
    for path in paths() {
        // Some grammars recover from errors in more than linear time.
        let n = if OLDER.contains(&path.as_str()) { 5_000 } else { 500 };
        for (name, text) in &nested(n, 100_000) {
            survives(name, &path, text);
        }
    }
}

/// Files whose parsers take long chains.
const OLDER: [&str; 6] = ["a.py", "a.js", "a.ts", "a.tsx", "a.rs", "a.go"];

fn nested(n: usize, many: usize) -> Vec<(&'static str, String)> {
    vec![
        ("brackets", "[".repeat(many)),
        ("parentheses", "(".repeat(2 * many)),
        ("braces", "{".repeat(n)),
        ("matched", format!("x = {}1{}", "[".repeat(n), "]".repeat(n))),
        ("minuses", format!("x = {}1", "-".repeat(many / 2))),
        ("tildes", format!("x = {}1", "~".repeat(n / 2))),
        ("bangs", format!("x = {}1;", "!".repeat(n / 2))),
        ("sums", format!("x = {}1", "1+".repeat(many / 2))),
        ("comparisons", format!("x = {}1", "1<".repeat(n / 2))),
        ("attributes", format!("x = a{}", ".b".repeat(n))),
        ("calls", format!("x = a{}", "()".repeat(n))),
        ("powers", format!("x = {}1", "2**".repeat(n / 2))),
        ("generics", format!("type A = {}B{};", "C<".repeat(n / 2), ">".repeat(n / 2))),
        ("arrows", "a => ".repeat(n / 2)),
        ("ternaries", format!("x = {}0", "a ? b : ".repeat(n / 4))),
        ("else if", format!("{} {{}}", "if (a) {} else ".repeat(n / 4))),
        ("blocks", "if (a) {".repeat(n / 4)),
        ("elements", "<a>".repeat(n / 4)),
        ("templates", "`${".repeat(n / 4)),
        ("comments", "/*".repeat(n)),
        ("functions", "fn a() {".repeat(n / 4)),
        ("quotes", "\"'`".repeat(n)),
    ]
}

#[test]
fn deep_nesting_in_python() {
    let n = 50_000;
    let indented: String =
        (0..1_500).map(|level| format!("{}if a:\n", " ".repeat(level))).collect();
    let texts = [
        ("not", format!("x = {}1", "not ".repeat(n))),
        ("lambda", format!("x = {}1", "lambda: ".repeat(n))),
        ("lambda with parameters", format!("x = {}1", "lambda a, b: ".repeat(n))),
        ("ternary", format!("x = {}1", "a if b else ".repeat(n))),
        ("await", format!("x = {}1", "await ".repeat(n))),
        ("concatenation", format!("x = {}", "'a' ".repeat(n))),
        ("f-strings", format!("x = {}", "f'{".repeat(n))),
        ("f-strings of two kinds", "f'{f\"{".repeat(n)),
        ("format specs", format!("x = f'{}'", "{a:".repeat(n))),
        ("format method", format!("x = '{}'.format(1)", "{:".repeat(n))),
        ("percent format", format!("x = '{}' % (1,)", "%(".repeat(n))),
        ("indentation", indented),
        ("one-line blocks", "if a: ".repeat(n)),
        ("elif", format!("if a: pass\n{}", "elif a: pass\n".repeat(n / 10))),
        ("decorators", format!("{}def f(): pass", "@a\n".repeat(n / 10))),
        ("subscripts", format!("x: {}int{}", "List[".repeat(n), "]".repeat(n))),
        ("annotation in a string", format!("x: '{}1'", "-".repeat(n))),
        (
            "annotation in a long string",
            format!("x: '{}int{}'", "List[".repeat(900), "]".repeat(900)),
        ),
        ("annotation in strings", format!("x: {} '1'", "'-' ".repeat(n))),
        ("annotation with escapes", format!("x: '{}1'", "\\x2d".repeat(n))),
        ("line ends in brackets", format!("x = {}", "(a, \n".repeat(n))),
        ("strings in f-strings", format!("x = {}", "f'{a'\n(".repeat(n / 10))),
        ("match", format!("match a:\n case {}b{}: pass", "[".repeat(n), "]".repeat(n))),
        ("match classes", format!("match a:\n case {}b{}: pass", "C(".repeat(n), ")".repeat(n))),
        ("comprehensions", format!("x = {}a{}", "[".repeat(500), " for a in b]".repeat(500))),
        ("stars", format!("f({}a)", "*".repeat(n))),
        ("walrus", format!("x = {}1{}", "(y := ".repeat(n), ")".repeat(n))),
        ("dicts", format!("x = {}1{}", "{a: ".repeat(n), "}".repeat(n))),
        ("returns", "return yield ".repeat(n)),
        ("del", format!("del {}a{}", "(".repeat(n), ")".repeat(n))),
        ("with", format!("with {}a{}: pass", "(".repeat(n), ")".repeat(n))),
        ("assignments", format!("{}1", "a = ".repeat(n / 10))),
    ];
    for (name, text) in &texts {
        survives(name, "a.py", text);
    }
}

/// What is just let through must fit the stack, in builds without optimisation too.
#[test]
fn nesting_up_to_the_limit_is_checked() {
    let n = 195;
    let texts = [
        format!("x = {}1{}\n", "[".repeat(n), "]".repeat(n)),
        format!("x = {}1{}\n", "(".repeat(n), ",)".repeat(n)),
        format!("x = {}1\n", "-".repeat(n)),
        format!("x = {}1\n", "not ".repeat(n)),
        format!("x = {}1\n", "lambda: ".repeat(n)),
        format!("x = {}1\n", "1 + ".repeat(n)),
        format!("x = int{}\n", ".b()".repeat(n / 2)),
        format!("x = {}1\n", "len if len else ".repeat(n)),
        format!("x: {}int{}\n", "list[".repeat(n), "]".repeat(n)),
        format!("x: '{}int{}'\n", "list[".repeat(n), "]".repeat(n)),
        format!("x = {}1{}\n", "f(".repeat(n), ")".repeat(n)).replace("f(", "len("),
        format!("x = {}a{}\n", "[".repeat(20), " for a in x]".repeat(20)),
        format!("x = {}1{}\n", "{1: ".repeat(n), "}".repeat(n)),
        (0..90).map(|level| format!("{}if x:\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(90)
            + "pass\n",
        (0..90).map(|level| format!("{}def f():\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(90)
            + "pass\n",
        (0..90).map(|level| format!("{}class C:\n", " ".repeat(level))).collect::<String>()
            + &" ".repeat(90)
            + "pass\n",
    ];
    for text in texts {
        let report = check_new("a.py", &text);
        let lint = report.check("lint").unwrap();
        let start: String = text.chars().take(30).collect();
        assert_eq!(lint.reason, None, "{start}");
        assert!(guard::format(Language::Python, &text).unwrap().is_ok(), "{start}");
    }
}

/// What the checks of tokens look for, begun again and again and never ended.
#[test]
fn openings_without_end() {
    let openings = [
        "#[allow(",
        "@SuppressWarnings(",
        "it(\"a\", ",
        "#[test] fn a() {",
        "use {",
        "import (",
        "\"dependencies\": {",
        "pip install a ",
        "catch (",
        "except Exception: ",
        "assert a == ",
        "function a(b) {",
        "throw new ",
        "exec(b64decode(\"",
        "curl -k ",
        "<<E ",
        "r#\"",
        "a \\\"",
        "/[",
        "`${",
        "// noqa ",
        "\"rules\": [",
        "- a: ",
        "ignore = [",
    ];
    for path in ["a.py", "a.js", "a.rs", "a.go", "package.json", "Dockerfile", "a.toml", "a.yml"] {
        for opening in openings {
            survives(opening, path, &opening.repeat(500));
            survives(opening, path, &format!("{opening}\n").repeat(200));
        }
    }
}

#[test]
fn odd_bytes_in_every_language() {
    let long_line = "a = b + c; ".repeat(10_000);
    let texts = [
        "",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "a\0b",
        "\u{FEFF}",
        "\u{FEFF}a",
        "\u{FFFD}\u{FFFD}",
        "\u{1F600}",
        "x = '\u{D7FF}\u{E000}'",
        "a = 1\rb = 2\r\nc = 3\n\rd",
        "\t\t\ta",
        "\u{2028}\u{2029}\u{85}",
        "\\",
        "\\\n",
        "#",
        "\"",
        "'''",
        "f'{",
        "\u{c}",
        "\u{202E}",
        "é",
        "﷽",
        "x = 1 \\",
    ];
    for path in paths().chain(["Makefile".to_owned(), "-".to_owned()]) {
        for text in texts {
            survives("odd bytes", &path, text);
            survives("odd bytes, many", &path, &text.repeat(100));
        }
        assert_eq!(check_new(&path, &long_line).checks.len(), guard::checks_for(None).len());
    }
}

#[test]
fn a_file_too_large_is_still_scanned_for_secrets() {
    let secret = format!("{}{}", "AKIA", "Q7ZD2MXK4TBWN6RY");
    let text = format!("{}\nkey = '{secret}'\n", "a = 1\n".repeat(400_000));
    let report = check_new("a.py", &text);
    for name in ["syntax", "lint", "security", "complexity", "naming"] {
        let outcome = report.check(name).unwrap();
        assert_eq!(outcome.state, CheckState::Unchecked);
        assert_eq!(outcome.reason.as_deref(), Some("the file is larger than 2 MiB"));
    }
    assert_eq!(report.check("secrets").unwrap().state, CheckState::Failed);
}

/// Every prefix of a program is what an editor holds while somebody types.
#[test]
fn every_prefix_of_a_program() {
    let programs = [
        (
            "a.py",
            "@d\nasync def f(a, *b: 'int') -> str:\n    return f'{a!r:>{b}}' if a else [x for x in b]\n",
        ),
        (
            "a.js",
            "async function* f({a, b = `x${1}`}, ...c) { for await (const d of c) yield d?.e ?? /r/g; }\n",
        ),
        (
            "a.tsx",
            "export const A = <T,>(p: P<T>): JSX.Element => <div {...p} a='b'>{p.c as any}</div>;\n",
        ),
        (
            "a.rs",
            "fn f<'a, T: Fn(&'a str) -> u8>(t: T) -> Option<u8> { if let Some(x) = y { r#\"a\"#; } None }\n",
        ),
        (
            "a.go",
            "package a\nfunc (t *T) f(a, b int) (c error) { select { case x := <-t.c: go func() {}() }\n}\n",
        ),
    ];
    for (path, program) in programs {
        for end in (0..=program.len()).filter(|end| program.is_char_boundary(*end)) {
            check_new(path, &program[..end]);
        }
    }
}
