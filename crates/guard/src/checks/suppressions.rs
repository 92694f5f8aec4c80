//! `suppressions`: comments and attributes with which an edit asks a tool to look away.
//!
//! They silence nothing here: the linter runs without them, and the other checks know none. They
//! are reported because the same text would be silent in the project's own tools. Only comments
//! and attributes count; the same words in a string do nothing.

mod markers;

use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::LazyLock;
use types::{Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::lexical::{Lexed, TokenKind, comment_lines};
use crate::rule_doc::RuleDoc;
use crate::source::Source;
use markers::{ATTRIBUTES, MARKERS, Marker, Silences, Where};

pub(crate) static CHECK: Check =
    Check { name: "suppressions", tool, run, places: Places::Stable, rules: RULES };

/// Suppressions reported for one text.
const FOUND_MAX: usize = 1_000;

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok(format!("{} own marks", MARKERS.len() + ATTRIBUTES.len()))
}

fn run(source: &Source<'_>) -> Outcome {
    let lexed = match source.lexed() {
        Ok(lexed) => lexed,
        Err(reason) => return Outcome::Not(reason),
    };
    let text = source.text;
    let mut all = Vec::new();
    let mut done: Option<Range<usize>> = None;
    for hit in WORDS.find_iter(text) {
        if all.len() >= FOUND_MAX {
            return Outcome::Partly(all, format!("only the first {FOUND_MAX} are known"));
        }
        let Some(comment) = lexed.comment_at(hit.start()) else { continue };
        if done.as_ref() != Some(comment) {
            in_comment(text, comment, &mut all);
            done = Some(comment.clone());
        }
    }
    in_code(text, lexed, &mut all);
    all.sort_by_key(|found| found.range.start);
    Outcome::Done(all)
}

/// The words of all marks; a text without any of them has no such comment.
static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = MARKERS.iter().map(|marker| marker.word);
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .expect("a few dozen short words are no large automaton")
});

fn in_comment(text: &str, comment: &Range<usize>, all: &mut Vec<Found>) {
    for (at, line) in comment_lines(text, comment) {
        // One comment may hold several: `# type: ignore  # noqa`.
        let mut from = 0;
        for part in line.split_inclusive(['#', ';']).flat_map(|part| part.split_inclusive("//")) {
            let said = part.trim_start();
            let start = at + from + (part.len() - said.len());
            from += part.len();
            let marker = MARKERS.iter().find_map(|marker| Some((marker, marker.place(said)?)));
            if let Some((marker, (begin, end))) = marker {
                let whole = said.trim_end();
                let found = found(marker, &said[end..], start + begin..start + whole.len());
                // One that silences more than before is another one.
                all.push(Found { key: whole.to_owned(), ..found });
            }
        }
    }
}

impl Marker {
    /// Where the mark stands in what a comment says.
    fn place(&self, said: &str) -> Option<(usize, usize)> {
        let word = self.word;
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = |rest: &str| {
            let head = rest.get(..word.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                && !(word.ends_with(letter) && rest[word.len()..].starts_with(letter))
        };
        match self.place {
            Where::Start => starts(said).then_some((0, word.len())),
            Where::Anywhere => said.char_indices().find_map(|(at, _)| {
                let inside = said[..at].ends_with(letter);
                (!inside && starts(&said[at..])).then_some((at, at + word.len()))
            }),
        }
    }
}

fn found(marker: &Marker, rest: &str, range: Range<usize>) -> Found {
    let rest = rest.trim_start();
    let blanket = marker.names && !rest.starts_with([':', '[', '(', '=']) && !names_rule(rest);
    let which = if blanket { ", whatever it says" } else { "" };
    let mut found = Found::new(marker.silences.rule(), marker.silences.severity(), range);
    found.cwe = marker.silences.cwe();
    let (word, tool) = (marker.word, marker.tool);
    found.message(format!("`{word}` asks {tool} to look away{which}"))
}

/// Whether a rule's name follows: letters with a digit, a hyphen or a slash in them.
fn names_rule(rest: &str) -> bool {
    let word = rest.split([' ', ',', '\t']).next().unwrap_or_default();
    word.len() > 1
        && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@')
        && word.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '_'))
}

/// Attributes and directives: `#[allow(...)]`, `@SuppressWarnings(...)`, `#pragma warning`.
fn in_code(text: &str, lexed: &Lexed, all: &mut Vec<Found>) {
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Mark || !matches!(token.of(text), "#" | "@" | "[") {
            continue;
        }
        for attribute in ATTRIBUTES {
            let mut words = attribute.words.iter().enumerate();
            if !words.all(|(offset, word)| reads(index + offset) == *word) {
                continue;
            }
            let last = index + attribute.words.len() - 1;
            let argument = last + 1;
            let end = match reads(argument) {
                "(" => lexed.closing(text, argument).unwrap_or(argument),
                _ => last,
            };
            let reasoned = attribute.reason_excuses
                && (argument..end).any(|at| reads(at) == "reason" && reads(at + 1) == "=");
            if reasoned || all.len() >= FOUND_MAX {
                continue;
            }
            let range = token.start..tokens[end].end.max(token.end);
            let shown: String = text[range.clone()].chars().take(60).collect();
            let silences = attribute.silences;
            let mut found = Found::new(silences.rule(), silences.severity(), range);
            found.cwe = silences.cwe();
            let tool = attribute.tool;
            all.push(found.message(format!("`{shown}` asks {tool} to look away")));
        }
    }
}

impl Silences {
    fn rule(self) -> &'static str {
        RULES[self as usize].id
    }

    fn severity(self) -> Severity {
        RULES[self as usize].severity
    }

    fn cwe(self) -> &'static [&'static str] {
        RULES[self as usize].cwe
    }
}

/// In the order of [`Silences`].
pub(crate) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "MW-SUPPRESSION-LINT",
        title: "A linter is told to look away",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The edit brings a comment or attribute that silences a linter. Code that \
            is generated can silence what it should have got right. Correct what the linter says, \
            or let a person decide on the exception and write down why.",
        bad: "import os  # noqa: F401",
        good: "import os\n\nprint(os.name)",
    },
    RuleDoc {
        id: "MW-SUPPRESSION-TYPES",
        title: "A type checker is told to look away",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The edit brings a comment that silences a type checker, so a call that does \
            not fit its function is found only when it runs. Make the types fit.",
        bad: "total: int = parse(text)  # type: ignore",
        good: "total: int = int(parse(text))",
    },
    RuleDoc {
        id: "MW-SUPPRESSION-SECURITY",
        title: "A security tool is told to look away",
        severity: Severity::Warning,
        cwe: &[],
        explanation: "The edit brings a comment that hides code from a security scanner. Whether \
            a finding may be ignored is for a person to decide who did not write the code.",
        bad: "subprocess.run(command, shell=True)  # nosec",
        good: "subprocess.run([\"convert\", source, target], check=True)",
    },
    RuleDoc {
        id: "MW-SUPPRESSION-SECRET",
        title: "A secret scanner is told to look away",
        severity: Severity::Warning,
        cwe: &["CWE-798"],
        explanation: "The edit brings a comment that hides a line from scanners for keys and \
            passwords. A line that needs this holds a secret, or something that looks like one. \
            Read it from the environment or from a secret store.",
        bad: "key = load(\"...\")  # gitleaks:allow",
        good: "key = load(os.environ[\"SERVICE_KEY\"])",
    },
    RuleDoc {
        id: "MW-SUPPRESSION-COVERAGE",
        title: "Code is left out of the coverage",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The edit brings a comment that leaves code out of the measured coverage, so \
            the figure no longer says what is tested. Test the code.",
        bad: "if failed:  # pragma: no cover\n    recover()",
        good: "if failed:\n    recover()",
    },
    RuleDoc {
        id: "MW-SUPPRESSION-FORMAT",
        title: "A formatter is switched off",
        severity: Severity::Info,
        cwe: &[],
        explanation: "The edit brings a comment that keeps a formatter from its work. Harmless, \
            but worth knowing: layout by hand can make code read otherwise than it runs.",
        bad: "# fmt: off\nmatrix = [1,0,\n          0,1]",
        good: "matrix = [1, 0, 0, 1]",
    },
];
