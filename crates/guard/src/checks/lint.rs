//! `lint`: wrong, slow and needlessly complicated code.
//!
//! Error: code that fails when it runs (undefined names, broken format strings, pylint's errors).
//! Info: style, speed and simplification. Warning: the rest, mostly likely bugs.

use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places, RUFF, complexity, known, linted, naming, security};
use crate::analysis::Lint;
use crate::found::Found;
use crate::languages;
use crate::languages::javascript::OXC;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "lint", tool, run, places: Places::Stable, rules: languages::javascript::DOCS };

/// Rules whose finding means that the code fails when it runs.
const FAILS: &[&str] = &[
    "F404", "F407", "F501", "F502", "F503", "F505", "F506", "F507", "F508", "F509", "F521", "F524",
    "F525", "F621", "F622", "F633", "F701", "F702", "F704", "F706", "F707", "F821", "F822", "F823",
    "PLE",
];

/// Rules about style, speed and simplification.
const STYLE: &[&str] = &["C4", "E4", "E70", "E731", "E741", "F541", "PERF", "SIM"];

fn tool(language: Option<Language>) -> Result<String, String> {
    match known(language)? {
        Language::Python => Ok(RUFF.to_owned()),
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            Ok(format!("own rules over {OXC}"))
        }
        other => Err(format!("there is no linter for {other} in this build")),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    if let Err(reason) = tool(source.language) {
        return Outcome::Not(reason);
    }
    let elsewhere =
        |code: &str| security::owns(code) || naming::owns(code) || complexity::owns(code);
    linted(source, |code| !elsewhere(code), found)
}

pub(super) fn found(lint: &Lint) -> Found {
    if let Some(severity) = languages::javascript::severity(&lint.code) {
        let mut found = Found::new(lint.code.clone(), severity, lint.range.clone());
        found.confidence = match severity {
            Severity::Info => Confidence::Medium,
            _ => Confidence::High,
        };
        return found.message(lint.message.clone());
    }
    let any = |rules: &[&str]| rules.iter().any(|rule| lint.code.starts_with(rule));
    let severity = if any(FAILS) {
        Severity::Error
    } else if any(STYLE) {
        Severity::Info
    } else {
        Severity::Warning
    };
    let mut found = Found::new(lint.code.clone(), severity, lint.range.clone());
    found.confidence =
        if severity == Severity::Error { Confidence::High } else { Confidence::Medium };
    found.fix.clone_from(&lint.fix);
    found.message(lint.message.clone())
}
