//! The languages, a file each: how a text is read, what counts as a function or a branch, and how
//! names are written.

pub(crate) mod naming;
pub(crate) mod tree;

mod go;
mod javascript;
pub(crate) mod python;
mod rust;
mod typescript;

use types::Language;

use crate::analysis::Analysis;

/// Reads a text with its language's parser. Calls `parsed` when it is parsed and what follows is
/// the linter's work.
pub(crate) fn analyse(
    language: Language,
    path: &str,
    text: &str,
    parsed: &dyn Fn(),
) -> Result<Analysis, String> {
    match grammar(language) {
        Some(grammar) => tree::analyse(grammar, text),
        None => python::analyse(path, text, parsed),
    }
}

/// The language of the flow engine's rules; `None` for those that it does not read.
pub(crate) fn flow(language: Language) -> Option<flow::Language> {
    match language {
        Language::Python => Some(flow::Language::Python),
        _ => None,
    }
}

/// The tree-sitter grammar of a language; `None` for the one that ruff reads.
pub(crate) fn grammar(language: Language) -> Option<&'static tree::Grammar> {
    match language {
        Language::Python => None,
        Language::JavaScript => Some(&javascript::GRAMMAR),
        Language::TypeScript => Some(&typescript::GRAMMAR),
        Language::Tsx => Some(&typescript::GRAMMAR_TSX),
        Language::Rust => Some(&rust::GRAMMAR),
        Language::Go => Some(&go::GRAMMAR),
    }
}
