//! Which tokens may come next: those that spell a given start, then those of a constraint.

use crate::constraint::{Constraint, Piece, Progress, TokenMask};
use crate::error::EngineError;
use crate::sampler::{Choice, Sampler};
use crate::tokenizer::Tokenizer;

/// The state of what narrows a generation.
pub(super) struct Guide<'c> {
    end_tokens: Vec<u32>,
    start: Vec<u8>,
    /// Bytes of the start that were spelled. Until all are, nothing else counts.
    spelled: usize,
    constraint: Option<Box<dyn Constraint + 'c>>,
    /// Room for the tokens that a constraint leaves, made when it first does so.
    mask: TokenMask,
}

/// What a chosen token adds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Added<'t> {
    /// Its bytes without those of the start, and without those after the end.
    pub(super) bytes: &'t [u8],
    /// Nothing may follow.
    pub(super) is_complete: bool,
}

impl<'c> Guide<'c> {
    pub(super) fn new(
        end_tokens: Vec<u32>,
        start: Vec<u8>,
        constraint: Option<Box<dyn Constraint + 'c>>,
    ) -> Guide<'c> {
        Guide { end_tokens, start, spelled: 0, constraint, mask: TokenMask::default() }
    }

    /// The next token by `logits`, None if none is allowed.
    pub(super) fn choose(
        &mut self,
        tokenizer: &Tokenizer,
        sampler: &mut Sampler,
        logits: &[f32],
    ) -> Result<Option<Choice>, EngineError> {
        let is_spelled = self.spelled == self.start.len();
        if self.constraint.is_none() && is_spelled {
            return sampler.choose_among(logits, None, None);
        }
        let mut mask = std::mem::take(&mut self.mask);
        if mask.vocabulary() != tokenizer.vocabulary_size() {
            mask = TokenMask::empty(tokenizer.vocabulary_size());
        }
        let is_narrowed = is_spelled && self.narrow(&mut mask)?;
        let mut allows = |token| self.allows(tokenizer, token);
        let choice =
            sampler.choose_among(logits, is_narrowed.then_some(&mask), Some(&mut allows))?;
        if choice.is_none() {
            // A constraint that failed says why.
            self.narrow(&mut mask)?;
        }
        self.mask = mask;
        Ok(choice)
    }

    /// Leaves the tokens in `mask` that may come next, as far as the constraint knows them all.
    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        let Some(constraint) = &mut self.constraint else { return Ok(false) };
        mask.fill();
        if !constraint.narrow(mask)? {
            return Ok(false);
        }
        let may_end = self.may_end();
        self.end_tokens.iter().for_each(|token| mask.set(*token, may_end));
        Ok(true)
    }

    /// Whether there is more to keep than the start.
    pub(super) fn has_constraint(&self) -> bool {
        self.constraint.is_some()
    }

    /// Whether `token` ends the text.
    pub(super) fn is_end(&self, token: u32) -> bool {
        self.end_tokens.contains(&token)
    }

    /// Whether `token` may come next.
    fn allows(&mut self, tokenizer: &Tokenizer, token: u32) -> bool {
        if self.is_end(token) {
            return self.may_end();
        }
        let Ok(bytes) = tokenizer.piece(token) else { return false };
        if tokenizer.is_control(token) || bytes.is_empty() {
            return false;
        }
        let start = &self.start[self.spelled..];
        if bytes.len() <= start.len() {
            return start.starts_with(bytes);
        }
        if !bytes.starts_with(start) {
            return false;
        }
        let piece = piece(token, bytes, start.len());
        self.constraint.as_mut().is_none_or(|constraint| constraint.allows(piece))
    }

    /// Whether the text may end here.
    pub(super) fn may_end(&mut self) -> bool {
        self.spelled == self.start.len()
            && self.constraint.as_mut().is_none_or(|constraint| constraint.may_end())
    }

    /// `token` comes next.
    pub(super) fn advance<'t>(
        &mut self,
        tokenizer: &'t Tokenizer,
        token: u32,
    ) -> Result<Added<'t>, EngineError> {
        if tokenizer.is_control(token) {
            return Ok(Added { bytes: &[], is_complete: false });
        }
        let bytes = tokenizer.piece(token)?;
        let spelled = bytes.len().min(self.start.len() - self.spelled);
        self.spelled += spelled;
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

/// A constraint that its owner lends.
pub(super) struct Lent<'a, 'c>(pub(super) &'a mut (dyn Constraint + 'c));

impl Constraint for Lent<'_, '_> {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        self.0.allows(piece)
    }

    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        self.0.narrow(mask)
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        self.0.advance(piece)
    }

    fn may_end(&mut self) -> bool {
        self.0.may_end()
    }
}
