//! Dockerfiles.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar =
    Grammar::new("Dockerfile", || tree_sitter_containerfile::LANGUAGE.into());
