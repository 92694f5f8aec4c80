//! Byte-pair merging (Sennrich, Haddow and Birch 2016, arXiv:1508.07909): the pair that was
//! learnt first is joined first, the leftmost of equals.
//!
//! A heap holds all candidate pairs, so a word of n symbols takes O(n log n): a megabyte without
//! a space must not stop the program.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Pairs of token ids that may be joined.
#[derive(Debug, Default)]
pub(super) struct MergeTable {
    pairs: HashMap<(u32, u32), Merge>,
}

#[derive(Debug, Clone, Copy)]
struct Merge {
    /// Position in the file's list: lower joins first.
    rank: u32,
    /// The token that both become.
    joined: u32,
}

/// A symbol of the word, in a doubly linked list by index.
#[derive(Clone, Copy)]
struct Symbol {
    token: u32,
    previous: usize,
    next: usize,
    alive: bool,
}

/// No neighbour.
const NONE: usize = usize::MAX;

/// A pair that was adjacent when it was found; stale once either side has changed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: u32,
    left: usize,
    right: usize,
    pair: (u32, u32),
    joined: u32,
}

impl MergeTable {
    /// Adds a pair. Of two entries for a pair the first, which has the lower rank, counts.
    pub(super) fn insert(&mut self, pair: (u32, u32), rank: u32, joined: u32) {
        self.pairs.entry(pair).or_insert(Merge { rank, joined });
    }

    /// Joins until nothing can be joined; what is left is appended to `out`.
    pub(super) fn apply(&self, tokens: &[u32], out: &mut Vec<u32>) {
        let mut symbols: Vec<Symbol> = (0..tokens.len())
            .map(|i| Symbol {
                token: tokens[i],
                previous: i.wrapping_sub(1),
                next: if i + 1 < tokens.len() { i + 1 } else { NONE },
                alive: true,
            })
            .collect();
        let mut queue: BinaryHeap<Reverse<Candidate>> = (1..tokens.len())
            .filter_map(|right| self.candidate(&symbols, right - 1, right))
            .map(Reverse)
            .collect();
        while let Some(Reverse(candidate)) = queue.pop() {
            let Candidate { left, right, .. } = candidate;
            let is_current = symbols[left].alive
                && symbols[right].alive
                && symbols[left].next == right
                && (symbols[left].token, symbols[right].token) == candidate.pair;
            if !is_current {
                continue;
            }
            let after = symbols[right].next;
            symbols[right].alive = false;
            symbols[left].token = candidate.joined;
            symbols[left].next = after;
            if after != NONE {
                symbols[after].previous = left;
                queue.extend(self.candidate(&symbols, left, after).map(Reverse));
            }
            let before = symbols[left].previous;
            if before != NONE {
                queue.extend(self.candidate(&symbols, before, left).map(Reverse));
            }
        }
        out.extend(symbols.iter().filter(|symbol| symbol.alive).map(|symbol| symbol.token));
    }

    fn candidate(&self, symbols: &[Symbol], left: usize, right: usize) -> Option<Candidate> {
        let pair = (symbols[left].token, symbols[right].token);
        let Merge { rank, joined } = *self.pairs.get(&pair)?;
        Some(Candidate { rank, left, right, pair, joined })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in quadratic time.
    fn join_slowly(table: &MergeTable, tokens: &[u32]) -> Vec<u32> {
        let mut tokens = tokens.to_vec();
        loop {
            let best = (1..tokens.len())
                .filter_map(|i| Some((table.pairs.get(&(tokens[i - 1], tokens[i]))?, i)))
                .min_by_key(|(merge, i)| (merge.rank, *i));
            let Some((merge, i)) = best else { return tokens };
            tokens[i - 1] = merge.joined;
            tokens.remove(i);
        }
    }

    #[test]
    fn the_heap_gives_what_the_definition_gives() {
        let mut state = 7_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for round in 0..400 {
            let mut table = MergeTable::default();
            for rank in 0..12 {
                table.insert((random(4 + rank), random(4 + rank)), rank, 4 + rank);
            }
            let word: Vec<u32> = (0..random(30)).map(|_| random(4)).collect();
            let mut fast = Vec::new();
            table.apply(&word, &mut fast);
            assert_eq!(fast, join_slowly(&table, &word), "round {round}: {word:?}");
        }
    }
}
