//! The loop: compute, choose, show, until something ends it.

mod guide;
mod output;
mod sequence;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::guide::Lent;
pub(crate) use self::sequence::{OnText, Sequence, StepLoad, check, positions_max};
use crate::constraint::Constraint;
use crate::error::EngineError;
use crate::model::Model;
use crate::sampler::{Sampling, TokenLogProbabilities};
use crate::session::{Session, prompt_tokens_at_once};
use crate::speculation::{Speculation, SpeculationCounts};

/// Most stop strings of one generation.
const STOPS_MAX: usize = 64;
/// Most bytes of one stop string: as much text may be held back.
const STOP_BYTES_MAX: usize = 1024;
/// Most bytes that the first tokens can be asked to spell.
const START_BYTES_MAX: usize = 1024;
/// Most tokens that are told with their log-probabilities at each position.
const LOG_PROBABILITIES_MAX: usize = 100;

/// What to generate.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateOptions {
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Most tokens to generate.
    pub tokens_max: usize,
    /// Texts that end the generation and are not part of it. At most 64 of 1 to 1024 bytes.
    pub stop: Vec<String>,
    /// Token ids that end the generation; None for all that the model knows
    /// ([`Model::end_tokens`]).
    pub end_tokens: Option<Vec<u32>>,
    /// Bytes that the first tokens must spell, however they are cut; they are not part of the
    /// text. At most 1024. For a prompt that ends within a token, see [`crate::heal`].
    pub start_bytes: Vec<u8>,
    /// Guesses to compute several tokens in a step; they do not change the text. None for none.
    pub speculation: Option<Speculation>,
    /// Tells the log-probability of each token, and of as many of the likeliest, at most 100.
    pub log_probabilities: Option<usize>,
}

impl Default for GenerateOptions {
    /// Default sampling, 256 tokens, no stop strings, the model's end tokens, nothing else.
    fn default() -> GenerateOptions {
        GenerateOptions {
            sampling: Sampling::default(),
            tokens_max: 256,
            stop: Vec::new(),
            end_tokens: None,
            start_bytes: Vec::new(),
            speculation: None,
            log_probabilities: None,
        }
    }
}

impl GenerateOptions {
    fn check(&self) -> Result<(), EngineError> {
        check_stops(&self.stop)?;
        let invalid = |option, why: String| Err(EngineError::InvalidOption { option, why });
        if self.start_bytes.len() > START_BYTES_MAX {
            let why = format!("{} bytes, at most {START_BYTES_MAX}", self.start_bytes.len());
            return invalid("start_bytes", why);
        }
        if let Some(top) = self.log_probabilities.filter(|top| *top > LOG_PROBABILITIES_MAX) {
            let why = format!("{top} tokens, at most {LOG_PROBABILITIES_MAX}");
            return invalid("log_probabilities", why);
        }
        self.speculation.as_ref().map_or(Ok(()), Speculation::check)
    }
}

/// Ends a generation from another thread. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Not cancelled.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Cancels, for good: within one step (one token and what is guessed after it), or within 64
    /// tokens of a prompt; 32 if the model has more than two billion parameters.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model chose an end token.
    Stop,
    /// The text reached a stop string.
    StopString,
    /// The most tokens that were asked for.
    Length,
    /// Cancelled by the token or by the callback.
    Cancelled,
    /// Not done by its deadline: see [`crate::Request`].
    Deadline,
    /// The context is full.
    ContextFull,
    /// The constraint found the end of the unit.
    Complete,
    /// The constraint, or the start that was asked for, allowed no token.
    NothingAllowed,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Generated {
    /// All chosen tokens but the end token; also those of a stop string.
    pub tokens: Vec<u32>,
    /// The text of the tokens up to a stop string, without control tokens. Bytes that are not
    /// UTF-8, a character that was cut off by the end included, are U+FFFD.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the prompt that had been computed before.
    pub reused_tokens: usize,
    /// The smallest difference between the two largest logits of any step; see
    /// [`crate::Choice::top_two_gap`]. None if no token was chosen.
    pub top_two_gap_min: Option<f32>,
    /// Bytes of `text` up to the last place where the constraint let it end; without a
    /// constraint, all. Text that was cut off, by length or by cancelling, is whole up to there.
    pub whole_bytes: usize,
    /// One for each of `tokens`, if they were asked for.
    pub log_probabilities: Vec<TokenLogProbabilities>,
    /// What guessing brought.
    pub speculation: SpeculationCounts,
    /// How long it took.
    pub timings: Timings,
}

/// Wall-clock times of a generation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Computing the prompt.
    pub prefill: Duration,
    /// From the start until the first token was chosen. Zero if none was.
    pub first_token: Duration,
    /// Everything after the first token.
    pub decode: Duration,
}

/// Generates from a prompt in a session of its own. See [`Session::generate`].
///
/// # Errors
/// As [`Session::generate`].
pub fn generate(
    model: &Arc<Model>,
    prompt: &[u32],
    options: &GenerateOptions,
    cancel: &CancelToken,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<Generated, EngineError> {
    Session::new(Arc::clone(model)).generate(prompt, options, cancel, on_text)
}

impl Session {
    /// Continues `prompt`. What the session has computed of it already is reused, so the next
    /// candidate for the same prompt, or a prompt with the same beginning, costs little.
    ///
    /// `on_text` gets each new piece of text, never an empty one, never part of a stop string;
    /// `ControlFlow::Break` cancels. All pieces together are [`Generated::text`].
    ///
    /// # Errors
    /// [`EngineError::InvalidOption`], [`EngineError::ContextExceeded`] if the prompt does not
    /// fit, and those of [`Session::forward`].
    pub fn generate(
        &mut self,
        prompt: &[u32],
        options: &GenerateOptions,
        cancel: &CancelToken,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generated, EngineError> {
        self.run(prompt, options, None, cancel, on_text)
    }

    /// As [`Session::generate`], with tokens that `constraint` allows only.
    ///
    /// # Errors
    /// As [`Session::generate`].
    pub fn generate_constrained(
        &mut self,
        prompt: &[u32],
        options: &GenerateOptions,
        constraint: &mut dyn Constraint,
        cancel: &CancelToken,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generated, EngineError> {
        self.run(prompt, options, Some(Box::new(Lent(constraint))), cancel, on_text)
    }

    /// The loop: compute, choose, show.
    fn run(
        &mut self,
        prompt: &[u32],
        options: &GenerateOptions,
        constraint: Option<Box<dyn Constraint + '_>>,
        cancel: &CancelToken,
        on_text: OnText<'_>,
    ) -> Result<Generated, EngineError> {
        let (options, costs) = (options.clone(), self.step_costs());
        let model = Arc::clone(self.model());
        let tokens_at_once = prompt_tokens_at_once(&model);
        let start = Instant::now();
        let mut sequence =
            Sequence::new(&model, prompt, options, constraint, cancel.clone(), costs, start)?;
        sequence.set_reused(self.keep_common_prefix(prompt));
        let finish = loop {
            if cancel.is_cancelled() {
                break Finish::Cancelled;
            }
            let step_start = Instant::now();
            let (tokens, rows) = sequence.next_tokens(self.tokens().len(), tokens_at_once);
            self.compute(tokens, rows);
            if rows > 0 {
                let load = StepLoad { elapsed: step_start.elapsed(), sequences: 1 };
                let advanced = sequence.advance(self.logits(), load, on_text);
                self.truncate(sequence.right_tokens());
                if let Some(finish) = advanced? {
                    break finish;
                }
            }
        };
        if let Some(costs) = sequence.step_costs() {
            self.set_step_costs(costs);
        }
        Ok(sequence.finish(finish, on_text))
    }
}

fn check_stops(stops: &[String]) -> Result<(), EngineError> {
    let invalid = |why: String| Err(EngineError::InvalidOption { option: "stop", why });
    if stops.len() > STOPS_MAX {
        return invalid(format!("{} stop strings, at most {STOPS_MAX} are allowed", stops.len()));
    }
    match stops.iter().map(String::len).find(|length| !(1..=STOP_BYTES_MAX).contains(length)) {
        Some(length) => invalid(format!("a text of {length} bytes, not 1 to {STOP_BYTES_MAX}")),
        None => Ok(()),
    }
}
