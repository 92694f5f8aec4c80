//! One thing a check found wrong.

use serde::Serialize;

use crate::Position;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth changing.
    Warning,
    /// Wrong or dangerous.
    Error,
}

/// How sure the check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint.
    Low,
    /// Likely.
    Medium,
    /// As good as certain.
    High,
}

/// A mechanical change that removes a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What it does, for a person.
    pub title: String,
    /// First byte of the checked text to replace.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

/// One step on the way of data from where it comes in to where it does harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrailStep {
    /// What happens here, for a person.
    pub message: String,
    /// Where it starts.
    pub start: Position,
    /// Where it ends (exclusive).
    pub end: Position,
}

/// One thing a check found wrong, with its place in the text *after* the edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's stable id, such as `F821` or `secret-aws-access-key`.
    pub rule: String,
    /// The check it belongs to: the `name` of a [`crate::CheckOutcome`].
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the check is.
    pub confidence: Confidence,
    /// One sentence for a person. Never holds a secret's text.
    pub message: String,
    /// Weakness ids such as `CWE-89`; empty where none applies.
    pub cwe: Vec<String>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends (exclusive).
    pub end: Position,
    /// Whether the edit introduced it. A report holds only findings where this is true.
    pub introduced: bool,
    /// Stable over edits elsewhere in the file: from rule, text of the line and occurrence.
    pub fingerprint: String,
    /// A mechanical fix, where there is one.
    pub fix: Option<Fix>,
    /// The way of the data, from source to sink; empty where the finding is about one place.
    pub trail: Vec<TrailStep>,
}

/// Where a person allowed a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AllowedBy {
    /// A comment in the file itself.
    Comment,
    /// An entry of the workspace's ignore file.
    File,
}

/// What a person wrote to allow a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// In which way.
    pub by: AllowedBy,
    /// Why, in the person's words.
    pub reason: String,
    /// The file in which it stands.
    pub path: String,
    /// Its line there, from 1.
    pub line: usize,
}

/// A finding that a person allowed: reported, not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Who allowed it and why.
    pub suppression: Suppression,
}
