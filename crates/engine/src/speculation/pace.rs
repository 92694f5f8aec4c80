//! How far to guess: as far as it is likely to pay.
//!
//! If a guessed token is right with probability a, a guess of d tokens gives 1 + a + … + aᵈ
//! tokens on average, in the time of 1 + c·d steps of one token, where c is the cost of one more
//! token in a step. Both a, for matches of different lengths, and c are learnt from what
//! happened; the best d, which is 0 where guessing does not pay, follows.

use std::time::Duration;

/// Lengths from which on a match belongs to the next class.
const CLASSES: [usize; 3] = [3, 8, 20];
/// Probability that a guessed token is right, by class, before anything is known.
const ACCEPTANCE: [f64; CLASSES.len() + 1] = [0.5, 0.7, 0.85, 0.95];
/// How much one token says about acceptance.
const ACCEPTANCE_WEIGHT: f64 = 1.0 / 12.0;
/// How much one step says about costs.
const COST_WEIGHT: f64 = 1.0 / 8.0;
/// Cost of one more token in a step before anything is known.
const ROW_COST: f64 = 0.25;
/// After as many guesses that were not made, a short one is made to learn whether that is still
/// right; each time that it is, twice as many, up to the maximum.
const PAUSE: u32 = 16;
const PAUSE_MAX: u32 = 256;
/// Tokens of a guess that is made to learn.
const PROBE: usize = 2;

/// What steps of a model cost here, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepCosts {
    /// Of one token; None until one was measured.
    step_seconds: Option<f64>,
    /// Of one more token, as a part of that.
    row: f64,
}

impl Default for StepCosts {
    fn default() -> StepCosts {
        StepCosts { step_seconds: None, row: ROW_COST }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// Whether costs are measured, or known from the caller.
    is_measuring: bool,
    costs: StepCosts,
    classes: [Class; CLASSES.len() + 1],
}

/// What is known of matches of about one length.
#[derive(Debug, Clone, Copy)]
struct Class {
    /// Probability that a guessed token is right.
    acceptance: f64,
    /// Guesses that were not made since the last one.
    skipped: u32,
    /// Guesses to leave out before one is made to learn.
    pause: u32,
}

impl Pace {
    pub(super) fn new(row_cost: Option<f32>, costs: StepCosts) -> Pace {
        let class = |acceptance| Class { acceptance, skipped: 0, pause: PAUSE };
        let costs = match row_cost {
            Some(row) => StepCosts { row: row.into(), ..costs },
            None => costs,
        };
        let classes = ACCEPTANCE.map(class);
        Pace { is_measuring: row_cost.is_none(), costs, classes }
    }

    pub(super) fn costs(&self) -> StepCosts {
        self.costs
    }

    /// The best length of a guess, at most `max`, that relies on a match of `matched` tokens, in
    /// a step of as many sequences. Each of those has its part of the step, so that one more
    /// token costs more of that.
    pub(super) fn draft_length(&mut self, matched: usize, max: usize, sequences: usize) -> usize {
        let others = sequences as f64 - 1.0;
        let row = self.costs.row * (1.0 + others) / (1.0 + self.costs.row * others);
        let class = &mut self.classes[class(matched)];
        let mut best = (1.0, 0);
        let (mut tokens, mut right) = (1.0, 1.0);
        for length in 1..=max {
            right *= class.acceptance;
            tokens += right;
            let speed = tokens / (1.0 + row * length as f64);
            if speed > best.0 {
                best = (speed, length);
            }
        }
        if best.1 > 0 {
            return best.1;
        }
        class.skipped += 1;
        if class.skipped < class.pause {
            return 0;
        }
        class.skipped = 0;
        class.pause = (2 * class.pause).min(PAUSE_MAX);
        PROBE.min(max)
    }

    /// Of a guess of `proposed` tokens, `accepted` were right and the next, if any, was not.
    pub(super) fn record_acceptance(&mut self, matched: usize, proposed: usize, accepted: usize) {
        let class = &mut self.classes[class(matched)];
        for _ in 0..accepted {
            class.acceptance += (1.0 - class.acceptance) * ACCEPTANCE_WEIGHT;
        }
        if accepted < proposed {
            class.acceptance -= class.acceptance * ACCEPTANCE_WEIGHT;
        } else {
            class.pause = PAUSE;
        }
    }

    /// A step of `rows` tokens took `elapsed`.
    pub(super) fn record_cost(&mut self, rows: usize, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        if !self.is_measuring || seconds == 0.0 {
            return;
        }
        let StepCosts { step_seconds, row } = &mut self.costs;
        let more_rows = (rows - 1) as f64;
        let Some(step) = step_seconds else {
            *step_seconds = Some(seconds / (1.0 + *row * more_rows));
            return;
        };
        if rows == 1 {
            // A step that was interrupted says little.
            *step += (seconds.min(2.0 * *step) - *step) * COST_WEIGHT;
        } else {
            let cost = (seconds / *step - 1.0) / more_rows;
            *row += (cost.clamp(0.0, 4.0 * *row + 0.1) - *row) * COST_WEIGHT;
        }
    }
}

/// The class of a match.
fn class(matched: usize) -> usize {
    CLASSES.iter().filter(|start| matched >= **start).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATCHED: usize = 2;

    fn pace(row_cost: f32) -> Pace {
        Pace::new(Some(row_cost), StepCosts::default())
    }

    /// Tokens proposed in `steps` steps in which guesses are right for `right` tokens.
    fn proposed(pace: &mut Pace, steps: usize, right: usize) -> usize {
        let mut sum = 0;
        for _ in 0..steps {
            let length = pace.draft_length(MATCHED, 15, 1);
            sum += length;
            if length > 0 {
                pace.record_acceptance(MATCHED, length, right.min(length));
            }
        }
        sum
    }

    #[test]
    fn guesses_stop_when_they_are_wrong_and_start_again_when_right() {
        let mut pace = pace(0.3);
        assert!(pace.draft_length(MATCHED, 15, 1) > 0, "the first are tried");
        proposed(&mut pace, 200, 0);
        let wrong = proposed(&mut pace, 1000, 0);
        assert!((1..30).contains(&wrong), "{wrong} tokens in 1000 steps");
        proposed(&mut pace, 3000, 15);
        let right = proposed(&mut pace, 100, 15);
        assert!(right > 700, "{right} tokens in 100 steps");
    }

    #[test]
    fn what_a_token_costs_decides() {
        for (row_cost, least, most) in [(0.0, 15, 15), (0.2, 2, 10), (0.6, 0, 1), (1.5, 0, 0)] {
            let mut pace = pace(row_cost);
            pace.classes[class(MATCHED)].acceptance = 0.6;
            let length = pace.draft_length(MATCHED, 15, 1);
            assert!((least..=most).contains(&length), "{row_cost}: {length}");
        }
        assert_eq!(pace(0.0).draft_length(MATCHED, 0, 1), 0);
    }

    #[test]
    fn guesses_are_shorter_in_company() {
        let lengths = [1, 2, 4, 16].map(|all| pace(0.1).draft_length(MATCHED, 15, all));
        assert!(lengths.is_sorted_by(|a, b| a >= b) && lengths[0] > lengths[3], "{lengths:?}");
    }

    #[test]
    fn longer_matches_are_trusted_more() {
        let mut pace = pace(0.3);
        let lengths = [2, 3, 8, 20, 32].map(|matched| pace.draft_length(matched, 31, 1));
        assert!(lengths.is_sorted() && lengths[0] < lengths[4], "{lengths:?}");
    }

    #[test]
    fn costs_are_learnt_and_kept() {
        let mut pace = Pace::new(None, StepCosts::default());
        for _ in 0..40 {
            pace.record_cost(1, Duration::from_millis(10));
            pace.record_cost(9, Duration::from_millis(18));
        }
        let costs = pace.costs();
        assert!(
            (costs.row - 0.1).abs() < 0.01 && costs.step_seconds.unwrap() > 0.0099,
            "{costs:?}"
        );
        let mut next = Pace::new(None, costs);
        // One interruption does not overturn it.
        next.record_cost(2, Duration::from_secs(5));
        assert!(next.costs().row < 0.2, "{:?}", next.costs());
        let mut known = Pace::new(Some(0.7), costs);
        known.record_cost(9, Duration::from_secs(1));
        assert!((known.costs().row - 0.7).abs() < 1e-6);
    }
}
