//! Expressions.

use ruff_python_ast::{self as ast, Expr};

use super::{Lowering, span, span_of};
use crate::ir::{
    Argument, BinaryOperator, CompareOperator, ExprId, Expression, LogicalOperator, Span, Symbol,
    UnaryOperator,
};

impl Lowering {
    pub(super) fn expression(&mut self, expression: &Expr) -> ExprId {
        let at = span_of(expression);
        let lowered = match expression {
            Expr::BoolOp(operation) => return self.logical(operation),
            Expr::Named(named) => {
                let value = self.expression(&named.value);
                let target = self.target(&named.target);
                Expression::Assign { target, value, operator: None }
            }
            Expr::BinOp(operation) => return self.binary(operation),
            Expr::UnaryOp(operation) => {
                let operand = self.expression(&operation.operand);
                let operator = match operation.op {
                    ast::UnaryOp::Not => UnaryOperator::Not,
                    ast::UnaryOp::USub => UnaryOperator::Minus,
                    ast::UnaryOp::UAdd => UnaryOperator::Plus,
                    ast::UnaryOp::Invert => UnaryOperator::Invert,
                };
                Expression::Unary { operator, operand }
            }
            Expr::Lambda(lambda) => self.lambda(lambda, at),
            Expr::If(conditional) => {
                let test = self.expression(&conditional.test);
                let then = self.expression(&conditional.body);
                let otherwise = self.expression(&conditional.orelse);
                Expression::Conditional { test, then, otherwise }
            }
            Expr::Dict(dictionary) => {
                let entries = dictionary.items.iter().map(|item| {
                    let key = item.key.as_ref().map(|key| self.expression(key));
                    (key, self.expression(&item.value))
                });
                Expression::Dictionary(entries.collect())
            }
            Expr::Set(set) => Expression::Set(self.all(&set.elts)),
            Expr::List(list) => Expression::List(self.all(&list.elts)),
            Expr::Tuple(tuple) => Expression::List(self.all(&tuple.elts)),
            Expr::Await(awaited) => Expression::Await(self.expression(&awaited.value)),
            Expr::Compare(comparison) => return self.comparison(comparison),
            Expr::Call(call) => return self.call(call),
            Expr::FString(text) => self.template(&text.value, at),
            Expr::TString(text) => {
                let mut parts = Vec::new();
                for text in &text.value {
                    self.elements(&text.elements, &mut parts);
                }
                Expression::Template { parts, tag: None }
            }
            Expr::Attribute(attribute) => {
                let base = self.expression(&attribute.value);
                let name = self.symbol(&attribute.attr.id);
                Expression::Attribute { base, name }
            }
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Starred(starred) => Expression::Spread(self.expression(&starred.value)),
            Expr::Name(name) => Expression::Name(self.symbol(&name.id)),
            Expr::Slice(slice) => {
                let bounds = [&slice.lower, &slice.upper, &slice.step];
                let bounds: Vec<_> = bounds.into_iter().flatten().collect();
                Expression::Unknown(bounds.into_iter().map(|one| self.expression(one)).collect())
            }
            other => self.literal_or_loop(other, at),
        };
        self.add(lowered, at)
    }

    fn literal_or_loop(&mut self, expression: &Expr, at: Span) -> Expression {
        match expression {
            Expr::StringLiteral(text) => Expression::Text(self.symbol(text.value.to_str())),
            Expr::BytesLiteral(bytes) => {
                let text: String = bytes
                    .value
                    .bytes()
                    .map(|byte| if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' })
                    .collect();
                Expression::Bytes(self.symbol(&text))
            }
            Expr::NumberLiteral(number) => match &number.value {
                ast::Number::Int(number) => match number.as_i64() {
                    Some(number) => Expression::Integer(number),
                    None => Expression::Unknown(Vec::new()),
                },
                ast::Number::Float(number) => Expression::Float(*number),
                ast::Number::Complex { .. } => Expression::Unknown(Vec::new()),
            },
            Expr::BooleanLiteral(truth) => Expression::Boolean(truth.value),
            Expr::NoneLiteral(_) => Expression::Nothing,
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                self.comprehension(generators, elt, None, at)
            }
            Expr::DictComp(comprehension) => self.comprehension(
                &comprehension.generators,
                &comprehension.value,
                comprehension.key.as_deref(),
                at,
            ),
            Expr::Yield(value) => {
                let value = value.value.as_deref().map(|value| self.expression(value));
                self.is_generator();
                Expression::Yield(value)
            }
            Expr::YieldFrom(value) => {
                let many = self.expression(&value.value);
                self.is_generator();
                let element = self.add(Expression::Spread(many), at);
                Expression::Yield(Some(element))
            }
            _ => Expression::Unknown(Vec::new()),
        }
    }

    fn is_generator(&mut self) {
        if let Some(around) = self.around.last_mut() {
            around.is_generator = true;
        }
    }

    pub(super) fn all(&mut self, expressions: &[Expr]) -> Vec<ExprId> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    fn logical(&mut self, operation: &ast::ExprBoolOp) -> ExprId {
        let operator = match operation.op {
            ast::BoolOp::And => LogicalOperator::And,
            ast::BoolOp::Or => LogicalOperator::Or,
        };
        let operands = self.all(&operation.values);
        let at = span(operation.range);
        self.balanced(&operands, at, &|left, right| Expression::Logical { operator, left, right })
    }

    /// Puts operands together two by two, so that a thousand of them do not nest a thousand deep.
    fn balanced(
        &mut self,
        operands: &[ExprId],
        at: Span,
        join: &impl Fn(ExprId, ExprId) -> Expression,
    ) -> ExprId {
        match operands {
            [] => self.add(Expression::Nothing, at),
            [one] => *one,
            _ => {
                let (first, second) = operands.split_at(operands.len() / 2);
                let left = self.balanced(first, at, join);
                let right = self.balanced(second, at, join);
                let start = self.program.expressions[left.0 as usize].1.start;
                let end = self.program.expressions[right.0 as usize].1.end;
                self.add(join(left, right), Span { start, end })
            }
        }
    }

    /// `a + b + c`: the left side nests, and may do so deeply.
    fn binary(&mut self, operation: &ast::ExprBinOp) -> ExprId {
        let mut chain = vec![operation];
        let mut first: &Expr = &operation.left;
        while let Expr::BinOp(inner) = first {
            chain.push(inner);
            first = &inner.left;
        }
        let mut left = self.expression(first);
        for operation in chain.into_iter().rev() {
            let right = self.expression(&operation.right);
            let operator = operator(operation.op);
            left = self.add(Expression::Binary { operator, left, right }, span(operation.range));
        }
        left
    }

    fn comparison(&mut self, comparison: &ast::ExprCompare) -> ExprId {
        let at = span(comparison.range);
        let mut left = self.expression(&comparison.left);
        let mut all = Vec::new();
        for (operator, right) in comparison.ops.iter().zip(&comparison.comparators) {
            let right = self.expression(right);
            let operator = compare_operator(*operator);
            all.push(self.add(Expression::Compare { operator, left, right }, at));
            left = right;
        }
        let operator = LogicalOperator::And;
        self.balanced(&all, at, &|left, right| Expression::Logical { operator, left, right })
    }

    /// A call; the functions called on results of calls nest, and may do so deeply.
    fn call(&mut self, call: &ast::ExprCall) -> ExprId {
        let callee = self.expression(&call.func);
        let mut arguments = Vec::new();
        for argument in &call.arguments.args {
            arguments.push(match argument {
                Expr::Starred(starred) => {
                    let value = self.expression(&starred.value);
                    Argument { name: None, value, spread: true }
                }
                other => Argument { name: None, value: self.expression(other), spread: false },
            });
        }
        for keyword in &call.arguments.keywords {
            let value = self.expression(&keyword.value);
            let name: Option<Symbol> = keyword.arg.as_ref().map(|name| self.symbol(&name.id));
            arguments.push(Argument { name, value, spread: name.is_none() });
        }
        let at = span_of(call);
        self.add(Expression::Call { callee, arguments, is_new: false }, at)
    }

    fn subscript(&mut self, subscript: &ast::ExprSubscript) -> Expression {
        let base = self.expression(&subscript.value);
        match &*subscript.slice {
            Expr::Slice(slice) if slice.step.is_none() => {
                let from = slice.lower.as_deref().map(|bound| self.expression(bound));
                let to = slice.upper.as_deref().map(|bound| self.expression(bound));
                Expression::Slice { base, from, to }
            }
            index => {
                let index = self.expression(index);
                Expression::Index { base, index }
            }
        }
    }

    fn template(&mut self, text: &ast::FStringValue, at: Span) -> Expression {
        let mut parts = Vec::new();
        for part in text {
            match part {
                ast::FStringPart::Literal(literal) => {
                    let text = self.symbol(&literal.value);
                    parts.push(self.add(Expression::Text(text), span(literal.range)));
                }
                ast::FStringPart::FString(text) => self.elements(&text.elements, &mut parts),
            }
        }
        let _ = at;
        Expression::Template { parts, tag: None }
    }

    fn elements(&mut self, elements: &ast::InterpolatedStringElements, parts: &mut Vec<ExprId>) {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    let text = self.symbol(&literal.value);
                    parts.push(self.add(Expression::Text(text), span(literal.range)));
                }
                ast::InterpolatedStringElement::Interpolation(value) => {
                    let at = span(value.range);
                    let mut inner = self.expression(&value.expression);
                    if let Some(function) = converted(value.conversion) {
                        inner = self.call_named(function, inner, at);
                    }
                    if let Some(format) = &value.format_spec {
                        inner = self.formatted(inner, format, at);
                    }
                    parts.push(inner);
                }
            }
        }
    }

    /// `{x:format}` is a call of `format`.
    fn formatted(
        &mut self,
        value: ExprId,
        format: &ast::InterpolatedStringFormatSpec,
        at: Span,
    ) -> ExprId {
        let mut parts = Vec::new();
        self.elements(&format.elements, &mut parts);
        let format = self.add(Expression::Template { parts, tag: None }, at);
        let callee = self.name("format", at);
        let arguments = [value, format].map(|value| Argument { name: None, value, spread: false });
        self.add(Expression::Call { callee, arguments: arguments.into(), is_new: false }, at)
    }

    fn call_named(&mut self, function: &str, value: ExprId, at: Span) -> ExprId {
        let callee = self.name(function, at);
        let arguments = vec![Argument { name: None, value, spread: false }];
        self.add(Expression::Call { callee, arguments, is_new: false }, at)
    }
}

fn converted(conversion: ast::ConversionFlag) -> Option<&'static str> {
    match conversion {
        ast::ConversionFlag::None => None,
        ast::ConversionFlag::Str => Some("str"),
        ast::ConversionFlag::Ascii => Some("ascii"),
        ast::ConversionFlag::Repr => Some("repr"),
    }
}

pub(super) fn operator(operator: ast::Operator) -> BinaryOperator {
    match operator {
        ast::Operator::Add => BinaryOperator::Add,
        ast::Operator::Sub => BinaryOperator::Subtract,
        ast::Operator::Mult => BinaryOperator::Multiply,
        ast::Operator::MatMult => BinaryOperator::MatrixMultiply,
        ast::Operator::Div => BinaryOperator::Divide,
        ast::Operator::Mod => BinaryOperator::Remainder,
        ast::Operator::Pow => BinaryOperator::Power,
        ast::Operator::LShift => BinaryOperator::ShiftLeft,
        ast::Operator::RShift => BinaryOperator::ShiftRight,
        ast::Operator::BitOr => BinaryOperator::Or,
        ast::Operator::BitXor => BinaryOperator::Xor,
        ast::Operator::BitAnd => BinaryOperator::And,
        ast::Operator::FloorDiv => BinaryOperator::FloorDivide,
    }
}

fn compare_operator(operator: ast::CmpOp) -> CompareOperator {
    match operator {
        ast::CmpOp::Eq => CompareOperator::Equal,
        ast::CmpOp::NotEq => CompareOperator::NotEqual,
        ast::CmpOp::Lt => CompareOperator::Less,
        ast::CmpOp::LtE => CompareOperator::LessEqual,
        ast::CmpOp::Gt => CompareOperator::Greater,
        ast::CmpOp::GtE => CompareOperator::GreaterEqual,
        ast::CmpOp::Is => CompareOperator::Is,
        ast::CmpOp::IsNot => CompareOperator::IsNot,
        ast::CmpOp::In => CompareOperator::In,
        ast::CmpOp::NotIn => CompareOperator::NotIn,
    }
}
