//! HCL, the language of Terraform.

use super::tree::Grammar;

pub(crate) static GRAMMAR: Grammar =
    Grammar { certain: true, ..Grammar::new("HCL", || tree_sitter_hcl::LANGUAGE.into()) };
