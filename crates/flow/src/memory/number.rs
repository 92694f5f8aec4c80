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
        let mut made = match operator {
            BinaryOperator::Add => self.moved(other.low, other.high, other, false),
            BinaryOperator::Subtract => self.moved(-other.high, -other.low, other, true),
            BinaryOperator::Multiply => self.corners(other, i128::saturating_mul),
            BinaryOperator::Divide if other.low > 0 || other.high < 0 => {
                self.corners(other, |a, b| a / b)
            }
            BinaryOperator::Remainder => self.remainder(other),
            BinaryOperator::ShiftLeft => match other.constant() {
                Some(by @ 0..=40) => self.corners(&Number::exact(1 << by), i128::saturating_mul),
                _ => Number::unknown(),
            },
            BinaryOperator::And => self.masked(other),
            _ => Number::unknown(),
        };
        made.length = self.length_after(operator, other);
        made
    }

    /// Both bounds moved by what was computed of the other number's.
    fn moved(&self, low: i128, high: i128, other: &Number, swaps: bool) -> Number {
        let (other_low, other_high) = match swaps {
            true => (other.high_real, other.low_real),
            false => (other.low_real, other.high_real),
        };
        Number {
            low: (self.low + low).max(-LIMIT),
            high: (self.high + high).min(LIMIT),
            low_real: self.low_real && other_low,
            high_real: self.high_real && other_high,
            tainted: self.tainted || other.tainted,
            length: None,
        }
    }

    /// The least and the greatest of what a function makes of the bounds.
    fn corners(&self, other: &Number, make: fn(i128, i128) -> i128) -> Number {
        let all = [
            (make(self.low, other.low), self.low_real && other.low_real),
            (make(self.low, other.high), self.low_real && other.high_real),
            (make(self.high, other.low), self.high_real && other.low_real),
            (make(self.high, other.high), self.high_real && other.high_real),
        ];
        let (low, low_real) = *all.iter().min_by_key(|(value, _)| *value).unwrap_or(&all[0]);
        let (high, high_real) = *all.iter().max_by_key(|(value, _)| *value).unwrap_or(&all[0]);
        Number {
            low: low.max(-LIMIT),
            high: high.min(LIMIT),
            low_real,
            high_real,
            tainted: self.tainted || other.tainted,
            length: None,
        }
    }

    fn remainder(&self, other: &Number) -> Number {
        let Some(by) = other.constant().filter(|by| *by != 0) else { return Number::unknown() };
        let real = self.tainted || !self.is_unknown();
        Number {
            low: if self.low < 0 { 1 - by.abs() } else { 0 },
            high: (by.abs() - 1).min(self.high.max(0)),
            low_real: real && self.low_real,
            high_real: real && self.high_real,
            tainted: false,
            length: None,
        }
    }

    fn masked(&self, other: &Number) -> Number {
        let tainted = self.tainted || other.tainted;
        match other.constant().or(self.constant()) {
            Some(mask) if mask >= 0 => Number {
                low: 0,
                high: mask,
                low_real: tainted,
                high_real: tainted,
                tainted,
                length: None,
            },
            _ => Number::unknown(),
        }
    }

    /// What is known of the length of a text after something was added to it.
    fn length_after(&self, operator: BinaryOperator, other: &Number) -> Option<(u32, i128)> {
        let (length, by) = match (self.length, other.length) {
            (Some(length), None) => (length, other.constant()?),
            (None, Some(length)) if operator != BinaryOperator::Subtract => {
                (length, self.constant()?)
            }
            _ => return None,
        };
        match operator {
            BinaryOperator::Add => Some((length.0, length.1 + by)),
            BinaryOperator::Subtract => Some((length.0, length.1 - by)),
            BinaryOperator::Multiply if by == 1 => Some(length),
            _ => None,
        }
    }
}
