//! What a Python program declares. The tree is known to be shallow.

use std::ops::Range;

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_body};
use ruff_python_ast::{
    AnyNodeRef, Comprehension, Decorator, ElifElseClause, Expr, ExprContext, Stmt, StmtClassDef,
    StmtFunctionDef, StmtImport, StmtImportFrom,
};
use ruff_text_size::{Ranged, TextRange};

use crate::outline::{Body, Class, Declared, Import, Outline};

/// Ends of the names of classes that are made to be derived from.
const ABSTRACT_NAMES: &[&str] =
    &["Base", "Mixin", "Interface", "Protocol", "Abstract", "ABC", "Backend", "Null", "Dummy"];

pub(super) fn outline(text: &str, body: &[Stmt]) -> Outline {
    let mut walk = Walk { text, ..Walk::default() };
    walk.unreachable(body);
    walk_body(&mut walk, body);
    walk.outline.functions.sort_by_key(|function| function.range.start);
    walk.outline.reads.sort_by_key(|read| read.start);
    walk.outline
}

#[derive(Default)]
struct Walk<'t> {
    text: &'t str,
    outline: Outline,
    /// Functions and classes around, the outermost first.
    around: Vec<Around>,
    /// `try` and `if TYPE_CHECKING` around.
    optional: usize,
    /// Levels of control structures around, within the outermost function.
    nesting: usize,
    /// For each function around, the nesting outside it, and whether it was seen to call itself.
    outside: Vec<(usize, bool)>,
}

enum Around {
    Function(Box<Declared>),
    Class(Class),
}

impl<'a> SourceOrderVisitor<'a> for Walk<'_> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        match node {
            AnyNodeRef::StmtFunctionDef(function) => self.enter_function(function),
            AnyNodeRef::StmtClassDef(class) => {
                self.unreachable(&class.body);
                self.around.push(Around::Class(class_of(class)));
            }
            AnyNodeRef::StmtImport(import) => self.import(import),
            AnyNodeRef::StmtImportFrom(import) => self.import_from(import),
            AnyNodeRef::StmtTry(one) => {
                self.optional += 1;
                for body in [&one.body, &one.orelse, &one.finalbody] {
                    self.unreachable(body);
                }
            }
            AnyNodeRef::ExprName(name) if name.ctx != ExprContext::Store => {
                self.outline.reads.push(bytes(name.range()));
            }
            AnyNodeRef::StmtAssert(_) => self.count_assertion(),
            AnyNodeRef::ExprCall(call) if is_assertion(&call.func) => self.count_assertion(),
            _ => {}
        }
        self.enter_structure(node);
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, node: AnyNodeRef<'a>) {
        self.nesting -= usize::from(self.deepens(node));
        match node {
            AnyNodeRef::StmtFunctionDef(_) => {
                self.nesting = self.outside.pop().unwrap_or_default().0;
                if let Some(Around::Function(function)) = self.around.pop() {
                    // What is written in an inner function is read with the outer one.
                    if let Some(outer) = self.innermost() {
                        outer.cognitive += function.cognitive;
                        outer.assertions += function.assertions;
                    }
                    self.outline.functions.push(*function);
                }
            }
            AnyNodeRef::StmtClassDef(_) => {
                self.around.pop();
            }
            AnyNodeRef::StmtTry(_) => self.optional -= 1,
            AnyNodeRef::StmtIf(one) if is_type_checking(&one.test) => self.optional -= 1,
            _ => {}
        }
    }
}

impl Walk<'_> {
    fn enter_function(&mut self, function: &StmtFunctionDef) {
        self.unreachable(&function.body);
        let documented = is_text(function.body.first());
        let rest = &function.body[usize::from(documented)..];
        let parameters = function.parameters.iter().map(|one| {
            let name = one.name();
            (name.to_string(), bytes(name.range()))
        });
        let class = match self.around.last() {
            Some(Around::Class(class)) => Some(class.clone()),
            _ => None,
        };
        let decorators = function.decorator_list.iter().map(decorator).collect();
        let body_range = match (rest.first(), rest.last()) {
            (Some(first), Some(last)) => first.start().into()..last.end().into(),
            _ => usize::from(function.end())..usize::from(function.end()),
        };
        let inner = self.around.iter().any(|one| matches!(one, Around::Function(_)));
        self.outside.push((self.nesting, false));
        if !inner {
            self.nesting = 0;
        }
        self.around.push(Around::Function(Box::new(Declared {
            name: function.name.to_string(),
            name_range: bytes(function.name.range()),
            range: bytes(function.range()),
            class,
            inner,
            decorators,
            parameters: parameters.collect(),
            documented,
            body: body_of(self.text, rest),
            body_range,
            cognitive: 0,
            assertions: 0,
        })));
    }

    /// Counts cognitive complexity, and keeps the nesting.
    fn enter_structure(&mut self, node: AnyNodeRef<'_>) {
        let nesting = self.nesting;
        let cost = match node {
            AnyNodeRef::StmtIf(one) => {
                self.unreachable(&one.body);
                self.optional += usize::from(is_type_checking(&one.test));
                1 + nesting
            }
            AnyNodeRef::StmtFor(one) => {
                self.unreachable(&one.body);
                1 + nesting
            }
            AnyNodeRef::StmtWhile(one) => {
                self.unreachable(&one.body);
                1 + nesting
            }
            AnyNodeRef::ExprListComp(one) => loops(&one.generators, nesting),
            AnyNodeRef::ExprSetComp(one) => loops(&one.generators, nesting),
            AnyNodeRef::ExprDictComp(one) => loops(&one.generators, nesting),
            AnyNodeRef::ExprGenerator(one) => loops(&one.generators, nesting),
            AnyNodeRef::ExprCall(call) => usize::from(self.calls_itself(&call.func)),
            AnyNodeRef::StmtWith(one) => {
                self.unreachable(&one.body);
                0
            }
            AnyNodeRef::ExceptHandlerExceptHandler(one) => {
                self.unreachable(&one.body);
                1 + nesting
            }
            AnyNodeRef::ElifElseClause(ElifElseClause { body, .. }) => {
                self.unreachable(body);
                1
            }
            AnyNodeRef::StmtMatch(_) | AnyNodeRef::ExprIf(_) => 1 + nesting,
            AnyNodeRef::ExprBoolOp(_) => 1,
            _ => 0,
        };
        self.nesting += usize::from(self.deepens(node));
        if let Some(function) = self.innermost() {
            function.cognitive += cost;
        }
    }

    /// Whether what stands in a node is one level deeper.
    fn deepens(&self, node: AnyNodeRef<'_>) -> bool {
        match node {
            AnyNodeRef::StmtIf(_)
            | AnyNodeRef::StmtFor(_)
            | AnyNodeRef::StmtWhile(_)
            | AnyNodeRef::ExceptHandlerExceptHandler(_)
            | AnyNodeRef::StmtMatch(_)
            | AnyNodeRef::ExprIf(_)
            | AnyNodeRef::ExprLambda(_)
            | AnyNodeRef::ExprListComp(_)
            | AnyNodeRef::ExprSetComp(_)
            | AnyNodeRef::ExprDictComp(_)
            | AnyNodeRef::ExprGenerator(_) => true,
            // A function in a function, but not one that only wraps it.
            AnyNodeRef::StmtFunctionDef(function) => {
                let own = |around: &&Around| match around {
                    Around::Function(outer) => same(outer, function),
                    Around::Class(_) => false,
                };
                let outer = match self.around.iter().rev().find(|around| !own(around)) {
                    Some(Around::Function(outer)) => Some(outer),
                    _ => None,
                };
                outer.is_some_and(|outer| !wraps(self.text, outer, function))
            }
            _ => false,
        }
    }

    /// Whether this is the first call by which the innermost function calls itself.
    fn calls_itself(&mut self, callee: &Expr) -> bool {
        let Expr::Name(name) = callee else { return false };
        let itself = self
            .innermost()
            .is_some_and(|function| function.class.is_none() && function.name == name.id.as_str());
        match self.outside.last_mut() {
            Some((_, counted)) if itself && !*counted => {
                *counted = true;
                true
            }
            _ => false,
        }
    }

    fn innermost(&mut self) -> Option<&mut Declared> {
        self.around.iter_mut().rev().find_map(|around| match around {
            Around::Function(function) => Some(function.as_mut()),
            Around::Class(_) => None,
        })
    }

    fn count_assertion(&mut self) {
        if let Some(function) = self.innermost() {
            function.assertions += 1;
        }
    }

    /// Notes the first statement after one that never goes on.
    fn unreachable(&mut self, body: &[Stmt]) {
        let leaves = |one: &Stmt| {
            matches!(one, Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_))
        };
        let Some(end) = body.iter().position(leaves) else { return };
        if let (Some(first), Some(last)) = (body.get(end + 1), body.last()) {
            // `return; yield` makes a generator of a function.
            let yields = matches!(first, Stmt::Expr(one) if one.value.is_yield_expr());
            if !yields {
                self.outline.unreachable.push(first.start().into()..last.end().into());
            }
        }
    }

    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            self.outline.imports.push(Import {
                module: alias.name.to_string(),
                level: 0,
                range: bytes(alias.range()),
                optional: self.optional > 0,
            });
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let module = import.module.as_ref();
        self.outline.imports.push(Import {
            module: module.map(ToString::to_string).unwrap_or_default(),
            level: import.level,
            range: module.map_or_else(|| bytes(import.range()), |name| bytes(name.range())),
            optional: self.optional > 0,
        });
    }
}

/// What the loops of a comprehension cost, each with its conditions.
fn loops(generators: &[Comprehension], nesting: usize) -> usize {
    generators.iter().map(|one| 1 + nesting + one.ifs.len()).sum()
}

fn same(outer: &Declared, function: &StmtFunctionDef) -> bool {
    outer.range.start == usize::from(function.start())
}

/// Whether a function holds nothing but an inner one and what returns it: a decorator.
fn wraps(text: &str, outer: &Declared, inner: &StmtFunctionDef) -> bool {
    let range = &outer.body_range;
    let before = text.get(range.start..inner.start().into()).unwrap_or_default();
    let after = text.get(usize::from(inner.end())..range.end).unwrap_or_default().trim();
    before.trim().is_empty() && after.starts_with("return ") && !after.contains('\n')
}

fn class_of(class: &StmtClassDef) -> Class {
    let name = class.name.to_string();
    let bases = class.arguments.as_deref();
    let said = |expr: &Expr| {
        let expr = if let Expr::Subscript(one) = expr { &one.value } else { expr };
        let path = dotted(expr).unwrap_or_default();
        let last = path.rsplit('.').next().unwrap_or_default().to_owned();
        matches!(last.as_str(), "Protocol" | "ABC" | "ABCMeta" | "Interface" | "TypedDict")
    };
    let by_base = bases.is_some_and(|bases| {
        bases.args.iter().any(said) || bases.keywords.iter().any(|keyword| said(&keyword.value))
    });
    let by_name = ABSTRACT_NAMES.iter().any(|word| name.contains(word));
    let derived = bases.is_some_and(|bases| !bases.args.is_empty());
    Class { name, is_abstract: by_base || by_name, derived }
}

fn decorator(decorator: &Decorator) -> (String, Range<usize>) {
    let called = match &decorator.expression {
        Expr::Call(call) => &call.func,
        other => other,
    };
    (dotted(called).unwrap_or_default(), bytes(decorator.range()))
}

/// `a.b.c` as a text; `None` for anything else.
pub(super) fn dotted(expr: &Expr) -> Option<String> {
    let mut parts = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                parts.reverse();
                return Some(parts.join("."));
            }
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                expr = &attribute.value;
            }
            _ => return None,
        }
    }
}

fn is_text(stmt: Option<&Stmt>) -> bool {
    matches!(stmt, Some(Stmt::Expr(one)) if one.value.is_string_literal_expr())
}

fn is_type_checking(test: &Expr) -> bool {
    dotted(test).is_some_and(|path| path.ends_with("TYPE_CHECKING"))
}

fn is_assertion(callee: &Expr) -> bool {
    let path = dotted(callee).unwrap_or_default();
    let last = path.rsplit('.').next().unwrap_or_default();
    last.starts_with("assert") || last == "fail" || matches!(path.as_str(), "pytest.raises")
}

fn body_of(text: &str, body: &[Stmt]) -> Body {
    let empty = |one: &Stmt| match one {
        Stmt::Pass(_) => true,
        Stmt::Expr(one) => one.value.is_ellipsis_literal_expr(),
        _ => false,
    };
    if body.iter().all(empty) {
        return Body::Empty;
    }
    let [only] = body else { return Body::Code };
    match only {
        Stmt::Raise(raise) => match raise.exc.as_deref() {
            Some(Expr::Call(call)) if is_not_implemented(&call.func) => {
                let message = text.get(bytes(call.arguments.range())).unwrap_or_default();
                Body::NotImplemented(message.to_owned())
            }
            Some(name) if is_not_implemented(name) => Body::NotImplemented(String::new()),
            _ => Body::Code,
        },
        Stmt::Return(one) => match one.value.as_deref() {
            Some(value) if value.is_literal_expr() && !value.is_none_literal_expr() => {
                Body::Constant
            }
            _ => Body::Code,
        },
        _ => Body::Code,
    }
}

fn is_not_implemented(expr: &Expr) -> bool {
    dotted(expr).is_some_and(|path| path == "NotImplementedError")
}

fn bytes(range: TextRange) -> Range<usize> {
    range.start().into()..range.end().into()
}
