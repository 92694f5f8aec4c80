//! Go.

use super::naming::Convention::MixedCaps;
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A function literal counts as part of the function around it.
    functions: &["function_declaration", "method_declaration"],
    branches: &[
        "if_statement",
        "for_statement",
        "expression_case",
        "type_case",
        "communication_case",
    ],
    operators: &["&&", "||"],
    nesting: &[
        "if_statement",
        "for_statement",
        "expression_switch_statement",
        "type_switch_statement",
        "select_statement",
    ],
    names: &[
        ("function_declaration", "name", MixedCaps),
        ("method_declaration", "name", MixedCaps),
        ("type_spec", "name", MixedCaps),
        ("type_alias", "name", MixedCaps),
        ("var_spec", "name", MixedCaps),
        ("const_spec", "name", MixedCaps),
        ("field_declaration", "name", MixedCaps),
        ("parameter_declaration", "name", MixedCaps),
        ("short_var_declaration", "left", MixedCaps),
        ("range_clause", "left", MixedCaps),
    ],
    lists: &["expression_list"],
    program: Some(flow::lower::go::lower),
    ..Grammar::new("Go", || tree_sitter_go::LANGUAGE.into())
};
