//! Receipts: proof that a record is in the log, to be checked without the log (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 7
//! <base64 hash, one line each, from the leaf's sibling to the root's child>
//!
//! <signed checkpoint>
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::{self, Checkpoint, NoteError, Verifier};
use crate::merkle::{self, Hash};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Longest proof: a tree of 2^64 leaves has 64 levels.
const HASHES_MAX: usize = 64;

/// Proof that a record is in the log. The record itself is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    index: u64,
    proof: Vec<Hash>,
    note: String,
}

/// Why a receipt does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It does not have the form of a receipt.
    #[error("not a receipt: {0}")]
    Malformed(&'static str),
    /// Its checkpoint does not hold.
    #[error("the receipt's checkpoint does not hold: {0}")]
    Checkpoint(#[from] NoteError),
    /// The record is not the one that the receipt is for.
    #[error("the receipt does not prove this record")]
    NotProven,
}

impl Receipt {
    pub(crate) fn new(index: u64, proof: Vec<Hash>, checkpoint: &Checkpoint) -> Receipt {
        Receipt { index, proof, note: checkpoint.note().to_owned() }
    }

    /// The number of the record in the log, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The signed checkpoint that the proof leads to.
    #[must_use]
    pub fn checkpoint_note(&self) -> &str {
        &self.note
    }

    /// Checks that `leaf`, the bytes of the record, is number [`index`](Receipt::index) of the log
    /// whose key is `verifier`, and gives back the checkpoint that says so.
    ///
    /// # Errors
    /// A checkpoint that does not hold, and a proof that does not lead from the record to it.
    pub fn verify(&self, leaf: &[u8], verifier: &Verifier) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::parse(&self.note, verifier)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        let leaf = merkle::leaf_hash(leaf);
        if merkle::verify_inclusion(&leaf, self.index, size, &self.proof, root) {
            Ok(checkpoint)
        } else {
            Err(ReceiptError::NotProven)
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    /// Reads the form only; nothing is proven before [`Receipt::verify`].
    fn from_str(text: &str) -> Result<Receipt, ReceiptError> {
        use ReceiptError::Malformed;
        if text.len() > checkpoint::NOTE_BYTES_MAX {
            return Err(Malformed("it is too long"));
        }
        let (head, note) = text.split_once("\n\n").ok_or(Malformed("it has no checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(Malformed("the first line is not c2sp.org/tlog-proof@v1"));
        }
        // Extra data is not authenticated, and we give it no meaning.
        let _extra = lines.next_if(|line| line.starts_with("extra "));
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(checkpoint::parse_decimal)
            .ok_or(Malformed("there is no index line"))?;
        let proof: Option<Vec<Hash>> = lines.map(checkpoint::parse_hash).collect();
        let proof = proof.ok_or(Malformed("a line of the proof is no base64 hash"))?;
        if proof.len() > HASHES_MAX {
            return Err(Malformed("the proof is longer than any tree is high"));
        }
        Ok(Receipt { index, proof, note: note.to_owned() })
    }
}
