//! Writing: everything that can fail happens beside the target, then one rename.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use policy::Approved;

use crate::state::mode;
use crate::{FileState, Location, Mismatch, WorkspaceError};

/// What a write does to one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub path: PathBuf,
    /// What it held before.
    pub pre: FileState,
    /// The bytes it held before (empty where absent).
    pub pre_bytes: Vec<u8>,
    /// What it holds afterwards.
    pub post: FileState,
    /// The bytes it holds afterwards (empty where absent).
    pub post_bytes: Vec<u8>,
}

/// A change that is ready: the new bytes are on disk beside the target. Dropping it undoes that.
#[derive(Debug)]
pub struct Staged {
    change: Change,
    /// The new file; `None` where the change removes the target.
    temporary: Option<PathBuf>,
}

impl Staged {
    /// Whether a file at `location` could be written now; leaves nothing behind.
    ///
    /// # Errors
    /// What [`Staged::approved`] would fail with, whatever the edit.
    pub fn probe(location: &Location) -> Result<(), WorkspaceError> {
        let path = &location.absolute;
        let (pre, pre_bytes) = FileState::read(path)?;
        crate::decode(path, pre_bytes)?;
        Staged::new(path, pre, Vec::new(), Vec::new(), None).map(drop)
    }

    /// Prepares an approved edit of the file at `location`.
    ///
    /// # Errors
    /// The file is not the text the edit was made for, its folder is missing, the path is a link,
    /// or the system refuses (no permission, no space).
    pub fn approved(location: &Location, approved: &Approved) -> Result<Staged, WorkspaceError> {
        let path = &location.absolute;
        let (pre, pre_bytes) = FileState::read(path)?;
        let text = crate::decode(path, pre_bytes.clone())?;
        let document = types::Document {
            absent: pre == FileState::Absent,
            ..types::Document::new(&location.name, &text)
        };
        let edited = approved.edit().apply(&document)?;
        Staged::new(path, pre, pre_bytes, edited.text.into_bytes(), None)
    }

    /// Prepares to bring `path` from the state `from`, which it must be in, to the recorded state
    /// `to`, whose bytes are given (ignored where absent).
    ///
    /// # Errors
    /// The path is in another state, or the system refuses.
    pub fn restore(
        path: &Path,
        from: FileState,
        to: FileState,
        bytes: Vec<u8>,
    ) -> Result<Staged, WorkspaceError> {
        let (found, pre_bytes) = FileState::read(path)?;
        if found != from {
            let what = Mismatch { expected: from, found }.sentence();
            return Err(WorkspaceError::Changed { path: path.to_owned(), what });
        }
        let Some(mode) = to.mode() else {
            let (path, post_bytes) = (path.to_owned(), Vec::new());
            let change = Change { path, pre: found, pre_bytes, post: to, post_bytes };
            return Ok(Staged { change, temporary: None });
        };
        Staged::new(path, found, pre_bytes, bytes, Some(mode))
    }

    fn new(
        path: &Path,
        pre: FileState,
        pre_bytes: Vec<u8>,
        post_bytes: Vec<u8>,
        mode_wanted: Option<u32>,
    ) -> Result<Staged, WorkspaceError> {
        if pre != FileState::Absent {
            // A rename needs no permission on the file itself, but who made it read-only meant it.
            OpenOptions::new().write(true).open(path).map_err(WorkspaceError::io("write", path))?;
        }
        let temporary = temporary_beside(path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(WorkspaceError::io("write beside", path))?;
        // From here on, dropping `staged` removes the temporary file again.
        let mut staged = Staged {
            change: Change { path: path.to_owned(), pre, pre_bytes, post: pre, post_bytes },
            temporary: Some(temporary.clone()),
        };
        let wrap = || WorkspaceError::io("write", &temporary);
        file.write_all(&staged.change.post_bytes).map_err(wrap())?;
        if let Some(mode) = mode_wanted.or(pre.mode()) {
            set_mode(&file, path, mode).map_err(wrap())?;
        }
        file.sync_all().map_err(wrap())?;
        let sha256 = types::Digest::of(&staged.change.post_bytes);
        let mode = mode(&file.metadata().map_err(wrap())?);
        staged.change.post = FileState::File { sha256, mode };
        Ok(staged)
    }

    /// What committing does.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// Puts the change in place, if the target is still as it was when this was prepared.
    ///
    /// # Errors
    /// The target has changed meanwhile, or the system refuses; the target is then untouched.
    pub fn commit(mut self) -> Result<Change, WorkspaceError> {
        let path = &self.change.path;
        let (found, _) = FileState::read(path)?;
        if found != self.change.pre {
            let what = Mismatch { expected: self.change.pre, found }.sentence();
            return Err(WorkspaceError::Changed { path: path.clone(), what });
        }
        match &self.temporary {
            Some(temporary) => {
                fs::rename(temporary, path).map_err(WorkspaceError::io("replace", path))?;
                self.temporary = None;
            }
            None => fs::remove_file(path).map_err(WorkspaceError::io("remove", path))?,
        }
        // The rename is only durable once its folder is; some file systems cannot sync folders.
        if let Ok(folder) = File::open(folder_of(path)) {
            let _ = folder.sync_all();
        }
        Ok(self.change.clone())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A name beside `path` that no other process uses; removes those that dead processes left.
fn temporary_beside(path: &Path) -> Result<PathBuf, WorkspaceError> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        let (path, folder) = (path.to_owned(), folder.to_owned());
        return Err(WorkspaceError::NoFolder { path, folder });
    }
    // Long names are cut: the whole must stay a name that file systems take.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{}.countersign-", &name[..name.floor_char_boundary(200)]);
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let left = entry.file_name();
        let process =
            left.to_str().and_then(|left| left.strip_prefix(&prefix)?.parse::<u32>().ok());
        let running = |process: u32| Path::new("/proc").join(process.to_string()).exists();
        if process.is_some_and(|process| Path::new("/proc/self").exists() && !running(process)) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(folder.join(format!("{prefix}{}", std::process::id())))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn set_mode(file: &File, target: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    // Keeping the owner is a courtesy of root's; for others it is the same owner anyway.
    if let Ok(old) = fs::metadata(target) {
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use types::{Document, Edit};

    use super::*;

    fn location(dir: &Path, name: &str) -> Location {
        Location { name: name.to_owned(), absolute: dir.join(name) }
    }

    fn approved(document: &Document, text: &str) -> Approved {
        Approved::by_person(Edit::replace_all(document, text), "a test").unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = dir
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn writes_and_restores_bytes_mode_and_absence() {
        let dir = tempfile::tempdir().unwrap();
        let at = location(dir.path(), "a.py");
        let new = approved(&Document::absent("a.py"), "x = 1\r\n");
        let staged = Staged::approved(&at, &new).unwrap();
        assert!(!at.absolute.exists(), "staging leaves the target alone");
        let created = staged.commit().unwrap();
        assert_eq!(fs::read(&at.absolute).unwrap(), b"x = 1\r\n");

        fs::set_permissions(&at.absolute, fs::Permissions::from_mode(0o750)).unwrap();
        let change = approved(&Document::new("a.py", "x = 1\r\n"), "x = 2\r\n");
        let changed = Staged::approved(&at, &change).unwrap().commit().unwrap();
        assert_eq!((changed.pre.mode(), changed.post.mode()), (Some(0o750), Some(0o750)));

        let back = |from, to, bytes: &[u8]| {
            Staged::restore(&at.absolute, from, to, bytes.to_vec())?.commit()
        };
        let error = back(created.post, FileState::Absent, b"").unwrap_err().to_string();
        assert!(error.contains("has been edited since"), "{error}");
        back(changed.post, created.post, b"x = 1\r\n").unwrap();
        assert_eq!(FileState::read(&at.absolute).unwrap().0, created.post);
        back(created.post, FileState::Absent, b"").unwrap();
        assert_eq!(names(dir.path()), Vec::<String>::new());
    }

    #[test]
    fn refuses_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let at = location(dir.path(), "a.py");
        fs::write(&at.absolute, "y = 1\n").unwrap();
        let stale = approved(&Document::new("a.py", "x = 1\n"), "x = 2\n");
        assert!(matches!(Staged::approved(&at, &stale), Err(WorkspaceError::Edit(_))));

        let good = approved(&Document::new("a.py", "y = 1\n"), "y = 2\n");
        let staged = Staged::approved(&at, &good).unwrap();
        fs::write(&at.absolute, "y = 3\n").unwrap();
        assert!(matches!(staged.commit(), Err(WorkspaceError::Changed { .. })));
        assert_eq!(fs::read(&at.absolute).unwrap(), b"y = 3\n");

        std::os::unix::fs::symlink("a.py", dir.path().join("link.py")).unwrap();
        let link = Staged::approved(&location(dir.path(), "link.py"), &good);
        assert!(matches!(link, Err(WorkspaceError::SymbolicLink(_))));
        let nowhere = Staged::approved(&location(dir.path(), "no/a.py"), &good);
        assert!(matches!(nowhere, Err(WorkspaceError::Edit(_) | WorkspaceError::NoFolder { .. })));
        assert_eq!(names(dir.path()), ["a.py", "link.py"]);
    }

    #[test]
    fn sweeps_what_a_killed_process_left() {
        let dir = tempfile::tempdir().unwrap();
        let dead = dir.path().join(".a.py.countersign-4294967295");
        fs::write(&dead, "half").unwrap();
        let new = approved(&Document::absent("a.py"), "x = 1\n");
        Staged::approved(&location(dir.path(), "a.py"), &new).unwrap().commit().unwrap();
        assert_eq!(names(dir.path()), ["a.py"]);
    }
}
