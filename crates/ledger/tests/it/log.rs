//! Appending and reading.

use ledger::event::{BODY_BYTES_MAX, LEAF_BYTES_MAX};
use ledger::{Digest, EventKind, Filter, Ledger, LedgerError, NewEvent};
use serde_json::{Value, json};

use crate::fixture::*;

#[test]
fn what_is_recorded_is_read_back() {
    let (_dir, ledger) = small();
    assert_eq!(ledger.size().unwrap(), 6);
    let entries = ledger.entries(&Filter::default()).unwrap();
    let shape: Vec<_> = entries.iter().map(|e| (e.index, e.seq, e.base, e.kind.name())).collect();
    let expected = [
        (0, 0, 0, "request"),
        (1, 1, 0, "response"),
        (2, 2, 2, "check"),
        (3, 3, 2, "decision"),
        (4, 0, 2, "policy"),
        (5, 0, 5, "file_write"),
    ];
    assert_eq!(shape, expected);
    assert_eq!(entries[0].fields["temperature"], json!(0.2));
    assert_eq!(ledger.entry(2).unwrap().as_ref(), Some(&entries[2]));
    assert_eq!(ledger.entry(6).unwrap(), None);
    let prompt = entries[0].bodies["prompt"];
    let bytes = ledger.body(&prompt.commitment).unwrap().unwrap();
    assert_eq!(bytes, format!("def f(): # {SECRET}").into_bytes());
    assert_eq!(prompt.len, bytes.len() as u64);
    assert_eq!(ledger.body(&entries[1].bodies["empty"].commitment).unwrap(), Some(Vec::new()));
    assert_eq!(ledger.body(&Digest::from_bytes([0; 32])).unwrap(), None);
    let found = assert_holds(&ledger);
    let counts = (found.entries, found.checkpoints, found.bodies, found.preimages);
    assert_eq!(counts, (6, 4, 4, 1));
    assert_eq!(found.root, *ledger.checkpoint().unwrap().root());
}

#[test]
fn a_leaf_is_the_canonical_json_of_the_specification() {
    let (_dir, ledger) = small();
    let leaf = String::from_utf8(ledger.leaf(3).unwrap().unwrap()).unwrap();
    let origin = ledger.verifier().name();
    let expected =
        format!(
            r#"{{"actor":"human:ada","base":2,"bodies":{{}},"fields":{{}},"gen":"{}","index":3,"#,
            ulid(1)
        ) + &format!(r#""kind":"decision","origin":"{origin}","seq":3,"ts":1764000000001,"v":1}}"#);
    assert_eq!(leaf, expected);
}

#[test]
fn filters() {
    let (_dir, ledger) = small();
    let check = |filter: Filter, expected: &[u64]| {
        let entries = ledger.entries(&filter).unwrap();
        let found: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
        assert_eq!(found, expected, "{filter:?}");
    };
    let all = Filter::default();
    check(Filter { kind: Some(EventKind::Check), ..all.clone() }, &[2]);
    check(Filter { generation: Some(ulid(1)), ..all.clone() }, &[0, 1, 2, 3]);
    check(Filter { since_ms: Some(1_764_000_000_002), ..all.clone() }, &[4, 5]);
    check(Filter { until_ms: Some(1_764_000_000_002), ..all.clone() }, &[0, 1, 2, 3]);
    check(Filter { index_min: Some(4), ..all.clone() }, &[4, 5]);
    check(Filter { newest_first: true, count_max: Some(2), ..all.clone() }, &[5, 4]);
    check(Filter { index_min: Some(u64::MAX), ..all }, &[]);
}

#[test]
fn generations_by_prefix() {
    let (_dir, ledger) = small();
    let kinds = |prefix: &str| {
        let entries = ledger.generation(prefix).unwrap();
        entries.iter().map(|entry| entry.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&ulid(3)), [EventKind::FileWrite]);
    assert_eq!(kinds(&ulid(2).to_lowercase()), [EventKind::Policy]);
    for absent in ["", "7", "01JCXR6Z8N", "01*", "01%", "é"] {
        assert_eq!(kinds(absent), [], "{absent}");
    }
    match ledger.generation("01jc") {
        Err(LedgerError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), 3),
        other => panic!("{other:?}"),
    }
}

#[test]
fn events_that_cannot_be_recorded_leave_nothing_behind() {
    let (_dir, mut ledger) = small();
    let good = event(9, EventKind::Request);
    let with_fields = |value: Value| NewEvent { fields: fields(value), ..good.clone() };
    let with_body =
        |name: &str| NewEvent { bodies: vec![(name.to_owned(), b"x".to_vec())], ..good.clone() };
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    let huge = vec![0; BODY_BYTES_MAX as usize + 1];
    let bad = [
        ("is no ULID", NewEvent { generation: "abc".to_owned(), ..good.clone() }),
        ("is no ULID", NewEvent { generation: ulid(9).replace('J', "U"), ..good.clone() }),
        ("is no ULID", NewEvent { generation: ulid(9).replacen('0', "8", 1), ..good.clone() }),
        ("actor", NewEvent { actor: String::new(), ..good.clone() }),
        ("time", NewEvent { time_ms: i64::MIN, ..good.clone() }),
        ("beyond 2^53", with_fields(json!({"a": [{"seed": 9_007_199_254_740_993u64}]}))),
        ("beyond 2^53", with_fields(json!({"a": -9_007_199_254_740_993i64}))),
        ("deeper", with_fields(json!({"a": deep}))),
        ("put long text in a body", with_fields(json!({"a": "x".repeat(LEAF_BYTES_MAX)}))),
        ("body name", with_body("")),
        ("body name", with_body("../x")),
        ("the limit", NewEvent { bodies: vec![("x".to_owned(), huge)], ..good.clone() }),
        (
            "two bodies",
            NewEvent {
                bodies: vec![("x".to_owned(), vec![1]), ("x".to_owned(), vec![2])],
                ..good.clone()
            },
        ),
        ("needs a request", event(9, EventKind::Response)),
        ("needs a request", event(2, EventKind::Response)),
        ("needs a check", event(9, EventKind::Decision)),
        (
            "not in the pre-image store",
            NewEvent {
                fields: fields(json!({"pre_sha256": Digest::from_bytes([1; 32])})),
                ..event(9, EventKind::FileWrite)
            },
        ),
        (
            "must be a digest",
            NewEvent {
                fields: fields(json!({"x": [{"post_sha256": 7}]})),
                ..event(9, EventKind::Undo)
            },
        ),
        (
            "`pre_sha256`",
            NewEvent {
                fields: fields(json!({"pre_sha256": "sha256:ABC"})),
                ..event(9, EventKind::Redo)
            },
        ),
    ];
    for (expected, event) in bad {
        // A good event before it in the same transaction goes with it.
        let other = super::fixture::event(8, EventKind::Request);
        match ledger.append_all(&[other, event]) {
            Err(e @ LedgerError::BadEvent { .. }) => {
                assert!(e.to_string().contains(expected), "{e} does not say `{expected}`");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert_eq!(ledger.size().unwrap(), 6);
    assert_holds(&ledger);
}

#[test]
fn the_largest_leaf_fits() {
    let (_dir, mut ledger) = small();
    let with_text = |len: usize| NewEvent {
        fields: fields(json!({"a": "x".repeat(len)})),
        ..event(9, EventKind::Request)
    };
    ledger.append(&with_text(1)).unwrap();
    let rest = LEAF_BYTES_MAX - ledger.leaf(6).unwrap().unwrap().len();
    ledger.append(&with_text(rest + 1)).unwrap();
    assert_eq!(ledger.leaf(7).unwrap().unwrap().len(), LEAF_BYTES_MAX);
    assert!(ledger.append(&with_text(rest + 2)).is_err());
    assert_holds(&ledger);
}

#[test]
fn unusual_fields_read_back_as_they_are() {
    let (_dir, mut ledger) = small();
    let unusual = json!({
        "": "empty key", "\u{0}": "\u{1f}\"\\/", "é": "e\u{301}", "\u{1F600}": "\u{ffff}",
        "numbers": [0, -1, 0.1, 1e300, 5e-324, 9_007_199_254_740_991u64, 1.0, 123456789.123456],
        "null": null, "v": {"index": 99, "gen": true},
    });
    let event = NewEvent { fields: fields(unusual.clone()), ..event(9, EventKind::Failure) };
    let receipt = ledger.append(&event).unwrap();
    let read = ledger.entry(receipt.index()).unwrap().unwrap().fields;
    assert_eq!(serde_json::to_string(&read["numbers"][4]).unwrap(), "5e-324");
    for (key, value) in unusual.as_object().unwrap() {
        if key != "numbers" {
            assert_eq!(&read[key], value);
        }
    }
    assert_holds(&ledger);
}

#[test]
fn a_clock_that_goes_back_is_only_remarked() {
    let (_dir, mut ledger) = small();
    let early = NewEvent { time_ms: -5, ..event(9, EventKind::Request) };
    let later = event(9, EventKind::Response);
    ledger.append_all(&[early, later]).unwrap();
    let found = assert_holds(&ledger);
    assert_eq!(found.remarks, ["the clock went back before 1 records"]);
    assert_eq!(ledger.entry(6).unwrap().unwrap().time_ms, -5);
}

#[test]
fn nothing_secret_lies_in_the_clear() {
    let (dir, ledger) = small();
    let mut looked_at = 0;
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).unwrap();
            let secret = content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!secret, "{}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 6, "database, its two companions, head, two keys, a pre-image");
    drop(ledger);
}

#[test]
fn a_ledger_of_many_tiles_holds_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    let mut number = 0;
    for count in [250, 5, 1, 1, 300, 1] {
        let events: Vec<NewEvent> =
            (number..number + count).map(|number| event(number, EventKind::Request)).collect();
        let receipts = ledger.append_all(&events).unwrap();
        for receipt in &receipts {
            let leaf = ledger.leaf(receipt.index()).unwrap().unwrap();
            receipt.verify(&leaf, ledger.verifier()).unwrap();
        }
        number += count;
        assert_eq!(ledger.size().unwrap(), number);
    }
    let mut steps = Vec::new();
    let found = ledger.verify(&mut |done, total| steps.push((done, total))).unwrap();
    assert!(found.holds(), "{:?}", found.failure);
    let total = 2 * number + 7;
    assert_eq!(steps.last(), Some(&(total, total)));
    assert!(steps.is_sorted());
}
