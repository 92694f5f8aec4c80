//! Entry points: functions that a framework calls, and rules about imports and decorators.

use super::calls::Call;
use super::members::Target;
use super::{Interpreter, PathId};
use crate::ir::{ExprId, Span, Symbol};
use crate::pattern::{Selector, Selectors};
use crate::rules::{Mention, Role};
use crate::value::{Shape, Value};

impl Interpreter<'_> {
    /// Entry points that a decorator makes; rules about the decorator are met on the way.
    pub(super) fn decorator_entries(&mut self, mention: Mention, target: &Target) -> Vec<usize> {
        let mut found = Vec::new();
        for entry in self.entries(mention, target) {
            match entry.role {
                Role::EntryPoint(number) => found.push(number),
                Role::Rule(rule) => {
                    if let Some(at) = target.receiver_at {
                        let call = self.mention_call(at, target.clone());
                        self.rule(rule, &call, entry);
                    }
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn entries_by_name(&mut self, name: Symbol) -> Vec<usize> {
        let path = self.paths.intern(self.name(name));
        let target = self.target_of_path(path);
        let entries = self.entries(Mention::Name, &target);
        let numbers = entries.iter().filter_map(|entry| match entry.role {
            Role::EntryPoint(number) => Some(number),
            _ => None,
        });
        numbers.collect()
    }

    /// Functions given to a call that registers them.
    pub(super) fn entry_call(&mut self, entry: usize, call: &Call) {
        let rules = self.rules;
        let everything = Selectors(vec![Selector::All]);
        let arguments = rules.entries[entry].argument.as_ref().unwrap_or(&everything);
        for (value, _) in self.selected(arguments, None, call) {
            for shape in self.functions_in(&value) {
                let Shape::Function(function, frame, receiver) = shape else { continue };
                let made = &mut self.frames[frame.0 as usize].made;
                let known = made.iter_mut().find(|made| made.function == function);
                match known {
                    Some(made) => {
                        if !made.entries.contains(&entry) {
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
