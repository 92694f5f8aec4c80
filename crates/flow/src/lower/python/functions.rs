//! Functions, classes and annotations.

use ruff_python_ast::{self as ast, Expr};

use super::{Around, Lowering, empty_function, span};
use crate::ir::{
    Class, ClassId, ExprId, Expression, FunctionId, Parameter, ParameterKind, Span, StatementKind,
};

impl Lowering {
    pub(super) fn define(&mut self, function: &ast::StmtFunctionDef) -> StatementKind {
        let name = self.symbol(&function.name.id);
        self.binds(name);
        let decorators: Vec<_> =
            function.decorator_list.iter().map(|one| self.expression(&one.expression)).collect();
        let result = function.returns.as_deref().map(|result| self.annotation(result));
        let class = self.class;
        let is_static = self.has_decorator(function, "staticmethod");
        let has_receiver = class.is_some() && !is_static;
        let mut parameters = self.parameters(&function.parameters, has_receiver);
        if !has_receiver {
            parameters.iter_mut().for_each(|one| {
                if one.kind == ParameterKind::Receiver {
                    one.kind = ParameterKind::Plain;
                }
            });
        }
        let text = function.name.as_str();
        let is_dunder = text.starts_with("__") && text.ends_with("__");
        // Functions in functions are called by what is around them.
        let is_outer = self.function() == FunctionId(0);
        let is_public = is_outer && (!text.starts_with('_') || is_dunder);
        let id = self.enter(span(function.range), &parameters);
        let body = self.block(&function.body);
        let made = self.leave(id);
        made.name = Some(name);
        made.parameters = parameters;
        made.decorators = decorators;
        made.result = result;
        made.body = body;
        made.class = class;
        made.is_public = is_public;
        made.is_static = is_static;
        self.class = class;
        if let Some(class) = class {
            self.program.classes[class.0 as usize].methods.push(id);
        }
        StatementKind::Define(id)
    }

    fn has_decorator(&self, function: &ast::StmtFunctionDef, wanted: &str) -> bool {
        function.decorator_list.iter().any(|decorator| match &decorator.expression {
            Expr::Name(name) => name.id.as_str() == wanted,
            _ => false,
        })
    }

    /// Begins a function: names are now its own.
    fn enter(&mut self, at: Span, parameters: &[Parameter]) -> FunctionId {
        let parent = self.function();
        let id = FunctionId(u32::try_from(self.program.functions.len()).unwrap_or(u32::MAX));
        let mut function = empty_function(at);
        function.parent = Some(parent);
        self.program.functions.push(function);
        let mut around = Around { function: id, ..Around::default() };
        around.seen.extend(parameters.iter().map(|parameter| parameter.name));
        self.around.push(around);
        self.class = None;
        id
    }

    fn leave(&mut self, id: FunctionId) -> &mut crate::ir::Function {
        let around = self.around.pop().expect("`enter` pushed it");
        let function = &mut self.program.functions[id.0 as usize];
        function.is_generator = around.is_generator;
        function.locals = around.locals();
        function
    }

    pub(super) fn lambda(&mut self, lambda: &ast::ExprLambda, at: Span) -> Expression {
        let parameters = match &lambda.parameters {
            Some(parameters) => self.parameters(parameters, false),
            None => Vec::new(),
        };
        let class = self.class;
        let id = self.enter(at, &parameters);
        let value = self.expression(&lambda.body);
        let body = vec![self.one(StatementKind::Return(Some(value)), at)];
        let made = self.leave(id);
        made.parameters = parameters;
        made.body = body;
        self.class = class;
        Expression::Function(id)
    }

    fn parameters(&mut self, parameters: &ast::Parameters, is_method: bool) -> Vec<Parameter> {
        let mut all = Vec::new();
        let plain = parameters.posonlyargs.iter().chain(&parameters.args);
        for parameter in plain {
            all.push(self.parameter(parameter, ParameterKind::Plain));
        }
        if let (true, Some(first)) = (is_method, all.first_mut()) {
            first.kind = ParameterKind::Receiver;
        }
        if let Some(rest) = &parameters.vararg {
            all.push(self.bare_parameter(rest, ParameterKind::Rest));
        }
        for parameter in &parameters.kwonlyargs {
            all.push(self.parameter(parameter, ParameterKind::Named));
        }
        if let Some(rest) = &parameters.kwarg {
            all.push(self.bare_parameter(rest, ParameterKind::RestNamed));
        }
        all
    }

    fn parameter(
        &mut self,
        parameter: &ast::ParameterWithDefault,
        kind: ParameterKind,
    ) -> Parameter {
        let mut made = self.bare_parameter(&parameter.parameter, kind);
        made.default = parameter.default.as_deref().map(|default| self.expression(default));
        made
    }

    fn bare_parameter(&mut self, parameter: &ast::Parameter, kind: ParameterKind) -> Parameter {
        let annotation = parameter.annotation.as_deref();
        Parameter {
            name: self.symbol(&parameter.name.id),
            span: span(parameter.range),
            kind,
            default: None,
            annotation: annotation.map(|annotation| self.annotation(annotation)),
            decorators: Vec::new(),
        }
    }

    pub(super) fn define_class(&mut self, class: &ast::StmtClassDef) -> StatementKind {
        let name = self.symbol(&class.name.id);
        self.binds(name);
        let decorators: Vec<_> =
            class.decorator_list.iter().map(|one| self.expression(&one.expression)).collect();
        let mut bases = Vec::new();
        if let Some(arguments) = &class.arguments {
            bases = self.all(&arguments.args);
        }
        let id = ClassId(u32::try_from(self.program.classes.len()).unwrap_or(u32::MAX));
        self.program.classes.push(Class {
            name: Some(name),
            span: span(class.range),
            bases,
            decorators,
            methods: Vec::new(),
            body: Vec::new(),
        });
        let outer = self.class.replace(id);
        let body = self.block(&class.body);
        self.class = outer;
        // Methods stand in the list of methods.
        let program = &mut self.program;
        let methods = program.classes[id.0 as usize].methods.clone();
        let is_method = |statement: &crate::ir::StmtId| {
            matches!(&program.statements[statement.0 as usize].kind,
                StatementKind::Define(function) if methods.contains(function))
        };
        let body = body.into_iter().filter(|statement| !is_method(statement)).collect();
        program.classes[id.0 as usize].body = body;
        StatementKind::DefineClass(id)
    }

    /// A type: `Optional[X]`, `X | None` and `Annotated[X, …]` are `X`.
    pub(super) fn annotation(&mut self, annotation: &Expr) -> ExprId {
        let mut inner = annotation;
        loop {
            inner = match inner {
                Expr::Subscript(subscript) => {
                    match (last_name(&subscript.value), &*subscript.slice) {
                        (Some("Annotated"), Expr::Tuple(parts)) if !parts.elts.is_empty() => {
                            return self.annotated(parts);
                        }
                        (
                            Some("Optional" | "Final" | "ClassVar" | "Required" | "NotRequired"),
                            one,
                        ) => one,
                        (Some("Union"), Expr::Tuple(parts)) => {
                            match parts.elts.iter().find(|part| !part.is_none_literal_expr()) {
                                Some(first) => first,
                                None => return self.expression(inner),
                            }
                        }
                        _ => return self.expression(inner),
                    }
                }
                Expr::BinOp(operation) if operation.op == ast::Operator::BitOr => {
                    if operation.left.is_none_literal_expr() {
                        &operation.right
                    } else {
                        &operation.left
                    }
                }
                _ => return self.expression(inner),
            };
        }
    }

    /// The type in `Annotated`; the rest of it is walked for its calls.
    fn annotated(&mut self, parts: &ast::ExprTuple) -> ExprId {
        self.annotation(&parts.elts[0])
    }
}

fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}
