//! Prompts that end within a token: what the cursor cut off is spelled again.
//!
//! A model learns text cut into its longest tokens. After the tokens of `retu`, or of a space
//! that belongs to the next word, what should follow was never seen in training. So the last
//! tokens are taken back as long as a longer token could have started with them, and the first
//! new tokens must spell the same bytes again (Lundberg 2023, "The art of prompt design: prompt
//! boundaries and token healing").

use crate::error::EngineError;
use crate::tokenizer::Tokenizer;

/// Most tokens that are taken back.
const TOKENS_BACK_MAX: usize = 4;

/// A prompt that ends between tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healed {
    /// Tokens of the prompt that stay.
    pub kept: usize,
    /// The bytes of the others, for [`crate::GenerateOptions::start_bytes`].
    pub start_bytes: Vec<u8>,
}

/// Takes the end of `tokens` back to where a token surely ended; the first of them always stays.
/// In a fill-in-the-middle prompt, heal the part before the cursor, before the tokens of the
/// format are put around it.
///
/// # Errors
/// [`EngineError::TokenOutOfRange`].
pub fn heal(tokenizer: &Tokenizer, tokens: &[u32]) -> Result<Healed, EngineError> {
    let mut healed = Healed { kept: tokens.len(), start_bytes: Vec::new() };
    for back in 1..=TOKENS_BACK_MAX.min(tokens.len().saturating_sub(1)) {
        let kept = tokens.len() - back;
        if tokenizer.is_control(tokens[kept]) {
            break;
        }
        let bytes = tokenizer.decode(&tokens[kept..])?;
        if !is_start_of_longer_token(tokenizer, &bytes) {
            break;
        }
        healed = Healed { kept, start_bytes: bytes };
    }
    Ok(healed)
}

fn is_start_of_longer_token(tokenizer: &Tokenizer, bytes: &[u8]) -> bool {
    (0..tokenizer.vocabulary_size() as u32).any(|token| {
        !tokenizer.is_control(token)
            && tokenizer
                .piece(token)
                .is_ok_and(|piece| piece.len() > bytes.len() && piece.starts_with(bytes))
    })
}
