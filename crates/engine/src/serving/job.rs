//! One sequence of a request, and who is told of it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::{Event, Request};
use crate::constraint::Constraint;
use crate::error::EngineError;
use crate::generate::{CancelToken, Finish, GenerateOptions, Sequence, StepLoad};
use crate::model::Model;
use crate::speculation::StepCosts;

/// One candidate of a request.
pub(super) struct Job {
    pub(super) sequence: Sequence<'static>,
    pub(super) client: Arc<str>,
    deadline: Option<Instant>,
    /// The caller's own, of all candidates; that of the handle is the sequence's.
    cancel: CancelToken,
    candidate: usize,
    events: Sender<Event>,
    /// Other candidates, which wait until the prompt is computed.
    pub(super) followers: Vec<Job>,
}

/// A request that was let in.
pub(super) struct Submitted {
    pub(super) request: Request,
    /// As the handle has them, of each candidate.
    pub(super) cancels: Vec<CancelToken>,
    pub(super) events: Sender<Event>,
    pub(super) start: Instant,
}

impl Job {
    /// The candidates of a request, all but the first as followers of it. None if there is an
    /// error, which is told.
    pub(super) fn new(model: &Arc<Model>, submitted: Submitted, costs: StepCosts) -> Option<Job> {
        let Submitted { request, cancels, events, start } = submitted;
        let client: Arc<str> = request.client.into();
        let mut constraints = request.constraints.into_iter();
        let mut first: Option<Job> = None;
        let candidates = request.samplings.into_iter().zip(cancels).enumerate();
        for (candidate, (sampling, cancel)) in candidates {
            let options = GenerateOptions { sampling, ..request.options.clone() };
            let unsent =
                |constraint: Box<dyn Constraint + Send>| -> Box<dyn Constraint> { constraint };
            let constraint = constraints.next().map(unsent);
            let sequence =
                Sequence::new(model, &request.prompt, options, constraint, cancel, costs, start);
            let sequence = match sequence {
                Ok(sequence) => sequence,
                Err(error) => {
                    // Nobody who listens is nobody to tell.
                    let _ = events.send(Event::Failed { candidate, error });
                    return None;
                }
            };
            let job = Job {
                sequence,
                client: Arc::clone(&client),
                deadline: request.deadline,
                cancel: request.cancel.clone(),
                candidate,
                events: events.clone(),
                followers: Vec::new(),
            };
            match &mut first {
                None => first = Some(job),
                Some(first) => first.followers.push(job),
            }
        }
        first
    }

    /// Why it must end now, if it must.
    pub(super) fn must_end(&self, now: Instant) -> Option<Finish> {
        if self.sequence.is_cancelled() || self.cancel.is_cancelled() {
            return Some(Finish::Cancelled);
        }
        self.deadline.is_some_and(|deadline| deadline <= now).then_some(Finish::Deadline)
    }

    /// See [`Sequence::advance`]. Text is told; a panic of the constraint is an error.
    pub(super) fn advance(
        &mut self,
        logits: &[f32],
        load: StepLoad,
    ) -> Result<Option<Finish>, EngineError> {
        let (sequence, events, candidate) = (&mut self.sequence, &self.events, self.candidate);
        let advance = || sequence.advance(logits, load, &mut tell(events, candidate));
        // Nothing of the sequence is used after a panic.
        catch_unwind(AssertUnwindSafe(advance)).unwrap_or(Err(PANICKED))
    }

    /// Tells how it ended. Returns the followers.
    pub(super) fn end(self, outcome: Result<Finish, EngineError>) -> Vec<Job> {
        let Job { sequence, candidate, events, followers, .. } = self;
        // The end drops the constraint, which may panic as well.
        let finish = AssertUnwindSafe(|| match outcome {
            Ok(finish) => {
                let generated = sequence.finish(finish, &mut tell(&events, candidate));
                Event::Finished { candidate, generated: Box::new(generated) }
            }
            Err(error) => {
                drop(sequence);
                Event::Failed { candidate, error }
            }
        });
        let event = catch_unwind(finish);
        let event = event.unwrap_or(Event::Failed { candidate, error: PANICKED });
        // Nobody who listens is nobody to tell.
        let _ = events.send(event);
        followers
    }
}

const PANICKED: EngineError = EngineError::Panicked { what: "the constraint of this request" };

/// Sends text; breaks if nobody listens.
fn tell(events: &Sender<Event>, candidate: usize) -> impl FnMut(&str) -> ControlFlow<()> {
    move |text| match events.send(Event::Text { candidate, text: text.to_owned() }) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}
