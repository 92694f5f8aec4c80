//! Every language that a grammar reads, by a folder of its own in `tests/fixtures/languages`:
//!
//! - `valid.*` is a program without syntax errors;
//! - `metrics.txt` has the functions in it: name, paths, nesting and parameters;
//! - `broken.txt` has programs, divided by `----`, that are not: ` ~~ ` ends the line of the first
//!   error in each;
//! - `names.txt` is a program with the naming rules that it breaks, ` ~~ rule rule` on their line.

use std::fs;
use std::path::{Path, PathBuf};

use types::{CheckState, Language};

use crate::{check_new, unmark};

/// The languages with fixtures of this kind: all that are not older than it.
fn languages() -> impl Iterator<Item = (Language, PathBuf)> {
    let folder = |language: &Language| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
        folder.join(language.name())
    };
    let older = [
        Language::Python,
        Language::JavaScript,
        Language::TypeScript,
        Language::Tsx,
        Language::Rust,
        Language::Go,
    ];
    Language::ALL
        .into_iter()
        .filter(move |language| !older.contains(language))
        .map(move |language| (language, folder(&language)))
}

fn path(language: Language) -> String {
    format!("a.{}", language.extensions()[0])
}

fn valid(language: Language, folder: &Path) -> String {
    let file = folder.join(format!("valid.{}", language.extensions()[0]));
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fails with all that is wrong, not with the first of it.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn valid_programs_parse() {
    let mut problems = Vec::new();
    for (language, folder) in languages() {
        let report = check_new(&path(language), &valid(language, &folder));
        let syntax: Vec<_> = report.findings.iter().filter(|one| one.check == "syntax").collect();
        if let Some(first) = syntax.first() {
            problems.push(format!("{language}: line {}: {}", first.start.line, first.message));
        }
        assert_ne!(report.check("syntax").unwrap().state, CheckState::Unchecked, "{language}");
    }
    none(&problems);
}

#[test]
fn broken_programs_do_not_where_they_are_broken() {
    let mut problems = Vec::new();
    for (language, folder) in languages() {
        let all = fs::read_to_string(folder.join("broken.txt")).unwrap();
        let programs: Vec<_> = all.split("----\n").collect();
        assert!(programs.len() >= 3, "{language}: only {} broken programs", programs.len());
        for marked in programs {
            let line = marked.lines().position(|line| line.ends_with(" ~~"));
            let line = line.unwrap_or_else(|| panic!("{language}: no mark in\n{marked}")) + 1;
            let text = marked.replace(" ~~\n", "\n");
            let report = check_new(&path(language), &text);
            let found = report.findings.iter().find(|finding| finding.check == "syntax");
            match found {
                None => problems.push(format!("{language}: taken for valid:\n{text}")),
                Some(one) if one.start.line != line => {
                    let at = one.start.line;
                    problems.push(format!("{language}: line {at}: {}\n{text}", one.message));
                }
                Some(_) => {}
            }
        }
    }
    none(&problems);
}

#[test]
fn functions_are_measured() {
    let mut problems = Vec::new();
    for (language, folder) in languages() {
        let report = check_new(&path(language), &valid(language, &folder));
        let expected = fs::read_to_string(folder.join("metrics.txt")).unwrap_or_default();
        let measured: String = report
            .functions
            .iter()
            .map(|f| format!("{} {} {} {}\n", f.name, f.cyclomatic, f.nesting, f.parameters))
            .collect();
        if measured != expected {
            problems.push(format!("{language}:\n{measured}instead of\n{expected}"));
        }
    }
    none(&problems);
}

#[test]
fn names_follow_the_languages_guide() {
    let mut problems = Vec::new();
    for (language, folder) in languages() {
        let Ok(marked) = fs::read_to_string(folder.join("names.txt")) else {
            let report = check_new(&path(language), &valid(language, &folder));
            let outcome = report.check("naming").unwrap();
            assert_eq!(outcome.state, CheckState::Unchecked, "{language}");
            continue;
        };
        let (text, expected) = unmark(&marked);
        let report = check_new(&path(language), &text);
        let naming = report.findings.iter().filter(|finding| finding.check == "naming");
        let mut found: Vec<_> =
            naming.map(|finding| (finding.start.line, finding.rule.clone())).collect();
        found.sort();
        if found != expected {
            problems.push(format!("{language}: {found:?}\n{marked}"));
        }
    }
    none(&problems);
}
