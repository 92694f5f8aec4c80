//! What a path held at one moment: nothing, or bytes with a mode.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::Path;

use types::Digest;

use crate::WorkspaceError;
use crate::files::{read_bytes, refuse_special};

/// What a path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// No such file.
    Absent,
    /// A regular file.
    File {
        /// SHA-256 of its bytes.
        sha256: Digest,
        /// Its permission bits, such as `0o644`; `0o644` where the system has none.
        mode: u32,
    },
}

/// A path that does not hold what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was expected.
    pub expected: FileState,
    /// What is there.
    pub found: FileState,
}

impl Mismatch {
    /// How it differs, as the end of a sentence that begins with the path.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.expected, self.found) {
            (FileState::Absent, _) => "was created meanwhile by somebody else".to_owned(),
            (_, FileState::Absent) => "no longer exists".to_owned(),
            (FileState::File { sha256: a, .. }, FileState::File { sha256: b, .. }) if a != b => {
                format!("has been edited since (expected {}, found {})", a.short(), b.short())
            }
            (FileState::File { mode: a, .. }, FileState::File { mode: b, .. }) => {
                format!("has another mode (expected {a:o}, found {b:o})")
            }
        }
    }
}

impl FileState {
    /// Reads the path's state and bytes (empty where absent), without following a final link.
    ///
    /// # Errors
    /// Not a regular file, larger than the limit, or refused by the system.
    pub fn read(path: &Path) -> Result<(FileState, Vec<u8>), WorkspaceError> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok((FileState::Absent, Vec::new()));
            }
            Err(error) => return Err(WorkspaceError::io("read", path)(error)),
        };
        if metadata.file_type().is_symlink() {
            return Err(WorkspaceError::SymbolicLink(path.to_owned()));
        }
        refuse_special(path, &metadata)?;
        match read_bytes(path)? {
            Some(bytes) => {
                let sha256 = Digest::of(&bytes);
                Ok((FileState::File { sha256, mode: mode(&metadata) }, bytes))
            }
            None => Ok((FileState::Absent, Vec::new())),
        }
    }

    /// The digest of the bytes; `None` where absent.
    #[must_use]
    pub fn sha256(&self) -> Option<Digest> {
        match self {
            FileState::Absent => None,
            FileState::File { sha256, .. } => Some(*sha256),
        }
    }

    /// The permission bits; `None` where absent.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        match self {
            FileState::Absent => None,
            FileState::File { mode, .. } => Some(*mode),
        }
    }
}

#[cfg(unix)]
pub(crate) fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o7777
}

#[cfg(not(unix))]
pub(crate) fn mode(_: &Metadata) -> u32 {
    0o644
}
