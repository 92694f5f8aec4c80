//! A completion turned into text edits on one document.

use std::ops::Range;

use crate::{Digest, Document};

/// Replaces a byte range of the base text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// Bytes of the base text to replace; empty to insert.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub new_text: String,
}

/// Text edits on one document, bound to the exact text they were made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    path: String,
    base: Digest,
    edits: Vec<TextEdit>,
}

/// Why an edit cannot be made or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A range ends before it starts, lies outside the text or splits a character.
    #[error("edit of bytes {start}..{end} does not fit `{path}` ({len} bytes)")]
    OutOfRange {
        /// The document.
        path: String,
        /// First byte of the range.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// Length of the text in bytes.
        len: usize,
    },
    /// Two edits touch the same bytes.
    #[error("two edits of `{path}` overlap at byte {at}")]
    Overlap {
        /// The document.
        path: String,
        /// Where they overlap.
        at: usize,
    },
    /// The document is not the one the edit was made for.
    #[error("`{path}` has changed since the edit was made; ask again")]
    StaleBase {
        /// The document.
        path: String,
    },
}

impl Edit {
    /// Checks that the edits fit the document and do not overlap, and sorts them.
    ///
    /// # Errors
    /// [`EditError::OutOfRange`] and [`EditError::Overlap`].
    pub fn new(document: &Document, mut edits: Vec<TextEdit>) -> Result<Edit, EditError> {
        let text = &document.text;
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut end = 0;
        for edit in &edits {
            let Range { start, end: stop } = edit.range;
            let fits = start <= stop && text.is_char_boundary(start) && text.is_char_boundary(stop);
            if !fits {
                let (path, len) = (document.path.clone(), text.len());
                return Err(EditError::OutOfRange { path, start, end: stop, len });
            }
            if start < end {
                return Err(EditError::Overlap { path: document.path.clone(), at: start });
            }
            end = stop;
        }
        Ok(Edit { path: document.path.clone(), base: document.sha256, edits })
    }

    /// Replaces the whole text, as one edit of the part that differs.
    #[must_use]
    pub fn replace_all(document: &Document, new_text: &str) -> Edit {
        let old = &document.text;
        let same = |(a, b): &(char, char)| a == b;
        let prefix: usize =
            old.chars().zip(new_text.chars()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
        let tails = old[prefix..].chars().rev().zip(new_text[prefix..].chars().rev());
        let suffix: usize = tails.take_while(same).map(|(a, _)| a.len_utf8()).sum();
        let range = prefix..old.len() - suffix;
        let new_text = new_text[prefix..new_text.len() - suffix].to_owned();
        let edits = if range.is_empty() && new_text.is_empty() {
            Vec::new()
        } else {
            vec![TextEdit { range, new_text }]
        };
        Edit { path: document.path.clone(), base: document.sha256, edits }
    }

    /// Inserts `new_text` at a byte offset.
    ///
    /// # Errors
    /// [`EditError::OutOfRange`].
    pub fn insert(document: &Document, at: usize, new_text: String) -> Result<Edit, EditError> {
        Edit::new(document, vec![TextEdit { range: at..at, new_text }])
    }

    /// The document's path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// SHA-256 of the text the edit was made for.
    #[must_use]
    pub fn base(&self) -> Digest {
        self.base
    }

    /// SHA-256 over the path, the text it was made for and every replacement.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = format!("{}\0{}\0", self.path, self.base).into_bytes();
        for TextEdit { range, new_text } in &self.edits {
            let head = format!("{} {} {}\0", range.start, range.end, new_text.len());
            bytes.extend(head.into_bytes());
            bytes.extend(new_text.as_bytes());
        }
        Digest::of(&bytes)
    }

    /// The edits, sorted and without overlap.
    #[must_use]
    pub fn text_edits(&self) -> &[TextEdit] {
        &self.edits
    }

    /// The text after the edit, and where the new parts are in it.
    ///
    /// # Errors
    /// [`EditError::StaleBase`] where the document is not the one the edit was made for.
    pub fn apply(&self, document: &Document) -> Result<Edited, EditError> {
        if document.sha256 != self.base {
            return Err(EditError::StaleBase { path: self.path.clone() });
        }
        let mut text = String::with_capacity(document.text.len());
        let mut inserted = Vec::with_capacity(self.edits.len());
        let mut removed = Vec::with_capacity(self.edits.len());
        let mut from = 0;
        for edit in &self.edits {
            text.push_str(&document.text[from..edit.range.start]);
            let start = text.len();
            text.push_str(&edit.new_text);
            inserted.push(start..text.len());
            removed.push(edit.range.clone());
            from = edit.range.end;
        }
        text.push_str(&document.text[from..]);
        Ok(Edited { text, inserted, removed })
    }
}

/// The outcome of applying an [`Edit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole new text.
    pub text: String,
    /// Byte ranges of the new text that the edit wrote (empty where it only deleted), ascending.
    pub inserted: Vec<Range<usize>>,
    /// The byte range of the base text that each of them replaced.
    pub removed: Vec<Range<usize>>,
}

impl Edited {
    /// Where a byte range of the base text stands in the new text; `None` where the edit touched it.
    #[must_use]
    pub fn moved(&self, base: &Range<usize>) -> Option<Range<usize>> {
        let mut shift = 0isize;
        for (inserted, removed) in self.inserted.iter().zip(&self.removed) {
            if base.end <= removed.start {
                break;
            }
            if base.start < removed.end {
                return None;
            }
            shift = inserted.end.cast_signed() - removed.end.cast_signed();
        }
        Some(base.start.strict_add_signed(shift)..base.end.strict_add_signed(shift))
    }

    /// Whether a byte range of the new text touches a part that the edit wrote.
    ///
    /// A range touches a deletion where it contains the place of the deletion.
    #[must_use]
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.inserted.iter().any(|part| {
            let overlap = part.start < range.end && range.start < part.end;
            let at_deletion =
                part.is_empty() && range.start <= part.start && part.start <= range.end;
            overlap || at_deletion
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, edits: &[(Range<usize>, &str)], expected: &str) -> Edited {
        let document = Document::new("a.py", base);
        let edits = edits
            .iter()
            .map(|(range, new)| TextEdit { range: range.clone(), new_text: (*new).to_owned() });
        let edited = Edit::new(&document, edits.collect()).unwrap().apply(&document).unwrap();
        assert_eq!(edited.text, expected);
        edited
    }

    #[test]
    fn applies_and_maps_offsets() {
        let edited =
            check("0123456789", &[(2..4, "ab-cd"), (7..7, "!"), (9..10, "")], "01ab-cd456!78");
        assert_eq!(edited.inserted, [2..7, 10..11, 13..13]);
        let moved: Vec<_> = (0..10).map(|at| edited.moved(&(at..at + 1))).collect();
        let starts =
            [Some(0), Some(1), None, None, Some(7), Some(8), Some(9), Some(11), Some(12), None];
        assert_eq!(moved, starts.map(|start: Option<usize>| start.map(|start| start..start + 1)));
        assert_eq!(edited.moved(&(6..8)), None, "something was inserted inside");
        assert!(edited.touches(&(3..4)) && edited.touches(&(12..13)) && !edited.touches(&(7..9)));
    }

    #[test]
    fn whole_text_becomes_the_part_that_differs() {
        for (old, new) in [("aXb", "aYYb"), ("", "x"), ("aa", "aaa"), ("é", "è"), ("same", "same")]
        {
            let document = Document::new("a.py", old);
            let edit = Edit::replace_all(&document, new);
            assert_eq!(edit.apply(&document).unwrap().text, new);
            assert_eq!(edit.text_edits().is_empty(), old == new);
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let document = Document::new("a.py", "é=1");
        let new = |range: Range<usize>| Edit::insert(&document, range.start, String::new());
        assert!(matches!(new(1..1), Err(EditError::OutOfRange { .. })));
        assert!(matches!(new(9..9), Err(EditError::OutOfRange { .. })));
        let two = [0..3, 2..4].map(|range| TextEdit { range, new_text: String::new() });
        assert!(matches!(Edit::new(&document, two.into()), Err(EditError::Overlap { at: 2, .. })));
        let edit = new(0..0).unwrap();
        let other = Document::new("a.py", "e=1");
        assert!(matches!(edit.apply(&other), Err(EditError::StaleBase { .. })));
    }
}
