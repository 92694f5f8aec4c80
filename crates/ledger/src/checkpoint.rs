//! Checkpoints: origin, size and root of the log, signed with Ed25519 (C2SP tlog-checkpoint over
//! C2SP signed-note).
//!
//! ```text
//! countersign/ledger/5e3a1f0c9b7d2468
//! 12
//! pZ1b...43 characters...=
//!
//! — countersign/ledger/5e3a1f0c9b7d2468 base64(key id, 4 bytes || signature, 64 bytes)
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::merkle::Hash;

/// Longest note that is looked at: a checkpoint with 16 signatures of any kind is far below it.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;

/// The signature type byte of plain Ed25519 in C2SP signed-note.
const ED25519: u8 = 0x01;

/// Why a note is not a checkpoint of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It does not have the form of a signed checkpoint.
    #[error("not a signed checkpoint: {0}")]
    Malformed(&'static str),
    /// No signature of it is by the key asked for.
    #[error("it bears no signature by this ledger's key")]
    UnknownKey,
    /// The signature by the key asked for does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// It speaks of another log.
    #[error("it is the checkpoint of another ledger")]
    OtherOrigin,
}

/// The public side of a ledger's key. Its text form is the `vkey` of C2SP signed-note,
/// `name+id+base64(type || key)`: what a third party needs to check receipts.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    pub(crate) fn new(name: String, key: VerifyingKey) -> Verifier {
        let id = key_id(&name, key.as_bytes());
        Verifier { name, id, key }
    }

    /// The key's name, which is also the origin of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id_hex(&self) -> String {
        hex(&self.id)
    }

    /// The signed text of `note`, once a signature by this key holds.
    ///
    /// # Errors
    /// Malformed notes, and those that this key did not sign (C2SP signed-note, "Signatures").
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        let (text, signatures) = split_note(note)?;
        let mut known = false;
        for line in signatures.lines() {
            let (name, signature) = split_signature(line)?;
            let (id, signature) = signature.split_at(4);
            if name != self.name || id != self.id {
                continue; // Cosignatures of others are not our business.
            }
            let signature = Signature::from_slice(signature)
                .map_err(|_| NoteError::Malformed("an Ed25519 signature has 64 bytes"))?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| NoteError::BadSignature)?;
            known = true;
        }
        if known { Ok(text) } else { Err(NoteError::UnknownKey) }
    }

    /// The signature line for the text that was signed.
    pub(crate) fn signature_line(&self, signature: &Signature) -> String {
        let bytes = [self.id.as_slice(), &signature.to_bytes()].concat();
        format!("— {} {}\n", self.name, BASE64.encode(bytes))
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex(&self.id))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Verifier, NoteError> {
        let malformed = NoteError::Malformed("a verifier key is written name+id+base64");
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed);
        };
        let key = BASE64.decode(key).map_err(|_| malformed)?;
        let Some((&ED25519, key)) = key.split_first() else { return Err(malformed) };
        let key = key.try_into().map_err(|_| malformed)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| malformed)?;
        if !is_name(name) {
            return Err(malformed);
        }
        let verifier = Verifier::new(name.to_owned(), key);
        if verifier.id_hex() == id { Ok(verifier) } else { Err(malformed) }
    }
}

/// The head of the log at a size, signed by the log. There is no unsigned one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    #[serde(skip)]
    root: Hash,
    note: String,
}

impl Checkpoint {
    /// Reads a note that `verifier` signed.
    ///
    /// # Errors
    /// Notes that are malformed, of another log, or whose signature does not hold.
    pub fn parse(note: &str, verifier: &Verifier) -> Result<Checkpoint, NoteError> {
        let (origin, size, root) = parse_text(verifier.open(note)?)?;
        if origin != verifier.name {
            return Err(NoteError::OtherOrigin);
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, note: note.to_owned() })
    }

    /// Puts a checkpoint together with `sign`, which makes the signature over its text.
    pub(crate) fn sign(
        verifier: &Verifier,
        size: u64,
        root: Hash,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Checkpoint {
        let origin = verifier.name.clone();
        let text = format!("{origin}\n{size}\n{}\n", BASE64.encode(root));
        let note = format!("{text}\n{}", verifier.signature_line(&sign(text.as_bytes())));
        Checkpoint { origin, size, root, note }
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many records it covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The head of the tree of these records.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// The signed note, as it is stored and sent.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// The size and the root that a note claims, before its signature is looked at.
pub(crate) fn claims(note: &str) -> Result<(u64, Hash), NoteError> {
    let (_, size, root) = parse_text(split_note(note)?.0)?;
    Ok((size, root))
}

/// A decimal number as C2SP writes it: digits, no leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    if plain { text.parse().ok() } else { None }
}

/// A hash in standard base64.
pub(crate) fn parse_hash(text: &str) -> Option<Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}

/// A key name of C2SP signed-note: not empty, no spaces, no plus.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.chars().all(allowed)
}

fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key)
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The text with its last line feed, and the signature lines.
fn split_note(note: &str) -> Result<(&str, &str), NoteError> {
    let malformed = Err(NoteError::Malformed("it is no text, empty line and signature lines"));
    if note.len() > NOTE_BYTES_MAX || note.chars().any(|c| c.is_control() && c != '\n') {
        return malformed;
    }
    let Some(at) = note.rfind("\n\n") else { return malformed };
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    if signatures.is_empty() || !signatures.ends_with('\n') {
        return malformed;
    }
    Ok((text, signatures))
}

fn split_signature(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let malformed = NoteError::Malformed("a signature line is an em dash, a name and base64");
    let (name, signature) =
        line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(malformed)?;
    let signature = BASE64.decode(signature).map_err(|_| malformed)?;
    if !is_name(name) || signature.len() < 5 {
        return Err(malformed);
    }
    Ok((name, signature))
}

fn parse_text(text: &str) -> Result<(&str, u64, Hash), NoteError> {
    let mut lines = text.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(NoteError::Malformed("a checkpoint has the lines origin, size and root"));
    };
    if lines.next().is_some() {
        return Err(NoteError::Malformed("this log writes no extension lines"));
    }
    let size = parse_decimal(size).ok_or(NoteError::Malformed("the size is no number"))?;
    let root = parse_hash(root).ok_or(NoteError::Malformed("the root is no base64 hash"))?;
    Ok((origin, size, root))
}
