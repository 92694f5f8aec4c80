//! Judging text that already exists: `check`.

use std::time::Instant;

use policy::{Author, Policy, Verdict};
use types::{Edit, EditError, Facts, Report, Snapshot};

use crate::VerdictKey;
use crate::suggest::clock;

/// What was found out about an edit that somebody made.
#[derive(Clone, Debug)]
pub struct Review {
    /// What the guard found out.
    pub report: Report,
    /// What the policy says.
    pub verdict: Verdict,
    /// What the verdict depends on.
    pub key: VerdictKey,
}

/// Checks an edit and says what the policy thinks of it. Nothing is applied, so nothing is logged
/// and the boundaries do not matter.
///
/// # Errors
/// The edit is not for this document.
pub fn review(
    policy: &Policy,
    snapshot: &Snapshot,
    edit: Edit,
    facts: &Facts,
) -> Result<Review, EditError> {
    let facts = permitted(policy, facts);
    let report = guard::check(snapshot, &edit, &facts, &clock(Instant::now()))?;
    let key = VerdictKey::new(policy, &snapshot.document, &edit, &facts);
    let verdict = policy::decide(policy, Author::Person, edit, &report);
    Ok(Review { report, verdict, key })
}

/// The facts with only those allows that the policy lets count.
pub(crate) fn permitted(policy: &Policy, facts: &Facts) -> Facts {
    let allows = policy.permitted(facts.allows.clone());
    Facts { allows, ..facts.clone() }
}
