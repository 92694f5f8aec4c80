//! Rules and models of one language, checked and arranged so that a call costs one look-up.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::fold::Fold;
use crate::language::Language;
use crate::model::{CallModel, CallbackModel, EntryModel, ModelFile, SourceModel, TypeModel};
use crate::pattern::{Condition, Confidence, Scalar, Severity, SourceKind, Texts};
use crate::rule::{
    CallRule, Example, GuardRule, MethodRule, RuleFile, SanitizerRule, SinkRule, TextRule,
    WeaknessFile,
};

/// More weaknesses than this do not fit the sets of [`crate::value::Label`].
pub(crate) const WEAKNESSES_MAX: usize = 128;

/// All that is known for one language.
#[derive(Debug)]
pub struct Rules {
    /// The language.
    pub language: Language,
    /// In the order of their names.
    pub weaknesses: Vec<Weakness>,
    pub(crate) texts: Vec<(usize, TextRule)>,
    /// Weaknesses for which numbers count, a bit each.
    pub(crate) numbers: u128,
    pub(crate) sinks: Vec<(usize, SinkRule)>,
    pub(crate) calls: Vec<(usize, CallRule)>,
    pub(crate) methods: Vec<(usize, MethodRule)>,
    pub(crate) sanitizers: Vec<(Option<usize>, SanitizerRule)>,
    pub(crate) guards: Vec<(Option<usize>, GuardRule)>,
    pub(crate) sources: Vec<SourceModel>,
    pub(crate) types: FxHashMap<String, TypeModel>,
    pub(crate) typed_names: FxHashMap<String, (String, Texts)>,
    pub(crate) constants: FxHashMap<String, Scalar>,
    pub(crate) models: Vec<(CallModel, Option<Fold>)>,
    pub(crate) entries: Vec<EntryModel>,
    pub(crate) callbacks: Vec<CallbackModel>,
    pub(crate) made: Vec<String>,
    parents: FxHashSet<String>,
    index: FxHashMap<Box<str>, Vec<Entry>>,
}

/// A weakness as one language has it.
#[derive(Debug)]
pub struct Weakness {
    /// `sql-injection`.
    pub name: String,
    /// `PY-SQL-INJECTION`.
    pub id: String,
    /// Of which language.
    pub language: Language,
    /// In a few words.
    pub title: String,
    /// The nearest first.
    pub cwe: Vec<String>,
    /// What goes wrong and what to write instead.
    pub explanation: String,
    /// Of findings without flow.
    pub severity: Severity,
    /// How sure findings are.
    pub confidence: Confidence,
    /// How bad each origin is.
    pub sources: BTreeMap<SourceKind, Severity>,
    /// Programs with and without it.
    pub examples: Vec<Example>,
    /// Types whose values do no harm.
    pub(crate) harmless_types: Vec<String>,
    /// Characters that are harmless for it, as a class of a regular expression.
    pub(crate) harmless: String,
}

/// How something is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mention {
    Call,
    Assign,
    Import,
    Decorator,
    Use,
    Base,
    Response,
    Name,
    FirstParameter,
    Type,
    Compared,
}

/// What a pattern belongs to, with its place in the lists of [`Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Sink(usize),
    Rule(usize),
    Sanitizer(usize),
    Guard(usize),
    Source(usize),
    Model(usize),
    EntryPoint(usize),
    Callback(usize),
    MadeBy(usize),
}

/// One pattern.
#[derive(Debug)]
pub(crate) struct Entry {
    pub mention: Mention,
    pub role: Role,
    /// The path, without the mark of [`Entry::any`].
    pub path: Box<str>,
    /// `*.name`.
    pub any: bool,
    /// Names that the object must have, in small letters.
    pub receivers: Option<Box<[String]>>,
}

/// The rules of a language, compiled when they are first asked for.
///
/// # Errors
/// Says which of the files is wrong, and how.
pub fn rules(language: Language) -> Result<&'static Rules, &'static str> {
    static COMPILED: [OnceLock<Result<Rules, String>>; 6] = [const { OnceLock::new() }; 6];
    let compiled = COMPILED[language as usize].get_or_init(|| Rules::new(language, EMBEDDED));
    compiled.as_ref().map_err(String::as_str)
}

/// What is to be said of every rule of every language whose files are right.
pub fn documentation() -> impl Iterator<Item = &'static Weakness> {
    Language::ALL
        .into_iter()
        .filter_map(|language| rules(language).ok())
        .flat_map(|rules| &rules.weaknesses)
}

/// Name below this crate, and text, of every rule and model.
pub const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

impl Rules {
    /// Compiles the files of one language out of `files`: names as `rules/python/x.toml`, and texts.
    ///
    /// # Errors
    /// Says which file is wrong, and how.
    pub fn new(language: Language, files: &[(&str, &str)]) -> Result<Rules, String> {
        let mut rules = Rules {
            language,
            weaknesses: Vec::new(),
            texts: Vec::new(),
            numbers: 0,
            sinks: Vec::new(),
            calls: Vec::new(),
            methods: Vec::new(),
            sanitizers: Vec::new(),
            guards: Vec::new(),
            sources: Vec::new(),
            types: FxHashMap::default(),
            typed_names: FxHashMap::default(),
            constants: FxHashMap::default(),
            models: Vec::new(),
            entries: Vec::new(),
            callbacks: Vec::new(),
            made: Vec::new(),
            parents: FxHashSet::default(),
            index: FxHashMap::default(),
        };
        let folder = format!("rules/{}/", language.folder());
        let models = format!("models/{}/", language.folder());
        for (name, text) in files {
            let wrong = |error: String| format!("{name}: {error}");
            if let Some(file) = name.strip_prefix(&models) {
                let model: ModelFile = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
                rules.add_model(model).map_err(|e| wrong(format!("{file}: {e}")))?;
            } else if let Some(weakness) = name.strip_prefix(&folder) {
                let weakness = weakness.trim_end_matches(".toml");
                let about = format!("rules/weakness/{weakness}.toml");
                let about = files.iter().find(|(name, _)| *name == about);
                let (_, about) = about
                    .ok_or_else(|| wrong(format!("rules/weakness/{weakness}.toml is missing")))?;
                let about: WeaknessFile = toml::from_str(about)
                    .map_err(|e| format!("rules/weakness/{weakness}.toml: {e}"))?;
                let file: RuleFile = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
                rules.add_weakness(weakness, about, file).map_err(wrong)?;
            }
        }
        Ok(rules)
    }

    fn add_weakness(
        &mut self,
        name: &str,
        about: WeaknessFile,
        file: RuleFile,
    ) -> Result<(), String> {
        let number = self.weaknesses.len();
        if number == WEAKNESSES_MAX {
            return Err(format!("more than {WEAKNESSES_MAX} weaknesses"));
        }
        let default =
            [(SourceKind::Request, Severity::Error), (SourceKind::Parameter, Severity::Info)];
        let sources = file.sources.or(about.sources).unwrap_or_else(|| default.into());
        self.weaknesses.push(Weakness {
            name: name.to_owned(),
            id: format!("{}-{}", self.language.prefix(), name.to_uppercase()),
            language: self.language,
            title: about.title,
            cwe: about.cwe,
            explanation: about.explanation,
            severity: file.severity.unwrap_or(about.severity),
            confidence: file.confidence.unwrap_or(about.confidence),
            sources,
            examples: file.example,
            harmless_types: file.harmless_types.0,
            harmless: about.harmless.unwrap_or_else(|| r"[\w-]".to_owned()),
        });
        if file.numbers {
            self.numbers |= 1 << number;
        }
        self.texts.extend(file.text.into_iter().map(|text| (number, text)));
        let methods = file.method.into_iter().map(|method| (number, method));
        self.methods.extend(methods);
        for sink in file.sink {
            known_tests(&sink.when)?;
            let role = Role::Sink(self.sinks.len());
            self.index(Mention::Call, &sink.call, sink.receivers.as_deref(), role)?;
            self.index(Mention::Assign, &sink.assign, sink.receivers.as_deref(), role)?;
            if let Some(responses) = &sink.response {
                self.index(Mention::Response, responses, None, role)?;
            }
            self.sinks.push((number, sink));
        }
        for call in file.call {
            known_tests(&call.when)?;
            let role = Role::Rule(self.calls.len());
            let receivers = call.receivers.as_deref();
            self.index(Mention::Call, &call.call, receivers, role)?;
            self.index(Mention::Assign, &call.assign, receivers, role)?;
            self.index(Mention::Import, &call.import, receivers, role)?;
            self.index(Mention::Decorator, &call.decorator, receivers, role)?;
            self.index(Mention::Use, &call.mention, receivers, role)?;
            self.calls.push((number, call));
        }
        self.add_harmless(Some(number), file.sanitizer, file.guard)
    }

    fn add_harmless(
        &mut self,
        weakness: Option<usize>,
        sanitizers: Vec<SanitizerRule>,
        guards: Vec<GuardRule>,
    ) -> Result<(), String> {
        for sanitizer in sanitizers {
            known_tests(&sanitizer.when)?;
            let role = Role::Sanitizer(self.sanitizers.len());
            let receivers = sanitizer.receivers.as_deref();
            self.index(Mention::Call, &sanitizer.call, receivers, role)?;
            self.index(Mention::Use, &sanitizer.mention, receivers, role)?;
            self.sanitizers.push((weakness, sanitizer));
        }
        for guard in guards {
            known_tests(&guard.when)?;
            let role = Role::Guard(self.guards.len());
            self.index(Mention::Call, &guard.call, guard.receivers.as_deref(), role)?;
            self.index(Mention::Compared, &guard.compared, guard.receivers.as_deref(), role)?;
            self.guards.push((weakness, guard));
        }
        Ok(())
    }

    fn add_model(&mut self, file: ModelFile) -> Result<(), String> {
        for source in file.source {
            let role = Role::Source(self.sources.len());
            let receivers = source.receivers.as_deref();
            self.index(Mention::Use, &source.mention, receivers, role)?;
            self.index(Mention::Call, &source.call, receivers, role)?;
            self.index(Mention::Decorator, &source.decorator, receivers, role)?;
            self.index(Mention::Type, &source.types, receivers, role)?;
            self.sources.push(source);
        }
        self.constants.extend(file.constants);
        for model in file.types {
            self.add_type(model)?;
        }
        for call in file.call {
            let fold = match &call.fold {
                None => None,
                Some(name) => {
                    let known = || Fold::names().collect::<Vec<_>>().join(", ");
                    let wrong = || format!("fold = \"{name}\" is not one of {}", known());
                    Some(Fold::parse(name).ok_or_else(wrong)?)
                }
            };
            let role = Role::Model(self.models.len());
            self.index(Mention::Call, &call.call, call.receivers.as_deref(), role)?;
            self.models.push((call, fold));
        }
        for entry in file.entry {
            let role = Role::EntryPoint(self.entries.len());
            let receivers = entry.receivers.as_deref();
            self.index(Mention::Decorator, &entry.decorator, receivers, role)?;
            self.index(Mention::Base, &entry.base, receivers, role)?;
            self.index(Mention::Call, &entry.call, receivers, role)?;
            self.index(Mention::Name, &entry.name, receivers, role)?;
            self.index(Mention::FirstParameter, &entry.first_parameter, receivers, role)?;
            self.entries.push(entry);
        }
        for callback in file.callback {
            let role = Role::Callback(self.callbacks.len());
            self.index(Mention::Call, &callback.call, callback.receivers.as_deref(), role)?;
            self.callbacks.push(callback);
        }
        self.add_harmless(None, file.sanitizer, file.guard)
    }

    /// Several files may say something about a type; what they say is put together.
    fn add_type(&mut self, model: TypeModel) -> Result<(), String> {
        for name in &model.names {
            let meant = (model.name.clone(), model.imports.clone());
            self.typed_names.insert(name.to_lowercase(), meant);
        }
        self.remember_parents(&model.name);
        self.parents.insert(model.name.clone());
        let made_by = model.made_by.clone();
        let name = model.name.clone();
        match self.types.get_mut(&name) {
            Some(known) => {
                known.bases.extend(model.bases);
                known.attributes.extend(model.attributes);
                known.methods.extend(model.methods);
                known.elements = known.elements.take().or(model.elements);
                known.harmless |= model.harmless;
            }
            None => _ = self.types.insert(name.clone(), model),
        }
        // The result of such a call is what a model says whose only content is the type.
        let role = Role::MadeBy(self.made.len());
        self.made.push(name);
        self.index(Mention::Call, &made_by, None, role)
    }

    fn index(
        &mut self,
        mention: Mention,
        patterns: &Texts,
        receivers: Option<&[String]>,
        role: Role,
    ) -> Result<(), String> {
        for pattern in &patterns.0 {
            let (any, path) = match pattern.strip_prefix("*.") {
                Some(name) => (true, name),
                None => (false, pattern.as_str()),
            };
            let path = path.strip_prefix("builtins.").unwrap_or(path);
            if path.is_empty() || path.contains('*') || any && path.contains('.') {
                return Err(format!("`{pattern}` is not a path, `*.name` or a name"));
            }
            if !any {
                self.remember_parents(path);
            }
            let receivers = receivers
                .map(|names| names.iter().map(|name| name.to_lowercase()).collect::<Box<[_]>>());
            let entry = Entry { mention, role, path: path.into(), any, receivers };
            self.index.entry(last(path).into()).or_default().push(entry);
        }
        Ok(())
    }

    /// What a path begins with is known: modules and types, not what is in them otherwise.
    fn remember_parents(&mut self, path: &str) {
        let mut path = path;
        while let Some((parent, _)) = path.rsplit_once('.') {
            if !self.parents.insert(parent.to_owned()) {
                return;
            }
            path = parent;
        }
    }

    /// The patterns whose last name this is.
    pub(crate) fn entries_named(&self, name: &str) -> &[Entry] {
        self.index.get(name).map_or(&[], |entries| entries)
    }

    /// The set of weaknesses of these names.
    pub(crate) fn weaknesses_named(&self, names: &[String]) -> u128 {
        if names.is_empty() {
            return 0;
        }
        let numbered = self.weaknesses.iter().enumerate();
        let meant = numbered.filter(|(_, weakness)| names.contains(&weakness.name));
        meant.fold(0, |set, (number, _)| set | 1 << number)
    }

    /// Whether anything is said of what is in this module or type.
    pub(crate) fn knows_inside(&self, path: &str) -> bool {
        self.parents.contains(path)
    }
}

/// The last name of a path.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

fn known_tests(conditions: &[Condition]) -> Result<(), String> {
    for condition in conditions {
        if let Some(test) = &condition.test
            && !crate::interpret::TESTS.contains(&test.as_str())
        {
            return Err(format!("test = \"{test}\": not known"));
        }
        for inner in [&condition.any, &condition.all].into_iter().flatten() {
            known_tests(inner)?;
        }
        if let Some(inner) = &condition.not {
            known_tests(std::slice::from_ref(inner))?;
        }
    }
    Ok(())
}
