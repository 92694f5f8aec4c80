//! Finds where the end of a text occurred before: hash chains, as in LZ77 compressors (Deutsch
//! 1996, RFC 1951, section 4), over tokens in place of bytes.
//!
//! For each of two lengths of runs, the last place of every run is in a table, and each place
//! names the one before it with the same run. A look-up follows at most [`CHAIN_MAX`] of them and
//! compares at most [`MATCH_MAX`] tokens at each: bounded work, whatever the text.

use std::collections::HashMap;

use crate::error::EngineError;

/// Tokens that a match is followed back at most.
pub(super) const MATCH_MAX: usize = 32;
/// Lengths of the runs that are looked up: first the rarer ones.
const RUNS: [usize; 2] = [5, 2];
/// Places that are compared for one look-up in one chain.
const CHAIN_MAX: usize = 32;
/// Most tokens of a text.
const TOKENS_MAX: usize = 1 << 22;

/// A text whose runs of tokens can be looked up.
///
/// Memory grows with the text by about 56 bytes a token, see [`TokenIndex::memory_bytes`];
/// adding a token takes constant time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenIndex {
    tokens: Vec<u32>,
    chains: [Chain; RUNS.len()],
}

/// All places of the runs of one length. A place is the index after the run.
#[derive(Debug, Clone, Default, PartialEq)]
struct Chain {
    /// The last place of each run, by its hash. Different runs may share a hash: what is found
    /// is compared anyway.
    last: HashMap<u64, u32>,
    /// The place before each place, 0 for none.
    before: Vec<u32>,
}

/// Where the end of another text occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    /// Index of what follows.
    pub(super) end: usize,
    /// Tokens that are equal, at most [`MATCH_MAX`].
    pub(super) length: usize,
}

impl TokenIndex {
    /// Indexes a text.
    ///
    /// # Errors
    /// [`EngineError::LimitExceeded`] above 4,194,304 tokens.
    pub fn new(tokens: &[u32]) -> Result<TokenIndex, EngineError> {
        if tokens.len() > TOKENS_MAX {
            return Err(EngineError::LimitExceeded {
                what: "the length of a reference text, in tokens,",
                found: tokens.len() as u64,
                limit: TOKENS_MAX as u64,
                remedy: "give its nearest parts",
            });
        }
        let mut index = TokenIndex::default();
        index.extend(tokens);
        Ok(index)
    }

    /// The text.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Bytes of memory that the index holds, about: a table has one entry of 16 bytes and one
    /// byte of its own for each place it can hold.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let chain = |chain: &Chain| 17 * chain.last.capacity() + 4 * chain.before.capacity();
        4 * self.tokens.capacity() + self.chains.iter().map(chain).sum::<usize>()
    }

    /// Appends to the text. What does not fit is left out: nothing is found in it.
    pub(super) fn extend(&mut self, tokens: &[u32]) {
        for token in &tokens[..tokens.len().min(TOKENS_MAX - self.tokens.len())] {
            self.tokens.push(*token);
            for (chain, run) in self.chains.iter_mut().zip(RUNS) {
                let before = match self.tokens.len().checked_sub(run) {
                    Some(start) => {
                        let place = self.tokens.len() as u32;
                        chain.last.insert(hash(&self.tokens[start..]), place)
                    }
                    None => None,
                };
                chain.before.push(before.unwrap_or(0));
            }
        }
    }

    /// The longest match of the end of `text` that something follows; of equal ones the one
    /// nearest to `near`, without that the last.
    pub(super) fn find(&self, text: &[u32], near: Option<usize>) -> Option<Match> {
        let mut best: Option<Match> = None;
        let distance = |end: usize| near.map_or(0, |near| near.abs_diff(end));
        for (chain, run) in self.chains.iter().zip(RUNS) {
            let Some(start) = text.len().checked_sub(run) else { continue };
            let mut place = chain.last.get(&hash(&text[start..])).copied().unwrap_or(0);
            for _ in 0..CHAIN_MAX {
                if place == 0 {
                    break;
                }
                let end = place as usize;
                let length = common_end(&self.tokens[..end], text);
                let is_better = best.is_none_or(|best| {
                    length > best.length
                        || (length == best.length && distance(end) < distance(best.end))
                });
                if length >= run && end < self.tokens.len() && is_better {
                    best = Some(Match { end, length });
                }
                place = chain.before[end - 1];
            }
            if best.is_some() {
                break;
            }
        }
        best
    }
}

/// Tokens at the ends that are equal, at most [`MATCH_MAX`].
fn common_end(a: &[u32], b: &[u32]) -> usize {
    let pairs = a.iter().rev().zip(b.iter().rev()).take(MATCH_MAX);
    pairs.take_while(|(a, b)| a == b).count()
}

/// FNV-1a (Fowler, Noll and Vo), a token at a time.
fn hash(run: &[u32]) -> u64 {
    run.iter().fold(0xcbf2_9ce4_8422_2325, |hash, token| {
        (hash ^ u64::from(*token)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, for texts with so few equal runs that no chain is cut.
    fn longest_match(index: &[u32], text: &[u32]) -> Option<usize> {
        let lengths = (1..index.len()).map(|end| common_end(&index[..end], text));
        lengths.filter(|length| *length >= RUNS[1]).max()
    }

    #[test]
    fn the_longest_match_is_found() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        let mut found_any = 0;
        for _ in 0..300 {
            let letters = 12 + random() % 20;
            let index: Vec<u32> = (0..120).map(|_| random() % letters).collect();
            let start = (random() % 100) as usize;
            let mut text = index[start..start + (random() % 20) as usize].to_vec();
            text.insert(0, 99);
            let found = TokenIndex::new(&index).unwrap().find(&text, None);
            assert_eq!(found.map(|found| found.length), longest_match(&index, &text), "{text:?}");
            if let Some(Match { end, length }) = found {
                assert_eq!(index[end - length..end], text[text.len() - length..]);
                found_any += 1;
            }
        }
        assert!(found_any > 200, "{found_any}");
    }

    #[test]
    fn memory_and_work_are_bounded() {
        // One run only: every place is in one chain.
        let index = TokenIndex::new(&vec![7; 200_000]).unwrap();
        let found = index.find(&[7; 40], None).unwrap();
        assert_eq!((found.end, found.length), (199_999, MATCH_MAX));
        let different: Vec<u32> = (0..200_000).collect();
        let index = TokenIndex::new(&different).unwrap();
        let bytes = index.memory_bytes() / 200_000;
        assert!((12..90).contains(&bytes), "{bytes} bytes a token");
        let too_long = TokenIndex::new(&vec![7; TOKENS_MAX + 1]);
        assert!(matches!(too_long, Err(EngineError::LimitExceeded { .. })));
    }
}
