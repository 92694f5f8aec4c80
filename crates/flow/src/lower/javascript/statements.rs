//! Statements.

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::{LOWERED_MAX, Lowering, at, modules};
use crate::ir::{
    Argument, BinaryOperator, Block, Case, ExprId, Expression, Handler, StatementKind,
};

impl Lowering {
    /// A block with a scope of its own.
    pub(super) fn block(&mut self, statements: &[ast::Statement<'_>]) -> Block {
        self.scopes.open();
        let block = self.statements(statements);
        self.scopes.close();
        block
    }

    /// Statements in the scope that is open. Functions come first, as when the program runs.
    pub(super) fn statements(&mut self, statements: &[ast::Statement<'_>]) -> Block {
        self.declare_block(statements);
        let mut block = Block::new();
        for statement in statements {
            if let Some(function) = declared_function(statement) {
                self.define(&mut block, function);
            }
        }
        for statement in statements {
            self.statement(&mut block, statement);
        }
        block
    }

    fn define(&mut self, block: &mut Block, function: &ast::Function<'_>) {
        if function.id.is_some() && function.body.is_some() {
            let id = self.function(function, None);
            self.push(block, StatementKind::Define(id), function.span);
        }
    }

    /// The body of a loop or branch, with or without braces.
    fn nested(&mut self, statement: &ast::Statement<'_>) -> Block {
        match statement {
            ast::Statement::BlockStatement(it) => self.block(&it.body),
            _ => self.block(std::slice::from_ref(statement)),
        }
    }

    fn statement(&mut self, block: &mut Block, statement: &ast::Statement<'_>) {
        if self.depth >= LOWERED_MAX {
            self.too_deep = true;
            return;
        }
        self.depth += 1;
        if let Some(declaration) = statement.as_declaration() {
            self.declaration(block, declaration);
        } else if let Some(declaration) = statement.as_module_declaration() {
            self.module_declaration(block, declaration);
        } else {
            self.plain_statement(block, statement);
        }
        self.depth -= 1;
    }

    fn plain_statement(&mut self, block: &mut Block, statement: &ast::Statement<'_>) {
        let span = statement.span();
        let kind = match statement {
            ast::Statement::ExpressionStatement(it) => {
                return self.expression_statement(block, &it.expression, span);
            }
            ast::Statement::BlockStatement(it) => StatementKind::Block(self.block(&it.body)),
            ast::Statement::BreakStatement(_) => StatementKind::Break,
            ast::Statement::ContinueStatement(_) => StatementKind::Continue,
            ast::Statement::ReturnStatement(it) => {
                StatementKind::Return(it.argument.as_ref().map(|value| self.value(value)))
            }
            ast::Statement::ThrowStatement(it) => {
                StatementKind::Raise(Some(self.value(&it.argument)))
            }
            ast::Statement::IfStatement(it) => StatementKind::If {
                test: self.test(&it.test),
                then: self.nested(&it.consequent),
                otherwise: it.alternate.as_ref().map(|it| self.nested(it)).unwrap_or_default(),
            },
            ast::Statement::WhileStatement(it) => StatementKind::While {
                test: Some(self.test(&it.test)),
                body: self.nested(&it.body),
                otherwise: Block::new(),
            },
            ast::Statement::DoWhileStatement(it) => self.do_while(it),
            ast::Statement::ForStatement(it) => self.for_statement(it),
            ast::Statement::ForInStatement(it) => {
                self.for_each(&it.left, &it.right, &it.body, true)
            }
            ast::Statement::ForOfStatement(it) => {
                self.for_each(&it.left, &it.right, &it.body, false)
            }
            ast::Statement::LabeledStatement(it) => return self.labeled(block, it),
            ast::Statement::SwitchStatement(it) => self.switch(it),
            ast::Statement::TryStatement(it) => self.try_statement(it),
            ast::Statement::WithStatement(it) => StatementKind::With {
                items: vec![(self.value(&it.object), None)],
                body: self.nested(&it.body),
            },
            ast::Statement::DebuggerStatement(_) => {
                let callee = self.name("debugger", span);
                let arguments: Vec<Argument> = Vec::new();
                let call = Expression::Call { callee, arguments, is_new: false };
                StatementKind::Expression(self.expression(call, span))
            }
            _ => return,
        };
        self.push(block, kind, span);
    }

    fn expression_statement(
        &mut self,
        block: &mut Block,
        expression: &ast::Expression<'_>,
        span: Span,
    ) {
        match expression {
            ast::Expression::AssignmentExpression(it) => self.assignment(block, it, span),
            ast::Expression::UpdateExpression(it) => {
                let target = self.changed(&it.argument);
                let value = Some(self.expression(Expression::Integer(1), span));
                let operator = Some(if it.operator == ast::UpdateOperator::Increment {
                    BinaryOperator::Add
                } else {
                    BinaryOperator::Subtract
                });
                let kind = StatementKind::Assign { target, value, operator, annotation: None };
                self.push(block, kind, span);
            }
            ast::Expression::UnaryExpression(it) if it.operator == ast::UnaryOperator::Delete => {
                let value = self.value(&it.argument);
                self.written(value);
                self.push(block, StatementKind::Delete(value), span);
            }
            ast::Expression::SequenceExpression(it) => {
                for part in &it.expressions {
                    self.expression_statement(block, part, part.span());
                }
            }
            _ => {
                let value = self.value(expression);
                self.push(block, StatementKind::Expression(value), span);
            }
        }
    }

    /// An assignment as a statement: of a pattern, by an operator, or of what others can use.
    pub(super) fn assignment(
        &mut self,
        block: &mut Block,
        it: &ast::AssignmentExpression<'_>,
        span: Span,
    ) {
        if it.left.as_assignment_target_pattern().is_some() {
            let value = self.value(&it.right);
            return self.assign_to(block, &it.left, value);
        }
        let is_export = modules::is_exports(&it.left);
        let outer = self.exporting;
        self.exporting |= is_export;
        let target = self.target(&it.left);
        self.written(target);
        let hint = self.target_name(target);
        let right = self.named_value(&it.right, hint);
        self.exporting = outer;
        let (operator, value) = self.combined(it.operator, target, right, span);
        let value = Some(value);
        self.push(block, StatementKind::Assign { target, value, operator, annotation: None }, span);
        if is_export {
            let name = hint.map(|name| self.program.symbols.text(name).to_owned());
            let name = name.filter(|name| name != "exports");
            self.export(block, name.as_deref().unwrap_or("default"), target, span);
        }
    }

    fn do_while(&mut self, it: &ast::DoWhileStatement<'_>) -> StatementKind {
        let mut body = self.nested(&it.body);
        let test = self.value(&it.test);
        let mut leave = Block::new();
        self.push(&mut leave, StatementKind::Break, it.test.span());
        let kind = StatementKind::If { test, then: Block::new(), otherwise: leave };
        self.push(&mut body, kind, it.test.span());
        StatementKind::While { test: None, body, otherwise: Block::new() }
    }

    fn for_statement(&mut self, it: &ast::ForStatement<'_>) -> StatementKind {
        self.scopes.open();
        let mut outer = Block::new();
        match &it.init {
            Some(ast::ForStatementInit::VariableDeclaration(variables)) => {
                if !variables.kind.is_var() {
                    self.declare_variables(variables);
                }
                self.variables(&mut outer, variables);
            }
            Some(init) => {
                let init = init.to_expression();
                self.expression_statement(&mut outer, init, init.span());
            }
            None => {}
        }
        let test = it.test.as_ref().map(|test| self.value(test));
        let mut body = self.nested(&it.body);
        if let Some(update) = &it.update {
            self.expression_statement(&mut body, update, update.span());
        }
        let kind = StatementKind::While { test, body, otherwise: Block::new() };
        self.push(&mut outer, kind, it.span);
        self.scopes.close();
        StatementKind::Block(outer)
    }

    fn for_each(
        &mut self,
        left: &ast::ForStatementLeft<'_>,
        right: &ast::Expression<'_>,
        body: &ast::Statement<'_>,
        keys: bool,
    ) -> StatementKind {
        let iterable = self.value(right);
        self.scopes.open();
        let mut first = Block::new();
        let target = match left {
            ast::ForStatementLeft::VariableDeclaration(variables) => {
                if !variables.kind.is_var() {
                    self.declare_variables(variables);
                }
                self.loop_variable(&mut first, variables)
            }
            _ => match left.to_assignment_target() {
                pattern if pattern.as_assignment_target_pattern().is_some() => {
                    let name = self.temporary();
                    let value = self.expression(Expression::Name(name), pattern.span());
                    self.assign_to(&mut first, pattern, value);
                    value
                }
                simple => {
                    let target = self.target(simple);
                    self.written(target);
                    target
                }
            },
        };
        first.extend(self.nested(body));
        self.scopes.close();
        StatementKind::For { target, iterable, keys, body: first, otherwise: Block::new() }
    }

    fn loop_variable(
        &mut self,
        first: &mut Block,
        variables: &ast::VariableDeclaration<'_>,
    ) -> ExprId {
        let span = variables.span;
        let Some(declarator) = variables.declarations.first() else {
            return self.expression(Expression::Unknown(Vec::new()), span);
        };
        if let ast::BindingPattern::BindingIdentifier(identifier) = &declarator.id {
            let symbol = self.resolve(identifier.name.as_str());
            return self.expression(Expression::Name(symbol), identifier.span);
        }
        let name = self.temporary();
        let value = self.expression(Expression::Name(name), span);
        self.bind(first, &declarator.id, value, None);
        value
    }

    /// A label on a loop is dropped: `break` and `continue` to it leave the inner loop. Any other
    /// labeled statement becomes a loop that ends after one round.
    fn labeled(&mut self, block: &mut Block, it: &ast::LabeledStatement<'_>) {
        let is_loop = matches!(
            it.body,
            ast::Statement::ForStatement(_)
                | ast::Statement::ForInStatement(_)
                | ast::Statement::ForOfStatement(_)
                | ast::Statement::WhileStatement(_)
                | ast::Statement::DoWhileStatement(_)
                | ast::Statement::LabeledStatement(_)
        );
        if is_loop {
            return self.statement(block, &it.body);
        }
        let mut body = self.nested(&it.body);
        self.push(&mut body, StatementKind::Break, it.span);
        let kind = StatementKind::While { test: None, body, otherwise: Block::new() };
        self.push(block, kind, it.span);
    }

    fn switch(&mut self, it: &ast::SwitchStatement<'_>) -> StatementKind {
        let subject = self.test(&it.discriminant);
        self.scopes.open();
        for case in &it.cases {
            self.declare_block(&case.consequent);
        }
        let mut cases = Vec::new();
        for case in &it.cases {
            let patterns = case.test.iter().map(|test| self.value(test)).collect();
            let body = self.statements(&case.consequent);
            cases.push(Case { patterns, guard: None, body, falls_through: true });
        }
        self.scopes.close();
        StatementKind::Match { subject, cases }
    }

    fn try_statement(&mut self, it: &ast::TryStatement<'_>) -> StatementKind {
        let body = self.block(&it.block.body);
        let handlers = it.handler.iter().map(|handler| self.handler(handler)).collect();
        let finally = it.finalizer.as_ref().map(|it| self.block(&it.body)).unwrap_or_default();
        StatementKind::Try { body, handlers, otherwise: Block::new(), finally }
    }

    fn handler(&mut self, clause: &ast::CatchClause<'_>) -> Handler {
        self.scopes.open();
        let mut body = Block::new();
        let name = clause.param.as_ref().map(|parameter| {
            self.declare_pattern(&parameter.pattern);
            match &parameter.pattern {
                ast::BindingPattern::BindingIdentifier(identifier) => {
                    self.resolve(identifier.name.as_str())
                }
                pattern => {
                    let name = self.temporary();
                    let value = self.expression(Expression::Name(name), pattern.span());
                    self.bind(&mut body, pattern, value, None);
                    name
                }
            }
        });
        body.extend(self.block(&clause.body.body));
        self.scopes.close();
        Handler { types: Vec::new(), name, body, span: at(clause.span) }
    }

    fn declaration(&mut self, block: &mut Block, declaration: &ast::Declaration<'_>) {
        match declaration {
            ast::Declaration::VariableDeclaration(it) if !it.declare => self.variables(block, it),
            ast::Declaration::ClassDeclaration(it) if !it.declare => {
                let class = self.class(it, None);
                self.push(block, StatementKind::DefineClass(class), it.span);
            }
            ast::Declaration::TSEnumDeclaration(it) => self.enumeration(block, it),
            ast::Declaration::TSNamespaceDeclaration(it) if !it.declare => {
                self.namespace(block, it);
            }
            ast::Declaration::TSImportEqualsDeclaration(it) => {
                let name = self.resolve(it.id.name.as_str());
                if let ast::TSModuleReference::ExternalModuleReference(module) =
                    &it.module_reference
                {
                    let source = module.expression.value.as_str();
                    self.import(block, source, None, name, it.span);
                }
            }
            // Functions were defined at the start of the block; the rest are types.
            _ => {}
        }
    }

    fn variables(&mut self, block: &mut Block, variables: &ast::VariableDeclaration<'_>) {
        for declarator in &variables.declarations {
            if self.import_variable(block, declarator) {
                continue;
            }
            let annotation = self.annotation(declarator.type_annotation.as_deref());
            match (&declarator.init, &declarator.id) {
                (Some(init), pattern) => {
                    let hint = match pattern {
                        ast::BindingPattern::BindingIdentifier(identifier) => {
                            Some(self.resolve(identifier.name.as_str()))
                        }
                        _ => None,
                    };
                    let value = self.named_value(init, hint);
                    self.bind(block, pattern, value, annotation);
                }
                // `var x;` again does not change x.
                (None, ast::BindingPattern::BindingIdentifier(identifier))
                    if !variables.kind.is_var() || annotation.is_some() =>
                {
                    let symbol = self.resolve(identifier.name.as_str());
                    let target = self.expression(Expression::Name(symbol), identifier.span);
                    let kind =
                        StatementKind::Assign { target, value: None, operator: None, annotation };
                    self.push(block, kind, declarator.span);
                }
                (None, _) => {}
            }
        }
    }

    fn enumeration(&mut self, block: &mut Block, it: &ast::TSEnumDeclaration<'_>) {
        let mut entries = Vec::new();
        let mut next = Some(0_i64);
        for member in &it.body.members {
            let key = self.text(member.id.static_name().as_str(), member.span);
            let value = match &member.initializer {
                Some(value) => {
                    let value = self.value(value);
                    next = match self.program.expressions.get(value.0 as usize) {
                        Some((Expression::Integer(number), _)) => number.checked_add(1),
                        _ => None,
                    };
                    value
                }
                None => {
                    let number = next.map_or(Expression::Unknown(Vec::new()), Expression::Integer);
                    next = next.and_then(|number| number.checked_add(1));
                    self.expression(number, member.span)
                }
            };
            entries.push((Some(key), value));
        }
        let symbol = self.resolve(it.id.name.as_str());
        let target = self.expression(Expression::Name(symbol), it.id.span);
        let value = self.expression(Expression::Dictionary(entries), it.span);
        self.assign(block, target, value, it.span);
    }

    /// A namespace's statements, then an object of what it exports.
    fn namespace(&mut self, block: &mut Block, it: &ast::TSNamespaceDeclaration<'_>) {
        let mut inner = Block::new();
        self.scopes.open();
        let mut entries = Vec::new();
        match &it.body {
            ast::TSNamespaceDeclarationBody::TSNamespaceDeclaration(nested) => {
                self.declare(nested.id.name.as_str());
                self.namespace(&mut inner, nested);
                entries.push(nested.id.name.as_str());
            }
            ast::TSNamespaceDeclarationBody::TSModuleBlock(body) => {
                self.declare_hoisted(&body.body);
                inner = self.statements(&body.body);
                for statement in &body.body {
                    if let ast::Statement::ExportDeclaration(export) = statement {
                        entries.extend(declared_names(&export.declaration));
                    }
                }
            }
        }
        let mut members = Vec::new();
        for name in entries {
            let symbol = self.resolve(name);
            let key = self.text(name, it.id.span);
            members.push((Some(key), self.expression(Expression::Name(symbol), it.id.span)));
        }
        self.scopes.close();
        let symbol = self.resolve(it.id.name.as_str());
        let target = self.expression(Expression::Name(symbol), it.id.span);
        let value = self.expression(Expression::Dictionary(members), it.span);
        self.assign(&mut inner, target, value, it.span);
        self.push(block, StatementKind::Block(inner), it.span);
    }

    fn module_declaration(&mut self, block: &mut Block, it: &ast::ModuleDeclaration<'_>) {
        match it {
            ast::ModuleDeclaration::ImportDeclaration(it) => self.import_declaration(block, it),
            ast::ModuleDeclaration::ExportDeclaration(it) => {
                self.declaration(block, &it.declaration);
                for name in declared_names(&it.declaration) {
                    let symbol = self.resolve(name);
                    let value = self.expression(Expression::Name(symbol), it.span);
                    self.export(block, name, value, it.span);
                }
            }
            ast::ModuleDeclaration::ExportNamedDeclaration(it) => {
                self.export_names(block, &it.specifiers);
            }
            ast::ModuleDeclaration::ExportFromDeclaration(it) => self.export_from(block, it),
            ast::ModuleDeclaration::ExportAllDeclaration(it) => {
                let name = it.exported.as_ref().map_or("*".into(), ast::ModuleExportName::name);
                let value = self.module_value(it.source.value.as_str(), None, it.span);
                self.export(block, name.as_str(), value, it.span);
            }
            ast::ModuleDeclaration::ExportDefaultDeclaration(it) => {
                let outer = std::mem::replace(&mut self.exporting, true);
                let value = self.default_export(block, &it.declaration);
                self.exporting = outer;
                if let Some(value) = value {
                    self.export(block, "default", value, it.span);
                }
            }
            ast::ModuleDeclaration::TSExportAssignment(it) => {
                let outer = std::mem::replace(&mut self.exporting, true);
                let value = self.value(&it.expression);
                self.exporting = outer;
                self.export(block, "default", value, it.span);
            }
            ast::ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    fn default_export(
        &mut self,
        block: &mut Block,
        declaration: &ast::ExportDefaultDeclarationKind<'_>,
    ) -> Option<ExprId> {
        match declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(it) => {
                it.body.as_ref()?;
                Some(match &it.id {
                    Some(id) => {
                        let symbol = self.resolve(id.name.as_str());
                        self.expression(Expression::Name(symbol), id.span)
                    }
                    None => {
                        let function = self.function(it, None);
                        self.expression(Expression::Function(function), it.span)
                    }
                })
            }
            ast::ExportDefaultDeclarationKind::ClassDeclaration(it) => {
                let class = self.class(it, None);
                Some(match &it.id {
                    Some(id) => {
                        self.push(block, StatementKind::DefineClass(class), it.span);
                        let symbol = self.resolve(id.name.as_str());
                        self.expression(Expression::Name(symbol), id.span)
                    }
                    None => self.expression(Expression::Class(class), it.span),
                })
            }
            other => other.as_expression().map(|value| self.value(value)),
        }
    }
}

/// The function that a statement declares.
fn declared_function<'s, 'a>(statement: &'s ast::Statement<'a>) -> Option<&'s ast::Function<'a>> {
    match statement {
        ast::Statement::FunctionDeclaration(it) => Some(it),
        ast::Statement::ExportDeclaration(it) => match &it.declaration {
            ast::Declaration::FunctionDeclaration(it) => Some(it),
            _ => None,
        },
        ast::Statement::ExportDefaultDeclaration(it) => match &it.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(it) => Some(it),
            _ => None,
        },
        _ => None,
    }
}

/// The names that a declaration binds and that are values.
fn declared_names<'d>(declaration: &'d ast::Declaration<'_>) -> Vec<&'d str> {
    match declaration {
        ast::Declaration::VariableDeclaration(it) => {
            let names = it.declarations.iter().filter_map(|it| match &it.id {
                ast::BindingPattern::BindingIdentifier(name) => Some(name.name.as_str()),
                _ => None,
            });
            names.collect()
        }
        ast::Declaration::FunctionDeclaration(it) if it.body.is_some() => {
            it.id.iter().map(|id| id.name.as_str()).collect()
        }
        ast::Declaration::ClassDeclaration(it) => it.id.iter().map(|id| id.name.as_str()).collect(),
        ast::Declaration::TSEnumDeclaration(it) => vec![it.id.name.as_str()],
        ast::Declaration::TSNamespaceDeclaration(it) => vec![it.id.name.as_str()],
        _ => Vec::new(),
    }
}
