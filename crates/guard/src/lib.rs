//! The checks: what a suggestion introduces into a file, as findings and a score.
//!
//! [`check`] takes a snapshot, an edit and the facts gathered beside them, and returns a report.
//! It runs every check on the text before and after the edit and reports the difference. A check
//! that could not run, or not on all of the text, is `unchecked` with a reason and never silent.
//!
//! The guard touches no network, process, clock, environment or file, and no input makes it panic,
//! hang or overflow its stack: size, nesting and work are bounded before third-party code is
//! called, and that code runs on a thread with a deep stack.

mod allow;
mod analysis;
mod catalog;
mod checks;
mod deep_stack;
mod delta;
mod found;
mod languages;
mod lexical;
mod outline;
mod report;
mod rule_doc;
mod score;
mod source;
mod trim;

use types::{
    CheckOutcome, CheckState, Digest, Edit, EditError, Edited, Facts, Language, Report, Snapshot,
};

use allow::Introduced;
use checks::{CHANGES, CHECKS, Change, ChangeCheck, Check, Outcome};
use delta::Before;
use found::Found;
use source::Source;

pub use catalog::{Example, Fixable, Origin, Rule, rule, rules};
pub use checks::secrets::{Secret, scan_secrets, scan_secrets_of};
pub use languages::python::{FormatError, PYTHON_RULES, PYTHON_RULES_OFF, PYTHON_TARGET};
pub use trim::trim;

/// Findings listed for one check; the outcome says where there are more.
const FINDINGS_MAX: usize = 1_000;

/// Findings of one check in one text that are compared at all.
const COMPARED_MAX: usize = 10_000;

/// Checks what an edit introduces into the snapshot's document.
///
/// `clock` gives microseconds from any origin; it is only asked for the durations in the report.
///
/// # Errors
/// [`EditError::StaleBase`] where the edit was made for another text.
pub fn check(
    snapshot: &Snapshot,
    edit: &Edit,
    facts: &Facts,
    clock: &dyn Fn() -> u64,
) -> Result<Report, EditError> {
    let document = &snapshot.document;
    let edited = edit.apply(document)?;
    let source = |text| Source::new(&document.path, document.language, text, facts, clock);
    let texts =
        Texts { before: source(&document.text), after: source(&edited.text), edited: &edited };
    let mut outcomes = Vec::with_capacity(CHECKS.len());
    let mut all: Vec<Introduced> = Vec::new();
    for check in CHECKS {
        let (outcome, found) = run(check, &texts, clock);
        outcomes.push(outcome);
        let introduced = |found| Introduced { check: check.name, found, suppression: None };
        all.extend(found.into_iter().map(introduced));
    }
    for check in CHANGES {
        let (outcome, found) = run_change(check, &texts, clock);
        outcomes.push(outcome);
        let introduced = |found| Introduced { check: check.name, found, suppression: None };
        all.extend(found.into_iter().map(introduced));
    }
    outcomes.push(checks::coverage::outcome(facts));
    let change = allow::Change { before: &texts.before, after: &texts.after, edited: &edited };
    allow::settle(&change, facts, &mut outcomes, &mut all);
    Ok(report::assemble(&texts.after, &edited, outcomes, all, facts))
}

/// A digest of everything that decides what [`check`] finds: the sources and rules of the checks,
/// and the versions of the crates they are built on. Two builds with the same digest give the same
/// report for the same snapshot, edit and facts.
#[must_use]
pub fn rules_digest() -> Digest {
    format!("sha256:{}", env!("GUARD_RULES_SHA256")).parse().expect("the build script wrote it")
}

/// Formats a text; `None` where the language has no formatter in process.
#[must_use]
pub fn format(language: Language, text: &str) -> Option<Result<String, FormatError>> {
    (language == Language::Python).then(|| languages::python::format(text))
}

/// What can be checked in files of a language, in the order of a report.
#[must_use]
pub fn checks_for(language: Option<Language>) -> Vec<CheckSupport> {
    type Tool = fn(Option<Language>) -> Result<String, String>;
    let support = |(name, tool): (&'static str, Tool)| {
        let tool = tool(language);
        CheckSupport { name, reason: tool.clone().err(), tool: tool.ok() }
    };
    let texts = CHECKS.iter().map(|check| (check.name, check.tool));
    let changes = CHANGES.iter().map(|check| (check.name, check.tool));
    let coverage = CheckSupport {
        name: "coverage",
        tool: None,
        reason: Some(checks::coverage::NOT_MEASURED.to_owned()),
    };
    let allows = CheckSupport {
        name: allow::CHECK,
        tool: Some("comments and the ignore file".to_owned()),
        reason: None,
    };
    texts.chain(changes).map(support).chain([coverage, allows]).collect()
}

/// What a check can do for a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSupport {
    /// The check's name.
    pub name: &'static str,
    /// What does it, with its version: `ruff 0.16.4, in process`. `None` where nothing does.
    pub tool: Option<String>,
    /// Why it cannot be done.
    pub reason: Option<String>,
}

/// Pays the one-time costs of a language's checks ahead of the first real text.
pub fn warm_up(language: Language) {
    checks::secrets::warm_up();
    if language == Language::Python {
        languages::python::warm_up();
    }
    let text =
        "import os\n\n\ndef f(a):\n    return f\"{a!r} {os.name}\" if a else [b for b in a]\n";
    let facts = Facts::default();
    let _ = Source::new("warm-up", Some(language), text, &facts, &|| 0).analysis();
}

/// The two texts of one call.
struct Texts<'a> {
    before: Source<'a>,
    after: Source<'a>,
    edited: &'a Edited,
}

/// Runs one check on both texts.
fn run(check: &Check, texts: &Texts<'_>, clock: &dyn Fn() -> u64) -> (CheckOutcome, Vec<Found>) {
    let started = clock();
    let lint_before = texts.lint_us();
    let outcome = (check.run)(&texts.after);
    let complete = matches!(outcome, Outcome::Done(_));
    let blind = matches!(outcome, Outcome::Blind(..));
    let (mut found, mut reason) = match outcome {
        Outcome::Done(found) => (found, None),
        Outcome::Partly(found, reason) | Outcome::Blind(found, reason) => (found, Some(reason)),
        Outcome::Not(reason) => (Vec::new(), Some(reason)),
    };
    if found.len() > COMPARED_MAX {
        found.truncate(COMPARED_MAX);
        reason
            .get_or_insert_with(|| format!("only the first {COMPARED_MAX} findings were compared"));
    }
    // Nothing found means nothing introduced, and nothing before means everything is.
    if !found.is_empty() && !texts.before.text.is_empty() {
        let before = match (check.run)(&texts.before) {
            Outcome::Done(found) => Before { source: &texts.before, found, complete: true },
            Outcome::Partly(found, _) | Outcome::Blind(found, _) => {
                Before { source: &texts.before, found, complete: !complete }
            }
            Outcome::Not(_) => Before { source: &texts.before, found: Vec::new(), complete: false },
        };
        found = delta::introduced(&texts.after, found, &before, texts.edited, check.places);
    }
    let state = state_of(&mut found, &mut reason);
    // The first check to ask has both texts read; the linter's part of that is the linter's.
    let spent = clock().saturating_sub(started).saturating_sub(texts.lint_us() - lint_before);
    let linter = if check.name == "lint" { texts.lint_us() } else { 0 };
    let duration_us = spent + linter;
    let supported = (check.tool)(texts.after.language).is_ok() && !blind;
    (CheckOutcome { name: check.name, state, reason, supported, duration_us }, found)
}

/// Runs one check of the change itself.
fn run_change(
    check: &ChangeCheck,
    texts: &Texts<'_>,
    clock: &dyn Fn() -> u64,
) -> (CheckOutcome, Vec<Found>) {
    let started = clock();
    let Texts { before, after, edited } = texts;
    let (mut found, mut reason) = match (check.run)(&Change { before, after, edited }) {
        Outcome::Done(found) => (found, None),
        Outcome::Partly(found, reason) | Outcome::Blind(found, reason) => (found, Some(reason)),
        Outcome::Not(reason) => (Vec::new(), Some(reason)),
    };
    let state = state_of(&mut found, &mut reason);
    let duration_us = clock().saturating_sub(started);
    let supported = (check.tool)(after.language).is_ok();
    (CheckOutcome { name: check.name, state, reason, supported, duration_us }, found)
}

/// How a check ended; lists that are too long are cut, and said to be.
fn state_of(found: &mut Vec<Found>, reason: &mut Option<String>) -> CheckState {
    let state = match (&reason, found.is_empty()) {
        (_, false) => CheckState::Failed,
        (None, true) => CheckState::Passed,
        (Some(_), true) => CheckState::Unchecked,
    };
    if found.len() > FINDINGS_MAX {
        let total = found.len();
        found.truncate(FINDINGS_MAX);
        reason
            .get_or_insert_with(|| format!("only the first {FINDINGS_MAX} of {total} are listed"));
    }
    state
}

impl Texts<'_> {
    fn lint_us(&self) -> u64 {
        self.before.lint_us() + self.after.lint_us()
    }
}
