//! Which sequences run, and what each step computes of them.
//!
//! A step is one pass of the network over one token of each running sequence, with its guess,
//! and over a bounded piece of prompts (Yu et al. 2022, "Orca"; Agrawal et al. 2024,
//! arXiv:2403.02310). Sequences join and leave between steps.
//!
//! A sequence runs only if the pages that it may ever need fit beside those that the running
//! ones may ever need, so none runs out of them. Pages that nobody needs any more are kept for
//! prompts that begin alike, until their room is needed. A sequence that has to make way for
//! another keeps its text, waits, and goes on from whatever pages are still there.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::ServerStatistics;
use super::job::{Job, Submitted};
use super::queue::Queue;
use crate::cache::prefixes::Prefixes;
use crate::cache::{KvCache, Page};
use crate::error::EngineError;
use crate::generate::{Finish, StepLoad};
use crate::kernels::PAGE_POSITIONS;
use crate::model::{Chunk, Model};
use crate::session::{TOKENS_AT_ONCE, prompt_tokens_at_once};
use crate::speculation::StepCosts;

/// Tokens of prompts in a step while a sequence writes, which waits for them; while none does,
/// see [`prompt_tokens_at_once`]. The last piece may go beyond, by less than a page.
const PREFILL_TOKENS: usize = 32;
const _: () = assert!(PREFILL_TOKENS.is_multiple_of(PAGE_POSITIONS), "pieces end with pages");
/// Tokens of which a step computes logits, if each running sequence gets at least one.
const ROWS: usize = 64;
/// Steps after which a running sequence makes way for one that waits.
const TURN_STEPS: u64 = 256;

/// Everything that runs and waits.
pub(super) struct Scheduler {
    model: Arc<Model>,
    sequences_max: usize,
    prefixes: Prefixes,
    queue: Queue,
    running: Vec<Slot>,
    /// The step in which a piece of a prompt of a client was computed last.
    served: BTreeMap<Arc<str>, u64>,
    /// [rows, vocabulary].
    logits: Vec<f32>,
    costs: StepCosts,
    statistics: ServerStatistics,
}

/// A running sequence.
struct Slot {
    job: Job,
    cache: KvCache,
    /// The step in which its tokens were all computed but the last, so that it began to write.
    since: u64,
    /// The step in which a piece of its prompt was computed last.
    served: u64,
}

impl Slot {
    /// Pages that it may need beside those that it has.
    fn pages_to_come(&self) -> usize {
        pages_of(self.job.sequence.positions_max()).saturating_sub(self.cache.pages().len())
    }

    /// Whether more than the last token is to be computed.
    fn is_behind(&self) -> bool {
        self.job.sequence.is_in_prompt()
            || self.cache.length() + 1 < self.job.sequence.tokens().len()
    }
}

/// Pages that as many positions take.
pub(super) fn pages_of(positions: usize) -> usize {
    positions.div_ceil(PAGE_POSITIONS)
}

impl Scheduler {
    /// Both limits are at least 1.
    pub(super) fn new(model: Arc<Model>, sequences_max: usize, pages_max: usize) -> Scheduler {
        let shape = model.cache_shape();
        Scheduler {
            sequences_max,
            prefixes: Prefixes::new(shape, pages_max),
            queue: Queue::default(),
            running: Vec::new(),
            served: BTreeMap::new(),
            logits: Vec::new(),
            costs: StepCosts::default(),
            statistics: ServerStatistics {
                page_bytes: shape.page_bytes().unwrap_or(u64::MAX),
                ..ServerStatistics::default()
            },
            model,
        }
    }

    /// Lets a request wait for its turn.
    pub(super) fn add(&mut self, submitted: Submitted) {
        if let Some(job) = Job::new(&self.model, submitted, self.costs) {
            self.queue.push_back(job);
        }
    }

    /// Whether nothing runs and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.queue.is_empty()
    }

    /// Ends everything.
    pub(super) fn cancel_all(&mut self) {
        let mut jobs = self.queue.take_all(|_| true);
        jobs.extend(self.running.drain(..).map(|slot| slot.job));
        while let Some(job) = jobs.pop() {
            jobs.extend(job.end(Ok(Finish::Cancelled)));
        }
    }

    /// The first half of a step: ends what has to end, and lets in what fits.
    pub(super) fn schedule(&mut self) {
        self.end_overdue(Instant::now());
        self.admit();
    }

    /// How it stands.
    pub(super) fn statistics(&self) -> ServerStatistics {
        let holders = self.holders();
        let pages = self.prefixes.pages();
        ServerStatistics {
            running: self.running.len(),
            waiting: self.queue.sequences() + self.followers(),
            pages_in_use: holders.len(),
            pages_shared: holders.values().filter(|holders| **holders > 1).count(),
            pages_cached: pages - holders.len(),
            pages_free: self.prefixes.pages_max().saturating_sub(pages),
            ..self.statistics
        }
    }

    fn followers(&self) -> usize {
        self.running.iter().map(|slot| slot.job.followers.len()).sum()
    }

    /// Ends what was cancelled or has no time left.
    fn end_overdue(&mut self, now: Instant) {
        for index in (0..self.running.len()).rev() {
            if let Some(finish) = self.running[index].job.must_end(now) {
                self.end(index, Ok(finish));
            }
        }
        // The end of one lets its followers wait for themselves, which may be overdue as well.
        loop {
            let overdue = self.queue.take_all(|job| job.must_end(now).is_some());
            if overdue.is_empty() {
                return;
            }
            for job in overdue {
                let finish = job.must_end(now).unwrap_or(Finish::Cancelled);
                self.tell_end(job, Ok(finish));
            }
        }
    }

    /// Ends a running sequence. Its pages stay for others.
    fn end(&mut self, index: usize, outcome: Result<Finish, EngineError>) {
        let Slot { job, cache, .. } = self.running.remove(index);
        if outcome.is_ok() {
            self.prefixes.keep_all(job.sequence.tokens(), cache);
        }
        if let Some(costs) = job.sequence.step_costs() {
            self.costs = costs;
        }
        self.tell_end(job, outcome);
    }

    /// Tells the end. If there are followers, the first of them leads the others.
    fn tell_end(&mut self, job: Job, outcome: Result<Finish, EngineError>) {
        self.statistics.finished += u64::from(outcome.is_ok());
        self.statistics.failed += u64::from(outcome.is_err());
        let mut followers = job.end(outcome).into_iter();
        if let Some(mut first) = followers.next() {
            first.followers = followers.collect();
            self.queue.push_front(first);
        }
    }

    /// Lets sequences run, as many as fit.
    fn admit(&mut self) {
        loop {
            let running = |client: &str| self.running_of(client);
            let Some(job) = self.queue.next(running) else { return };
            let client = Arc::clone(&job.client);
            let job_pages = pages_of(job.sequence.positions_max());
            let has_room = self.running.len() < self.sequences_max && {
                let holders = self.holders();
                let found = self.prefixes.find(known_prefix(job));
                let shared =
                    found.pages.iter().filter(|page| holders.contains_key(&Arc::as_ptr(page)));
                let promised = holders.len()
                    + self.running.iter().map(Slot::pages_to_come).sum::<usize>()
                    + job_pages.saturating_sub(shared.count());
                promised <= self.prefixes.pages_max()
            };
            if has_room {
                if let Some(job) = self.queue.take(&client) {
                    self.start(job);
                }
            } else if let Some(index) = self.who_makes_way(&client) {
                self.make_way(index);
            } else {
                return;
            }
        }
    }

    fn running_of(&self, client: &str) -> usize {
        self.running.iter().filter(|slot| *slot.job.client == *client).count()
    }

    /// How many running sequences hold each page.
    fn holders(&self) -> HashMap<*const Page, usize> {
        let mut holders = HashMap::new();
        for page in self.running.iter().flat_map(|slot| slot.cache.pages()) {
            *holders.entry(Arc::as_ptr(page)).or_default() += 1;
        }
        holders
    }

    /// Which running sequence waits in place of one of `client`: the newest of the client with
    /// the most, as long as that leaves it no fewer; or the one that has written for longest, if
    /// that was long. Each turn brings a text forward, whatever has to be computed again.
    fn who_makes_way(&self, client: &str) -> Option<usize> {
        let counts = self.running.iter().map(|slot| self.running_of(&slot.job.client));
        let most = counts.max()?;
        if most > self.running_of(client) + 1 {
            return self.running.iter().rposition(|s| self.running_of(&s.job.client) == most);
        }
        let writing = self.running.iter().enumerate().filter(|(_, slot)| !slot.is_behind());
        let (index, slot) = writing.min_by_key(|(_, slot)| slot.since)?;
        (slot.since + TURN_STEPS <= self.statistics.steps).then_some(index)
    }

    /// Makes a running sequence wait.
    fn make_way(&mut self, index: usize) {
        let Slot { job, cache, .. } = self.running.remove(index);
        self.prefixes.keep_all(job.sequence.tokens(), cache);
        self.statistics.preempted += 1;
        self.queue.push_back(job);
    }

    fn start(&mut self, mut job: Job) {
        let mut cache = self.prefixes.new_cache();
        let reused = self.prefixes.fill(known_prefix(&job), &mut cache);
        self.statistics.tokens_reused += reused as u64;
        job.sequence.set_reused(reused);
        self.running.push(Slot { job, cache, since: self.statistics.steps, served: 0 });
    }

    /// How many tokens at most of each running sequence the step computes.
    fn limits(&mut self) -> Vec<usize> {
        let behind = self.running.iter().filter(|slot| slot.is_behind()).count();
        let rows = (ROWS / (self.running.len() - behind).max(1)).clamp(1, TOKENS_AT_ONCE);
        let mut limits = vec![rows; self.running.len()];
        let mut order: Vec<usize> = Vec::with_capacity(behind);
        for (index, slot) in self.running.iter().enumerate() {
            if slot.is_behind() {
                limits[index] = 0;
                order.push(index);
            }
        }
        let served = |index: &usize| {
            let Slot { job, served, .. } = &self.running[*index];
            (self.served.get(&job.client).copied().unwrap_or(0), *served)
        };
        order.sort_by_key(served);
        let all_are_behind = order.len() == self.running.len();
        let mut left =
            if all_are_behind { prompt_tokens_at_once(&self.model) } else { PREFILL_TOKENS };
        for index in order {
            if left == 0 {
                break;
            }
            let slot = &mut self.running[index];
            // Others may have computed what comes next.
            let reused = self.prefixes.fill(known_prefix(&slot.job), &mut slot.cache);
            self.statistics.tokens_reused += reused as u64;
            let limit =
                left.next_multiple_of(PAGE_POSITIONS) - slot.cache.length() % PAGE_POSITIONS;
            let tokens = slot.job.sequence.next_tokens(slot.cache.length(), limit).0.len();
            left = left.saturating_sub(tokens);
            limits[index] = limit;
            slot.served = self.statistics.steps;
            self.served.insert(Arc::clone(&slot.job.client), self.statistics.steps);
        }
        limits
    }

    /// The second half of a step: computes, and tells.
    pub(super) fn compute(&mut self) {
        let running = &self.running;
        self.served.retain(|client, _| running.iter().any(|slot| slot.job.client == *client));
        if self.running.is_empty() {
            return;
        }
        self.statistics.steps += 1;
        let limits = self.limits();
        let mut rows = Vec::with_capacity(self.running.len());
        let mut new_pages = 0;
        for (slot, limit) in self.running.iter().zip(&limits) {
            let (tokens, wanted) = slot.job.sequence.next_tokens(slot.cache.length(), *limit);
            new_pages += slot.cache.missing_pages(tokens.len());
            if slot.is_behind() {
                self.statistics.tokens_prefilled += tokens.len() as u64;
            }
            rows.push(wanted);
        }
        // There is room: what runs was let in with all that it may need.
        self.prefixes.make_room(new_pages);
        let start = Instant::now();
        if !self.forward(&limits, rows.iter().sum()) {
            return;
        }
        let sequences = limits.iter().filter(|limit| **limit > 0).count();
        let load = StepLoad { elapsed: start.elapsed(), sequences };
        self.advance(&rows, load);
    }

    /// One pass of the network. False if it panicked: then everything that runs has failed.
    fn forward(&mut self, limits: &[usize], rows: usize) -> bool {
        let mut batch = Vec::with_capacity(limits.len());
        for (slot, limit) in self.running.iter_mut().zip(limits).filter(|(_, limit)| **limit > 0) {
            let Slot { job, cache, .. } = slot;
            let (tokens, rows) = job.sequence.next_tokens(cache.length(), *limit);
            batch.push(Chunk { tokens, cache, rows });
        }
        self.logits.resize(rows * self.model.info().vocabulary_size, 0.0);
        // The caches are dropped after a panic.
        let forward = AssertUnwindSafe(|| self.model.forward(&mut batch, &mut self.logits));
        let is_done = catch_unwind(forward).is_ok();
        if !is_done {
            for Slot { job, .. } in std::mem::take(&mut self.running) {
                self.tell_end(job, Err(EngineError::Panicked { what: "computing a step" }));
            }
        }
        is_done
    }

    /// Hands each sequence its rows of the logits.
    fn advance(&mut self, rows: &[usize], load: StepLoad) {
        let vocabulary = self.model.info().vocabulary_size;
        let logits = std::mem::take(&mut self.logits);
        let mut rest = &logits[..];
        let mut outcomes = Vec::new();
        for (index, rows) in rows.iter().enumerate() {
            let (own, others) = rest.split_at(rows * vocabulary);
            rest = others;
            let slot = &mut self.running[index];
            if slot.is_behind() {
                slot.since = self.statistics.steps;
            }
            let known = slot.job.sequence.tokens().len();
            let outcome = if own.is_empty() { Ok(None) } else { slot.job.advance(own, load) };
            slot.cache.truncate(slot.job.sequence.right_tokens());
            self.prefixes.keep(slot.job.sequence.tokens(), &mut slot.cache);
            self.statistics.tokens_decoded += (slot.job.sequence.tokens().len() - known) as u64;
            outcomes.push(outcome);
        }
        self.logits = logits;
        for (index, outcome) in outcomes.into_iter().enumerate().rev() {
            match outcome {
                Ok(None) => self.release_followers(index),
                Ok(Some(finish)) => self.end(index, Ok(finish)),
                Err(error) => self.end(index, Err(error)),
            }
        }
    }

    /// Once the prompt is computed, the other candidates may run.
    fn release_followers(&mut self, index: usize) {
        let slot = &mut self.running[index];
        if slot.job.followers.is_empty() || slot.job.sequence.is_in_prompt() {
            return;
        }
        let followers = std::mem::take(&mut slot.job.followers);
        self.prefixes.keep_copy(slot.job.sequence.tokens(), &mut slot.cache);
        for follower in followers.into_iter().rev() {
            self.queue.push_front(follower);
        }
    }
}

/// All tokens of a sequence but the last, whose logits are needed.
fn known_prefix(job: &Job) -> &[u32] {
    let tokens = job.sequence.tokens();
    &tokens[..tokens.len() - 1]
}
