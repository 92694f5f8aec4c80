//! What rule and model files have in common: selectors of arguments, conditions, regular
//! expressions. The format is described in `rules/FORMAT.md`.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A hint.
    Info,
    /// Should be looked at.
    Warning,
    /// Should not go on.
    Error,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess from names.
    Low,
    /// Likely.
    Medium,
    /// Wrong only where the code around makes it harmless.
    High,
}

/// Where data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// What a client sends.
    Request,
    /// Parameters of functions that others can call.
    Parameter,
    /// The command line.
    Arguments,
    /// Environment variables.
    Environment,
    /// What is read from files.
    File,
    /// What comes over the network other than requests.
    Network,
    /// What is read from a database.
    Database,
    /// What is typed in.
    User,
    /// Passwords and keys.
    Secret,
    /// Random numbers that can be guessed.
    WeakRandom,
    /// Details of an error.
    Exception,
    /// Names in an archive.
    Archive,
    /// Texts in the code.
    Constant,
}

impl SourceKind {
    /// How data of this kind is called in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Request => "data of a request",
            SourceKind::Parameter => "a parameter that callers choose",
            SourceKind::Arguments => "the command line",
            SourceKind::Environment => "an environment variable",
            SourceKind::File => "the content of a file",
            SourceKind::Network => "data from the network",
            SourceKind::Database => "data from a database",
            SourceKind::User => "typed input",
            SourceKind::Secret => "a secret",
            SourceKind::WeakRandom => "a random number that can be guessed",
            SourceKind::Exception => "details of an error",
            SourceKind::Archive => "a name in an archive",
            SourceKind::Constant => "a text in the code",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<SourceKind> {
        let kind: Result<SourceKind, serde::de::value::Error> =
            SourceKind::deserialize(serde::de::IntoDeserializer::into_deserializer(word));
        kind.ok()
    }
}

/// Which values of a call are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// By position.
    Position(usize),
    /// By name.
    Named(String),
    /// The object that the method is called on.
    Receiver,
    /// Every argument.
    All,
    /// Every argument from this position on.
    From(usize),
    /// The value assigned.
    Value,
    /// The index assigned to.
    Key,
    /// The result of the call.
    Result,
    /// What is given as many at once (`*a`, `**a`, `...a`).
    Spread,
}

/// One selector or a list of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "RawSelectors")]
pub struct Selectors(pub Vec<Selector>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSelectors {
    Position(usize),
    Word(String),
    Many(Vec<RawSelectors>),
}

impl TryFrom<RawSelectors> for Selectors {
    type Error = String;

    fn try_from(raw: RawSelectors) -> Result<Selectors, String> {
        Ok(Selectors(match raw {
            RawSelectors::Position(position) => vec![Selector::Position(position)],
            RawSelectors::Word(word) => vec![selector(&word)?],
            RawSelectors::Many(many) => {
                let mut all = Vec::new();
                for one in many {
                    match one {
                        RawSelectors::Many(_) => {
                            return Err("a list of arguments holds no lists".to_owned());
                        }
                        one => all.extend(Selectors::try_from(one)?.0),
                    }
                }
                all
            }
        }))
    }
}

fn selector(word: &str) -> Result<Selector, String> {
    Ok(match word {
        "receiver" => Selector::Receiver,
        "*" => Selector::All,
        "value" => Selector::Value,
        "key" | "index" => Selector::Key,
        "spread" => Selector::Spread,
        "result" => Selector::Result,
        _ => match word.strip_suffix("..") {
            Some(from) => Selector::From(
                from.parse().map_err(|_| format!("`{word}`: a number must stand before `..`"))?,
            ),
            None if word.is_empty() => return Err("an argument without a name".to_owned()),
            None => Selector::Named(word.to_owned()),
        },
    })
}

/// Which part of a value is meant.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// `"elements"`: what is in the list or dictionary.
    Word(Elements),
    /// One entry.
    Key {
        /// Its name or index.
        key: Entry,
    },
}

/// The name or index of an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// Of a list.
    Index(i64),
    /// Of a dictionary or object.
    Name(String),
}

/// What is in a list or dictionary.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Elements {
    /// All of it.
    Elements,
}

/// A regular expression that is compiled when it is first used.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Matcher {
    text: String,
    regex: OnceLock<Option<Regex>>,
}

impl From<String> for Matcher {
    fn from(text: String) -> Matcher {
        Matcher { text, regex: OnceLock::new() }
    }
}

impl Matcher {
    /// Whether it is found in `text`. One that does not compile is found nowhere; the tests of the
    /// rules compile each.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The compiled expression, `None` where it is wrong.
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

/// A condition about one argument or the whole call. All parts that are given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Whose value is judged; without it the call.
    pub argument: Option<Selectors>,
    /// The same argument by name.
    pub name: Option<String>,
    /// The entry of the list, dictionary or object.
    pub key: Option<Entry>,
    /// `"elements"`: anything that is in it.
    pub part: Option<Part>,
    /// A constant that it can be.
    pub is: Option<Scalars>,
    /// It can be `None`, `null`.
    pub is_nothing: Option<bool>,
    /// It is not given.
    pub missing: Option<bool>,
    /// A text it can be matches.
    pub matches: Option<Matcher>,
    /// It is entirely known.
    pub constant: Option<bool>,
    /// It is a number below.
    pub below: Option<f64>,
    /// It is a number above.
    pub above: Option<f64>,
    /// It is a number with one of these bits.
    pub bits: Option<i64>,
    /// It is this API.
    pub path: Option<Texts>,
    /// It is an object of this type.
    pub instance: Option<Texts>,
    /// It comes from a source of this weakness.
    pub tainted: Option<bool>,
    /// A test written in Rust.
    pub test: Option<String>,
    /// The name around matches.
    pub context: Option<Matcher>,
    /// The function around, or the class of the method, calls something of one of these names.
    pub calls: Option<Texts>,
    /// One of them holds.
    pub any: Option<Vec<Condition>>,
    /// All of them hold.
    pub all: Option<Vec<Condition>>,
    /// It does not hold.
    pub not: Option<Box<Condition>>,
}

/// One text or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "RawTexts")]
pub struct Texts(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawTexts {
    One(String),
    Many(Vec<String>),
}

impl From<RawTexts> for Texts {
    fn from(raw: RawTexts) -> Texts {
        Texts(match raw {
            RawTexts::One(one) => vec![one],
            RawTexts::Many(many) => many,
        })
    }
}

/// One constant or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "RawScalars")]
pub struct Scalars(pub Vec<Scalar>);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawScalars {
    Many(Vec<Scalar>),
    One(Scalar),
}

impl From<RawScalars> for Scalars {
    fn from(raw: RawScalars) -> Scalars {
        Scalars(match raw {
            RawScalars::One(one) => vec![one],
            RawScalars::Many(many) => many,
        })
    }
}

/// A constant in a rule file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true`.
    Boolean(bool),
    /// `1`.
    Integer(i64),
    /// `0.5`.
    Float(f64),
    /// `"text"`.
    Text(String),
}
