//! The stages in order, from request to receipt.
//!
//! [`suggest`] is the way of the data; [`apply`] writes what it approved; [`history`] finds what
//! can be undone and [`reverse`] undoes or redoes it; [`review`] judges text that already exists
//! and [`fix`] takes findings out of it that rules can repair.
//! No rules, templates or wire formats live here.

mod apply;
mod error;
mod fix;
mod key;
mod postprocess;
mod record;
mod review;
mod suggest;
mod undo;

pub use apply::{Applied, apply};
pub use error::PipelineError;
pub use fix::{Fixed, fix, write_fixes};
pub use key::VerdictKey;
pub use postprocess::edit;
pub use review::{Review, review};
pub use suggest::{Progress, Stages, Suggestion, suggest};
pub use undo::{Direction, Reversal, Selection, Write, history, plan, reverse};
