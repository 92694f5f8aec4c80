//! A set of tokens, a bit for each.

/// Tokens of a vocabulary: those in the set may come next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenMask {
    /// [vocabulary / 32, rounded up], the first token in the lowest bit. Bits beyond the
    /// vocabulary are 0.
    words: Vec<u32>,
    vocabulary: usize,
}

impl TokenMask {
    /// A set without tokens.
    #[must_use]
    pub fn empty(vocabulary: usize) -> TokenMask {
        TokenMask { words: vec![0; vocabulary.div_ceil(32)], vocabulary }
    }

    /// Tokens of the vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Puts all tokens in.
    pub fn fill(&mut self) {
        self.words.fill(u32::MAX);
        let rest = self.vocabulary % 32;
        if let Some(last) = self.words.last_mut().filter(|_| rest > 0) {
            *last = (1 << rest) - 1;
        }
    }

    /// Puts a token in or takes it out. One beyond the vocabulary is left alone.
    pub fn set(&mut self, token: u32, is_in: bool) {
        if (token as usize) < self.vocabulary {
            let word = &mut self.words[token as usize / 32];
            let bit = 1 << (token % 32);
            *word = if is_in { *word | bit } else { *word & !bit };
        }
    }

    /// Whether a token is in.
    #[must_use]
    pub fn contains(&self, token: u32) -> bool {
        self.words.get(token as usize / 32).is_some_and(|word| word >> (token % 32) & 1 == 1)
    }

    /// Leaves only the tokens that are also in `words`, which may be shorter.
    pub fn intersect(&mut self, words: &[u32]) {
        let others = words.iter().copied().chain(std::iter::repeat(0));
        for (word, other) in self.words.iter_mut().zip(others) {
            *word &= other;
        }
    }

    /// The bits, 32 to a word, the first token in the lowest.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The tokens that are in, in order.
    pub fn tokens(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(0..).flat_map(|(word, index)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(32 * index + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_all_sizes() {
        for vocabulary in [0, 1, 31, 32, 33, 100] {
            let mut mask = TokenMask::empty(vocabulary);
            assert_eq!(mask.tokens().count(), 0);
            mask.fill();
            assert!(mask.tokens().eq(0..vocabulary as u32));
            mask.set(vocabulary as u32, true);
            assert!(!mask.contains(vocabulary as u32));
            mask.set(30, false);
            assert!(mask.tokens().eq((0..vocabulary as u32).filter(|token| *token != 30)));
            mask.intersect(&[0b110]);
            assert!(mask.tokens().eq((1..3).filter(|token| *token < vocabulary as u32)));
        }
    }
}
