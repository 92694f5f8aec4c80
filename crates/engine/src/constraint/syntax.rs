//! Text that keeps brackets, strings and indentation in order, by a small table of a language.

use super::scanner::{DELIMITER_MAX, Manner, Mode, Scanner, Verdict};
use super::{Constraint, Piece, Progress};
use crate::error::EngineError;

/// Most entries of a list of a [`Syntax`].
const ENTRIES_MAX: usize = 32;
/// Bytes of text around the cursor that are read: the nearest.
const CONTEXT_BYTES_MAX: usize = 1 << 18;

/// What must be known of a language. Delimiters are 1 to 8 bytes; of several that open at one
/// place, the longest counts. At most 32 of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Syntax {
    /// Brackets.
    pub pairs: Vec<Pair>,
    /// Strings and characters. A quote that also means something else, as that of lifetimes in
    /// Rust, is better left out: then it is text like any other.
    pub strings: Vec<StringSyntax>,
    /// What starts a comment up to the end of the line.
    pub line_comments: Vec<String>,
    /// What starts and what ends other comments, which do not nest.
    pub block_comments: Vec<(String, String)>,
    /// Whether indentation means something.
    pub indentation: Option<IndentationSyntax>,
}

/// A bracket and the one that closes it, both ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// `(`
    pub open: u8,
    /// `)`
    pub close: u8,
}

/// A kind of string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringSyntax {
    /// What starts it.
    pub open: String,
    /// What ends it.
    pub close: String,
    /// The byte that takes the meaning of the next one away.
    pub escape: Option<u8>,
    /// Whether it may hold line ends.
    pub spans_lines: bool,
}

/// How indentation makes blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndentationSyntax {
    /// The last byte of a line after which a block must be indented, and may be only there.
    pub opener: u8,
}

impl Syntax {
    /// All delimiters that open a string or a comment.
    pub(super) fn openings(&self) -> impl Iterator<Item = (Mode, &str)> {
        let strings = self.strings.iter().enumerate();
        let strings = strings.map(|(n, string)| (Mode::String(n, false), string.open.as_str()));
        let lines = self.line_comments.iter().map(|open| (Mode::LineComment, open.as_str()));
        let blocks = self.block_comments.iter().enumerate();
        let blocks = blocks.map(|(n, (open, _))| (Mode::BlockComment(n), open.as_str()));
        strings.chain(lines).chain(blocks)
    }

    /// Whether a byte has no meaning beyond itself: letters and digits, in any sane language.
    pub(super) fn is_plain(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() && self.openings().all(|(_, open)| open.as_bytes()[0] != byte)
    }

    fn check(&self) -> Result<(), EngineError> {
        let invalid = |why| Err(EngineError::InvalidOption { option: "syntax", why });
        let closes = self.strings.iter().map(|string| &*string.close);
        let closes = closes.chain(self.block_comments.iter().map(|(_, close)| &**close));
        for delimiter in self.openings().map(|(_, open)| open).chain(closes) {
            if !(1..=DELIMITER_MAX).contains(&delimiter.len()) || delimiter.contains('\n') {
                let why = format!("delimiter {delimiter:?} is not 1 to {DELIMITER_MAX} bytes");
                return invalid(format!("{why} of one line"));
            }
        }
        let lists = [
            self.pairs.len(),
            self.strings.len(),
            self.line_comments.len(),
            self.block_comments.len(),
        ];
        match lists.into_iter().max() {
            Some(entries) if entries > ENTRIES_MAX => {
                invalid(format!("{entries} entries of a kind, at most {ENTRIES_MAX} are allowed"))
            }
            _ => Ok(()),
        }
    }
}

/// Keeps a completion in order, and knows where it is whole.
///
/// It cannot end within a character, nor within a string, a block comment or a bracket that it
/// opened itself. It cannot close a bracket that is not open, end a line within a string of one line, or, where
/// indentation counts, indent without reason or to a column that no block has.
///
/// It is complete, and ends without an end token,
/// - before it would close a bracket, a string or a comment that the text after the cursor
///   closes;
/// - at the end of the line where it closed all that only it could close;
/// - at the end of the line where a bracket is closed that it left open on the first line;
/// - before a line indented less than the line of the cursor, where indentation counts;
/// - at the end of its first line, if it was asked for one ([`SyntaxConstraint::one_line`]).
///
/// What was shown cannot be taken back: blanks before such a line, or the first bytes of a longer
/// delimiter that the text after the cursor has too, may stay at the end.
#[derive(Debug)]
pub struct SyntaxConstraint<'a> {
    scanner: Scanner<'a>,
    /// Where a piece is tried.
    trial: Scanner<'a>,
    /// Letters and digits of this syntax, by byte.
    plain: [bool; 256],
    /// Bytes that the character in progress still needs.
    character_bytes_left: u8,
    /// There is text after the cursor.
    has_suffix: bool,
    opener: Option<u8>,
}

impl<'a> SyntaxConstraint<'a> {
    /// For a completion between `prefix` and `suffix`, the texts around the cursor in the file.
    /// Of longer texts the nearest 256 KiB are read.
    ///
    /// # Errors
    /// [`EngineError::InvalidOption`] for a table beyond its limits.
    pub fn new(
        syntax: &'a Syntax,
        prefix: &str,
        suffix: &str,
    ) -> Result<SyntaxConstraint<'a>, EngineError> {
        syntax.check()?;
        let mut scanner = Scanner::new(syntax, Manner::Lenient);
        for byte in nearest_lines(prefix.as_bytes()) {
            // What is there is there, right or wrong.
            let _ = scanner.read(*byte);
        }
        let _ = scanner.flush();
        scanner.start_unit();

        let mut after = Scanner::new(syntax, Manner::Lenient);
        after.copy_from(&scanner);
        let is_within = !matches!(scanner.mode, Mode::Code | Mode::LineComment);
        after.inherited = is_within.then_some(true);
        let (closes_mode, closed) = read_suffix(&mut after, suffix.as_bytes());

        scanner.manner = Manner::Strict;
        scanner.inherited = is_within.then_some(closes_mode);
        scanner.closable = scanner.enclosing.len().saturating_sub(closed);
        let mut trial = Scanner::new(syntax, Manner::Strict);
        trial.copy_from(&scanner);
        Ok(SyntaxConstraint {
            scanner,
            trial,
            plain: std::array::from_fn(|byte| syntax.is_plain(byte as u8)),
            character_bytes_left: 0,
            has_suffix: !suffix.trim().is_empty(),
            opener: syntax.indentation.map(|indentation| indentation.opener),
        })
    }
}

impl SyntaxConstraint<'_> {
    /// Ends the completion with its line, which then cannot end within a bracket or a string
    /// that it opened.
    #[must_use]
    pub fn one_line(mut self) -> Self {
        self.scanner.is_one_line = true;
        self
    }
}

impl Constraint for SyntaxConstraint<'_> {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        if self.scanner.ignores_plain_bytes()
            && piece.bytes.iter().all(|byte| self.plain[usize::from(*byte)])
        {
            return true;
        }
        self.trial.copy_from(&self.scanner);
        for byte in piece.bytes {
            match self.trial.read(*byte) {
                Verdict::Fine => {}
                Verdict::Wrong => return false,
                Verdict::Complete { .. } => return true,
            }
        }
        true
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        for (read, byte) in (1..).zip(piece.bytes) {
            self.character_bytes_left = match byte {
                0x80..=0xbf => self.character_bytes_left.saturating_sub(1),
                0xc2..=0xdf => 1,
                0xe0..=0xef => 2,
                0xf0..=0xf4 => 3,
                _ => 0,
            };
            if let Verdict::Complete { bytes_back } = self.scanner.read(*byte) {
                return Progress::Complete(usize::saturating_sub(read, bytes_back));
            }
        }
        Progress::Open
    }

    fn may_end(&mut self) -> bool {
        let trial = &mut self.trial;
        trial.copy_from(&self.scanner);
        let is_fine = trial.flush() != Verdict::Wrong;
        let is_between = match trial.mode {
            Mode::Code | Mode::LineComment => true,
            Mode::String(_, is_escaped) => trial.inherited.is_some() && !is_escaped,
            Mode::BlockComment(_) => trial.inherited.is_some(),
        };
        let lacks_block =
            !self.has_suffix && trial.enclosing.is_empty() && self.opener == Some(trial.last_code);
        let is_whole = is_fine && self.character_bytes_left == 0;
        is_whole && is_between && trial.opened.is_empty() && !lacks_block
    }
}

/// Whether the text after the cursor ends the string or comment of the cursor, and how many of
/// the enclosing brackets it closes: the outermost.
fn read_suffix(scanner: &mut Scanner<'_>, suffix: &[u8]) -> (bool, usize) {
    let mut closes_mode = false;
    for byte in &suffix[..suffix.len().min(CONTEXT_BYTES_MAX)] {
        if scanner.read(*byte) == Verdict::Fine {
            continue;
        }
        if scanner.inherited.take().is_some() {
            closes_mode = true;
            if scanner.retry() == Verdict::Fine {
                continue;
            }
        }
        return (closes_mode, scanner.enclosing.len());
    }
    (closes_mode, 0)
}

/// The end of a text that starts with a line.
fn nearest_lines(text: &[u8]) -> &[u8] {
    let Some(start) = text.len().checked_sub(CONTEXT_BYTES_MAX) else { return text };
    let line_end = text[start..].iter().position(|byte| *byte == b'\n');
    &text[line_end.map_or(start, |at| start + at + 1)..]
}
