//! The words of the product as plain data: requests, snapshots, edits, findings, reports.
//!
//! Every other crate speaks in these types, so they do no I/O and know nothing of models, rules
//! or wires. The `Serialize` shapes of [`Report`], [`Finding`] and [`Completion`] are the public
//! JSON of the product: fields may be added, none changes its meaning within a version.

mod completion;
mod digest;
mod document;
mod edit;
mod facts;
mod finding;
mod language;
mod position;
mod prompt;
mod report;
mod request;

pub use completion::{
    Completion, FinishReason, ModelIdentity, ModelProfile, PromptStyle, Timings, Usage,
};
pub use digest::{Digest, NotADigest};
pub use document::{Document, Snapshot};
pub use edit::{Edit, EditError, Edited, TextEdit};
pub use facts::{Allow, Allows, CommentAllows, Facts};
pub use finding::{
    AllowedBy, Confidence, Finding, Fix, Severity, Suppressed, Suppression, TrailStep,
};
pub use language::{Language, UnknownLanguage};
pub use position::{LineIndex, Position};
pub use prompt::{BudgetAccount, BudgetLine, Message, Place, Prompt, PromptBody, Role};
pub use report::{CheckOutcome, CheckState, FunctionMetrics, Report, Score, ScoreParts};
pub use request::{Actor, Extent, Request, Sampling, Task};
