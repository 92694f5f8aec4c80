//! Puts a report together from what the checks introduced.

use std::collections::HashMap;

use types::{
    CheckOutcome, Digest, Edited, Facts, Finding, FunctionMetrics, Report, Suppressed, TrailStep,
};

use crate::allow::Introduced;
use crate::found::Found;
use crate::score::{self, Measures};
use crate::source::Source;

/// Functions listed.
const FUNCTIONS_MAX: usize = 1_000;

/// Secrets shorter than this are not looked for in messages: too much else reads the same.
const REDACTED_MIN: usize = 6;

pub(crate) fn assemble(
    after: &Source<'_>,
    edited: &Edited,
    checks: Vec<CheckOutcome>,
    mut all: Vec<Introduced>,
    facts: &Facts,
) -> Report {
    all.sort_by_key(|one| (one.found.range.start, one.found.range.end));
    let secrets = secrets_of(after, &all);
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let (mut findings, mut suppressed) = (Vec::with_capacity(all.len()), Vec::new());
    for Introduced { check, found, suppression } in all {
        let line = fingerprint_line(after, &found);
        let nth = seen.entry((found.rule.clone(), line.clone())).or_default();
        let fingerprint = fingerprint(&found.rule, &line, *nth);
        *nth += 1;
        let finding = finding(after, check, found, &secrets, fingerprint);
        match suppression {
            None => findings.push(finding),
            Some(suppression) => suppressed.push(Suppressed { finding, suppression }),
        }
    }
    let (functions, names) = touched(after, edited);
    let lines = edited.inserted.iter().map(|part| edited.text[part.clone()].lines().count()).sum();
    let measures = Measures {
        checks: &checks,
        findings: &findings,
        functions: &functions,
        names,
        lines,
        facts,
    };
    let score = score::score(&measures);
    let (path, language) = (after.path.to_owned(), after.language);
    Report { path, language, checks, findings, suppressed, functions, score }
}

fn finding(
    after: &Source<'_>,
    check: &'static str,
    found: Found,
    secrets: &[&str],
    fingerprint: String,
) -> Finding {
    let position = |byte| after.lines().position(after.text, byte);
    let step = |step: crate::found::Step| TrailStep {
        message: redacted(step.message, secrets),
        start: position(step.range.start),
        end: position(step.range.end.max(step.range.start)),
    };
    Finding {
        rule: found.rule,
        check,
        severity: found.severity,
        confidence: found.confidence,
        message: redacted(found.message, secrets),
        cwe: found.cwe.iter().map(|id| (*id).to_owned()).collect(),
        start: position(found.range.start),
        end: position(found.range.end.max(found.range.start)),
        introduced: true,
        fingerprint,
        fix: found.fix,
        trail: found.trail.into_iter().map(step).collect(),
    }
}

/// A message without the texts of secrets.
fn redacted(mut message: String, secrets: &[&str]) -> String {
    for secret in secrets {
        if message.contains(secret) {
            message = message.replace(secret, "[secret]");
        }
    }
    message
}

/// The texts that no message may repeat: another check may quote the line that holds one.
fn secrets_of<'t>(after: &Source<'t>, all: &[Introduced]) -> Vec<&'t str> {
    let secret = all.iter().filter(|one| one.found.secret);
    let texts = secret.filter_map(|one| after.text.get(one.found.range.clone()));
    texts.filter(|text| text.len() >= REDACTED_MIN).collect()
}

/// The line a finding stands on, with its blanks made even and without the secret it may be about.
fn fingerprint_line(after: &Source<'_>, found: &Found) -> String {
    let line = after.line_text(found.range.start);
    let mut even = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if found.secret
        && let Some(secret) = after.text.get(found.range.clone())
    {
        let first_line = secret.lines().next().unwrap_or_default();
        even = even.replace(first_line, "*");
    }
    even
}

/// Sixteen hex digits that stay the same when other lines are added or removed.
fn fingerprint(rule: &str, line: &str, nth: usize) -> String {
    let hex = Digest::of(format!("{rule}\n{line}\n{nth}").as_bytes()).hex();
    hex[..16].to_owned()
}

/// The functions that the edit touches, and how many names it declares.
fn touched(after: &Source<'_>, edited: &Edited) -> (Vec<FunctionMetrics>, usize) {
    let Ok(analysis) = after.analysis() else { return (Vec::new(), 0) };
    let line = |byte| after.lines().position(after.text, byte).line;
    let functions = analysis.functions.iter().filter(|function| edited.touches(&function.range));
    let functions = functions.take(FUNCTIONS_MAX).map(|function| FunctionMetrics {
        name: function.name.clone(),
        line: line(function.range.start),
        end_line: line(function.range.end),
        cyclomatic: function.cyclomatic,
        nesting: function.nesting,
        parameters: function.parameters,
    });
    let names = analysis.names.iter().filter(|name| edited.touches(&name.range)).count();
    (functions.collect(), names)
}
