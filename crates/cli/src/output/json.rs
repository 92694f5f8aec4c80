//! One JSON object on standard output. Fields may be added; none changes its meaning.

use std::io::Write as _;

use anyhow::Result;
use pipeline::{Applied, Direction, Reversal, Suggestion};
use serde::Serialize;
use serde_json::{Value, json};
use types::ModelIdentity;

use super::formats::File;

/// The object of `generate` and `complete`; that of `check` has the same fields.
#[derive(Serialize)]
struct Object<'a> {
    version: u8,
    verdict: &'a str,
    reasons: &'a [String],
    files: Vec<File<'a>>,
    model: Option<&'a ModelIdentity>,
    receipt: Option<String>,
    /// Generated code, where the verdict lets it be shown.
    text: Option<String>,
    /// The generation's id in the log.
    generation: Option<&'a str>,
    /// The file that was written.
    written: Option<String>,
    usage: Option<Value>,
}

/// Prints any object.
pub fn object(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

pub fn suggestion(suggestion: &Suggestion, applied: Option<&Applied>) -> Result<()> {
    let Suggestion { verdict, report, completion, key, .. } = suggestion;
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    object(&Object {
        version: 1,
        verdict: verdict.name(),
        reasons: verdict.reasons(),
        files: vec![File::judged(report, verdict, key)],
        model: Some(&completion.model),
        receipt: Some(suggestion.receipt.to_string()),
        text: suggestion.text(),
        generation: Some(&suggestion.generation),
        written: applied.map(|applied| applied.change.path.display().to_string()),
        usage: Some(json!({
            "prompt_tokens": completion.usage.prompt_tokens,
            "completion_tokens": completion.usage.completion_tokens,
            "first_token_ms": millis(completion.timings.first_token),
            "total_ms": millis(completion.timings.total),
            "guard_us": suggestion.guard_us,
            "candidates": suggestion.candidates,
            "rewrites": suggestion.rewrites,
        })),
    })
}

pub fn reversal(reversal: &Reversal, done: bool) -> Result<()> {
    let writes = reversal.writes.iter().map(|write| {
        let to = match reversal.direction {
            Direction::Undo => write.pre,
            Direction::Redo => write.post,
        };
        json!({"path": write.path, "sha256": to.sha256(), "mode": to.mode()})
    });
    object(&json!({
        "version": 1,
        "generation": reversal.generation,
        "done": done,
        "files": writes.collect::<Vec<_>>(),
    }))
}
