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
    /// Which model said it.
    pub model: ModelIdentity,
    /// Tokens used.
    pub usage: Usage,
    /// Where the time went.
    pub timings: Timings,
    /// Why it stopped.
    pub finish: FinishReason,
}
