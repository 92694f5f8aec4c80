//! What the targets of the guard share: a text in two halves, before and after an edit.

use types::{CheckState, Document, Edit, Facts, Snapshot};

/// Checks a text alone and as an edit of its first half, and trims it: every check reports, and
/// what is not checked says why.
pub fn check(path: &str, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let half = text.floor_char_boundary(text.len() / 2);
    for base in ["", &text[..half]] {
        let document = match base {
            "" => Document::absent(path),
            _ => Document::new(path, base),
        };
        let edit = Edit::replace_all(&document, &text);
        let snapshot = Snapshot::of(document);
        let report = guard::check(&snapshot, &edit, &Facts::default(), &|| 0);
        let report = report.expect("the edit was made for this document");
        for outcome in &report.checks {
            assert!(outcome.state != CheckState::Unchecked || outcome.reason.is_some());
        }
        for finding in &report.findings {
            assert!(finding.start.byte <= finding.end.byte && finding.end.byte <= text.len());
        }
        let trimmed = guard::trim(&snapshot, &edit).expect("the same document");
        assert!(trimmed.is_none_or(|shorter| shorter.digest() != edit.digest()));
    }
}
