//! The tamper-evident log and the store of pre-images.
//!
//! Every step of a generation becomes one record of an append-only Merkle log (RFC 6962) kept in
//! SQLite; every append ends with a signed checkpoint (C2SP) and gives back a receipt that a third
//! party can check without the log. Prompts and code never lie in the clear: a record holds salted
//! commitments, the bytes lie beside it, compressed and encrypted. `FORMAT.md` is the one-page
//! specification of everything that is stored, and says what verification cannot catch.
//!
//! Reading order: [`event`] (what a record is), [`merkle`] (the tree), [`checkpoint`] and
//! [`receipt`] (what leaves the machine), `keys`, `seal`, `files` (how bytes are protected),
//! `store` (the database), `append`, `read`, [`verify`], [`preimage`].
//!
//! This crate drops or rewrites no record, reads no environment and knows no home folder: the state
//! folder is passed in. It is written for Unix, whose file modes protect the keys.

pub mod checkpoint;
pub mod event;
pub mod merkle;
pub mod preimage;
pub mod receipt;
pub mod verify;

mod append;
mod error;
mod files;
mod head;
mod hex;
mod keys;
mod read;
mod seal;
mod store;
mod tiles;

pub use checkpoint::{Checkpoint, NoteError, Verifier};
pub use error::LedgerError;
pub use event::{BodyRef, Entry, EventKind, NewEvent};
pub use preimage::PreimageStore;
pub use read::Filter;
pub use receipt::{Receipt, ReceiptError};
pub use store::Ledger;
pub use types::Digest;
pub use verify::{Failure, Verification};
