//! `complexity`: functions that are hard to follow and to test.
//!
//! `complexity-cyclomatic` counts paths after McCabe (1976), boolean operators included;
//! `complexity-nesting` the deepest nesting of control structures; `complexity-parameters` the
//! parameters. For Python the first is ruff's `C901`, which counts without boolean operators.
//! An edit that makes such a function better, or leaves it as it was, introduces nothing.

use types::{Language, Severity};

use super::{Check, Outcome, Places, RUFF, known, measured};
use crate::analysis::{Function, Lint, Linted};
use crate::found::Found;
use crate::languages;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

pub(crate) static CHECK: Check =
    Check { name: "complexity", tool, run, places: Places::Stable, rules: RULES };

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "complexity-cyclomatic",
        title: "A function with too many paths through it",
        severity: Severity::Warning,
        cwe: &["CWE-1121"],
        explanation: "Every branch and every boolean operator adds a path (McCabe 1976). A function \
                      with more than 15 needs as many tests and is seldom read right. Take parts \
                      with a name of their own out of it, return early, or replace branches by a \
                      table. Python has ruff's C901 in its place, which counts no operators.",
        bad: "",
        good: "",
    },
    RuleDoc {
        id: "complexity-nesting",
        title: "Control structures too deep inside each other",
        severity: Severity::Warning,
        cwe: &["CWE-1124"],
        explanation: "More than 5 levels of `if`, loops and `try` inside each other have to be held \
                      in mind at once. Return or continue early, or make the inner part a function.",
        bad: "def visit(a):\n    if a:\n        for b in a:\n            if b:\n                \
              for c in b:\n                    if c:\n                        if c.d:\n\
              \x20                           use(c)\n",
        good: "def visit(a):\n    for c in wanted(a):\n        use(c)\n",
    },
    RuleDoc {
        id: "complexity-parameters",
        title: "A function with too many parameters",
        severity: Severity::Warning,
        cwe: &["CWE-1064"],
        explanation: "More than 8 parameters are easily given in the wrong order, and say that the \
                      function does several things. Group those that belong together in a type of \
                      their own, or split the function.",
        bad: "def draw(x, y, width, height, color, border, shadow, title, font):\n    ...\n",
        good: "def draw(box, style, title):\n    ...\n",
    },
];

const CYCLOMATIC_MAX: usize = 15;
const NESTING_MAX: usize = 5;
const PARAMETERS_MAX: usize = 8;

/// Whether one of the linter's rules is about complexity.
pub(crate) fn owns(code: &str) -> bool {
    code == "C901"
}

fn tool(language: Option<Language>) -> Result<String, String> {
    let language = known(language)?;
    match languages::grammar(language) {
        None if language == Language::Python => Ok(format!("{RUFF}, and own measures")),
        Some(grammar) if !grammar.has_functions() => {
            Err(format!("{} has no functions to measure", grammar.name))
        }
        None | Some(_) => Ok("own measures over the syntax tree".to_owned()),
    }
}

fn run(source: &Source<'_>) -> Outcome {
    if let Err(reason) = tool(source.language) {
        return Outcome::Not(reason);
    }
    let python = source.language == Some(Language::Python);
    measured(source, |analysis| {
        let mut all = Vec::new();
        if let Linted::Whole(lints) | Linted::Partly(lints, _) = &analysis.linted {
            all.extend(lints.iter().filter(|lint| owns(&lint.code)).map(from_linter));
        }
        for function in &analysis.functions {
            if !python {
                all.extend(over(function, "cyclomatic", function.cyclomatic, CYCLOMATIC_MAX));
            }
            all.extend(over(function, "nesting", function.nesting, NESTING_MAX));
            all.extend(over(function, "parameters", function.parameters, PARAMETERS_MAX));
        }
        all
    })
}

fn over(function: &Function, measure: &str, value: usize, max: usize) -> Option<Found> {
    if value <= max {
        return None;
    }
    let name = &function.name;
    let says = match measure {
        "cyclomatic" => format!("`{name}` has {value} paths through it; {max} is the limit"),
        "nesting" => format!("`{name}` nests {value} levels deep; {max} is the limit"),
        _ => format!("`{name}` has {value} parameters; {max} is the limit"),
    };
    let rule = format!("complexity-{measure}");
    let found = Found::new(rule, Severity::Warning, function.name_range.clone()).message(says);
    Some(Found { key: name.clone(), level: value, ..found })
}

/// "`f` is too complex (11 > 10)": the same function with a smaller number is no new finding.
pub(super) fn from_linter(lint: &Lint) -> Found {
    let found = Found::new(lint.code.clone(), Severity::Warning, lint.range.clone());
    let (name, numbers) = lint.message.split_once(" (").unwrap_or((&lint.message, ""));
    let digits = numbers.split(' ').next().unwrap_or_default();
    let level = digits.parse().unwrap_or(0);
    let key = name.to_owned();
    Found { key, level, ..found.message(lint.message.clone()) }
}
