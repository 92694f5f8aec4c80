//! Bodies, pre-images and rules, checked on records that are proven already.

use std::collections::{HashMap, HashSet};

use rusqlite::Rows;

use super::{Columns, Stop, Verification, index, sql};
use crate::error::LedgerError;
use crate::event::{Entry, EventKind};
use crate::seal::BodyPlace;
use crate::store::Ledger;
use types::Digest;

/// Checks everything that records refer to, and in which order they stand.
pub(super) fn verify(
    ledger: &Ledger,
    found: &mut Verification,
    step: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let mut leaves =
        ledger.db.prepare("SELECT leaf FROM entry ORDER BY idx").map_err(sql("entry"))?;
    let mut leaves = leaves.query([]).map_err(sql("entry"))?;
    let query = "SELECT idx, name, commitment, nonce, ciphertext FROM body ORDER BY idx, name";
    let mut bodies = ledger.db.prepare(query).map_err(sql("body"))?;
    let mut bodies = bodies.query([]).map_err(sql("body"))?;
    let mut generations: HashMap<String, Generation> = HashMap::new();
    let mut preimages: HashSet<Digest> = HashSet::new();
    let mut done = found.entries;
    while let Some(row) = leaves.next().map_err(sql("entry"))? {
        let columns = Columns { row, table: "entry", record: String::new() };
        let entry = Entry::parse(columns.blob(0, "leaf")?)
            .map_err(|what| Stop::failure("entry", index(done - found.entries), what))?;
        let generation = generations.entry(entry.generation.clone()).or_default();
        generation.admit(&entry)?;
        for name in entry.bodies.keys() {
            verify_body(ledger, &entry, name, &mut bodies)?;
            found.bodies += 1;
        }
        let failure = |what: String| Stop::failure("entry", index(entry.index), what);
        for digest in entry.preimages().map_err(failure)? {
            if preimages.insert(digest) {
                verify_preimage(ledger, &entry, &digest)?;
                found.preimages += 1;
            }
        }
        done += 1;
        step(done);
    }
    match bodies.next().map_err(sql("body"))? {
        Some(row) => Err(unexpected(row)?),
        None => Ok(()),
    }
}

/// What is known of a generation so far.
#[derive(Default)]
struct Generation {
    seq_next: u64,
    kinds: Vec<EventKind>,
}

impl Generation {
    fn admit(&mut self, entry: &Entry) -> Result<(), Stop> {
        let failure = |what: String| Err(Stop::failure("entry", index(entry.index), what));
        if entry.seq != self.seq_next {
            return failure(format!("seq is {}, expected {}", entry.seq, self.seq_next));
        }
        if let Some(needed) = entry.kind.needs_before()
            && !self.kinds.contains(&needed)
        {
            let (kind, needed) = (entry.kind.name(), needed.name());
            return failure(format!("a {kind} without a {needed} before it in its generation"));
        }
        self.seq_next += 1;
        if !self.kinds.contains(&entry.kind) {
            self.kinds.push(entry.kind);
        }
        Ok(())
    }
}

/// The next row of the table must be this body of this record, and must open.
fn verify_body(
    ledger: &Ledger,
    entry: &Entry,
    name: &str,
    bodies: &mut Rows<'_>,
) -> Result<(), Stop> {
    let record = || format!("index {}, name `{name}`", entry.index);
    let failure = |what: &str| Stop::failure("body", record(), what);
    let Some(row) = bodies.next().map_err(sql("body"))? else { return Err(failure("missing")) };
    let columns = Columns { row, table: "body", record: record() };
    let at = (columns.integer(0, "idx")?, columns.text(1, "name")?);
    let expected = (entry.index as i64, name);
    if at != expected {
        return Err(if at > expected { failure("missing") } else { unexpected(row)? });
    }
    let body = entry.bodies[name];
    if columns.blob(2, "commitment")? != *body.commitment.as_bytes() {
        return Err(failure("the commitment is not that of the record"));
    }
    let place = BodyPlace { origin: &entry.origin, index: entry.index, name };
    let sealed = (columns.blob(3, "nonce")?, columns.blob(4, "ciphertext")?);
    let bytes = place
        .open(&ledger.body_key, &body.commitment, sealed, body.len)
        .map_err(|e| failure(&e.to_string()))?;
    if bytes.len() as u64 != body.len {
        let what = format!("it has {} bytes, the record says {}", bytes.len(), body.len);
        return Err(failure(&what));
    }
    Ok(())
}

/// A row that no record refers to.
fn unexpected(row: &rusqlite::Row<'_>) -> Result<Stop, Stop> {
    let columns = Columns { row, table: "body", record: "key".to_owned() };
    let (idx, name) = (columns.integer(0, "idx")?, columns.text(1, "name")?.escape_debug());
    let record = format!("index {idx}, name `{name}`");
    Ok(Stop::failure("body", record, "unexpected: no record has it"))
}

fn verify_preimage(ledger: &Ledger, entry: &Entry, digest: &Digest) -> Result<(), Stop> {
    let failure = |what: String| Stop::failure("preimage", digest.to_string(), what);
    match ledger.preimages.get(digest) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(failure(format!("missing: record {} names it", entry.index))),
        Err(LedgerError::PreimageDamaged { what, .. }) => Err(failure(what)),
        Err(e) => Err(Stop::Error(e)),
    }
}
