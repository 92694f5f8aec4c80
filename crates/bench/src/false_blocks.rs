//! False blocks: what the guard and the default policy say of code that nothing is wrong with.
//!
//! Every file of some folders is taken as edits of twenty lines: the base is the file without
//! them, the edit puts them back. Well-kept code is not free of mistakes, so a block is only
//! nearly always a false one; the listing is there to look at. What came of each file goes to a
//! journal, from which a run that was cut off goes on.

mod tables;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use pipeline::Review;
use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{CheckState, Document, Edit, Facts, Language, Severity, Snapshot};

/// Lines of one edit.
const LINES: usize = 20;
/// Edits that are tried at least, unless the command line says otherwise.
const EDITS: usize = 100_000;
/// Bytes of a file; longer ones are left out, as mostly not written by hand.
const FILE_BYTES_MAX: usize = 400_000;
/// Bytes of a line; files with a longer one are left out for the same reason.
const LINE_BYTES_MAX: usize = 2_000;
const THREADS: usize = 2;

/// One file that takes part.
struct Subject {
    path: PathBuf,
    language: Language,
    lines: usize,
    /// Number of the file's first edit among those of all files.
    first: usize,
}

impl Subject {
    fn edits(&self) -> usize {
        self.lines.div_ceil(LINES)
    }
}

/// What came of one file: a line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Judged {
    path: String,
    language: String,
    edits: Vec<JudgedEdit>,
}

/// What came of one edit.
#[derive(Debug, Serialize, Deserialize)]
struct JudgedEdit {
    /// Its first line, from 1.
    line: usize,
    verdict: String,
    /// Why it does not simply pass.
    reasons: Vec<String>,
    /// Rules that alone would block, each once, with their check.
    blocking: Vec<(String, String)>,
    /// Rules that alone would warn, in the same way.
    warning: Vec<(String, String)>,
    /// Checks that were not done though the language has them.
    undone: Vec<String>,
}

/// `FOLDER... [--edits N] [--journal FILE]`
pub fn run(arguments: &[String]) -> Result<()> {
    let mut folders = Vec::new();
    let (mut edits, mut journal) = (EDITS, PathBuf::from("false-blocks.jsonl"));
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().context("a value is missing");
        match argument.as_str() {
            "--edits" => edits = value()?.parse().context("--edits takes a number")?,
            "--journal" => journal = PathBuf::from(value()?),
            folder => folders.push(folder.to_owned()),
        }
    }
    ensure!(!folders.is_empty() && edits > 0, "name folders with source files");
    let subjects = subjects(&folders)?;
    let all = subjects.last().map_or(0, |last| last.first + last.edits());
    let step = (all / edits).max(1);
    let lines: usize = subjects.iter().map(|subject| subject.lines).sum();
    eprintln!("{} files, {lines} lines, {all} edits, one in {step} is tried", subjects.len());
    let done = read(&journal)?;
    judge_all(&subjects, step, &done, &journal)?;
    let judged = read(&journal)?;
    let wanted = |subject: &Subject| judged.get(&subject.path.display().to_string());
    tables::print(subjects.iter().filter_map(|subject| Some((subject, wanted(subject)?))));
    Ok(())
}

/// The journal so far, by path; a last line that was cut off does not count.
fn read(journal: &Path) -> Result<BTreeMap<String, Judged>> {
    if !journal.exists() {
        return Ok(BTreeMap::new());
    }
    let lines = BufReader::new(File::open(journal)?).lines();
    let judged = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
    Ok(judged.map(|judged: Judged| (judged.path.clone(), judged)).collect())
}

fn judge_all(
    subjects: &[Subject],
    step: usize,
    done: &BTreeMap<String, Judged>,
    journal: &Path,
) -> Result<()> {
    let out = File::options().create(true).append(true).open(journal)?;
    // After a line that was cut off.
    writeln!(&out)?;
    let (out, next, tried) = (Mutex::new(out), AtomicUsize::new(0), AtomicUsize::new(0));
    let policy = Policy::default();
    let begun = Instant::now();
    let work = || -> Result<()> {
        while let Some(subject) = subjects.get(next.fetch_add(1, Ordering::Relaxed)) {
            if done.contains_key(&subject.path.display().to_string()) {
                continue;
            }
            let judged = judge(&policy, subject, step)?;
            let before = tried.fetch_add(judged.edits.len(), Ordering::Relaxed);
            let now = before + judged.edits.len();
            if now / 1_000 > before / 1_000 {
                let speed = now as f64 / begun.elapsed().as_secs_f64();
                let at = subject.first / step;
                eprintln!("{now} edits, {speed:.0} a second, at {at}: {}", judged.path);
            }
            let line = serde_json::to_string(&judged)?;
            writeln!(out.lock().expect("no thread panics while it writes"), "{line}")?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("the guard never panics"))
    })
}

fn judge(policy: &Policy, subject: &Subject, step: usize) -> Result<Judged> {
    let path = subject.path.display().to_string();
    let text = std::fs::read_to_string(&subject.path)?;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .chain([text.len()])
        .collect();
    let mut edits = Vec::new();
    for number in 0..subject.edits() {
        if !(subject.first + number).is_multiple_of(step) {
            continue;
        }
        let line = number * LINES;
        let start = starts[line];
        let end = starts[(line + LINES).min(starts.len() - 1)];
        let taken = &text[start..end];
        if taken.trim().is_empty() {
            continue;
        }
        let base = Document::new(&path, &format!("{}{}", &text[..start], &text[end..]));
        let edit = Edit::insert(&base, start, taken.to_owned())?;
        let review = pipeline::review(policy, &Snapshot::of(base), edit, &Facts::default())?;
        edits.push(judged(policy, line + 1, &review));
    }
    Ok(Judged { path, language: subject.language.name().to_owned(), edits })
}

fn judged(policy: &Policy, line: usize, review: &Review) -> JudgedEdit {
    let (mut blocking, mut warning) = (Vec::new(), Vec::new());
    for finding in &review.report.findings {
        let sure = finding.confidence > types::Confidence::Low;
        let rules = if sure && finding.severity >= Severity::from(policy.fail_on) {
            &mut blocking
        } else if finding.severity > Severity::Info {
            &mut warning
        } else {
            continue;
        };
        let rule = (finding.check.to_owned(), finding.rule.clone());
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if blocking.is_empty() && review.verdict.name() == "block" {
        blocking.push(("score".to_owned(), "score".to_owned()));
    }
    let undone =
        |check: &&types::CheckOutcome| check.supported && check.state == CheckState::Unchecked;
    JudgedEdit {
        line,
        verdict: review.verdict.name().to_owned(),
        reasons: review.verdict.reasons().to_vec(),
        blocking,
        warning,
        undone: review.report.checks.iter().filter(undone).map(|c| c.name.to_owned()).collect(),
    }
}

/// The files that take part, in the order of their paths.
fn subjects(folders: &[String]) -> Result<Vec<Subject>> {
    let mut files = Vec::new();
    for folder in folders {
        crate::files::below(Path::new(folder), &mut files)?;
    }
    files.sort();
    files.dedup();
    let mut subjects: Vec<Subject> = Vec::new();
    let mut first = 0;
    for path in files {
        let Some(language) = Language::from_path(&path.to_string_lossy()) else { continue };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let by_hand = |line: &str| line.len() <= LINE_BYTES_MAX;
        if text.len() > FILE_BYTES_MAX || !text.lines().all(by_hand) {
            continue;
        }
        let lines = text.lines().count();
        let subject = Subject { path, language, lines, first };
        first += subject.edits();
        subjects.push(subject);
    }
    Ok(subjects)
}
