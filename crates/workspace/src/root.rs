//! The workspace's root, and paths relative to it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::WorkspaceError;

/// The folder that a workspace's settings and boundaries are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    path: PathBuf,
}

/// A file inside or outside the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Relative to the root with `/` separators; absolute for a file outside the workspace.
    pub name: String,
    /// Where it is, with links in the folders resolved.
    pub absolute: PathBuf,
}

impl Root {
    /// The workspace that `start` is in: the nearest folder at or above it that holds `.git`; else
    /// the outermost that holds `countersign.toml`, so that one further in does not hide it; else
    /// `start` itself.
    ///
    /// # Errors
    /// `start` does not exist.
    pub fn find(start: &Path) -> Result<Root, WorkspaceError> {
        let start = start.canonicalize().map_err(WorkspaceError::io("find", start))?;
        let repository = start.ancestors().find(|folder| folder.join(".git").exists());
        let settled =
            || start.ancestors().filter(|folder| folder.join("countersign.toml").exists()).last();
        let path = repository.or_else(settled).unwrap_or(&start).to_owned();
        Ok(Root { path })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file is, which need not exist yet, though its folder must.
    ///
    /// The last part of the path is not resolved, so that a link there can be refused.
    ///
    /// # Errors
    /// The folder does not exist, or the path has no file name.
    pub fn locate(&self, path: &Path) -> Result<Location, WorkspaceError> {
        let Some(file) = path.file_name() else {
            return Err(WorkspaceError::NotAFile { path: path.to_owned(), kind: "a folder" });
        };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let resolved = folder.canonicalize().map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                WorkspaceError::NoFolder { path: path.to_owned(), folder: folder.to_owned() }
            }
            _ => WorkspaceError::io("find", folder)(error),
        })?;
        let absolute = resolved.join(file);
        let inside = absolute.strip_prefix(&self.path).unwrap_or(&absolute);
        // What the log cannot name exactly could not be found again for undo.
        let Some(name) = inside.to_str() else {
            return Err(WorkspaceError::NameNotUtf8(absolute));
        };
        let name = name.replace(std::path::MAIN_SEPARATOR, "/");
        Ok(Location { name, absolute })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn names_are_relative_to_the_marked_folder() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("src/deep");
        fs::create_dir_all(&inner).unwrap();
        fs::write(dir.path().join("countersign.toml"), "").unwrap();
        let root = Root::find(&inner).unwrap();
        assert_eq!(root.path(), dir.path().canonicalize().unwrap());
        assert_eq!(root.locate(&inner.join("a.py")).unwrap().name, "src/deep/a.py");
        assert_eq!(root.locate(&inner.join("../a.py")).unwrap().name, "src/a.py");
        // A settings file further in does not hide the outer one; a repository is its own.
        fs::write(inner.join("countersign.toml"), "").unwrap();
        assert_eq!(Root::find(&inner).unwrap(), root);
        fs::create_dir(dir.path().join("src/.git")).unwrap();
        assert!(Root::find(&inner).unwrap().path().ends_with("src"));
        let name = std::ffi::OsStr::from_bytes(b"a\xff.py");
        assert!(matches!(root.locate(Path::new(name)), Err(WorkspaceError::NameNotUtf8(_))));
        let outside = root.locate(Path::new("/a.py")).unwrap();
        assert_eq!(outside.name, "/a.py");
        assert!(matches!(
            root.locate(&inner.join("no/a.py")),
            Err(WorkspaceError::NoFolder { .. })
        ));
        // A link out of the workspace does not look like a path inside it.
        std::os::unix::fs::symlink("/", dir.path().join("out")).unwrap();
        assert_eq!(root.locate(&dir.path().join("out/a.py")).unwrap().name, "/a.py");
    }
}
