//! Calls: what is called, with what, and what comes of it.

use std::rc::Rc;

use super::members::Target;
use super::{Interpreter, PathId};
use crate::ir::{
    Argument, BinaryOperator, CompareOperator, ExprId, Expression, Span, Symbol, UnaryOperator,
};
use crate::language::Language;
use crate::pattern::{Selector, Selectors};
use crate::rules::{Entry, Mention, Role, last};
use crate::value::{Constants, Key, Kind, Label, Labels, Shape, Shapes, Value};

/// One argument as it is given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub name: Option<Symbol>,
    pub value: Value,
    pub at: ExprId,
    pub is_spread: bool,
}

/// A call with all its values.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub id: ExprId,
    pub span: Span,
    pub target: Target,
    pub callee: Value,
    pub callee_at: Option<ExprId>,
    pub given: Vec<Given>,
    pub is_new: bool,
    /// The value assigned, where this is an assignment.
    pub assigned: Option<Value>,
    /// The index assigned to.
    pub key: Option<Value>,
}

/// What gives back the text it was given, but for its case and the space around it.
const SAME_TEXT: [&str; 9] =
    ["lower", "upper", "capitalize", "strip", "lstrip", "rstrip", "str", "decode", "identity"];

impl<'a> Interpreter<'a> {
    pub(super) fn eval_call(
        &mut self,
        id: ExprId,
        callee: ExprId,
        arguments: &[Argument],
        is_new: bool,
    ) -> Value {
        let (target, value) = self.callee(callee);
        if self.dead {
            return Value::default();
        }
        let given = self.arguments(arguments);
        if self.dead {
            return Value::default();
        }
        let call = Call {
            id,
            span: self.span(id),
            target,
            callee: value,
            callee_at: Some(callee),
            given,
            is_new,
            assigned: None,
            key: None,
        };
        self.facts.remove(&id);
        let mut call = call;
        if self.makes_object(&call) {
            // What rules call `class`: any class, of the file or of its looks.
            let class = self.paths.intern("class");
            call.target.paths.push(class);
        }
        self.call(&call)
    }

    /// Rules speak of comparisons as calls of `operator.eq` and so on; what is not equal or not in
    /// something is the same call, which is then false.
    pub(super) fn comparison_rules(
        &mut self,
        id: ExprId,
        operator: CompareOperator,
        sides: [ExprId; 2],
        [left, right]: [&Value; 2],
    ) {
        let (name, is_swapped, is_negated) = match operator {
            CompareOperator::Equal | CompareOperator::Is => ("operator.eq", false, false),
            CompareOperator::NotEqual | CompareOperator::IsNot => ("operator.eq", false, true),
            CompareOperator::Less => ("operator.lt", false, false),
            CompareOperator::LessEqual => ("operator.le", false, false),
            CompareOperator::Greater => ("operator.gt", false, false),
            CompareOperator::GreaterEqual => ("operator.ge", false, false),
            CompareOperator::In => ("operator.contains", true, false),
            CompareOperator::NotIn => ("operator.contains", true, true),
            CompareOperator::InstanceOf => ("operator.instanceof", false, false),
        };
        if self.rules.entries_named(last(name)).is_empty() {
            return;
        }
        let path = self.paths.intern(name);
        let target = self.target_of_path(path);
        let entries = self.entries(Mention::Call, &target);
        if entries.is_empty() {
            return;
        }
        let mut given = vec![
            Given { name: None, value: left.clone(), at: sides[0], is_spread: false },
            Given { name: None, value: right.clone(), at: sides[1], is_spread: false },
        ];
        if is_swapped {
            given.reverse();
        }
        let before = self.facts.get(&id).map_or(0, Vec::len);
        let mut call = self.mention_call(id, target);
        call.given = given;
        for entry in entries {
            match entry.role {
                Role::Sink(sink) => self.sink(sink, &call, entry),
                Role::Rule(rule) => self.rule(rule, &call, entry),
                Role::Guard(guard) => self.note_guard(guard, &call),
                _ => {}
            }
        }
        if let (true, Some(facts)) = (is_negated, self.facts.get_mut(&id)) {
            for fact in facts.iter_mut().skip(before) {
                fact.truth = !fact.truth;
            }
        }
    }

    fn makes_object(&self, call: &Call) -> bool {
        call.callee.shapes.all().iter().any(|shape| match shape {
            Shape::Class(..) => true,
            Shape::Path(path) => last(&self.paths.text(*path)).starts_with(char::is_uppercase),
            _ => false,
        })
    }

    pub(super) fn arguments(&mut self, arguments: &[Argument]) -> Vec<Given> {
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            self.context.extend(argument.name);
            let value = self.eval(argument.value);
            if argument.name.is_some() {
                self.context.pop();
            }
            given.push(Given {
                name: argument.name,
                value,
                at: argument.value,
                is_spread: argument.spread,
            });
        }
        given
    }

    /// What is called.
    fn callee(&mut self, callee: ExprId) -> (Target, Value) {
        if let Expression::Attribute { base, name } = self.expression(callee) {
            if let Some(found) = self.method_of_base(*base, *name) {
                return (Target::default(), found);
            }
            let base_value = self.eval(*base);
            if self.dead {
                return (Target::default(), Value::default());
            }
            let text = self.name(*name);
            let mut target = self.member_target(&base_value, Some(*base), text);
            let value = self.attribute_of(callee, &base_value, &target, *name);
            // What was bound to the attribute is called.
            for shape in value.shapes.all() {
                if let Shape::Path(path) = shape
                    && !target.paths.contains(path)
                {
                    target.paths.push(*path);
                }
            }
            return (target, value);
        }
        if let Some(found) = self.constructor_of_base(callee) {
            return (Target::default(), found);
        }
        let value = self.eval(callee);
        (self.mention_of_value(&value, callee), value)
    }

    /// A name or attribute as the target of a rule.
    pub(super) fn mention_of(&mut self, expression: ExprId, _at: ExprId) -> Target {
        match self.expression(expression) {
            Expression::Attribute { base, name } => {
                let value = self.eval(*base);
                let text = self.name(*name);
                self.member_target(&value, Some(*base), text)
            }
            _ => {
                let value = self.eval(expression);
                self.mention_of_value(&value, expression)
            }
        }
    }

    pub(super) fn mention_of_value(&mut self, value: &Value, at: ExprId) -> Target {
        let mut target = Target { receiver_at: None, ..Target::default() };
        for shape in value.shapes.all() {
            match shape {
                Shape::Path(path) | Shape::Instance(path) => {
                    target.paths.push(*path);
                }
                _ => {}
            }
        }
        if let Some(path) = target.paths.first() {
            target.name = last(&self.paths.text(*path)).into();
        } else if let Some(name) = self.last_name(at) {
            target.name = self.name(name).into();
            target.is_open = value.shapes.all().is_empty()
                && matches!(self.expression(at), Expression::Attribute { .. });
        }
        target
    }

    /// A tagged template is a call with one text.
    pub(super) fn call_tag(&mut self, tag: ExprId, text: Value, parts: &[Value]) -> Value {
        let (target, value) = self.callee(tag);
        let mut given = vec![Given { name: None, value: text, at: tag, is_spread: false }];
        given.extend(parts.iter().map(|part| Given {
            name: None,
            value: part.clone(),
            at: tag,
            is_spread: false,
        }));
        let call = Call {
            id: tag,
            span: self.span(tag),
            target,
            callee: value,
            callee_at: Some(tag),
            given,
            is_new: false,
            assigned: None,
            key: None,
        };
        self.call(&call)
    }

    /// A call: rules about it first, then what comes of it.
    pub(super) fn call(&mut self, call: &Call) -> Value {
        let entries = self.entries(Mention::Call, &call.target);
        for entry in &entries {
            match entry.role {
                Role::Sink(sink) => self.sink(sink, call, entry),
                Role::Rule(rule) => self.rule(rule, call, entry),
                Role::EntryPoint(entry) => self.entry_call(entry, call),
                _ => {}
            }
        }
        let mut result = self.result(call, &entries);
        if self.dead {
            return Value::default();
        }
        self.source_entry(call, &mut result);
        for entry in &entries {
            match entry.role {
                Role::Source(source) => self.source_call(source, call, &mut result),
                Role::Sanitizer(sanitizer) => self.sanitize(sanitizer, call, &mut result),
                Role::Guard(guard) => self.note_guard(guard, call),
                _ => {}
            }
        }
        result
    }

    /// `form.get("password")`: data from outside that is asked for by a name.
    fn source_entry(&self, call: &Call, result: &mut Value) {
        let is_own = call.callee.shapes.all().iter().any(|s| matches!(s, Shape::Function(..)));
        let Some(first) = call.given.first().filter(|first| first.name.is_none()) else { return };
        if is_own || result.labels.is_empty() {
            return;
        }
        if let Some(name) = first.value.as_text().cloned() {
            self.source_name(result, &name, call.span);
        }
    }

    fn result(&mut self, call: &Call, entries: &[&'a Entry]) -> Value {
        if let Some(result) = self.call_own(call) {
            return result;
        }
        let callback = self.call_back(call, entries);
        let mut result: Option<Value> = None;
        for entry in entries {
            if let Role::Model(model) = entry.role {
                if let Some(value) = self.modelled(model, call) {
                    result = Some(result.map_or(value.clone(), |before| before.join(&value)));
                }
                if self.dead {
                    return Value::default();
                }
            }
        }
        let is_modelled = result.is_some() || callback.is_some();
        let mut result = match (result, callback) {
            (Some(result), Some(callback)) => result.join(&callback),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => self.unknown_call(call),
        };
        if let Some(class) = self.result_type(call, entries, is_modelled) {
            self.without_text(&mut result, class);
            let mut shapes = result.shapes.all().to_vec();
            shapes.push(class);
            result.shapes = Shapes::of(shapes);
        }
        result
    }

    /// What comes of a call of which nothing is known: it keeps where the object and the arguments
    /// come from.
    fn unknown_call(&mut self, call: &Call) -> Value {
        let mut labels = call.callee.labels.clone();
        if let Some(receiver) = &call.target.receiver {
            labels = labels.join(&self.deep_labels(receiver));
        }
        for given in &call.given {
            labels = labels.join(&self.deep_labels(&given.value));
        }
        self.call_strangers(call, &labels);
        Value::labelled(labels)
    }

    fn result_type(
        &mut self,
        call: &Call,
        entries: &[&'a Entry],
        is_modelled: bool,
    ) -> Option<Shape> {
        let rules = self.rules;
        for entry in entries {
            if let Role::MadeBy(made) = entry.role {
                return Some(Shape::Instance(self.paths.intern(&rules.made[made])));
            }
        }
        for path in &call.target.paths {
            if let Some(class) = self.member_type(*path, true) {
                return Some(Shape::Instance(class));
            }
        }
        for shape in call.callee.shapes.all() {
            if let Shape::Path(path) = shape {
                let text = self.paths.text(*path);
                let looks_like_class = last(&text).starts_with(char::is_uppercase);
                if call.is_new
                    || rules.types.contains_key(&*text)
                    || looks_like_class && !is_modelled
                {
                    return Some(Shape::Instance(*path));
                }
            }
        }
        None
    }

    fn modelled(&mut self, model: usize, call: &Call) -> Option<Value> {
        let rules = self.rules;
        let (model, fold) = &rules.models[model];
        if !self.all_hold(&model.when, call, None) {
            return None;
        }
        if model.returns == Some(false) {
            self.dead = true;
            return Some(Value::default());
        }
        let folded = fold.and_then(|fold| self.fold(fold, call));
        if model.fold.as_deref().is_some_and(|name| SAME_TEXT.contains(&name)) {
            self.note_same_text(call);
        }
        let mut from = match &model.from {
            Some(from) => self.labels_of(from, call),
            None if folded.is_some() && fold.is_some_and(|fold| !fold.is_text()) => {
                Labels::default()
            }
            None if model.to.is_some() => self.labels_of(&Selectors(vec![Selector::All]), call),
            None => self.labels_of(&Selectors(vec![Selector::Receiver, Selector::All]), call),
        };
        if let Some(to) = &model.to {
            for selector in &to.0 {
                if *selector != Selector::Result {
                    self.write_to(selector, call, &from);
                }
            }
            if !to.0.contains(&Selector::Result) {
                from = Labels::default();
            }
        }
        match folded {
            // Constants and containers know themselves where they come from.
            Some(folded) => Some(folded),
            None => Some(Value::labelled(from)),
        }
    }

    /// What is shown of the result of this call holds of what it was given.
    fn note_same_text(&mut self, call: &Call) {
        let receiver = call.target.receiver.as_ref().filter(|value| !Self::is_module(value));
        let at = match receiver {
            Some(_) => call.target.receiver_at,
            None => call.given.first().map(|given| given.at),
        };
        if let Some(place) = at.and_then(|at| self.place_or_origin(at)) {
            self.origins.insert(call.id, place);
        }
    }

    pub(super) fn labels_of(&mut self, selectors: &Selectors, call: &Call) -> Labels {
        let mut labels = Labels::default();
        for (value, _) in self.selected(selectors, None, call) {
            labels = labels.join(&self.deep_labels(&value));
        }
        labels
    }

    /// Labels flow into an argument or the object.
    pub(super) fn write_to(&mut self, selector: &Selector, call: &Call, labels: &Labels) {
        let selectors = Selectors(vec![selector.clone()]);
        for (value, at) in self.selected(&selectors, None, call) {
            let mut is_written = false;
            for shape in value.shapes.all() {
                if let Shape::Object(id) = shape {
                    let more = Value::labelled(labels.clone());
                    self.state.change(*id, |object| object.add_to_rest(&more));
                    is_written = true;
                }
            }
            let place = at.map(|at| self.pointed_into(at)).and_then(|at| self.place(at));
            // What is written over is not known any more, wherever it came from.
            let changes = !labels.is_empty() || !value.constants.all().is_empty();
            if let (false, true, Some(place)) = (is_written, changes, place) {
                let labels = value.labels.join(labels);
                let known = Value { labels, text: None, constants: Constants::Unknown, ..value };
                self.refine(&place, known);
            }
        }
    }

    /// In C what `p + n` and `&p[n]` point to is part of what `p` points to.
    fn pointed_into(&self, mut at: ExprId) -> ExprId {
        if self.rules.language != Language::C {
            return at;
        }
        loop {
            at = match self.expression(at) {
                Expression::Binary {
                    operator: BinaryOperator::Add | BinaryOperator::Subtract,
                    left,
                    ..
                } => *left,
                Expression::Cast { value, .. } => *value,
                Expression::Unary { operator: UnaryOperator::AddressOf, operand } => {
                    match self.expression(*operand) {
                        Expression::Index { base, .. } => *base,
                        _ => break,
                    }
                }
                _ => break,
            };
        }
        at
    }

    /// The values that selectors mean, and where they stand. A missing argument gives none.
    pub(super) fn selected(
        &mut self,
        selectors: &Selectors,
        name: Option<&str>,
        call: &Call,
    ) -> Vec<(Value, Option<ExprId>)> {
        let mut found = Vec::new();
        for selector in &selectors.0 {
            match selector {
                Selector::Receiver => {
                    if let Some(receiver) = &call.target.receiver {
                        found.push((receiver.clone(), call.target.receiver_at));
                    }
                }
                Selector::Value => {
                    found.extend(call.assigned.clone().map(|value| (value, None)));
                }
                Selector::Key => found.extend(call.key.clone().map(|key| (key, None))),
                Selector::Result => {}
                Selector::Spread => {
                    let given = call.given.iter().filter(|given| given.is_spread);
                    found.extend(given.map(|given| (given.value.clone(), Some(given.at))));
                }
                Selector::Named(name) => found.extend(self.named(name, call)),
                Selector::All => {
                    found.extend(call.given.iter().map(|g| (g.value.clone(), Some(g.at))));
                }
                Selector::From(from) => {
                    let given = call.given.iter().filter(|given| given.name.is_none());
                    found.extend(given.skip(*from).map(|g| (g.value.clone(), Some(g.at))));
                }
                Selector::Position(position) => {
                    let value = match (&call.assigned, position) {
                        (Some(value), 0) => Some((value.clone(), None)),
                        _ => self.positional(*position, call),
                    };
                    found.extend(value.or_else(|| name.and_then(|name| self.named(name, call))));
                }
            }
        }
        found
    }

    fn positional(&mut self, position: usize, call: &Call) -> Option<(Value, Option<ExprId>)> {
        let mut place = 0;
        for given in &call.given {
            if given.name.is_some() {
                continue;
            }
            if given.is_spread && self.is_dictionary(&given.value) {
                continue;
            }
            if given.is_spread {
                let length = self.length_of(&given.value);
                if let Some(length) = length.filter(|length| place + length <= position) {
                    place += length;
                    continue;
                }
                let index = match length {
                    Some(_) => Value::integer((position - place) as i64),
                    None => Value::default(),
                };
                return Some((self.index_of(&given.value, &index), Some(given.at)));
            }
            if place == position {
                return Some((given.value.clone(), Some(given.at)));
            }
            place += 1;
        }
        None
    }

    fn is_dictionary(&self, value: &Value) -> bool {
        value.shapes.all().iter().any(|shape| match shape {
            Shape::Object(id) => self.state.object(*id).kind == Kind::Dictionary,
            _ => false,
        })
    }

    fn named(&mut self, name: &str, call: &Call) -> Option<(Value, Option<ExprId>)> {
        for given in &call.given {
            match given.name {
                Some(given_name) if self.name(given_name) == name => {
                    return Some((given.value.clone(), Some(given.at)));
                }
                _ => {}
            }
        }
        // `**options`, and languages that pass named arguments as a dictionary do so openly.
        for given in &call.given {
            if given.is_spread && given.name.is_none() {
                let key = Key::Text(name.into());
                for shape in given.value.shapes.all() {
                    if let Shape::Object(id) = shape {
                        let object = self.state.object(*id);
                        if object.kind == Kind::Dictionary && object.fields.contains_key(&key) {
                            let value = object.get(&key)?;
                            return Some((value, Some(given.at)));
                        }
                    }
                }
            }
        }
        None
    }

    fn source_call(&mut self, source: usize, call: &Call, result: &mut Value) {
        let rules = self.rules;
        let model = &rules.sources[source];
        if !self.all_hold(&model.when, call, None) {
            return;
        }
        let labels = Labels::one(self.source_label(source, call.span));
        if let Some(to) = &model.to {
            for selector in &to.0 {
                self.write_to(selector, call, &labels);
            }
            if !to.0.contains(&Selector::Result) {
                return;
            }
        }
        result.labels = result.labels.join(&labels);
        result.constants = Constants::Unknown;
        result.text = None;
    }

    pub(super) fn source_label(&self, source: usize, span: Span) -> Label {
        let model = &self.rules.sources[source];
        Label {
            kind: model.kind,
            span,
            name: model.name.as_deref().map(Rc::from),
            harmless: self.rules.weaknesses_named(&model.except),
            trail: None,
        }
    }

    /// A path or object that is mentioned: rules about it, and what it is a source of.
    pub(super) fn used(
        &mut self,
        id: ExprId,
        target: &Target,
        entries: &[&'a Entry],
        value: Value,
    ) -> Value {
        let mut value = value;
        let call = Call {
            id,
            span: self.span(id),
            target: target.clone(),
            callee: Value::default(),
            callee_at: Some(id),
            given: Vec::new(),
            is_new: false,
            assigned: None,
            key: None,
        };
        for entry in entries {
            match entry.role {
                Role::Source(source)
                    if self.all_hold(&self.rules.sources[source].when, &call, None) =>
                {
                    let label = self.source_label(source, call.span);
                    value.labels = value.labels.join(&Labels::one(label));
                }
                Role::Rule(rule) => self.rule(rule, &call, entry),
                _ => {}
            }
        }
        for entry in entries {
            if let Role::Sanitizer(sanitizer) = entry.role {
                self.sanitize(sanitizer, &call, &mut value);
            }
        }
        value
    }

    /// Whether functions of it are called on nothing: a module, not data that is read from one.
    pub(super) fn is_module(value: &Value) -> bool {
        value.labels.is_empty() && Self::path_of(value).is_some()
    }

    /// The path that a value is, if it is one.
    pub(super) fn path_of(value: &Value) -> Option<PathId> {
        value.shapes.all().iter().find_map(|shape| match shape {
            Shape::Path(path) => Some(*path),
            _ => None,
        })
    }
}
