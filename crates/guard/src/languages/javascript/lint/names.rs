//! Rules about names: what is not declared, not used, declared twice, or changed though constant.

use oxc::ast::ast::VariableDeclarationKind;
use oxc::ast::{AstKind, AstType};
use oxc::semantic::{AstNode, NodeId, SymbolFlags, SymbolId};
use oxc::span::GetSpan;

use super::super::globals;
use super::control::is_for_head;
use super::{Check, Lints, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "no-undef", check: Check::Once(undeclared) },
    Rule { id: "no-unused-vars", check: Check::Once(unused) },
    Rule { id: "no-redeclare", check: Check::Once(redeclared) },
    Rule { id: "no-const-assign", check: Check::Once(constant_assigned) },
    Rule { id: "no-import-assign", check: Check::Once(import_assigned) },
    Rule { id: "prefer-const", check: Check::Once(never_changed) },
    Rule { id: "no-var", check: Check::At(&[AstType::VariableDeclaration], var) },
];

fn undeclared(lints: &mut Lints<'_, '_>) {
    // The compiler of TypeScript knows what is declared elsewhere; a text alone does not tell.
    if lints.is_typescript() {
        return;
    }
    let declared = in_comments(lints);
    let scoping = lints.semantic.scoping();
    let mut found = Vec::new();
    for (name, references) in scoping.root_unresolved_references() {
        let name = name.as_str();
        if globals::is_known(name) || declared.iter().any(|one| one == name) {
            continue;
        }
        for reference in references {
            let node = scoping.get_reference(*reference).node_id();
            if !is_operand_of_typeof(lints, node) {
                found.push((lints.semantic.nodes().kind(node).span(), name.to_owned()));
            }
        }
    }
    found.sort_by_key(|(span, _)| span.start);
    for (span, name) in found {
        lints.report(span, format!("`{name}` is not declared"));
    }
}

/// Names that comments declare: `/* global a, b:writable */`.
fn in_comments(lints: &Lints<'_, '_>) -> Vec<String> {
    let mut names = Vec::new();
    for comment in lints.semantic.comments() {
        let text = comment.content_span().source_text(lints.text).trim();
        let Some(list) = text.strip_prefix("globals").or_else(|| text.strip_prefix("global"))
        else {
            continue;
        };
        if list.starts_with(char::is_whitespace) {
            let one = |name: &str| name.split(':').next().unwrap_or_default().trim().to_owned();
            names.extend(list.split(',').map(one));
        }
    }
    names
}

fn is_operand_of_typeof(lints: &Lints<'_, '_>, node: NodeId) -> bool {
    let kind = lints.semantic.nodes().parent_kind(node);
    matches!(kind, AstKind::UnaryExpression(one) if one.operator.is_typeof())
}

fn unused(lints: &mut Lints<'_, '_>) {
    let scoping = lints.semantic.scoping();
    // Names at the top of a script are seen by other scripts.
    let common = |name: &str| ["exports", "module", "require"].contains(&name);
    let mut globals = scoping.root_unresolved_references().keys();
    let is_module = has_module_syntax(lints) || globals.any(|name| common(name.as_str()));
    let mut found = Vec::new();
    for symbol in scoping.symbol_ids() {
        let name = scoping.symbol_name(symbol);
        let top = scoping.symbol_scope_id(symbol) == scoping.root_scope_id();
        if name.starts_with('_') || (top && !is_module) || !judged(lints, symbol) {
            continue;
        }
        if scoping.get_resolved_references(symbol).any(|one| one.is_read() || one.is_type()) {
            continue;
        }
        found.push((scoping.symbol_span(symbol), name.to_owned()));
    }
    for (span, name) in found {
        lints.report(span, format!("`{name}` is never used"));
    }
}

fn has_module_syntax(lints: &Lints<'_, '_>) -> bool {
    lints.semantic.nodes().iter().any(|node| {
        matches!(
            node.kind(),
            AstKind::ImportDeclaration(_)
                | AstKind::ExportNamedDeclaration(_)
                | AstKind::ExportDefaultDeclaration(_)
                | AstKind::ExportAllDeclaration(_)
                | AstKind::ExportDeclaration(_)
                | AstKind::ExportFromDeclaration(_)
        )
    })
}

/// Whether a name that nobody reads is likely a mistake.
fn judged(lints: &Lints<'_, '_>, symbol: SymbolId) -> bool {
    let nodes = lints.semantic.nodes();
    let scoping = lints.semantic.scoping();
    let flags = scoping.symbol_flags(symbol);
    if flags.intersects(SymbolFlags::Ambient | SymbolFlags::TypeParameter | SymbolFlags::EnumMember)
    {
        return false;
    }
    let declaration = scoping.symbol_declaration(symbol);
    let around = [declaration].into_iter().chain(nodes.ancestor_ids(declaration)).take(4);
    for node in around {
        match nodes.kind(node) {
            AstKind::ExportNamedDeclaration(_)
            | AstKind::ExportDefaultDeclaration(_)
            | AstKind::ExportDeclaration(_)
            | AstKind::TSModuleBlock(_)
            | AstKind::TSGlobalDeclaration(_)
            | AstKind::CatchParameter(_) => return false,
            AstKind::Function(function)
                if function.id.as_ref().is_some_and(|id| {
                    id.symbol_id.get() == Some(symbol) && function.is_expression()
                }) =>
            {
                return false;
            }
            AstKind::Class(class) if !class.is_declaration() => return false,
            AstKind::FormalParameter(_) | AstKind::FormalParameterRest(_) => {
                return is_last_parameter(lints, symbol, node);
            }
            AstKind::VariableDeclaration(one) if one.declare => return false,
            _ => {}
        }
    }
    // JSX calls `React` where it is not told otherwise.
    scoping.symbol_name(symbol) != "React"
}

/// Whether no parameter after one is used: before a used one it must stand there.
fn is_last_parameter(lints: &Lints<'_, '_>, symbol: SymbolId, node: NodeId) -> bool {
    let nodes = lints.semantic.nodes();
    let scoping = lints.semantic.scoping();
    if let AstKind::FormalParameter(one) = nodes.kind(node)
        && (one.accessibility.is_some() || one.readonly)
    {
        return false;
    }
    let function = nodes.ancestors(node).find(|one| {
        matches!(one.kind(), AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
    });
    let Some(function) = function else { return false };
    let (body, scope) = match function.kind() {
        AstKind::Function(one) => (one.body.as_ref().map(|body| body.span), one.scope_id()),
        AstKind::ArrowFunctionExpression(one) => (Some(one.body.span()), one.scope_id()),
        _ => return false,
    };
    let Some(body) = body else { return false };
    let from = scoping.symbol_span(symbol).start;
    let later_used = scoping.iter_bindings_in(scope).any(|other| {
        let at = scoping.symbol_span(other).start;
        at > from
            && at < body.start
            && scoping.get_resolved_references(other).any(oxc::semantic::Reference::is_read)
    });
    !later_used
}

fn redeclared(lints: &mut Lints<'_, '_>) {
    // In TypeScript several declarations of one name are put together.
    if lints.is_typescript() {
        return;
    }
    let scoping = lints.semantic.scoping();
    let mut found = Vec::new();
    for symbol in scoping.symbol_ids() {
        let again = scoping.symbol_redeclarations(symbol);
        for one in again.iter().skip(1) {
            found.push((one.span, scoping.symbol_name(symbol).to_owned()));
        }
    }
    for (span, name) in found {
        lints.report(span, format!("`{name}` is declared before"));
    }
}

fn constant_assigned(lints: &mut Lints<'_, '_>) {
    written(lints, SymbolFlags::ConstVariable, "is constant");
}

fn import_assigned(lints: &mut Lints<'_, '_>) {
    written(lints, SymbolFlags::Import, "is imported and cannot be changed");
}

/// Reports every write to symbols of a kind.
fn written(lints: &mut Lints<'_, '_>, flags: SymbolFlags, says: &str) {
    let scoping = lints.semantic.scoping();
    let mut found = Vec::new();
    for symbol in scoping.symbol_ids() {
        if !scoping.symbol_flags(symbol).intersects(flags) {
            continue;
        }
        for reference in scoping.get_resolved_references(symbol).filter(|one| one.is_write()) {
            let span = lints.semantic.reference_span(reference);
            found.push((span, format!("`{}` {says}", scoping.symbol_name(symbol))));
        }
    }
    for (span, message) in found {
        lints.report(span, message);
    }
}

fn never_changed(lints: &mut Lints<'_, '_>) {
    let scoping = lints.semantic.scoping();
    let nodes = lints.semantic.nodes();
    let mut found = Vec::new();
    for symbol in scoping.symbol_ids() {
        if !scoping.symbol_flags(symbol).contains(SymbolFlags::BlockScopedVariable)
            || scoping.symbol_is_mutated(symbol)
        {
            continue;
        }
        let declarator = scoping.symbol_declaration(symbol);
        let AstKind::VariableDeclarator(one) = nodes.kind(declarator) else { continue };
        let AstKind::VariableDeclaration(list) = nodes.parent_kind(declarator) else { continue };
        // Of several in one pattern or declaration, all must be constant.
        let alone = one.id.is_binding_identifier() && list.declarations.len() == 1;
        let head = is_for_head(nodes.parent_kind(nodes.parent_id(declarator)), list.span);
        let given = one.init.is_some() && !head;
        if list.kind == VariableDeclarationKind::Let && alone && given && !list.declare {
            found.push((scoping.symbol_span(symbol), scoping.symbol_name(symbol).to_owned()));
        }
    }
    for (span, name) in found {
        lints.report(span, format!("`{name}` is never changed: use `const`"));
    }
}

fn var(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::VariableDeclaration(list) = node.kind() else { return };
    if list.kind.is_var() && !list.declare {
        lints.report(list.span, "`var` is seen outside of its block: use `let` or `const`");
    }
}
