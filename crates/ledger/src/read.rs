//! Reading: records by number, generation or filter; bodies; receipts; consistency.

use rusqlite::{OptionalExtension as _, params};

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::event::{BODY_BYTES_MAX, Entry, EventKind, is_ulid_prefix};
use crate::merkle::{self, Hash};
use crate::receipt::Receipt;
use crate::seal::BodyPlace;
use crate::store::Ledger;
use crate::tiles::TileReader;
use types::Digest;

/// Which records to list. The default is all of them, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only records of this kind.
    pub kind: Option<EventKind>,
    /// Only records of this generation, written out in full.
    pub generation: Option<String>,
    /// Only records at or after this time.
    pub since_ms: Option<i64>,
    /// Only records before this time.
    pub until_ms: Option<i64>,
    /// Only records with this number or a later one.
    pub index_min: Option<u64>,
    /// At most so many.
    pub count_max: Option<u64>,
    /// The last record first.
    pub newest_first: bool,
}

impl Ledger {
    /// How many records there are.
    ///
    /// # Errors
    /// A last checkpoint that does not hold.
    pub fn size(&self) -> Result<u64, LedgerError> {
        Ok(self.last_checkpoint()?.size())
    }

    /// The last signed checkpoint; that of the empty log where nothing is recorded yet.
    ///
    /// # Errors
    /// A last checkpoint that does not hold.
    pub fn checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        self.last_checkpoint()
    }

    /// The records that pass the filter.
    ///
    /// # Errors
    /// Records that cannot be read.
    pub fn entries(&self, filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
        let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let kind = filter.kind.map(EventKind::name);
        let index_min = filter.index_min.map_or(0, clamp);
        let count_max = filter.count_max.map_or(-1, clamp);
        let order = if filter.newest_first { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT idx, leaf FROM entry
             WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR gen = ?2)
               AND (?3 IS NULL OR ts >= ?3) AND (?4 IS NULL OR ts < ?4)
               AND idx >= ?5 ORDER BY idx {order} LIMIT ?6"
        );
        let (generation, since_ms, until_ms) =
            (&filter.generation, filter.since_ms, filter.until_ms);
        self.select(&sql, params![kind, generation, since_ms, until_ms, index_min, count_max])
    }

    /// The record with this number, if there is one.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, LedgerError> {
        let Ok(index) = i64::try_from(index) else { return Ok(None) };
        let sql = "SELECT idx, leaf FROM entry WHERE idx = ?1";
        Ok(self.select(sql, params![index])?.pop())
    }

    /// The stored bytes of the record with this number: what a [`Receipt`] is checked against.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn leaf(&self, index: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let Ok(index) = i64::try_from(index) else { return Ok(None) };
        let sql = "SELECT leaf FROM entry WHERE idx = ?1";
        self.db.query_row(sql, [index], |row| row.get(0)).optional().map_err(self.sqlite())
    }

    /// The records of the one generation whose ULID begins with `prefix`, in order; letters may be
    /// small. Empty where no generation begins so.
    ///
    /// # Errors
    /// A prefix that fits several generations.
    pub fn generation(&self, prefix: &str) -> Result<Vec<Entry>, LedgerError> {
        let prefix = prefix.to_ascii_uppercase();
        if prefix.is_empty() || !is_ulid_prefix(&prefix) {
            return Ok(Vec::new());
        }
        let sql = "SELECT DISTINCT gen FROM entry WHERE gen >= ?1 AND gen < ?1 || '~'
                   ORDER BY gen LIMIT 4";
        let mut statement = self.db.prepare_cached(sql).map_err(self.sqlite())?;
        let candidates: rusqlite::Result<Vec<String>> =
            statement.query_map([&prefix], |row| row.get(0)).and_then(Iterator::collect);
        let mut candidates = candidates.map_err(self.sqlite())?;
        if candidates.len() > 1 {
            return Err(LedgerError::Ambiguous { prefix, candidates });
        }
        match candidates.pop() {
            Some(generation) => {
                let sql = "SELECT idx, leaf FROM entry WHERE gen = ?1 ORDER BY seq";
                self.select(sql, params![generation])
            }
            None => Ok(Vec::new()),
        }
    }

    /// The bytes of a body, decrypted and checked against the commitment. `None` where the ledger
    /// has no such body.
    ///
    /// # Errors
    /// A body that does not open.
    pub fn body(&self, commitment: &Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        let sql = "SELECT idx, name, nonce, ciphertext FROM body WHERE commitment = ?1";
        type Row = (i64, String, Vec<u8>, Vec<u8>);
        let row: Option<Row> = self
            .db
            .query_row(sql, params![commitment.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()
            .map_err(self.sqlite())?;
        let Some((index, name, nonce, ciphertext)) = row else { return Ok(None) };
        let place = BodyPlace {
            origin: self.signing_key.origin(),
            index: u64::try_from(index).unwrap_or(u64::MAX),
            name: &name,
        };
        match place.open(&self.body_key, commitment, (&nonce, &ciphertext), BODY_BYTES_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) => {
                let record = format!("index {index}, name `{name}`");
                Err(LedgerError::damaged("body", record, e.to_string()))
            }
        }
    }

    /// The receipt of the record with this number, against the last checkpoint.
    ///
    /// # Errors
    /// A number that no record has; a tree that does not lead to the last checkpoint.
    pub fn prove(&self, index: u64) -> Result<Receipt, LedgerError> {
        let read = self.db.unchecked_transaction().map_err(self.sqlite())?;
        let checkpoint = self.last_checkpoint()?;
        let size = checkpoint.size();
        let no_such_record = LedgerError::NoSuchRecord { index, size };
        if index >= size {
            return Err(no_such_record);
        }
        let proof =
            TileReader::new(&read).inclusion(index, size).map_err(|e| self.tile_error(e))?;
        let receipt = Receipt::new(index, proof, &checkpoint);
        let leaf = self.leaf(index)?.ok_or(no_such_record)?;
        match receipt.verify(&leaf, self.verifier()) {
            Ok(_) => Ok(receipt),
            Err(e) => Err(LedgerError::damaged("entry", format!("index {index}"), e.to_string())),
        }
    }

    /// The proof that the log of `new` records begins with the log of `old` records (RFC 6962
    /// section 2.1.2), for whoever keeps checkpoints.
    ///
    /// # Errors
    /// Sizes that the log never had.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        let read = self.db.unchecked_transaction().map_err(self.sqlite())?;
        let size = self.last_checkpoint()?.size();
        if old > new || new > size {
            return Err(LedgerError::NoSuchRecord { index: new.max(old).saturating_sub(1), size });
        }
        TileReader::new(&read).consistency(old, new).map_err(|e| self.tile_error(e))
    }

    /// Whether this log is a continuation of the log that signed `note`, a checkpoint that was kept
    /// elsewhere. This is what catches a thief of the key who wrote the whole log anew; it trusts
    /// the stored hashes, so call [`Ledger::verify`] too.
    ///
    /// # Errors
    /// A note that this ledger's key did not sign.
    pub fn continues(&self, note: &str) -> Result<bool, LedgerError> {
        let kept = Checkpoint::parse(note, self.verifier())?;
        let read = self.db.unchecked_transaction().map_err(self.sqlite())?;
        let last = self.last_checkpoint()?;
        if kept.size() > last.size() {
            return Ok(false);
        }
        let proof = TileReader::new(&read)
            .consistency(kept.size(), last.size())
            .map_err(|e| self.tile_error(e))?;
        let (old, new) = ((kept.size(), kept.root()), (last.size(), last.root()));
        Ok(merkle::verify_consistency(old, new, &proof))
    }

    fn select(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Entry>, LedgerError> {
        let mut statement = self.db.prepare_cached(sql).map_err(self.sqlite())?;
        let rows: rusqlite::Result<Vec<(i64, Vec<u8>)>> = statement
            .query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect);
        let mut entries = Vec::new();
        for (index, leaf) in rows.map_err(self.sqlite())? {
            let damaged = |what| LedgerError::damaged("entry", format!("index {index}"), what);
            let entry = Entry::parse(&leaf).map_err(damaged)?;
            if u64::try_from(index) != Ok(entry.index) {
                return Err(damaged(format!("the leaf is that of index {}", entry.index)));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}
