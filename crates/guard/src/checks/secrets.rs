//! `secrets`: keys, tokens and passwords written into a text. Any file, any language.
//!
//! Each kind of secret is a row of the table in `rules`. The words that a row names are searched
//! all at once; only rows whose words occur run their pattern. What only stands for a secret
//! (`your-api-key`, `xxxx`, `${TOKEN}`) is left out. No message ever holds more than the first
//! four characters of a secret, and those only where they name its vendor.

mod placeholder;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::rule_doc::RuleDoc;
use crate::source::Source;
use rules::{GENERIC, RULES, Rule};

pub(crate) static CHECK: Check =
    Check { name: "secrets", tool, run, places: Places::Stable, rules: &[] };

/// Longest part of a text that is scanned, in bytes.
const SCANNED_BYTES_MAX: usize = 16 << 20;

/// Secrets reported for one text.
const SECRETS_MAX: usize = 1_000;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The rule's id, such as `secret-aws-access-key`.
    pub rule: &'static str,
    /// What it is, for a person: `AWS access key id`.
    pub title: &'static str,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
    /// Whether it was recognised by the name beside it and not by its own form.
    pub generic: bool,
}

impl Secret {
    /// The secret in a form that may be shown: its length, and the first four characters where
    /// they are the vendor's prefix. `text` is the text it was found in.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        let secret = text.get(self.range.clone()).unwrap_or_default();
        let length = secret.chars().count();
        if self.generic {
            return format!("{length} characters");
        }
        let prefix: String = secret.chars().take(4).collect();
        format!("`{prefix}...`, {length} characters")
    }
}

/// Finds secrets in any text: a file, a prompt, a log. At most the first 16 MiB are looked at.
#[must_use]
pub fn scan_secrets(text: &str) -> Vec<Secret> {
    let text = &text[..text.floor_char_boundary(SCANNED_BYTES_MAX)];
    let words = &*WORDS;
    let mut wanted = BTreeSet::new();
    for hit in words.search.find_overlapping_iter(text) {
        wanted.extend(words.rules[hit.pattern().as_usize()].iter().copied());
        if wanted.len() == RULES.len() {
            break;
        }
    }
    let mut secrets: Vec<Secret> = Vec::new();
    // The table is sorted from the special to the general; the first rule to claim a place has it.
    for rule in wanted.into_iter().map(|index| &RULES[index]) {
        let Some(pattern) = pattern(rule) else { continue };
        for captures in pattern.captures_iter(text.as_bytes()) {
            let Some(found) = captures.name("s") else { continue };
            let start = text.ceil_char_boundary(found.start());
            let end = text.floor_char_boundary(found.end()).max(start);
            let name = captures.name("n").and_then(|name| text.get(name.range()));
            let overlaps = |other: &Secret| other.range.start < end && start < other.range.end;
            if placeholder::stands_for_one(rule, name, &text[start..end])
                || secrets.iter().any(overlaps)
            {
                continue;
            }
            let generic = rule.id == GENERIC;
            secrets.push(Secret { rule: rule.id, title: rule.title, range: start..end, generic });
            if secrets.len() == SECRETS_MAX {
                break;
            }
        }
    }
    secrets.sort_by_key(|secret| secret.range.start);
    secrets.truncate(SECRETS_MAX);
    secrets
}

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok(format!("{} own rules", RULES.len()))
}

fn run(source: &Source<'_>) -> Outcome {
    let text = source.text;
    let found = scan_secrets(text).into_iter().map(|secret| {
        let mut found = Found::new(secret.rule, Severity::Error, secret.range.clone());
        found.confidence = if secret.generic { Confidence::Medium } else { Confidence::High };
        found.cwe = &["CWE-798"];
        found.secret = true;
        let title = secret.title;
        let found = found.message(format!("{title} in the text ({})", secret.redacted(text)));
        Found { key: title.to_owned(), ..found }
    });
    let found = found.collect();
    if text.len() > SCANNED_BYTES_MAX {
        let mib = SCANNED_BYTES_MAX >> 20;
        return Outcome::Partly(found, format!("only the first {mib} MiB were scanned"));
    }
    Outcome::Done(found)
}

/// Every word of the table, and the rules that ask for it.
struct Words {
    search: AhoCorasick,
    rules: Vec<Vec<usize>>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words: Vec<&str> = Vec::new();
    let mut rules: Vec<Vec<usize>> = Vec::new();
    for (index, rule) in RULES.iter().enumerate() {
        for word in rule.words {
            let at = words.iter().position(|known| known == word).unwrap_or_else(|| {
                words.push(word);
                rules.push(Vec::new());
                words.len() - 1
            });
            rules[at].push(index);
        }
    }
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(&words)
        .expect("a few short words fit any automaton");
    Words { search, rules }
});

/// What is written about each kind of secret.
pub(crate) fn documented() -> impl Iterator<Item = RuleDoc> {
    RULES.iter().map(|rule| RuleDoc {
        id: rule.id,
        title: rule.title,
        severity: Severity::Error,
        cwe: &["CWE-798"],
        explanation: "A secret in a text is known to everyone who can read the repository, now and \
                      in its history, and to every tool that the text is given to. Take it out, \
                      have its owner revoke it and issue a new one, and read it when the program \
                      runs: from the environment, a file outside the repository, or a secret store.",
        bad: "",
        good: "token = os.environ[\"SERVICE_TOKEN\"]\n",
    })
}

/// Pays for the word search before the first real text.
pub(crate) fn warm_up() {
    LazyLock::force(&WORDS);
}

/// A rule's pattern, compiled when a text first holds one of its words.
fn pattern(rule: &Rule) -> Option<&Regex> {
    rule.compiled.get_or_init(|| compile(rule.pattern)).as_ref()
}

/// The type of [`Rule::compiled`].
pub(crate) type Compiled = OnceLock<Option<Regex>>;

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).size_limit(4 << 20).build().ok()
}
