//! Measurements for `docs/benchmarks.md`: `cargo run --release -p bench -- NAME`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "speaks to the terminal")]

mod check;
mod complete;
mod false_blocks;
mod files;
mod model;
mod peers;
mod random;
mod secrets;
mod tree;

use std::time::Duration;

use anyhow::Result;

const USAGE: &str = "usage: bench NAME, one of
  model
  guard [--ruff PATH] [--bandit PATH] [--detect-secrets PATH]
  tree FOLDER --countersign PATH [--ruff PATH] [--bandit PATH] [--detect-secrets PATH]
  secrets [--seed N] [--peer DETECT-SECRETS] [--misses] [FOLDER...]
  false-blocks FOLDER... [--edits N] [--journal FILE]
  complete FOLDER...";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    match std::env::args().nth(1).as_deref() {
        Some("model") => model::run(),
        Some("guard") => check::run(&arguments),
        Some(check::FIRST) => check::first(arguments.first()),
        Some("tree") => tree::run(&arguments),
        Some("secrets") => secrets::run(&arguments),
        Some("false-blocks") => false_blocks::run(&arguments),
        Some("complete") => complete::run(&arguments),
        _ => anyhow::bail!(USAGE),
    }
}

/// Minimum, median and 99th percentile of some durations, as a row in milliseconds.
fn row(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (share * (times.len() - 1) as f64).round() as usize;
        times[index].as_secs_f64() * 1e3
    };
    println!("| {name} | {:.3} | {:.3} | {:.3} | {} |", at(0.0), at(0.5), at(0.99), times.len());
}

fn head() {
    println!("| | min ms | p50 ms | p99 ms | runs |\n|---|---|---|---|---|");
}
