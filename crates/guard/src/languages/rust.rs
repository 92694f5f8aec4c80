//! Rust.

use super::naming::Convention::{Snake, UpperCamel, UpperSnake};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A closure counts as part of the function around it.
    functions: &["function_item"],
    branches: &[
        "if_expression",
        "for_expression",
        "while_expression",
        "loop_expression",
        "match_arm",
    ],
    exhaustive: &["match_expression"],
    operators: &["&&", "||"],
    nesting: &[
        "if_expression",
        "for_expression",
        "while_expression",
        "loop_expression",
        "match_expression",
    ],
    receivers: &["self_parameter", "attribute_item"],
    names: &[
        ("function_item", "name", Snake),
        ("mod_item", "name", Snake),
        ("field_declaration", "name", Snake),
        ("let_declaration", "pattern", Snake),
        ("parameter", "pattern", Snake),
        ("struct_item", "name", UpperCamel),
        ("enum_item", "name", UpperCamel),
        ("union_item", "name", UpperCamel),
        ("trait_item", "name", UpperCamel),
        ("type_item", "name", UpperCamel),
        ("enum_variant", "name", UpperCamel),
        ("type_parameter", "name", UpperCamel),
        ("const_item", "name", UpperSnake),
        ("static_item", "name", UpperSnake),
    ],
    program: Some(flow::lower::rust::lower),
    ..Grammar::new("Rust", || tree_sitter_rust::LANGUAGE.into())
};
