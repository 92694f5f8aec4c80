//! What is read again and again out of something that is not known: `sys.argv[1]`,
//! `body["name"]`, `form.get("name")`. A test of it holds of the next reading too, while nobody writes it.

use super::{FrameId, Interpreter, Place};
use crate::ir::{ExprId, Expression};
use crate::value::{Constants, Value};

/// Longer ways of reading are not followed.
const STEPS_MAX: usize = 8;

/// A way of reading: the variable, when it was written, and the names and indexes after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reading {
    frame: FrameId,
    root: String,
    written: u32,
    steps: String,
}

impl Interpreter<'_> {
    /// Where more can be noted of what an expression reads; `None` where it reads nothing that
    /// comes from outside.
    pub(super) fn place_of_reading(&mut self, expression: ExprId) -> Option<Place> {
        let reading = self.reading(expression)?;
        let cell = match self.readings.get(&reading) {
            Some(cell) => *cell,
            None => {
                let cell = self.state.allocate(1);
                self.readings.insert(reading, cell);
                cell
            }
        };
        if self.state.read(cell).is_none() {
            // It was read just now: only its value is of interest.
            let mark = self.state.mark();
            let value = self.eval(expression);
            self.state.undo(mark);
            if std::mem::take(&mut self.dead) {
                return None;
            }
            if value.labels.is_empty() && value.constants == Constants::Unknown {
                return None;
            }
            self.state.write(cell, Some(value));
        }
        Some(Place::Cell(cell))
    }

    /// What is known of something that was read before.
    pub(super) fn read_before(&self, expression: ExprId) -> Option<Value> {
        if self.readings.is_empty() {
            return None;
        }
        let cell = self.readings.get(&self.reading(expression)?)?;
        self.state.read(*cell).cloned()
    }

    /// It is written: what was known of it is over.
    pub(super) fn forget_reading(&mut self, expression: ExprId) {
        if self.readings.is_empty() {
            return;
        }
        let reading = self.reading(expression);
        if let Some(cell) = reading.and_then(|reading| self.readings.get(&reading).copied()) {
            self.state.write(cell, None);
        }
    }

    fn reading(&self, expression: ExprId) -> Option<Reading> {
        let mut steps: Vec<String> = Vec::new();
        let mut expression = expression;
        while steps.len() < STEPS_MAX {
            expression = match self.expression(expression) {
                Expression::Name(name) if !steps.is_empty() => {
                    let written = self.cell(*name).map_or(0, |cell| self.state.written(cell));
                    let root = self.name(*name).to_owned();
                    steps.reverse();
                    let frame = self.frame_id();
                    return Some(Reading { frame, root, written, steps: steps.concat() });
                }
                Expression::Attribute { base, name } => {
                    steps.push(format!(".{}", self.name(*name)));
                    *base
                }
                Expression::Index { base, index } => {
                    steps.push(match self.expression(*index) {
                        Expression::Text(text) => format!("[{:?}]", self.name(*text)),
                        Expression::Integer(number) => format!("[{number}]"),
                        _ => return None,
                    });
                    *base
                }
                // What is asked for by a name: the next call gives the same.
                Expression::Call { callee, arguments, .. } => match arguments.as_slice() {
                    [only] if only.name.is_none() && !only.spread => {
                        let Expression::Text(text) = self.expression(only.value) else {
                            return None;
                        };
                        let Expression::Attribute { .. } = self.expression(*callee) else {
                            return None;
                        };
                        steps.push(format!("({:?})", self.name(*text)));
                        *callee
                    }
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }
}
