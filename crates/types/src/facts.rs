//! What was found out beside the text and is handed to the guard.

use std::collections::BTreeSet;

/// Results of probes that ran before the guard. Empty means that nothing was probed, and the
/// checks that need a fact say `unchecked`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Share of the edited lines that tests executed, from 0 to 1.
    pub coverage: Option<f64>,
    /// What the workspace declares, holds and has installed.
    pub packages: Packages,
}

/// The packages of a workspace, by ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// Python's: distributions are lower case with `-` between words.
    pub python: Known,
    /// Those of JavaScript and TypeScript.
    pub node: Known,
    /// Rust's: crates as in manifests, with `-`.
    pub rust: Known,
    /// Go's: module paths.
    pub go: Known,
}

/// What is known of the packages of one ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Manifests, lock files and folders that were read, relative to the workspace; empty where
    /// there are none, and then nothing is known.
    pub sources: Vec<String>,
    /// Packages that are declared, locked or installed.
    pub packages: BTreeSet<String>,
    /// Top names of what can be imported: installed, or the workspace's own.
    pub modules: BTreeSet<String>,
    /// Why something may be missing.
    pub gap: Option<String>,
}

impl Known {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.sources.is_empty()
    }
}
