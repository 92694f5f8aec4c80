//! The store of pre-images.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ledger::preimage::PREIMAGE_BYTES_MAX;
use ledger::{Digest, Ledger, LedgerError, PreimageStore};

use crate::fixture::*;

#[test]
fn what_is_put_is_got() {
    let dir = tempfile::tempdir().unwrap();
    let store = PreimageStore::open(dir.path()).unwrap();
    let contents: [&[u8]; 5] = [b"", b"\r\n\0\xff", b"text\n", &[7; 3_000_000], SECRET.as_bytes()];
    for bytes in contents {
        let digest = store.put(bytes).unwrap();
        assert_eq!(digest, Digest::of(bytes));
        assert_eq!(store.put(bytes).unwrap(), digest);
        assert_eq!(store.get(&digest).unwrap().as_deref(), Some(bytes));
    }
    assert_eq!(store.verify_all().unwrap(), 5);
    assert_eq!(store.get(&Digest::from_bytes([0; 32])).unwrap(), None);
    // The ledger in the same folder uses the same key and the same store.
    let ledger = Ledger::open(dir.path()).unwrap();
    assert!(ledger.preimages().get(&Digest::of(b"")).unwrap().is_some());
    assert_eq!(
        PreimageStore::open(dir.path()).unwrap().get(&Digest::of(b"text\n")).unwrap().as_deref(),
        Some(b"text\n".as_slice())
    );
}

#[test]
fn every_changed_byte_of_a_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let store = PreimageStore::open(dir.path()).unwrap();
    let digest = store.put(b"some source").unwrap();
    let hex = digest.hex();
    let path = dir.path().join("preimages").join(&hex[..2]).join(&hex[2..]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let content = fs::read(&path).unwrap();
    let mut changes: Vec<Vec<u8>> = (0..content.len()).map(|at| content[..at].to_vec()).collect();
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 0x10;
        changes.push(changed);
    }
    changes.push([content.as_slice(), b"x"].concat());
    for changed in changes {
        fs::write(&path, changed).unwrap();
        for result in [store.get(&digest).map(|_| ()), store.verify_all().map(|_| ())] {
            match result {
                Err(LedgerError::PreimageDamaged { path: named, .. }) => assert_eq!(named, path),
                other => panic!("{other:?}"),
            }
        }
    }
    // Whoever has the bytes can mend the file.
    store.put(b"some source").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(store.verify_all().unwrap(), 1);
}

#[test]
fn a_file_under_another_name_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = PreimageStore::open(dir.path()).unwrap();
    let path = |digest: &Digest| {
        let hex = digest.hex();
        dir.path().join("preimages").join(&hex[..2]).join(&hex[2..])
    };
    let (a, b) = (store.put(b"a").unwrap(), store.put(b"b").unwrap());
    fs::copy(path(&a), path(&b)).unwrap();
    assert!(matches!(store.get(&b), Err(LedgerError::PreimageDamaged { .. })));
    fs::remove_file(path(&b)).unwrap();
    fs::write(path(&a).with_file_name("stray"), b"").unwrap();
    assert!(matches!(store.verify_all(), Err(LedgerError::PreimageDamaged { .. })));
}

#[test]
fn unfinished_files_of_a_crash_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = PreimageStore::open(dir.path()).unwrap();
    let hex = store.put(b"a").unwrap().hex();
    let shard = dir.path().join("preimages").join(&hex[..2]);
    fs::write(shard.join(".unfinished-x1y2z3"), b"half").unwrap();
    assert_eq!(store.verify_all().unwrap(), 1);
}

#[test]
fn too_large_and_keyless() {
    let dir = tempfile::tempdir().unwrap();
    let store = PreimageStore::open(dir.path()).unwrap();
    let large = vec![0; PREIMAGE_BYTES_MAX as usize + 1];
    assert!(matches!(store.put(&large), Err(LedgerError::PreimageTooLarge { .. })));
    store.put(b"a").unwrap();
    // A lost key is not replaced by a new one.
    fs::remove_file(dir.path().join("body.key")).unwrap();
    assert!(matches!(PreimageStore::open(dir.path()), Err(LedgerError::KeyMissing { .. })));
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::KeyMissing { .. })));
}
