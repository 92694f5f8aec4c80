//! Several writers at once, and readers beside them.

use std::thread;
use std::time::{Duration, Instant};

use ledger::{EventKind, Ledger, LedgerError};

use crate::fixture::*;
use crate::tamper_sql::connect;

/// Each thread has its own connection, as processes have.
#[test]
fn writers_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    const WRITERS: u64 = 4;
    const EVENTS: u64 = 15;
    let receipts: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let dir = dir.path();
                scope.spawn(move || {
                    // First use, too, is raced for.
                    let mut ledger = Ledger::open(dir).unwrap();
                    let kinds = [EventKind::Request, EventKind::Response];
                    let write = |n: u64| ledger.append(&event(writer, kinds[n as usize % 2]));
                    (0..EVENTS).map(write).collect::<Result<Vec<_>, _>>().unwrap()
                })
            })
            .collect();
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            let ledger = Ledger::open(dir.path()).unwrap();
            for _ in 0..2 {
                assert_holds(&ledger);
            }
        });
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(assert_holds(&ledger).entries, WRITERS * EVENTS);
    let mut indexes: Vec<u64> = receipts.iter().map(ledger::Receipt::index).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..WRITERS * EVENTS).collect::<Vec<_>>());
    for receipt in &receipts {
        let leaf = ledger.leaf(receipt.index()).unwrap().unwrap();
        receipt.verify(&leaf, ledger.verifier()).unwrap();
        assert!(ledger.continues(receipt.checkpoint_note()).unwrap());
    }
}

#[test]
fn waiting_ends() {
    let (dir, mut ledger) = small();
    let other = connect(dir.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    match ledger.append(&event(9, EventKind::Request)) {
        Err(e @ LedgerError::Busy { .. }) => assert!(e.to_string().contains("10 s"), "{e}"),
        other => panic!("{other:?}"),
    }
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(9) && waited < Duration::from_secs(30), "{waited:?}");
    // Readers do not wait.
    assert_holds(&ledger);
    other.execute_batch("ROLLBACK").unwrap();
    ledger.append(&event(9, EventKind::Request)).unwrap();
}

/// The head file is locked by another process: the event is recorded, and the error says so.
#[test]
fn a_head_file_that_stays_locked_is_the_only_error_after_recording() {
    let (dir, mut ledger) = small();
    let head = std::fs::File::open(dir.path().join("head")).unwrap();
    head.lock_shared().unwrap();
    let appended = ledger.append(&event(9, EventKind::Request));
    assert!(matches!(appended, Err(LedgerError::HeadStale { .. })), "{appended:?}");
    head.unlock().unwrap();
    assert_eq!(assert_holds(&ledger).entries, 7);
}
