//! Findings of the flow engine.

use std::collections::HashMap;
use std::sync::OnceLock;

use flow::Alarm;
use types::{Confidence, Fix, Severity};

use crate::found::{Found, Step};

/// What the engine says of one language, with rule names ready for findings.
pub(super) struct Rules {
    /// Weakness ids by rule id. The rules are compiled in and live as long as the program.
    cwe: HashMap<&'static str, &'static [&'static str]>,
    /// The same by the name of the weakness.
    by_weakness: HashMap<&'static str, &'static [&'static str]>,
}

/// The rules of one language; empty where its files are wrong, which the engine then says itself.
pub(super) fn rules(language: flow::Language) -> &'static Rules {
    static RULES: [OnceLock<Rules>; flow::Language::ALL.len()] =
        [const { OnceLock::new() }; flow::Language::ALL.len()];
    RULES[language as usize].get_or_init(|| {
        let mut rules = Rules { cwe: HashMap::new(), by_weakness: HashMap::new() };
        for weakness in flow::rules(language).map(|rules| &rules.weaknesses[..]).unwrap_or_default()
        {
            let ids = weakness.cwe.iter().map(String::as_str).collect::<Vec<_>>().leak();
            rules.cwe.insert(&weakness.id, ids);
            rules.by_weakness.insert(&weakness.name, ids);
        }
        rules
    })
}

pub(super) fn found(rules: &Rules, alarm: &Alarm) -> Found {
    let mut found = Found::new(alarm.rule.clone(), severity(alarm.severity), alarm.span.into());
    found.confidence = confidence(alarm.confidence);
    found.cwe = rules.cwe.get(alarm.rule.as_str()).copied().unwrap_or_default();
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

/// A sink to which nothing harmful comes, as a finding to compare others with.
pub(super) fn cleared(rules: &Rules, (weakness, span): &(String, flow::ir::Span)) -> Found {
    let mut found = Found::new(weakness.clone(), Severity::Info, (*span).into());
    found.cwe = rules.by_weakness.get(weakness.as_str()).copied().unwrap_or_default();
    found
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
    touch && linter.cwe.first().is_some_and(|nearest| flow.cwe.contains(nearest))
}
