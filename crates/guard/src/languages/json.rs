//! JSON, comments allowed.

use serde::de::IgnoredAny;

use super::tree::Grammar;
use crate::analysis::Analysis;

pub(crate) static GRAMMAR: Grammar =
    Grammar { certain: true, ..Grammar::new("JSON", || tree_sitter_json::LANGUAGE.into()) };

/// Takes errors back that only the grammar sees: it does not know numbers such as `1e+3`.
pub(super) fn analyse(mut analysis: Analysis, text: &str) -> Result<Analysis, String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if !analysis.errors.is_empty() && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        analysis.errors.clear();
        analysis.gap = None;
    }
    Ok(analysis)
}
