//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.
//!
//! The form and the escapes are those of GitHub's documentation, "Workflow commands for GitHub
//! Actions": in a message `%`, CR and LF are escaped, in a property `:` and `,` too.

use std::io::{self, Write};

use types::{Finding, Severity};

use super::{Checked, Output, Summary, other_reasons};
use crate::output::printable;

pub(super) struct Github;

impl Output for Github {
    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        let path = property(&file.path);
        match &file.outcome {
            Err(error) => writeln!(out, "::error file={path},title=unchecked::{}", message(error)),
            Ok(review) => {
                for finding in &review.report.findings {
                    writeln!(out, "{}", annotation(&path, finding))?;
                }
                let title = review.verdict.name();
                for reason in other_reasons(review) {
                    writeln!(out, "::error file={path},title={title}::{}", message(reason))?;
                }
                Ok(())
            }
        }
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        for ((check, reason), unchecked) in &summary.unchecked {
            let level = if unchecked.supported { "warning" } else { "notice" };
            let text = format!("{check} was not checked in {} files: {reason}", unchecked.files);
            writeln!(out, "::{level} title=unchecked::{}", message(&text))?;
        }
        let Summary { verdict, files, findings, suppressed, .. } = summary;
        let text =
            format!("{verdict}: {files} files, {findings} findings, {suppressed} suppressed");
        writeln!(out, "::notice title=Countersign::{text}")
    }
}

fn annotation(path: &str, finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (finding.start, finding.end);
    // GitHub takes columns only where a finding is on one line.
    let columns = match start.line == end.line {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => String::new(),
    };
    let cwe = match finding.cwe.is_empty() {
        true => String::new(),
        false => format!(" [{}]", finding.cwe.join(", ")),
    };
    let (rule, text) = (property(&finding.rule), format!("{}{cwe}", finding.message));
    format!(
        "::{level} file={path},line={},endLine={}{columns},title={rule}::{}",
        start.line,
        end.line,
        message(&text)
    )
}

fn message(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&escaped)
}

fn property(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&escaped.replace(':', "%3A").replace(',', "%2C"))
}
