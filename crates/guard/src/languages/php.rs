//! PHP: names of classes and methods after PSR-1.

use super::naming::Convention::{LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &[
        "function_definition",
        "method_declaration",
        "anonymous_function",
        "arrow_function",
    ],
    branches: &[
        "if_statement",
        "else_if_clause",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "case_statement",
        "match_conditional_expression",
        "conditional_expression",
        "catch_clause",
    ],
    operators: &["&&", "||", "and", "or", "xor", "??"],
    nesting: &[
        "if_statement",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "switch_statement",
        "try_statement",
    ],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("interface_declaration", "name", UpperCamel),
        ("trait_declaration", "name", UpperCamel),
        ("enum_declaration", "name", UpperCamel),
        ("method_declaration", "name", LowerCamel),
    ],
    identifiers: &["name"],
    ..Grammar::new("PHP", || tree_sitter_php::LANGUAGE_PHP.into())
};
