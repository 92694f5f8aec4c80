//! The state folder and the database in it: schema, opening, versions.
//!
//! A new database is made complete under another name and then given its own, so that two processes
//! may begin at once and a crash leaves a whole ledger or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::checkpoint::Verifier;
use crate::error::LedgerError;
use crate::files;
use crate::head::{self, HeadFile};
use crate::keys::{BodyKey, SigningKey};
use crate::merkle;
use crate::preimage::{self, PreimageStore};

/// Version of everything in the state folder; `PRAGMA user_version` of the database.
pub const FORMAT_VERSION: i64 = 1;
/// `PRAGMA application_id`: "CSLG" in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x4353_4C47;
/// How long a process waits for another one.
pub(crate) const BUSY_MS_MAX: u64 = 10_000;

pub(crate) const SCHEMA: &str = "
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    idx INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    gen TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_gen ON entry (gen, seq);
CREATE TABLE body (
    idx INTEGER NOT NULL,
    name TEXT NOT NULL,
    commitment BLOB NOT NULL UNIQUE,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (idx, name)
) STRICT;
CREATE TABLE tile (
    level INTEGER NOT NULL,
    n INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
";

/// The log of one state folder. Several processes may have the same one open.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) db: Connection,
    pub(crate) db_path: PathBuf,
    pub(crate) schema: Vec<SchemaRow>,
    pub(crate) signing_key: SigningKey,
    pub(crate) body_key: BodyKey,
    pub(crate) head: HeadFile,
    pub(crate) preimages: PreimageStore,
}

impl Ledger {
    /// Opens the ledger in the folder `dir`, and makes folder, keys and database on first use.
    /// Nothing is checked here but that it is a ledger: every append checks the right edge, and
    /// [`Ledger::verify`] checks all.
    ///
    /// # Errors
    /// Files that are not a ledger's, of another format version, or readable by other users; a
    /// database or key that is missing while the rest is there.
    pub fn open(dir: &Path) -> Result<Ledger, LedgerError> {
        if let Some(ledger) = Ledger::open_existing(dir)? {
            return Ok(ledger);
        }
        files::create_folder(dir)?;
        create_database(dir)?;
        match Ledger::open_existing(dir)? {
            Some(ledger) => Ok(ledger),
            None => Err(LedgerError::DatabaseMissing { path: db_path(dir) }),
        }
    }

    /// Opens the ledger in the folder `dir` if there is one, and makes nothing where there is none.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_existing(dir: &Path) -> Result<Option<Ledger>, LedgerError> {
        let (db_path, head) = (db_path(dir), HeadFile::new(head::path(dir)));
        if !is_file(&db_path)? {
            // The head of the empty log is made just before the database.
            return match head.claimed_size()? {
                None | Some(0) => Ok(None),
                Some(_) => Err(LedgerError::DatabaseMissing { path: db_path }),
            };
        }
        let db = connect(&db_path)?;
        let signing_key_path = signing_key_path(dir);
        let Some(signing_key) = SigningKey::read(&signing_key_path)? else {
            return Err(LedgerError::KeyMissing { path: signing_key_path });
        };
        let body_key_path = body_key_path(dir);
        let Some(body_key) = BodyKey::read(&body_key_path)? else {
            return Err(LedgerError::KeyMissing { path: body_key_path });
        };
        let preimages = PreimageStore::with_key(dir, body_key.clone());
        let schema = schema_expected().map_err(LedgerError::sqlite(&db_path))?;
        Ok(Some(Ledger { db, db_path, schema, signing_key, body_key, head, preimages }))
    }

    /// The public key of this ledger, for whoever checks its receipts.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        self.signing_key.verifier()
    }

    /// The store of pre-images in the same folder.
    #[must_use]
    pub fn preimages(&self) -> &PreimageStore {
        &self.preimages
    }

    pub(crate) fn sqlite(&self) -> impl FnOnce(rusqlite::Error) -> LedgerError {
        LedgerError::sqlite(&self.db_path)
    }
}

/// The rows of the table `meta`: the same for the whole life of a ledger.
pub(crate) fn meta_rows(
    signing_key: &SigningKey,
    body_key: &BodyKey,
) -> [(&'static str, String); 4] {
    [
        ("body_key", body_key.fingerprint().to_owned()),
        ("format", FORMAT_VERSION.to_string()),
        ("origin", signing_key.origin().to_owned()),
        ("verifier", signing_key.verifier().to_string()),
    ]
}

/// One row of `sqlite_schema`: type, name, table, SQL.
pub(crate) type SchemaRow = (String, String, String, Option<String>);

/// What `sqlite_schema` holds, in a fixed order.
pub(crate) fn schema_rows(db: &Connection) -> rusqlite::Result<Vec<SchemaRow>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = db.prepare(sql)?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

/// What `sqlite_schema` should hold.
fn schema_expected() -> rusqlite::Result<Vec<SchemaRow>> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(SCHEMA)?;
    schema_rows(&db)
}

pub(crate) fn db_path(dir: &Path) -> PathBuf {
    dir.join("ledger.db")
}

fn body_key_path(dir: &Path) -> PathBuf {
    dir.join("body.key")
}

fn signing_key_path(dir: &Path) -> PathBuf {
    dir.join("signing.key")
}

/// Whether the database file is there. SQLite would take an empty file for a new database. The file
/// is not opened to look: closing it would drop the locks of other connections in this process.
fn is_file(path: &Path) -> Result<bool, LedgerError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() > 0 => Ok(true),
        Ok(_) => {
            let what = "it is no SQLite database".to_owned();
            Err(LedgerError::NotALedger { path: path.to_owned(), what })
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(LedgerError::io("read", path)(e)),
    }
}

fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let sqlite = || LedgerError::sqlite(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(sqlite())?;
    db.busy_timeout(Duration::from_millis(BUSY_MS_MAX)).map_err(sqlite())?;
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application_id = pragma("application_id").map_err(sqlite())?;
    if application_id != APPLICATION_ID {
        let what = format!("its SQLite application_id is {application_id:#x}");
        return Err(LedgerError::NotALedger { path: path.to_owned(), what });
    }
    let found = pragma("user_version").map_err(sqlite())?;
    if found != FORMAT_VERSION {
        return Err(LedgerError::ForeignFormat { path: path.to_owned(), found });
    }
    // FULL: a commit is on the disk before it returns. The last three distrust the file's content.
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;",
    )
    .map_err(sqlite())?;
    Ok(db)
}

/// The key for bodies; a new one only where nothing was encrypted yet.
pub(crate) fn body_key(dir: &Path) -> Result<BodyKey, LedgerError> {
    let path = body_key_path(dir);
    if !preimage::folder(dir).exists() && !db_path(dir).exists() {
        BodyKey::create(&path)?;
    }
    BodyKey::read(&path)?.ok_or(LedgerError::KeyMissing { path })
}

/// Makes keys, head file and database, each unless it is there. The database comes last, complete
/// with its first checkpoint, that of the empty log: where it is, the rest is.
fn create_database(dir: &Path) -> Result<(), LedgerError> {
    let path = db_path(dir);
    SigningKey::create(&signing_key_path(dir))?;
    let signing_key = SigningKey::read(&signing_key_path(dir))?
        .ok_or_else(|| LedgerError::KeyMissing { path: signing_key_path(dir) })?;
    let body_key = body_key(dir)?;
    let checkpoint = signing_key.sign(0, merkle::empty_root());
    HeadFile::new(head::path(dir)).create(&checkpoint)?;
    let fill = |db: &Connection| -> rusqlite::Result<()> {
        db.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};
             {SCHEMA}"
        ))?;
        for (name, value) in meta_rows(&signing_key, &body_key) {
            db.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
        }
        db.execute("INSERT INTO checkpoint (size, note) VALUES (0, ?1)", [checkpoint.note()])?;
        // Remembered in the file; the last connection takes its `-wal` and `-shm` files away.
        db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
    };
    let file = files::unfinished(dir)?.into_temp_path();
    let db = Connection::open(&file).map_err(LedgerError::sqlite(&path))?;
    fill(&db).map_err(LedgerError::sqlite(&path))?;
    db.close().map_err(|(_, e)| LedgerError::sqlite(&path)(e))?;
    files::finish_new(file, &path)?;
    Ok(())
}
