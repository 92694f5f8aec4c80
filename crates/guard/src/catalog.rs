//! Everything that is written about the rules, of every check in one list.

mod page;

use std::borrow::Cow;
use std::sync::LazyLock;

use types::{Confidence, Language, Severity};

use crate::allow;
use crate::checks::{self, CHECKS};
use crate::languages::python;
use crate::rule_doc::RuleDoc;

/// One rule as people are told about it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The id that findings carry.
    pub id: Cow<'static, str>,
    /// What is wrong, in a few words.
    pub title: Cow<'static, str>,
    /// The check it belongs to.
    pub check: &'static str,
    /// Who wrote it.
    pub origin: Origin,
    /// The language it is for, by its name; `None` where it is for several or any.
    pub language: Option<&'static str>,
    /// The usual severity.
    pub severity: Severity,
    /// How sure it usually is; `None` where findings differ.
    pub confidence: Option<Confidence>,
    /// Weakness ids such as `CWE-89`, the nearest first.
    pub cwe: Vec<Cow<'static, str>>,
    /// What goes wrong and what to write instead: plain text, or Markdown where it is ruff's.
    pub explanation: Cow<'static, str>,
    /// Texts with the finding and without; empty where it has none of its own.
    pub examples: Vec<Example>,
    /// Whether findings have a mechanical fix.
    pub fix: Fixable,
}

/// One example of a rule.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows; may be empty.
    pub title: Cow<'static, str>,
    /// Text with the finding.
    pub bad: Cow<'static, str>,
    /// The same done well.
    pub good: Cow<'static, str>,
}

/// Who wrote a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This project.
    Own,
    /// Ruff: its explanation is printed as it is in the linked crate.
    Ruff,
}

/// Whether a rule's findings have a mechanical fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixable {
    /// Every one has.
    Always,
    /// Some have.
    Sometimes,
    /// None has.
    Never,
}

/// Every rule that a report can name, sorted by id.
#[must_use]
pub fn rules() -> &'static [Rule] {
    &ALL
}

/// The rule with this id, in any case.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    // Findings carry the exact id; only people write it in another case.
    let exact = ALL.binary_search_by(|rule| rule.id.as_ref().cmp(id)).ok();
    let found = exact.or_else(|| ALL.iter().position(|rule| rule.id.eq_ignore_ascii_case(id)));
    found.map(|index| &ALL[index])
}

static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut all: Vec<Rule> = Vec::new();
    for check in CHECKS {
        all.extend(check.rules.iter().map(|doc| own(check.name, doc)));
    }
    all.extend(allow::RULES.iter().map(|doc| own(allow::CHECK, doc)));
    all.extend(checks::secrets::documented().map(|doc| own("secrets", &doc)));
    all.extend(python::documented().map(ruff));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.dedup_by(|a, b| a.id == b.id);
    all
});

fn own(check: &'static str, doc: &RuleDoc) -> Rule {
    let example = Example { title: "".into(), bad: doc.bad.into(), good: doc.good.into() };
    let told = !(doc.bad.is_empty() && doc.good.is_empty());
    Rule {
        id: doc.id.into(),
        title: doc.title.into(),
        check,
        origin: Origin::Own,
        language: None,
        severity: doc.severity,
        confidence: None,
        cwe: doc.cwe.iter().map(|id| Cow::from(*id)).collect(),
        explanation: doc.explanation.into(),
        examples: told.then_some(example).into_iter().collect(),
        fix: Fixable::Never,
    }
}

fn ruff(doc: python::Documented) -> Rule {
    let (check, found) = checks::of_linter(&doc.code);
    Rule {
        id: doc.code.into(),
        title: doc.name.replace('-', " ").into(),
        check,
        origin: Origin::Ruff,
        language: Some(Language::Python.name()),
        severity: found.severity,
        confidence: Some(found.confidence),
        cwe: found.cwe.iter().map(|id| Cow::from(*id)).collect(),
        explanation: doc.explanation.into(),
        examples: Vec::new(),
        fix: doc.fix,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_is_told_of_once_and_fully() {
        let ids: BTreeSet<&str> = rules().iter().map(|rule| rule.id.as_ref()).collect();
        assert_eq!(ids.len(), rules().len());
        for rule in rules() {
            assert!(!rule.title.is_empty() && !rule.explanation.is_empty(), "{}", rule.id);
            assert!(rule.cwe.iter().all(|cwe| is_cwe(cwe)), "{}: {:?}", rule.id, rule.cwe);
            assert!(rule.title.len() <= 100, "{}: a long title", rule.id);
        }
        for known in ["F821", "S307", "C901", "N801", "syntax-error", "secret-github-token"] {
            assert!(rule(known).is_some(), "{known}");
        }
        assert_eq!(rule("f821").map(|rule| rule.check), Some("lint"));
        assert_eq!(rule("s307").map(|rule| rule.check), Some("security"));
        assert!(rule("nothing").is_none());
    }

    fn is_cwe(id: &str) -> bool {
        id.strip_prefix("CWE-").is_some_and(|number| number.parse::<u32>().is_ok())
    }
}
