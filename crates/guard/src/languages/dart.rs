//! Dart: names after Effective Dart.

use super::naming::Convention::{LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["function_declaration", "method_declaration", "local_function_declaration"],
    branches: &[
        "if_statement",
        "for_statement",
        "while_statement",
        "do_statement",
        "switch_statement_case",
        "switch_expression_case",
        "conditional_expression",
        "catch_clause",
        "if_element",
        "for_element",
    ],
    exhaustive: &["switch_expression"],
    operators: &["&&", "||", "??"],
    nesting: &[
        "if_statement",
        "for_statement",
        "while_statement",
        "do_statement",
        "switch_statement",
        "try_statement",
    ],
    heads: &[
        "method_signature",
        "function_signature",
        "getter_signature",
        "setter_signature",
        "operator_signature",
        "constructor_signature",
        "factory_constructor_signature",
    ],
    parameter_lists: &["optional_formal_parameters"],
    parameters: &["formal_parameter"],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("enum_declaration", "name", UpperCamel),
        ("function_signature", "name", LowerCamel),
        ("getter_signature", "name", LowerCamel),
        ("formal_parameter", "name", LowerCamel),
        ("initialized_variable_declaration", "name", LowerCamel),
        ("initialized_identifier", "name", LowerCamel),
    ],
    ..Grammar::new("Dart", || tree_sitter_dart::LANGUAGE.into())
};
