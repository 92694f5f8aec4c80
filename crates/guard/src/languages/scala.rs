//! Scala: names after the language's style guide.

use super::naming::Convention::{Camel, LowerCamel, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A lambda counts as part of the function around it.
    functions: &["function_definition"],
    branches: &[
        "if_expression",
        "for_expression",
        "while_expression",
        "do_while_expression",
        "case_clause",
    ],
    exhaustive: &["match_expression"],
    operators: &["&&", "||"],
    operator_nodes: &["operator_identifier"],
    nesting: &[
        "if_expression",
        "for_expression",
        "while_expression",
        "do_while_expression",
        "match_expression",
        "try_expression",
    ],
    parameters: &["parameter"],
    names: &[
        ("class_definition", "name", UpperCamel),
        ("trait_definition", "name", UpperCamel),
        ("object_definition", "name", Camel),
        ("function_definition", "name", Camel),
        ("parameter", "name", LowerCamel),
        ("class_parameter", "name", LowerCamel),
        ("val_definition", "pattern", Camel),
        ("var_definition", "pattern", LowerCamel),
    ],
    ..Grammar::new("Scala", || tree_sitter_scala::LANGUAGE.into())
};
