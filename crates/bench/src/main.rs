//! Measurements for `docs/benchmarks.md`: `cargo run --release -p bench -- NAME`.
#![expect(clippy::print_stdout, reason = "speaks to the terminal")]

mod check;
mod complete;
mod model;

use std::time::Duration;

use anyhow::Result;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("model") => model::run(),
        Some("check") => check::run(),
        Some("complete") => complete::run(&std::env::args().skip(2).collect::<Vec<_>>()),
        _ => anyhow::bail!("usage: bench model | check | complete FOLDER..."),
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
