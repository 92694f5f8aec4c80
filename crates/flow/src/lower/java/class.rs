//! Java's classes, their members, annotations and types.

use tree_sitter::Node;

use super::super::tree::{Heading, Lowering, Members, child, children, field, has_token, plain};
use super::expression::{array, expression};
use super::statement::block;
use crate::ir::{
    Argument, Block, ClassId, ExprId, Expression, FunctionId, ParameterKind, StatementKind, Symbol,
};

/// Lowers a declaration of a class or method, if it is one.
pub(super) fn declaration(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) -> bool {
    match node.kind() {
        "class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "annotation_type_declaration" => {
            let name = node.child_by_field_name("name").map(|name| l.symbol(name));
            let id = class(l, node, name, Vec::new());
            body.push(l.statement(node, StatementKind::DefineClass(id)));
        }
        "method_declaration" => {
            let id = method(l, node, None);
            body.push(l.statement(node, StatementKind::Define(id)));
        }
        "module_declaration" => {}
        _ => return false,
    }
    true
}

/// A class with its members; `bases` are those that are not written in it.
pub(super) fn class(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    name: Option<Symbol>,
    mut bases: Vec<ExprId>,
) -> ClassId {
    let id = l.class(node, name);
    let entered = l.enter();
    let list = match node.kind() {
        "class_body" => Some(node),
        _ => node.child_by_field_name("body"),
    };
    let nodes = list.filter(|_| entered).map(all_members).unwrap_or_default();
    let decorators = decorators(l, node);
    let clauses = ["superclass", "interfaces"].map(|name| node.child_by_field_name(name));
    let extended = child(node, "extends_interfaces");
    for base in clauses.into_iter().flatten().chain(extended).flat_map(children) {
        let listed = match base.kind() {
            "type_list" => children(base),
            _ => vec![base],
        };
        bases.extend(listed.into_iter().filter_map(|base| type_name(l, base)));
    }
    let found = members(l, node, &nodes);
    l.class_mut(id).bases = bases;
    l.class_mut(id).decorators = decorators;
    l.open_class(id, found);
    for member in &nodes {
        constant_fields(l, *member);
    }
    let mut body = Vec::new();
    if node.kind() == "record_declaration" {
        record_fields(l, node, &mut body);
    }
    for member in nodes {
        member_declaration(l, member, id, &mut body);
    }
    l.close_class();
    l.leave();
    l.class_mut(id).body = body;
    id
}

/// The members of a body; those of an enum stand in a list of their own.
fn all_members(list: Node<'_>) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    for node in children(list) {
        match node.kind() {
            "enum_body_declarations" => nodes.extend(children(node)),
            _ => nodes.push(node),
        }
    }
    nodes
}

fn members(l: &mut Lowering<'_>, class: Node<'_>, nodes: &[Node<'_>]) -> Members {
    let mut members = Members::new();
    let constant = matches!(class.kind(), "interface_declaration");
    for node in nodes {
        let is_static = is(*node, "static");
        match node.kind() {
            "method_declaration" => {
                if let Some(name) = node.child_by_field_name("name") {
                    members.insert(l.symbol(name), is_static);
                }
            }
            "field_declaration" | "constant_declaration" => {
                for declarator in field(*node, "declarator") {
                    if let Some(name) = declarator.child_by_field_name("name") {
                        members.insert(l.symbol(name), is_static || constant);
                    }
                }
            }
            "enum_constant" => {
                if let Some(name) = node.child_by_field_name("name") {
                    members.insert(l.symbol(name), true);
                }
            }
            _ => {}
        }
    }
    if class.kind() == "record_declaration" {
        let list = class.child_by_field_name("parameters").map(children).unwrap_or_default();
        for parameter in list {
            if let Some(name) = parameter.child_by_field_name("name") {
                members.insert(l.symbol(name), false);
            }
        }
    }
    members
}

/// Whether a declaration has a modifier.
fn is(node: Node<'_>, word: &str) -> bool {
    child(node, "modifiers").is_some_and(|modifiers| has_token(modifiers, word))
}

/// `static final` fields whose value stands in the text are that value wherever they are named.
fn constant_fields(l: &mut Lowering<'_>, node: Node<'_>) {
    if node.kind() != "field_declaration" || !is(node, "final") {
        return;
    }
    for declarator in field(node, "declarator") {
        let name = declarator.child_by_field_name("name");
        let value = declarator.child_by_field_name("value").filter(|value| is_literal(*value));
        if let (Some(name), Some(value)) = (name, value) {
            let value = array(l, value);
            let name = l.symbol(name);
            l.constant_field(name, value);
        }
    }
}

/// A text, number, array of them, or the bytes of a text.
fn is_literal(node: Node<'_>) -> bool {
    /// Longer arrays are not repeated where they are named.
    const ELEMENTS_MAX: usize = 64;
    match node.kind() {
        "string_literal" | "decimal_integer_literal" | "hex_integer_literal" | "true" | "false" => {
            true
        }
        "array_initializer" => {
            let elements = children(node);
            let nested = elements.iter().any(|element| element.kind() == "array_initializer");
            elements.len() <= ELEMENTS_MAX && !nested && elements.into_iter().all(is_literal)
        }
        "method_invocation" => {
            let object = node.child_by_field_name("object");
            let arguments = node.child_by_field_name("arguments").map(children);
            object.is_some_and(|object| object.kind() == "string_literal")
                && arguments.is_some_and(|arguments| arguments.is_empty())
        }
        _ => false,
    }
}

fn record_fields(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let list = node.child_by_field_name("parameters").map(children).unwrap_or_default();
    for parameter in list {
        let Some(name) = parameter.child_by_field_name("name") else { continue };
        let annotation = declared_type(l, parameter);
        let symbol = l.symbol(name);
        let target = l.add(name, Expression::Name(symbol));
        let kind = StatementKind::Assign { target, value: None, operator: None, annotation };
        body.push(l.statement(parameter, kind));
    }
}

fn member_declaration(l: &mut Lowering<'_>, node: Node<'_>, id: ClassId, body: &mut Block) {
    match node.kind() {
        "method_declaration" | "constructor_declaration" | "compact_constructor_declaration" => {
            let function = method(l, node, Some(id));
            l.class_mut(id).methods.push(function);
        }
        "field_declaration" | "constant_declaration" => {
            let annotation = declared_type(l, node);
            for declarator in field(node, "declarator") {
                let Some(name) = declarator.child_by_field_name("name") else { continue };
                let value = declarator.child_by_field_name("value").map(|value| array(l, value));
                let symbol = l.symbol(name);
                let target = l.add(name, Expression::Name(symbol));
                let kind = StatementKind::Assign { target, value, operator: None, annotation };
                body.push(l.statement(node, kind));
            }
        }
        "enum_constant" => {
            let Some(name) = node.child_by_field_name("name") else { return };
            let values = arguments(l, node);
            let callee = match l.program.classes[id.0 as usize].name {
                Some(class) => l.add(name, Expression::Name(class)),
                None => l.unknown(name, Vec::new()),
            };
            let value = l.add(node, Expression::Call { callee, arguments: values, is_new: true });
            let symbol = l.symbol(name);
            let target = l.add(name, Expression::Name(symbol));
            body.push(l.assign(node, target, value));
        }
        "static_initializer" | "block" => {
            let inner = match node.kind() {
                "block" => Some(node),
                _ => child(node, "block"),
            };
            if let Some(inner) = inner {
                let inner = block(l, inner);
                body.push(l.statement(node, StatementKind::Block(inner)));
            }
        }
        _ => {
            declaration(l, node, body);
        }
    }
}

/// A method or constructor.
fn method(l: &mut Lowering<'_>, node: Node<'_>, class: Option<ClassId>) -> FunctionId {
    let name = match node.kind() {
        "method_declaration" => node.child_by_field_name("name").map(|name| l.symbol(name)),
        _ => Some(l.intern("<init>")),
    };
    let is_static = is(node, "static");
    let heading = Heading {
        name,
        decorators: decorators(l, node),
        result: declared_type(l, node),
        class,
        is_public: !is(node, "private"),
        is_static,
    };
    let id = l.open_function(node.byte_range().into(), heading);
    if class.is_some() && !is_static {
        l.parameter(node, "this", ParameterKind::Receiver);
    }
    if let Some(list) = node.child_by_field_name("parameters") {
        parameters(l, list);
    }
    let body = node.child_by_field_name("body").map(|body| block(l, body)).unwrap_or_default();
    l.close_function(id, body);
    id
}

/// Parameters of a method or lambda.
pub(super) fn parameters(l: &mut Lowering<'_>, list: Node<'_>) {
    for node in children(list) {
        let annotations = decorators(l, node);
        let annotation = declared_type(l, node);
        let (name, kind) = match node.kind() {
            "formal_parameter" => (node.child_by_field_name("name"), ParameterKind::Plain),
            "spread_parameter" => {
                let name = child(node, "variable_declarator");
                (name.and_then(|name| name.child_by_field_name("name")), ParameterKind::Rest)
            }
            "identifier" | "underscore_pattern" => (Some(node), ParameterKind::Plain),
            _ => continue,
        };
        let name = name.map_or("_", |name| l.text(name)).to_owned();
        l.parameter(node, &name, kind);
        if let Some(parameter) = l.last_parameter() {
            parameter.annotation = annotation;
            parameter.decorators = annotations;
        }
    }
}

/// The annotations of a declaration, as calls with named arguments or names.
fn decorators(l: &mut Lowering<'_>, node: Node<'_>) -> Vec<ExprId> {
    let mut found = Vec::new();
    let modifiers = child(node, "modifiers").map(children).unwrap_or_default();
    for annotation in modifiers {
        if matches!(annotation.kind(), "annotation" | "marker_annotation") {
            found.push(decorator(l, annotation));
        }
    }
    found
}

/// One annotation.
pub(super) fn decorator(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let callee = match node.child_by_field_name("name") {
        Some(name) => expression(l, name),
        None => l.unknown(node, Vec::new()),
    };
    let Some(list) = node.child_by_field_name("arguments") else { return callee };
    let mut arguments = Vec::new();
    for argument in children(list) {
        let name = argument.child_by_field_name("key").map(|key| l.symbol(key));
        let value = argument.child_by_field_name("value").unwrap_or(argument);
        let value = array(l, value);
        arguments.push(Argument { name, ..plain(value) });
    }
    l.add(node, Expression::Call { callee, arguments, is_new: false })
}

/// The arguments of a call.
pub(super) fn arguments(l: &mut Lowering<'_>, node: Node<'_>) -> Vec<Argument> {
    let list = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    list.into_iter().map(|value| plain(expression(l, value))).collect()
}

/// The type of a declaration; `var` is none.
pub(super) fn declared_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let written = node.child_by_field_name("type").or_else(|| {
        let inner = (node.kind() == "spread_parameter").then(|| children(node));
        inner?.into_iter().find(|child| child.kind().contains("type"))
    })?;
    if matches!(l.text(written), "var" | "void") {
        return None;
    }
    let mut made = type_name(l, written)?;
    if node.child_by_field_name("dimensions").is_some() {
        let base = l.plain_name(node, "[]");
        made = l.add(node, Expression::Index { base, index: made });
    }
    Some(made)
}

/// A type as an annotation; the last of its parameters stands for them all.
pub(super) fn type_name(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let entered = l.enter();
    let made = if entered { known_type(l, node) } else { None };
    l.leave();
    made
}

fn known_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    match node.kind() {
        "type_identifier"
        | "identifier"
        | "integral_type"
        | "floating_point_type"
        | "boolean_type"
        | "void_type" => {
            let symbol = l.symbol(node);
            Some(l.add(node, Expression::Name(symbol)))
        }
        "scoped_type_identifier" | "scoped_identifier" => {
            let parts = children(node);
            let base = type_name(l, *parts.first()?)?;
            let name = l.text(*parts.last()?);
            Some(l.attribute(node, base, name))
        }
        "annotated_type" | "wildcard" => type_name(l, *children(node).last()?),
        "generic_type" => {
            let base = type_name(l, *children(node).first()?)?;
            let list = child(node, "type_arguments").map(children).unwrap_or_default();
            match list.last().and_then(|last| type_name(l, *last)) {
                Some(index) => Some(l.add(node, Expression::Index { base, index })),
                None => Some(base),
            }
        }
        "array_type" => {
            let index = type_name(l, node.child_by_field_name("element")?)?;
            let base = l.plain_name(node, "[]");
            Some(l.add(node, Expression::Index { base, index }))
        }
        _ => None,
    }
}
