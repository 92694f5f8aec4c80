//! Files, ignore rules, git, and the only place that applies an approved edit.
//!
//! Reading gives [`types::Document`]s within limits. Writing is [`Staged::approved`] for an edit
//! the policy approved and [`Staged::restore`] for bytes recorded earlier; both write a file
//! beside the target, sync it, and only [`Staged::commit`] renames it into place, so that a crash
//! leaves the old file or the new one.

mod diff;
mod error;
mod files;
pub mod git;
mod ignore_file;
mod root;
mod stage;
mod state;

pub use diff::{edit_between, exact_edit_between, unified_diff};
pub use error::WorkspaceError;
pub use files::{FILE_BYTES_MAX, decode, list, read, read_if_present};
pub use ignore_file::{IGNORE_FILE, IgnoreFile, Problem, Wrong};
pub use root::{Location, Root};
pub use stage::{Change, Staged};
pub use state::{FileState, Mismatch};
