//! What choosing a token costs beside computing it: sampling, constraints, guesses.
//!
//! `cargo bench -p engine --bench choosing`. Times are for one token.

#[path = "../tests/it/tiny.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod tiny;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::{
    CancelToken, Constraint, GenerateOptions, Grammar, GrammarConstraint, IndentationSyntax,
    LoadLimits, Model, Pair, Piece, Sampler, Sampling, Session, Speculation, StringSyntax, Syntax,
    SyntaxConstraint, TokenIndex, TokenMask,
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

const SCHEMA: &str = r#"{"type": "object", "properties": {
    "tool": {"enum": ["read_file", "write_file", "search"]},
    "path": {"type": "string"},
    "lines": {"type": "array", "items": {"type": "integer"}},
    "replace": {"type": "boolean"}},
    "required": ["tool", "path", "lines"], "additionalProperties": false}"#;
const ANSWER: &str = r#"{"tool": "write_file", "path": "crates/engine/src/constraint/grammar.rs",
"lines": [12, 40, 41, 99], "replace": true}"#;
const EXPRESSIONS: &str = "\
start: expression
expression: term ((\"+\" | \"-\") term)*
term: factor ((\"*\" | \"/\") factor)*
factor: NUMBER | NAME | \"(\" expression \")\"
NUMBER: /[0-9]+(\\.[0-9]+)?/
NAME: /[a-z_]+/
%ignore / /
";

/// A model that says nothing of worth, with a vocabulary as large as those of common models:
/// all bytes, then texts of two to four syllables, every other one after a space.
fn large_vocabulary() -> Model {
    let mut file = tiny::File::tiny(tiny::F32, 1);
    let tokens = file.metadata.iter_mut().find(|(key, _)| key == "tokenizer.ggml.tokens");
    let Some((_, tiny::Meta::Texts(tokens))) = tokens else { unreachable!("it has tokens") };
    let syllables: Vec<String> = ["b", "ch", "d", "l", "m", "st", "r", "in", "\"", "_", "(", "0"]
        .iter()
        .flat_map(|first| {
            ["a", "er", "i", "on", "u", ": ", "_", "1", ")"].map(|l| format!("{first}{l}"))
        })
        .collect();
    let mut number = 0;
    while tokens.len() < VOCABULARY as usize {
        let mut text = if number % 2 == 0 { "Ġ".to_owned() } else { String::new() };
        let mut left = number / 2 + syllables.len();
        while left > 0 {
            text.push_str(&syllables[left % syllables.len()]);
            left /= syllables.len();
        }
        tokens.push(text.replace(' ', "Ġ"));
        number += 1;
    }
    file.remove("tokenizer.ggml.token_type");
    file.resize_vocabulary(VOCABULARY as usize);
    file.load().expect("it is a model")
}

/// What a grammar costs for a token: finding all that may come next, then going on.
fn grammar(criterion: &mut Criterion, model: &Model, name: &str) {
    let mut group = criterion.benchmark_group(format!("grammar, {name} tokens"));
    for (kind, grammar, text) in [
        ("JSON schema", Grammar::JsonSchema(SCHEMA), ANSWER),
        ("expression", Grammar::Regex(r"[A-Z][a-z]+( [a-z]+)*\."), "The theory of the other one."),
        ("Lark", Grammar::Lark(EXPRESSIONS), "(total + 12.5) * (price - tax) / 100"),
    ] {
        let tokens = model.tokenizer().encode(text, false).expect("all bytes are known");
        let mut mask = TokenMask::empty(model.tokenizer().vocabulary_size());
        group.throughput(Throughput::Elements(tokens.len() as u64));
        group.bench_function(format!("{kind}, mask and advance"), |bencher| {
            let fresh = || GrammarConstraint::new(model, grammar).expect("it is a grammar");
            bencher.iter_batched(
                fresh,
                |mut constraint| {
                    for token in &tokens {
                        mask.fill();
                        constraint.narrow(&mut mask).expect("it is simple");
                        assert!(mask.contains(*token), "{token}");
                        let bytes = model.tokenizer().piece(*token).expect("it is known");
                        constraint.advance(Piece { token: Some(*token), bytes });
                        black_box(constraint.may_end());
                    }
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("{kind}, read the grammar"), |bencher| {
            bencher.iter(|| GrammarConstraint::new(model, black_box(grammar)).expect("it is one"));
        });
    }
    group.finish();
}

/// What the first grammar of a model costs: its vocabulary as a tree.
fn vocabulary(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("grammar");
    group.sample_size(10);
    group.bench_function("first of a model with 151,936 tokens", |bencher| {
        let first = |model: &mut Model| GrammarConstraint::new(model, Grammar::Regex("a"));
        bencher.iter_batched_ref(large_vocabulary, first, BatchSize::PerIteration);
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
    grammar(criterion, &model, "4,096");
    grammar(criterion, &large_vocabulary(), "151,936");
    vocabulary(criterion);
    index(criterion, &model);
    generating(criterion, &model);
}

criterion_group!(choosing, benches);
criterion_main!(choosing);
