//! The way of the data: request, prompt, model, guard, policy, ledger.

use std::ops::ControlFlow;
use std::time::Instant;

use ledger::{Ledger, Receipt};
use policy::{Author, Policy, Verdict};
use prompt::Feedback;
use providers::{Cancel, Limits, Provider};
use types::{
    BudgetAccount, CheckState, Completion, Edit, Facts, FinishReason, Report, Request, Sampling,
    Snapshot, Task,
};

use crate::record::Recorder;
use crate::review::permitted;
use crate::{PipelineError, VerdictKey, postprocess};

/// What a suggestion is made with.
pub struct Stages<'a> {
    /// The model.
    pub provider: &'a dyn Provider,
    /// The settings that hold.
    pub policy: &'a Policy,
    /// What was found out beside the text, and what people allow in it.
    pub facts: &'a Facts,
    /// Where every step is recorded.
    pub ledger: &'a mut Ledger,
    /// A flag to stop.
    pub cancel: &'a Cancel,
    /// Told about each step. Sees no generated text: that is not checked yet.
    pub progress: &'a mut dyn FnMut(Progress),
}

/// Where the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The model writes.
    Writing {
        /// Rewrites so far.
        round: usize,
        /// How many candidates.
        candidates: usize,
        /// Pieces of text of all of them so far.
        pieces: usize,
    },
    /// The guard checks the candidates.
    Checking {
        /// Rewrites so far.
        round: usize,
    },
}

/// What came of a request. Its text can only be had where the verdict approved it.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The generation's id in the ledger.
    pub generation: String,
    /// What the guard found out.
    pub report: Report,
    /// What the policy decided.
    pub verdict: Verdict,
    /// What the verdict depends on.
    pub key: VerdictKey,
    /// What the model used: its identity, tokens and times. The text is taken out.
    pub completion: Completion,
    /// Where the context window of the last prompt went.
    pub account: BudgetAccount,
    /// Rewrites that were asked for.
    pub rewrites: usize,
    /// Candidates looked at in all rounds.
    pub candidates: usize,
    /// Time spent in the guard, over all candidates, in microseconds.
    pub guard_us: u64,
    /// The proof that the decision is recorded.
    pub receipt: Receipt,
}

impl Suggestion {
    /// The new code, where it may be shown.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let edit = self.verdict.approved()?.edit();
        Some(edit.text_edits().iter().map(|edit| edit.new_text.as_str()).collect())
    }
}

/// One candidate with what was found out about it.
pub(crate) struct Judged {
    pub completion: Completion,
    pub report: Report,
    pub verdict: Verdict,
    pub key: VerdictKey,
    pub guard_us: u64,
}

/// Makes a suggestion: writes up to `policy.rewrites + 1` rounds of candidates, checks each, and
/// gives back the best. The request is durable before the model runs, and everything about a round
/// before this returns.
///
/// # Errors
/// [`PipelineError`]; what happened before it is recorded, and so is the failure.
pub fn suggest(
    stages: &mut Stages<'_>,
    request: &Request,
    snapshot: &Snapshot,
) -> Result<Suggestion, PipelineError> {
    let recorder = Recorder::new(&request.actor);
    recorder.request(stages, request, snapshot)?;
    let outcome = rounds(stages, &recorder, request, snapshot);
    if let Err(error) = &outcome {
        // The error itself is what the person needs; that it cannot be recorded would hide it.
        let _ = recorder.failure(stages.ledger, &error.to_string());
    }
    outcome
}

fn rounds(
    stages: &mut Stages<'_>,
    recorder: &Recorder,
    request: &Request,
    snapshot: &Snapshot,
) -> Result<Suggestion, PipelineError> {
    let provider = stages.provider;
    let mut feedback: Option<Feedback> = None;
    let (mut candidates, mut guard_us) = (0, 0);
    for round in 0.. {
        let count = |text: &str| provider.count_tokens(text);
        let profile = provider.profile();
        let prompt = prompt::build(request, snapshot, feedback.as_ref(), profile, &count)?;
        let limits = limits(request, prompt.account.answer, round, stages.policy.temperature);
        let completions = write(stages, &prompt, &limits, round)?;
        (stages.progress)(Progress::Checking { round });
        let mut judged = Vec::with_capacity(completions.len());
        for completion in completions {
            judged.push(judge(stages, request, snapshot, completion)?);
        }
        candidates += judged.len();
        guard_us += judged.iter().map(|candidate| candidate.guard_us).sum::<u64>();
        let best = best(&judged);
        let receipt = recorder.round(stages, &prompt, &limits, round, &judged, best)?;
        let Judged { mut completion, report, verdict, key, .. } = judged.swap_remove(best);
        if verdict.approved().is_none() && round < stages.policy.rewrites {
            let reasons = verdict.reasons().to_vec();
            feedback = Some(Feedback { attempt: completion.text, reasons });
            continue;
        }
        completion.text = String::new();
        let (report, verdict) = match verdict.approved() {
            Some(_) => (report, verdict),
            None => withheld(report, &verdict),
        };
        let generation = recorder.generation().to_owned();
        let rewrites = round;
        return Ok(Suggestion {
            generation,
            report,
            verdict,
            key,
            completion,
            account: prompt.account,
            rewrites,
            candidates,
            guard_us,
            receipt,
        });
    }
    unreachable!("the last round returns")
}

/// A report and verdict without the code they quote: what was not approved is not shown, not in a
/// message either. The log has all of it.
fn withheld(mut report: Report, verdict: &Verdict) -> (Report, Verdict) {
    let suppressed = report.suppressed.iter_mut().map(|one| &mut one.finding);
    for finding in report.findings.iter_mut().chain(suppressed) {
        finding.message = without_quotes(&finding.message);
        finding.fix = None;
        finding.trail.clear();
    }
    report.functions.clear();
    let reasons = verdict.reasons().iter().map(|reason| without_quotes(reason)).collect();
    let verdict = match verdict {
        Verdict::Unchecked(_) => Verdict::Unchecked(reasons),
        _ => Verdict::Block(reasons),
    };
    (report, verdict)
}

/// A message with what stands between back quotes left out.
fn without_quotes(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { part } else { "`…`" }).collect()
}

/// The first candidate of the first round is greedy, the others are sampled.
fn limits(request: &Request, answer: usize, round: usize, temperature: f32) -> Limits {
    let sampled = |index: usize| Sampling {
        temperature: if round == 0 && index == 0 {
            request.sampling.temperature
        } else {
            request.sampling.temperature.max(temperature)
        },
        seed: request.sampling.seed.wrapping_add((round * request.candidates + index) as u64),
        ..request.sampling
    };
    Limits {
        max_tokens: request.max_tokens.min(answer),
        samplings: (0..request.candidates.max(1)).map(sampled).collect(),
    }
}

fn write(
    stages: &mut Stages<'_>,
    prompt: &types::Prompt,
    limits: &Limits,
    round: usize,
) -> Result<Vec<Completion>, PipelineError> {
    let candidates = limits.samplings.len();
    let mut pieces = 0;
    let progress = &mut stages.progress;
    let completions = stages.provider.complete(prompt, limits, stages.cancel, &mut |_| {
        pieces += 1;
        progress(Progress::Writing { round, candidates, pieces });
        ControlFlow::Continue(())
    })?;
    match completions.iter().any(|one| one.finish == FinishReason::Cancelled) {
        true => Err(PipelineError::Cancelled),
        false => Ok(completions),
    }
}

fn judge(
    stages: &Stages<'_>,
    request: &Request,
    snapshot: &Snapshot,
    completion: Completion,
) -> Result<Judged, PipelineError> {
    let (document, style) = (&snapshot.document, stages.provider.profile().style);
    let facts = permitted(stages.policy, stages.facts);
    let mut edit = postprocess::edit(request, document, &completion, style)?;
    let start = Instant::now();
    let mut report = guard::check(snapshot, &edit, &facts, &clock(start))?;
    if request.task == Task::Complete
        && report.check("syntax").is_some_and(|one| one.state == CheckState::Failed)
        && let Some(shorter) = guard::trim(snapshot, &edit)?
    {
        edit = shorter;
        report = guard::check(snapshot, &edit, &facts, &clock(start))?;
    }
    report.score = report.score.weighed(&stages.policy.weights);
    let guard_us = clock(start)();
    let key = VerdictKey::new(stages.policy, document, &edit, &facts);
    let verdict = match empty(&edit) {
        true => Verdict::Block(vec!["the model wrote nothing".to_owned()]),
        false => policy::decide(stages.policy, Author::Model, edit, &report),
    };
    Ok(Judged { completion, report, verdict, key, guard_us })
}

fn empty(edit: &Edit) -> bool {
    edit.text_edits().iter().all(|edit| edit.new_text.trim().is_empty())
}

/// Microseconds since `start`, for the guard, which reads no clock itself.
pub(crate) fn clock(start: Instant) -> impl Fn() -> u64 {
    move || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The best of the candidates: by verdict, then score, then fewer findings, then order.
fn best(judged: &[Judged]) -> usize {
    let key = |candidate: &Judged| {
        let verdict = match candidate.verdict {
            Verdict::Pass(_) => 0,
            Verdict::Warn(..) => 1,
            Verdict::Unchecked(_) => 2,
            Verdict::Block(_) => 3,
        };
        let score = candidate.report.score.total.unwrap_or(0);
        (verdict, std::cmp::Reverse(score), candidate.report.findings.len())
    };
    (0..judged.len()).min_by_key(|&index| key(&judged[index])).expect("at least one candidate")
}
