//! Turns a request into what a model is given, within a token budget.
//!
//! Pure: templates are compiled in, documents and the token counter are passed in. What the parts
//! of a prompt cost stands in its [`types::BudgetAccount`]; a prompt never exceeds its budget, and
//! where the part that may not be cut is too long, [`build`] says so.

mod budget;
mod build;
mod infill;
mod templates;

pub use build::{Feedback, PromptError, build};
