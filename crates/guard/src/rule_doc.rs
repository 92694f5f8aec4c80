//! What is written about a rule, beside the check that has it.

use types::Severity;

/// One rule of our own, for people: `explain` and the pages below `docs/rules` are made from it.
#[derive(Clone, Copy, Debug)]
pub struct RuleDoc {
    /// The id that findings carry.
    pub id: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// The usual severity.
    pub severity: Severity,
    /// Weakness ids such as `CWE-89`, the nearest first; empty where none applies.
    pub cwe: &'static [&'static str],
    /// What goes wrong, what follows from it, what to write instead. Plain text.
    pub explanation: &'static str,
    /// Text with the finding; empty where an example would say nothing.
    pub bad: &'static str,
    /// The same done well.
    pub good: &'static str,
}
