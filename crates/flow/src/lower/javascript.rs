//! JavaScript and TypeScript, with JSX, from the tree of oxc.
//!
//! What the small form does not have is written in what it has:
//!
//! - `require("m")` and `import("m")` of a constant are imports. `node:` is left out. The default
//!   of a package is the package itself; only a file beside this one (`./m`) has a `default`.
//! - Patterns are taken apart by reading attributes and indexes.
//! - `<a href={u}>x</a>` is `JSX.element("a", href=u, "x")`, with attributes as named arguments;
//!   `<Part a={u}/>` is `Part({a: u, children: []})`.
//! - `this` is the receiver of methods, `super` and `debugger` are names.
//! - A name of a block that hides one of the same function is another: `name#2`. Made-up names
//!   are `#1`.
//! - `list.includes(x)`, `set.has(x)`, `list.indexOf(x) !== -1` are `x in list`.
//! - Attributes that a test reads get a name of their own, see [`places`].
//! - Types vanish but where they are a name (`req: Request`).
//!
//! The walk recurses as deeply as the tree is; [`depth`] bounds that before a text is parsed.

mod depth;
mod expressions;
mod functions;
mod markup;
mod membership;
mod modules;
mod patterns;
mod places;
mod scopes;
mod statements;
mod types;

use oxc::allocator::Allocator;
use oxc::ast::ast;
use oxc::parser::{ParseOptions, Parser};
use oxc::span::SourceType;

use crate::ir::{Block, ExprId, Expression, FunctionId, Program, Span, StatementKind, Symbol};

pub use depth::{DEPTH_MAX, depth};

/// Which language a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
}

/// One error of syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong, in oxc's words.
    pub message: String,
}

/// A parsed text.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The tree; empty where the parser gave up.
    pub program: ast::Program<'a>,
    /// In the order the parser met them. What is not empty makes the tree a guess.
    pub errors: Vec<SyntaxError>,
}

/// Parses a text. A file that uses `import` or `export` is a module, others are scripts.
///
/// The parser recurses: refuse texts of which [`depth`] is above [`DEPTH_MAX`] first, and give it
/// 256 MiB of stack.
#[must_use]
pub fn parse<'a>(allocator: &'a Allocator, text: &'a str, dialect: Dialect) -> Parsed<'a> {
    let source = match dialect {
        Dialect::JavaScript => SourceType::unambiguous().with_jsx(true),
        Dialect::TypeScript => SourceType::ts(),
        Dialect::Tsx => SourceType::tsx(),
    };
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(allocator, text, source).with_options(options).parse();
    let mut errors: Vec<SyntaxError> = parsed
        .diagnostics
        .errors()
        .map(|error| SyntaxError {
            span: error.labels.first().map_or_else(Span::default, |label| Span {
                start: label.offset(),
                end: label.offset() + label.len(),
            }),
            message: error.message.to_string(),
        })
        .collect();
    if parsed.panicked && errors.is_empty() {
        let message = "the parser gave up".to_owned();
        errors.push(SyntaxError { span: Span::default(), message });
    }
    Parsed { program: parsed.program, errors }
}

/// Brings a tree into the small form; `None` for one that is deeper than [`LOWERED_MAX`].
#[must_use]
pub fn lower(program: &ast::Program<'_>) -> Option<Program> {
    let mut lowering = Lowering::new();
    lowering.file(program);
    (!lowering.too_deep).then_some(lowering.program)
}

/// Deepest tree that is lowered: what comes after recurses too.
pub const LOWERED_MAX: usize = 2_000;

/// The work in progress.
struct Lowering {
    program: Program,
    /// The function that is being read; the file is the first.
    function: FunctionId,
    scopes: scopes::Scopes,
    /// What others can call.
    exports: modules::Exports,
    /// Whether the value being read is exported as it stands.
    exporting: bool,
    places: places::Places,
    /// How deep in the tree it is.
    depth: usize,
    too_deep: bool,
}

impl Lowering {
    fn expression(&mut self, expression: Expression, span: oxc::span::Span) -> ExprId {
        self.program.expression(expression, at(span))
    }

    fn push(&mut self, block: &mut Block, kind: StatementKind, span: oxc::span::Span) {
        block.push(self.program.statement(kind, at(span)));
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.program.symbols.intern(text)
    }

    fn name(&mut self, text: &str, span: oxc::span::Span) -> ExprId {
        let symbol = self.intern(text);
        self.expression(Expression::Name(symbol), span)
    }

    fn text(&mut self, text: &str, span: oxc::span::Span) -> ExprId {
        let symbol = self.intern(text);
        self.expression(Expression::Text(symbol), span)
    }

    fn attribute(&mut self, base: ExprId, name: &str, span: oxc::span::Span) -> ExprId {
        let name = self.intern(name);
        self.expression(Expression::Attribute { base, name }, span)
    }

    /// A variable that the text does not have.
    fn temporary(&mut self) -> Symbol {
        let name = self.scopes.number();
        let symbol = self.intern(&format!("#{name}"));
        self.scopes.own(symbol);
        symbol
    }

    fn assign(&mut self, block: &mut Block, target: ExprId, value: ExprId, span: oxc::span::Span) {
        let kind =
            StatementKind::Assign { target, value: Some(value), operator: None, annotation: None };
        self.push(block, kind, span);
    }
}

fn at(span: oxc::span::Span) -> Span {
    Span { start: span.start, end: span.end }
}
