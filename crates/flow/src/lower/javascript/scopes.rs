//! Which variable a name means: blocks have their own, and functions see those around them.

use std::collections::{HashMap, HashSet};

use oxc::ast::ast;

use super::Lowering;
use crate::ir::Symbol;

/// The scopes around the place that is being read.
#[derive(Default)]
pub(super) struct Scopes {
    open: Vec<Scope>,
    /// What each open function binds itself, the innermost last.
    locals: Vec<Locals>,
    made: usize,
}

#[derive(Default)]
struct Scope {
    names: HashMap<Box<str>, Symbol>,
    /// Which open function it belongs to.
    function: usize,
}

#[derive(Default)]
struct Locals {
    order: Vec<Symbol>,
    known: HashSet<Symbol>,
}

impl Scopes {
    /// Enters a function.
    pub(super) fn enter(&mut self) {
        self.locals.push(Locals::default());
        self.open();
    }

    /// Leaves a function, with what it binds.
    pub(super) fn leave(&mut self) -> Vec<Symbol> {
        self.close();
        self.locals.pop().map(|locals| locals.order).unwrap_or_default()
    }

    /// Enters a block.
    pub(super) fn open(&mut self) {
        let function = self.locals.len();
        self.open.push(Scope { names: HashMap::new(), function });
    }

    /// Leaves a block.
    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// The variable that a name means here, if the file binds it.
    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.open.iter().rev().find_map(|scope| scope.names.get(name).copied())
    }

    /// Makes a variable known to the innermost function.
    pub(super) fn own(&mut self, symbol: Symbol) {
        if let Some(locals) = self.locals.last_mut()
            && locals.known.insert(symbol)
        {
            locals.order.push(symbol);
        }
    }

    /// How many functions are open.
    pub(super) fn depth(&self) -> usize {
        self.locals.len()
    }

    /// Which of the open functions binds a variable, the outermost being 1.
    pub(super) fn owner(&self, variable: Symbol) -> Option<usize> {
        self.locals.iter().rposition(|locals| locals.known.contains(&variable)).map(|at| at + 1)
    }

    /// A number that was not given before.
    pub(super) fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    fn is_here(&self, name: &str) -> bool {
        self.open.last().is_some_and(|scope| scope.names.contains_key(name))
    }

    fn hides_own(&self, name: &str) -> bool {
        let function = self.locals.len();
        let mut around = self.open.iter().rev().skip(1).take_while(|s| s.function == function);
        around.any(|scope| scope.names.contains_key(name))
    }
}

impl Lowering {
    /// Binds a name in the innermost scope; the same name there is the same variable.
    pub(super) fn declare(&mut self, name: &str) -> Symbol {
        if self.scopes.is_here(name)
            && let Some(symbol) = self.scopes.find(name)
        {
            return symbol;
        }
        let symbol = if self.scopes.hides_own(name) {
            let number = self.scopes.number();
            self.intern(&format!("{name}#{number}"))
        } else {
            self.intern(name)
        };
        if let Some(scope) = self.scopes.open.last_mut() {
            scope.names.insert(name.into(), symbol);
        }
        self.scopes.own(symbol);
        symbol
    }

    /// The variable that a name means here; one that the file does not bind keeps its name.
    pub(super) fn resolve(&mut self, name: &str) -> Symbol {
        match self.scopes.find(name) {
            Some(symbol) => symbol,
            None => self.intern(name),
        }
    }

    /// Binds what the statements of a block declare for that block.
    pub(super) fn declare_block(&mut self, statements: &[ast::Statement<'_>]) {
        for statement in statements {
            match statement {
                ast::Statement::ImportDeclaration(import) => self.declare_import(import),
                ast::Statement::ExportDeclaration(export) => {
                    self.declare_declaration(&export.declaration);
                }
                ast::Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                    ast::ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        self.declare_identifier(function.id.as_ref());
                    }
                    ast::ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        self.declare_identifier(class.id.as_ref());
                    }
                    _ => {}
                },
                _ => {
                    if let Some(declaration) = statement.as_declaration() {
                        self.declare_declaration(declaration);
                    }
                }
            }
        }
    }

    fn declare_declaration(&mut self, declaration: &ast::Declaration<'_>) {
        match declaration {
            ast::Declaration::VariableDeclaration(variables) if !variables.kind.is_var() => {
                self.declare_variables(variables);
            }
            ast::Declaration::FunctionDeclaration(it) => self.declare_identifier(it.id.as_ref()),
            ast::Declaration::ClassDeclaration(it) => self.declare_identifier(it.id.as_ref()),
            ast::Declaration::TSEnumDeclaration(it) => self.declare_identifier(Some(&it.id)),
            ast::Declaration::TSNamespaceDeclaration(it) => self.declare_identifier(Some(&it.id)),
            ast::Declaration::TSImportEqualsDeclaration(it) => {
                self.declare_identifier(Some(&it.id));
            }
            _ => {}
        }
    }

    /// Binds all names of a declaration of variables.
    pub(super) fn declare_variables(&mut self, variables: &ast::VariableDeclaration<'_>) {
        let mut names = Vec::new();
        for declarator in &variables.declarations {
            pattern_names(&declarator.id, &mut names);
        }
        self.declare_all(&names);
    }

    fn declare_identifier(&mut self, identifier: Option<&ast::BindingIdentifier<'_>>) {
        if let Some(identifier) = identifier {
            self.declare(identifier.name.as_str());
        }
    }

    fn declare_import(&mut self, import: &ast::ImportDeclaration<'_>) {
        for specifier in import.specifiers.iter().flatten() {
            self.declare(specifier.local().name.as_str());
        }
    }

    /// Binds the names of a pattern.
    pub(super) fn declare_pattern(&mut self, pattern: &ast::BindingPattern<'_>) {
        let mut names = Vec::new();
        pattern_names(pattern, &mut names);
        self.declare_all(&names);
    }

    /// Binds what `var` declares anywhere in a function.
    pub(super) fn declare_hoisted(&mut self, statements: &[ast::Statement<'_>]) {
        let mut names = Vec::new();
        for statement in statements {
            hoisted(statement, &mut names);
        }
        self.declare_all(&names);
    }

    fn declare_all(&mut self, names: &[&str]) {
        for name in names {
            self.declare(name);
        }
    }
}

fn pattern_names<'p>(pattern: &'p ast::BindingPattern<'_>, names: &mut Vec<&'p str>) {
    match pattern {
        ast::BindingPattern::BindingIdentifier(identifier) => names.push(identifier.name.as_str()),
        ast::BindingPattern::AssignmentPattern(default) => pattern_names(&default.left, names),
        ast::BindingPattern::ObjectPattern(object) => {
            for property in &object.properties {
                pattern_names(&property.value, names);
            }
            if let Some(rest) = &object.rest {
                pattern_names(&rest.argument, names);
            }
        }
        ast::BindingPattern::ArrayPattern(array) => {
            for element in array.elements.iter().flatten() {
                pattern_names(element, names);
            }
            if let Some(rest) = &array.rest {
                pattern_names(&rest.argument, names);
            }
        }
    }
}

fn hoisted<'p>(statement: &'p ast::Statement<'_>, names: &mut Vec<&'p str>) {
    match statement {
        ast::Statement::VariableDeclaration(it) => hoisted_variables(it, names),
        ast::Statement::ExportDeclaration(it) => {
            if let ast::Declaration::VariableDeclaration(variables) = &it.declaration {
                hoisted_variables(variables, names);
            }
        }
        ast::Statement::BlockStatement(it) => hoisted_all(&it.body, names),
        ast::Statement::DoWhileStatement(it) => hoisted(&it.body, names),
        ast::Statement::WhileStatement(it) => hoisted(&it.body, names),
        ast::Statement::WithStatement(it) => hoisted(&it.body, names),
        ast::Statement::LabeledStatement(it) => hoisted(&it.body, names),
        ast::Statement::ForInStatement(it) => hoisted_loop(&it.left, &it.body, names),
        ast::Statement::ForOfStatement(it) => hoisted_loop(&it.left, &it.body, names),
        ast::Statement::ForStatement(it) => {
            if let Some(ast::ForStatementInit::VariableDeclaration(variables)) = &it.init {
                hoisted_variables(variables, names);
            }
            hoisted(&it.body, names);
        }
        ast::Statement::IfStatement(it) => {
            hoisted(&it.consequent, names);
            if let Some(alternate) = &it.alternate {
                hoisted(alternate, names);
            }
        }
        ast::Statement::SwitchStatement(it) => {
            for case in &it.cases {
                hoisted_all(&case.consequent, names);
            }
        }
        ast::Statement::TryStatement(it) => {
            hoisted_all(&it.block.body, names);
            if let Some(handler) = &it.handler {
                hoisted_all(&handler.body.body, names);
            }
            if let Some(last) = &it.finalizer {
                hoisted_all(&last.body, names);
            }
        }
        _ => {}
    }
}

fn hoisted_all<'p>(statements: &'p [ast::Statement<'_>], names: &mut Vec<&'p str>) {
    for statement in statements {
        hoisted(statement, names);
    }
}

fn hoisted_loop<'p>(
    left: &'p ast::ForStatementLeft<'_>,
    body: &'p ast::Statement<'_>,
    names: &mut Vec<&'p str>,
) {
    if let ast::ForStatementLeft::VariableDeclaration(variables) = left {
        hoisted_variables(variables, names);
    }
    hoisted(body, names);
}

fn hoisted_variables<'p>(variables: &'p ast::VariableDeclaration<'_>, names: &mut Vec<&'p str>) {
    if variables.kind.is_var() {
        for declarator in &variables.declarations {
            pattern_names(&declarator.id, names);
        }
    }
}
