//! The head file: the last signed checkpoint once more, beside the database, so that a database that
//! was cut short or put back to an older copy is noticed.
//!
//! The file has 512 bytes, the note and line feeds up to the end, and is overwritten in place with
//! one write: a disk writes a sector whole or not at all (PostgreSQL keeps its control file below
//! 512 bytes for the same reason), so the file needs no fsync of its own. After a power cut it may
//! lag behind the database. That is no contradiction: it must be a beginning of the log, not its end.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::checkpoint::{self, Checkpoint};
use crate::error::LedgerError;
use crate::files;
use crate::store::BUSY_MS_MAX;

const HEAD_BYTES: usize = 512;

/// The head file of a ledger.
#[derive(Debug)]
pub(crate) struct HeadFile {
    path: PathBuf,
}

impl HeadFile {
    pub(crate) fn new(path: PathBuf) -> HeadFile {
        HeadFile { path }
    }

    /// The size that the file claims, before its signature is looked at; a file that claims none
    /// that can be read counts as one. `None` where there is no file.
    pub(crate) fn claimed_size(&self) -> Result<Option<u64>, LedgerError> {
        let size = |content: Vec<u8>| note(&content).and_then(claimed_size);
        Ok(self.read()?.map(|content| size(content).unwrap_or(u64::MAX)))
    }

    /// Makes the file of a ledger that has just been made, unless there is one.
    pub(crate) fn create(&self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        let created = files::create(&self.path, &padded(checkpoint.note()));
        created.map(|_| ())
    }

    /// Its content; `None` where there is no file. Whether it holds is for the reader to check.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        match File::open(&self.path) {
            Ok(file) => {
                self.lock(&file, false)?;
                read_content(&file).map(Some).map_err(LedgerError::io("read", &self.path))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(LedgerError::io("read", &self.path)(e)),
        }
    }

    /// Writes this checkpoint, unless another process has written a later one.
    pub(crate) fn advance(&self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        let stale =
            |e: io::Error| LedgerError::HeadStale { path: self.path.clone(), what: e.to_string() };
        let file = OpenOptions::new().read(true).write(true).open(&self.path).map_err(stale)?;
        // The events are recorded already: no other error may be given from here.
        let stale_lock = |e: LedgerError| stale(io::Error::other(e));
        self.lock(&file, true).map_err(stale_lock)?;
        let before = read_content(&file).map_err(stale)?;
        if let Some(size) = note(&before).and_then(claimed_size)
            && size > checkpoint.size()
        {
            return Ok(());
        }
        file.write_all_at(&padded(checkpoint.note()), 0).map_err(stale)
    }

    fn lock(&self, file: &File, exclusive: bool) -> Result<(), LedgerError> {
        let wait_max = Duration::from_millis(BUSY_MS_MAX);
        match files::lock(file, exclusive, wait_max) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::TimedOut => {
                Err(LedgerError::Busy { path: self.path.clone() })
            }
            Err(e) => Err(LedgerError::io("lock", &self.path)(e)),
        }
    }
}

/// The file's content, of which no byte is free to be anything else.
pub(crate) fn padded(note: &str) -> Vec<u8> {
    let mut bytes = note.as_bytes().to_vec();
    assert!(bytes.len() <= HEAD_BYTES, "our notes have about 250 bytes");
    bytes.resize(HEAD_BYTES, b'\n');
    bytes
}

/// The note in a head file: all up to the line feeds at the end.
pub(crate) fn note(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let note = text.get(..=text.trim_end_matches('\n').len())?;
    (text.len() == HEAD_BYTES).then_some(note)
}

/// The size that a note claims, before its signature is looked at.
pub(crate) fn claimed_size(note: &str) -> Option<u64> {
    checkpoint::claims(note).ok().map(|(size, _)| size)
}

/// Path of the head file in a state folder.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("head")
}

fn read_content(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD_BYTES + 1];
    let mut len = 0;
    loop {
        match file.read_at(&mut bytes[len..], len as u64) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}
