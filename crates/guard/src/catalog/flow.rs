//! What the flow engine's rule files say, as rules of the catalog.

use std::borrow::Cow;

use flow::Weakness;

use super::{Example, Fixable, Origin, Rule};
use crate::checks::security::{CHECK, confidence, severity};

pub(super) fn rules() -> impl Iterator<Item = Rule> {
    flow::documentation().map(rule)
}

fn rule(weakness: &'static Weakness) -> Rule {
    let text = |text: &Option<String>| Cow::from(text.as_deref().map(unmarked).unwrap_or_default());
    let example = |example: &'static flow::Example| Example {
        title: example.title.as_deref().unwrap_or_default().into(),
        bad: text(&example.bad),
        good: text(&example.good),
    };
    Rule {
        id: weakness.id.as_str().into(),
        title: weakness.title.as_str().into(),
        check: CHECK.name,
        origin: Origin::Own,
        language: Some(weakness.language.folder()),
        severity: severity(weakness.severity),
        confidence: Some(confidence(weakness.confidence)),
        cwe: weakness.cwe.iter().map(|id| Cow::from(id.as_str())).collect(),
        explanation: flowing(&weakness.explanation).into(),
        examples: weakness.examples.iter().map(example).collect(),
        fix: Fixable::Sometimes,
    }
}

/// Paragraphs without the line ends of the file they were written in.
fn flowing(text: &str) -> String {
    let paragraph = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim().split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// An example without the marks that its test looks for.
fn unmarked(code: &str) -> String {
    let mut plain = String::with_capacity(code.len());
    for line in code.lines() {
        let line = line.trim_end();
        let marks = ["# HERE", "// HERE", "/* HERE */"];
        let unmarked = marks.iter().find_map(|mark| line.strip_suffix(mark)).unwrap_or(line);
        plain.push_str(unmarked.trim_end());
        plain.push('\n');
    }
    plain
}
