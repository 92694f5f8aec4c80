//! Many requests at once: a thread that computes them together, step by step.
//!
//! What a request gives does not depend on the others: logits depend only on the tokens, to the
//! bit, and each sequence has its own random numbers. Others change only when it comes.
//!
//! | file | holds |
//! |---|---|
//! | `job` | one sequence of a request, and who is told of it |
//! | `queue` | whose turn it is |
//! | `scheduler` | what each step computes |

mod job;
mod queue;
mod scheduler;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use self::job::Submitted;
use self::scheduler::{Scheduler, pages_of};
use crate::constraint::Constraint;
use crate::error::EngineError;
use crate::generate::{CancelToken, GenerateOptions, Generated, check, positions_max};
use crate::model::Model;
use crate::sampler::{Sampler, Sampling};

/// Most sequences that run together.
const SEQUENCES_MAX: usize = 1024;
/// Most candidates of one prompt.
const CANDIDATES_MAX: usize = 64;
/// Most bytes of the name of a client.
const CLIENT_BYTES_MAX: usize = 1024;

/// Limits of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// Sequences that run together, each candidate one. From 1 to 1024. More wait.
    pub sequences_max: usize,
    /// Sequences that wait, at least 1. Requests beyond are refused.
    pub waiting_max: usize,
    /// Bytes of keys and values of all sequences, and of those that are kept for prompts to
    /// come. A request that might need more by itself is refused.
    pub cache_bytes_max: u64,
}

impl Default for ServerOptions {
    /// 16 running, 256 waiting, 2 GiB.
    fn default() -> ServerOptions {
        ServerOptions { sequences_max: 16, waiting_max: 256, cache_bytes_max: 2 << 30 }
    }
}

/// What to generate, and for whom.
pub struct Request {
    /// Tokens to continue.
    pub prompt: Vec<u32>,
    /// As of a generation alone, but for the sampling, which is that of each candidate.
    pub options: GenerateOptions,
    /// How each candidate is sampled: one for each, from 1 to 64. The prompt is computed once.
    pub samplings: Vec<Sampling>,
    /// None, or one for each candidate.
    pub constraints: Vec<Box<dyn Constraint + Send>>,
    /// Whose request it is, at most 1024 bytes: clients take turns.
    pub client: String,
    /// When to end it, finished or not, with [`crate::Finish::Deadline`]: within one step.
    pub deadline: Option<Instant>,
    /// Ends it from outside, as [`Handle::cancel`] does.
    pub cancel: CancelToken,
}

impl Request {
    /// One candidate, sampled as the options say, no constraint, no deadline, a client without a
    /// name.
    #[must_use]
    pub fn new(prompt: Vec<u32>, options: GenerateOptions) -> Request {
        Request {
            prompt,
            samplings: vec![options.sampling.clone()],
            options,
            constraints: Vec::new(),
            client: String::new(),
            deadline: None,
            cancel: CancelToken::new(),
        }
    }

    fn check(&self, model: &Model) -> Result<(), EngineError> {
        check(model, &self.prompt, &self.options)?;
        let (constraints, candidates) = (self.constraints.len(), self.samplings.len());
        if !(1..=CANDIDATES_MAX).contains(&candidates) {
            let why = format!("{candidates} candidates, not 1 to {CANDIDATES_MAX}");
            return Err(EngineError::InvalidOption { option: "candidates", why });
        }
        for sampling in &self.samplings {
            Sampler::new(sampling)?;
        }
        let invalid = |option, why| Err(EngineError::InvalidOption { option, why });
        if constraints != 0 && constraints != candidates {
            let why = format!("{constraints} for {candidates} candidates; give none or one each");
            return invalid("constraints", why);
        }
        if self.client.len() > CLIENT_BYTES_MAX {
            let why = format!("{} bytes, at most {CLIENT_BYTES_MAX}", self.client.len());
            return invalid("client", why);
        }
        Ok(())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("prompt_tokens", &self.prompt.len())
            .field("candidates", &self.samplings.len())
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// What happens to a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A candidate has a new piece of text, never an empty one.
    Text {
        /// Its number, from 0.
        candidate: usize,
        /// The piece. All together are the text.
        text: String,
    },
    /// A candidate is done.
    Finished {
        /// Its number, from 0.
        candidate: usize,
        /// All of it. Times count from when the request was submitted.
        generated: Box<Generated>,
    },
    /// A candidate cannot be computed.
    Failed {
        /// Its number, from 0.
        candidate: usize,
        /// Why.
        error: EngineError,
    },
}

/// What a server does and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStatistics {
    /// Sequences that run.
    pub running: usize,
    /// Sequences that wait.
    pub waiting: usize,
    /// Bytes of a page of keys and values.
    pub page_bytes: u64,
    /// Pages that running sequences hold.
    pub pages_in_use: usize,
    /// Those of them that more than one holds.
    pub pages_shared: usize,
    /// Pages that are kept for prompts to come.
    pub pages_cached: usize,
    /// Pages that there is still room for.
    pub pages_free: usize,
    /// Passes of the network.
    pub steps: u64,
    /// Tokens that were computed before the first of the text was chosen, or again after a
    /// sequence had to wait.
    pub tokens_prefilled: u64,
    /// Tokens that needed no computing, because their pages were there.
    pub tokens_reused: u64,
    /// Tokens that were chosen.
    pub tokens_decoded: u64,
    /// Sequences that ended, however.
    pub finished: u64,
    /// Sequences that could not be computed.
    pub failed: u64,
    /// How often a running sequence had to wait again for others.
    pub preempted: u64,
}

/// Computes requests on a thread of its own. Dropping it cancels them and ends the thread.
#[derive(Debug)]
pub struct Server {
    model: Arc<Model>,
    options: ServerOptions,
    pages_max: usize,
    desk: Arc<Desk>,
    worker: Option<JoinHandle<()>>,
}

/// Where requests are left for the worker.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Default)]
struct State {
    submitted: Vec<Submitted>,
    /// As of the last step.
    statistics: ServerStatistics,
    is_closing: bool,
}

impl Server {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`EngineError::InvalidOption`] for numbers of sequences that are not allowed,
    /// [`EngineError::LimitExceeded`] if not even a page of keys and values fits, and
    /// [`EngineError::Thread`] if the system refuses the thread.
    pub fn start(model: Arc<Model>, options: ServerOptions) -> Result<Server, EngineError> {
        if !(1..=SEQUENCES_MAX).contains(&options.sequences_max) {
            let why = format!("{} is not in 1 to {SEQUENCES_MAX}", options.sequences_max);
            return Err(EngineError::InvalidOption { option: "sequences_max", why });
        }
        if options.waiting_max == 0 {
            let why = "0 would refuse everything: what runs has waited first".to_owned();
            return Err(EngineError::InvalidOption { option: "waiting_max", why });
        }
        let page_bytes = model.cache_shape().page_bytes().unwrap_or(u64::MAX);
        let pages_max = usize::try_from(options.cache_bytes_max / page_bytes).unwrap_or(usize::MAX);
        if pages_max == 0 {
            return Err(EngineError::LimitExceeded {
                what: "the memory for one page of keys and values, in bytes,",
                found: page_bytes,
                limit: options.cache_bytes_max,
                remedy: "allow the server more memory",
            });
        }
        let desk = Arc::new(Desk::default());
        let (of_worker, of_model) = (Arc::clone(&desk), Arc::clone(&model));
        desk.lock().statistics =
            ServerStatistics { page_bytes, pages_free: pages_max, ..ServerStatistics::default() };
        let sequences_max = options.sequences_max;
        let worker = Builder::new().name("engine server".to_owned());
        let worker = worker
            .spawn(move || of_worker.work(Scheduler::new(of_model, sequences_max, pages_max)));
        let worker = Some(worker.map_err(|source| EngineError::Thread { source })?);
        Ok(Server { model, options, pages_max, desk, worker })
    }

    /// The model of all requests.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Lets a request in. It is computed whether or not anyone looks at the handle, and cancelled
    /// when that is dropped.
    ///
    /// # Errors
    /// Those of a generation alone that can be seen before it; [`EngineError::InvalidOption`] for
    /// a number of candidates or constraints that is not allowed; [`EngineError::LimitExceeded`]
    /// if too many wait, or if the memory is not enough even for this request alone.
    pub fn submit(&self, request: Request) -> Result<Handle, EngineError> {
        request.check(&self.model)?;
        let pages = pages_of(positions_max(&self.model, request.prompt.len(), &request.options));
        if pages > self.pages_max {
            let page_bytes = self.model.cache_shape().page_bytes().unwrap_or(u64::MAX);
            return Err(EngineError::LimitExceeded {
                what: "the memory for keys and values of the longest text asked for, in bytes,",
                found: page_bytes.saturating_mul(pages as u64),
                limit: self.options.cache_bytes_max,
                remedy: "ask for fewer tokens, shorten the prompt, or allow the server more",
            });
        }
        let candidates = request.samplings.len();
        let cancels: Vec<CancelToken> = (0..candidates).map(|_| CancelToken::new()).collect();
        let (sender, events) = channel();
        let mut state = self.desk.lock();
        let waiting = state.statistics().waiting + candidates;
        if waiting > self.options.waiting_max {
            return Err(EngineError::LimitExceeded {
                what: "the number of sequences that would wait",
                found: waiting as u64,
                limit: self.options.waiting_max as u64,
                remedy: "try again later, with fewer candidates, or let more of them wait",
            });
        }
        let (start, of_worker) = (Instant::now(), cancels.clone());
        state.submitted.push(Submitted { request, cancels: of_worker, events: sender, start });
        drop(state);
        self.desk.arrival.notify_one();
        Ok(Handle { events, cancels, open: (0..candidates).collect() })
    }

    /// How it stood in the last step.
    #[must_use]
    pub fn statistics(&self) -> ServerStatistics {
        self.desk.lock().statistics()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.desk.lock().is_closing = true;
        self.desk.arrival.notify_one();
        if let Some(worker) = self.worker.take() {
            // A panic of the worker has been told to all whom it concerns.
            let _ = worker.join();
        }
    }
}

impl State {
    /// With what the worker has not seen yet.
    fn statistics(&self) -> ServerStatistics {
        let arrived: usize = self.submitted.iter().map(|other| other.cancels.len()).sum();
        ServerStatistics { waiting: self.statistics.waiting + arrived, ..self.statistics }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker: step after step while there is something to do.
    fn work(&self, mut scheduler: Scheduler) {
        loop {
            let mut state = self.lock();
            while scheduler.is_idle() && state.submitted.is_empty() && !state.is_closing {
                state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let is_closing = state.is_closing;
            // What was submitted waits, until the next statistics say otherwise.
            state.statistics = state.statistics();
            let submitted = std::mem::take(&mut state.submitted);
            drop(state);
            submitted.into_iter().for_each(|submitted| scheduler.add(submitted));
            if is_closing {
                return scheduler.cancel_all();
            }
            scheduler.schedule();
            self.lock().statistics = scheduler.statistics();
            scheduler.compute();
            self.lock().statistics = scheduler.statistics();
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// A request that was let in: an iterator over its events, which waits for each and ends when all
/// candidates have ended. Dropping it cancels the request.
#[derive(Debug)]
pub struct Handle {
    events: Receiver<Event>,
    /// Of each candidate.
    cancels: Vec<CancelToken>,
    /// Candidates that have not ended.
    open: BTreeSet<usize>,
}

impl Handle {
    /// Ends the request, within one step. What it has so far comes as events.
    pub fn cancel(&self) {
        self.cancels.iter().for_each(CancelToken::cancel);
    }

    /// Ends one candidate, within one step, or once the prompt is computed that it shares; the
    /// others go on. Does nothing if there is none of that number.
    pub fn cancel_candidate(&self, candidate: usize) {
        if let Some(cancel) = self.cancels.get(candidate) {
            cancel.cancel();
        }
    }

    /// Waits for all candidates.
    ///
    /// # Errors
    /// The first that a candidate had; the others are cancelled.
    pub fn wait(self) -> Result<Vec<Generated>, EngineError> {
        let mut all: Vec<(usize, Generated)> = Vec::with_capacity(self.open.len());
        for event in self {
            match event {
                Event::Text { .. } => {}
                Event::Finished { candidate, generated } => all.push((candidate, *generated)),
                Event::Failed { error, .. } => return Err(error),
            }
        }
        all.sort_by_key(|(candidate, _)| *candidate);
        Ok(all.into_iter().map(|(_, generated)| generated).collect())
    }
}

impl Iterator for Handle {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let first = *self.open.first()?;
        let event = self.events.recv();
        let event =
            event.unwrap_or(Event::Failed { candidate: first, error: EngineError::Stopped });
        match &event {
            Event::Text { .. } => {}
            Event::Finished { candidate, .. } | Event::Failed { candidate, .. } => {
                self.open.remove(candidate);
            }
        }
        Some(event)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.cancel();
    }
}
