//! Zig: names after the language's style guide.

use super::naming::Convention::Camel;
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: &["function_declaration"],
    branches: &[
        "if_statement",
        "if_expression",
        "for_statement",
        "for_expression",
        "while_statement",
        "while_expression",
        "switch_case",
        "catch_expression",
    ],
    operators: &["and", "or", "orelse"],
    nesting: &["if_statement", "for_statement", "while_statement", "switch_expression"],
    parameter_lists: &["parameters"],
    // A function that returns a type is named as a type.
    names: &[("function_declaration", "name", Camel)],
    ..Grammar::new("Zig", || tree_sitter_zig::LANGUAGE.into())
};
