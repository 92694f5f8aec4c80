//! Depth, functions and names of a Python syntax tree, in one walk.

use std::ops::Range;

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, TraversalSignal, walk_body, walk_expr,
};
use ruff_python_ast::{
    AnyNodeRef, ExprContext, Identifier, MatchCase, Mod, Pattern, Stmt, StmtFunctionDef,
};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::depth;
use crate::analysis::{Function, Name};

/// What one walk tells.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Depth of the deepest node. Nodes below [`depth::DROPPED_MAX`] are not visited.
    pub depth: usize,
    pub functions: Vec<Function>,
    pub names: Vec<Name>,
}

pub(crate) fn measure(body: &[Stmt]) -> Measured {
    let mut walk = Walk::default();
    walk_body(&mut walk, body);
    walk.measured.functions.sort_by_key(|function| function.range.start);
    walk.measured
}

#[derive(Default)]
struct Walk {
    depth: usize,
    /// Control structures around, within the innermost function.
    nesting: usize,
    /// Functions around, each with the nesting outside it.
    open: Vec<(Function, usize)>,
    /// Strings around that are read as code: what they hold is measured for depth alone.
    in_string: bool,
    measured: Measured,
}

impl<'a> SourceOrderVisitor<'a> for Walk {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        self.depth += 1;
        self.measured.depth = self.measured.depth.max(self.depth);
        if self.depth > depth::DROPPED_MAX {
            return TraversalSignal::Skip;
        }
        if let AnyNodeRef::ExprStringLiteral(string) = node {
            self.measure_string(string.value.to_str());
        }
        if !self.in_string {
            self.enter_structure(node);
        }
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, node: AnyNodeRef<'a>) {
        self.depth -= 1;
        if self.in_string {
            return;
        }
        if nests(node) {
            self.nesting -= 1;
        }
        if let AnyNodeRef::StmtFunctionDef(_) = node
            && let Some((function, nesting)) = self.open.pop()
        {
            self.nesting = nesting;
            self.measured.functions.push(function);
        }
    }
}

impl Walk {
    fn enter_structure(&mut self, node: AnyNodeRef<'_>) {
        match node {
            AnyNodeRef::StmtFunctionDef(function) => {
                self.declare(&function.name);
                self.open.push((start_of(function), self.nesting));
                self.nesting = 0;
            }
            AnyNodeRef::StmtClassDef(class) => self.declare(&class.name),
            AnyNodeRef::Parameter(parameter) => self.declare(&parameter.name),
            AnyNodeRef::ExprName(name) if name.ctx == ExprContext::Store => {
                self.measured.names.push(Name { range: bytes(name.range()), convention: None });
            }
            _ => {}
        }
        let paths = paths(node);
        let deeper = nests(node);
        if deeper {
            self.nesting += 1;
        }
        if let Some((function, _)) = self.open.last_mut() {
            function.cyclomatic += paths;
            function.nesting = function.nesting.max(self.nesting);
        }
    }

    fn declare(&mut self, name: &Identifier) {
        self.measured.names.push(Name { range: bytes(name.range()), convention: None });
    }

    /// Linters read a string in an annotation as code, so it deepens the tree like code.
    fn measure_string(&mut self, text: &str) {
        // A string cannot nest deeper than it is long.
        if text.len() < depth::LINTED_MAX / 2 || depth::is_prose(text) {
            return;
        }
        if depth::tokens(text) > depth::TOKENS_MAX {
            self.measured.depth = self.measured.depth.max(depth::LINTED_MAX + 1);
            return;
        }
        let parsed = parse_unchecked(text, ParseOptions::from(Mode::ParenthesizedExpression));
        if parsed.has_valid_syntax()
            && let Mod::Expression(expression) = parsed.syntax()
        {
            let outer = std::mem::replace(&mut self.in_string, true);
            walk_expr(self, &expression.body);
            self.in_string = outer;
        }
    }
}

fn start_of(function: &StmtFunctionDef) -> Function {
    let bound = |parameter: &&ruff_python_ast::ParameterWithDefault| {
        !matches!(parameter.parameter.name.as_str(), "self" | "cls")
    };
    let parameters = &function.parameters;
    Function {
        name: function.name.to_string(),
        name_range: bytes(function.name.range()),
        range: bytes(function.range()),
        cyclomatic: 1,
        nesting: 0,
        parameters: parameters.iter_non_variadic_params().filter(bound).count()
            + usize::from(parameters.vararg.is_some())
            + usize::from(parameters.kwarg.is_some()),
    }
}

/// How many paths a node adds (McCabe 1976: a path for each condition).
fn paths(node: AnyNodeRef<'_>) -> usize {
    match node {
        AnyNodeRef::StmtIf(_)
        | AnyNodeRef::StmtFor(_)
        | AnyNodeRef::StmtWhile(_)
        | AnyNodeRef::ExceptHandlerExceptHandler(_)
        | AnyNodeRef::ExprIf(_) => 1,
        AnyNodeRef::ElifElseClause(clause) => usize::from(clause.test.is_some()),
        AnyNodeRef::MatchCase(case) => usize::from(!takes_the_rest(case)),
        AnyNodeRef::ExprBoolOp(operation) => operation.values.len().saturating_sub(1),
        AnyNodeRef::Comprehension(comprehension) => 1 + comprehension.ifs.len(),
        _ => 0,
    }
}

fn takes_the_rest(case: &MatchCase) -> bool {
    let binds_all = |pattern: &Pattern| match pattern {
        Pattern::MatchAs(as_pattern) => as_pattern.pattern.is_none(),
        _ => false,
    };
    case.guard.is_none() && binds_all(&case.pattern)
}

fn nests(node: AnyNodeRef<'_>) -> bool {
    matches!(
        node,
        AnyNodeRef::StmtIf(_)
            | AnyNodeRef::StmtFor(_)
            | AnyNodeRef::StmtWhile(_)
            | AnyNodeRef::StmtMatch(_)
            | AnyNodeRef::StmtTry(_)
            | AnyNodeRef::StmtWith(_)
    )
}

fn bytes(range: TextRange) -> Range<usize> {
    range.start().into()..range.end().into()
}
