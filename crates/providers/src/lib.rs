//! Models behind one trait. A file per provider; providers do not know of each other.
//!
//! [`local`] runs a GGUF file in this process: the embedded model, or one that the user names.

mod chat_template;
pub mod local;
mod syntax;

use std::ops::ControlFlow;

use types::{Completion, ModelProfile, Prompt, Sampling};

/// Asks a completion to stop; clones share it. All its candidates end within one step.
pub use engine::CancelToken as Cancel;

/// How much is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Most tokens per candidate.
    pub max_tokens: usize,
    /// How each candidate is sampled: one candidate for each.
    pub samplings: Vec<Sampling>,
}

/// A piece of a candidate's text as it is generated.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Which candidate, from 0.
    pub candidate: usize,
    /// The text.
    pub text: &'a str,
}

/// A model that completes prompts.
pub trait Provider: Send + Sync {
    /// What a prompt for it has to be built for.
    fn profile(&self) -> &ModelProfile;

    /// Tokens of a text in the model's own tokenizer.
    fn count_tokens(&self, text: &str) -> usize;

    /// The addresses it contacts; empty for a model in this process.
    fn addresses(&self) -> Vec<String>;

    /// Completes a prompt, once for each sampling. `on_chunk` is called in this thread and sees
    /// the text as it comes, of all candidates in turns. It may end the candidate it is called
    /// for, whose text then is what was shown; the others go on.
    ///
    /// # Errors
    /// [`ProviderError`]; a cancelled completion is no error.
    fn complete(
        &self,
        prompt: &Prompt,
        limits: &Limits,
        cancel: &Cancel,
        on_chunk: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Completion>, ProviderError>;
}

/// Why there is no completion.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The engine refused the model or the prompt.
    #[error("{model}: {source}")]
    Engine {
        /// The model's name or file.
        model: String,
        /// What the engine says.
        source: Box<engine::EngineError>,
    },
    /// The model's chat template cannot be used.
    #[error("{model}: its chat template cannot be used: {message}")]
    ChatTemplate {
        /// The model.
        model: String,
        /// What is wrong with it.
        message: String,
    },
    /// The model has no way to do what is asked.
    #[error("{model} cannot {what}")]
    Unsupported {
        /// The model.
        model: String,
        /// What it cannot do.
        what: &'static str,
    },
}
