//! A finding on its way: what a check saw in one text, before the two texts are compared.

use std::ops::Range;

use types::{Confidence, Fix, Severity};

/// What a check saw in one text.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The rule's stable id.
    pub rule: String,
    pub severity: Severity,
    pub confidence: Confidence,
    pub message: String,
    pub cwe: &'static [&'static str],
    /// Bytes of the text that it is about.
    pub range: Range<usize>,
    pub fix: Option<Fix>,
    /// The way of the data, source first and sink last; empty where there is none.
    pub trail: Vec<Step>,
    /// Two findings of one rule with the same key are the same kind of finding.
    pub key: String,
    /// How far over the limit, for rules with one: a finding of the same key in the base excuses
    /// only findings that are not worse.
    pub level: usize,
    /// Whether the range is a secret, whose text must not go anywhere.
    pub secret: bool,
}

/// One step of a trail.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub message: String,
    /// Bytes of the text.
    pub range: Range<usize>,
}

impl Found {
    pub(crate) fn new(rule: impl Into<String>, severity: Severity, range: Range<usize>) -> Found {
        Found {
            rule: rule.into(),
            severity,
            confidence: Confidence::High,
            message: String::new(),
            cwe: &[],
            range,
            fix: None,
            trail: Vec::new(),
            key: String::new(),
            level: 0,
            secret: false,
        }
    }

    /// Sets the message, and the key from it.
    pub(crate) fn message(self, message: impl Into<String>) -> Found {
        let message = message.into();
        Found { key: without_line_numbers(&message), message, ..self }
    }
}

/// Messages such as "redefinition of `a` from line 3" differ when lines are added above.
fn without_line_numbers(message: &str) -> String {
    let mut parts = message.split("line ");
    let mut key = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        key.push_str("line ");
        key.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_depend_on_line_numbers() {
        let key = without_line_numbers("Redefinition of unused `a1` from line 31: here");
        assert_eq!(key, "Redefinition of unused `a1` from line : here");
    }
}
