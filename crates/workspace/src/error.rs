//! What can go wrong with files, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use types::EditError;

/// Something about a file that stops the work.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no such file.
    #[error("`{}`: no such file", .0.display())]
    Missing(PathBuf),
    /// A folder, a device, a pipe or a socket.
    #[error("`{}` is {kind}, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The last part of a path to write is a symbolic link.
    #[error("`{}` is a symbolic link; name the file it points to", .0.display())]
    SymbolicLink(PathBuf),
    /// A file to write whose name is not UTF-8.
    #[error("`{}`: the name is not UTF-8, so a write could not be recorded and undone", .0.display())]
    NameNotUtf8(PathBuf),
    /// Larger than the limit.
    #[error("`{}` has {bytes} bytes; the limit is {max} bytes", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// Holds a NUL byte or is not UTF-8.
    #[error("`{}` is not text: {why} at byte {at}", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
        /// What was found.
        why: &'static str,
        /// Where.
        at: usize,
    },
    /// The folder to write in does not exist.
    #[error("`{}`: the folder `{}` does not exist; create it first", path.display(), folder.display())]
    NoFolder {
        /// The file to write.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The file is not as it was.
    #[error("`{}` {what}; nothing was written", path.display())]
    Changed {
        /// The path.
        path: PathBuf,
        /// How it differs.
        what: String,
    },
    /// The edit does not fit the file.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A folder that cannot be walked.
    #[error("{0}")]
    Walk(String),
    /// `git` failed or is not installed.
    #[error("git {command}: {message}")]
    Git {
        /// The subcommand.
        command: String,
        /// What it said.
        message: String,
    },
}

impl WorkspaceError {
    /// Wraps a system error, keeping what was tried on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| WorkspaceError::Io { action, path, source }
    }
}
