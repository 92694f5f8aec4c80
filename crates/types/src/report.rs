//! What the guard found out about one edit.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

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
    /// Cognitive complexity (Campbell 2018); `None` where it is not measured for the language.
    pub cognitive: Option<usize>,
    /// Deepest nesting of control structures.
    pub nesting: usize,
    /// Number of parameters.
    pub parameters: usize,
}

/// One part of the score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScorePart {
    /// What it is about: one of [`Weights::NAMES`].
    pub name: &'static str,
    /// Points reached; `None` where it was not measured.
    pub points: Option<u8>,
    /// Points that it can bring: its weight.
    pub most: u8,
    /// Why it was not measured.
    pub reason: Option<String>,
    /// What pulled it down, the worst first.
    pub losses: Vec<Loss>,
    /// The points as a share of the most, from 0 to 1.
    #[serde(skip)]
    pub share: Option<f64>,
}

/// Something that pulled a part of the score down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// What it is, by name.
    pub what: String,
    /// Where it is, from 1.
    pub line: usize,
}

/// Quality from 0 to 100 over the parts that were measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// 100 times the points reached over the points reachable in the measured parts; `None` where
    /// no part could be measured.
    pub total: Option<u8>,
    /// The parts, in the order of [`Weights::NAMES`].
    pub parts: Vec<ScorePart>,
}

impl Score {
    /// The same parts with other weights.
    #[must_use]
    pub fn weighed(mut self, weights: &Weights) -> Score {
        let (mut reached, mut reachable) = (0_u32, 0_u32);
        for part in &mut self.parts {
            part.most = weights.of(part.name);
            part.points = part.share.map(|share| points(part.most, share));
            if let Some(points) = part.points {
                reached += u32::from(points);
                reachable += u32::from(part.most);
            }
        }
        let share = f64::from(reached) / f64::from(reachable.max(1));
        self.total = (reachable > 0).then(|| points(100, share));
        self
    }

    /// The points of a part by name; `None` where it was not measured.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<u8> {
        self.parts.iter().find(|part| part.name == name)?.points
    }
}

/// `{"total": 87, "parts": {"complexity": 24, "coverage": null}, "details": [...]}`
impl Serialize for Score {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts: BTreeMap<_, _> =
            self.parts.iter().map(|part| (part.name, part.points)).collect();
        let mut score = serializer.serialize_struct("Score", 3)?;
        score.serialize_field("total", &self.total)?;
        score.serialize_field("parts", &parts)?;
        score.serialize_field("details", &self.parts)?;
        score.end()
    }
}

/// How much each part of the score counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the names of the parts")]
pub struct Weights {
    pub complexity: u8,
    pub naming: u8,
    pub lint: u8,
    pub duplication: u8,
    pub dead_code: u8,
    pub documentation: u8,
    pub coverage: u8,
}

impl Weights {
    /// The parts of a score, in their order.
    pub const NAMES: [&'static str; 7] =
        ["complexity", "naming", "lint", "duplication", "dead_code", "documentation", "coverage"];

    /// The weight of a part by name; 0 for any other.
    #[must_use]
    pub fn of(&self, name: &str) -> u8 {
        match name {
            "complexity" => self.complexity,
            "naming" => self.naming,
            "lint" => self.lint,
            "duplication" => self.duplication,
            "dead_code" => self.dead_code,
            "documentation" => self.documentation,
            "coverage" => self.coverage,
            _ => 0,
        }
    }

    /// Sets the weight of a part by name; any other name changes nothing.
    pub fn set(&mut self, name: &str, weight: u8) {
        let slot = match name {
            "complexity" => &mut self.complexity,
            "naming" => &mut self.naming,
            "lint" => &mut self.lint,
            "duplication" => &mut self.duplication,
            "dead_code" => &mut self.dead_code,
            "documentation" => &mut self.documentation,
            "coverage" => &mut self.coverage,
            _ => return,
        };
        *slot = weight;
    }
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            complexity: 25,
            naming: 15,
            lint: 20,
            duplication: 10,
            dead_code: 10,
            documentation: 5,
            coverage: 15,
        }
    }
}

fn points(most: u8, share: f64) -> u8 {
    let points = (f64::from(most) * share.clamp(0.0, 1.0)).round();
    // Between 0 and `most`, so nothing is cut off.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `most`")]
    let points = points as u8;
    points
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
