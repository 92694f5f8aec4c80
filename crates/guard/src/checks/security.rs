//! `security`: code that opens the program to attack.
//!
//! Two look at it: the flow engine, which follows data from where it comes in to where it does
//! harm, and for Python the linter, which looks at each call alone. Where both mean the same place
//! and weakness one finding is left, and where the flow engine knows that what comes to a call is
//! harmless, the linter's finding on that call goes.

mod flow;
mod linter;

use types::Language;

use super::{Check, Outcome, Places, RUFF, known, linted};
use crate::found::Found;
use crate::languages;
use crate::source::Source;

pub(crate) use flow::{confidence, severity};
pub(super) use linter::found;

pub(crate) static CHECK: Check =
    Check { name: "security", tool, run, places: Places::Stable, rules: &[] };

/// Whether one of the linter's rules is about security.
pub(crate) fn owns(code: &str) -> bool {
    code.strip_prefix('S').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn tool(language: Option<Language>) -> Result<String, String> {
    let language = known(language)?;
    match languages::flow(language) {
        Some(_) if language == Language::Python => Ok(format!("data flow, and {RUFF}")),
        Some(_) => Ok("data flow".to_owned()),
        None => Err(format!("there are no security rules for {language} in this build")),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    let Some(rules) = source.language.and_then(languages::flow).map(flow::rules) else {
        return Outcome::Not(tool(source.language).err().unwrap_or_default());
    };
    let linted = match source.language {
        Some(Language::Python) => linted(source, owns, found),
        _ => Outcome::Done(Vec::new()),
    };
    let outcome = match source.flow() {
        Ok(outcome) => outcome,
        Err(reason) => return partly(linted, reason.clone()),
    };
    let mut all: Vec<Found> =
        outcome.alarms.iter().map(|alarm| flow::found(rules, alarm)).collect();
    let (of_linter, mut gap) = match linted {
        Outcome::Done(found) => (found, None),
        Outcome::Partly(found, reason) | Outcome::Blind(found, reason) => (found, Some(reason)),
        Outcome::Not(reason) => (Vec::new(), Some(reason)),
    };
    let flows = all.len();
    let cleared: Vec<Found> = outcome.cleared.iter().map(|one| flow::cleared(rules, one)).collect();
    for other in of_linter {
        let is_it =
            |one: &&Found| one.range.start < other.range.end && other.range.start < one.range.end;
        if cleared.iter().filter(is_it).any(|one| flow::is_same(source.text, one, &other)) {
            continue;
        }
        match all[..flows].iter_mut().find(|one| flow::is_same(source.text, one, &other)) {
            Some(one) if one.severity < other.severity => *one = other,
            Some(_) => {}
            None => all.push(other),
        }
    }
    if let Err(reason) = &outcome.complete {
        gap.get_or_insert_with(|| reason.clone());
    }
    match gap {
        None => Outcome::Done(all),
        Some(reason) => Outcome::Partly(all, reason),
    }
}

/// What the linter found, where the flow of data is not known.
fn partly(linted: Outcome, reason: String) -> Outcome {
    match linted {
        Outcome::Done(found) if found.is_empty() => Outcome::Not(reason),
        Outcome::Done(found) => Outcome::Partly(found, reason),
        cut => cut,
    }
}
