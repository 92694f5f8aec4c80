//! TOML.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar =
    Grammar { certain: true, ..Grammar::new("TOML", || tree_sitter_toml_ng::LANGUAGE.into()) };
