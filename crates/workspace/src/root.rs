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
    /// The nearest folder at or above `start` that holds `countersign.toml` or `.git`; `start`
    /// itself where there is none.
    ///
    /// # Errors
    /// `start` does not exist.
    pub fn find(start: &Path) -> Result<Root, WorkspaceError> {
        let start = start.canonicalize().map_err(WorkspaceError::io("find", start))?;
        let marked = |folder: &&Path| {
            folder.join("countersign.toml").exists() || folder.join(".git").exists()
        };
        let path = start.ancestors().find(marked).unwrap_or(&start).to_owned();
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
        let name = inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        Ok(Location { name, absolute })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
