//! Whole numbers as intervals, with what is known of how they came about.

use crate::ir::BinaryOperator;

/// An interval of whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) low: i128,
    pub(super) high: i128,
    /// Whether the program or its input can reach the bound.
    pub(super) low_real: bool,
    pub(super) high_real: bool,
    /// Whether it comes from outside.
    pub(super) tainted: bool,
    /// The length of the text in a block, and what was added to it.
    pub(super) length: Option<(u32, i128)>,
}

/// Beyond every type.
pub(super) const LIMIT: i128 = 1 << 80;

impl Number {
    pub(super) fn exact(value: i128) -> Number {
        Number {
            low: value,
            high: value,
            low_real: true,
            high_real: true,
            tainted: false,
            length: None,
        }
    }

    /// Anything, of which nobody knows whether it is reached.
    pub(super) fn unknown() -> Number {
        Number {
            low: -LIMIT,
            high: LIMIT,
            low_real: false,
            high_real: false,
            tainted: false,
            length: None,
        }
    }

    /// Anything between the bounds, chosen outside.
    pub(super) fn input(low: i128, high: i128) -> Number {
        Number { low, high, low_real: true, high_real: true, tainted: true, length: None }
    }

    pub(super) fn constant(&self) -> Option<i128> {
        (self.low == self.high && self.low_real && self.high_real).then_some(self.low)
    }

    pub(super) fn is_unknown(&self) -> bool {
        !self.low_real && !self.high_real
    }

    pub(super) fn join(&self, other: &Number) -> Number {
        let real = |mine: (i128, bool), theirs: (i128, bool), lower: bool| {
            let first = if lower { mine.0 <= theirs.0 } else { mine.0 >= theirs.0 };
            match (mine.0 == theirs.0, first) {
                (true, _) => mine.1 || theirs.1,
                (false, true) => mine.1,
                (false, false) => theirs.1,
            }
        };
        Number {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            low_real: real((self.low, self.low_real), (other.low, other.low_real), true),
            high_real: real((self.high, self.high_real), (other.high, other.high_real), false),
            tainted: self.tainted || other.tainted,
            length: if self.length == other.length { self.length } else { None },
        }
    }

    /// Bounds that grew from `before` are given up.
    pub(super) fn widen(&self, before: &Number) -> Number {
        let mut wide = self.clone();
        if wide.low < before.low {
            (wide.low, wide.low_real) = (-LIMIT, false);
        }
        if wide.high > before.high {
            (wide.high, wide.high_real) = (LIMIT, false);
        }
        wide
    }

    /// Below or at a bound.
    pub(super) fn at_most(&self, bound: &Number, less: i128) -> Number {
        let mut refined = self.clone();
        if bound.high_real {
            if bound.high - less < refined.high {
                refined.high = bound.high - less;
                refined.high_real = true;
            }
        } else if bound.length.is_none() || bound.length != self.length {
            refined.high_real = false;
        }
        refined.tainted = self.tainted;
        refined
    }

    /// Above or at a bound.
    pub(super) fn at_least(&self, bound: &Number, more: i128) -> Number {
        let mut refined = self.clone();
        if bound.low_real {
            if bound.low + more > refined.low {
                refined.low = bound.low + more;
                refined.low_real = true;
            }
        } else {
            refined.low_real = false;
        }
        refined
    }

    /// Whether no number is left.
    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// What an operator makes of two numbers.
    pub(super) fn operate(&self, operator: BinaryOperator, other: &Number) -> Number {
        let tainted = self.tainted || other.tainted;
        let corners = |f: fn(i128, i128) -> i128| {
            let all = [
                (f(self.low, other.low), self.low_real && other.low_real),
                (f(self.low, other.high), self.low_real && other.high_real),
                (f(self.high, other.low), self.high_real && other.low_real),
                (f(self.high, other.high), self.high_real && other.high_real),
            ];
            let (low, low_real) = *all.iter().min_by_key(|(value, _)| *value).unwrap_or(&all[0]);
            let (high, high_real) = *all.iter().max_by_key(|(value, _)| *value).unwrap_or(&all[0]);
            Number {
                low: low.max(-LIMIT),
                high: high.min(LIMIT),
                low_real,
                high_real,
                tainted,
                length: None,
            }
        };
        let mut made = match operator {
            BinaryOperator::Add => Number {
                low: (self.low + other.low).max(-LIMIT),
                high: (self.high + other.high).min(LIMIT),
                low_real: self.low_real && other.low_real,
                high_real: self.high_real && other.high_real,
                tainted,
                length: None,
            },
            BinaryOperator::Subtract => Number {
                low: (self.low - other.high).max(-LIMIT),
                high: (self.high - other.low).min(LIMIT),
                low_real: self.low_real && other.high_real,
                high_real: self.high_real && other.low_real,
                tainted,
                length: None,
            },
            BinaryOperator::Multiply => corners(|a, b| a.saturating_mul(b)),
            BinaryOperator::Divide if other.low > 0 || other.high < 0 => corners(|a, b| a / b),
            BinaryOperator::Remainder => match other.constant() {
                Some(by) if by != 0 => {
                    let top = (by.abs() - 1).min(self.high.max(0));
                    let bottom = if self.low < 0 { -(by.abs() - 1) } else { 0 };
                    let real = self.tainted || !self.is_unknown();
                    Number {
                        low: bottom,
                        high: top,
                        low_real: real && self.low_real,
                        high_real: real && self.high_real,
                        tainted: false,
                        length: None,
                    }
                }
                _ => Number::unknown(),
            },
            BinaryOperator::ShiftLeft => match other.constant() {
                Some(by @ 0..=40) => corners_shift(self, by),
                _ => Number::unknown(),
            },
            BinaryOperator::And => match (self.constant(), other.constant()) {
                (_, Some(mask)) | (Some(mask), _) if mask >= 0 => Number {
                    low: 0,
                    high: mask,
                    low_real: tainted,
                    high_real: tainted,
                    tainted,
                    length: None,
                },
                _ => Number::unknown(),
            },
            _ => Number::unknown(),
        };
        made.length = match (operator, self.length, other.length) {
            (BinaryOperator::Add, Some((block, more)), None)
            | (BinaryOperator::Add, None, Some((block, more))) => {
                let added = if self.length.is_some() { other } else { self };
                added.constant().map(|value| (block, more + value))
            }
            (BinaryOperator::Subtract, Some((block, more)), None) => {
                other.constant().map(|value| (block, more - value))
            }
            (BinaryOperator::Multiply, Some(length), None) if other.constant() == Some(1) => {
                Some(length)
            }
            (BinaryOperator::Multiply, None, Some(length)) if self.constant() == Some(1) => {
                Some(length)
            }
            _ => None,
        };
        made
    }
}

fn corners_shift(number: &Number, by: i128) -> Number {
    let factor = Number::exact(1 << by);
    number.operate(BinaryOperator::Multiply, &factor)
}
