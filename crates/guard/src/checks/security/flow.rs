//! Findings of the flow engine.

use std::collections::HashMap;
use std::sync::LazyLock;

use flow::{Alarm, Weakness};
use types::{Confidence, Fix, Severity};

use crate::found::{Found, Step};

/// Weakness ids of every rule, by its id. The rules are compiled in and live as long as the program.
static CWE: LazyLock<HashMap<&'static str, &'static [&'static str]>> = LazyLock::new(|| {
    let ids = |weakness: &'static Weakness| -> &'static [&'static str] {
        weakness.cwe.iter().map(String::as_str).collect::<Vec<_>>().leak()
    };
    flow::documentation().map(|weakness| (weakness.id.as_str(), ids(weakness))).collect()
});

pub(super) fn found(alarm: &Alarm) -> Found {
    let mut found = Found::new(alarm.rule.clone(), severity(alarm.severity), alarm.span.into());
    found.confidence = confidence(alarm.confidence);
    found.cwe = CWE.get(alarm.rule.as_str()).copied().unwrap_or_default();
    let step = |step: &flow::Step| Step { message: step.text.clone(), range: step.span.into() };
    found.trail = alarm.trail.iter().map(step).collect();
    found.fix = alarm.fix.as_ref().map(|fix| Fix {
        title: "Use the safe form".to_owned(),
        start: fix.span.start as usize,
        end: fix.span.end as usize,
        text: fix.text.clone(),
    });
    found.message(alarm.message.clone())
}

/// A sink to which nothing harmful comes, as a finding to compare others with. The engine clears
/// sinks of Python alone for somebody: the linter.
pub(super) fn cleared((weakness, span): &(String, flow::ir::Span)) -> Option<Found> {
    let is_meant =
        |known: &&Weakness| known.language == flow::Language::Python && known.name == *weakness;
    let weakness = flow::documentation().find(is_meant)?;
    let mut found = Found::new(weakness.id.clone(), Severity::Info, (*span).into());
    found.cwe = CWE.get(weakness.id.as_str()).copied().unwrap_or_default();
    Some(found)
}

pub(crate) fn severity(severity: flow::Severity) -> Severity {
    match severity {
        flow::Severity::Info => Severity::Info,
        flow::Severity::Warning => Severity::Warning,
        flow::Severity::Error => Severity::Error,
    }
}

pub(crate) fn confidence(confidence: flow::Confidence) -> Confidence {
    match confidence {
        flow::Confidence::Low => Confidence::Low,
        flow::Confidence::Medium => Confidence::Medium,
        flow::Confidence::High => Confidence::High,
    }
}

/// Whether two findings mean the same weakness at the same place.
pub(super) fn is_same(text: &str, flow: &Found, linter: &Found) -> bool {
    let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (first, last) = if flow.range.start <= linter.range.start {
        (&flow.range, &linter.range)
    } else {
        (&linter.range, &flow.range)
    };
    let touch = last.start < first.end || !between(first.start, last.start).contains('\n');
    touch && flow.cwe.iter().any(|id| linter.cwe.contains(id))
}
