//! What the call of a function of the file shows of the arguments: it may return only for some of
//! them, or its result may say what they are.

use super::calls::Call;
use super::{Came, Fact, Interpreter, Says};
use crate::ir::{ExprId, Expression, Function, ParameterKind, Symbol};
use crate::value::Value;

impl Interpreter<'_> {
    /// What the call shows of the arguments: a function that returns only for some of them, or
    /// whose result says what they are.
    pub(super) fn note_came(
        &mut self,
        function: &Function,
        came: &Came,
        call: &Call,
        before: &[Value],
    ) {
        let mut facts = Vec::new();
        let mut position = 0;
        for (number, parameter) in function.parameters.iter().enumerate() {
            if parameter.kind != ParameterKind::Plain {
                continue;
            }
            let at = self.argument_at(call, position, parameter.name);
            position += 1;
            let Some(place) = at.and_then(|at| self.place(at)) else { continue };
            let time = self.state.now();
            if before.get(number).is_none_or(Value::is_blank) {
                continue;
            }
            if let (Some(_), Some(Some(after))) = (&came.value, came.parameters.get(number)) {
                self.narrow(&place, &before[number], after);
            }
            for (truth, verdict) in [(false, &came.verdicts[0]), (true, &came.verdicts[1])] {
                let value = verdict.as_ref().and_then(|values| values.get(number));
                if let Some(Some(value)) = value {
                    let harmless = self.gained(&before[number], value);
                    if harmless != 0 {
                        let says = Says::Harmless(harmless);
                        facts.push(Fact {
                            place: place.clone(),
                            truth,
                            says,
                            is_rule: false,
                            time,
                        });
                    }
                }
            }
        }
        if !facts.is_empty() {
            self.facts.entry(call.id).or_default().extend(facts);
        }
    }

    fn narrow(&mut self, place: &super::Place, before: &Value, after: &Value) {
        let harmless = self.gained(before, after);
        if harmless != 0 {
            let says = Says::Harmless(harmless);
            let time = self.state.now();
            self.apply(&Fact { place: place.clone(), truth: true, says, is_rule: false, time });
        }
    }

    /// The weaknesses for which all of a value became harmless.
    fn gained(&self, before: &Value, after: &Value) -> u128 {
        if before.labels.is_empty() {
            return 0;
        }
        let all = |value: &Value| {
            value.labels.all().iter().fold(u128::MAX, |all, label| all & label.harmless)
        };
        all(after) & !all(before)
    }

    fn argument_at(&self, call: &Call, position: usize, name: Symbol) -> Option<ExprId> {
        let by_name = call.given.iter().find(|given| given.name == Some(name));
        let by_position = || {
            let mut plain = call.given.iter().filter(|given| given.name.is_none());
            plain.clone().take(position + 1).all(|g| !g.is_spread).then(|| plain.nth(position))?
        };
        by_name.or_else(by_position).map(|given| given.at)
    }

    /// What the parameters are where the result is true, and where it is false.
    pub(super) fn verdicts(&mut self, value: ExprId, result: &Value) {
        let frame = self.frame_id();
        let program = self.program;
        let id = self.frames[frame.0 as usize].function;
        let function = &program.functions[id.0 as usize];
        if function.parameters.is_empty() || self.stack.len() < 2 || !self.may_be_test(value) {
            return;
        }
        for (side, truth) in [(0, false), (1, true)] {
            if result.truth().is_some_and(|known| known != truth) {
                continue;
            }
            let mark = self.state.mark();
            self.assume(value, truth);
            let values: Vec<Option<Value>> =
                function.parameters.iter().map(|p| self.parameter_value(frame, p.name)).collect();
            self.state.undo(mark);
            if std::mem::take(&mut self.dead) {
                continue;
            }
            let verdict = &mut self.frames[frame.0 as usize].verdicts[side];
            *verdict = Some(match verdict.take() {
                Some(before) => {
                    let both = before.iter().zip(&values);
                    both.map(|(before, now)| Some(before.as_ref()?.join(now.as_ref()?))).collect()
                }
                None => values,
            });
        }
    }

    fn may_be_test(&self, value: ExprId) -> bool {
        matches!(
            self.expression(value),
            Expression::Compare { .. }
                | Expression::Logical { .. }
                | Expression::Unary { .. }
                | Expression::Call { .. }
                | Expression::Boolean(_)
                | Expression::Name(_)
                | Expression::Nothing
        )
    }
}
