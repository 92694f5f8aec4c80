//! Rust's patterns: what they bind, and what they compare with.

use tree_sitter::Node;

use super::super::tree::{Lowering, children};
use super::expression::expression;
use crate::ir::{ExprId, Expression};

/// The target that a pattern is, with its names bound; nothing where it binds none.
pub(super) fn pattern(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let entered = l.enter();
    let made = if entered { known(l, node) } else { None };
    l.leave();
    made
}

fn known(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    match node.kind() {
        "identifier" | "shorthand_field_identifier" => {
            let constant = l.text(node).starts_with(char::is_uppercase);
            (!constant).then(|| l.bind_node(node))
        }
        "mut_pattern" | "ref_pattern" | "reference_pattern" => pattern(l, *children(node).last()?),
        "captured_pattern" | "or_pattern" => {
            children(node).into_iter().find_map(|inner| pattern(l, inner))
        }
        "tuple_pattern" | "slice_pattern" => list(l, node, &places(node)),
        "tuple_struct_pattern" => {
            let parts = places(node);
            match parts.get(1..)? {
                [one] => pattern(l, *one),
                many => list(l, node, many),
            }
        }
        "struct_pattern" => {
            let mut entries = Vec::new();
            for part in children(node).into_iter().filter(|part| part.kind() == "field_pattern") {
                let name = part.child_by_field_name("name")?;
                let key = l.symbol(name);
                let key = l.add(name, Expression::Text(key));
                let inner = part.child_by_field_name("pattern").unwrap_or(name);
                if let Some(target) = pattern(l, inner) {
                    entries.push((Some(key), target));
                }
            }
            (!entries.is_empty()).then(|| l.add(node, Expression::Dictionary(entries)))
        }
        _ => None,
    }
}

/// The parts of a pattern, `_` among them, which the grammar does not name.
fn places(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let parts = node.children(&mut cursor);
    parts.filter(|part| !part.is_extra() && (part.is_named() || part.kind() == "_")).collect()
}

fn list(l: &mut Lowering<'_>, node: Node<'_>, parts: &[Node<'_>]) -> Option<ExprId> {
    let targets: Vec<Option<ExprId>> = parts.iter().map(|part| pattern(l, *part)).collect();
    if targets.iter().all(Option::is_none) {
        return None;
    }
    let mut ids = Vec::with_capacity(targets.len());
    for (target, part) in targets.into_iter().zip(parts) {
        ids.push(match target {
            Some(target) => target,
            None => {
                let nobody = l.made_up();
                l.add(*part, Expression::Name(nobody))
            }
        });
    }
    Some(l.add(node, Expression::List(ids)))
}

/// Whether a pattern is for an error, whose value is not that of the subject.
pub(super) fn is_error(l: &Lowering<'_>, node: Node<'_>) -> bool {
    let class = node.child_by_field_name("type").map(|class| l.text(class));
    node.kind() == "tuple_struct_pattern"
        && class.is_some_and(|class| class == "Err" || class.ends_with("::Err"))
}

/// The constants that a pattern stands for; nothing where it is none.
pub(super) fn constants(l: &mut Lowering<'_>, node: Node<'_>) -> Option<Vec<ExprId>> {
    match node.kind() {
        "or_pattern" => {
            let mut found = Vec::new();
            let mut open = children(node);
            while let Some(inner) = open.pop() {
                match inner.kind() {
                    "or_pattern" => open.extend(children(inner)),
                    _ => found.extend(constants(l, inner)?),
                }
            }
            Some(found)
        }
        "string_literal" | "integer_literal" | "boolean_literal" | "char_literal"
        | "negative_literal" | "float_literal" | "raw_string_literal" | "scoped_identifier" => {
            Some(vec![expression(l, node)])
        }
        "identifier" if l.text(node) == "None" => Some(vec![l.add(node, Expression::Nothing)]),
        "identifier" if l.text(node).starts_with(char::is_uppercase) => {
            Some(vec![expression(l, node)])
        }
        _ => None,
    }
}
