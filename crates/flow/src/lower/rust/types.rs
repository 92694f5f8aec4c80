//! Rust's types as annotations.

use tree_sitter::Node;

use super::super::tree::{Lowering, children};
use super::expression::expression;
use crate::ir::{ExprId, Expression};

/// Types that are what they hold.
const TRANSPARENT: &[&str] =
    &["Box", "Arc", "Rc", "Option", "Result", "Cow", "Ref", "RefCell", "Mutex", "RwLock", "Pin"];

/// The type of a declaration.
pub(super) fn declared_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let written = node.child_by_field_name("type")?;
    type_name(l, written)
}

/// A type as an annotation, without references and what only wraps it.
pub(super) fn type_name(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { None };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    match node.kind() {
        "type_identifier" if l.text(node) == "Self" => {
            let class = l.current_class()?;
            let name = l.class_mut(class).name?;
            Some(l.add(node, Expression::Name(name)))
        }
        "type_identifier" | "primitive_type" | "identifier" | "crate" | "self" | "super" => {
            let symbol = l.symbol(node);
            Some(l.add(node, Expression::Name(symbol)))
        }
        "scoped_type_identifier" | "scoped_identifier" => {
            let name = node.child_by_field_name("name")?;
            let path = node.child_by_field_name("path").and_then(|path| type_name(l, path));
            let Some(base) = path else { return type_name(l, name) };
            let name = l.text(name);
            Some(l.attribute(node, base, name))
        }
        "generic_type" | "generic_type_with_turbofish" => {
            let class = node.child_by_field_name("type")?;
            let arguments = node.child_by_field_name("type_arguments").map(children);
            let arguments: Vec<Node<'_>> = arguments
                .unwrap_or_default()
                .into_iter()
                .filter(|argument| argument.kind() != "lifetime")
                .collect();
            let last = l.text(class).rsplit("::").next().unwrap_or_default();
            if TRANSPARENT.contains(&last) {
                return type_name(l, *arguments.first()?);
            }
            let base = type_name(l, class)?;
            match arguments.last().and_then(|last| type_name(l, *last)) {
                Some(index) => Some(l.add(node, Expression::Index { base, index })),
                None => Some(base),
            }
        }
        "reference_type" | "pointer_type" => type_name(l, node.child_by_field_name("type")?),
        "dynamic_type" | "abstract_type" => type_name(l, node.child_by_field_name("trait")?),
        "bounded_type" | "bracketed_type" => type_name(l, *children(node).first()?),
        "array_type" => {
            let mut index = type_name(l, node.child_by_field_name("element")?)?;
            if let Some(length) = node.child_by_field_name("length") {
                let length = expression(l, length);
                index = l.add(node, Expression::Index { base: index, index: length });
            }
            let base = l.plain_name(node, "[]");
            Some(l.add(node, Expression::Index { base, index }))
        }
        _ => None,
    }
}
