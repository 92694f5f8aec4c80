//! What choosing a token costs beside computing it: sampling, constraints, guesses.
//!
//! `cargo bench -p engine --bench choosing`. Times are for one token.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{
    CancelToken, Constraint, GenerateOptions, IndentationSyntax, LoadLimits, Model, Pair, Piece,
    Sampler, Sampling, Session, Speculation, StringSyntax, Syntax, SyntaxConstraint, TokenIndex,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/seedling-Q8_0.gguf");
const TOKENS: usize = 64;
/// Tokens of the vocabularies of common models.
const VOCABULARY: u32 = 151_936;

const CODE: &str = "\
def total(items, prices=None):
    \"\"\"The sum of all prices (in cents).\"\"\"
    total = 0
    for item in items:
        if item.name in [\"tax\", \"fee\"]:
            total += prices[item.name] * (1 + item.count)
    return total
";

fn syntax() -> Syntax {
    let string = |quote: &str, spans_lines| StringSyntax {
        open: quote.to_owned(),
        close: quote.to_owned(),
        escape: Some(b'\\'),
        spans_lines,
    };
    Syntax {
        pairs: [b"()", b"[]", b"{}"]
            .map(|[open, close]| Pair { open: *open, close: *close })
            .into(),
        strings: vec![string("\"\"\"", true), string("\"", false), string("'", false)],
        line_comments: vec!["#".to_owned()],
        block_comments: vec![],
        indentation: Some(IndentationSyntax { opener: b':' }),
    }
}

fn sampling(criterion: &mut Criterion) {
    let logits: Vec<f32> = (0..VOCABULARY).map(|i| (i * 7919 % 9973) as f32 * 0.002).collect();
    let mut group = criterion.benchmark_group("choose of 151,936");
    let ways = [
        ("greedy", Sampling::greedy()),
        ("default", Sampling::default()),
        ("penalty", Sampling { repetition_penalty: 1.1, ..Sampling::default() }),
    ];
    for (name, sampling) in ways {
        let mut sampler = Sampler::new(&sampling).expect("the options are valid");
        sampler.remember(&(0..64).collect::<Vec<u32>>());
        group.bench_function(name, |bencher| {
            bencher.iter(|| sampler.choose(black_box(&logits)).expect("logits are finite"));
        });
    }
    group.finish();
}

fn constraint(criterion: &mut Criterion, model: &Model) {
    let syntax = syntax();
    let tokens = model.tokenizer().encode(CODE, false).expect("all bytes are known");
    let piece = |token: u32| Piece {
        token: Some(token),
        bytes: model.tokenizer().piece(token).expect("the token is known"),
    };
    let mut group = criterion.benchmark_group("syntax constraint");
    // 40 candidates are asked for, as top-k asks, of all kinds.
    let candidates: Vec<u32> = (0..40).map(|i| 12 + i * 101 % 4000).collect();
    group.throughput(Throughput::Elements(tokens.len() as u64));
    group.bench_function("ask for 40, advance, may it end", |bencher| {
        bencher.iter(|| {
            let mut constraint = SyntaxConstraint::new(&syntax, "", "").expect("a valid table");
            for token in &tokens {
                for candidate in &candidates {
                    black_box(constraint.allows(piece(*candidate)));
                }
                constraint.advance(piece(*token));
                black_box(constraint.may_end());
            }
        });
    });
    let file = CODE.repeat(40);
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("read the text around the cursor", |bencher| {
        bencher
            .iter(|| SyntaxConstraint::new(&syntax, black_box(&file), "").expect("a valid table"));
    });
    group.finish();
}

fn index(criterion: &mut Criterion, model: &Model) {
    let tokens = model.tokenizer().encode(&CODE.repeat(40), false).expect("all bytes are known");
    let mut group = criterion.benchmark_group("guesses");
    group.throughput(Throughput::Elements(tokens.len() as u64));
    group.bench_function("index a text", |bencher| {
        bencher.iter(|| TokenIndex::new(black_box(&tokens)).expect("it is short"));
    });
    group.finish();
}

/// Whole generations, so that the share of each part shows.
fn generating(criterion: &mut Criterion, model: &Arc<Model>) {
    let prompt = model.tokenizer().encode(CODE, false).expect("all bytes are known");
    let syntax = syntax();
    let mut group = criterion.benchmark_group("generate 64 after a prompt");
    group.throughput(Throughput::Elements(TOKENS as u64));
    for (name, is_constrained, speculation) in [
        ("plain", false, None),
        ("syntax constraint", true, None),
        ("guesses", false, Some(Speculation::default())),
    ] {
        let options = GenerateOptions {
            tokens_max: TOKENS,
            end_tokens: Some(vec![]),
            speculation,
            ..GenerateOptions::default()
        };
        let mut session = Session::new(Arc::clone(model));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut on_text = |_: &str| ControlFlow::Continue(());
                let cancel = CancelToken::new();
                let generated = if is_constrained {
                    // Nothing encloses the cursor, so nothing ends the text early.
                    let constraint = SyntaxConstraint::new(&syntax, "", "");
                    let mut constraint = constraint.expect("a valid table");
                    let constraint = &mut constraint;
                    session.generate_constrained(
                        &prompt,
                        &options,
                        constraint,
                        &cancel,
                        &mut on_text,
                    )
                } else {
                    session.generate(&prompt, &options, &cancel, &mut on_text)
                };
                generated.expect("the prompt fits").tokens.len()
            });
        });
    }
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let model = Model::open(Path::new(FILE), &LoadLimits::default()).expect("the model loads");
    let model = Arc::new(model);
    sampling(criterion);
    constraint(criterion, &model);
    index(criterion, &model);
    generating(criterion, &model);
}

criterion_group!(choosing, benches);
criterion_main!(choosing);
