//! Receipts and kept checkpoints: what a third party can check.

use ledger::merkle::verify_consistency;
use ledger::{Checkpoint, EventKind, Ledger, Receipt, ReceiptError, Verifier};

use crate::fixture::*;

#[test]
fn a_receipt_is_checked_without_the_ledger() {
    let (_dir, mut ledger) = small();
    let receipt = ledger.append(&event(7, EventKind::Request)).unwrap();
    let leaf = ledger.leaf(6).unwrap().unwrap();
    let (text, verifier) = (receipt.to_string(), ledger.verifier().to_string());
    drop(ledger);

    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 6\n"), "{text}");
    let verifier: Verifier = verifier.parse().unwrap();
    let receipt: Receipt = text.parse().unwrap();
    assert_eq!(receipt.to_string(), text);
    let checkpoint = receipt.verify(&leaf, &verifier).unwrap();
    assert_eq!((checkpoint.size(), checkpoint.origin()), (7, verifier.name()));
    assert_eq!(receipt.verify(b"{}", &verifier), Err(ReceiptError::NotProven));
}

#[test]
fn every_changed_byte_of_a_receipt_is_noticed() {
    let (_dir, ledger) = small();
    let leaf = ledger.leaf(4).unwrap().unwrap();
    let text = ledger.prove(4).unwrap().to_string();
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 0x01;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let proves = changed
            .parse::<Receipt>()
            .is_ok_and(|receipt| receipt.verify(&leaf, ledger.verifier()).is_ok());
        assert!(!proves, "byte {at} of\n{changed}");
    }
}

#[test]
fn receipts_with_extra_data_and_cosignatures_are_read() {
    let (_dir, ledger) = small();
    let text = ledger.prove(0).unwrap().to_string().replacen('\n', "\nextra AAAA\n", 1)
        + &"— witness.example/w AAAAAAAAAAAA\n".repeat(15);
    let leaf = ledger.leaf(0).unwrap().unwrap();
    assert!(text.parse::<Receipt>().unwrap().verify(&leaf, ledger.verifier()).is_ok());
}

#[test]
fn notes_that_are_not_checkpoints_are_refused() {
    let (_dir, ledger) = small();
    let note = ledger.checkpoint().unwrap().note().to_owned();
    let refused = [
        String::new(),
        "\n\n".to_owned(),
        note.trim_end().to_owned(),
        note.replace('\n', "\r\n"),
        note.replacen('\n', "\n0", 1),
        note.replacen("\n\n", "\nextension\n\n", 1),
        note.replace("\n\n", "\n"),
        note.replace('—', "-"),
        format!("{note}\u{7}"),
        format!("{note}— x\n"),
        format!("{note}{}", "— witness.example/w AAAAAAAAAAAA\n".repeat(10_000)),
    ];
    for text in refused {
        assert!(Checkpoint::parse(&text, ledger.verifier()).is_err(), "{text:?}");
    }
    let (_dir, other) = small_with_new_keys();
    assert!(Checkpoint::parse(&note, other.verifier()).is_err());
    assert!(other.continues(&note).is_err());
    for text in ["", "a+b", "a+00000000+AAAA", "a b+c+d"] {
        assert!(text.parse::<Verifier>().is_err(), "{text}");
    }
}

#[test]
fn a_kept_checkpoint_is_continued() {
    let (_dir, mut ledger) = small();
    let kept: Vec<String> = (0..40)
        .map(|number| {
            ledger.append(&event(100 + number, EventKind::Request)).unwrap();
            ledger.checkpoint().unwrap().note().to_owned()
        })
        .collect();
    assert!(kept.iter().all(|note| ledger.continues(note).unwrap()));
    let parse = |note: &str| Checkpoint::parse(note, ledger.verifier()).unwrap();
    let (old, new) = (parse(&kept[0]), parse(&kept[39]));
    let proof = ledger.consistency(old.size(), new.size()).unwrap();
    assert!(verify_consistency((7, old.root()), (46, new.root()), &proof));
    assert!(ledger.consistency(6, 47).is_err());
    assert!(ledger.prove(46).is_err());
}

/// The limit of what the ledger can prove on its own: a thief of the key may write everything anew.
/// Only a checkpoint that left the machine tells.
#[test]
fn a_log_written_anew_with_the_stolen_key_is_caught_by_a_kept_checkpoint_only() {
    let (dir, ledger) = small();
    let kept = ledger.checkpoint().unwrap().note().to_owned();
    drop(ledger);
    let forged_dir = tempfile::tempdir().unwrap();
    for key in ["signing.key", "body.key"] {
        std::fs::copy(dir.path().join(key), forged_dir.path().join(key)).unwrap();
    }
    let mut forged = Ledger::open(forged_dir.path()).unwrap();
    for number in 0..8 {
        forged.append(&event(number, EventKind::Request)).unwrap();
    }
    assert_holds(&forged);
    assert!(!forged.continues(&kept).unwrap());
}
