//! Rules about statements: what is never reached, what falls through, what is empty.

use oxc::ast::ast::{
    Class, Expression, ForStatementInit, Function, IfStatement, MethodDefinitionKind, PropertyKind,
    Statement, SwitchStatement,
};
use oxc::ast::{AstKind, AstType};
use oxc::semantic::AstNode;
use oxc::span::{GetSpan, Span};

use super::values::same;
use super::{Check, Lints, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "no-unreachable",
        check: Check::At(
            &[
                AstType::Program,
                AstType::FunctionBody,
                AstType::BlockStatement,
                AstType::SwitchCase,
            ],
            unreachable,
        ),
    },
    Rule { id: "no-fallthrough", check: Check::At(&[AstType::SwitchStatement], fallthrough) },
    Rule {
        id: "no-empty",
        check: Check::At(&[AstType::BlockStatement, AstType::SwitchStatement], empty),
    },
    Rule {
        id: "no-unsafe-finally",
        check: Check::At(
            &[
                AstType::ReturnStatement,
                AstType::ThrowStatement,
                AstType::BreakStatement,
                AstType::ContinueStatement,
            ],
            unsafe_finally,
        ),
    },
    Rule {
        id: "no-debugger",
        check: Check::At(&[AstType::DebuggerStatement], |lints, node| {
            lints.report(node.kind().span(), "`debugger` stops the program");
        }),
    },
    Rule { id: "no-useless-catch", check: Check::At(&[AstType::TryStatement], useless_catch) },
    Rule { id: "getter-return", check: Check::At(&[AstType::Function], getter_return) },
    Rule { id: "no-duplicate-case", check: Check::At(&[AstType::SwitchStatement], duplicate_case) },
    Rule { id: "no-dupe-else-if", check: Check::At(&[AstType::IfStatement], duplicate_else_if) },
    Rule { id: "no-dupe-class-members", check: Check::At(&[AstType::Class], duplicate_members) },
    Rule { id: "no-inner-declarations", check: Check::At(&[AstType::Function], inner_declaration) },
    Rule {
        id: "require-await",
        check: Check::At(&[AstType::Function, AstType::ArrowFunctionExpression], require_await),
    },
];

/// Whether nothing runs after a statement. `levels` bounds the recursion.
fn ends(statement: &Statement<'_>, levels: usize) -> bool {
    if levels == 0 {
        return false;
    }
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::BreakStatement(_)
        | Statement::ContinueStatement(_) => true,
        Statement::BlockStatement(block) => block.body.iter().any(|one| ends(one, levels - 1)),
        Statement::IfStatement(one) => {
            ends(&one.consequent, levels - 1)
                && one.alternate.as_ref().is_some_and(|one| ends(one, levels - 1))
        }
        Statement::TryStatement(one) => {
            let finally = one.finalizer.as_ref();
            let finally = finally.is_some_and(|block| any_ends(&block.body, levels - 1));
            let handled =
                one.handler.as_ref().is_none_or(|one| any_ends(&one.body.body, levels - 1));
            finally || (handled && any_ends(&one.block.body, levels - 1))
        }
        // A `break` in it would go on after it.
        Statement::SwitchStatement(one) => {
            let leaves =
                |statement: &Statement<'_>| ends(statement, levels - 1) && !breaks(statement);
            one.cases.iter().any(|case| case.test.is_none())
                && one.cases.last().is_some_and(|case| !case.consequent.is_empty())
                && one
                    .cases
                    .iter()
                    .all(|case| case.consequent.is_empty() || case.consequent.iter().any(leaves))
                && !one.cases.iter().flat_map(|case| &case.consequent).any(breaks)
        }
        _ => false,
    }
}

/// Whether a `break` may stand in a statement of a switch: bounded, and rather yes than no.
fn breaks(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::ExpressionStatement(_)
        | Statement::VariableDeclaration(_)
        | Statement::FunctionDeclaration(_)
        | Statement::ForStatement(_)
        | Statement::ForInStatement(_)
        | Statement::ForOfStatement(_)
        | Statement::WhileStatement(_)
        | Statement::DoWhileStatement(_)
        | Statement::SwitchStatement(_) => false,
        Statement::BlockStatement(block) => block.body.iter().any(breaks),
        Statement::IfStatement(one) => {
            breaks(&one.consequent) || one.alternate.as_ref().is_some_and(breaks)
        }
        _ => true,
    }
}

fn any_ends(statements: &[Statement<'_>], levels: usize) -> bool {
    levels > 0 && statements.iter().any(|one| ends(one, levels - 1))
}

const LEVELS: usize = 100;

fn unreachable(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let statements = match node.kind() {
        AstKind::Program(program) => &program.body,
        AstKind::FunctionBody(body) => &body.statements,
        AstKind::BlockStatement(block) => &block.body,
        AstKind::SwitchCase(case) => &case.consequent,
        _ => return,
    };
    let Some(last) = statements.iter().position(|one| ends(one, LEVELS)) else { return };
    let mut rest = statements[last + 1..].iter().filter(|one| runs(one));
    let Some(first) = rest.next() else { return };
    let end = rest.next_back().unwrap_or(first).span().end;
    lints.report(Span::new(first.span().start, end), "this code is never reached");
}

/// Whether a statement does something where it stands: a declaration is there from the start.
fn runs(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::FunctionDeclaration(_) | Statement::EmptyStatement(_) => false,
        Statement::VariableDeclaration(one) => {
            !one.kind.is_var() || one.declarations.iter().any(|one| one.init.is_some())
        }
        other => !other.is_typescript_syntax(),
    }
}

fn fallthrough(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::SwitchStatement(switch) = node.kind() else { return };
    for pair in switch.cases.windows(2) {
        let [case, next] = pair else { continue };
        if case.consequent.is_empty() || any_ends(&case.consequent, LEVELS) {
            continue;
        }
        let from = case.consequent.last().map_or(case.span.start, |one| one.span().start);
        let between = Span::new(from, next.span.start);
        let meant = lints.semantic.comments().iter().any(|comment| {
            let inside = comment.span.start >= between.start && comment.span.end <= between.end;
            let text = comment.span.source_text(lints.text).to_ascii_lowercase();
            inside && text.contains("fall") && text.contains("through")
        });
        if !meant {
            lints.report(next.span, "the case before falls through to this one");
        }
    }
}

fn empty(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let span = node.kind().span();
    let is_empty = match node.kind() {
        AstKind::BlockStatement(block) => {
            block.body.is_empty()
                && !matches!(lints.parent(node), AstKind::Function(_) | AstKind::StaticBlock(_))
        }
        AstKind::SwitchStatement(switch) => switch.cases.is_empty(),
        _ => false,
    };
    if is_empty && !lints.semantic.has_comments_between(span) {
        lints.report(span, "this block is empty");
    }
}

fn unsafe_finally(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let jump = node.kind();
    let labelled = match jump {
        AstKind::BreakStatement(one) => one.label.is_some(),
        AstKind::ContinueStatement(one) => one.label.is_some(),
        _ => false,
    };
    let mut inner = jump.span();
    for around in lints.semantic.nodes().ancestor_kinds(node.id()) {
        let stops = match around {
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) | AstKind::Class(_) => true,
            AstKind::ForStatement(_)
            | AstKind::ForInStatement(_)
            | AstKind::ForOfStatement(_)
            | AstKind::WhileStatement(_)
            | AstKind::DoWhileStatement(_) => {
                !labelled
                    && matches!(jump, AstKind::BreakStatement(_) | AstKind::ContinueStatement(_))
            }
            AstKind::SwitchStatement(_) => !labelled && matches!(jump, AstKind::BreakStatement(_)),
            AstKind::LabeledStatement(_) => labelled,
            _ => false,
        };
        if stops {
            return;
        }
        if let AstKind::TryStatement(one) = around
            && one.finalizer.as_ref().is_some_and(|finalizer| finalizer.span == inner)
        {
            lints.report(jump.span(), "this overrides what the `try` returns or throws");
            return;
        }
        inner = around.span();
    }
}

fn useless_catch(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::TryStatement(one) = node.kind() else { return };
    let Some(handler) = &one.handler else { return };
    let caught = handler.param.as_ref().and_then(|param| param.pattern.get_identifier_name());
    if let Some(Statement::ThrowStatement(throw)) = handler.body.body.first()
        && let Expression::Identifier(thrown) = &throw.argument
        && caught.is_some_and(|caught| caught == thrown.name)
    {
        lints.report(handler.span, "this `catch` only throws again what it caught");
    }
}

fn getter_return(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::Function(Function { body: Some(body), span, .. }) = node.kind() else { return };
    let is_getter = match lints.parent(node) {
        AstKind::MethodDefinition(method) => method.kind == MethodDefinitionKind::Get,
        AstKind::ObjectProperty(property) => property.kind == PropertyKind::Get,
        _ => false,
    };
    if is_getter && !returns_value(&body.statements, LEVELS) {
        lints.report(*span, "this getter returns nothing");
    }
}

/// Whether a function's statements return no value at all.
pub(super) fn gives_nothing(statements: &[Statement<'_>]) -> bool {
    !returns_value(statements, LEVELS)
}

/// Whether a value is returned, or something thrown, somewhere in some statements.
fn returns_value(statements: &[Statement<'_>], levels: usize) -> bool {
    levels > 0 && statements.iter().any(|one| statement_returns(one, levels - 1))
}

fn statement_returns(statement: &Statement<'_>, levels: usize) -> bool {
    if levels == 0 {
        return true;
    }
    let inner = |one: &Statement<'_>| statement_returns(one, levels - 1);
    match statement {
        Statement::ReturnStatement(one) => one.argument.is_some(),
        Statement::ThrowStatement(_) => true,
        Statement::BlockStatement(one) => returns_value(&one.body, levels),
        Statement::IfStatement(one) => {
            inner(&one.consequent) || one.alternate.as_ref().is_some_and(inner)
        }
        Statement::ForStatement(one) => inner(&one.body),
        Statement::ForInStatement(one) => inner(&one.body),
        Statement::ForOfStatement(one) => inner(&one.body),
        Statement::WhileStatement(one) => inner(&one.body),
        Statement::DoWhileStatement(one) => inner(&one.body),
        Statement::LabeledStatement(one) => inner(&one.body),
        Statement::WithStatement(one) => inner(&one.body),
        Statement::SwitchStatement(one) => {
            one.cases.iter().any(|case| returns_value(&case.consequent, levels))
        }
        Statement::TryStatement(one) => {
            returns_value(&one.block.body, levels)
                || one.handler.as_ref().is_some_and(|one| returns_value(&one.body.body, levels))
                || one.finalizer.as_ref().is_some_and(|one| returns_value(&one.body, levels))
        }
        _ => false,
    }
}

fn duplicate_case(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::SwitchStatement(SwitchStatement { cases, .. }) = node.kind() else { return };
    let mut seen = std::collections::HashSet::new();
    for case in cases {
        let Some(test) = &case.test else { continue };
        if !seen.insert(test.span().source_text(lints.text)) {
            lints.report(case.span, "this case stands here twice");
        }
    }
}

fn duplicate_else_if(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::IfStatement(one) = node.kind() else { return };
    let mut inner = one.span;
    let mut tests: Vec<Span> = Vec::new();
    for around in lints.semantic.nodes().ancestor_kinds(node.id()).take(LEVELS) {
        let AstKind::IfStatement(IfStatement { test, alternate, span, .. }) = around else { break };
        if alternate.as_ref().is_none_or(|alternate| alternate.span() != inner) {
            break;
        }
        tests.push(test.span());
        inner = *span;
    }
    let test = one.test.span();
    if tests.into_iter().any(|before| same(lints.text, before, test)) {
        lints.report(test, "this condition was tested before: the branch is never taken");
    }
}

fn duplicate_members(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::Class(Class { body, .. }) = node.kind() else { return };
    let mut seen = std::collections::HashSet::new();
    for element in &body.body {
        let oxc::ast::ast::ClassElement::MethodDefinition(method) = element else { continue };
        if method.value.body.is_none() || method.computed {
            continue;
        }
        let Some(name) = method.key.static_name() else { continue };
        let kind = match method.kind {
            MethodDefinitionKind::Get => "get",
            MethodDefinitionKind::Set => "set",
            _ => "",
        };
        let key = |kind: &'static str| (name.to_string(), method.r#static, kind);
        let other = if kind.is_empty() { ["get", "set"] } else { ["", ""] };
        let taken = other.iter().any(|kind| seen.contains(&key(kind)));
        if !seen.insert(key(kind)) || taken {
            lints.report(method.key.span(), format!("`{name}` is defined twice"));
        }
    }
}

fn inner_declaration(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::Function(function) = node.kind() else { return };
    // In strict code a function belongs to its block, which is what it looks like.
    let strict = lints.semantic.scoping().scope_flags(node.scope_id()).is_strict_mode();
    let in_block = matches!(lints.parent(node), AstKind::BlockStatement(_));
    if function.is_function_declaration() && in_block && !strict {
        lints.report(function.span, "a function declared in a block is seen outside of it");
    }
}

fn require_await(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let (judged, span, body) = match node.kind() {
        AstKind::Function(one) => {
            let Some(body) = &one.body else { return };
            let is_empty = body.statements.is_empty();
            (one.r#async && !one.generator && !is_empty, one.span, body.span)
        }
        AstKind::ArrowFunctionExpression(one) => {
            let is_empty =
                one.body.as_function_body().is_some_and(|body| body.statements.is_empty());
            (one.r#async && !is_empty, one.span, one.body.span())
        }
        _ => return,
    };
    if !judged {
        return;
    }
    let nodes = lints.semantic.nodes();
    let awaits = nodes.iter_enumerated().skip(node.id().index() + 1);
    let inside = awaits.take_while(|(_, one)| {
        let inner = one.kind().span();
        inner.start >= span.start && inner.end <= span.end
    });
    for (id, one) in inside {
        let awaits = match one.kind() {
            AstKind::AwaitExpression(_) => true,
            AstKind::ForOfStatement(one) => one.r#await,
            _ => false,
        };
        if awaits {
            let function = nodes.ancestors(id).find(|around| {
                matches!(around.kind(), AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
            });
            if function.is_some_and(|function| function.id() == node.id()) {
                return;
            }
        }
    }
    let head = Span::new(span.start, body.start.max(span.start));
    lints.report(head, "this function is `async` and awaits nothing");
}

/// Whether a loop or branch is meant to go on for ever.
pub(super) fn is_loop(kind: AstKind<'_>, test: Span) -> bool {
    match kind {
        AstKind::WhileStatement(one) => one.test.span() == test,
        AstKind::ForStatement(one) => one.test.as_ref().is_some_and(|one| one.span() == test),
        AstKind::DoWhileStatement(one) => one.test.span() == test,
        _ => false,
    }
}

/// Whether a declaration stands in the head of a `for`.
pub(super) fn is_for_head(kind: AstKind<'_>, declaration: Span) -> bool {
    match kind {
        AstKind::ForStatement(one) => {
            matches!(&one.init, Some(ForStatementInit::VariableDeclaration(one)) if one.span == declaration)
        }
        AstKind::ForInStatement(one) => one.left.span() == declaration,
        AstKind::ForOfStatement(one) => one.left.span() == declaration,
        _ => false,
    }
}
