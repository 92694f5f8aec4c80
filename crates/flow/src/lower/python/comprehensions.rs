//! Comprehensions and generator expressions: loops whose elements are collected.

use ruff_python_ast::{self as ast, Expr};

use super::{Lowering, span_of};
use crate::ir::{Expression, Span, StatementKind};

impl Lowering {
    pub(super) fn comprehension(
        &mut self,
        generators: &[ast::Comprehension],
        element: &Expr,
        key: Option<&Expr>,
        at: Span,
    ) -> Expression {
        // The names of the loops are bound before the element is walked.
        let mut loops = Vec::with_capacity(generators.len());
        for generator in generators {
            let iterable = self.expression(&generator.iter);
            let target = self.target(&generator.target);
            let tests = self.all(&generator.ifs);
            loops.push((iterable, target, tests, span_of(&generator.target)));
        }
        let element = self.expression(element);
        let key = key.map(|key| self.expression(key));
        let mut body = vec![self.one(StatementKind::Expression(element), at)];
        for (iterable, target, tests, at) in loops.into_iter().rev() {
            for test in tests.into_iter().rev() {
                let kind = StatementKind::If { test, then: body, otherwise: Vec::new() };
                body = vec![self.one(kind, at)];
            }
            let otherwise = Vec::new();
            let kind = StatementKind::For { target, iterable, keys: false, body, otherwise };
            body = vec![self.one(kind, at)];
        }
        Expression::Comprehension { body, element, key }
    }
}
