//! What an edit introduces: the findings in the new text that the old one did not have.
//!
//! A finding of the old text excuses a finding of the new one with the same rule and message
//!
//! - where the edit left its place alone: at the place it moved to;
//! - where the edit touched its place: on a line that reads the same, one for one.
//!
//! So a suggestion that repeats a mistake made elsewhere in the file is told of it, and nobody is
//! told of what was there before. Where the old text could be read less far than the new one (it
//! did not parse), nothing is known about the rest of the file: then only findings on lines that
//! the edit touched count.

use std::collections::HashMap;

use types::Edited;

use crate::checks::Places;
use crate::found::Found;
use crate::source::Source;

/// The old text's side of a comparison.
pub(crate) struct Before<'a> {
    pub source: &'a Source<'a>,
    pub found: Vec<Found>,
    /// Whether the check came as far with the old text as with the new one.
    pub complete: bool,
}

/// The findings of `after` that the edit introduces.
pub(crate) fn introduced(
    after: &Source<'_>,
    found: Vec<Found>,
    before: &Before<'_>,
    edited: &Edited,
    places: Places,
) -> Vec<Found> {
    let new: Vec<bool> = {
        let mut old = Old::new(before, edited, places);
        // Exact places first, so that no stray excuse goes to a finding that does not need it.
        let at_place: Vec<bool> = found.iter().map(|found| old.take_at_place(found)).collect();
        let mut new = Vec::with_capacity(found.len());
        for (found, at_place) in found.iter().zip(at_place) {
            let excused = at_place || old.take_stray(found, line_of(after, found, places));
            new.push(!excused && (before.complete || edited.touches(&whole_lines(after, found))));
        }
        new
    };
    let mut new = new.into_iter();
    let mut found = found;
    found.retain(|_| new.next().unwrap_or(true));
    found
}

/// The old findings that can still excuse a new one: the levels, by what has to be equal.
#[derive(Default)]
struct Old<'a> {
    placed: HashMap<(&'a str, &'a str, usize), Vec<usize>>,
    stray: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Old<'a> {
    fn new(before: &'a Before<'a>, edited: &Edited, places: Places) -> Old<'a> {
        let mut old = Old::default();
        for found in &before.found {
            let (rule, key) = (found.rule.as_str(), found.key.as_str());
            match edited.moved(&found.range) {
                Some(range) if places == Places::Stable => {
                    old.placed.entry((rule, key, range.start)).or_default().push(found.level);
                }
                _ => {
                    let line = line_of(before.source, found, places);
                    old.stray.entry((rule, key, line)).or_default().push(found.level);
                }
            }
        }
        old
    }

    fn take_at_place(&mut self, found: &'a Found) -> bool {
        let key = (found.rule.as_str(), found.key.as_str(), found.range.start);
        let Some(levels) = self.placed.get_mut(&key) else { return false };
        take(levels, found.level)
    }

    fn take_stray(&mut self, found: &'a Found, line: &'a str) -> bool {
        let key = (found.rule.as_str(), found.key.as_str(), line);
        let Some(levels) = self.stray.get_mut(&key) else { return false };
        take(levels, found.level)
    }
}

/// Uses up one old finding that is at least as bad.
fn take(levels: &mut Vec<usize>, level: usize) -> bool {
    match levels.iter().position(|old| *old >= level) {
        Some(at) => {
            levels.swap_remove(at);
            true
        }
        None => false,
    }
}

fn line_of<'t>(source: &Source<'t>, found: &Found, places: Places) -> &'t str {
    match places {
        Places::Stable => source.line_text(found.range.start),
        Places::Wandering => "",
    }
}

fn whole_lines(source: &Source<'_>, found: &Found) -> std::ops::Range<usize> {
    let lines = source.lines();
    let line = lines.position(source.text, found.range.start).line;
    let range = lines.line_range(source.text, line).unwrap_or_default();
    range.start..range.end.max(found.range.end)
}
