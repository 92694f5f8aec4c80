//! The edit between two texts, line by line.

use std::time::Duration;

use similar::{Algorithm, DiffOp};
use types::{Document, Edit, TextEdit};

/// Past this, the diff gets coarser rather than slower.
const DEADLINE: Duration = Duration::from_millis(500);

/// The edit that turns `base` into `new`, one text edit for each run of changed lines.
#[must_use]
pub fn edit_between(base: &Document, new: &str) -> Edit {
    let (old_lines, new_lines) = (lines(&base.text), lines(new));
    let old_starts = starts(&old_lines);
    let ops = if old_lines.is_empty() {
        return Edit::replace_all(base, new);
    } else {
        let deadline = std::time::Instant::now() + DEADLINE;
        similar::capture_diff_slices_deadline(
            Algorithm::Myers,
            &old_lines,
            &new_lines,
            Some(deadline),
        )
    };
    let edits = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).map(|op| TextEdit {
        range: old_starts[op.old_range().start]..old_starts[op.old_range().end],
        new_text: new_lines[op.new_range()].concat(),
    });
    Edit::new(base, edits.collect()).unwrap_or_else(|_| Edit::replace_all(base, new))
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
}
