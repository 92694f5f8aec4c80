//! Tests of the ledger through its public face, in one binary.
#![expect(clippy::unwrap_used, reason = "a test may fail where it unwraps")]

mod concurrent;
mod crash;
mod fixture;
mod folder;
mod log;
mod merkle;
mod preimage;
mod receipt;
mod tamper;
mod tamper_sql;
