//! How fast a model file runs here: prefill of 512 tokens and decode of 128 after them.
//!
//! `cargo run --release -p engine --example speed -- FILE [--threads N]
//! [--path best|avx2|neon|portable] [--prefill N] [--decode N] [--rounds N]`
//!
//! Prints one line of JSON for each round: seconds to load, tokens per second of wall time and of
//! processor time (Linux only; all threads together), bytes repacked. With `--ceilings yes` also
//! the most that the machine can do, tried right after: 10⁹ bytes per second read from memory and
//! 10⁹ operations per second on bytes. `benches/peers/compare.py` runs it in turn with llama.cpp.

#![allow(clippy::print_stdout, reason = "a program that reports to the terminal")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::{Ceilings, Instructions, LoadLimits, Model, Session};

struct Options {
    file: String,
    limits: LoadLimits,
    prefill: usize,
    decode: usize,
    rounds: usize,
    with_ceilings: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let start = Instant::now();
    let model = Arc::new(Model::open(Path::new(&options.file), &options.limits)?);
    let load_s = start.elapsed().as_secs_f64();
    let prompt: Vec<u32> = (0..options.prefill).map(|i| (i * 7 % 251) as u32).collect();
    for _ in 0..options.rounds {
        let mut session = Session::new(Arc::clone(&model));
        let prefill = Rate::of(prompt.len(), || session.forward(&prompt).map(drop))?;
        let decode = Rate::of(options.decode, || {
            (0..options.decode)
                .try_for_each(|i| session.forward(&[(i * 11 % 251) as u32]).map(drop))
        })?;
        let info = model.info();
        let ceilings =
            if options.with_ceilings { ceilings(&options.limits) } else { String::new() };
        println!(
            "{{\"kernels\": \"{}\", \"threads\": {}, \"load_s\": {load_s:.2}, \
             \"repacked_bytes\": {}, \"prefill_wall\": {:.2}, \"prefill_cpu\": {:.2}, \
             \"decode_wall\": {:.2}, \"decode_cpu\": {:.2}{ceilings}}}",
            info.kernels,
            info.threads,
            info.repacked_bytes,
            prefill.wall,
            prefill.processor,
            decode.wall,
            decode.processor,
        );
    }
    Ok(())
}

/// Keys of JSON, after others.
fn ceilings(limits: &LoadLimits) -> String {
    let found = Ceilings::measure(limits.instructions, limits.threads);
    format!(
        ", \"memory_gb_s\": {:.1}, \"integer_gop_s\": {:.0}",
        found.memory_bytes_per_s / 1e9,
        found.integer_operations_per_s / 1e9
    )
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let file = arguments.next().ok_or("which model file?")?;
        let limits = LoadLimits::default();
        let mut options =
            Options { file, limits, prefill: 512, decode: 128, rounds: 1, with_ceilings: false };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value} is not a number"));
            match name.as_str() {
                "--threads" => options.limits.threads = NonZeroUsize::new(number()?),
                "--prefill" => options.prefill = number()?,
                "--decode" => options.decode = number()?,
                "--rounds" => options.rounds = number()?,
                "--ceilings" => options.with_ceilings = value == "yes",
                "--path" => {
                    options.limits.instructions = match value.as_str() {
                        "best" => Instructions::Best,
                        "avx2" => Instructions::Avx2,
                        "neon" => Instructions::Neon,
                        "portable" => Instructions::Portable,
                        _ => return Err(format!("{value} is not a path")),
                    }
                }
                _ => return Err(format!("{name} is not an option")),
            }
        }
        Ok(options)
    }
}

/// Tokens per second.
struct Rate {
    wall: f64,
    processor: f64,
}

impl Rate {
    fn of<E>(tokens: usize, work: impl FnOnce() -> Result<(), E>) -> Result<Rate, E> {
        let (start, start_processor) = (Instant::now(), processor_s());
        work()?;
        let wall = tokens as f64 / start.elapsed().as_secs_f64();
        Ok(Rate { wall, processor: tokens as f64 / (processor_s() - start_processor) })
    }
}

/// Seconds that all threads of this process computed; NaN where the system does not say.
fn processor_s() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    // Fields 14 and 15, in hundredths of a second on every Linux; 2, in brackets, may hold spaces.
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    ticks.sum::<Result<f64, _>>().map_or(f64::NAN, |ticks| ticks / 100.0)
}
