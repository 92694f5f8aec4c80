//! Guesses on real edits: a file and its next version.
//!
//! `EDIT_TRACES=old:new[,old:new…] cargo bench -p engine --bench edit_traces`, where each `old`
//! and `new` are folders with two versions of the same source tree. Nothing is written.
//!
//! `EDIT_MODEL=FILE` computes with that model instead of the built-in one, for which a step is too
//! cheap to gain much. Its weights may be random: what is said is given. The text is cut into
//! tokens by the built-in tokenizer in any case, and each stands for the token of the file whose
//! number is higher by [`SHIFT`]: files with random weights have no vocabulary of their own.
//!
//! Every file that is in both trees and changed is cut into stretches of the new version. Those
//! that are not in the old one as they are, are said again by the model after the tokens before
//! them, once without guesses and then with guesses from the old version. What is said is given:
//! a constraint leaves the token of the new version only. So this measures guesses for a model
//! that makes exactly these edits, which no small model does by itself; asking the constraint
//! costs time in all ways to decode.

#![allow(clippy::print_stdout, reason = "a report for people")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{
    CancelToken, Constraint, EngineError, GenerateOptions, LoadLimits, Model, Piece, Progress,
    Sampling, Session, Speculation, SpeculationCounts, TokenIndex, TokenMask,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/seedling-Q8_0.gguf");
/// Tokens before a stretch, and of it: both fit the context of the built-in model.
const BEFORE: usize = 128;
const STRETCH: usize = 256;
/// Stretches of one pair of trees, spread over all of it: for the built-in model, and for others.
const STRETCHES_MAX: [usize; 2] = [100, 6];

/// Past the tokens of bytes and the control tokens of a file with random weights.
const SHIFT: u32 = 1000;

/// A part of a new file and the old file.
struct Stretch {
    before: Vec<u32>,
    tokens: Vec<u32>,
    old: Arc<TokenIndex>,
}

/// Allows the tokens of a text one by one.
struct Replay<'a>(&'a [u32]);

impl Constraint for Replay<'_> {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        piece.token == self.0.first().copied()
    }

    fn narrow(&mut self, mask: &mut TokenMask) -> Result<bool, EngineError> {
        *mask = TokenMask::empty(mask.vocabulary());
        if let Some(token) = self.0.first() {
            mask.set(*token, true);
        }
        Ok(true)
    }

    fn advance(&mut self, _: Piece<'_>) -> Progress {
        self.0 = &self.0[1..];
        Progress::Open
    }

    fn may_end(&mut self) -> bool {
        false
    }
}

/// A way to decode, and what it brought in all stretches.
struct Way {
    name: &'static str,
    speculation: Option<Speculation>,
    counts: SpeculationCounts,
    tokens: usize,
    time: Duration,
}

fn main() {
    #[expect(clippy::disallowed_methods, reason = "a bench is its own front end")]
    let Some(traces) = std::env::var_os("EDIT_TRACES") else {
        println!("set EDIT_TRACES=old:new to measure guesses on the edits between two trees");
        return;
    };
    let traces = traces.into_string().expect("EDIT_TRACES is UTF-8");
    let open =
        |file: &Path| Arc::new(Model::open(file, &LoadLimits::default()).expect("the model loads"));
    let reader = open(Path::new(FILE));
    #[expect(clippy::disallowed_methods, reason = "a bench is its own front end")]
    let (model, shift) = match std::env::var_os("EDIT_MODEL") {
        Some(file) => (open(Path::new(&file)), SHIFT),
        None => (Arc::clone(&reader), 0),
    };
    for pair in traces.split(',') {
        let (old, new) = pair.split_once(':').expect("old:new");
        let stretches = stretches(&reader, shift, Path::new(old), Path::new(new));
        let name = Path::new(new).file_name().unwrap_or_default().to_string_lossy();
        println!("{name}: {} stretches of at most {STRETCH} tokens", stretches.len());
        measure(&model, &stretches);
    }
}

/// Decodes every stretch in every way, in turn.
fn measure(model: &Arc<Model>, stretches: &[Stretch]) {
    let cost = |row_cost| Some(Speculation { row_cost, ..Speculation::default() });
    let way = |name, speculation| Way {
        name,
        speculation,
        counts: SpeculationCounts::default(),
        tokens: 0,
        time: Duration::ZERO,
    };
    let mut ways = [
        way("plain", None),
        way("costs as measured", cost(None)),
        way("a row costs 5 % of a step", cost(Some(0.05))),
        way("a row costs 30 % of a step", cost(Some(0.3))),
    ];
    for stretch in stretches {
        for way in &mut ways {
            run(model, stretch, way);
        }
    }
    let plain = ways[0].time;
    for way in &ways {
        println!(
            "  {:27} {:6} tokens {:6} steps {:5.2} tokens/step {:5} of {:5} right {:6.2} s, {:.2} times plain",
            way.name,
            way.tokens,
            way.counts.steps,
            way.counts.tokens_per_step().unwrap_or(1.0),
            way.counts.accepted,
            way.counts.proposed,
            way.time.as_secs_f64(),
            plain.as_secs_f64() / way.time.as_secs_f64(),
        );
    }
}

fn run(model: &Arc<Model>, stretch: &Stretch, way: &mut Way) {
    let references = vec![Arc::clone(&stretch.old)];
    let speculation = way.speculation.clone();
    let options = GenerateOptions {
        sampling: Sampling::greedy(),
        tokens_max: stretch.tokens.len(),
        speculation: speculation.map(|options| Speculation { references, ..options }),
        ..GenerateOptions::default()
    };
    let mut replay = Replay(&stretch.tokens);
    let mut on_text = |_: &str| ControlFlow::Continue(());
    let generated = Session::new(Arc::clone(model))
        .generate_constrained(
            &stretch.before,
            &options,
            &mut replay,
            &CancelToken::new(),
            &mut on_text,
        )
        .expect("the stretch fits");
    assert_eq!(generated.tokens, stretch.tokens);
    way.tokens += generated.tokens.len();
    way.counts.steps += generated.speculation.steps;
    way.counts.proposed += generated.speculation.proposed;
    way.counts.accepted += generated.speculation.accepted;
    way.time += generated.timings.decode;
}

/// Changed stretches of all files that are in both trees.
fn stretches(reader: &Model, shift: u32, old: &Path, new: &Path) -> Vec<Stretch> {
    let mut files = Vec::new();
    collect_files(new, &mut files);
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let relative = file.strip_prefix(new).expect("it was found there");
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let (Some(old), Some(new)) = (read(&old.join(relative)), read(&file)) else { continue };
        let encode = |text: &str| -> Vec<u32> {
            let tokens = reader.tokenizer().encode(text, false).expect("all bytes are known");
            tokens.into_iter().map(|token| token + shift).collect()
        };
        let (old, new) = (encode(&old), encode(&new));
        let index = Arc::new(TokenIndex::new(&old).expect("source files are short"));
        for (number, tokens) in new.chunks(STRETCH).enumerate().skip(1) {
            let start = number * STRETCH;
            let is_old = old.windows(tokens.len()).any(|window| window == tokens);
            let before = new[start - BEFORE..start].to_vec();
            if !is_old && tokens.len() > 1 {
                all.push(Stretch { before, tokens: tokens.to_vec(), old: Arc::clone(&index) });
            }
        }
    }
    let step = all.len().div_ceil(STRETCHES_MAX[usize::from(shift > 0)]).max(1);
    all.into_iter().step_by(step).collect()
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of a tree").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
