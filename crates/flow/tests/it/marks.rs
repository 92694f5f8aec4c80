//! Programs with marked lines.

use flow::ir::Program;
use flow::lower;
use flow::lower::javascript::{Dialect, parse};
use flow::{Alarm, Language, Outcome, Rules};
use oxc::allocator::Allocator;
use tree_sitter::{Parser, Tree};

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
            Ok(lower::python::lower(parsed.syntax()))
        }
        Language::JavaScript => javascript(text),
        Language::Go => readable("go", text),
        Language::Java => readable("java", text),
        Language::Rust => readable("rs", text),
        Language::C => readable("c", text).or_else(|_| readable("cpp", text)),
    }
}

/// The program of a file with this ending, whether it has errors or not.
pub(crate) fn lowered_file(extension: &str, text: &str) -> Program {
    lowered(extension, &tree(extension, text), text)
}

fn readable(extension: &str, text: &str) -> Result<Program, String> {
    let tree = tree(extension, text);
    match tree.root_node().has_error() {
        true => Err(format!("no {extension}: {}", tree.root_node())),
        false => Ok(lowered(extension, &tree, text)),
    }
}

fn tree(extension: &str, text: &str) -> Tree {
    let language = match extension {
        "c" => tree_sitter_c::LANGUAGE.into(),
        "cpp" => tree_sitter_cpp::LANGUAGE.into(),
        "go" => tree_sitter_go::LANGUAGE.into(),
        "java" => tree_sitter_java::LANGUAGE.into(),
        _ => tree_sitter_rust::LANGUAGE.into(),
    };
    let mut parser = Parser::new();
    parser.set_language(&language).expect("the grammar fits the library");
    parser.parse(text, None).expect("there is no limit")
}

fn lowered(extension: &str, tree: &Tree, text: &str) -> Program {
    match extension {
        "c" | "cpp" => lower::c::lower(tree, text),
        "go" => lower::go::lower(tree, text),
        "java" => lower::java::lower(tree, text),
        _ => lower::rust::lower(tree, text),
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
fn javascript(text: &str) -> Result<Program, String> {
    let mut error = String::new();
    for dialect in [Dialect::Tsx, Dialect::JavaScript] {
        let allocator = Allocator::default();
        let parsed = parse(&allocator, text, dialect);
        match parsed.errors.first() {
            None => {
                return lower::javascript::lower(&parsed.program)
                    .ok_or_else(|| "too deep".to_owned());
            }
            Some(first) => error.clone_from(&first.message),
        }
    }
    Err(error)
}
