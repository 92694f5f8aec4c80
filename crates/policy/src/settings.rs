//! Settings: the text of each layer becomes meaning once, here.
//!
//! Layers are merged in the order user file, environment, flags: later wins. The workspace file
//! comes from whoever wrote the repository, so it is untrusted: applied last, it can only make
//! the result stricter, and it may not name things outside itself (a model file).

use serde::{Deserialize, Serialize};
use types::{Allows, CommentAllows, Confidence, Digest, Finding, Severity};

use crate::Boundaries;

/// The check names that `policy.require` may hold.
const CHECKS: [&str; 8] =
    ["syntax", "lint", "security", "secrets", "hidden", "complexity", "naming", "coverage"];

/// Where a layer comes from; decides what it may do and how errors name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The user's own file, at this path.
    User(String),
    /// The workspace's `countersign.toml`, at this path: may only tighten.
    Workspace(String),
    /// Environment variables.
    Environment,
    /// Flags of this call.
    Flags,
}

impl Layer {
    fn name(&self) -> &str {
        match self {
            Layer::User(path) | Layer::Workspace(path) => path,
            Layer::Environment => "environment",
            Layer::Flags => "command line",
        }
    }
}

/// What one layer says; everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `[policy]`
    pub policy: PolicySettings,
    /// `[boundaries]`
    pub boundaries: BoundarySettings,
    /// `[generate]`
    pub generate: GenerateSettings,
}

/// `[policy]`: what blocks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySettings {
    /// Findings of at least this severity block: `info`, `warning`, `error`. Default `error`.
    pub fail_on: Option<Threshold>,
    /// A score below this blocks: 0 to 100. Default 50.
    pub min_score: Option<u8>,
    /// Checks that must have been done. Default `syntax` and `secrets`.
    pub require: Option<Vec<String>>,
    /// Which suppressions by people count: `none`, `file` or `all`. Default `all`.
    pub suppressions: Option<Suppressions>,
}

/// `[boundaries]`: where AI may write.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundarySettings {
    /// Glob patterns of paths that are never written.
    pub deny: Option<Vec<String>>,
}

/// `[generate]`: how much is asked of the model.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenerateSettings {
    /// A GGUF file to use in place of the embedded model. Not in a workspace file.
    pub model: Option<String>,
    /// Candidates per request, 1 to 16. Default 4.
    pub candidates: Option<usize>,
    /// Rewrites asked for when every candidate is blocked, 0 to 2. Default 2.
    pub rewrites: Option<usize>,
    /// Most tokens per candidate, 1 to 8192. Default 256.
    pub max_tokens: Option<usize>,
    /// Temperature of the candidates after the first, 0 to 2. Default 0.8.
    pub temperature: Option<f32>,
}

/// Which suppressions by people count, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suppressions {
    /// None.
    None,
    /// Entries of the ignore file.
    File,
    /// Those, and comments in the code.
    All,
}

/// A severity in a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are the severities' names")]
pub enum Threshold {
    Info,
    Warning,
    Error,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Severity {
        match threshold {
            Threshold::Info => Severity::Info,
            Threshold::Warning => Severity::Warning,
            Threshold::Error => Severity::Error,
        }
    }
}

/// A settings text that cannot be used, with the place where it is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{file}:{line}:{column}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value outside its range, or a key that this layer may not set.
    #[error("{layer}: `{key}` {message}")]
    Value {
        /// The layer.
        layer: String,
        /// The setting's full name.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl Settings {
    /// Reads the TOML text of one layer.
    ///
    /// # Errors
    /// [`SettingsError`] with line and column, or the key whose value is out of range.
    pub fn parse(layer: &Layer, text: &str) -> Result<Settings, SettingsError> {
        let settings: Settings = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let place = types::LineIndex::new(text).position(text, at);
            SettingsError::Malformed {
                file: layer.name().to_owned(),
                line: place.line,
                column: place.column,
                message: error.message().to_owned(),
            }
        })?;
        settings.validate(layer)?;
        Ok(settings)
    }

    /// Checks ranges and what the layer may set.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn validate(&self, layer: &Layer) -> Result<(), SettingsError> {
        let wrong = |key, message: String| {
            Err(SettingsError::Value { layer: layer.name().to_owned(), key, message })
        };
        let range = |key, value: Option<usize>, low: usize, high: usize| match value {
            Some(value) if !(low..=high).contains(&value) => {
                wrong(key, format!("is {value}, but must be from {low} to {high}"))
            }
            _ => Ok(()),
        };
        range("policy.min_score", self.policy.min_score.map(usize::from), 0, 100)?;
        range("generate.candidates", self.generate.candidates, 1, 16)?;
        range("generate.rewrites", self.generate.rewrites, 0, 2)?;
        range("generate.max_tokens", self.generate.max_tokens, 1, 8192)?;
        if let Some(value) = self.generate.temperature
            && !(0.0..=2.0).contains(&value)
        {
            return wrong("generate.temperature", format!("is {value}, but must be from 0 to 2"));
        }
        for name in self.policy.require.iter().flatten() {
            if !CHECKS.contains(&name.as_str()) {
                let known = CHECKS.join(", ");
                return wrong("policy.require", format!("names no check `{name}`; known: {known}"));
            }
        }
        if let Some(Err(message)) = self.boundaries.deny.as_deref().map(Boundaries::new) {
            return wrong("boundaries.deny", message);
        }
        if matches!(layer, Layer::Workspace(_)) && self.generate.model.is_some() {
            let message = "may not be set by a workspace; set it in your user file".to_owned();
            return wrong("generate.model", message);
        }
        Ok(())
    }
}

/// The settings that hold, after all layers.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    /// Findings of at least this severity block.
    pub fail_on: Threshold,
    /// A score below this blocks.
    pub min_score: u8,
    /// Checks that must have been done.
    pub require: Vec<String>,
    /// Which suppressions by people count.
    pub suppressions: Suppressions,
    /// Where AI may not write.
    pub boundaries: Boundaries,
    /// A GGUF file in place of the embedded model.
    pub model: Option<String>,
    /// Candidates per request.
    pub candidates: usize,
    /// Rewrites when every candidate is blocked.
    pub rewrites: usize,
    /// Most tokens per candidate.
    pub max_tokens: usize,
    /// Temperature of the candidates after the first.
    pub temperature: f32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            fail_on: Threshold::Error,
            min_score: 50,
            require: vec!["syntax".to_owned(), "secrets".to_owned()],
            suppressions: Suppressions::All,
            boundaries: Boundaries::default(),
            model: None,
            candidates: 4,
            rewrites: 2,
            max_tokens: 256,
            temperature: 0.8,
        }
    }
}

impl Policy {
    /// SHA-256 over the settings that hold: the same policy has the same digest everywhere.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let json = serde_json::to_vec(self).expect("plain data serialises");
        Digest::of(&json)
    }

    /// What of the allows in a document counts.
    #[must_use]
    pub fn permitted(&self, allows: Allows) -> Allows {
        let (comments, listed) = (CommentAllows::None, Vec::new());
        match self.suppressions {
            Suppressions::None => Allows { comments, listed },
            Suppressions::File => Allows { comments, ..allows },
            Suppressions::All => allows,
        }
    }

    /// Whether a finding blocks: it is bad enough, and the check is at least fairly sure of it.
    #[must_use]
    pub fn blocks(&self, finding: &Finding) -> bool {
        finding.confidence > Confidence::Low && finding.severity >= Severity::from(self.fail_on)
    }

    fn set(&mut self, layer: &Settings) {
        fn put<T: Clone>(slot: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                *slot = value.clone();
            }
        }
        put(&mut self.fail_on, layer.policy.fail_on.as_ref());
        put(&mut self.min_score, layer.policy.min_score.as_ref());
        put(&mut self.require, layer.policy.require.as_ref());
        put(&mut self.suppressions, layer.policy.suppressions.as_ref());
        put(&mut self.candidates, layer.generate.candidates.as_ref());
        put(&mut self.rewrites, layer.generate.rewrites.as_ref());
        put(&mut self.max_tokens, layer.generate.max_tokens.as_ref());
        put(&mut self.temperature, layer.generate.temperature.as_ref());
        self.model = layer.generate.model.clone().or_else(|| self.model.take());
        self.boundaries.add(layer.boundaries.deny.as_deref().unwrap_or_default());
    }

    fn tighten(&mut self, layer: &Settings) {
        fn lower<T: PartialOrd + Copy>(slot: &mut T, value: Option<T>) {
            if let Some(value) = value.filter(|value| value < slot) {
                *slot = value;
            }
        }
        lower(&mut self.fail_on, layer.policy.fail_on);
        self.min_score = self.min_score.max(layer.policy.min_score.unwrap_or(0));
        for name in layer.policy.require.iter().flatten() {
            if !self.require.contains(name) {
                self.require.push(name.clone());
            }
        }
        lower(&mut self.suppressions, layer.policy.suppressions);
        lower(&mut self.candidates, layer.generate.candidates);
        lower(&mut self.rewrites, layer.generate.rewrites);
        lower(&mut self.max_tokens, layer.generate.max_tokens);
        lower(&mut self.temperature, layer.generate.temperature);
        self.boundaries.add(layer.boundaries.deny.as_deref().unwrap_or_default());
    }
}

/// Merges validated layers: in their order, the workspace's last and only to tighten.
#[must_use]
pub fn resolve(layers: &[(Layer, Settings)]) -> Policy {
    let mut policy = Policy::default();
    let from_workspace = |layer: &Layer| matches!(layer, Layer::Workspace(_));
    for (_, settings) in layers.iter().filter(|(layer, _)| !from_workspace(layer)) {
        policy.set(settings);
    }
    for (_, settings) in layers.iter().filter(|(layer, _)| from_workspace(layer)) {
        policy.tighten(settings);
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> (Layer, Settings) {
        let layer = Layer::User("user.toml".to_owned());
        let settings = Settings::parse(&layer, text).unwrap();
        (layer, settings)
    }

    fn workspace(text: &str) -> (Layer, Settings) {
        let layer = Layer::Workspace("countersign.toml".to_owned());
        let settings = Settings::parse(&layer, text).unwrap();
        (layer, settings)
    }

    #[test]
    fn a_workspace_only_tightens() {
        let loose = "[policy]\nfail_on = 'error'\nmin_score = 0\nrequire = []\n\
                     [generate]\ncandidates = 16\ntemperature = 2.0";
        let policy =
            resolve(&[user("[policy]\nfail_on = 'warning'\nmin_score = 70"), workspace(loose)]);
        assert_eq!((policy.fail_on, policy.min_score), (Threshold::Warning, 70));
        assert_eq!(policy.require, ["syntax", "secrets"]);
        assert_eq!(policy.candidates, Policy::default().candidates);

        assert_eq!(policy.suppressions, Suppressions::All);
        let file = "[policy]\nsuppressions = 'file'";
        let none = "[policy]\nsuppressions = 'none'";
        assert_eq!(resolve(&[user(none), workspace(file)]).suppressions, Suppressions::None);
        assert_eq!(resolve(&[user(file), workspace(none)]).suppressions, Suppressions::None);

        let strict = "[policy]\nfail_on = 'info'\nmin_score = 90\nrequire = ['lint']\n\
                      [boundaries]\ndeny = ['vendor/**']\n[generate]\nrewrites = 0";
        let policy = resolve(&[workspace(strict), user("[policy]\nfail_on = 'error'")]);
        assert_eq!((policy.fail_on, policy.min_score, policy.rewrites), (Threshold::Info, 90, 0));
        assert_eq!(policy.require, ["syntax", "secrets", "lint"]);
        assert!(policy.boundaries.refusal("vendor/a.py").is_some());
    }

    #[test]
    fn later_layers_win_and_the_digest_follows() {
        let flags = Settings {
            generate: GenerateSettings { candidates: Some(2), ..GenerateSettings::default() },
            ..Settings::default()
        };
        let policy = resolve(&[user("[generate]\ncandidates = 8"), (Layer::Flags, flags)]);
        assert_eq!(policy.candidates, 2);
        assert_ne!(policy.digest(), Policy::default().digest());
        assert_eq!(resolve(&[]).digest(), Policy::default().digest());
    }

    fn check_error(layer: &Layer, text: &str, expected: &str) {
        assert_eq!(Settings::parse(layer, text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn errors_name_the_place() {
        let file = Layer::Workspace("countersign.toml".to_owned());
        let message = "unknown field `minscore`, expected one of `fail_on`, `min_score`, \
                       `require`, `suppressions`";
        check_error(&file, "[policy]\n minscore = 3", &format!("countersign.toml:2:2: {message}"));
        check_error(
            &file,
            "[policy]\nmin_score = 101",
            "countersign.toml: `policy.min_score` is 101, but must be from 0 to 100",
        );
        check_error(
            &file,
            "[generate]\nmodel = '/tmp/evil.gguf'",
            "countersign.toml: `generate.model` may not be set by a workspace; set it in your user file",
        );
        let error = Settings::parse(&file, "[policy\nx = 1").unwrap_err().to_string();
        assert!(error.starts_with("countersign.toml:1:8: "), "{error}");
        let error = Settings::parse(&file, "[boundaries]\ndeny = ['a[']").unwrap_err().to_string();
        assert!(error.contains("boundaries.deny"), "{error}");
        let error = Settings::parse(&file, "[policy]\nrequire = ['lnt']").unwrap_err().to_string();
        assert!(error.contains("no check `lnt`"), "{error}");
    }
}
