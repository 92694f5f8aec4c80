//! The files below a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Adds the files below a folder, or the file itself. Links are not followed.
pub fn below(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let kind = std::fs::symlink_metadata(path).with_context(|| path.display().to_string())?;
    if kind.is_file() {
        files.push(path.to_owned());
    } else if kind.is_dir() {
        for entry in std::fs::read_dir(path).with_context(|| path.display().to_string())? {
            below(&entry?.path(), files)?;
        }
    }
    Ok(())
}
