//! Telling a secret from what only stands for one.

use super::rules::{GENERIC, Rule};

/// Parts of texts that stand for a secret, in lower case.
const STANDING: &[&str] = &[
    "example",
    "xxxx",
    "your",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace",
    "insert",
    "redacted",
    "dummy",
    "sample",
    "...",
    "****",
    "<",
    ">",
    "${",
    "{{",
    "%(",
    "#{",
    "$(",
];

/// More of them, for values that nothing but the name beside them marks as a secret.
const STANDING_GENERIC: &[&str] = &[
    "test", "demo", "mock", "fake", "foo", "bar", "none", "null", "todo", "123456", "abcdef",
    "qwerty", "password", "passwd", "secret", "token", "environ", "getenv", "env.", "process.",
    "://", "\\", "/",
];

/// Values that stand in documentation where a password belongs.
const WEAK: &[&str] = &[
    "pass", "passwd", "password", "pwd", "secret", "user", "root", "admin", "guest", "postgres",
    "mysql", "test", "hunter2", "token", "key", "pw",
];

/// Ends of names of things that are about a secret and not one.
const ABOUT: &[&str] = &[
    "name", "id", "url", "uri", "path", "file", "field", "type", "label", "length", "len",
    "pattern", "regex", "header", "prefix", "suffix", "env", "var", "hash", "digest", "format",
    "endpoint", "scope", "count", "limit", "version",
];

/// Whether a match is not a secret after all.
pub(super) fn stands_for_one(rule: &Rule, name: Option<&str>, secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if holds(STANDING) || repeats(secret) || entropy(secret) < rule.entropy_min {
        return true;
    }
    if rule.id == "secret-url-password" {
        return WEAK.contains(&lower.as_str());
    }
    if rule.id != GENERIC {
        return false;
    }
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let about = ABOUT.iter().any(|end| name.ends_with(end));
    let mixed = secret.contains(|c: char| c.is_ascii_digit())
        && secret.contains(|c: char| c.is_ascii_alphabetic());
    about || !mixed || holds(STANDING_GENERIC) || secret.starts_with(['$', '%', '{', '@'])
}

/// Whether one character fills a run of six or more.
fn repeats(secret: &str) -> bool {
    let mut run = 1;
    for pair in secret.as_bytes().windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        if run == 6 {
            return true;
        }
    }
    false
}

/// Shannon entropy of a text's bytes, in bits per byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in text.as_bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let parts = counts.iter().filter(|count| **count > 0).map(|count| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    });
    parts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_in_bits() {
        assert_eq!(entropy(""), 0.0);
        assert_eq!(entropy("aaaa"), 0.0);
        assert_eq!(entropy("abcdabcd"), 2.0);
        assert!(repeats("abbbbbbc") && !repeats("abbbbbc"));
    }
}
