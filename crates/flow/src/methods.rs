//! Methods that override one whose work matters, and do not do it: a check that always holds.

use crate::check::Alarm;
use crate::ir::{ExprId, Expression, Function, Program, StatementKind, Symbol};
use crate::rule::MethodBody;
use crate::rules::Rules;

/// What the rules about methods find in a program.
pub(crate) fn alarms(rules: &Rules, program: &Program) -> Vec<Alarm> {
    let mut found = Vec::new();
    if rules.methods.is_empty() {
        return found;
    }
    for class in &program.classes {
        let bases: Vec<String> = class.bases.iter().filter_map(|id| path(program, *id)).collect();
        for (number, rule) in &rules.methods {
            let inherits =
                rule.base.0.iter().any(|wanted| bases.iter().any(|base| is(base, wanted)));
            if !inherits {
                continue;
            }
            for method in &class.methods {
                let function = &program.functions[method.0 as usize];
                let name = function.name.map_or("", |name| program.symbols.text(name));
                if !rule.names.iter().any(|wanted| wanted == name)
                    || !does(program, function, rule.body)
                {
                    continue;
                }
                let weakness = &rules.weaknesses[*number];
                found.push(Alarm {
                    rule: weakness.id.clone(),
                    weakness: weakness.name.clone(),
                    cwe: weakness.cwe.clone(),
                    severity: rule.severity.unwrap_or(weakness.severity),
                    confidence: weakness.confidence,
                    span: function.span,
                    message: rule.message.clone().unwrap_or_else(|| weakness.title.clone()),
                    trail: Vec::new(),
                    fix: None,
                });
            }
        }
    }
    found
}

/// Whether the path of a base is the wanted one; where a module is imported as a whole, nobody
/// knows more than the name.
fn is(base: &str, wanted: &str) -> bool {
    base == wanted || !base.contains('.') && wanted.rsplit('.').next() == Some(base)
}

/// The path of a type, through the imports of the file.
fn path(program: &Program, id: ExprId) -> Option<String> {
    match &program.expressions.get(id.0 as usize)?.0 {
        Expression::Name(name) => Some(imported(program, *name)),
        Expression::Attribute { base, name } => {
            Some(format!("{}.{}", path(program, *base)?, program.symbols.text(*name)))
        }
        Expression::Index { base, .. } => path(program, *base),
        _ => None,
    }
}

fn imported(program: &Program, name: Symbol) -> String {
    for id in &program.functions[0].body {
        if let StatementKind::Import { module, member, name: bound } =
            &program.statements[id.0 as usize].kind
            && *bound == name
        {
            let module = program.symbols.text(*module);
            return match member {
                Some(member) => format!("{module}.{}", program.symbols.text(*member)),
                None => module.to_owned(),
            };
        }
    }
    program.symbols.text(name).to_owned()
}

/// Whether that is all a function does.
pub(crate) fn does(program: &Program, function: &Function, body: MethodBody) -> bool {
    let kinds: Vec<&StatementKind> =
        function.body.iter().map(|id| &program.statements[id.0 as usize].kind).collect();
    match (body, kinds.as_slice()) {
        (MethodBody::Empty, []) => true,
        (MethodBody::True, [StatementKind::Return(Some(value))]) => matches!(
            program.expressions[value.0 as usize].0,
            Expression::Boolean(true) | Expression::Integer(1)
        ),
        _ => false,
    }
}
