//! Julia: names of types after the manual.

use super::naming::Convention::UpperCamel;
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: &["function_definition", "macro_definition"],
    branches: &[
        "if_statement",
        "elseif_clause",
        "for_statement",
        "while_statement",
        "catch_clause",
        "ternary_expression",
        "for_clause",
        "if_clause",
    ],
    operators: &["&&", "||"],
    operator_nodes: &["operator"],
    nesting: &["if_statement", "for_statement", "while_statement", "try_statement"],
    heads: &["signature", "where_expression", "typed_expression", "call_expression"],
    function_names: &["identifier"],
    parameter_lists: &["argument_list"],
    names: &[("type_head", "", UpperCamel)],
    ..Grammar::new("Julia", || tree_sitter_julia::LANGUAGE.into())
};
