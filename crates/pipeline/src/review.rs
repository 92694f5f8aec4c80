//! Judging text that already exists: `check`.

use std::time::Instant;

use policy::{Author, Policy, Verdict};
use types::{Edit, EditError, Facts, Report, Snapshot};

use crate::suggest::clock;

/// What was found out about an edit that somebody made.
#[derive(Clone, Debug)]
pub struct Review {
    /// What the guard found out.
    pub report: Report,
    /// What the policy says.
    pub verdict: Verdict,
}

/// Checks an edit and says what the policy thinks of it. Nothing is applied, so nothing is logged
/// and the boundaries do not matter.
///
/// # Errors
/// The edit is not for this document.
pub fn review(policy: &Policy, snapshot: &Snapshot, edit: Edit) -> Result<Review, EditError> {
    let report = guard::check(snapshot, &edit, &Facts::default(), &clock(Instant::now()))?;
    let verdict = policy::decide(policy, Author::Person, edit, &report);
    Ok(Review { report, verdict })
}
