//! C#: names after the guide of .NET.

use super::naming::Convention::{Camel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    // A lambda counts as part of the function around it.
    functions: &[
        "method_declaration",
        "constructor_declaration",
        "destructor_declaration",
        "operator_declaration",
        "conversion_operator_declaration",
        "local_function_statement",
        "accessor_declaration",
    ],
    branches: &[
        "if_statement",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "switch_section",
        "switch_expression_arm",
        "conditional_expression",
        "catch_clause",
    ],
    exhaustive: &["switch_expression"],
    operators: &["&&", "||", "??"],
    nesting: &[
        "if_statement",
        "for_statement",
        "foreach_statement",
        "while_statement",
        "do_statement",
        "switch_statement",
        "try_statement",
    ],
    // An array of parameters is no parameter of its own in the grammar.
    parameters: &["parameter", "identifier"],
    names: &[
        ("class_declaration", "name", UpperCamel),
        ("struct_declaration", "name", UpperCamel),
        ("record_declaration", "name", UpperCamel),
        ("interface_declaration", "name", UpperCamel),
        ("enum_declaration", "name", UpperCamel),
        ("enum_member_declaration", "name", UpperCamel),
        ("method_declaration", "name", UpperCamel),
        ("local_function_statement", "name", UpperCamel),
        ("property_declaration", "name", UpperCamel),
        ("parameter", "name", Camel),
        ("variable_declarator", "name", Camel),
    ],
    ..Grammar::new("C#", || tree_sitter_c_sharp::LANGUAGE.into())
};
