//! Where untrusted data goes: programs of several languages in one small form, walked with values
//! that say what they are made from, against weaknesses that are described by rule files.
//!
//! The crate reads no file, no clock and no environment. Its work is bounded by a budget of steps
//! that the caller gives; an analysis that was cut short says so.

pub mod ir;
pub mod lower;
pub mod memory;
