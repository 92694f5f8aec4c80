//! Programs with marked lines.

use flow::ir::Program;
use flow::lower::javascript::{Dialect, lower, parse};
use flow::{Alarm, Language, Outcome, Rules};
use oxc::allocator::Allocator;

/// Work allowed for one program.
const BUDGET_STEPS: u64 = 1_000_000;

/// Checks a program against rules, or says why it cannot be read.
pub(crate) fn check(rules: &Rules, text: &str) -> Result<Outcome, String> {
    Ok(flow::check_with(rules, &program(rules, text)?, text, BUDGET_STEPS))
}

/// Reads a program in the language of the rules.
pub(crate) fn program(rules: &Rules, text: &str) -> Result<Program, String> {
    match rules.language {
        Language::Python => {
            let parsed = ruff_python_parser::parse_module(text).map_err(|e| e.to_string())?;
            Ok(flow::lower::python::lower(parsed.syntax()))
        }
        Language::JavaScript => javascript(text),
        language => Err(format!("{language:?} has no lowering yet")),
    }
}

/// The number of the line that a byte stands in, from 1.
pub(crate) fn line(text: &str, byte: u32) -> usize {
    text[..byte as usize].matches('\n').count() + 1
}

/// The lines that hold a mark, from 1.
pub(crate) fn marked(text: &str, mark: &str) -> Vec<usize> {
    let has_mark = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark);
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| has_mark(line)).map(|(number, _)| number + 1).collect()
}

/// The lines of alarms, without repetition.
pub(crate) fn lines<'a>(text: &str, alarms: impl Iterator<Item = &'a Alarm>) -> Vec<usize> {
    let mut lines: Vec<usize> = alarms.map(|alarm| line(text, alarm.span.start)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Examples are TypeScript with JSX or, where that fails, JavaScript.
fn javascript(text: &str) -> Result<flow::ir::Program, String> {
    let mut error = String::new();
    for dialect in [Dialect::Tsx, Dialect::JavaScript] {
        let allocator = Allocator::default();
        let parsed = parse(&allocator, text, dialect);
        match parsed.errors.first() {
            None => return lower(&parsed.program).ok_or_else(|| "too deep".to_owned()),
            Some(first) => error.clone_from(&first.message),
        }
    }
    Err(error)
}
