//! What a workspace declares, holds and has installed, for checks of imports.
//!
//! Manifests and lock files are read, folders of installed packages are listed, and the
//! workspace's own files give the names of its own modules. Nothing is run and nothing is asked of
//! a registry. A file that cannot be read, or too many of them, leaves a gap, and a gap is said.

mod manifests;

use std::fs;
use std::path::Path;

use ignore::WalkBuilder;
use types::{Known, Packages};

use crate::files::{decode, read_bytes};

/// Entries of the workspace that are looked at.
const ENTRIES_MAX: usize = 50_000;

/// Entries listed in one folder of installed packages.
const INSTALLED_MAX: usize = 20_000;

/// Folders in which environments of Python usually stand.
const ENVIRONMENTS: &[&str] = &[".venv", "venv", "env", ".env"];

/// What is known of the packages of the workspace at `root`.
#[must_use]
pub fn packages(root: &Path) -> Packages {
    let mut gathered = Gathered { root, packages: Packages::default() };
    let walk =
        WalkBuilder::new(root).require_git(false).sort_by_file_name(std::ffi::OsStr::cmp).build();
    for (count, entry) in walk.flatten().enumerate() {
        if count == ENTRIES_MAX {
            let gap = format!("the workspace has more than {ENTRIES_MAX} files");
            gathered.leave_gap(&gap);
            break;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        gathered.see(entry.path(), is_folder);
    }
    for environment in ENVIRONMENTS {
        gathered.environment(&root.join(environment));
    }
    gathered.packages
}

struct Gathered<'r> {
    root: &'r Path,
    packages: Packages,
}

impl Gathered<'_> {
    fn see(&mut self, path: &Path, is_folder: bool) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
        if is_folder {
            if path.join("package.json").exists() {
                self.node_modules(&path.join("node_modules"));
            }
            for known in [&mut self.packages.python, &mut self.packages.node] {
                known.modules.insert(name.to_owned());
            }
            self.packages.rust.modules.insert(name.to_owned());
            return;
        }
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        match extension {
            "py" | "pyi" | "so" | "pyd" | "pyx" => {
                let module = stem.split('.').next().unwrap_or(stem);
                self.packages.python.modules.insert(module.to_owned());
            }
            "rs" => {
                self.packages.rust.modules.insert(stem.to_owned());
            }
            "ts" | "js" | "tsx" | "jsx" | "mjs" | "cjs" | "vue" => {
                self.packages.node.modules.insert(stem.to_owned());
            }
            _ => {}
        }
        if let Some(read) = manifests::reader(name) {
            let shown = path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned();
            match text(path) {
                Ok(text) => read(&text, &shown, &mut self.packages),
                Err(reason) => self.leave_gap(&format!("`{shown}` was not read: {reason}")),
            }
        }
    }

    fn leave_gap(&mut self, reason: &str) {
        let Packages { python, node, rust, go, .. } = &mut self.packages;
        for known in [python, node, rust, go] {
            known.gap.get_or_insert_with(|| reason.to_owned());
        }
    }

    /// The folders below an environment of Python, on Unix and on Windows.
    fn environment(&mut self, folder: &Path) {
        if !folder.join("pyvenv.cfg").exists() {
            return;
        }
        let versions = entries(&folder.join("lib"));
        let unix = versions.iter().filter(|name| name.starts_with("python"));
        let mut folders: Vec<_> =
            unix.map(|name| folder.join("lib").join(name).join("site-packages")).collect();
        folders.push(folder.join("Lib/site-packages"));
        for folder in folders {
            let names = entries(&folder);
            if !names.is_empty() {
                note(&mut self.packages.python, self.root, &folder);
            }
            for name in &names {
                let known = &mut self.packages.python;
                if let Some(named) =
                    name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))
                {
                    let package = named.split('-').next().unwrap_or(named);
                    known.packages.insert(manifests::python_name(package));
                } else {
                    let module = name.split('.').next().unwrap_or(name);
                    known.modules.insert(module.to_owned());
                }
            }
        }
    }

    fn node_modules(&mut self, folder: &Path) {
        let names = entries(folder);
        if names.is_empty() {
            return;
        }
        note(&mut self.packages.node, self.root, folder);
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            if name.starts_with('@') {
                let inner = entries(&folder.join(name));
                let full = inner.iter().map(|inner| format!("{name}/{inner}"));
                self.packages.node.packages.extend(full);
            } else {
                self.packages.node.packages.insert(name.clone());
            }
        }
    }
}

fn note(known: &mut Known, root: &Path, path: &Path) {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    if !known.sources.contains(&shown) {
        known.sources.push(shown);
    }
}

/// The names in a folder; none where it cannot be read.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(INSTALLED_MAX);
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path).map_err(|error| error.to_string())?.unwrap_or_default();
    decode(path, bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn check(known: &Known, sources: &[&str], packages: &str, modules: &[&str]) {
        assert_eq!(known.sources, sources);
        assert_eq!(known.packages.iter().cloned().collect::<Vec<_>>().join(" "), packages);
        for module in modules {
            assert!(known.modules.contains(*module), "{module}: {:?}", known.modules);
        }
    }

    #[test]
    fn manifests_lock_files_and_folders() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(root, "requirements.txt", "Flask[async]==3 ; x\n# no\n-r other.txt\n");
        write(
            root,
            "pyproject.toml",
            "[project]\nname = 'own'\ndependencies = ['a_b>=1']\n[project.optional-dependencies]\nx = ['c']\n[dependency-groups]\ny = ['d', {include-group = 'x'}]\n[tool.poetry.dependencies]\npython = '^3'\ne = '1'\n",
        );
        write(root, "uv.lock", "[[package]]\nname = 'f'\n");
        write(root, "src/tools/__init__.py", "");
        write(root, ".venv/pyvenv.cfg", "");
        write(root, ".venv/lib/python3.12/site-packages/PyYAML-6.0.dist-info/METADATA", "");
        write(root, ".venv/lib/python3.12/site-packages/yaml/__init__.py", "");
        write(root, ".gitignore", ".venv\nnode_modules\n");
        write(
            root,
            "web/package.json",
            "{\"name\": \"own-web\", \"dependencies\": {\"react\": \"1\"}}",
        );
        write(root, "web/node_modules/@a/b/index.js", "");
        write(
            root,
            "web/tsconfig.json",
            "{ // c\n\"compilerOptions\": {\"paths\": {\"@app/*\": [\"src/*\"]}}}",
        );
        write(root, "web/yarn.lock", "\"@c/d@^1\":\n  version 1\nlodash@^4, lodash@^3:\n");
        write(
            root,
            "Cargo.toml",
            "[package]\nname = 'own-crate'\n[dependencies]\nserde = '1'\nren = { package = 'renamed', version = '1' }\n[target.'cfg(unix)'.dev-dependencies]\nnix = '1'\n[workspace.dependencies]\nlog = '1'\n",
        );
        write(
            root,
            "go.mod",
            "module example.org/app\n\nrequire (\n\texample.org/lib v1 // indirect\n)\nrequire example.org/one v2\n",
        );
        let found = packages(root);
        check(
            &found.python,
            &[
                "pyproject.toml",
                "requirements.txt",
                "uv.lock",
                ".venv/lib/python3.12/site-packages",
            ],
            "a-b c d e f flask own pyyaml",
            &["tools", "yaml", "src"],
        );
        check(
            &found.node,
            &["web/node_modules", "web/package.json", "web/yarn.lock"],
            "@a/b @c/d lodash own-web react",
            &["@app/", "src"],
        );
        check(
            &found.rust,
            &["Cargo.toml"],
            "log nix own-crate renamed serde",
            &["ren", "own_crate"],
        );
        check(&found.go, &["go.mod"], "example.org/lib example.org/one", &["example.org/app"]);
    }

    #[test]
    fn a_broken_manifest_is_a_gap() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "package.json", "{");
        let found = packages(dir.path());
        assert!(found.node.gap.unwrap().contains("package.json"));
        assert!(!packages(&dir.path().join("none")).python.is_known());
    }
}
