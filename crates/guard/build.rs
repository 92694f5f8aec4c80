//! Computes the digest of everything that decides what the guard finds: the sources and rules of
//! this crate and of `flow`, and the exact versions of the crates they are built on.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// What is hashed, beside this file's folder.
const FOLDERS: [&str; 5] = ["src", "data", "../flow/src", "../flow/rules", "../flow/models"];
const LOCK: &str = "../../Cargo.lock";

/// The crate whose dependencies count.
const CRATE: &str = "guard";

fn main() -> Result<(), Box<dyn Error>> {
    let mut hash = Sha256::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        for path in files(Path::new(folder))? {
            let bytes = fs::read(&path)?;
            let name = path.to_string_lossy().replace('\\', "/");
            hash.update(format!("{name}\0{}\0", bytes.len()));
            hash.update(bytes);
        }
    }
    println!("cargo::rerun-if-changed={LOCK}");
    for line in versions(&fs::read_to_string(LOCK)?)? {
        hash.update(line);
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=GUARD_RULES_SHA256={hex}");
    Ok(())
}

/// The files below a folder, sorted; none where it does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.extend(self::files(&path)?),
            false => files.push(path),
        }
    }
    files.sort();
    Ok(files)
}

/// `name version checksum` of every crate that the guard is built on, sorted.
fn versions(lock: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let lock: toml::Table = lock.parse()?;
    let packages = lock.get("package").and_then(toml::Value::as_array).ok_or("no packages")?;
    let text = |package: &toml::Value, key: &str| -> String {
        package.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    let mut by_name: BTreeMap<String, Vec<&toml::Value>> = BTreeMap::new();
    for package in packages {
        by_name.entry(text(package, "name")).or_default().push(package);
    }
    let (mut lines, mut open) = (BTreeSet::new(), vec![CRATE.to_owned()]);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(wanted) = open.pop() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        // A dependency is `name`, or `name version` where several versions are locked.
        let (name, version) = wanted.split_once(' ').unwrap_or((&wanted, ""));
        for package in by_name.get(name).into_iter().flatten() {
            let found = text(package, "version");
            if !version.is_empty() && version != found {
                continue;
            }
            lines.insert(format!("{name} {found} {}\n", text(package, "checksum")));
            let needs = package.get("dependencies").and_then(toml::Value::as_array);
            let needs = needs.into_iter().flatten().filter_map(toml::Value::as_str);
            open.extend(needs.map(str::to_owned));
        }
    }
    Ok(lines)
}
