//! What the files of weaknesses say, as they stand in `rules/FORMAT.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::pattern::{
    Condition, Confidence, Matcher, Part, Selectors, Severity, SourceKind, Texts,
};

/// `rules/weakness/<weakness>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeaknessFile {
    /// In a few words.
    pub title: String,
    /// `CWE-89` and so on, the nearest first.
    pub cwe: Vec<String>,
    /// Of findings without flow, and of flow from a request.
    pub severity: Severity,
    /// How sure findings are.
    pub confidence: Confidence,
    /// What goes wrong and what to write instead.
    pub explanation: String,
    /// Which origins count.
    pub sources: Option<BTreeMap<SourceKind, Severity>>,
    /// The characters that are harmless for this weakness, as a class of a regular expression.
    pub harmless: Option<String>,
}

/// `rules/<language>/<weakness>.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// In place of the weakness'.
    pub severity: Option<Severity>,
    /// In place of the weakness'.
    pub confidence: Option<Confidence>,
    /// In place of the weakness'.
    pub sources: Option<BTreeMap<SourceKind, Severity>>,
    /// Whether numbers, and what else carries no text, count.
    #[serde(default)]
    pub numbers: bool,
    /// Types whose values do no harm here.
    #[serde(default)]
    pub harmless_types: Texts,
    /// What is wrong in the text of a file.
    #[serde(default)]
    pub text: Vec<TextRule>,
    /// Where flow ends.
    #[serde(default)]
    pub sink: Vec<SinkRule>,
    /// What is wrong without flow.
    #[serde(default)]
    pub call: Vec<CallRule>,
    /// Methods of the file that override another so that it does nothing.
    #[serde(default)]
    pub method: Vec<MethodRule>,
    /// What makes values harmless.
    #[serde(default)]
    pub sanitizer: Vec<SanitizerRule>,
    /// Tests that show values to be harmless.
    #[serde(default)]
    pub guard: Vec<GuardRule>,
    /// Programs with and without the weakness.
    #[serde(default)]
    pub example: Vec<Example>,
}

/// The text of the file matches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextRule {
    /// What is looked for.
    pub matches: Matcher,
    /// In place of the title.
    pub message: Option<String>,
    /// In place of the weakness'.
    pub severity: Option<Severity>,
    /// In place of the weakness'.
    pub confidence: Option<Confidence>,
}

/// A value from a source comes here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkRule {
    /// Functions and methods.
    #[serde(default)]
    pub call: Texts,
    /// Attributes and indexes that are written.
    #[serde(default)]
    pub assign: Texts,
    /// What entry points answer with.
    pub response: Option<Texts>,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// Which values.
    pub argument: Option<Selectors>,
    /// The same argument by name.
    pub name: Option<String>,
    /// Which part of them.
    pub part: Option<Part>,
    /// No finding where the text before the data matches.
    pub safe_after: Option<Matcher>,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// In place of the title.
    pub message: Option<String>,
    /// In place of the weakness'.
    pub severity: Option<Severity>,
    /// In place of the weakness'.
    pub confidence: Option<Confidence>,
    /// In place of the weakness'.
    pub sources: Option<BTreeMap<SourceKind, Severity>>,
    /// What to write instead.
    pub fix: Option<FixRule>,
}

/// The call, assignment, import, decorator or mention itself is wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRule {
    /// Functions and methods.
    #[serde(default)]
    pub call: Texts,
    /// Attributes and indexes that are written.
    #[serde(default)]
    pub assign: Texts,
    /// Modules and what is taken from them.
    #[serde(default)]
    pub import: Texts,
    /// Decorators and annotations.
    #[serde(default)]
    pub decorator: Texts,
    /// Any mention.
    #[serde(default, rename = "use")]
    pub mention: Texts,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// In place of the title.
    pub message: Option<String>,
    /// In place of the weakness'.
    pub severity: Option<Severity>,
    /// In place of the weakness'.
    pub confidence: Option<Confidence>,
    /// What to write instead.
    pub fix: Option<FixRule>,
}

/// A method that overrides one whose work matters, and does not do it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodRule {
    /// The classes and interfaces that it stands in.
    pub base: Texts,
    /// Its names.
    pub names: Vec<String>,
    /// What it does instead.
    pub body: MethodBody,
    /// In place of the title.
    pub message: Option<String>,
    /// In place of the weakness'.
    pub severity: Option<Severity>,
}

/// All that a method does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodBody {
    /// Nothing at all.
    Empty,
    /// It returns true.
    True,
}

/// A mechanical fix.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixRule {
    /// The argument that is replaced; a missing one by name is added.
    pub argument: Option<Selectors>,
    /// Whether the name of the function is replaced.
    #[serde(default)]
    pub callee: bool,
    /// The new text.
    pub text: String,
}

/// The result of the call is harmless for the weakness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SanitizerRule {
    /// Functions and methods.
    #[serde(default)]
    pub call: Texts,
    /// Attributes that are read.
    #[serde(default, rename = "use")]
    pub mention: Texts,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// A test: where it holds, the value is harmless for the weakness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardRule {
    /// Functions and methods.
    #[serde(default)]
    pub call: Texts,
    /// Attributes that are compared with something nobody outside chooses: where they are equal,
    /// or are in it, what they were taken from is harmless.
    #[serde(default)]
    pub compared: Texts,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// Whose value is judged.
    #[serde(default)]
    pub argument: Selectors,
    /// The same argument by name.
    pub name: Option<String>,
    /// Which part of it.
    pub part: Option<Part>,
    /// Whether all that comes from the same origin is harmless, not only this value.
    #[serde(default)]
    pub origin: bool,
    /// On which branch.
    #[serde(default)]
    pub holds: Holds,
    /// Where the regular expression stands that the value matches: it is harmless where all
    /// characters that the expression admits are.
    pub regex: Option<Selectors>,
    /// How much of the value the expression must match.
    #[serde(default)]
    pub matches: Extent,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// When a guard holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// Where the call is true.
    #[default]
    True,
    /// Where the call is false.
    False,
    /// Where the call returns at all.
    Returned,
}

impl<'de> Deserialize<'de> for Holds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Holds, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Truth(bool),
            Word(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Truth(true) => Ok(Holds::True),
            Raw::Truth(false) => Ok(Holds::False),
            Raw::Word(word) if word == "returned" => Ok(Holds::Returned),
            Raw::Word(word) => Err(serde::de::Error::custom(format!(
                "holds = \"{word}\": true, false or \"returned\" is meant"
            ))),
        }
    }
}

/// How much of a text a call matches with its regular expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// All of it.
    Whole,
    /// From its start.
    Start,
    /// Any part.
    #[default]
    Anywhere,
}

/// A program with and one without the weakness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub title: Option<String>,
    /// The rule fires on the lines marked `HERE`.
    pub bad: Option<String>,
    /// The rule does not fire.
    pub good: Option<String>,
}
