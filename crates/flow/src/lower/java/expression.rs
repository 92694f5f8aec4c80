//! Java's expressions.

use tree_sitter::Node;

use super::super::tree::{Heading, Lowering, arithmetic, child, children, field};
use super::class::{arguments, class, parameters, type_name};
use super::statement::{block, effect, statement};
use crate::ir::{
    BinaryOperator, Block, Case, CompareOperator, ExprId, Expression, StatementKind, Symbol,
    UnaryOperator,
};

/// Lowers an expression.
pub(super) fn expression(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { l.unknown(node, Vec::new()) };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "identifier" => identifier(l, node),
        "this" | "super" | "type_identifier" => {
            let text = l.text(node);
            l.plain_name(node, text)
        }
        "scoped_identifier"
        | "scoped_type_identifier"
        | "generic_type"
        | "integral_type"
        | "array_type"
        | "boolean_type"
        | "floating_point_type" => {
            type_name(l, node).unwrap_or_else(|| l.unknown(node, Vec::new()))
        }
        "field_access" => {
            let base = in_field(l, node, "object");
            let name = node.child_by_field_name("field").map(|name| l.text(name));
            l.attribute(node, base, name.unwrap_or_default())
        }
        "class_literal" => {
            let base = inner(l, node);
            l.attribute(node, base, "class")
        }
        "method_invocation" => call(l, node),
        "object_creation_expression" => created(l, node),
        "array_creation_expression" | "array_initializer" | "element_value_array_initializer" => {
            array(l, node)
        }
        "array_access" => {
            let base = in_field(l, node, "array");
            let index = in_field(l, node, "index");
            l.add(node, Expression::Index { base, index })
        }
        "parenthesized_expression" => inner(l, node),
        "decimal_integer_literal"
        | "hex_integer_literal"
        | "octal_integer_literal"
        | "binary_integer_literal"
        | "decimal_floating_point_literal"
        | "hex_floating_point_literal" => l.number(node),
        "true" => l.add(node, Expression::Boolean(true)),
        "false" => l.add(node, Expression::Boolean(false)),
        "null_literal" => l.add(node, Expression::Nothing),
        "string_literal" | "character_literal" => text(l, node),
        "binary_expression" => l.chain(node, expression),
        "unary_expression" => unary(l, node),
        "assignment_expression" | "update_expression" => match assigned(l, node) {
            Some((target, value, operator)) => {
                l.add(node, Expression::Assign { target, value, operator })
            }
            None => l.unknown(node, Vec::new()),
        },
        _ => compound(l, node),
    }
}

/// Expressions with expressions in them that are no operators.
fn compound(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "ternary_expression" => {
            let test = in_field(l, node, "condition");
            let then = in_field(l, node, "consequence");
            let otherwise = in_field(l, node, "alternative");
            l.add(node, Expression::Conditional { test, then, otherwise })
        }
        "cast_expression" => {
            let value = in_field(l, node, "value");
            let class = field(node, "type").first().and_then(|class| type_name(l, *class));
            class.map_or(value, |class| l.add(node, Expression::Cast { value, class }))
        }
        "instanceof_expression" => instance(l, node),
        "lambda_expression" => lambda(l, node),
        "method_reference" => reference(l, node),
        "switch_expression" => switch(l, node),
        "annotation" | "marker_annotation" => super::class::decorator(l, node),
        _ => {
            let parts = children(node).into_iter().map(|node| expression(l, node)).collect();
            l.unknown(node, parts)
        }
    }
}

fn inner(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match children(node).first() {
        Some(inner) => expression(l, *inner),
        None => l.unknown(node, Vec::new()),
    }
}

fn in_field(l: &mut Lowering<'_>, node: Node<'_>, name: &str) -> ExprId {
    match node.child_by_field_name(name) {
        Some(inner) => expression(l, inner),
        None => l.unknown(node, Vec::new()),
    }
}

fn identifier(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let symbol = l.symbol(node);
    l.member(node, symbol).unwrap_or_else(|| l.name(node))
}

/// `"a"`, `"""a"""`, `'a'`.
fn text(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let written = l.text(node);
    if let Some(block) = written.strip_prefix("\"\"\"") {
        let block = block.strip_suffix("\"\"\"").unwrap_or(block);
        let lines: Vec<&str> = block.lines().map(str::trim_start).collect();
        return l.escaped(node, lines.join("\n").trim_start_matches('\n'));
    }
    let written = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    l.escaped(node, written)
}

fn call(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(name) = node.child_by_field_name("name") else { return l.unknown(node, Vec::new()) };
    let callee = match node.child_by_field_name("object") {
        Some(object) => {
            let base = expression(l, object);
            let symbol = l.symbol(name);
            let span = (object.start_byte()..name.end_byte()).into();
            l.program.expression(Expression::Attribute { base, name: symbol }, span)
        }
        None => {
            let symbol = l.symbol(name);
            match l.member(name, symbol) {
                Some(callee) => callee,
                None if l.is_bound(symbol) && !l.is_local(symbol) => l.name(name),
                None => {
                    let base = l.plain_name(name, "this");
                    l.add(name, Expression::Attribute { base, name: symbol })
                }
            }
        }
    };
    let arguments = arguments(l, node);
    l.add(node, Expression::Call { callee, arguments, is_new: false })
}

/// `new T(…)`; with a body it is a class of its own that extends `T`.
fn created(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = node.child_by_field_name("type").and_then(|class| type_name(l, class));
    let base = base.unwrap_or_else(|| l.unknown(node, Vec::new()));
    let arguments = arguments(l, node);
    let callee = match child(node, "class_body") {
        Some(body) => {
            let id = class(l, body, None, vec![base]);
            l.add(body, Expression::Class(id))
        }
        None => base,
    };
    l.add(node, Expression::Call { callee, arguments, is_new: true })
}

/// An array: its elements, or zeros where the size is small and known. Any other expression is
/// itself.
pub(super) fn array(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "array_initializer" | "element_value_array_initializer" => {
            let entered = l.enter();
            let elements = if entered { children(node) } else { Vec::new() };
            let ids = elements.into_iter().map(|element| array(l, element)).collect();
            l.leave();
            l.add(node, Expression::List(ids))
        }
        "array_creation_expression" => {
            if let Some(value) = node.child_by_field_name("value") {
                return array(l, value);
            }
            let sizes = field(node, "dimensions");
            let size = sizes.first().and_then(|size| children(*size).last().copied());
            let size = size.map(|size| expression(l, size));
            let known = size.and_then(|size| l.constant(size)).filter(|_| sizes.len() == 1);
            if let Some(zeros) = known.and_then(|length| l.zeros(node, length)) {
                return zeros;
            }
            l.unknown(node, Vec::new())
        }
        _ => expression(l, node),
    }
}

fn unary(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let operand = in_field(l, node, "operand");
    let sign = node.child_by_field_name("operator").map(|sign| l.text(sign)).unwrap_or_default();
    let operator = match sign {
        "!" => UnaryOperator::Not,
        "-" => UnaryOperator::Minus,
        "~" => UnaryOperator::Invert,
        _ => UnaryOperator::Plus,
    };
    if let (UnaryOperator::Minus, Some(value)) = (operator, l.constant(operand)) {
        return l.add(node, Expression::Integer(value.wrapping_neg()));
    }
    l.add(node, Expression::Unary { operator, operand })
}

/// Target, value and operator of `a = b`, `a += b`, `a++`; nothing for any other expression.
pub(super) fn assigned(
    l: &mut Lowering<'_>,
    node: Node<'_>,
) -> Option<(ExprId, ExprId, Option<BinaryOperator>)> {
    match node.kind() {
        "assignment_expression" => {
            let value = node.child_by_field_name("right").map(|value| array(l, value))?;
            let target = in_field(l, node, "left");
            let sign = node.child_by_field_name("operator").map(|sign| l.text(sign));
            Some((target, value, arithmetic(sign.unwrap_or_default())))
        }
        "update_expression" => {
            let target = inner(l, node);
            let value = l.add(node, Expression::Integer(1));
            let sign = if l.text(node).contains("--") { "-" } else { "+" };
            Some((target, value, arithmetic(sign)))
        }
        _ => None,
    }
}

/// `x instanceof T`, and `x instanceof T name`.
fn instance(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let left = in_field(l, node, "left");
    let class = node.child_by_field_name("right").and_then(|class| type_name(l, class));
    let Some(right) = class else { return l.unknown(node, vec![left]) };
    let test =
        l.add(node, Expression::Compare { operator: CompareOperator::InstanceOf, left, right });
    let Some(name) = node.child_by_field_name("name") else { return test };
    let target = l.bind_node(name);
    let value = l.add(node, Expression::Cast { value: left, class: right });
    let bound = l.add(node, Expression::Assign { target, value, operator: None });
    let both = Expression::Block {
        body: vec![l.statement(node, StatementKind::Expression(bound))],
        value: Some(test),
    };
    l.add(node, both)
}

fn lambda(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let heading = Heading { is_static: true, ..Heading::default() };
    let id = l.open_function(node.byte_range().into(), heading);
    if let Some(list) = node.child_by_field_name("parameters") {
        if list.kind() == "identifier" {
            let name = l.text(list).to_owned();
            l.parameter(list, &name, crate::ir::ParameterKind::Plain);
        } else {
            parameters(l, list);
        }
    }
    let mut body = Vec::new();
    if let Some(inner) = node.child_by_field_name("body") {
        if inner.kind() == "block" {
            body = block(l, inner);
        } else {
            let value = expression(l, inner);
            body.push(l.statement(inner, StatementKind::Return(Some(value))));
        }
    }
    l.close_function(id, body);
    l.add(node, Expression::Function(id))
}

fn reference(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let parts = children(node);
    let Some(first) = parts.first() else { return l.unknown(node, Vec::new()) };
    let base = expression(l, *first);
    let name = match parts.last() {
        Some(last) if parts.len() > 1 => l.text(*last),
        _ => "<init>",
    };
    l.attribute(node, base, name)
}

/// A `switch` that has a value: its cases assign to a variable of ours.
fn switch(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let subject = in_field(l, node, "condition");
    let result = l.made_up();
    let cases = switch_cases(l, node, Some(result));
    let statement = l.statement(node, StatementKind::Match { subject, cases });
    let value = l.add(node, Expression::Name(result));
    l.add(node, Expression::Block { body: vec![statement], value: Some(value) })
}

/// The cases of a `switch`, whose values go to `result`.
pub(super) fn switch_cases(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    result: Option<Symbol>,
) -> Vec<Case> {
    let mut cases = Vec::new();
    let groups = node.child_by_field_name("body").map(children).unwrap_or_default();
    for group in groups {
        l.open_block();
        let mut patterns = Vec::new();
        let mut body = Vec::new();
        for part in children(group) {
            if part.kind() == "switch_label" {
                for value in children(part) {
                    if !matches!(value.kind(), "guard" | "pattern") {
                        patterns.push(expression(l, value));
                    }
                }
            } else {
                case_part(l, part, result, &mut body);
            }
        }
        l.close_block();
        let falls_through = group.kind() == "switch_block_statement_group";
        cases.push(Case { patterns, guard: None, body, falls_through });
    }
    if cases.iter().all(|case| !case.falls_through) {
        cases.sort_by_key(|case| case.patterns.is_empty());
    }
    cases
}

fn case_part(l: &mut Lowering<'_>, part: Node<'_>, result: Option<Symbol>, body: &mut Block) {
    let Some(result) = result else { return statement(l, part, body) };
    let value = match part.kind() {
        "expression_statement" | "yield_statement" => children(part).first().copied(),
        "block" => {
            for inner in children(part) {
                if l.enter() {
                    case_part(l, inner, Some(result), body);
                }
                l.leave();
            }
            return;
        }
        _ => return statement(l, part, body),
    };
    match value {
        Some(value)
            if part.parent().is_some_and(|parent| parent.kind() == "switch_rule")
                || part.kind() == "yield_statement" =>
        {
            let target = l.add(value, Expression::Name(result));
            let value = expression(l, value);
            body.push(l.assign(part, target, value));
        }
        Some(value) => effect(l, value, body),
        None => {}
    }
}
