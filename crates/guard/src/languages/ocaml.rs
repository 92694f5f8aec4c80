//! OCaml: names after the language's guidelines.

use super::naming::Convention::Snake;
use super::tree::{Grammar, Needs};

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    functions: &["let_binding", "method_definition"],
    needs: Needs::Parameters,
    branches: &["if_expression", "match_case", "for_expression", "while_expression"],
    exhaustive: &["match_expression", "function_expression"],
    operators: &["&&", "||"],
    nesting: &[
        "if_expression",
        "match_expression",
        "function_expression",
        "try_expression",
        "for_expression",
        "while_expression",
    ],
    function_names: &["value_name", "method_name"],
    parameters: &["parameter"],
    names: &[("let_binding", "pattern", Snake), ("method_definition", "", Snake)],
    identifiers: &["value_name", "method_name"],
    ..Grammar::new("OCaml", || tree_sitter_ocaml::LANGUAGE_OCAML.into())
};
