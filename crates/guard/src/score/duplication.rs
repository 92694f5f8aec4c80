//! Lines of the edit that repeat others of the file.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use types::Loss;

use super::{Measured, Measures, number};
use crate::lexical::Token;

/// Shortest run that counts, in tokens and in lines.
const TOKENS_MIN: usize = 50;
const LINES_MIN: usize = 6;

/// Places with the same window that are compared.
const PLACES_MAX: usize = 8;

pub(super) fn measure(measures: &Measures<'_>) -> Measured {
    let (after, edited) = (measures.after, measures.edited);
    let text = after.text;
    let tokens = &after.lexed()?.tokens;
    let inside = |token: &Token| {
        edited.inserted.iter().any(|part| part.start <= token.start && token.end <= part.end)
    };
    let written: Vec<bool> = tokens.iter().map(inside).collect();
    if written.iter().filter(|written| **written).count() < TOKENS_MIN {
        return Err(format!("the edit has fewer than {TOKENS_MIN} tokens"));
    }
    let words: Vec<&str> = tokens.iter().map(|token| token.of(text)).collect();
    let windows = windows(&words);
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    // What the edit writes may also repeat what it wrote before; windows never overlap with it.
    let line = |at: usize| after.lines().position(text, tokens[at].start).line;
    let (mut repeated, mut losses) = (0, Vec::new());
    for (at, window) in windows.iter().enumerate().filter(|(at, _)| !written[*at]) {
        let known = places.entry(*window).or_default();
        if known.len() < PLACES_MAX {
            known.push(at);
        }
    }
    let (mut at, mut noted) = (0, 0);
    while at < windows.len() {
        if !written[at] {
            at += 1;
            continue;
        }
        // Windows that ended before this one begins can be repeated by it.
        while noted + TOKENS_MIN <= at {
            if written[noted] {
                let known = places.entry(windows[noted]).or_default();
                if known.len() < PLACES_MAX {
                    known.push(noted);
                }
            }
            noted += 1;
        }
        let known = places.get(&windows[at]).into_iter().flatten();
        let longest = known.map(|from| (common(&words, &written, *from, at), *from)).max();
        let Some((length, from)) = longest.filter(|(length, _)| *length >= TOKENS_MIN) else {
            at += 1;
            continue;
        };
        let (first, last) = (line(at), line(at + length - 1));
        if last + 1 - first >= LINES_MIN {
            repeated += last + 1 - first;
            let (again, end) = (line(from), line(from + length - 1));
            let what = format!("lines {first} to {last} repeat lines {again} to {end}");
            losses.push(Loss { what, line: first });
        }
        at += length;
    }
    Ok((1.0 - number(repeated) / number(measures.lines.max(1)), losses))
}

/// The hash of each run of [`TOKENS_MIN`] tokens.
fn windows(words: &[&str]) -> Vec<u64> {
    const BASE: u64 = 0x0100_0000_01b3;
    let hash = |word: &&str| {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        hasher.finish()
    };
    let hashes: Vec<u64> = words.iter().map(hash).collect();
    let mut power = 1_u64;
    for _ in 1..TOKENS_MIN {
        power = power.wrapping_mul(BASE);
    }
    let (mut rolling, mut all) = (0_u64, Vec::new());
    for (index, hash) in hashes.iter().enumerate() {
        if index >= TOKENS_MIN {
            rolling = rolling.wrapping_sub(hashes[index - TOKENS_MIN].wrapping_mul(power));
        }
        rolling = rolling.wrapping_mul(BASE).wrapping_add(*hash);
        if index + 1 >= TOKENS_MIN {
            all.push(rolling);
        }
    }
    all
}

/// How many tokens are the same from two places on, within the edit for the second, and without
/// overlap.
fn common(words: &[&str], written: &[bool], from: usize, at: usize) -> usize {
    let most = (words.len() - from.max(at)).min(from.abs_diff(at));
    (0..most)
        .take_while(|step| words[from + step] == words[at + step] && written[at + step])
        .count()
}
