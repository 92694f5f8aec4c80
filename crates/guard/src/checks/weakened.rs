//! `weakened`: protection that an edit takes away or loosens.
//!
//! Seen by comparing the two texts: tests and assertions that are gone, tests that are skipped,
//! errors that nobody sees any more, checks that are switched off, guards before a function that
//! is still there. What an edit deletes together with what it protected is not reported.

mod added;
mod guards;
mod rules;
mod settings;
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use types::{Language, Severity};

use super::{Change, ChangeCheck, Outcome};
use crate::found::Found;
pub(crate) use rules::RULES;

pub(crate) static CHECK: ChangeCheck = ChangeCheck { name: "weakened", tool, run, rules: RULES };

type Look = fn(&Change<'_>, &mut Vec<Found>) -> Result<(), String>;

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok(format!("{} own rules", RULES.len()))
}

fn run(change: &Change<'_>) -> Outcome {
    if change.before.text == change.after.text {
        return Outcome::Done(Vec::new());
    }
    let mut all = Vec::new();
    // What only writes takes nothing away.
    let takes = change.edited.removed.iter().any(|range| !range.is_empty());
    let parts: &[Look] = match takes {
        true => &[added::look, settings::look, tests::look, guards::look],
        false => &[added::look, settings::look],
    };
    for part in parts {
        if let Err(reason) = part(change, &mut all) {
            return Outcome::Not(reason);
        }
    }
    all.sort_by_key(|found| (found.range.start, found.rule.clone()));
    Outcome::Done(all)
}

fn found(rule: usize, range: Range<usize>, message: impl Into<String>) -> Found {
    let doc = &RULES[rule];
    let mut found = Found::new(doc.id, doc.severity, range);
    found.confidence = rules::confidence(rule);
    found.cwe = doc.cwe;
    found.message(message)
}

fn milder(mut found: Found) -> Found {
    found.severity = Severity::Info;
    found
}

/// Lines before a place that are looked for in what was written instead.
const CONTEXT_LINES: usize = 12;

/// Where in the new text a byte of the old one would be: at its place, or where the edit that took
/// it away stands, behind the nearest line before it that is still there.
fn place(change: &Change<'_>, byte: usize) -> Range<usize> {
    let (edited, old) = (change.edited, change.before.text);
    let line_at = |start: usize| {
        let line = edited.text[start..].lines().next().unwrap_or_default();
        start..start + line.len()
    };
    for (inserted, removed) in edited.inserted.iter().zip(&edited.removed) {
        if !removed.contains(&byte) {
            continue;
        }
        let written = &edited.text[inserted.clone()];
        let before = old[removed.start..byte].lines().rev().skip(1).take(CONTEXT_LINES);
        for line in before.map(str::trim).filter(|line| line.len() > 3) {
            let mut places = written.match_indices(line);
            if let (Some((at, _)), None) = (places.next(), places.next()) {
                let end = written[at..].find('\n').map_or(written.len(), |end| at + end + 1);
                return line_at(inserted.start + end);
            }
        }
        return line_at(inserted.start);
    }
    edited.moved(&(byte..byte)).unwrap_or(edited.text.len()..edited.text.len())
}

/// The lines of one text that the other does not have, without blanks at their ends, each with the
/// byte where it starts.
fn lines_only_in<'t>(text: &'t str, other: &str) -> Vec<(usize, &'t str)> {
    let mut there: HashMap<&str, usize> = HashMap::new();
    for line in other.lines() {
        *there.entry(line.trim()).or_default() += 1;
    }
    let mut only = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let said = line.trim();
        match there.get_mut(said) {
            Some(left) if *left > 0 => *left -= 1,
            _ if said.is_empty() => {}
            _ => only.push((start + (line.len() - line.trim_start().len()), said)),
        }
    }
    only
}
