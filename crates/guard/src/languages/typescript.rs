//! TypeScript, and TypeScript with JSX.

use std::sync::OnceLock;

use super::javascript::{BRANCHES, FUNCTIONS, NESTING, OPERATORS};
use super::naming::Convention::{self, Camel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    name: "TypeScript",
    language: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    functions: FUNCTIONS,
    branches: BRANCHES,
    exhaustive: &[],
    operators: OPERATORS,
    nesting: NESTING,
    receivers: &[],
    names: NAMES,
    lists: &[],
    tables: OnceLock::new(),
};

pub(crate) static GRAMMAR_TSX: Grammar = Grammar {
    name: "TSX",
    language: || tree_sitter_typescript::LANGUAGE_TSX.into(),
    functions: FUNCTIONS,
    branches: BRANCHES,
    exhaustive: &[],
    operators: OPERATORS,
    nesting: NESTING,
    receivers: &[],
    names: NAMES,
    lists: &[],
    tables: OnceLock::new(),
};

const NAMES: &[(&str, &str, Convention)] = &[
    ("function_declaration", "name", Camel),
    ("generator_function_declaration", "name", Camel),
    ("method_definition", "name", Camel),
    ("public_field_definition", "name", Camel),
    ("variable_declarator", "name", Camel),
    ("required_parameter", "pattern", Camel),
    ("optional_parameter", "pattern", Camel),
    ("arrow_function", "parameter", Camel),
    ("class_declaration", "name", UpperCamel),
    ("abstract_class_declaration", "name", UpperCamel),
    ("interface_declaration", "name", UpperCamel),
    ("type_alias_declaration", "name", UpperCamel),
    ("enum_declaration", "name", UpperCamel),
];
