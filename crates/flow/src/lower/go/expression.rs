//! Go's expressions.

use tree_sitter::Node;

use super::super::tree::{Heading, Lowering, child, children, plain};
use super::function;
use super::types::type_expression;
use crate::ir::{Argument, ExprId, Expression, UnaryOperator};

/// Names of types that a call converts to, but those that may cut something off: these stay calls.
const PREDECLARED: &[&str] = &[
    "string",
    "int",
    "int64",
    "uint",
    "uint64",
    "uintptr",
    "rune",
    "float32",
    "float64",
    "bool",
    "complex64",
    "complex128",
];

/// Lowers an expression.
pub(super) fn expression(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { l.unknown(node, Vec::new()) };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    match node.kind() {
        "identifier" | "package_identifier" | "type_identifier" => l.name(node),
        "field_identifier" => {
            let text = l.text(node);
            l.plain_name(node, text)
        }
        "selector_expression" => selector(l, node),
        "call_expression" => call(l, node),
        "type_conversion_expression" | "type_assertion_expression" => conversion(l, node),
        "parenthesized_expression" | "variadic_argument" | "literal_element" => {
            match children(node).first() {
                Some(inner) => expression(l, *inner),
                None => l.unknown(node, Vec::new()),
            }
        }
        "binary_expression" => l.chain(node, expression),
        "unary_expression" => unary(l, node),
        "index_expression" => index(l, node),
        "slice_expression" => slice(l, node),
        "composite_literal" => composite(l, node),
        "func_literal" => {
            let id = function(l, node, Heading::default());
            l.add(node, Expression::Function(id))
        }
        "int_literal" | "float_literal" | "imaginary_literal" => l.number(node),
        "true" => l.add(node, Expression::Boolean(true)),
        "false" => l.add(node, Expression::Boolean(false)),
        "nil" => l.add(node, Expression::Nothing),
        "interpreted_string_literal" => {
            let written = l.text(node);
            l.escaped(node, written.trim_start_matches('"').strip_suffix('"').unwrap_or(""))
        }
        "raw_string_literal" => {
            let symbol = l.intern(l.text(node).trim_matches('`'));
            l.add(node, Expression::Text(symbol))
        }
        "rune_literal" => rune(l, node),
        kind if kind.ends_with("_type") => {
            type_expression(l, node).unwrap_or_else(|| l.unknown(node, Vec::new()))
        }
        _ => {
            let parts: Vec<ExprId> =
                children(node).into_iter().map(|node| expression(l, node)).collect();
            l.unknown(node, parts)
        }
    }
}

fn in_field(l: &mut Lowering<'_>, node: Node<'_>, name: &str) -> ExprId {
    match node.child_by_field_name(name) {
        Some(inner) => expression(l, inner),
        None => l.unknown(node, Vec::new()),
    }
}

fn selector(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = in_field(l, node, "operand");
    let name = node.child_by_field_name("field").map(|name| l.text(name)).unwrap_or_default();
    l.attribute(node, base, name)
}

fn call(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(function) = node.child_by_field_name("function") else {
        return l.unknown(node, Vec::new());
    };
    let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    if let [value] = list.as_slice()
        && PREDECLARED.contains(&l.text(function))
    {
        let symbol = l.symbol(function);
        if !l.is_bound(symbol) {
            let value = expression(l, *value);
            let class = l.add(function, Expression::Name(symbol));
            return l.add(node, Expression::Cast { value, class });
        }
    }
    let callee = match function.kind() {
        "parenthesized_expression" => {
            let inner = children(function).first().copied().unwrap_or(function);
            // `(*T)(x)` converts.
            if inner.kind() == "unary_expression"
                && let [value] = list.as_slice()
                && let Some(class) = children(inner).first().copied()
            {
                let value = expression(l, *value);
                let class = expression(l, class);
                return l.add(node, Expression::Cast { value, class });
            }
            expression(l, inner)
        }
        _ => expression(l, function),
    };
    let mut arguments = Vec::with_capacity(list.len());
    for argument in list {
        let spread = argument.kind() == "variadic_argument";
        let value = expression(l, argument);
        arguments.push(Argument { spread, ..plain(value) });
    }
    match (l.text(function), arguments.first()) {
        ("new", Some(class)) => {
            let class = class.value;
            l.add(node, Expression::Record { class, fields: Vec::new() })
        }
        _ => l.add(node, Expression::Call { callee, arguments, is_new: false }),
    }
}

fn conversion(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let value = in_field(l, node, "operand");
    let class = node.child_by_field_name("type").and_then(|class| type_expression(l, class));
    match class {
        Some(class) => l.add(node, Expression::Cast { value, class }),
        None => l.unknown(node, vec![value]),
    }
}

fn unary(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let operand = in_field(l, node, "operand");
    let sign = node.child_by_field_name("operator").map(|sign| l.text(sign)).unwrap_or_default();
    let operator = match sign {
        "!" => UnaryOperator::Not,
        "-" => UnaryOperator::Minus,
        "+" => UnaryOperator::Plus,
        "^" => UnaryOperator::Invert,
        "*" => UnaryOperator::Dereference,
        "&" => UnaryOperator::AddressOf,
        _ => {
            let index = l.unknown(node, Vec::new());
            return l.add(node, Expression::Index { base: operand, index });
        }
    };
    if let (UnaryOperator::Minus, Some(value)) = (operator, l.constant(operand)) {
        return l.add(node, Expression::Integer(value.wrapping_neg()));
    }
    l.add(node, Expression::Unary { operator, operand })
}

fn index(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = in_field(l, node, "operand");
    let index = in_field(l, node, "index");
    l.add(node, Expression::Index { base, index })
}

fn slice(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let base = in_field(l, node, "operand");
    let from = node.child_by_field_name("start").map(|start| expression(l, start));
    let to = node.child_by_field_name("end").map(|end| expression(l, end));
    l.add(node, Expression::Slice { base, from, to })
}

fn rune(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let text = super::super::tree::unescape(l.text(node).trim_matches('\''));
    let made = text.chars().next().map_or(Expression::Unknown(Vec::new()), |character| {
        Expression::Integer(i64::from(u32::from(character)))
    });
    l.add(node, made)
}

fn composite(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(body) = node.child_by_field_name("body") else { return l.unknown(node, Vec::new()) };
    let class = node.child_by_field_name("type");
    literal(l, node, class, body)
}

/// The braces of a literal, whose type may stand around it.
fn literal(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    class: Option<Node<'_>>,
    body: Node<'_>,
) -> ExprId {
    let elements = children(body);
    let kind = class.map(|class| class.kind()).unwrap_or_default();
    let inner = class.and_then(|class| {
        class.child_by_field_name("element").or_else(|| class.child_by_field_name("value"))
    });
    match kind {
        "slice_type" | "array_type" | "implicit_length_array_type" => {
            let ids = elements.iter().map(|element| value(l, *element, inner)).collect();
            l.add(node, Expression::List(ids))
        }
        "map_type" => entries(l, node, &elements, inner),
        "" if elements.iter().all(|element| element.kind() != "keyed_element") => {
            let ids = elements.iter().map(|element| value(l, *element, None)).collect();
            l.add(node, Expression::List(ids))
        }
        _ if elements.iter().any(|element| text_key(*element)) => {
            entries(l, node, &elements, inner)
        }
        _ => record(l, node, class, &elements),
    }
}

/// Whether the key is no name of a field.
fn text_key(element: Node<'_>) -> bool {
    let key = element.child_by_field_name("key").and_then(|key| children(key).first().copied());
    key.is_some_and(|key| key.kind() != "identifier")
}

fn value(l: &mut Lowering<'_>, element: Node<'_>, class: Option<Node<'_>>) -> ExprId {
    let element = element.child_by_field_name("value").unwrap_or(element);
    match child(element, "literal_value") {
        Some(body) => {
            // Elements of `[]*T{{…}}` are written without the type.
            let class = class.map(|class| match class.kind() {
                "pointer_type" => children(class).first().copied().unwrap_or(class),
                _ => class,
            });
            let entered = l.enter();
            let made = match entered {
                true => literal(l, element, class, body),
                false => l.unknown(element, Vec::new()),
            };
            l.leave();
            made
        }
        None => expression(l, element),
    }
}

fn entries(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    elements: &[Node<'_>],
    class: Option<Node<'_>>,
) -> ExprId {
    let mut entries = Vec::with_capacity(elements.len());
    for element in elements {
        let key = element.child_by_field_name("key").map(|key| expression(l, key));
        let value = value(l, *element, class);
        entries.push((key, value));
    }
    l.add(node, Expression::Dictionary(entries))
}

fn record(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    class: Option<Node<'_>>,
    elements: &[Node<'_>],
) -> ExprId {
    let type_id = class.and_then(|class| type_expression(l, class));
    let names = field_names(l, type_id);
    let mut fields = Vec::with_capacity(elements.len());
    for (position, element) in elements.iter().enumerate() {
        let name = match element.child_by_field_name("key") {
            Some(key) => l.symbol(key),
            None => names.get(position).copied().unwrap_or_else(|| l.intern(&position.to_string())),
        };
        let value = value(l, *element, None);
        fields.push((name, value));
    }
    match type_id {
        Some(class) => l.add(node, Expression::Record { class, fields }),
        None => {
            let entries = fields.into_iter().map(|(name, value)| {
                (
                    Some(l.program.expression(Expression::Text(name), node.byte_range().into())),
                    value,
                )
            });
            let entries = entries.collect();
            l.add(node, Expression::Dictionary(entries))
        }
    }
}

/// The fields, in order, of a struct of this file.
fn field_names(l: &Lowering<'_>, class: Option<ExprId>) -> Vec<crate::ir::Symbol> {
    let Some((Expression::Name(name), _)) =
        class.and_then(|class| l.program.expressions.get(class.0 as usize))
    else {
        return Vec::new();
    };
    let Some(class) = l.program.classes.iter().find(|class| class.name == Some(*name)) else {
        return Vec::new();
    };
    let targets =
        class.body.iter().filter_map(|id| match &l.program.statements.get(id.0 as usize)?.kind {
            crate::ir::StatementKind::Assign { target, .. } => Some(*target),
            _ => None,
        });
    targets
        .filter_map(|target| match l.program.expressions.get(target.0 as usize) {
            Some((Expression::Name(name), _)) => Some(*name),
            _ => None,
        })
        .collect()
}
