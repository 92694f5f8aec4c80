//! A process that appends is killed at any moment: what it gave a receipt for is there, and the
//! ledger holds. This shows that a crash of the process harms nothing; it cannot show what a power
//! cut does.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use ledger::{Digest, EventKind, Ledger, NewEvent, Receipt};
use serde_json::json;

use crate::fixture::*;

const CHILD_DIR: &str = "LEDGER_TEST_CHILD_DIR";
const ROUNDS: u64 = 32;

/// The test starts itself once more, with a folder in the environment, as the process to be killed.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test kills a process that it starts itself")]
fn killed_at_any_moment() {
    if let Ok(dir) = std::env::var(CHILD_DIR) {
        append_for_ever(Path::new(&dir));
    }
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 | 1;
    let mut dice = Dice(seed);
    let mut dir = tempfile::tempdir().unwrap();
    let mut receipts_total = 0;
    for round in 0..ROUNDS {
        if round % 4 == 0 {
            dir = tempfile::tempdir().unwrap();
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::killed_at_any_moment", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It is killed after so many receipts and a little. In new folders it is killed early, so
        // that first use is hit as well.
        let first_use = round % 4 == 0;
        let (lines_min, wait_us) =
            if first_use { (0, dice.below(60_000)) } else { (dice.below(9), dice.below(15_000)) };
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut output = String::new();
        while (output.matches("receipt:").count() as u64) < lines_min {
            assert!(lines.read_line(&mut output).unwrap() > 0, "the child ended on its own");
        }
        thread::sleep(Duration::from_micros(wait_us));
        child.kill().unwrap();
        lines.read_to_string(&mut output).unwrap();
        child.wait().unwrap();

        let mut ledger = Ledger::open(dir.path()).unwrap();
        let failure = verify(&ledger).failure;
        assert_eq!(failure, None, "seed {seed}, round {round}");
        receipts_total += check_receipts(&ledger, &output);
        ledger.append(&event(round, EventKind::Request)).unwrap();
    }
    assert!(receipts_total > ROUNDS, "the children gave {receipts_total} receipts: too few");
}

/// Every whole line of the child's output is a receipt; each must be proven still.
fn check_receipts(ledger: &Ledger, output: &str) -> u64 {
    let whole = output.rfind('\n').map_or("", |end| &output[..end]);
    let mut count = 0;
    for line in whole.lines().filter_map(|line| line.split_once("receipt:")) {
        let receipt: Receipt = line.1.replace('|', "\n").parse().unwrap();
        let leaf = ledger.leaf(receipt.index()).unwrap().expect("the record is there");
        receipt.verify(&leaf, ledger.verifier()).unwrap();
        assert!(ledger.continues(receipt.checkpoint_note()).unwrap());
        ledger.prove(receipt.index()).unwrap();
        count += 1;
    }
    count
}

#[expect(clippy::print_stdout, reason = "the parent reads the receipts from here")]
fn append_for_ever(dir: &Path) -> ! {
    let mut ledger = Ledger::open(dir).unwrap();
    for number in 0u64.. {
        let content = format!("file {number} of {}", ledger.size().unwrap());
        let pre = ledger.preimages().put(content.as_bytes()).unwrap();
        let write = NewEvent {
            fields: fields(
                json!({"pre_sha256": pre, "post_sha256": Digest::of(content.as_bytes())}),
            ),
            bodies: vec![("diff".to_owned(), vec![number as u8; 300])],
            ..event(number, EventKind::FileWrite)
        };
        for receipt in ledger.append_all(&[event(number, EventKind::Request), write]).unwrap() {
            println!("receipt:{}", receipt.to_string().replace('\n', "|"));
        }
    }
    unreachable!("numbers do not end")
}
