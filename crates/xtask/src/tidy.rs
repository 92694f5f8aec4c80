//! The rules of the repository that the compiler does not know.
//!
//! Arrows between crates, allowed dependencies of the lower layers, lengths, names, headers. A
//! list of exceptions may only shrink.

mod arrows;
mod dependencies;
mod files;
mod functions;

use std::path::Path;

/// Everything that breaks a rule, as sentences that begin with the place.
pub fn problems(root: &Path) -> Vec<String> {
    let mut problems = arrows::problems(root);
    problems.extend(dependencies::problems(root));
    problems.extend(files::problems(root));
    problems.extend(functions::problems(root));
    problems.sort();
    problems
}

/// A file that the rules cannot do without.
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder, without build output and version control.
fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        match path.is_dir() {
            true => files.extend(walk(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// The manifest of each crate, with the crate's name.
fn manifests(root: &Path) -> Vec<(String, toml::Table)> {
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(root.join("crates")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = read(&entry.path().join("Cargo.toml"));
        let manifest = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        manifests.push((name, manifest));
    }
    manifests.sort_by(|a, b| a.0.cmp(&b.0));
    manifests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let problems = problems(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
