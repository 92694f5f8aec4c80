//! Bash, and the shells whose scripts it runs.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: &["function_definition"],
    branches: &[
        "if_statement",
        "elif_clause",
        "for_statement",
        "c_style_for_statement",
        "while_statement",
        "case_item",
        "ternary_expression",
    ],
    operators: &["&&", "||"],
    nesting: &[
        "if_statement",
        "for_statement",
        "c_style_for_statement",
        "while_statement",
        "case_statement",
    ],
    reserved: Some((
        "command_name",
        &["then", "elif", "else", "fi", "do", "done", "esac", "in", "}"],
    )),
    ..Grammar::new("Bash", || tree_sitter_bash::LANGUAGE.into())
};
