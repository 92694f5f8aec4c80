//! CSS.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar::new("CSS", || tree_sitter_css::LANGUAGE.into());
