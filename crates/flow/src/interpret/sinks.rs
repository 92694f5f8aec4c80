//! Where flow ends.

use std::rc::Rc;

use super::Interpreter;
use super::calls::Call;
use super::members::Target;
use crate::check::{Alarm, Step};
use crate::ir::{ExprId, Span};
use crate::pattern::{Part, Selector, Selectors, Severity, SourceKind};
use crate::rule::SinkRule;
use crate::rules::{Entry, Mention, Role};
use crate::value::{Key, Kind, Label, Labels, Piece, Shape, Value, Word};

/// Values are looked into to this depth.
const INSIDE_MAX: usize = 4;

impl Interpreter<'_> {
    /// A call or assignment that some values must not come to.
    pub(super) fn sink(&mut self, number: usize, call: &Call, entry: &Entry) {
        let rules = self.rules;
        let (weakness, sink) = &rules.sinks[number];
        let default = Selectors(vec![match call.assigned {
            Some(_) => Selector::Value,
            None => Selector::All,
        }]);
        let selectors = sink.argument.as_ref().unwrap_or(&default);
        let mut worst: Option<(Severity, Label)> = None;
        let mut constant = None;
        let mut is_clear = true;
        for (value, _) in self.selected(selectors, sink.name.as_deref(), call) {
            for part in self.parts(&value, sink.part.as_ref()) {
                if let Some(found) = self.harm(*weakness, sink, &part)
                    && worst.as_ref().is_none_or(|worst| found.0 > worst.0)
                {
                    worst = Some(found);
                }
                constant = constant.or(self.constant_harm(*weakness, sink, &part));
                is_clear &= self.is_known_harmless(*weakness, &part, 0);
            }
        }
        if !self.all_hold(&sink.when, call, Some(*weakness)) {
            return;
        }
        let is_harmless = worst.is_none() && constant.is_none();
        self.looked_at
            .entry((*weakness, call.span))
            .and_modify(|all| *all &= is_clear)
            .or_insert(is_clear && is_harmless);
        if is_harmless {
            return;
        }
        let about = &rules.weaknesses[*weakness];
        let (severity, label) = match (worst, constant) {
            (Some((severity, label)), _) => (severity, Some(label)),
            (None, Some(severity)) => (severity, None),
            (None, None) => return,
        };
        let confidence = sink.confidence.unwrap_or(about.confidence);
        let alarm = Alarm {
            rule: about.id.clone(),
            weakness: about.name.clone(),
            cwe: about.cwe.clone(),
            severity,
            confidence: self.confidence(confidence, call, entry),
            span: call.span,
            message: message(sink, &about.title, label.as_ref()),
            trail: label.as_ref().map(trail).unwrap_or_default(),
            fix: sink.fix.as_ref().and_then(|fix| self.fix(fix, call)),
        };
        self.report(*weakness, alarm);
    }

    /// Whether nothing of a value can do harm: it is known, or made harmless, or of a type that
    /// carries no text. What is not known is not.
    fn is_known_harmless(&self, weakness: usize, value: &Value, depth: usize) -> bool {
        let bit = 1_u128 << weakness;
        let is_neutral = |labels: &Labels| {
            !labels.is_empty() && labels.all().iter().all(|label| label.harmless & bit != 0)
        };
        if value.is_constant() {
            return true;
        }
        if let Some(text) = &value.text {
            return text.all().iter().all(|piece| match piece {
                Piece::Known(_) => true,
                Piece::Unknown(labels) => is_neutral(labels),
            });
        }
        match value.only_shape() {
            Some(Shape::Object(id)) if depth < INSIDE_MAX => {
                let object = self.state.object(id);
                let mut inside =
                    object.elements.iter().chain(object.fields.values()).chain(&object.rest);
                (value.labels.is_empty() || is_neutral(&value.labels))
                    && inside.all(|inner| self.is_known_harmless(weakness, inner, depth + 1))
            }
            Some(shape @ Shape::Instance(_)) if self.is_harmless_type(shape) => true,
            _ => is_neutral(&value.labels),
        }
    }

    /// The part of a value that a sink is about, with all that is in it.
    pub(super) fn parts(&mut self, value: &Value, part: Option<&Part>) -> Vec<Value> {
        match part {
            None => {
                let labels = self.deep_labels(value);
                vec![Value { labels, ..value.clone() }]
            }
            Some(Part::Word(_)) => {
                let mut parts = Vec::new();
                for shape in value.shapes.all() {
                    if let Shape::Object(id) = shape {
                        let object = self.state.object_rc(*id);
                        let all = object.elements.iter().chain(object.fields.values());
                        for inner in all.chain(&object.rest) {
                            let labels = self.deep_labels(inner);
                            parts.push(Value { labels, ..inner.clone() });
                        }
                    }
                }
                parts
            }
            Some(Part::Key { key }) => {
                let key = Key::from(key);
                let mut parts = Vec::new();
                for shape in value.shapes.all() {
                    if let Shape::Object(id) = shape
                        && let Some(inner) = self.state.object_rc(*id).get(&key)
                    {
                        let labels = self.deep_labels(&inner);
                        parts.push(Value { labels, ..inner });
                    }
                }
                parts
            }
        }
    }

    /// The worst origin of a value for a weakness.
    fn harm(
        &mut self,
        weakness: usize,
        sink: &SinkRule,
        value: &Value,
    ) -> Option<(Severity, Label)> {
        let rules = self.rules;
        let sources = sink.sources.as_ref().unwrap_or(&rules.weaknesses[weakness].sources);
        if self.is_instance(value, &rules.weaknesses[weakness].harmless_types) {
            return None;
        }
        let bit = 1_u128 << weakness;
        let counts = |label: &Label| {
            if label.harmless & bit == 0 { sources.get(&label.kind).copied() } else { None }
        };
        let mut worst: Option<(Severity, &Label)> = None;
        for label in value.labels.all() {
            if let Some(severity) = counts(label) {
                // `severity` of a sink stands for that of data from a request.
                let severity = match (label.kind, sink.severity) {
                    (SourceKind::Request, Some(severity)) => severity,
                    _ => severity,
                };
                if worst.is_none_or(|worst| severity > worst.0) {
                    worst = Some((severity, label));
                }
            }
        }
        let (severity, label) = worst?;
        if let Some(safe_after) = &sink.safe_after {
            let does_harm = |labels: &Labels| labels.all().iter().any(|l| counts(l).is_some());
            let before = self.text_before(value, does_harm);
            if before.is_some_and(|before| safe_after.is_match(&before)) {
                return None;
            }
        }
        Some((severity, label.clone()))
    }

    /// A text that stands in the code, where that is an origin that counts.
    fn constant_harm(&self, weakness: usize, sink: &SinkRule, value: &Value) -> Option<Severity> {
        let rules = self.rules;
        let sources = sink.sources.as_ref().unwrap_or(&rules.weaknesses[weakness].sources);
        let severity = sources.get(&SourceKind::Constant)?;
        let is_text = value.constants.all().iter().any(|constant| match constant {
            crate::value::Constant::Text(text) | crate::value::Constant::Bytes(text) => {
                !text.is_empty()
            }
            _ => false,
        });
        is_text.then_some(sink.severity.unwrap_or(*severity))
    }

    /// Whether a value comes from a source that counts for a weakness.
    pub(super) fn is_harmful(&self, value: &Value, weakness: usize) -> bool {
        let sources = &self.rules.weaknesses[weakness].sources;
        let labels = self.deep_labels(value);
        labels
            .all()
            .iter()
            .any(|label| label.harmless & (1 << weakness) == 0 && sources.contains_key(&label.kind))
    }

    /// The text of an answer: the first of several results (text, status, headers). Dictionaries and
    /// objects are judged where they are made.
    fn body_of(&mut self, value: &Value) -> Option<Value> {
        let Some(shape) = value.only_shape() else { return Some(value.clone()) };
        match shape {
            Shape::Object(id) => {
                let object = self.state.object_rc(id);
                let first = object.elements.first().filter(|_| object.kind == Kind::List)?;
                let is_plain = first.only_shape().is_none_or(|s| !matches!(s, Shape::Object(_)));
                is_plain.then(|| first.clone())
            }
            Shape::Instance(path) => {
                let text = self.paths.text(path);
                self.language.is_built_in(&text).then(|| value.clone())
            }
            _ => Some(value.clone()),
        }
    }

    /// What an entry point answers with.
    pub(super) fn respond(&mut self, value: &Value, span: Span) {
        let Some(response) = self.frame().response.clone() else { return };
        let Some(value) = self.body_of(value) else { return };
        let path = self.paths.intern(&response);
        let target: Target = self.target_of_path(path);
        for entry in self.entries(Mention::Response, &target) {
            if let Role::Sink(sink) = entry.role {
                let mut call = self.mention_call(ExprId(u32::MAX), Target::default());
                call.span = span;
                call.assigned = Some(value.clone());
                call.given.clear();
                self.sink(sink, &call, entry);
            }
        }
    }
}

fn message(sink: &SinkRule, title: &str, label: Option<&Label>) -> String {
    let source: Rc<str> = match label {
        Some(label) => match &label.name {
            Some(name) => Rc::clone(name),
            None => label.kind.name().into(),
        },
        None => SourceKind::Constant.name().into(),
    };
    match &sink.message {
        Some(message) => message.replace("{source}", &source),
        None => format!("{title}: {source} comes here"),
    }
}

/// The way of a value, from its origin on.
fn trail(label: &Label) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = label.trail.as_ref();
    while let Some(step) = next {
        let text = match &step.word {
            Word::Assigned => "assigned here".to_owned(),
            Word::PassedTo(function) => format!("passed to `{function}` here"),
            Word::Returned => "returned here".to_owned(),
        };
        steps.push(Step { span: step.span, text });
        next = step.before.as_ref();
    }
    let name = label.name.as_deref().unwrap_or(label.kind.name());
    steps.push(Step { span: label.span, text: format!("{name} comes from here") });
    steps.reverse();
    steps
}
