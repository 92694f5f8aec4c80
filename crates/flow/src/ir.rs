//! The intermediate form: one program, of any language, as arenas of functions, statements and
//! expressions. Only what matters for the flow of values is kept apart; everything else is
//! [`Expression::Unknown`] with its parts.
//!
//! Everything is an index into an arena, so that no walk recurses over boxes and nothing has a
//! lifetime. Ranges are bytes of the text.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// A range of bytes of the text. Files are smaller than 4 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
    };
}

index!(
    /// A name or text that occurs in the program, in [`Program::symbols`].
    Symbol
);
index!(
    /// An expression, in [`Program::expressions`].
    ExprId
);
index!(
    /// A statement, in [`Program::statements`].
    StmtId
);
index!(
    /// A function, in [`Program::functions`].
    FunctionId
);
index!(
    /// A class, in [`Program::classes`].
    ClassId
);

/// Statements in order.
pub type Block = Vec<StmtId>;

/// One file.
#[derive(Debug, Default)]
pub struct Program {
    /// The first one is the body of the file itself.
    pub functions: Vec<Function>,
    /// Classes, in order of their start.
    pub classes: Vec<Class>,
    /// The arena of statements.
    pub statements: Vec<Statement>,
    /// The arena of expressions, and where each stands.
    pub expressions: Vec<(Expression, Span)>,
    /// Names and texts.
    pub symbols: Symbols,
}

/// A function, method, closure or the body of the file.
#[derive(Debug)]
pub struct Function {
    /// `None` for closures and the file.
    pub name: Option<Symbol>,
    /// All of it.
    pub span: Span,
    /// In order; a receiver (`self`, Go's receiver) comes first.
    pub parameters: Vec<Parameter>,
    /// Decorators, annotations, attributes.
    pub decorators: Vec<ExprId>,
    /// The declared type of the result.
    pub result: Option<ExprId>,
    /// What it does. A closure that is one expression returns it.
    pub body: Block,
    /// The class it is a method of.
    pub class: Option<ClassId>,
    /// The function it stands in.
    pub parent: Option<FunctionId>,
    /// Whether others can call it: exported, public, or in a language that does not say.
    pub is_public: bool,
    /// Whether it yields, so that its yields are its result.
    pub is_generator: bool,
    /// Whether a method has no receiver.
    pub is_static: bool,
    /// Names that it binds itself: those that are not here belong to an outer function.
    pub locals: Vec<Symbol>,
}

/// One parameter. A destructured one has a made-up name that the body takes apart first.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Symbol,
    /// Where it stands.
    pub span: Span,
    /// How arguments come to it.
    pub kind: ParameterKind,
    /// The value without an argument.
    pub default: Option<ExprId>,
    /// Its declared type.
    pub annotation: Option<ExprId>,
    /// Its annotations or decorators (`@RequestParam`).
    pub decorators: Vec<ExprId>,
}

/// How arguments come to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// By position or by name.
    Plain,
    /// By name only.
    Named,
    /// All remaining positions, as a list.
    Rest,
    /// All remaining names, as a dictionary.
    RestNamed,
    /// The object the method is called on.
    Receiver,
}

/// A class, struct with methods, or object type.
#[derive(Debug)]
pub struct Class {
    /// `None` for class expressions.
    pub name: Option<Symbol>,
    /// All of it.
    pub span: Span,
    /// What it extends or implements.
    pub bases: Vec<ExprId>,
    /// Decorators, annotations, attributes.
    pub decorators: Vec<ExprId>,
    /// Its methods, constructors among them by the language's name (`__init__`, `constructor`;
    /// Java's `<init>`).
    pub methods: Vec<FunctionId>,
    /// Fields with their values, and other statements that run when it is made.
    pub body: Block,
}

/// One statement.
#[derive(Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// All of it.
    pub span: Span,
}

/// What a statement does.
#[derive(Debug)]
pub enum StatementKind {
    /// The value of an expression is not used.
    Expression(ExprId),
    /// `target = value`, `target op= value`, or a declaration.
    Assign {
        /// A name, attribute, index, or [`Expression::List`] of them to take apart
        /// ([`Expression::Dictionary`] for objects: key to target).
        target: ExprId,
        /// `None` for a declaration without a value.
        value: Option<ExprId>,
        /// The operator of `op=`.
        operator: Option<BinaryOperator>,
        /// The declared type.
        annotation: Option<ExprId>,
    },
    /// Leaves the function with a value.
    Return(Option<ExprId>),
    /// Throws, panics: leaves the function or goes to a handler.
    Raise(Option<ExprId>),
    /// One of two.
    If {
        /// What decides.
        test: ExprId,
        /// Where it is true.
        then: Block,
        /// Where it is not.
        otherwise: Block,
    },
    /// `while`; `do … while` with [`StatementKind::Block`] before.
    While {
        /// `None` for `loop`.
        test: Option<ExprId>,
        /// What is repeated.
        body: Block,
        /// After an end without `break` (Python).
        otherwise: Block,
    },
    /// A loop over a collection. `for (a; b; c)` is a block of an assignment and a `while`.
    For {
        /// Takes each element; as the target of an assignment.
        target: ExprId,
        /// What is walked.
        iterable: ExprId,
        /// Whether keys or indexes come, not elements (`for … in` of JavaScript).
        keys: bool,
        /// What is repeated.
        body: Block,
        /// After an end without `break` (Python).
        otherwise: Block,
    },
    /// `match`, `switch`.
    Match {
        /// What is compared.
        subject: ExprId,
        /// In order.
        cases: Vec<Case>,
    },
    /// `try`.
    Try {
        /// What may throw.
        body: Block,
        /// What catches.
        handlers: Vec<Handler>,
        /// After a body that did not throw (Python).
        otherwise: Block,
        /// At the end in any case.
        finally: Block,
    },
    /// `with a as b`, `try (b = a)`, `using`: the resource and what takes it.
    With {
        /// Resource and target.
        items: Vec<(ExprId, Option<ExprId>)>,
        /// Where they are open.
        body: Block,
    },
    /// Statements in a block of their own.
    Block(Block),
    /// Leaves a loop or switch.
    Break,
    /// On with the next round.
    Continue,
    /// Removes a binding or element.
    Delete(ExprId),
    /// Ends the program where the test is false.
    Assert(ExprId),
    /// Binds a name to something of another module.
    Import {
        /// The module as written, in dots for `.`, `::`; otherwise as is (`os.path`,
        /// `node:fs/promises`, `os/exec`, `java.io`, `std.process`).
        module: Symbol,
        /// What is taken from it; `None` for the module itself. `*` for everything.
        member: Option<Symbol>,
        /// The name here.
        name: Symbol,
    },
    /// A function bound to its name.
    Define(FunctionId),
    /// A class bound to its name.
    DefineClass(ClassId),
    /// Makes the value known to other files, under a name (`default` for the default).
    Export {
        /// Under which name.
        name: Symbol,
        /// What.
        value: ExprId,
    },
}

/// One case of a match.
#[derive(Debug)]
pub struct Case {
    /// Values compared with the subject; none of them for the default. A pattern that binds names
    /// is an assignment target.
    pub patterns: Vec<ExprId>,
    /// A further condition.
    pub guard: Option<ExprId>,
    /// What is done.
    pub body: Block,
    /// Whether it goes on with the next case where it does not leave.
    pub falls_through: bool,
}

/// One handler of a `try`.
#[derive(Debug)]
pub struct Handler {
    /// What is caught; none for everything.
    pub types: Vec<ExprId>,
    /// The name of what was caught.
    pub name: Option<Symbol>,
    /// What is done.
    pub body: Block,
    /// All of it.
    pub span: Span,
}

/// One expression.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A variable, function, class or module; also a type in an annotation.
    Name(Symbol),
    /// `base.name`, also `base->name` and `base::name`.
    Attribute {
        /// Of what.
        base: ExprId,
        /// Which.
        name: Symbol,
    },
    /// `base[index]`; also a type with parameters in an annotation.
    Index {
        /// Of what.
        base: ExprId,
        /// Which.
        index: ExprId,
    },
    /// `base[from:to]`.
    Slice {
        /// Of what.
        base: ExprId,
        /// First index.
        from: Option<ExprId>,
        /// Index after the last.
        to: Option<ExprId>,
    },
    /// A call of a function, method, constructor or macro (`format!` without the mark).
    Call {
        /// What is called.
        callee: ExprId,
        /// With what.
        arguments: Vec<Argument>,
        /// Whether it makes an object of a class (`new`).
        is_new: bool,
    },
    /// A text. Escapes are resolved.
    Text(Symbol),
    /// Bytes. Escapes are resolved, bytes outside ASCII are `\u{fffd}`.
    Bytes(Symbol),
    /// A whole number; those that do not fit are [`Expression::Unknown`].
    Integer(i64),
    /// Another number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// `None`, `null`, `undefined`, `nil`.
    Nothing,
    /// A regular expression as written between the slashes, and its flags.
    Regex(Symbol, Symbol),
    /// A text with values in it: f-string, template literal. Parts that are texts are
    /// [`Expression::Text`].
    Template {
        /// In order.
        parts: Vec<ExprId>,
        /// The function that is given the parts (JavaScript's tagged templates).
        tag: Option<ExprId>,
    },
    /// Two operands.
    Binary {
        /// How.
        operator: BinaryOperator,
        /// The left one.
        left: ExprId,
        /// The right one.
        right: ExprId,
    },
    /// One operand.
    Unary {
        /// How.
        operator: UnaryOperator,
        /// On what.
        operand: ExprId,
    },
    /// A comparison; chains are joined by [`Expression::Logical`].
    Compare {
        /// How.
        operator: CompareOperator,
        /// The left one.
        left: ExprId,
        /// The right one.
        right: ExprId,
    },
    /// `and`, `or`, `??`.
    Logical {
        /// How.
        operator: LogicalOperator,
        /// The left one.
        left: ExprId,
        /// The right one.
        right: ExprId,
    },
    /// `then if test else otherwise`, `test ? then : otherwise`.
    Conditional {
        /// What decides.
        test: ExprId,
        /// Where it is true.
        then: ExprId,
        /// Where it is not.
        otherwise: ExprId,
    },
    /// List, tuple, array; as a target it is taken apart.
    List(Vec<ExprId>),
    /// A set.
    Set(Vec<ExprId>),
    /// Keys (`None` for another dictionary that is spread) and values. Names as keys are texts.
    Dictionary(Vec<(Option<ExprId>, ExprId)>),
    /// A struct or record with its type.
    Record {
        /// The type.
        class: ExprId,
        /// Names and values; the empty name for one that is spread.
        fields: Vec<(Symbol, ExprId)>,
    },
    /// An element of a list that is itself many (`*a`, `...a`).
    Spread(ExprId),
    /// A function without a name.
    Function(FunctionId),
    /// A class without a name.
    Class(ClassId),
    /// A comprehension: the loops, then what is collected (and the key, for dictionaries).
    Comprehension {
        /// Runs before the element: nested [`StatementKind::For`] and [`StatementKind::If`], the
        /// innermost with [`StatementKind::Expression`] of the element.
        body: Block,
        /// What is collected.
        element: ExprId,
        /// The key of a dictionary.
        key: Option<ExprId>,
    },
    /// An assignment that is itself a value; also `i++`.
    Assign {
        /// As the target of a statement.
        target: ExprId,
        /// What is assigned.
        value: ExprId,
        /// The operator of `op=`.
        operator: Option<BinaryOperator>,
    },
    /// Waits for a value.
    Await(ExprId),
    /// Gives a value to who walks the generator.
    Yield(Option<ExprId>),
    /// A value as another type: conversion or cast.
    Cast {
        /// Of what.
        value: ExprId,
        /// To what.
        class: ExprId,
    },
    /// A block that is a value (Rust): statements, then the value.
    Block {
        /// What runs.
        body: Block,
        /// The value.
        value: Option<ExprId>,
    },
    /// Markup in code (JSX): a name, attributes as a dictionary, children.
    Element {
        /// The element's name.
        name: ExprId,
        /// Attributes, spread ones without a key.
        attributes: Vec<(Option<Symbol>, ExprId)>,
        /// What stands in it.
        children: Vec<ExprId>,
    },
    /// Anything else, made from its parts.
    Unknown(Vec<ExprId>),
}

/// One argument of a call.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// Its name, where it is given by name.
    pub name: Option<Symbol>,
    /// Its value.
    pub value: ExprId,
    /// Whether it is many arguments (`*a`, `**a`, `...a`).
    pub spread: bool,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
    MatrixMultiply,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `not`, `!`.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
    /// `~`.
    Invert,
    /// `*p`.
    Dereference,
    /// `&x`.
    AddressOf,
    /// `typeof x`, `sizeof x`.
    TypeOf,
    /// `?` of Rust: the value, or out of the function.
    Try,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOperator {
    /// `==`, `===`.
    Equal,
    /// `!=`, `!==`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `instanceof`.
    InstanceOf,
}

/// Operators that do not always look at both operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicalOperator {
    /// The right one where the left one is true.
    And,
    /// The right one where the left one is false.
    Or,
    /// The right one where the left one is nothing.
    Coalesce,
}

/// Names and texts, each once.
#[derive(Debug, Default)]
pub struct Symbols {
    texts: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, Symbol>,
}

impl Symbols {
    /// The number of a text.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.numbers.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.numbers.insert(text.into(), symbol);
        symbol
    }

    /// The text of a number.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.0 as usize).map_or("", |text| text)
    }

    /// The number of a text that occurs.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.numbers.get(text).copied()
    }
}

impl Program {
    /// Adds an expression.
    pub fn expression(&mut self, expression: Expression, span: Span) -> ExprId {
        let id = ExprId(number(self.expressions.len()));
        self.expressions.push((expression, span));
        id
    }

    /// Adds a statement.
    pub fn statement(&mut self, kind: StatementKind, span: Span) -> StmtId {
        let id = StmtId(number(self.statements.len()));
        self.statements.push(Statement { kind, span });
        id
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Span {
        Span { start: number(range.start), end: number(range.end) }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Range<usize> {
        span.start as usize..span.end as usize
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
