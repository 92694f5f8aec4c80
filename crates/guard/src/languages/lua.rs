//! Lua. No one convention for names holds.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["function_declaration", "function_definition"],
    branches: &[
        "if_statement",
        "elseif_statement",
        "for_statement",
        "while_statement",
        "repeat_statement",
    ],
    operators: &["and", "or"],
    nesting: &["if_statement", "for_statement", "while_statement", "repeat_statement"],
    ..Grammar::new("Lua", || tree_sitter_lua::LANGUAGE.into())
};
