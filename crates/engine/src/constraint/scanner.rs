//! Reads source text byte by byte: which brackets are open, whether this is a string or a
//! comment, how far the line is indented. Knows languages only by their [`Syntax`].

use super::syntax::Syntax;

/// Longest delimiter, in bytes: as many bytes may wait for what follows them.
pub(super) const DELIMITER_MAX: usize = 8;
/// Columns of a tab, as Python counts them.
const TAB: usize = 8;

/// Whether wrong text is refused, or passed over because it is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Strict,
    Lenient,
}

/// What a byte led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// No text that goes on like this is right.
    Wrong,
    /// What was read as many bytes before the end of the input does not belong to the unit.
    Complete {
        bytes_back: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Code,
    /// Number in [`Syntax::strings`], and whether the next byte is escaped.
    String(usize, bool),
    LineComment,
    /// Number in [`Syntax::block_comments`].
    BlockComment(usize),
}

/// What opens at the start of some bytes.
enum Opened {
    Mode(Mode, usize),
    /// More bytes are needed to tell.
    Unknown,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Scanner<'a> {
    syntax: &'a Syntax,
    pub(super) manner: Manner,
    pub(super) mode: Mode,
    /// Bytes that may be the start of a delimiter.
    pending: [u8; DELIMITER_MAX],
    pending_bytes: usize,
    /// Closing brackets that are due, of brackets before the cursor, outermost first.
    pub(super) enclosing: Vec<u8>,
    /// How many of those may be closed here, because nothing after the cursor does.
    pub(super) closable: usize,
    /// Closing brackets that are due, of brackets after the cursor.
    pub(super) opened: Vec<u8>,
    /// The mode is a string or a comment that began before the cursor; whether it ends after it.
    pub(super) inherited: Option<bool>,
    has_closed: bool,
    /// A bracket was open at the end of the line of the cursor; None on that line.
    spans_lines: Option<bool>,
    /// Columns of the blank start of this line, if there is nothing else on it.
    pub(super) blank_columns: Option<usize>,
    /// Bytes of this line.
    line_bytes: usize,
    /// Indentation of this line, and of the blocks around it, outermost first.
    pub(super) line_columns: usize,
    pub(super) blocks: Vec<usize>,
    /// The last byte of code that is not blank, and the one before a line end.
    pub(super) last_code: u8,
    /// The line before ended with a backslash.
    is_continued: bool,
    /// Less than this ends the unit.
    pub(super) columns_min: usize,
    /// The unit ends with its first line.
    pub(super) is_one_line: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(syntax: &'a Syntax, manner: Manner) -> Scanner<'a> {
        Scanner {
            syntax,
            manner,
            mode: Mode::Code,
            pending: [0; DELIMITER_MAX],
            pending_bytes: 0,
            enclosing: Vec::new(),
            closable: 0,
            opened: Vec::new(),
            inherited: None,
            has_closed: false,
            spans_lines: None,
            blank_columns: Some(0),
            line_bytes: 0,
            line_columns: 0,
            blocks: vec![0],
            last_code: b'\n',
            is_continued: false,
            columns_min: 0,
            is_one_line: false,
        }
    }

    /// Becomes equal to `other`, in the memory that it has.
    pub(super) fn copy_from(&mut self, other: &Scanner<'a>) {
        let mut enclosing = std::mem::take(&mut self.enclosing);
        let mut opened = std::mem::take(&mut self.opened);
        let mut blocks = std::mem::take(&mut self.blocks);
        enclosing.clone_from(&other.enclosing);
        opened.clone_from(&other.opened);
        blocks.clone_from(&other.blocks);
        *self = Scanner { enclosing, opened, blocks, ..*other };
    }

    /// Whether plain bytes, see [`Syntax`], change nothing here.
    pub(super) fn ignores_plain_bytes(&self) -> bool {
        self.pending_bytes == 0
            && self.blank_columns.is_none()
            && !matches!(self.mode, Mode::String(_, true))
    }

    /// Reads one byte.
    pub(super) fn read(&mut self, byte: u8) -> Verdict {
        self.pending[self.pending_bytes] = byte;
        self.pending_bytes += 1;
        self.resolve(false)
    }

    /// Decides what was waiting: nothing follows.
    pub(super) fn flush(&mut self) -> Verdict {
        self.resolve(true)
    }

    /// The cursor is here: what was read before is the text around the unit.
    pub(super) fn start_unit(&mut self) {
        self.enclosing = std::mem::take(&mut self.opened);
        self.spans_lines = None;
        let Some(indentation) = &self.syntax.indentation else { return };
        let block = self.blocks.last().copied().unwrap_or(0);
        self.columns_min = match self.blank_columns {
            _ if self.last_code == indentation.opener => block + 1,
            Some(columns) => columns,
            None => self.line_columns,
        };
        if self.columns_min > block && self.last_code != indentation.opener {
            self.blocks.push(self.columns_min);
        }
    }

    /// Goes on after [`Verdict::Complete`], once what led to it was changed.
    pub(super) fn retry(&mut self) -> Verdict {
        self.resolve(false)
    }

    fn resolve(&mut self, is_end: bool) -> Verdict {
        while self.pending_bytes > 0 {
            if self.is_one_line && self.pending[0] == b'\n' {
                return self.only_line_end();
            }
            let verdict = match self.mode {
                Mode::Code => match self.opened_mode(is_end) {
                    Opened::Unknown => return Verdict::Fine,
                    Opened::Nothing => self.code_byte(self.pending[0]),
                    Opened::Mode(mode, bytes) => self.enter(mode, bytes),
                },
                Mode::LineComment => {
                    if self.pending[0] == b'\n' {
                        self.mode = Mode::Code;
                        self.inherited = None;
                        continue;
                    }
                    self.consume(1);
                    Verdict::Fine
                }
                Mode::String(number, is_escaped) => {
                    let string = &self.syntax.strings[number];
                    let byte = self.pending[0];
                    if byte == b'\n' && !string.spans_lines && !is_escaped {
                        if self.manner == Manner::Strict {
                            return Verdict::Wrong;
                        }
                        self.mode = Mode::Code;
                        self.inherited = None;
                        continue;
                    }
                    if is_escaped || string.escape == Some(byte) {
                        self.mode = Mode::String(number, !is_escaped);
                        self.consume(1);
                        continue;
                    }
                    match self.closes(string.close.as_bytes(), is_end) {
                        None => return Verdict::Fine,
                        Some(verdict) => verdict,
                    }
                }
                Mode::BlockComment(number) => {
                    match self.closes(self.syntax.block_comments[number].1.as_bytes(), is_end) {
                        None => return Verdict::Fine,
                        Some(verdict) => verdict,
                    }
                }
            };
            if verdict != Verdict::Fine {
                return verdict;
            }
        }
        Verdict::Fine
    }

    /// The longest string or comment that opens with the pending bytes.
    fn opened_mode(&self, is_end: bool) -> Opened {
        let pending = &self.pending[..self.pending_bytes];
        let mut found = Opened::Nothing;
        let mut bytes_max = 0;
        for (mode, open) in self.syntax.openings() {
            let open = open.as_bytes();
            if open.len() > pending.len() && open.starts_with(pending) && !is_end {
                return Opened::Unknown;
            }
            if pending.starts_with(open) && open.len() > bytes_max {
                bytes_max = open.len();
                found = Opened::Mode(mode, bytes_max);
            }
        }
        found
    }

    fn enter(&mut self, mode: Mode, bytes: usize) -> Verdict {
        if let Mode::String(..) = mode {
            let verdict = self.first_code();
            if verdict != Verdict::Fine {
                return verdict;
            }
            self.last_code = self.pending[0];
        }
        self.blank_columns = None;
        self.mode = mode;
        self.consume(bytes);
        Verdict::Fine
    }

    /// Reads the end of a string or a comment, or one byte of it. None if that cannot be told.
    fn closes(&mut self, close: &[u8], is_end: bool) -> Option<Verdict> {
        let pending = &self.pending[..self.pending_bytes];
        if pending.starts_with(close) {
            if self.inherited == Some(true) {
                return Some(Verdict::Complete { bytes_back: self.pending_bytes });
            }
            self.inherited = None;
            self.mode = Mode::Code;
            self.consume(close.len());
        } else if close.starts_with(pending) && !is_end {
            return None;
        } else {
            self.consume(1);
        }
        Some(Verdict::Fine)
    }

    fn code_byte(&mut self, byte: u8) -> Verdict {
        match byte {
            b'\n' => return self.line_end(),
            b' ' => self.blank_columns = self.blank_columns.map(|columns| columns + 1),
            b'\t' => self.blank_columns = self.blank_columns.map(|c| (c / TAB + 1) * TAB),
            b'\r' => {}
            _ => {
                let verdict = self.first_code();
                if verdict != Verdict::Fine {
                    return verdict;
                }
                let verdict = self.bracket(byte);
                if verdict != Verdict::Fine {
                    return verdict;
                }
                self.last_code = byte;
            }
        }
        self.consume(1);
        Verdict::Fine
    }

    fn line_end(&mut self) -> Verdict {
        let has_closed_all = self.has_closed && self.closable == 0;
        let is_complete = has_closed_all || self.spans_lines == Some(true);
        if self.manner == Manner::Strict && is_complete && self.opened.is_empty() {
            return Verdict::Complete { bytes_back: self.pending_bytes };
        }
        self.spans_lines.get_or_insert(!self.opened.is_empty());
        self.is_continued = self.last_code == b'\\';
        self.blank_columns = Some(0);
        self.consume(1);
        self.line_bytes = 0;
        Verdict::Fine
    }

    /// The end of the only line.
    fn only_line_end(&self) -> Verdict {
        let is_between = match self.mode {
            Mode::Code => self.last_code != b'\\',
            Mode::LineComment => true,
            Mode::String(_, is_escaped) => self.inherited.is_some() && !is_escaped,
            Mode::BlockComment(_) => self.inherited.is_some(),
        };
        match is_between && self.opened.is_empty() {
            true => Verdict::Complete { bytes_back: self.pending_bytes },
            false => Verdict::Wrong,
        }
    }

    /// Before something that is no comment: if it is the first on its line, its indentation.
    fn first_code(&mut self) -> Verdict {
        let Some(columns) = self.blank_columns.take() else { return Verdict::Fine };
        let Some(indentation) = &self.syntax.indentation else {
            self.line_columns = columns;
            return Verdict::Fine;
        };
        let is_inside = !self.opened.is_empty() || !self.enclosing.is_empty();
        if is_inside || std::mem::take(&mut self.is_continued) {
            return Verdict::Fine;
        }
        let current = self.blocks.last().copied().unwrap_or(0);
        let opens = self.last_code == indentation.opener;
        if self.manner == Manner::Strict {
            if opens != (columns > current) {
                return Verdict::Wrong;
            }
            if columns < self.columns_min {
                let bytes_back = self.pending_bytes + self.line_bytes + 1;
                return Verdict::Complete { bytes_back };
            }
        }
        self.blocks.retain(|block| *block <= columns);
        if self.blocks.last() != Some(&columns) {
            if self.manner == Manner::Strict && !opens {
                return Verdict::Wrong;
            }
            self.blocks.push(columns);
        }
        self.line_columns = columns;
        Verdict::Fine
    }

    /// Opens or closes a bracket, if `byte` is one.
    fn bracket(&mut self, byte: u8) -> Verdict {
        if let Some(pair) = self.syntax.pairs.iter().find(|pair| pair.open == byte) {
            self.opened.push(pair.close);
            return Verdict::Fine;
        }
        if self.syntax.pairs.iter().all(|pair| pair.close != byte) {
            return Verdict::Fine;
        }
        if let Some(due) = self.opened.last() {
            if *due == byte {
                self.opened.pop();
            } else if self.manner == Manner::Strict {
                return Verdict::Wrong;
            } else if let Some(at) = self.opened.iter().rposition(|due| *due == byte) {
                self.opened.truncate(at);
            }
            return Verdict::Fine;
        }
        if self.enclosing.last() != Some(&byte) {
            if self.manner == Manner::Strict {
                return Verdict::Wrong;
            }
            // What is open further in is left to the completion to close.
            let Some(at) = self.enclosing.iter().rposition(|due| *due == byte) else {
                return Verdict::Fine;
            };
            self.enclosing.truncate(at + 1);
        }
        if self.closable == 0 {
            return Verdict::Complete { bytes_back: self.pending_bytes };
        }
        self.enclosing.pop();
        self.closable -= 1;
        self.has_closed = true;
        Verdict::Fine
    }

    fn consume(&mut self, bytes: usize) {
        self.pending.copy_within(bytes..self.pending_bytes, 0);
        self.pending_bytes -= bytes;
        self.line_bytes += bytes;
    }
}
