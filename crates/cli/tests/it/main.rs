//! The program as a person uses it: every test starts the real binary in a home of its own.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod allow;
mod bad_input;
mod check;
mod crash;
mod explain;
mod fix;
mod formats;
mod home;
mod spine;
mod undo;
