//! Loads a model, reads a prompt, generates, and says how long each took and how much memory.
//!
//! ```text
//! cargo run --release -p engine --example measure -- <path> [prompt tokens] [generated tokens]
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use engine::{EngineError, LoadLimits, Model, Session};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|number| number.parse().ok());
    let Some(path) = arguments.first() else {
        say("usage: <path> [prompt tokens] [generated tokens]");
        return ExitCode::FAILURE;
    };
    match run(path.as_ref(), number(1).unwrap_or(64), number(2).unwrap_or(16)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "a program for developers, run by hand")]
fn say(text: &str) {
    println!("{text}");
}

fn run(path: &Path, prompt_tokens: usize, generated_tokens: usize) -> Result<(), EngineError> {
    let limits =
        LoadLimits { context_max: prompt_tokens + generated_tokens, ..LoadLimits::default() };
    let start = Instant::now();
    let model = Arc::new(Model::open(path, &limits)?);
    let info = model.info();
    say(&format!(
        "{} ({}, {}): {} parameters, {} bytes, {} kernels",
        info.name.as_deref().unwrap_or("a model"),
        info.architecture,
        info.quantization,
        info.parameters,
        info.file_bytes,
        info.kernels
    ));
    say(&format!("load: {:.3} s", start.elapsed().as_secs_f64()));
    say_memory("loaded");

    let mut session = Session::new(Arc::clone(&model));
    let vocabulary = info.vocabulary_size as u64;
    // Spread over the vocabulary, the same each time.
    let token = |index: usize| ((index as u64 * 7919 + 13) * 104_729 % vocabulary) as u32;
    let prompt: Vec<u32> = (0..prompt_tokens).map(token).collect();
    let start = Instant::now();
    session.forward(&prompt)?;
    let rate = prompt_tokens as f64 / start.elapsed().as_secs_f64();
    say(&format!("prompt: {prompt_tokens} tokens, {rate:.1} a second"));
    let start = Instant::now();
    for index in prompt_tokens..prompt_tokens + generated_tokens {
        session.forward(&[token(index)])?;
    }
    let rate = generated_tokens as f64 / start.elapsed().as_secs_f64();
    say(&format!("generation: {generated_tokens} tokens, {rate:.2} a second"));
    say_memory("done");
    Ok(())
}

/// On Linux: what the process holds, and how much of it is its own and not the mapped file.
fn say_memory(when: &str) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let of = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or("?").to_owned()
    };
    say(&format!(
        "memory, {when}: {} kB resident, of which {} kB own; at most {} kB",
        of("VmRSS:"),
        of("RssAnon:"),
        of("VmHWM:")
    ));
}
