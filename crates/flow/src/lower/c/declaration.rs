//! C's declarations: types, declarators, structs and classes.

use tree_sitter::Node;

use super::super::tree::{Lowering, Members, child, children, field, plain};
use super::expression::expression;
use super::{define, function, has_word};
use crate::ir::{Block, ClassId, ExprId, Expression, StatementKind, StmtId, Symbol, UnaryOperator};

/// What a declarator declares.
pub(super) struct Declared<'n> {
    pub(super) name: Node<'n>,
    /// The class or namespace before `::`.
    pub(super) scope: Option<Node<'n>>,
    pub(super) annotation: Option<ExprId>,
    /// The declarator with the parameters, of a function.
    pub(super) function: Option<Node<'n>>,
}

/// Takes a declarator apart, from the outside to the name.
pub(super) fn declarator<'n>(
    l: &mut Lowering<'_>,
    node: Node<'n>,
    base: Option<ExprId>,
) -> Option<Declared<'n>> {
    let mut found = Declared { name: node, scope: None, annotation: base, function: None };
    let mut node = node;
    loop {
        let inner = node.child_by_field_name("declarator");
        match node.kind() {
            "identifier"
            | "field_identifier"
            | "type_identifier"
            | "primitive_type"
            | "operator_name"
            | "destructor_name"
            | "structured_binding_declarator" => {
                found.name = node;
                return Some(found);
            }
            "pointer_declarator" | "abstract_pointer_declarator" | "pointer_type_declarator" => {
                found.annotation = found.annotation.map(|base| pointer(l, node, base));
            }
            "array_declarator" | "abstract_array_declarator" => {
                found.annotation = found.annotation.map(|base| array(l, node, base));
            }
            "function_declarator" => found.function = Some(node),
            "qualified_identifier" => {
                found.scope = node.child_by_field_name("scope");
                node = node.child_by_field_name("name")?;
                continue;
            }
            "template_function" => {
                node = node.child_by_field_name("name")?;
                continue;
            }
            _ => {}
        }
        node = match inner {
            Some(inner) => inner,
            None => children(node).into_iter().find(|child| !child.kind().ends_with("modifier"))?,
        };
    }
}

fn pointer(l: &mut Lowering<'_>, node: Node<'_>, operand: ExprId) -> ExprId {
    l.add(node, Expression::Unary { operator: UnaryOperator::Dereference, operand })
}

fn array(l: &mut Lowering<'_>, node: Node<'_>, base: ExprId) -> ExprId {
    let index = match node.child_by_field_name("size") {
        Some(size) => expression(l, size),
        None => l.unknown(node, Vec::new()),
    };
    l.add(node, Expression::Index { base, index })
}

/// A type as an annotation.
pub(super) fn type_name(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    let entered = l.enter();
    let made = if entered { known_type(l, node) } else { None };
    l.leave();
    made
}

fn known_type(l: &mut Lowering<'_>, node: Node<'_>) -> Option<ExprId> {
    match node.kind() {
        "primitive_type" | "type_identifier" | "identifier" | "namespace_identifier" => {
            let symbol = l.symbol(node);
            Some(l.add(node, Expression::Name(symbol)))
        }
        "sized_type_specifier" => {
            let words: Vec<&str> = l.text(node).split_whitespace().collect();
            Some(l.plain_name(node, &words.join(" ")))
        }
        "struct_specifier" | "union_specifier" | "enum_specifier" | "class_specifier" => {
            type_name(l, node.child_by_field_name("name")?)
        }
        "type_descriptor" => {
            let base = type_name(l, node.child_by_field_name("type")?)?;
            let mut made = base;
            let mut inner = node.child_by_field_name("declarator");
            while let Some(declarator) = inner {
                match declarator.kind() {
                    "abstract_pointer_declarator" => made = pointer(l, declarator, made),
                    "abstract_array_declarator" => made = array(l, declarator, made),
                    _ => {}
                }
                inner = declarator.child_by_field_name("declarator");
            }
            Some(made)
        }
        "qualified_identifier" => {
            let name = node.child_by_field_name("name")?;
            let scope = node.child_by_field_name("scope").and_then(|scope| type_name(l, scope));
            match (scope, name.kind()) {
                (None, _) => type_name(l, name),
                (Some(base), "template_type" | "template_function") => {
                    let inner = name.child_by_field_name("name").map(|name| l.text(name))?;
                    let base = l.attribute(node, base, inner);
                    Some(template(l, name, base))
                }
                (Some(base), _) => {
                    let text = l.text(name);
                    Some(l.attribute(node, base, text))
                }
            }
        }
        "template_type" | "template_function" => {
            let base = type_name(l, node.child_by_field_name("name")?)?;
            Some(template(l, node, base))
        }
        _ => None,
    }
}

/// A type with its first parameter.
fn template(l: &mut Lowering<'_>, node: Node<'_>, base: ExprId) -> ExprId {
    let arguments = node.child_by_field_name("arguments").map(children).unwrap_or_default();
    match arguments.first().and_then(|first| type_name(l, *first)) {
        Some(index) => l.add(node, Expression::Index { base, index }),
        None => base,
    }
}

/// A declaration of variables; those of functions say nothing.
pub(super) fn declare(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(written) = node.child_by_field_name("type") else { return };
    if written.child_by_field_name("body").is_some() {
        super::declared(l, written, body);
    }
    let base = type_name(l, written);
    if has_word(l, node, "extern") {
        return;
    }
    // What lives longer than the function is a variable of the file.
    let lives_on = has_word(l, node, "static");
    for declarator_node in field(node, "declarator") {
        variable(l, declarator_node, base, lives_on, body);
    }
}

/// One variable of a declaration.
pub(super) fn variable(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    base: Option<ExprId>,
    lives_on: bool,
    body: &mut Block,
) {
    let initial = node.child_by_field_name("value").filter(|_| node.kind() == "init_declarator");
    let inner = match node.kind() {
        "init_declarator" => node.child_by_field_name("declarator"),
        _ => Some(node),
    };
    let Some(declared) = inner.and_then(|inner| declarator(l, inner, base)) else { return };
    if declared.function.is_some_and(|head| {
        head.child_by_field_name("declarator")
            .is_some_and(|inner| inner.kind() != "parenthesized_declarator")
    }) {
        return;
    }
    let value = initial.map(|initial| initializer(l, initial, declared.annotation));
    let target = if declared.name.kind() == "structured_binding_declarator" {
        let names = children(declared.name);
        let ids = names.into_iter().map(|name| l.bind_node(name)).collect();
        l.add(declared.name, Expression::List(ids))
    } else if lives_on {
        let symbol = l.symbol(declared.name);
        let symbol = l.bind_in_file(symbol);
        l.add(declared.name, Expression::Name(symbol))
    } else {
        l.bind_node(declared.name)
    };
    let annotation = declared.annotation;
    let kind = StatementKind::Assign { target, value, operator: None, annotation };
    body.push(l.statement(node, kind));
}

/// The value a variable begins with: `= x`, `= { … }`, `(x, y)`.
pub(super) fn initializer(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    annotation: Option<ExprId>,
) -> ExprId {
    match (node.kind(), annotation) {
        ("argument_list", Some(callee)) => {
            let values: Vec<ExprId> =
                children(node).into_iter().map(|node| expression(l, node)).collect();
            let arguments = values.into_iter().map(plain).collect();
            l.add(node, Expression::Call { callee, arguments, is_new: true })
        }
        ("initializer_list", _) => braces(l, node, annotation),
        _ => expression(l, node),
    }
}

/// `{ 1, 2 }`, `{ .a = 1 }`.
pub(super) fn braces(l: &mut Lowering<'_>, node: Node<'_>, annotation: Option<ExprId>) -> ExprId {
    let mut fields = Vec::new();
    let mut values = Vec::new();
    for element in children(node) {
        let value_node = element.child_by_field_name("value").unwrap_or(element);
        let entered = l.enter();
        let value = match value_node.kind() {
            _ if !entered => l.unknown(value_node, Vec::new()),
            "initializer_list" => braces(l, value_node, None),
            _ => expression(l, value_node),
        };
        l.leave();
        let designator = element.child_by_field_name("designator");
        match designator.filter(|designator| designator.kind() == "field_designator") {
            Some(designator) => {
                let name = l.intern(l.text(designator).trim_start_matches('.').trim());
                fields.push((name, value));
            }
            None => values.push(value),
        }
    }
    match annotation {
        Some(class) if !fields.is_empty() => l.add(node, Expression::Record { class, fields }),
        _ => {
            values.extend(fields.into_iter().map(|(_, value)| value));
            l.add(node, Expression::List(values))
        }
    }
}

/// A struct, union or class with its fields and methods.
pub(super) fn class_specifier(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    alias: Option<Symbol>,
    body: &mut Block,
) {
    let Some(list) = node.child_by_field_name("body") else { return };
    let name = node.child_by_field_name("name").map(|name| l.symbol(name)).or(alias);
    if !l.enter() {
        l.leave();
        return;
    }
    let id = l.class(node, name);
    let mut members = Members::new();
    for member in children(list) {
        for inner in field(member, "declarator") {
            if let Some(declared) = declarator(l, inner, None) {
                let of_class = has_word(l, member, "static");
                members.insert(l.symbol(declared.name), of_class);
            }
        }
    }
    if let Some(clause) = child(node, "base_class_clause") {
        let bases: Vec<ExprId> =
            children(clause).into_iter().filter_map(|base| type_name(l, base)).collect();
        l.class_mut(id).bases = bases;
    }
    l.open_class(id, members);
    let mut inner = Vec::new();
    for member in children(list) {
        member_declaration(l, member, id, &mut inner);
    }
    l.close_class();
    l.class_mut(id).body = inner;
    l.leave();
    body.push(l.statement(node, StatementKind::DefineClass(id)));
}

fn member_declaration(l: &mut Lowering<'_>, node: Node<'_>, id: ClassId, inner: &mut Block) {
    match node.kind() {
        "function_definition" => {
            if let Some(function) = function(l, node, Some(id)) {
                define(l, node, function);
            }
        }
        "field_declaration" => {
            let Some(written) = node.child_by_field_name("type") else { return };
            if written.child_by_field_name("body").is_some() {
                super::declared(l, written, inner);
            }
            let base = type_name(l, written);
            for declared in field(node, "declarator") {
                let Some(declared) = declarator(l, declared, base) else { continue };
                if declared.function.is_some() {
                    continue;
                }
                let symbol = l.symbol(declared.name);
                let target = l.add(declared.name, Expression::Name(symbol));
                let value = node.child_by_field_name("default_value");
                let value = value.map(|value| initializer(l, value, declared.annotation));
                let annotation = declared.annotation;
                let kind = StatementKind::Assign { target, value, operator: None, annotation };
                inner.push(l.statement(node, kind));
            }
        }
        "template_declaration" | "preproc_if" | "preproc_ifdef" | "preproc_else" => {
            for node in children(node) {
                member_declaration(l, node, id, inner);
            }
        }
        "access_specifier" | "friend_declaration" => {}
        _ => {
            super::declared(l, node, inner);
        }
    }
}

/// The members of a class read before.
pub(super) fn known_members(l: &Lowering<'_>, id: ClassId) -> Members {
    let Some(class) = l.program.classes.get(id.0 as usize) else { return Members::new() };
    let fields =
        class.body.iter().filter_map(|id| match &l.program.statements.get(id.0 as usize)?.kind {
            StatementKind::Assign { target, .. } => Some(*target),
            _ => None,
        });
    let names = fields.filter_map(|target| match l.program.expressions.get(target.0 as usize) {
        Some((Expression::Name(name), _)) => Some((*name, false)),
        _ => None,
    });
    names.collect()
}

/// `typedef`: another name for a type; a struct without a name gets it.
pub(super) fn named_type(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(written) = node.child_by_field_name("type") else { return };
    let declared = field(node, "declarator").first().copied();
    let Some(declared) = declared.and_then(|declared| declarator(l, declared, None)) else {
        return;
    };
    let alias = l.symbol(declared.name);
    match written.kind() {
        "struct_specifier" | "union_specifier" => class_specifier(l, written, Some(alias), body),
        "enum_specifier" => enumerators(l, written, body),
        _ => {}
    }
    if declared.function.is_some() {
        return;
    }
    if let Some(value) = type_name(l, written) {
        let target = l.add(declared.name, Expression::Name(alias));
        body.push(l.assign(node, target, value));
    }
}

/// The constants of an `enum`, numbered where nothing else is said.
pub(super) fn enumerators(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let list = node.child_by_field_name("body").map(children).unwrap_or_default();
    let mut next = Some(0);
    for enumerator in list {
        let Some(name) = enumerator.child_by_field_name("name") else { continue };
        let value = match enumerator.child_by_field_name("value") {
            Some(value) => {
                let value = expression(l, value);
                next = l.constant(value);
                value
            }
            None => {
                l.add(enumerator, next.map_or(Expression::Unknown(vec![]), Expression::Integer))
            }
        };
        next = next.and_then(|number: i64| number.checked_add(1));
        let symbol = l.symbol(name);
        let target = l.add(name, Expression::Name(symbol));
        body.push(l.assign(enumerator, target, value));
    }
}

/// `using namespace std`, `using std::string`.
pub(super) fn using(l: &mut Lowering<'_>, node: Node<'_>) -> Option<StmtId> {
    let target = *children(node).first()?;
    let path = l.text(target).replace("::", ".");
    let is_namespace = super::super::tree::has_token(node, "namespace");
    let (module, member) = match path.rsplit_once('.') {
        Some((module, member)) if !is_namespace => (module.to_owned(), member.to_owned()),
        _ => (path, "*".to_owned()),
    };
    let module = l.intern(&module);
    let member = l.intern(&member);
    let kind = StatementKind::Import { module, member: Some(member), name: member };
    Some(l.statement(node, kind))
}
