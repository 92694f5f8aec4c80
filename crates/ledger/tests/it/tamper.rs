//! Tampering of other kinds: rows added, swapped, cut off; schema, keys, head and raw file bytes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ledger::{Checkpoint, EventKind, Filter, Ledger, LedgerError};

use crate::fixture::*;
use crate::tamper_sql::connect;

/// Runs `sql` on a small ledger; verification must blame `table`, and nothing may be appended or
/// only what keeps the failure visible.
fn check_sql(sql: &str, table: &str, words: &str) {
    let (dir, mut ledger) = small();
    connect(dir.path()).execute_batch(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let failure = verify(&ledger).failure.unwrap_or_else(|| panic!("not found: {sql}"));
    assert_eq!(failure.table, table, "{sql}: {failure}");
    assert!(failure.to_string().contains(words), "{sql}: {failure}");
    let _ = ledger.append(&event(9, EventKind::Request));
    assert!(!verify(&ledger).holds(), "appending hid it: {sql}");
}

#[test]
fn rows_added_swapped_and_cut_off() {
    let checks = [
        ("INSERT INTO entry SELECT -1, ts, 'x', 0, kind, leaf FROM entry WHERE idx = 0", "entry", "index -1"),
        ("INSERT INTO entry SELECT 6, ts, 'x', 0, kind, leaf FROM entry WHERE idx = 0", "entry", "index 6"),
        ("INSERT INTO entry SELECT 700, ts, 'x', 0, kind, leaf FROM entry WHERE idx = 0", "entry", "index 6"),
        ("INSERT INTO body VALUES (0, 'zz', x'00', x'00', x'00')", "body", "index 0, name `zz`"),
        ("INSERT INTO body VALUES (-1, 'a', x'00', x'00', x'00')", "body", "index -1"),
        ("INSERT INTO body VALUES (99, 'a', x'00', x'00', x'00')", "body", "index 99"),
        ("INSERT INTO tile VALUES (0, 1, zeroblob(32))", "tile", "level 0, n 1"),
        ("INSERT INTO tile VALUES (1, 0, zeroblob(32))", "tile", "level 1, n 0"),
        ("INSERT INTO tile VALUES (-1, 0, zeroblob(32))", "tile", "level -1"),
        ("INSERT INTO tile VALUES (99, -9, zeroblob(32))", "tile", "level 99"),
        ("INSERT INTO checkpoint SELECT 3, note FROM checkpoint WHERE size = 2", "checkpoint", "size 3"),
        ("INSERT INTO checkpoint SELECT -3, note FROM checkpoint WHERE size = 2", "checkpoint", "size -3"),
        ("INSERT INTO meta VALUES ('x', 'y')", "meta", "x"),
        // Two records change places, with their numbers.
        ("UPDATE entry SET idx = 100 WHERE idx = 2; UPDATE entry SET idx = 2 WHERE idx = 3;
          UPDATE entry SET idx = 3 WHERE idx = 100", "entry", "index 2"),
        // Two bodies change places.
        ("UPDATE body SET name = 'x' WHERE name = 'empty';
          UPDATE body SET name = 'empty' WHERE name = 'completion';
          UPDATE body SET name = 'completion' WHERE name = 'x'", "body", "index 1, name `completion`"),
        ("UPDATE checkpoint SET size = 90 WHERE size = 2; UPDATE checkpoint SET size = 2 WHERE size = 5;
          UPDATE checkpoint SET size = 5 WHERE size = 90", "checkpoint", "size 2"),
        // A record and its hash are both changed: the signature tells.
        ("DELETE FROM entry", "entry", "index 0"),
        ("DELETE FROM checkpoint", "checkpoint", "missing"),
        ("DELETE FROM tile", "tile", "missing"),
        ("DELETE FROM body", "body", "missing"),
        ("DELETE FROM meta", "meta", "missing"),
        // The whole last transaction is cut off, the tile made to fit.
        ("DELETE FROM entry WHERE idx = 5; DELETE FROM checkpoint WHERE size = 6;
          DELETE FROM body WHERE idx = 5; UPDATE tile SET hashes = substr(hashes, 1, 160)",
         "entry", "index 5"),
        ("DELETE FROM entry; DELETE FROM checkpoint WHERE size > 0; DELETE FROM body;
          DELETE FROM tile", "entry", "index 0"),
    ];
    for (sql, table, words) in checks {
        check_sql(sql, table, words);
    }
}

#[test]
fn schema_changes() {
    let mut checks = vec![
        ("DROP INDEX entry_gen".to_owned(), "entry_gen"),
        ("ALTER TABLE entry ADD COLUMN more TEXT".to_owned(), "entry"),
        ("CREATE TABLE more (a)".to_owned(), "more"),
        ("CREATE VIEW more AS SELECT 1".to_owned(), "more"),
        (
            "CREATE TRIGGER more AFTER INSERT ON entry BEGIN DELETE FROM body; END".to_owned(),
            "more",
        ),
        ("CREATE INDEX more ON entry (kind)".to_owned(), "more"),
        ("ALTER TABLE tile RENAME COLUMN n TO m".to_owned(), "tile"),
        ("ANALYZE".to_owned(), "sqlite_stat"),
        ("PRAGMA user_version = 0".to_owned(), "user_version"),
        ("PRAGMA application_id = 1".to_owned(), "application_id"),
    ];
    for table in ["entry", "body", "tile", "checkpoint", "meta"] {
        checks.push((format!("DROP TABLE {table}"), table));
        checks.push((format!("ALTER TABLE {table} RENAME TO more"), table));
    }
    for (sql, words) in checks {
        check_sql(&sql, "schema", words);
    }
}

#[test]
fn nothing_is_appended_where_the_right_edge_does_not_hold() {
    let checks = [
        ("DELETE FROM entry WHERE idx = 5", "entry"),
        ("DELETE FROM checkpoint", "checkpoint"),
        ("UPDATE checkpoint SET note = 'x' WHERE size = 6", "checkpoint"),
        ("UPDATE checkpoint SET size = 7 WHERE size = 6", "checkpoint"),
        ("UPDATE tile SET hashes = zeroblob(192)", "tile"),
        ("UPDATE tile SET hashes = x'00'", "tile"),
        ("DELETE FROM tile", "tile"),
        ("UPDATE meta SET value = '2' WHERE name = 'format'", "meta"),
        ("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM body; END", "schema"),
        (
            "DELETE FROM entry WHERE idx = 5; DELETE FROM checkpoint WHERE size = 6;
          UPDATE tile SET hashes = substr(hashes, 1, 160)",
            "entry",
        ),
    ];
    for (sql, table) in checks {
        let (dir, mut ledger) = small();
        connect(dir.path()).execute_batch(sql).unwrap();
        match ledger.append(&event(9, EventKind::Request)) {
            Err(e @ LedgerError::Damaged { .. }) => {
                assert!(e.to_string().contains("countersign log verify"), "{e}");
                assert!(e.to_string().contains(&format!("at {table} ")), "{sql}: {e}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn every_changed_byte_of_the_head_file_is_found() {
    let (dir, mut ledger) = small();
    let path = dir.path().join("head");
    let content = fs::read(&path).unwrap();
    let mut changes: Vec<Vec<u8>> = vec![Vec::new(), content[..511].to_vec(), vec![b'\n'; 512]];
    changes.push([content.as_slice(), b"\n"].concat());
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= [0x01, 0x80][at % 2];
        changes.push(changed);
    }
    for (number, changed) in changes.iter().enumerate() {
        fs::write(&path, changed).unwrap();
        let failure = verify(&ledger).failure.unwrap_or_else(|| panic!("change {number}"));
        assert_eq!(failure.table, "head", "change {number}: {failure}");
        if number % 8 == 0 {
            let refused = ledger.append(&event(9, EventKind::Request));
            assert!(matches!(refused, Err(LedgerError::Damaged { .. })), "change {number}");
        }
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(verify(&ledger).failure.unwrap().table, "head");
    fs::write(&path, content).unwrap();
    assert_holds(&ledger);
}

#[test]
fn a_head_that_lags_behind_is_a_beginning_of_the_log() {
    let (dir, mut ledger) = small();
    let old = fs::read(dir.path().join("head")).unwrap();
    ledger.append(&event(9, EventKind::Request)).unwrap();
    fs::write(dir.path().join("head"), &old).unwrap();
    assert_holds(&ledger);
    ledger.append(&event(9, EventKind::Failure)).unwrap();
    assert_ne!(fs::read(dir.path().join("head")).unwrap(), old);
    assert_holds(&ledger);
}

/// What `FORMAT.md` says cannot be found on this machine alone: the database and the head file are
/// both put back to an earlier state. A checkpoint kept elsewhere finds it.
#[test]
fn a_whole_folder_put_back_is_caught_by_a_kept_checkpoint_only() {
    let (dir, ledger) = small();
    drop(ledger);
    let backup = tempfile::tempdir().unwrap();
    copy_folder(dir.path(), backup.path());
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.append(&event(9, EventKind::Request)).unwrap();
    let kept = ledger.checkpoint().unwrap().note().to_owned();
    let back = Ledger::open(backup.path()).unwrap();
    assert_holds(&back);
    assert!(!back.continues(&kept).unwrap());
    // The database alone, with the head file left as it is: found.
    fs::copy(dir.path().join("head"), backup.path().join("head")).unwrap();
    assert_eq!(verify(&back).failure.unwrap().table, "entry");
}

#[test]
fn keys_replaced_or_damaged() {
    let (other, _ledger) = small_with_new_keys();
    let (dir, ledger) = small();
    drop(ledger);
    let check = |key: &str, expected: &str| {
        let path = dir.path().join(key);
        let content = fs::read(&path).unwrap();
        fs::copy(other.path().join(key), &path).unwrap();
        let failure = open_and_verify(dir.path()).unwrap().expect("another key is found");
        assert_eq!(failure.table, expected, "{failure}");
        let refused = Ledger::open(dir.path()).unwrap().append(&event(9, EventKind::Request));
        assert!(matches!(refused, Err(LedgerError::Damaged { .. })), "{refused:?}");
        for damaged in [b"".as_slice(), b"x\n", &content[..content.len() - 9], &[0xff; 2000]] {
            fs::write(&path, damaged).unwrap();
            match Ledger::open(dir.path()) {
                Err(e @ LedgerError::KeyDamaged { .. }) => {
                    assert!(e.to_string().contains(key), "{e}");
                }
                other => panic!("{other:?}"),
            }
        }
        fs::remove_file(&path).unwrap();
        let missing = Ledger::open(dir.path());
        assert!(matches!(missing, Err(LedgerError::KeyMissing { .. })), "{missing:?}");
        assert!(!path.exists(), "a lost key is not replaced");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_holds(&Ledger::open(dir.path()).unwrap());
    };
    check("signing.key", "meta");
    check("body.key", "meta");
}

#[test]
fn preimages_that_records_name_are_checked() {
    let (dir, ledger) = small();
    let digest = ledger::Digest::of(format!("before {SECRET}").as_bytes());
    let hex = digest.hex();
    let path = dir.path().join("preimages").join(&hex[..2]).join(&hex[2..]);
    let content = fs::read(&path).unwrap();
    let mut changed = content.clone();
    changed[30] ^= 1;
    fs::write(&path, changed).unwrap();
    let damaged = verify(&ledger).failure.unwrap();
    assert_eq!((damaged.table.as_str(), damaged.record), ("preimage", digest.to_string()));
    fs::remove_file(&path).unwrap();
    let missing = verify(&ledger).failure.unwrap();
    assert_eq!(missing.table, "preimage");
    assert!(missing.what.contains("record 5"), "{missing}");
    fs::write(&path, content).unwrap();
    assert_holds(&ledger);
}

/// Bytes of the database file changed below SQLite: never a panic, and never a changed record that
/// passes. A byte in the unused part of a page may change unnoticed; it means nothing.
#[test]
fn changed_bytes_of_the_database_file_never_pass_as_another_record() {
    let (dir, ledger) = small();
    let expected = read_all(&ledger);
    drop(ledger);
    let path = dir.path().join("ledger.db");
    let content = fs::read(&path).unwrap();
    let mut found = 0;
    let mut changes: Vec<Vec<u8>> = Vec::new();
    for at in (0..content.len()).step_by(251) {
        let mut changed = content.clone();
        changed[at] ^= 0xA5;
        changes.push(changed);
    }
    changes.extend((0..content.len()).step_by(1500).map(|len| content[..len].to_vec()));
    for changed in &changes {
        fs::write(&path, changed).unwrap();
        if reads_as(dir.path(), &expected) {
            continue;
        }
        found += 1;
    }
    // About a quarter of the file is in use.
    assert!(found * 5 > changes.len(), "{found} of {}", changes.len());
    fs::write(&path, content).unwrap();
    assert_holds(&Ledger::open(dir.path()).unwrap());
}

/// Whether the ledger verifies; if it does, it must hold what is expected.
fn reads_as(dir: &Path, expected: &str) -> bool {
    match Ledger::open(dir).and_then(|ledger| Ok((ledger.verify(&mut |_, _| {})?, ledger))) {
        Ok((found, ledger)) if found.holds() => {
            assert_eq!(read_all(&ledger), expected);
            true
        }
        _ => false,
    }
}

fn read_all(ledger: &Ledger) -> String {
    let entries = ledger.entries(&Filter::default()).unwrap();
    let mut text = format!("{:?} {entries:?}", ledger.checkpoint().unwrap());
    for body in entries.iter().flat_map(|entry| entry.bodies.values()) {
        text.push_str(&format!("{:?}", ledger.body(&body.commitment).unwrap()));
    }
    text
}

#[test]
fn a_checkpoint_of_the_ledger_reads_as_one() {
    let (_dir, ledger) = small();
    let last = ledger.checkpoint().unwrap();
    assert_eq!(Checkpoint::parse(last.note(), ledger.verifier()).unwrap(), last);
    assert_eq!(last.note().lines().count(), 5);
}
