//! Where a text stands: in a test, in code, in settings.

use types::Language;

/// Parts of paths below which keys are made up to test with.
const TESTS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "test_data",
    "__tests__",
    "spec",
    "specs",
    "fixture",
    "fixtures",
    "__fixtures__",
    "mock",
    "mocks",
    "__mocks__",
    "example",
    "examples",
    "samples",
    "e2e",
];

/// Languages in which a value without quotes is a text and no expression.
const SETTINGS: &[&str] = &[
    "yaml",
    "json",
    "toml",
    "ini",
    "properties",
    "shell",
    "bash",
    "dockerfile",
    "terraform",
    "hcl",
    "markdown",
    "text",
    "xml",
    "html",
    "css",
    "make",
    "makefile",
    "env",
    "dotenv",
];

/// Whether a file is part of tests, by its path alone.
pub(super) fn is_test(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.split(['/', '\\']).rev();
    let file = parts.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    parts.any(|part| TESTS.contains(&part))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || ["conftest", "tests"].contains(&stem)
        || file.contains(".test.")
        || file.contains(".spec.")
}

/// Whether a value without quotes may be a text.
pub(super) fn is_settings(language: Option<Language>) -> bool {
    language.is_none_or(|language| SETTINGS.contains(&language.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_by_their_paths() {
        for path in ["tests/a.py", "a/testdata/key.pem", "test_a.py", "src/a.test.ts", "a_test.go"]
        {
            assert!(is_test(path), "{path}");
        }
        for path in ["a.py", "src/contest.py", "latest/a.go", "-", "testing.rs"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
