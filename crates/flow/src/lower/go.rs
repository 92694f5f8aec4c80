//! Go. Import paths lose a version at their end (`github.com/labstack/echo/v4`,
//! `gopkg.in/yaml.v3`), pointers are what they point to, a deferred call is made where it stands.

mod expression;
mod types;

use tree_sitter::{Node, Tree};

use self::expression::expression;
use self::types::{class_of, declared_type, type_expression};
use super::tree::{Heading, Lowering, arithmetic, child, children, field, has_token, root};
use crate::ir::{
    Block, Case, ClassId, CompareOperator, ExprId, Expression, FunctionId, LogicalOperator,
    ParameterKind, Program, StatementKind, StmtId,
};

/// Lowers a Go file.
#[must_use]
pub fn lower(tree: &Tree, text: &str) -> Program {
    let mut l = Lowering::new(text);
    let root = root(tree);
    let mut classes = Vec::new();
    for node in children(root) {
        if node.kind() == "type_declaration" {
            classes.extend(class_names(&mut l, node));
        }
    }
    let mut body = Vec::new();
    for node in children(root) {
        match node.kind() {
            "function_declaration" => {
                let id = function(&mut l, node, Heading::default());
                body.push(l.statement(node, StatementKind::Define(id)));
            }
            "method_declaration" => body.extend(method(&mut l, node)),
            "import_declaration" => imports(&mut l, node, &mut body),
            _ => statement(&mut l, node, &mut body),
        }
    }
    for id in classes {
        let defined = l.statement(root, StatementKind::DefineClass(id));
        body.push(defined);
    }
    l.finish(body)
}

/// The types of a file come first, so that methods find them.
fn class_names(l: &mut Lowering<'_>, node: Node<'_>) -> Vec<ClassId> {
    let mut ids = Vec::new();
    for spec in children(node) {
        let Some(name) = spec.child_by_field_name("name") else { continue };
        let name = l.symbol(name);
        let id = l.class(spec, Some(name));
        let (bases, body) = match spec.child_by_field_name("type") {
            Some(node) => types::fields(l, node),
            None => Default::default(),
        };
        let class = l.class_mut(id);
        class.bases = bases;
        class.body = body;
        ids.push(id);
    }
    ids
}

fn imports(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    for spec in children(node) {
        if spec.kind() == "import_spec_list" {
            imports(l, spec, body);
            continue;
        }
        let Some(path) = spec.child_by_field_name("path") else { continue };
        let path = without_version(l.text(path).trim_matches(['"', '`']));
        let alias = spec.child_by_field_name("name").map(|name| l.text(name));
        let module = l.intern(path);
        let (member, name) = match alias {
            Some(".") => (Some(l.intern("*")), "*"),
            Some(alias) => (None, alias),
            None => (None, path.rsplit('/').next().unwrap_or(path)),
        };
        let name = l.intern(name.strip_prefix("go-").unwrap_or(name));
        body.push(l.statement(spec, StatementKind::Import { module, member, name }));
    }
}

/// `a/b/v4` and `a/b.v4` are `a/b`.
fn without_version(path: &str) -> &str {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match path.rsplit_once("/v").or_else(|| path.rsplit_once(".v")) {
        Some((rest, version)) if number(version) => rest,
        _ => path,
    }
}

fn method(l: &mut Lowering<'_>, node: Node<'_>) -> Option<StmtId> {
    let receiver = node.child_by_field_name("receiver")?;
    let parameter = children(receiver).into_iter().next();
    let name = parameter
        .and_then(|parameter| parameter.child_by_field_name("type"))
        .and_then(|node| class_of(l, node));
    let class = name.and_then(|name| l.class_named(name));
    let id = function(l, node, Heading { class, ..Heading::default() });
    match class {
        Some(class) => {
            l.class_mut(class).methods.push(id);
            None
        }
        None => Some(l.statement(node, StatementKind::Define(id))),
    }
}

/// A function, method or function literal.
fn function(l: &mut Lowering<'_>, node: Node<'_>, heading: Heading) -> FunctionId {
    let name = node.child_by_field_name("name");
    let text = name.map(|name| l.text(name)).unwrap_or_default();
    let is_public = text == "main" || text.starts_with(char::is_uppercase);
    let result = node.child_by_field_name("result");
    let heading = Heading {
        name: name.map(|name| l.symbol(name)),
        result: result
            .filter(|result| result.kind() != "parameter_list")
            .and_then(|result| type_expression(l, result)),
        is_public,
        ..heading
    };
    let id = l.open_function(node.byte_range().into(), heading);
    if let Some(receiver) = node.child_by_field_name("receiver") {
        parameters(l, receiver, true);
    }
    if let Some(list) = node.child_by_field_name("parameters") {
        parameters(l, list, false);
    }
    let mut body = Vec::new();
    let mut results = Vec::new();
    if let Some(list) = result.filter(|result| result.kind() == "parameter_list") {
        for declared in children(list) {
            let annotation = declared_type(l, declared);
            for name in field(declared, "name") {
                let target = l.bind_node(name);
                results.push(l.symbol(name));
                let kind =
                    StatementKind::Assign { target, value: None, operator: None, annotation };
                body.push(l.statement(name, kind));
            }
        }
    }
    if let Some(block) = node.child_by_field_name("body") {
        if l.enter() {
            statements(l, block, &mut body);
        }
        l.leave();
    }
    if !results.is_empty() {
        bare_returns(l, &body, &results);
    }
    l.close_function(id, body);
    id
}

/// A bare `return` gives the named results.
fn bare_returns(l: &mut Lowering<'_>, body: &Block, results: &[crate::ir::Symbol]) {
    let mut open: Vec<StmtId> = body.clone();
    while let Some(id) = open.pop() {
        let span = l.program.statements[id.0 as usize].span;
        match &l.program.statements[id.0 as usize].kind {
            StatementKind::Return(None) => {
                let names: Vec<ExprId> = results
                    .iter()
                    .map(|name| l.program.expression(Expression::Name(*name), span))
                    .collect();
                let value = match names.as_slice() {
                    [one] => *one,
                    _ => l.program.expression(Expression::List(names), span),
                };
                l.program.statements[id.0 as usize].kind = StatementKind::Return(Some(value));
            }
            StatementKind::Block(block)
            | StatementKind::While { body: block, .. }
            | StatementKind::For { body: block, .. } => open.extend(block),
            StatementKind::If { then, otherwise, .. } => {
                open.extend(then);
                open.extend(otherwise);
            }
            StatementKind::Match { cases, .. } => {
                open.extend(cases.iter().flat_map(|case| &case.body));
            }
            _ => {}
        }
    }
}

fn parameters(l: &mut Lowering<'_>, list: Node<'_>, receiver: bool) {
    for declared in children(list) {
        let kind = match declared.kind() {
            _ if receiver => ParameterKind::Receiver,
            "variadic_parameter_declaration" => ParameterKind::Rest,
            _ => ParameterKind::Plain,
        };
        let names = field(declared, "name");
        let annotation = declared_type(l, declared);
        let texts: Vec<(Node<'_>, String)> = match names.is_empty() {
            true => vec![(declared, "_".to_owned())],
            false => names.iter().map(|name| (*name, l.text(*name).to_owned())).collect(),
        };
        for (node, name) in texts {
            l.parameter(node, &name, kind);
            if let Some(parameter) = l.last_parameter() {
                parameter.annotation = annotation;
            }
        }
    }
}

/// The statements of a block that is open already.
fn statements(l: &mut Lowering<'_>, block: Node<'_>, body: &mut Block) {
    for node in children(block) {
        statement(l, node, body);
    }
}

/// A block with names of its own.
pub(super) fn block(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    let mut body = Vec::new();
    l.open_block();
    statements(l, node, &mut body);
    l.close_block();
    body
}

fn statement(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    if l.enter() {
        known_statement(l, node, body);
    }
    l.leave();
}

fn known_statement(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let kind = match node.kind() {
        "statement_list" | "ERROR" | "labeled_statement" | "var_declaration"
        | "const_declaration" | "var_spec_list" => return statements(l, node, body),
        "block" => StatementKind::Block(block(l, node)),
        "var_spec" | "const_spec" => return declaration(l, node, body),
        "short_var_declaration" | "assignment_statement" => return assignment(l, node, body),
        "inc_statement" | "dec_statement" => return step(l, node, body),
        "return_statement" => {
            let value = children(node).first().map(|list| values(l, *list));
            StatementKind::Return(value)
        }
        "if_statement" => return branch(l, node, body),
        "for_statement" => return repeat(l, node, body),
        "expression_switch_statement" => return switch(l, node, body),
        "type_switch_statement" => return type_switch(l, node, body),
        "select_statement" => return select(l, node, body),
        "break_statement" => StatementKind::Break,
        "continue_statement" => StatementKind::Continue,
        "goto_statement" => StatementKind::Return(None),
        "send_statement" => return send(l, node, body),
        "receive_statement" => return received(l, node, body),
        "type_declaration"
        | "package_clause"
        | "import_declaration"
        | "empty_statement"
        | "fallthrough_statement"
        | "label_name" => return,
        "expression_statement" | "go_statement" | "defer_statement" => {
            let Some(inner) = children(node).first().copied() else { return };
            StatementKind::Expression(expression(l, inner))
        }
        _ => StatementKind::Expression(expression(l, node)),
    };
    body.push(l.statement(node, kind));
}

/// The values of an `expression_list`: one, or a list of them.
fn values(l: &mut Lowering<'_>, list: Node<'_>) -> ExprId {
    if list.kind() != "expression_list" {
        return expression(l, list);
    }
    let nodes = children(list);
    let ids: Vec<ExprId> = nodes.iter().map(|node| expression(l, *node)).collect();
    match ids.as_slice() {
        [one] => *one,
        _ => l.add(list, Expression::List(ids)),
    }
}

/// Names and values of `var` and `const`.
fn declaration(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let annotation = declared_type(l, node);
    let value = node.child_by_field_name("value").map(|list| values(l, list));
    let names = field(node, "name");
    let names: Vec<Node<'_>> =
        names.into_iter().filter(|name| name.kind() == "identifier").collect();
    let targets: Vec<ExprId> = names.iter().map(|name| l.bind_node(*name)).collect();
    if value.is_none() || targets.len() == 1 {
        for target in targets {
            let kind = StatementKind::Assign { target, value, operator: None, annotation };
            body.push(l.statement(node, kind));
        }
        return;
    }
    let target = l.add(node, Expression::List(targets));
    let kind = StatementKind::Assign { target, value, operator: None, annotation: None };
    body.push(l.statement(node, kind));
}

fn assignment(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let (Some(left), Some(right)) =
        (node.child_by_field_name("left"), node.child_by_field_name("right"))
    else {
        return;
    };
    let value = values(l, right);
    let target = targets(l, left, node.kind() == "short_var_declaration");
    let operator = node.child_by_field_name("operator").and_then(|node| arithmetic(l.text(node)));
    let kind = StatementKind::Assign { target, value: Some(value), operator, annotation: None };
    body.push(l.statement(node, kind));
}

fn targets(l: &mut Lowering<'_>, list: Node<'_>, declares: bool) -> ExprId {
    let nodes = match list.kind() {
        "expression_list" => children(list),
        _ => vec![list],
    };
    let ids: Vec<ExprId> = nodes.iter().map(|node| target(l, *node, declares)).collect();
    match ids.as_slice() {
        [one] => *one,
        _ => l.add(list, Expression::List(ids)),
    }
}

fn target(l: &mut Lowering<'_>, node: Node<'_>, declares: bool) -> ExprId {
    match node.kind() {
        "identifier" if declares => l.bind_node(node),
        "unary_expression" | "parenthesized_expression" => match children(node).last() {
            Some(inner) => target(l, *inner, false),
            None => l.unknown(node, Vec::new()),
        },
        _ => expression(l, node),
    }
}

fn step(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(inner) = children(node).first().copied() else { return };
    let target = target(l, inner, false);
    let value = l.add(node, Expression::Integer(1));
    let sign = if node.kind() == "inc_statement" { "+" } else { "-" };
    let kind = StatementKind::Assign {
        target,
        value: Some(value),
        operator: arithmetic(sign),
        annotation: None,
    };
    body.push(l.statement(node, kind));
}

fn send(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let (Some(channel), Some(value)) =
        (node.child_by_field_name("channel"), node.child_by_field_name("value"))
    else {
        return;
    };
    let base = expression(l, channel);
    let value = expression(l, value);
    let index = l.unknown(channel, Vec::new());
    let target = l.add(channel, Expression::Index { base, index });
    body.push(l.assign(node, target, value));
}

fn received(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let Some(right) = node.child_by_field_name("right") else { return };
    let value = expression(l, right);
    let statement = match node.child_by_field_name("left") {
        Some(left) => {
            let target = targets(l, left, has_token(node, ":="));
            l.assign(node, target, value)
        }
        None => l.statement(node, StatementKind::Expression(value)),
    };
    body.push(statement);
}

fn branch(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    if let Some(first) = node.child_by_field_name("initializer") {
        statement(l, first, body);
    }
    let test = match node.child_by_field_name("condition") {
        Some(condition) => expression(l, condition),
        None => l.unknown(node, Vec::new()),
    };
    let then = node.child_by_field_name("consequence").map(|then| block(l, then));
    let mut otherwise = Vec::new();
    if let Some(node) = node.child_by_field_name("alternative") {
        statement(l, node, &mut otherwise);
    }
    l.close_block();
    let kind = StatementKind::If { test, then: then.unwrap_or_default(), otherwise };
    body.push(l.statement(node, kind));
}

fn repeat(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    let inner = children(node);
    let head = inner.iter().find(|node| node.kind() != "block").copied();
    let rounds = node.child_by_field_name("body");
    let kind = match head {
        Some(head) if head.kind() == "range_clause" => range(l, head, rounds),
        Some(head) if head.kind() == "for_clause" => {
            if let Some(first) = head.child_by_field_name("initializer") {
                statement(l, first, body);
            }
            let test = head.child_by_field_name("condition").map(|test| expression(l, test));
            let mut inner = rounds.map(|rounds| block(l, rounds)).unwrap_or_default();
            if let Some(update) = head.child_by_field_name("update") {
                statement(l, update, &mut inner);
            }
            StatementKind::While { test, body: inner, otherwise: Vec::new() }
        }
        head => {
            let test = head.map(|test| expression(l, test));
            let inner = rounds.map(|rounds| block(l, rounds)).unwrap_or_default();
            StatementKind::While { test, body: inner, otherwise: Vec::new() }
        }
    };
    l.close_block();
    body.push(l.statement(node, kind));
}

/// `for k, v := range c`: the value is what the loop takes, the key comes from somewhere in `c`.
fn range(l: &mut Lowering<'_>, head: Node<'_>, rounds: Option<Node<'_>>) -> StatementKind {
    let iterable = match head.child_by_field_name("right") {
        Some(right) => expression(l, right),
        None => l.unknown(head, Vec::new()),
    };
    let declares = has_token(head, ":=");
    let names = head.child_by_field_name("left").map(children).unwrap_or_default();
    let mut body = Vec::new();
    let (target, keys) = match names.as_slice() {
        [] => (l.unknown(head, Vec::new()), true),
        [key] => (target(l, *key, declares), true),
        [key, value, ..] => {
            if l.text(*key) != "_" {
                let key_target = target(l, *key, declares);
                let from = l.unknown(*key, vec![iterable]);
                body.push(l.assign(*key, key_target, from));
            }
            (target(l, *value, declares), false)
        }
    };
    if let Some(rounds) = rounds {
        body.extend(block(l, rounds));
    }
    StatementKind::For { target, iterable, keys, body, otherwise: Vec::new() }
}

fn switch(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    if let Some(first) = node.child_by_field_name("initializer") {
        statement(l, first, body);
    }
    let subject = match node.child_by_field_name("value") {
        Some(value) => expression(l, value),
        None => l.add(node, Expression::Boolean(true)),
    };
    let mut cases = Vec::new();
    for node in children(node) {
        let patterns = match node.kind() {
            "expression_case" => node
                .child_by_field_name("value")
                .map(children)
                .unwrap_or_default()
                .into_iter()
                .map(|value| expression(l, value))
                .collect(),
            "default_case" => Vec::new(),
            _ => continue,
        };
        let inner = case_body(l, node);
        cases.push(Case { patterns, guard: None, body: inner, falls_through: falls_through(node) });
    }
    // A default that stands before other cases is still the last to be tried.
    cases.sort_by_key(|case| case.patterns.is_empty());
    l.close_block();
    body.push(l.statement(node, StatementKind::Match { subject, cases }));
}

fn case_body(l: &mut Lowering<'_>, node: Node<'_>) -> Block {
    let mut body = Vec::new();
    l.open_block();
    if let Some(list) = child(node, "statement_list") {
        statements(l, list, &mut body);
    }
    l.close_block();
    body
}

fn falls_through(node: Node<'_>) -> bool {
    let last = child(node, "statement_list").and_then(|list| children(list).last().copied());
    last.is_some_and(|last| last.kind() == "fallthrough_statement")
}

/// `switch v := x.(type)`: a chain of tests of the type.
fn type_switch(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    l.open_block();
    if let Some(first) = node.child_by_field_name("initializer") {
        statement(l, first, body);
    }
    let subject = match node.child_by_field_name("value") {
        Some(value) => expression(l, value),
        None => l.unknown(node, Vec::new()),
    };
    let alias =
        node.child_by_field_name("alias").and_then(|alias| children(alias).first().copied());
    let mut arms = Vec::new();
    let mut otherwise = Vec::new();
    for case in children(node) {
        let is_default = case.kind() == "default_case";
        if !is_default && case.kind() != "type_case" {
            continue;
        }
        let types: Vec<ExprId> =
            field(case, "type").into_iter().filter_map(|node| type_expression(l, node)).collect();
        l.open_block();
        let mut inner = Vec::new();
        if let Some(alias) = alias {
            let target = l.bind_node(alias);
            let value = match types.as_slice() {
                [class] => {
                    let class = *class;
                    l.add(alias, Expression::Cast { value: subject, class })
                }
                _ => subject,
            };
            inner.push(l.assign(alias, target, value));
        }
        inner.extend(case_body(l, case));
        l.close_block();
        if is_default {
            otherwise = inner;
        } else {
            arms.push((case, any_type(l, case, subject, &types), inner));
        }
    }
    l.close_block();
    for (node, test, then) in arms.into_iter().rev() {
        let kind = StatementKind::If { test, then, otherwise };
        otherwise = vec![l.statement(node, kind)];
    }
    body.append(&mut otherwise);
}

fn any_type(l: &mut Lowering<'_>, node: Node<'_>, subject: ExprId, types: &[ExprId]) -> ExprId {
    let mut tests = types.iter().map(|class| Expression::Compare {
        operator: CompareOperator::InstanceOf,
        left: subject,
        right: *class,
    });
    let Some(first) = tests.next() else { return l.unknown(node, vec![subject]) };
    let mut left = l.add(node, first);
    for test in tests {
        let right = l.add(node, test);
        left = l.add(node, Expression::Logical { operator: LogicalOperator::Or, left, right });
    }
    left
}

/// `select`: one of the cases, nobody knows which.
fn select(l: &mut Lowering<'_>, node: Node<'_>, body: &mut Block) {
    let mut arms = Vec::new();
    for case in children(node) {
        l.open_block();
        let mut inner = Vec::new();
        if let Some(communication) = case.child_by_field_name("communication") {
            statement(l, communication, &mut inner);
        }
        inner.extend(case_body(l, case));
        l.close_block();
        arms.push((case, inner));
    }
    let mut otherwise = Vec::new();
    for (case, then) in arms.into_iter().rev() {
        let test = l.unknown(case, Vec::new());
        otherwise = vec![l.statement(case, StatementKind::If { test, then, otherwise })];
    }
    body.append(&mut otherwise);
}
