//! What a model is given.

use std::ops::Range;
use std::sync::Arc;

use crate::{Extent, Language};

/// Whose words a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Standing instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name that chat templates use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose words.
    pub role: Role,
    /// The words.
    pub content: String,
}

/// The text, in the form the model takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptBody {
    /// Messages for the model's chat template.
    Chat(Vec<Message>),
    /// Code before and after the cursor, for the model's fill-in-the-middle tokens.
    Infill {
        /// Code before the cursor.
        prefix: String,
        /// Code after it.
        suffix: String,
    },
}

/// Tokens of one part of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetLine {
    /// The part: `instruction`, `prefix`, `examples`, ...
    pub part: &'static str,
    /// Tokens it has.
    pub tokens: usize,
    /// Tokens it would have had uncut.
    pub wanted: usize,
}

/// Where the context window went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetAccount {
    /// Tokens of the model's context window.
    pub context: usize,
    /// Tokens kept free for the answer.
    pub answer: usize,
    /// What the parts used; with the answer never more than the context.
    pub lines: Vec<BudgetLine>,
}

impl BudgetAccount {
    /// Tokens of all parts of the prompt.
    #[must_use]
    pub fn used(&self) -> usize {
        self.lines.iter().map(|line| line.tokens).sum()
    }
}

/// Where an answer will stand, for decoding that can make use of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The language of the document.
    pub language: Language,
    /// The whole document.
    pub text: Arc<str>,
    /// Bytes of it that the answer replaces.
    pub range: Range<usize>,
    /// How far a completion goes.
    pub extent: Extent,
}

/// What a model is given, with the account of its budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The text.
    pub body: PromptBody,
    /// Strings that end the answer.
    pub stop: Vec<String>,
    /// Where the answer will stand. None decodes without regard to it.
    pub place: Option<Place>,
    /// Where the context window went.
    pub account: BudgetAccount,
}
