//! The state folder: what is made, with which modes, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ledger::{EventKind, Ledger, LedgerError, PreimageStore};

use crate::fixture::*;
use crate::tamper_sql::connect;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn everything_is_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("state/countersign");
    let mut ledger = Ledger::open(&dir).unwrap();
    ledger.append(&event(1, EventKind::Request)).unwrap();
    ledger.preimages().put(b"x").unwrap();
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("preimages")), 0o700);
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "head", "signing.key", "body.key"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    let mut names: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "body.key",
        "head",
        "ledger.db",
        "ledger.db-shm",
        "ledger.db-wal",
        "preimages",
        "signing.key",
    ];
    assert_eq!(names, expected);
}

#[test]
fn looking_makes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("state");
    assert!(Ledger::open_existing(&dir).unwrap().is_none());
    assert!(!dir.exists());
    fs::create_dir(&dir).unwrap();
    assert!(Ledger::open_existing(&dir).unwrap().is_none());
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn an_empty_ledger_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.append_all(&[]).unwrap(), []);
    let found = assert_holds(&ledger);
    assert_eq!((found.entries, found.checkpoints), (0, 1));
    assert_eq!(ledger.checkpoint().unwrap().size(), 0);
    assert!(matches!(ledger.prove(0), Err(LedgerError::NoSuchRecord { .. })));
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let (dir, ledger) = small();
    drop(ledger);
    for key in ["signing.key", "body.key"] {
        for exposed in [0o640, 0o604, 0o660, 0o601] {
            let path = dir.path().join(key);
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            match Ledger::open(dir.path()) {
                Err(e @ LedgerError::KeyExposed { .. }) => {
                    let text = e.to_string();
                    assert!(text.contains(key) && text.contains(&format!("{exposed:o}")), "{text}");
                    assert!(text.contains("chmod 600"), "{text}");
                }
                other => panic!("{other:?}"),
            }
            if key == "body.key" {
                assert!(PreimageStore::open(dir.path()).is_err());
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    assert_holds(&Ledger::open(dir.path()).unwrap());
}

#[test]
fn a_newer_format_is_named_and_not_touched() {
    let (dir, ledger) = small();
    drop(ledger);
    connect(dir.path()).execute_batch("PRAGMA user_version = 2").unwrap();
    let before = fs::read(dir.path().join("ledger.db")).unwrap();
    for opened in [Ledger::open(dir.path()).map(Some), Ledger::open_existing(dir.path())] {
        match opened {
            Err(e @ LedgerError::ForeignFormat { found: 2, .. }) => {
                let text = e.to_string();
                assert!(text.contains("format 2") && text.contains("format 1"), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fs::read(dir.path().join("ledger.db")).unwrap(), before);
}

#[test]
fn files_of_others_are_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let foreign = {
        let db = rusqlite::Connection::open(dir.path().join("other.db")).unwrap();
        db.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        drop(db);
        fs::read(dir.path().join("other.db")).unwrap()
    };
    let contents = [b"".to_vec(), b"x".to_vec(), b"not a database\n".repeat(1000), foreign];
    for content in contents {
        fs::write(&path, &content).unwrap();
        for opened in [Ledger::open(dir.path()).map(Some), Ledger::open_existing(dir.path())] {
            match opened {
                Err(e @ LedgerError::NotALedger { .. }) => {
                    assert!(e.to_string().contains("is not a ledger"), "{e}");
                }
                other => panic!("{} bytes: {other:?}", content.len()),
            }
        }
        assert_eq!(fs::read(&path).unwrap(), content);
        assert!(!dir.path().join("signing.key").exists());
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::NotALedger { .. })));
}

#[test]
fn a_removed_database_is_not_begun_anew() {
    let (dir, ledger) = small();
    drop(ledger);
    fs::remove_file(dir.path().join("ledger.db")).unwrap();
    for _ in 0..2 {
        let opened = Ledger::open(dir.path());
        assert!(matches!(opened, Err(LedgerError::DatabaseMissing { .. })), "{opened:?}");
    }
    assert!(Ledger::open_existing(dir.path()).is_err());
    fs::write(dir.path().join("head"), "damaged").unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::DatabaseMissing { .. })));
}

#[test]
fn a_first_use_that_was_cut_short_is_completed() {
    let (dir, ledger) = {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        (dir, ledger)
    };
    let verifier = ledger.verifier().clone();
    drop(ledger);
    // The order of creation is signing key, body key, head, database.
    for removed in [&["ledger.db"][..], &["ledger.db", "head"], &["ledger.db", "head", "body.key"]]
    {
        for file in removed {
            fs::remove_file(dir.path().join(file)).unwrap();
        }
        assert!(Ledger::open_existing(dir.path()).unwrap().is_none());
        let mut ledger = Ledger::open(dir.path()).unwrap();
        assert_eq!(*ledger.verifier(), verifier);
        assert_holds(&ledger);
        if removed.len() == 3 {
            ledger.append(&event(1, EventKind::Request)).unwrap();
        }
    }
}
