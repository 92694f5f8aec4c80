//! Lengths, names and headers of files.

use std::path::Path;

use super::{read, walk};

/// Longest Rust file in lines, but for those named here: tables of data. The list only shrinks.
const FILE_LINES_MAX: usize = 800;
const LONG_FILES: &[&str] = &[];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "shared", "manager"];

/// Most lines of the texts that everyone reads, and of continuous integration.
const TEXTS: &[(&str, usize)] =
    &[("README.md", 70), ("ARCHITECTURE.md", 300), ("CONTRIBUTING.md", 80), (".ci/run", 150)];

/// Largest crate, as a share of all lines in percent, but for those named here with their own
/// limit: the engine is ahead of the crates that are still to come, and has kernels for two
/// architectures. Lower it as they grow.
const CRATE_SHARE_MAX: usize = 40;
const LARGE_CRATES: &[(&str, usize)] = &[("engine", 55)];

pub(super) fn problems(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut crates, mut all) = (std::collections::BTreeMap::<String, usize>::new(), 0);
    for path in walk(root) {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            problems.push(format!("{name}: a name that says nothing"));
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        if stem == "mod" {
            problems.push(format!("{name}: write `foo.rs` beside `foo/`, not `mod.rs`"));
        }
        let text = read(&path);
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX && !LONG_FILES.contains(&name.as_str()) {
            problems.push(format!("{name}: {lines} lines, more than {FILE_LINES_MAX}"));
        }
        if !text.starts_with("//! ") {
            problems.push(format!("{name}: begins without saying what it is for (`//! `)"));
        }
        if let Some(member) = name.strip_prefix("crates/").and_then(|rest| rest.split('/').next()) {
            *crates.entry(member.to_owned()).or_default() += lines;
            all += lines;
        }
    }
    for (name, lines) in crates {
        let own = LARGE_CRATES.iter().find(|(large, _)| *large == name);
        let max = own.map_or(CRATE_SHARE_MAX, |(_, max)| *max);
        if lines * 100 > all * max {
            problems.push(format!("crates/{name}: over {max} % of the code"));
        }
    }
    for (name, max) in TEXTS {
        let lines = read(&root.join(name)).lines().count();
        if lines > *max {
            problems.push(format!("{name}: {lines} lines, more than {max}"));
        }
    }
    problems
}
