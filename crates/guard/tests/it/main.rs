//! The guard as its callers see it: texts with marked findings behind one `check` function.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod allow;
mod cases;
mod catalog;
mod checks;
mod delta;
mod hostile;
mod languages;
mod lint;
mod report;
mod ruff_parity;
mod trim;

use guard::check;
use types::{Document, Edit, Facts, Report, Snapshot};

/// Checks a whole new file.
fn check_new(path: &str, text: &str) -> Report {
    check_edit(&Document::absent(path), text)
}

/// Checks the edit that turns a document into `text`.
fn check_edit(document: &Document, text: &str) -> Report {
    let edit = Edit::replace_all(document, text);
    let snapshot = Snapshot::of(document.clone());
    check(&snapshot, &edit, &Facts::default(), &|| 0).unwrap()
}

/// Takes the markers out of a text: ` ~~ rule rule` at the end of a line says which rules have a
/// finding that starts on it.
fn unmark(marked: &str) -> (String, Vec<(usize, String)>) {
    let mut expected = Vec::new();
    let mut text = String::new();
    for (index, line) in marked.split('\n').enumerate() {
        let (line, rules) = line.split_once(" ~~ ").unwrap_or((line, ""));
        if index > 0 {
            text.push('\n');
        }
        text.push_str(line);
        expected.extend(rules.split_whitespace().map(|rule| (index + 1, rule.to_owned())));
    }
    expected.sort();
    (text, expected)
}

/// The lines and rules of a report's findings.
fn places(report: &Report) -> Vec<(usize, String)> {
    let place = |finding: &types::Finding| (finding.start.line, finding.rule.clone());
    let mut places: Vec<_> = report.findings.iter().map(place).collect();
    places.sort();
    places
}
