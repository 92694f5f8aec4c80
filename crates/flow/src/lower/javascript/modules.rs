//! Files as modules: imports of both kinds, exports, and what others can call.

use std::collections::{HashMap, HashSet};

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::{Lowering, at};
use crate::ir::{Block, ExprId, Expression, Function, FunctionId, StatementKind, Symbol};

/// What others can call, known before anything is read.
#[derive(Default)]
pub(super) struct Exports {
    names: HashSet<Box<str>>,
    /// A file that exports nothing does not say.
    everything: bool,
}

impl Exports {
    /// Whether something of the file, under its name there, can be used by others.
    pub(super) fn has(&self, name: &str) -> bool {
        self.everything || self.names.contains(name)
    }

    fn of(program: &ast::Program<'_>) -> Exports {
        let mut exports = Exports::default();
        let mut said = false;
        for statement in &program.body {
            match statement {
                ast::Statement::ExportDeclaration(it) => {
                    said = true;
                    exports.declared(&it.declaration);
                }
                ast::Statement::ExportNamedDeclaration(it) => {
                    said = true;
                    let names = it.specifiers.iter().map(|it| it.local.name());
                    exports.names.extend(names.map(|name| Box::from(name.as_str())));
                }
                ast::Statement::ExportDefaultDeclaration(it) => {
                    said = true;
                    exports.defaulted(&it.declaration);
                }
                ast::Statement::ExportAllDeclaration(_)
                | ast::Statement::ExportFromDeclaration(_) => said = true,
                ast::Statement::TSExportAssignment(it) => {
                    said = true;
                    exports.value(&it.expression);
                }
                ast::Statement::ExpressionStatement(it) => {
                    if let ast::Expression::AssignmentExpression(assignment) = &it.expression
                        && is_exports(&assignment.left)
                    {
                        said = true;
                        exports.value(&assignment.right);
                    }
                }
                _ => {}
            }
        }
        exports.everything = !said;
        exports
    }

    fn add(&mut self, name: &str) {
        self.names.insert(name.into());
    }

    fn declared(&mut self, declaration: &ast::Declaration<'_>) {
        match declaration {
            ast::Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    if let ast::BindingPattern::BindingIdentifier(name) = &declarator.id {
                        self.add(name.name.as_str());
                    }
                }
            }
            ast::Declaration::FunctionDeclaration(it) => {
                it.id.iter().for_each(|id| self.add(id.name.as_str()));
            }
            ast::Declaration::ClassDeclaration(it) => {
                it.id.iter().for_each(|id| self.add(id.name.as_str()));
            }
            _ => {}
        }
    }

    fn defaulted(&mut self, declaration: &ast::ExportDefaultDeclarationKind<'_>) {
        match declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(it) => {
                it.id.iter().for_each(|id| self.add(id.name.as_str()));
            }
            ast::ExportDefaultDeclarationKind::ClassDeclaration(it) => {
                it.id.iter().for_each(|id| self.add(id.name.as_str()));
            }
            other => {
                if let Some(value) = other.as_expression() {
                    self.value(value);
                }
            }
        }
    }

    /// The names that an exported value is made of: `f`, `{ f, g: h }`.
    fn value(&mut self, value: &ast::Expression<'_>) {
        match value {
            ast::Expression::Identifier(name) => self.add(name.name.as_str()),
            ast::Expression::ObjectExpression(object) => {
                for property in &object.properties {
                    if let ast::ObjectPropertyKind::ObjectProperty(property) = property
                        && let ast::Expression::Identifier(name) = &property.value
                    {
                        self.add(name.name.as_str());
                    }
                }
            }
            ast::Expression::NewExpression(made) => {
                if let ast::Expression::Identifier(name) = &made.callee {
                    self.add(name.name.as_str());
                }
            }
            _ => {}
        }
    }
}

/// `module.exports`, `exports.x`, `module.exports.x`.
pub(super) fn is_exports(target: &ast::AssignmentTarget<'_>) -> bool {
    let Some(member) = target.as_member_expression() else { return false };
    let is_module = |value: &ast::Expression<'_>| {
        matches!(value, ast::Expression::StaticMemberExpression(inner)
            if inner.property.name == "exports" && inner.object.is_specific_id("module"))
    };
    let object = member.object();
    object.is_specific_id("exports")
        || is_module(object)
        || (object.is_specific_id("module") && member.static_property_name() == Some("exports"))
}

impl Lowering {
    pub(super) fn new() -> Lowering {
        Lowering {
            program: crate::ir::Program::default(),
            function: FunctionId(0),
            scopes: super::scopes::Scopes::default(),
            exports: Exports::default(),
            exporting: false,
            places: super::places::Places::default(),
            depth: 0,
            too_deep: false,
        }
    }

    /// The body of the file, as its first function.
    pub(super) fn file(&mut self, program: &ast::Program<'_>) {
        self.exports = Exports::of(program);
        self.program.functions.push(Function {
            name: None,
            span: at(program.span),
            parameters: Vec::new(),
            decorators: Vec::new(),
            result: None,
            body: Vec::new(),
            class: None,
            parent: None,
            is_public: true,
            is_generator: false,
            is_static: false,
            locals: Vec::new(),
        });
        self.scopes.enter();
        self.declare_hoisted(&program.body);
        let body = self.statements(&program.body);
        if let Some(file) = self.program.functions.first_mut() {
            file.body = body;
        }
        self.settle();
        let locals = self.scopes.leave();
        if let Some(file) = self.program.functions.first_mut() {
            file.locals = locals;
        }
        if self.exports.everything {
            self.hide_used();
        }
    }

    /// In a file that exports nothing, others call what the file itself does not use.
    fn hide_used(&mut self) {
        let mut mentions: HashMap<Symbol, usize> = HashMap::new();
        for (expression, _) in &self.program.expressions {
            if let Expression::Name(name) = expression {
                *mentions.entry(*name).or_default() += 1;
            }
        }
        // `function f() {}` is no mention of `f`, but `const f = () => {}` is one.
        let declared =
            self.program.statements.iter().filter_map(|statement| match statement.kind {
                StatementKind::Define(function) => Some(function.0),
                _ => None,
            });
        let declared: HashSet<u32> = declared.collect();
        for (number, function) in (0..).zip(&mut self.program.functions) {
            let own = usize::from(!declared.contains(&number));
            let is_used = function.name.is_some_and(|it| mentions.get(&it).copied() > Some(own));
            if is_used && function.parent == Some(FunctionId(0)) && function.class.is_none() {
                function.is_public = false;
            }
        }
    }

    pub(super) fn import_declaration(
        &mut self,
        block: &mut Block,
        import: &ast::ImportDeclaration<'_>,
    ) {
        let source = import.source.value.as_str();
        let Some(specifiers) = import.specifiers.as_ref().filter(|list| !list.is_empty()) else {
            let name = self.temporary();
            return self.import(block, source, None, name, import.span);
        };
        for specifier in specifiers {
            let name = self.resolve(specifier.local().name.as_str());
            match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(it) => {
                    let member = it.imported.name();
                    self.import(block, source, Some(member.as_str()), name, it.span);
                }
                ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                    self.import(block, source, Some("default"), name, it.span);
                }
                ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
                    self.import(block, source, None, name, it.span);
                }
            }
        }
    }

    /// One import. The default of a package is the package.
    pub(super) fn import(
        &mut self,
        block: &mut Block,
        source: &str,
        member: Option<&str>,
        name: Symbol,
        span: Span,
    ) {
        let is_beside = source.starts_with('.') || source.starts_with('/');
        let member = member.filter(|member| *member != "default" || is_beside);
        let member = member.map(|member| self.intern(member));
        let module = self.intern(source.strip_prefix("node:").unwrap_or(source));
        self.push(block, StatementKind::Import { module, member, name }, span);
    }

    /// The module that an expression loads, where the text says which.
    pub(super) fn loaded<'e>(&self, value: &'e ast::Expression<'_>) -> Option<&'e str> {
        match value {
            ast::Expression::CallExpression(call) => {
                let is_require =
                    call.callee.is_specific_id("require") && self.scopes.find("require").is_none();
                match &call.arguments[..] {
                    [argument] if is_require => constant_text(argument.as_expression()?),
                    _ => None,
                }
            }
            ast::Expression::ImportExpression(import) => constant_text(&import.source),
            ast::Expression::AwaitExpression(awaited) => match &awaited.argument {
                ast::Expression::ImportExpression(import) => constant_text(&import.source),
                _ => None,
            },
            _ => None,
        }
    }

    /// A module, or one member of it, as a value.
    pub(super) fn module_value(
        &mut self,
        source: &str,
        member: Option<&str>,
        span: Span,
    ) -> ExprId {
        let name = self.temporary();
        let mut body = Block::new();
        self.import(&mut body, source, member, name, span);
        let value = Some(self.expression(Expression::Name(name), span));
        self.expression(Expression::Block { body, value }, span)
    }

    /// `const x = require("m")`, `const { a: b } = require("m")`, `const x = require("m").y` as
    /// imports. Whether it was one of them.
    pub(super) fn import_variable(
        &mut self,
        block: &mut Block,
        declarator: &ast::VariableDeclarator<'_>,
    ) -> bool {
        let Some(init) = &declarator.init else { return false };
        let (source, member) = match (self.loaded(init), init) {
            (Some(source), _) => (source, None),
            (None, ast::Expression::StaticMemberExpression(it)) => match self.loaded(&it.object) {
                Some(source) => (source, Some(it.property.name.as_str())),
                None => return false,
            },
            _ => return false,
        };
        match &declarator.id {
            ast::BindingPattern::BindingIdentifier(identifier) => {
                let name = self.resolve(identifier.name.as_str());
                self.import(block, source, member, name, declarator.span);
                true
            }
            ast::BindingPattern::ObjectPattern(object) if member.is_none() => {
                let members = object.properties.iter().map(simple_member);
                let Some(members) = members.collect::<Option<Vec<_>>>() else { return false };
                if object.rest.is_some() {
                    return false;
                }
                for (member, name, span) in members {
                    let name = self.resolve(name);
                    self.import(block, source, Some(&member), name, span);
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn export(&mut self, block: &mut Block, name: &str, value: ExprId, span: Span) {
        let name = self.intern(name);
        self.push(block, StatementKind::Export { name, value }, span);
    }

    pub(super) fn export_names(
        &mut self,
        block: &mut Block,
        specifiers: &[ast::ExportSpecifier<'_>],
    ) {
        for specifier in specifiers {
            let local = self.resolve(specifier.local.name().as_str());
            let value = self.expression(Expression::Name(local), specifier.local.span());
            let name = specifier.exported.name();
            self.export(block, name.as_str(), value, specifier.span);
        }
    }

    pub(super) fn export_from(&mut self, block: &mut Block, it: &ast::ExportFromDeclaration<'_>) {
        for specifier in &it.specifiers {
            let local = specifier.local.name();
            let source = it.source.value.as_str();
            let value = self.module_value(source, Some(local.as_str()), specifier.span);
            let name = specifier.exported.name();
            self.export(block, name.as_str(), value, specifier.span);
        }
    }
}

/// `a` or `a: b` of a pattern: the member and the name it gets.
fn simple_member<'p>(property: &'p ast::BindingProperty<'_>) -> Option<(String, &'p str, Span)> {
    match &property.value {
        ast::BindingPattern::BindingIdentifier(name) => {
            let member = property.key.static_name().filter(|_| !property.computed)?;
            Some((member.into_owned(), name.name.as_str(), property.span))
        }
        _ => None,
    }
}

fn constant_text<'e>(value: &'e ast::Expression<'_>) -> Option<&'e str> {
    match value {
        ast::Expression::StringLiteral(text) => Some(text.value.as_str()),
        ast::Expression::TemplateLiteral(template) => match &template.quasis[..] {
            [part] => part.value.cooked.as_ref().map(oxc::str::Str::as_str),
            _ => None,
        },
        _ => None,
    }
}
