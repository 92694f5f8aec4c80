//! Results for people.

use std::io::Write as _;

use anyhow::Result;
use pipeline::{Applied, Direction, Reversal, Suggestion};
use serde_json::Value;
use types::{BudgetAccount, BudgetLine, CheckState, LineIndex, Report, Snapshot};
use workspace::FileState;

use super::excerpt::excerpt;
use super::{dim, one_line, printable, verdict_word};
use crate::context::Context;

/// Most findings of one file that are shown with an excerpt; the rest is counted.
pub const FINDINGS_MAX: usize = 100;

/// Most reasons that are listed under a verdict.
const REASONS_MAX: usize = 5;

/// A suggestion: its code on standard output, what was found out on standard error.
pub fn suggestion(
    context: &Context,
    snapshot: &Snapshot,
    suggestion: &Suggestion,
    applied: Option<&Applied>,
) -> Result<()> {
    let Suggestion { verdict, report, completion, .. } = suggestion;
    if applied.is_none()
        && let Some(text) = suggestion.text()
    {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            writeln!(out)?;
        }
    }
    if let Some(approved) = verdict.approved() {
        let edited = approved.edit().apply(&snapshot.document)?;
        let index = LineIndex::new(&edited.text);
        for finding in report.findings.iter().take(FINDINGS_MAX) {
            err!("{}\n", excerpt(report, &edited.text, &index, finding));
        }
    }
    reasons(&mut anstream::stderr().lock(), verdict.reasons())?;
    if context.quiet {
        return Ok(());
    }
    let word = verdict_word(verdict.name());
    // A good score beside a refusal would only confuse.
    let score = verdict.approved().map_or_else(String::new, |_| score(report));
    let what = match applied {
        Some(applied) => {
            let lines = suggestion.text().map_or(0, |text| text.trim().lines().count());
            let path = one_line(&applied.change.path.to_string_lossy());
            format!("{} written to {path}", counted(lines, "line"))
        }
        None if verdict.approved().is_some() => "not written anywhere; --out FILE does".to_owned(),
        None => "not shown, nothing written".to_owned(),
    };
    err!("{word}  {what}{score}");
    err!("{}", checks(report));
    let model = &completion.model;
    let label = model.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    err!("{}", dim(&format!("model {} {}{label}", model.name, model.version)));
    if context.verbose {
        err!("{}", dim(&usage(suggestion)));
        err!("{}", dim(&budget(&suggestion.account)));
    }
    let id = &suggestion.generation;
    let next = match applied {
        Some(_) => format!("; `countersign undo {id}` takes it back"),
        None if verdict.approved().is_none() => {
            format!("; `countersign log show {id}` has what was refused")
        }
        None => String::new(),
    };
    err!("{}", dim(&format!("logged as {id}{next}")));
    Ok(())
}

fn usage(suggestion: &Suggestion) -> String {
    let (usage, timings) = (suggestion.completion.usage, suggestion.completion.timings);
    let seconds = (timings.total - timings.first_token).as_secs_f64();
    let rate = usage.completion_tokens.saturating_sub(1) as f64 / seconds.max(1e-9);
    format!(
        "{} candidates, {} rewrites; the best: {} prompt and {} answer tokens, first after {:.1} ms, \
         then {rate:.0} a second; guard {:.1} ms for all",
        suggestion.candidates,
        suggestion.rewrites,
        usage.prompt_tokens,
        usage.completion_tokens,
        timings.first_token.as_secs_f64() * 1e3,
        suggestion.guard_us as f64 / 1e3,
    )
}

/// `context 512: answer 256, template 9, instruction 15 of 40`
fn budget(account: &BudgetAccount) -> String {
    let parts = account.lines.iter().map(|line| {
        let BudgetLine { part, tokens, wanted } = line;
        match tokens == wanted {
            true => format!(", {part} {tokens}"),
            false => format!(", {part} {tokens} of {wanted}"),
        }
    });
    let parts: String = parts.collect();
    format!("context {} tokens: answer {}{parts}", account.context, account.answer)
}

/// The first reasons of a verdict, and how many more there are.
pub fn reasons(out: &mut dyn std::io::Write, reasons: &[String]) -> std::io::Result<()> {
    for reason in reasons.iter().take(REASONS_MAX) {
        writeln!(out, "  {}", printable(reason))?;
    }
    match reasons.len().saturating_sub(REASONS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

pub fn score(report: &Report) -> String {
    report.score.total.map(|total| format!(", score {total}")).unwrap_or_default()
}

/// `syntax passed · lint failed · coverage unchecked (no tests were run)`
pub fn checks(report: &Report) -> String {
    let parts = report.checks.iter().map(|outcome| {
        let name = outcome.name;
        match outcome.state {
            CheckState::Passed => format!("{name} passed"),
            CheckState::Failed => format!("{name} {}", verdict_word("failed")),
            CheckState::Unchecked => {
                let reason = outcome.reason.as_deref().unwrap_or("no reason given");
                let word = verdict_word("unchecked");
                format!("{name} {word} {}", dim(&format!("({})", printable(reason))))
            }
        }
    });
    parts.collect::<Vec<_>>().join(" · ")
}

/// What an undo or redo did, or would do.
pub fn reversal(context: &Context, reversal: &Reversal, done: bool) {
    let word = match (reversal.direction, done) {
        (Direction::Undo, true) => "undone",
        (Direction::Redo, true) => "redone",
        (Direction::Undo, false) => "would be undone",
        (Direction::Redo, false) => "would be redone",
    };
    for write in &reversal.writes {
        let to = match reversal.direction {
            Direction::Undo => write.pre,
            Direction::Redo => write.post,
        };
        let state = match to {
            FileState::Absent => "removed".to_owned(),
            FileState::File { sha256, mode } => format!("{} mode {mode:o}", sha256.short()),
        };
        out!("{word}  {}  {}", one_line(&write.path.to_string_lossy()), dim(&state));
    }
    if !context.quiet && done {
        let back = match reversal.direction {
            Direction::Undo => "countersign redo",
            Direction::Redo => "countersign undo",
        };
        err!("{}", dim(&format!("logged in {}; `{back}` takes it back", reversal.generation)));
    }
}

/// The doctor's report.
pub fn doctor(report: &Value) {
    let text = |value: &Value| printable(value.as_str().unwrap_or_default());
    let line = |name: &str, value: String| out!("{name:<12}{value}");
    line("version", text(&report["countersign"]));
    let broken = |value: &Value| {
        value["broken"].as_str().map(|why| verdict_word("broken") + "  " + &printable(why))
    };
    let model = &report["model"];
    let digest = dim(&text(&model["digest"]));
    let name = format!("{} {} {digest}", text(&model["name"]), text(&model["version"]));
    line("model", broken(model).unwrap_or(name));
    if let Some(label) = model["label"].as_str() {
        line("", dim(label));
    }
    let addresses = report["addresses"].as_array().map_or(0, Vec::len);
    match addresses {
        0 => line("network", "no address may be contacted".to_owned()),
        _ => line("network", report["addresses"].to_string()),
    }
    line("workspace", text(&report["workspace"]));
    let files: Vec<String> =
        report["settings"].as_array().into_iter().flatten().map(text).collect();
    line("settings", if files.is_empty() { "defaults".to_owned() } else { files.join(", ") });
    let policy = &report["policy"];
    line("policy", broken(policy).unwrap_or_else(|| text(&policy["digest"])));
    let (folder, status) = (text(&report["ledger"]["folder"]), &report["ledger"]["status"]);
    let records =
        status["records"].as_u64().map(|count| format!(", {}", counted(count as usize, "record")));
    let reason = status["reason"].as_str().map(|why| format!(": {}", printable(why)));
    let more = records.or(reason).unwrap_or_default();
    line("log", format!("{folder}  {}{more}", text(&status["state"])));
    line(
        "git",
        report["git"]
            .as_str()
            .map_or_else(|| "not installed: --diff and --staged cannot run".to_owned(), printable),
    );
    for language in report["languages"].as_array().into_iter().flatten() {
        out!("{}", text(&language["language"]));
        for check in language["checks"].as_array().into_iter().flatten() {
            let name = text(&check["name"]);
            match check["unchecked"].as_str() {
                None => out!("  {name:<12}{}", text(&check["tool"])),
                Some(reason) => {
                    out!("  {name:<12}{} {}", verdict_word("unchecked"), dim(reason));
                }
            }
        }
    }
}
