//! `check`: files, a diff or standard input.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use clap::Args;
use pipeline::Review;
use policy::{Policy, Settings, Verdict};
use types::{Document, Edit, Language, Snapshot};
use workspace::git::{self, Against};
use workspace::{FILE_BYTES_MAX, WorkspaceError};

use crate::arguments::{Format, Global};
use crate::context::Context;
use crate::output::{self, progress::Bar};

#[derive(Debug, Args)]
pub struct Flags {
    /// Files and folders
    #[arg(value_name = "PATH", required_unless_present_any = ["diff", "staged", "stdin"])]
    paths: Vec<PathBuf>,
    /// Only what the working tree changes against this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["staged", "stdin", "paths"])]
    diff: Option<String>,
    /// Only what is staged for the next commit
    #[arg(long, conflicts_with_all = ["stdin", "paths"])]
    staged: bool,
    /// Check standard input; needs --lang
    #[arg(long, requires = "lang", conflicts_with = "paths")]
    stdin: bool,
    /// The language, in place of that of each file's name
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
}

/// A file to check: the text before, and the text after or why there is none.
struct Subject {
    base: Document,
    new: Result<String, WorkspaceError>,
    /// Named by the person, or found by walking and git.
    named: bool,
}

/// One checked file.
pub struct Checked {
    pub path: String,
    pub text: String,
    pub outcome: Result<Review, String>,
}

pub fn run(global: &Global, flags: &Flags) -> Result<ExitCode> {
    let context = Context::load(global, None)?;
    let policy = context.policy(Settings::default())?;
    let sources = sources(&context, flags)?;
    let (checked, skipped) = check_all(&context, &policy, flags.lang, &sources);
    match context.format {
        Format::Text => output::text::checked(&context, &checked, skipped)?,
        Format::Json => output::json::checked(&checked)?,
    }
    Ok(exit_code(&checked))
}

/// Where the subjects come from; files are read when their turn comes, not all at once.
enum Sources {
    Files(Vec<Result<(PathBuf, bool), WorkspaceError>>),
    Ready(Vec<Mutex<Option<Subject>>>),
}

impl Sources {
    fn len(&self) -> usize {
        match self {
            Sources::Files(files) => files.len(),
            Sources::Ready(subjects) => subjects.len(),
        }
    }

    fn take(&self, index: usize) -> Option<Subject> {
        match self {
            Sources::Files(files) => {
                let (path, named) = match &files[index] {
                    Ok(file) => file,
                    Err(problem) => {
                        let new = Err(WorkspaceError::Walk(problem.to_string()));
                        return Some(Subject { base: Document::absent("-"), new, named: true });
                    }
                };
                let name = path.strip_prefix("./").unwrap_or(path).display().to_string();
                let new = workspace::read(path, &name).map(|document| document.text.to_string());
                Some(Subject { base: Document::absent(&name), new, named: *named })
            }
            Sources::Ready(subjects) => subjects[index].lock().ok()?.take(),
        }
    }
}

fn sources(context: &Context, flags: &Flags) -> Result<Sources> {
    let against = match &flags.diff {
        Some(revision) => Some(Against::Revision(revision.clone())),
        None => flags.staged.then_some(Against::Staged),
    };
    let subjects: Vec<Subject> = if let Some(against) = against {
        git::changed(&context.root, &against)?
            .into_iter()
            .map(|file| Subject { base: file.base, new: file.new, named: false })
            .collect()
    } else if flags.stdin {
        let mut bytes = Vec::new();
        let read = std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.context("cannot read standard input")?;
        anyhow::ensure!(
            bytes.len() as u64 <= FILE_BYTES_MAX,
            "standard input is longer than {FILE_BYTES_MAX} bytes"
        );
        let new = workspace::decode("standard input".as_ref(), bytes);
        vec![Subject { base: Document::absent("-"), new, named: true }]
    } else {
        let named = |path: &PathBuf| flags.paths.contains(path);
        let (files, problems) = workspace::list(&flags.paths)?;
        let files = files.into_iter().map(|path| {
            let named = named(&path);
            Ok((path, named))
        });
        return Ok(Sources::Files(files.chain(problems.into_iter().map(Err)).collect()));
    };
    Ok(Sources::Ready(subjects.into_iter().map(|subject| Mutex::new(Some(subject))).collect()))
}

/// Checks all subjects on all cores; the results are in the order of the subjects.
fn check_all(
    context: &Context,
    policy: &Policy,
    lang: Option<Language>,
    sources: &Sources,
) -> (Vec<Checked>, usize) {
    let next = AtomicUsize::new(0);
    let done = Mutex::new((Vec::new(), Bar::new(context.quiet, "checking")));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= sources.len() {
                        break;
                    }
                    let Some(subject) = sources.take(index) else { continue };
                    let checked = check_one(policy, lang, subject);
                    let Ok(mut done) = done.lock() else { break };
                    done.0.push((index, checked));
                    let count = done.0.len();
                    done.1.show(count as u64, sources.len() as u64);
                }
            });
        }
    });
    let (mut results, mut bar) =
        done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    bar.finish();
    results.sort_by_key(|(index, _)| *index);
    let total = results.len();
    let checked: Vec<Checked> = results.into_iter().filter_map(|(_, checked)| checked).collect();
    let skipped = total - checked.len();
    (checked, skipped)
}

/// `None` for a file that is not text and that nobody named: there is nothing to check in it.
fn check_one(policy: &Policy, lang: Option<Language>, subject: Subject) -> Option<Checked> {
    let language = lang.or(subject.base.language);
    let path = subject.base.path.clone();
    let text = match subject.new {
        Ok(text) => text,
        Err(WorkspaceError::NotText { .. }) if !subject.named && language.is_none() => return None,
        Err(error) => {
            return Some(Checked { path, text: String::new(), outcome: Err(error.to_string()) });
        }
    };
    let language = language.or_else(|| Language::from_first_line(&text));
    let base = subject.base.with_language(language);
    let edit = match base.text.is_empty() {
        true => Edit::replace_all(&base, &text),
        false => workspace::edit_between(&base, &text),
    };
    let outcome = pipeline::review(policy, &Snapshot::of(base), edit);
    Some(Checked { path, text, outcome: outcome.map_err(|error| error.to_string()) })
}

fn exit_code(checked: &[Checked]) -> ExitCode {
    let verdicts = || checked.iter().filter_map(|file| Some(&file.outcome.as_ref().ok()?.verdict));
    let failed = checked.iter().any(|file| file.outcome.is_err());
    if verdicts().any(|verdict| matches!(verdict, Verdict::Block(_))) {
        ExitCode::from(1)
    } else if failed || verdicts().any(|verdict| matches!(verdict, Verdict::Unchecked(_))) {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
