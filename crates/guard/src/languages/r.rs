//! R. No one convention for names holds.

use super::tree::{Grammar, Needs};

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["function_definition"],
    needs: Needs::Assignment,
    branches: &["if_statement", "for_statement", "while_statement", "repeat_statement"],
    operators: &["&&", "||"],
    nesting: &["if_statement", "for_statement", "while_statement", "repeat_statement"],
    parameters: &["parameter"],
    ..Grammar::new("R", || tree_sitter_r::LANGUAGE.into())
};
