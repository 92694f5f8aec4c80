//! Fill-in-the-middle: the code around the cursor, as much of it as fits.

use types::{PromptBody, Request};

use crate::PromptError;
use crate::budget::Budget;

/// The three marker tokens of a fill-in-the-middle prompt.
const MARKERS: usize = 3;

/// The share of the room that the suffix gets, unless the prefix leaves more.
const SUFFIX_SHARE: usize = 4;

/// Splits the text at the cursor. The lines nearest to it are kept; the line it stands in must
/// fit.
pub(crate) fn split(
    text: &str,
    request: &Request,
    budget: &mut Budget<'_>,
) -> Result<PromptBody, PromptError> {
    budget.must_fit("markers", MARKERS)?;
    let (before, after) = (&text[..request.selection.start], &text[request.selection.end..]);
    let room = budget.left();
    let suffix = budget.first_lines(after, room / SUFFIX_SHARE);
    let prefix = budget.last_lines(before, room - budget.tokens(suffix));
    let suffix = budget.first_lines(after, room - budget.tokens(prefix)).len().max(suffix.len());
    let suffix = &after[..suffix];
    let line = before.rsplit('\n').next().unwrap_or_default();
    if prefix.len() < line.len() {
        let tokens = budget.tokens(line);
        budget.must_fit("line before the cursor", tokens.max(room + 1))?;
    }
    budget.take("prefix", prefix, before);
    budget.take("suffix", suffix, after);
    Ok(PromptBody::Infill { prefix: prefix.to_owned(), suffix: suffix.to_owned() })
}
