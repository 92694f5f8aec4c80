//! Sequences that wait. Clients take turns, and the one with the least running comes first, so
//! that many requests of one do not keep a single one of another from being served.

use std::collections::VecDeque;
use std::sync::Arc;

use super::job::Job;

/// Waiting sequences, by client.
#[derive(Default)]
pub(super) struct Queue {
    /// In the order of turns; none is empty.
    clients: VecDeque<(Arc<str>, VecDeque<Job>)>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Waiting sequences, with those that wait for the prompt of another.
    pub(super) fn sequences(&self) -> usize {
        self.jobs().map(|job| 1 + job.followers.len()).sum()
    }

    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.clients.iter().flat_map(|(_, jobs)| jobs)
    }

    /// Adds a sequence after the others of its client.
    pub(super) fn push_back(&mut self, job: Job) {
        self.of_client(&job.client).push_back(job);
    }

    /// Adds a sequence before the others of its client.
    pub(super) fn push_front(&mut self, job: Job) {
        self.of_client(&job.client).push_front(job);
    }

    fn of_client(&mut self, client: &Arc<str>) -> &mut VecDeque<Job> {
        let at = self.clients.iter().position(|(other, _)| other == client);
        let at = at.unwrap_or_else(|| {
            self.clients.push_back((Arc::clone(client), VecDeque::new()));
            self.clients.len() - 1
        });
        &mut self.clients[at].1
    }

    /// The next sequence to run, where clients have as many running as `running` tells.
    pub(super) fn next(&self, running: impl Fn(&str) -> usize) -> Option<&Job> {
        let client = self.clients.iter().min_by_key(|(client, _)| running(client));
        client.and_then(|(_, jobs)| jobs.front())
    }

    /// Takes the first sequence of a client, whose turn then comes last.
    pub(super) fn take(&mut self, client: &str) -> Option<Job> {
        let at = self.clients.iter().position(|(other, _)| &**other == client)?;
        let (client, mut jobs) = self.clients.remove(at)?;
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.clients.push_back((client, jobs));
        }
        job
    }

    /// Takes those sequences out of which `is_out` holds.
    pub(super) fn take_all(&mut self, is_out: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut out = Vec::new();
        for (_, jobs) in &mut self.clients {
            let (gone, kept) = std::mem::take(jobs).into_iter().partition(&is_out);
            let gone: VecDeque<Job> = gone;
            *jobs = kept;
            out.extend(gone);
        }
        self.clients.retain(|(_, jobs)| !jobs.is_empty());
        out
    }
}
