//! The edit between two texts, line by line.

use std::time::Duration;

use similar::{Algorithm, DiffOp};
use types::{Document, Edit, TextEdit};

/// Past this, the diff gets coarser rather than slower.
const DEADLINE: Duration = Duration::from_millis(500);

/// The edit that turns `base` into `new`, one text edit for each run of changed lines.
#[must_use]
pub fn edit_between(base: &Document, new: &str) -> Edit {
    if base.text.is_empty() {
        return Edit::replace_all(base, new);
    }
    let edits = differences(&lines(&base.text), &lines(new));
    Edit::new(base, edits).unwrap_or_else(|_| Edit::replace_all(base, new))
}

/// The same to the character: what a line keeps is left alone.
#[must_use]
pub fn exact_edit_between(base: &Document, new: &str) -> Edit {
    if base.text.is_empty() {
        return Edit::replace_all(base, new);
    }
    let mut edits = Vec::new();
    for TextEdit { range, new_text } in differences(&lines(&base.text), &lines(new)) {
        let inner = differences(&characters(&base.text[range.clone()]), &characters(&new_text));
        edits.extend(inner.into_iter().map(|edit| TextEdit {
            range: range.start + edit.range.start..range.start + edit.range.end,
            ..edit
        }));
    }
    Edit::new(base, edits).unwrap_or_else(|_| Edit::replace_all(base, new))
}

/// The edits between two texts that are cut into pieces; ranges count bytes of the old one.
fn differences(old: &[&str], new: &[&str]) -> Vec<TextEdit> {
    let (starts, deadline) = (starts(old), std::time::Instant::now() + DEADLINE);
    let ops = similar::capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline));
    let changed = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let edit = |op: &DiffOp| TextEdit {
        range: starts[op.old_range().start]..starts[op.old_range().end],
        new_text: new[op.new_range()].concat(),
    };
    changed.map(edit).collect()
}

fn characters(text: &str) -> Vec<&str> {
    text.split_inclusive(|_: char| true).collect()
}

/// The difference between two texts of a file in the unified form, as `git diff` shows it; empty
/// where there is none.
#[must_use]
pub fn unified_diff(path: &str, old: &str, new: &str) -> String {
    let names = (format!("a/{path}"), format!("b/{path}"));
    let diff = similar::TextDiff::configure().timeout(DEADLINE).diff_lines(old, new);
    diff.unified_diff().header(&names.0, &names.1).to_string()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The byte offset of each line, and of the end.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut starts = vec![0];
    for line in lines {
        starts.push(starts[starts.len() - 1] + line.len());
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, edits: usize) {
        let base = Document::new("a.py", old);
        let edit = edit_between(&base, new);
        assert_eq!(edit.apply(&base).unwrap().text, new);
        assert_eq!(edit.text_edits().len(), edits, "{edit:?}");
    }

    #[test]
    fn one_edit_for_each_run_of_lines() {
        check("a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\nf", 2);
        check("", "a\n", 1);
        check("a\n", "", 1);
        check("a\nb", "a\nb", 0);
        check("a\r\nb\r\n", "a\r\nc\r\n", 1);
    }

    #[test]
    fn exact_edits_leave_the_rest_of_a_line_alone() {
        let base = Document::new("a.py", "é = f\"x\", y\nz\ngone\n");
        let new = "é = \"x\", Y\nz\n";
        let edit = exact_edit_between(&base, new);
        assert_eq!(edit.apply(&base).unwrap().text, new);
        let ranges: Vec<_> = edit.text_edits().iter().map(|edit| edit.range.clone()).collect();
        assert_eq!(ranges, [5..6, 11..12, 15..20]);
    }

    #[test]
    fn a_unified_diff_names_the_file() {
        let diff = unified_diff("a.py", "a\nb\n", "a\n");
        assert_eq!(diff, "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1 @@\n a\n-b\n");
        assert_eq!(unified_diff("a.py", "a\n", "a\n"), "");
    }
}
