//! C's statements.

use tree_sitter::Node;

use super::super::tree::{Lowering, child, children, field};
use super::declaration::{declarator, type_name};
use super::expression::{assigned, expression};
use crate::ir::{Block, Case, ExprId, Expression, Handler, StatementKind};

/// A block with names of its own; also a statement that stands alone.
pub(super) fn block(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    let mut body = Vec::new();
    l.open_block();
    if l.enter() {
        match node.kind() {
            "compound_statement" => statements(l, node, &mut body),
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

/// Lowers a statement or declaration.
pub(super) fn statement(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if l.enter() && !super::declared(l, node, body) {
        known(l, node, body);
    }
    l.leave();
}

fn known(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let kind = match node.kind() {
        "compound_statement" => StatementKind::Block(block(l, node)),
        "ERROR" | "attributed_statement" | "seh_try_statement" | "preproc_else" => {
            return statements(l, node, body);
        }
        "expression_statement" => {
            let Some(inner) = children(node).first().copied() else { return };
            return effect(l, inner, body);
        }
        "if_statement" => return branch(l, node, body),
        "preproc_if" | "preproc_ifdef" | "preproc_elif" | "preproc_elifdef" => {
            return directive(l, node, body);
        }
        "while_statement" => {
            let test = condition(l, node, body);
            let inner = in_body(l, node);
            StatementKind::While { test: Some(test), body: inner, otherwise: Vec::new() }
        }
        "do_statement" => {
            let inner = in_body(l, node);
            body.push(l.statement(node, StatementKind::Block(inner.clone())));
            let test = condition(l, node, body);
            StatementKind::While { test: Some(test), body: inner, otherwise: Vec::new() }
        }
        "for_statement" => return repeat(l, node, body),
        "for_range_loop" => return range(l, node, body),
        "switch_statement" => return switch(l, node, body),
        "return_statement" | "co_return_statement" => {
            let value = children(node).first().map(|value| match value.kind() {
                "initializer_list" => super::declaration::braces(l, *value, None),
                _ => expression(l, *value),
            });
            StatementKind::Return(value)
        }
        "throw_statement" => {
            let value = children(node).first().map(|value| expression(l, *value));
            StatementKind::Raise(value)
        }
        "break_statement" => StatementKind::Break,
        "continue_statement" => StatementKind::Continue,
        "goto_statement" => {
            let label = node.child_by_field_name("label").map(|label| l.symbol(label));
            let id = l.statement(node, StatementKind::Return(None));
            l.jumps.extend(label.map(|label| (id, label)));
            body.push(id);
            return;
        }
        "labeled_statement" => return labelled(l, node, body),
        "try_statement" => tried(l, node),
        "case_statement"
        | "comment"
        | "preproc_arg"
        | "preproc_directive"
        | "type_identifier"
        | "statement_identifier"
        | "identifier"
        | "access_specifier"
        | "alias_declaration"
        | "static_assert_declaration"
        | "namespace_alias_definition" => return,
        _ => return effect(l, node, body),
    };
    body.push(l.statement(node, kind));
}

/// An expression for what it does.
fn effect(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    match node.kind() {
        "assignment_expression" | "update_expression" => {
            if let Some((target, value, operator)) = assigned(l, node) {
                let kind = StatementKind::Assign {
                    target,
                    value: Some(value),
                    operator,
                    annotation: None,
                };
                body.push(l.statement(node, kind));
            }
        }
        "comma_expression" => {
            let mut parts = Vec::new();
            let mut rest = Some(node);
            while let Some(node) = rest {
                let Some(right) =
                    node.child_by_field_name("right").filter(|_| node.kind() == "comma_expression")
                else {
                    parts.push(node);
                    break;
                };
                parts.extend(node.child_by_field_name("left"));
                rest = Some(right);
            }
            for part in parts {
                if l.enter() {
                    effect(l, part, body);
                }
                l.leave();
            }
        }
        "parenthesized_expression" => {
            if let Some(inner) = children(node).first().copied() {
                let value = expression(l, inner);
                body.push(l.statement(node, StatementKind::Expression(value)));
            }
        }
        _ => {
            let value = expression(l, node);
            body.push(l.statement(node, StatementKind::Expression(value)));
        }
    }
}

fn in_body(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    node.child_by_field_name("body").map(|node| block(l, node)).unwrap_or_default()
}

/// The test of a statement; a declaration in it comes before.
fn condition(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) -> ExprId {
    let Some(clause) = node.child_by_field_name("condition") else {
        return l.unknown(node, Vec::new());
    };
    if clause.kind() != "condition_clause" {
        return expression(l, clause);
    }
    if let Some(first) = clause.child_by_field_name("initializer") {
        statements(l, first, body);
    }
    let Some(value) = clause.child_by_field_name("value") else {
        return l.unknown(clause, Vec::new());
    };
    if value.kind() != "declaration" {
        return expression(l, value);
    }
    let base = value.child_by_field_name("type").and_then(|node| type_name(l, node));
    let declared = field(value, "declarator").first().copied();
    let Some(declared) = declared.and_then(|inner| declarator(l, inner, base)) else {
        return l.unknown(value, Vec::new());
    };
    let target = l.bind_node(declared.name);
    let made = match value.child_by_field_name("value") {
        Some(made) => expression(l, made),
        None => l.unknown(value, Vec::new()),
    };
    body.push(l.assign(value, target, made));
    target
}

fn branch(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let test = condition(l, node, body);
    let then = node.child_by_field_name("consequence").map(|node| block(l, node));
    let otherwise = node
        .child_by_field_name("alternative")
        .and_then(|clause| children(clause).first().copied())
        .map(|node| block(l, node));
    l.close_block();
    let kind = StatementKind::If {
        test,
        then: then.unwrap_or_default(),
        otherwise: otherwise.unwrap_or_default(),
    };
    body.push(l.statement(node, kind));
}

/// `#if` among statements: nobody knows which branch; `#if 0` is none.
fn directive(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let skipped = ["condition", "name", "alternative"].map(|name| node.child_by_field_name(name));
    let mut then = Vec::new();
    for inner in children(node) {
        if !skipped.contains(&Some(inner)) {
            statement(l, inner, &mut then);
        }
    }
    let mut otherwise = Vec::new();
    if let Some(alternative) = node.child_by_field_name("alternative") {
        statement(l, alternative, &mut otherwise);
    }
    let written = skipped[0].map(|condition| l.text(condition));
    if written == Some("0") {
        body.append(&mut otherwise);
        return;
    }
    let test = l.unknown(node, Vec::new());
    body.push(l.statement(node, StatementKind::If { test, then, otherwise }));
}

fn repeat(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    if let Some(first) = node.child_by_field_name("initializer") {
        statement(l, first, body);
    }
    let test = node.child_by_field_name("condition").map(|test| expression(l, test));
    let mut inner = in_body(l, node);
    if let Some(update) = node.child_by_field_name("update") {
        effect(l, update, &mut inner);
    }
    l.close_block();
    body.push(l.statement(node, StatementKind::While { test, body: inner, otherwise: Vec::new() }));
}

fn range(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let iterable = match node.child_by_field_name("right") {
        Some(right) => expression(l, right),
        None => l.unknown(node, Vec::new()),
    };
    let declared = node.child_by_field_name("declarator");
    let target = match declared.and_then(|inner| declarator(l, inner, None)) {
        Some(declared) if declared.name.kind() == "structured_binding_declarator" => {
            let ids = children(declared.name).into_iter().map(|name| l.bind_node(name)).collect();
            l.add(declared.name, Expression::List(ids))
        }
        Some(declared) => l.bind_node(declared.name),
        None => l.unknown(node, Vec::new()),
    };
    let inner = in_body(l, node);
    l.close_block();
    let kind =
        StatementKind::For { target, iterable, keys: false, body: inner, otherwise: Vec::new() };
    body.push(l.statement(node, kind));
}

fn switch(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let subject = condition(l, node, body);
    let mut cases = Vec::new();
    let list = node.child_by_field_name("body").map(children).unwrap_or_default();
    for case in list {
        if case.kind() != "case_statement" {
            continue;
        }
        let value = case.child_by_field_name("value");
        let patterns = value.map(|value| expression(l, value)).into_iter().collect();
        let mut inner = Vec::new();
        for node in children(case) {
            if Some(node) != value {
                statement(l, node, &mut inner);
            }
        }
        cases.push(Case { patterns, guard: None, body: inner, falls_through: true });
    }
    l.close_block();
    body.push(l.statement(node, StatementKind::Match { subject, cases }));
}

/// The label is kept as a mark until the function's jumps are known.
fn labelled(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if let Some(label) = node.child_by_field_name("label") {
        let name = l.symbol(label);
        let value = l.unknown(label, Vec::new());
        body.push(l.statement(label, StatementKind::Export { name, value }));
    }
    for inner in children(node).into_iter().skip(1) {
        statement(l, inner, body);
    }
}

fn tried(l: &mut Lowering<'_>, node: Node<'_>) -> StatementKind {
    let inner = in_body(l, node);
    let mut handlers = Vec::new();
    for clause in children(node) {
        if clause.kind() != "catch_clause" {
            continue;
        }
        l.open_block();
        let parameter = clause
            .child_by_field_name("parameters")
            .and_then(|list| child(list, "parameter_declaration"));
        let types = parameter
            .and_then(|parameter| parameter.child_by_field_name("type"))
            .and_then(|written| type_name(l, written));
        let name = parameter
            .and_then(|parameter| parameter.child_by_field_name("declarator"))
            .and_then(|inner| declarator(l, inner, None))
            .map(|declared| {
                let symbol = l.symbol(declared.name);
                l.bind(symbol)
            });
        let body = in_body(l, clause);
        l.close_block();
        handlers.push(Handler {
            types: types.into_iter().collect(),
            name,
            body,
            span: clause.byte_range().into(),
        });
    }
    StatementKind::Try { body: inner, handlers, otherwise: Vec::new(), finally: Vec::new() }
}
