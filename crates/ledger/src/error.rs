//! Everything that can go wrong, in words for the person who reads it: what, where, what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::{BUSY_MS_MAX, FORMAT_VERSION};

/// Why the ledger or the pre-image store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The operating system refused a file operation.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb: "read", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own reason.
        source: io::Error,
    },
    /// The file is no SQLite database, or one of another program.
    #[error("`{}` is not a ledger: {what}; move it away or choose another state folder", path.display())]
    NotALedger {
        /// The database file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The state folder was written by a version that this one cannot read.
    #[error(
        "`{}` has ledger format {found}, this program knows format {FORMAT_VERSION}: use the \
         program version that wrote it; nothing was changed", path.display()
    )]
    ForeignFormat {
        /// The database file.
        path: PathBuf,
        /// The format version found in it.
        found: i64,
    },
    /// A key file can be read by others.
    #[error(
        "key file `{}` has mode {mode:03o}, so other users can read it: it may be known to them. \
         If it is not, run `chmod 600` on it", path.display()
    )]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file does not hold a key.
    #[error("key file `{}` is damaged: {what}; restore it from a backup", path.display())]
    KeyDamaged {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it. Never the key itself.
        what: &'static str,
    },
    /// The ledger exists, one of its keys does not. A new one would be a new identity.
    #[error(
        "key file `{}` is missing beside an existing ledger; restore it from a backup (a new key \
         would be a new identity and is never made silently)", path.display()
    )]
    KeyMissing {
        /// The key file.
        path: PathBuf,
    },
    /// The head file says that there was a ledger, but the database is gone.
    #[error(
        "`{}` is missing, but a signed head of it exists: the database was removed. Restore it \
         from a backup, or move the whole state folder away to begin a new ledger", path.display()
    )]
    DatabaseMissing {
        /// The database file.
        path: PathBuf,
    },
    /// Another process held the ledger for too long.
    #[error(
        "`{}` is in use: waited {} s for another process to finish; try again", path.display(),
        BUSY_MS_MAX / 1000
    )]
    Busy {
        /// The file waited for.
        path: PathBuf,
    },
    /// No space is left; nothing was recorded.
    #[error(
        "no space left for `{}`: nothing was recorded and the ledger is intact; free some space \
         and try again", path.display()
    )]
    Full {
        /// The database file.
        path: PathBuf,
    },
    /// Any other complaint of SQLite.
    #[error("database `{}`: {source}", path.display())]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// SQLite's own reason.
        source: rusqlite::Error,
    },
    /// What is stored contradicts itself; nothing is appended to such a ledger.
    #[error(
        "the ledger does not hold at {table} {record}: {what}; nothing was recorded, run \
         `countersign log verify`"
    )]
    Damaged {
        /// The table or file.
        table: String,
        /// The record in it.
        record: String,
        /// What was expected and found.
        what: String,
    },
    /// The events were recorded, but the head file beside the database was not brought up to date.
    #[error("recorded, but the head file `{}` could not be updated: {what}", path.display())]
    HeadStale {
        /// The head file.
        path: PathBuf,
        /// The reason.
        what: String,
    },
    /// The event cannot be recorded as it is.
    #[error("event not recorded: {what}")]
    BadEvent {
        /// Which part, and what is asked of it.
        what: String,
    },
    /// The generation prefix fits more than one generation.
    #[error("`{prefix}` fits more than one generation ({}); give more letters", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The first few that fit.
        candidates: Vec<String>,
    },
    /// There is no such record.
    #[error("there is no record {index}: the ledger has {size}")]
    NoSuchRecord {
        /// The index asked for.
        index: u64,
        /// How many records there are.
        size: u64,
    },
    /// A stored pre-image does not hold what its name says.
    #[error("pre-image `{}` is damaged: {what}; undo to this state is not possible", path.display())]
    PreimageDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file is too large for the pre-image store.
    #[error("a file of {bytes} bytes is too large to be kept for undo: the limit is {bytes_max}")]
    PreimageTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// A note that was given to the ledger does not hold.
    #[error("checkpoint: {0}")]
    Note(#[from] crate::checkpoint::NoteError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl LedgerError {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
        move |source| LedgerError::Io { action, path: path.to_owned(), source }
    }

    /// For `map_err` on SQLite calls: names the two outcomes that a person can do something about.
    pub(crate) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> LedgerError {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, NotADatabase};
        move |source| {
            let path = path.to_owned();
            let extended = source.sqlite_error().map(|error| error.extended_code);
            match source.sqlite_error_code() {
                _ if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
                    // The index of the write-ahead log cannot grow: that is a full disk too.
                    LedgerError::Full { path }
                }
                Some(DatabaseBusy | DatabaseLocked) => LedgerError::Busy { path },
                Some(DiskFull) => LedgerError::Full { path },
                Some(NotADatabase) => {
                    LedgerError::NotALedger { path, what: "it is no SQLite database".to_owned() }
                }
                _ => LedgerError::Sqlite { path, source },
            }
        }
    }

    /// A record that contradicts what is signed.
    pub(crate) fn damaged(
        table: &str,
        record: impl Into<String>,
        what: impl Into<String>,
    ) -> LedgerError {
        LedgerError::Damaged { table: table.to_owned(), record: record.into(), what: what.into() }
    }
}
