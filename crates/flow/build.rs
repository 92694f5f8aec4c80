//! Writes the list of rule and model files, so that they are compiled in.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR"));
    let mut list = String::from("&[\n");
    for folder in ["rules", "models"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        for path in files(&root.join(folder)) {
            let name = path.strip_prefix(&root).expect("it was found below the root");
            let name = name.display().to_string().replace('\\', "/");
            writeln!(list, "    ({name:?}, include_str!({:?})),", path.display().to_string())
                .expect("a string takes everything");
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env("OUT_DIR")).join("embedded.rs");
    fs::write(&out, list).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

#[expect(clippy::disallowed_methods, reason = "build scripts are given everything this way")]
fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("cargo sets {name}: {error}"))
}

/// All `.toml` files one folder below, in order.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in entries(root) {
        println!("cargo::rerun-if-changed={}", folder.display());
        if folder.is_dir() {
            found.extend(
                entries(&folder)
                    .into_iter()
                    .filter(|path| path.extension().is_some_and(|extension| extension == "toml")),
            );
        }
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}
