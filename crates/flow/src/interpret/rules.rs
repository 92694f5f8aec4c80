//! Rules that are not about flow, and what makes values harmless.

use super::calls::Call;
use super::members::Target;
use super::{Fact, Interpreter, Says};
use crate::check::{Alarm, Fix};
use crate::harmless::is_harmless;
use crate::ir::{ExprId, Expression, Symbol};
use crate::language::BuiltIn;
use crate::pattern::Confidence;
use crate::rule::{FixRule, Holds};
use crate::rules::{Entry, Mention, Role};
use crate::value::{Shape, Shapes, Value};

/// A rule about the text is reported at most so often.
const TEXTS_MAX: usize = 100;

impl Interpreter<'_> {
    /// A call, assignment, import, decorator or mention that is wrong by itself.
    pub(super) fn rule(&mut self, number: usize, call: &Call, entry: &Entry) {
        let rules = self.rules;
        let (weakness, rule) = &rules.calls[number];
        if !self.all_hold(&rule.when, call, Some(*weakness)) {
            return;
        }
        let about = &rules.weaknesses[*weakness];
        let confidence = rule.confidence.unwrap_or(about.confidence);
        let message = rule.message.as_deref().unwrap_or(&about.title);
        let alarm = Alarm {
            rule: about.id.clone(),
            weakness: about.name.clone(),
            cwe: about.cwe.clone(),
            severity: rule.severity.unwrap_or(about.severity),
            confidence: self.confidence(confidence, call, entry),
            span: call.span,
            message: message.replace("{source}", "data"),
            trail: Vec::new(),
            fix: rule.fix.as_ref().and_then(|fix| self.fix(fix, call)),
        };
        self.report(*weakness, alarm);
    }

    /// Rules about the text of the file.
    pub(super) fn text_rules(&mut self) {
        let rules = self.rules;
        for (weakness, rule) in &rules.texts {
            let Some(regex) = rule.matches.regex() else { continue };
            let about = &rules.weaknesses[*weakness];
            for found in regex.find_iter(self.text).take(TEXTS_MAX) {
                let alarm = Alarm {
                    rule: about.id.clone(),
                    weakness: about.name.clone(),
                    cwe: about.cwe.clone(),
                    severity: rule.severity.unwrap_or(about.severity),
                    confidence: rule.confidence.unwrap_or(about.confidence),
                    span: found.range().into(),
                    message: rule.message.clone().unwrap_or_else(|| about.title.clone()),
                    trail: Vec::new(),
                    fix: None,
                };
                self.report(*weakness, alarm);
            }
        }
    }

    /// A type that was only guessed makes a finding less sure.
    pub(super) fn confidence(&self, most: Confidence, call: &Call, entry: &Entry) -> Confidence {
        if call.target.is_guess && !entry.any {
            return Confidence::Low;
        }
        if entry.any && entry.receivers.is_none() { most.min(Confidence::Medium) } else { most }
    }

    pub(super) fn report(&mut self, weakness: usize, alarm: Alarm) {
        let key = (weakness, alarm.span);
        match self.alarms.get_mut(&key) {
            Some(known) => {
                let better =
                    (alarm.severity, alarm.confidence) > (known.severity, known.confidence);
                if better {
                    *known = alarm;
                }
            }
            None => _ = self.alarms.insert(key, alarm),
        }
    }

    pub(super) fn fix(&mut self, fix: &FixRule, call: &Call) -> Option<Fix> {
        if fix.callee {
            let callee = call.callee_at?;
            return Some(Fix { span: self.span(callee), text: fix.text.clone() });
        }
        let selectors = fix.argument.as_ref()?;
        if let Some((_, at)) = self.selected(selectors, None, call).into_iter().next() {
            return Some(Fix { span: self.span(at?), text: fix.text.clone() });
        }
        let [crate::pattern::Selector::Named(name)] = selectors.0.as_slice() else { return None };
        // Behind the last argument; without one, between the brackets.
        let (at, separator) = match call.given.last() {
            Some(last) => (self.span(last.at).end, ", "),
            None if self.text.get(..call.span.end as usize)?.ends_with("()") => {
                (call.span.end - 1, "")
            }
            None => return None,
        };
        let span = crate::ir::Span { start: at, end: at };
        Some(Fix { span, text: format!("{separator}{name}={}", fix.text) })
    }

    /// The result of a call that makes values harmless.
    pub(super) fn sanitize(&mut self, number: usize, call: &Call, result: &mut Value) {
        let rules = self.rules;
        let (weakness, sanitizer) = &rules.sanitizers[number];
        if !self.all_hold(&sanitizer.when, call, *weakness) {
            return;
        }
        let mask = self.mask(*weakness);
        result.labels = result.labels.without(mask);
        // What it made of the data is not known.
        result.text = None;
        if let Shapes::One(Shape::Object(_)) = result.shapes {
            result.shapes = Shapes::Unknown;
        }
    }

    /// A call that shows something of an argument.
    pub(super) fn note_guard(&mut self, number: usize, call: &Call) {
        let rules = self.rules;
        let (weakness, guard) = &rules.guards[number];
        if !self.all_hold(&guard.when, call, *weakness) {
            return;
        }
        let harmless = match &guard.regex {
            None => self.mask(*weakness),
            Some(regex) => {
                let mut harmless = 0;
                for (pattern, _) in self.selected(regex, None, call) {
                    let Some(pattern) = pattern.as_text().cloned() else { return };
                    for (number, about) in rules.weaknesses.iter().enumerate() {
                        let is_meant = weakness.is_none_or(|weakness| weakness == number);
                        if is_meant && is_harmless(&pattern, guard.matches, &about.harmless) {
                            harmless |= 1 << number;
                        }
                    }
                }
                harmless
            }
        };
        if harmless == 0 {
            return;
        }
        let mut places = Vec::new();
        let mut judged = Vec::new();
        for (value, at) in self.selected(&guard.argument, guard.name.as_deref(), call) {
            if guard.origin {
                let labels = self.deep_labels(&value);
                places.extend(self.places_from(&labels));
            }
            let elements = at.filter(|_| guard.part.is_some()).map(|at| self.expression(at));
            match elements {
                Some(Expression::List(elements)) => judged.extend(elements.iter().copied()),
                _ => judged.extend(at),
            }
        }
        for at in judged {
            places.extend(self.place(at));
        }
        // A reading is noted first when its place is asked for.
        let time = self.state.now();
        for place in places {
            let says = Says::Harmless(harmless);
            let fact = Fact { place, truth: guard.holds == Holds::True, says, is_rule: true, time };
            if guard.holds == Holds::Returned {
                self.apply(&fact);
            } else {
                self.facts.entry(call.id).or_default().push(fact);
            }
        }
    }

    /// A value of a type that carries no text does harm only where numbers do.
    pub(super) fn without_text(&self, value: &mut Value, class: Shape) {
        if self.is_harmless_type(class) {
            value.labels = value.labels.without(!self.rules.numbers);
            value.text = None;
        }
    }

    pub(super) fn is_harmless_type(&self, class: Shape) -> bool {
        let Shape::Instance(path) = class else { return false };
        let text = self.paths.text(path);
        let is_number = [BuiltIn::Integer, BuiltIn::Float, BuiltIn::Boolean]
            .iter()
            .any(|which| self.language.built_in(*which) == &*text);
        is_number || self.rules.types.get(&*text).is_some_and(|model| model.harmless)
    }

    /// A value as another type: a number carries no text.
    pub(super) fn cast(&mut self, value: &mut Value, class: ExprId) {
        let class_value = self.eval(class);
        let mut declared = Value::default();
        if let Some(path) = Self::path_of(&class_value) {
            declared.shapes = Shapes::One(Shape::Instance(path));
        }
        if self.is_number_type(&declared) {
            value.labels = value.labels.without(!self.rules.numbers);
            value.text = None;
        } else if matches!(value.shapes, Shapes::Unknown) && !declared.shapes.all().is_empty() {
            value.shapes = declared.shapes;
        }
    }

    /// A record is made like by a call of its class with named arguments.
    pub(super) fn record_rules(
        &mut self,
        id: ExprId,
        class_at: ExprId,
        class: &Value,
        given: Vec<super::calls::Given>,
    ) {
        let target = self.mention_of_value(class, class_at);
        let entries = self.entries(Mention::Call, &target);
        if entries.is_empty() {
            return;
        }
        let mut call = self.mention_call(id, target);
        call.callee_at = Some(class_at);
        call.given = given;
        for entry in entries {
            match entry.role {
                Role::Sink(sink) => self.sink(sink, &call, entry),
                Role::Rule(rule) => self.rule(rule, &call, entry),
                _ => {}
            }
        }
    }

    /// Attributes of markup are written like attributes of the element.
    pub(super) fn element_rules(
        &mut self,
        id: ExprId,
        name_at: ExprId,
        element: &Value,
        attribute: Symbol,
        value: &Value,
    ) {
        let name = self.name(attribute);
        let mut target = self.member_target(element, Some(name_at), name);
        target.is_open = true;
        let entries = self.entries(Mention::Assign, &target);
        if entries.is_empty() {
            return;
        }
        self.assigned(id, &target, &entries, element, None, value);
    }

    /// An assignment that rules are about.
    pub(super) fn assigned(
        &mut self,
        at: ExprId,
        target: &Target,
        entries: &[&Entry],
        object: &Value,
        index: Option<&Value>,
        value: &Value,
    ) {
        let mut call = self.mention_call(at, target.clone());
        call.target.receiver = Some(object.clone());
        call.assigned = Some(value.clone());
        call.key = index.cloned();
        for entry in entries {
            match entry.role {
                Role::Sink(sink) => self.sink(sink, &call, entry),
                Role::Rule(rule) => self.rule(rule, &call, entry),
                _ => {}
            }
        }
    }

    /// The set of one weakness, or of all for which numbers do no harm.
    fn mask(&self, weakness: Option<usize>) -> u128 {
        weakness.map_or(!self.rules.numbers, |weakness| 1 << weakness)
    }
}
