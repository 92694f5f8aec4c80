//! What people allow: which comments count, for which line, and what is said of the others.

use types::{Allow, Allows, CheckState, CommentAllows, Document, Edit, Facts, Report, Snapshot};

use CommentAllows::{All, None as Off, Older};

fn report(path: &str, before: &str, after: &str, allows: Allows) -> Report {
    let document = Document::new(path, before);
    let edit = Edit::replace_all(&document, after);
    let facts = Facts { allows, ..Facts::default() };
    guard::check(&Snapshot::of(document), &edit, &facts, &|| 0).unwrap()
}

/// `expected`: each finding as `line:rule`, with `=` before those that are suppressed.
#[track_caller]
fn check(path: &str, comments: CommentAllows, before: &str, after: &str, expected: &str) {
    let report = report(path, before, after, Allows { comments, listed: Vec::new() });
    let place = |finding: &types::Finding| format!("{}:{}", finding.start.line, finding.rule);
    let open = report.findings.iter().map(place);
    let suppressed = report.suppressed.iter().map(|one| format!("={}", place(&one.finding)));
    let mut found: Vec<String> = open.chain(suppressed).collect();
    found.sort();
    assert_eq!(found.join(" "), expected, "{after}");
    for outcome in &report.checks {
        let failed = report.findings.iter().any(|finding| finding.check == outcome.name);
        assert_eq!(outcome.state == CheckState::Failed, failed, "{}", outcome.name);
    }
}

#[test]
fn a_person_s_text_allows_on_the_line_or_above() {
    let all = |path: &str, after: &str, expected: &str| check(path, All, "", after, expected);
    all("a.py", "eval(x())  # countersign: allow S307 a constant\n", "1:F821 =1:S307");
    all(
        "a.py",
        "# countersign: allow S307,F821 a constant\n# countersign: allow S102 - twice\n\
         exec(eval(x()))\n",
        "=3:F821 =3:S102 =3:S307",
    );
    all("a.py", "if 1:\n    # countersign: allow S307 a constant\n    eval(__name__)\n", "=3:S307");
    all("a.py", "#countersign: allow S307\neval(__name__)\n", "1:allow-without-reason 2:S307");
    all("a.py", "eval(__name__)  # countersign: allow\n", "1:S307 1:allow-without-reason");
    all("a.py", "x = 1  # countersign: allow S307 a constant\n", "1:allow-unused");
    all("a.py", "eval(__name__)  # countersign: allowed S307 no\n", "1:S307");
    // A text is no comment.
    all("a.py", "eval(__name__ + '# countersign: allow S307 a constant')\n", "1:S307");
    all(
        "a.rs",
        "/* countersign: allow naming-snake-case as in C */ fn fooBar() {}\n",
        "=1:naming-snake-case",
    );
    all(
        "a.ts",
        "const a_b = 1; // countersign: allow naming-camel-case wire\n",
        "=1:naming-camel-case",
    );
    // Where no parser knows the comments, the characters before the mark tell.
    for opening in ["#", "//", "--", ";", "%", "<!--", "/*"] {
        let text = format!("\u{200b} {opening} countersign: allow hidden-character a test\n");
        check("notes", All, "", &text, "=1:hidden-character");
    }
    all("notes", "\u{200b} countersign: allow hidden-character no\n", "1:hidden-character");
}

#[test]
fn an_edit_cannot_allow_itself() {
    let older = |before, after, expected| check("a.py", Older, before, after, expected);
    older("", "eval(__name__)  # countersign: allow S307 x y\n", "1:S307 1:allow-not-older");
    // The line changes, the comment stays.
    older(
        "f = 1  # countersign: allow S307 a constant\n",
        "f = eval(__name__)  # countersign: allow S307 a constant\n",
        "=1:S307",
    );
    older(
        "# countersign: allow S307 a constant\nf = 1\n",
        "# countersign: allow S307 a constant\nf = eval(__name__)\n",
        "=2:S307",
    );
    // It is moved, copied or changed: then the edit wrote it.
    older(
        "f = 1  # countersign: allow S307 a constant\ng = 2\n",
        "f = 1\ng = eval(__doc__)  # countersign: allow S307 a constant\n",
        "2:S307 2:allow-not-older",
    );
    older(
        "f = 1  # countersign: allow S307 a constant\n",
        "f = eval(__name__)  # countersign: allow S307,S102 a constant\n",
        "1:S307 1:allow-not-older",
    );
    // Old allows of old findings are nobody's business now.
    older("x = 1  # countersign: allow S307 gone\n", "x = 2  # countersign: allow S307 gone\n", "");
}

#[test]
fn the_policy_may_forbid_comments() {
    let after = "eval(__name__)  # countersign: allow S307 a constant\n";
    check("a.py", Off, "", after, "1:S307 1:allow-forbidden");
    check("a.py", Off, "x = 1  # countersign: allow S307 a constant\n", after, "1:S307");
}

#[test]
fn entries_of_the_ignore_file_hold_for_the_whole_file() {
    let entry = |rule: &str| Allow {
        rule: rule.to_owned(),
        reason: "made for tests".to_owned(),
        path: ".countersignignore".to_owned(),
        line: 3,
    };
    let listed = vec![entry("S307"), entry("S102")];
    let report =
        report("a.py", "", "eval(__name__)\n\n\neval(__doc__)\n", Allows { comments: Off, listed });
    assert!(report.findings.is_empty());
    assert_eq!(report.suppressed.len(), 2);
    assert_eq!(report.suppressed[0].suppression.line, 3);
    let json = serde_json::to_value(&report.suppressed[1]).unwrap();
    assert_eq!((&json["rule"], &json["suppression"]["by"]), (&"S307".into(), &"file".into()));
}
