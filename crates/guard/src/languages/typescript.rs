//! TypeScript, and TypeScript with JSX.

use super::javascript::{BRANCHES, FUNCTIONS, NESTING, OPERATORS};
use super::naming::Convention::{self, Camel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: FUNCTIONS,
    branches: BRANCHES,
    operators: OPERATORS,
    nesting: NESTING,
    names: NAMES,
    ..Grammar::new("TypeScript", || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into())
};

pub(crate) static GRAMMAR_TSX: Grammar = Grammar {
    functions: FUNCTIONS,
    branches: BRANCHES,
    operators: OPERATORS,
    nesting: NESTING,
    names: NAMES,
    ..Grammar::new("TSX", || tree_sitter_typescript::LANGUAGE_TSX.into())
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
