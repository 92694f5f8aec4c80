//! Reports in the format that was asked for: one file each, written as results come.
//!
//! The same results give the same bytes: they come in the order of their files, and no format
//! holds a time that was not asked for.

mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use pipeline::Review;
use policy::Policy;
use types::{CheckState, Digest};

use crate::arguments::ReportFormat;

pub use json::File;

/// Files that are named for one reason why a check was not done.
const NAMED_MAX: usize = 100;

/// Rules that are remembered to be explained at the end.
const RULES_MAX: usize = 1_000;

/// One checked file.
pub struct Checked {
    pub path: String,
    /// The text that was judged, for excerpts; empty where there is none or it may not be shown.
    pub text: String,
    /// The review, or why there is none.
    pub outcome: Result<Review, String>,
    /// What was done about its findings.
    pub fixes: Option<Fixes>,
}

/// Mechanical fixes of one file.
#[derive(Debug, Default, serde::Serialize)]
pub struct Fixes {
    /// How many of each rule were made.
    pub made: BTreeMap<String, usize>,
    /// How many of each rule were not made because they introduce a finding.
    pub refused: BTreeMap<String, usize>,
    /// Whether the file was written.
    pub written: bool,
    /// Why it was not.
    pub problem: Option<String>,
    /// What would be written, as a unified diff.
    pub diff: Option<String>,
}

/// How results are written. The writer begins once, takes each file in order, and ends once.
pub trait Output {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()>;
    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

/// What a format may want to know of the run.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    pub policy: &'a Policy,
    pub quiet: bool,
    pub verbose: bool,
}

/// The writer of a format.
pub fn writer<'a>(format: ReportFormat, manner: Manner<'a>) -> Box<dyn Output + 'a> {
    match format {
        ReportFormat::Text => Box::new(text::Text::new(manner)),
        ReportFormat::Json => Box::new(json::Json::default()),
        ReportFormat::Sarif => Box::new(sarif::Sarif::new(manner.policy)),
        ReportFormat::Github => Box::new(github::Github),
        ReportFormat::Gitlab => Box::new(gitlab::Gitlab::default()),
        ReportFormat::Junit => Box::new(junit::Junit::new(manner.policy)),
    }
}

/// What is known once every file was written. Small, however many there are.
#[derive(Debug)]
pub struct Summary {
    pub files: usize,
    /// Files that could not be judged at all.
    pub errors: usize,
    pub findings: usize,
    pub suppressed: usize,
    pub fixed: usize,
    pub unfixed: usize,
    /// Files that are not text and that nobody named.
    pub skipped: usize,
    /// Files that the ignore file leaves out.
    pub ignored: usize,
    pub verdict: &'static str,
    /// What was not checked and why, by check and reason.
    pub unchecked: BTreeMap<(&'static str, String), Unchecked>,
    /// Ids of the rules that were reported.
    pub rules: BTreeSet<String>,
    /// The generation that fixes were recorded in.
    pub generation: Option<String>,
    /// A digest over the keys of all verdicts, in order.
    pub key: Digest,
}

/// The files in which a check was not done for one reason.
#[derive(Debug, Default)]
pub struct Unchecked {
    pub files: usize,
    /// Whether this build has the check for their language.
    pub supported: bool,
    /// The first of them.
    pub paths: Vec<String>,
}

impl Default for Summary {
    fn default() -> Summary {
        Summary {
            files: 0,
            errors: 0,
            findings: 0,
            suppressed: 0,
            fixed: 0,
            unfixed: 0,
            skipped: 0,
            ignored: 0,
            verdict: "pass",
            unchecked: BTreeMap::new(),
            rules: BTreeSet::new(),
            generation: None,
            key: Digest::of(b""),
        }
    }
}

impl Summary {
    /// Counts one file.
    pub fn add(&mut self, file: &Checked) {
        self.files += 1;
        if let Some(fixes) = &file.fixes {
            let made = fixes.made.values().sum::<usize>();
            self.fixed += if fixes.written { made } else { 0 };
            self.unfixed += fixes.refused.values().sum::<usize>();
        }
        let verdict = match &file.outcome {
            Ok(review) => {
                self.add_review(review);
                review.verdict.name()
            }
            Err(_) => {
                self.errors += 1;
                "unchecked"
            }
        };
        self.verdict = worse(self.verdict, verdict);
    }

    fn add_review(&mut self, review: &Review) {
        let report = &review.report;
        self.findings += report.findings.len();
        self.suppressed += report.suppressed.len();
        let link = [self.key.as_bytes().as_slice(), review.key.id.as_bytes()].concat();
        self.key = Digest::of(&link);
        for finding in &report.findings {
            if self.rules.len() < RULES_MAX && !self.rules.contains(&finding.rule) {
                self.rules.insert(finding.rule.clone());
            }
        }
        for outcome in report.checks.iter().filter(|check| check.state == CheckState::Unchecked) {
            let reason = outcome.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
            let entry = self.unchecked.entry((outcome.name, reason)).or_default();
            entry.files += 1;
            entry.supported |= outcome.supported;
            if entry.paths.len() < NAMED_MAX {
                entry.paths.push(report.path.clone());
            }
        }
    }

    /// The exit code that the run ends with.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            "block" => 1,
            "unchecked" => 2,
            _ => 0,
        }
    }
}

/// The worse of two verdicts' names.
pub fn worse(a: &'static str, b: &'static str) -> &'static str {
    let rank = |name: &str| ["pass", "warn", "unchecked", "block"].iter().position(|n| *n == name);
    if rank(b) > rank(a) { b } else { a }
}

/// Why a file does not pass, where no finding says it: its score, a check that is required.
fn other_reasons(review: &Review) -> Vec<&String> {
    let of_findings: BTreeSet<String> = review.report.findings.iter().map(policy::reason).collect();
    let stopped = review.verdict.approved().is_none();
    let reasons = review.verdict.reasons().iter().filter(|_| stopped);
    reasons.filter(|reason| !of_findings.contains(*reason)).collect()
}

#[cfg(test)]
mod tests;
