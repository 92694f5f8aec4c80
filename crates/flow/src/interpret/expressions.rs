//! Expressions.

use std::rc::Rc;

use super::Interpreter;
use crate::ir::{Block, ExprId, Expression, LogicalOperator, StatementKind, Symbol, UnaryOperator};
use crate::language::Language;
use crate::rules::Mention;
use crate::value::{Builder, Constant, Constants, Key, Kind, Labels, Object, Shape, Value};

impl Interpreter<'_> {
    /// The value of an expression.
    pub(super) fn eval(&mut self, id: ExprId) -> Value {
        if self.dead || !self.step() {
            return Value::default();
        }
        if self.depth >= super::DEPTH_MAX {
            self.cut.get_or_insert("it nests too deeply");
            return Value::default();
        }
        self.depth += 1;
        let value = self.eval_inner(id);
        self.depth -= 1;
        value
    }

    fn eval_inner(&mut self, id: ExprId) -> Value {
        match self.expression(id) {
            Expression::Name(name) => self.eval_name(id, *name),
            Expression::Text(text) => Value::text_of(self.name(*text)),
            Expression::Bytes(text) => Value::constant(Constant::Bytes(self.name(*text).into())),
            Expression::Integer(number) => Value::integer(*number),
            Expression::Float(number) => Value::constant(Constant::Float(*number)),
            Expression::Boolean(truth) => Value::boolean(*truth),
            Expression::Nothing => Value::nothing(),
            Expression::Regex(pattern, _) => {
                Value::constant(Constant::Regex(self.name(*pattern).into()))
            }
            Expression::Attribute { base, name } => match self.read_before(id) {
                Some(known) => known,
                None => self.eval_attribute(id, *base, *name),
            },
            Expression::Index { base, index } => {
                if let Some(known) = self.read_before(id) {
                    return known;
                }
                let (base, index) = (self.eval(*base), self.eval(*index));
                let mut value = self.index_of(&base, &index);
                if let Some(name) = index.as_text() {
                    self.source_name(&mut value, name, self.span(id));
                }
                value
            }
            Expression::Slice { base, from, to } => {
                let base = self.eval(*base);
                let bounds = [*from, *to].map(|bound| bound.map(|bound| self.eval(bound)));
                self.slice_of(&base, &bounds)
            }
            Expression::Call { callee, arguments, is_new } => {
                if let Some(known) = self.read_before(id) {
                    return known;
                }
                self.eval_call(id, *callee, arguments, *is_new)
            }
            Expression::Template { parts, tag } => self.eval_template(parts, *tag),
            Expression::Binary { .. } => self.eval_binary(id),
            Expression::Compare { operator, left, right } => {
                let sides = [*left, *right];
                let (left, right) = (self.eval(sides[0]), self.eval(sides[1]));
                self.note_comparison(id, *operator, sides, [&left, &right]);
                self.comparison_rules(id, *operator, sides, [&left, &right]);
                self.compare(*operator, &left, &right)
            }
            Expression::Logical { operator, left, right } => {
                self.eval_logical(*operator, *left, *right)
            }
            Expression::Conditional { test, then, otherwise } => {
                self.conditional(*test, *then, *otherwise)
            }
            _ => self.eval_compound(id),
        }
    }

    /// Operators that stand in a row nest on the left, and may do so deeply.
    fn eval_binary(&mut self, id: ExprId) -> Value {
        let mut first = id;
        let mut rest = Vec::new();
        while let Expression::Binary { operator, left, right } = self.expression(first) {
            rest.push((*operator, *right));
            first = *left;
        }
        let mut value = self.eval(first);
        for (operator, right) in rest.into_iter().rev() {
            let right = self.eval(right);
            if self.dead {
                return Value::default();
            }
            value = self.binary(operator, &value, &right);
        }
        value
    }

    fn eval_compound(&mut self, id: ExprId) -> Value {
        match self.expression(id) {
            Expression::Unary { operator, operand } => {
                let value = self.eval(*operand);
                self.unary(*operator, value)
            }
            Expression::List(elements) => self.eval_list(Kind::List, elements),
            Expression::Set(elements) => self.eval_list(Kind::Set, elements),
            Expression::Dictionary(entries) => self.eval_dictionary(entries),
            Expression::Record { class, fields } => self.eval_record(id, *class, fields),
            Expression::Function(function) => self.closure(*function),
            Expression::Class(class) => {
                self.define_class(*class);
                Value::shape(Shape::Class(*class, self.frame_id()))
            }
            Expression::Comprehension { body, element, key } => {
                self.eval_comprehension(body, *element, *key)
            }
            Expression::Assign { target, value, operator } => {
                self.eval_assignment(id, *target, *value, *operator)
            }
            Expression::Await(inner) => {
                let value = self.eval(*inner);
                self.awaited(value)
            }
            Expression::Yield(inner) => {
                let value = inner.map_or_else(Value::nothing, |inner| self.eval(inner));
                let frame = self.frame();
                frame.yields = Some(match &frame.yields {
                    Some(before) => before.join(&value),
                    None => value,
                });
                Value::default()
            }
            Expression::Cast { value, class } => {
                let mut value = self.eval(*value);
                self.cast(&mut value, *class);
                value
            }
            Expression::Block { body, value } => {
                self.block(body);
                value.map(|value| self.eval(value)).unwrap_or_default()
            }
            Expression::Element { name, attributes, children } => {
                self.eval_element(id, *name, attributes, children)
            }
            Expression::Spread(inner) => {
                let value = self.eval(*inner);
                self.element_of(&value, false).unwrap_or_default()
            }
            Expression::Unknown(parts) => {
                let mut labels = Labels::default();
                for part in parts {
                    let part = self.eval(*part);
                    labels = labels.join(&self.deep_labels(&part));
                }
                Value::labelled(labels)
            }
            _ => Value::default(),
        }
    }

    fn eval_name(&mut self, id: ExprId, name: Symbol) -> Value {
        if let Some(body) = self.class_body {
            let key = Key::Text(self.name(name).into());
            if let Some(value) = self.state.object(body).fields.get(&key) {
                return value.clone();
            }
        }
        let value = match self.read_name(name) {
            Some(value) => value.clone(),
            None => self.unbound(name),
        };
        if value.is_bound { value } else { self.mentioned(id, value) }
    }

    /// A name that nothing in the file binds: built in, or imported with everything else.
    fn unbound(&mut self, name: Symbol) -> Value {
        let text = self.name(name);
        for module in self.stars.clone() {
            let path = self.paths.child(module, text);
            let path_text = self.paths.text(path);
            let known =
                self.rules.entries_named(text).iter().any(|entry| *entry.path == *path_text);
            let known = known || self.rules.knows_inside(&path_text);
            if known || self.rules.types.contains_key(&*path_text) {
                return Value::shape(Shape::Path(path));
            }
        }
        Value::shape(Shape::Path(self.paths.intern(text)))
    }

    /// Rules about any mention of a path, and sources that are read by naming them.
    pub(super) fn mentioned(&mut self, id: ExprId, value: Value) -> Value {
        let mut value = value;
        for shape in value.shapes.all().to_vec() {
            if let Shape::Path(path) = shape {
                let target = self.target_of_path(path);
                let entries = self.entries(Mention::Use, &target);
                if !entries.is_empty() {
                    value = self.used(id, &target, &entries, value);
                }
                self.library_constant(path, &mut value);
                if let Some(field) = self.path_fields.get(&path) {
                    value = value.join(field);
                }
            }
        }
        value
    }

    /// The constant that a library has under a path.
    pub(super) fn library_constant(&self, path: super::PathId, value: &mut Value) {
        if self.rules.constants.is_empty() || value.constants != Constants::Unknown {
            return;
        }
        if let Some(scalar) = self.rules.constants.get(&*self.paths.text(path)) {
            value.constants = Constants::one(scalar.into());
        }
    }

    fn eval_template(&mut self, parts: &[ExprId], tag: Option<ExprId>) -> Value {
        let mut builder = Builder::default();
        let mut shown = Vec::new();
        for part in parts {
            let value = self.eval(*part);
            let labels = self.deep_labels(&value);
            let value = Value { labels, ..value };
            builder.value(&value, |constant| self.written(constant));
            shown.push(value);
        }
        let text = builder.build();
        match tag {
            None => text,
            Some(tag) => self.call_tag(tag, text, &shown),
        }
    }

    /// How a constant looks in a text.
    pub(super) fn written(&self, constant: &Constant) -> Option<Rc<str>> {
        match self.language {
            Language::Python => constant.written("None", ["False", "True"]),
            Language::JavaScript | Language::Java | Language::C => {
                constant.written("null", ["false", "true"])
            }
            Language::Go => constant.written("<nil>", ["false", "true"]),
            Language::Rust => constant.written("None", ["false", "true"]),
        }
    }

    fn eval_logical(&mut self, operator: LogicalOperator, left: ExprId, right: ExprId) -> Value {
        let value = self.eval(left);
        if self.dead {
            return value;
        }
        let (truth, keeps) = match operator {
            LogicalOperator::And => (value.truth(), false),
            LogicalOperator::Or => (value.truth(), true),
            LogicalOperator::Coalesce => {
                let nothing = value
                    .constants
                    .closed()
                    .map(|all| all.iter().all(|constant| *constant == Constant::Nothing));
                (nothing.map(|nothing| !nothing), true)
            }
        };
        if truth == Some(keeps) {
            return value;
        }
        let other = if operator == LogicalOperator::Coalesce || truth.is_some() {
            Some(self.eval(right))
        } else {
            self.only_if(left, !keeps, right)
        };
        if truth == Some(!keeps) {
            return other.unwrap_or_default();
        }
        // What is kept of the left side is true for `or`, and false (so it is empty) for `and`.
        let constants =
            value.constants.retain(|constant| constant.truth().is_none_or(|truth| truth == keeps));
        let mut kept = Value { constants: constants.unwrap_or_default(), ..value };
        if operator == LogicalOperator::And && !kept.shapes.all().iter().any(is_object) {
            kept.labels = Labels::default();
            kept.text = None;
        }
        kept.test = None;
        match other {
            Some(other) => kept.join(&other),
            None => kept,
        }
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, value: Value) -> Value {
        match operator {
            UnaryOperator::Not => match value.truth() {
                Some(truth) => Value::boolean(!truth),
                None => Value::default(),
            },
            UnaryOperator::Minus => match value.constants.single() {
                Some(Constant::Integer(number)) => {
                    number.checked_neg().map(Value::integer).unwrap_or_default()
                }
                Some(Constant::Float(number)) => Value::constant(Constant::Float(-number)),
                _ => Value::labelled(value.labels),
            },
            UnaryOperator::Invert => match value.constants.single() {
                Some(Constant::Integer(number)) => Value::integer(!number),
                _ => Value::labelled(value.labels),
            },
            UnaryOperator::TypeOf => Value::default(),
            UnaryOperator::Plus
            | UnaryOperator::Dereference
            | UnaryOperator::AddressOf
            | UnaryOperator::Try => value,
        }
    }

    fn eval_list(&mut self, kind: Kind, elements: &[ExprId]) -> Value {
        let mut list = Object::new(kind);
        for element in elements {
            if let Expression::Spread(inner) = self.expression(*element) {
                let many = self.eval(*inner);
                self.extend_list(&mut list, &many);
                continue;
            }
            let value = self.eval(*element);
            list.push(value);
        }
        Value::shape(Shape::Object(self.state.make(list)))
    }

    /// Adds all elements of a value to a list.
    pub(super) fn extend_list(&mut self, list: &mut Object, many: &Value) {
        if let (Some(Shape::Object(id)), true) = (many.only_shape(), many.labels.is_empty()) {
            let other = self.state.object_rc(id);
            if matches!(other.kind, Kind::List | Kind::Set) {
                for element in &other.elements {
                    list.push(element.clone());
                }
                if let Some(rest) = &other.rest {
                    list.add_to_rest(rest);
                }
                return;
            }
        }
        if let Some(element) = self.element_of(many, false) {
            list.add_to_rest(&element);
        }
    }

    fn eval_dictionary(&mut self, entries: &[(Option<ExprId>, ExprId)]) -> Value {
        let mut dictionary = Object::new(Kind::Dictionary);
        for (key, at) in entries {
            let key_at = *key;
            let key = key.map(|key| self.eval(key));
            let name = key.as_ref().and_then(Value::as_text).map(Rc::clone);
            let symbol = name.and_then(|name| self.program.symbols.find(&name));
            self.context.extend(symbol);
            let value = self.eval(*at);
            if symbol.is_some() {
                self.context.pop();
            }
            let at = key_at.unwrap_or(*at);
            match key {
                Some(key) => {
                    if let (Language::JavaScript, Some(name)) = (self.language, key.as_text()) {
                        self.entry_rules(at, name, &value);
                    }
                    let known = key.constants.single().and_then(Key::of);
                    // A key that comes from outside is in it, too.
                    let value = Value { labels: value.labels.join(&key.labels), ..value };
                    dictionary.set(known.as_ref(), &value, true);
                }
                None => self.spread_into(&mut dictionary, &value),
            }
        }
        Value::shape(Shape::Object(self.state.make(dictionary)))
    }

    /// Entries of object literals are written like attributes: options are often far from the call
    /// that is given them.
    fn entry_rules(&mut self, at: ExprId, name: &str, value: &Value) {
        if self.rules.entries_named(name).is_empty() {
            return;
        }
        let target = super::members::Target {
            name: name.into(),
            is_open: true,
            ..super::members::Target::default()
        };
        let entries = self.entries(Mention::Assign, &target);
        if !entries.is_empty() {
            self.assigned(at, &target, &entries, &Value::default(), None, value);
        }
    }

    /// Copies the entries of one dictionary into another.
    pub(super) fn spread_into(&mut self, dictionary: &mut Object, value: &Value) {
        for shape in value.shapes.all() {
            if let Shape::Object(id) = shape {
                let other = self.state.object_rc(*id);
                for (key, field) in &other.fields {
                    dictionary.set(Some(key), field, true);
                }
                if let Some(rest) = &other.rest {
                    dictionary.add_to_rest(rest);
                }
            }
        }
        if !value.labels.is_empty() || value.shapes.all().is_empty() {
            dictionary.add_to_rest(&Value::labelled(value.labels.clone()));
        }
    }

    fn eval_record(&mut self, id: ExprId, class: ExprId, fields: &[(Symbol, ExprId)]) -> Value {
        let class_at = class;
        let class = self.eval(class);
        let kind = match class.shapes.all().first() {
            Some(Shape::Class(class, _)) => Kind::Instance(*class),
            _ => Kind::Other,
        };
        let mut object = Object::new(kind);
        let mut given = Vec::new();
        for (name, at) in fields {
            let text = self.name(*name);
            self.context.push(*name);
            let value = self.eval(*at);
            self.context.pop();
            let is_spread = text.is_empty();
            let name = (!is_spread).then_some(*name);
            given.push(super::calls::Given { name, value: value.clone(), at: *at, is_spread });
            if text.is_empty() {
                self.spread_into(&mut object, &value);
            } else {
                object.set(Some(&Key::Text(text.into())), &value, true);
            }
        }
        self.record_rules(id, class_at, &class, given);
        let mut shapes = vec![Shape::Object(self.state.make(object))];
        for shape in class.shapes.all() {
            if let Shape::Path(path) = shape {
                shapes.push(Shape::Instance(*path));
            }
        }
        Value { shapes: crate::value::Shapes::of(shapes), ..Value::default() }
    }

    fn eval_comprehension(&mut self, body: &Block, element: ExprId, key: Option<ExprId>) -> Value {
        let kind = if key.is_some() { Kind::Dictionary } else { Kind::List };
        let list = self.state.make(Object::new(kind));
        // Its variables are its own, though they stand among those of the function.
        let mut names = Vec::new();
        self.loop_names(body, &mut names);
        let cells: Vec<u32> = names.iter().filter_map(|name| self.cell(*name)).collect();
        let before: Vec<Option<Value>> =
            cells.iter().map(|cell| self.state.read(*cell).cloned()).collect();
        self.collecting.push((element, key, list));
        self.block(body);
        self.collecting.pop();
        for (cell, before) in cells.into_iter().zip(before) {
            self.state.write(cell, before);
        }
        Value::shape(Shape::Object(list))
    }

    /// The names that the loops of a comprehension bind.
    fn loop_names(&self, body: &Block, names: &mut Vec<Symbol>) {
        let program = self.program;
        let mut body = body;
        // The loops and tests of a comprehension stand one in the other.
        while let [only] = body.as_slice() {
            match &program.statements[only.0 as usize].kind {
                StatementKind::For { target, body: inner, .. } => {
                    self.target_names(*target, names);
                    body = inner;
                }
                StatementKind::If { then, .. } => body = then,
                _ => break,
            }
        }
    }

    fn target_names(&self, target: ExprId, names: &mut Vec<Symbol>) {
        let mut open = vec![target];
        while let Some(target) = open.pop() {
            match self.expression(target) {
                Expression::Name(name) => names.push(*name),
                Expression::List(targets) => open.extend(targets),
                Expression::Spread(target) => open.push(*target),
                _ => {}
            }
        }
    }

    fn eval_assignment(
        &mut self,
        id: ExprId,
        target: ExprId,
        value: ExprId,
        operator: Option<crate::ir::BinaryOperator>,
    ) -> Value {
        let span = self.span(id);
        let mut result = self.eval(value);
        if let Some(operator) = operator {
            let before = self.eval(target);
            result = self.binary(operator, &before, &result);
        } else {
            let (frame, time) = (self.frame_id(), self.state.now() + 1);
            result.test = Some(crate::value::Test { expression: value, frame, time });
        }
        if !self.dead {
            self.assign(target, result.clone(), span);
        }
        result
    }

    fn eval_element(
        &mut self,
        id: ExprId,
        name: ExprId,
        attributes: &[(Option<Symbol>, ExprId)],
        children: &[ExprId],
    ) -> Value {
        let element = self.eval(name);
        let mut labels = Labels::default();
        for (attribute, value) in attributes {
            let here = self.eval(*value);
            labels = labels.join(&self.deep_labels(&here));
            if let Some(attribute) = attribute {
                self.element_rules(id, name, &element, *attribute, &here);
            }
        }
        for child in children {
            let child = self.eval(*child);
            labels = labels.join(&self.deep_labels(&child));
        }
        Value::labelled(labels)
    }
}

fn is_object(shape: &Shape) -> bool {
    matches!(shape, Shape::Object(_))
}
