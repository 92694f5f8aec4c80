//! The engine as its callers see it: real model files, tiny made-up ones, and hostile ones.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod choices;
mod constraints;
mod golden;
mod grammars;
mod hostile;
mod mutations;
mod oracle;
mod oracle_text;
mod parity;
mod seedling;
mod serving;
mod sessions;
mod soak;
mod speculation;
mod text;
mod tiny;
mod variants;
