//! Work on all cores, with the results in order and only a few of them waiting.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

/// Results that may wait for an earlier one, for each thread.
const AHEAD: usize = 16;

/// Does `work` for every number below `count` and hands each result to `take`, in order, on the
/// calling thread. However much there is to do, only a few results are held at a time.
///
/// # Errors
/// The first error of `take`, after which nothing more is done, or that a thread panicked.
pub(super) fn in_order<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let threads = threads.clamp(1, count.max(1));
    let queue = Queue {
        state: Mutex::new(State { next: 0, taken: 0, ready: BTreeMap::new(), stopped: false }),
        changed: Condvar::new(),
        count,
        ahead: AHEAD * threads,
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let _stop = StopOnPanic(&queue);
                while let Some(index) = queue.next() {
                    let result = work(index);
                    queue.finish(index, result);
                }
            });
        }
        for index in 0..count {
            let Some(result) = queue.wait(index) else { anyhow::bail!("a thread panicked") };
            take(index, result).inspect_err(|_| queue.stop())?;
        }
        Ok(())
    })
}

struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    ahead: usize,
}

struct State<T> {
    /// The next number that nobody works on.
    next: usize,
    /// Results that were taken.
    taken: usize,
    ready: BTreeMap<usize, T>,
    stopped: bool,
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_on<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        while !state.stopped && state.next < self.count && state.next >= state.taken + self.ahead {
            state = self.wait_on(state);
        }
        if state.stopped || state.next >= self.count {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn finish(&self, index: usize, result: T) {
        self.lock().ready.insert(index, result);
        self.changed.notify_all();
    }

    fn wait(&self, index: usize) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(result) = state.ready.remove(&index) {
                state.taken = index + 1;
                self.changed.notify_all();
                return Some(result);
            }
            if state.stopped {
                return None;
            }
            state = self.wait_on(state);
        }
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Nobody waits for ever for what a thread that panicked would have done.
struct StopOnPanic<'a, T>(&'a Queue<T>);

impl<T> Drop for StopOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_few_wait() {
        let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let most = AtomicUsize::new(0);
        let mut seen = Vec::new();
        let work = |index: usize| {
            let ahead = begun.fetch_add(1, Ordering::SeqCst) + 1 - taken.load(Ordering::SeqCst);
            most.fetch_max(ahead, Ordering::SeqCst);
            index * index
        };
        in_order(1_000, 3, work, |index, square| {
            seen.push((index, square));
            taken.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, (0..1_000).map(|n| (n, n * n)).collect::<Vec<_>>());
        assert!(most.into_inner() <= 3 * AHEAD + 3);
    }

    #[test]
    fn errors_and_panics_end_it() {
        let failed = in_order(
            1_000,
            2,
            |index| index,
            |index, _| {
                anyhow::ensure!(index < 7, "seven");
                Ok(())
            },
        );
        assert_eq!(failed.unwrap_err().to_string(), "seven");
        in_order(0, 2, |_| (), |_, ()| Ok(())).unwrap();
        let died = std::panic::catch_unwind(|| {
            let work = |index: usize| assert!(index != 70, "a test of what happens on a panic");
            in_order(1_000, 2, work, |_, ()| Ok(()))
        });
        assert!(died.is_err(), "the panic of the thread is passed on");
    }
}
