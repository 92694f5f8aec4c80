//! C, and C++ as far as it is like C with classes, templates without their parameters.
//!
//! In annotations a pointer is [`UnaryOperator::Dereference`] of what it points to, an array is
//! [`Expression::Index`] of its element and its size. `*p` that is written to is `p[0]`. A `goto`
//! to a label further down does what stands there and leaves the function; any other leaves it.
//! Of the branches of the preprocessor any may be the one that counts.

mod declaration;
mod expression;
mod statement;

use tree_sitter::{Node, Tree};

use self::declaration::{class_specifier, declarator, declare, type_name};
use self::statement::{block, statement};
use super::tree::{Heading, Lowering, children, integer, root};
use crate::ir::{
    Block, ClassId, Expression, FunctionId, ParameterKind, Program, StatementKind, StmtId,
};

/// Lowers a C or C++ file.
#[must_use]
pub fn lower(tree: &Tree, text: &str) -> Program {
    let mut l = Lowering::new(text);
    let mut body = Vec::new();
    items(&mut l, root(tree), &mut body);
    l.finish(body)
}

/// What stands in a file, namespace or branch of the preprocessor.
fn items(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if l.enter() {
        for node in children(node) {
            item(l, node, body);
        }
    }
    l.leave();
}

fn item(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    match node.kind() {
        "template_parameter_list" | "requires_clause" => {}
        "linkage_specification"
        | "declaration_list"
        | "template_declaration"
        | "ERROR"
        | "preproc_if"
        | "preproc_ifdef"
        | "preproc_else"
        | "preproc_elif"
        | "preproc_elifdef" => {
            items(l, node, body);
        }
        "namespace_definition" => {
            if let Some(inner) = node.child_by_field_name("body") {
                items(l, inner, body);
            }
        }
        _ => statement(l, node, body),
    }
}

/// A function's name is bound where it stands; a method's is not.
pub(super) fn define(l: &mut Lowering<'_>, node: Node<'_>, id: FunctionId) -> StmtId {
    match l.program.functions[id.0 as usize].class {
        Some(class) => {
            l.class_mut(class).methods.push(id);
            l.statement(node, StatementKind::Block(Vec::new()))
        }
        None => l.statement(node, StatementKind::Define(id)),
    }
}

/// A definition; nothing where it has no body.
pub(super) fn function(
    l: &mut Lowering<'_>,
    node: Node<'_>,
    class: Option<ClassId>,
) -> Option<FunctionId> {
    let body = node.child_by_field_name("body")?;
    let mut base = None;
    if let Some(written) = node.child_by_field_name("type") {
        base = type_name(l, written);
    }
    let declared = declarator(l, node.child_by_field_name("declarator")?, base)?;
    let heads = declared.function?;
    let scope = declared.scope.map(|scope| l.symbol(scope));
    let class = class.or_else(|| scope.and_then(|scope| l.class_named(scope)));
    let is_static = has_word(l, node, "static");
    let name = l.symbol(declared.name);
    let heading = Heading {
        name: Some(name),
        result: declared.annotation,
        class,
        is_public: class.is_some() || !is_static,
        is_static: class.is_some() && is_static,
        ..Heading::default()
    };
    let id = l.open_function(node.byte_range().into(), heading);
    if class.is_some() && !is_static {
        l.parameter(declared.name, "this", ParameterKind::Receiver);
    }
    if let Some(list) = heads.child_by_field_name("parameters") {
        parameters(l, list);
    }
    let reopened = scope.and(class).filter(|class| l.current_class() != Some(*class));
    if let Some(class) = reopened {
        let members = declaration::known_members(l, class);
        l.open_class(class, members);
    }
    let jumps = std::mem::take(&mut l.jumps);
    let body = block(l, body);
    let jumps = std::mem::replace(&mut l.jumps, jumps);
    jump(l, &body, &jumps);
    if reopened.is_some() {
        l.close_class();
    }
    l.close_function(id, body);
    Some(id)
}

/// A jump to a label of the function's own block, further down, does what stands there.
fn jump(l: &mut Lowering<'_>, body: &Block, jumps: &[(StmtId, crate::ir::Symbol)]) {
    /// Longer tails are left out.
    const TAIL_MAX: usize = 40;
    for (from, label) in jumps {
        let start = l.program.statements[from.0 as usize].span.start;
        let labelled = body.iter().position(|id| {
            let statement = &l.program.statements[id.0 as usize];
            matches!(&statement.kind, StatementKind::Export { name, .. } if name == label)
                && statement.span.start > start
        });
        let Some(at) = labelled else { continue };
        let tail = &body[at + 1..];
        let end = tail.first().map(|id| l.program.statements[id.0 as usize].span.start);
        let jumps_on = jumps.iter().any(|(other, _)| {
            end.is_some_and(|end| l.program.statements[other.0 as usize].span.start >= end)
        });
        if tail.len() > TAIL_MAX || jumps_on {
            continue;
        }
        let span = l.program.statements[from.0 as usize].span;
        let mut block = tail.to_vec();
        block.push(l.program.statement(StatementKind::Return(None), span));
        l.program.statements[from.0 as usize].kind = StatementKind::Block(block);
    }
    for id in body {
        let statement = &mut l.program.statements[id.0 as usize];
        if matches!(statement.kind, StatementKind::Export { .. }) {
            statement.kind = StatementKind::Block(Vec::new());
        }
    }
}

pub(super) fn parameters(l: &mut Lowering<'_>, list: Node<'_>) {
    for (position, node) in children(list).into_iter().enumerate() {
        match node.kind() {
            "parameter_declaration" | "optional_parameter_declaration" => {
                let base = node.child_by_field_name("type").and_then(|node| type_name(l, node));
                let inner = node.child_by_field_name("declarator");
                if inner.is_none() && l.text(node) == "void" {
                    continue;
                }
                let declared = inner.and_then(|inner| declarator(l, inner, base));
                let (name, annotation) = match &declared {
                    Some(declared) => (l.text(declared.name).to_owned(), declared.annotation),
                    None => (format!("_{position}"), base),
                };
                l.parameter(node, &name, ParameterKind::Plain);
                if let Some(parameter) = l.last_parameter() {
                    parameter.annotation = annotation;
                }
            }
            "variadic_parameter" | "variadic_parameter_declaration" => {
                l.parameter(node, "...", ParameterKind::Rest);
            }
            "identifier" => {
                let name = l.text(node).to_owned();
                l.parameter(node, &name, ParameterKind::Plain);
            }
            _ => {}
        }
    }
}

/// Whether one of a declaration's own words is this one.
pub(super) fn has_word(l: &Lowering<'_>, node: Node<'_>, word: &str) -> bool {
    children(node).into_iter().any(|child| {
        matches!(child.kind(), "storage_class_specifier" | "type_qualifier")
            && l.text(child) == word
    })
}

/// `#define NAME value`: a constant or another name for something.
pub(super) fn define_macro(l: &mut Lowering<'_>, node: Node<'_>) -> Option<StmtId> {
    let name = node.child_by_field_name("name")?;
    let value = node.child_by_field_name("value")?;
    let written = l.text(value).trim();
    let written = written.trim_start_matches('(').trim_end_matches(')').trim();
    let text = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let value = if let Some(number) = integer(written) {
        l.add(value, Expression::Integer(number))
    } else if let Some(text) = text.filter(|text| !text.contains('"')) {
        l.escaped(value, text)
    } else if is_name(written) {
        let alias = l.symbol(name);
        let meant = l.intern(written);
        l.aliases.insert(alias, meant);
        l.plain_name(value, written)
    } else {
        l.unknown(value, Vec::new())
    };
    let symbol = l.symbol(name);
    let target = l.add(name, Expression::Name(symbol));
    Some(l.assign(node, target, value))
}

/// Declarations, types and directives: what is no statement of the grammar.
pub(super) fn declared(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) -> bool {
    match node.kind() {
        "declaration" => declare(l, node, body),
        "function_definition" => {
            if let Some(id) = function(l, node, None) {
                body.push(define(l, node, id));
            }
        }
        "type_definition" => declaration::named_type(l, node, body),
        "struct_specifier" | "union_specifier" | "class_specifier" => {
            class_specifier(l, node, None, body);
        }
        "enum_specifier" => declaration::enumerators(l, node, body),
        "preproc_def" => body.extend(define_macro(l, node)),
        "preproc_include" | "preproc_call" | "preproc_function_def" => {}
        "using_declaration" => body.extend(declaration::using(l, node)),
        _ => return false,
    }
    true
}

/// The name of a member, without template parameters.
pub(super) fn member_name<'t>(l: &Lowering<'t>, node: Node<'_>) -> &'t str {
    let name = node.child_by_field_name("name").unwrap_or(node);
    l.text(name)
}
