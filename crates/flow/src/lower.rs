//! From syntax trees of each language to [`crate::ir`].

pub mod javascript;
pub mod python;
