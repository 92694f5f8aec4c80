//! Elixir: definitions and control structures are calls. The compiler itself holds names to their
//! form.

use super::tree::{Calls, Grammar};

pub(crate) static GRAMMAR: Grammar = Grammar {
    certain: true,
    clauses: true,
    branches: &["stab_clause"],
    exhaustive: &["anonymous_function"],
    operators: &["&&", "||", "and", "or"],
    calls: Some(&CALLS),
    ..Grammar::new("Elixir", || tree_sitter_elixir::LANGUAGE.into())
};

static CALLS: Calls = Calls {
    node: ("call", "target"),
    functions: &["def", "defp", "defmacro", "defmacrop"],
    branches: &["if", "unless", "for"],
    exhaustive: &["case", "cond", "receive"],
    nesting: &["if", "unless", "for", "case", "cond", "receive", "try", "with"],
};
