//! Remembers the tokens of words that were seen: most words of a text are among a few thousand.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Words that are kept. At most about 1 MB with their tokens.
const WORDS_MAX: usize = 8192;
/// Longer words are rare, and would let a text decide how much memory is used.
const WORD_BYTES_MAX: usize = 32;

/// A bounded map from words to tokens. When it is full it starts anew, which keeps looking up
/// as cheap as can be and forgets nothing that is not soon seen again.
#[derive(Debug, Default)]
pub(super) struct WordCache(Mutex<HashMap<Box<str>, Box<[u32]>>>);

impl WordCache {
    /// Appends the tokens of `word` to `out`, if it is known.
    pub(super) fn append(&self, word: &str, out: &mut Vec<u32>) -> bool {
        if word.len() > WORD_BYTES_MAX {
            return false;
        }
        match self.lock().get(word) {
            Some(tokens) => {
                out.extend_from_slice(tokens);
                true
            }
            None => false,
        }
    }

    pub(super) fn insert(&self, word: &str, tokens: &[u32]) {
        if word.len() > WORD_BYTES_MAX {
            return;
        }
        let mut words = self.lock();
        if words.len() >= WORDS_MAX {
            words.clear();
        }
        words.insert(word.into(), tokens.into());
    }

    /// A panic elsewhere cannot leave the map half-changed, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Box<[u32]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_bounded_and_right() {
        let cache = WordCache::default();
        for i in 0..3 * WORDS_MAX as u32 {
            cache.insert(&i.to_string(), &[i, i + 1]);
            assert!(cache.lock().len() <= WORDS_MAX);
        }
        let mut out = vec![9];
        let last = 3 * WORDS_MAX as u32 - 1;
        assert!(cache.append(&last.to_string(), &mut out));
        assert_eq!(out, [9, last, last + 1]);
        cache.insert(&"x".repeat(WORD_BYTES_MAX + 1), &[1]);
        assert!(!cache.append(&"x".repeat(WORD_BYTES_MAX + 1), &mut out));
    }
}
