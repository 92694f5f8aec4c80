//! The checks, a file each. A new one is a file here and a line in [`CHECKS`].

mod complexity;
pub(crate) mod coverage;
mod hidden;
mod instructions;
mod lint;
mod naming;
mod packages;
mod phrases;
mod placeholder;
pub(crate) mod secrets;
pub(crate) mod security;
mod suppressions;
pub(crate) mod syntax;
mod weakened;

use types::{Edited, Language};

use crate::analysis::{Analysis, Lint, Linted};
use crate::found::Found;
use crate::languages::javascript::OXC;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

/// Every check, in the order of a report.
pub(crate) static CHECKS: [&Check; 11] = [
    &syntax::CHECK,
    &lint::CHECK,
    &security::CHECK,
    &secrets::CHECK,
    &hidden::CHECK,
    &complexity::CHECK,
    &naming::CHECK,
    &suppressions::CHECK,
    &placeholder::CHECK,
    &packages::CHECK,
    &instructions::CHECK,
];

/// One check.
pub(crate) struct Check {
    pub name: &'static str,
    /// The tool that does it for a language, or why there is none.
    pub tool: fn(Option<Language>) -> Result<String, String>,
    /// Looks at one text.
    pub run: fn(&Source<'_>) -> Outcome,
    /// How findings that the edit did not move are told from new ones.
    pub places: Places,
    /// Its own rules; those of ruff and of other tables are added by the catalog.
    pub rules: &'static [RuleDoc],
}

/// Every check of the change itself, after those of [`CHECKS`].
pub(crate) static CHANGES: [&ChangeCheck; 1] = [&weakened::CHECK];

/// A check that compares the two texts itself: it sees what an edit takes away.
pub(crate) struct ChangeCheck {
    pub name: &'static str,
    /// The tool that does it for a language, or why there is none.
    pub tool: fn(Option<Language>) -> Result<String, String>,
    /// Looks at the change; what it finds is introduced, with places in the text after.
    pub run: fn(&Change<'_>) -> Outcome,
    /// Its own rules.
    pub rules: &'static [RuleDoc],
}

/// The two texts, and how one becomes the other.
pub(crate) struct Change<'a> {
    pub before: &'a Source<'a>,
    pub after: &'a Source<'a>,
    pub edited: &'a Edited,
}

/// How far a check came with one text.
pub(crate) enum Outcome {
    /// All of it.
    Done(Vec<Found>),
    /// Some of it; the reason says what is missing.
    Partly(Vec<Found>, String),
    /// As much as can be said without facts that were not gathered; the reason says which.
    Blind(Vec<Found>, String),
    /// Nothing, for the reason given.
    Not(String),
}

/// Whether a finding stays where it is when the text elsewhere changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Places {
    /// It stands where its cause is.
    Stable,
    /// One cause shows up in another place, or as more than one finding, when the text after it
    /// changes: a syntax error.
    Wandering,
}

pub(crate) const RUFF: &str = "ruff 0.16.4, in process";

/// What a rule of the linter becomes: its check's name, and a finding without place or message.
pub(crate) fn of_linter(code: &str) -> (&'static str, Found) {
    let lint = Lint { code: code.to_owned(), message: String::new(), range: 0..0, fix: None };
    if security::owns(code) {
        (security::CHECK.name, security::found(&lint))
    } else if naming::owns(code) {
        (naming::CHECK.name, naming::from_linter(&lint))
    } else if complexity::owns(code) {
        (complexity::CHECK.name, complexity::from_linter(&lint))
    } else {
        (lint::CHECK.name, lint::found(&lint))
    }
}

/// The parser of a language that has one of its own.
fn parser(language: Language) -> &'static str {
    match language {
        Language::Python => RUFF,
        _ => OXC,
    }
}

/// What can be said of a file without its language.
fn known(language: Option<Language>) -> Result<Language, String> {
    language.ok_or_else(|| "the language of this file is not known".to_owned())
}

/// Findings from functions and names: partial where the text does not parse.
fn measured(source: &Source<'_>, found: impl FnOnce(&Analysis) -> Vec<Found>) -> Outcome {
    match source.analysis() {
        Err(reason) => Outcome::Not(reason.clone()),
        Ok(analysis) => match &analysis.gap {
            None => Outcome::Done(found(analysis)),
            Some(gap) => Outcome::Partly(found(analysis), gap.clone()),
        },
    }
}

/// The linter's diagnostics that belong to one check.
fn linted(
    source: &Source<'_>,
    wanted: impl Fn(&str) -> bool,
    found: fn(&Lint) -> Found,
) -> Outcome {
    let select = |lints: &[Lint]| -> Vec<Found> {
        lints.iter().filter(|lint| wanted(&lint.code)).map(found).collect()
    };
    match source.analysis().map(|analysis| &analysis.linted) {
        Ok(Linted::Whole(lints)) => Outcome::Done(select(lints)),
        Ok(Linted::Partly(lints, reason)) => Outcome::Partly(select(lints), reason.clone()),
        Ok(Linted::Not(reason)) | Err(reason) => Outcome::Not(reason.clone()),
    }
}
