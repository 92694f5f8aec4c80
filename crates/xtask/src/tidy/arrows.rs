//! Which crate may depend on which: the complete list, as in ARCHITECTURE.md.

use std::path::Path;

use super::manifests;

/// Everything of layers 0 to 2.
const LOWER: &[&str] =
    &["types", "engine", "flow", "prompt", "guard", "policy", "ledger", "providers", "workspace"];

fn allowed(name: &str) -> Option<Vec<&'static str>> {
    Some(match name {
        "types" | "engine" | "flow" => vec![],
        "xtask" => vec!["flow", "guard", "types"],
        "prompt" | "policy" | "ledger" => vec!["types"],
        "guard" => vec!["flow", "types"],
        "workspace" => vec!["policy", "types"],
        "providers" => vec!["engine", "types"],
        "pipeline" => LOWER.to_vec(),
        "cli" => [LOWER, &["pipeline"]].concat(),
        "bench" => vec!["pipeline", "guard", "engine", "providers", "types"],
        _ => return None,
    })
}

pub(super) fn problems(root: &Path) -> Vec<String> {
    let manifests = manifests(root);
    let names: Vec<&str> = manifests.iter().map(|(name, _)| name.as_str()).collect();
    let mut problems = Vec::new();
    for (name, manifest) in &manifests {
        let Some(allowed) = allowed(name) else {
            problems.push(format!("crates/{name}: no arrows are written down for it"));
            continue;
        };
        if manifest["package"]["name"].as_str() != Some(name) {
            problems.push(format!("crates/{name}: folder and crate have different names"));
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table);
            for dependency in table.into_iter().flat_map(toml::Table::keys) {
                let internal = names.contains(&dependency.as_str());
                if internal && !allowed.contains(&dependency.as_str()) {
                    problems.push(format!("crates/{name}: may not depend on {dependency}"));
                }
            }
        }
    }
    problems
}
