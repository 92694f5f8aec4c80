//! What parameters are: of calls in the file, and of calls from outside.

use std::rc::Rc;

use super::calls::{Call, Given};
use super::{Interpreter, Made};
use crate::ir::{Expression, Function, Parameter, ParameterKind, Symbol};
use crate::model::Parameters;
use crate::pattern::{Selector, Selectors, SourceKind};
use crate::rules::{Mention, Role};
use crate::value::{Key, Kind, Label, Labels, Object, Shape, Value, Word};

impl Interpreter<'_> {
    pub(super) fn entered_parameter(
        &mut self,
        function: &Function,
        parameter: &Parameter,
        entry: Option<usize>,
        position: usize,
        made: &Made,
    ) -> Value {
        if parameter.kind == ParameterKind::Receiver {
            return made.receiver.clone().unwrap_or_default();
        }
        let mut value = Value::default();
        for decorator in &parameter.decorators {
            let said = self.eval(*decorator);
            value.labels = value.labels.join(&said.labels);
        }
        if let Some(annotation) = parameter.annotation {
            self.annotate(&mut value, annotation);
        }
        let is_harmless = value.shapes.all().iter().any(|shape| self.is_harmless_type(*shape))
            || self.is_number_type(&value);
        let word = entry.map(|entry| match &self.rules.entries[entry].parameters {
            Parameters::None => None,
            Parameters::All(word) => Some(word.as_str()),
            Parameters::Each(words) => words.get(position).map(String::as_str),
        });
        match word.flatten() {
            Some(word) => match SourceKind::parse(word) {
                Some(_) if self.is_library_type(&value) => {}
                Some(kind) => self.label_parameter(&mut value, kind, parameter),
                None if value.shapes.all().is_empty() => {
                    let class = self.paths.intern(word);
                    value = Value { labels: value.labels, ..Value::shape(Shape::Instance(class)) };
                }
                None => {}
            },
            None if entry.is_none() && function.is_public => {
                self.label_parameter(&mut value, SourceKind::Parameter, parameter);
            }
            None => {}
        }
        self.source_parameter(&mut value, parameter);
        if is_harmless {
            value.labels = value.labels.without(!self.rules.numbers);
        }
        self.contained(parameter.kind, value)
    }

    fn label_parameter(&mut self, value: &mut Value, kind: SourceKind, parameter: &Parameter) {
        let name = self.name(parameter.name);
        let label = Label {
            kind,
            span: parameter.span,
            name: (kind == SourceKind::Parameter).then(|| format!("the parameter `{name}`").into()),
            harmless: 0,
            trail: None,
        };
        value.labels = value.labels.join(&Labels::one(label));
    }

    /// Whether a value is of a type that a model describes: a framework makes it, no client.
    fn is_library_type(&self, value: &Value) -> bool {
        value.shapes.all().iter().any(|shape| match shape {
            Shape::Instance(path) => {
                let text = self.paths.text(*path);
                !self.language.is_built_in(&text)
                    && self.rules.types.get(&*text).is_some_and(|model| !model.harmless)
            }
            _ => false,
        })
    }

    /// Parameters that are sources by their name, type or annotation.
    fn source_parameter(&mut self, value: &mut Value, parameter: &Parameter) {
        let rules = self.rules;
        let name = self.name(parameter.name);
        for (number, source) in rules.sources.iter().enumerate() {
            if source.parameter.as_ref().is_some_and(|matcher| matcher.is_match(name)) {
                let label = self.source_label(number, parameter.span);
                value.labels = value.labels.join(&Labels::one(label));
            }
        }
        let mut targets = Vec::new();
        for shape in value.shapes.all() {
            if let Shape::Instance(path) = shape {
                targets.push((Mention::Type, self.target_of_path(*path)));
            }
        }
        for decorator in &parameter.decorators {
            let callee = match self.expression(*decorator) {
                Expression::Call { callee, .. } => *callee,
                _ => *decorator,
            };
            targets.push((Mention::Decorator, self.mention_of(callee, *decorator)));
        }
        for (mention, target) in targets {
            for entry in self.entries(mention, &target) {
                if let Role::Source(source) = entry.role {
                    let label = self.source_label(source, parameter.span);
                    value.labels = value.labels.join(&Labels::one(label));
                }
            }
        }
    }

    /// Parameters that take many are lists or dictionaries of what they take.
    fn contained(&mut self, kind: ParameterKind, value: Value) -> Value {
        let kind = match kind {
            ParameterKind::Rest => Kind::List,
            ParameterKind::RestNamed => Kind::Dictionary,
            _ => return value,
        };
        let mut object = Object::new(kind);
        object.add_to_rest(&value);
        Value::shape(Shape::Object(self.state.make(object)))
    }

    /// Whether a value is of a type that carries no text.
    pub(super) fn is_number_type(&self, value: &Value) -> bool {
        value.shapes.all().iter().any(|shape| match shape {
            Shape::Instance(path) => matches!(
                &*self.paths.text(*path),
                "int"
                    | "float"
                    | "bool"
                    | "number"
                    | "boolean"
                    | "Number"
                    | "Boolean"
                    | "long"
                    | "double"
                    | "short"
                    | "java.lang.Integer"
                    | "java.lang.Long"
                    | "int64"
                    | "uint"
                    | "int32"
                    | "uint64"
                    | "uint32"
                    | "float64"
                    | "u8"
                    | "u16"
                    | "u32"
                    | "u64"
                    | "usize"
                    | "i8"
                    | "i16"
                    | "i32"
                    | "i64"
                    | "isize"
                    | "f32"
                    | "f64"
                    | "size_t"
                    | "uuid.UUID"
                    | "datetime.date"
                    | "datetime.datetime"
                    | "decimal.Decimal"
            ),
            _ => false,
        })
    }

    /// The values of all parameters of a call.
    pub(super) fn bound(
        &mut self,
        function: &Function,
        receiver: Option<Value>,
        call: &Call,
    ) -> Vec<Value> {
        let name: Rc<str> = function.name.map_or("a function", |name| self.name(name)).into();
        let mut receiver = receiver;
        let mut position = 0;
        let mut values = Vec::with_capacity(function.parameters.len());
        for parameter in &function.parameters {
            let value = match parameter.kind {
                ParameterKind::Receiver => match receiver.take() {
                    Some(receiver) => receiver,
                    // `Class.method(object, …)`
                    None => {
                        position += 1;
                        self.given_at(call, position - 1, parameter, &name).unwrap_or_default()
                    }
                },
                ParameterKind::Plain => {
                    position += 1;
                    let given = self.given_at(call, position - 1, parameter, &name);
                    given.unwrap_or_else(|| self.default_of(parameter))
                }
                ParameterKind::Named => {
                    let given = self.given_at(call, usize::MAX, parameter, &name);
                    given.unwrap_or_else(|| self.default_of(parameter))
                }
                ParameterKind::Rest => self.rest_of(call, position, &name),
                ParameterKind::RestNamed => self.named_rest_of(call, function, &name),
            };
            values.push(value);
        }
        values
    }

    fn default_of(&mut self, parameter: &Parameter) -> Value {
        let mut value = parameter.default.map(|default| self.eval(default)).unwrap_or_default();
        if let Some(annotation) = parameter.annotation {
            self.annotate(&mut value, annotation);
        }
        value
    }

    fn given_at(
        &mut self,
        call: &Call,
        position: usize,
        parameter: &Parameter,
        function: &Rc<str>,
    ) -> Option<Value> {
        let named = call.given.iter().find(|given| given.name == Some(parameter.name));
        let mut value = match named {
            Some(given) => given.value.clone(),
            None if position == usize::MAX => self.spread_named(call, parameter.name)?,
            None => match self.at_position(call, position) {
                Some(value) => value,
                None => self.spread_named(call, parameter.name)?,
            },
        };
        value.labels = value.labels.stepped(call.span, &Word::PassedTo(Rc::clone(function)));
        value.test = None;
        value.is_bound = true;
        if let Some(annotation) = parameter.annotation {
            self.annotate(&mut value, annotation);
        }
        Some(value)
    }

    pub(super) fn at_position(&mut self, call: &Call, position: usize) -> Option<Value> {
        let selectors = Selectors(vec![Selector::Position(position)]);
        let found = self.selected(&selectors, None, call);
        found.into_iter().next().map(|(value, _)| value)
    }

    fn spread_named(&mut self, call: &Call, name: Symbol) -> Option<Value> {
        let text = self.name(name).to_owned();
        let selectors = Selectors(vec![Selector::Named(text)]);
        let found = self.selected(&selectors, None, call);
        found.into_iter().next().map(|(value, _)| value)
    }

    fn rest_of(&mut self, call: &Call, from: usize, function: &Rc<str>) -> Value {
        let mut list = Object::new(Kind::List);
        let plain: Vec<Given> =
            call.given.iter().filter(|given| given.name.is_none()).cloned().collect();
        for given in plain.iter().skip(from) {
            let labels =
                given.value.labels.stepped(call.span, &Word::PassedTo(Rc::clone(function)));
            let value = Value { labels, ..given.value.clone() };
            if given.is_spread {
                self.extend_list(&mut list, &value);
            } else {
                list.push(value);
            }
        }
        Value::shape(Shape::Object(self.state.make(list)))
    }

    fn named_rest_of(&mut self, call: &Call, function: &Function, name: &Rc<str>) -> Value {
        let mut rest = Object::new(Kind::Dictionary);
        for given in &call.given {
            let labels = given.value.labels.stepped(call.span, &Word::PassedTo(Rc::clone(name)));
            let value = Value { labels, ..given.value.clone() };
            match given.name {
                Some(given) if function.parameters.iter().any(|p| p.name == given) => {}
                Some(given) => {
                    let key = Key::Text(self.name(given).into());
                    rest.set(Some(&key), &value, true);
                }
                None if given.is_spread => self.spread_into(&mut rest, &value),
                None => {}
            }
        }
        Value::shape(Shape::Object(self.state.make(rest)))
    }
}
