//! `check`: files, changes or standard input.

mod in_order;
mod repair;
mod sources;

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use pipeline::Review;
use policy::{Policy, Settings};
use types::{
    AllowedBy, CheckState, Confidence, Digest, Document, Edit, Facts, Finding, Language, Severity,
    Snapshot,
};
use workspace::{IGNORE_FILE, IgnoreFile, WorkspaceError, Wrong};

use crate::arguments::{Global, ReportFormat};
use crate::context::Context;
use crate::output::formats::{self, Checked, Manner, Output, Summary};
use crate::output::progress::Bar;
use repair::Repair;
use sources::{Source, Sources, Subject};

#[derive(Debug, Args)]
pub struct Flags {
    /// Files and folders, as they are: a person stands behind them
    #[arg(value_name = "PATH", required_unless_present_any = ["diff", "since", "staged", "stdin"])]
    paths: Vec<PathBuf>,
    /// Only what the working tree changes against this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["since", "staged", "stdin", "paths"])]
    diff: Option<String>,
    /// Only what was changed since the last commit in common with this revision
    #[arg(long, value_name = "REV", conflicts_with_all = ["staged", "stdin", "paths"])]
    since: Option<String>,
    /// Only what is staged for the next commit
    #[arg(long, conflicts_with_all = ["stdin", "paths"])]
    staged: bool,
    /// Check standard input; needs --lang
    #[arg(long, requires = "lang", conflicts_with = "paths")]
    stdin: bool,
    /// The language, in place of that of each file's name
    #[arg(long, value_name = "LANG")]
    lang: Option<Language>,
    /// Make the mechanical fixes that introduce nothing; `undo` takes them back
    #[arg(long, conflicts_with_all = ["staged", "stdin"])]
    fix: bool,
    /// With --fix: show what would be written
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

pub fn run(global: &Global, flags: &Flags) -> Result<ExitCode> {
    let context = Context::load(global, None)?;
    let policy = context.policy(Settings::default())?;
    let sources = Sources::new(&context, flags)?;
    let manner = Manner { policy: &policy, quiet: context.quiet, verbose: context.verbose };
    let mut writer = formats::writer(context.report, manner);
    let stdout: Box<dyn Write> = match context.report {
        ReportFormat::Text => Box::new(anstream::stdout().lock()),
        _ => Box::new(std::io::stdout().lock()),
    };
    let mut out = BufWriter::new(stdout);
    let run = Run { context: &context, policy: &policy, flags, sources };
    let summary = run.all(writer.as_mut(), &mut out)?;
    out.flush()?;
    Ok(ExitCode::from(summary.exit_code()))
}

struct Run<'a> {
    context: &'a Context,
    policy: &'a Policy,
    flags: &'a Flags,
    sources: Sources,
}

/// What came of one source.
enum Item {
    Checked(Box<Checked>, Option<Box<Repair>>),
    /// Not text, and nobody named it: there is nothing to check in it.
    Skipped,
    Ignored,
}

impl Run<'_> {
    /// Checks everything on all cores and writes the results in order, as they come.
    fn all(mut self, writer: &mut dyn Output, out: &mut dyn Write) -> Result<Summary> {
        let mut summary = Summary::default();
        let mut used = BTreeSet::new();
        let mut repairs = repair::Writer::new(self.context);
        let mut bar = Bar::new(self.context.quiet, "checking");
        let count = self.sources.len();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        writer.begin(out)?;
        in_order::in_order(
            count,
            threads,
            |index| self.one(index),
            |index, item| {
                bar.show(index as u64 + 1, count as u64);
                let (checked, repair) = match item {
                    Item::Checked(checked, repair) => (*checked, repair),
                    Item::Skipped => {
                        summary.skipped += 1;
                        return Ok(());
                    }
                    Item::Ignored => {
                        summary.ignored += 1;
                        return Ok(());
                    }
                };
                let checked = match repair {
                    None => checked,
                    Some(repair) if self.flags.dry_run => repair.show(checked),
                    Some(repair) => repairs.write(*repair, checked),
                };
                used.extend(entries_used(&checked));
                put(writer, out, &mut summary, &checked, &bar)
            },
        )?;
        bar.finish();
        if self.sources.whole {
            self.sources.ignore.complain_of_unused(&used);
        }
        if self.sources.on_disk()
            && let Some(checked) = about_ignore_file(self.policy, &self.sources.ignore)
        {
            put(writer, out, &mut summary, &checked, &bar)?;
        }
        summary.generation = repairs.generation;
        writer.end(out, &summary)?;
        Ok(summary)
    }

    fn one(&self, index: usize) -> Item {
        let subject = match self.sources.take(index) {
            Source::Subject(subject) => *subject,
            Source::Ignored => return Item::Ignored,
        };
        let Subject { base, new, named, facts, file } = subject;
        let language = self.flags.lang.or(base.language);
        let path = base.path.clone();
        let text = match new {
            Ok(text) => text,
            Err(WorkspaceError::NotText { .. }) if !named && language.is_none() => {
                return Item::Skipped;
            }
            Err(error) => {
                let (text, outcome) = (String::new(), Err(error.to_string()));
                return Item::Checked(Box::new(Checked { path, text, outcome, fixes: None }), None);
            }
        };
        let base = base.with_language(language.or_else(|| Language::from_first_line(&text)));
        let mut outcome = review(self.policy, &base, &text, &facts);
        if let Ok(review) = &mut outcome
            && !self.context.verbose
        {
            // The same input gives the same bytes: times only where they are asked for.
            review.report.checks.iter_mut().for_each(|check| check.duration_us = 0);
        }
        let repair = match file.filter(|_| self.flags.fix) {
            Some(file) => Repair::plan(self.policy, &base, &text, &facts, &file),
            None => Ok(None),
        };
        let checked = Checked { path, text, outcome, fixes: None };
        match repair {
            Ok(repair) => Item::Checked(Box::new(checked), repair.map(Box::new)),
            Err(problem) => {
                let problem = Some(format!("`{}`: {problem}", checked.path));
                let fixes = Some(formats::Fixes { problem, ..formats::Fixes::default() });
                Item::Checked(Box::new(Checked { fixes, ..checked }), None)
            }
        }
    }
}

/// Writes what there is to say of one file, if anything.
fn put(
    writer: &mut dyn Output,
    out: &mut dyn Write,
    summary: &mut Summary,
    checked: &Checked,
    bar: &Bar,
) -> Result<()> {
    summary.add(checked);
    let mut text = Vec::new();
    writer.file(&mut text, checked)?;
    match text.is_empty() {
        true => Ok(()),
        false => Ok(bar.aside(|| out.write_all(&text).and_then(|()| out.flush()))?),
    }
}

/// Judges the text that stands in place of `base`.
fn review(policy: &Policy, base: &Document, text: &str, facts: &Facts) -> Result<Review, String> {
    let edit = match base.text.is_empty() {
        true => Edit::replace_all(base, text),
        false => workspace::edit_between(base, text),
    };
    let snapshot = Snapshot::of(base.clone());
    pipeline::review(policy, &snapshot, edit, facts).map_err(|error| error.to_string())
}

/// The lines of the ignore file's entries that allowed something.
fn entries_used(checked: &Checked) -> Vec<usize> {
    let suppressed = checked.outcome.iter().flat_map(|review| &review.report.suppressed);
    let by_file = suppressed.filter(|one| one.suppression.by == AllowedBy::File);
    by_file.map(|one| one.suppression.line).collect()
}

/// What is wrong with the ignore file, as findings in it; `None` where nothing is.
fn about_ignore_file(policy: &Policy, file: &IgnoreFile) -> Option<Checked> {
    if file.problems.is_empty() {
        return None;
    }
    let base = Document::absent(IGNORE_FILE);
    let mut outcome = review(policy, &base, &file.text, &Facts::default());
    if let Ok(review) = &mut outcome {
        let report = &mut review.report;
        for check in &mut report.checks {
            check.duration_us = 0;
            if check.name == "allows" {
                check.state = CheckState::Failed;
            }
        }
        report.findings.extend(file.problems.iter().map(about_entry));
        report.findings.sort_by_key(|finding| finding.start);
    }
    let (path, text) = (IGNORE_FILE.to_owned(), file.text.clone());
    Some(Checked { path, text, outcome, fixes: None })
}

fn about_entry(problem: &workspace::Problem) -> Finding {
    let (rule, message) = match &problem.what {
        Wrong::NoReason => {
            ("allow-without-reason", "no reason is given, so nothing is allowed".to_owned())
        }
        Wrong::Unreadable(why) => {
            ("allow-without-reason", format!("this line does not count: {why}"))
        }
        Wrong::Unused(rule) => {
            ("allow-unused", format!("there is no finding of {rule} in these files"))
        }
    };
    let line = format!("{rule}\n{}\n{message}", problem.start.line);
    Finding {
        rule: rule.to_owned(),
        check: "allows",
        severity: Severity::Info,
        confidence: Confidence::High,
        message,
        cwe: Vec::new(),
        start: problem.start,
        end: problem.end,
        introduced: true,
        fingerprint: Digest::of(line.as_bytes()).hex()[..16].to_owned(),
        fix: None,
        trail: Vec::new(),
    }
}
