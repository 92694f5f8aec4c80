//! What may come next: a mask over the vocabulary that depends on what came before.

mod grammar;
mod mask;
mod scanner;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use self::grammar::GrammarVocabulary;
pub use self::grammar::{Grammar, GrammarConstraint};
pub use self::mask::TokenMask;
pub use self::syntax::{IndentationSyntax, Pair, StringSyntax, Syntax, SyntaxConstraint};

use crate::error::EngineError;

/// The text of a token, or the part of it that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The token; None if only its end counts, because it starts before the cursor.
    pub token: Option<u32>,
    /// Not empty, not always whole characters.
    pub bytes: &'a [u8],
}

/// Narrows a generation. One value serves one generation.
///
/// The engine asks [`Constraint::allows`] of the likeliest tokens first and stops when it has
/// enough candidates, so a constraint that allows most of what a model says costs a few calls a
/// token; the result is that of asking for all. One that finds all tokens together tells them by
/// [`Constraint::narrow`] before.
///
/// Control tokens are never asked for: while a constraint is in force, the only ones that can
/// come are end tokens, and those only where [`Constraint::may_end`].
pub trait Constraint {
    /// Whether `piece` may come next.
    fn allows(&mut self, piece: Piece<'_>) -> bool;

    /// Takes tokens out of `mask` that cannot come next, and says whether it did so; those that
    /// stay in are asked for as usual. The default knows of none.
    ///
    /// # Errors
    /// [`EngineError::Grammar`] if what may come next cannot be told any more.
    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        let _ = mask;
        Ok(false)
    }

    /// `piece`, which was allowed, comes next.
    fn advance(&mut self, piece: Piece<'_>) -> Progress;

    /// Whether the text may end here.
    fn may_end(&mut self) -> bool;
}

/// What a piece led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More may follow.
    Open,
    /// The unit is complete after as many bytes of the piece; the others are dropped.
    Complete(usize),
}

/// Two constraints that hold together. The text is complete where one of them finds it complete,
/// so both should agree on what that is.
#[derive(Debug)]
pub struct Both<A, B>(pub A, pub B);

impl<A: Constraint, B: Constraint> Constraint for Both<A, B> {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        self.0.allows(piece) && self.1.allows(piece)
    }

    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        let by_first = self.0.narrow(mask)?;
        Ok(self.1.narrow(mask)? || by_first)
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        match (self.0.advance(piece), self.1.advance(piece)) {
            (Progress::Complete(a), Progress::Complete(b)) => Progress::Complete(a.min(b)),
            (Progress::Open, other) | (other, Progress::Open) => other,
        }
    }

    fn may_end(&mut self) -> bool {
        self.0.may_end() && self.1.may_end()
    }
}
