//! Tokens of texts, and how fast they come: for comparisons with other programs.
//!
//! ```text
//! cargo run --release -p engine --example tokenize -- <model> ids <texts> <tokens>
//! cargo run --release -p engine --example tokenize -- <model> speed <text> <rounds>
//! ```
//!
//! `ids`: each text is its length in bytes, then UTF-8; its tokens are their number, then they;
//! all numbers are u32, little-endian. `speed`: processor seconds of each round, in a list
//! (wall time where the system is not Linux).

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use engine::{LoadLimits, Model, Tokenizer};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
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

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [model, what, input, last] = arguments else {
        return Err("usage: <model> ids <texts> <tokens>, or <model> speed <text> <rounds>".into());
    };
    let model = Model::open(Path::new(model), &LoadLimits::default())?;
    let input = std::fs::read(input)?;
    match what.as_str() {
        "ids" => Ok(std::fs::write(last, ids(model.tokenizer(), &input)?)?),
        "speed" => speed(model.tokenizer(), str::from_utf8(&input)?, last.parse()?),
        other => Err(format!("there is no {other}").into()),
    }
}

fn ids(tokenizer: &Tokenizer, mut texts: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut out = Vec::new();
    while let Some((length, rest)) = texts.split_first_chunk() {
        let (text, rest) = rest
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or("the last text is cut")?;
        let tokens = tokenizer.encode(str::from_utf8(text)?, false)?;
        out.extend((tokens.len() as u32).to_le_bytes());
        out.extend(tokens.iter().flat_map(|token| token.to_le_bytes()));
        texts = rest;
    }
    Ok(out)
}

fn speed(tokenizer: &Tokenizer, text: &str, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        let (start, worked) = (Instant::now(), processor_seconds());
        let tokens = tokenizer.encode(text, false)?;
        let worked = processor_seconds().zip(worked).map(|(after, before)| after - before);
        seconds.push(worked.unwrap_or_else(|| start.elapsed().as_secs_f64()));
        assert!(!tokens.is_empty() || text.is_empty());
    }
    say(&format!("{seconds:?}"));
    Ok(())
}

/// What this thread has had of the processor. Other work on the machine does not count.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
