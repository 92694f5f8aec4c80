//! Secrets: how many of a labelled set are found, and how often something else is taken for one.
//!
//! The set is drawn anew for each seed: secrets of many kinds in many surroundings, and what looks
//! like them. A finding counts by its line, for the guard and for detect-secrets alike. Nothing in
//! the set is or ever was a key of anybody.

mod fill;
mod negatives;
mod positives;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use types::{Document, LineIndex};

use crate::random::Random;

/// The seed that the rules were worked on with is 1.
const SEED: u64 = 2;
/// Samples of each kind of secret, and of each row of what is none.
const POSITIVES_EACH: usize = 6;
const NEGATIVES_EACH: usize = 26;
/// Bytes of a file of a tree; longer ones are left out.
const FILE_BYTES_MAX: u64 = 2_000_000;
/// Places in trees that are listed.
const LISTED_MAX: usize = 60;

/// One file of the set.
struct Sample {
    kind: &'static str,
    file: String,
    text: String,
    /// The lines that hold a secret, from 1; none where it holds none.
    lines: RangeInclusive<usize>,
}

/// Lines with a finding, by file.
type Flagged = BTreeMap<String, BTreeSet<usize>>;

/// `[--seed N] [--peer DETECT-SECRETS] [--misses] [FOLDER...]`
pub fn run(arguments: &[String]) -> Result<()> {
    let (mut seed, mut peer, mut list, mut trees) = (SEED, None, false, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().context("a value is missing");
        match argument.as_str() {
            "--seed" => seed = value()?.parse().context("--seed takes a number")?,
            "--peer" => peer = Some(PathBuf::from(value()?)),
            "--misses" => list = true,
            folder => trees.push(PathBuf::from(folder)),
        }
    }
    ensure!(seed > 0, "the seed is above 0");
    let mut random = seeded(seed);
    let positives = positives::samples(&mut random, POSITIVES_EACH);
    let negatives = negatives::samples(&mut random, NEGATIVES_EACH);
    let folder = tempfile::tempdir()?;
    let files = written(folder.path(), positives.iter().chain(&negatives))?;
    let ours = ours(folder.path(), &files)?;
    let theirs = peer.as_deref().map(|peer| theirs(peer, folder.path())).transpose()?;
    table(&positives, &negatives, &files, &ours, theirs.as_ref());
    by_kind(&positives, &negatives, &files, &ours.0, theirs.as_ref().map(|theirs| &theirs.0));
    if list {
        misses(&positives, &negatives, &files, &ours.0);
    }
    for tree in &trees {
        look_at_tree(tree, peer.as_deref())?;
    }
    Ok(())
}

/// Seeds that are near each other begin far apart.
fn seeded(seed: u64) -> Random {
    Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Writes the samples, each in a folder of its own; gives their paths in the folder.
fn written<'a>(folder: &Path, samples: impl Iterator<Item = &'a Sample>) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for (number, sample) in samples.enumerate() {
        let file = format!("{number:05}/{}", sample.file);
        let path = folder.join(&file);
        std::fs::create_dir_all(path.parent().context("it has one")?)?;
        std::fs::write(&path, &sample.text)?;
        files.push(file);
    }
    Ok(files)
}

/// What the guard says, and the time of the scans without reading the files.
fn ours(folder: &Path, files: &[String]) -> Result<(Flagged, Duration)> {
    guard::warm_up(types::Language::Python);
    let mut flagged = Flagged::new();
    let mut spent = Duration::ZERO;
    for file in files {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
        let document = Document::new(file, &text);
        let begun = Instant::now();
        let secrets = guard::scan_secrets_of(&document);
        spent += begun.elapsed();
        if !secrets.is_empty() {
            flagged.insert(file.clone(), lines(&text, &secrets));
        }
    }
    Ok((flagged, spent))
}

/// The lines that secrets stand on.
fn lines(text: &str, secrets: &[guard::Secret]) -> BTreeSet<usize> {
    let index = LineIndex::new(text);
    let line = |at| index.position(text, at).line;
    secrets.iter().flat_map(|one| line(one.range.start)..=line(one.range.end)).collect()
}

/// What detect-secrets says with its default plugins, and the time of the process. It asks no
/// vendor whether a secret is alive.
#[expect(clippy::disallowed_methods, reason = "a peer is a program of its own")]
fn theirs(peer: &Path, folder: &Path) -> Result<(Flagged, Duration)> {
    let begun = Instant::now();
    let mut command = Command::new(peer);
    command.args(["scan", "--no-verify", "--all-files", "."]).current_dir(folder);
    let output = command.output().with_context(|| peer.display().to_string())?;
    let spent = begun.elapsed();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let results = report["results"].as_object().context("no results")?;
    let lines = |found: &serde_json::Value| -> BTreeSet<usize> {
        let all = found.as_array().into_iter().flatten();
        let lines = all.filter_map(|one| usize::try_from(one["line_number"].as_u64()?).ok());
        lines.collect()
    };
    let name = |file: &String| file.trim_start_matches("./").to_owned();
    Ok((results.iter().map(|(file, found)| (name(file), lines(found))).collect(), spent))
}

/// What became of the samples: secrets found, and files with a finding where none is.
#[derive(Default)]
struct Counts {
    secrets: usize,
    found: usize,
    clean: usize,
    alarms: usize,
}

fn count<'a>(samples: impl Iterator<Item = (&'a Sample, &'a String)>, flagged: &Flagged) -> Counts {
    let mut counts = Counts::default();
    for (sample, file) in samples {
        let lines = flagged.get(file);
        let hit = |inside| {
            let is = |line: &usize| sample.lines.contains(line) == inside;
            lines.is_some_and(|lines| lines.iter().any(is))
        };
        if sample.lines.is_empty() {
            counts.clean += 1;
        } else {
            counts.secrets += 1;
            counts.found += usize::from(hit(true));
        }
        counts.alarms += usize::from(hit(false));
    }
    counts
}

fn table(
    positives: &[Sample],
    negatives: &[Sample],
    files: &[String],
    ours: &(Flagged, Duration),
    theirs: Option<&(Flagged, Duration)>,
) {
    let kinds = |samples: &[Sample]| samples.iter().map(|s| s.kind).collect::<BTreeSet<_>>().len();
    let (secrets, clean) = (kinds(positives), kinds(negatives));
    println!(
        "{} secrets of {secrets} kinds, {} files without one of {clean} kinds\n",
        positives.len(),
        negatives.len()
    );
    println!("| | found | recall % | false alarms | of files % | precision % | time ms |");
    println!("|---|---|---|---|---|---|---|");
    let named = [("guard", Some(ours)), ("detect-secrets", theirs)];
    for (name, result) in named {
        let Some((flagged, time)) = result else { continue };
        let samples = positives.iter().chain(negatives).zip(files);
        let Counts { secrets, found, clean, alarms } = count(samples, flagged);
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        println!(
            "| {name} | {found} of {secrets} | {:.1} | {alarms} | {:.2} | {:.1} | {:.0} |",
            share(found, secrets),
            share(alarms, secrets + clean),
            share(found, found + alarms),
            time.as_secs_f64() * 1e3
        );
    }
}

fn by_kind(
    positives: &[Sample],
    negatives: &[Sample],
    files: &[String],
    ours: &Flagged,
    theirs: Option<&Flagged>,
) {
    println!("\n| kind | samples | guard | detect-secrets |\n|---|---|---|---|");
    let all = || positives.iter().chain(negatives).zip(files);
    let mut kinds: Vec<&str> = Vec::new();
    for (sample, _) in all() {
        if !kinds.contains(&sample.kind) {
            kinds.push(sample.kind);
        }
    }
    for kind in kinds {
        let of = |flagged: &Flagged| {
            let counts = count(all().filter(|(sample, _)| sample.kind == kind), flagged);
            match counts.secrets {
                0 => (counts.clean, format!("{} alarms", counts.alarms)),
                secrets => (secrets, format!("{} found", counts.found)),
            }
        };
        let (samples, our) = of(ours);
        let their = theirs.map_or_else(|| "not run".to_owned(), |theirs| of(theirs).1);
        println!("| {kind} | {samples} | {our} | {their} |");
    }
}

/// The samples that the guard gets wrong, for a look: all of them are made up.
fn misses(positives: &[Sample], negatives: &[Sample], files: &[String], ours: &Flagged) {
    for pair in positives.iter().chain(negatives).zip(files) {
        let (sample, file) = pair;
        let counts = count(std::iter::once(pair), ours);
        if counts.found < counts.secrets || counts.alarms > 0 {
            let what = if counts.found < counts.secrets { "missed" } else { "false alarm" };
            println!("\n{what}: {}, {file}, {:?}\n{}", sample.kind, ours.get(file), sample.text);
        }
    }
}

/// Findings in a tree that is known to hold no secrets, or only made up ones.
fn look_at_tree(tree: &Path, peer: Option<&Path>) -> Result<()> {
    let mut paths = Vec::new();
    crate::files::below(tree, &mut paths)?;
    paths.retain(|path| path.metadata().is_ok_and(|file| file.len() <= FILE_BYTES_MAX));
    paths.sort();
    let inside = |path: &PathBuf| Some(path.strip_prefix(tree).ok()?.to_str()?.to_owned());
    let files: Vec<String> = paths.iter().filter_map(inside).collect();
    let (flagged, spent) = ours(tree, &files)?;
    let lines = |flagged: &Flagged| flagged.values().map(BTreeSet::len).sum::<usize>();
    let name = tree.display();
    println!("\n{name}: {} files, guard {} lines, {spent:.1?}", files.len(), lines(&flagged));
    if let Some(peer) = peer {
        let (theirs, spent) = theirs(peer, tree)?;
        println!("{name}: detect-secrets {} lines, {spent:.1?}", lines(&theirs));
    }
    let places = flagged.iter().flat_map(|(file, lines)| lines.iter().map(move |at| (file, at)));
    for (file, line) in places.take(LISTED_MAX) {
        println!("- {file}:{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small part of a set that nothing was tried on, sample by sample.
    #[test]
    fn one_of_each_kind() {
        let mut random = seeded(4);
        let mut samples = positives::samples(&mut random, 1);
        samples.extend(negatives::samples(&mut random, 1));
        let (mut missed, mut alarms) = (Vec::new(), Vec::new());
        for (number, sample) in samples.iter().enumerate() {
            let path = format!("{number}/{}", sample.file);
            let secrets = guard::scan_secrets_of(&Document::new(&path, &sample.text));
            let found = lines(&sample.text, &secrets);
            if !sample.lines.is_empty() && !found.iter().any(|line| sample.lines.contains(line)) {
                missed.push((sample.kind, &sample.text));
            }
            if found.iter().any(|line| !sample.lines.contains(line)) {
                alarms.push((sample.kind, &sample.text));
            }
        }
        assert_eq!(samples.len(), 213);
        assert_eq!((missed, alarms), (Vec::new(), Vec::new()));
    }
}
