//! Calls that ask whether something is in a collection, as the comparison they are.

use oxc::ast::ast;

use super::Lowering;
use crate::ir::{CompareOperator, ExprId, Expression};

impl Lowering {
    /// `list.includes(x)`, `set.has(x)`, `object.hasOwnProperty(x)`, `Object.hasOwn(object, x)`.
    pub(super) fn membership(&mut self, call: &ast::CallExpression<'_>) -> Option<ExprId> {
        let ast::Expression::StaticMemberExpression(member) = &call.callee else { return None };
        let (collection, element) = match (member.property.name.as_str(), &call.arguments[..]) {
            ("includes" | "has" | "hasOwnProperty", [element]) => {
                (&member.object, element.as_expression()?)
            }
            ("hasOwn", [object, key]) if member.object.is_specific_id("Object") => {
                (object.as_expression()?, key.as_expression()?)
            }
            // Object.prototype.hasOwnProperty.call(object, key)
            ("call", [object, key]) => match &member.object {
                ast::Expression::StaticMemberExpression(inner)
                    if inner.property.name == "hasOwnProperty" =>
                {
                    (object.as_expression()?, key.as_expression()?)
                }
                _ => return None,
            },
            _ => return None,
        };
        let right = self.value(collection);
        let left = self.value(element);
        let compare = Expression::Compare { operator: CompareOperator::In, left, right };
        Some(self.expression(compare, call.span))
    }

    /// `list.indexOf(x) !== -1`, `>= 0`, `> -1`, `=== -1`, `< 0`.
    pub(super) fn index_membership(
        &mut self,
        it: &ast::BinaryExpression<'_>,
    ) -> Option<Expression> {
        let ast::Expression::CallExpression(call) = &it.left else { return None };
        let ast::Expression::StaticMemberExpression(member) = &call.callee else { return None };
        let [element] = &call.arguments[..] else { return None };
        if member.property.name != "indexOf" {
            return None;
        }
        let operator = match (it.operator, whole_number(&it.right)?) {
            (
                ast::BinaryOperator::Inequality
                | ast::BinaryOperator::StrictInequality
                | ast::BinaryOperator::GreaterThan,
                -1,
            )
            | (ast::BinaryOperator::GreaterEqualThan, 0) => CompareOperator::In,
            (ast::BinaryOperator::Equality | ast::BinaryOperator::StrictEquality, -1)
            | (ast::BinaryOperator::LessThan, 0) => CompareOperator::NotIn,
            _ => return None,
        };
        let element = element.as_expression()?;
        let right = self.value(&member.object);
        let left = self.value(element);
        Some(Expression::Compare { operator, left, right })
    }
}

fn whole_number(value: &ast::Expression<'_>) -> Option<i8> {
    match value {
        ast::Expression::NumericLiteral(number) if number.value == 0.0 => Some(0),
        ast::Expression::UnaryExpression(it)
            if it.operator == ast::UnaryOperator::UnaryNegation =>
        {
            match &it.argument {
                ast::Expression::NumericLiteral(number) if number.value == 1.0 => Some(-1),
                _ => None,
            }
        }
        _ => None,
    }
}
