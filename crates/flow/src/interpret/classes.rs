//! Classes of the file: attributes, methods, inheritance.

use super::calls::Call;
use super::{Class, FrameId, Interpreter, Made, PathId};
use crate::ir::{ClassId, ExprId, Expression, FunctionId, ParameterKind, StatementKind, Symbol};
use crate::rules::{Mention, Role};
use crate::value::{Constants, Key, Kind, Object, ObjectId, Shape, Shapes, Value};

/// Classes are followed to so many bases.
const BASES_MAX: usize = 16;

/// What constructors are called.
const CONSTRUCTORS: [&str; 3] = ["__init__", "constructor", "<init>"];

impl Interpreter<'_> {
    pub(super) fn define_class(&mut self, id: ClassId) {
        let program = self.program;
        let class = &program.classes[id.0 as usize];
        let bases: Vec<Value> = class.bases.iter().map(|base| self.eval(*base)).collect();
        self.decorators(&class.decorators, class.span);
        let frame = self.frame_id();
        let body = self.state.make(Object::new(Kind::Other));
        let before = self.classes.remove(&id);
        let (fields, read) = before.map(|class| (class.fields, class.read)).unwrap_or_default();
        self.classes.insert(id, Class { frame, bases, body, fields, read });
        if let Some(name) = class.name {
            self.bind(name, Value::shape(Shape::Class(id, frame)));
        }
        let outer = self.class_body.replace(body);
        self.block(&class.body);
        self.class_body = outer;
        let entries = self.class_entries(id);
        let receiver =
            Value::shape(Shape::Object(self.state.make(Object::new(Kind::Instance(id)))));
        for method in &class.methods {
            let function = &program.functions[method.0 as usize];
            let outer = self.class_body.replace(body);
            let mut all = self.decorators(&function.decorators, function.span);
            self.class_body = outer;
            if let Some(name) = function.name {
                all.extend(entries.iter().copied().filter(|entry| {
                    let methods = &self.rules.entries[*entry].methods;
                    methods.is_empty() || methods.iter().any(|method| method == self.name(name))
                }));
            }
            all.extend(self.entries_of_function(*method));
            let receiver = Some(receiver.clone());
            self.frame().made.push(Made { function: *method, frame, receiver, entries: all });
        }
    }

    /// The entry points that a class makes of its methods, by what it inherits.
    fn class_entries(&mut self, class: ClassId) -> Vec<usize> {
        let mut found = Vec::new();
        for base in self.outside_bases(class) {
            for base in self.bases_of(base) {
                let target = self.target_of_path(base);
                for entry in self.entries(Mention::Base, &target) {
                    if let Role::EntryPoint(entry) = entry.role {
                        found.push(entry);
                    }
                }
            }
        }
        found
    }

    /// The class and its bases in the file, the nearest first.
    fn line(&self, class: ClassId) -> Vec<ClassId> {
        let mut all = vec![class];
        let mut next = 0;
        while let Some(class) = all.get(next) {
            next += 1;
            let Some(class) = self.classes.get(class) else { continue };
            for base in &class.bases {
                for shape in base.shapes.all() {
                    if let Shape::Class(base, _) = shape
                        && !all.contains(base)
                        && all.len() < BASES_MAX
                    {
                        all.push(*base);
                    }
                }
            }
        }
        all
    }

    /// What a class inherits from that is not in the file.
    pub(super) fn outside_bases(&self, class: ClassId) -> Vec<PathId> {
        let mut found = Vec::new();
        for class in self.line(class) {
            let Some(class) = self.classes.get(&class) else { continue };
            for base in &class.bases {
                found.extend(Self::path_of(base));
            }
        }
        found
    }

    /// The method of a class or of its bases, and where its class was made.
    pub(super) fn method(&self, class: ClassId, name: &str) -> Option<(FunctionId, FrameId)> {
        self.method_in(&self.line(class), name)
    }

    fn method_in(&self, line: &[ClassId], name: &str) -> Option<(FunctionId, FrameId)> {
        let program = self.program;
        for class in line {
            let Some(known) = self.classes.get(class) else { continue };
            let methods = &program.classes[class.0 as usize].methods;
            let found = methods.iter().rev().find(|method| {
                let function = &program.functions[method.0 as usize];
                function.name.is_some_and(|here| self.name(here) == name)
            });
            if let Some(found) = found {
                return Some((*found, known.frame));
            }
        }
        None
    }

    /// What is called where an object itself is.
    pub(super) fn method_to_call(&self, object: ObjectId) -> Option<(FunctionId, FrameId)> {
        match self.state.object(object).kind {
            Kind::Instance(class) => self.method(class, "__call__"),
            _ => None,
        }
    }

    pub(super) fn constructor(&self, class: ClassId) -> Option<(FunctionId, FrameId)> {
        CONSTRUCTORS.iter().find_map(|name| self.method(class, name))
    }

    /// The attribute of an object of a class, or of the class itself.
    pub(super) fn class_attribute(
        &mut self,
        class: ClassId,
        name: Symbol,
        object: Option<ObjectId>,
    ) -> Option<Value> {
        let text = self.name(name);
        let line = self.line(class);
        let mut found: Option<Value> = None;
        for class in &line {
            let Some(known) = self.classes.get_mut(class) else { continue };
            known.read.insert(name);
            let body = self.state.object(known.body).get(&Key::Text(text.into()));
            for value in [known.fields.get(&name).cloned(), body].into_iter().flatten() {
                found = Some(found.map_or(value.clone(), |found: Value| found.join(&value)));
            }
            // Others may have written it, too.
            if let Some(found) = found {
                let constants = found.constants.join(&Constants::Unknown);
                return Some(Value { constants, ..found });
            }
        }
        let (method, frame) = self.method_in(&line, text)?;
        let program = self.program;
        let function = &program.functions[method.0 as usize];
        let receives =
            function.parameters.first().is_some_and(|p| p.kind == ParameterKind::Receiver);
        let object = object.filter(|_| receives);
        if object.is_some() && self.is_property(method) {
            let receiver = object.map(|object| Value::shape(Shape::Object(object)));
            let call = self.empty_call(function.span);
            return self.call_function(method, frame, receiver, &call);
        }
        Some(Value::shape(Shape::Function(method, frame, object)))
    }

    fn is_property(&self, method: FunctionId) -> bool {
        let function = &self.program.functions[method.0 as usize];
        function.decorators.iter().any(|decorator| {
            self.last_name(*decorator)
                .is_some_and(|name| matches!(self.name(name), "property" | "cached_property"))
        })
    }

    fn empty_call(&self, span: crate::ir::Span) -> Call {
        Call {
            id: ExprId(u32::MAX),
            span,
            target: super::members::Target::default(),
            callee: Value::default(),
            callee_at: None,
            given: Vec::new(),
            is_new: false,
            assigned: None,
            key: None,
        }
    }

    /// Something that a method wrote to an attribute: other methods see it.
    pub(super) fn remember_field(&mut self, class: ClassId, name: Symbol, value: &Value) {
        let Some(known) = self.classes.get_mut(&class) else { return };
        let value = Value { test: None, constants: Constants::Unknown, ..value.clone() };
        let before = known.fields.get(&name);
        let joined = before.map_or_else(|| value.clone(), |before| before.join(&value));
        let is_news = match before {
            Some(before) => !joined.labels.same(&before.labels),
            None => !value.labels.is_empty() || !matches!(value.shapes, Shapes::Unknown),
        };
        known.fields.insert(name, joined);
        self.is_stale |= is_news && known.read.contains(&name);
    }

    /// The fields that the body of a class declares, in order.
    pub(super) fn declared_fields(&self, class: ClassId) -> Vec<Symbol> {
        let program = self.program;
        let body = &program.classes[class.0 as usize].body;
        let names = body.iter().filter_map(|statement| {
            match &program.statements[statement.0 as usize].kind {
                StatementKind::Assign { target, annotation: Some(_), .. } => {
                    match self.expression(*target) {
                        Expression::Name(name) => Some(*name),
                        _ => None,
                    }
                }
                _ => None,
            }
        });
        names.collect()
    }

    /// `super().name`: the method of a base, bound to the object.
    pub(super) fn method_of_base(&mut self, base: ExprId, name: Symbol) -> Option<Value> {
        if !self.is_super(base) {
            return None;
        }
        let (class, object) = self.own_class()?;
        let line = self.line(class);
        let (method, frame) = self.method_in(&line[1..], self.name(name))?;
        Some(Value::shape(Shape::Function(method, frame, object)))
    }

    /// `super(…)` as a call of the constructor of the base.
    pub(super) fn constructor_of_base(&mut self, callee: ExprId) -> Option<Value> {
        let Expression::Name(name) = self.expression(callee) else { return None };
        if self.name(*name) != "super" || self.language == crate::language::Language::Python {
            return None;
        }
        let (class, object) = self.own_class()?;
        let line = self.line(class);
        let (method, frame) =
            CONSTRUCTORS.iter().find_map(|name| self.method_in(&line[1..], name))?;
        Some(Value::shape(Shape::Function(method, frame, object)))
    }

    fn is_super(&self, expression: ExprId) -> bool {
        match self.expression(expression) {
            Expression::Name(name) => self.name(*name) == "super",
            Expression::Call { callee, .. } => match self.expression(*callee) {
                Expression::Name(name) => self.name(*name) == "super",
                _ => false,
            },
            _ => false,
        }
    }

    /// The class of the method being walked, and the object it was called on.
    fn own_class(&self) -> Option<(ClassId, Option<ObjectId>)> {
        let frame = &self.frames[self.frame_id().0 as usize];
        let class = self.program.functions[frame.function.0 as usize].class?;
        let object = frame.receiver.as_ref().and_then(|receiver| {
            receiver.shapes.all().iter().find_map(|shape| match shape {
                Shape::Object(object) => Some(*object),
                _ => None,
            })
        });
        Some((class, object))
    }

    /// Makes an object of a class of the file.
    pub(super) fn construct(&mut self, class: ClassId, call: &Call) -> Value {
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
}
