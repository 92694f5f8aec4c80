//! What serving several requests together brings, with any model file: tokens per second of 1, 4
//! and 16 sequences, and how soon the first token of a prompt comes that differs from an earlier
//! one near its end.
//!
//! `cargo run --release -p engine --example serving -- FILE [--threads N] [--tokens N]
//! [--prompt N] [--rounds N]`
//!
//! Prints one line of JSON for each measurement, in each of the rounds, by wall time and by
//! processor time (Linux only; all threads together).

#![allow(clippy::print_stdout, reason = "a program that reports to the terminal")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::{
    EngineError, GenerateOptions, Generated, LoadLimits, Model, Request, Sampling, Server,
    ServerOptions,
};

struct Options {
    file: String,
    threads: Option<NonZeroUsize>,
    /// Of each sequence.
    tokens: usize,
    /// Of the prompt that is changed.
    prompt: usize,
    rounds: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let limits = LoadLimits { threads: options.threads, ..LoadLimits::default() };
    let model = Arc::new(Model::open(Path::new(&options.file), &limits)?);
    for _ in 0..options.rounds {
        for sequences in [1, 4, 16] {
            throughput(&model, sequences, options.tokens)?;
        }
        first_token(&model, options.prompt.min(model.info().context_length - 1))?;
    }
    Ok(())
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let file = arguments.next().ok_or("which model file?")?;
        let mut options = Options { file, threads: None, tokens: 64, prompt: 2000, rounds: 1 };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number: usize =
                value.parse().map_err(|_| format!("{name} {value} is not a number"))?;
            match name.as_str() {
                "--threads" => options.threads = NonZeroUsize::new(number),
                "--tokens" => options.tokens = number,
                "--prompt" => options.prompt = number.max(16),
                "--rounds" => options.rounds = number,
                _ => return Err(format!("{name} is not an option")),
            }
        }
        Ok(options)
    }
}

/// Tokens that no other seed begins with.
fn tokens(seed: usize, count: usize) -> Vec<u32> {
    (0..count).map(|at| ((seed * 101 + at * 7 + at * at) % 251) as u32).collect()
}

fn request(prompt: Vec<u32>, tokens_max: usize, seed: u64) -> Request {
    let sampling = Sampling { seed, ..Sampling::default() };
    let end_tokens = Some(Vec::new());
    Request::new(
        prompt,
        GenerateOptions { sampling, tokens_max, end_tokens, ..GenerateOptions::default() },
    )
}

/// So many sequences at once, with prompts of 16 tokens.
fn throughput(model: &Arc<Model>, sequences: usize, each: usize) -> Result<(), EngineError> {
    let server = Server::start(Arc::clone(model), ServerOptions::default())?;
    let (start, start_processor) = (Instant::now(), processor_s());
    let submit = |index: usize| server.submit(request(tokens(index, 16), each, index as u64));
    let handles: Vec<_> = (0..sequences).map(submit).collect::<Result<_, _>>()?;
    for handle in handles {
        handle.wait()?;
    }
    let total = (sequences * each) as f64;
    println!(
        "{{\"sequences\": {sequences}, \"tokens\": {total}, \"wall\": {:.2}, \"cpu\": {:.2}, \
         \"steps\": {}}}",
        total / start.elapsed().as_secs_f64(),
        total / (processor_s() - start_processor),
        server.statistics().steps,
    );
    Ok(())
}

/// Milliseconds until the first token, of the server and of the processor: of a new prompt, and of the same with one token changed
/// near its end.
fn first_token(model: &Arc<Model>, length: usize) -> Result<(), EngineError> {
    let server = Server::start(Arc::clone(model), ServerOptions::default())?;
    let ask = |prompt: Vec<u32>| -> Result<Generated, EngineError> {
        let mut all = server.submit(request(prompt, 1, 0))?.wait()?;
        Ok(all.remove(0))
    };
    let mut prompt = tokens(1, length);
    for what in ["new", "changed", "changed", "changed"] {
        let start_processor = processor_s();
        let generated = ask(prompt.clone())?;
        println!(
            "{{\"prompt\": {length}, \"what\": \"{what}\", \"reused\": {}, \
             \"first_token_ms\": {:.1}, \"cpu_ms\": {:.0}}}",
            generated.reused_tokens,
            generated.timings.first_token.as_secs_f64() * 1e3,
            (processor_s() - start_processor) * 1e3,
        );
        // One character is typed some tokens before the end.
        let at = length - 10;
        prompt[at] = (prompt[at] + 1) % 251;
    }
    Ok(())
}

/// Seconds that all threads of this process computed; NaN where the system does not say.
fn processor_s() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    // Fields 14 and 15, in hundredths of a second on every Linux; 2, in brackets, may hold spaces.
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    ticks.sum::<Result<f64, _>>().map_or(f64::NAN, |ticks| ticks / 100.0)
}
