//! The logits of every position of given sequences: for comparisons with other programs.
//!
//! ```text
//! cargo run --release -p engine --example logits -- <model> <sequences> <logits>
//! ```
//!
//! A sequence is its number of tokens, then they, as u32; its logits are [tokens, vocabulary] of
//! f32; all little-endian.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use engine::{LoadLimits, Model, Session};

/// Tokens whose logits are computed together.
const AT_ONCE: usize = 32;

#[allow(clippy::print_stderr, reason = "a program for developers, run by hand")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [model, sequences, logits] = arguments else {
        return Err("usage: <model> <sequences> <logits>".into());
    };
    let input = std::fs::read(sequences)?;
    let numbers: Vec<u32> =
        input.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let mut out = std::io::BufWriter::new(std::fs::File::create(logits)?);
    let mut rest = &numbers[..];
    while let Some((count, after)) = rest.split_first() {
        let (tokens, after) =
            after.split_at_checked(*count as usize).ok_or("the last sequence is cut")?;
        // The context of the sequence: some models turn by it.
        let limits = LoadLimits { context_max: tokens.len(), ..LoadLimits::default() };
        let mut session = Session::new(Arc::new(Model::open(Path::new(model), &limits)?));
        for piece in tokens.chunks(AT_ONCE) {
            for logit in session.forward_all(piece)? {
                out.write_all(&logit.to_le_bytes())?;
            }
        }
        rest = after;
    }
    Ok(out.flush()?)
}
