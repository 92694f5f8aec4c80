//! Functions of the file: walked where they are called, and once as others may call them.

use std::rc::Rc;

use super::calls::Call;
use super::situations::Situation;
use super::{CALLS_MAX, Came, Frame, FrameId, Interpreter, Made};
use crate::ir::Symbol;
use crate::ir::{Function, FunctionId, ParameterKind};
use crate::value::{Kind, Labels, Object, Shape, Value, Word};

/// Rounds over all functions, where what one writes is read by another.
const ROUNDS_MAX: usize = 2;

impl<'a> Interpreter<'a> {
    /// The file, then every function that it makes.
    pub(super) fn everything(&mut self) {
        let file = FunctionId(0);
        let frame = self.new_frame(file, None);
        self.stack.push(frame);
        let program = self.program;
        self.block(&program.functions[0].body);
        self.dead = false;
        for round in 0..ROUNDS_MAX {
            self.is_stale = false;
            self.enter_made(frame, round);
            if !self.is_stale || self.steps == 0 {
                break;
            }
        }
    }

    pub(super) fn new_frame(&mut self, function: FunctionId, parent: Option<FrameId>) -> FrameId {
        let cells = self.scopes[function.0 as usize].slots.len();
        self.steps_of(cells);
        let base = self.state.allocate(cells);
        let id = FrameId(u32::try_from(self.frames.len()).unwrap_or(u32::MAX));
        self.frames.push(Frame {
            function,
            base,
            parent,
            receiver: None,
            result: None,
            yields: None,
            returns: Vec::new(),
            mark: None,
            loops: Vec::new(),
            tries: Vec::new(),
            made: Vec::new(),
            bound_at: 0,
            verdicts: [None, None],
            response: None,
        });
        id
    }

    /// Walks the functions that were made in a frame, as others call them.
    fn enter_made(&mut self, frame: FrameId, round: usize) {
        let mut made = self.frames[frame.0 as usize].made.clone();
        // What a framework or anyone calls comes first; what only the file calls is then known.
        made.sort_by_key(|made| !self.is_entered_by_others(made));
        for one in made {
            if self.steps == 0 {
                return;
            }
            let known = &self.known[one.function.0 as usize];
            let is_called = known.walks > 0;
            if !self.is_entered_by_others(&one) && is_called && round == 0 {
                continue;
            }
            if known.is_entered && round == 0 && one.entries.is_empty() {
                continue;
            }
            self.known[one.function.0 as usize].is_entered = true;
            self.enter(&one);
        }
    }

    fn is_entered_by_others(&self, made: &Made) -> bool {
        !made.entries.is_empty() || self.program.functions[made.function.0 as usize].is_public
    }

    /// Walks a function as others call it, on a way of its own.
    fn enter(&mut self, made: &Made) {
        if self.stack.len() > CALLS_MAX {
            self.cut.get_or_insert("functions nest too deeply");
            return;
        }
        let program = self.program;
        let function = &program.functions[made.function.0 as usize];
        let mark = self.state.mark();
        let sizes = self.state.sizes();
        let frame = self.new_frame(made.function, Some(made.frame));
        self.frames[frame.0 as usize].receiver.clone_from(&made.receiver);
        let entry = made.entries.first().copied();
        let rules = self.rules;
        if let Some(entry) = entry {
            self.frames[frame.0 as usize].response =
                rules.entries[entry].response.as_deref().map(Rc::from);
        }
        self.stack.push(frame);
        let mut position = 0;
        let mut values = Vec::new();
        for parameter in &function.parameters {
            let value = self.entered_parameter(function, parameter, entry, position, made);
            if parameter.kind != ParameterKind::Receiver {
                position += 1;
            }
            values.push(value);
        }
        self.set_parameters(frame, function, values);
        self.body(frame, function, Some(made));
        self.stack.pop();
        let (outer, inner) = self.state.take(mark).split(sizes);
        self.dead = false;
        // Others may have called it before, or not.
        self.is_stale |= outer.has_news(&self.state);
        self.state.join(&[outer, super::Delta::default()]);
        // Functions made in it see their variables still.
        self.state.join(&[inner]);
    }

    fn set_parameters(&mut self, frame: FrameId, function: &Function, values: Vec<Value>) {
        for (parameter, value) in function.parameters.iter().zip(values) {
            if let Some(slot) = self.scopes[function_slot(frame, self)].slots.get(&parameter.name) {
                let cell = self.frames[frame.0 as usize].base + slot;
                self.state.write(cell, Some(value));
            }
        }
        self.frames[frame.0 as usize].bound_at = self.state.now();
    }

    /// Walks the body of a function whose frame is set up; what it came to.
    fn body(&mut self, frame: FrameId, function: &Function, made: Option<&Made>) -> Came {
        let known = &mut self.known[self.frames[frame.0 as usize].function.0 as usize];
        known.walks += 1;
        let class_body = self.class_body.take();
        let collecting = std::mem::take(&mut self.collecting);
        let context = std::mem::take(&mut self.context);
        self.context.extend(function.name);
        let mark = self.state.mark();
        self.frames[frame.0 as usize].mark = Some(mark);
        self.block(&function.body);
        if !self.dead {
            self.leave(Value::nothing());
        }
        self.dead = false;
        let returns = std::mem::take(&mut self.frame().returns);
        self.state.undo(mark);
        let value = if returns.is_empty() {
            None
        } else {
            self.state.join(&returns);
            self.frame().result.take()
        };
        let value = match self.frame().yields.take() {
            Some(yields) => Some(self.generator(&yields)),
            None if function.is_generator => Some(Value::default()),
            None => value,
        };
        let came = self.came(frame, function, value);
        let nested = self.frames[frame.0 as usize]
            .made
            .iter()
            .any(|made| !self.known[made.function.0 as usize].is_entered);
        if nested && (made.is_some() || self.stack.len() <= CALLS_MAX) && self.steps > 0 {
            self.enter_made(frame, 0);
        }
        self.context = context;
        self.collecting = collecting;
        self.class_body = class_body;
        came
    }

    fn came(&mut self, frame: FrameId, function: &Function, value: Option<Value>) -> Came {
        let here = &mut self.frames[frame.0 as usize];
        let verdicts = std::mem::take(&mut here.verdicts);
        let parameters =
            function.parameters.iter().map(|p| self.parameter_value(frame, p.name)).collect();
        Came { value, parameters, verdicts, gained: Vec::new() }
    }

    /// What a parameter is; `None` where its name was bound to something else.
    pub(super) fn parameter_value(&self, frame: FrameId, name: Symbol) -> Option<Value> {
        let here = &self.frames[frame.0 as usize];
        let slot = self.scopes[here.function.0 as usize].slots.get(&name)?;
        let cell = here.base + slot;
        let is_own = self.state.written(cell) <= here.bound_at;
        self.state.read(cell).filter(|_| is_own).cloned()
    }

    fn generator(&mut self, yields: &Value) -> Value {
        let mut list = Object::new(Kind::List);
        list.add_to_rest(yields);
        Value::shape(Shape::Object(self.state.make(list)))
    }

    /// What an awaited value is: itself.
    pub(super) fn awaited(&mut self, value: Value) -> Value {
        value
    }

    pub(super) fn closure(&mut self, function: FunctionId) -> Value {
        let frame = self.frame_id();
        let made = Made { function, frame, receiver: None, entries: Vec::new() };
        self.frame().made.push(made);
        Value::shape(Shape::Function(function, frame, None))
    }

    /// A call of functions and classes of the file; `None` where it calls none.
    pub(super) fn call_own(&mut self, call: &Call) -> Option<Value> {
        let mut result: Option<Value> = None;
        let mut is_own = false;
        let mut returned = false;
        for shape in call.callee.shapes.all().to_vec() {
            let came = match shape {
                Shape::Function(function, frame, receiver) => {
                    let receiver = receiver.map(|object| Value::shape(Shape::Object(object)));
                    self.call_function(function, frame, receiver, call)
                }
                Shape::Class(class, _) => Some(self.construct(class, call)),
                Shape::Object(object) => {
                    let Some((method, frame)) = self.method_to_call(object) else { continue };
                    self.call_function(method, frame, Some(Value::shape(shape)), call)
                }
                _ => continue,
            };
            is_own = true;
            if let Some(value) = came {
                returned = true;
                result = Some(result.map_or(value.clone(), |before| before.join(&value)));
            }
        }
        if !is_own {
            return None;
        }
        if !returned {
            self.dead = true;
        }
        Some(result.unwrap_or_default())
    }

    /// Walks a function with the values it is given; `None` where it never returns.
    pub(super) fn call_function(
        &mut self,
        id: FunctionId,
        parent: FrameId,
        receiver: Option<Value>,
        call: &Call,
    ) -> Option<Value> {
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        let recursion =
            self.stack.iter().filter(|f| self.frames[f.0 as usize].function == id).count();
        if self.stack.len() > CALLS_MAX || recursion > 1 {
            return Some(self.summary(id, receiver.as_ref(), call));
        }
        let mark = self.state.mark();
        let sizes = self.state.sizes();
        let frame = self.new_frame(id, Some(parent));
        self.frames[frame.0 as usize].receiver.clone_from(&receiver);
        self.stack.push(frame);
        let values = self.bound(function, receiver, call);
        let mut is_known = false;
        let came = match self.situation(id, values.clone(), recursion > 0) {
            Situation::Known(came) => {
                is_known = true;
                self.stack.pop();
                // What the parameters that take many are made of is not needed.
                let (outer, _) = self.state.take(mark).split(sizes);
                self.state.join(&[outer]);
                self.gain(&values, &came);
                came
            }
            Situation::New(walked, key) => {
                self.set_parameters(frame, function, walked.clone());
                let before: Vec<Labels> = walked.iter().map(|v| self.deep_labels(v)).collect();
                let mut came = self.body(frame, function, None);
                came.gained = self.gained_labels(&walked, &before);
                let came = Rc::new(came);
                self.stack.pop();
                let delta = self.state.take(mark);
                self.state.join(&[delta]);
                self.remember(id, key, &came);
                came
            }
        };
        self.note_came(function, &came, call, &values);
        came.value.clone().map(|value| {
            let value = if is_known { self.of_parameters(value, &values) } else { value };
            let labels = value.labels.stepped(call.span, &Word::Returned);
            Value { labels, test: None, ..value }
        })
    }
}

fn function_slot(frame: FrameId, walk: &Interpreter<'_>) -> usize {
    walk.frames[frame.0 as usize].function.0 as usize
}
