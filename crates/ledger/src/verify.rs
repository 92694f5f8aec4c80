//! Verification: everything is computed anew from the records, and the first thing that does not
//! hold is named. Nothing that is stored is believed before it was checked; nothing makes it panic.
//!
//! The order decides who is blamed: schema and `meta`, the head file, then records, checkpoints and
//! tiles together (where they differ, a signature settles which of them is wrong), then bodies,
//! pre-images and rules, and at last, because it takes longest, every signature.

mod chain;
mod contents;

use std::fmt;

use rusqlite::{ErrorCode, Row};
use serde::{Serialize, Serializer};

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::head;
use crate::hex::hex;
use crate::merkle::Hash;
use crate::store::{self, Ledger};

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Records that hold.
    pub entries: u64,
    /// Signed checkpoints that hold, the one of the empty log included.
    pub checkpoints: u64,
    /// Bodies that hold.
    pub bodies: u64,
    /// Pre-images that records name and that hold.
    pub preimages: u64,
    /// The head of the tree of all records; all zeros after a failure.
    #[serde(serialize_with = "serialize_root")]
    pub root: Hash,
    /// The first thing that does not hold. `None`: everything holds.
    pub failure: Option<Failure>,
    /// What is odd and yet allowed, such as a clock that went back.
    pub remarks: Vec<String>,
}

/// A thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The table: `entry`, `body`, `tile`, `checkpoint`, `meta`; or `schema`, `database`, `head`,
    /// `preimage`.
    pub table: String,
    /// Which record of it.
    pub record: String,
    /// What was expected and found.
    pub what: String,
}

impl Verification {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failure.is_none()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.table, self.record, self.what)
    }
}

impl Ledger {
    /// Checks everything: schema, records, tree, checkpoints, head file, bodies, pre-images that
    /// records name, rules. `progress` is told now and then how many of how many steps are done.
    /// Other processes may append meanwhile; what they append is not looked at.
    ///
    /// # Errors
    /// Only where the check could not be made: files that cannot be read, a database that is locked.
    /// What does not hold is no error but [`Verification::failure`].
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verification, LedgerError> {
        let mut found = Verification {
            entries: 0,
            checkpoints: 0,
            bodies: 0,
            preimages: 0,
            root: [0; 32],
            failure: None,
            remarks: Vec::new(),
        };
        match self.verify_all(&mut found, progress) {
            Ok(()) => {}
            Err(Stop::Failure(failure)) => {
                found.root = [0; 32];
                found.failure = Some(failure);
            }
            Err(Stop::Error(e)) => return Err(e),
        }
        Ok(found)
    }

    fn verify_all(
        &self,
        found: &mut Verification,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Stop> {
        // The head is read first: what is appended later can only make the log longer than it.
        let head = self.head.read()?;
        let _snapshot = self.db.unchecked_transaction().map_err(sql("database"))?;
        self.verify_schema()?;
        self.verify_meta()?;
        self.verify_integrity()?;
        let count = self.number("SELECT coalesce(max(idx) + 1, 0) FROM entry", "entry")?;
        let notes = self.number("SELECT count(*) FROM checkpoint", "checkpoint")?;
        self.verify_head(head.as_deref(), count)?;
        let total = 2 * count + notes;
        let mut step = |done: u64| {
            if done.is_multiple_of(256) || done == total {
                progress(done, total);
            }
        };
        chain::verify(self, found, &mut step)?;
        contents::verify(self, found, &mut step)?;
        self.verify_signatures(found, &mut step)
    }

    fn number(&self, query: &str, table: &'static str) -> Result<u64, Stop> {
        let number: i64 = self.db.query_row(query, [], |row| row.get(0)).map_err(sql(table))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// The head file holds a checkpoint that the log has too. Where it does not, the signatures tell
    /// whether the head file or the log was changed.
    fn verify_head(&self, content: Option<&[u8]>, count: u64) -> Result<(), Stop> {
        let failure = |what: &str| Stop::failure("head", "file", what);
        let content = content.ok_or_else(|| failure("missing"))?;
        let note = head::note(content).ok_or_else(|| failure("it is no note of 512 bytes"))?;
        let query = "SELECT size, note FROM checkpoint WHERE size = ?1";
        let mut statement = self.db.prepare(query).map_err(sql("checkpoint"))?;
        let claimed = head::claimed_size(note).map(|size| size as i64);
        let mut rows = statement.query([claimed]).map_err(sql("checkpoint"))?;
        let stored = match rows.next().map_err(sql("checkpoint"))? {
            Some(row) => {
                let record = format!("size {}", claimed.unwrap_or_default());
                let columns = Columns { row, table: "checkpoint", record };
                Some(columns.text(1, "note")?.to_owned())
            }
            None => None,
        };
        if stored.as_deref() == Some(note) {
            return Ok(());
        }
        let head = Checkpoint::parse(note, self.verifier()).map_err(|e| failure(&e.to_string()))?;
        let size = format!("size {}", head.size());
        match stored.map(|note| Checkpoint::parse(&note, self.verifier())) {
            Some(Ok(_)) => Err(failure(&format!("the log has another checkpoint of {size}"))),
            Some(Err(e)) => Err(Stop::failure("checkpoint", size, e.to_string())),
            None if count < head.size() => {
                let what = format!("missing: the head file covers {} records", head.size());
                Err(Stop::failure("entry", index(count), what))
            }
            None => Err(Stop::failure("checkpoint", size, "missing: the head file has it")),
        }
    }

    fn verify_signatures(
        &self,
        found: &mut Verification,
        step: &mut dyn FnMut(u64),
    ) -> Result<(), Stop> {
        let query = "SELECT size, note FROM checkpoint ORDER BY size";
        let mut statement = self.db.prepare(query).map_err(sql("checkpoint"))?;
        let mut rows = statement.query([]).map_err(sql("checkpoint"))?;
        while let Some(row) = rows.next().map_err(sql("checkpoint"))? {
            let record =
                format!("size {}", row.get_ref(0).map_or(-1, |v| v.as_i64().unwrap_or(-1)));
            let columns = Columns { row, table: "checkpoint", record };
            let note = columns.text(1, "note")?;
            Checkpoint::parse(note, self.verifier()).map_err(|e| columns.failure(e.to_string()))?;
            if note.lines().count() != 5 {
                return Err(columns.failure("the note has other lines than our five".to_owned()));
            }
            found.checkpoints += 1;
            step(2 * found.entries + found.checkpoints);
        }
        Ok(())
    }

    fn verify_schema(&self) -> Result<(), Stop> {
        let found = store::schema_rows(&self.db).map_err(sql("schema"))?;
        for row in &self.schema {
            if !found.contains(row) {
                let what = "missing or not as this format has it";
                return Err(Stop::failure("schema", format!("{} `{}`", row.0, row.1), what));
            }
        }
        for row in &found {
            if !self.schema.contains(row) {
                let what = "not part of this format";
                return Err(Stop::failure("schema", format!("{} `{}`", row.0, row.1), what));
            }
        }
        let expected =
            [("application_id", store::APPLICATION_ID), ("user_version", store::FORMAT_VERSION)];
        for (name, expected) in expected {
            let found: i64 =
                self.db.pragma_query_value(None, name, |row| row.get(0)).map_err(sql("schema"))?;
            if found != expected {
                let what = format!("expected {expected}, found {found}");
                return Err(Stop::failure("schema", name, what));
            }
        }
        Ok(())
    }

    fn verify_meta(&self) -> Result<(), Stop> {
        let query = "SELECT name, value FROM meta ORDER BY name";
        let mut statement = self.db.prepare(query).map_err(sql("meta"))?;
        let mut rows = statement.query([]).map_err(sql("meta"))?;
        let mut expected = store::meta_rows(&self.signing_key, &self.body_key).into_iter();
        while let Some(row) = rows.next().map_err(sql("meta"))? {
            let columns = Columns { row, table: "meta", record: "row".to_owned() };
            let name = columns.text(0, "name")?;
            let value = columns.text(1, "value")?;
            match expected.next() {
                Some((n, v)) if n == name && v == value => {}
                Some((n, v)) => {
                    let what = format!("expected `{v}`, found {name:?} with {value:?}");
                    return Err(Stop::failure("meta", format!("`{n}`"), what));
                }
                None => return Err(Stop::failure("meta", format!("{name:?}"), "unexpected row")),
            }
        }
        match expected.next() {
            Some((name, _)) => Err(Stop::failure("meta", format!("`{name}`"), "missing")),
            None => Ok(()),
        }
    }

    fn verify_integrity(&self) -> Result<(), Stop> {
        let mut statement =
            self.db.prepare("PRAGMA integrity_check(1)").map_err(sql("database"))?;
        let answer: String = statement.query_row([], |row| row.get(0)).map_err(sql("database"))?;
        if answer == "ok" {
            Ok(())
        } else {
            Err(Stop::failure("database", "PRAGMA integrity_check", answer))
        }
    }
}

/// Why verification stops: something does not hold, or it cannot be found out.
enum Stop {
    Failure(Failure),
    Error(LedgerError),
}

impl Stop {
    fn failure(table: &str, record: impl Into<String>, what: impl Into<String>) -> Stop {
        Stop::Failure(Failure { table: table.to_owned(), record: record.into(), what: what.into() })
    }
}

impl From<LedgerError> for Stop {
    fn from(e: LedgerError) -> Stop {
        Stop::Error(e)
    }
}

/// For `map_err`: what SQLite cannot read because of its content is a failure of the table.
fn sql(table: &'static str) -> impl Fn(rusqlite::Error) -> Stop {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, OutOfMemory, PermissionDenied, SystemIoFailure,
    };
    move |e| match e.sqlite_error_code() {
        Some(
            DatabaseBusy | DatabaseLocked | SystemIoFailure | CannotOpen | OutOfMemory
            | PermissionDenied,
        ) => Stop::Error(LedgerError::sqlite(std::path::Path::new("ledger.db"))(e)),
        _ => Stop::failure(table, "unknown", format!("it cannot be read: {e}")),
    }
}

/// The columns of a row, none of which is believed to have the type it should have.
struct Columns<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    record: String,
}

impl Columns<'_> {
    fn integer(&self, at: usize, name: &str) -> Result<i64, Stop> {
        let value = self.row.get_ref(at).map_err(sql(self.table))?;
        value.as_i64().map_err(|_| self.failure(format!("column {name} is no integer")))
    }

    fn unsigned(&self, at: usize, name: &str) -> Result<u64, Stop> {
        let value = self.integer(at, name)?;
        u64::try_from(value).map_err(|_| self.failure(format!("column {name} is {value}, below 0")))
    }

    fn text(&self, at: usize, name: &str) -> Result<&str, Stop> {
        let value = self.row.get_ref(at).map_err(sql(self.table))?;
        value.as_str().map_err(|_| self.failure(format!("column {name} is no UTF-8 text")))
    }

    fn blob(&self, at: usize, name: &str) -> Result<&[u8], Stop> {
        let value = self.row.get_ref(at).map_err(sql(self.table))?;
        value.as_blob().map_err(|_| self.failure(format!("column {name} is no blob")))
    }

    fn failure(&self, what: String) -> Stop {
        Stop::failure(self.table, self.record.clone(), what)
    }
}

fn index(index: impl fmt::Display) -> String {
    format!("index {index}")
}

fn serialize_root<S: Serializer>(root: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(root))
}
