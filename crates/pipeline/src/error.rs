//! What stops the pipeline; every stage's own error, unchanged.

use ledger::LedgerError;
use prompt::PromptError;
use providers::ProviderError;
use types::EditError;
use workspace::WorkspaceError;

/// Why there is no suggestion, or why it was not applied or undone.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// No prompt could be built.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The model gave no completion.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The edit does not fit.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The step could not be recorded, so it was not done.
    #[error("nothing is shown or written without a record: {0}")]
    Ledger(#[from] LedgerError),
    /// The file could not be read or written.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// There is nothing to undo or redo, for this reason.
    #[error("{0}")]
    NothingToDo(String),
    /// A file is not in the state that undo or redo starts from.
    #[error("`{path}` {what}; it was not touched. {hint}")]
    Refused {
        /// The file.
        path: String,
        /// How it differs.
        what: String,
        /// What to do.
        hint: String,
    },
}
