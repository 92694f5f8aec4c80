//! Completions at random places of real files: how many leave a file that still parses, and how
//! long they take, with and without keeping them whole.
//!
//! A few lines after the cursor are taken out of each file; the model fills the gap.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use providers::local::Local;
use providers::{Cancel, Limits, Provider as _};
use types::{
    Actor, BudgetAccount, Completion, Document, Edit, Extent, Facts, Language, Place, Prompt,
    PromptBody, Request, Sampling, Snapshot, Task,
};

use crate::random::Random;
use crate::{head, row};

/// Cursors in files of each language.
const CURSORS: usize = 200;
const TOKENS_MAX: usize = 48;
/// Bytes of a file that is read; longer ones are left out.
const FILE_BYTES_MAX: usize = 40_000;

/// A gap in a file that parses.
struct Gap {
    language: Language,
    /// The file without the lines of the gap.
    text: String,
    cursor: usize,
}

/// What came of all gaps of a language in one way.
#[derive(Default)]
struct Outcome {
    parsed: usize,
    empty: usize,
    tokens: usize,
    times: Vec<Duration>,
}

/// Completes in the files of some folders, in all that they hold.
pub fn run(folders: &[String]) -> Result<()> {
    ensure!(!folders.is_empty(), "name folders with source files");
    let mut files = Vec::new();
    for folder in folders {
        crate::files::below(Path::new(folder), &mut files)?;
    }
    files.sort();
    println!("| language, extent, decoding | parse | empty | tokens | cursors |");
    println!("|---|---|---|---|---|");
    let mut times = Vec::new();
    for language in Language::ALL {
        let gaps = gaps(language, &files);
        if gaps.is_empty() {
            continue;
        }
        for extent in [Extent::Line, Extent::Block] {
            for (way, is_kept_whole) in [("plain", false), ("kept whole", true)] {
                // Anew, or the second way would find the prompts of the first computed.
                let local = Local::embedded()?;
                let mut outcome = Outcome::default();
                for gap in &gaps {
                    complete(&local, gap, extent, is_kept_whole, &mut outcome)?;
                }
                let name = format!("{language}, {extent:?}, {way}").to_lowercase();
                let Outcome { parsed, empty, tokens, .. } = outcome;
                println!("| {name} | {parsed} | {empty} | {tokens} | {} |", gaps.len());
                times.push((name, outcome.times));
            }
        }
    }
    println!();
    head();
    for (name, times) in times {
        row(&name, times);
    }
    Ok(())
}

/// One completion, as the pipeline makes and places it.
fn complete(
    local: &Local,
    gap: &Gap,
    extent: Extent,
    is_kept_whole: bool,
    outcome: &mut Outcome,
) -> Result<()> {
    let document = document(gap.language, &gap.text);
    let request = Request {
        task: Task::Complete,
        language: gap.language,
        instruction: String::new(),
        selection: gap.cursor..gap.cursor,
        extent,
        actor: Actor { name: "bench".to_owned(), client: "bench".to_owned() },
        candidates: 1,
        max_tokens: TOKENS_MAX,
        sampling: Sampling { temperature: 0.0, top_k: 40, top_p: 1.0, seed: 0 },
    };
    let place = Place {
        language: gap.language,
        text: document.text.clone(),
        range: gap.cursor..gap.cursor,
        extent,
    };
    let stop = match extent {
        Extent::Line if !is_kept_whole => vec!["\n".to_owned()],
        _ => Vec::new(),
    };
    let prompt = Prompt {
        body: near(local, gap),
        stop,
        place: is_kept_whole.then_some(place),
        account: BudgetAccount::default(),
    };
    let limits = Limits { max_tokens: TOKENS_MAX, samplings: vec![request.sampling] };
    let mut go_on = |_: providers::Chunk<'_>| ControlFlow::Continue(());
    let mut completions = local.complete(&prompt, &limits, &Cancel::new(), &mut go_on)?;
    let completion: Completion = completions.pop().context("one candidate")?;
    let edit = pipeline::edit(&request, &document, &completion, local.profile().style)?;
    let after = edit.apply(&document)?.text;
    outcome.parsed += usize::from(parses(gap.language, &after));
    outcome.empty += usize::from(after.len() == gap.text.len());
    outcome.tokens += completion.usage.completion_tokens;
    outcome.times.push(completion.timings.total);
    Ok(())
}

/// The lines around the cursor, as many as the model has room for.
fn near(local: &Local, gap: &Gap) -> PromptBody {
    let (before, after) = gap.text.split_at(gap.cursor);
    let room = local.profile().context_tokens - TOKENS_MAX - 16;
    for lines in (0..40).rev() {
        let start = before.rmatch_indices('\n').nth(lines).map_or(0, |(at, _)| at + 1);
        let end = after.match_indices('\n').nth(lines / 2).map_or(after.len(), |(at, _)| at);
        let (prefix, suffix) = (&before[start..], &after[..end]);
        if local.count_tokens(prefix) + local.count_tokens(suffix) <= room {
            return PromptBody::Infill { prefix: prefix.to_owned(), suffix: suffix.to_owned() };
        }
    }
    PromptBody::Infill { prefix: String::new(), suffix: String::new() }
}

/// Gaps in files that parse, each at another place: within a line, up to the end of that line or
/// of one of the two after it.
fn gaps(language: Language, files: &[PathBuf]) -> Vec<Gap> {
    let of_language =
        |file: &&PathBuf| Language::from_path(&file.to_string_lossy()) == Some(language);
    let texts: Vec<String> = files
        .iter()
        .filter(of_language)
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .filter(|text| text.lines().count() > 20 && text.len() <= FILE_BYTES_MAX)
        .filter(|text| parses(language, text))
        .collect();
    let mut random = Random(9);
    let mut gaps = Vec::new();
    while !texts.is_empty() && gaps.len() < CURSORS {
        let text = &texts[random.below(texts.len())];
        let cursor = random.below(text.len());
        let lines = random.below(3);
        let Some(line_end) =
            text.get(cursor..).and_then(|rest| rest.match_indices('\n').nth(lines))
        else {
            continue;
        };
        let text = format!("{}{}", &text[..cursor], &text[cursor + line_end.0..]);
        gaps.push(Gap { language, text, cursor });
    }
    gaps
}

fn document(language: Language, text: &str) -> Document {
    Document::new(&format!("file.{}", language.extensions()[0]), text)
}

fn parses(language: Language, text: &str) -> bool {
    let empty = document(language, "");
    let edit = Edit::replace_all(&empty, text);
    let report = guard::check(&Snapshot::of(empty), &edit, &Facts::default(), &|| 0);
    report.is_ok_and(|report| report.findings.iter().all(|finding| finding.check != "syntax"))
}
