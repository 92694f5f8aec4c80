//! `syntax`: whether the text is a program of its language.
//!
//! Python is judged by ruff's parser and JavaScript and TypeScript by oxc's, both with checks of
//! what a compiler refuses; the other languages by tree-sitter, whose grammars accept some programs
//! that a compiler does not, and reject some that it does: errors of the latter kind of grammar are
//! warnings.

use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places, known, parser};
use crate::found::Found;
use crate::languages;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "syntax", tool, run, places: Places::Wandering, rules: RULES };

const RULES: &[RuleDoc] = &[RuleDoc {
    id: RULE,
    title: "The text is not a program of its language",
    severity: Severity::Error,
    cwe: &[],
    explanation: "The parser cannot read the text after the change, and could read the text \
                  before it, or read it further. Such code does not run, and checks that need a \
                  syntax tree cannot look at it, so a syntax error also hides other findings.",
    bad: "def greet(name:\n    print(name)\n",
    good: "def greet(name):\n    print(name)\n",
}];

/// The rule's id, the same for every language.
const RULE: &str = "syntax-error";

fn tool(language: Option<Language>) -> Result<String, String> {
    let language = known(language)?;
    Ok(match languages::grammar(language) {
        None => parser(language).to_owned(),
        Some(grammar) => format!("tree-sitter 0.27 with the {} grammar", grammar.name),
    })
}

fn run(source: &Source<'_>) -> Outcome {
    match source.analysis() {
        Err(reason) => Outcome::Not(reason.clone()),
        Ok(analysis) => {
            let grammar = source.language.and_then(languages::grammar);
            let (severity, confidence) = match grammar.is_none_or(|grammar| grammar.certain) {
                true => (Severity::Error, Confidence::High),
                false => (Severity::Warning, Confidence::Medium),
            };
            let found = analysis.errors.iter().map(|error| {
                let found = Found::new(RULE, severity, error.range.clone());
                Found { confidence, ..found }.message(error.message.clone())
            });
            Outcome::Done(found.collect())
        }
    }
}
