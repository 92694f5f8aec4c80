//! Solidity: names after the language's style guide.

use super::naming::Convention::{LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["function_definition", "constructor_definition", "modifier_definition"],
    branches: &[
        "if_statement",
        "for_statement",
        "while_statement",
        "do_while_statement",
        "catch_clause",
        "ternary_expression",
    ],
    operators: &["&&", "||"],
    nesting: &[
        "if_statement",
        "for_statement",
        "while_statement",
        "do_while_statement",
        "try_statement",
    ],
    parameters: &["parameter"],
    names: &[
        ("contract_declaration", "name", UpperCamel),
        ("interface_declaration", "name", UpperCamel),
        ("library_declaration", "name", UpperCamel),
        ("struct_declaration", "name", UpperCamel),
        ("enum_declaration", "name", UpperCamel),
        ("event_definition", "name", UpperCamel),
        ("function_definition", "name", LowerCamel),
        ("modifier_definition", "name", LowerCamel),
        ("parameter", "name", LowerCamel),
        ("variable_declaration", "name", LowerCamel),
    ],
    ..Grammar::new("Solidity", || tree_sitter_solidity::LANGUAGE.into())
};
