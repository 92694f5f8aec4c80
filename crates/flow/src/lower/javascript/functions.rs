//! Functions, methods and classes.

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::places::Bound;
use super::{Lowering, at};
use crate::ir::{
    Block, Class, ClassId, ExprId, Expression, Function, FunctionId, Parameter, ParameterKind,
    StatementKind, Symbol,
};

/// One function as the tree has it.
struct Written<'f, 'a> {
    span: Span,
    parameters: &'f ast::FormalParameters<'a>,
    body: Body<'f, 'a>,
    result: Option<&'f ast::TSTypeAnnotation<'a>>,
    is_generator: bool,
    is_arrow: bool,
}

#[derive(Clone, Copy)]
enum Body<'f, 'a> {
    Statements(&'f ast::FunctionBody<'a>),
    Value(&'f ast::Expression<'a>),
    None,
}

/// What a function is to those around it.
#[derive(Default)]
struct Role {
    name: Option<Symbol>,
    class: Option<ClassId>,
    decorators: Vec<ExprId>,
    is_public: bool,
    is_static: bool,
    has_receiver: bool,
}

impl Lowering {
    /// A function under a name that is its own or that of the variable it becomes.
    pub(super) fn function(
        &mut self,
        function: &ast::Function<'_>,
        name: Option<Symbol>,
    ) -> FunctionId {
        let own = function.id.as_ref().map(|id| self.resolve(id.name.as_str()));
        let name = own.or(name);
        let role = Role { name, is_public: self.is_public(name), ..Role::default() };
        self.function_of(&of_function(function), role)
    }

    /// A method of an object that is written down.
    pub(super) fn object_method(
        &mut self,
        function: &ast::Function<'_>,
        name: Option<Symbol>,
    ) -> FunctionId {
        let is_public = self.exporting;
        let role = Role { name, is_public, has_receiver: true, ..Role::default() };
        self.function_of(&of_function(function), role)
    }

    pub(super) fn arrow(
        &mut self,
        arrow: &ast::ArrowFunctionExpression<'_>,
        name: Option<Symbol>,
    ) -> FunctionId {
        let body = match &arrow.body {
            ast::ArrowFunctionBody::FunctionBody(body) => Body::Statements(body),
            other => other.as_expression().map_or(Body::None, Body::Value),
        };
        let written = Written {
            span: arrow.span,
            parameters: &arrow.params,
            body,
            result: arrow.return_type.as_deref(),
            is_generator: false,
            is_arrow: true,
        };
        let role = Role { name, is_public: self.is_public(name), ..Role::default() };
        self.function_of(&written, role)
    }

    /// Whether others can call what has this name, or no name at all.
    fn is_public(&self, name: Option<Symbol>) -> bool {
        let is_outermost = self.function == FunctionId(0);
        self.exporting
            || is_outermost
                && name.is_some_and(|name| self.exports.has(self.program.symbols.text(name)))
    }

    fn function_of(&mut self, written: &Written<'_, '_>, role: Role) -> FunctionId {
        let id = FunctionId(u32::try_from(self.program.functions.len()).unwrap_or(u32::MAX));
        self.program.functions.push(Function {
            name: role.name,
            span: at(written.span),
            parameters: Vec::new(),
            decorators: role.decorators,
            result: None,
            body: Vec::new(),
            class: role.class,
            parent: Some(self.function),
            is_public: role.is_public,
            is_generator: written.is_generator,
            is_static: role.is_static,
            locals: Vec::new(),
        });
        let outer = std::mem::replace(&mut self.function, id);
        let exporting = std::mem::replace(&mut self.exporting, false);
        self.scopes.enter();
        let mut parameters = Vec::new();
        if role.has_receiver {
            parameters.push(self.receiver(written.span));
        } else if !written.is_arrow {
            let this = self.intern("this");
            self.scopes.own(this);
        }
        let mut body = Block::new();
        self.parameters(written.parameters, &mut parameters, &mut body);
        match written.body {
            Body::Statements(written) => {
                self.declare_hoisted(&written.statements);
                body.extend(self.statements(&written.statements));
            }
            Body::Value(value) => {
                let value = self.value(value);
                let span = self.program.expressions[value.0 as usize].1;
                body.push(self.program.statement(StatementKind::Return(Some(value)), span));
            }
            Body::None => {}
        }
        let result = self.annotation(written.result);
        for parameter in &parameters {
            self.bound(parameter.name, Bound::Parameter(id));
        }
        let function = &mut self.program.functions[id.0 as usize];
        function.parameters = parameters;
        function.body = body;
        function.result = result;
        self.settle();
        self.program.functions[id.0 as usize].locals = self.scopes.leave();
        self.function = outer;
        self.exporting = exporting;
        id
    }

    fn receiver(&mut self, span: Span) -> Parameter {
        let name = self.intern("this");
        self.scopes.own(name);
        Parameter {
            name,
            span: at(span),
            kind: ParameterKind::Receiver,
            default: None,
            annotation: None,
            decorators: Vec::new(),
        }
    }

    /// Reads parameters; what has to be taken apart goes to the start of the body.
    fn parameters(
        &mut self,
        written: &ast::FormalParameters<'_>,
        parameters: &mut Vec<Parameter>,
        body: &mut Block,
    ) {
        for item in &written.items {
            self.declare_pattern(&item.pattern);
        }
        if let Some(rest) = &written.rest {
            self.declare_pattern(&rest.rest.argument);
        }
        for item in &written.items {
            let annotation = self.annotation(item.type_annotation.as_deref());
            let default = item.initializer.as_ref().map(|value| self.value(value));
            let decorators = self.decorators(&item.decorators);
            let name = self.parameter(&item.pattern, body);
            if item.accessibility.is_some() || item.readonly {
                self.keep(name, body, item.span);
            }
            let (span, kind) = (at(item.span), ParameterKind::Plain);
            parameters.push(Parameter { name, span, kind, default, annotation, decorators });
        }
        if let Some(rest) = &written.rest {
            let annotation = self.annotation(rest.type_annotation.as_deref());
            let decorators = self.decorators(&rest.decorators);
            let name = self.parameter(&rest.rest.argument, body);
            let (span, kind) = (at(rest.span), ParameterKind::Rest);
            parameters.push(Parameter { name, span, kind, default: None, annotation, decorators });
        }
    }

    fn parameter(&mut self, pattern: &ast::BindingPattern<'_>, body: &mut Block) -> Symbol {
        if let ast::BindingPattern::BindingIdentifier(identifier) = pattern {
            return self.resolve(identifier.name.as_str());
        }
        let name = self.temporary();
        let value = self.expression(Expression::Name(name), pattern.span());
        self.bind(body, pattern, value, None);
        name
    }

    /// `constructor(private db: Db)`: `this.db = db`.
    fn keep(&mut self, name: Symbol, body: &mut Block, span: Span) {
        let base = self.name("this", span);
        let target = self.expression(Expression::Attribute { base, name }, span);
        let value = self.expression(Expression::Name(name), span);
        self.assign(body, target, value, span);
    }

    pub(super) fn decorators(&mut self, decorators: &[ast::Decorator<'_>]) -> Vec<ExprId> {
        decorators.iter().map(|it| self.value(&it.expression)).collect()
    }

    pub(super) fn class(&mut self, class: &ast::Class<'_>, name: Option<Symbol>) -> ClassId {
        let own = class.id.as_ref().map(|id| self.resolve(id.name.as_str()));
        let name = own.or(name);
        let mut bases = Vec::new();
        if let Some(heritage) = &class.heritage {
            bases.push(self.value(&heritage.expression));
        }
        for implemented in &class.implements {
            bases.extend(self.named_type(&implemented.expression));
        }
        let decorators = self.decorators(&class.decorators);
        let is_public = self.is_public(name);
        let id = ClassId(u32::try_from(self.program.classes.len()).unwrap_or(u32::MAX));
        let span = at(class.span);
        let (methods, body) = (Vec::new(), Vec::new());
        self.program.classes.push(Class { name, span, bases, decorators, methods, body });
        self.scopes.open();
        if class.is_expression()
            && let Some(own) = &class.id
        {
            self.declare(own.name.as_str());
        }
        let (mut methods, mut body) = (Vec::new(), Block::new());
        for element in &class.body.body {
            match element {
                ast::ClassElement::MethodDefinition(it) => {
                    methods.extend(self.method(it, id, is_public));
                }
                ast::ClassElement::PropertyDefinition(it) => {
                    let value = it.value.as_ref();
                    let annotation = it.type_annotation.as_deref();
                    self.field(&mut body, &it.key, value, annotation, it.span);
                }
                ast::ClassElement::AccessorProperty(it) => {
                    let value = it.value.as_ref();
                    let annotation = it.type_annotation.as_deref();
                    self.field(&mut body, &it.key, value, annotation, it.span);
                }
                ast::ClassElement::StaticBlock(it) => {
                    let inner = self.block(&it.body);
                    self.push(&mut body, StatementKind::Block(inner), it.span);
                }
                ast::ClassElement::TSIndexSignature(_) => {}
            }
        }
        self.scopes.close();
        let class = &mut self.program.classes[id.0 as usize];
        class.methods = methods;
        class.body = body;
        id
    }

    fn method(
        &mut self,
        method: &ast::MethodDefinition<'_>,
        class: ClassId,
        is_public: bool,
    ) -> Option<FunctionId> {
        // A signature without a body is one of several of the method that follows.
        method.value.body.as_ref()?;
        let name = self.key_symbol(&method.key, method.computed);
        let mut decorators = self.decorators(&method.decorators);
        match method.kind {
            ast::MethodDefinitionKind::Get => decorators.push(self.name("property", method.span)),
            ast::MethodDefinitionKind::Set => decorators.push(self.name("setter", method.span)),
            ast::MethodDefinitionKind::Constructor | ast::MethodDefinitionKind::Method => {}
        }
        let is_hidden = matches!(
            method.accessibility,
            Some(ast::TSAccessibility::Private | ast::TSAccessibility::Protected)
        ) || method.key.is_private_identifier();
        let role = Role {
            name,
            class: Some(class),
            decorators,
            is_public: is_public && !is_hidden,
            is_static: method.r#static,
            has_receiver: !method.r#static,
        };
        Some(self.function_of(&of_function(&method.value), role))
    }

    fn field(
        &mut self,
        body: &mut Block,
        key: &ast::PropertyKey<'_>,
        value: Option<&ast::Expression<'_>>,
        annotation: Option<&ast::TSTypeAnnotation<'_>>,
        span: Span,
    ) {
        let Some(name) = self.key_symbol(key, false) else { return };
        let value = value.map(|value| self.named_value(value, Some(name)));
        let annotation = self.annotation(annotation);
        let target = self.expression(Expression::Name(name), key.span());
        let kind = StatementKind::Assign { target, value, operator: None, annotation };
        self.push(body, kind, span);
    }

    /// The name of a property, where the text says it.
    pub(super) fn key_symbol(
        &mut self,
        key: &ast::PropertyKey<'_>,
        computed: bool,
    ) -> Option<Symbol> {
        match key {
            ast::PropertyKey::PrivateIdentifier(name) => {
                Some(self.intern(&format!("#{}", name.name)))
            }
            _ if computed && !matches!(key, ast::PropertyKey::StringLiteral(_)) => None,
            _ => key.static_name().map(|name| self.intern(&name)),
        }
    }
}

fn of_function<'f, 'a>(function: &'f ast::Function<'a>) -> Written<'f, 'a> {
    Written {
        span: function.span,
        parameters: &function.params,
        body: function.body.as_deref().map_or(Body::None, Body::Statements),
        result: function.return_type.as_deref(),
        is_generator: function.generator,
        is_arrow: false,
    }
}
