//! What a model said.

use std::time::Duration;

use serde::Serialize;

use crate::Digest;

/// Which model, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelIdentity {
    /// The model's name.
    pub name: String,
    /// Its version, as the provider states it.
    pub version: String,
    /// SHA-256 of the weights; `None` where a remote provider does not tell.
    pub digest: Option<Digest>,
    /// What people should know before they trust it (the built-in model's label).
    pub label: Option<String>,
}

/// How a model wants to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptStyle {
    /// The bare request: a small model that knows nothing but its exercises.
    Bare,
    /// Standing instructions, the file's code and examples.
    Chat,
}

/// What a prompt has to be built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelProfile {
    /// Which model.
    pub identity: ModelIdentity,
    /// Tokens of its context window.
    pub context_tokens: usize,
    /// Tokens that its chat template adds around each message.
    pub message_overhead: usize,
    /// How it wants to be asked.
    pub style: PromptStyle,
    /// Whether it has fill-in-the-middle tokens.
    pub infill: bool,
}

/// Tokens used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
}

/// Where the time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From the request to the first generated token.
    pub first_token: Duration,
    /// The whole completion.
    pub total: Duration,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FinishReason {
    /// The model ended by itself, or a stop string was reached.
    Stop,
    /// The token limit was reached: the text may be cut short.
    Length,
    /// The request was cancelled.
    Cancelled,
}

/// One answer of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text, as the model gave it.
    pub text: String,
    /// Bytes of the text up to the end of its last whole line or unit, where the provider knows
    /// it: what to keep of a text that was cut short.
    pub whole_bytes: Option<usize>,
    /// Which model said it.
    pub model: ModelIdentity,
    /// Tokens used.
    pub usage: Usage,
    /// Where the time went.
    pub timings: Timings,
    /// Why it stopped.
    pub finish: FinishReason,
}
