//! Remembers the tokens of words that were seen: most words of a text are among a few thousand.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Words that are kept, in a megabyte in all.
const SLOTS: usize = 1 << 14;
/// Longer words, and those of more tokens, are rare.
const WORD_BYTES_MAX: usize = 32;
const TOKENS_MAX: usize = 7;

/// A table that one text at a time uses: a second one at the same moment starts with an empty one.
#[derive(Default)]
pub(super) struct WordCache(Mutex<Option<Words>>);

/// Each word has one place, which the last word with that place takes. So nothing is allocated,
/// and no text can make it large or slow.
pub(super) struct Words(Box<[Slot]>);

/// Fills a cache line.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Slot {
    key: [u64; 4],
    tokens: [u32; TOKENS_MAX],
    /// Bytes of the word; 0 where there is none.
    length: u8,
    count: u8,
}

impl WordCache {
    pub(super) fn take(&self) -> Words {
        let taken = self.lock().take();
        taken.unwrap_or_else(|| Words(vec![Slot::default(); SLOTS].into_boxed_slice()))
    }

    pub(super) fn give_back(&self, words: Words) {
        *self.lock() = Some(words);
    }

    /// A panic elsewhere cannot leave the table half-changed, so a poisoned lock is as good.
    fn lock(&self) -> MutexGuard<'_, Option<Words>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WordCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WordCache")
    }
}

impl Words {
    /// Appends the tokens of `word` to `out`, if it is known.
    #[inline]
    pub(super) fn append(&self, word: &[u8], out: &mut Vec<u32>) -> bool {
        let Some(key) = key(word) else { return false };
        let slot = &self.0[place(key)];
        let is_known = slot.key == key && usize::from(slot.length) == word.len();
        if is_known {
            out.extend_from_slice(&slot.tokens[..usize::from(slot.count)]);
        }
        is_known
    }

    pub(super) fn insert(&mut self, word: &[u8], tokens: &[u32]) {
        let Some(key) = key(word) else { return };
        if tokens.len() > TOKENS_MAX {
            return;
        }
        let slot = &mut self.0[place(key)];
        *slot = Slot { key, length: word.len() as u8, count: tokens.len() as u8, ..*slot };
        slot.tokens[..tokens.len()].copy_from_slice(tokens);
    }
}

/// The bytes of a word, some of them twice: with its length, they tell it from all others. None
/// for words that are too long, and for the empty one.
#[inline]
fn key(word: &[u8]) -> Option<[u64; 4]> {
    let eight = |at: usize| u64::from_le_bytes(*word[at..].first_chunk().expect("of 8 or more"));
    let four = |at: usize| u32::from_le_bytes(*word[at..].first_chunk().expect("of 4 or more"));
    let length = word.len();
    match length {
        1..=3 => {
            let [first, middle, last] = [0, length / 2, length - 1].map(|at| u64::from(word[at]));
            Some([first | middle << 8 | last << 16, 0, 0, 0])
        }
        4..=7 => Some([u64::from(four(0)), u64::from(four(length - 4)), 0, 0]),
        8..=16 => Some([eight(0), eight(length - 8), 0, 0]),
        17..=WORD_BYTES_MAX => Some([eight(0), eight(length - 8), eight(8), eight(length - 16)]),
        _ => None,
    }
}

/// The high half of products, which depends on all bits; the constants are digits of π.
#[inline]
fn place(key: [u64; 4]) -> usize {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    let first = fold(key[0] ^ 0x243f_6a88_85a3_08d3, key[1] ^ 0x1319_8a2e_0370_7344);
    let second = fold(key[2] ^ 0xa409_3822_299f_31d0, key[3] ^ 0x082e_fa98_ec4e_6c89);
    (first ^ second) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_right() {
        let cache = WordCache::default();
        let mut words = cache.take();
        let word = |i: u32| i.to_string().repeat(1 + i as usize % 5);
        let mut known = 0;
        for i in 0..3 * SLOTS as u32 {
            words.insert(word(i).as_bytes(), &[i, i + 1]);
            let mut out = vec![9];
            assert!(words.append(word(i).as_bytes(), &mut out) || word(i).len() > WORD_BYTES_MAX);
            assert_eq!(out.get(1..3).unwrap_or(&[i, i + 1]), [i, i + 1]);
            let earlier = i / 2;
            out.clear();
            if words.append(word(earlier).as_bytes(), &mut out) {
                assert_eq!(out, [earlier, earlier + 1]);
                known += 1;
            }
        }
        assert!(known > SLOTS, "{known}");
        words.insert(b"many", &[1; TOKENS_MAX + 1]);
        words.insert(&[b'x'; WORD_BYTES_MAX + 1], &[1]);
        words.insert(b"", &[1]);
        for word in [&b"many"[..], &[b'x'; WORD_BYTES_MAX + 1], b""] {
            assert!(!words.append(word, &mut Vec::new()));
        }
        words.insert(b"last", &[3]);
        cache.give_back(words);
        assert!(cache.take().append(b"last", &mut Vec::new()));
    }

    /// Words of one length differ in their keys, and those of other lengths by it.
    #[test]
    fn keys_hold_all_bytes() {
        for length in 1..=WORD_BYTES_MAX {
            let plain = key(&vec![7; length]);
            for at in 0..length {
                let mut word = vec![7; length];
                word[at] = 8;
                assert_ne!(key(&word), plain, "{length} {at}");
            }
        }
    }
}
