//! The quality score: 100 points in four shares, over the shares that could be measured.
//!
//! - complexity (30): for every function that the edit touches, a strain from 0 to 1, the largest
//!   of `(paths - 5) / 20`, `(nesting - 3) / 5` and `(parameters - 5) / 8`. The share lost is
//!   0.6 of the worst strain plus 0.4 of the mean. Not measured where no function is touched.
//! - naming (20): the share of names declared on edited ground without a finding. Not measured
//!   where none is declared.
//! - lint (25): an error weighs 10, a warning 3, a hint 1; a weight of 100 in 100 new lines loses
//!   everything. An edit counts as at least 20 lines, or one hint would ruin a one-line edit.
//! - coverage (25): the share of edited lines that tests executed.

use types::{
    CheckOutcome, CheckState, Facts, Finding, FunctionMetrics, Score, ScoreParts, Severity,
};

pub(crate) const COMPLEXITY: u8 = 30;
pub(crate) const NAMING: u8 = 20;
pub(crate) const LINT: u8 = 25;
pub(crate) const COVERAGE: u8 = 25;

/// Lines that an edit counts for at least.
const LINES_MIN: usize = 20;

/// What the score is made from.
pub(crate) struct Measures<'a> {
    pub checks: &'a [CheckOutcome],
    pub findings: &'a [Finding],
    /// The functions that the edit touches.
    pub functions: &'a [FunctionMetrics],
    /// How many names the edit declares.
    pub names: usize,
    /// How many lines the edit writes.
    pub lines: usize,
    pub facts: &'a Facts,
}

pub(crate) fn score(measures: &Measures<'_>) -> Score {
    let parts = ScoreParts {
        complexity: complexity(measures),
        naming: naming(measures),
        lint: lint(measures),
        coverage: coverage(measures.facts),
    };
    let shares = [
        (parts.complexity, COMPLEXITY),
        (parts.naming, NAMING),
        (parts.lint, LINT),
        (parts.coverage, COVERAGE),
    ];
    let (mut reached, mut reachable) = (0_u32, 0_u32);
    for (points, most) in shares {
        if let Some(points) = points {
            reached += u32::from(points);
            reachable += u32::from(most);
        }
    }
    let total = (reachable > 0).then(|| points(100, f64::from(reached) / f64::from(reachable)));
    Score { total, parts }
}

fn complexity(measures: &Measures<'_>) -> Option<u8> {
    if !done(measures, "complexity") || measures.functions.is_empty() {
        return None;
    }
    let over = |value: usize, free: usize, span: f64| number(value.saturating_sub(free)) / span;
    let strain = |function: &FunctionMetrics| {
        let paths = over(function.cyclomatic, 5, 20.0);
        let nesting = over(function.nesting, 3, 5.0);
        let parameters = over(function.parameters, 5, 8.0);
        paths.max(nesting).max(parameters).min(1.0)
    };
    let strains: Vec<f64> = measures.functions.iter().map(strain).collect();
    let worst = strains.iter().copied().fold(0.0, f64::max);
    let mean = strains.iter().sum::<f64>() / number(strains.len());
    Some(points(COMPLEXITY, 1.0 - 0.6 * worst - 0.4 * mean))
}

fn naming(measures: &Measures<'_>) -> Option<u8> {
    let wrong = measures.findings.iter().filter(|finding| finding.check == "naming").count();
    if !done(measures, "naming") || measures.names == 0 {
        return None;
    }
    Some(points(NAMING, 1.0 - number(wrong) / number(measures.names)))
}

fn lint(measures: &Measures<'_>) -> Option<u8> {
    if !done(measures, "lint") {
        return None;
    }
    let lint = measures.findings.iter().filter(|finding| finding.check == "lint");
    let weight: usize = lint
        .map(|finding| match finding.severity {
            Severity::Error => 10,
            Severity::Warning => 3,
            Severity::Info => 1,
        })
        .sum();
    Some(points(LINT, 1.0 - number(weight) / number(measures.lines.max(LINES_MIN))))
}

fn coverage(facts: &Facts) -> Option<u8> {
    facts.coverage.filter(|share| share.is_finite()).map(|share| points(COVERAGE, share))
}

/// Whether a check saw all of the text.
fn done(measures: &Measures<'_>, name: &str) -> bool {
    let outcome = measures.checks.iter().find(|outcome| outcome.name == name);
    outcome.is_some_and(|one| one.state != CheckState::Unchecked && one.reason.is_none())
}

fn points(most: u8, share: f64) -> u8 {
    let points = (f64::from(most) * share.clamp(0.0, 1.0)).round();
    // Between 0 and `most`, so nothing is cut off.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `most`")]
    let points = points as u8;
    points
}

fn number(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}
