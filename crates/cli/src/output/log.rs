//! The log, for people and programs.

use anyhow::Result;
use jiff::Timestamp;
use ledger::{Entry, EventKind, Verification};
use serde_json::{Value, json};

use super::{dim, json as to_json, one_line, paint, printable, verdict_word};

/// A record with its bodies' names and texts; `None` for a body that was erased.
pub type Record = (Entry, Vec<(String, Option<String>)>);

/// What became of one generation, from its records.
#[derive(Debug, serde::Serialize)]
struct Summary<'a> {
    generation: &'a str,
    time: String,
    actor: &'a str,
    task: &'a str,
    path: &'a str,
    model: &'a str,
    /// The last decision; none where it came to none.
    verdict: Option<&'a str>,
    /// `written`, `undone` or nothing.
    state: Option<&'static str>,
}

/// The newest generations of records that are listed newest first.
fn summaries(entries: &[Entry], count: usize) -> Vec<Summary<'_>> {
    fn text<'a>(fields: &'a serde_json::Map<String, Value>, key: &str) -> &'a str {
        fields.get(key).and_then(Value::as_str).unwrap_or_default()
    }
    let mut summaries: Vec<Summary<'_>> = Vec::new();
    let requests = entries.iter().filter(|entry| entry.kind == EventKind::Request).take(count);
    for request in requests {
        let id = &request.generation;
        let of = |kind: &[EventKind]| {
            entries.iter().find(|entry| entry.generation == *id && kind.contains(&entry.kind))
        };
        let written = of(&[EventKind::FileWrite, EventKind::Undo, EventKind::Redo]);
        summaries.push(Summary {
            generation: id,
            time: time(request.time_ms),
            actor: &request.actor,
            task: text(&request.fields, "task"),
            path: text(&request.fields, "path"),
            model: request.fields.get("model").and_then(|m| m["name"].as_str()).unwrap_or_default(),
            verdict: of(&[EventKind::Decision]).map(|decision| text(&decision.fields, "verdict")),
            state: written.map(|entry| match entry.kind {
                EventKind::Undo => "undone",
                _ => "written",
            }),
        });
    }
    summaries
}

pub fn generations(entries: &[Entry], count: usize) {
    for one in summaries(entries, count) {
        let verdict = verdict_word(one.verdict.unwrap_or("failed"));
        let (path, state) = (one_line(one.path), one.state.unwrap_or_default());
        let about = dim(&format!("{} {}", one_line(one.model), one_line(one.actor)));
        out!(
            "{}  {}  {:<8}  {verdict}  {path}  {state}  {about}",
            one.time,
            one.generation,
            one_line(one.task),
        );
    }
}

pub fn generations_json(entries: &[Entry], count: usize) -> Result<()> {
    to_json::object(&json!({"version": 1, "generations": summaries(entries, count)}))
}

pub fn records(entries: &[Entry]) {
    for entry in entries {
        let Entry { index, generation, kind, actor, .. } = entry;
        let time = time(entry.time_ms);
        let kind = kind.name();
        out!("{index:>5}  {time}  {generation}  {kind:<10}  {}  {}", summary(entry), dim(actor));
    }
}

fn summary(entry: &Entry) -> String {
    let text = |key: &str| entry.fields.get(key).and_then(Value::as_str).map(one_line);
    if let Some(verdict) = text("verdict") {
        return verdict_word(&verdict);
    }
    let model = || entry.fields.get("model")?.get("name")?.as_str().map(one_line);
    text("path").or_else(model).unwrap_or_default()
}

/// RFC 3339, in UTC, to the second.
fn time(ms: i64) -> String {
    let time = Timestamp::from_second(ms.div_euclid(1000));
    time.map_or_else(|_| format!("{ms} ms"), |time| time.to_string())
}

pub fn show(records: &[Record]) {
    for (entry, bodies) in records {
        let (index, time, kind) = (entry.index, time(entry.time_ms), entry.kind.name());
        let title = paint(anstyle::AnsiColor::Cyan, kind);
        out!("{title}  record {index}, {time}, {}", one_line(&entry.actor));
        for (key, value) in &entry.fields {
            out!("  {key}: {}", printable(&value.to_string()));
        }
        for (name, text) in bodies {
            match text {
                None => out!("  {name}: {}", dim("erased")),
                Some(text) if text.is_empty() => {}
                Some(text) => {
                    out!("  {name}:");
                    for line in printable(text).lines() {
                        out!("    {line}");
                    }
                }
            }
        }
    }
}

pub fn show_json(records: &[Record]) -> Result<()> {
    let records = records.iter().map(|(entry, bodies)| {
        let bodies = bodies.iter().map(|(name, text)| (name.clone(), json!(text)));
        json!({"entry": entry, "bodies": bodies.collect::<serde_json::Map<_, _>>()})
    });
    to_json::object(&json!({"version": 1, "records": records.collect::<Vec<_>>()}))
}

pub fn verification(verification: &Verification) {
    let Verification { entries, checkpoints, bodies, preimages, .. } = verification;
    let counts = format!(
        "{entries} records, {checkpoints} checkpoints, {bodies} bodies, {preimages} pre-images"
    );
    for remark in &verification.remarks {
        out!("{} {}", dim("note:"), printable(remark));
    }
    match &verification.failure {
        None => {
            let root: String = verification.root.iter().map(|b| format!("{b:02x}")).collect();
            out!("{}  {counts}\n{}", verdict_word("holds"), dim(&format!("root {root}")));
        }
        Some(failure) => {
            let word = paint(anstyle::AnsiColor::Red, "does not hold");
            out!("{word}  {}", printable(&failure.to_string()));
            out!("{}", dim(&format!("held before it: {counts}")));
        }
    }
}

pub fn verification_json(verification: &Verification) -> Result<()> {
    let mut object = serde_json::to_value(verification)?;
    object["version"] = json!(1);
    object["holds"] = json!(verification.failure.is_none());
    to_json::object(&object)
}
