//! Reading the manifests and lock files that people use.

use serde_json::Value as Json;
use toml::{Table, Value as Toml};
use types::{Known, Packages};

type Reader = fn(&str, &str, &mut Packages);

/// What reads a file with this name.
pub(super) fn reader(name: &str) -> Option<Reader> {
    Some(match name {
        "pyproject.toml" | "uv.lock" | "poetry.lock" | "pdm.lock" | "Pipfile" => python_toml,
        "Pipfile.lock" => pipfile_lock,
        "setup.py" | "setup.cfg" | "tox.ini" => setup,
        "environment.yml" | "environment.yaml" => conda,
        "package.json" | "package-lock.json" | "npm-shrinkwrap.json" | "deno.json" => node_json,
        "pnpm-lock.yaml" | "yarn.lock" => node_lock,
        "Cargo.toml" | "Cargo.lock" => cargo,
        "go.mod" => go,
        _ if name.starts_with("tsconfig") && name.ends_with(".json") => tsconfig,
        _ if name.contains("requirements") && name.ends_with(".txt") => requirements,
        _ => return None,
    })
}

/// A distribution's name as the registry compares it (PEP 503).
pub(super) fn python_name(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

fn note(known: &mut Known, source: &str) {
    known.sources.push(source.to_owned());
}

fn broken(known: &mut Known, source: &str, reason: &str) {
    let reason = reason.lines().next().unwrap_or_default();
    known.gap.get_or_insert_with(|| format!("`{source}` was not read: {reason}"));
}

/// The name that a requirement begins with: `a[b]>=1 ; c` is about `a`.
fn requirement(line: &str) -> Option<String> {
    let plain = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let name = line.trim().split(plain).next()?;
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins.then(|| python_name(name))
}

fn requirements(text: &str, source: &str, packages: &mut Packages) {
    note(&mut packages.python, source);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '-', '.', '/']));
    packages.python.packages.extend(lines.filter_map(requirement));
}

fn python_toml(text: &str, source: &str, packages: &mut Packages) {
    let known = &mut packages.python;
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return broken(known, source, &error.to_string()),
    };
    note(known, source);
    let at = |path: &[&str]| path.iter().try_fold(&table, |table, key| table.get(*key)?.as_table());
    let mut lists: Vec<&Toml> = Vec::new();
    if let Some(project) = at(&["project"]) {
        lists.extend(project.get("dependencies"));
        known.packages.extend(project.get("name").and_then(Toml::as_str).map(python_name));
    }
    lists.extend(at(&["build-system"]).and_then(|table| table.get("requires")));
    for groups in [at(&["project", "optional-dependencies"]), at(&["dependency-groups"])] {
        lists.extend(groups.into_iter().flat_map(Table::values));
    }
    lists.extend(at(&["tool", "uv"]).and_then(|table| table.get("dev-dependencies")));
    let entries = lists.into_iter().filter_map(Toml::as_array).flatten();
    known.packages.extend(entries.filter_map(Toml::as_str).filter_map(requirement));
    let poetry = at(&["tool", "poetry"]);
    let groups = poetry.and_then(|table| table.get("group")?.as_table());
    let groups = groups.into_iter().flat_map(Table::values).filter_map(Toml::as_table);
    let holders = [poetry, Some(&table)].into_iter().flatten().chain(groups);
    for holder in holders {
        for key in ["dependencies", "dev-dependencies", "packages", "dev-packages"] {
            let names = holder.get(key).and_then(Toml::as_table).into_iter().flat_map(Table::keys);
            known.packages.extend(names.map(|name| python_name(name)));
        }
    }
    known.packages.remove("python");
    let locked = table.get("package").and_then(Toml::as_array).into_iter().flatten();
    let names = locked.filter_map(|package| package.get("name")?.as_str());
    known.packages.extend(names.map(python_name));
}

fn pipfile_lock(text: &str, source: &str, packages: &mut Packages) {
    let known = &mut packages.python;
    match serde_json::from_str::<Json>(text) {
        Err(error) => broken(known, source, &error.to_string()),
        Ok(lock) => {
            note(known, source);
            let groups = ["default", "develop"].iter().filter_map(|group| lock.get(group));
            let names = groups.filter_map(Json::as_object).flat_map(serde_json::Map::keys);
            known.packages.extend(names.map(|name| python_name(name)));
        }
    }
}

/// Programs and sections that are not read as what they are: every text in them that could be a
/// requirement counts as declared.
fn setup(text: &str, source: &str, packages: &mut Packages) {
    note(&mut packages.python, source);
    let quoted = text.split(['"', '\'']).skip(1).step_by(2);
    let lines = text.lines().filter(|line| line.starts_with([' ', '\t']));
    let said = quoted.chain(lines).filter(|part| part.len() < 200);
    packages.python.packages.extend(said.filter_map(requirement));
}

fn conda(text: &str, source: &str, packages: &mut Packages) {
    note(&mut packages.python, source);
    let items = text.lines().filter_map(|line| line.trim().strip_prefix("- "));
    packages.python.packages.extend(items.filter_map(requirement));
}

fn node_json(text: &str, source: &str, packages: &mut Packages) {
    let known = &mut packages.node;
    let manifest: Json = match serde_json::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => return broken(known, source, &error.to_string()),
    };
    note(known, source);
    let keys = |value: Option<&Json>| -> Vec<String> {
        let object = value.and_then(Json::as_object);
        object.into_iter().flat_map(serde_json::Map::keys).cloned().collect()
    };
    known.packages.extend(manifest.get("name").and_then(Json::as_str).map(ToOwned::to_owned));
    for key in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
        known.packages.extend(keys(manifest.get(key)));
    }
    for alias in keys(manifest.get("imports")) {
        known.modules.insert(alias);
    }
    // `node_modules/a/node_modules/@b/c` in a lock file.
    let installed = keys(manifest.get("packages")).into_iter();
    let names =
        installed.filter_map(|path| path.rsplit_once("node_modules/").map(|p| p.1.to_owned()));
    known.packages.extend(names);
}

/// The keys of entries: `lodash@^4, lodash@^3:`, `"@a/b@npm:1":`, `/@a/b@1:`, `/a/1.0.0:`.
fn node_lock(text: &str, source: &str, packages: &mut Packages) {
    note(&mut packages.node, source);
    for line in text.lines().filter_map(|line| line.trim_end().strip_suffix(':')) {
        let key = line.trim().trim_matches(['"', '\'', '/']);
        let key = key.split(", ").next().unwrap_or(key).trim_matches('"');
        let scope = usize::from(key.starts_with('@'));
        if let Some(end) = key.get(scope..).and_then(|rest| rest.find('@')) {
            packages.node.packages.insert(key[..scope + end].to_owned());
        }
    }
}

/// The aliases of `compilerOptions.paths`. The file is JSON with comments, so only the keys with
/// lists behind them are looked for.
fn tsconfig(text: &str, _: &str, packages: &mut Packages) {
    let Some((_, paths)) = text.split_once("\"paths\"") else { return };
    let Some((paths, _)) = paths.split_once('}') else { return };
    let mut parts = paths.split('"').skip(1).step_by(2).zip(paths.split('"').skip(2).step_by(2));
    for (key, behind) in parts.by_ref() {
        if behind.trim_start().starts_with(':') {
            packages.node.modules.insert(key.trim_end_matches('*').to_owned());
        }
    }
}

fn cargo(text: &str, source: &str, packages: &mut Packages) {
    let known = &mut packages.rust;
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return broken(known, source, &error.to_string()),
    };
    note(known, source);
    let locked = table.get("package").and_then(Toml::as_array).into_iter().flatten();
    known.packages.extend(locked.filter_map(|one| one.get("name")?.as_str()).map(crate_name));
    for holder in ["package", "lib"] {
        if let Some(name) = table.get(holder).and_then(|one| one.get("name")?.as_str()) {
            known.packages.insert(crate_name(name));
            known.modules.insert(name.replace('-', "_"));
        }
    }
    let targets = table.get("target").and_then(Toml::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Toml::as_table);
    let workspace = table.get("workspace").and_then(Toml::as_table);
    for holder in [Some(&table), workspace].into_iter().flatten().chain(targets) {
        for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = holder.get(key).and_then(Toml::as_table).into_iter().flatten();
            for (name, value) in entries {
                let renamed = value.get("package").and_then(Toml::as_str);
                known.packages.insert(crate_name(renamed.unwrap_or(name)));
                if renamed.is_some() {
                    known.modules.insert(name.replace('-', "_"));
                }
            }
        }
    }
}

fn crate_name(name: &str) -> String {
    name.replace('_', "-")
}

fn go(text: &str, source: &str, packages: &mut Packages) {
    note(&mut packages.go, source);
    let mut in_block = false;
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("module") => packages.go.modules.extend(words.next().map(ToOwned::to_owned)),
            Some("require" | "replace" | "tool") => match words.next() {
                Some("(") => in_block = true,
                path => packages.go.packages.extend(path.map(ToOwned::to_owned)),
            },
            Some(")") => in_block = false,
            Some(path) if in_block && !path.starts_with("//") => {
                packages.go.packages.insert(path.to_owned());
            }
            _ => {}
        }
    }
}
