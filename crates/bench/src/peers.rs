//! Other people's programs, and ours, as processes: how long they take and how much memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// A program and the arguments before the path that it is to look at.
pub struct Peer {
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// What one run of a process took.
pub struct Took {
    pub time: Duration,
    /// Most memory resident at one time, in KiB, as far as it was seen; 0 where it was not.
    pub memory_kib: u64,
}

/// The programs that the command line names.
#[derive(Default)]
pub struct Peers {
    pub countersign: Option<Peer>,
    linters: Vec<(&'static str, Peer)>,
}

impl Peers {
    /// The programs, and the arguments that name none.
    pub fn of(arguments: &[String]) -> Result<(Peers, Vec<String>)> {
        let (mut peers, mut rest) = (Peers::default(), Vec::new());
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (name, options): (_, &[&str]) = match argument.as_str() {
                "--ruff" => {
                    ("ruff", &["check", "--exit-zero", "--no-cache", "--quiet", "--isolated"])
                }
                "--bandit" => ("bandit", &["--exit-zero", "--quiet", "-r"]),
                "--detect-secrets" => ("detect-secrets", &["scan", "--no-verify", "--all-files"]),
                "--countersign" => ("countersign", &["check", "-q"]),
                other => {
                    rest.push(other.to_owned());
                    continue;
                }
            };
            let program = PathBuf::from(arguments.next().context("a path is missing")?);
            let peer = Peer { program, arguments: options };
            match name {
                "countersign" => peers.countersign = Some(peer),
                name => peers.linters.push((name, peer)),
            }
        }
        Ok((peers, rest))
    }

    /// The linters, in the order they were named.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Peer)> {
        self.linters.iter().map(|(name, peer)| (*name, peer))
    }
}

impl Peer {
    /// Runs it on a file or a folder, in one process. Findings are no failure.
    #[expect(clippy::disallowed_methods, reason = "measures processes")]
    pub fn run(&self, path: &Path) -> Result<Took> {
        let state = tempfile::tempdir()?;
        let mut command = Command::new(&self.program);
        command.args(self.arguments).arg(path).env("XDG_STATE_HOME", state.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().with_context(|| self.program.display().to_string())?;
        let status = format!("/proc/{}/status", child.id());
        let mut memory_kib = 0;
        let ended = loop {
            if let Some(ended) = child.try_wait()? {
                break ended;
            }
            memory_kib = memory_kib.max(peak(&status));
            std::thread::sleep(Duration::from_micros(500));
        };
        let time = begun.elapsed();
        // 1 says findings, 2 that something was not checked.
        if !matches!(ended.code(), Some(0..=2)) {
            bail!("{} ended with {ended}", self.program.display());
        }
        Ok(Took { time, memory_kib })
    }
}

/// The most memory that a process had resident so far, in KiB.
fn peak(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
