//! Patterns, taken apart into reads of attributes and indexes.

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::Lowering;
use super::places::Bound;
use crate::ir::{Block, CompareOperator, ExprId, Expression, StatementKind};

impl Lowering {
    /// Binds a pattern's names to what is in a value.
    pub(super) fn bind(
        &mut self,
        block: &mut Block,
        pattern: &ast::BindingPattern<'_>,
        value: ExprId,
        annotation: Option<ExprId>,
    ) {
        match pattern {
            ast::BindingPattern::BindingIdentifier(identifier) => {
                let symbol = self.resolve(identifier.name.as_str());
                let target = self.expression(Expression::Name(symbol), identifier.span);
                let value = Some(value);
                let kind = StatementKind::Assign { target, value, operator: None, annotation };
                self.push(block, kind, identifier.span);
                if let Some(declared) = block.last() {
                    self.bound(symbol, Bound::Variable(*declared));
                }
            }
            ast::BindingPattern::AssignmentPattern(it) => {
                let value = self.or_default(block, value, &it.right);
                self.bind(block, &it.left, value, annotation);
            }
            ast::BindingPattern::ObjectPattern(object) => {
                let value = self.once(block, value, object.span);
                for property in &object.properties {
                    let part = self.member(value, &property.key, property.span);
                    self.bind(block, &property.value, part, None);
                }
                if let Some(rest) = &object.rest {
                    self.bind(block, &rest.argument, value, None);
                }
            }
            ast::BindingPattern::ArrayPattern(array) => {
                let value = self.once(block, value, array.span);
                for (number, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(value, number, element.span());
                        self.bind(block, element, part, None);
                    }
                }
                if let Some(rest) = &array.rest {
                    let part = self.elements_from(value, array.elements.len(), rest.span);
                    self.bind(block, &rest.argument, part, None);
                }
            }
        }
    }

    /// Assigns to a target that may be a pattern.
    pub(super) fn assign_to(
        &mut self,
        block: &mut Block,
        target: &ast::AssignmentTarget<'_>,
        value: ExprId,
    ) {
        match target {
            ast::AssignmentTarget::ObjectAssignmentTarget(object) => {
                let value = self.once(block, value, object.span);
                for property in &object.properties {
                    self.assign_property(block, property, value);
                }
                if let Some(rest) = &object.rest {
                    self.assign_to(block, &rest.target, value);
                }
            }
            ast::AssignmentTarget::ArrayAssignmentTarget(array) => {
                let value = self.once(block, value, array.span);
                for (number, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.element(value, number, element.span());
                        self.assign_maybe_default(block, element, part);
                    }
                }
                if let Some(rest) = &array.rest {
                    let part = self.elements_from(value, array.elements.len(), rest.span);
                    self.assign_to(block, &rest.target, part);
                }
            }
            _ => {
                let span = target.span();
                let target = self.target(target);
                self.written(target);
                self.assign(block, target, value, span);
            }
        }
    }

    fn assign_property(
        &mut self,
        block: &mut Block,
        property: &ast::AssignmentTargetProperty<'_>,
        value: ExprId,
    ) {
        match property {
            ast::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
                let name = it.binding.name.as_str();
                let mut part = self.attribute(value, name, it.span);
                if let Some(default) = &it.init {
                    part = self.or_default(block, part, default);
                }
                let symbol = self.resolve(name);
                let target = self.expression(Expression::Name(symbol), it.span);
                self.written(target);
                self.assign(block, target, part, it.span);
            }
            ast::AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
                let part = self.member(value, &it.name, it.span);
                self.assign_maybe_default(block, &it.binding, part);
            }
        }
    }

    fn assign_maybe_default(
        &mut self,
        block: &mut Block,
        target: &ast::AssignmentTargetMaybeDefault<'_>,
        value: ExprId,
    ) {
        match target {
            ast::AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => {
                let value = self.or_default(block, value, &it.init);
                self.assign_to(block, &it.binding, value);
            }
            _ => self.assign_to(block, target.to_assignment_target(), value),
        }
    }

    /// A simple target as an expression. A pattern is none.
    pub(super) fn target(&mut self, target: &ast::AssignmentTarget<'_>) -> ExprId {
        match target.as_simple_assignment_target() {
            Some(simple) => self.simple_target(simple),
            None => self.expression(Expression::Unknown(Vec::new()), target.span()),
        }
    }

    pub(super) fn simple_target(&mut self, target: &ast::SimpleAssignmentTarget<'_>) -> ExprId {
        match target {
            ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(it) => {
                let symbol = self.resolve(it.name.as_str());
                self.expression(Expression::Name(symbol), it.span)
            }
            ast::SimpleAssignmentTarget::TSAsExpression(it) => self.value(&it.expression),
            ast::SimpleAssignmentTarget::TSSatisfiesExpression(it) => self.value(&it.expression),
            ast::SimpleAssignmentTarget::TSNonNullExpression(it) => self.value(&it.expression),
            ast::SimpleAssignmentTarget::TSTypeAssertion(it) => self.value(&it.expression),
            _ => self.member_expression(target.to_member_expression(), false),
        }
    }

    /// A part of a value under a key of a pattern.
    fn member(&mut self, base: ExprId, key: &ast::PropertyKey<'_>, span: Span) -> ExprId {
        match key {
            ast::PropertyKey::StaticIdentifier(name) => {
                self.attribute(base, name.name.as_str(), span)
            }
            ast::PropertyKey::PrivateIdentifier(name) => {
                self.attribute(base, &format!("#{}", name.name), span)
            }
            _ => match key.static_name() {
                Some(name) => self.attribute(base, &name, span),
                None => {
                    let index = self.value(key.to_expression());
                    self.expression(Expression::Index { base, index }, span)
                }
            },
        }
    }

    fn element(&mut self, base: ExprId, number: usize, span: Span) -> ExprId {
        let index = i64::try_from(number).unwrap_or(i64::MAX);
        let index = self.expression(Expression::Integer(index), span);
        self.expression(Expression::Index { base, index }, span)
    }

    fn elements_from(&mut self, base: ExprId, number: usize, span: Span) -> ExprId {
        let from = i64::try_from(number).unwrap_or(i64::MAX);
        let from = Some(self.expression(Expression::Integer(from), span));
        self.expression(Expression::Slice { base, from, to: None }, span)
    }

    /// A value that may be read again and again: a name stays, anything else gets one.
    pub(super) fn once(&mut self, block: &mut Block, value: ExprId, span: Span) -> ExprId {
        let known = self.program.expressions.get(value.0 as usize);
        if matches!(known, Some((Expression::Name(_), _))) {
            return value;
        }
        let name = self.temporary();
        let target = self.expression(Expression::Name(name), span);
        self.assign(block, target, value, span);
        self.expression(Expression::Name(name), span)
    }

    /// `value === undefined ? default : value`.
    fn or_default(
        &mut self,
        block: &mut Block,
        value: ExprId,
        default: &ast::Expression<'_>,
    ) -> ExprId {
        let span = default.span();
        let value = self.once(block, value, span);
        let then = self.value(default);
        let nothing = self.expression(Expression::Nothing, span);
        let operator = CompareOperator::Equal;
        let compare = Expression::Compare { operator, left: value, right: nothing };
        let test = self.expression(compare, span);
        self.expression(Expression::Conditional { test, then, otherwise: value }, span)
    }
}
