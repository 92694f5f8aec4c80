//! The languages, a file each: how a text is read, what counts as a function or a branch, and how
//! names are written.

pub(crate) mod naming;
pub(crate) mod tree;

mod bash;
mod c;
mod c_sharp;
mod cpp;
mod css;
mod dart;
mod dockerfile;
mod elixir;
mod go;
mod haskell;
mod hcl;
mod html;
mod java;
pub(crate) mod javascript;
mod json;
mod julia;
mod kotlin;
mod lua;
mod nix;
mod ocaml;
mod php;
mod protobuf;
pub(crate) mod python;
mod r;
mod ruby;
mod rust;
mod scala;
mod solidity;
mod sql;
mod swift;
mod toml;
mod yaml;
mod zig;

use std::sync::OnceLock;

use types::Language;

use crate::analysis::{Analysis, Depth};
use crate::deep_stack::Watch;

/// Reads a text with its language's parser. The milestone is where it is parsed and what follows
/// is the linter's work.
pub(crate) fn analyse(
    language: Language,
    path: &str,
    text: &str,
    depth: Depth,
    watch: &Watch,
) -> Result<Analysis, String> {
    match language {
        Language::Python => python::analyse(path, text, depth, watch),
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            javascript::analyse(language, path, text, depth, watch)
        }
        Language::C if path.ends_with(".h") => header(text, watch),
        Language::Json => json::analyse(read(language, text, watch)?, text),
        _ => read(language, text, watch),
    }
}

/// The language of the flow engine's rules; `None` for those that it does not read.
pub(crate) fn flow(language: Language) -> Option<flow::Language> {
    match language {
        Language::Python => Some(flow::Language::Python),
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            Some(flow::Language::JavaScript)
        }
        Language::Go => Some(flow::Language::Go),
        Language::Java => Some(flow::Language::Java),
        Language::Rust => Some(flow::Language::Rust),
        Language::C | Language::Cpp => Some(flow::Language::C),
        _ => None,
    }
}

/// A header of C or of C++: that of the two that it is a program of.
fn header(text: &str, watch: &Watch) -> Result<Analysis, String> {
    let analysis = read(Language::C, text, watch)?;
    if analysis.errors.is_empty() {
        return Ok(analysis);
    }
    match read(Language::Cpp, text, watch) {
        Ok(other) if other.errors.is_empty() => Ok(other),
        _ => Ok(analysis),
    }
}

/// Reads a text with its language's grammar.
fn read(language: Language, text: &str, watch: &Watch) -> Result<Analysis, String> {
    static TABLES: [OnceLock<tree::Tables>; Language::ALL.len()] =
        [const { OnceLock::new() }; Language::ALL.len()];
    let Some(grammar) = grammar(language) else {
        return Err(format!("there is no grammar of {language} in this build"));
    };
    let tables = TABLES[language as usize].get_or_init(|| grammar.tables());
    tree::analyse(grammar, tables, text, watch)
}

/// The tree-sitter grammar of a language; `None` for those that have a parser of their own.
pub(crate) fn grammar(language: Language) -> Option<&'static tree::Grammar> {
    Some(match language {
        Language::Python | Language::JavaScript | Language::TypeScript | Language::Tsx => {
            return None;
        }
        Language::Rust => &rust::GRAMMAR,
        Language::Go => &go::GRAMMAR,
        Language::Bash => &bash::GRAMMAR,
        Language::C => &c::GRAMMAR,
        Language::Cpp => &cpp::GRAMMAR,
        Language::CSharp => &c_sharp::GRAMMAR,
        Language::Css => &css::GRAMMAR,
        Language::Dart => &dart::GRAMMAR,
        Language::Dockerfile => &dockerfile::GRAMMAR,
        Language::Elixir => &elixir::GRAMMAR,
        Language::Haskell => &haskell::GRAMMAR,
        Language::Hcl => &hcl::GRAMMAR,
        Language::Html => &html::GRAMMAR,
        Language::Java => &java::GRAMMAR,
        Language::Json => &json::GRAMMAR,
        Language::Julia => &julia::GRAMMAR,
        Language::Kotlin => &kotlin::GRAMMAR,
        Language::Lua => &lua::GRAMMAR,
        Language::Nix => &nix::GRAMMAR,
        Language::OCaml => &ocaml::GRAMMAR,
        Language::Php => &php::GRAMMAR,
        Language::Protobuf => &protobuf::GRAMMAR,
        Language::R => &r::GRAMMAR,
        Language::Ruby => &ruby::GRAMMAR,
        Language::Scala => &scala::GRAMMAR,
        Language::Solidity => &solidity::GRAMMAR,
        Language::Sql => &sql::GRAMMAR,
        Language::Swift => &swift::GRAMMAR,
        Language::Toml => &toml::GRAMMAR,
        Language::Yaml => &yaml::GRAMMAR,
        Language::Zig => &zig::GRAMMAR,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that the grammar does not know would be a row that never does anything.
    #[test]
    fn every_kind_and_field_is_known_to_its_grammar() {
        let unknown: Vec<_> = Language::ALL
            .into_iter()
            .filter_map(|language| Some((language, grammar(language)?.unknown())))
            .filter(|(_, unknown)| !unknown.is_empty())
            .collect();
        assert_eq!(unknown, []);
    }
}
