//! Entry points: functions that a framework calls, and rules about imports and decorators.

use super::calls::Call;
use super::members::Target;
use super::{Interpreter, PathId};
use crate::ir::{ExprId, Expression, FunctionId, ParameterKind, Span};
use crate::pattern::{Selector, Selectors};
use crate::rules::{Mention, Role};
use crate::value::{Shape, Value};

impl Interpreter<'_> {
    /// Entry points that a decorator makes; rules about the decorator are met on the way.
    pub(super) fn decorator_entries(
        &mut self,
        mention: Mention,
        target: &Target,
        at: ExprId,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        let entries = self.entries(mention, target);
        if entries.is_empty() {
            return found;
        }
        let mut call = self.mention_call(at, target.clone());
        if let Expression::Call { arguments, .. } = self.expression(at) {
            call.given = self.arguments(arguments);
        }
        for entry in entries {
            match entry.role {
                Role::EntryPoint(number) if self.is_entry(number, &call) => found.push(number),
                Role::Rule(rule) => self.rule(rule, &call, entry),
                _ => {}
            }
        }
        found
    }

    /// Whether an entry point is meant, by its conditions and what the file imports.
    fn is_entry(&mut self, entry: usize, call: &Call) -> bool {
        let model = &self.rules.entries[entry];
        let imports = model.imports.0.is_empty()
            || model.imports.0.iter().any(|wanted| {
                self.imported.iter().any(|module| {
                    let module = self.paths.text(*module);
                    module
                        .strip_prefix(wanted.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
                })
            });
        imports && self.all_hold(&model.when, call, None)
    }

    /// Entry points by the name of a function, or of its first parameter.
    pub(super) fn entries_of_function(&mut self, id: FunctionId) -> Vec<usize> {
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        let first = function.parameters.iter().find(|p| p.kind != ParameterKind::Receiver);
        let names =
            [(Mention::Name, function.name), (Mention::FirstParameter, first.map(|p| p.name))];
        let mut found = Vec::new();
        for (mention, name) in names {
            let Some(name) = name else { continue };
            if self.rules.entries_named(self.name(name)).is_empty() {
                continue;
            }
            let path = self.paths.intern(self.name(name));
            let target = self.target_of_path(path);
            for entry in self.entries(mention, &target) {
                let Role::EntryPoint(number) = entry.role else { continue };
                let mut call = self.mention_call(ExprId(u32::MAX), target.clone());
                call.span = function.span;
                if self.is_entry(number, &call) {
                    found.push(number);
                }
            }
        }
        found
    }

    /// Functions given to a call that registers them.
    pub(super) fn entry_call(&mut self, entry: usize, call: &Call) {
        if !self.is_entry(entry, call) {
            return;
        }
        let rules = self.rules;
        let everything = Selectors(vec![Selector::All]);
        let arguments = rules.entries[entry].argument.as_ref().unwrap_or(&everything);
        for (value, _) in self.selected(arguments, None, call) {
            for shape in self.functions_in(&value) {
                let Shape::Function(function, frame, receiver) = shape else { continue };
                if !self.has_count(entry, function) {
                    continue;
                }
                let made = &mut self.frames[frame.0 as usize].made;
                let known = made.iter_mut().find(|made| made.function == function);
                match known {
                    Some(made) => {
                        if made.entries.contains(&entry) {
                            continue;
                        }
                        if rules.entries[entry].count.is_some() {
                            made.entries.insert(0, entry);
                        } else {
                            made.entries.push(entry);
                        }
                    }
                    None => made.push(super::Made {
                        function,
                        frame,
                        receiver: receiver.map(|object| Value::shape(Shape::Object(object))),
                        entries: vec![entry],
                    }),
                }
            }
        }
    }

    /// Whether a function has as many parameters as an entry point asks for. One that names its
    /// number goes before those that do not.
    fn has_count(&self, entry: usize, function: FunctionId) -> bool {
        let Some(count) = self.rules.entries[entry].count else { return true };
        let parameters = &self.program.functions[function.0 as usize].parameters;
        parameters.iter().filter(|p| p.kind != ParameterKind::Receiver).count() == count
    }

    /// The functions that a value is or holds.
    fn functions_in(&self, value: &Value) -> Vec<Shape> {
        let mut found = Vec::new();
        for shape in value.shapes.all() {
            match shape {
                Shape::Function(..) => found.push(*shape),
                Shape::Object(id) => {
                    let object = self.state.object(*id);
                    for inner in object.elements.iter().chain(&object.rest) {
                        found.extend(
                            inner.shapes.all().iter().filter(|s| matches!(s, Shape::Function(..))),
                        );
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Rules about what is imported.
    pub(super) fn import_rules(&mut self, path: PathId, span: Span) {
        let target = self.target_of_path(path);
        for entry in self.entries(Mention::Import, &target) {
            if let Role::Rule(rule) = entry.role {
                let mut call = self.mention_call(ExprId(u32::MAX), target.clone());
                call.span = span;
                self.rule(rule, &call, entry);
            }
        }
    }

    pub(super) fn mention_call(&self, at: ExprId, target: Target) -> Call {
        Call {
            id: at,
            span: self.span(at),
            target,
            callee: Value::default(),
            callee_at: Some(at),
            given: Vec::new(),
            is_new: false,
            assigned: None,
            key: None,
        }
    }
}
