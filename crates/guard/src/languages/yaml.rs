//! YAML.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar =
    Grammar { certain: true, ..Grammar::new("YAML", || tree_sitter_yaml::LANGUAGE.into()) };
