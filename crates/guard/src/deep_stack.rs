//! Runs third-party parsers where they can do no harm: on a thread with a deep stack, with panics
//! caught and told to stop when they take too long.
//!
//! A stack overflow ends the process and cannot be caught, so the callers bound how deeply their
//! input nests first; this stack is large enough for everything they let through, in builds
//! without optimisation too. Pages of the stack that are not touched cost nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Address space of the stack, in bytes.
const STACK_BYTES: usize = 256 << 20;

/// How long a job may take before it is told to stop. Work is bounded by counting wherever that is
/// possible; this is for what counting misses, as the recovery from errors of some grammars.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a job is given: ways to tell and to be told.
pub(crate) struct Watch<'a> {
    milestone: &'a dyn Fn(),
    late: &'a AtomicBool,
}

impl Watch<'_> {
    /// Marks the one moment that divides the job's time in two.
    pub(crate) fn milestone(&self) {
        (self.milestone)();
    }

    /// Whether the job has taken too long.
    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }
}

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Ran<T> {
    /// The job's result; `None` where it panicked or no thread could be had.
    pub value: Option<T>,
    /// Time from the job's milestone to its end, in microseconds; 0 where it has none.
    pub after_us: u64,
}

/// Runs `job` on a thread of its own.
pub(crate) fn run<T: Send>(
    clock: &dyn Fn() -> u64,
    job: impl FnOnce(&Watch<'_>) -> T + Send,
) -> Ran<T> {
    let late = AtomicBool::new(false);
    let (milestone, milestones) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let late = &late;
        let body = move || {
            // A send fails only where nobody waits any more.
            let mark = || _ = milestone.send(());
            let watch = Watch { milestone: &mark, late };
            catch_unwind(AssertUnwindSafe(|| job(&watch))).ok()
        };
        let builder = thread::Builder::new().name("guard".to_owned()).stack_size(STACK_BYTES);
        let Ok(handle) = builder.spawn_scoped(scope, body) else {
            return Ran { value: None, after_us: 0 };
        };
        let mut divided = None;
        loop {
            match milestones.recv_timeout(PATIENCE) {
                Ok(()) => divided = Some(clock()),
                Err(RecvTimeoutError::Timeout) => late.store(true, Ordering::Relaxed),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let value = handle.join().ok().flatten();
        let ended = clock();
        let divided = divided.unwrap_or(ended);
        Ran { value, after_us: ended.saturating_sub(divided) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_panics_and_deep_recursion() {
        fn depth(n: usize) -> usize {
            if n == 0 { 0 } else { 1 + std::hint::black_box(depth(n - 1)) }
        }
        assert_eq!(run(&|| 0, |_| depth(200_000)).value, Some(200_000));
        let ran: Ran<()> = run(&|| 0, |_| panic!("a test of what happens on a panic"));
        assert_eq!(ran.value, None);
    }

    #[test]
    fn divides_the_time_at_the_milestone() {
        let now = std::cell::Cell::new(0);
        let clock = || now.replace(now.get() + 10);
        let ran = run(&clock, |watch| watch.milestone());
        assert_eq!(ran.after_us, 10);
        assert_eq!(run(&clock, |_| ()).after_us, 0);
    }

    #[test]
    fn what_takes_too_long_is_told_to_stop() {
        let ran = run(&|| 0, |watch| {
            while !watch.is_late() {
                thread::yield_now();
            }
        });
        assert_eq!(ran.value, Some(()));
    }
}
