//! Entry points: functions that a framework calls, and rules about imports and decorators.

use super::calls::Call;
use super::members::Target;
use super::{Interpreter, PathId};
use crate::ir::{ExprId, Expression, FunctionId, ParameterKind, Span, StatementKind, Symbol};
use crate::pattern::{Selector, Selectors, Texts};
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
        self.imports_any(&model.imports) && self.all_hold(&model.when, call, None)
    }

    /// Whether the file imports one of these modules, or a part of one; where none is named, it
    /// does.
    pub(super) fn imports_any(&self, modules: &Texts) -> bool {
        let imports = |wanted: &String| {
            self.imported.iter().any(|module| {
                let module = self.paths.text(*module);
                module
                    .strip_prefix(wanted.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
            })
        };
        modules.0.is_empty() || modules.0.iter().any(imports)
    }

    /// Whether the file itself calls a function of this name.
    fn is_called(&self, name: Option<Symbol>) -> bool {
        self.program.expressions.iter().any(|(expression, _)| match expression {
            Expression::Call { callee, .. } => match self.expression(*callee) {
                Expression::Name(callee) => Some(*callee) == name,
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether a function returns the result of a call of one of these names.
    fn answers(&self, function: FunctionId, names: &Texts) -> bool {
        let program = self.program;
        let mut open = vec![&program.functions[function.0 as usize].body];
        while let Some(block) = open.pop() {
            for statement in block {
                match &program.statements[statement.0 as usize].kind {
                    StatementKind::Return(Some(value)) => {
                        let is_call = matches!(self.expression(*value), Expression::Call { .. });
                        let name = self.last_name(*value).filter(|_| is_call);
                        if name.is_some_and(|name| names.0.iter().any(|n| n == self.name(name))) {
                            return true;
                        }
                    }
                    StatementKind::If { then, otherwise, .. } => open.extend([then, otherwise]),
                    StatementKind::While { body, otherwise, .. }
                    | StatementKind::For { body, otherwise, .. } => open.extend([body, otherwise]),
                    StatementKind::Match { cases, .. } => {
                        open.extend(cases.iter().map(|case| &case.body));
                    }
                    StatementKind::Try { body, handlers, otherwise, finally } => {
                        open.extend([body, otherwise, finally]);
                        open.extend(handlers.iter().map(|handler| &handler.body));
                    }
                    StatementKind::With { body, .. } | StatementKind::Block(body) => {
                        open.push(body);
                    }
                    _ => {}
                }
            }
        }
        false
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
                let answers = &self.rules.entries[number].answers;
                let is_view = || !self.is_called(function.name) && self.answers(id, answers);
                let is_meant = answers.0.is_empty() || is_view();
                if is_meant && self.is_entry(number, &call) {
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
