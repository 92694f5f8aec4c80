//! Where AI may not write.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Serialize, Serializer};

/// Paths that nothing here writes, whatever the settings say: version control's own files, and
/// the files that hold the rules and what people allow.
const ALWAYS: [&str; 6] = [
    "**/.git/**",
    ".git/**",
    "**/countersign.toml",
    "countersign.toml",
    "**/.countersignignore",
    ".countersignignore",
];

/// Path patterns that are never written.
#[derive(Clone, Debug)]
pub struct Boundaries {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Default for Boundaries {
    fn default() -> Boundaries {
        Boundaries::new(&[]).expect("the built-in patterns compile")
    }
}

impl Boundaries {
    /// The built-in patterns and these.
    ///
    /// # Errors
    /// A sentence that names the pattern that does not compile.
    pub fn new(deny: &[String]) -> Result<Boundaries, String> {
        let mut patterns: Vec<String> = ALWAYS.map(str::to_owned).into();
        for pattern in deny {
            // `./a/` means what is below `a`.
            let plain = pattern.strip_prefix("./").unwrap_or(pattern);
            let pattern = match plain.strip_suffix('/') {
                Some(folder) => format!("{folder}/**"),
                None => plain.to_owned(),
            };
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            // Case is folded because the file system may fold it too.
            let glob = GlobBuilder::new(pattern)
                .case_insensitive(true)
                .literal_separator(true)
                .build()
                .map_err(|error| format!("holds `{pattern}`: {}", error.kind()))?;
            builder.add(glob);
        }
        let set = builder.build().map_err(|error| error.to_string())?;
        Ok(Boundaries { patterns, set })
    }

    /// Adds validated patterns.
    pub(crate) fn add(&mut self, deny: &[String]) {
        if !deny.is_empty() {
            let all: Vec<String> = self.patterns.iter().chain(deny).cloned().collect();
            *self = Boundaries::new(&all).expect("patterns were compiled when they were read");
        }
    }

    /// Why a path (relative to the workspace root, `/` separators) may not be written.
    #[must_use]
    pub fn refusal(&self, path: &str) -> Option<String> {
        if path.split('/').any(|part| part == "..") {
            return Some(format!("`{path}` leaves the workspace"));
        }
        let normal: Vec<&str> =
            path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let hit = *self.set.matches(normal.join("/")).first()?;
        Some(format!("`{path}` is out of bounds for AI: it matches `{}`", self.patterns[hit]))
    }
}

impl Serialize for Boundaries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_should_and_nothing_else() {
        let boundaries = Boundaries::new(&["./secrets/".to_owned(), "*.lock".to_owned()]).unwrap();
        let refused = [
            ".git/config",
            "./.git/config",
            ".GIT/hooks/pre-commit",
            "sub/.git/config",
            "countersign.toml",
            "a/Countersign.toml",
            "secrets/a/b.py",
            "x.lock",
            "a/../../b.py",
        ];
        for path in refused {
            assert!(boundaries.refusal(path).is_some(), "{path}");
        }
        for path in ["a.py", "gitlike/a.py", ".gitignore", "a/x.lock", "..a/b.py"] {
            assert_eq!(boundaries.refusal(path), None, "{path}");
        }
    }
}
