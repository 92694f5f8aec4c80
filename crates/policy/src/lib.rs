//! Settings in layers, boundaries, and the decision over a report.
//!
//! The guard says what it found; this crate says what follows. It reads no file and no
//! environment: the text of each layer is passed in. Only [`decide`] and
//! [`Approved::by_person`] can make an [`Approved`] edit, so whatever applies edits can rely on
//! the type.

mod boundaries;
mod decide;
mod settings;

pub use boundaries::Boundaries;
pub use decide::{Approved, Author, Verdict, decide, reason};
pub use settings::{
    BoundarySettings, GenerateSettings, Layer, Policy, PolicySettings, Settings, SettingsError,
    Suppressions, Threshold, resolve,
};
