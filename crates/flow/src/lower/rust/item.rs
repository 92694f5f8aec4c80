//! Rust's items: imports, functions, types and what is implemented for them.

use tree_sitter::Node;

use super::super::tree::{Lowering, Members, child, children, field, plain};
use super::expression::expression;
use super::function;
use super::types::{declared_type, type_name};
use crate::ir::{Argument, Block, ClassId, ExprId, Expression, StatementKind};

/// The items of a file or module.
pub(super) fn items(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if !l.enter() {
        l.leave();
        return;
    }
    let mut decorators = Vec::new();
    for node in children(node) {
        if node.kind() == "attribute_item" {
            decorators.extend(attribute(l, node));
            continue;
        }
        item(l, node, std::mem::take(&mut decorators), body);
    }
    l.leave();
}

/// Lowers an item if it is one.
pub(super) fn item(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    decorators: Vec<ExprId>,
    body: &mut Block,
) -> bool {
    match node.kind() {
        "function_item" => {
            let id = function(l, node, None, decorators, false);
            body.push(l.statement(node, StatementKind::Define(id)));
        }
        "use_declaration" => {
            if let Some(tree) = node.child_by_field_name("argument") {
                imports(l, tree, "", body);
            }
        }
        "mod_item" | "foreign_mod_item" => {
            if let Some(inner) = node.child_by_field_name("body") {
                items(l, inner, body);
            }
        }
        "struct_item" | "enum_item" | "union_item" => structure(l, node, decorators, body),
        "trait_item" => {
            let name = node.child_by_field_name("name").map(|name| l.symbol(name));
            let id = l.class(node, name);
            methods(l, node, id, true);
            body.push(l.statement(node, StatementKind::DefineClass(id)));
        }
        "impl_item" => implementation(l, node, body),
        "const_item" | "static_item" => {
            let Some(name) = node.child_by_field_name("name") else { return true };
            let annotation = declared_type(l, node);
            let value = node.child_by_field_name("value").map(|value| expression(l, value));
            let target = l.bind_node(name);
            let kind = StatementKind::Assign { target, value, operator: None, annotation };
            body.push(l.statement(node, kind));
        }
        "type_item" => {
            if let (Some(name), Some(value)) =
                (node.child_by_field_name("name"), declared_type(l, node))
            {
                let symbol = l.symbol(name);
                let target = l.add(name, Expression::Name(symbol));
                body.push(l.assign(node, target, value));
            }
        }
        "extern_crate_declaration"
        | "macro_definition"
        | "inner_attribute_item"
        | "function_signature_item"
        | "associated_type"
        | "empty_statement" => {}
        _ => return false,
    }
    true
}

/// `#[get("/x")]` as a call, `#[test]` as a name.
fn attribute(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let inner = child(node, "attribute")?;
    let callee = expression(l, *children(inner).first()?);
    let Some(tokens) = inner.child_by_field_name("arguments") else { return Some(callee) };
    let mut arguments = Vec::new();
    for token in children(tokens) {
        if matches!(token.kind(), "string_literal" | "identifier") {
            let value = expression(l, token);
            arguments.push(Argument { ..plain(value) });
        }
    }
    Some(l.add(inner, Expression::Call { callee, arguments, is_new: false }))
}

/// A tree of `use`, below a path in dots.
fn imports(l: &mut Lowering<'_>, node: Node<'_>, above: &str, body: &mut Block) {
    let join = |below: &str| {
        let below = below.split_whitespace().collect::<String>().replace("::", ".");
        if above.is_empty() { below } else { format!("{above}.{below}") }
    };
    match node.kind() {
        "use_list" => {
            if l.enter() {
                for inner in children(node) {
                    imports(l, inner, above, body);
                }
            }
            l.leave();
        }
        "scoped_use_list" => {
            let path = node.child_by_field_name("path").map(|path| l.text(path));
            let path = path.map_or_else(|| above.to_owned(), join);
            if let Some(list) = node.child_by_field_name("list") {
                imports(l, list, &path, body);
            }
        }
        "use_wildcard" => {
            let path = children(node).first().map(|path| l.text(*path));
            let path = path.map_or_else(|| above.to_owned(), join);
            import(l, node, &path, Some("*"), "*", body);
        }
        "use_as_clause" => {
            let path = node.child_by_field_name("path").map(|path| join(l.text(path)));
            let alias = node.child_by_field_name("alias").map(|alias| l.text(alias).to_owned());
            if let (Some(path), Some(alias)) = (path, alias) {
                path_import(l, node, &path, &alias, body);
            }
        }
        "self" => {
            let last = above.rsplit('.').next().unwrap_or(above).to_owned();
            path_import(l, node, above, &last, body);
        }
        _ => {
            let path = join(l.text(node));
            let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
            path_import(l, node, &path, &last, body);
        }
    }
}

fn path_import(l: &mut Lowering<'_>, node: Node<'_>, path: &str, name: &str, body: &mut Block) {
    match path.rsplit_once('.') {
        Some((module, member)) => import(l, node, module, Some(member), name, body),
        None => import(l, node, path, None, name, body),
    }
}

fn import(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    module: &str,
    member: Option<&str>,
    name: &str,
    body: &mut Block,
) {
    let module = l.intern(module);
    let member = member.map(|member| l.intern(member));
    let name = l.intern(name);
    body.push(l.statement(node, StatementKind::Import { module, member, name }));
}

fn structure(l: &mut Lowering<'_>, node: Node<'_>, decorators: Vec<ExprId>, body: &mut Block) {
    let name = node.child_by_field_name("name").map(|name| l.symbol(name));
    let id = l.class(node, name);
    let mut inner = Vec::new();
    if let Some(list) = node.child_by_field_name("body") {
        for declared in children(list) {
            let Some(name) = declared.child_by_field_name("name") else { continue };
            if declared.kind() != "field_declaration" {
                continue;
            }
            let annotation = declared_type(l, declared);
            let symbol = l.symbol(name);
            let target = l.add(name, Expression::Name(symbol));
            let kind = StatementKind::Assign { target, value: None, operator: None, annotation };
            inner.push(l.statement(declared, kind));
        }
        if list.kind() == "ordered_field_declaration_list" {
            for (position, written) in field(list, "type").into_iter().enumerate() {
                let annotation = type_name(l, written);
                let target = l.plain_name(written, &position.to_string());
                let kind =
                    StatementKind::Assign { target, value: None, operator: None, annotation };
                inner.push(l.statement(written, kind));
            }
        }
    }
    let class = l.class_mut(id);
    class.body = inner;
    class.decorators = decorators;
    body.push(l.statement(node, StatementKind::DefineClass(id)));
}

/// `impl T` and `impl Trait for T`: methods of the class of that name.
fn implementation(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(written) = node.child_by_field_name("type") else { return };
    let base = node.child_by_field_name("trait").and_then(|node| type_name(l, node));
    let written = written.child_by_field_name("type").unwrap_or(written);
    let name = l.symbol(written);
    let id = match l.class_named(name) {
        Some(id) => id,
        None => {
            let id = l.class(node, Some(name));
            body.push(l.statement(node, StatementKind::DefineClass(id)));
            id
        }
    };
    l.class_mut(id).bases.extend(base);
    methods(l, node, id, base.is_some());
}

fn methods(l: &mut Lowering<'_>, node: Node<'_>, id: ClassId, of_trait: bool) {
    let Some(list) = node.child_by_field_name("body") else { return };
    l.open_class(id, Members::new());
    let mut inner = Vec::new();
    let mut decorators = Vec::new();
    for node in children(list) {
        match node.kind() {
            "attribute_item" => decorators.extend(attribute(l, node)),
            "function_item" => {
                let decorators = std::mem::take(&mut decorators);
                let function = function(l, node, Some(id), decorators, of_trait);
                l.class_mut(id).methods.push(function);
            }
            _ => {
                item(l, node, std::mem::take(&mut decorators), &mut inner);
            }
        }
    }
    l.close_class();
    l.class_mut(id).body.append(&mut inner);
}
