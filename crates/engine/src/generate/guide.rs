//! Which tokens may come next: those that spell a given start, then those of a constraint.

use crate::constraint::{Constraint, Piece, Progress};
use crate::error::EngineError;
use crate::tokenizer::Tokenizer;

/// The state of what narrows a generation.
pub(super) struct Guide<'a, 'c> {
    tokenizer: &'a Tokenizer,
    end_tokens: &'a [u32],
    /// Bytes that must still be spelled before anything else.
    start: &'a [u8],
    constraint: Option<&'a mut (dyn Constraint + 'c)>,
}

/// What a chosen token adds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Added<'a> {
    /// Its bytes without those of the start, and without those after the end.
    pub(super) bytes: &'a [u8],
    /// Nothing may follow.
    pub(super) is_complete: bool,
}

impl<'a, 'c> Guide<'a, 'c> {
    pub(super) fn new(
        tokenizer: &'a Tokenizer,
        end_tokens: &'a [u32],
        start: &'a [u8],
        constraint: Option<&'a mut (dyn Constraint + 'c)>,
    ) -> Guide<'a, 'c> {
        Guide { tokenizer, end_tokens, start, constraint }
    }

    /// Whether there is anything to ask.
    pub(super) fn is_active(&self) -> bool {
        self.constraint.is_some() || !self.start.is_empty()
    }

    /// Whether there is more to keep than the start.
    pub(super) fn has_constraint(&self) -> bool {
        self.constraint.is_some()
    }

    /// Whether `token` may come next.
    pub(super) fn allows(&mut self, token: u32) -> bool {
        if self.end_tokens.contains(&token) {
            return self.may_end();
        }
        let Ok(bytes) = self.tokenizer.piece(token) else { return false };
        if self.tokenizer.is_control(token) || bytes.is_empty() {
            return false;
        }
        if bytes.len() <= self.start.len() {
            return self.start.starts_with(bytes);
        }
        if !bytes.starts_with(self.start) {
            return false;
        }
        let piece = piece(token, bytes, self.start.len());
        self.constraint.as_mut().is_none_or(|constraint| constraint.allows(piece))
    }

    /// Whether the text may end here.
    pub(super) fn may_end(&mut self) -> bool {
        self.start.is_empty()
            && self.constraint.as_mut().is_none_or(|constraint| constraint.may_end())
    }

    /// `token` comes next.
    pub(super) fn advance(&mut self, token: u32) -> Result<Added<'a>, EngineError> {
        if self.tokenizer.is_control(token) {
            return Ok(Added { bytes: &[], is_complete: false });
        }
        let bytes = self.tokenizer.piece(token)?;
        let spelled = self.start.len().min(bytes.len());
        self.start = &self.start[spelled..];
        let mut added = Added { bytes: &bytes[spelled..], is_complete: false };
        if let Some(constraint) = &mut self.constraint
            && spelled < bytes.len()
            && let Progress::Complete(kept) = constraint.advance(piece(token, bytes, spelled))
        {
            added = Added { bytes: &added.bytes[..kept.min(added.bytes.len())], is_complete: true };
        }
        Ok(added)
    }
}

/// The bytes of a token from `start` on.
fn piece(token: u32, bytes: &[u8], start: usize) -> Piece<'_> {
    Piece { token: (start == 0).then_some(token), bytes: &bytes[start..] }
}
