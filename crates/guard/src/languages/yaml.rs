//! YAML.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar = Grammar::new("YAML", || tree_sitter_yaml::LANGUAGE.into());
