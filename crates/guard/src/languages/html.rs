//! HTML.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar::new("HTML", || tree_sitter_html::LANGUAGE.into());
