//! A finding over the lines it is in: rule, weakness, the way of the data, how it can be fixed.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use types::{Finding, LineIndex, Report, Severity, TrailStep};

use super::{one_line, printable};

/// Longest excerpt in bytes; a finding over more lines shows its first.
const EXCERPT_BYTES_MAX: usize = 2000;

/// Longest part of a line that is shown of a step, in characters.
const STEP_CHARS_MAX: usize = 100;

/// Steps of a trail that are shown: the first and the last.
const STEPS_MAX: usize = 8;

/// A finding as text. `text` is the whole text that was judged, `index` its lines.
pub fn excerpt(report: &Report, text: &str, index: &LineIndex, finding: &Finding) -> String {
    let (path, secrets) = (report.path.as_str(), report.findings.as_slice());
    let first = index.line_range(text, finding.start.line).unwrap_or(0..0);
    let last = index.line_range(text, finding.end.line).unwrap_or_else(|| first.clone());
    let mut window = first.start..last.end.max(first.end);
    if window.len() > EXCERPT_BYTES_MAX {
        let from = finding.start.byte.saturating_sub(EXCERPT_BYTES_MAX / 4);
        let from = text.floor_char_boundary(from.max(first.start));
        window = from..text.floor_char_boundary((from + EXCERPT_BYTES_MAX).min(first.end));
    }
    let source = &text[window.clone()];
    let inside = |byte: usize| byte.clamp(window.start, window.end) - window.start;
    let span = inside(finding.start.byte)..inside(finding.end.byte.max(finding.start.byte));
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let message = printable(&finding.message);
    let cwe = match finding.cwe.as_slice() {
        [] => String::new(),
        cwe => format!(" [{}]", cwe.join(", ")),
    };
    let title = format!("{message}{cwe}");
    let (path, source) = (one_line(path), masked(source, window.start, secrets));
    let snippet = Snippet::source(source.as_str())
        .path(path.as_str())
        .line_start(finding.start.line)
        .annotation(AnnotationKind::Primary.span(span));
    let mut group = level.primary_title(title.as_str()).id(finding.rule.as_str()).element(snippet);
    for line in trail(index, text, secrets, &finding.trail) {
        group = group.element(Level::NOTE.message(line));
    }
    if let Some(fix) = &finding.fix {
        let help = format!("{} (`check --fix` does it)", one_line(&fix.title));
        group = group.element(Level::HELP.message(help));
    }
    Renderer::styled().render(&[group])
}

/// `1. line 4: what a client sends: name = request.args["n"]`
fn trail(index: &LineIndex, text: &str, secrets: &[Finding], steps: &[TrailStep]) -> Vec<String> {
    let left_out = steps.len().saturating_sub(STEPS_MAX);
    let gap = STEPS_MAX / 2..STEPS_MAX / 2 + left_out;
    let mut lines = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        if gap.contains(&number) {
            if number == gap.start {
                lines.push(format!("{left_out} more steps"));
            }
            continue;
        }
        let range = index.line_range(text, step.start.line).unwrap_or_default();
        let line = masked(&text[range.clone()], range.start, secrets);
        let line: String = one_line(line.trim()).chars().take(STEP_CHARS_MAX).collect();
        let (number, at, message) = (number + 1, step.start.line, one_line(&step.message));
        lines.push(format!("{number}. line {at}: {message}: {line}"));
    }
    lines
}

/// The rules of the linter that point at a password.
const PASSWORD_RULES: [&str; 3] = ["S105", "S106", "S107"];

/// An excerpt with every secret in it as stars: what is printed ends up in logs.
fn masked(source: &str, start: usize, findings: &[Finding]) -> String {
    let mut bytes = source.as_bytes().to_vec();
    let secret = |finding: &&Finding| {
        finding.check == "secrets" || PASSWORD_RULES.contains(&finding.rule.as_str())
    };
    for finding in findings.iter().filter(secret) {
        let inside = |byte: usize| byte.clamp(start, start + bytes.len()) - start;
        let range = inside(finding.start.byte)..inside(finding.end.byte);
        for byte in bytes[range].iter_mut().filter(|byte| **byte != b'\n') {
            *byte = b'*';
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
