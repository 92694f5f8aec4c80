//! Functions, branches and names, in one pass over the nodes of a tree: no recursion.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, FormalParameters, PropertyKey};
use oxc::semantic::{AstNode, NodeId, Semantic};
use oxc::span::{GetSpan, Span};

use crate::analysis::{Function, Name};
use crate::languages::naming::Convention::{self, Camel, UpperCamel};

#[derive(Default)]
pub(super) struct Measured {
    pub functions: Vec<Function>,
    pub names: Vec<Name>,
}

/// Measures every function. A node comes after the nodes around it.
pub(super) fn measure(semantic: &Semantic<'_>, text: &str) -> Measured {
    let nodes = semantic.nodes();
    let mut measured = Measured::default();
    // For every node: the function around it, and how deep it is in that.
    let mut places: Vec<(Option<usize>, usize)> = Vec::with_capacity(nodes.len());
    for node in nodes.iter() {
        let parent = nodes.parent_id(node.id());
        let (around, depth) = places.get(parent.index()).copied().unwrap_or_default();
        let kind = node.kind();
        let deeper = nests(kind) && !is_else_if(kind, nodes.kind(parent));
        let depth = depth + usize::from(deeper);
        let place = match function(semantic, node, text) {
            Some(function) => {
                measured.functions.push(function);
                (Some(measured.functions.len() - 1), 0)
            }
            None => (around, depth),
        };
        if let (Some(index), true) = (around, place.0 == around) {
            let function = &mut measured.functions[index];
            function.cyclomatic += usize::from(branches(kind));
            function.nesting = function.nesting.max(depth);
        }
        if let Some((span, convention)) = declares(kind) {
            measured.names.push(Name { range: range(span), convention: Some(convention) });
        }
        places.push(place);
    }
    measured.functions.sort_by_key(|function| function.range.start);
    measured
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

fn branches(kind: AstKind<'_>) -> bool {
    match kind {
        AstKind::IfStatement(_)
        | AstKind::ForStatement(_)
        | AstKind::ForInStatement(_)
        | AstKind::ForOfStatement(_)
        | AstKind::WhileStatement(_)
        | AstKind::DoWhileStatement(_)
        | AstKind::CatchClause(_)
        | AstKind::ConditionalExpression(_)
        | AstKind::LogicalExpression(_) => true,
        AstKind::SwitchCase(case) => case.test.is_some(),
        AstKind::AssignmentExpression(assignment) => assignment.operator.is_logical(),
        _ => false,
    }
}

fn nests(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::IfStatement(_)
            | AstKind::ForStatement(_)
            | AstKind::ForInStatement(_)
            | AstKind::ForOfStatement(_)
            | AstKind::WhileStatement(_)
            | AstKind::DoWhileStatement(_)
            | AstKind::SwitchStatement(_)
            | AstKind::TryStatement(_)
    )
}

fn is_else_if(kind: AstKind<'_>, parent: AstKind<'_>) -> bool {
    let (AstKind::IfStatement(inner), AstKind::IfStatement(outer)) = (kind, parent) else {
        return false;
    };
    outer.alternate.as_ref().is_some_and(|alternate| alternate.span() == inner.span)
}

/// The function that a node is, without its branches.
fn function(semantic: &Semantic<'_>, node: &AstNode<'_>, text: &str) -> Option<Function> {
    let (span, name, parameters): (Span, Option<Span>, &FormalParameters<'_>) = match node.kind() {
        AstKind::Function(function) => {
            function.body.as_ref()?;
            (function.span, function.id.as_ref().map(|id| id.span), &*function.params)
        }
        AstKind::ArrowFunctionExpression(arrow) => (arrow.span, None, &*arrow.params),
        _ => return None,
    };
    let (name, span) = match name {
        Some(name) => (Some(name), span),
        None => name_around(semantic, node.id(), span),
    };
    let line_end = text[span.start as usize..].find(['\n', '\r']);
    let line_end = line_end.map_or(text.len(), |length| span.start as usize + length);
    let name_range = name.map_or(span.start as usize..line_end.min(span.end as usize), range);
    let name = name.map_or("<anonymous>", |name| &text[range(name)]);
    Some(Function {
        name: name.chars().take(80).collect(),
        name_range,
        range: range(span),
        cyclomatic: 1,
        nesting: 0,
        parameters: parameters.items.len() + usize::from(parameters.rest.is_some()),
    })
}

/// The name of what a function without one is the value of, and all that the function is.
fn name_around(semantic: &Semantic<'_>, node: NodeId, span: Span) -> (Option<Span>, Span) {
    match semantic.nodes().parent_kind(node) {
        AstKind::VariableDeclarator(declarator) => (Some(declarator.id.span()), span),
        AstKind::ObjectProperty(property) => (Some(property.key.span()), property.span),
        AstKind::MethodDefinition(method) => (Some(method.key.span()), method.span),
        AstKind::PropertyDefinition(property) => (Some(property.key.span()), span),
        AstKind::AssignmentExpression(assignment) => (Some(assignment.left.span()), span),
        _ => (None, span),
    }
}

/// The name that a node declares, and how it is written.
fn declares(kind: AstKind<'_>) -> Option<(Span, Convention)> {
    let plain = |pattern: &BindingPattern<'_>| match pattern {
        BindingPattern::BindingIdentifier(name) => Some(name.span),
        _ => None,
    };
    let key = |key: &PropertyKey<'_>| match key {
        PropertyKey::StaticIdentifier(name) => Some(name.span),
        PropertyKey::PrivateIdentifier(name) => Some(name.span),
        _ => None,
    };
    let camel = |span| Some((span, Camel));
    match kind {
        AstKind::Function(function) if function.is_declaration() => {
            camel(function.id.as_ref()?.span)
        }
        AstKind::Class(class) if class.is_declaration() => {
            Some((class.id.as_ref()?.span, UpperCamel))
        }
        AstKind::VariableDeclarator(declarator) => camel(plain(&declarator.id)?),
        AstKind::FormalParameter(parameter) => camel(plain(&parameter.pattern)?),
        AstKind::MethodDefinition(method) => camel(key(&method.key)?),
        AstKind::PropertyDefinition(property) => camel(key(&property.key)?),
        AstKind::TSInterfaceDeclaration(one) => Some((one.id.span, UpperCamel)),
        AstKind::TSTypeAliasDeclaration(one) => Some((one.id.span, UpperCamel)),
        AstKind::TSEnumDeclaration(one) => Some((one.id.span, UpperCamel)),
        _ => None,
    }
}
