//! Assignments, and where values are kept.

use super::{FrameId, Interpreter, Place};
use crate::ir::{BinaryOperator, ExprId, Expression, Span, Symbol, UnaryOperator};
use crate::language::Language;
use crate::rules::Mention;
use crate::value::{Key, Kind, Object, ObjectId, Shape, Shapes, Value, Word};

impl<'a> Interpreter<'a> {
    pub(super) fn expression(&self, id: ExprId) -> &'a Expression {
        static NOTHING: Expression = Expression::Nothing;
        let program = self.program;
        program.expressions.get(id.0 as usize).map_or(&NOTHING, |expression| &expression.0)
    }

    pub(super) fn assignment(
        &mut self,
        target: ExprId,
        value: Option<ExprId>,
        operator: Option<BinaryOperator>,
        annotation: Option<ExprId>,
        span: Span,
    ) {
        let Some(value) = value else {
            self.declaration(target, annotation);
            return;
        };
        let name = self.last_name(target);
        self.context.extend(name);
        let mut result = self.eval(value);
        if name.is_some() {
            self.context.pop();
        }
        if self.dead {
            return;
        }
        if let Some(operator) = operator {
            let before = self.eval(target);
            result = self.binary(operator, &before, &result);
        } else if matches!(
            self.expression(value),
            Expression::Compare { .. }
                | Expression::Logical { .. }
                | Expression::Unary { .. }
                | Expression::Call { .. }
        ) {
            let (frame, time) = (self.frame_id(), self.state.now() + 1);
            result.test = Some(crate::value::Test { expression: value, frame, time });
        }
        if let Some(annotation) = annotation {
            self.annotate(&mut result, annotation);
        }
        self.assign(target, result, span);
    }

    fn declaration(&mut self, target: ExprId, annotation: Option<ExprId>) {
        let Some(annotation) = annotation else { return };
        let mut value = Value::default();
        self.annotate(&mut value, annotation);
        if value.is_blank() {
            return;
        }
        if let Expression::Name(name) = self.expression(target) {
            self.bind(*name, value);
        }
    }

    /// The declared type of a value of which no better is known.
    pub(super) fn annotate(&mut self, value: &mut Value, annotation: ExprId) {
        if !matches!(value.shapes, Shapes::Unknown) || !value.constants.all().is_empty() {
            return;
        }
        if let Some(shape) = self.declared(annotation) {
            value.shapes = Shapes::One(shape);
        }
    }

    /// What a type stands for.
    pub(super) fn declared(&mut self, annotation: ExprId) -> Option<Shape> {
        let annotation = match self.expression(annotation) {
            Expression::Index { base, .. } => *base,
            Expression::Unary { operand, .. } => *operand,
            _ => annotation,
        };
        let class = match self.expression(annotation) {
            Expression::Name(_) | Expression::Attribute { .. } => self.eval(annotation),
            // A type that is written as a text.
            Expression::Text(name) => match self.cell(*name).and_then(|c| self.state.read(c)) {
                Some(value) => value.clone(),
                None => Value::shape(Shape::Path(self.paths.intern(self.name(*name)))),
            },
            _ => return None,
        };
        match class.shapes.all().first()? {
            Shape::Path(path) => Some(Shape::Instance(*path)),
            Shape::Class(class, _) => {
                let class = *class;
                Some(Shape::Object(self.state.make(Object::new(Kind::Instance(class)))))
            }
            _ => None,
        }
    }

    /// Gives a value to a target, which may take it apart.
    pub(super) fn assign(&mut self, target: ExprId, value: Value, span: Span) {
        if !self.step() {
            return;
        }
        match self.expression(target) {
            Expression::Name(name) => {
                if self.stack.len() == 1 {
                    self.name_rules(target, *name, &value);
                }
                let labels = value.labels.stepped(span, &Word::Assigned);
                self.bind(*name, Value { labels, is_bound: true, ..value });
            }
            Expression::Attribute { base, name } => {
                self.forget_reading(target);
                let object = self.eval(*base);
                self.assign_rules(target, *base, None, &object, &value);
                self.write_attribute(*base, &object, *name, &value);
            }
            Expression::Index { base, index } => {
                self.forget_reading(target);
                let object = self.eval(*base);
                let index = self.eval(*index);
                self.assign_rules(target, *base, Some(&index), &object, &value);
                self.write_index(*base, &object, &index, &value);
            }
            Expression::List(targets) => self.take_apart(targets, &value, span),
            Expression::Dictionary(entries) => {
                for (key, target) in entries {
                    let key = key.map(|key| self.eval(key)).unwrap_or_default();
                    let entry = self.index_of(&value, &key);
                    self.assign(*target, entry, span);
                }
            }
            Expression::Record { fields, .. } => {
                for (name, target) in fields {
                    let key = Value::text_of(self.name(*name));
                    let entry = self.index_of(&value, &key);
                    self.assign(*target, entry, span);
                }
            }
            // A default where there is nothing.
            Expression::Assign { target, value: default, .. } => {
                let default = self.eval(*default);
                let joined = if value.is_blank() { value.join(&default) } else { value };
                self.assign(*target, joined, span);
            }
            Expression::Spread(target) | Expression::Unary { operand: target, .. } => {
                self.assign(*target, value, span);
            }
            Expression::Slice { base, .. } => {
                let object = self.eval(*base);
                let element = self.element_of(&value, false).unwrap_or_default();
                self.write_index(*base, &object, &Value::default(), &element);
            }
            Expression::Call { arguments, .. } => {
                for argument in arguments {
                    let part = self.anything_in(&value);
                    self.assign(argument.value, part, span);
                }
            }
            Expression::Unknown(parts) => {
                for part in parts {
                    self.assign(*part, value.clone(), span);
                }
            }
            _ => {}
        }
    }

    fn take_apart(&mut self, targets: &[ExprId], value: &Value, span: Span) {
        let is_list = value.shapes.all().iter().any(|shape| match shape {
            Shape::Object(id) => self.state.object(*id).kind == Kind::List,
            _ => false,
        });
        if self.language == Language::Go && !is_list {
            // Of the results of an unknown function, the first is the one that matters.
            for (place, target) in targets.iter().enumerate() {
                let part = if place == 0 { value.clone() } else { Value::default() };
                self.assign(*target, part, span);
            }
            return;
        }
        let mut spread = None;
        for (place, target) in targets.iter().enumerate() {
            if let Expression::Spread(inner) = self.expression(*target) {
                spread = Some(place);
                let mut list = Object::new(Kind::List);
                let end = self.length_of(value).map(|length| length + place + 1);
                match end.and_then(|end| end.checked_sub(targets.len())) {
                    Some(end) => {
                        for index in place..end {
                            list.push(self.index_of(value, &Value::integer(index as i64)));
                        }
                    }
                    None => list.add_to_rest(&self.anything_in(value)),
                }
                let list = Value {
                    labels: value.labels.clone(),
                    ..Value::shape(Shape::Object(self.state.make(list)))
                };
                self.assign(*inner, list, span);
                continue;
            }
            // Behind a spread they are counted from the end.
            let index = match spread {
                Some(_) => place as i64 - targets.len() as i64,
                None => place as i64,
            };
            let element = self.index_of(value, &Value::integer(index));
            self.assign(*target, element, span);
        }
    }

    fn write_attribute(&mut self, base: ExprId, object: &Value, name: Symbol, value: &Value) {
        let text = self.name(name);
        let key = Key::Text(text.into());
        let sure = object.shapes.all().len() == 1;
        let mut written = false;
        for shape in object.shapes.all() {
            match *shape {
                Shape::Object(id) => {
                    written = true;
                    self.state.change(id, |object| object.set(Some(&key), value, sure));
                    if let Kind::Instance(class) = self.state.object(id).kind {
                        self.remember_field(class, name, value);
                    }
                }
                Shape::Class(class, _) => {
                    written = true;
                    self.remember_field(class, name, value);
                }
                Shape::Path(path) => {
                    let field = self.paths.child(path, text);
                    self.remember_path(field, value);
                }
                _ => {}
            }
        }
        if !written {
            self.write_open(base, object, &key, value);
        }
    }

    /// An attribute of something that is not known otherwise: it is remembered with the variable.
    fn write_open(&mut self, base: ExprId, object: &Value, key: &Key, value: &Value) {
        let Some(place) = self.place(base) else { return };
        let mut open = Object::new(Kind::Other);
        open.set(Some(key), value, true);
        let id = self.state.make(open);
        let mut shapes = object.shapes.all().to_vec();
        shapes.push(Shape::Object(id));
        self.refine(&place, Value { shapes: Shapes::of(shapes), ..object.clone() });
    }

    fn write_index(&mut self, base: ExprId, object: &Value, index: &Value, value: &Value) {
        let key = index.constants.single().and_then(Key::of);
        let sure = object.shapes.all().len() == 1;
        let mut written = false;
        for shape in object.shapes.all() {
            match *shape {
                Shape::Object(id) => {
                    written = true;
                    self.state.change(id, |object| object.set(key.as_ref(), value, sure));
                }
                Shape::Path(path) => {
                    let name = match &key {
                        Some(Key::Text(text)) => Some(self.paths.child(path, text)),
                        _ => None,
                    };
                    self.remember_path(name.unwrap_or(path), value);
                    written = true;
                }
                _ => {}
            }
        }
        if !written && !value.is_blank() {
            match key {
                Some(key) => self.write_open(base, object, &key, value),
                None => {
                    // Something in it is what was written.
                    if let Some(place) = self.place(base) {
                        let labels = object.labels.join(&value.labels);
                        self.refine(&place, Value { labels, ..object.clone() });
                    }
                }
            }
        }
    }

    fn remember_path(&mut self, path: super::PathId, value: &Value) {
        if value.labels.is_empty() && matches!(value.shapes, Shapes::Unknown) {
            return;
        }
        let joined = match self.path_fields.get(&path) {
            Some(before) => before.join(value),
            None => value.clone(),
        };
        if self.path_fields.get(&path).is_none_or(|before| !before.same(&joined)) {
            self.is_stale = true;
            self.path_fields.insert(path, joined);
        }
    }

    /// The variable of a name, of the function being walked or of one around it.
    pub(super) fn cell(&self, name: Symbol) -> Option<u32> {
        self.cell_from(self.frame_id(), name)
    }

    fn cell_from(&self, frame: FrameId, name: Symbol) -> Option<u32> {
        let mut frame = Some(frame);
        while let Some(id) = frame {
            let here = &self.frames[id.0 as usize];
            if let Some(slot) = self.scopes[here.function.0 as usize].slots.get(&name) {
                return Some(here.base + slot);
            }
            frame = here.parent;
        }
        None
    }

    /// What a name is, of the function being walked or of one around it.
    pub(super) fn read_name(&self, name: Symbol) -> Option<&Value> {
        let mut frame = Some(self.frame_id());
        while let Some(id) = frame {
            let here = &self.frames[id.0 as usize];
            if let Some(slot) = self.scopes[here.function.0 as usize].slots.get(&name)
                && let Some(value) = self.state.read(here.base + slot)
            {
                return Some(value);
            }
            frame = here.parent;
        }
        None
    }

    /// Where the value of an expression is kept.
    pub(super) fn place(&mut self, expression: ExprId) -> Option<Place> {
        match self.expression(expression) {
            Expression::Name(name) => {
                let cell = self.cell(*name)?;
                self.state.read(cell)?;
                Some(Place::Cell(cell))
            }
            Expression::Attribute { base, name } => {
                let key = Key::Text(self.name(*name).into());
                match self.object_at(*base) {
                    Some(object) => Some(Place::Field(object, key)),
                    None => self.place_of_reading(expression),
                }
            }
            Expression::Index { base, index } => {
                let key = match self.expression(*index) {
                    Expression::Text(text) => Key::Text(self.name(*text).into()),
                    Expression::Integer(number) => Key::Integer(*number),
                    _ => return None,
                };
                match self.object_at(*base) {
                    Some(object) => Some(Place::Field(object, key)),
                    None => self.place_of_reading(expression),
                }
            }
            Expression::Assign { target, .. } => self.place(*target),
            Expression::Call { .. } => self.place_of_reading(expression),
            Expression::Await(inner) | Expression::Cast { value: inner, .. } => self.place(*inner),
            Expression::Unary {
                operator: UnaryOperator::AddressOf | UnaryOperator::Dereference | UnaryOperator::Try,
                operand,
            } => self.place(*operand),
            _ => None,
        }
    }

    fn object_at(&mut self, base: ExprId) -> Option<ObjectId> {
        let place = self.place(base)?;
        match self.read_place(&place)?.shapes {
            Shapes::One(Shape::Object(id)) => Some(id),
            _ => None,
        }
    }

    pub(super) fn read_place(&self, place: &Place) -> Option<Value> {
        match place {
            Place::Cell(cell) => self.state.read(*cell).cloned(),
            Place::Field(object, key) => self.state.object(*object).get(key),
        }
    }

    /// More is known of a value that stays where it is.
    pub(super) fn refine(&mut self, place: &Place, value: Value) {
        match place {
            Place::Cell(cell) => self.state.refine(*cell, value),
            Place::Field(object, key) => {
                self.state.change(*object, |object| object.set(Some(key), &value, true));
            }
        }
    }

    /// The name that stands last in an expression: of a variable, attribute, entry or function.
    pub(super) fn last_name(&self, expression: ExprId) -> Option<Symbol> {
        let mut expression = expression;
        loop {
            expression = match self.expression(expression) {
                Expression::Name(name) | Expression::Attribute { name, .. } => return Some(*name),
                Expression::Index { base, index } => match self.expression(*index) {
                    Expression::Text(name) => return Some(*name),
                    _ => *base,
                },
                Expression::Call { callee, .. } => *callee,
                Expression::Await(inner)
                | Expression::Spread(inner)
                | Expression::Slice { base: inner, .. }
                | Expression::Unary { operand: inner, .. }
                | Expression::Cast { value: inner, .. } => *inner,
                _ => return None,
            };
        }
    }

    /// Rules about the variables of a file (settings).
    fn name_rules(&mut self, target: ExprId, name: Symbol, value: &Value) {
        let path = self.paths.intern(self.name(name));
        let mut one = self.target_of_path(path);
        one.is_open = self.class_body.is_some();
        let entries = self.entries(Mention::Assign, &one);
        if !entries.is_empty() {
            self.assigned(target, &one, &entries, &Value::default(), None, value);
        }
    }

    fn assign_rules(
        &mut self,
        target: ExprId,
        base: ExprId,
        index: Option<&Value>,
        object: &Value,
        value: &Value,
    ) {
        let targets = match (self.expression(target), index) {
            (Expression::Attribute { name, .. }, _) => {
                vec![self.member_target(object, Some(base), self.name(*name))]
            }
            (_, Some(index)) => {
                let mut targets = vec![self.mention_of_value(object, base)];
                if let Some(key) = index.as_text().cloned() {
                    targets.push(self.member_target(object, Some(base), &key));
                } else if index.constants.closed().is_none() {
                    let mut unknown = self.member_target(object, Some(base), "[]");
                    unknown.is_open = true;
                    targets.push(unknown);
                }
                targets
            }
            _ => Vec::new(),
        };
        for one in targets {
            let entries = self.entries(Mention::Assign, &one);
            if !entries.is_empty() {
                self.assigned(target, &one, &entries, object, index, value);
            }
        }
    }
}
