//! Coverage of the edited lines: a fact that a probe measured, or `unchecked`.
//!
//! Not one of the `CHECKS`, which look at a text: nothing in a text says what tests execute.

use types::{CheckOutcome, CheckState, Facts};

/// Why there is no coverage where no probe ran.
pub(crate) const NOT_MEASURED: &str = "no tests were run";

/// Whether the coverage of the edited lines is known. How good it is counts in the score.
pub(crate) fn outcome(facts: &Facts) -> CheckOutcome {
    let (state, reason) = match facts.coverage {
        Some(_) => (CheckState::Passed, None),
        None => (CheckState::Unchecked, Some(NOT_MEASURED.to_owned())),
    };
    CheckOutcome {
        name: "coverage",
        state,
        reason,
        supported: facts.coverage.is_some(),
        duration_us: 0,
    }
}
