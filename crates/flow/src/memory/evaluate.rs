//! The values of expressions, and the checks of every access to memory.

use super::Walk;
use super::number::Number;
use super::state::{Kind, Life, Null, Part, Pointer, State, Target, Value};
use super::types::header_constant;
use super::walk::joined_values;
use crate::ir::{
    BinaryOperator, CompareOperator, ExprId, Expression, LogicalOperator, Symbol, UnaryOperator,
};

/// Whether a test holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl Walk<'_> {
    /// Evaluates a test.
    pub(super) fn test(&mut self, state: &mut State, id: ExprId) -> Truth {
        let value = self.evaluate(state, id);
        truth(&value)
    }

    /// Evaluates an expression and checks what it does with memory.
    pub(super) fn evaluate(&mut self, state: &mut State, id: ExprId) -> Value {
        if !self.step() {
            return Value::Unknown;
        }
        match self.types.expression(id) {
            Expression::Name(name) => self.read(state, id, *name),
            Expression::Integer(value) => Value::exact(i128::from(*value)),
            Expression::Boolean(value) => Value::exact(i128::from(*value)),
            Expression::Nothing => Value::null(),
            Expression::Text(text) => self.literal(state, id, *text),
            Expression::Attribute { base, name } => {
                let base = self.evaluate_base(state, *base);
                self.reach(state, id, &base, &Number::exact(0), None, false);
                self.part(state, id, &base, Part::Field(*name))
            }
            Expression::Index { base, index } => {
                let pointer = self.evaluate(state, *base);
                let index = self.evaluate(state, *index);
                let index = index.number().cloned().unwrap_or(Number::unknown());
                let width = self.width(*base);
                self.reach(state, id, &pointer, &index, width, false);
                self.element(state, id, &pointer, &index, width)
            }
            Expression::Unary { operator, operand } => self.unary(state, id, *operator, *operand),
            Expression::Binary { operator, left, right } => {
                let left_value = self.evaluate(state, *left);
                let right_value = self.evaluate(state, *right);
                self.divided(*operator, *right, &right_value);
                self.operated(*left, *operator, left_value, right_value)
            }
            Expression::Compare { operator, left, right } => {
                let left = self.evaluate(state, *left);
                let right = self.evaluate(state, *right);
                compare(*operator, &left, &right)
            }
            Expression::Logical { operator, left, right } => {
                self.logical(state, *operator, *left, *right)
            }
            Expression::Conditional { test, then, otherwise } => {
                self.conditional(state, *test, *then, *otherwise)
            }
            Expression::Assign { target, value, operator } => {
                let before = operator.map(|_| self.evaluate(state, *target));
                let made = self.assignment(state, *target, Some(*value), *operator, None);
                // `p++` is the value before; the grammar does not say which of the two it was.
                before.unwrap_or(made)
            }
            Expression::Call { callee, arguments, is_new } => {
                let values: Vec<ExprId> = arguments.iter().map(|a| a.value).collect();
                self.call(state, id, *callee, &values, *is_new)
            }
            Expression::Cast { value, class } => {
                let made = self.evaluate(state, *value);
                self.converted(id, made, Some(*class), false)
            }
            Expression::Block { body, value } => {
                self.statements(state, body);
                value.map_or(Value::Unknown, |value| self.evaluate(state, value))
            }
            Expression::Function(function) => Value::Function(*function),
            other => {
                for part in parts(other) {
                    self.evaluate(state, part);
                }
                Value::Unknown
            }
        }
    }

    fn conditional(
        &mut self,
        state: &mut State,
        test: ExprId,
        then: ExprId,
        otherwise: ExprId,
    ) -> Value {
        let (mut yes, mut no) = self.branches(state, test);
        let a = if yes.dead { None } else { Some(self.evaluate(&mut yes, then)) };
        let b = if no.dead { None } else { Some(self.evaluate(&mut no, otherwise)) };
        *state = yes.join(no);
        match (a, b) {
            (Some(a), Some(b)) => joined_values(&a, &b),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Value::Unknown,
        }
    }

    /// A variable that is read.
    fn read(&mut self, state: &mut State, id: ExprId, name: Symbol) -> Value {
        let place = self.place(name).unwrap_or((0, name));
        match state.variables.get(&place) {
            Some(Value::Unset) => {
                let text = self.text(name);
                let message = format!("`{text}` is read before anything was assigned to it");
                self.report("uninitialized-memory", id, true, message);
                state.variables.insert(place, Value::Unknown);
                Value::Unknown
            }
            Some(value) => value.clone(),
            None if place.0 == 0 => self.global(state, name, 0),
            None => Value::Unknown,
        }
    }

    /// What a name of the file is.
    fn global(&mut self, state: &mut State, name: Symbol, depth: usize) -> Value {
        if let Some(function) = self.functions.get(&name) {
            return Value::Function(*function);
        }
        if let Some(value) = header_constant(self.text(name)) {
            return Value::exact(value);
        }
        if let Some(class) = self.types.declared(crate::ir::FunctionId(0), name)
            && let Some((element, length)) = self.types.array(class)
        {
            let count = match self.types.expression(length) {
                Expression::Unknown(_) => None,
                _ => self.evaluate(state, length).number().and_then(Number::constant),
            };
            let size = self.types.size(element).zip(count);
            let size =
                size.map_or(Number::unknown(), |(width, count)| Number::exact(width * count));
            let block = self.block(state, Kind::Global, size, class);
            let value = Value::block(block, Null::No);
            state.variables.insert((0, name), value.clone());
            return value;
        }
        match self.types.value(name) {
            Some(value) if depth < 4 => match self.types.expression(value) {
                Expression::Name(next) => self.global(state, *next, depth + 1),
                Expression::Integer(value) => Value::exact(i128::from(*value)),
                Expression::Text(text) => self.literal(state, value, *text),
                Expression::Binary { .. } | Expression::Unary { .. } => self.evaluate(state, value),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn literal(&mut self, state: &mut State, id: ExprId, text: Symbol) -> Value {
        let length = self.text(text).chars().count();
        let length = i128::try_from(length).unwrap_or(0);
        let block = self.block(state, Kind::Literal, Number::exact(length + 1), id);
        if let Some(block) = state.blocks.get_mut(&block) {
            block.length = Number::exact(length);
            block.blank = false;
            block.escaped = true;
        }
        Value::block(block, Null::No)
    }

    /// The object before `.` and `->`.
    pub(super) fn evaluate_base(&mut self, state: &mut State, base: ExprId) -> Value {
        self.evaluate(state, base)
    }

    /// Bytes of what a pointer points to.
    pub(super) fn width(&self, base: ExprId) -> Option<i128> {
        let class = self.types.of(self.function(), base)?;
        self.types.size(self.types.element(class)?)
    }

    fn part(&mut self, state: &mut State, id: ExprId, base: &Value, part: Part) -> Value {
        let Some(number) = state.single(base) else { return Value::Unknown };
        if let Some(value) = state.blocks.get(&number).and_then(|block| block.parts.get(&part)) {
            return value.clone();
        }
        // An array in a struct is a block of its own.
        let class = self.types.of(self.function(), id);
        if let Some((element, length)) = class.and_then(|class| self.types.array(class)) {
            let count = self.evaluate(state, length).number().and_then(Number::constant);
            let size = self.types.size(element).zip(count);
            let size =
                size.map_or(Number::unknown(), |(width, count)| Number::exact(width * count));
            let inner = self.block(state, Kind::Stack, size, id);
            let value = Value::block(inner, Null::No);
            if let Some(block) = state.blocks.get_mut(&inner) {
                block.owner = 0;
                block.blank = false;
            }
            if let Some(block) = state.blocks.get_mut(&number) {
                block.parts.insert(part, value.clone());
            }
            return value;
        }
        Value::Unknown
    }

    /// What stands at an index.
    fn element(
        &mut self,
        state: &mut State,
        id: ExprId,
        pointer: &Value,
        index: &Number,
        width: Option<i128>,
    ) -> Value {
        let class = self.types.of(self.function(), id);
        let Some(pointer) = pointer.pointer() else { return Value::Unknown };
        let [target] = pointer.targets.as_slice() else { return Value::Unknown };
        let (number, offset) = match target {
            Target::Variable(place) => {
                return match state.variables.get(place) {
                    Some(Value::Unset) | None => Value::Unknown,
                    Some(value) => value.clone(),
                };
            }
            Target::Block(number, offset) => (*number, offset.clone()),
        };
        let Some(block) = state.blocks.get(&number) else { return Value::Unknown };
        let at = moved(&offset, index, width.unwrap_or(1)).constant();
        if let Some(value) = at.and_then(|at| block.parts.get(&Part::Element(at))) {
            return value.clone();
        }
        if block.tainted {
            if class.is_some_and(|class| self.types.element(class).is_some()) {
                let inner = self.block(state, Kind::Foreign, Number::unknown(), id);
                self.fill(state, inner);
                let value = Value::block(inner, Null::No);
                if let (Some(at), Some(block)) = (at, state.blocks.get_mut(&number)) {
                    block.parts.insert(Part::Element(at), value.clone());
                }
                return value;
            }
            if let Some((low, high)) = class.and_then(|class| self.types.range(class)) {
                return Value::Number(Number::input(low, high));
            }
        }
        Value::Unknown
    }

    /// A block that holds a text from outside, as long as anybody likes.
    pub(super) fn fill(&mut self, state: &mut State, number: u32) {
        if let Some(block) = state.blocks.get_mut(&number) {
            block.tainted = true;
            block.blank = false;
            block.length = Number::input(0, super::number::LIMIT);
            block.parts.clear();
        }
    }

    fn unary(
        &mut self,
        state: &mut State,
        id: ExprId,
        operator: UnaryOperator,
        operand: ExprId,
    ) -> Value {
        match operator {
            UnaryOperator::TypeOf => self.size_of(state, operand),
            UnaryOperator::AddressOf => self.address(state, operand),
            UnaryOperator::Dereference => {
                let pointer = self.evaluate(state, operand);
                let zero = Number::exact(0);
                let width = self.width(operand);
                self.reach(state, id, &pointer, &zero, width, false);
                self.element(state, id, &pointer, &zero, width)
            }
            UnaryOperator::Not => match self.test(state, operand) {
                Truth::True => Value::exact(0),
                Truth::False => Value::exact(1),
                Truth::Unknown => Value::Unknown,
            },
            UnaryOperator::Minus => {
                let value = self.evaluate(state, operand);
                let zero = Number::exact(0);
                value.number().map_or(Value::Unknown, |number| {
                    Value::Number(zero.operate(BinaryOperator::Subtract, number))
                })
            }
            UnaryOperator::Plus => self.evaluate(state, operand),
            _ => {
                self.evaluate(state, operand);
                Value::Unknown
            }
        }
    }

    /// `sizeof` of a type or of an expression, which is not evaluated.
    fn size_of(&mut self, state: &mut State, operand: ExprId) -> Value {
        if let Some(class) = self.types.of(self.function(), operand) {
            if let Some((element, length)) = self.types.array(class)
                && self.types.size(class).is_none()
            {
                // `char a[] = "…"`: the block knows.
                if let Expression::Name(name) = self.types.expression(operand)
                    && let Some(place) = self.place(*name)
                    && let Some(value) = state.variables.get(&place)
                    && let Some(block) = state.single(value)
                    && let Some(block) = state.blocks.get(&block)
                {
                    return Value::Number(block.size.clone());
                }
                let count = self.evaluate(state, length).number().cloned();
                let width = self.types.size(element);
                return match (count, width) {
                    (Some(count), Some(width)) => Value::Number(
                        count.operate(BinaryOperator::Multiply, &Number::exact(width)),
                    ),
                    _ => Value::Unknown,
                };
            }
            return self.types.size(class).map_or(Value::Unknown, Value::exact);
        }
        match self.types.expression(operand) {
            Expression::Text(text) => {
                let length = i128::try_from(self.text(*text).chars().count()).unwrap_or(0);
                Value::exact(length + 1)
            }
            _ => self.types.size(operand).map_or(Value::Unknown, Value::exact),
        }
    }

    /// `&x`, `&a[i]`, `&s->x`.
    fn address(&mut self, state: &mut State, operand: ExprId) -> Value {
        match self.types.expression(operand) {
            Expression::Name(name) => {
                let place = self.place(*name).unwrap_or((0, *name));
                let class = self.types.of(self.function(), operand);
                let is_block = class.is_some_and(|class| {
                    self.types.is_struct(class) || self.types.array(class).is_some()
                });
                if is_block && let Some(value) = state.variables.get(&place) {
                    return value.clone();
                }
                if self.functions.contains_key(name) {
                    return self.global(state, *name, 0);
                }
                let targets = vec![Target::Variable(place)];
                Value::Pointer(Pointer { targets, null: Null::No })
            }
            Expression::Index { base, index } => {
                let pointer = self.evaluate(state, *base);
                let index = self.evaluate(state, *index);
                self.operated(*base, BinaryOperator::Add, pointer, index)
            }
            Expression::Attribute { base, .. } => {
                let value = self.evaluate(state, *base);
                super::walk::escape(state, &value);
                Value::Unknown
            }
            Expression::Unary { operator: UnaryOperator::Dereference, operand } => {
                self.evaluate(state, *operand)
            }
            _ => {
                self.evaluate(state, operand);
                Value::Unknown
            }
        }
    }

    fn logical(
        &mut self,
        state: &mut State,
        operator: LogicalOperator,
        left: ExprId,
        right: ExprId,
    ) -> Value {
        let wants = operator == LogicalOperator::And;
        let (yes, no) = self.branches(state, left);
        let (mut goes_on, stops) = if wants { (yes, no) } else { (no, yes) };
        if goes_on.dead {
            *state = stops;
            return Value::exact(i128::from(!wants));
        }
        let decided = stops.dead;
        let last = self.test(&mut goes_on, right);
        *state = goes_on.join(stops);
        match last {
            Truth::True if decided || !wants => {
                if decided {
                    Value::exact(1)
                } else {
                    Value::Unknown
                }
            }
            Truth::False if decided || wants => {
                if decided || wants {
                    Value::exact(0)
                } else {
                    Value::Unknown
                }
            }
            _ => Value::Unknown,
        }
    }

    /// Two operands joined; pointers move by elements.
    pub(super) fn operated(
        &mut self,
        left: ExprId,
        operator: BinaryOperator,
        a: Value,
        b: Value,
    ) -> Value {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => Value::Number(a.operate(operator, &b)),
            (Value::Pointer(pointer), Value::Number(by)) => {
                let by = match self.width(left) {
                    Some(width) => by.operate(BinaryOperator::Multiply, &Number::exact(width)),
                    None => Number::unknown(),
                };
                let targets = pointer.targets.into_iter().map(|target| match target {
                    Target::Block(block, offset) => {
                        Target::Block(block, offset.operate(operator, &by))
                    }
                    other => other,
                });
                Value::Pointer(Pointer { targets: targets.collect(), null: pointer.null })
            }
            (Value::Pointer(pointer), _) => {
                let targets = pointer.targets.into_iter().map(|target| match target {
                    Target::Block(block, _) => Target::Block(block, Number::unknown()),
                    other => other,
                });
                Value::Pointer(Pointer { targets: targets.collect(), null: pointer.null })
            }
            _ => Value::Unknown,
        }
    }

    fn divided(&mut self, operator: BinaryOperator, right: ExprId, value: &Value) {
        if !matches!(operator, BinaryOperator::Divide | BinaryOperator::Remainder) {
            return;
        }
        let Some(number) = value.number() else { return };
        let certain = number.constant() == Some(0);
        let possible = number.tainted
            && number.low_real
            && number.high_real
            && number.low <= 0
            && number.high >= 0;
        if certain || possible {
            let message = "this divides by a number that may be zero".to_owned();
            self.report("divide-by-zero", right, certain, message);
        }
    }

    pub(super) fn is_arithmetic(&self, id: ExprId) -> bool {
        match self.types.expression(id) {
            Expression::Cast { value, .. } => self.is_arithmetic(*value),
            Expression::Binary { operator, .. } => matches!(
                operator,
                BinaryOperator::Add
                    | BinaryOperator::Subtract
                    | BinaryOperator::Multiply
                    | BinaryOperator::ShiftLeft
            ),
            _ => false,
        }
    }

    /// A number as a value of a type that may not hold it.
    pub(super) fn converted(
        &mut self,
        at: ExprId,
        value: Value,
        class: Option<ExprId>,
        arithmetic: bool,
    ) -> Value {
        let Value::Number(number) = &value else { return value };
        let Some((low, high)) = class.and_then(|class| self.types.range(class)) else {
            return value;
        };
        let above = number.high_real && number.high > high;
        let below = number.low_real && number.low < low;
        if number.low >= low && number.high <= high {
            return value;
        }
        let signed = low < 0;
        let made = number.tainted || (signed && number.constant().is_some());
        if (above || below) && made && arithmetic && number.high < super::number::LIMIT {
            let message = "the result may not fit its type".to_owned();
            self.report("integer-overflow", at, number.constant().is_some(), message);
        } else if (above || below) && number.tainted && signed && high < i128::from(i32::MAX) {
            let message = "this cuts off bits of a number from outside".to_owned();
            self.report("integer-truncation", at, false, message);
        }
        let kept = number.tainted && !signed && !arithmetic;
        Value::Number(Number {
            low: if kept { number.low } else { number.low.max(low) },
            high: number.high.min(high),
            low_real: number.low_real && !below || kept,
            high_real: number.high_real && !above,
            tainted: number.tainted,
            length: number.length,
        })
    }

    /// Checks an access to what a pointer points to, `index` elements of `width` bytes from there.
    pub(super) fn reach(
        &mut self,
        state: &mut State,
        at: ExprId,
        value: &Value,
        index: &Number,
        width: Option<i128>,
        writes: bool,
    ) {
        let Some(pointer) = value.pointer() else { return };
        self.null(state, at, pointer);
        for target in pointer.targets.clone() {
            let Target::Block(number, offset) = target else { continue };
            self.alive(state, at, number);
            let Some(block) = state.blocks.get(&number) else { continue };
            let Some(width) = width else { continue };
            let place = moved(&offset, index, width);
            let size = block.size.clone();
            if !size.high_real {
                continue;
            }
            let certain = place.constant().is_some();
            let above = place.high_real && place.high + width > size.high
                || place.low_real && place.low + width > size.high;
            let below = place.low_real && place.low < 0;
            if !above && !below {
                continue;
            }
            let weakness = match (index.tainted, writes) {
                (true, _) => "array-index",
                (false, true) => "buffer-overflow",
                (false, false) => "out-of-bounds-read",
            };
            let message = match (index.tainted, writes) {
                (true, _) => "an index from outside is not checked against both ends".to_owned(),
                (false, writes) => {
                    let verb = if writes { "writes" } else { "reads" };
                    let end = if above { "behind the end" } else { "before the start" };
                    format!("this {verb} {end} of {} bytes", size.high)
                }
            };
            self.report(weakness, at, certain, message);
        }
    }

    /// Checks a pointer for null.
    pub(super) fn null(&mut self, state: &State, at: ExprId, pointer: &Pointer) {
        match pointer.null {
            Null::Yes => {
                let message = "this pointer is null here".to_owned();
                self.report("null-dereference", at, true, message);
            }
            Null::Unchecked => {
                if self.silent {
                    return;
                }
                let sites: Vec<u32> = pointer
                    .targets
                    .iter()
                    .filter_map(|target| match target {
                        Target::Block(number, _) => Some(*number),
                        Target::Variable(_) => None,
                    })
                    .collect();
                let known = sites.iter().any(|number| {
                    state.blocks.get(number).is_some_and(|block| !self.unchecked.insert(block.site))
                });
                if !known {
                    let message = "nobody checked whether this could be made".to_owned();
                    self.report("null-dereference", at, false, message);
                }
            }
            Null::No | Null::Either => {}
        }
    }

    /// Checks that a block was not freed.
    pub(super) fn alive(&mut self, state: &mut State, at: ExprId, number: u32) {
        let silent = self.silent;
        let Some(block) = state.blocks.get_mut(&number) else { return };
        if matches!(block.life, Life::Live | Life::Unclear) || silent {
            return;
        }
        let certain = block.life == Life::Freed;
        let what = if block.kind == Kind::File { "closed" } else { "freed" };
        block.life = Life::Unclear;
        let message = format!("this was {what} before");
        self.report("use-after-free", at, certain, message);
    }
}

/// What an expression without a value of its own is made from.
fn parts(expression: &Expression) -> Vec<ExprId> {
    match expression {
        Expression::List(parts) | Expression::Unknown(parts) => parts.clone(),
        Expression::Record { fields, .. } => fields.iter().map(|(_, value)| *value).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn truth(value: &Value) -> Truth {
    match value {
        Value::Number(number) => match number.constant() {
            Some(0) => Truth::False,
            Some(_) => Truth::True,
            None if number.low_real && number.low > 0 => Truth::True,
            None if number.high_real && number.high < 0 => Truth::True,
            None => Truth::Unknown,
        },
        Value::Pointer(pointer) => match pointer.null {
            Null::Yes => Truth::False,
            Null::No if !pointer.targets.is_empty() => Truth::Unknown,
            _ => Truth::Unknown,
        },
        _ => Truth::Unknown,
    }
}

fn compare(operator: CompareOperator, left: &Value, right: &Value) -> Value {
    let (Some(a), Some(b)) = (left.number(), right.number()) else {
        let null = |value: &Value| value.pointer().is_some_and(|p| p.null == Null::Yes);
        let zero = |value: &Value| value.number().and_then(Number::constant) == Some(0);
        if null(left) && (null(right) || zero(right)) || null(right) && zero(left) {
            return match operator {
                CompareOperator::Equal => Value::exact(1),
                CompareOperator::NotEqual => Value::exact(0),
                _ => Value::Unknown,
            };
        }
        return Value::Unknown;
    };
    let less = a.high_real && b.low_real && a.high < b.low;
    let more = a.low_real && b.high_real && a.low > b.high;
    let not_more = a.high_real && b.low_real && a.high <= b.low;
    let not_less = a.low_real && b.high_real && a.low >= b.high;
    let same = a.constant().is_some() && a.constant() == b.constant();
    let known = match operator {
        CompareOperator::Equal => decide(same, less || more),
        CompareOperator::NotEqual => decide(less || more, same),
        CompareOperator::Less => decide(less, not_less),
        CompareOperator::LessEqual => decide(not_more, more),
        CompareOperator::Greater => decide(more, not_more),
        CompareOperator::GreaterEqual => decide(not_less, less),
        _ => None,
    };
    known.map_or(Value::Unknown, |holds| Value::exact(i128::from(holds)))
}

fn decide(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// An offset in bytes, `index` elements further.
pub(super) fn moved(offset: &Number, index: &Number, width: i128) -> Number {
    let by = index.operate(BinaryOperator::Multiply, &Number::exact(width));
    offset.operate(BinaryOperator::Add, &by)
}
