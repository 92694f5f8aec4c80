//! Rust. References, `Box`, `Arc`, `Option` and `Result` are what they hold, and so are
//! `Some(x)`, `Ok(x)`, `x?`, `x.unwrap()` and `x.clone()`. The arguments of a macro are read by
//! the grammar where they are expressions; a format becomes a [`Expression::Template`].

mod expression;
mod item;
mod macros;
mod pattern;
mod types;

use tree_sitter::{Node, Tree};

use self::expression::{Use, block_into};
use self::item::items;
use self::pattern::pattern;
use self::types::declared_type;
use super::tree::{Heading, Lowering, child, children, root};
use crate::ir::{ClassId, ExprId, Expression, FunctionId, ParameterKind, Program, StatementKind};

/// Lowers a Rust file.
#[must_use]
pub fn lower(tree: &Tree, text: &str) -> Program {
    let mut l = Lowering::new(text);
    let mut body = Vec::new();
    items(&mut l, root(tree), &mut body);
    l.finish(body)
}

/// A function or method.
fn function(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    class: Option<ClassId>,
    decorators: Vec<ExprId>,
    of_trait: bool,
) -> FunctionId {
    let name = node.child_by_field_name("name").map(|name| l.symbol(name));
    let list = node.child_by_field_name("parameters");
    let receives = list.is_some_and(|list| child(list, "self_parameter").is_some());
    let is_main = name.is_some_and(|name| l.program.symbols.text(name) == "main");
    let heading = Heading {
        name,
        decorators,
        result: node.child_by_field_name("return_type").and_then(|node| types::type_name(l, node)),
        class,
        is_public: of_trait || is_main || child(node, "visibility_modifier").is_some(),
        is_static: class.is_some() && !receives,
    };
    let id = l.open_function(node.byte_range().into(), heading);
    let mut body = Vec::new();
    for parameter in list.map(children).unwrap_or_default() {
        receive(l, parameter, &mut body);
    }
    if let Some(inner) = node.child_by_field_name("body") {
        block_into(l, inner, Use::Return, &mut body);
    }
    l.close_function(id, body);
    id
}

/// One parameter of a function or closure; one that is a pattern is taken apart in the body.
fn receive(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Vec<crate::ir::StmtId>) {
    if node.kind() == "self_parameter" {
        l.parameter(node, "self", ParameterKind::Receiver);
        return;
    }
    if matches!(node.kind(), "attribute_item" | "variadic_parameter") {
        return;
    }
    let annotation = declared_type(l, node);
    let mut inner = node.child_by_field_name("pattern").unwrap_or(node);
    while inner.kind() == "mut_pattern" {
        let Some(last) = children(inner).last().copied() else { break };
        inner = last;
    }
    if matches!(inner.kind(), "identifier" | "_") {
        let name = l.text(inner).to_owned();
        l.parameter(inner, &name, ParameterKind::Plain);
    } else {
        let whole = l.made_up();
        let name = l.program.symbols.text(whole).to_owned();
        l.parameter(inner, &name, ParameterKind::Plain);
        if let Some(target) = pattern(l, inner) {
            let mut value = l.add(inner, Expression::Name(whole));
            if inner.kind() == "tuple_struct_pattern" {
                // What `Path(id): Path<u32>` binds stands in the wrapper.
                let index = l.add(inner, Expression::Integer(0));
                value = l.add(inner, Expression::Index { base: value, index });
            }
            let kind = StatementKind::Assign {
                target,
                value: Some(value),
                operator: None,
                annotation: None,
            };
            body.push(l.statement(inner, kind));
        }
    }
    if let Some(parameter) = l.last_parameter() {
        parameter.annotation = annotation;
    }
}
