//! Rules about expressions: comparisons that are always true, keys that stand twice, numbers that
//! are not what they say.

use oxc::ast::ast::{
    Argument, ArrayExpressionElement, AssignmentTarget, Expression, NumericLiteral,
    ObjectPropertyKind, PropertyKind,
};
use oxc::ast::{AstKind, AstType};
use oxc::semantic::AstNode;
use oxc::span::{GetSpan, Span};
use oxc::syntax::operator::{BinaryOperator, UnaryOperator};

use super::control::is_loop;
use super::{Check, Lints, Rule};

pub(super) const RULES: &[Rule] = &[
    at("no-dupe-keys", &[AstType::ObjectExpression], duplicate_keys),
    at("no-self-assign", &[AstType::AssignmentExpression], self_assign),
    at("no-self-compare", &[AstType::BinaryExpression], self_compare),
    at("use-isnan", &[AstType::BinaryExpression, AstType::SwitchCase], is_nan),
    at("valid-typeof", &[AstType::BinaryExpression], valid_typeof),
    at(
        "no-cond-assign",
        &[
            AstType::IfStatement,
            AstType::WhileStatement,
            AstType::DoWhileStatement,
            AstType::ForStatement,
        ],
        assignment_as_condition,
    ),
    at(
        "no-constant-condition",
        &[AstType::IfStatement, AstType::ConditionalExpression, AstType::DoWhileStatement],
        constant_condition,
    ),
    at("no-sparse-arrays", &[AstType::ArrayExpression], sparse_array),
    at("no-loss-of-precision", &[AstType::NumericLiteral], loss_of_precision),
    at("no-async-promise-executor", &[AstType::NewExpression], async_executor),
    at("no-new-wrappers", &[AstType::NewExpression], wrapper),
    at("no-throw-literal", &[AstType::ThrowStatement], throw_literal),
    at("no-prototype-builtins", &[AstType::CallExpression], prototype_builtin),
    at("array-callback-return", &[AstType::CallExpression], callback_return),
    Rule { id: "eqeqeq", check: Check::At(&[AstType::BinaryExpression], loose_equality) },
];

const fn at(
    id: &'static str,
    types: &'static [AstType],
    check: fn(&mut Lints<'_, '_>, &AstNode<'_>),
) -> Rule {
    Rule { id, check: Check::At(types, check) }
}

/// Whether two pieces of text are the same, blanks apart.
pub(super) fn same(text: &str, one: Span, other: Span) -> bool {
    let words = |span: Span| span.source_text(text).split_whitespace();
    words(one).eq(words(other))
}

fn duplicate_keys(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::ObjectExpression(object) = node.kind() else { return };
    let mut seen = std::collections::HashSet::new();
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
        let Some(name) = property.key.static_name() else { continue };
        if property.computed || (name == "__proto__" && !property.shorthand) {
            continue;
        }
        let fresh = match property.kind {
            PropertyKind::Init => {
                let first = seen.insert((name.to_string(), "get"));
                seen.insert((name.to_string(), "set")) && first
            }
            PropertyKind::Get => seen.insert((name.to_string(), "get")),
            PropertyKind::Set => seen.insert((name.to_string(), "set")),
        };
        if !fresh {
            lints.report(property.span, format!("the key `{name}` stands here twice"));
        }
    }
}

fn self_assign(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::AssignmentExpression(one) = node.kind() else { return };
    let plain = one.operator.is_assign() || one.operator.is_logical();
    let names = match (&one.left, &one.right) {
        (AssignmentTarget::AssignmentTargetIdentifier(_), Expression::Identifier(_)) => true,
        (left, right) if left.is_member_expression() && right.is_member_expression() => {
            // What is read may differ each time where it is called.
            !one.right.span().source_text(lints.text).contains('(')
        }
        _ => false,
    };
    if plain && names && same(lints.text, one.left.span(), one.right.span()) {
        lints.report(one.span, "this assigns a value to itself");
    }
}

fn self_compare(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::BinaryExpression(one) = node.kind() else { return };
    let compares = one.operator.is_equality() || one.operator.is_compare();
    if compares && same(lints.text, one.left.span(), one.right.span()) {
        lints.report(one.span, "this compares a value with itself");
    }
}

fn is_nan(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let nan = |expression: &Expression<'_>| match expression {
        Expression::Identifier(name) => name.name == "NaN",
        Expression::StaticMemberExpression(member) => {
            member.property.name == "NaN"
                && matches!(&member.object, Expression::Identifier(name) if name.name == "Number")
        }
        _ => false,
    };
    let found = match node.kind() {
        AstKind::BinaryExpression(one) => {
            (one.operator.is_equality() || one.operator.is_compare())
                && (nan(&one.left) || nan(&one.right))
        }
        AstKind::SwitchCase(case) => case.test.as_ref().is_some_and(nan),
        _ => false,
    };
    if found {
        lints.report(node.kind().span(), "nothing equals NaN: use `Number.isNaN`");
    }
}

const TYPES: [&str; 8] =
    ["bigint", "boolean", "function", "number", "object", "string", "symbol", "undefined"];

fn valid_typeof(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::BinaryExpression(one) = node.kind() else { return };
    if !one.operator.is_equality() {
        return;
    }
    for (asked, answer) in [(&one.left, &one.right), (&one.right, &one.left)] {
        if let Expression::UnaryExpression(asked) = asked
            && asked.operator == UnaryOperator::Typeof
            && let Expression::StringLiteral(answer) = answer
            && !TYPES.contains(&answer.value.as_str())
        {
            lints.report(answer.span, format!("`typeof` never gives `{}`", answer.value));
        }
    }
}

fn assignment_as_condition(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let test = match node.kind() {
        AstKind::IfStatement(one) => &one.test,
        AstKind::WhileStatement(one) => &one.test,
        AstKind::DoWhileStatement(one) => &one.test,
        AstKind::ForStatement(one) => match &one.test {
            Some(test) => test,
            None => return,
        },
        _ => return,
    };
    if matches!(test, Expression::AssignmentExpression(_)) {
        lints.report(test.span(), "this assigns; put it in brackets if it is meant");
    }
}

fn constant_condition(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let test = match node.kind() {
        AstKind::IfStatement(one) => &one.test,
        AstKind::ConditionalExpression(one) => &one.test,
        AstKind::DoWhileStatement(one) => &one.test,
        _ => return,
    };
    // `while (true)` is how a loop without end is written.
    let endless =
        is_loop(node.kind(), test.span()) && matches!(test, Expression::BooleanLiteral(_));
    let constant = match test {
        Expression::BooleanLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::StringLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::BigIntLiteral(_)
        | Expression::RegExpLiteral(_)
        | Expression::ArrayExpression(_)
        | Expression::ObjectExpression(_)
        | Expression::ArrowFunctionExpression(_)
        | Expression::FunctionExpression(_)
        | Expression::ClassExpression(_) => true,
        Expression::TemplateLiteral(template) => template.expressions.is_empty(),
        _ => false,
    };
    if constant && !endless {
        lints.report(test.span(), "this condition is always the same");
    }
}

fn sparse_array(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::ArrayExpression(array) = node.kind() else { return };
    if array.elements.iter().any(|one| matches!(one, ArrayExpressionElement::Elision(_))) {
        lints.report(array.span, "this array has holes");
    }
}

fn loss_of_precision(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::NumericLiteral(NumericLiteral { span, value, .. }) = node.kind() else { return };
    let written = span.source_text(lints.text).replace('_', "").to_ascii_lowercase();
    let lost = match written.get(..2) {
        Some("0x") => {
            u128::from_str_radix(&written[2..], 16).is_ok_and(|exact| differs(exact, *value))
        }
        Some("0o") => {
            u128::from_str_radix(&written[2..], 8).is_ok_and(|exact| differs(exact, *value))
        }
        Some("0b") => {
            u128::from_str_radix(&written[2..], 2).is_ok_and(|exact| differs(exact, *value))
        }
        _ if written.starts_with('0') && !written.contains(['.', 'e', '8', '9']) => false,
        _ => digits(&written) != digits_of(*value, &written),
    };
    if lost {
        lints.report(*span, "this number cannot be kept exactly");
    }
}

fn differs(exact: u128, value: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
    let rounded = exact as f64;
    // A number that is rounded differs from itself when it is brought back.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a u128")]
    let back = rounded as u128;
    back != exact || rounded.to_bits() != value.to_bits()
}

/// The digits that count in a decimal number: without point, exponent and zeros at the ends.
fn digits(written: &str) -> String {
    let number = written.split('e').next().unwrap_or_default();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

/// The same of a value, rounded to as many digits as were written.
fn digits_of(value: f64, written: &str) -> String {
    let count = digits_written(written).clamp(1, 100);
    digits(&format!("{value:.*e}", count - 1))
}

fn digits_written(written: &str) -> usize {
    let number = written.split('e').next().unwrap_or_default();
    let all: String = number.chars().filter(char::is_ascii_digit).collect();
    let all = all.trim_start_matches('0');
    if number.contains('.') { all.len() } else { all.trim_end_matches('0').len() }
}

fn async_executor(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::NewExpression(one) = node.kind() else { return };
    if !named(&one.callee, "Promise") {
        return;
    }
    let is_async = match one.arguments.first() {
        Some(Argument::FunctionExpression(function)) => function.r#async,
        Some(Argument::ArrowFunctionExpression(arrow)) => arrow.r#async,
        _ => false,
    };
    if is_async {
        lints.report(one.span, "what an `async` executor throws is lost");
    }
}

fn wrapper(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::NewExpression(one) = node.kind() else { return };
    if let Some(name) = ["String", "Number", "Boolean"].iter().find(|name| named(&one.callee, name))
    {
        lints.report(one.span, format!("`new {name}` makes an object, which is always true"));
    }
}

fn named(expression: &Expression<'_>, name: &str) -> bool {
    matches!(expression, Expression::Identifier(one) if one.name == name)
}

fn throw_literal(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::ThrowStatement(one) = node.kind() else { return };
    let literal = one.argument.is_literal()
        || matches!(
            one.argument,
            Expression::TemplateLiteral(_)
                | Expression::ObjectExpression(_)
                | Expression::ArrayExpression(_)
        )
        || named(&one.argument, "undefined");
    if literal {
        lints.report(one.span, "what is thrown is no error and has no stack");
    }
}

fn prototype_builtin(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::CallExpression(call) = node.kind() else { return };
    let Expression::StaticMemberExpression(member) = &call.callee else { return };
    let name = member.property.name.as_str();
    if ["hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"].contains(&name) {
        lints.report(member.property.span, format!("the object may have a `{name}` of its own"));
    }
}

const WITH_RESULT: [&str; 12] = [
    "every",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "map",
    "reduce",
    "reduceRight",
    "some",
    "sort",
];

fn callback_return(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::CallExpression(call) = node.kind() else { return };
    let Expression::StaticMemberExpression(member) = &call.callee else { return };
    if !WITH_RESULT.contains(&member.property.name.as_str()) {
        return;
    }
    let body = match call.arguments.first() {
        Some(Argument::FunctionExpression(one)) if !one.generator && !one.r#async => {
            one.body.as_deref()
        }
        Some(Argument::ArrowFunctionExpression(one)) if !one.r#async => one.body.as_function_body(),
        _ => return,
    };
    if let Some(body) = body
        && super::control::gives_nothing(&body.statements)
    {
        lints.report(body.span, no_result(&member.property.name));
    }
}

fn no_result(name: &str) -> String {
    format!("`{name}` uses what its function returns, and this one returns nothing")
}

fn loose_equality(lints: &mut Lints<'_, '_>, node: &AstNode<'_>) {
    let AstKind::BinaryExpression(one) = node.kind() else { return };
    let instead = match one.operator {
        BinaryOperator::Equality => "===",
        BinaryOperator::Inequality => "!==",
        _ => return,
    };
    // `x == null` is how null and undefined are asked for at once.
    let null = |side: &Expression<'_>| matches!(side, Expression::NullLiteral(_));
    if !null(&one.left) && !null(&one.right) {
        lints.report(one.span, format!("this converts before it compares: use `{instead}`"));
    }
}
