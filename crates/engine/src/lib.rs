//! Local inference: tokens in, tokens out. Knows nothing of code, prompts or HTTP.
//!
//! The way of the data: [`Model::open`] maps a GGUF file and checks all of it; its [`Tokenizer`]
//! turns text into tokens; [`generate()`], or a [`Session`] that keeps what it computed, appends
//! tokens until something ends them.
//!
//! | file | holds |
//! |---|---|
//! | `storage`, `shards`, `gguf`, `tensor` | the bytes of a model's files, their header, its matrices |
//! | `tokenizer` | text to tokens and back: byte-level pairs, SentencePiece |
//! | `kernels` | the arithmetic: a readable reference and fast paths beside it |
//! | `model` | a file per architecture, and what they share |
//! | `cache`, `session` | keys and values of past tokens, in pages; computing the next logits |
//! | `sampler`, `constraint` | choosing tokens, and from which |
//! | `speculation` | guessing tokens, to compute several in a step |
//! | `healing`, `stop`, `generate` | prompts that end within a token, stop strings, the loop |
//! | `serving` | many requests at once |
//! | `error` | everything that can go wrong |

mod cache;
mod constraint;
mod error;
mod generate;
mod gguf;
mod healing;
mod kernels;
mod model;
mod sampler;
mod serving;
mod session;
mod shards;
mod speculation;
mod stop;
mod storage;
mod tensor;
mod tokenizer;

pub use constraint::{
    Both, Constraint, Grammar, GrammarConstraint, IndentationSyntax, Pair, Piece, Progress,
    StringSyntax, Syntax, SyntaxConstraint, TokenMask,
};
pub use error::EngineError;
pub use generate::{CancelToken, Finish, GenerateOptions, Generated, Timings, generate};
pub use healing::{Healed, heal};
pub use kernels::Ceilings;
pub use model::{Instructions, LoadLimits, Model, ModelInfo};
pub use sampler::{Choice, Sampler, Sampling, TokenLogProbabilities};
pub use serving::{Event, Handle, Request, Server, ServerOptions, ServerStatistics};
pub use session::Session;
pub use speculation::{Speculation, SpeculationCounts, TokenIndex};
pub use tokenizer::{FimTokens, Tokenizer, Utf8Stream};
