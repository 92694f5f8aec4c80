//! Lints for JavaScript and TypeScript: mistakes that are nearly always bugs, named as ESLint
//! names them. A rule is a row in [`RULES`] and a function.

mod control;
mod docs;
mod names;
mod values;

use std::sync::LazyLock;

use oxc::ast::{AstKind, AstType};
use oxc::semantic::{AstNode, Semantic};
use oxc::span::Span;
use types::{Language, Severity};

use crate::analysis::Lint;

pub(crate) use docs::DOCS;

/// Findings of one rule in one text.
const FINDINGS_MAX: usize = 1_000;

/// One rule.
pub(super) struct Rule {
    pub id: &'static str,
    pub check: Check,
}

/// When a rule looks.
pub(super) enum Check {
    /// At every node of one of some types.
    At(&'static [AstType], fn(&mut Lints<'_, '_>, &AstNode<'_>)),
    /// Once for the text: at its names.
    Once(fn(&mut Lints<'_, '_>)),
}

/// What rules read, and where they report.
pub(super) struct Lints<'a, 's> {
    pub semantic: &'s Semantic<'a>,
    pub language: Language,
    pub text: &'s str,
    rule: &'static str,
    found: Vec<Lint>,
}

impl<'a> Lints<'a, '_> {
    /// Reports what the rule in turn found.
    pub(super) fn report(&mut self, span: Span, message: impl Into<String>) {
        let range = span.start as usize..(span.end as usize).min(self.text.len());
        let message = message.into();
        self.found.push(Lint { code: self.rule.to_owned(), message, range, fix: None });
    }

    pub(super) fn parent(&self, node: &AstNode<'_>) -> AstKind<'a> {
        self.semantic.nodes().parent_kind(node.id())
    }

    pub(super) fn is_typescript(&self) -> bool {
        self.language != Language::JavaScript
    }
}

/// Every rule. Error: the code fails when it runs. Info: style. Warning: the rest.
static RULES: &[&[Rule]] = &[control::RULES, names::RULES, values::RULES];

/// The rules that look at each type of node.
static BY_TYPE: LazyLock<Vec<Vec<&'static Rule>>> = LazyLock::new(|| {
    let mut by_type: Vec<Vec<&Rule>> = Vec::new();
    by_type.resize_with(usize::from(u8::MAX) + 1, Vec::new);
    for rule in RULES.iter().copied().flatten() {
        if let Check::At(types, _) = rule.check {
            for one in types {
                by_type[*one as usize].push(rule);
            }
        }
    }
    by_type
});

/// The severity of a rule; `None` for one that is not here.
pub(crate) fn severity(code: &str) -> Option<Severity> {
    DOCS.iter().find(|rule| rule.id == code).map(|rule| rule.severity)
}

/// Runs every rule on a text without syntax errors.
pub(super) fn run(semantic: &Semantic<'_>, language: Language, text: &str) -> Vec<Lint> {
    let mut lints = Lints { semantic, language, text, rule: "", found: Vec::new() };
    for node in semantic.nodes().iter() {
        for rule in &BY_TYPE[node.kind().ty() as usize] {
            if let Check::At(_, check) = rule.check {
                lints.rule = rule.id;
                check(&mut lints, node);
            }
        }
    }
    for rule in RULES.iter().copied().flatten() {
        if let Check::Once(check) = rule.check {
            lints.rule = rule.id;
            let before = lints.found.len();
            check(&mut lints);
            lints.found.truncate(before + FINDINGS_MAX);
        }
    }
    lints.found.sort_by_key(|lint| lint.range.start);
    lints.found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_cases() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint");
        for rule in RULES.iter().copied().flatten() {
            assert!(DOCS.iter().any(|doc| doc.id == rule.id), "{} is not described", rule.id);
            assert!(folder.join(format!("{}.js", rule.id)).is_file(), "{}", rule.id);
        }
    }
}
