//! Threads that compute together, and wait for each other in between without a system call.
//!
//! [`Pool::run`] hands out the numbers 0 to `count` to the calling thread and the workers, one by
//! one, so that a thread that the system holds up delays nobody but its last number. A worker
//! that comes late finds the job closed and is not waited for. Between jobs workers spin for some
//! microseconds, then sleep until the next job: an idle pool uses no processor.
//!
//! What is computed for a number must not depend on who computes it; then results are the same
//! for any number of threads.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};

/// How often a worker looks for a job before it sleeps: some 50 µs.
const LOOKS_BEFORE_SLEEP: u32 = 4000;
/// How often the caller looks for workers to be done before it lets others run.
const LOOKS_BEFORE_YIELD: u32 = 4000;
/// Most threads of a pool; more than any machine that this was made for.
const THREADS_MAX: usize = 256;

/// The lowest bits of the state count the workers inside a job; this one says it is open.
const OPEN: u64 = 1 << 16;
/// Bits from here on count the jobs so far.
const EPOCH: u64 = 1 << 17;

/// Some worker threads, which end with this value.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a job runs. A second caller does not wait: it computes alone.
    turn: Mutex<()>,
}

struct Shared {
    /// Jobs so far, whether the last is open, and how many workers are inside.
    state: AtomicU64,
    /// Written only while no job is open and no worker is inside.
    job: UnsafeCell<Option<Job>>,
    /// The next number to hand out.
    next: AtomicUsize,
    has_panicked: AtomicBool,
    is_ending: AtomicBool,
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
}

#[derive(Clone, Copy)]
struct Job {
    body: *const (dyn Fn(usize) + Sync),
    count: usize,
}

// SAFETY: `job` is the only part that is not shareable by itself. It is written by the holder of
// `Pool::turn` alone, while the job is closed and empty, and read by workers that entered an open
// job; entering and opening are atomic operations on `state` with acquire and release ordering.
// The pointer in it is to a `Sync` closure, which may be called from any thread.
unsafe impl Sync for Shared {}
// SAFETY: as above; nothing in it belongs to one thread.
unsafe impl Send for Shared {}

impl Pool {
    /// A pool of `threads` in all, the caller's included; None for one on each core. If the
    /// system refuses to start so many, there are fewer.
    pub(crate) fn new(threads: Option<NonZeroUsize>) -> Pool {
        let threads = threads.or_else(|| thread::available_parallelism().ok());
        let threads = threads.map_or(1, NonZeroUsize::get).min(THREADS_MAX);
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            next: AtomicUsize::new(0),
            has_panicked: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            alarm: Condvar::new(),
        });
        let start = |index| {
            let shared = Arc::clone(&shared);
            let named = thread::Builder::new().name(format!("engine {index}"));
            named.spawn(move || shared.serve()).ok()
        };
        let workers = (1..threads).map_while(start).collect();
        Pool { shared, workers, turn: Mutex::new(()) }
    }

    /// Threads that compute, the caller's included.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `body` once with each number below `count`, in any order, on any of the threads, and
    /// returns when all calls did. A call from inside a job, or while another thread's job runs,
    /// is computed by the caller alone. If a call panics, so does this.
    pub(crate) fn run(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        let turn = match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if turn.is_none() || self.workers.is_empty() || count < 2 {
            return (0..count).for_each(body);
        }
        let open = self.shared.open(count, body);
        self.shared.work(count, body);
        drop(open);
        if self.shared.has_panicked.load(Ordering::Acquire) {
            panic!("a part of the computation panicked on another thread");
        }
    }

    /// As [`Pool::run`], with an item of its own for each call.
    pub(crate) fn run_each<T: Send>(&self, items: &mut [T], body: impl Fn(usize, &mut T) + Sync) {
        let disjoint = Disjoint::new(items);
        self.run(disjoint.length, &|index| {
            // SAFETY: `run` hands out each index once.
            let item = unsafe { disjoint.slice(index, 1) };
            body(index, &mut item[0]);
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::SeqCst);
        self.shared.state.fetch_add(EPOCH, Ordering::SeqCst);
        self.shared.wake();
        for worker in self.workers.drain(..) {
            // Bodies are caught; a panic elsewhere in the worker ends it as well as this.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Makes a job visible to the workers. It is closed, and empty of workers, when the returned
    /// value is dropped: also when the caller's own part panics.
    fn open<'a>(&'a self, count: usize, body: &'a (dyn Fn(usize) + Sync)) -> OpenJob<'a> {
        let body: *const (dyn Fn(usize) + Sync + 'a) = body;
        // SAFETY: only the lifetime is changed. Workers use the pointer only between entering and
        // leaving the job, and `OpenJob`, which borrows the body, waits until all have left.
        let body: *const (dyn Fn(usize) + Sync + 'static) = unsafe { std::mem::transmute(body) };
        self.has_panicked.store(false, Ordering::Relaxed);
        self.next.store(0, Ordering::Relaxed);
        // SAFETY: the caller holds `turn` and the job before was closed and left by all, so no
        // one else reads or writes the cell.
        unsafe { *self.job.get() = Some(Job { body, count }) };
        self.state.fetch_add(EPOCH | OPEN, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.wake();
        }
        OpenJob(self)
    }

    fn wake(&self) {
        // Taken so that no worker is between its last look and its sleep.
        drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
        self.alarm.notify_all();
    }

    fn work(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            body(index);
        }
    }

    /// The life of a worker.
    fn serve(&self) {
        let mut seen = 0;
        while !self.is_ending.load(Ordering::SeqCst) {
            seen = self.wait_for_news(seen);
            if !self.try_enter() {
                continue;
            }
            // SAFETY: between entering and leaving an open job nobody writes the cell.
            if let Some(job) = unsafe { *self.job.get() } {
                // SAFETY: the body lives until all workers left the job; see `open`.
                let body = unsafe { &*job.body };
                if catch_unwind(AssertUnwindSafe(|| self.work(job.count, body))).is_err() {
                    self.has_panicked.store(true, Ordering::Release);
                }
            }
            self.state.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Returns the number of the current job when it is not `seen`.
    fn wait_for_news(&self, seen: u64) -> u64 {
        let epoch = || self.state.load(Ordering::SeqCst) / EPOCH;
        for _ in 0..LOOKS_BEFORE_SLEEP {
            if epoch() != seen {
                return epoch();
            }
            std::hint::spin_loop();
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while epoch() == seen {
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        epoch()
    }

    /// Counts this worker in, unless the job is closed.
    fn try_enter(&self) -> bool {
        let enter = |state| (state & OPEN != 0).then_some(state + 1);
        self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, enter).is_ok()
    }
}

struct OpenJob<'a>(&'a Shared);

impl Drop for OpenJob<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_and(!OPEN, Ordering::SeqCst);
        let mut looks = 0;
        while !self.0.state.load(Ordering::SeqCst).is_multiple_of(OPEN) {
            looks += 1;
            if looks < LOOKS_BEFORE_YIELD {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// A slice of which several threads write different parts.
pub(super) struct Disjoint<'a, T> {
    start: *mut T,
    length: usize,
    borrows: PhantomData<&'a mut [T]>,
}

// SAFETY: it gives out parts of a `&mut [T]` to different threads, which `T: Send` allows; that
// the parts do not overlap is the condition of `slice`.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    pub(super) fn new(items: &'a mut [T]) -> Disjoint<'a, T> {
        Disjoint { start: items.as_mut_ptr(), length: items.len(), borrows: PhantomData }
    }

    /// The items from `first` on.
    ///
    /// # Safety
    /// No two slices that live at the same time overlap.
    #[allow(clippy::mut_from_ref, reason = "the condition above is what makes it sound")]
    pub(super) unsafe fn slice(&self, first: usize, count: usize) -> &mut [T] {
        let end = first.checked_add(count).expect("ranges do not overflow");
        assert!(end <= self.length, "parts lie inside the whole");
        // SAFETY: inside the slice that this value borrows exclusively, as just checked, and
        // disjoint from all others by the condition of this function.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), count) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn pool(threads: usize) -> Pool {
        Pool::new(NonZeroUsize::new(threads))
    }

    #[test]
    fn every_number_is_computed_once() {
        for threads in [1, 2, 3, 8] {
            let pool = pool(threads);
            assert_eq!(pool.threads(), threads);
            for count in [0, 1, 2, 7, 1000] {
                let mut hits = vec![0; count];
                pool.run_each(&mut hits, |index, hit| *hit += index + 1);
                assert!(hits.iter().enumerate().all(|(index, hit)| *hit == index + 1));
            }
        }
    }

    #[test]
    fn jobs_follow_each_other_asleep_or_not() {
        let pool = pool(3);
        let total = AtomicUsize::new(0);
        for round in 0..20_000 {
            pool.run(4, &|index| {
                total.fetch_add(index, Ordering::Relaxed);
            });
            if round % 4000 == 0 {
                thread::sleep(Duration::from_millis(5));
            }
        }
        assert_eq!(total.into_inner(), 6 * 20_000);
    }

    #[test]
    fn a_panic_on_any_thread_reaches_the_caller_and_ends_nothing() {
        let pool = pool(3);
        for round in 0..200 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(50, &|index| assert_ne!(index, round % 50, "as planned"));
            }));
            assert!(result.is_err());
            let sum = AtomicUsize::new(0);
            pool.run(50, &|index| {
                sum.fetch_add(index, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 1225);
        }
    }

    #[test]
    fn nested_and_simultaneous_jobs_finish() {
        let pool = pool(3);
        let total = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        pool.run(5, &|_| {
                            pool.run(5, &|_| {
                                total.fetch_add(1, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(total.into_inner(), 3 * 300 * 25);
    }

    /// Sleeping workers do not count as time of this process.
    #[test]
    fn workers_fall_asleep() {
        let pool = pool(4);
        pool.run(8, &|_| {});
        let start = Instant::now();
        while pool.shared.sleepers.load(Ordering::SeqCst) < 3 {
            assert!(start.elapsed() < Duration::from_secs(20), "workers still look for jobs");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
