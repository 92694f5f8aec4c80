//! One JSON object; `docs/check.schema.json` says what is in it. Fields may be added, none changes
//! its meaning.

use std::io::{self, Write};

use pipeline::{Review, VerdictKey};
use serde::Serialize;
use serde_json::json;
use types::Report;

use super::{Checked, Fixes, Output, Summary};

#[derive(Default)]
pub(super) struct Json {
    files: usize,
}

/// One file's object.
#[derive(Serialize)]
pub struct File<'a> {
    #[serde(flatten)]
    report: Option<&'a Report>,
    verdict: &'a str,
    reasons: &'a [String],
    key: Option<&'a VerdictKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<&'a Fixes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
}

impl<'a> File<'a> {
    /// A file that was judged.
    pub fn judged(report: &'a Report, verdict: &'a policy::Verdict, key: &'a VerdictKey) -> Self {
        File {
            report: Some(report),
            verdict: verdict.name(),
            reasons: verdict.reasons(),
            key: Some(key),
            fixes: None,
            error: None,
        }
    }

    fn new(file: &'a Checked) -> File<'a> {
        let judged = match &file.outcome {
            Ok(Review { report, verdict, key }) => File::judged(report, verdict, key),
            Err(message) => File {
                report: None,
                verdict: "unchecked",
                reasons: &[],
                key: None,
                fixes: None,
                error: Some(json!({"path": file.path, "message": message})),
            },
        };
        File { fixes: file.fixes.as_ref(), ..judged }
    }
}

impl Output for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"version\":1,\"files\":[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &Checked) -> io::Result<()> {
        if self.files > 0 {
            write!(out, ",")?;
        }
        self.files += 1;
        serde_json::to_writer(out, &File::new(file)).map_err(io::Error::from)
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let unchecked = summary.unchecked.iter().map(|((check, reason), unchecked)| {
            json!({"check": check, "reason": reason, "files": unchecked.files})
        });
        let rest = json!({
            "verdict": summary.verdict,
            "reasons": [],
            "summary": {
                "files": summary.files,
                "errors": summary.errors,
                "findings": summary.findings,
                "suppressed": summary.suppressed,
                "fixed": summary.fixed,
                "unfixed": summary.unfixed,
                "skipped": summary.skipped,
                "ignored": summary.ignored,
                "unchecked": unchecked.collect::<Vec<_>>(),
            },
            "key": summary.key,
            "model": null,
            "receipt": null,
            "text": null,
            "generation": summary.generation,
            "written": null,
            "usage": null,
        });
        let rest = rest.to_string();
        writeln!(out, "],{}", &rest[1..])
    }
}
