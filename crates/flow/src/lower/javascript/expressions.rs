//! Expressions.

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::{LOWERED_MAX, Lowering};
use crate::ir::{
    Argument, BinaryOperator, Block, CompareOperator, ExprId, Expression, LogicalOperator,
    StatementKind, Symbol, UnaryOperator,
};

impl Lowering {
    pub(super) fn value(&mut self, expression: &ast::Expression<'_>) -> ExprId {
        self.named_value(expression, None)
    }

    /// A value; a function in it gets the name of the variable that it becomes.
    pub(super) fn named_value(
        &mut self,
        expression: &ast::Expression<'_>,
        name: Option<Symbol>,
    ) -> ExprId {
        if self.depth >= LOWERED_MAX {
            self.too_deep = true;
            return self.expression(Expression::Unknown(Vec::new()), expression.span());
        }
        self.depth += 1;
        let value = match expression {
            ast::Expression::FunctionExpression(it) => {
                let function = self.function(it, name);
                self.expression(Expression::Function(function), it.span)
            }
            ast::Expression::ArrowFunctionExpression(it) => {
                let function = self.arrow(it, name);
                self.expression(Expression::Function(function), it.span)
            }
            ast::Expression::ClassExpression(it) => {
                let class = self.class(it, name);
                self.expression(Expression::Class(class), it.span)
            }
            _ => self.plain_value(expression),
        };
        self.depth -= 1;
        value
    }

    fn plain_value(&mut self, expression: &ast::Expression<'_>) -> ExprId {
        if let Some(source) = self.loaded(expression) {
            return self.module_value(source, None, expression.span());
        }
        if let Some(member) = expression.as_member_expression() {
            return self.member_expression(member, true);
        }
        let span = expression.span();
        match expression {
            ast::Expression::CallExpression(it) => match self.membership(it) {
                Some(membership) => membership,
                None => self.call(&it.callee, &it.arguments, false, span),
            },
            ast::Expression::NewExpression(it) => self.call(&it.callee, &it.arguments, true, span),
            ast::Expression::ImportExpression(it) => {
                let callee = self.name("import", span);
                let value = self.value(&it.source);
                let arguments = vec![Argument { name: None, value, spread: false }];
                self.expression(Expression::Call { callee, arguments, is_new: false }, span)
            }
            ast::Expression::ChainExpression(it) => self.optional_chain(&it.expression),
            ast::Expression::ParenthesizedExpression(it) => self.value(&it.expression),
            ast::Expression::TSSatisfiesExpression(it) => self.value(&it.expression),
            ast::Expression::TSNonNullExpression(it) => self.value(&it.expression),
            ast::Expression::TSInstantiationExpression(it) => self.value(&it.expression),
            ast::Expression::TSAsExpression(it) => {
                self.cast(&it.expression, &it.type_annotation, span)
            }
            ast::Expression::TSTypeAssertion(it) => {
                self.cast(&it.expression, &it.type_annotation, span)
            }
            ast::Expression::ArrayExpression(it) => self.array(it),
            ast::Expression::ObjectExpression(it) => self.object(it),
            ast::Expression::AssignmentExpression(it) => self.inner_assignment(it),
            ast::Expression::SequenceExpression(it) => self.sequence(it),
            ast::Expression::JSXElement(it) => self.markup(it),
            ast::Expression::JSXFragment(it) => self.fragment(it),
            ast::Expression::TemplateLiteral(it) => self.template(it, None),
            ast::Expression::TaggedTemplateExpression(it) => {
                let tag = self.value(&it.tag);
                self.template(&it.quasi, Some(tag))
            }
            ast::Expression::V8IntrinsicExpression(it) => {
                let parts = self.arguments(&it.arguments);
                let parts = parts.into_iter().map(|argument| argument.value).collect();
                self.expression(Expression::Unknown(parts), span)
            }
            _ => match self.operation(expression) {
                Some(operation) => self.expression(operation, span),
                None => {
                    let leaf = self.leaf(expression);
                    self.expression(leaf, span)
                }
            },
        }
    }

    fn operation(&mut self, expression: &ast::Expression<'_>) -> Option<Expression> {
        Some(match expression {
            ast::Expression::BinaryExpression(it) => {
                if let Some(membership) = self.index_membership(it) {
                    return Some(membership);
                }
                let left = self.value(&it.left);
                let right = self.value(&it.right);
                binary(it.operator, left, right)
            }
            ast::Expression::LogicalExpression(it) => Expression::Logical {
                operator: match it.operator {
                    ast::LogicalOperator::And => LogicalOperator::And,
                    ast::LogicalOperator::Or => LogicalOperator::Or,
                    ast::LogicalOperator::Coalesce => LogicalOperator::Coalesce,
                },
                left: self.value(&it.left),
                right: self.value(&it.right),
            },
            ast::Expression::ConditionalExpression(it) => Expression::Conditional {
                test: self.test(&it.test),
                then: self.value(&it.consequent),
                otherwise: self.value(&it.alternate),
            },
            ast::Expression::UnaryExpression(it) => {
                let operand = self.value(&it.argument);
                let operator = match it.operator {
                    ast::UnaryOperator::UnaryPlus => UnaryOperator::Plus,
                    ast::UnaryOperator::UnaryNegation => UnaryOperator::Minus,
                    ast::UnaryOperator::LogicalNot => UnaryOperator::Not,
                    ast::UnaryOperator::BitwiseNot => UnaryOperator::Invert,
                    ast::UnaryOperator::Typeof => UnaryOperator::TypeOf,
                    ast::UnaryOperator::Void => return Some(Expression::Nothing),
                    ast::UnaryOperator::Delete => return Some(Expression::Unknown(Vec::new())),
                };
                Expression::Unary { operator, operand }
            }
            ast::Expression::UpdateExpression(it) => Expression::Assign {
                target: self.changed(&it.argument),
                value: self.expression(Expression::Integer(1), it.span),
                operator: Some(if it.operator == ast::UpdateOperator::Increment {
                    BinaryOperator::Add
                } else {
                    BinaryOperator::Subtract
                }),
            },
            ast::Expression::AwaitExpression(it) => Expression::Await(self.value(&it.argument)),
            ast::Expression::YieldExpression(it) => {
                Expression::Yield(it.argument.as_ref().map(|value| self.value(value)))
            }
            ast::Expression::PrivateInExpression(it) => {
                let right = self.value(&it.right);
                Expression::Unknown(vec![right])
            }
            _ => return None,
        })
    }

    /// A value that decides what is done.
    pub(super) fn test(&mut self, expression: &ast::Expression<'_>) -> ExprId {
        self.places.tests += 1;
        let value = self.value(expression);
        self.places.tests -= 1;
        value
    }

    /// The target of `++` and `--`.
    pub(super) fn changed(&mut self, target: &ast::SimpleAssignmentTarget<'_>) -> ExprId {
        let target = self.simple_target(target);
        self.written(target);
        target
    }

    fn leaf(&mut self, expression: &ast::Expression<'_>) -> Expression {
        match expression {
            ast::Expression::Identifier(it) => match it.name.as_str() {
                "undefined" if self.scopes.find("undefined").is_none() => Expression::Nothing,
                name => Expression::Name(self.resolve(name)),
            },
            ast::Expression::StringLiteral(it) => Expression::Text(self.intern(it.value.as_str())),
            ast::Expression::NumericLiteral(it) => number(it.value),
            ast::Expression::BigIntLiteral(it) => it
                .value
                .as_str()
                .parse()
                .map_or_else(|_| Expression::Unknown(Vec::new()), Expression::Integer),
            ast::Expression::BooleanLiteral(it) => Expression::Boolean(it.value),
            ast::Expression::NullLiteral(_) => Expression::Nothing,
            ast::Expression::RegExpLiteral(it) => {
                let pattern = self.intern(it.regex.pattern.text.as_str());
                Expression::Regex(pattern, self.intern(&it.regex.flags.to_string()))
            }
            ast::Expression::ThisExpression(_) => Expression::Name(self.intern("this")),
            ast::Expression::Super(_) => Expression::Name(self.intern("super")),
            ast::Expression::ImportMeta(_) => Expression::Name(self.intern("import.meta")),
            ast::Expression::NewTarget(_) => Expression::Name(self.intern("new.target")),
            _ => Expression::Unknown(Vec::new()),
        }
    }

    /// An attribute or element, which is read or something else: assigned to, called.
    pub(super) fn member_expression(
        &mut self,
        member: &ast::MemberExpression<'_>,
        is_read: bool,
    ) -> ExprId {
        match member {
            ast::MemberExpression::StaticMemberExpression(it) => {
                self.static_member(&it.object, it.property.name.as_str(), it.span, is_read)
            }
            ast::MemberExpression::PrivateFieldExpression(it) => {
                let base = self.value(&it.object);
                self.attribute(base, &format!("#{}", it.field.name), it.span)
            }
            ast::MemberExpression::ComputedMemberExpression(it) => {
                if let ast::Expression::StringLiteral(name) = &it.expression {
                    return self.static_member(&it.object, name.value.as_str(), it.span, is_read);
                }
                let base = self.value(&it.object);
                let index = self.value(&it.expression);
                self.expression(Expression::Index { base, index }, it.span)
            }
        }
    }

    fn static_member(
        &mut self,
        object: &ast::Expression<'_>,
        name: &str,
        span: Span,
        is_read: bool,
    ) -> ExprId {
        if let Some(source) = self.loaded(object) {
            return self.module_value(source, Some(name), span);
        }
        let base = self.value(object);
        let attribute = self.attribute(base, name, span);
        if is_read {
            self.read(attribute);
        }
        attribute
    }

    fn optional_chain(&mut self, chain: &ast::ChainElement<'_>) -> ExprId {
        match chain {
            ast::ChainElement::CallExpression(it) => match self.membership(it) {
                Some(membership) => membership,
                None => self.call(&it.callee, &it.arguments, false, it.span),
            },
            ast::ChainElement::TSNonNullExpression(it) => self.value(&it.expression),
            _ => self.member_expression(chain.to_member_expression(), true),
        }
    }

    fn call(
        &mut self,
        callee: &ast::Expression<'_>,
        arguments: &[ast::Argument<'_>],
        is_new: bool,
        span: Span,
    ) -> ExprId {
        let callee = match callee.as_member_expression() {
            Some(member) => self.member_expression(member, false),
            None => self.value(callee),
        };
        let arguments = self.arguments(arguments);
        self.expression(Expression::Call { callee, arguments, is_new }, span)
    }

    fn arguments(&mut self, arguments: &[ast::Argument<'_>]) -> Vec<Argument> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(match argument {
                ast::Argument::SpreadElement(it) => {
                    Argument { name: None, value: self.value(&it.argument), spread: true }
                }
                _ => {
                    let value = self.value(argument.to_expression());
                    Argument { name: None, value, spread: false }
                }
            });
        }
        values
    }

    /// `value as Type`. Nothing is converted, so only the names of classes tell something.
    fn cast(
        &mut self,
        value: &ast::Expression<'_>,
        written: &ast::TSType<'_>,
        span: Span,
    ) -> ExprId {
        let value = self.value(value);
        if !matches!(written, ast::TSType::TSTypeReference(_)) {
            return value;
        }
        match self.type_name(written) {
            Some(class) => {
                let name = match self.program.expressions.get(class.0 as usize) {
                    Some((Expression::Name(name), _)) => self.program.symbols.text(*name),
                    _ => "",
                };
                if matches!(name, "const" | "string" | "number" | "boolean" | "bigint") {
                    return value;
                }
                self.expression(Expression::Cast { value, class }, span)
            }
            None => value,
        }
    }

    fn array(&mut self, array: &ast::ArrayExpression<'_>) -> ExprId {
        let mut elements = Vec::new();
        for element in &array.elements {
            elements.push(match element {
                ast::ArrayExpressionElement::SpreadElement(it) => {
                    let value = self.value(&it.argument);
                    self.expression(Expression::Spread(value), it.span)
                }
                ast::ArrayExpressionElement::Elision(it) => {
                    self.expression(Expression::Nothing, it.span)
                }
                _ => self.value(element.to_expression()),
            });
        }
        self.expression(Expression::List(elements), array.span)
    }

    fn object(&mut self, object: &ast::ObjectExpression<'_>) -> ExprId {
        let mut entries = Vec::new();
        for property in &object.properties {
            match property {
                ast::ObjectPropertyKind::SpreadProperty(it) => {
                    entries.push((None, self.value(&it.argument)));
                }
                ast::ObjectPropertyKind::ObjectProperty(it) => {
                    if let Some(entry) = self.property(it) {
                        entries.push(entry);
                    }
                }
            }
        }
        self.expression(Expression::Dictionary(entries), object.span)
    }

    fn property(&mut self, it: &ast::ObjectProperty<'_>) -> Option<(Option<ExprId>, ExprId)> {
        let name = self.key_symbol(&it.key, it.computed);
        let key = match (name, it.key.as_expression()) {
            (Some(name), _) => self.expression(Expression::Text(name), it.key.span()),
            (None, Some(key)) => self.value(key),
            (None, None) => return None,
        };
        let value = match (&it.value, it.kind) {
            (_, ast::PropertyKind::Set) => return None,
            (ast::Expression::FunctionExpression(getter), ast::PropertyKind::Get) => {
                let function = self.object_method(getter, name);
                let callee = self.expression(Expression::Function(function), getter.span);
                let arguments = Vec::new();
                self.expression(Expression::Call { callee, arguments, is_new: false }, it.span)
            }
            (ast::Expression::FunctionExpression(method), _) if it.method => {
                let function = self.object_method(method, name);
                self.expression(Expression::Function(function), method.span)
            }
            (value, _) => self.named_value(value, name),
        };
        Some((Some(key), value))
    }

    fn inner_assignment(&mut self, it: &ast::AssignmentExpression<'_>) -> ExprId {
        let span = it.span;
        if it.left.as_assignment_target_pattern().is_some() || super::modules::is_exports(&it.left)
        {
            let mut body = Block::new();
            self.assignment(&mut body, it, span);
            let value = match it.left.as_assignment_target_pattern() {
                Some(_) => None,
                None => Some(self.target(&it.left)),
            };
            return self.expression(Expression::Block { body, value }, span);
        }
        let target = self.target(&it.left);
        self.written(target);
        let hint = self.target_name(target);
        let right = self.named_value(&it.right, hint);
        let (operator, value) = self.combined(it.operator, target, right, span);
        self.expression(Expression::Assign { target, value, operator }, span)
    }

    /// The last name of a target.
    pub(super) fn target_name(&self, target: ExprId) -> Option<Symbol> {
        match self.program.expressions.get(target.0 as usize) {
            Some((Expression::Name(name) | Expression::Attribute { name, .. }, _)) => Some(*name),
            _ => None,
        }
    }

    /// The operator and value of an assignment: `a ||= b` is `a = a || b`.
    pub(super) fn combined(
        &mut self,
        operator: ast::AssignmentOperator,
        target: ExprId,
        right: ExprId,
        span: Span,
    ) -> (Option<BinaryOperator>, ExprId) {
        if let Some(operator) = operator.to_binary_operator() {
            return (arithmetic(operator), right);
        }
        match operator.to_logical_operator() {
            Some(operator) => {
                let operator = match operator {
                    ast::LogicalOperator::And => LogicalOperator::And,
                    ast::LogicalOperator::Or => LogicalOperator::Or,
                    ast::LogicalOperator::Coalesce => LogicalOperator::Coalesce,
                };
                let value = Expression::Logical { operator, left: target, right };
                (None, self.expression(value, span))
            }
            None => (None, right),
        }
    }

    fn sequence(&mut self, it: &ast::SequenceExpression<'_>) -> ExprId {
        let mut body = Block::new();
        let mut value = None;
        for (number, part) in it.expressions.iter().enumerate() {
            let id = self.value(part);
            if number + 1 == it.expressions.len() {
                value = Some(id);
            } else {
                self.push(&mut body, StatementKind::Expression(id), part.span());
            }
        }
        self.expression(Expression::Block { body, value }, it.span)
    }

    fn template(&mut self, it: &ast::TemplateLiteral<'_>, tag: Option<ExprId>) -> ExprId {
        let mut parts = Vec::new();
        let mut values = it.expressions.iter();
        for part in &it.quasis {
            let text = part.value.cooked.as_ref().unwrap_or(&part.value.raw);
            if !text.is_empty() {
                parts.push(self.text(text.as_str(), part.span));
            }
            if let Some(value) = values.next() {
                parts.push(self.value(value));
            }
        }
        if let ([part], None) = (&parts[..], tag) {
            if it.expressions.is_empty() {
                return *part;
            }
            // `${x}` is `String(x)`.
            let callee = self.name("String", it.span);
            let arguments = vec![Argument { name: None, value: *part, spread: false }];
            return self.expression(Expression::Call { callee, arguments, is_new: false }, it.span);
        }
        self.expression(Expression::Template { parts, tag }, it.span)
    }
}

fn number(value: f64) -> Expression {
    // Whole numbers up to here are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        return Expression::Integer(value as i64);
    }
    Expression::Float(value)
}

fn binary(operator: ast::BinaryOperator, left: ExprId, right: ExprId) -> Expression {
    let compare = match operator {
        ast::BinaryOperator::Equality | ast::BinaryOperator::StrictEquality => {
            CompareOperator::Equal
        }
        ast::BinaryOperator::Inequality | ast::BinaryOperator::StrictInequality => {
            CompareOperator::NotEqual
        }
        ast::BinaryOperator::LessThan => CompareOperator::Less,
        ast::BinaryOperator::LessEqualThan => CompareOperator::LessEqual,
        ast::BinaryOperator::GreaterThan => CompareOperator::Greater,
        ast::BinaryOperator::GreaterEqualThan => CompareOperator::GreaterEqual,
        ast::BinaryOperator::In => CompareOperator::In,
        ast::BinaryOperator::Instanceof => CompareOperator::InstanceOf,
        _ => {
            return match arithmetic(operator) {
                Some(operator) => Expression::Binary { operator, left, right },
                None => Expression::Unknown(vec![left, right]),
            };
        }
    };
    Expression::Compare { operator: compare, left, right }
}

fn arithmetic(operator: ast::BinaryOperator) -> Option<BinaryOperator> {
    Some(match operator {
        ast::BinaryOperator::Addition => BinaryOperator::Add,
        ast::BinaryOperator::Subtraction => BinaryOperator::Subtract,
        ast::BinaryOperator::Multiplication => BinaryOperator::Multiply,
        ast::BinaryOperator::Division => BinaryOperator::Divide,
        ast::BinaryOperator::Remainder => BinaryOperator::Remainder,
        ast::BinaryOperator::Exponential => BinaryOperator::Power,
        ast::BinaryOperator::ShiftLeft => BinaryOperator::ShiftLeft,
        ast::BinaryOperator::ShiftRight | ast::BinaryOperator::ShiftRightZeroFill => {
            BinaryOperator::ShiftRight
        }
        ast::BinaryOperator::BitwiseOR => BinaryOperator::Or,
        ast::BinaryOperator::BitwiseXOR => BinaryOperator::Xor,
        ast::BinaryOperator::BitwiseAnd => BinaryOperator::And,
        _ => return None,
    })
}
