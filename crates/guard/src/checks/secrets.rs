//! `secrets`: keys, tokens and passwords written into a text. Any file, any language.
//!
//! Each kind of secret is a row of the tables in `secrets/kinds`. The words that the rows name are
//! searched all at once; only around them do the rows' patterns run. What is assigned to a name
//! such as `api_key` is judged by that name and by whether it looks drawn by lot. What only stands
//! for a secret (`your-api-key`, `xxxx`, `${TOKEN}`) is left out, and in tests everything that has
//! no vendor's form. No message ever holds more of a secret than the prefix that its vendor gives
//! to all of them.

mod assignment;
mod kinds;
mod kubernetes;
mod names;
mod placeholder;
mod proof;
mod randomness;
mod surroundings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use types::{Confidence, Document, Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::rule_doc::RuleDoc;
use crate::source::Source;
use assignment::{Assignment, How};
use kinds::{BEFORE, Clue, KINDS, Kind, NAMED, WORDS};
use names::Sort;
use proof::Tried;

pub(crate) static CHECK: Check =
    Check { name: "secrets", tool, run, places: Places::Stable, rules: &[] };

/// Longest part of a text that is scanned, in bytes.
const SCANNED_BYTES_MAX: usize = 16 << 20;

/// Secrets reported for one text.
const SECRETS_MAX: usize = 1_000;

/// Bytes of a value in which names are looked for.
const NAMES_MAX: usize = 80;

/// The rules that know a secret by its name, or by the manifest it stands in.
const GENERIC: &str = "secret-generic";
const GENERIC_TITLE: &str = "secret assigned to a name";
const KUBERNETES: &str = "secret-kubernetes";
const KUBERNETES_TITLE: &str = "value of a Kubernetes secret";

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The rule's id, such as `secret-aws-access-key`.
    pub rule: &'static str,
    /// What it is, for a person: `AWS access key id`.
    pub title: &'static str,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
    /// How sure it is: low where it can do no harm, or was found by a name and stands in a test.
    pub confidence: Confidence,
    /// What its vendor writes before every secret of the kind; empty where nothing.
    prefix: &'static str,
}

impl Secret {
    /// The secret in a form that may be shown: its length, and its vendor's prefix. `text` is the
    /// text it was found in.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        let length = text.get(self.range.clone()).unwrap_or_default().chars().count();
        match self.prefix {
            "" => format!("{length} characters"),
            prefix => format!("`{prefix}...`, {length} characters"),
        }
    }
}

/// Finds secrets in any text: a file, a prompt, a log. At most the first 16 MiB are looked at.
#[must_use]
pub fn scan_secrets(text: &str) -> Vec<Secret> {
    scan(text, "", None)
}

/// The same for a document, whose path says whether it is part of tests.
#[must_use]
pub fn scan_secrets_of(document: &Document) -> Vec<Secret> {
    scan(&document.text, &document.path, document.language)
}

fn scan(text: &str, path: &str, language: Option<Language>) -> Vec<Secret> {
    let text = &text[..text.floor_char_boundary(SCANNED_BYTES_MAX)];
    let scan = Scan {
        text,
        test: surroundings::is_test(path),
        plain: surroundings::is_settings(language),
    };
    let (windows, named) = scan.look();
    let mut secrets: Vec<Secret> = Vec::new();
    // The tables are sorted from the special to the general; the first to claim a place has it.
    for (index, windows) in windows {
        scan.forms(&KINDS[index], &windows, &mut secrets);
    }
    if !scan.test {
        let made = |range| Secret {
            rule: KUBERNETES,
            title: KUBERNETES_TITLE,
            range,
            confidence: Confidence::Medium,
            prefix: "",
        };
        kubernetes::values(text).into_iter().map(made).for_each(|secret| add(&mut secrets, secret));
    }
    for secret in named {
        add(&mut secrets, secret);
    }
    secrets.sort_by_key(|secret| secret.range.start);
    secrets
}

/// Adds a secret where no other stands and there is room.
fn add(secrets: &mut Vec<Secret>, secret: Secret) {
    let range = &secret.range;
    let overlaps = |other: &Secret| other.range.start < range.end && range.start < other.range.end;
    if secrets.len() < SECRETS_MAX && !secrets.iter().any(overlaps) {
        secrets.push(secret);
    }
}

/// Parts of a text, in order and without overlap.
type Windows = Vec<Range<usize>>;

/// One text that is scanned.
struct Scan<'t> {
    text: &'t str,
    /// Whether it is part of tests.
    test: bool,
    /// Whether a value without quotes may be a text.
    plain: bool,
}

impl Scan<'_> {
    /// One pass over the words: where the forms of which kinds may stand, and what is known by a
    /// name.
    fn look(&self) -> (BTreeMap<usize, Windows>, Vec<Secret>) {
        let bytes = self.text.as_bytes();
        let mut windows: BTreeMap<usize, Windows> = BTreeMap::new();
        let mut named = Vec::new();
        // Names and values in quotes before this byte have been read.
        let mut read = 0;
        for hit in WORDS.search.find_overlapping_iter(bytes) {
            let (word, clues) = &WORDS.clues[hit.pattern().as_usize()];
            for clue in clues {
                let (index, from) = match *clue {
                    Clue::Prefix(index) => {
                        let prefix = bytes[hit.range()] == *word.as_bytes();
                        if !prefix || !is_start(bytes, hit.start()) {
                            continue;
                        }
                        (index, hit.start())
                    }
                    Clue::Near(index) => (index, hit.start().saturating_sub(BEFORE)),
                    Clue::Name => {
                        if hit.start() >= read && named.len() < SECRETS_MAX {
                            read = self.name(hit.start(), &mut named);
                        }
                        continue;
                    }
                };
                let to = (hit.end() + KINDS[index].reach).min(bytes.len());
                let windows = windows.entry(index).or_default();
                match windows.last_mut() {
                    Some(last) if from <= last.end => last.end = to.max(last.end),
                    _ => windows.push(from..to),
                }
            }
        }
        (windows, named)
    }

    /// Reads the name around a byte and what is assigned to it; gives from where to read on.
    fn name(&self, at: usize, named: &mut Vec<Secret>) -> usize {
        let bytes = self.text.as_bytes();
        let Some(assignment) = assignment::around(bytes, at) else {
            return assignment::name_around(bytes, at).end;
        };
        // A short value may be a name itself: `key="ApiToken" value="..."`.
        let long = assignment.value.len() > NAMES_MAX;
        let read = if long { assignment.value.end } else { assignment.name.end };
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        let (name, value) = (text(&assignment.name), text(&assignment.value));
        if (self.plain || assignment.how == How::Quoted)
            && value.bytes().all(|byte| byte.is_ascii_graphic())
        {
            named.extend(self.judge(name, value, &assignment));
        }
        read
    }

    /// What a value is by its name.
    fn judge(&self, name: &str, value: &str, assignment: &Assignment) -> Option<Secret> {
        let range = assignment.value.clone();
        if let Some(kind) = kind_of(name, value) {
            let confidence = if self.test { Confidence::Low } else { Confidence::High };
            let (rule, title) = (kind.rule.as_str(), kind.title.as_str());
            return Some(Secret { rule, title, range, confidence, prefix: "" });
        }
        let sort = names::sort_of(name)?;
        if self.is_badge(assignment) {
            return None;
        }
        let generic = !self.test && is_generic(sort, value);
        generic.then_some(Secret {
            rule: GENERIC,
            title: GENERIC_TITLE,
            range,
            confidence: Confidence::Medium,
            prefix: "",
        })
    }

    /// Whether the value belongs to the address of a badge, which is there to be seen.
    fn is_badge(&self, assignment: &Assignment) -> bool {
        let Some(before) = assignment.name.start.checked_sub(1) else { return false };
        let from = self.text.floor_char_boundary(before.saturating_sub(60));
        matches!(self.text.as_bytes()[before], b'?' | b'&')
            && self.text[from..before].contains("badge")
    }

    /// Finds the forms of one kind in some parts of the text.
    fn forms(&self, kind: &'static Kind, windows: &[Range<usize>], secrets: &mut Vec<Secret>) {
        let Some(pattern) = kind.pattern() else { return };
        if self.test && kind.general {
            return;
        }
        let bytes = self.text.as_bytes();
        for window in windows {
            for captures in pattern.captures_iter(&bytes[window.clone()]) {
                let Some(whole) = captures.get(0) else { continue };
                let range = captures.name("s").unwrap_or(whole).range();
                let range = window.start + range.start..window.start + range.end;
                let host = captures.name("host").map(|host| host.as_bytes());
                let start = is_start(bytes, window.start + whole.start());
                if !start || !(kind.open || is_end(bytes, range.end)) {
                    continue;
                }
                let start = self.text.ceil_char_boundary(range.start);
                let range = start..self.text.floor_char_boundary(range.end).max(start);
                if let Some(confidence) = trial(kind, &self.text[range.clone()], host) {
                    let (rule, title) = (kind.rule.as_str(), kind.title.as_str());
                    let starts = |prefix: &&String| self.text[start..].starts_with(prefix.as_str());
                    let prefix = kind.prefixes.iter().find(starts).map_or("", String::as_str);
                    add(secrets, Secret { rule, title, range, confidence, prefix });
                }
            }
        }
    }
}

/// How sure it is that a match is a secret; `None` where it is none.
fn trial(kind: &Kind, secret: &str, host: Option<&[u8]>) -> Option<Confidence> {
    let starts = |prefix: &String| secret.strip_prefix(prefix.as_str());
    let drawn = kind.prefixes.iter().find_map(starts).unwrap_or(secret);
    if placeholder::stands_for_one(drawn)
        || placeholder::is_published(secret)
        || randomness::entropy(secret) < kind.entropy_min
    {
        return None;
    }
    if host.is_some_and(placeholder::is_open_host) {
        return None;
    }
    let tried = kind.proof.map_or(Tried::Holds, |proof| proof::tried(proof, secret));
    match tried {
        Tried::Fails => None,
        _ if kind.harmless => Some(Confidence::Low),
        Tried::Doubtful => Some(Confidence::Medium),
        Tried::Holds => Some(Confidence::High),
    }
}

/// The kind that a value is by its vendor's name in the name it is assigned to.
fn kind_of(name: &str, value: &str) -> Option<&'static Kind> {
    const SHORTEST: usize = 16;
    if value.len() < SHORTEST || !names::may_be_secret(name) {
        return None;
    }
    let (joined, starts) = names::joined(name);
    let kinds = NAMED.search.find_overlapping_iter(&joined);
    let mut kinds = kinds
        .filter(|found| starts.contains(&found.start()))
        .map(|found| &KINDS[NAMED.kinds[found.pattern().as_usize()]]);
    let is = |kind: &&Kind| {
        kind.pattern().is_some_and(|pattern| pattern.is_match(value.as_bytes()))
            && randomness::entropy(value) >= kind.entropy_min
    };
    let kind = kinds.find(is)?;
    let stands = placeholder::stands_for_one(value) || !randomness::looks_drawn(value);
    (!stands).then_some(kind)
}

/// Whether a value is a secret by what its name says alone.
fn is_generic(sort: Sort, value: &str) -> bool {
    const SHORTEST: usize = 8;
    let longest = if sort == Sort::Password { 128 } else { 400 };
    const KEY_SHORTEST: usize = 10;
    const KEY_ENTROPY_MIN: f64 = 2.9;
    if !(SHORTEST..=longest).contains(&value.len())
        || placeholder::stands_for_one(value)
        || placeholder::stands_for_generic(value)
        || placeholder::is_weak(value)
    {
        return false;
    }
    let has = |is: fn(&char) -> bool| value.chars().any(|char| is(&char));
    let digit = has(char::is_ascii_digit);
    let symbol = has(char::is_ascii_punctuation);
    let classes = [digit, symbol, has(char::is_ascii_lowercase), has(char::is_ascii_uppercase)];
    let classes = classes.iter().filter(|class| **class).count();
    let drawn = value.len() >= KEY_SHORTEST
        && digit
        && classes >= 2
        && randomness::entropy(value) >= KEY_ENTROPY_MIN
        && randomness::looks_drawn(value);
    let chosen = sort == Sort::Password && classes == 4;
    drawn || chosen
}

/// Whether a secret can begin here: after no letter or digit, but for the end of an escape.
fn is_start(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else { return true };
    // What begins with a mark needs no other before it.
    let mark = !text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let escape = at >= 2 && text[at - 2] == b'\\' && matches!(before, b'n' | b'r' | b't');
    mark || !before.is_ascii_alphanumeric() || escape
}

/// Whether a secret can end here.
fn is_end(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|next| !next.is_ascii_alphanumeric() && !b"_-".contains(next))
}

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok(format!("{} kinds of secrets", KINDS.len() + 2))
}

fn run(source: &Source<'_>) -> Outcome {
    let text = source.text;
    let found = scan(text, source.path, source.language).into_iter().map(|secret| {
        let low = secret.confidence == Confidence::Low;
        let severity = if low { Severity::Warning } else { Severity::Error };
        let mut found = Found::new(secret.rule, severity, secret.range.clone());
        found.confidence = secret.confidence;
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

/// What is written about each kind of secret.
pub(crate) fn documented() -> impl Iterator<Item = RuleDoc> {
    let kinds = KINDS.iter().map(|kind| {
        let severity = if kind.harmless { Severity::Warning } else { Severity::Error };
        (kind.rule.as_str(), kind.title.as_str(), severity)
    });
    let others = [(GENERIC, GENERIC_TITLE), (KUBERNETES, KUBERNETES_TITLE)];
    let others = others.into_iter().map(|(id, title)| (id, title, Severity::Error));
    kinds.chain(others).map(|(id, title, severity)| RuleDoc {
        id,
        title,
        severity,
        cwe: &["CWE-798"],
        explanation: "A secret in a text is known to everyone who can read the repository, now and \
                      in its history, and to every tool that the text is given to. Take it out, \
                      have its owner revoke it and issue a new one, and read it when the program \
                      runs: from the environment, a file outside the repository, or a secret store.",
        bad: "",
        good: "token = os.environ[\"SERVICE_TOKEN\"]\n",
    })
}

/// Pays for the tables and the word search before the first real text.
pub(crate) fn warm_up() {
    LazyLock::force(&WORDS);
    LazyLock::force(&NAMED);
}
