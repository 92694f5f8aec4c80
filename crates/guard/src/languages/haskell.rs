//! Haskell.

use super::naming::Convention::Camel;
use super::tree::{Grammar, Needs};

pub(crate) static GRAMMAR: Grammar = Grammar {
    functions: &["function"],
    needs: Needs::Name,
    clauses: true,
    branches: &["conditional", "alternative", "guards"],
    exhaustive: &["case", "lambda_case"],
    operators: &["&&", "||"],
    operator_nodes: &["operator"],
    nesting: &["conditional", "case", "lambda_case", "multi_way_if"],
    names: &[("function", "name", Camel), ("bind", "name", Camel)],
    identifiers: &["variable"],
    ..Grammar::new("Haskell", || tree_sitter_haskell::LANGUAGE.into())
};
