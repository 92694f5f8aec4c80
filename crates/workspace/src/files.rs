//! Reading files into documents, within limits.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use types::Document;

use crate::WorkspaceError;

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// Reads a text file; `name` is the path shown to people.
///
/// # Errors
/// Missing, not a file, larger than [`FILE_BYTES_MAX`], not UTF-8 text, or refused by the system.
pub fn read(path: &Path, name: &str) -> Result<Document, WorkspaceError> {
    let bytes = read_bytes(path)?.ok_or_else(|| WorkspaceError::Missing(path.to_owned()))?;
    Ok(Document::new(name, &decode(path, bytes)?))
}

/// Reads a text file, or says that there is none yet.
///
/// # Errors
/// As [`read`], but for a missing file.
pub fn read_if_present(path: &Path, name: &str) -> Result<Document, WorkspaceError> {
    match read_bytes(path)? {
        Some(bytes) => Ok(Document::new(name, &decode(path, bytes)?)),
        None => Ok(Document::absent(name)),
    }
}

/// Bytes as text.
///
/// # Errors
/// [`WorkspaceError::NotText`] with the place of the first NUL byte or invalid sequence.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, WorkspaceError> {
    let refuse = |why, at| WorkspaceError::NotText { path: path.to_owned(), why, at };
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(refuse("a NUL byte", at));
    }
    String::from_utf8(bytes)
        .map_err(|error| refuse("invalid UTF-8", error.utf8_error().valid_up_to()))
}

/// The bytes of a regular file, following links; `None` where there is no such file.
pub(crate) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, WorkspaceError> {
    // The kind is judged before opening: opening a pipe would wait for a writer.
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(WorkspaceError::io("read", path)(error)),
    };
    refuse_special(path, &metadata)?;
    let too_large = |bytes| {
        let path = path.to_owned();
        Err(WorkspaceError::TooLarge { path, bytes, max: FILE_BYTES_MAX })
    };
    if metadata.len() > FILE_BYTES_MAX {
        return too_large(metadata.len());
    }
    let file = File::open(path).map_err(WorkspaceError::io("open", path))?;
    let mut bytes = Vec::new();
    // The file may grow, or lie about its size, as files in /proc do.
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(WorkspaceError::io("read", path))?;
    match bytes.len() as u64 {
        len if len > FILE_BYTES_MAX => too_large(len),
        _ => Ok(Some(bytes)),
    }
}

pub(crate) fn refuse_special(path: &Path, metadata: &Metadata) -> Result<(), WorkspaceError> {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a symbolic link",
        _ => "a device, a pipe or a socket",
    };
    Err(WorkspaceError::NotAFile { path: path.to_owned(), kind })
}

/// The files at and below `paths`, sorted and each once, and the folders that could not be read.
///
/// Folders are walked with their ignore files (`.gitignore`, `.ignore`), without hidden files and
/// without following links; a path that is named itself is always listed.
///
/// # Errors
/// A path that does not exist.
pub fn list(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<WorkspaceError>), WorkspaceError> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let metadata = path.metadata().map_err(|error| match error.kind() {
            ErrorKind::NotFound => WorkspaceError::Missing(path.clone()),
            _ => WorkspaceError::io("read", path)(error),
        })?;
        if !metadata.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in WalkBuilder::new(path).require_git(false).build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    files.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => problems.push(WorkspaceError::Walk(error.to_string())),
            }
        }
    }
    files.sort();
    files.dedup();
    Ok((files, problems))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check_error(path: &Path, expected: &str) {
        let error = read(path, "x").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn refuses_what_is_not_a_text_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("nul"), b"ab\0c").unwrap();
        fs::write(path("latin"), b"caf\xe9").unwrap();
        File::create(path("big")).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        check_error(&path("none"), "no such file");
        check_error(dir.path(), "is a folder");
        check_error(Path::new("/dev/zero"), "device");
        check_error(&path("nul"), "a NUL byte at byte 2");
        check_error(&path("latin"), "invalid UTF-8 at byte 3");
        check_error(&path("big"), "16777217 bytes; the limit is 16777216 bytes");
        assert!(read_if_present(&path("none"), "none").unwrap().absent);
    }

    #[test]
    fn lists_without_ignored_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.py", "a.py", "skip.py", ".hidden.py"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::write(dir.path().join(".gitignore"), "skip.py\n").unwrap();
        let named = dir.path().join("skip.py");
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
            list(paths).unwrap().0.into_iter().map(name).collect()
        };
        assert_eq!(names(&[dir.path().into(), dir.path().join("a.py")]), ["a.py", "b.py"]);
        assert_eq!(names(&[named]), ["skip.py"]);
        assert!(list(&[dir.path().join("none")]).is_err());
    }
}
