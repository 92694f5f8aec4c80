//! Files that appear whole or not at all, and only for their owner (mode 0600).

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::LedgerError;

/// The names of unfinished files begin with this; a crash may leave one behind, nothing reads it.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// Makes a folder, and its parents, for the owner alone. A folder that exists is left as it is.
pub(crate) fn create_folder(dir: &Path) -> Result<(), LedgerError> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    created.map_err(LedgerError::io("create folder", dir))
}

/// An empty unfinished file in `dir`, mode 0600 (`O_CREAT | O_EXCL`).
pub(crate) fn unfinished(dir: &Path) -> Result<NamedTempFile, LedgerError> {
    Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(dir)
        .map_err(LedgerError::io("create a file in", dir))
}

/// Makes `path` with these bytes, durably. `false` where it exists already; it is then untouched.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<bool, LedgerError> {
    let file = written(path, bytes)?;
    finish_new(file.into_temp_path(), path)
}

/// Gives an unfinished file its name, unless there is one of this name (`false`). It takes a path and
/// not an open file: closing a file drops the locks that SQLite holds on it in the same process.
pub(crate) fn finish_new(file: TempPath, path: &Path) -> Result<bool, LedgerError> {
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder(path)).map(|()| true),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(LedgerError::io("create", path)(e.error)),
    }
}

/// Makes `path` with these bytes, durably, in place of what may be there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let file = written(path, bytes)?;
    file.persist(path).map_err(|e| LedgerError::io("create", path)(e.error))?;
    sync_folder(folder(path))
}

/// Makes new names in a folder durable.
pub(crate) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(LedgerError::io("sync folder", dir))
}

/// Waits for an advisory lock on `file`, at most `wait_max`. The lock goes with the file handle.
pub(crate) fn lock(file: &File, exclusive: bool, wait_max: Duration) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        let tried = if exclusive { file.try_lock() } else { file.try_lock_shared() };
        match tried {
            Ok(()) => return Ok(()),
            Err(std::fs::TryLockError::Error(e)) => return Err(e),
            Err(std::fs::TryLockError::WouldBlock) if begun.elapsed() < wait_max => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(std::fs::TryLockError::WouldBlock) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

fn written(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, LedgerError> {
    let mut file = unfinished(folder(path))?;
    file.write_all(bytes).map_err(LedgerError::io("write", path))?;
    file.as_file().sync_all().map_err(LedgerError::io("write", path))?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().expect("every file of the ledger lies in a folder")
}
