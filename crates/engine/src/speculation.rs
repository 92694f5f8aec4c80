//! Guessing what comes next from what was written before, so that several tokens are computed in
//! one step. No second model: text that repeats, in an edit above all, is its own prediction
//! (Saxena 2023, "Prompt lookup decoding"; Yang et al. 2023, arXiv:2304.04487).
//!
//! A guess never changes the text. The model computes the tokens of a guess together; then each
//! position is sampled from the model's own logits with the sampler's own random numbers, as if
//! there were no guess, and the guess is of use for as long as it names the token that was
//! sampled anyway. Logits depend only on the tokens, to the bit, so the same seed gives the same
//! text with and without guesses; the distribution is that of plain decoding because it is plain
//! decoding.

mod index;
mod pace;

use std::sync::Arc;
use std::time::Duration;

pub use self::index::TokenIndex;
pub(crate) use self::pace::StepCosts;

use self::index::{MATCH_MAX, Match};
use self::pace::Pace;
use crate::error::EngineError;
use crate::session::TOKENS_AT_ONCE;

/// Most texts to look guesses up in.
const REFERENCES_MAX: usize = 64;

/// Where guesses come from, and how far they go.
#[derive(Debug, Clone, PartialEq)]
pub struct Speculation {
    /// Most tokens of one guess. From 1 to 31: with the token before them they are one piece.
    pub draft_max: usize,
    /// Texts beside the prompt and what was generated: the open file, its older version, the
    /// repository. At most 64; built once, shared by any number of generations.
    pub references: Vec<Arc<TokenIndex>>,
    /// What one more token in a step costs, as a part of a step of one token. None measures it,
    /// so that guessing stops where it does not pay; which steps guess then depends on the clock,
    /// the text does not.
    pub row_cost: Option<f32>,
}

impl Default for Speculation {
    /// Up to 15 tokens, from the prompt and the generated text, costs measured.
    fn default() -> Speculation {
        Speculation { draft_max: 15, references: Vec::new(), row_cost: None }
    }
}

impl Speculation {
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let invalid = |why| Err(EngineError::InvalidOption { option: "speculation", why });
        if !(1..TOKENS_AT_ONCE).contains(&self.draft_max) {
            return invalid(format!("guesses of {} tokens, not 1 to 31", self.draft_max));
        }
        if self.references.len() > REFERENCES_MAX {
            let found = self.references.len();
            return invalid(format!("{found} references, at most {REFERENCES_MAX} are allowed"));
        }
        match self.row_cost {
            Some(cost) if !(0.0..=100.0).contains(&cost) => {
                invalid(format!("a cost of {cost} is not in 0 to 100"))
            }
            _ => Ok(()),
        }
    }
}

/// What guessing brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpeculationCounts {
    /// Steps of the network after the prompt.
    pub steps: usize,
    /// Tokens that were guessed and computed.
    pub proposed: usize,
    /// Those of them that were sampled anyway.
    pub accepted: usize,
}

impl SpeculationCounts {
    /// Tokens that a step gave on average: 1 without guesses. None without steps.
    #[must_use]
    pub fn tokens_per_step(&self) -> Option<f64> {
        (self.steps > 0).then(|| 1.0 + self.accepted as f64 / self.steps as f64)
    }
}

/// The guesses of one generation.
#[derive(Debug)]
pub(crate) struct Drafts {
    options: Speculation,
    /// The prompt and what was generated.
    own: TokenIndex,
    pace: Pace,
    /// Where the last guess came from and where it would go on: (source, end).
    expected: Option<(Source, usize)>,
    /// Length of the match that the guess in progress relies on; 0 without a guess.
    matched: usize,
}

/// Which text: the own one, or a reference by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Own,
    Reference(usize),
}

impl Drafts {
    /// `costs` are what is known of the steps of this model.
    pub(crate) fn new(options: Speculation, prompt: &[u32], costs: StepCosts) -> Drafts {
        let mut own = TokenIndex::default();
        own.extend(prompt);
        let pace = Pace::new(options.row_cost, costs);
        Drafts { options, own, pace, expected: None, matched: 0 }
    }

    /// A token was chosen, guessed or not.
    pub(crate) fn keep(&mut self, token: u32) {
        self.own.extend(&[token]);
    }

    /// Appends a guess of at most `room` tokens to `draft`, or nothing where it would not pay in
    /// a step of as many sequences.
    pub(crate) fn propose(&mut self, room: usize, sequences: usize, draft: &mut Vec<u32>) {
        self.matched = 0;
        let room = room.min(self.options.draft_max);
        let Some((source, found)) = self.find().filter(|_| room > 0) else { return };
        let length = self.pace.draft_length(found.length, room, sequences);
        if length == 0 {
            return;
        }
        match source {
            Source::Own => {
                // Text that reaches its own end goes on as it began: a period.
                let after = &self.own.tokens()[found.end..];
                draft.extend(after.iter().cycle().take(length));
            }
            Source::Reference(number) => {
                let after = &self.options.references[number].tokens()[found.end..];
                draft.extend(&after[..length.min(after.len())]);
            }
        }
        self.matched = found.length;
        self.expected = Some((source, found.end));
    }

    /// The step of a guess of `proposed` tokens, 0 for none, took `elapsed`, zero if that says
    /// nothing, and `accepted` of them were right.
    pub(crate) fn verified(&mut self, proposed: usize, accepted: usize, elapsed: Duration) {
        self.pace.record_cost(1 + proposed, elapsed);
        if proposed > 0 {
            self.pace.record_acceptance(self.matched, proposed, accepted);
        }
        if let Some((_, end)) = &mut self.expected {
            // One token was chosen in place of, or after, the last of the guess.
            *end += accepted + 1;
        }
    }

    /// What is known of the steps of this model now.
    pub(crate) fn costs(&self) -> StepCosts {
        self.pace.costs()
    }

    /// The longest match of the end of the text; of equal ones that which goes on where the last
    /// guess left off, then the own text, then the first reference.
    fn find(&self) -> Option<(Source, Match)> {
        let tokens = self.own.tokens();
        let end = &tokens[tokens.len().saturating_sub(MATCH_MAX)..];
        let mut best: Option<(Source, Match)> = None;
        let references = self.options.references.iter().enumerate();
        let references = references.map(|(number, index)| (Source::Reference(number), &**index));
        for (source, index) in std::iter::once((Source::Own, &self.own)).chain(references) {
            let near = self.expected.filter(|(other, _)| *other == source).map(|(_, end)| end);
            let Some(found) = index.find(end, near) else { continue };
            let is_better =
                best.is_none_or(|(_, best)| (found.length, near.is_some()) > (best.length, false));
            if is_better {
                best = Some((source, found));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(options: &Speculation, text: &str) -> Drafts {
        Drafts::new(options.clone(), &ids(text), StepCosts::default())
    }

    fn ids(text: &str) -> Vec<u32> {
        text.chars().map(u32::from).collect()
    }

    fn check(references: &[&str], text: &str, room: usize, expected: &str) {
        let references =
            references.iter().map(|text| Arc::new(TokenIndex::new(&ids(text)).unwrap()));
        let options = Speculation {
            references: references.collect(),
            row_cost: Some(0.0),
            ..Speculation::default()
        };
        let mut draft = Vec::new();
        drafts(&options, text).propose(room, 1, &mut draft);
        let draft: String = draft.into_iter().filter_map(char::from_u32).collect();
        assert_eq!(draft, expected, "{text:?} and {references:?}", references = options.references);
    }

    #[test]
    fn what_followed_before_is_guessed() {
        check(&[], "", 9, "");
        check(&[], "a", 9, "");
        check(&[], "abcdef", 9, "");
        check(&[], "the cat; the ", 3, "cat");
        check(&[], "the cat; the cat; the ", 8, "cat; the");
        check(&[], "the cat; the ", 0, "");
        check(&[], "ababab", 5, "ababa");
        check(&["the dog sits"], "see the do", 20, "g sits");
        check(&["the dog sits"], "xyz", 20, "");
        // The longest match counts, wherever it is.
        check(&["a cat runs"], "cat sits; a cat ", 4, "runs");
        check(&["cat runs"], "a cat sits; a cat ", 4, "sits");
    }

    #[test]
    fn of_equal_matches_the_one_that_goes_on_counts() {
        let options = Speculation {
            references: vec![Arc::new(
                TokenIndex::new(&ids("; let x = 1; let y = 2; let z")).unwrap(),
            )],
            row_cost: Some(0.0),
            ..Speculation::default()
        };
        let mut drafts = drafts(&options, "; let x = ");
        let mut draft = Vec::new();
        drafts.propose(1, 1, &mut draft);
        assert_eq!(draft, ids("1"));
        for (token, proposed) in ids("5; let ").into_iter().zip([1, 0, 0, 0, 0, 0, 0]) {
            drafts.keep(token);
            drafts.verified(proposed, 0, Duration::ZERO);
        }
        draft.clear();
        drafts.propose(1, 1, &mut draft);
        assert_eq!(draft, ids("y"), "and not z, which is the last, nor x, which is in the text");
    }

    #[test]
    fn options_have_limits() {
        let index = Arc::new(TokenIndex::default());
        for (draft_max, references, row_cost, is_good) in [
            (1, 0, None, true),
            (31, 64, Some(0.0), true),
            (0, 0, None, false),
            (32, 0, None, false),
            (5, 65, None, false),
            (5, 0, Some(-0.1), false),
            (5, 0, Some(f32::NAN), false),
        ] {
            let references = vec![Arc::clone(&index); references];
            let options = Speculation { draft_max, references, row_cost };
            assert_eq!(options.check().is_ok(), is_good, "{draft_max} {row_cost:?}");
        }
    }
}
