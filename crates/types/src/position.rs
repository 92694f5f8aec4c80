//! Places in a text: byte offsets, and the lines and columns people and programs are shown.

use serde::Serialize;

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalar values, from 1.
    pub column: usize,
    /// Byte offset from 0.
    pub byte: usize,
}

/// Where each line of a text begins.
///
/// A line ends after `\n`, or after a `\r` that no `\n` follows.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Scans `text` once.
    #[must_use]
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (offset, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && bytes.get(offset + 1) != Some(&b'\n')) {
                starts.push(offset + 1);
            }
        }
        LineIndex { starts }
    }

    /// How many lines there are; a text that ends in a newline has an empty last one.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The position of a byte offset of `text` (the text this index was made from).
    ///
    /// Offsets past the end or inside a character are moved back to the nearest boundary.
    #[must_use]
    pub fn position(&self, text: &str, byte: usize) -> Position {
        let byte = text.floor_char_boundary(byte);
        let line = self.line(byte);
        let column = text[self.starts[line - 1]..byte].chars().count() + 1;
        Position { line, column, byte }
    }

    /// The line, from 1, that a byte offset stands on.
    #[must_use]
    pub fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|&start| start <= byte)
    }

    /// The byte range of a line (from 1) of `text`, without its line ending.
    #[must_use]
    pub fn line_range(&self, text: &str, line: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).copied().unwrap_or(text.len());
        let content = text[start..end].trim_end_matches(['\n', '\r']);
        Some(start..start + content.len())
    }

    /// The byte offset of a line and column, both from 1; `None` where there is no such place.
    ///
    /// The column after the last character of a line is a place.
    #[must_use]
    pub fn offset(&self, text: &str, line: usize, column: usize) -> Option<usize> {
        let range = self.line_range(text, line)?;
        let wanted = column.checked_sub(1)?;
        let content = &text[range.clone()];
        let mut offsets = content.char_indices().map(|(offset, _)| offset).chain([content.len()]);
        offsets.nth(wanted).map(|offset| range.start + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\nnaïve = 1\r\nlast";
        let index = LineIndex::new(text);
        let at = index.position(text, text.find('=').unwrap());
        assert_eq!((at.line, at.column, at.byte), (2, 7, 9));
        assert_eq!((index.line(0), index.line(9), index.line(999)), (1, 2, 3));
        assert_eq!(index.offset(text, 2, 7), Some(9));
        assert_eq!(index.offset(text, 3, 5), Some(text.len()));
        assert_eq!(index.offset(text, 3, 6), None);
        assert_eq!(index.offset(text, 4, 1), None);
        assert_eq!(index.offset(text, 0, 1), None);
        assert_eq!(index.line_range(text, 2).map(|range| &text[range]), Some("naïve = 1"));
        assert_eq!(index.position(text, 999).byte, text.len());
    }
}
