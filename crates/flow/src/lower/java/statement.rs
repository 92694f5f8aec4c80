//! Java's statements.

use tree_sitter::Node;

use super::super::tree::{Lowering, child, children, field};
use super::class::{declaration, declared_type, type_name};
use super::expression::{array, assigned, expression, switch_cases};
use crate::ir::{Block, ExprId, Expression, Handler, StatementKind};

/// A block with names of its own; also a statement that stands alone.
pub(super) fn block(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    let mut body = Vec::new();
    l.open_block();
    if l.enter() {
        match node.kind() {
            "block" | "constructor_body" => statements(l, node, &mut body),
            _ => statement(l, node, &mut body),
        }
    }
    l.leave();
    l.close_block();
    body
}

fn statements(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    for node in children(node) {
        statement(l, node, body);
    }
}

/// Lowers a statement or local declaration.
pub(super) fn statement(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if l.enter() && !declaration(l, node, body) {
        known(l, node, body);
    }
    l.leave();
}

fn known(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let kind = match node.kind() {
        "block" => StatementKind::Block(block(l, node)),
        "ERROR" => return statements(l, node, body),
        "synchronized_statement" => StatementKind::Block(in_body(l, node)),
        "labeled_statement" => {
            let Some(inner) = children(node).last().copied() else { return };
            return statement(l, inner, body);
        }
        "expression_statement" => {
            let Some(inner) = children(node).first().copied() else { return };
            return effect(l, inner, body);
        }
        "local_variable_declaration" => return local(l, node, body),
        "if_statement" => {
            let test = condition(l, node);
            let then = node.child_by_field_name("consequence").map(|node| block(l, node));
            let otherwise = node.child_by_field_name("alternative").map(|node| block(l, node));
            StatementKind::If {
                test,
                then: then.unwrap_or_default(),
                otherwise: otherwise.unwrap_or_default(),
            }
        }
        "while_statement" => {
            let test = Some(condition(l, node));
            StatementKind::While { test, body: in_body(l, node), otherwise: Vec::new() }
        }
        "do_statement" => {
            let inner = in_body(l, node);
            body.push(l.statement(node, StatementKind::Block(inner.clone())));
            let test = Some(condition(l, node));
            StatementKind::While { test, body: inner, otherwise: Vec::new() }
        }
        "for_statement" => return repeat(l, node, body),
        "enhanced_for_statement" => each(l, node),
        "switch_expression" => {
            let subject = condition(l, node);
            let cases = switch_cases(l, node, None);
            StatementKind::Match { subject, cases }
        }
        "return_statement" | "yield_statement" => {
            StatementKind::Return(children(node).first().map(|value| expression(l, *value)))
        }
        "throw_statement" => {
            StatementKind::Raise(children(node).first().map(|value| expression(l, *value)))
        }
        "break_statement" => StatementKind::Break,
        "continue_statement" => StatementKind::Continue,
        "assert_statement" => {
            let Some(test) = children(node).first().copied() else { return };
            StatementKind::Assert(expression(l, test))
        }
        "try_statement" | "try_with_resources_statement" => tried(l, node),
        "explicit_constructor_invocation" => {
            let arguments = super::class::arguments(l, node);
            let name = node.child_by_field_name("constructor").map(|name| l.text(name));
            let base = l.plain_name(node, name.unwrap_or("this"));
            let callee = l.attribute(node, base, "<init>");
            let call = l.add(node, Expression::Call { callee, arguments, is_new: false });
            StatementKind::Expression(call)
        }
        "identifier" => return,
        _ => return effect(l, node, body),
    };
    body.push(l.statement(node, kind));
}

/// An expression for what it does.
pub(super) fn effect(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let kind = match assigned(l, node) {
        Some((target, value, operator)) => {
            StatementKind::Assign { target, value: Some(value), operator, annotation: None }
        }
        None => StatementKind::Expression(expression(l, node)),
    };
    body.push(l.statement(node, kind));
}

fn in_body(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    node.child_by_field_name("body").map(|node| block(l, node)).unwrap_or_default()
}

fn condition(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.child_by_field_name("condition") {
        Some(test) => expression(l, test),
        None => l.unknown(node, Vec::new()),
    }
}

fn local(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let annotation = declared_type(l, node);
    for declarator in field(node, "declarator") {
        let Some(name) = declarator.child_by_field_name("name") else { continue };
        let value = declarator.child_by_field_name("value").map(|value| array(l, value));
        let target = l.bind_node(name);
        let kind = StatementKind::Assign { target, value, operator: None, annotation };
        body.push(l.statement(declarator, kind));
    }
}

fn repeat(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    for first in field(node, "init") {
        statement(l, first, body);
    }
    let test = node.child_by_field_name("condition").map(|test| expression(l, test));
    let mut inner = in_body(l, node);
    for update in field(node, "update") {
        effect(l, update, &mut inner);
    }
    l.close_block();
    body.push(l.statement(node, StatementKind::While { test, body: inner, otherwise: Vec::new() }));
}

fn each(l: &mut Lowering<'_>, node: Node<'_>) -> StatementKind {
    l.open_block();
    let iterable = match node.child_by_field_name("value") {
        Some(value) => expression(l, value),
        None => l.unknown(node, Vec::new()),
    };
    let annotation = declared_type(l, node);
    let mut body = Vec::new();
    let target = match node.child_by_field_name("name") {
        Some(name) => {
            let target = l.bind_node(name);
            if let Some(class) = annotation {
                let value = l.add(name, Expression::Cast { value: target, class });
                let kind = StatementKind::Assign {
                    target,
                    value: Some(value),
                    operator: None,
                    annotation,
                };
                body.push(l.statement(name, kind));
            }
            target
        }
        None => l.unknown(node, Vec::new()),
    };
    body.extend(in_body(l, node));
    l.close_block();
    StatementKind::For { target, iterable, keys: false, body, otherwise: Vec::new() }
}

fn tried(l: &mut Lowering<'_>, node: Node<'_>) -> StatementKind {
    l.open_block();
    let resources = node.child_by_field_name("resources").map(children).unwrap_or_default();
    let mut items = Vec::new();
    for resource in resources {
        match (resource.child_by_field_name("name"), resource.child_by_field_name("value")) {
            (Some(name), Some(value)) => {
                let value = expression(l, value);
                let target = l.bind_node(name);
                items.push((value, Some(target)));
            }
            _ => {
                if let Some(value) = children(resource).first() {
                    items.push((expression(l, *value), None));
                }
            }
        }
    }
    let mut body = in_body(l, node);
    l.close_block();
    if !items.is_empty() {
        body = vec![l.statement(node, StatementKind::With { items, body })];
    }
    let mut handlers = Vec::new();
    let mut finally = Vec::new();
    for clause in children(node) {
        match clause.kind() {
            "catch_clause" => handlers.push(handler(l, clause)),
            "finally_clause" => {
                finally = child(clause, "block").map(|node| block(l, node)).unwrap_or_default();
            }
            _ => {}
        }
    }
    if handlers.is_empty() && finally.is_empty() {
        return StatementKind::Block(body);
    }
    StatementKind::Try { body, handlers, otherwise: Vec::new(), finally }
}

fn handler(l: &mut Lowering<'_>, clause: Node<'_>) -> Handler {
    l.open_block();
    let parameter = child(clause, "catch_formal_parameter");
    let listed = parameter.and_then(|parameter| child(parameter, "catch_type"));
    let types = listed.map(children).unwrap_or_default();
    let types = types.into_iter().filter_map(|written| type_name(l, written)).collect();
    let name = parameter.and_then(|parameter| parameter.child_by_field_name("name")).map(|name| {
        let symbol = l.symbol(name);
        l.bind(symbol)
    });
    let body = in_body(l, clause);
    l.close_block();
    Handler { types, name, body, span: clause.byte_range().into() }
}
