//! Byte-pair merging (Sennrich, Haddow and Birch 2016, arXiv:1508.07909): the pair of the lowest
//! rank is joined first, the leftmost of equals.
//!
//! A heap holds all candidate pairs, so a word of n symbols takes O(n log n): a megabyte without
//! a space must not stop the program. Words of the usual length are searched for the lowest rank
//! at each step instead, which is quicker for them.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};

use foldhash::fast::RandomState;

/// Pairs of token ids that may be joined.
#[derive(Debug, Default)]
pub(super) struct MergeTable {
    pairs: HashMap<(u32, u32), Merge, RandomState>,
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
struct Node<S> {
    symbol: S,
    previous: usize,
    next: usize,
    alive: bool,
}

/// Most tokens of a word that is joined without a heap.
const SHORT_MAX: usize = 32;

/// No neighbour.
const NONE: usize = usize::MAX;

/// A pair that was adjacent when it was found; stale once either side has changed.
struct Candidate<S, R> {
    rank: R,
    left: usize,
    right: usize,
    pair: (S, S),
    joined: S,
}

/// By rank, then from left to right.
impl<S, R: Ord> Ord for Candidate<S, R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then(self.left.cmp(&other.left))
    }
}

impl<S, R: Ord> PartialOrd for Candidate<S, R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S, R: Ord> PartialEq for Candidate<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<S, R: Ord> Eq for Candidate<S, R> {}

impl MergeTable {
    /// Adds a pair. Of two entries for a pair the first, which has the lower rank, counts.
    pub(super) fn insert(&mut self, pair: (u32, u32), rank: u32, joined: u32) {
        self.pairs.entry(pair).or_insert(Merge { rank, joined });
    }

    /// Joins until nothing can be joined; what is left is appended to `out`.
    pub(super) fn apply(&self, tokens: &[u32], out: &mut Vec<u32>) {
        if tokens.len() <= SHORT_MAX {
            let start = out.len();
            out.extend_from_slice(tokens);
            let length = self.apply_in_place(&mut out[start..]);
            out.truncate(start + length);
            return;
        }
        out.extend(join(tokens, |left, right| {
            let Merge { rank, joined } = *self.pairs.get(&(left, right))?;
            Some((rank, joined))
        }));
    }
}

impl MergeTable {
    /// Joins at most [`SHORT_MAX`] tokens, and returns how many are left.
    fn apply_in_place(&self, tokens: &mut [u32]) -> usize {
        /// What no pair has.
        const NEVER: Merge = Merge { rank: u32::MAX, joined: 0 };
        let merge = |left, right| self.pairs.get(&(left, right)).copied().unwrap_or(NEVER);
        let mut length = tokens.len();
        // Of each token with the next.
        let mut merges = [NEVER; SHORT_MAX];
        for (at, pair) in tokens.windows(2).enumerate() {
            merges[at] = merge(pair[0], pair[1]);
        }
        while length > 1 {
            let candidates = merges[..length - 1].iter().enumerate();
            let (at, best) =
                candidates.min_by_key(|(_, merge)| merge.rank).expect("two tokens are a pair");
            if best.rank == NEVER.rank {
                break;
            }
            tokens[at] = best.joined;
            tokens.copy_within(at + 2..length, at + 1);
            merges.copy_within(at + 1..length, at);
            length -= 1;
            if at + 1 < length {
                merges[at] = merge(tokens[at], tokens[at + 1]);
            }
            if at > 0 {
                merges[at - 1] = merge(tokens[at - 1], tokens[at]);
            }
        }
        length
    }
}

/// Joins neighbours, as `merge` gives a rank and what they become, until none can be joined.
pub(super) fn join<S: Copy + PartialEq, R: Ord>(
    symbols: &[S],
    merge: impl Fn(S, S) -> Option<(R, S)>,
) -> impl Iterator<Item = S> {
    let mut nodes: Vec<Node<S>> = (0..symbols.len())
        .map(|i| Node {
            symbol: symbols[i],
            previous: i.wrapping_sub(1),
            next: if i + 1 < symbols.len() { i + 1 } else { NONE },
            alive: true,
        })
        .collect();
    let candidate = |nodes: &[Node<S>], left: usize, right: usize| {
        let pair = (nodes[left].symbol, nodes[right].symbol);
        let (rank, joined) = merge(pair.0, pair.1)?;
        Some(Reverse(Candidate { rank, left, right, pair, joined }))
    };
    let mut queue: BinaryHeap<Reverse<Candidate<S, R>>> =
        (1..symbols.len()).filter_map(|right| candidate(&nodes, right - 1, right)).collect();
    while let Some(Reverse(Candidate { left, right, pair, joined, .. })) = queue.pop() {
        let is_current = nodes[left].alive
            && nodes[right].alive
            && nodes[left].next == right
            && (nodes[left].symbol, nodes[right].symbol) == pair;
        if !is_current {
            continue;
        }
        let after = nodes[right].next;
        nodes[right].alive = false;
        nodes[left].symbol = joined;
        nodes[left].next = after;
        if after != NONE {
            nodes[after].previous = left;
            queue.extend(candidate(&nodes, left, after));
        }
        let before = nodes[left].previous;
        if before != NONE {
            queue.extend(candidate(&nodes, before, left));
        }
    }
    nodes.into_iter().filter(|node| node.alive).map(|node| node.symbol)
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
    fn both_ways_give_what_the_definition_gives() {
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
            // On both sides of the length from which on there is a heap.
            let word: Vec<u32> = (0..random(2 * SHORT_MAX as u32)).map(|_| random(4)).collect();
            let mut fast = Vec::new();
            table.apply(&word, &mut fast);
            assert_eq!(fast, join_slowly(&table, &word), "round {round}: {word:?}");
        }
    }
}
