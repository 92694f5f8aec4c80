//! `match`: patterns as values to compare with, or as targets that take the subject apart.

use ruff_python_ast::{self as ast, Pattern};
use ruff_text_size::Ranged;

use super::{Lowering, span};
use crate::ir::{Argument, Case, ExprId, Expression, Span, StatementKind};

impl Lowering {
    pub(super) fn cases(&mut self, cases: &ast::StmtMatch) -> StatementKind {
        let subject = self.expression(&cases.subject);
        let cases = cases
            .cases
            .iter()
            .map(|case| {
                let mut patterns = Vec::new();
                self.alternatives(&case.pattern, &mut patterns);
                let guard = case.guard.as_deref().map(|guard| self.expression(guard));
                let body = self.block(&case.body);
                Case { patterns, guard, body, falls_through: false }
            })
            .collect();
        StatementKind::Match { subject, cases }
    }

    /// The alternatives of a case; none for `_`.
    fn alternatives(&mut self, pattern: &Pattern, all: &mut Vec<ExprId>) {
        match pattern {
            Pattern::MatchOr(or) => {
                for one in &or.patterns {
                    self.alternatives(one, all);
                }
            }
            Pattern::MatchAs(ast::PatternMatchAs { pattern: None, name: None, .. }) => {}
            _ => all.push(self.pattern(pattern)),
        }
    }

    fn pattern(&mut self, pattern: &Pattern) -> ExprId {
        let at = span(pattern.range());
        match pattern {
            Pattern::MatchValue(value) => self.expression(&value.value),
            Pattern::MatchSingleton(value) => {
                let value = match value.value {
                    ast::Singleton::None => Expression::Nothing,
                    ast::Singleton::True => Expression::Boolean(true),
                    ast::Singleton::False => Expression::Boolean(false),
                };
                self.add(value, at)
            }
            Pattern::MatchSequence(sequence) => {
                let parts = sequence.patterns.iter().map(|one| self.pattern(one)).collect();
                self.add(Expression::List(parts), at)
            }
            Pattern::MatchMapping(mapping) => {
                let mut entries = Vec::new();
                for (key, pattern) in mapping.keys.iter().zip(&mapping.patterns) {
                    let key = Some(self.expression(key));
                    entries.push((key, self.pattern(pattern)));
                }
                if let Some(rest) = &mapping.rest {
                    let rest = self.bound(&rest.id, at);
                    entries.push((None, rest));
                }
                self.add(Expression::Dictionary(entries), at)
            }
            Pattern::MatchClass(class) => self.class_pattern(class, at),
            Pattern::MatchStar(star) => {
                let inner = match &star.name {
                    Some(name) => self.bound(&name.id, at),
                    None => self.add(Expression::Nothing, at),
                };
                self.add(Expression::Spread(inner), at)
            }
            Pattern::MatchAs(ast::PatternMatchAs { pattern, name, .. }) => {
                let mut parts = Vec::new();
                parts.extend(pattern.as_deref().map(|pattern| self.pattern(pattern)));
                parts.extend(name.as_ref().map(|name| self.bound(&name.id, at)));
                match parts.as_slice() {
                    [one] => *one,
                    _ => self.add(Expression::Unknown(parts), at),
                }
            }
            Pattern::MatchOr(or) => {
                let parts = or.patterns.iter().map(|one| self.pattern(one)).collect();
                self.add(Expression::Unknown(parts), at)
            }
        }
    }

    fn class_pattern(&mut self, class: &ast::PatternMatchClass, at: Span) -> ExprId {
        let callee = self.expression(&class.cls);
        let mut arguments = Vec::new();
        for pattern in &class.arguments.patterns {
            let value = self.pattern(pattern);
            arguments.push(Argument { name: None, value, spread: false });
        }
        for keyword in &class.arguments.keywords {
            let name = Some(self.symbol(&keyword.attr.id));
            let value = self.pattern(&keyword.pattern);
            arguments.push(Argument { name, value, spread: false });
        }
        self.add(Expression::Call { callee, arguments, is_new: false }, at)
    }

    fn bound(&mut self, name: &str, at: Span) -> ExprId {
        let name = self.symbol(name);
        self.binds(name);
        self.add(Expression::Name(name), at)
    }
}
