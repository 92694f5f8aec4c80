//! The longest beginning of a completion that breaks nothing.
//!
//! Models stop where their tokens end, and small ones wander off into what does not parse. What
//! stands before that may be right. The text is cut where a line or a statement ends, from the end
//! backwards, until the file parses as well as it did before.

use types::{Edit, EditError, Edited, Facts, Snapshot, TextEdit};

use crate::checks::syntax;
use crate::source::Source;
use crate::{Texts, run};

/// Places where a text is cut at most: each costs a parse.
const CUTS_MAX: usize = 40;

/// Cuts an edit that introduces a syntax error at the end of a line or a statement, to its longest
/// beginning that introduces none. `None` where it introduces none as it is, where nothing but
/// blanks would be left, and where it is more than one replacement.
///
/// # Errors
/// [`EditError::StaleBase`] where the edit was made for another text.
pub fn trim(snapshot: &Snapshot, edit: &Edit) -> Result<Option<Edit>, EditError> {
    let [TextEdit { range, new_text }] = edit.text_edits() else { return Ok(None) };
    if !breaks(snapshot, &edit.apply(&snapshot.document)?) {
        return Ok(None);
    }
    let whole_lines = new_text.ends_with('\n');
    for length in cuts(new_text) {
        let mut text = new_text[..length].to_owned();
        if whole_lines && !text.ends_with('\n') {
            text.push('\n');
        }
        let replacement = TextEdit { range: range.clone(), new_text: text };
        let shorter = Edit::new(&snapshot.document, vec![replacement])?;
        if !breaks(snapshot, &shorter.apply(&snapshot.document)?) {
            return Ok(Some(shorter));
        }
    }
    Ok(None)
}

/// Whether an edit introduces a syntax error. Where that cannot be checked it does not.
fn breaks(snapshot: &Snapshot, edited: &Edited) -> bool {
    let document = &snapshot.document;
    let facts = Facts::default();
    let source = |text| Source::for_syntax(&document.path, document.language, text, &facts);
    let texts = Texts { before: source(&document.text), after: source(&edited.text), edited };
    let (_, found) = run(&syntax::CHECK, &texts, &|| 0);
    !found.is_empty()
}

/// Lengths of the beginnings of a text that end with a line or a statement, the longest first.
fn cuts(text: &str) -> Vec<usize> {
    let last = text.trim_end().len();
    let mut cuts: Vec<usize> = text
        .char_indices()
        .filter_map(|(at, char)| match char {
            '\n' => Some(text[..at].trim_end().len()),
            ';' | '}' => Some(at + 1),
            _ => None,
        })
        .filter(|length| *length < last && !text[..*length].trim().is_empty())
        .collect();
    cuts.sort_unstable_by(|one, other| other.cmp(one));
    cuts.dedup();
    cuts.truncate(CUTS_MAX);
    cuts
}
