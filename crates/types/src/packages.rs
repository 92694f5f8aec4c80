//! The packages that a workspace declares, holds and has installed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use crate::Digest;

/// The packages of a workspace, by ecosystem.
///
/// The debug form is a digest, made once: the sets are large, and it stands in digests of facts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Packages {
    /// Python's: distributions are lower case with `-` between words.
    pub python: Known,
    /// Those of JavaScript and TypeScript.
    pub node: Known,
    /// Rust's: crates as in manifests, with `-`.
    pub rust: Known,
    /// Go's: module paths.
    pub go: Known,
    digest: OnceLock<Digest>,
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

impl fmt::Debug for Packages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Packages { python, node, rust, go, digest } = self;
        let digest = digest
            .get_or_init(|| Digest::of(format!("{python:?}{node:?}{rust:?}{go:?}").as_bytes()));
        write!(f, "Packages({})", digest.hex())
    }
}
