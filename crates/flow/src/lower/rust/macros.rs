//! Rust's macros: their tokens as arguments, and formats.

use tree_sitter::{Node, Parser, Range, Tree};

use super::super::tree::{Lowering, children, plain};
use super::expression::expression;
use crate::ir::{Argument, ExprId, Expression, StatementKind, Symbol};

/// Macros whose first text is a format of the arguments after it.
const FORMATS: &[&str] = &[
    "format",
    "format_args",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "anyhow",
    "bail",
    "ensure",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
];
/// Macros that leave.
const LEAVE: &[&str] = &["panic", "unreachable", "todo", "unimplemented", "bail"];
/// Bytes of macros that are read again, in all, per byte of the file: macros stand in macros.
const REREAD_PER_BYTE: usize = 8;
/// How far behind a macro the `;` is looked for that ends its arguments for the grammar.
const TERMINATOR_MAX: usize = 4096;

/// Lowers `name!(…)`.
pub(super) fn invocation(l: &mut Lowering<'_>, node: Node<'_>) -> ExprId {
    let Some(path) = node.child_by_field_name("macro") else { return l.unknown(node, Vec::new()) };
    let tokens = children(node).into_iter().find(|child| child.kind() == "token_tree");
    let name = l.text(path).rsplit("::").next().unwrap_or_default().to_owned();
    let arguments = tokens.and_then(|tokens| arguments(l, tokens));
    let Some(mut arguments) = arguments else {
        let parts = tokens.map(|tokens| names(l, tokens)).unwrap_or_default();
        let callee = expression(l, path);
        let values: Vec<Argument> = parts.into_iter().map(plain).collect();
        return l.add(node, Expression::Call { callee, arguments: values, is_new: false });
    };
    if FORMATS.contains(&name.as_str()) {
        formatted(l, node, &mut arguments);
    }
    match name.as_str() {
        "format" | "format_args" if arguments.len() == 1 => return arguments[0].value,
        "vec" => {
            let ids = arguments.iter().map(|argument| argument.value).collect();
            return l.add(node, Expression::List(ids));
        }
        "assert" | "debug_assert" | "ensure" => {
            if let Some(first) = arguments.first() {
                let test = l.statement(node, StatementKind::Assert(first.value));
                return l.add(node, Expression::Block { body: vec![test], value: None });
            }
        }
        "assert_eq" | "assert_ne" | "debug_assert_eq" => {
            if let [left, right, ..] = arguments.as_slice() {
                let sign = if name == "assert_ne" { "!=" } else { "==" };
                let test = super::super::tree::operation(sign, left.value, right.value);
                let test = l.add(node, test);
                let test = l.statement(node, StatementKind::Assert(test));
                return l.add(node, Expression::Block { body: vec![test], value: None });
            }
        }
        _ if LEAVE.contains(&name.as_str()) => {
            let value = arguments.first().map(|argument| argument.value);
            let raise = l.statement(node, StatementKind::Raise(value));
            return l.add(node, Expression::Block { body: vec![raise], value: None });
        }
        _ => {}
    }
    let callee = expression(l, path);
    l.add(node, Expression::Call { callee, arguments, is_new: false })
}

/// The tokens between the brackets as expressions, where they are some.
fn arguments(l: &mut Lowering<'_>, tokens: Node<'_>) -> Option<Vec<Argument>> {
    let tree = read_again(l, tokens)?;
    let root = tree.root_node();
    let statement = children(root).into_iter().next()?;
    let list = match statement.kind() {
        "expression_statement" => children(statement).into_iter().next()?,
        _ => statement,
    };
    if list.byte_range() != tokens.byte_range() || list.has_error() {
        return None;
    }
    let elements = match list.kind() {
        "parenthesized_expression"
        | "tuple_expression"
        | "array_expression"
        | "unit_expression" => children(list),
        _ => return None,
    };
    let mut arguments = Vec::with_capacity(elements.len());
    for element in elements {
        let named = element.child_by_field_name("left").filter(|left| {
            element.kind() == "assignment_expression" && left.kind() == "identifier"
        });
        match (named, element.child_by_field_name("right")) {
            (Some(name), Some(value)) => {
                let name = Some(l.symbol(name));
                let value = expression(l, value);
                arguments.push(Argument { name, ..plain(value) });
            }
            _ => arguments.push(plain(expression(l, element))),
        }
    }
    Some(arguments)
}

/// Reads the tokens as an expression: only they, and the next `;`, are shown to the parser.
fn read_again(l: &mut Lowering<'_>, tokens: Node<'_>) -> Option<Tree> {
    let source = l.source();
    l.reread += tokens.byte_range().len();
    if l.reread > source.len().saturating_mul(REREAD_PER_BYTE) {
        return None;
    }
    let mut ranges = vec![tokens.range()];
    let after = source.as_bytes().get(tokens.end_byte()..)?;
    let end = after.iter().take(TERMINATOR_MAX).position(|byte| *byte == b';');
    if let Some(at) = end {
        let start = tokens.end_byte() + at;
        let point = tokens.end_position();
        let from = tree_sitter::Point { row: point.row, column: point.column + at };
        let to = tree_sitter::Point { row: point.row, column: point.column + at + 1 };
        ranges.push(Range {
            start_byte: start,
            end_byte: start + 1,
            start_point: from,
            end_point: to,
        });
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_rust::LANGUAGE.into()).ok()?;
    parser.set_included_ranges(&ranges).ok()?;
    parser.parse(source, None)
}

/// The names and texts among tokens that are no expressions.
fn names(l: &mut Lowering<'_>, tokens: Node<'_>) -> Vec<ExprId> {
    /// More are left out.
    const NAMES_MAX: usize = 200;
    let mut found = Vec::new();
    let mut open = vec![tokens];
    while let Some(node) = open.pop() {
        match node.kind() {
            "token_tree" | "token_repetition" => open.extend(children(node).into_iter().rev()),
            "identifier" | "string_literal" | "raw_string_literal" => {
                found.push(expression(l, node));
            }
            _ => {}
        }
        if found.len() >= NAMES_MAX {
            break;
        }
    }
    found
}

/// Replaces a format and its arguments by one template.
fn formatted(l: &mut Lowering<'_>, node: Node<'_>, arguments: &mut Vec<Argument>) {
    let at = arguments.iter().position(|argument| {
        matches!(
            l.program.expressions.get(argument.value.0 as usize),
            Some((Expression::Text(_), _))
        )
    });
    let Some(at) = at else { return };
    let format = arguments[at].value;
    let Some((Expression::Text(text), span)) =
        l.program.expressions.get(format.0 as usize).cloned()
    else {
        return;
    };
    let given = arguments.split_off(at + 1);
    let text = l.program.symbols.text(text).to_owned();
    let mut parts = Vec::new();
    let mut next = 0;
    for piece in pieces(&text) {
        let part = match piece {
            Piece::Text(text) => {
                let symbol = l.intern(&text);
                Some(l.program.expression(Expression::Text(symbol), span))
            }
            Piece::Next => {
                next += 1;
                given.get(next - 1).map(|argument| argument.value)
            }
            Piece::Number(number) => given.get(number).map(|argument| argument.value),
            Piece::Name(name) => {
                let symbol = l.intern(&name);
                let named = given.iter().find(|argument| argument.name == Some(symbol));
                match named {
                    Some(argument) => Some(argument.value),
                    None => Some(captured(l, node, symbol)),
                }
            }
        };
        parts.extend(part);
    }
    let made = match parts.as_slice() {
        [] => format,
        [one] if matches!(l.program.expressions[one.0 as usize].0, Expression::Text(_)) => *one,
        _ => l.program.expression(Expression::Template { parts, tag: None }, span),
    };
    arguments[at] = plain(made);
}

fn captured(l: &mut Lowering<'_>, node: Node<'_>, name: Symbol) -> ExprId {
    let name = l.resolve(name);
    l.add(node, Expression::Name(name))
}

enum Piece {
    Text(String),
    Next,
    Number(usize),
    Name(String),
}

/// Takes a format apart: `{}`, `{0}`, `{name:>8}`, `{{`.
fn pieces(format: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let mark = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(mark) {
            text.push_str(mark);
            rest = &rest[1..];
            continue;
        }
        let Some(end) = rest.find('}').filter(|_| mark == "{") else { continue };
        let name = rest[..end].split(':').next().unwrap_or_default().trim();
        rest = &rest[end + 1..];
        if !text.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut text)));
        }
        found.push(match (name.is_empty(), name.parse()) {
            (true, _) => Piece::Next,
            (false, Ok(number)) => Piece::Number(number),
            (false, Err(_)) => Piece::Name(name.to_owned()),
        });
    }
    text.push_str(rest);
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}
