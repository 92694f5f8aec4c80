//! JavaScript, with JSX.

use super::naming::Convention::{self, Camel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: FUNCTIONS,
    branches: BRANCHES,
    operators: OPERATORS,
    nesting: NESTING,
    names: NAMES,
    ..Grammar::new("JavaScript", || tree_sitter_javascript::LANGUAGE.into())
};

pub(super) const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "generator_function",
    "arrow_function",
    "method_definition",
];

pub(super) const BRANCHES: &[&str] = &[
    "if_statement",
    "for_statement",
    "for_in_statement",
    "while_statement",
    "do_statement",
    "switch_case",
    "catch_clause",
    "ternary_expression",
];

pub(super) const OPERATORS: &[&str] = &["&&", "||", "??", "&&=", "||=", "??="];

pub(super) const NESTING: &[&str] = &[
    "if_statement",
    "for_statement",
    "for_in_statement",
    "while_statement",
    "do_statement",
    "switch_statement",
    "try_statement",
];

const NAMES: &[(&str, &str, Convention)] = &[
    ("function_declaration", "name", Camel),
    ("generator_function_declaration", "name", Camel),
    ("method_definition", "name", Camel),
    ("field_definition", "property", Camel),
    ("variable_declarator", "name", Camel),
    ("formal_parameters", "", Camel),
    ("arrow_function", "parameter", Camel),
    ("class_declaration", "name", UpperCamel),
];
