//! One sequence of tokens and what was computed for it.

use std::sync::Arc;

use crate::cache::KvCache;
use crate::error::EngineError;
use crate::generate::CancelToken;
use crate::model::Model;

/// Tokens that are computed together. More gain nothing, and delay a cancellation.
const TOKENS_AT_ONCE: usize = 32;

/// A sequence that grows token by token, or is cut back to share a prefix with the next.
///
/// Logits depend only on the tokens, to the bit: not on how they were split into calls, nor on
/// what was cut off before. A clone ([`Session::fork`]) copies the keys and values in use.
#[derive(Debug, Clone)]
pub struct Session {
    model: Arc<Model>,
    cache: KvCache,
    tokens: Vec<u32>,
    /// One for each token of the vocabulary, of the last token that was computed.
    logits: Vec<f32>,
}

impl Session {
    /// An empty sequence.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Session {
        Session {
            cache: model.new_cache(),
            tokens: Vec::new(),
            logits: vec![0.0; model.info().vocabulary_size],
            model,
        }
    }

    /// The model of this sequence.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The tokens that were computed.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// How many tokens fit in all.
    #[must_use]
    pub fn context_length(&self) -> usize {
        self.cache.positions_max()
    }

    /// Appends tokens and returns the logits of what follows the last of them, one for each
    /// token of the vocabulary.
    /// On an error the sequence is as it was.
    ///
    /// # Errors
    /// [`EngineError::NoTokens`], [`EngineError::TokenOutOfRange`],
    /// [`EngineError::ContextExceeded`], [`EngineError::NotFinite`].
    pub fn forward(&mut self, tokens: &[u32]) -> Result<&[f32], EngineError> {
        let was_completed = self.forward_unless_cancelled(tokens, &CancelToken::new())?;
        debug_assert!(was_completed, "no one else has this token");
        Ok(&self.logits)
    }

    /// Forgets all tokens from `length` on.
    pub fn truncate(&mut self, length: usize) {
        self.tokens.truncate(length);
        self.cache.truncate(length);
    }

    /// A second sequence that starts with these tokens, without computing them again.
    #[must_use]
    pub fn fork(&self) -> Session {
        self.clone()
    }

    /// Cuts back to the longest common prefix with `tokens`, but so that at least one of them
    /// is left to compute, and returns how many need no computing.
    pub(crate) fn keep_common_prefix(&mut self, tokens: &[u32]) -> usize {
        let common = self.tokens.iter().zip(tokens).take_while(|(a, b)| a == b).count();
        let kept = common.min(tokens.len().saturating_sub(1));
        self.truncate(kept);
        kept
    }

    /// The logits of the last call that completed.
    pub(crate) fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// As [`Session::forward`], in pieces. False if it was cancelled between two of them; the
    /// pieces before stay.
    pub(crate) fn forward_unless_cancelled(
        &mut self,
        tokens: &[u32],
        cancel: &CancelToken,
    ) -> Result<bool, EngineError> {
        let start = self.tokens.len();
        if tokens.is_empty() {
            return Err(EngineError::NoTokens);
        }
        for token in tokens {
            self.model.tokenizer().check_range(*token)?;
        }
        let length = start + tokens.len();
        if length > self.context_length() {
            let context = self.context_length();
            return Err(EngineError::ContextExceeded { tokens: length, context });
        }
        let last_piece = tokens.len().div_ceil(TOKENS_AT_ONCE) - 1;
        for (index, piece) in tokens.chunks(TOKENS_AT_ONCE).enumerate() {
            if cancel.is_cancelled() {
                return Ok(false);
            }
            let logits = (index == last_piece).then_some(&mut self.logits[..]);
            self.model.forward(piece, &mut self.cache, logits);
            self.tokens.extend_from_slice(piece);
        }
        if let Err(error) = check_finite(&self.logits) {
            self.truncate(start);
            return Err(error);
        }
        Ok(true)
    }
}

/// An error that names the first logit that is NaN or infinite.
pub(crate) fn check_finite(logits: &[f32]) -> Result<(), EngineError> {
    match logits.iter().position(|logit| !logit.is_finite()) {
        None => Ok(()),
        Some(token) => Err(EngineError::NotFinite { token, value: logits[token] }),
    }
}
