//! One JSON object on standard output. Fields may be added; none changes its meaning.

use std::io::Write as _;

use anyhow::Result;
use pipeline::{Applied, Direction, Reversal, Suggestion};
use serde::Serialize;
use serde_json::{Value, json};
use types::{ModelIdentity, Report};

use crate::commands::Checked;

/// The object of `check`, `generate` and `complete`.
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

#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    report: Option<&'a Report>,
    verdict: &'a str,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// Prints any object.
pub fn object(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

pub fn suggestion(suggestion: &Suggestion, applied: Option<&Applied>) -> Result<()> {
    let Suggestion { verdict, report, completion, .. } = suggestion;
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    object(&Object {
        version: 1,
        verdict: verdict.name(),
        reasons: verdict.reasons(),
        files: vec![File {
            report: Some(report),
            verdict: verdict.name(),
            reasons: verdict.reasons(),
            error: None,
        }],
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

pub fn checked(checked: &[Checked]) -> Result<()> {
    let files = checked.iter().map(|file| match &file.outcome {
        Ok(review) => File {
            report: Some(&review.report),
            verdict: review.verdict.name(),
            reasons: review.verdict.reasons(),
            error: None,
        },
        Err(error) => File {
            report: None,
            verdict: "unchecked",
            reasons: &[],
            error: Some(json!({"path": file.path, "message": error})),
        },
    });
    let files: Vec<File<'_>> = files.collect();
    object(&Object {
        version: 1,
        verdict: worst(files.iter().map(|file| file.verdict)),
        reasons: &[],
        files,
        model: None,
        receipt: None,
        text: None,
        generation: None,
        written: None,
        usage: None,
    })
}

/// The verdict over several files.
pub fn worst<'a>(verdicts: impl Iterator<Item = &'a str>) -> &'a str {
    let rank = |name: &&str| ["pass", "warn", "unchecked", "block"].iter().position(|n| n == name);
    verdicts.max_by_key(rank).unwrap_or("pass")
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
