//! Prints what the guard finds in whole files, a line each: `path:line:rule:message`. For comparing
//! with other tools: `cargo run -p guard --example findings -- CHECK FILE...`.

#![expect(clippy::print_stdout, reason = "it is what this program is for")]

use std::io::BufRead as _;

use types::{Document, Edit, Facts, Snapshot};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let check = arguments.next().unwrap_or_default();
    let mut paths: Vec<String> = arguments.collect();
    if paths.is_empty() {
        paths = std::io::stdin().lock().lines().map_while(Result::ok).collect();
    }
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let document = Document::absent(&path);
        let edit = Edit::replace_all(&document, &text);
        let snapshot = Snapshot::of(document);
        let Ok(report) = guard::check(&snapshot, &edit, &Facts::default(), &|| 0) else { continue };
        for outcome in report.checks.iter().filter(|one| one.name == check) {
            if let Some(reason) = &outcome.reason {
                println!("{path}:0:unchecked:{reason}");
            }
        }
        for finding in report.findings.iter().filter(|finding| finding.check == check) {
            println!("{path}:{}:{}:{}", finding.start.line, finding.rule, finding.message);
        }
        if check == "metrics" {
            for f in &report.functions {
                println!("{path}:{}:{}:{}", f.line, f.cyclomatic, f.name);
            }
        }
    }
}
