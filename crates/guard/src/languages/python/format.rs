//! Python's formatter.

use ruff_python_ast::PySourceType;
use ruff_python_formatter::{PyFormatOptions, format_module_source};
use ruff_python_parser::{ParseOptions, parse_unchecked};

use super::{depth, measure};
use crate::deep_stack::{self, LINEAR_PATIENCE, Watch};
use crate::source::PARSED_BYTES_MAX;

/// Why a text could not be formatted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The text is not a program.
    #[error("the text does not parse: {0}")]
    Syntax(String),
    /// The text is longer or nests deeper than the formatter is given.
    #[error("the text is too large or nests too deeply to be formatted")]
    TooLarge,
    /// The formatter broke off.
    #[error("the formatter failed on this text")]
    Failed,
}

/// Formats a whole Python text the way `ruff format` does by default.
///
/// # Errors
/// See [`FormatError`].
pub fn format(text: &str) -> Result<String, FormatError> {
    if text.len() > PARSED_BYTES_MAX || depth::tokens(text) > depth::TOKENS_MAX {
        return Err(FormatError::TooLarge);
    }
    let text = text.to_owned();
    let job = move |_: &Watch| {
        let parsed = parse_unchecked(&text, ParseOptions::from(PySourceType::Python));
        let module = parsed.try_into_module().ok_or(FormatError::Failed)?;
        let deepest = measure::measure(module.suite()).depth;
        if deepest > depth::LINTED_MAX {
            if deepest > depth::DROPPED_MAX {
                // As where a text is linted: freeing so deep a tree recurses as deeply.
                std::mem::forget(module);
            }
            return Err(FormatError::TooLarge);
        }
        if let Some(error) = module.errors().first() {
            return Err(FormatError::Syntax(error.error.to_string()));
        }
        drop(module);
        let options = PyFormatOptions::from_source_type(PySourceType::Python);
        match format_module_source(&text, options) {
            Ok(printed) => Ok(printed.into_code()),
            Err(_) => Err(FormatError::Failed),
        }
    };
    deep_stack::run(&|| 0, LINEAR_PATIENCE, job).value.unwrap_or(Err(FormatError::Failed))
}
