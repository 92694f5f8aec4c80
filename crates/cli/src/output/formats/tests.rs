//! One run in every format, against the files in `tests/golden`; `tests/it/formats.rs` gives those
//! to programs that read them. `UPDATE_GOLDEN=1` writes them anew.

use std::path::Path;

use pipeline::VerdictKey;
use policy::Author;
use types::{
    AllowedBy, CheckOutcome, Confidence, Document, Edit, Finding, Fix, Language, LineIndex, Report,
    Score, Severity, Suppressed, TrailStep,
};

use super::*;

const TEXT: &str = "from flask import request\n\n\ndef find(db, other):\n    \
                    name = request.args[\"n\"]\n    db.execute(\"SELECT '\" + name)\n    \
                    return None == other, \"ü\u{202e}\"\n";

fn finding(rule: &str, part: &str, check: &'static str, severity: Severity) -> Finding {
    let (index, start) = (LineIndex::new(TEXT), TEXT.find(part).unwrap());
    Finding {
        rule: rule.to_owned(),
        check,
        severity,
        confidence: Confidence::High,
        message: format!("a message with `code`, 100 %, <b>&\"quotes\"\nand {}", "a second line"),
        cwe: Vec::new(),
        start: index.position(TEXT, start),
        end: index.position(TEXT, start + part.len()),
        introduced: true,
        fingerprint: format!("{:016x}", start),
        fix: None,
        trail: Vec::new(),
    }
}

fn flow() -> Finding {
    let index = LineIndex::new(TEXT);
    let step = |part: &str, message: &str| {
        let start = TEXT.find(part).unwrap();
        TrailStep {
            message: message.to_owned(),
            start: index.position(TEXT, start),
            end: index.position(TEXT, start + part.len()),
        }
    };
    Finding {
        cwe: vec!["CWE-89".to_owned()],
        trail: vec![
            step("request.args", "a client sends this"),
            step("name = ", "it is kept here"),
            step("db.execute", "and becomes part of a query here"),
        ],
        ..finding("EX-FLOW", "\"SELECT '\" + name", "security", Severity::Error)
    }
}

fn judged() -> Checked {
    let at = TEXT.find("None == other").unwrap();
    let title = "Compare with `is`".to_owned();
    let fix = Fix { title, start: at, end: at + 13, text: "other is None".to_owned() };
    let style = finding("EX-STYLE", "None == other", "lint", Severity::Info);
    let hidden = finding("hidden-bidi", "\u{202e}", "hidden", Severity::Error);
    let suppression = types::Suppression {
        by: AllowedBy::Comment,
        reason: "shown to nobody".to_owned(),
        path: "src/a b.py".to_owned(),
        line: 7,
    };
    let outcome = |name, state, reason: Option<&str>, supported| CheckOutcome {
        name,
        state,
        reason: reason.map(str::to_owned),
        supported,
        duration_us: 0,
    };
    let report = Report {
        path: "src/a b.py".to_owned(),
        language: Some(Language::Python),
        checks: vec![
            outcome("syntax", CheckState::Passed, None, true),
            outcome("lint", CheckState::Failed, None, true),
            outcome("security", CheckState::Failed, Some("only the first 2 are known"), true),
            outcome("secrets", CheckState::Passed, None, true),
            outcome("hidden", CheckState::Passed, None, true),
            outcome("naming", CheckState::Unchecked, Some("the file is <too> odd"), true),
            outcome("coverage", CheckState::Unchecked, Some("no tests were run"), false),
        ],
        findings: vec![flow(), Finding { fix: Some(fix), ..style }],
        suppressed: vec![Suppressed { finding: hidden, suppression }],
        functions: Vec::new(),
        score: Score::default(),
    };
    checked(report, TEXT)
}

fn clean() -> Checked {
    let outcome = CheckOutcome {
        name: "secrets",
        state: CheckState::Passed,
        reason: None,
        supported: true,
        duration_us: 0,
    };
    let report = Report {
        path: "notes.md".to_owned(),
        language: None,
        checks: vec![outcome],
        findings: Vec::new(),
        suppressed: Vec::new(),
        functions: Vec::new(),
        score: Score::default(),
    };
    checked(report, "# Notes\n")
}

fn checked(report: Report, text: &str) -> Checked {
    let path = report.path.clone();
    let edit = Edit::replace_all(&Document::absent(&path), text);
    let verdict = policy::decide(&Policy::default(), Author::Person, edit, &report);
    let one = Digest::of(b"1");
    let key = VerdictKey {
        id: Digest::of(path.as_bytes()),
        document: one,
        edit: one,
        facts: one,
        policy: one,
        rules: one,
    };
    let outcome = Ok(Review { report, verdict, key });
    Checked { path, text: text.to_owned(), outcome, fixes: None }
}

fn files() -> Vec<Checked> {
    let made = [("EX-STYLE".to_owned(), 2)].into();
    let fixes = Fixes { made, written: true, ..Fixes::default() };
    let broken = Checked {
        path: "odd:name,%.py".to_owned(),
        text: String::new(),
        outcome: Err("`odd:name,%.py` is not text: a NUL byte at byte 2".to_owned()),
        fixes: None,
    };
    vec![judged(), Checked { fixes: Some(fixes), ..clean() }, broken]
}

#[track_caller]
fn check(format: ReportFormat, name: &str) {
    let policy = Policy::default();
    let manner = Manner { policy: &policy, quiet: false, verbose: false };
    let mut writer = writer(format, manner);
    let mut out = anstream::StripStream::new(Vec::new());
    let mut summary = Summary { skipped: 1, ..Summary::default() };
    writer.begin(&mut out).unwrap();
    for file in files() {
        summary.add(&file);
        writer.file(&mut out, &file).unwrap();
    }
    writer.end(&mut out, &summary).unwrap();
    let text = String::from_utf8(out.into_inner()).unwrap();
    // What changes with every change of a rule is no news here.
    let text = text
        .replace(&guard::rules_digest().to_string(), &Digest::of(b"rules").to_string())
        .replace(&policy.digest().to_string(), &Digest::of(b"policy").to_string());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the expected text")]
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(text == expected, "{} differs; it is now:\n{text}", path.display());
}

#[test]
fn every_format_is_as_expected() {
    check(ReportFormat::Text, "report.txt");
    check(ReportFormat::Json, "report.json");
    check(ReportFormat::Sarif, "report.sarif");
    check(ReportFormat::Github, "report.github");
    check(ReportFormat::Gitlab, "report.gitlab.json");
    check(ReportFormat::Junit, "report.junit.xml");
}
