//! Rust's expressions, which are its statements too.

use tree_sitter::Node;

use super::super::tree::{Heading, Lowering, arithmetic, children, unescape};
use super::item::item;
use super::macros::invocation;
use super::pattern::{constants, is_error, pattern};
use super::receive;
use super::types::{declared_type, type_name};
use crate::ir::{
    Block, Case, CompareOperator, ExprId, Expression, StatementKind, Symbol, UnaryOperator,
};

/// What becomes of the value at the end of a block.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// Nothing.
    Nothing,
    /// The function gives it back.
    Return,
    /// It is assigned.
    Into(Symbol),
}

/// Methods whose result is their receiver, as far as values go.
const TRANSPARENT: &[&str] = &[
    "unwrap",
    "expect",
    "unwrap_or_default",
    "clone",
    "to_owned",
    "as_ref",
    "as_mut",
    "borrow",
    "borrow_mut",
    "into_inner",
    "as_deref",
    "cloned",
    "copied",
    "as_str",
    "as_bytes",
    "as_slice",
    "to_vec",
    "into_boxed_str",
    "by_ref",
    "lock",
    "ok",
];
/// Functions whose result is their argument.
const WRAPPERS: &[&str] =
    &["Some", "Ok", "Box::new", "Arc::new", "Rc::new", "String::from", "Cow::Borrowed"];

/// Lowers an expression.
pub(super) fn expression(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { l.unknown(node, Vec::new()) };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "identifier" if l.text(node) == "None" => l.add(node, Expression::Nothing),
        "identifier" | "self" | "shorthand_field_identifier" => l.name(node),
        "crate" | "super" | "field_identifier" | "type_identifier" | "primitive_type" => {
            let text = l.text(node);
            l.plain_name(node, text)
        }
        "scoped_identifier" | "scoped_type_identifier" | "generic_type" => {
            type_name(l, node).unwrap_or_else(|| l.unknown(node, Vec::new()))
        }
        "integer_literal" | "float_literal" => l.number(node),
        "negative_literal" => {
            let value = l.text(node).trim_start_matches('-').trim().parse::<i64>();
            let made = value.map_or(Expression::Unknown(Vec::new()), |value| {
                Expression::Integer(value.wrapping_neg())
            });
            l.add(node, made)
        }
        "boolean_literal" => {
            let value = l.text(node) == "true";
            l.add(node, Expression::Boolean(value))
        }
        "string_literal" | "raw_string_literal" | "char_literal" => literal(l, node),
        "call_expression" => call(l, node),
        "generic_function" => in_field(l, node, "function"),
        "field_expression" => field_access(l, node),
        "macro_invocation" => invocation(l, node),
        "binary_expression" => l.chain(node, expression),
        "unary_expression" => unary(l, node),
        "reference_expression" => {
            let operand = in_field(l, node, "value");
            l.add(node, Expression::Unary { operator: UnaryOperator::AddressOf, operand })
        }
        "try_expression" => {
            let operand = inner(l, node);
            l.add(node, Expression::Unary { operator: UnaryOperator::Try, operand })
        }
        "await_expression" => {
            let value = inner(l, node);
            l.add(node, Expression::Await(value))
        }
        "type_cast_expression" => {
            let value = in_field(l, node, "value");
            let class = declared_type(l, node);
            class.map_or(value, |class| l.add(node, Expression::Cast { value, class }))
        }
        _ => compound(l, node),
    }
}

/// Expressions with expressions in them that are no operators.
fn compound(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "index_expression" => index(l, node),
        "struct_expression" => record(l, node),
        "array_expression" => array(l, node),
        "tuple_expression" => {
            let ids = children(node).into_iter().map(|node| expression(l, node)).collect();
            l.add(node, Expression::List(ids))
        }
        "unit_expression" => l.add(node, Expression::Nothing),
        "parenthesized_expression" => inner(l, node),
        "closure_expression" => closure(l, node),
        "if_expression" | "match_expression" | "block" | "unsafe_block" | "async_block"
        | "const_block" | "try_block" => valued(l, node),
        "assignment_expression"
        | "compound_assignment_expr"
        | "let_declaration"
        | "while_expression"
        | "loop_expression"
        | "for_expression"
        | "return_expression"
        | "break_expression"
        | "continue_expression" => {
            let mut body = Vec::new();
            statement(l, node, Use::Nothing, &mut body);
            l.add(node, Expression::Block { body, value: None })
        }
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

fn literal(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let written = l.text(node);
    let start = written.find(['"', '\'']).map_or(0, |at| at + 1);
    let end = written.rfind(['"', '\'']).unwrap_or(written.len());
    let inner = written.get(start..end).unwrap_or_default();
    let text = match node.kind() {
        "raw_string_literal" => inner.to_owned(),
        _ => unescape(inner),
    };
    let symbol = l.intern(&text);
    let made = match written.starts_with('b') {
        true => Expression::Bytes(symbol),
        false => Expression::Text(symbol),
    };
    l.add(node, made)
}

fn call(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(mut function) = node.child_by_field_name("function") else {
        return l.unknown(node, Vec::new());
    };
    if function.kind() == "generic_function" {
        function = function.child_by_field_name("function").unwrap_or(function);
    }
    let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    if let [value] = list.as_slice()
        && WRAPPERS.contains(&l.text(function))
    {
        return expression(l, *value);
    }
    let method = function.child_by_field_name("field").map(|name| l.text(name));
    if method.is_some_and(|name| TRANSPARENT.contains(&name)) && list.len() < 2 {
        let operand = in_field(l, function, "value");
        if method == Some("into_inner") {
            let index = l.add(node, Expression::Integer(0));
            return l.add(node, Expression::Index { base: operand, index });
        }
        return l.add(node, Expression::Unary { operator: UnaryOperator::Try, operand });
    }
    let callee = expression(l, function);
    let values: Vec<ExprId> = list.into_iter().map(|value| expression(l, value)).collect();
    l.call(node, callee, &values)
}

/// `a.b`, and `a.0`, which is an element.
fn field_access(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = in_field(l, node, "value");
    let Some(name) = node.child_by_field_name("field") else { return base };
    if name.kind() == "integer_literal" {
        let index = l.number(name);
        return l.add(node, Expression::Index { base, index });
    }
    let name = l.text(name);
    l.attribute(node, base, name)
}

fn unary(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let operand = inner(l, node);
    let operator = match l.text(node).chars().next() {
        Some('!') => UnaryOperator::Not,
        Some('*') => UnaryOperator::Dereference,
        _ => UnaryOperator::Minus,
    };
    if let (UnaryOperator::Minus, Some(value)) = (operator, l.constant(operand)) {
        return l.add(node, Expression::Integer(value.wrapping_neg()));
    }
    l.add(node, Expression::Unary { operator, operand })
}

/// `a[i]`, and `a[i..j]`.
fn index(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let parts = children(node);
    let [base, index] = parts.as_slice() else { return inner(l, node) };
    let base = expression(l, *base);
    if index.kind() != "range_expression" {
        let index = expression(l, *index);
        return l.add(node, Expression::Index { base, index });
    }
    let (mut from, mut to) = (None, None);
    let dots = l.text(*index).find("..").map_or(0, |at| at + index.start_byte());
    for bound in children(*index) {
        let value = Some(expression(l, bound));
        match bound.start_byte() < dots {
            true => from = value,
            false => to = value,
        }
    }
    l.add(node, Expression::Slice { base, from, to })
}

fn record(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let class = node.child_by_field_name("name").and_then(|name| type_name(l, name));
    let class = class.unwrap_or_else(|| l.unknown(node, Vec::new()));
    let mut fields = Vec::new();
    for part in node.child_by_field_name("body").map(children).unwrap_or_default() {
        match (part.kind(), part.child_by_field_name("field")) {
            ("field_initializer", Some(name)) => {
                let name = l.symbol(name);
                let value = in_field(l, part, "value");
                fields.push((name, value));
            }
            ("shorthand_field_initializer", _) => {
                if let Some(name) = children(part).last() {
                    let value = l.name(*name);
                    fields.push((l.symbol(*name), value));
                }
            }
            ("base_field_initializer", _) => {
                let value = inner(l, part);
                fields.push((l.intern(""), value));
            }
            _ => {}
        }
    }
    l.add(node, Expression::Record { class, fields })
}

/// `[a, b]`; `[x; n]` is written out where it is short.
fn array(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let length = node.child_by_field_name("length");
    let parts = children(node).into_iter().filter(|part| Some(*part) != length);
    let ids: Vec<ExprId> = parts.map(|part| expression(l, part)).collect();
    let Some(length) = length else { return l.add(node, Expression::List(ids)) };
    let length = expression(l, length);
    let zero = ids.first().and_then(|id| l.constant(*id)) == Some(0);
    if let (true, Some(length)) = (zero, l.constant(length))
        && let Some(zeros) = l.zeros(node, length)
    {
        return zeros;
    }
    l.unknown(node, ids)
}

fn closure(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let heading = Heading { is_static: true, ..Heading::default() };
    let id = l.open_function(node.byte_range().into(), heading);
    let mut body = Vec::new();
    for parameter in node.child_by_field_name("parameters").map(children).unwrap_or_default() {
        receive(l, parameter, &mut body);
    }
    if let Some(inner) = node.child_by_field_name("body") {
        statement(l, inner, Use::Return, &mut body);
    }
    l.close_function(id, body);
    l.add(node, Expression::Function(id))
}

/// A branch or block whose value is used.
fn valued(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let result = l.made_up();
    let mut body = Vec::new();
    statement(l, node, Use::Into(result), &mut body);
    let value = l.add(node, Expression::Name(result));
    l.add(node, Expression::Block { body, value: Some(value) })
}

/// A block with names of its own, whose value goes where `to` says.
pub(super) fn block(l: &mut Lowering<'_>, node: Node<'_>, to: Use) -> Block {
    let mut body = Vec::new();
    l.open_block();
    block_into(l, node, to, &mut body);
    l.close_block();
    body
}

/// The statements of a block, in the block that is open.
pub(super) fn block_into(l: &mut Lowering<'_>, node: Node<'_>, to: Use, body: &mut Block) {
    if !l.enter() {
        l.leave();
        return;
    }
    if node.kind() == "block" {
        let nodes: Vec<Node<'_>> =
            children(node).into_iter().filter(|node| node.kind() != "label").collect();
        let count = nodes.len();
        for (position, inner) in nodes.into_iter().enumerate() {
            let to = if position + 1 == count { to } else { Use::Nothing };
            statement(l, inner, to, body);
        }
    } else {
        statement(l, node, to, body);
    }
    l.leave();
}

/// Lowers a statement, or an expression as one.
pub(super) fn statement(l: &mut Lowering<'_>, node: Node<'_>, to: Use, body: &mut Block) {
    if l.enter() && !item(l, node, Vec::new(), body) {
        known_statement(l, node, to, body);
    }
    l.leave();
}

fn known_statement(l: &mut Lowering<'_>, node: Node<'_>, to: Use, body: &mut Block) {
    match node.kind() {
        "expression_statement" => {
            let Some(inner) = children(node).first().copied() else { return };
            // With a `;` the value is not used, without one it may be.
            let to = if l.text(node).ends_with(';') { Use::Nothing } else { to };
            statement(l, inner, to, body);
        }
        "block" => {
            let inner = block(l, node, to);
            body.push(l.statement(node, StatementKind::Block(inner)));
        }
        "unsafe_block" | "async_block" | "const_block" | "try_block" => {
            if let Some(inner) = children(node).last().copied() {
                statement(l, inner, to, body);
            }
        }
        "let_declaration" => declaration(l, node, body),
        "assignment_expression" | "compound_assignment_expr" => assignment(l, node, body),
        "if_expression" => branch(l, node, to, body),
        "match_expression" => choice(l, node, to, body),
        "while_expression" | "loop_expression" => repeat(l, node, body),
        "for_expression" => each(l, node, body),
        "return_expression" => {
            let value = children(node).first().map(|value| expression(l, *value));
            body.push(l.statement(node, StatementKind::Return(value)));
        }
        "break_expression" => body.push(l.statement(node, StatementKind::Break)),
        "continue_expression" => body.push(l.statement(node, StatementKind::Continue)),
        "attribute_item" | "label" | "line_comment" | "block_comment" => {}
        _ => {
            let value = expression(l, node);
            // What only does something, like `panic!`, has no value.
            if let (Expression::Block { body: inner, value: None }, _) =
                &l.program.expressions[value.0 as usize]
            {
                body.extend(inner);
                return;
            }
            let kind = match to {
                Use::Nothing => StatementKind::Expression(value),
                Use::Return => StatementKind::Return(Some(value)),
                Use::Into(name) => {
                    let target = l.add(node, Expression::Name(name));
                    body.push(l.assign(node, target, value));
                    return;
                }
            };
            body.push(l.statement(node, kind));
        }
    }
}

fn declaration(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let value = node.child_by_field_name("value").map(|value| expression(l, value));
    if let Some(alternative) = node.child_by_field_name("alternative") {
        let test = l.unknown(node, value.into_iter().collect());
        let then = block(l, alternative, Use::Nothing);
        body.push(
            l.statement(alternative, StatementKind::If { test, then, otherwise: Vec::new() }),
        );
    }
    let annotation = declared_type(l, node);
    let target = node.child_by_field_name("pattern").and_then(|node| pattern(l, node));
    let kind = match (target, value) {
        (Some(target), value) => {
            StatementKind::Assign { target, value, operator: None, annotation }
        }
        (None, Some(value)) => StatementKind::Expression(value),
        (None, None) => return,
    };
    body.push(l.statement(node, kind));
}

fn assignment(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let value = in_field(l, node, "right");
    let Some(mut left) = node.child_by_field_name("left") else { return };
    while left.kind() == "unary_expression" || left.kind() == "parenthesized_expression" {
        let Some(inner) = children(left).first().copied() else { break };
        left = inner;
    }
    let target = expression(l, left);
    let operator = node.child_by_field_name("operator").and_then(|node| arithmetic(l.text(node)));
    let kind = StatementKind::Assign { target, value: Some(value), operator, annotation: None };
    body.push(l.statement(node, kind));
}

/// The test of `if` and `while`; what it binds is assigned where it holds.
fn condition(l: &mut Lowering<'_>, node: Node<'_>, bound: &mut Block) -> ExprId {
    match node.kind() {
        "let_condition" => {
            let value = in_field(l, node, "value");
            let Some(written) = node.child_by_field_name("pattern") else { return value };
            if let Some(constants) = constants(l, written)
                && let [right] = constants.as_slice()
            {
                let right = *right;
                let operator = CompareOperator::Equal;
                return l.add(node, Expression::Compare { operator, left: value, right });
            }
            let error = is_error(l, written);
            if let Some(target) = pattern(l, written) {
                let from = if error { l.unknown(written, Vec::new()) } else { value };
                bound.push(l.assign(written, target, from));
            }
            l.unknown(node, vec![value])
        }
        "let_chain" => {
            let parts = children(node).into_iter().map(|part| condition(l, part, bound)).collect();
            l.unknown(node, parts)
        }
        _ => expression(l, node),
    }
}

fn branch(l: &mut Lowering<'_>, node: Node<'_>, to: Use, body: &mut Block) {
    l.open_block();
    let mut then = Vec::new();
    let test = match node.child_by_field_name("condition") {
        Some(test) => condition(l, test, &mut then),
        None => l.unknown(node, Vec::new()),
    };
    if let Some(inner) = node.child_by_field_name("consequence") {
        then.extend(block(l, inner, to));
    }
    l.close_block();
    let mut otherwise = Vec::new();
    let alternative = node.child_by_field_name("alternative");
    if let Some(inner) = alternative.and_then(|clause| children(clause).first().copied()) {
        statement(l, inner, to, &mut otherwise);
    }
    body.push(l.statement(node, StatementKind::If { test, then, otherwise }));
}

fn choice(l: &mut Lowering<'_>, node: Node<'_>, to: Use, body: &mut Block) {
    let subject = in_field(l, node, "value");
    let arms = node.child_by_field_name("body").map(children).unwrap_or_default();
    let mut cases = Vec::new();
    for arm in arms.into_iter().filter(|arm| arm.kind() == "match_arm") {
        l.open_block();
        let mut inner = Vec::new();
        let head = arm.child_by_field_name("pattern");
        let written = head.and_then(|head| children(head).first().copied());
        let patterns = match written {
            Some(written) => compared(l, written, subject, &mut inner),
            None => Vec::new(),
        };
        let guard = head.and_then(|head| head.child_by_field_name("condition"));
        let guard = guard.map(|guard| condition(l, guard, &mut inner));
        if let Some(value) = arm.child_by_field_name("value") {
            statement(l, value, to, &mut inner);
        }
        l.close_block();
        cases.push(Case { patterns, guard, body: inner, falls_through: false });
    }
    body.push(l.statement(node, StatementKind::Match { subject, cases }));
}

/// What a case compares with; what it binds comes first in its body.
fn compared(
    l: &mut Lowering<'_>,
    written: Node<'_>,
    subject: ExprId,
    inner: &mut Block,
) -> Vec<ExprId> {
    if let Some(constants) = constants(l, written) {
        return constants;
    }
    let error = is_error(l, written);
    let binds_all = written.kind() == "identifier";
    if let Some(target) = pattern(l, written) {
        let from = if error { l.unknown(written, Vec::new()) } else { subject };
        inner.push(l.assign(written, target, from));
    }
    if binds_all || written.kind() == "_" {
        return Vec::new();
    }
    vec![l.unknown(written, Vec::new())]
}

fn repeat(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let mut inner = Vec::new();
    let test = node.child_by_field_name("condition").map(|test| condition(l, test, &mut inner));
    if let Some(rounds) = node.child_by_field_name("body") {
        inner.extend(block(l, rounds, Use::Nothing));
    }
    l.close_block();
    body.push(l.statement(node, StatementKind::While { test, body: inner, otherwise: Vec::new() }));
}

fn each(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let iterable = in_field(l, node, "value");
    let target = node.child_by_field_name("pattern").and_then(|written| pattern(l, written));
    let target = target.unwrap_or_else(|| l.unknown(node, Vec::new()));
    let rounds = node.child_by_field_name("body");
    let inner = rounds.map(|rounds| block(l, rounds, Use::Nothing)).unwrap_or_default();
    l.close_block();
    let kind =
        StatementKind::For { target, iterable, keys: false, body: inner, otherwise: Vec::new() };
    body.push(l.statement(node, kind));
}
