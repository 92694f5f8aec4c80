//! The table of secrets: a kind each, after its vendor's documentation, in the files of `kinds`.
//!
//! A kind is known by its own form (`form`, with the `prefixes` that it begins with or other
//! `words` of it), or by a name that a value is assigned to (`names`, and the whole `value`).
//! In a form the group `s` is the secret; without one the whole match is. Repetitions are
//! bounded, so that a pattern stays small.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::names::SENSITIVE;
use super::proof::Proof;

/// Bytes after a word within which a form must end, unless the kind says more.
const REACH: usize = 600;

/// Bytes before a word at which a form may begin.
pub(super) const BEFORE: usize = 440;

/// Least entropy of a secret in bits per character, unless the kind says otherwise.
const ENTROPY_MIN: f64 = 3.0;

const FILES: [&str; 6] = [
    include_str!("kinds/code.toml"),
    include_str!("kinds/models.toml"),
    include_str!("kinds/services.toml"),
    include_str!("kinds/operations.toml"),
    include_str!("kinds/clouds.toml"),
    // Last: what has a vendor's form is reported as that.
    include_str!("kinds/general.toml"),
];

#[derive(Deserialize)]
struct File {
    kind: Vec<Row>,
}

/// One kind as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    title: String,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
    form: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    value: Option<String>,
    entropy: Option<f64>,
    proof: Option<Proof>,
    reach: Option<usize>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    harmless: bool,
    example: String,
}

/// One kind of secret.
pub(super) struct Kind {
    /// The rule's id: `secret-` and the id in the file.
    pub rule: String,
    pub title: String,
    /// What a secret of this kind begins with; may be shown.
    pub prefixes: Vec<String>,
    words: Vec<String>,
    /// Parts of the names that values of this kind are assigned to, in lower case, joined.
    pub names: Vec<String>,
    pattern: String,
    pub entropy_min: f64,
    pub proof: Option<Proof>,
    /// Bytes after a word within which it ends.
    pub reach: usize,
    /// Whether it may go on after the match.
    pub open: bool,
    /// Whether nothing can be done with it.
    pub harmless: bool,
    /// Whether it is no vendor's own: such things stand in tests and harm nobody.
    pub general: bool,
    /// A text with such a secret, for the tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the tests"))]
    pub example: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Kind {
    /// The pattern, compiled when a text first needs it. `None` never happens: a test compiles all.
    pub(super) fn pattern(&self) -> Option<&Regex> {
        let compile = || {
            let mut builder = RegexBuilder::new(&self.pattern);
            builder.unicode(false).size_limit(16 << 20).build().ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// All kinds, the special before the general.
pub(super) static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let files = FILES.iter().enumerate().flat_map(|(number, file)| {
        let file: File = toml::from_str(file).expect("the files are part of the program");
        let general = number + 1 == FILES.len();
        file.kind.into_iter().map(move |row| kind(row, general))
    });
    files.collect()
});

fn kind(row: Row, general: bool) -> Kind {
    let pattern = match (row.form, row.value) {
        (Some(form), _) => form,
        // The whole of a value.
        (None, value) => format!("^(?:{})$", value.unwrap_or_default()),
    };
    Kind {
        rule: format!("secret-{}", row.id),
        title: row.title,
        prefixes: row.prefixes,
        words: row.words,
        names: row.names,
        pattern,
        entropy_min: row.entropy.unwrap_or(ENTROPY_MIN),
        proof: row.proof,
        reach: row.reach.unwrap_or(REACH),
        open: row.open,
        harmless: row.harmless,
        general,
        example: row.example,
        compiled: OnceLock::new(),
    }
}

/// What a word in a text may be part of.
#[derive(Clone, Copy)]
pub(super) enum Clue {
    /// A secret of this kind begins with it.
    Prefix(usize),
    /// A secret of this kind stands near it.
    Near(usize),
    /// The name of something that a secret may be assigned to.
    Name,
}

/// Every word of the table, searched all at once and in any case.
pub(super) struct Words {
    pub search: AhoCorasick,
    /// What each word is a clue to, by its number in the search.
    pub clues: Vec<(String, Vec<Clue>)>,
}

pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut clues: Vec<(String, Vec<Clue>)> = Vec::new();
    let mut add = |word: &str, clue: Clue| match clues.iter_mut().find(|(known, _)| known == word) {
        Some((_, clues)) => clues.push(clue),
        None => clues.push((word.to_owned(), vec![clue])),
    };
    for (index, kind) in KINDS.iter().enumerate() {
        kind.prefixes.iter().for_each(|word| add(word, Clue::Prefix(index)));
        kind.words.iter().for_each(|word| add(word, Clue::Near(index)));
    }
    SENSITIVE.iter().for_each(|word| add(word, Clue::Name));
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(clues.iter().map(|(word, _)| word))
        .expect("a few hundred short words fit any automaton");
    Words { search, clues }
});

/// The kinds that are known by a name, and their names, searched all at once.
pub(super) struct Named {
    pub search: AhoCorasick,
    pub kinds: Vec<usize>,
}

pub(super) static NAMED: LazyLock<Named> = LazyLock::new(|| {
    let names = KINDS
        .iter()
        .enumerate()
        .flat_map(|(index, kind)| kind.names.iter().map(move |name| (name.as_str(), index)));
    let (names, kinds): (Vec<&str>, Vec<usize>) = names.unzip();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(names)
        .expect("a few hundred short words fit any automaton");
    Named { search, kinds }
});
