//! Swift: names after the language's API design guidelines.

use super::naming::Convention::{LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    // A closure counts as part of the function around it.
    functions: &["function_declaration", "init_declaration", "deinit_declaration"],
    branches: &[
        "if_statement",
        "guard_statement",
        "for_statement",
        "while_statement",
        "repeat_while_statement",
        "switch_entry",
        "catch_block",
        "ternary_expression",
    ],
    operators: &["&&", "||", "??"],
    nesting: &[
        "if_statement",
        "for_statement",
        "while_statement",
        "repeat_while_statement",
        "switch_statement",
        "do_statement",
    ],
    parameters: &["parameter"],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("protocol_declaration", "name", UpperCamel),
        ("typealias_declaration", "name", UpperCamel),
        ("enum_entry", "name", LowerCamel),
        ("function_declaration", "name", LowerCamel),
        ("parameter", "name", LowerCamel),
        ("pattern", "bound_identifier", LowerCamel),
    ],
    ..Grammar::new("Swift", || tree_sitter_swift::LANGUAGE.into())
};
