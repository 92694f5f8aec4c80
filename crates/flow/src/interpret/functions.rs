//! Functions of the file: walked where they are called, and once as others may call them.

use std::rc::Rc;

use super::calls::{Call, Given};
use super::{CALLS_MAX, Came, Fact, Frame, FrameId, Interpreter, Made, Says, WALKS_MAX};
use crate::ir::Symbol;
use crate::ir::{ClassId, ExprId, Expression, Function, FunctionId, Parameter, ParameterKind};
use crate::model::Parameters;
use crate::pattern::SourceKind;
use crate::rules::{Entry, Mention, Role};
use crate::value::{Key, Kind, Label, Labels, Object, ObjectId, Shape, Value, Word};

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
            rebound: false,
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
        if self.state.join(&[outer, super::Delta::default()]) {
            self.is_stale = true;
        }
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
    }

    fn entered_parameter(
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
        let rebound = here.rebound;
        let parameters = (!rebound && value.is_some()).then(|| {
            function.parameters.iter().map(|p| self.parameter_value(frame, p.name)).collect()
        });
        Came { value, parameters, verdicts }
    }

    fn parameter_value(&self, frame: FrameId, name: Symbol) -> Value {
        let here = &self.frames[frame.0 as usize];
        let slot = self.scopes[here.function.0 as usize].slots.get(&name);
        slot.and_then(|slot| self.state.read(here.base + slot)).cloned().unwrap_or_default()
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
        let known = &self.known[id.0 as usize];
        if self.stack.len() > CALLS_MAX || recursion > 1 || known.walks >= WALKS_MAX {
            return Some(self.summary(id, receiver.as_ref(), call));
        }
        let mark = self.state.mark();
        let frame = self.new_frame(id, Some(parent));
        self.frames[frame.0 as usize].receiver.clone_from(&receiver);
        self.stack.push(frame);
        let values = self.bound(function, receiver, call);
        let came = match self.remembered(id, &values) {
            Some(came) => {
                self.stack.pop();
                self.state.undo(mark);
                came
            }
            None => {
                self.set_parameters(frame, function, values.clone());
                let came = Rc::new(self.body(frame, function, None));
                self.stack.pop();
                let delta = self.state.take(mark);
                self.state.join(&[delta]);
                self.remember(id, values.clone(), &came);
                came
            }
        };
        self.note_came(function, &came, call, &values);
        came.value.clone().map(|value| {
            let labels = value.labels.stepped(call.span, &Word::Returned);
            Value { labels, test: None, ..value }
        })
    }

    /// What is known of a function that is not walked once more.
    fn summary(&mut self, id: FunctionId, receiver: Option<&Value>, call: &Call) -> Value {
        let mut labels = receiver.map(|r| self.deep_labels(r)).unwrap_or_default();
        for given in &call.given {
            labels = labels.join(&self.deep_labels(&given.value));
        }
        let known = self.known[id.0 as usize].result.clone().unwrap_or_default();
        Value { labels: known.labels.join(&labels), ..known.widened() }
    }

    fn remembered(&mut self, id: FunctionId, values: &[Value]) -> Option<Rc<Came>> {
        let known = &self.known[id.0 as usize];
        let found = known.memory.iter().find(|(before, _)| {
            before.len() == values.len() && before.iter().zip(values).all(|(a, b)| a.same(b))
        });
        found.map(|(_, came)| Rc::clone(came))
    }

    fn remember(&mut self, id: FunctionId, values: Vec<Value>, came: &Rc<Came>) {
        let value = came.value.as_ref();
        let known = &mut self.known[id.0 as usize];
        if let Some(value) = value {
            known.result = Some(match &known.result {
                Some(before) => before.join(value),
                None => value.clone(),
            });
        }
        // What it does to objects, and what closures see, can differ from call to call.
        let plain = |value: &Value| {
            value.shapes.all().iter().all(|s| matches!(s, Shape::Path(_) | Shape::Instance(_)))
        };
        let is_plain = values.iter().all(plain) && value.is_none_or(plain);
        if is_plain && self.program.functions[id.0 as usize].parent == Some(FunctionId(0)) {
            known.memory.push((values, Rc::clone(came)));
        }
    }

    /// What the call shows of the arguments: a function that returns only for some of them, or
    /// whose result says what they are.
    fn note_came(&mut self, function: &Function, came: &Came, call: &Call, before: &[Value]) {
        let time = self.state.now();
        let mut facts = Vec::new();
        let mut position = 0;
        for (number, parameter) in function.parameters.iter().enumerate() {
            if parameter.kind != ParameterKind::Plain {
                continue;
            }
            let at = self.argument_at(call, position, parameter.name);
            position += 1;
            let Some(place) = at.and_then(|at| self.place(at)) else { continue };
            if before.get(number).is_none_or(Value::is_blank) {
                continue;
            }
            if let Some(after) = came.parameters.as_ref().and_then(|after| after.get(number)) {
                self.narrow(&place, &before[number], after);
            }
            for (truth, verdict) in [(false, &came.verdicts[0]), (true, &came.verdicts[1])] {
                if let Some(value) = verdict.as_ref().and_then(|values| values.get(number)) {
                    let harmless = self.gained(&before[number], value);
                    if harmless != 0 {
                        let says = Says::Harmless(harmless);
                        facts.push(Fact {
                            place: place.clone(),
                            truth,
                            says,
                            is_rule: false,
                            time,
                        });
                    }
                }
            }
        }
        if !facts.is_empty() {
            self.facts.entry(call.id).or_default().extend(facts);
        }
    }

    fn narrow(&mut self, place: &super::Place, before: &Value, after: &Value) {
        let harmless = self.gained(before, after);
        if harmless != 0 {
            let says = Says::Harmless(harmless);
            let time = self.state.now();
            self.apply(&Fact { place: place.clone(), truth: true, says, is_rule: false, time });
        }
    }

    /// The weaknesses for which all of a value became harmless.
    fn gained(&self, before: &Value, after: &Value) -> u128 {
        if before.labels.is_empty() {
            return 0;
        }
        let all = |value: &Value| {
            value.labels.all().iter().fold(u128::MAX, |all, label| all & label.harmless)
        };
        all(after) & !all(before)
    }

    fn argument_at(&self, call: &Call, position: usize, name: Symbol) -> Option<ExprId> {
        let by_name = call.given.iter().find(|given| given.name == Some(name));
        let by_position = || {
            let mut plain = call.given.iter().filter(|given| given.name.is_none());
            plain.clone().take(position + 1).all(|g| !g.is_spread).then(|| plain.nth(position))?
        };
        by_name.or_else(by_position).map(|given| given.at)
    }

    /// What the parameters are where the result is true, and where it is false.
    pub(super) fn verdicts(&mut self, value: ExprId, result: &Value) {
        let frame = self.frame_id();
        let program = self.program;
        let id = self.frames[frame.0 as usize].function;
        let function = &program.functions[id.0 as usize];
        if function.parameters.is_empty() || self.stack.len() < 2 || !self.may_be_test(value) {
            return;
        }
        for (side, truth) in [(0, false), (1, true)] {
            if result.truth().is_some_and(|known| known != truth) {
                continue;
            }
            let mark = self.state.mark();
            self.assume(value, truth);
            let values: Vec<Value> =
                function.parameters.iter().map(|p| self.parameter_value(frame, p.name)).collect();
            self.state.undo(mark);
            if std::mem::take(&mut self.dead) {
                continue;
            }
            let verdict = &mut self.frames[frame.0 as usize].verdicts[side];
            *verdict = Some(match verdict.take() {
                Some(before) => {
                    before.iter().zip(&values).map(|(before, now)| before.join(now)).collect()
                }
                None => values,
            });
        }
    }

    fn may_be_test(&self, value: ExprId) -> bool {
        matches!(
            self.expression(value),
            Expression::Compare { .. }
                | Expression::Logical { .. }
                | Expression::Unary { .. }
                | Expression::Call { .. }
                | Expression::Boolean(_)
                | Expression::Name(_)
                | Expression::Nothing
        )
    }

    /// The values of all parameters of a call.
    fn bound(&mut self, function: &Function, receiver: Option<Value>, call: &Call) -> Vec<Value> {
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

    fn at_position(&mut self, call: &Call, position: usize) -> Option<Value> {
        let selectors =
            crate::pattern::Selectors(vec![crate::pattern::Selector::Position(position)]);
        let found = self.selected(&selectors, None, call);
        found.into_iter().next().map(|(value, _)| value)
    }

    fn spread_named(&mut self, call: &Call, name: Symbol) -> Option<Value> {
        let text = self.name(name).to_owned();
        let selectors = crate::pattern::Selectors(vec![crate::pattern::Selector::Named(text)]);
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

    /// Makes an object of a class of the file.
    fn construct(&mut self, class: ClassId, call: &Call) -> Value {
        let object = self.state.make(Object::new(Kind::Instance(class)));
        let value = Value::shape(Shape::Object(object));
        if let Some((constructor, frame)) = self.constructor(class) {
            self.call_function(constructor, frame, Some(value.clone()), call);
        } else {
            self.fill_fields(class, object, call);
        }
        value
    }

    /// Classes without a constructor take their arguments as fields (data classes).
    fn fill_fields(&mut self, class: ClassId, object: ObjectId, call: &Call) {
        for given in &call.given {
            if let Some(name) = given.name {
                let key = Key::Text(self.name(name).into());
                let value = given.value.clone();
                self.state.change(object, |object| object.set(Some(&key), &value, true));
                self.remember_field(class, name, &given.value);
            }
        }
        let names = self.declared_fields(class);
        let plain = call.given.iter().filter(|given| given.name.is_none() && !given.is_spread);
        let pairs: Vec<_> = names.into_iter().zip(plain.map(|g| g.value.clone())).collect();
        for (name, value) in pairs {
            let key = Key::Text(self.name(name).into());
            self.state.change(object, |object| object.set(Some(&key), &value, true));
            self.remember_field(class, name, &value);
        }
    }

    /// Functions that a model says are called with values; what the call gives back of theirs.
    pub(super) fn call_back(&mut self, call: &Call, entries: &[&'a Entry]) -> Option<Value> {
        let rules = self.rules;
        let mut result: Option<Value> = None;
        for entry in entries {
            let Role::Callback(number) = entry.role else { continue };
            let model = &rules.callbacks[number];
            let everything = crate::pattern::Selectors(vec![crate::pattern::Selector::All]);
            let functions = model.argument.as_ref().unwrap_or(&everything);
            for (function, _) in self.selected(functions, None, call) {
                let given: Vec<Value> =
                    model.receives.iter().map(|from| self.received(from, call)).collect();
                if let Some(value) = self.call_value(&function, &given, call) {
                    if model.returns {
                        result = Some(result.map_or(value.clone(), |before| before.join(&value)));
                    }
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

fn function_slot(frame: FrameId, walk: &Interpreter<'_>) -> usize {
    walk.frames[frame.0 as usize].function.0 as usize
}
