//! Functions that are given to calls, and called by them.

use super::Interpreter;
use super::calls::{Call, Given};
use crate::pattern::{Selector, Selectors, SourceKind};
use crate::rules::{Entry, Role};
use crate::value::{Label, Labels, Shape, Value};

impl<'a> Interpreter<'a> {
    /// Functions that a model says are called with values; what the call gives back of theirs.
    pub(super) fn call_back(&mut self, call: &Call, entries: &[&'a Entry]) -> Option<Value> {
        let rules = self.rules;
        let mut result: Option<Value> = None;
        for entry in entries {
            let Role::Callback(number) = entry.role else { continue };
            let model = &rules.callbacks[number];
            let everything = Selectors(vec![Selector::All]);
            let functions = model.argument.as_ref().unwrap_or(&everything);
            for (function, _) in self.selected(functions, None, call) {
                let given: Vec<Value> =
                    model.receives.iter().map(|from| self.received(from, call)).collect();
                if let Some(value) = self.call_value(&function, &given, call)
                    && model.returns
                {
                    result = Some(result.map_or(value.clone(), |before| before.join(&value)));
                }
                self.dead = false;
            }
        }
        result
    }

    fn received(&mut self, from: &[String], call: &Call) -> Value {
        let mut value: Option<Value> = None;
        for word in from {
            let here = self.received_one(word, call);
            value = Some(value.map_or(here.clone(), |before| before.join(&here)));
        }
        value.unwrap_or_default()
    }

    fn received_one(&mut self, word: &str, call: &Call) -> Value {
        let (name, of_elements) = match word.strip_suffix(".elements") {
            Some(name) => (name, true),
            None => (word, false),
        };
        let base = match name {
            "receiver" => call.target.receiver.clone(),
            _ => match (name.parse::<usize>(), SourceKind::parse(name)) {
                (Ok(position), _) => self.at_position(call, position),
                (_, Some(kind)) => Some(Value::labelled(Labels::one(Label {
                    kind,
                    span: call.span,
                    name: None,
                    harmless: 0,
                    trail: None,
                }))),
                _ => Some(Value::shape(Shape::Instance(self.paths.intern(name)))),
            },
        };
        let base = base.unwrap_or_default();
        if of_elements { self.element_of(&base, false).unwrap_or_default() } else { base }
    }

    /// Calls what a value is with plain values.
    pub(super) fn call_value(
        &mut self,
        function: &Value,
        given: &[Value],
        call: &Call,
    ) -> Option<Value> {
        let given = given.iter().map(|value| Given {
            name: None,
            value: value.clone(),
            at: call.id,
            is_spread: false,
        });
        let target = self.mention_of_value(function, call.id);
        let inner = Call {
            id: call.id,
            span: call.span,
            target,
            callee: function.clone(),
            callee_at: None,
            given: given.collect(),
            is_new: false,
            assigned: None,
            key: None,
        };
        let is_own = function
            .shapes
            .all()
            .iter()
            .any(|shape| matches!(shape, Shape::Function(..) | Shape::Class(..)));
        if is_own {
            return self.call_own(&inner);
        }
        Self::path_of(function)?;
        Some(self.call(&inner))
    }

    /// Functions given to something unknown may be called with all that it has.
    pub(super) fn call_strangers(&mut self, call: &Call, labels: &Labels) {
        if labels.is_empty() {
            return;
        }
        let program = self.program;
        for given in call.given.clone() {
            for shape in given.value.shapes.all() {
                let Shape::Function(function, ..) = shape else { continue };
                let count = program.functions[function.0 as usize].parameters.len();
                let values = vec![Value::labelled(labels.clone()); count];
                self.call_value(&given.value, &values, call);
                self.dead = false;
            }
        }
    }
}
