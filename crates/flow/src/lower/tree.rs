//! What the lowerings of tree-sitter trees have in common: the program being made, the functions
//! and blocks being read, names that hide others, numbers and texts.
//!
//! The walks recurse, but only so deep: below [`DEPTH_MAX`] nodes an expression is
//! [`Expression::Unknown`] and a statement is left out. Long chains of one operator are a loop.

use std::collections::{HashMap, HashSet};

use tree_sitter::{Node, Tree};

use crate::ir::{
    Argument, BinaryOperator, Block, Class, ClassId, CompareOperator, ExprId, Expression, Function,
    FunctionId, LogicalOperator, Parameter, ParameterKind, Program, Span, StatementKind, StmtId,
    Symbol,
};

/// How deep the walks go.
const DEPTH_MAX: u32 = 250;
/// Operands of a chain that are kept as pairs; longer chains become one [`Expression::Unknown`].
const CHAIN_MAX: usize = 200;
/// Lists that stand for an array of constant size have at most so many elements.
const ZEROS_MAX: i64 = 64;

/// One file being lowered.
pub(super) struct Lowering<'t> {
    text: &'t str,
    pub(super) program: Program,
    depth: u32,
    /// Functions being read, the innermost last.
    frames: Vec<Frame>,
    /// For every name, the bindings that hold here, the innermost last: the number of the function
    /// in `frames`, the block, and the name in the program.
    bindings: HashMap<Symbol, Vec<(usize, usize, Symbol)>>,
    /// What each open block binds.
    blocks: Vec<Vec<Symbol>>,
    /// Classes being read, the innermost last, with what they hold.
    classes: Vec<(ClassId, Members)>,
    /// Fields that are always the same, with their values.
    constants: HashMap<(ClassId, Symbol), ExprId>,
    /// Macros that are only another name.
    pub(super) aliases: HashMap<Symbol, Symbol>,
    /// `goto`s of the functions being read: the statement and its label.
    pub(super) jumps: Vec<(StmtId, Symbol)>,
    /// Bytes of the text that were read more than once.
    pub(super) reread: usize,
    made_up: u32,
}

/// Fields and methods of a class; true for those of the class itself.
pub(super) type Members = HashMap<Symbol, bool>;

struct Frame {
    id: FunctionId,
    locals: HashSet<Symbol>,
}

/// What is known of a function before its body is read.
#[derive(Default)]
pub(super) struct Heading {
    pub(super) name: Option<Symbol>,
    pub(super) decorators: Vec<ExprId>,
    pub(super) result: Option<ExprId>,
    pub(super) class: Option<ClassId>,
    pub(super) is_public: bool,
    pub(super) is_static: bool,
}

impl<'t> Lowering<'t> {
    pub(super) fn new(text: &'t str) -> Lowering<'t> {
        let mut lowering = Lowering {
            text,
            program: Program::default(),
            depth: 0,
            frames: Vec::new(),
            bindings: HashMap::new(),
            blocks: Vec::new(),
            classes: Vec::new(),
            constants: HashMap::new(),
            aliases: HashMap::new(),
            jumps: Vec::new(),
            reread: 0,
            made_up: 0,
        };
        let span = Span::from(0..text.len());
        lowering.open_function(span, Heading { is_public: true, ..Heading::default() });
        lowering
    }

    /// The program, with the statements of the file.
    pub(super) fn finish(mut self, body: Block) -> Program {
        let Some(id) = self.frames.first().map(|frame| frame.id) else { return self.program };
        self.close_function(id, body);
        self.program
    }

    pub(super) fn text(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The whole file.
    pub(super) fn source(&self) -> &'t str {
        self.text
    }

    pub(super) fn symbol(&mut self, node: Node<'_>) -> Symbol {
        self.program.symbols.intern(self.text(node))
    }

    pub(super) fn intern(&mut self, text: &str) -> Symbol {
        self.program.symbols.intern(text)
    }

    /// One level deeper, if that is not too deep.
    pub(super) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.depth <= DEPTH_MAX
    }

    /// Out of what [`Lowering::enter`] went into, whether it let in or not.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn add(&mut self, node: Node<'_>, expression: Expression) -> ExprId {
        self.program.expression(expression, node.byte_range().into())
    }

    pub(super) fn unknown(&mut self, node: Node<'_>, parts: Vec<ExprId>) -> ExprId {
        self.add(node, Expression::Unknown(parts))
    }

    pub(super) fn statement(&mut self, node: Node<'_>, kind: StatementKind) -> StmtId {
        let named = match &kind {
            StatementKind::Import { name, .. } => Some(*name),
            StatementKind::Define(id) => self.program.functions[id.0 as usize].name,
            StatementKind::DefineClass(id) => self.program.classes[id.0 as usize].name,
            _ => None,
        };
        if let Some(name) = named {
            self.own(name);
        }
        self.program.statement(kind, node.byte_range().into())
    }

    /// `target = value`, at a node.
    pub(super) fn assign(&mut self, node: Node<'_>, target: ExprId, value: ExprId) -> StmtId {
        let kind =
            StatementKind::Assign { target, value: Some(value), operator: None, annotation: None };
        self.statement(node, kind)
    }

    /// A name as an expression, by the binding that holds here.
    pub(super) fn name(&mut self, node: Node<'_>) -> ExprId {
        let symbol = self.symbol(node);
        let symbol = self.resolve(symbol);
        self.add(node, Expression::Name(symbol))
    }

    /// A name that is not looked up.
    pub(super) fn plain_name(&mut self, node: Node<'_>, text: &str) -> ExprId {
        let symbol = self.intern(text);
        self.add(node, Expression::Name(symbol))
    }

    pub(super) fn attribute(&mut self, node: Node<'_>, base: ExprId, name: &str) -> ExprId {
        let name = self.intern(name);
        self.add(node, Expression::Attribute { base, name })
    }

    pub(super) fn call(&mut self, node: Node<'_>, callee: ExprId, values: &[ExprId]) -> ExprId {
        let arguments = values.iter().map(|value| plain(*value)).collect();
        self.add(node, Expression::Call { callee, arguments, is_new: false })
    }

    /// A name that no program has.
    pub(super) fn made_up(&mut self) -> Symbol {
        self.made_up += 1;
        let symbol = self.intern(&format!("#{}", self.made_up));
        self.own(symbol);
        symbol
    }

    /// Binds a name in the innermost block; where it hides another of the same function, under a
    /// name of its own.
    pub(super) fn bind(&mut self, symbol: Symbol) -> Symbol {
        let frame = self.frames.len();
        let block = self.blocks.len();
        let bound = self.bindings.get(&symbol).and_then(|found| found.last()).copied();
        let name = match bound {
            Some((_, in_block, name)) if in_block == block => return name,
            Some((in_frame, _, _)) if in_frame == frame => {
                let count = self.bindings.get(&symbol).map_or(0, Vec::len) + 1;
                let text = format!("{}#{count}", self.program.symbols.text(symbol));
                self.intern(&text)
            }
            _ => symbol,
        };
        self.bindings.entry(symbol).or_default().push((frame, block, name));
        if let Some(names) = self.blocks.last_mut() {
            names.push(symbol);
        }
        self.own(name);
        name
    }

    /// Binds the name that a node spells, as an expression to assign to.
    pub(super) fn bind_node(&mut self, node: Node<'_>) -> ExprId {
        let symbol = self.symbol(node);
        let symbol = self.bind(symbol);
        self.add(node, Expression::Name(symbol))
    }

    /// Binds a name in the innermost block to a variable of the file.
    pub(super) fn bind_in_file(&mut self, symbol: Symbol) -> Symbol {
        if self.frames.len() < 2 {
            return self.bind(symbol);
        }
        self.made_up += 1;
        let text = format!("{}#{}", self.program.symbols.text(symbol), self.made_up);
        let name = self.intern(&text);
        let place = (self.frames.len(), self.blocks.len(), name);
        self.bindings.entry(symbol).or_default().push(place);
        if let Some(names) = self.blocks.last_mut() {
            names.push(symbol);
        }
        if let Some(function) = self.program.functions.first_mut() {
            function.locals.push(name);
        }
        name
    }

    fn own(&mut self, name: Symbol) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.locals.insert(name) {
            let id = frame.id.0 as usize;
            self.program.functions[id].locals.push(name);
        }
    }

    pub(super) fn resolve(&self, symbol: Symbol) -> Symbol {
        let found = self.bindings.get(&symbol).and_then(|found| found.last());
        found.map_or(symbol, |(_, _, name)| *name)
    }

    /// Whether a local variable or parameter of this name holds here.
    pub(super) fn is_local(&self, symbol: Symbol) -> bool {
        let found = self.bindings.get(&symbol).and_then(|found| found.last());
        found.is_some_and(|(frame, _, _)| *frame > 1)
    }

    /// Whether anything of this name is bound here.
    pub(super) fn is_bound(&self, symbol: Symbol) -> bool {
        self.bindings.get(&symbol).is_some_and(|found| !found.is_empty())
    }

    pub(super) fn open_block(&mut self) {
        self.blocks.push(Vec::new());
    }

    pub(super) fn close_block(&mut self) {
        for symbol in self.blocks.pop().unwrap_or_default() {
            if let Some(found) = self.bindings.get_mut(&symbol) {
                found.pop();
            }
        }
    }

    /// Adds a class that has no members yet.
    pub(super) fn class(&mut self, node: Node<'_>, name: Option<Symbol>) -> ClassId {
        let id = ClassId(u32::try_from(self.program.classes.len()).unwrap_or(u32::MAX));
        self.program.classes.push(Class {
            name,
            span: node.byte_range().into(),
            bases: Vec::new(),
            decorators: Vec::new(),
            methods: Vec::new(),
            body: Vec::new(),
        });
        id
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.program.classes[id.0 as usize]
    }

    /// The class of a name, the last where there are many.
    pub(super) fn class_named(&self, name: Symbol) -> Option<ClassId> {
        let found = self.program.classes.iter().rposition(|class| class.name == Some(name))?;
        Some(ClassId(u32::try_from(found).unwrap_or(u32::MAX)))
    }

    /// Reads a class: its members can be named without `this` until it is closed.
    pub(super) fn open_class(&mut self, id: ClassId, members: Members) {
        self.classes.push((id, members));
    }

    pub(super) fn close_class(&mut self) {
        self.classes.pop();
    }

    /// Says that a field of the class being read always has this value.
    pub(super) fn constant_field(&mut self, name: Symbol, value: ExprId) {
        if let Some((id, _)) = self.classes.last() {
            self.constants.insert((*id, name), value);
        }
    }

    /// The class being read.
    pub(super) fn current_class(&self) -> Option<ClassId> {
        self.classes.last().map(|(id, _)| *id)
    }

    /// `this.name` or `Class.name` for a name alone, where a class being read has such a member
    /// and no variable hides it.
    pub(super) fn member(&mut self, node: Node<'_>, name: Symbol) -> Option<ExprId> {
        if self.is_local(name) {
            return None;
        }
        let innermost = self.classes.len().checked_sub(1)?;
        let found = self.classes.iter().rposition(|(_, members)| members.contains_key(&name))?;
        let (id, members) = &self.classes[found];
        if let Some(constant) = self.constants.get(&(*id, name)) {
            return Some(*constant);
        }
        let of_class = found != innermost || members.get(&name).copied().unwrap_or_default();
        let class = self.program.classes[id.0 as usize].name.filter(|_| of_class);
        let base = match class {
            Some(class) => self.add(node, Expression::Name(class)),
            None => self.plain_name(node, "this"),
        };
        Some(self.add(node, Expression::Attribute { base, name }))
    }

    /// Begins a function; what is bound from here on is its own.
    pub(super) fn open_function(&mut self, span: Span, heading: Heading) -> FunctionId {
        let id = FunctionId(u32::try_from(self.program.functions.len()).unwrap_or(u32::MAX));
        let Heading { name, decorators, result, class, is_public, is_static } = heading;
        self.program.functions.push(Function {
            name,
            span,
            parameters: Vec::new(),
            decorators,
            result,
            body: Vec::new(),
            class,
            parent: self.frames.last().map(|frame| frame.id),
            is_public,
            is_generator: false,
            is_static,
            locals: Vec::new(),
        });
        self.frames.push(Frame { id, locals: HashSet::new() });
        self.open_block();
        id
    }

    pub(super) fn close_function(&mut self, id: FunctionId, body: Block) {
        self.close_block();
        self.frames.pop();
        self.program.functions[id.0 as usize].body = body;
    }

    /// Adds a parameter to the function being read.
    pub(super) fn parameter(&mut self, node: Node<'_>, name: &str, kind: ParameterKind) -> Symbol {
        let symbol = self.intern(name);
        let name = self.bind(symbol);
        let parameter = Parameter {
            name,
            span: node.byte_range().into(),
            kind,
            default: None,
            annotation: None,
            decorators: Vec::new(),
        };
        if let Some(frame) = self.frames.last() {
            self.program.functions[frame.id.0 as usize].parameters.push(parameter);
        }
        name
    }

    /// The parameter added last.
    pub(super) fn last_parameter(&mut self) -> Option<&mut Parameter> {
        let frame = self.frames.last()?;
        self.program.functions[frame.id.0 as usize].parameters.last_mut()
    }

    /// The operands of a chain of binary operators that leans to the left, joined pair by pair.
    pub(super) fn chain(
        &mut self,
        node: Node<'_>,
        mut operand: impl FnMut(&mut Lowering<'t>, Node<'_>) -> ExprId,
    ) -> ExprId {
        let mut pairs = Vec::new();
        let mut left = node;
        while left.kind() == "binary_expression" {
            let (Some(next), Some(operator), Some(right)) = (
                left.child_by_field_name("left"),
                left.child_by_field_name("operator"),
                left.child_by_field_name("right"),
            ) else {
                break;
            };
            pairs.push((left, operator, right));
            left = next;
        }
        if pairs.is_empty() {
            let parts: Vec<ExprId> = children(node).iter().map(|n| operand(self, *n)).collect();
            return self.unknown(node, parts);
        }
        // The first operand stands as deep in the program as the chain is long.
        let length = u32::try_from(pairs.len().min(CHAIN_MAX)).unwrap_or_default();
        let too_deep = pairs.len() > CHAIN_MAX || self.depth + length > DEPTH_MAX;
        let length = if too_deep { 0 } else { length };
        self.depth += length;
        let mut value = operand(self, left);
        self.depth -= length;
        if too_deep {
            let mut parts = vec![value];
            for (_, _, right) in pairs.iter().rev() {
                parts.push(operand(self, *right));
            }
            return self.unknown(node, parts);
        }
        for (whole, operator, right) in pairs.into_iter().rev() {
            let right = operand(self, right);
            let made = operation(self.text(operator), value, right);
            value = self.add(whole, made);
        }
        value
    }

    /// An array of zeros, where it is small enough to write down.
    pub(super) fn zeros(&mut self, node: Node<'_>, length: i64) -> Option<ExprId> {
        if !(0..=ZEROS_MAX).contains(&length) {
            return None;
        }
        let zero = self.add(node, Expression::Integer(0));
        let count = usize::try_from(length).unwrap_or_default();
        Some(self.add(node, Expression::List(vec![zero; count])))
    }

    /// The known number of an expression.
    pub(super) fn constant(&self, id: ExprId) -> Option<i64> {
        match self.program.expressions.get(id.0 as usize) {
            Some((Expression::Integer(value), _)) => Some(*value),
            _ => None,
        }
    }

    /// A number as written: `0x1F`, `1_000u32`, `077`, `1.5e3`.
    pub(super) fn number(&mut self, node: Node<'_>) -> ExprId {
        let written = self.text(node);
        let made = integer(written).map_or_else(
            || float(written).map_or(Expression::Unknown(Vec::new()), Expression::Float),
            Expression::Integer,
        );
        self.add(node, made)
    }

    /// A text whose escapes are still in it.
    pub(super) fn escaped(&mut self, node: Node<'_>, written: &str) -> ExprId {
        let symbol = self.intern(&unescape(written));
        self.add(node, Expression::Text(symbol))
    }
}

/// A plain argument.
pub(super) fn plain(value: ExprId) -> Argument {
    Argument { name: None, value, spread: false }
}

/// The root of a tree.
pub(super) fn root(tree: &Tree) -> Node<'_> {
    tree.root_node()
}

/// The named children of a node that are no comments.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra()).collect()
}

/// The children in a field.
pub(super) fn field<'n>(node: Node<'n>, name: &str) -> Vec<Node<'n>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).filter(Node::is_named).collect()
}

/// The first named child of a kind.
pub(super) fn child<'n>(node: Node<'n>, kind: &str) -> Option<Node<'n>> {
    children(node).into_iter().find(|child| child.kind() == kind)
}

/// Whether a node has a token of its own with this text.
pub(super) fn has_token(node: Node<'_>, token: &str) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|child| child.kind() == token)
}

/// Two operands joined by an operator as it is written.
pub(super) fn operation(operator: &str, left: ExprId, right: ExprId) -> Expression {
    if let Some(operator) = comparison(operator) {
        return Expression::Compare { operator, left, right };
    }
    match operator {
        "&&" | "and" => Expression::Logical { operator: LogicalOperator::And, left, right },
        "||" | "or" => Expression::Logical { operator: LogicalOperator::Or, left, right },
        _ => match arithmetic(operator) {
            Some(operator) => Expression::Binary { operator, left, right },
            None => Expression::Unknown(vec![left, right]),
        },
    }
}

fn comparison(operator: &str) -> Option<CompareOperator> {
    Some(match operator {
        "==" => CompareOperator::Equal,
        "!=" | "not_eq" => CompareOperator::NotEqual,
        "<" => CompareOperator::Less,
        "<=" => CompareOperator::LessEqual,
        ">" => CompareOperator::Greater,
        ">=" => CompareOperator::GreaterEqual,
        _ => return None,
    })
}

/// The operator of `a op b` and of `a op= b`.
pub(super) fn arithmetic(operator: &str) -> Option<BinaryOperator> {
    Some(match operator.strip_suffix('=').unwrap_or(operator) {
        "+" => BinaryOperator::Add,
        "-" => BinaryOperator::Subtract,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "%" => BinaryOperator::Remainder,
        "<<" => BinaryOperator::ShiftLeft,
        ">>" | ">>>" => BinaryOperator::ShiftRight,
        "&" | "&^" => BinaryOperator::And,
        "|" => BinaryOperator::Or,
        "^" => BinaryOperator::Xor,
        _ => return None,
    })
}

/// A whole number as the languages write it, with its type at the end.
pub(super) fn integer(written: &str) -> Option<i64> {
    if let Some(rest) = written.strip_prefix('-') {
        return integer(rest.trim_start_matches('-')).map(i64::wrapping_neg);
    }
    let digits: String = written.chars().filter(|c| !matches!(c, '_' | '\'')).collect();
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    let known = ["", "u", "l", "ul", "lu", "ll", "ull", "llu", "z", "uz", "zu"];
    let sized = ["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128"];
    if !known.contains(&suffix) && !sized.contains(&suffix) && suffix != "usize" {
        return None;
    }
    if digits.is_empty() {
        return (lower == "0" || lower.starts_with('0') && radix == 8).then_some(0);
    }
    i64::from_str_radix(digits, radix).ok()
}

fn float(written: &str) -> Option<f64> {
    let digits: String = written.chars().filter(|c| !matches!(c, '_' | '\'')).collect();
    let digits = digits.strip_suffix("f32").or(digits.strip_suffix("f64")).unwrap_or(&digits);
    digits.trim_end_matches(['f', 'F', 'd', 'D', 'l', 'L']).parse().ok()
}

/// Resolves the escapes of C, Go, Java and Rust. What is no escape stays as it is.
pub(super) fn unescape(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(mark) = rest.chars().next() else { break };
        rest = &rest[mark.len_utf8()..];
        match mark {
            'n' => text.push('\n'),
            't' | 's' => text.push(if mark == 't' { '\t' } else { ' ' }),
            'r' => text.push('\r'),
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            '\n' => rest = rest.trim_start(),
            'x' | 'u' | 'U' => rest = coded(mark, rest, &mut text),
            '0'..='7' => {
                let more = rest.bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let digits = format!("{mark}{}", &rest[..more]);
                rest = &rest[more..];
                push_code(u32::from_str_radix(&digits, 8).unwrap_or_default(), &mut text);
            }
            other => text.push(other),
        }
    }
    text.push_str(rest);
    text
}

/// The character of `\x41`, `\u0041` or `\u{41}`; what stands after it is returned.
fn coded<'r>(mark: char, rest: &'r str, text: &mut String) -> &'r str {
    let rest = if mark == 'u' { rest.trim_start_matches('u') } else { rest };
    if let Some(inner) = rest.strip_prefix('{')
        && let Some(end) = inner.find('}')
    {
        push_code(u32::from_str_radix(&inner[..end], 16).unwrap_or(0xfffd), text);
        return &inner[end + 1..];
    }
    let length = match mark {
        'x' => 2,
        'u' => 4,
        _ => 8,
    };
    let digits = rest.bytes().take(length).take_while(u8::is_ascii_hexdigit).count();
    push_code(u32::from_str_radix(&rest[..digits], 16).unwrap_or(0xfffd), text);
    &rest[digits..]
}

fn push_code(code: u32, text: &mut String) {
    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
}

#[cfg(test)]
mod tests {
    use super::{integer, unescape};

    #[test]
    fn numbers_and_texts_are_read_as_the_languages_write_them() {
        let numbers = [
            ("0", Some(0)),
            ("42", Some(42)),
            ("1_000", Some(1000)),
            ("0x1F", Some(31)),
            ("0b101u8", Some(5)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("10UL", Some(10)),
            ("7i64", Some(7)),
            ("-1", Some(-1)),
            ("100L", Some(100)),
            ("1.5", None),
            ("99999999999999999999", None),
        ];
        for (written, value) in numbers {
            assert_eq!(integer(written), value, "{written}");
        }
        let texts = [
            (r"a\n\t\\b", "a\n\t\\b"),
            (r"\x41\u0042\u{43}", "ABC"),
            (r"\0\101", "\0A"),
            ("a\\\n   b", "ab"),
            (r"%s\", "%s"),
        ];
        for (written, text) in texts {
            assert_eq!(unescape(written), text, "{written}");
        }
    }
}
