//! Writing an approved suggestion to its file, so that it can be undone.

use ledger::{Ledger, LedgerError, Receipt};
use policy::Approved;
use types::Actor;
use workspace::{Change, Location, Staged};

use crate::PipelineError;
use crate::record::Recorder;

/// A write that was done and recorded.
#[derive(Debug)]
pub struct Applied {
    /// What it did.
    pub change: Change,
    /// The proof that it is recorded.
    pub receipt: Receipt,
}

/// Applies an approved edit as part of a generation.
///
/// The order makes a crash harmless: the new bytes are staged beside the file, both versions go
/// into the store, the write is recorded, and then one rename does it.
///
/// # Errors
/// The file is not as it was, the system refuses, or the write cannot be recorded; the file is
/// then untouched.
pub fn apply(
    ledger: &mut Ledger,
    actor: &Actor,
    generation: &str,
    location: &Location,
    approved: &Approved,
) -> Result<Applied, PipelineError> {
    let recorder = Recorder::resume(generation, actor);
    let staged = Staged::approved(location, approved)?;
    keep(ledger, staged.change())?;
    let receipt = recorder.file_write(ledger, staged.change())?;
    match staged.commit() {
        Ok(change) => Ok(Applied { change, receipt }),
        Err(error) => {
            let _ = recorder.failure(ledger, &format!("the write was not done: {error}"));
            Err(error.into())
        }
    }
}

/// Keeps the bytes before and after a change, for undo and redo.
pub(crate) fn keep(ledger: &Ledger, change: &Change) -> Result<(), LedgerError> {
    let states = [(change.pre, &change.pre_bytes), (change.post, &change.post_bytes)];
    for (state, bytes) in states {
        if state.sha256().is_some() {
            ledger.preimages().put(bytes)?;
        }
    }
    Ok(())
}
