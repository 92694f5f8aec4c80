//! SQL: the common parts of its dialects.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar::new("SQL", || tree_sitter_sequel::LANGUAGE.into());
