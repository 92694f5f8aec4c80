//! C++. No one convention for names holds.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    // A lambda counts as part of the function around it.
    functions: &["function_definition"],
    branches: &[
        "if_statement",
        "for_statement",
        "for_range_loop",
        "while_statement",
        "do_statement",
        "case_statement",
        "conditional_expression",
        "catch_clause",
    ],
    operators: &["&&", "||", "and", "or"],
    nesting: &[
        "if_statement",
        "for_statement",
        "for_range_loop",
        "while_statement",
        "do_statement",
        "switch_statement",
        "try_statement",
    ],
    heads: &["reference_declarator", "parenthesized_declarator", "function_declarator"],
    function_names: &[
        "identifier",
        "field_identifier",
        "destructor_name",
        "operator_name",
        "operator_cast",
        "template_function",
    ],
    parameters: &[
        "parameter_declaration",
        "optional_parameter_declaration",
        "variadic_parameter_declaration",
    ],
    program: Some(flow::lower::c::lower),
    ..Grammar::new("C++", || tree_sitter_cpp::LANGUAGE.into())
};
