//! What an append costs alone and in a batch, and what verification of 10,000 records costs.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ledger::{EventKind, Ledger, NewEvent};
use serde_json::json;

/// An event with a body of about 2 KiB of text.
fn event(number: u64) -> NewEvent {
    let serde_json::Value::Object(fields) = json!({"language": "rust", "model": "seedling"}) else {
        unreachable!("this is an object");
    };
    let text: String = (0..64).map(|line| format!("let value_{line} = {number};\n")).collect();
    NewEvent {
        generation: format!("01JCXR6Z8M{number:016}"),
        kind: EventKind::Request,
        actor: "human:ada".to_owned(),
        time_ms: 1_764_000_000_000,
        fields,
        bodies: vec![("prompt".to_owned(), text.into_bytes())],
    }
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    for count in [1u64, 64] {
        let dir = tempfile::tempdir().expect("a folder for the bench");
        let mut ledger = Ledger::open(dir.path()).expect("a new ledger");
        let mut number = 0;
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("{count} per transaction"), |b| {
            b.iter(|| {
                let events: Vec<NewEvent> = (number..number + count).map(event).collect();
                number += count;
                ledger.append_all(black_box(&events)).expect("the events are sound")
            });
        });
    }
    group.finish();
}

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    group.sample_size(10);
    for (name, per_transaction) in
        [("10,000 records, 2,500 checkpoints", 4), ("10,000 records, 10 checkpoints", 1000)]
    {
        let dir = tempfile::tempdir().expect("a folder for the bench");
        let mut ledger = Ledger::open(dir.path()).expect("a new ledger");
        for number in (0..10_000).step_by(per_transaction as usize) {
            let events: Vec<NewEvent> = (number..number + per_transaction).map(event).collect();
            ledger.append_all(&events).expect("the events are sound");
        }
        group.throughput(Throughput::Elements(10_000));
        group.bench_function(name, |b| {
            b.iter(|| {
                let found = ledger.verify(&mut |_, _| {}).expect("the ledger can be read");
                assert!(found.holds(), "{:?}", found.failure);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, append, verify);
criterion_main!(benches);
