//! Only what the edit introduces is reported.

use types::{CheckState, Document, Edit, EditError, Facts, Snapshot};

use crate::{check_edit, check_new, places, unmark};

/// Turns one text into another; the marked findings of the second must be all that is reported.
fn check(path: &str, base: &str, marked: &str) {
    let (text, expected) = unmark(marked);
    let report = check_edit(&Document::new(path, base), &text);
    assert_eq!(places(&report), expected, "{path}:\n{marked}\n{:#?}", report.findings);
}

#[test]
fn what_was_there_before_is_not_reported() {
    let base = "import os\n\n\ndef f(a=[]):\n    return undefined\n";
    check("a.py", base, "import os\n\n\ndef f(a=[]):\n    return undefined\n\n\nx = 1\n");
    check(
        "a.py",
        base,
        "\"\"\"What it is.\"\"\"\n\nimport os\n\n\ndef f(a=[]):\n    return undefined\n",
    );
    check("a.py", base, base);
    check("a.js", "const a_b = 1;\nlet c = ;\n", "const d = 2;\nconst a_b = 1;\nlet c = ;\n");
}

#[test]
fn a_mistake_repeated_is_reported_once() {
    let base = "print(missing)\n";
    check("a.py", base, "print(missing)\nprint(missing) ~~ F821\n");
    check("a.py", base, "print(missing)\nx = 1\nprint(missing) ~~ F821\n");
}

#[test]
fn an_edited_line_keeps_its_old_findings() {
    // The place is touched, the line reads the same: only moved within the edit.
    check("a.py", "def f(a=[]):\n    return a\n", "def f(a=[]):\n    return a  # the list\n");
    // The line is another one now: the suggestion answers for it.
    check(
        "a.py",
        "def f(a=[]):\n    return a\n",
        "def g(a=[], b={}): ~~ B006 B006\n    return a, b\n",
    );
}

#[test]
fn a_deletion_can_introduce() {
    let base = "import os\nimport sys\n\nprint(os.name)\nprint(sys.path)\n";
    check("a.py", base, "import os ~~ F401\nimport sys\n\nprint(sys.path)\n");
}

#[test]
fn line_numbers_in_messages_do_not_matter() {
    let base = "def f():\n    pass\n\n\ndef f():\n    pass\n";
    check("a.py", base, &format!("x = 1\n\n\n{base}"));
}

#[test]
fn a_broken_base_is_not_the_suggestions_fault() {
    // Half a line, completed: the file parses now and its old findings come to light.
    let base = "import os\nimport json\n\n\ndef f(a):\n    return json.loads(a\n";
    check("a.py", base, "import os\nimport json\n\n\ndef f(a):\n    return json.loads(a)\n");
    check(
        "a.py",
        base,
        "import os\nimport json\n\n\ndef f(a):\n    return json.loads(b) ~~ F821\n",
    );
    // The file stays broken elsewhere.
    let broken = "x = (\n";
    let report = check_edit(&Document::new("a.py", broken), "y = 1\nx = (\n");
    assert_eq!(places(&report), []);
    assert_eq!(report.check("syntax").unwrap().state, CheckState::Passed);
    assert_eq!(report.check("lint").unwrap().state, CheckState::Unchecked);
    let report = check_edit(&Document::new("a.rs", "fn f( {\n"), "fn f( {\nfn g() {}\n");
    assert_eq!(report.check("syntax").unwrap().state, CheckState::Passed, "{report:#?}");
}

#[test]
fn complexity_counts_where_it_grows() {
    let function = |branches: usize, more: &str| {
        format!("function f(a) {{\n{}{more}}}\n", "  if (a) a();\n".repeat(branches))
    };
    let base = function(20, "");
    let document = Document::new("a.js", &base);
    assert_eq!(places(&check_edit(&document, &function(18, ""))), []);
    assert_eq!(places(&check_edit(&document, &function(20, "  a(1);\n"))), []);
    let worse = check_edit(&document, &function(21, ""));
    assert_eq!(places(&worse), [(1, "complexity-cyclomatic".to_owned())]);
    let python =
        |branches: usize| format!("def f(a):\n{}", "    if a:\n        a()\n".repeat(branches));
    let document = Document::new("a.py", &python(20));
    assert_eq!(places(&check_edit(&document, &python(19))), []);
    assert_eq!(places(&check_edit(&document, &python(21))), [(1, "C901".to_owned())]);
}

#[test]
fn another_secret_on_the_same_line_is_introduced() {
    let key = |tail: &str| format!("key = '{}{tail}'\n", "AKIA");
    let (one, two) = (key("Q7ZD2MXK4TBWN6RY"), key("B3LHV5JPC7GSE2UF"));
    let document = Document::new("a.py", &one);
    assert_eq!(places(&check_edit(&document, &format!("x = 1\n{one}"))), []);
    assert_eq!(places(&check_edit(&document, &two)), [(1, "secret-aws-access-key".to_owned())]);
}

#[test]
fn fingerprints_stay_when_lines_are_added_above() {
    let of = |text: &str| -> Vec<String> {
        check_new("a.py", text).findings.into_iter().map(|finding| finding.fingerprint).collect()
    };
    let text = "print(a)\nprint(b)\nprint(a)\n";
    let before = of(text);
    assert_eq!(before.len(), 3);
    assert!(before[0] != before[2] && before[0] != before[1], "{before:?}");
    assert_eq!(of(&format!("x = 1\n\n{text}")), before);
    assert!(before.iter().all(|one| one.len() == 16 && one.chars().all(|c| c.is_ascii_hexdigit())));
}

#[test]
fn an_edit_for_another_text_is_refused() {
    let edit = Edit::replace_all(&Document::new("a.py", "x = 1\n"), "x = 2\n");
    let snapshot = Snapshot::of(Document::new("a.py", "x = 3\n"));
    let refused = guard::check(&snapshot, &edit, &Facts::default(), &|| 0);
    assert!(matches!(refused, Err(EditError::StaleBase { .. })));
}
