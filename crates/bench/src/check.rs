//! The guard: a suggestion of twenty lines alone and in a file, and whole files, all checks on.

use std::time::Instant;

use anyhow::Result;
use types::{Document, Edit, Facts, Language, Snapshot};

use crate::{head, row};

const RUNS: usize = 300;

pub fn run() -> Result<()> {
    println!("guard, all checks, one call at a time\n");
    head();
    for language in [Language::Python, Language::JavaScript] {
        guard::warm_up(language);
        let path = format!("file.{}", language.extensions()[0]);
        let (short, long) = (code(language, 20), code(language, 1000));
        let empty = Document::absent(&path);
        let file = Document::new(&path, &long);
        let middle = long[..long.len() / 2].rfind("\n\n\n").map_or(0, |at| at + 3);
        measure(
            &format!("{language}, 20 lines alone"),
            &empty,
            &Edit::replace_all(&empty, &short),
        )?;
        let insert = Edit::insert(&file, middle, short)?;
        measure(&format!("{language}, 20 lines into a file of 1,000"), &file, &insert)?;
        measure(
            &format!("{language}, a file of 1,000 lines"),
            &empty,
            &Edit::replace_all(&empty, &long),
        )?;
    }
    Ok(())
}

fn measure(name: &str, document: &Document, edit: &Edit) -> Result<()> {
    let snapshot = Snapshot::of(document.clone());
    let origin = Instant::now();
    let clock = || u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX);
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = guard::check(&snapshot, edit, &Facts::default(), &clock)?;
        times.push(start.elapsed());
        std::hint::black_box(report);
    }
    row(name, times);
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
