//! What was found out beside the text and is handed to the guard.

use crate::Digest;

/// Results of probes that ran before the guard. Empty means that nothing was probed, and the
/// checks that need a fact say `unchecked`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Share of the edited lines that tests executed, from 0 to 1.
    pub coverage: Option<f64>,
    /// What people allow in this document.
    pub allows: Allows,
}

impl Facts {
    /// A digest of all facts, part of what a verdict depends on. It is made from the debug form,
    /// so facts hold only containers with an order.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(format!("{self:?}").as_bytes())
    }
}

/// What people allow in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    /// Which comments count.
    pub comments: CommentAllows,
    /// Entries of the ignore file that are about this document.
    pub listed: Vec<Allow>,
}

/// Which comments that allow a rule count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommentAllows {
    /// None: the policy forbids them.
    None,
    /// Those of the text before the edit that the edit leaves alone.
    #[default]
    Older,
    /// All of the text: a person stands behind it.
    All,
}

/// An entry of the ignore file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The rule's id.
    pub rule: String,
    /// Why it is allowed.
    pub reason: String,
    /// The file with the entry.
    pub path: String,
    /// Its line there, from 1.
    pub line: usize,
}
