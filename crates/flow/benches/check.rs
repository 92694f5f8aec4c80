//! How long it takes to lower and check a Python file whose rules are compiled.
//!
//! `FILE=/path/to/functools.py cargo bench -p flow`

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use flow::Language;

/// Steps allowed; far more than a file needs.
const BUDGET_STEPS: u64 = 10_000_000;

fn check(criterion: &mut Criterion) {
    #[expect(clippy::disallowed_methods, reason = "the only way to give a benchmark an input")]
    let path = std::env::var("FILE").expect("FILE names a Python file");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let parsed = ruff_python_parser::parse_module(&text).expect("the file can be parsed");
    flow::rules(Language::Python).expect("the rules are right");
    criterion.bench_function("lower", |bencher| {
        bencher.iter(|| flow::lower::python::lower(black_box(parsed.syntax())));
    });
    let program = flow::lower::python::lower(parsed.syntax());
    criterion.bench_function("check", |bencher| {
        bencher.iter(|| flow::check(Language::Python, black_box(&program), &text, BUDGET_STEPS));
    });
    criterion.bench_function("compile the rules", |bencher| {
        bencher.iter(|| flow::Rules::new(Language::Python, black_box(flow::EMBEDDED)));
    });
}

criterion_group!(benches, check);
criterion_main!(benches);
