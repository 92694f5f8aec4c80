//! A whole tree: `countersign check` beside ruff, bandit and detect-secrets one after the other, in
//! turn; and how time and memory grow with the tree.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::peers::{Peer, Peers, Took};

/// Rounds, in each of which everything runs once.
const ROUNDS: usize = 5;
/// Copies of the tree.
const COPIES: [usize; 3] = [1, 2, 4];

/// `FOLDER --countersign PATH [--ruff PATH] [--bandit PATH] [--detect-secrets PATH]`
pub fn run(arguments: &[String]) -> Result<()> {
    let (peers, rest) = Peers::of(arguments)?;
    let folder = Path::new(rest.first().context("name a folder")?);
    let ours = peers.countersign.as_ref().context("--countersign is missing")?;
    let mut programs: Vec<(&str, &Peer, Vec<Took>)> = vec![("countersign check", ours, Vec::new())];
    programs.extend(peers.all().map(|(name, peer)| (name, peer, Vec::new())));
    for round in 0..ROUNDS {
        for (name, peer, took) in &mut programs {
            eprintln!("round {round}: {name}");
            took.push(peer.run(folder)?);
        }
    }
    println!("| | median s | least s | most s | memory MB |\n|---|---|---|---|---|");
    let mut others = vec![Duration::ZERO; ROUNDS];
    for (name, _, took) in &programs {
        let times: Vec<Duration> = took.iter().map(|took| took.time).collect();
        print(name, times.clone(), took);
        if *name != "countersign check" {
            others.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
        }
    }
    if programs.len() > 1 {
        print("all the others, one after the other", others, &[]);
    }
    for copies in COPIES {
        let several = tempfile::tempdir()?;
        for number in 0..copies {
            copy(folder, &several.path().join(number.to_string()))?;
        }
        let took: Vec<Took> =
            (0..ROUNDS).map(|_| ours.run(several.path())).collect::<Result<_>>()?;
        let times = took.iter().map(|took| took.time).collect();
        print(&format!("countersign check, {copies} times the tree"), times, &took);
    }
    Ok(())
}

fn print(name: &str, mut times: Vec<Duration>, took: &[Took]) {
    times.sort_unstable();
    let [median, least, most] =
        [times.len() / 2, 0, times.len() - 1].map(|at| times[at].as_secs_f64());
    let memory = took.iter().map(|took| took.memory_kib).max().unwrap_or_default() / 1024;
    println!("| {name} | {median:.2} | {least:.2} | {most:.2} | {memory} |");
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut files = Vec::new();
    crate::files::below(from, &mut files)?;
    for file in files {
        let target = to.join(file.strip_prefix(from)?);
        std::fs::create_dir_all(target.parent().context("it has one")?)?;
        std::fs::copy(&file, target)?;
    }
    Ok(())
}
