//! What is told of the guard's own rules: what each finds, why that matters, an example.

use types::{Confidence, Severity};

use crate::checks;

/// One of the guard's own rules, for people. The linter's rules are told by the linter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleDoc {
    /// Its stable id, such as `MW-UNKNOWN-PACKAGE`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// The severity of its plain case; a finding may be milder.
    pub severity: Severity,
    /// How sure it is in its plain case.
    pub confidence: Confidence,
    /// Weakness ids such as `CWE-829`; empty where none fits.
    pub cwe: &'static [&'static str],
    /// Why it matters and what to do instead.
    pub explanation: &'static str,
    /// The name of a file that the examples could be.
    pub path: &'static str,
    /// Code with a finding, or what an edit makes of the good example.
    pub bad: &'static str,
    /// The same without.
    pub good: &'static str,
}

/// The rules of the checks that have a table of them, in the order of the checks.
pub fn rule_docs() -> impl Iterator<Item = &'static RuleDoc> {
    checks::RULE_TABLES.iter().copied().flatten()
}
