//! What the guard found out about one edit.

use serde::Serialize;

use crate::{Finding, Language, Suppressed};

/// Whether a check was done, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// Done; nothing introduced.
    Passed,
    /// Done; there are findings.
    Failed,
    /// Not done, for the reason given. Never to be shown as passed.
    Unchecked,
}

/// One check and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckOutcome {
    /// The check's name: `syntax`, `lint`, `security`, `secrets`, ...
    pub name: &'static str,
    /// How it ended.
    pub state: CheckState,
    /// Why it is unchecked, or what part of it is.
    pub reason: Option<String>,
    /// Whether this build can do it for the document's language at all.
    pub supported: bool,
    /// Time it took, in microseconds.
    pub duration_us: u64,
}

/// Size and complexity of one function that the edit touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionMetrics {
    /// The function's name; `<anonymous>` where it has none.
    pub name: String,
    /// Its first line, from 1.
    pub line: usize,
    /// Its last line.
    pub end_line: usize,
    /// Cyclomatic complexity (McCabe 1976, boolean operators counted).
    pub cyclomatic: usize,
    /// Deepest nesting of control structures.
    pub nesting: usize,
    /// Number of parameters.
    pub parameters: usize,
}

/// The points of each part; `None` where it was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScoreParts {
    /// From cyclomatic complexity, nesting and parameters: up to 30.
    pub complexity: Option<u8>,
    /// From the language's naming conventions: up to 20.
    pub naming: Option<u8>,
    /// From lint findings per line: up to 25.
    pub lint: Option<u8>,
    /// From the share of edited lines that tests executed: up to 25.
    pub coverage: Option<u8>,
}

/// Quality from 0 to 100 over the parts that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// 100 times the points reached over the points reachable in the measured parts; `None` where
    /// no part could be measured.
    pub total: Option<u8>,
    /// The points of each part.
    pub parts: ScoreParts,
}

/// What the guard found out about one edit of one document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The document's path.
    pub path: String,
    /// Its language, where it is known.
    pub language: Option<Language>,
    /// Every check with its state, in a fixed order.
    pub checks: Vec<CheckOutcome>,
    /// What the edit introduces, in order of place.
    pub findings: Vec<Finding>,
    /// What the edit introduces and a person allowed before, in order of place. Not judged.
    pub suppressed: Vec<Suppressed>,
    /// The functions that the edit touches.
    pub functions: Vec<FunctionMetrics>,
    /// The quality score.
    pub score: Score,
}

impl Report {
    /// The outcome of a check by name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckOutcome> {
        self.checks.iter().find(|outcome| outcome.name == name)
    }
}
