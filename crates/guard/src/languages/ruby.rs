//! Ruby: names after the community style guide.

use super::naming::Convention::{Snake, SnakeOrConstant, UpperCamel};
use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    // A block counts as part of the method around it.
    functions: &["method", "singleton_method"],
    branches: &[
        "if",
        "elsif",
        "unless",
        "if_modifier",
        "unless_modifier",
        "while",
        "until",
        "while_modifier",
        "until_modifier",
        "for",
        "when",
        "in_clause",
        "rescue",
        "rescue_modifier",
        "conditional",
    ],
    operators: &["&&", "||", "and", "or"],
    nesting: &["if", "unless", "while", "until", "for", "case", "case_match", "begin"],
    names: &[
        ("class", "name", UpperCamel),
        ("module", "name", UpperCamel),
        ("method", "name", Snake),
        ("singleton_method", "name", Snake),
        ("method_parameters", "", Snake),
        ("optional_parameter", "name", Snake),
        ("keyword_parameter", "name", Snake),
        ("assignment", "left", SnakeOrConstant),
    ],
    identifiers: &["constant"],
    ..Grammar::new("Ruby", || tree_sitter_ruby::LANGUAGE.into())
};
