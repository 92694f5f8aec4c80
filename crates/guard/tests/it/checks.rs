//! Every check on texts with marked findings: what it must report, and what it must not.

use types::CheckState::{Passed, Unchecked};
use types::{Language, Severity};

use crate::{check_new, places, unmark};

/// Checks a marked text; the findings must be the marked ones and no others.
fn check(path: &str, marked: &str) {
    let (text, expected) = unmark(marked);
    let report = check_new(path, &text);
    assert_eq!(places(&report), expected, "{path}:\n{marked}\n{:#?}", report.findings);
}

/// The same for the findings of one check alone.
fn check_of(name: &str, path: &str, marked: &str) {
    let (text, expected) = unmark(marked);
    let mut report = check_new(path, &text);
    report.findings.retain(|finding| finding.check == name);
    assert_eq!(places(&report), expected, "{path}:\n{marked}\n{:#?}", report.findings);
}

/// The message of the only finding in a text.
fn message(path: &str, text: &str) -> String {
    let report = check_new(path, text);
    assert_eq!(report.findings.len(), 1, "{text}: {:#?}", report.findings);
    report.findings[0].message.clone()
}

#[test]
fn syntax() {
    let broken = [
        ("a.py", "def half(a, b:\n    return a\n", 1),
        ("a.js", "const a = (=> 1;\n", 1),
        ("a.js", "function f() {\n  return 1;\n", 2),
        ("a.jsx", "const a = <div><b></div>;\n", 1),
        ("a.ts", "let a: number = ;\n", 1),
        ("a.tsx", "const a = <div>;\n", 1),
        ("a.rs", "fn f() -> u8 {\n    let x = ;\n    1\n}\n", 2),
        ("a.go", "package a\n\nfunc f( int { return 1 }\n", 3),
    ];
    for (path, text, line) in broken {
        let report = check_new(path, text);
        let first = report.findings.iter().find(|finding| finding.check == "syntax");
        let first = first.unwrap_or_else(|| panic!("{path}: {text}"));
        assert_eq!((first.rule.as_str(), first.severity), ("syntax-error", Severity::Error));
        assert_eq!(first.start.line, line, "{path}: {first:?}");
        for name in ["complexity", "naming"] {
            let outcome = report.check(name).unwrap();
            assert_eq!(outcome.state, Unchecked, "{path}: {outcome:?}");
            assert!(outcome.reason.as_ref().unwrap().contains("does not parse"));
        }
    }
    for (path, text) in [
        ("a.py", "def whole(a, b):\n    return a or b\n"),
        ("a.pyi", "def stub(a: int) -> str: ...\n"),
        ("a.js", "export const a = (b) => b?.c ?? [...b];\nfor await (const x of a) {}\n"),
        ("a.jsx", "const a = <div><b c={1} /></div>;\n"),
        ("a.ts", "enum A { B }\nconst a = <T,>(x: T): x is T => x satisfies T;\n"),
        ("a.tsx", "const a = <div>{x as any}</div>;\n"),
        ("a.rs", "fn f<const N: usize>() -> impl Fn() { let Some(x) = y else { return }; x }\n"),
        ("a.go", "package a\n\nfunc f[T any](x ...T) (n int, err error) { return len(x), nil }\n"),
    ] {
        let state = check_new(path, text).check("syntax").unwrap().state;
        assert_eq!(state, Passed, "{path}: {text}");
    }
}

#[test]
fn syntax_messages_say_what_is_wrong() {
    assert_eq!(message("a.js", "f(1;\n"), "Expected `,` or `)` but found `;`");
    assert_eq!(message("a.c", "int a = 1; }\n"), "unexpected `}`");
    assert_eq!(message("a.go", "package a\n\nvar a = = 1\n"), "unexpected `=`");
    assert_eq!(message("a.rs", "fn f() {\n    g(1;\n}\n"), "missing `)`");
    assert_eq!(message("a.py", "a = (1\n"), "unexpected EOF while parsing");
}

#[test]
fn python_lint() {
    check(
        "a.py",
        "\
import os ~~ F401
import sys


def append(item, items=[]): ~~ B006
    items.append(item)
    unused = 1  # noqa: F841 ~~ F841 MW-SUPPRESSION-LINT
    return items == None ~~ E711


print(undefined, sys) ~~ F821
",
    );
}

#[test]
fn python_fixes_are_safe_ones() {
    let text = "import os\nimport sys\n\nprint(sys)\n";
    let report = check_new("a.py", text);
    let fix = report.findings[0].fix.as_ref().unwrap();
    let fixed = format!("{}{}{}", &text[..fix.start], fix.text, &text[fix.end..]);
    assert_eq!(fixed, "import sys\n\nprint(sys)\n");
    // Removing an assignment can change what the program does.
    let report = check_new("a.py", "def f():\n    x = g()\n\n\ndef g():\n    return 1\n");
    assert_eq!(places(&report), [(2, "F841".to_owned())]);
    assert_eq!(report.findings[0].fix, None);
}

#[test]
fn python_security_names_weaknesses() {
    let (text, expected) = unmark(
        "\
import hashlib
import subprocess


def run(command, data):
    assert data
    subprocess.call(command, shell=True) ~~ S602
    subprocess.call(\"/bin/true\", shell=True)
    return hashlib.md5(data) ~~ PY-WEAK-HASH


def query(cursor, name):
    cursor.execute(f\"SELECT a FROM b WHERE c = '{name}'\") ~~ S608
",
    );
    let report = check_new("a.py", &text);
    assert_eq!(places(&report), expected);
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.check, finding.severity, finding.cwe.join(" ")))
        .collect();
    let row = |severity, cwe: &str| ("security", severity, cwe.to_owned());
    assert_eq!(
        told,
        [
            row(Severity::Error, "CWE-78"),
            row(Severity::Error, "CWE-328 CWE-327"),
            row(Severity::Error, "CWE-89"),
        ]
    );
}

#[test]
fn naming() {
    check_of(
        "naming",
        "a.py",
        "\
class lower_case: ~~ N801
    def badMethod(self, Argument): ~~ N802 N803
        localName = Argument ~~ N806
        return localName
",
    );
    check_of("naming", "a.rs", "\
fn parseLine(lineText: &str) -> u8 { let goodName = 1; goodName } ~~ naming-snake-case naming-snake-case naming-snake-case
struct line_parser { fieldName: u8 } ~~ naming-upper-camel-case naming-snake-case
enum Kind { first_kind, Second } ~~ naming-upper-camel-case
const max_lines: u8 = 1; ~~ naming-upper-snake-case
static LINES: u8 = 1;
trait Fine<T> { fn also_fine(&self, _x: T); }
mod inner {}
type Result_ = u8;
fn r#match() { let _unused = 1; let (a, B) = c; }
");
    check_of(
        "naming",
        "a.go",
        "\
package a

const MAX_LINES = 1 ~~ naming-mixed-caps

type line_parser struct{ field_name int } ~~ naming-mixed-caps naming-mixed-caps

func parse_line(line_text string) (a, b int) { ~~ naming-mixed-caps naming-mixed-caps
\tlocal_name, ok := 1, 2 ~~ naming-mixed-caps
\t_ = ok
\treturn local_name, 2
}

func (p *Parser) ParseHTTP() {}
func TestParser_Line(t *testing.T) {}
",
    );
    check_of("naming", "a.js", "\
function parse_line(line_text, ok) { const local_name = 1; let _private = 2; } ~~ naming-camel-case naming-camel-case naming-camel-case
class line_parser { bad_method() {} #good; } ~~ naming-upper-camel-case naming-camel-case
const LINE_MAX = 1, Component = () => 1, $el = 2;
const { from_api } = response;
const table = { some_key: 1 };
");
    check_of(
        "naming",
        "a.ts",
        "\
interface line_parser { some_key: string } ~~ naming-upper-camel-case
type line_kind = 'a'; ~~ naming-upper-camel-case
enum Line_Kind { A } ~~ naming-upper-camel-case
function parse(line_text: string, ok?: boolean): void {} ~~ naming-camel-case
class Parser { private line_count = 1; } ~~ naming-camel-case
",
    );
}

#[test]
fn complexity() {
    let branches = |line: &str| line.repeat(15);
    let over = [
        ("a.js", format!("function f(a) {{\n{}}}\n", branches("  if (a) a();\n"))),
        ("a.tsx", format!("const f = (a) => {{\n{}}}\n", branches("  a ? a() : a;\n"))),
        ("a.rs", format!("fn f(a: bool) {{\n{}}}\n", branches("    while a && b() {}\n"))),
        ("a.go", format!("package a\n\nfunc f(a bool) {{\n{}}}\n", branches("\tfor a {\n\t}\n"))),
    ];
    for (path, text) in over {
        let report = check_new(path, &text);
        let mut report = report;
        report.findings.retain(|finding| finding.check == "complexity");
        let rules: Vec<_> = places(&report).into_iter().map(|(_, rule)| rule).collect();
        assert_eq!(rules, ["complexity-cyclomatic"], "{path}");
        assert_eq!(report.functions[0].name, "f", "{path}");
        let paths = if path == "a.rs" { 31 } else { 16 };
        assert_eq!(report.functions[0].cyclomatic, paths, "{path}");
    }
    let python = format!("def f(a):\n{}", "    if a:\n        a()\n".repeat(10));
    assert_eq!(places(&check_new("a.py", &python)), [(1, "C901".to_owned())]);
    check_of(
        "complexity",
        "a.js",
        "\
function f(a, b, c, d, e, f, g, h, i) { ~~ complexity-parameters
  if (a) { for (;;) { while (b) { switch (c) { case 1: try { if (d) e(); } finally {} } } } }
}
const g = () => { if (a) {} else if (b) {} else if (c) {} else if (d) {} else if (e) {} else {} };
"
        .replace("{ ~~ complexity-parameters", "{ ~~ complexity-nesting complexity-parameters")
        .as_str(),
    );
}

#[test]
fn functions_are_measured() {
    let measures = |path: &str, text: &str| -> Vec<(String, usize, usize, usize)> {
        let functions = check_new(path, text).functions;
        functions.into_iter().map(|f| (f.name, f.cyclomatic, f.nesting, f.parameters)).collect()
    };
    let one = |name: &str, paths, nesting, parameters| {
        vec![(name.to_owned(), paths, nesting, parameters)]
    };
    let python = "\
class A:
    def f(self, a, *b, c=1, **d):
        for x in a:
            if x and b or c:
                return [y for y in x if y]
            elif d:
                pass
        try:
            match a:
                case 1: pass
                case _: pass
        except ValueError:
            return 1 if a else 2
";
    assert_eq!(measures("a.py", python), one("f", 11, 2, 4));
    let rust = "fn f(&self, a: u8) -> u8 { match a { 1 => 1, 2 if b => 2, _ => { if a > 1 { 3 } else if b || c { 4 } else { 5 } } } }\n";
    assert_eq!(measures("a.rs", rust), one("f", 6, 2, 1));
    let go = "package a\n\nfunc (t T) F(a, b int, c ...string) { switch a { case 1: case 2: default: }; if a > 1 && b > 2 {} else if a == 3 {} }\n";
    assert_eq!(measures("a.go", go), one("F", 6, 1, 3));
    let js = "const f = async ({a}, [b], ...c) => { do { a ??= b } while (a || b); };\n";
    assert_eq!(measures("a.js", js), one("f", 4, 1, 3));
}

#[test]
fn hidden_characters() {
    for path in ["a.py", "a.rs", "a.go", "README", "a.txt"] {
        let text = "# \u{202E}\u{2066}admin\n# zero\u{200B}width\n# soft\u{AD}hyphen\n";
        let report = check_new(path, text);
        let hidden: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.check == "hidden")
            .map(|finding| (finding.start.line, finding.start.column, finding.rule.as_str()))
            .collect();
        let expected = [
            (1, 3, "hidden-bidi"),
            (1, 4, "hidden-bidi"),
            (2, 7, "hidden-character"),
            (3, 7, "hidden-character"),
        ];
        assert_eq!(hidden, expected, "{path}");
    }
    for fine in [
        "\u{FEFF}# mark",
        "# größe 日本語 العربية",
        "# \u{1F468}\u{200D}\u{1F469}",
        "# می\u{200C}خواهم",
    ] {
        let report = check_new("a.py", fine);
        assert_eq!(report.check("hidden").unwrap().state, Passed, "{fine}");
    }
}

#[test]
fn what_a_language_has_no_tool_for_is_unchecked() {
    for language in Language::ALL {
        let path = format!("a.{}", language.extensions()[0]);
        let report = check_new(&path, "\n");
        let supported = guard::checks_for(Some(language));
        for (outcome, support) in report.checks.iter().zip(&supported) {
            assert_eq!(outcome.name, support.name);
            let ran = outcome.state != Unchecked;
            assert_eq!(ran, support.tool.is_some(), "{language}: {outcome:?}");
            assert_eq!(support.tool.is_none(), support.reason.is_some());
        }
    }
    let go = guard::checks_for(Some(Language::Go));
    assert_eq!(go[1].reason.as_deref(), Some("there is no linter for go in this build"));
    let report = check_new("Makefile", "all:\n\tx\n");
    let states: Vec<_> = report.checks.iter().map(|check| (check.name, check.state)).collect();
    assert_eq!(
        states,
        [
            ("syntax", Unchecked),
            ("lint", Unchecked),
            ("security", Unchecked),
            ("secrets", Passed),
            ("hidden", Passed),
            ("complexity", Unchecked),
            ("naming", Unchecked),
            ("suppressions", Passed),
            ("placeholder", Passed),
            ("packages", Passed),
            ("instructions", Passed),
            ("weakened", Passed),
            ("coverage", Unchecked),
            ("allows", Passed),
        ]
    );
}

#[test]
fn formatting() {
    let format = guard::format(Language::Python, "x=[1,\n2]\n").unwrap();
    assert_eq!(format.unwrap(), "x = [1, 2]\n");
    let error = guard::format(Language::Python, "x = (").unwrap().unwrap_err();
    assert!(error.to_string().starts_with("the text does not parse: "));
    assert_eq!(
        guard::format(Language::Python, &format!("x = {}1", "-".repeat(5_000))).unwrap(),
        Err(guard::FormatError::TooLarge)
    );
    assert!(guard::format(Language::Go, "package a").is_none());
}
