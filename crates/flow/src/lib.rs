//! Where untrusted data goes: programs of several languages in one small form, walked with values
//! that say what they are made from, against weaknesses that are described by rule files.
//!
//! The crate reads no file, no clock and no environment. Its work is bounded by a budget of steps
//! that the caller gives; an analysis that was cut short says so.

pub mod ir;
pub mod lower;
pub mod memory;

mod backtracking;
mod check;
mod fold;
mod harmless;
mod interpret;
mod language;
mod methods;
mod model;
mod pattern;
mod rule;
mod rules;
mod value;

pub use check::{Alarm, Fix, Outcome, Step, check, check_with};
pub use language::Language;
pub use pattern::{Confidence, Severity, SourceKind};
pub use rule::Example;
pub use rules::{EMBEDDED, Rules, Weakness, documentation, rules};
