//! Statements.

use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::Ranged;

use super::{Lowering, span, span_of};
use crate::ir::{Block, Expression, Handler, Span, StatementKind, StmtId};

impl Lowering {
    pub(super) fn block(&mut self, body: &[Stmt]) -> Block {
        let mut block = Vec::with_capacity(body.len());
        for statement in body {
            self.statement(statement, &mut block);
        }
        block
    }

    fn statement(&mut self, statement: &Stmt, block: &mut Block) {
        let at = span_of(statement);
        let kind = match statement {
            Stmt::FunctionDef(function) => self.define(function),
            Stmt::ClassDef(class) => self.define_class(class),
            Stmt::Return(value) => {
                let value = value.value.as_deref().map(|value| self.expression(value));
                StatementKind::Return(value)
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    let target = self.expression(target);
                    block.push(self.add_statement(StatementKind::Delete(target), at));
                }
                return;
            }
            Stmt::Assign(assign) => {
                self.assign(assign, at, block);
                return;
            }
            Stmt::AugAssign(assign) => {
                let value = self.expression(&assign.value);
                let target = self.target(&assign.target);
                let operator = Some(super::expressions::operator(assign.op));
                let value = Some(value);
                StatementKind::Assign { target, value, operator, annotation: None }
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_deref().map(|value| self.expression(value));
                let annotation = Some(self.annotation(&assign.annotation));
                let target = self.target(&assign.target);
                StatementKind::Assign { target, value, operator: None, annotation }
            }
            Stmt::For(walk) => {
                let iterable = self.expression(&walk.iter);
                let target = self.target(&walk.target);
                let body = self.block(&walk.body);
                let otherwise = self.block(&walk.orelse);
                StatementKind::For { target, iterable, keys: false, body, otherwise }
            }
            Stmt::While(walk) => {
                let test = Some(self.expression(&walk.test));
                let body = self.block(&walk.body);
                let otherwise = self.block(&walk.orelse);
                StatementKind::While { test, body, otherwise }
            }
            Stmt::If(branch) => self.branch(branch),
            Stmt::With(with) => self.with(with),
            Stmt::Match(cases) => self.cases(cases),
            Stmt::Raise(raise) => {
                let value = raise.exc.as_deref().map(|value| self.expression(value));
                StatementKind::Raise(value)
            }
            Stmt::Try(body) => self.tries(body),
            Stmt::Assert(assert) => StatementKind::Assert(self.expression(&assert.test)),
            Stmt::Expr(expression) => StatementKind::Expression(self.expression(&expression.value)),
            Stmt::Break(_) => StatementKind::Break,
            Stmt::Continue(_) => StatementKind::Continue,
            _ => {
                self.names(statement, at, block);
                return;
            }
        };
        block.push(self.add_statement(kind, at));
    }

    /// Statements that only say what names stand for.
    fn names(&mut self, statement: &Stmt, at: Span, block: &mut Block) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(alias, at, block);
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.import_from(import, alias, at, block);
                }
            }
            Stmt::Global(global) => self.outer(&global.names, true),
            Stmt::Nonlocal(nonlocal) => self.outer(&nonlocal.names, false),
            Stmt::TypeAlias(alias) => {
                let value = Some(self.annotation(&alias.value));
                let target = self.target(&alias.name);
                let kind =
                    StatementKind::Assign { target, value, operator: None, annotation: None };
                block.push(self.add_statement(kind, at));
            }
            _ => {}
        }
    }

    fn outer(&mut self, names: &[ast::Identifier], is_global: bool) {
        for name in names {
            let name = self.symbol(&name.id);
            // A global may be bound nowhere else.
            if let (true, Some(file)) = (is_global, self.around.first_mut())
                && file.seen.insert(name)
            {
                file.bound.push(name);
            }
            if let Some(around) = self.around.last_mut()
                && around.function.0 != 0
            {
                around.outer.insert(name);
            }
        }
    }

    fn import(&mut self, alias: &ast::Alias, at: Span, block: &mut Block) {
        let full = alias.name.as_str();
        // `import a.b` binds `a`, and `a.b` is then an attribute of it.
        let (module, name) = match &alias.asname {
            Some(name) => (full, name.as_str()),
            None => {
                let first = full.split('.').next().unwrap_or(full);
                (first, first)
            }
        };
        let (module_name, name) = (self.symbol(module), self.symbol(name));
        self.binds(name);
        if module != full {
            // For rules about what is imported.
            let whole = self.symbol(full);
            let kind = StatementKind::Import { module: whole, member: None, name: whole };
            block.push(self.add_statement(kind, at));
        }
        let kind = StatementKind::Import { module: module_name, member: None, name };
        block.push(self.add_statement(kind, at));
    }

    fn import_from(
        &mut self,
        import: &ast::StmtImportFrom,
        alias: &ast::Alias,
        at: Span,
        block: &mut Block,
    ) {
        let dots = ".".repeat(usize::try_from(import.level).unwrap_or(0).min(64));
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let module = self.symbol(&format!("{dots}{module}"));
        let member = Some(self.symbol(&alias.name.id));
        let name = self.symbol(&alias.asname.as_ref().unwrap_or(&alias.name).id);
        if alias.name.id.as_str() != "*" {
            self.binds(name);
        }
        block.push(self.add_statement(StatementKind::Import { module, member, name }, at));
    }

    fn assign(&mut self, assign: &ast::StmtAssign, at: Span, block: &mut Block) {
        let mut value = self.expression(&assign.value);
        if let [target] = assign.targets.as_slice() {
            let target = self.target(target);
            let value = Some(value);
            let kind = StatementKind::Assign { target, value, operator: None, annotation: None };
            block.push(self.add_statement(kind, at));
            return;
        }
        // `a = b = value`: the value is walked once.
        for target in &assign.targets {
            let place = self.target(target);
            let kind = StatementKind::Assign {
                target: place,
                value: Some(value),
                operator: None,
                annotation: None,
            };
            block.push(self.add_statement(kind, at));
            if target.is_name_expr() {
                value = self.expression(target);
            }
        }
    }

    fn branch(&mut self, branch: &ast::StmtIf) -> StatementKind {
        let test = self.expression(&branch.test);
        let then = self.block(&branch.body);
        // From the last one on, so that a long chain does not nest the walk of the tree.
        let mut clauses = Vec::with_capacity(branch.elif_else_clauses.len());
        for clause in &branch.elif_else_clauses {
            let test = clause.test.as_ref().map(|test| self.expression(test));
            clauses.push((test, self.block(&clause.body), span(clause.range)));
        }
        let mut otherwise: Block = Vec::new();
        for (test, body, at) in clauses.into_iter().rev() {
            otherwise = match test {
                None => body,
                Some(test) => {
                    let kind = StatementKind::If { test, then: body, otherwise };
                    vec![self.add_statement(kind, at)]
                }
            };
        }
        StatementKind::If { test, then, otherwise }
    }

    fn with(&mut self, with: &ast::StmtWith) -> StatementKind {
        let items = with
            .items
            .iter()
            .map(|item| {
                let resource = self.expression(&item.context_expr);
                let target = item.optional_vars.as_deref().map(|target| self.target(target));
                (resource, target)
            })
            .collect();
        StatementKind::With { items, body: self.block(&with.body) }
    }

    fn tries(&mut self, tries: &ast::StmtTry) -> StatementKind {
        let body = self.block(&tries.body);
        let mut handlers = Vec::with_capacity(tries.handlers.len());
        for handler in &tries.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            let types = match handler.type_.as_deref() {
                None => Vec::new(),
                Some(ast::Expr::Tuple(types)) => {
                    types.elts.iter().map(|one| self.expression(one)).collect()
                }
                Some(one) => vec![self.expression(one)],
            };
            let name = handler.name.as_ref().map(|name| self.symbol(&name.id));
            if let Some(name) = name {
                self.binds(name);
            }
            let body = self.block(&handler.body);
            handlers.push(Handler { types, name, body, span: span(handler.range()) });
        }
        let otherwise = self.block(&tries.orelse);
        let finally = self.block(&tries.finalbody);
        StatementKind::Try { body, handlers, otherwise, finally }
    }

    /// A target of an assignment: what it binds is noted.
    pub(super) fn target(&mut self, target: &ast::Expr) -> crate::ir::ExprId {
        let at = span_of(target);
        match target {
            ast::Expr::Name(name) => {
                let name = self.symbol(&name.id);
                self.binds(name);
                self.add(Expression::Name(name), at)
            }
            ast::Expr::Tuple(ast::ExprTuple { elts, .. })
            | ast::Expr::List(ast::ExprList { elts, .. }) => {
                let targets = elts.iter().map(|target| self.target(target)).collect();
                self.add(Expression::List(targets), at)
            }
            ast::Expr::Starred(starred) => {
                let inner = self.target(&starred.value);
                self.add(Expression::Spread(inner), at)
            }
            other => self.expression(other),
        }
    }

    pub(super) fn one(&mut self, kind: StatementKind, at: Span) -> StmtId {
        self.add_statement(kind, at)
    }
}
