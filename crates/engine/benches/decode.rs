//! Speed with the built-in model, Q8_0: loading, prefill and decode.
//!
//! `cargo bench -p engine`. Elements per second are tokens per second, on all cores.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::{LoadLimits, Model, Session};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/seedling-Q8_0.gguf");
const PREFILL_TOKENS: u32 = 256;
const DECODE_TOKENS: u32 = 64;

fn benches(criterion: &mut Criterion) {
    let open = || Model::open(Path::new(FILE), &LoadLimits::default()).expect("the model loads");
    criterion.bench_function("load", |bencher| bencher.iter(|| black_box(open())));

    let model = Arc::new(open());
    let prompt: Vec<u32> = (0..PREFILL_TOKENS).map(|i| 12 + i * 7 % 4000).collect();
    let mut group = criterion.benchmark_group("tokens");
    group.throughput(Throughput::Elements(PREFILL_TOKENS.into()));
    group.bench_function("prefill 256", |bencher| {
        bencher.iter_batched(
            || Session::new(Arc::clone(&model)),
            |mut session| session.forward(&prompt).expect("it fits")[0],
            BatchSize::SmallInput,
        );
    });
    let mut prefilled = Session::new(Arc::clone(&model));
    prefilled.forward(&prompt[..64]).expect("it fits");
    group.throughput(Throughput::Elements(DECODE_TOKENS.into()));
    group.bench_function("decode 64 after 64", |bencher| {
        bencher.iter_batched(
            || prefilled.fork(),
            |mut session| {
                for token in &prompt[64..64 + DECODE_TOKENS as usize] {
                    black_box(session.forward(&[*token]).expect("it fits"));
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(decode, benches);
criterion_main!(decode);
