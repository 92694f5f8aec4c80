//! Nix. No one convention for names holds.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["function_expression"],
    branches: &["if_expression"],
    operators: &["&&", "||"],
    nesting: &["if_expression"],
    parameters: &["formal"],
    ..Grammar::new("Nix", || tree_sitter_nix::LANGUAGE.into())
};
