//! GitLab's code quality report: the fields of its documentation, "Code quality report format".

use std::io::{self, Write};

use serde_json::{Value, json};
use types::{Digest, Severity};

use super::{Checked, Output, Summary, other_reasons};

#[derive(Default)]
pub(super) struct Gitlab {
    written: usize,
}

impl Gitlab {
    fn entry(&mut self, out: &mut dyn Write, entry: &Value) -> io::Result<()> {
        write!(out, "{}\n  {entry}", if self.written == 0 { "" } else { "," })?;
        self.written += 1;
        Ok(())
    }

    fn without_place(&mut self, out: &mut dyn Write, path: &str, what: &str) -> io::Result<()> {
        self.entry(
            out,
            &json!({
                "description": what,
                "check_name": "countersign",
                "fingerprint": fingerprint(path, what),
                "severity": "major",
                "location": {"path": path, "lines": {"begin": 1}},
            }),
        )
    }
}

impl Output for Gitlab {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        let review = match &file.outcome {
            Ok(review) => review,
            Err(error) => {
                return self.without_place(out, &file.path, &format!("not checked: {error}"));
            }
        };
        for finding in &review.report.findings {
            let severity = match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "minor",
                Severity::Info => "info",
            };
            let lines = json!({"begin": finding.start.line, "end": finding.end.line});
            self.entry(
                out,
                &json!({
                    "description": finding.message,
                    "check_name": finding.rule,
                    "fingerprint": fingerprint(&file.path, &finding.fingerprint),
                    "severity": severity,
                    "location": {"path": file.path, "lines": lines},
                }),
            )?;
        }
        for reason in other_reasons(review) {
            let name = review.verdict.name();
            self.without_place(out, &file.path, &format!("{name}: {reason}"))?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        writeln!(out, "\n]")
    }
}

/// Findings have fingerprints that are unique in their file; GitLab wants them unique in all.
fn fingerprint(path: &str, within: &str) -> String {
    Digest::of(format!("{path}\n{within}").as_bytes()).hex()
}
