//! Checks files and prints a line for every alarm: `flow go FILE...`, or `flow go -` with the names
//! on the input. The rules are read from the crate's folder, so that they can be tried unbuilt.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use flow::ir::Program;
use flow::{Language, Rules, lower};
use tree_sitter::{Parser, Tree};

/// Work allowed for each file.
const BUDGET_STEPS: u64 = 2_000_000;

type Lower = fn(&Tree, &str) -> Program;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let (language, grammar, lower): (Language, tree_sitter::Language, Lower) = match name.as_str() {
        "go" => (Language::Go, tree_sitter_go::LANGUAGE.into(), lower::go::lower),
        "java" => (Language::Java, tree_sitter_java::LANGUAGE.into(), lower::java::lower),
        "rust" => (Language::Rust, tree_sitter_rust::LANGUAGE.into(), lower::rust::lower),
        "c" => (Language::C, tree_sitter_c::LANGUAGE.into(), lower::c::lower),
        "cpp" => (Language::C, tree_sitter_cpp::LANGUAGE.into(), lower::c::lower),
        _ => {
            return Err(
                "usage: flow go|java|rust|c|cpp FILE... (or - for names on the input)".into()
            );
        }
    };
    let files = on_disk()?;
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let rules = Rules::new(language, &files)?;
    let mut parser = Parser::new();
    parser.set_language(&grammar)?;
    let mut paths: Vec<String> = arguments.collect();
    if paths == ["-"] {
        paths = io::stdin().lock().lines().collect::<Result<_, _>>()?;
    }
    let mut out = io::stdout().lock();
    for path in paths {
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let tree = parser.parse(&text, None).ok_or("the parser gave up")?;
        let program = lower(&tree, &text);
        let outcome = flow::check_with(&rules, &program, &text, BUDGET_STEPS);
        if let Err(reason) = &outcome.complete {
            writeln!(out, "{path}\t0\t-\tINCOMPLETE\tinfo\tlow\t-\t{reason}")?;
        }
        for alarm in outcome.alarms {
            let start = alarm.span.start as usize;
            let line = text[..start].matches('\n').count() + 1;
            let function = program.functions.iter().skip(1).rfind(|function| {
                function.name.is_some()
                    && function.span.start <= alarm.span.start
                    && alarm.span.end <= function.span.end
            });
            let function = function.and_then(|function| function.name);
            let function = function.map_or("-", |name| program.symbols.text(name));
            writeln!(
                out,
                "{path}\t{line}\t{function}\t{}\t{:?}\t{:?}\t{}\t{}",
                alarm.rule,
                alarm.severity,
                alarm.confidence,
                alarm.cwe.join(","),
                alarm.message.replace(['\t', '\n'], " ")
            )?;
        }
    }
    Ok(())
}

/// All rules and models below the crate.
fn on_disk() -> io::Result<Vec<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.join("rules"), root.join("models")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push((name, fs::read_to_string(&path)?));
        }
    }
    found.sort();
    Ok(found)
}
