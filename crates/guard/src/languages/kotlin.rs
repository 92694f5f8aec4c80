//! Kotlin: names after the language's coding conventions.

use super::naming::Convention::{Camel, LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A lambda counts as part of the function around it.
    functions: &["function_declaration", "secondary_constructor", "getter", "setter"],
    branches: &[
        "if_expression",
        "for_statement",
        "while_statement",
        "do_while_statement",
        "when_entry",
        "catch_block",
    ],
    operators: &["&&", "||", "?:"],
    nesting: &[
        "if_expression",
        "for_statement",
        "while_statement",
        "do_while_statement",
        "when_expression",
        "try_expression",
    ],
    parameter_lists: &["function_value_parameters"],
    parameters: &["parameter"],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("object_declaration", "name", UpperCamel),
        // Factories and composables are named as what they make.
        ("function_declaration", "name", Camel),
        ("parameter", "", LowerCamel),
        ("class_parameter", "", LowerCamel),
        ("variable_declaration", "", Camel),
    ],
    ..Grammar::new("Kotlin", || tree_sitter_kotlin_ng::LANGUAGE.into())
};
