//! Runs third-party parsers where they can do no harm: on a thread with a deep stack, with panics
//! caught, and given up when they take too long.
//!
//! A stack overflow ends the process and cannot be caught, so the callers bound how deeply their
//! input nests first; this stack is large enough for everything they let through, in builds
//! without optimisation too. Pages of the stack that are not touched cost nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Address space of the stack, in bytes.
const STACK_BYTES: usize = 256 << 20;

/// How long a job may take before it is told to stop. Work is bounded by counting wherever that is
/// possible; this is for what counting misses, as the recovery from errors of some grammars.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The same for parsers whose work grows with the text alone, which only builds without
/// optimisation bring near the other limit.
pub(crate) const LINEAR_PATIENCE: Duration =
    Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });

/// How long a job that was told to stop may go on before nobody waits for it any more.
const GRACE: Duration = Duration::from_millis(200);

/// What a job is given: ways to tell and to be told.
pub(crate) struct Watch {
    milestone: Sender<()>,
    late: Arc<AtomicBool>,
}

impl Watch {
    /// Marks the one moment that divides the job's time in two.
    pub(crate) fn milestone(&self) {
        // A send fails only where nobody waits any more.
        let _ = self.milestone.send(());
    }

    /// Whether the job has taken too long.
    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }
}

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Ran<T> {
    pub value: Result<T, Lost>,
    /// Time from the job's milestone to its end, in microseconds; 0 where it has none.
    pub after_us: u64,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It panicked, or no thread could be had.
    Failed,
    /// It took too long. Its thread ends when it is done.
    Late,
}

/// Runs `job` on a thread of its own.
pub(crate) fn run<T: Send + 'static>(
    clock: &dyn Fn() -> u64,
    mut patience: Duration,
    job: impl FnOnce(&Watch) -> T + Send + 'static,
) -> Ran<T> {
    let (milestone, milestones) = mpsc::channel::<()>();
    let late = Arc::new(AtomicBool::new(false));
    let watch = Watch { milestone, late: Arc::clone(&late) };
    let body = move || catch_unwind(AssertUnwindSafe(|| job(&watch))).ok();
    let builder = thread::Builder::new().name("guard".to_owned()).stack_size(STACK_BYTES);
    let Ok(handle) = builder.spawn(body) else {
        return Ran { value: Err(Lost::Failed), after_us: 0 };
    };
    let mut divided = None;
    loop {
        match milestones.recv_timeout(patience) {
            Ok(()) => divided = Some(clock()),
            Err(RecvTimeoutError::Timeout) if late.swap(true, Ordering::Relaxed) => {
                return Ran { value: Err(Lost::Late), after_us: 0 };
            }
            Err(RecvTimeoutError::Timeout) => patience = GRACE,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let value = handle.join().ok().flatten().ok_or(Lost::Failed);
    let ended = clock();
    let divided = divided.unwrap_or(ended);
    Ran { value, after_us: ended.saturating_sub(divided) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_panics_and_deep_recursion() {
        fn depth(n: usize) -> usize {
            if n == 0 { 0 } else { 1 + std::hint::black_box(depth(n - 1)) }
        }
        assert_eq!(run(&|| 0, PATIENCE, |_| depth(200_000)).value, Ok(200_000));
        let ran: Ran<()> = run(&|| 0, PATIENCE, |_| panic!("a test of what happens on a panic"));
        assert_eq!(ran.value, Err(Lost::Failed));
    }

    #[test]
    fn divides_the_time_at_the_milestone() {
        let now = std::cell::Cell::new(0);
        let clock = || now.replace(now.get() + 10);
        let ran = run(&clock, PATIENCE, Watch::milestone);
        assert_eq!(ran.after_us, 10);
        assert_eq!(run(&clock, PATIENCE, |_| ()).after_us, 0);
    }

    #[test]
    fn what_takes_too_long_is_told_to_stop_and_then_left_alone() {
        let polite = run(&|| 0, PATIENCE, |watch| {
            while !watch.is_late() {
                thread::yield_now();
            }
        });
        assert_eq!(polite.value, Ok(()));
        let stubborn = run(&|| 0, PATIENCE, |_| thread::sleep(PATIENCE * 2));
        assert_eq!(stubborn.value, Err(Lost::Late));
    }
}
