//! What the files of libraries say, as they stand in `rules/FORMAT.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::pattern::{Condition, Matcher, Scalar, Selectors, SourceKind, Texts};
use crate::rule::{GuardRule, SanitizerRule};

/// `models/<language>/<library>.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Where data comes from.
    #[serde(default)]
    pub source: Vec<SourceModel>,
    /// Types.
    #[serde(default, rename = "type")]
    pub types: Vec<TypeModel>,
    /// Constants of the library, by their paths.
    #[serde(default)]
    pub constants: BTreeMap<String, Scalar>,
    /// How values move through calls.
    #[serde(default)]
    pub call: Vec<CallModel>,
    /// Functions that a framework calls.
    #[serde(default)]
    pub entry: Vec<EntryModel>,
    /// Functions that are called with values.
    #[serde(default)]
    pub callback: Vec<CallbackModel>,
    /// Calls whose result is harmless for every weakness.
    #[serde(default)]
    pub sanitizer: Vec<SanitizerRule>,
    /// Tests that show values to be harmless for every weakness.
    #[serde(default)]
    pub guard: Vec<GuardRule>,
}

/// Where data comes from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceModel {
    /// Of which kind.
    pub kind: SourceKind,
    /// Reading it, and everything in it.
    #[serde(default, rename = "use")]
    pub mention: Texts,
    /// The result of a call.
    #[serde(default)]
    pub call: Texts,
    /// Parameters with this decorator or annotation.
    #[serde(default)]
    pub decorator: Texts,
    /// Parameters that are declared with this type.
    #[serde(default, rename = "type")]
    pub types: Texts,
    /// Parameters whose name matches.
    pub parameter: Option<Matcher>,
    /// Attributes and entries whose name matches.
    pub variable: Option<Matcher>,
    /// Where the call writes the data beside its result (`receiver`, an argument).
    pub to: Option<Selectors>,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// How it is called in messages.
    pub name: Option<String>,
    /// Weaknesses for which the data is harmless as it comes.
    #[serde(default)]
    pub except: Vec<String>,
}

/// A type and its members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeModel {
    /// Its path.
    pub name: String,
    /// Types it inherits from.
    #[serde(default)]
    pub bases: Vec<String>,
    /// Calls whose result it is.
    #[serde(default)]
    pub made_by: Texts,
    /// Types of attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Types of results.
    #[serde(default)]
    pub methods: BTreeMap<String, String>,
    /// An untyped variable of this name is taken for one.
    #[serde(default)]
    pub names: Vec<String>,
    /// But only in files that import one of these modules, or a part of one.
    #[serde(default)]
    pub imports: Texts,
    /// The type of its elements, by index or walked.
    pub elements: Option<String>,
    /// Whether its values carry no text that could do harm: numbers, dates, digests.
    #[serde(default)]
    pub harmless: bool,
}

/// How values move through a call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallModel {
    /// Functions and methods.
    pub call: Texts,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// Whose origin the result keeps.
    pub from: Option<Selectors>,
    /// What receives it; the result by default.
    pub to: Option<Selectors>,
    /// Computes constants.
    pub fold: Option<String>,
    /// `false` for calls that never return.
    pub returns: Option<bool>,
    /// All conditions hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// Functions that a framework calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryModel {
    /// Functions with this decorator.
    #[serde(default)]
    pub decorator: Texts,
    /// Methods of classes that inherit.
    #[serde(default)]
    pub base: Texts,
    /// Which methods of such classes; all where none is named.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Functions given to a call.
    #[serde(default)]
    pub call: Texts,
    /// Functions of this name.
    #[serde(default)]
    pub name: Texts,
    /// Functions whose first parameter, without a receiver, is called so.
    #[serde(default)]
    pub first_parameter: Texts,
    /// Only in files that import one of these modules, or a part of one.
    #[serde(default)]
    pub imports: Texts,
    /// All conditions hold, of the decorator or the call.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Only functions that return the result of a call of one of these names.
    #[serde(default)]
    pub answers: Texts,
    /// Only functions with so many parameters.
    pub count: Option<usize>,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// Which argument of the call; all by default.
    pub argument: Option<Selectors>,
    /// A kind of source for all parameters, or types and kinds by position.
    #[serde(default)]
    pub parameters: Parameters,
    /// What its result becomes.
    pub response: Option<String>,
}

/// One word for all parameters, or one for each.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub enum Parameters {
    /// Nothing is known.
    #[default]
    None,
    /// For all.
    All(String),
    /// By position.
    Each(Vec<String>),
}

/// Functions that are called with values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackModel {
    /// Functions and methods.
    pub call: Texts,
    /// Names the object of `*.name` must have.
    pub receivers: Option<Vec<String>>,
    /// Which argument is the function; all by default.
    pub argument: Option<Selectors>,
    /// For each parameter, where its value comes from: `receiver`, `receiver.elements`, `0`,
    /// `0.elements`, a type or a kind of source.
    #[serde(default)]
    pub receives: Vec<Vec<String>>,
    /// Whether the call's result comes from the function's.
    #[serde(default)]
    pub returns: bool,
}
