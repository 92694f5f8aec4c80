//! The situations that a function is called in. The first few are walked as they are; then those
//! that differ in numbers and texts only are walked as one; and in the end all of them are.

use std::rc::Rc;

use super::calls::Call;
use super::{Came, FrameId, Interpreter};
use crate::ir::FunctionId;
use crate::language::BuiltIn;
use crate::pattern::SourceKind;
use crate::value::{Kind, Label, Labels, Object, Shape, Shapes, Value};

/// So many situations are walked exactly as they are.
const EXACT_MAX: usize = 2;

/// So many are told apart by where data comes from and what things are.
const COARSE_MAX: usize = 6;

/// All together are walked again at most so often, as they grow.
const TOGETHER_MAX: u32 = 8;

/// What is known of the situations of a function.
#[derive(Debug, Default)]
pub(super) struct Situations {
    exact: Vec<(Vec<Value>, Rc<Came>)>,
    exact_walks: usize,
    coarse: Vec<(Vec<Value>, Rc<Came>)>,
    together: Option<(Vec<Value>, Option<Rc<Came>>)>,
    together_walks: u32,
    /// All that was returned.
    result: Option<Value>,
}

/// What is to be done with a call.
pub(super) enum Situation {
    /// It was walked before.
    Known(Rc<Came>),
    /// It is walked with these values, and remembered under this key.
    New(Vec<Value>, Key),
}

/// What a situation is remembered as.
pub(super) enum Key {
    Exact(Vec<Value>),
    Coarse(Vec<Value>),
    Together,
}

impl Interpreter<'_> {
    pub(super) fn situation(
        &mut self,
        id: FunctionId,
        values: Vec<Value>,
        is_recursive: bool,
    ) -> Situation {
        let here = &self.known[id.0 as usize].situations;
        if let Some(came) = found(&here.exact, &values) {
            return Situation::Known(came);
        }
        if !is_recursive && here.exact_walks < EXACT_MAX {
            return Situation::New(values.clone(), Key::Exact(values));
        }
        let coarse: Vec<Value> = values.iter().map(|value| self.coarse(value)).collect();
        let here = &self.known[id.0 as usize].situations;
        if let Some(came) = found(&here.coarse, &coarse) {
            return Situation::Known(came);
        }
        let values: Vec<Value> = values.iter().map(Value::widened).collect();
        if here.coarse.len() < COARSE_MAX {
            return Situation::New(values, Key::Coarse(coarse));
        }
        self.together(id, values)
    }

    fn together(&mut self, id: FunctionId, values: Vec<Value>) -> Situation {
        let here = &mut self.known[id.0 as usize].situations;
        let Some((before, came)) = here.together.take() else {
            here.together = Some((values.clone(), None));
            return Situation::New(values, Key::Together);
        };
        let joined: Vec<Value> = before.iter().zip(&values).map(|(a, b)| a.join(b)).collect();
        let has_grown = joined.iter().zip(&before).any(|(a, b)| !a.labels.same(&b.labels));
        here.together = Some((joined.clone(), came.clone()));
        match came {
            Some(came) if !has_grown || here.together_walks >= TOGETHER_MAX => {
                Situation::Known(came)
            }
            _ => {
                here.together_walks += 1;
                Situation::New(joined, Key::Together)
            }
        }
    }

    pub(super) fn remember(&mut self, id: FunctionId, key: Key, came: &Rc<Came>) {
        let is_outer = self.program.functions[id.0 as usize].parent == Some(FunctionId(0));
        let here = &mut self.known[id.0 as usize].situations;
        if let Some(value) = &came.value {
            here.result = Some(match &here.result {
                Some(before) => before.join(value),
                None => value.clone(),
            });
        }
        match key {
            Key::Exact(values) => {
                here.exact_walks += 1;
                // What it does to objects, and what closures see, can differ from call to call.
                if is_outer && values.iter().chain(&came.value).all(is_plain) {
                    here.exact.push((values, Rc::clone(came)));
                }
            }
            Key::Coarse(values) => here.coarse.push((values, Rc::clone(came))),
            Key::Together => {
                if let Some((_, known)) = &mut here.together {
                    *known = Some(Rc::clone(came));
                }
            }
        }
    }

    /// A value without its numbers and texts: where it comes from, and what it is. Parameters of
    /// callers are all alike: each is a hint, and told of once.
    fn coarse(&mut self, value: &Value) -> Value {
        let labels = self.deep_labels(value).with_parameters_alike();
        let mut shapes = Vec::new();
        for shape in value.shapes.all() {
            shapes.push(match *shape {
                Shape::Object(id) => match self.state.object(id).kind {
                    Kind::Instance(class) => Shape::Class(class, FrameId(0)),
                    Kind::List | Kind::Set => Shape::Instance(self.built_in(BuiltIn::List)),
                    Kind::Dictionary | Kind::Other => {
                        Shape::Instance(self.built_in(BuiltIn::Dictionary))
                    }
                },
                Shape::Function(function, ..) => Shape::Function(function, FrameId(0), None),
                shape => shape,
            });
        }
        Value { labels, shapes: Shapes::of(shapes), ..Value::default() }
    }

    /// What is known of a function that is not walked once more.
    pub(super) fn summary(
        &mut self,
        id: FunctionId,
        receiver: Option<&Value>,
        call: &Call,
    ) -> Value {
        let mut labels = receiver.map(|r| self.deep_labels(r)).unwrap_or_default();
        for given in &call.given {
            labels = labels.join(&self.deep_labels(&given.value));
        }
        let known = self.known[id.0 as usize].situations.result.clone().unwrap_or_default();
        Value { labels: known.labels.join(&labels), ..known.widened() }
    }

    /// What was returned in a situation like this one, where only the parameters of callers differ.
    pub(super) fn of_parameters(&self, value: Value, values: &[Value]) -> Value {
        let is_parameter = |label: &Label| label.kind == SourceKind::Parameter;
        if !value.labels.all().iter().any(is_parameter) {
            return value;
        }
        let mut labels = value.labels.retain(|label| !is_parameter(label));
        for given in values {
            labels = labels.join(&self.deep_labels(given).retain(is_parameter));
        }
        Value { labels, text: None, ..value }
    }

    /// What the objects among the parameters were given during a walk.
    pub(super) fn gained_labels(&self, values: &[Value], before: &[Labels]) -> Vec<Labels> {
        let pairs = values.iter().zip(before);
        let gained = pairs.map(|(value, before)| {
            let after = self.deep_labels(value);
            if after.same(before) { Labels::default() } else { after }
        });
        gained.collect()
    }

    /// A call like one that was walked does the same to lists and dictionaries.
    pub(super) fn gain(&mut self, values: &[Value], came: &Came) {
        for (value, labels) in values.iter().zip(&came.gained) {
            if labels.is_empty() {
                continue;
            }
            for shape in value.shapes.all() {
                let Shape::Object(id) = shape else { continue };
                if matches!(self.state.object(*id).kind, Kind::Instance(_)) {
                    continue;
                }
                let more = Value::labelled(labels.clone());
                self.state.change(*id, |object: &mut Object| object.add_to_rest(&more));
            }
        }
    }
}

fn found(known: &[(Vec<Value>, Rc<Came>)], values: &[Value]) -> Option<Rc<Came>> {
    let same = |before: &[Value]| {
        before.len() == values.len() && before.iter().zip(values).all(|(a, b)| a.same(b))
    };
    known.iter().find(|(before, _)| same(before)).map(|(_, came)| Rc::clone(came))
}

fn is_plain(value: &Value) -> bool {
    value.shapes.all().iter().all(|s| matches!(s, Shape::Path(_) | Shape::Instance(_)))
}
