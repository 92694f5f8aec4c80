//! Runs third-party parsers where they can do no harm: on a thread with a deep stack, with panics
//! caught.
//!
//! A stack overflow ends the process and cannot be caught, so the callers bound how deeply their
//! input nests first; this stack is large enough for everything they let through, in builds
//! without optimisation too. Pages of the stack that are not touched cost nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

/// Address space of the stack, in bytes.
const STACK_BYTES: usize = 256 << 20;

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Ran<T> {
    /// The job's result; `None` where it panicked or no thread could be had.
    pub value: Option<T>,
    /// Time from the job's milestone to its end, in microseconds; 0 where it has none.
    pub after_us: u64,
}

/// Runs `job` on a thread of its own. The job calls the function it is given at the one moment
/// that divides its time in two.
pub(crate) fn run<T: Send>(
    clock: &dyn Fn() -> u64,
    job: impl FnOnce(&dyn Fn()) -> T + Send,
) -> Ran<T> {
    let (milestone, milestones) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let body = move || {
            // A send fails only where nobody waits any more.
            let mark = || _ = milestone.send(());
            catch_unwind(AssertUnwindSafe(|| job(&mark))).ok()
        };
        let builder = thread::Builder::new().name("guard".to_owned()).stack_size(STACK_BYTES);
        let Ok(handle) = builder.spawn_scoped(scope, body) else {
            return Ran { value: None, after_us: 0 };
        };
        let mut divided = None;
        while let Ok(()) = milestones.recv() {
            divided = Some(clock());
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
        let ran = run(&clock, |milestone| milestone());
        assert_eq!(ran.after_us, 10);
        assert_eq!(run(&clock, |_| ()).after_us, 0);
    }
}
