//! What a test tells about the state in which it holds.

use super::Walk;
use super::number::Number;
use super::state::{Life, Null, State, Target, Value};
use crate::ir::{CompareOperator, ExprId, Expression, LogicalOperator, UnaryOperator};

impl Walk<'_> {
    /// Makes the state one in which the test has the given truth.
    pub(super) fn refine(&mut self, state: &mut State, test: ExprId, holds: bool) {
        if !self.step() {
            return;
        }
        match self.types.expression(test) {
            Expression::Unary { operator: UnaryOperator::Not, operand } => {
                self.refine(state, *operand, !holds);
            }
            Expression::Logical { operator, left, right } => {
                let both = match operator {
                    LogicalOperator::And => holds,
                    LogicalOperator::Or => !holds,
                    LogicalOperator::Coalesce => return,
                };
                if both {
                    self.refine(state, *left, holds);
                    self.refine(state, *right, holds);
                    return;
                }
                let mut first = state.clone();
                let mut second = std::mem::take(state);
                self.refine(&mut first, *left, holds);
                self.refine(&mut second, *left, !holds);
                self.refine(&mut second, *right, holds);
                *state = first.join(second);
            }
            Expression::Compare { operator, left, right } => {
                let operator = if holds { Some(*operator) } else { opposite(*operator) };
                if let Some(operator) = operator {
                    self.compared(state, *left, operator, *right);
                    self.compared(state, *right, swapped(operator), *left);
                }
            }
            Expression::Call { callee, arguments, .. } => {
                // `__builtin_expect(x, 1)`, `likely(x)`.
                let name = self.callee_name(*callee);
                if let (Some("__builtin_expect" | "likely" | "unlikely"), Some(first)) =
                    (name, arguments.first())
                {
                    self.refine(state, first.value, holds);
                }
            }
            Expression::Assign { target, operator: None, .. } => {
                self.nonzero(state, *target, holds);
            }
            _ => self.nonzero(state, test, holds),
        }
    }

    /// A value is (not) zero or null.
    fn nonzero(&mut self, state: &mut State, id: ExprId, holds: bool) {
        let value = self.current(state, id);
        match value {
            Some(Value::Pointer(mut pointer)) => {
                match (holds, pointer.null) {
                    (true, Null::Yes) => state.dead = true,
                    (true, _) => pointer.null = Null::No,
                    (false, _) => {
                        // What could not be made need not be freed.
                        let unmade = pointer.null == Null::Unchecked;
                        for target in &pointer.targets {
                            if let Target::Block(number, _) = target
                                && let Some(block) = state.blocks.get_mut(number)
                                && unmade
                            {
                                block.life = Life::Unclear;
                            }
                        }
                        pointer.null = Null::Yes;
                        pointer.targets.clear();
                    }
                }
                self.replace(state, id, Value::Pointer(pointer));
            }
            Some(Value::Number(number)) => {
                let refined = match holds {
                    false => number.at_most(&Number::exact(0), 0).at_least(&Number::exact(0), 0),
                    true if number.low == 0 => number.at_least(&Number::exact(1), 0),
                    true if number.high == 0 => number.at_most(&Number::exact(-1), 0),
                    true => Number { tainted: false, ..number },
                };
                if refined.is_empty() {
                    state.dead = true;
                } else {
                    self.replace(state, id, Value::Number(refined));
                }
            }
            Some(Value::Unknown) if !holds && self.is_pointer(id) => {
                self.replace(state, id, Value::null());
            }
            _ => {}
        }
    }

    /// `left operator right` holds: what that says of `left`.
    fn compared(
        &mut self,
        state: &mut State,
        left: ExprId,
        operator: CompareOperator,
        right: ExprId,
    ) {
        let bound = match self.types.expression(right) {
            Expression::Nothing => Value::null(),
            _ => self.quiet(state, right),
        };
        let null = match &bound {
            Value::Pointer(pointer) => pointer.null == Null::Yes,
            Value::Number(number) => number.constant() == Some(0),
            _ => false,
        };
        match operator {
            CompareOperator::Equal if null => return self.nonzero(state, left, false),
            CompareOperator::NotEqual if null => return self.nonzero(state, left, true),
            _ => {}
        }
        let bound = bound.number().cloned().unwrap_or(Number::unknown());
        let apply = |number: &Number| match operator {
            CompareOperator::Less => Some(number.at_most(&bound, 1)),
            CompareOperator::LessEqual => Some(number.at_most(&bound, 0)),
            CompareOperator::Greater => Some(number.at_least(&bound, 1)),
            CompareOperator::GreaterEqual => Some(number.at_least(&bound, 0)),
            CompareOperator::Equal => Some(number.at_most(&bound, 0).at_least(&bound, 0)),
            _ => None,
        };
        let (inner, whole) = self.measured(left);
        let value = self.current(state, inner);
        let number = match value {
            Some(Value::Number(number)) => number,
            Some(Value::Unknown) if !self.is_pointer(inner) => Number::unknown(),
            _ => return self.measured_text(state, left, &apply),
        };
        let refined = match whole {
            true => apply(&number),
            // `abs(x) < n` bounds `x` in a way that is not followed.
            false => Some(Number { low_real: false, high_real: false, ..number.clone() }),
        };
        let Some(refined) = refined else { return };
        if refined.is_empty() {
            state.dead = true;
            return;
        }
        if let Some((block, more)) = number.length
            && let Some(block) = state.blocks.get_mut(&block)
            && let Some(length) = apply(&shifted(&block.length, more))
        {
            block.length = shifted(&length, -more);
            block.measured = true;
        }
        self.replace(state, inner, Value::Number(refined));
    }

    /// The variable in a side of a comparison, and whether it is the whole side.
    fn measured(&self, id: ExprId) -> (ExprId, bool) {
        match self.types.expression(id) {
            Expression::Cast { value, .. } => self.measured(*value),
            Expression::Call { callee, arguments, .. } => {
                let name = self.callee_name(*callee).unwrap_or_default();
                match arguments.first() {
                    Some(first)
                        if matches!(name, "abs" | "labs" | "llabs" | "fabs" | "imaxabs") =>
                    {
                        (self.measured(first.value).0, false)
                    }
                    _ => (id, true),
                }
            }
            _ => (id, true),
        }
    }

    /// `strlen(s) < n`.
    fn measured_text(
        &mut self,
        state: &mut State,
        id: ExprId,
        apply: &dyn Fn(&Number) -> Option<Number>,
    ) {
        let Expression::Call { callee, arguments, .. } = self.types.expression(id) else { return };
        if !matches!(self.callee_name(*callee), Some("strlen" | "wcslen" | "strnlen")) {
            return;
        }
        let Some(first) = arguments.first() else { return };
        let silent = std::mem::replace(&mut self.silent, true);
        let text = self.evaluate(state, first.value);
        self.silent = silent;
        if let Some(number) = state.single(&text)
            && let Some(block) = state.blocks.get_mut(&number)
            && let Some(length) = apply(&block.length)
        {
            block.length = length;
            block.measured = true;
        }
    }

    /// A value without anything that evaluating does.
    fn quiet(&mut self, state: &State, id: ExprId) -> Value {
        if let Some(value) = self.peek(state, id) {
            return value;
        }
        let mut copy = state.clone();
        let silent = std::mem::replace(&mut self.silent, true);
        let value = self.evaluate(&mut copy, id);
        self.silent = silent;
        value
    }

    /// The value of what can be read without walking anything.
    fn peek(&self, state: &State, id: ExprId) -> Option<Value> {
        match self.types.expression(id) {
            Expression::Integer(value) => Some(Value::exact(i128::from(*value))),
            Expression::Name(name) => match state.variables.get(&self.place(*name)?)? {
                Value::Unset => None,
                value => Some(value.clone()),
            },
            _ => None,
        }
    }

    /// What a variable or field holds now.
    fn current(&mut self, state: &State, id: ExprId) -> Option<Value> {
        match self.types.expression(id) {
            Expression::Name(_) | Expression::Attribute { .. } | Expression::Index { .. } => {
                Some(self.quiet(state, id))
            }
            Expression::Assign { target, .. } => self.current(state, *target),
            Expression::Cast { value, .. } => self.current(state, *value),
            _ => None,
        }
    }

    /// Gives a variable or field another value, without checking anything.
    fn replace(&mut self, state: &mut State, id: ExprId, value: Value) {
        match self.types.expression(id) {
            Expression::Name(_) | Expression::Attribute { .. } | Expression::Index { .. } => {
                let lives: Vec<(u32, bool)> =
                    state.blocks.iter().map(|(number, block)| (*number, block.escaped)).collect();
                let silent = std::mem::replace(&mut self.silent, true);
                self.store(state, id, value);
                self.silent = silent;
                for (number, escaped) in lives {
                    if let Some(block) = state.blocks.get_mut(&number) {
                        block.escaped = escaped;
                    }
                }
            }
            Expression::Assign { target, .. } => self.replace(state, *target, value),
            Expression::Cast { value: inner, .. } => self.replace(state, *inner, value),
            _ => {}
        }
    }

    fn is_pointer(&self, id: ExprId) -> bool {
        let class = self.types.of(self.function(), id);
        class.is_some_and(|class| self.types.is_pointer(class))
    }
}

fn shifted(number: &Number, by: i128) -> Number {
    Number { low: number.low + by, high: number.high + by, ..number.clone() }
}

fn opposite(operator: CompareOperator) -> Option<CompareOperator> {
    Some(match operator {
        CompareOperator::Equal => CompareOperator::NotEqual,
        CompareOperator::NotEqual => CompareOperator::Equal,
        CompareOperator::Less => CompareOperator::GreaterEqual,
        CompareOperator::LessEqual => CompareOperator::Greater,
        CompareOperator::Greater => CompareOperator::LessEqual,
        CompareOperator::GreaterEqual => CompareOperator::Less,
        _ => return None,
    })
}

fn swapped(operator: CompareOperator) -> CompareOperator {
    match operator {
        CompareOperator::Less => CompareOperator::Greater,
        CompareOperator::LessEqual => CompareOperator::GreaterEqual,
        CompareOperator::Greater => CompareOperator::Less,
        CompareOperator::GreaterEqual => CompareOperator::LessEqual,
        other => other,
    }
}
