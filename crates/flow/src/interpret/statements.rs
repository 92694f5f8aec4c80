//! Statements.

use super::{Interpreter, Made};
use crate::ir::{Block, ExprId, StatementKind, StmtId, Symbol};
use crate::ir::{Expression, FunctionId};
use crate::rules::Mention;
use crate::value::{Key, Kind, Shape, Value, Word};

impl Interpreter<'_> {
    /// Statements in order, as far as the way goes.
    pub(super) fn block(&mut self, block: &Block) {
        for statement in block {
            if self.dead {
                return;
            }
            self.statement(*statement);
        }
    }

    fn statement(&mut self, id: StmtId) {
        if !self.step() {
            return;
        }
        if self.depth >= super::DEPTH_MAX {
            self.cut.get_or_insert("it nests too deeply");
            return;
        }
        let program = self.program;
        let Some(statement) = program.statements.get(id.0 as usize) else { return };
        self.depth += 1;
        match &statement.kind {
            StatementKind::Expression(value) => self.expression_statement(*value),
            StatementKind::Assign { target, value, operator, annotation } => {
                self.assignment(*target, *value, *operator, *annotation, statement.span);
            }
            StatementKind::Return(value) => self.returns(*value),
            StatementKind::Raise(value) => {
                if let Some(value) = value {
                    self.eval(*value);
                }
                self.raises();
            }
            StatementKind::If { test, then, otherwise } => self.branch(*test, then, otherwise),
            StatementKind::While { test, body, otherwise } => {
                self.while_loop(*test, body, otherwise);
            }
            StatementKind::For { target, iterable, keys, body, otherwise } => {
                self.for_loop(*target, *iterable, *keys, body, otherwise);
            }
            StatementKind::Match { subject, cases } => self.cases(*subject, cases),
            StatementKind::Try { body, handlers, otherwise, finally } => {
                self.tries(body, handlers, otherwise, finally);
            }
            StatementKind::With { items, body } => {
                for (resource, target) in items {
                    let value = self.eval(*resource);
                    if let Some(target) = target {
                        self.assign(*target, value, self.span(*resource));
                    }
                }
                self.block(body);
            }
            StatementKind::Block(body) => self.block(body),
            StatementKind::Break => self.breaks(),
            StatementKind::Continue => self.continues(),
            StatementKind::Delete(target) => self.delete(*target),
            StatementKind::Assert(test) => {
                self.eval(*test);
                if !self.dead {
                    self.assume(*test, true);
                }
            }
            StatementKind::Import { module, member, name } => {
                self.import(*module, *member, *name, statement.span);
            }
            StatementKind::Define(function) => self.define(*function),
            StatementKind::DefineClass(class) => self.define_class(*class),
            StatementKind::Export { value, .. } => _ = self.eval(*value),
        }
        self.depth -= 1;
    }

    fn expression_statement(&mut self, value: ExprId) {
        if let Some((element, key, list)) = self.collecting.last().copied()
            && element == value
        {
            let key = key.map(|key| self.eval(key));
            let value = self.eval(value);
            let key = key.and_then(|key| key.constants.single().and_then(Key::of));
            self.state.change(list, |object| match (object.kind, key) {
                (Kind::Dictionary, Some(key)) => object.set(Some(&key), &value, false),
                _ => object.add_to_rest(&value),
            });
            return;
        }
        self.eval(value);
    }

    /// Ends the way with a value.
    fn returns(&mut self, value: Option<ExprId>) {
        let result = match value {
            Some(value) => self.eval(value),
            None => Value::nothing(),
        };
        if self.dead {
            return;
        }
        let span = value.map(|value| self.span(value)).unwrap_or_default();
        if let Some(value) = value {
            self.verdicts(value, &result);
        }
        self.respond(&result, span);
        let result = Value { labels: result.labels.stepped(span, &Word::Returned), ..result };
        self.leave(result);
    }

    /// One more way out of the function.
    pub(super) fn leave(&mut self, result: Value) {
        if let Some(mark) = self.frame().mark {
            let size = self.state.size_since(mark);
            self.steps_of(size);
            let delta = self.state.since(mark);
            self.frame().returns.push(delta);
        }
        let frame = self.frame();
        frame.result = Some(match &frame.result {
            Some(before) => before.join(&result),
            None => result,
        });
        self.dead = true;
    }

    /// Ends the way; what is written is seen by handlers.
    fn raises(&mut self) {
        if let Some(mark) = self.frame().tries.last().map(|one| one.mark) {
            let delta = self.state.since(mark);
            self.frame().tries.last_mut().expect("it was there just now").raises.push(delta);
        }
        self.dead = true;
    }

    fn delete(&mut self, target: ExprId) {
        let program = self.program;
        match &program.expressions[target.0 as usize].0 {
            Expression::Index { base, index } => {
                let (base, index) = (self.eval(*base), self.eval(*index));
                for shape in base.shapes.all() {
                    if let Shape::Object(object) = shape {
                        let key = index.constants.single().and_then(Key::of);
                        self.state.change(*object, |object| match (object.kind, key) {
                            (Kind::List, Some(Key::Integer(index))) => {
                                object.remove(Some(index));
                            }
                            (Kind::List, _) => _ = object.remove(None),
                            (_, Some(key)) => _ = object.fields.remove(&key),
                            _ => {}
                        });
                    }
                }
            }
            Expression::Name(name) => {
                if let Some(cell) = self.cell(*name) {
                    self.state.write(cell, None);
                }
            }
            _ => _ = self.eval(target),
        }
    }

    fn import(
        &mut self,
        module: Symbol,
        member: Option<Symbol>,
        name: Symbol,
        span: crate::ir::Span,
    ) {
        let module_path = self.paths.intern(self.name(module));
        if !self.imported.contains(&module_path) {
            self.imported.push(module_path);
        }
        let path = match member.map(|member| self.name(member)) {
            None => module_path,
            Some("*") => {
                self.import_rules(module_path, span);
                self.stars.push(module_path);
                return;
            }
            Some(member) => self.paths.child(module_path, member),
        };
        self.import_rules(path, span);
        if path != module_path {
            self.import_rules(module_path, span);
        }
        self.bind(name, Value::shape(Shape::Path(path)));
    }

    fn define(&mut self, id: FunctionId) {
        let program = self.program;
        let function = &program.functions[id.0 as usize];
        let entries = self.decorators(&function.decorators, function.span);
        let frame = self.frame_id();
        let mut all = entries;
        all.extend(self.entries_of_function(id));
        self.frame().made.push(Made { function: id, frame, receiver: None, entries: all });
        if let Some(name) = function.name {
            self.bind(name, Value::shape(Shape::Function(id, frame, None)));
        }
    }

    /// Binds a name in the scope being walked.
    pub(super) fn bind(&mut self, name: Symbol, value: Value) {
        if let Some(body) = self.class_body {
            let key = Key::Text(self.name(name).into());
            self.state.change(body, |object| object.set(Some(&key), &value, true));
            return;
        }
        if let Some(cell) = self.cell(name) {
            self.state.write(cell, Some(value));
        }
    }

    /// Decorators and annotations; the entry points that they make.
    pub(super) fn decorators(
        &mut self,
        decorators: &[ExprId],
        _span: crate::ir::Span,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for decorator in decorators {
            self.eval(*decorator);
            let program = self.program;
            let mut callee = *decorator;
            if let Expression::Call { callee: inner, .. } =
                &program.expressions[decorator.0 as usize].0
            {
                callee = *inner;
            }
            let call = self.mention_of(callee, *decorator);
            found.extend(self.decorator_entries(Mention::Decorator, &call, *decorator));
        }
        found
    }
}
