//! Go's types: as annotations, and structs as classes.

use tree_sitter::Node;

use super::super::tree::{Lowering, child, children, field};
use super::expression::expression;
use crate::ir::{Block, ExprId, Expression, StatementKind, Symbol};

/// The type of a declaration, without pointers.
pub(super) fn declared_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let written = node.child_by_field_name("type")?;
    type_expression(l, written)
}

/// A type as an annotation: pointers are what they point to; slices, arrays and channels are the
/// element type with an index, maps a `map` with both types.
pub(super) fn type_expression(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let entered = l.enter();
    let made = if entered { known_type(l, node) } else { None };
    l.leave();
    made
}

fn known_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    match node.kind() {
        "type_identifier" | "identifier" | "package_identifier" => Some(l.name(node)),
        "qualified_type" => {
            let package = node.child_by_field_name("package")?;
            let base = l.name(package);
            let name = node.child_by_field_name("name")?;
            let name = l.text(name);
            Some(l.attribute(node, base, name))
        }
        "pointer_type" | "parenthesized_type" | "negated_type" | "type_elem"
        | "type_constraint" => type_expression(l, *children(node).first()?),
        "generic_type" => {
            let base = type_expression(l, node.child_by_field_name("type")?)?;
            let arguments = node.child_by_field_name("type_arguments").map(children);
            let first = arguments.and_then(|list| list.first().copied());
            let Some(index) = first.and_then(|node| type_expression(l, node)) else {
                return Some(base);
            };
            Some(l.add(node, Expression::Index { base, index }))
        }
        "slice_type" | "array_type" | "implicit_length_array_type" | "channel_type" => {
            let inner = node.child_by_field_name("element");
            let inner = inner.or_else(|| node.child_by_field_name("value"))?;
            let base =
                l.plain_name(node, if node.kind() == "channel_type" { "chan" } else { "[]" });
            let mut index = type_expression(l, inner)?;
            if let Some(length) = node.child_by_field_name("length") {
                let length = expression(l, length);
                index = l.add(node, Expression::Index { base: index, index: length });
            }
            Some(l.add(node, Expression::Index { base, index }))
        }
        "map_type" => {
            let base = l.plain_name(node, "map");
            let index = type_expression(l, node.child_by_field_name("value")?)?;
            Some(l.add(node, Expression::Index { base, index }))
        }
        _ => None,
    }
}

/// The name of the class that a receiver's type is.
pub(super) fn class_of(l: &mut Lowering<'_>, node: Node<'_>) -> Option<Symbol> {
    match node.kind() {
        "type_identifier" => Some(l.symbol(node)),
        "pointer_type" | "parenthesized_type" => class_of(l, *children(node).first()?),
        "generic_type" => class_of(l, node.child_by_field_name("type")?),
        _ => None,
    }
}

/// Embedded types and fields of a struct; the type that another type is made of.
pub(super) fn fields(l: &mut Lowering<'_>, node: Node<'_>) -> (Vec<ExprId>, Block) {
    let mut bases = Vec::new();
    let mut body = Vec::new();
    let Some(list) = child(node, "field_declaration_list") else {
        if node.kind() != "interface_type" {
            bases.extend(type_expression(l, node));
        }
        return (bases, body);
    };
    for declared in children(list) {
        let annotation = declared_type(l, declared);
        let names = field(declared, "name");
        if names.is_empty() {
            bases.extend(annotation);
            let written = declared.child_by_field_name("type").map(|node| l.text(node));
            let name = written.and_then(|text| text.rsplit('.').next()).unwrap_or_default();
            let target = l.plain_name(declared, name);
            let kind = StatementKind::Assign { target, value: None, operator: None, annotation };
            body.push(l.statement(declared, kind));
        }
        for name in names {
            let symbol = l.symbol(name);
            let target = l.add(name, Expression::Name(symbol));
            let kind = StatementKind::Assign { target, value: None, operator: None, annotation };
            body.push(l.statement(declared, kind));
        }
    }
    (bases, body)
}
