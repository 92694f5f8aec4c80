//! What was found out beside the text and is handed to the guard.

/// Results of probes that ran before the guard. Empty means that nothing was probed, and the
/// checks that need a fact say `unchecked`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Share of the edited lines that tests executed, from 0 to 1.
    pub coverage: Option<f64>,
}
