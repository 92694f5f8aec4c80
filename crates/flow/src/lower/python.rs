//! Python, from ruff's syntax tree.
//!
//! The tree is walked recursively: the caller bounds how deeply it nests.

mod comprehensions;
mod expressions;
mod functions;
mod patterns;
mod statements;

use std::collections::HashSet;

use ruff_python_ast::ModModule;
use ruff_text_size::{Ranged, TextRange};

use crate::ir::{
    ClassId, ExprId, Expression, Function, FunctionId, Program, Span, StatementKind, StmtId, Symbol,
};

/// The program of a file.
#[must_use]
pub fn lower(module: &ModModule) -> Program {
    let mut lowering = Lowering { program: Program::default(), around: Vec::new(), class: None };
    lowering.program.functions.push(empty_function(span(module.range)));
    lowering.around.push(Around { function: FunctionId(0), ..Around::default() });
    let body = lowering.block(&module.body);
    let around = lowering.around.pop().expect("it was pushed above");
    let file = &mut lowering.program.functions[0];
    file.body = body;
    file.locals = around.locals();
    file.is_public = true;
    lowering.program
}

/// What is known while a tree is walked.
struct Lowering {
    program: Program,
    /// The functions around, the innermost last.
    around: Vec<Around>,
    /// The class whose body is walked.
    class: Option<ClassId>,
}

/// A function being walked.
struct Around {
    function: FunctionId,
    /// What it binds, in order.
    bound: Vec<Symbol>,
    seen: HashSet<Symbol>,
    /// What it says belongs to an outer function.
    outer: HashSet<Symbol>,
    is_generator: bool,
}

impl Default for Around {
    fn default() -> Around {
        Around {
            function: FunctionId(0),
            bound: Vec::new(),
            seen: HashSet::new(),
            outer: HashSet::new(),
            is_generator: false,
        }
    }
}

impl Around {
    fn locals(self) -> Vec<Symbol> {
        let outer = self.outer;
        self.bound.into_iter().filter(|name| !outer.contains(name)).collect()
    }
}

fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

fn span_of(node: &impl Ranged) -> Span {
    span(node.range())
}

fn empty_function(span: Span) -> Function {
    Function {
        name: None,
        span,
        parameters: Vec::new(),
        decorators: Vec::new(),
        result: None,
        body: Vec::new(),
        class: None,
        parent: None,
        is_public: false,
        is_generator: false,
        is_static: false,
        locals: Vec::new(),
    }
}

impl Lowering {
    fn symbol(&mut self, text: &str) -> Symbol {
        self.program.symbols.intern(text)
    }

    fn add(&mut self, expression: Expression, span: Span) -> ExprId {
        self.program.expression(expression, span)
    }

    fn add_statement(&mut self, kind: StatementKind, span: Span) -> StmtId {
        self.program.statement(kind, span)
    }

    fn function(&self) -> FunctionId {
        self.around.last().map_or(FunctionId(0), |around| around.function)
    }

    /// Notes that the function being walked binds a name; names in the body of a class do not.
    fn binds(&mut self, name: Symbol) {
        if self.class.is_some() {
            return;
        }
        if let Some(around) = self.around.last_mut()
            && around.seen.insert(name)
        {
            around.bound.push(name);
        }
    }

    fn name(&mut self, text: &str, span: Span) -> ExprId {
        let name = self.symbol(text);
        self.add(Expression::Name(name), span)
    }
}
