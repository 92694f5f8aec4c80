//! What may come next: a mask over the vocabulary that depends on what came before.

mod scanner;
mod syntax;
#[cfg(test)]
mod tests;

pub use self::syntax::{IndentationSyntax, Pair, StringSyntax, Syntax, SyntaxConstraint};

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
/// token; the result is that of asking for all. A constraint that computes a whole mask does so
/// at the first question after [`Constraint::advance`].
///
/// Control tokens are never asked for: while a constraint is in force, the only ones that can
/// come are end tokens, and those only where [`Constraint::may_end`].
pub trait Constraint {
    /// Whether `piece` may come next.
    fn allows(&mut self, piece: Piece<'_>) -> bool;

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
