//! `naming`: names that are not written as the language's guide says.
//!
//! Python follows PEP 8 (ruff's `N` rules). The other languages have a table of declarations and
//! conventions in their own file, where all of the language agrees on one; a rule is named for the
//! convention: `naming-snake-case`, `naming-upper-camel-case`, `naming-upper-snake-case`,
//! `naming-camel-case`, `naming-lower-camel-case`, `naming-mixed-caps`.

use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places, RUFF, known, linted, measured};
use crate::analysis::{Analysis, Lint};
use crate::found::Found;
use crate::languages;
use crate::languages::tree::slice;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "naming", tool, run, places: Places::Stable, rules: RULES };

const RULES: &[RuleDoc] = &[
    rule(
        "naming-snake-case",
        "A name that is not written in snake_case",
        "fn parseLine() {}\n",
        "fn parse_line() {}\n",
    ),
    rule(
        "naming-upper-camel-case",
        "A name that is not written in UpperCamelCase",
        "struct line_parser;\n",
        "struct LineParser;\n",
    ),
    rule(
        "naming-upper-snake-case",
        "A name that is not written in UPPER_SNAKE_CASE",
        "const lineMax: u8 = 1;\n",
        "const LINE_MAX: u8 = 1;\n",
    ),
    rule(
        "naming-camel-case",
        "A name that is not written in camelCase",
        "function parse_line() {}\n",
        "function parseLine() {}\n",
    ),
    rule(
        "naming-lower-camel-case",
        "A name that is not written in lowerCamelCase",
        "class A { void ParseLine() {} }\n",
        "class A { void parseLine() {} }\n",
    ),
    rule(
        "naming-mixed-caps",
        "A name that is not written in MixedCaps",
        "func parse_line() {}\n",
        "func parseLine() {}\n",
    ),
];

const fn rule(
    id: &'static str,
    title: &'static str,
    bad: &'static str,
    good: &'static str,
) -> RuleDoc {
    RuleDoc {
        id,
        title,
        severity: Severity::Info,
        cwe: &["CWE-1099"],
        explanation: "The language's own guide says how this kind of name is written, and its \
                      readers and tools expect it. Only names that the change declares are judged.",
        bad,
        good,
    }
}

/// Whether one of the linter's rules is about names.
pub(crate) fn owns(code: &str) -> bool {
    code.strip_prefix('N').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn tool(language: Option<Language>) -> Result<String, String> {
    let language = known(language)?;
    match languages::grammar(language) {
        None if language == Language::Python => Ok(RUFF.to_owned()),
        None => Ok(format!("own table of {language} conventions")),
        Some(grammar) if grammar.names.is_empty() => {
            Err(format!("there are no conventions for names in {} in this build", grammar.name))
        }
        Some(grammar) => Ok(format!("own table of {} conventions", grammar.name)),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    if let Err(reason) = tool(source.language) {
        return Outcome::Not(reason);
    }
    if source.language == Some(Language::Python) {
        return linted(source, owns, from_linter);
    }
    measured(source, |analysis| from_names(source.text, analysis))
}

pub(super) fn from_linter(lint: &Lint) -> Found {
    let mut found = Found::new(lint.code.clone(), Severity::Info, lint.range.clone());
    found.fix.clone_from(&lint.fix);
    found.message(lint.message.clone())
}

fn from_names(text: &str, analysis: &Analysis) -> Vec<Found> {
    let mut all = Vec::new();
    for declared in &analysis.names {
        let Some(convention) = declared.convention else { continue };
        let name = slice(text, &declared.range);
        if convention.fits(name) {
            continue;
        }
        let name: String = name.chars().take(80).collect();
        let mut found = Found::new(convention.rule(), Severity::Info, declared.range.clone());
        found.confidence = Confidence::Medium;
        let example = convention.example();
        all.push(found.message(format!("`{name}` is not written in {example}")));
    }
    all
}
