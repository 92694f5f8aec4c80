//! C. No one convention for names holds.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: &["function_definition"],
    branches: BRANCHES,
    operators: &["&&", "||"],
    nesting: NESTING,
    function_names: &["identifier"],
    parameters: PARAMETERS,
    program: Some(flow::lower::c::lower),
    ..Grammar::new("C", || tree_sitter_c::LANGUAGE.into())
};

pub(super) const BRANCHES: &[&str] = &[
    "if_statement",
    "for_statement",
    "while_statement",
    "do_statement",
    "case_statement",
    "conditional_expression",
];

pub(super) const NESTING: &[&str] =
    &["if_statement", "for_statement", "while_statement", "do_statement", "switch_statement"];

const PARAMETERS: &[&str] = &["parameter_declaration", "variadic_parameter", "identifier"];
