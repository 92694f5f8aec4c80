//! The guard: a suggestion of twenty lines alone and in a file, and whole files, all checks on; the
//! first check of a process; and the linters that people run on the same file, as processes.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use types::{Document, Edit, Facts, Language, Snapshot};

use crate::peers::Peers;
use crate::{head, row};

const RUNS: usize = 500;
/// Processes that are started of each kind.
const STARTS: usize = 20;
/// What the first argument of a process says that makes one check and ends.
pub const FIRST: &str = "first-check";

/// `[--ruff PATH] [--bandit PATH] [--detect-secrets PATH]`
pub fn run(arguments: &[String]) -> Result<()> {
    let (peers, _) = Peers::of(arguments)?;
    println!("guard, all checks, one call at a time\n");
    head();
    let mut shares = Vec::new();
    for language in [Language::Python, Language::JavaScript] {
        guard::warm_up(language);
        let (file, insert) = suggestion(language)?;
        let short = code(language, 20);
        let empty = Document::absent(&file.path);
        measure(
            &format!("{language}, 20 lines alone"),
            &empty,
            &Edit::replace_all(&empty, &short),
        )?;
        let name = format!("{language}, 20 lines into a file of 1,000");
        shares.push((name.clone(), measure(&name, &file, &insert)?));
        measure(
            &format!("{language}, a file of 1,000 lines"),
            &empty,
            &Edit::replace_all(&empty, &file.text),
        )?;
    }
    for language in [Language::Python, Language::JavaScript] {
        first_checks(language)?;
    }
    for (name, peer) in peers.all() {
        for language in [Language::Python, Language::JavaScript] {
            peer_starts(name, peer, language)?;
        }
    }
    for (name, shares) in shares {
        println!("\n{name}, microseconds of each check in the median:");
        for (check, mut times) in shares {
            times.sort_unstable();
            println!("- {check}: {}", times[times.len() / 2]);
        }
    }
    Ok(())
}

/// The first check of this process, for [`first_checks`]; prints its microseconds.
pub fn first(language: Option<&String>) -> Result<()> {
    let language: Language = language.context("a language is missing")?.parse()?;
    let (file, insert) = suggestion(language)?;
    let begun = Instant::now();
    let report = guard::check(&Snapshot::of(file), &insert, &Facts::default(), &|| 0)?;
    println!("{}", begun.elapsed().as_micros());
    std::hint::black_box(report);
    Ok(())
}

/// A file of a thousand lines and twenty lines to put into its middle.
fn suggestion(language: Language) -> Result<(Document, Edit)> {
    let (short, long) = (code(language, 20), code(language, 1000));
    let file = Document::new(&format!("file.{}", language.extensions()[0]), &long);
    let middle = long[..long.len() / 2].rfind("\n\n\n").map_or(0, |at| at + 3);
    let insert = Edit::insert(&file, middle, short)?;
    Ok((file, insert))
}

/// Measures a check; gives the microseconds of each of its parts.
fn measure(
    name: &str,
    document: &Document,
    edit: &Edit,
) -> Result<BTreeMap<&'static str, Vec<u64>>> {
    let snapshot = Snapshot::of(document.clone());
    let origin = Instant::now();
    let clock = || u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX);
    let mut times = Vec::with_capacity(RUNS);
    let mut shares: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = guard::check(&snapshot, edit, &Facts::default(), &clock)?;
        times.push(start.elapsed());
        for check in report.checks {
            shares.entry(check.name).or_default().push(check.duration_us);
        }
    }
    row(name, times);
    Ok(shares)
}

/// The same check as the first of a process that has warmed nothing up.
#[expect(clippy::disallowed_methods, reason = "measures processes")]
fn first_checks(language: Language) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args([FIRST, language.name()]).output()?;
        let text = String::from_utf8(output.stdout)?;
        times.push(Duration::from_micros(text.trim().parse()?));
    }
    row(&format!("{language}, 20 lines into 1,000, first check of a process"), times);
    Ok(())
}

/// A linter as a process, on the file with the suggestion in it.
fn peer_starts(name: &str, peer: &crate::peers::Peer, language: Language) -> Result<()> {
    let (file, insert) = suggestion(language)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(&file.path);
    std::fs::write(&path, insert.apply(&file)?.text)?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(peer.run(&path)?.time);
    }
    row(&format!("{language}, 1,020 lines, `{name}` as a process"), times);
    Ok(())
}

/// Ordinary code of about so many lines: functions of ten lines, each a little different.
fn code(language: Language, lines: usize) -> String {
    let function = |n: usize| match language {
        Language::Python => format!(
            "def total_{n}(rows, limit={n}):\n    \"\"\"Sum what is over the limit.\"\"\"\n    total = 0\n    \
             for row in rows:\n        if row[\"value\"] > limit:\n            total += row[\"value\"] * {n}\n    \
             return total\n\n\n"
        ),
        _ => format!(
            "export function total{n}(rows, limit = {n}) {{\n  // Sum what is over the limit.\n  let total = 0;\n  \
             for (const row of rows) {{\n    if (row.value > limit) {{\n      total += row.value * {n};\n    }}\n  }}\n  \
             return total;\n}}\n\n\n"
        ),
    };
    let per_function = function(0).lines().count();
    (0..lines.div_ceil(per_function)).map(function).collect()
}
