//! Checks one program against the rules of its language.

use crate::interpret;
use crate::ir::{Program, Span};
use crate::language::Language;
use crate::memory;
use crate::methods;
use crate::pattern::{Confidence, Severity};
use crate::rules::{Rules, rules};

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// `PY-SQL-INJECTION`.
    pub rule: String,
    /// `sql-injection`.
    pub weakness: String,
    /// The nearest first.
    pub cwe: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The call, assignment, import or mention.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// The way of the data, from its origin on; empty where nothing flows.
    pub trail: Vec<Step>,
    /// What to write instead, where that is mechanical.
    pub fix: Option<Fix>,
}

/// A place that data passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The place.
    pub span: Span,
    /// What happens there.
    pub text: String,
}

/// A replacement.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What is replaced; an empty range for what is added.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// What a check found, and whether it saw everything.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// In the order of the text; one for each rule and place.
    pub alarms: Vec<Alarm>,
    /// Weakness, and call, of sinks to which nothing comes in any walk but what is known to be
    /// harmless: constants, sanitized data, numbers. None where not everything was seen.
    pub cleared: Vec<(String, Span)>,
    /// Says why where something was not seen.
    pub complete: Result<(), String>,
}

/// Checks a program.
///
/// `text` is what the program was made from. The work is bounded by `budget_steps`: one step for
/// each expression and statement walked, and for each write that a branch takes back; functions are
/// walked several times. Four large files of Python's standard library took one to three steps for
/// each byte. It recurses up to a bound: in a build without optimisation, 256 MiB of stack are enough.
#[must_use]
pub fn check(language: Language, program: &Program, text: &str, budget_steps: u64) -> Outcome {
    match rules(language) {
        Ok(rules) => check_with(rules, program, text, budget_steps),
        Err(error) => {
            let complete = Err(error.to_owned());
            Outcome { alarms: Vec::new(), cleared: Vec::new(), complete }
        }
    }
}

/// Checks a program against given rules.
#[must_use]
pub fn check_with(rules: &Rules, program: &Program, text: &str, budget_steps: u64) -> Outcome {
    let walked = interpret::walk(rules, program, text, budget_steps);
    let mut alarms = walked.alarms;
    let mut cut = walked.cut;
    if rules.language == Language::C {
        let found = memory::check(program, budget_steps);
        alarms.extend(found.faults.into_iter().filter_map(|fault| of_memory(rules, fault)));
        if !found.is_complete {
            cut = cut.or(Some("the walk over memory took too many steps"));
        }
    }
    alarms.extend(methods::alarms(rules, program));
    alarms.sort_by(|left, right| {
        (left.span, &left.rule, &left.message).cmp(&(right.span, &right.rule, &right.message))
    });
    let complete = cut.map_or(Ok(()), |reason| Err(reason.to_owned()));
    Outcome { alarms, cleared: walked.cleared, complete }
}

/// What the walk over memory found, as a finding of the rule that describes it.
fn of_memory(rules: &Rules, fault: memory::Fault) -> Option<Alarm> {
    let weakness = rules.weaknesses.iter().find(|known| known.name == fault.weakness)?;
    let (severity, confidence) = match fault.is_certain {
        true => (weakness.severity, Confidence::High),
        false => (weakness.severity.min(Severity::Warning), Confidence::Medium),
    };
    Some(Alarm {
        rule: weakness.id.clone(),
        weakness: weakness.name.clone(),
        cwe: weakness.cwe.clone(),
        severity,
        confidence,
        span: fault.span,
        message: fault.message,
        trail: Vec::new(),
        fix: None,
    })
}
