//! Java: names after Oracle's code conventions.

use super::naming::Convention::{Camel, LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A lambda counts as part of the function around it.
    functions: &[
        "method_declaration",
        "constructor_declaration",
        "compact_constructor_declaration",
    ],
    branches: &[
        "if_statement",
        "for_statement",
        "enhanced_for_statement",
        "while_statement",
        "do_statement",
        "switch_label",
        "ternary_expression",
        "catch_clause",
    ],
    operators: &["&&", "||"],
    nesting: &[
        "if_statement",
        "for_statement",
        "enhanced_for_statement",
        "while_statement",
        "do_statement",
        "switch_expression",
        "try_statement",
        "try_with_resources_statement",
    ],
    receivers: &["receiver_parameter"],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("interface_declaration", "name", UpperCamel),
        ("enum_declaration", "name", UpperCamel),
        ("record_declaration", "name", UpperCamel),
        ("annotation_type_declaration", "name", UpperCamel),
        ("enum_constant", "name", Camel),
        ("method_declaration", "name", LowerCamel),
        ("formal_parameter", "name", LowerCamel),
        ("variable_declarator", "name", LowerCamel),
    ],
    program: Some(flow::lower::java::lower),
    ..Grammar::new("Java", || tree_sitter_java::LANGUAGE.into())
};
