//! C's expressions.

use tree_sitter::Node;

use super::super::tree::{
    Heading, Lowering, arithmetic, child, children, has_token, plain, unescape,
};
use super::declaration::{braces, type_name};
use super::statement::block;
use super::{member_name, parameters};
use crate::ir::{BinaryOperator, ExprId, Expression, StatementKind, UnaryOperator};

/// Lowers an expression.
pub(super) fn expression(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { l.unknown(node, Vec::new()) };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "identifier" | "this" => identifier(l, node),
        "field_identifier" | "type_identifier" | "primitive_type" | "namespace_identifier" => {
            let text = l.text(node);
            l.plain_name(node, text)
        }
        "number_literal" => l.number(node),
        "char_literal" => character(l, node),
        "string_literal" | "raw_string_literal" => {
            let text = literal_text(l, node);
            let symbol = l.intern(&text);
            l.add(node, Expression::Text(symbol))
        }
        "concatenated_string" => concatenated(l, node),
        "true" => l.add(node, Expression::Boolean(true)),
        "false" => l.add(node, Expression::Boolean(false)),
        "null" => l.add(node, Expression::Nothing),
        "parenthesized_expression"
        | "condition_clause"
        | "user_defined_literal"
        | "extension_expression"
        | "parameter_pack_expansion" => inner(l, node),
        "call_expression" => call(l, node),
        "subscript_expression" => subscript(l, node),
        "field_expression" => field_access(l, node),
        "qualified_identifier"
        | "template_function"
        | "template_type"
        | "type_descriptor"
        | "sized_type_specifier"
        | "struct_specifier" => type_name(l, node).unwrap_or_else(|| l.unknown(node, Vec::new())),
        "binary_expression" => l.chain(node, expression),
        "unary_expression" | "pointer_expression" => unary(l, node),
        "assignment_expression" | "update_expression" => match assigned(l, node) {
            Some((target, value, operator)) => {
                l.add(node, Expression::Assign { target, value, operator })
            }
            None => l.unknown(node, Vec::new()),
        },
        "conditional_expression" => conditional(l, node),
        "comma_expression" => comma(l, node),
        "cast_expression" => {
            let value = in_field(l, node, "value");
            cast(l, node, node.child_by_field_name("type"), value)
        }
        "sizeof_expression" | "alignof_expression" => sized(l, node),
        "compound_literal_expression" => {
            let class = node.child_by_field_name("type").and_then(|node| type_name(l, node));
            match node.child_by_field_name("value") {
                Some(value) => braces(l, value, class),
                None => l.unknown(node, Vec::new()),
            }
        }
        "initializer_list" => braces(l, node, None),
        "compound_statement" => {
            let body = block(l, node);
            l.add(node, Expression::Block { body, value: None })
        }
        _ => of_cpp(l, node),
    }
}

/// What only C++ has, and anything else.
fn of_cpp(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "new_expression" => created(l, node),
        "delete_expression" => {
            let value = inner(l, node);
            let name = if has_token(node, "[") { "delete[]" } else { "delete" };
            let callee = l.plain_name(node, name);
            l.call(node, callee, &[value])
        }
        "lambda_expression" => lambda(l, node),
        "co_await_expression" => {
            let value = in_field(l, node, "argument");
            l.add(node, Expression::Await(value))
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

fn identifier(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    /// Macros that are names of macros are followed so far.
    const ALIASES_MAX: usize = 4;
    let mut symbol = l.symbol(node);
    for _ in 0..ALIASES_MAX {
        match l.aliases.get(&symbol) {
            Some(meant) if !l.is_local(symbol) => symbol = *meant,
            _ => break,
        }
    }
    match l.member(node, symbol) {
        Some(member) => member,
        None => {
            let symbol = l.resolve(symbol);
            l.add(node, Expression::Name(symbol))
        }
    }
}

fn character(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let written = l.text(node).trim_start_matches(['L', 'u', 'U', '8']);
    let written = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    let code = unescape(written).chars().next().map(u32::from);
    let made =
        code.map_or(Expression::Unknown(Vec::new()), |code| Expression::Integer(i64::from(code)));
    l.add(node, made)
}

fn literal_text(l: &Lowering<'_>, node: Node<'_>) -> String {
    if node.kind() == "raw_string_literal" {
        return child(node, "raw_string_content")
            .map(|inner| l.text(inner))
            .unwrap_or_default()
            .to_owned();
    }
    let written = l.text(node);
    let start = written.find('"').map_or(written.len(), |at| at + 1);
    unescape(written[start..].strip_suffix('"').unwrap_or(""))
}

/// `"a" "b"`; macros may stand between.
fn concatenated(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let parts = children(node);
    if parts.iter().all(|part| part.kind() != "identifier") {
        let text: String = parts.iter().map(|part| literal_text(l, *part)).collect();
        let symbol = l.intern(&text);
        return l.add(node, Expression::Text(symbol));
    }
    let parts = parts.into_iter().map(|part| expression(l, part)).collect();
    l.add(node, Expression::Template { parts, tag: None })
}

fn call(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(function) = node.child_by_field_name("function") else {
        return l.unknown(node, Vec::new());
    };
    let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    if function.kind() == "template_function"
        && l.text(function).split('<').next().is_some_and(|name| name.ends_with("_cast"))
        && let [value] = list.as_slice()
    {
        let value = expression(l, *value);
        let class = function.child_by_field_name("arguments");
        return cast(l, node, class.and_then(|list| children(list).first().copied()), value);
    }
    let callee = expression(l, function);
    let values: Vec<ExprId> = list.into_iter().map(|value| expression(l, value)).collect();
    l.call(node, callee, &values)
}

fn subscript(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = in_field(l, node, "argument");
    let index = match (node.child_by_field_name("index"), node.child_by_field_name("indices")) {
        (Some(index), _) => expression(l, index),
        (None, Some(list)) => inner(l, list),
        (None, None) => l.unknown(node, Vec::new()),
    };
    l.add(node, Expression::Index { base, index })
}

/// `a.b`, `a->b`, `(*a).b`.
fn field_access(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let mut base = node.child_by_field_name("argument");
    while let Some(inner) = base.filter(|base| base.kind() == "parenthesized_expression") {
        base = children(inner).first().copied();
    }
    if let Some(pointer) = base.filter(|base| base.kind() == "pointer_expression") {
        base = pointer.child_by_field_name("argument");
    }
    let base = match base {
        Some(base) => expression(l, base),
        None => l.unknown(node, Vec::new()),
    };
    let name = node.child_by_field_name("field").map(|name| member_name(l, name));
    l.attribute(node, base, name.unwrap_or_default())
}

fn unary(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let operand = in_field(l, node, "argument");
    let sign = node.child_by_field_name("operator").map(|sign| l.text(sign)).unwrap_or_default();
    let operator = match sign {
        "!" | "not" => UnaryOperator::Not,
        "-" => UnaryOperator::Minus,
        "+" => UnaryOperator::Plus,
        "~" | "compl" => UnaryOperator::Invert,
        "*" => UnaryOperator::Dereference,
        "&" => UnaryOperator::AddressOf,
        _ => return l.unknown(node, vec![operand]),
    };
    if let (UnaryOperator::Minus, Some(value)) = (operator, l.constant(operand)) {
        return l.add(node, Expression::Integer(value.wrapping_neg()));
    }
    l.add(node, Expression::Unary { operator, operand })
}

/// Target, value and operator of `a = b`, `a += b`, `a++`.
pub(super) fn assigned(
    l: &mut Lowering<'_>,
    node: Node<'_>,
) -> Option<(ExprId, ExprId, Option<BinaryOperator>)> {
    if node.kind() == "update_expression" {
        let target = target(l, node.child_by_field_name("argument")?);
        let value = l.add(node, Expression::Integer(1));
        let sign = node.child_by_field_name("operator").map(|sign| l.text(sign));
        let sign = if sign == Some("--") { "-" } else { "+" };
        return Some((target, value, arithmetic(sign)));
    }
    let value = in_field(l, node, "right");
    let target = target(l, node.child_by_field_name("left")?);
    let sign = node.child_by_field_name("operator").map(|sign| l.text(sign)).unwrap_or_default();
    Some((target, value, arithmetic(sign)))
}

/// What is assigned to: `*p` is `p[0]`.
fn target(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "pointer_expression" if l.text(node).starts_with('*') => {
            let base = in_field(l, node, "argument");
            let index = l.add(node, Expression::Integer(0));
            l.add(node, Expression::Index { base, index })
        }
        "parenthesized_expression" => match children(node).first() {
            Some(inner) if inner.kind() == "pointer_expression" => target(l, *inner),
            _ => expression(l, node),
        },
        _ => expression(l, node),
    }
}

fn conditional(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let test = in_field(l, node, "condition");
    let then = match node.child_by_field_name("consequence") {
        Some(then) => expression(l, then),
        None => test,
    };
    let otherwise = in_field(l, node, "alternative");
    l.add(node, Expression::Conditional { test, then, otherwise })
}

fn comma(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let first = in_field(l, node, "left");
    let statement = l.statement(node, StatementKind::Expression(first));
    let value = in_field(l, node, "right");
    l.add(node, Expression::Block { body: vec![statement], value: Some(value) })
}

fn cast(l: &mut Lowering<'_>, node: Node<'_>, class: Option<Node<'_>>, value: ExprId) -> ExprId {
    match class.and_then(|class| type_name(l, class)) {
        Some(class) => l.add(node, Expression::Cast { value, class }),
        None => value,
    }
}

fn sized(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let operand = match node.child_by_field_name("type") {
        Some(written) => type_name(l, written),
        None => node.child_by_field_name("value").map(|value| expression(l, value)),
    };
    let operand = operand.unwrap_or_else(|| l.unknown(node, Vec::new()));
    l.add(node, Expression::Unary { operator: UnaryOperator::TypeOf, operand })
}

/// `new T(a)`; `new T[n]` is `new[]` of the type and the length.
fn created(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let class = node.child_by_field_name("type").and_then(|class| type_name(l, class));
    let class = class.unwrap_or_else(|| l.unknown(node, Vec::new()));
    let length = node
        .child_by_field_name("declarator")
        .and_then(|declarator| declarator.child_by_field_name("length"));
    if let Some(length) = length {
        let length = expression(l, length);
        let callee = l.plain_name(node, "new[]");
        return l.call(node, callee, &[class, length]);
    }
    let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    let values: Vec<ExprId> = list.into_iter().map(|value| expression(l, value)).collect();
    let arguments = values.into_iter().map(plain).collect();
    l.add(node, Expression::Call { callee: class, arguments, is_new: true })
}

fn lambda(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let id = l.open_function(node.byte_range().into(), Heading::default());
    if let Some(list) = node
        .child_by_field_name("declarator")
        .and_then(|head| head.child_by_field_name("parameters"))
    {
        parameters(l, list);
    }
    let body = node.child_by_field_name("body").map(|body| block(l, body)).unwrap_or_default();
    l.close_function(id, body);
    l.add(node, Expression::Function(id))
}
