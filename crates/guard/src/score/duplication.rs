//! Lines of the edit that repeat others of the file, or of the edit itself.

use std::collections::HashMap;

use types::Loss;

use super::{Measured, Measures, number};
use crate::lexical::Token;

/// Shortest run that counts, in tokens and in lines.
const TOKENS_MIN: usize = 50;
const LINES_MIN: usize = 6;

/// Places of the edit with the same window that are compared.
const PLACES_MAX: usize = 8;

/// Longest file that is compared, in tokens.
const TOKENS_MAX: usize = 200_000;

pub(super) fn measure(measures: &Measures<'_>) -> Measured {
    let (after, edited) = (measures.after, measures.edited);
    let text = after.text;
    let tokens = &after.lexed()?.tokens;
    if tokens.len() > TOKENS_MAX {
        return Err(format!("the file has more than {TOKENS_MAX} tokens"));
    }
    let inside = |token: &Token| {
        edited.inserted.iter().any(|part| part.start <= token.start && token.end <= part.end)
    };
    let written: Vec<bool> = tokens.iter().map(inside).collect();
    if written.iter().filter(|written| **written).count() < TOKENS_MIN {
        return Err(format!("the edit has fewer than {TOKENS_MIN} tokens"));
    }
    let words: Vec<&str> = tokens.iter().map(|token| token.of(text)).collect();
    let longest = repeats(&words, &written);
    let line = |at: usize| after.lines().position(text, tokens[at].start).line;
    let (mut repeated, mut losses, mut at) = (0, Vec::new(), 0);
    while at < words.len() {
        let Some((length, from)) = longest.get(&at) else {
            at += 1;
            continue;
        };
        let (first, last) = (line(at), line(at + length - 1));
        if last + 1 - first >= LINES_MIN {
            repeated += last + 1 - first;
            let (again, end) = (line(*from), line(from + length - 1));
            let what = format!("lines {first} to {last} repeat lines {again} to {end}");
            losses.push(Loss { what, line: first });
        }
        at += length;
    }
    Ok((1.0 - number(repeated) / number(measures.lines.max(1)), losses))
}

/// For places of the edit where a run begins that stands elsewhere too: its length in tokens, and
/// where else. What the edit repeats of itself counts at its later place.
fn repeats(words: &[&str], written: &[bool]) -> HashMap<usize, (usize, usize)> {
    let windows = windows(words);
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, window) in windows.iter().enumerate().filter(|(at, _)| written[*at]) {
        let known = places.entry(*window).or_default();
        if known.len() < PLACES_MAX {
            known.push(at);
        }
    }
    let mut longest: HashMap<usize, (usize, usize)> = HashMap::new();
    for (from, window) in windows.iter().enumerate() {
        for &at in places.get(window).into_iter().flatten() {
            let later = at >= from + TOKENS_MIN;
            let begins =
                from == 0 || at == 0 || !written[at - 1] || words[from - 1] != words[at - 1];
            if !begins || (written[from] && !later) {
                continue;
            }
            let length = common(words, written, from, at);
            if length >= TOKENS_MIN {
                let best = longest.entry(at).or_insert((length, from));
                if best.0 < length {
                    *best = (length, from);
                }
            }
        }
    }
    longest
}

/// The hash of each run of [`TOKENS_MIN`] tokens.
fn windows(words: &[&str]) -> Vec<u64> {
    const BASE: u64 = 0x0100_0000_01b3;
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(BASE);
    let hash = |word: &&str| word.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    let hashes: Vec<u64> = words.iter().map(hash).collect();
    let power = (1..TOKENS_MIN).fold(1_u64, |power, _| power.wrapping_mul(BASE));
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
