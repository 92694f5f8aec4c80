//! Appending: one transaction, one signed checkpoint, one receipt for each event.
//!
//! The sequencer is SQLite's write lock: `BEGIN IMMEDIATE` lets one process at a time take the next
//! numbers. Within it the right edge is checked against the last signed checkpoint and the head
//! file, so that a ledger that was tampered with is not signed again.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::event::{BodyRef, Entry, EventKind, LEAF_VERSION, NewEvent, preimages_of};
use crate::head;
use crate::merkle::{self, Frontier};
use crate::receipt::Receipt;
use crate::seal::{BodyPlace, PackedBody};
use crate::store::{self, Ledger};
use crate::tiles::{self, TileError, TileReader};

/// Most events in one transaction.
pub const EVENTS_MAX: usize = 4096;

impl Ledger {
    /// Records one event. When this returns, the record is on the disk.
    ///
    /// # Errors
    /// As [`Ledger::append_all`].
    pub fn append(&mut self, event: &NewEvent) -> Result<Receipt, LedgerError> {
        let mut receipts = self.append_all(std::slice::from_ref(event))?;
        Ok(receipts.pop().expect("one event gives one receipt"))
    }

    /// Records events, all of them or none, with one checkpoint. When this returns, they are on the
    /// disk. The receipts stand in the order of the events.
    ///
    /// # Errors
    /// Events that cannot be recorded as they are; a ledger that does not hold at its right edge;
    /// no space; another process that holds the ledger for longer than ten seconds. Only
    /// [`LedgerError::HeadStale`] is given after the events were recorded.
    pub fn append_all(&mut self, events: &[NewEvent]) -> Result<Vec<Receipt>, LedgerError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        if events.len() > EVENTS_MAX {
            let what = format!("{} events at once, the limit is {EVENTS_MAX}", events.len());
            return Err(LedgerError::BadEvent { what });
        }
        let mut packed = Vec::with_capacity(events.len());
        for event in events {
            event.check()?;
            self.check_preimages(event)?;
            packed.push(pack(event)?);
        }
        let behavior = TransactionBehavior::Immediate;
        let tx = rusqlite::Transaction::new_unchecked(&self.db, behavior).map_err(self.sqlite())?;
        let mut frontier = self.checked_edge()?;
        let base = frontier.size();
        let mut full = Vec::new();
        for (event, bodies) in events.iter().zip(&packed) {
            let entry = self.sequence(event, bodies, frontier.size(), base)?;
            let leaf = entry.leaf()?;
            insert_entry(&tx, &entry, &leaf).map_err(self.sqlite())?;
            self.insert_bodies(&entry, bodies)?;
            frontier.push(merkle::leaf_hash(&leaf), &mut full);
        }
        full.extend(frontier.partial_tiles());
        tiles::write(&tx, &full).map_err(self.sqlite())?;
        let checkpoint = self.signing_key.sign(frontier.size(), frontier.root());
        let sql = "INSERT INTO checkpoint (size, note) VALUES (?1, ?2)";
        tx.prepare_cached(sql)
            .and_then(|mut s| s.execute(params![checkpoint.size() as i64, checkpoint.note()]))
            .map_err(self.sqlite())?;
        let receipts = self.receipts(base..checkpoint.size(), &checkpoint)?;
        tx.commit().map_err(self.sqlite())?;
        self.head.advance(&checkpoint)?;
        Ok(receipts)
    }

    /// The record for an event that comes next in the log.
    fn sequence(
        &self,
        event: &NewEvent,
        bodies: &BTreeMap<&str, PackedBody>,
        index: u64,
        base: u64,
    ) -> Result<Entry, LedgerError> {
        let kinds = kinds_of(&self.db, &event.generation).map_err(self.sqlite())?;
        if let Some(needed) = event.kind.needs_before()
            && !kinds.iter().any(|kind| kind == needed.name())
        {
            let (kind, needed) = (event.kind.name(), needed.name());
            let what = format!("a {kind} needs a {needed} before it in the same generation");
            return Err(LedgerError::BadEvent { what });
        }
        let body_ref = |body: &PackedBody| BodyRef { commitment: body.commitment, len: body.len };
        Ok(Entry {
            v: LEAF_VERSION,
            index,
            time_ms: event.time_ms,
            origin: self.signing_key.origin().to_owned(),
            generation: event.generation.clone(),
            seq: kinds.len() as u64,
            base,
            kind: event.kind,
            actor: event.actor.clone(),
            fields: event.fields.clone(),
            bodies: bodies
                .iter()
                .map(|(name, body)| (String::from(*name), body_ref(body)))
                .collect(),
        })
    }

    fn insert_bodies(
        &self,
        entry: &Entry,
        bodies: &BTreeMap<&str, PackedBody>,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO body (idx, name, commitment, nonce, ciphertext)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.db.prepare_cached(sql).map_err(self.sqlite())?;
        for (name, body) in bodies {
            let place = BodyPlace { origin: &entry.origin, index: entry.index, name };
            let sealed = body.seal(&self.body_key, &place)?;
            let row = params![
                entry.index as i64,
                name,
                body.commitment.as_bytes(),
                sealed.nonce,
                sealed.ciphertext
            ];
            statement.execute(row).map_err(self.sqlite())?;
        }
        Ok(())
    }

    /// What an event names as kept for undo must be kept.
    fn check_preimages(&self, event: &NewEvent) -> Result<(), LedgerError> {
        let digests = preimages_of(event.kind, &event.fields)
            .map_err(|what| LedgerError::BadEvent { what })?;
        for digest in digests.into_iter().collect::<BTreeSet<_>>() {
            if !self.preimages.contains(&digest) {
                let what = format!("{digest} is not in the pre-image store: put it there first");
                return Err(LedgerError::BadEvent { what });
            }
        }
        Ok(())
    }

    /// The right edge, once it agrees with the schema, the last checkpoint and the head file. A few
    /// rows are read, whatever the size of the log. Must run within a transaction.
    pub(crate) fn checked_edge(&self) -> Result<Frontier, LedgerError> {
        let db = &self.db;
        let schema = store::schema_rows(db).map_err(self.sqlite())?;
        if schema != self.schema {
            return Err(LedgerError::damaged("schema", "of the database", "it is not ours"));
        }
        for (name, expected) in store::meta_rows(&self.signing_key, &self.body_key) {
            let sql = "SELECT value FROM meta WHERE name = ?1";
            let found: Option<String> =
                db.query_row(sql, [name], |row| row.get(0)).optional().map_err(self.sqlite())?;
            if found.as_deref() != Some(&expected) {
                let what = format!("expected `{expected}`, found {found:?}");
                return Err(LedgerError::damaged("meta", name, what));
            }
        }
        let checkpoint = self.last_checkpoint()?;
        let size = checkpoint.size();
        let sql = "SELECT coalesce(max(idx) + 1, 0) FROM entry";
        let entries: i64 = db.query_row(sql, [], |row| row.get(0)).map_err(self.sqlite())?;
        if u64::try_from(entries) != Ok(size) {
            let what = format!("{entries} records, but the last checkpoint covers {size}");
            return Err(LedgerError::damaged("entry", "last", what));
        }
        let frontier = match tiles::frontier(db, size) {
            Ok(frontier) => frontier,
            Err(TileError::Sqlite(e)) => return Err(self.sqlite()(e)),
            Err(e) => return Err(LedgerError::damaged("tile", "right edge", e.to_string())),
        };
        if frontier.root() != *checkpoint.root() {
            let what = "the hashes do not lead to the root of the last checkpoint";
            return Err(LedgerError::damaged("tile", "right edge", what));
        }
        self.check_head(size)?;
        Ok(frontier)
    }

    /// The last checkpoint, with its signature checked.
    pub(crate) fn last_checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        let sql = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";
        let row = self
            .db
            .query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
            .optional()
            .map_err(self.sqlite())?;
        let Some((size, note)) = row else {
            return Err(LedgerError::damaged("checkpoint", "last", "there is none"));
        };
        let record = format!("size {size}");
        match Checkpoint::parse(&note, self.verifier()) {
            Ok(checkpoint) if u64::try_from(size) == Ok(checkpoint.size()) => Ok(checkpoint),
            Ok(_) => Err(LedgerError::damaged("checkpoint", record, "the note has another size")),
            Err(e) => Err(LedgerError::damaged("checkpoint", record, e.to_string())),
        }
    }

    /// The head file must hold a checkpoint that the database has too.
    fn check_head(&self, size: u64) -> Result<(), LedgerError> {
        let damaged = |what: String| LedgerError::damaged("head", "file", what);
        let Some(content) = self.head.read()? else {
            return Err(damaged("it is missing".to_owned()));
        };
        let Some(note) = head::note(&content) else {
            return Err(damaged("it is no note of 512 bytes".to_owned()));
        };
        // Equal notes need no second look at the signature: `verify` takes it.
        let claimed = head::claimed_size(note);
        let sql = "SELECT note FROM checkpoint WHERE size = ?1";
        let stored: Option<String> = self
            .db
            .query_row(sql, [claimed.map(|size| size as i64)], |row| row.get(0))
            .optional()
            .map_err(self.sqlite())?;
        if stored.as_deref() == Some(note) {
            return Ok(());
        }
        let head = Checkpoint::parse(note, self.verifier()).map_err(|e| damaged(e.to_string()))?;
        let covered = head.size();
        if covered > size {
            let what = format!("the head file covers {covered} records, the log has {size}");
            return Err(LedgerError::damaged("entry", "last", what));
        }
        Err(damaged(format!("the log has no such checkpoint of size {covered}")))
    }

    fn receipts(
        &self,
        indexes: std::ops::Range<u64>,
        checkpoint: &Checkpoint,
    ) -> Result<Vec<Receipt>, LedgerError> {
        let mut reader = TileReader::new(&self.db);
        let mut receipts = Vec::new();
        for index in indexes {
            let proof =
                reader.inclusion(index, checkpoint.size()).map_err(|e| self.tile_error(e))?;
            receipts.push(Receipt::new(index, proof, checkpoint));
        }
        Ok(receipts)
    }

    pub(crate) fn tile_error(&self, e: TileError) -> LedgerError {
        match e {
            TileError::Sqlite(e) => self.sqlite()(e),
            TileError::Broken { level, n, what } => {
                LedgerError::damaged("tile", format!("level {level}, n {n}"), what)
            }
        }
    }
}

fn pack(event: &NewEvent) -> Result<BTreeMap<&str, PackedBody>, LedgerError> {
    let mut packed = BTreeMap::new();
    for (name, bytes) in &event.bodies {
        packed.insert(name.as_str(), PackedBody::new(bytes)?);
    }
    Ok(packed)
}

/// The kinds of a generation's records so far, in order.
fn kinds_of(db: &Connection, generation: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare_cached("SELECT kind FROM entry WHERE gen = ?1 ORDER BY seq")?;
    statement.query_map([generation], |row| row.get(0))?.collect()
}

fn insert_entry(db: &Connection, entry: &Entry, leaf: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO entry (idx, ts, gen, seq, kind, leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let kind: EventKind = entry.kind;
    let row = params![
        entry.index as i64,
        entry.time_ms,
        entry.generation,
        entry.seq as i64,
        kind.name(),
        leaf
    ];
    db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_space_left_is_named_and_harms_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        let mut event = NewEvent {
            generation: "01JCXR6Z8M0000000000000001".to_owned(),
            kind: EventKind::Request,
            actor: "human:ada".to_owned(),
            time_ms: 0,
            fields: serde_json::Map::new(),
            bodies: Vec::new(),
        };
        ledger.append(&event).unwrap();
        // SQLite meets this limit as it meets a full disk.
        let pages = |db: &Connection| db.pragma_query_value(None, "page_count", |row| row.get(0));
        let pages: i64 = pages(&ledger.db).unwrap();
        let limit = |db: &Connection, pages: i64| {
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        limit(&ledger.db, pages);
        let noise: [u8; 100_000] = crate::keys::random().unwrap();
        event.bodies = vec![("prompt".to_owned(), noise.to_vec())];
        let full = ledger.append_all(&[event.clone(), event.clone()]);
        assert!(matches!(full, Err(LedgerError::Full { .. })), "{full:?}");
        assert!(full.unwrap_err().to_string().contains("nothing was recorded"));
        assert_eq!(ledger.size().unwrap(), 1);
        assert!(ledger.verify(&mut |_, _| {}).unwrap().holds());
        limit(&ledger.db, pages + 1000);
        assert_eq!(ledger.append(&event).unwrap().index(), 1);
        assert!(ledger.verify(&mut |_, _| {}).unwrap().holds());
    }
}
