//! What is written into the ledger about each step, and in which order.
//!
//! Fields stand in the clear, so they hold names, numbers and digests; instructions, prompts, code
//! and reports are bodies, which the ledger encrypts.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{EventKind, Ledger, LedgerError, NewEvent, Receipt};
use policy::Verdict;
use providers::Limits;
use serde_json::{Map, Value, json};
use types::{Actor, Completion, Prompt, PromptBody, Report, Request, Sampling, Snapshot};
use ulid::Ulid;
use workspace::{Change, FileState};

use crate::suggest::{Judged, Stages};
use crate::{Direction, Fixed, Review, VerdictKey};

/// Writes the events of one generation.
pub(crate) struct Recorder {
    generation: String,
    actor: String,
}

impl Recorder {
    pub(crate) fn new(actor: &Actor) -> Recorder {
        Recorder::resume(&Ulid::generate().to_string(), actor)
    }

    /// Goes on with a generation that has events already.
    pub(crate) fn resume(generation: &str, actor: &Actor) -> Recorder {
        let actor = format!("{} via {}", actor.name, actor.client);
        Recorder { generation: generation.to_owned(), actor }
    }

    pub(crate) fn generation(&self) -> &str {
        &self.generation
    }

    fn event(&self, kind: EventKind, fields: Value, bodies: Vec<(&str, Vec<u8>)>) -> NewEvent {
        let Value::Object(fields) = fields else { unreachable!("fields are written as objects") };
        NewEvent {
            generation: self.generation.clone(),
            kind,
            actor: self.actor.clone(),
            time_ms: now_ms(),
            fields,
            bodies: bodies.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect(),
        }
    }

    pub(crate) fn request(
        &self,
        stages: &mut Stages<'_>,
        request: &Request,
        snapshot: &Snapshot,
    ) -> Result<Receipt, LedgerError> {
        let document = &snapshot.document;
        let fields = json!({
            "task": request.task,
            "language": request.language,
            "path": document.path,
            "document_sha256": document.sha256,
            "selection": [request.selection.start, request.selection.end],
            "extent": request.extent,
            "model": stages.provider.profile().identity,
            "candidates": request.candidates,
            "max_tokens": request.max_tokens,
            "policy_sha256": stages.policy.digest(),
        });
        let instruction = request.instruction.clone().into_bytes();
        let event = self.event(EventKind::Request, fields, vec![("instruction", instruction)]);
        stages.ledger.append(&event)
    }

    /// Records a round: each candidate's answer and report, and the decision over the best.
    pub(crate) fn round(
        &self,
        stages: &mut Stages<'_>,
        prompt: &Prompt,
        limits: &Limits,
        round: usize,
        judged: &[Judged],
        best: usize,
    ) -> Result<Receipt, LedgerError> {
        let mut events = Vec::with_capacity(2 * judged.len() + 1);
        for (index, candidate) in judged.iter().enumerate() {
            let Judged { completion, report, verdict, key, .. } = candidate;
            let fields = response(round, index, completion, &limits.samplings[index]);
            let mut bodies = vec![("completion", completion.text.clone().into_bytes())];
            if index == 0 {
                bodies.push(("prompt", plain(prompt).into_bytes()));
            }
            events.push(self.event(EventKind::Response, fields, bodies));
            let mut fields = checked(report, verdict, key);
            fields.insert("round".to_owned(), json!(round));
            fields.insert("candidate".to_owned(), json!(index));
            let fields = Value::Object(fields);
            let report = serde_json::to_vec(report).unwrap_or_default();
            events.push(self.event(EventKind::Check, fields, vec![("report", report)]));
        }
        let verdict = &judged[best].verdict;
        let fields = json!({
            "round": round,
            "candidate": best,
            "verdict": verdict.name(),
            "by": "policy",
        });
        let reasons = verdict.reasons().join("\n").into_bytes();
        events.push(self.event(EventKind::Decision, fields, vec![("reasons", reasons)]));
        let receipts = stages.ledger.append_all(&events)?;
        Ok(receipts.into_iter().next_back().expect("a receipt for each of the events"))
    }

    /// Records that mechanical fixes of one file were checked and approved.
    pub(crate) fn fixes(&self, ledger: &mut Ledger, fixed: &Fixed) -> Result<Receipt, LedgerError> {
        let Review { report, verdict, key } = &fixed.review;
        let mut fields = checked(report, verdict, key);
        fields.insert("path".to_owned(), json!(report.path));
        fields.insert("fixes".to_owned(), json!(fixed.rules));
        let report = serde_json::to_vec(report).unwrap_or_default();
        let check = self.event(EventKind::Check, Value::Object(fields), vec![("report", report)]);
        let fields =
            json!({"verdict": verdict.name(), "path": fixed.review.report.path, "by": "policy"});
        let reasons = verdict.reasons().join("\n").into_bytes();
        let decision = self.event(EventKind::Decision, fields, vec![("reasons", reasons)]);
        let receipts = ledger.append_all(&[check, decision])?;
        Ok(receipts.into_iter().next_back().expect("a receipt for each of the events"))
    }

    pub(crate) fn failure(
        &self,
        ledger: &mut Ledger,
        message: &str,
    ) -> Result<Receipt, LedgerError> {
        let message = message.as_bytes().to_vec();
        ledger.append(&self.event(EventKind::Failure, json!({}), vec![("message", message)]))
    }

    pub(crate) fn file_write(
        &self,
        ledger: &mut Ledger,
        change: &Change,
    ) -> Result<Receipt, LedgerError> {
        let fields = write_fields(change);
        ledger.append(&self.event(EventKind::FileWrite, fields, Vec::new()))
    }

    /// Records that the writes of this generation are about to be undone or redone.
    pub(crate) fn reversal(
        &self,
        ledger: &mut Ledger,
        direction: Direction,
        changes: &[&Change],
    ) -> Result<Receipt, LedgerError> {
        let kind = match direction {
            Direction::Undo => EventKind::Undo,
            Direction::Redo => EventKind::Redo,
        };
        let writes: Vec<Value> = changes.iter().map(|change| write_fields(change)).collect();
        ledger.append(&self.event(kind, json!({ "writes": writes }), Vec::new()))
    }
}

/// What is recorded in the clear of a check.
fn checked(report: &Report, verdict: &Verdict, key: &VerdictKey) -> Map<String, Value> {
    let states = report.checks.iter().map(|check| (check.name.to_owned(), json!(check.state)));
    let fields = json!({
        "verdict": verdict.name(),
        "findings": report.findings.len(),
        "suppressed": report.suppressed.len(),
        "score": report.score.total,
        "checks": states.collect::<Map<_, _>>(),
        "key": key,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => unreachable!("written as an object"),
    }
}

fn response(round: usize, candidate: usize, completion: &Completion, sampling: &Sampling) -> Value {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "round": round,
        "candidate": candidate,
        "model": completion.model,
        "usage": completion.usage,
        "finish": completion.finish,
        "first_token_ms": millis(completion.timings.first_token),
        "total_ms": millis(completion.timings.total),
        // As text: a seed may be larger than JSON numbers carry exactly.
        "seed": sampling.seed.to_string(),
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
    })
}

fn write_fields(change: &Change) -> Value {
    json!({
        "path": change.path.to_string_lossy(),
        "pre_sha256": change.pre.sha256(),
        "pre_mode": change.pre.mode(),
        "post_sha256": change.post.sha256(),
        "post_mode": change.post.mode(),
    })
}

/// Reads back what [`Recorder::file_write`] recorded of a path.
pub(crate) fn read_write(fields: &Map<String, Value>) -> Option<(String, FileState, FileState)> {
    let state = |sha256: &str, mode: &str| match fields.get(sha256)? {
        Value::Null => Some(FileState::Absent),
        Value::String(text) => Some(FileState::File {
            sha256: text.parse().ok()?,
            mode: u32::try_from(fields.get(mode)?.as_u64()?).ok()?,
        }),
        _ => None,
    };
    let path = fields.get("path")?.as_str()?.to_owned();
    Some((path, state("pre_sha256", "pre_mode")?, state("post_sha256", "post_mode")?))
}

/// A prompt as one text, for the record.
fn plain(prompt: &Prompt) -> String {
    match &prompt.body {
        PromptBody::Chat(messages) => {
            let part = |message: &types::Message| {
                format!("[{}]\n{}\n", message.role.name(), message.content)
            };
            messages.iter().map(part).collect()
        }
        PromptBody::Infill { prefix, suffix } => {
            format!("[prefix]\n{prefix}\n[suffix]\n{suffix}\n")
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
