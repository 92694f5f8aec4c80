//! What a record is: the event that is given, the leaf that is stored, the entry that is read.
//!
//! A leaf is canonical JSON (JCS, RFC 8785) of at most 65,535 bytes, the limit of C2SP tlog-tiles.
//! It holds no body, only commitments: `FORMAT.md` has an example.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LedgerError;
use types::Digest;

/// Version of the leaf's form.
pub const LEAF_VERSION: u8 = 1;
/// Largest leaf (C2SP tlog-tiles: entries have a 16-bit length).
pub const LEAF_BYTES_MAX: usize = 65_535;
/// Largest body.
pub const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bodies of one event.
pub const BODIES_MAX: usize = 64;
/// Longest actor.
pub const ACTOR_BYTES_MAX: usize = 256;
/// Deepest nesting of `fields`.
pub const FIELDS_DEPTH_MAX: usize = 32;
/// Largest whole number that JSON carries exactly everywhere (RFC 8785 section 3.2.2.3).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Length of a ULID in its text form.
const ULID_CHARS: usize = 26;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A model was asked.
    Request,
    /// A model answered; needs a request before it in the same generation.
    Response,
    /// A suggestion was checked.
    Check,
    /// Policy or a person decided; needs a check before it in the same generation.
    Decision,
    /// A file was written.
    FileWrite,
    /// Writes were undone.
    Undo,
    /// Undone writes were done again.
    Redo,
    /// A generation ended in an error.
    Failure,
    /// The policy in force changed.
    Policy,
}

impl EventKind {
    /// The word that stands in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Request => "request",
            EventKind::Response => "response",
            EventKind::Check => "check",
            EventKind::Decision => "decision",
            EventKind::FileWrite => "file_write",
            EventKind::Undo => "undo",
            EventKind::Redo => "redo",
            EventKind::Failure => "failure",
            EventKind::Policy => "policy",
        }
    }

    /// The kind that must come before this one in the same generation.
    #[must_use]
    pub fn needs_before(self) -> Option<EventKind> {
        match self {
            EventKind::Response => Some(EventKind::Request),
            EventKind::Decision => Some(EventKind::Check),
            _ => None,
        }
    }

    /// Whether `fields` of this kind name the files whose bytes are kept for undo.
    #[must_use]
    pub fn keeps_preimages(self) -> bool {
        matches!(self, EventKind::FileWrite | EventKind::Undo | EventKind::Redo)
    }
}

/// An event to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The generation it belongs to: a ULID, 26 characters of upper-case Crockford base32.
    pub generation: String,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: String,
    /// When, in milliseconds since 1970-01-01 UTC, as the caller's clock says.
    pub time_ms: i64,
    /// What is to be read in the clear. Nothing secret: prompts and code are bodies.
    pub fields: Map<String, Value>,
    /// Bytes that are stored encrypted beside the record, each with a name of `a-z0-9_-.`.
    pub bodies: Vec<(String, Vec<u8>)>,
}

/// The commitment to a body in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyRef {
    /// `SHA-256(salt || bytes)`; the salt is stored encrypted with the body.
    #[serde(rename = "c")]
    pub commitment: Digest,
    /// Length of the bytes.
    pub len: u64,
}

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Version of the record's form.
    pub v: u8,
    /// Number in the log, from 0.
    pub index: u64,
    /// Milliseconds since 1970-01-01 UTC by the caller's clock; may go back.
    #[serde(rename = "ts")]
    pub time_ms: i64,
    /// The log it belongs to.
    pub origin: String,
    /// The generation it belongs to.
    #[serde(rename = "gen")]
    pub generation: String,
    /// Number within the generation, from 0.
    pub seq: u64,
    /// Size of the log before the transaction that appended it: a checkpoint of this size exists.
    pub base: u64,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: String,
    /// What is to be read in the clear.
    pub fields: Map<String, Value>,
    /// The bodies beside the record, by name.
    pub bodies: BTreeMap<String, BodyRef>,
}

impl NewEvent {
    /// Checks all that can be checked without the log.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        let bad = |what: String| Err(LedgerError::BadEvent { what });
        if !is_ulid(&self.generation) {
            return bad(format!("the generation `{}` is no ULID", self.generation.escape_debug()));
        }
        if self.actor.is_empty() || self.actor.len() > ACTOR_BYTES_MAX {
            return bad(format!("the actor must have 1 to {ACTOR_BYTES_MAX} bytes"));
        }
        if self.time_ms.unsigned_abs() > INTEGER_MAX {
            return bad(format!("the time {} is out of range", self.time_ms));
        }
        if self.bodies.len() > BODIES_MAX {
            return bad(format!("{} bodies, the limit is {BODIES_MAX}", self.bodies.len()));
        }
        let mut names = BTreeSet::new();
        for (name, bytes) in &self.bodies {
            if !is_body_name(name) {
                return bad(format!("the body name `{}` is not allowed", name.escape_debug()));
            }
            if !names.insert(name) {
                return bad(format!("there are two bodies with the name `{name}`"));
            }
            let len = bytes.len() as u64;
            if len > BODY_BYTES_MAX {
                return bad(format!(
                    "body `{name}` has {len} bytes, the limit is {BODY_BYTES_MAX}"
                ));
            }
        }
        let mut path = "fields".to_owned();
        self.fields.iter().try_for_each(|(key, value)| check_value(&mut path, key, value, 1))
    }
}

impl Entry {
    /// The canonical bytes of the record: its leaf in the tree. Fails for records that would not
    /// read back as they are, or that are too large.
    pub(crate) fn leaf(&self) -> Result<Vec<u8>, LedgerError> {
        let bad = |what: String| LedgerError::BadEvent { what };
        let leaf = serde_json_canonicalizer::to_vec(self)
            .map_err(|e| bad(format!("the fields have no canonical form: {e}")))?;
        if leaf.len() > LEAF_BYTES_MAX {
            return Err(bad(format!(
                "the record has {} bytes, the limit is {LEAF_BYTES_MAX}: put long text in a body",
                leaf.len()
            )));
        }
        match Entry::parse(&leaf) {
            Ok(_) => Ok(leaf),
            Err(what) => Err(bad(format!("the record would not read back: {what}"))),
        }
    }

    /// Reads a leaf; only the canonical form of a record is one.
    pub(crate) fn parse(leaf: &[u8]) -> Result<Entry, String> {
        if leaf.len() > LEAF_BYTES_MAX {
            return Err(format!(
                "the leaf has {} bytes, the limit is {LEAF_BYTES_MAX}",
                leaf.len()
            ));
        }
        let entry: Entry =
            serde_json::from_slice(leaf).map_err(|e| format!("the leaf is no record: {e}"))?;
        let canonical = serde_json_canonicalizer::to_vec(&entry)
            .map_err(|e| format!("the leaf has no canonical form: {e}"))?;
        if canonical != leaf {
            return Err("the leaf is not in canonical form".to_owned());
        }
        if entry.v != LEAF_VERSION {
            return Err(format!("the leaf has version {}, expected {LEAF_VERSION}", entry.v));
        }
        Ok(entry)
    }

    /// Every digest under the keys `pre_sha256` and `post_sha256`, at any depth of the fields of an
    /// event that keeps pre-images. `Err` names a value there that is neither digest nor null.
    pub(crate) fn preimages(&self) -> Result<Vec<Digest>, String> {
        preimages_of(self.kind, &self.fields)
    }
}

pub(crate) fn preimages_of(
    kind: EventKind,
    fields: &Map<String, Value>,
) -> Result<Vec<Digest>, String> {
    let mut digests = Vec::new();
    if kind.keeps_preimages() {
        fields.iter().try_for_each(|(key, value)| collect_digests(key, value, &mut digests))?;
    }
    Ok(digests)
}

fn collect_digests(key: &str, value: &Value, digests: &mut Vec<Digest>) -> Result<(), String> {
    if matches!(key, "pre_sha256" | "post_sha256") {
        return match value {
            Value::Null => Ok(()),
            Value::String(text) => match text.parse() {
                Ok(digest) => {
                    digests.push(digest);
                    Ok(())
                }
                Err(e) => Err(format!("`{key}`: {e}")),
            },
            _ => Err(format!("`{key}` must be a digest, or null for a file that did not exist")),
        };
    }
    match value {
        Value::Object(map) => {
            map.iter().try_for_each(|(key, value)| collect_digests(key, value, digests))
        }
        Value::Array(items) => items.iter().try_for_each(|item| collect_digests("", item, digests)),
        _ => Ok(()),
    }
}

/// Whole numbers beyond 2^53 would be rounded by the canonical form: the record would lie.
fn check_value(
    path: &mut String,
    key: &str,
    value: &Value,
    depth: usize,
) -> Result<(), LedgerError> {
    let parent_len = path.len();
    path.push('.');
    path.push_str(key);
    if depth > FIELDS_DEPTH_MAX {
        let what = format!("{path} is nested deeper than {FIELDS_DEPTH_MAX}");
        return Err(LedgerError::BadEvent { what });
    }
    match value {
        Value::Number(number) => {
            let whole = number.as_u64().or(number.as_i64().map(i64::unsigned_abs));
            if whole.is_some_and(|whole| whole > INTEGER_MAX) {
                let what = format!("{path} is beyond 2^53 and not exact in JSON: give it as text");
                return Err(LedgerError::BadEvent { what });
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                check_value(path, key, value, depth + 1)?;
            }
        }
        Value::Array(items) => {
            for item in items {
                check_value(path, "[]", item, depth + 1)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    path.truncate(parent_len);
    Ok(())
}

/// A ULID in its canonical text form: 128 bits in upper-case Crockford base32.
pub(crate) fn is_ulid(text: &str) -> bool {
    text.len() == ULID_CHARS && text.as_bytes()[0] <= b'7' && is_ulid_prefix(text)
}

/// Whether a ULID may begin with this.
pub(crate) fn is_ulid_prefix(text: &str) -> bool {
    let crockford = |c: u8| c.is_ascii_digit() || (c.is_ascii_uppercase() && !b"ILOU".contains(&c));
    text.len() <= ULID_CHARS && text.bytes().all(crockford)
}

fn is_body_name(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-.".contains(&c);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(allowed)
}
