//! JSX as calls.

use oxc::ast::ast;
use oxc::span::{GetSpan, Span};

use super::Lowering;
use crate::ir::{Argument, ExprId, Expression};

impl Lowering {
    pub(super) fn markup(&mut self, element: &ast::JSXElement<'_>) -> ExprId {
        let opening = &element.opening_element;
        let part = match &opening.name {
            ast::JSXElementName::IdentifierReference(it) => {
                let symbol = self.resolve(it.name.as_str());
                Some(self.expression(Expression::Name(symbol), it.span))
            }
            ast::JSXElementName::MemberExpression(it) => Some(self.part_name(it)),
            ast::JSXElementName::ThisExpression(it) => Some(self.name("this", it.span)),
            ast::JSXElementName::Identifier(_) | ast::JSXElementName::NamespacedName(_) => None,
        };
        match part {
            Some(part) => self.part(part, opening, &element.children, element.span),
            None => self.tag(opening, &element.children, element.span),
        }
    }

    pub(super) fn fragment(&mut self, fragment: &ast::JSXFragment<'_>) -> ExprId {
        let children = self.children(&fragment.children);
        self.expression(Expression::List(children), fragment.span)
    }

    fn part_name(&mut self, member: &ast::JSXMemberExpression<'_>) -> ExprId {
        let base = match &member.object {
            ast::JSXMemberExpressionObject::IdentifierReference(it) => {
                let symbol = self.resolve(it.name.as_str());
                self.expression(Expression::Name(symbol), it.span)
            }
            ast::JSXMemberExpressionObject::MemberExpression(it) => self.part_name(it),
            ast::JSXMemberExpressionObject::ThisExpression(it) => self.name("this", it.span),
        };
        self.attribute(base, member.property.name.as_str(), member.span)
    }

    /// `<Part a={1}>x</Part>`: `Part({ a: 1, children: ["x"] })`.
    fn part(
        &mut self,
        callee: ExprId,
        opening: &ast::JSXOpeningElement<'_>,
        children: &[ast::JSXChild<'_>],
        span: Span,
    ) -> ExprId {
        let mut entries = Vec::new();
        for item in &opening.attributes {
            let (key, value) = self.attribute_item(item);
            let key = key.map(|key| self.text(&key, item.span()));
            entries.push((key, value));
        }
        let children = self.children(children);
        let children = self.expression(Expression::List(children), span);
        entries.push((Some(self.text("children", span)), children));
        let properties = self.expression(Expression::Dictionary(entries), span);
        let arguments = vec![Argument { name: None, value: properties, spread: false }];
        self.expression(Expression::Call { callee, arguments, is_new: false }, span)
    }

    /// `<a href="b">x</a>`: `JSX.element("a", href="b", "x")`.
    fn tag(
        &mut self,
        opening: &ast::JSXOpeningElement<'_>,
        children: &[ast::JSXChild<'_>],
        span: Span,
    ) -> ExprId {
        let callee = self.name("JSX", opening.span);
        let callee = self.attribute(callee, "element", opening.span);
        let name = self.text(&opening.name.to_string(), opening.name.span());
        let mut arguments = vec![Argument { name: None, value: name, spread: false }];
        for item in &opening.attributes {
            let (name, value) = self.attribute_item(item);
            let name = name.map(|name| self.intern(&name));
            arguments.push(Argument { name, value, spread: name.is_none() });
        }
        for value in self.children(children) {
            arguments.push(Argument { name: None, value, spread: false });
        }
        self.expression(Expression::Call { callee, arguments, is_new: false }, span)
    }

    fn attribute_item(&mut self, item: &ast::JSXAttributeItem<'_>) -> (Option<String>, ExprId) {
        let attribute = match item {
            ast::JSXAttributeItem::SpreadAttribute(it) => return (None, self.value(&it.argument)),
            ast::JSXAttributeItem::Attribute(attribute) => attribute,
        };
        let name = match &attribute.name {
            ast::JSXAttributeName::Identifier(it) => it.name.to_string(),
            ast::JSXAttributeName::NamespacedName(it) => {
                format!("{}:{}", it.namespace.name, it.name.name)
            }
        };
        let span = attribute.span;
        let value = match &attribute.value {
            None => self.expression(Expression::Boolean(true), span),
            Some(ast::JSXAttributeValue::StringLiteral(it)) => {
                self.text(it.value.as_str(), it.span)
            }
            Some(ast::JSXAttributeValue::Element(it)) => self.markup(it),
            Some(ast::JSXAttributeValue::Fragment(it)) => self.fragment(it),
            Some(ast::JSXAttributeValue::ExpressionContainer(it)) => {
                match it.expression.as_expression() {
                    Some(value) => self.value(value),
                    None => self.expression(Expression::Nothing, span),
                }
            }
        };
        (Some(name), value)
    }

    fn children(&mut self, children: &[ast::JSXChild<'_>]) -> Vec<ExprId> {
        let mut values = Vec::new();
        for child in children {
            match child {
                ast::JSXChild::Text(it) => {
                    if !it.value.trim().is_empty() {
                        values.push(self.text(it.value.as_str(), it.span));
                    }
                }
                ast::JSXChild::Element(it) => values.push(self.markup(it)),
                ast::JSXChild::Fragment(it) => values.push(self.fragment(it)),
                ast::JSXChild::ExpressionContainer(it) => {
                    if let Some(value) = it.expression.as_expression() {
                        values.push(self.value(value));
                    }
                }
                ast::JSXChild::Spread(it) => values.push(self.value(&it.expression)),
            }
        }
        values
    }
}
