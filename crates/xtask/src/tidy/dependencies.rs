//! What the lower layers may bring in from outside, and where `anyhow` may be.

use std::path::Path;

use super::manifests;

/// Every dependency of layers 0 and 1, each a decision.
const ALLOWED: &[(&str, &[&str])] = &[
    ("types", &["serde", "sha2", "thiserror"]),
    (
        "engine",
        &["aho-corasick", "foldhash", "half", "llguidance", "memmap2", "regex", "thiserror"],
    ),
    (
        "flow",
        &[
            "oxc",
            "regex",
            "regex-syntax",
            "ruff_python_ast",
            "ruff_python_parser",
            "ruff_text_size",
            "rustc-hash",
            "serde",
            "toml",
            "tree-sitter",
            "tree-sitter-c",
            "tree-sitter-cpp",
            "tree-sitter-go",
            "tree-sitter-java",
            "tree-sitter-rust",
        ],
    ),
    ("prompt", &["minijinja", "thiserror"]),
    ("policy", &["globset", "serde", "serde_json", "thiserror", "toml"]),
    (
        "guard",
        &[
            "aho-corasick",
            "regex",
            "ruff_db",
            "ruff_diagnostics",
            "ruff_linter",
            "ruff_python_ast",
            "ruff_python_formatter",
            "ruff_python_parser",
            "ruff_text_size",
            "sha2",
            "thiserror",
            "tree-sitter",
            "tree-sitter-go",
            "tree-sitter-javascript",
            "tree-sitter-rust",
            "tree-sitter-typescript",
        ],
    ),
    (
        "ledger",
        &[
            "base64",
            "chacha20poly1305",
            "ed25519-dalek",
            "getrandom",
            "rusqlite",
            "serde",
            "serde_json",
            "serde_json_canonicalizer",
            "sha2",
            "tempfile",
            "thiserror",
            "zeroize",
            "zstd",
        ],
    ),
];

/// Where errors may lose their type.
const EDGES: &[&str] = &["cli", "bench", "xtask"];

pub(super) fn problems(root: &Path) -> Vec<String> {
    let manifests = manifests(root);
    let names: Vec<&str> = manifests.iter().map(|(name, _)| name.as_str()).collect();
    let mut problems = Vec::new();
    for (name, manifest) in &manifests {
        let table = manifest.get("dependencies").and_then(toml::Value::as_table);
        let list = ALLOWED.iter().find(|(listed, _)| listed == name).map(|(_, list)| *list);
        for dependency in table.into_iter().flat_map(toml::Table::keys) {
            let outside = !names.contains(&dependency.as_str());
            if outside && list.is_some_and(|list| !list.contains(&dependency.as_str())) {
                problems.push(format!("crates/{name}: {dependency} is not on its list"));
            }
            if dependency == "anyhow" && !EDGES.contains(&name.as_str()) {
                problems.push(format!("crates/{name}: a library has an error type of its own"));
            }
        }
    }
    problems
}
