//! One sequence of tokens and what was computed for it.

use std::sync::Arc;

use crate::cache::KvCache;
use crate::error::EngineError;
use crate::model::{Chunk, Model};
use crate::speculation::StepCosts;

/// Tokens that are computed together, if the logits of all may be wanted.
pub(crate) const TOKENS_AT_ONCE: usize = 32;
/// Models of more parameters compute prompts in smaller pieces.
const SMALL_MODEL_PARAMETERS: u64 = 2_000_000_000;

/// Tokens of a prompt that are computed together while nobody else waits for it: the weights are
/// read once for all of them. More gain nothing, and delay a cancellation.
pub(crate) fn prompt_tokens_at_once(model: &Model) -> usize {
    let is_small = model.info().parameters <= SMALL_MODEL_PARAMETERS;
    if is_small { 2 * TOKENS_AT_ONCE } else { TOKENS_AT_ONCE }
}

/// A sequence that grows token by token, or is cut back to share a prefix with the next.
///
/// Logits depend only on the tokens, to the bit: not on how they were split into calls, nor on
/// what was cut off before. A clone ([`Session::fork`]) shares what was computed.
#[derive(Debug, Clone)]
pub struct Session {
    model: Arc<Model>,
    cache: KvCache,
    tokens: Vec<u32>,
    /// [rows, vocabulary], of the last tokens of the last call.
    logits: Vec<f32>,
    step_costs: StepCosts,
}

impl Session {
    /// An empty sequence.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Session {
        Session {
            cache: model.new_cache(),
            tokens: Vec::new(),
            logits: Vec::new(),
            step_costs: StepCosts::default(),
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

    /// Bytes of memory that this sequence holds: keys and values, logits, tokens. Reserved room
    /// counts, and so does what forks share; the model does not.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.cache.bytes()
            + self.logits.capacity() * size_of::<f32>()
            + self.tokens.capacity() * size_of::<u32>()
    }

    /// Appends tokens and returns the logits of what follows the last of them, one for each
    /// token of the vocabulary.
    /// On an error the sequence is as it was.
    ///
    /// # Errors
    /// [`EngineError::NoTokens`], [`EngineError::TokenOutOfRange`],
    /// [`EngineError::ContextExceeded`], [`EngineError::NotFinite`].
    pub fn forward(&mut self, tokens: &[u32]) -> Result<&[f32], EngineError> {
        let start = self.tokens.len();
        self.check_fits(tokens)?;
        let at_once = prompt_tokens_at_once(&self.model);
        let last_piece = tokens.len().div_ceil(at_once) - 1;
        for (index, piece) in tokens.chunks(at_once).enumerate() {
            self.compute(piece, usize::from(index == last_piece));
        }
        self.check_logits(start)
    }

    /// Appends tokens, at most 32, and returns the logits after each of them:
    /// [tokens, vocabulary]. The same bits as one call of [`Session::forward`] for each, and
    /// cheaper where reading the weights takes the time.
    /// On an error the sequence is as it was.
    ///
    /// # Errors
    /// As [`Session::forward`]; more than 32 tokens are [`EngineError::LimitExceeded`].
    pub fn forward_all(&mut self, tokens: &[u32]) -> Result<&[f32], EngineError> {
        if tokens.len() > TOKENS_AT_ONCE {
            return Err(EngineError::LimitExceeded {
                what: "the number of tokens whose logits are all wanted",
                found: tokens.len() as u64,
                limit: TOKENS_AT_ONCE as u64,
                remedy: "give them in several calls",
            });
        }
        let start = self.tokens.len();
        self.check_fits(tokens)?;
        self.compute(tokens, tokens.len());
        self.check_logits(start)
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

    /// The logits that the last call computed, [rows, vocabulary].
    pub(crate) fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// What is known of how long steps take.
    pub(crate) fn step_costs(&self) -> StepCosts {
        self.step_costs
    }

    pub(crate) fn set_step_costs(&mut self, costs: StepCosts) {
        self.step_costs = costs;
    }

    /// Appends tokens, which are in range and fit, and computes the logits of the last `rows`,
    /// without looking whether they are finite: those of tokens that were only guessed may be of
    /// no interest.
    pub(crate) fn compute(&mut self, tokens: &[u32], rows: usize) {
        self.logits.resize(rows * self.model.info().vocabulary_size, 0.0);
        let chunk = Chunk { tokens, cache: &mut self.cache, rows };
        self.model.forward(&mut [chunk], &mut self.logits);
        self.tokens.extend_from_slice(tokens);
    }

    /// The logits, if they are finite; otherwise forgets all tokens from `start` on.
    fn check_logits(&mut self, start: usize) -> Result<&[f32], EngineError> {
        let vocabulary = self.model.info().vocabulary_size;
        if let Err(error) = self.logits.chunks_exact(vocabulary).try_for_each(check_finite) {
            self.truncate(start);
            return Err(error);
        }
        Ok(&self.logits)
    }

    /// Checks that there are tokens, that the model knows them, and that they fit.
    fn check_fits(&self, tokens: &[u32]) -> Result<(), EngineError> {
        if tokens.is_empty() {
            return Err(EngineError::NoTokens);
        }
        for token in tokens {
            self.model.tokenizer().check_range(*token)?;
        }
        let length = self.tokens.len() + tokens.len();
        if length > self.context_length() {
            let context = self.context_length();
            return Err(EngineError::ContextExceeded { tokens: length, context });
        }
        Ok(())
    }
}

/// An error that names the first logit that is NaN or infinite.
pub(crate) fn check_finite(logits: &[f32]) -> Result<(), EngineError> {
    match logits.iter().position(|logit| !logit.is_finite()) {
        None => Ok(()),
        Some(token) => Err(EngineError::NotFinite { token, value: logits[token] }),
    }
}
