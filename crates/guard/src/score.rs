//! The quality score: shares of parts, over the parts that could be measured.
//!
//! - complexity: for every function that the edit touches, a strain from 0 to 1, the largest of
//!   `(paths - 5) / 20`, `(cognitive - 7) / 23`, `(nesting - 3) / 5` and `(parameters - 5) / 8`. The
//!   share lost is 0.6 of the worst strain plus 0.4 of the mean. Not measured where no function is
//!   touched.
//! - naming: the share of names declared on edited ground without a finding. Not measured where
//!   none is declared.
//! - lint: an error weighs 10, a warning 3, a hint 1; a weight of 100 in 100 new lines loses
//!   everything. An edit counts as at least 20 lines, or one hint would ruin a one-line edit.
//! - duplication: the share of edited lines that repeat others of the file, in runs of at least 50
//!   tokens and 6 lines. Not measured for edits of fewer tokens.
//! - dead code: each run of statements that is never reached and each private function that is
//!   never used loses 0.3, each unused parameter 0.1. Not measured without an outline.
//! - documentation: the share of public functions that the edit writes with a text in front or
//!   inside, where most others of the file have one. Not measured elsewhere.
//! - coverage: the share of edited lines that tests executed.

mod dead_code;
mod documentation;
mod duplication;

use types::{
    CheckOutcome, CheckState, Edited, Facts, Finding, FunctionMetrics, Loss, Score, ScorePart,
    Severity, Weights,
};

use crate::source::Source;

/// Lines that an edit counts for at least.
const LINES_MIN: usize = 20;

/// Reasons listed for one part.
const LOSSES_MAX: usize = 10;

/// What the score is made from.
pub(crate) struct Measures<'a> {
    pub after: &'a Source<'a>,
    pub edited: &'a Edited,
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

/// The share of one part with what pulled it down, or why it was not measured.
type Measured = Result<(f64, Vec<Loss>), String>;

/// The score with the weights of nobody's settings.
pub(crate) fn score(measures: &Measures<'_>) -> Score {
    let measured = [
        complexity(measures),
        naming(measures),
        lint(measures),
        duplication::measure(measures),
        dead_code::measure(measures),
        documentation::measure(measures),
        coverage(measures.facts),
    ];
    let parts = Weights::NAMES.into_iter().zip(measured).map(|(name, measured)| {
        let (share, mut losses, reason) = match measured {
            Ok((share, losses)) => (Some(share), losses, None),
            Err(reason) => (None, Vec::new(), Some(reason)),
        };
        losses.truncate(LOSSES_MAX);
        ScorePart { name, points: None, most: 0, reason, losses, share }
    });
    Score { total: None, parts: parts.collect() }.weighed(&Weights::default())
}

fn complexity(measures: &Measures<'_>) -> Measured {
    done(measures, "complexity")?;
    if measures.functions.is_empty() {
        return Err("the edit touches no function".to_owned());
    }
    let over = |value: usize, free: usize, span: f64| number(value.saturating_sub(free)) / span;
    let strain = |function: &FunctionMetrics| {
        let paths = over(function.cyclomatic, 5, 20.0);
        let cognitive = over(function.cognitive.unwrap_or_default(), 7, 23.0);
        let nesting = over(function.nesting, 3, 5.0);
        let parameters = over(function.parameters, 5, 8.0);
        paths.max(cognitive).max(nesting).max(parameters).min(1.0)
    };
    let mut strains: Vec<(f64, &FunctionMetrics)> =
        measures.functions.iter().map(|function| (strain(function), function)).collect();
    strains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let worst = strains.first().map_or(0.0, |(strain, _)| *strain);
    let mean = strains.iter().map(|(strain, _)| strain).sum::<f64>() / number(strains.len());
    let losses = strains.iter().take_while(|(strain, _)| *strain > 0.0).map(|(_, function)| {
        let FunctionMetrics { name, line, cyclomatic, cognitive, nesting, parameters, .. } = function;
        let cognitive = cognitive.map_or_else(String::new, |value| format!("{value} cognitive, "));
        let what = format!(
            "`{name}`: {cyclomatic} paths, {cognitive}{nesting} levels deep, {parameters} parameters"
        );
        Loss { what, line: *line }
    });
    Ok((1.0 - 0.6 * worst - 0.4 * mean, losses.collect()))
}

fn naming(measures: &Measures<'_>) -> Measured {
    done(measures, "naming")?;
    if measures.names == 0 {
        return Err("the edit declares no name".to_owned());
    }
    let wrong = findings(measures, "naming");
    let share = 1.0 - number(wrong.len()) / number(measures.names);
    Ok((share, wrong.into_iter().map(told).collect()))
}

fn lint(measures: &Measures<'_>) -> Measured {
    done(measures, "lint")?;
    let mut lint = findings(measures, "lint");
    let weight = |finding: &&Finding| match finding.severity {
        Severity::Error => 10,
        Severity::Warning => 3,
        Severity::Info => 1,
    };
    let all: usize = lint.iter().map(weight).sum();
    let share = 1.0 - number(all) / number(measures.lines.max(LINES_MIN));
    lint.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
    Ok((share, lint.into_iter().map(told).collect()))
}

fn coverage(facts: &Facts) -> Measured {
    let share = facts.coverage.filter(|share| share.is_finite());
    let share = share.ok_or_else(|| crate::checks::coverage::NOT_MEASURED.to_owned())?;
    Ok((share, Vec::new()))
}

fn findings<'a>(measures: &Measures<'a>, check: &str) -> Vec<&'a Finding> {
    measures.findings.iter().filter(|finding| finding.check == check).collect()
}

fn told(finding: &Finding) -> Loss {
    Loss { what: format!("{}: {}", finding.rule, finding.message), line: finding.start.line }
}

/// Whether a check saw all of the text, or why not.
fn done(measures: &Measures<'_>, name: &str) -> Result<(), String> {
    let outcome = measures.checks.iter().find(|outcome| outcome.name == name);
    match outcome {
        Some(one) if one.state != CheckState::Unchecked && one.reason.is_none() => Ok(()),
        Some(one) => Err(one.reason.clone().unwrap_or_else(|| format!("{name} was not checked"))),
        None => Err(format!("{name} was not checked")),
    }
}

fn number(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}
