//! Text for people: excerpts, then a summary.

use std::cell::LazyCell;
use std::io::{self, Write};

use types::{AllowedBy, LineIndex};

use super::{Checked, Fixes, Manner, Output, Summary};
use crate::output::excerpt::excerpt;
use crate::output::text::{FINDINGS_MAX, checks, counted, reasons, score};
use crate::output::{dim, error_word, one_line, printable, verdict_word};

/// Rules that are named at the end.
const EXPLAINED_MAX: usize = 5;

pub(super) struct Text<'a> {
    manner: Manner<'a>,
}

impl<'a> Text<'a> {
    pub(super) fn new(manner: Manner<'a>) -> Text<'a> {
        Text { manner }
    }
}

impl Output for Text<'_> {
    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        if let Some(fixes) = &file.fixes {
            fixed(out, &file.path, fixes)?;
        }
        let review = match &file.outcome {
            Ok(review) => review,
            Err(error) => return writeln!(out, "{}: {}", error_word(), printable(error)),
        };
        let report = &review.report;
        // Most files have no finding, and no use for their lines.
        let index = LazyCell::new(|| LineIndex::new(&file.text));
        for finding in report.findings.iter().take(FINDINGS_MAX) {
            writeln!(out, "{}\n", excerpt(report, &file.text, &index, finding))?;
        }
        if let more @ 1.. = report.findings.len().saturating_sub(FINDINGS_MAX) {
            writeln!(out, "{}: {more} more findings\n", one_line(&report.path))?;
        }
        if self.manner.verbose {
            for one in &report.suppressed {
                let (finding, suppression) = (&one.finding, &one.suppression);
                let by = match suppression.by {
                    AllowedBy::Comment => "a comment in",
                    AllowedBy::File => "an entry of",
                };
                let (path, at) = (one_line(&report.path), finding.start.line);
                let (reason, rule) = (one_line(&suppression.reason), &finding.rule);
                let from = format!("{} line {}", one_line(&suppression.path), suppression.line);
                writeln!(
                    out,
                    "{}",
                    dim(&format!("{path}:{at}: {rule} is allowed by {by} {from}: {reason}"))
                )?;
            }
        }
        if review.verdict.approved().is_none() || self.manner.verbose {
            let word = verdict_word(review.verdict.name());
            writeln!(out, "{word}  {}{}", one_line(&report.path), score(report))?;
            writeln!(out, "{}", checks(report))?;
            reasons(out, review.verdict.reasons())?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        if self.manner.quiet {
            return Ok(());
        }
        if summary.files == 0 {
            let why = match (summary.skipped, summary.ignored) {
                (0, 0) => "",
                (_, 0) => ": no file is text",
                _ => ": the ignore file leaves out what is there",
            };
            return writeln!(out, "nothing to check{why}");
        }
        let mut parts = vec![counted(summary.files, "file"), counted(summary.findings, "finding")];
        let mut also = |count: usize, what: &str| {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        };
        also(summary.fixed, "fixed");
        also(summary.suppressed, "suppressed");
        also(summary.skipped, "not text and skipped");
        also(summary.ignored, "left out by .countersignignore");
        writeln!(out, "{}  {}", verdict_word(summary.verdict), parts.join(", "))?;
        for ((check, reason), unchecked) in &summary.unchecked {
            let files = counted(unchecked.files, "file");
            let what = format!("unchecked in {files}: {check}: {reason}");
            writeln!(out, "{}", dim(&printable(&what)))?;
        }
        if let Some(generation) = &summary.generation {
            let logged =
                format!("logged as {generation}; `countersign undo {generation}` takes it back");
            writeln!(out, "{}", dim(&logged))?;
        }
        explained(out, summary)
    }
}

/// Where to read more about the rules that were reported.
fn explained(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let mut rules = summary.rules.iter().take(EXPLAINED_MAX).map(String::as_str);
    let Some(first) = rules.next() else { return Ok(()) };
    let others: Vec<&str> = rules.collect();
    let others = match others.is_empty() {
        true => String::new(),
        false => format!(" (also {})", others.join(", ")),
    };
    writeln!(out, "{}", dim(&format!("countersign explain {first}{others} says more")))
}

/// `fixed  a.py: F401 2, E711 1`
fn fixed(out: &mut dyn Write, path: &str, fixes: &Fixes) -> io::Result<()> {
    let path = one_line(path);
    let list = |rules: &std::collections::BTreeMap<String, usize>| -> String {
        let parts: Vec<String> = rules.iter().map(|(rule, n)| format!("{rule} {n}")).collect();
        parts.join(", ")
    };
    if let Some(diff) = &fixes.diff {
        writeln!(out, "{}", printable(diff.trim_end()))?;
    }
    if !fixes.made.is_empty() {
        let word = match (fixes.written, fixes.diff.is_some()) {
            (true, _) => "fixed",
            (false, true) => "would be fixed",
            (false, false) => "not fixed",
        };
        writeln!(out, "{word}  {path}: {}", list(&fixes.made))?;
    }
    if !fixes.refused.is_empty() {
        let rules = list(&fixes.refused);
        writeln!(out, "left as it was  {path}: {rules}: the fix would introduce a finding")?;
    }
    match &fixes.problem {
        Some(problem) => writeln!(out, "{}: {}", error_word(), printable(problem)),
        None => Ok(()),
    }
}
