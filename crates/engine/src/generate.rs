//! The loop: compute, choose, show, until something ends it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::EngineError;
use crate::model::Model;
use crate::sampler::{Sampler, Sampling};
use crate::session::Session;
use crate::stop::StopFilter;
use crate::tokenizer::Utf8Stream;

/// Most stop strings of one generation.
const STOPS_MAX: usize = 64;
/// Most bytes of one stop string: as much text may be held back.
const STOP_BYTES_MAX: usize = 1024;

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
}

impl Default for GenerateOptions {
    /// Default sampling, 256 tokens, no stop strings, the model's end tokens.
    fn default() -> GenerateOptions {
        GenerateOptions {
            sampling: Sampling::default(),
            tokens_max: 256,
            stop: Vec::new(),
            end_tokens: None,
        }
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

    /// Cancels, for good: within one token, or within 32 tokens of a prompt.
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
    /// The context is full.
    ContextFull,
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
        check_stops(&options.stop)?;
        let mut sampler = Sampler::new(&options.sampling)?;
        let model = Arc::clone(self.model());
        let end_tokens = options.end_tokens.as_deref().unwrap_or(model.end_tokens());
        let mut output = Output {
            model: &model,
            utf8: Utf8Stream::new(),
            stops: StopFilter::new(&options.stop),
            text: String::new(),
            on_text,
        };

        let start = Instant::now();
        let reused_tokens = self.keep_common_prefix(prompt);
        let mut is_complete = self.forward_unless_cancelled(&prompt[reused_tokens..], cancel)?;
        let prefill = start.elapsed();
        let mut first_token = None;
        let mut tokens = Vec::new();
        let mut top_two_gap_min: Option<f32> = None;
        let finish = loop {
            if !is_complete || cancel.is_cancelled() {
                break Finish::Cancelled;
            }
            if tokens.len() >= options.tokens_max {
                break Finish::Length;
            }
            let choice = sampler.choose(self.logits())?;
            if let Some(gap) = choice.top_two_gap {
                top_two_gap_min = Some(top_two_gap_min.map_or(gap, |least| least.min(gap)));
            }
            first_token.get_or_insert_with(|| start.elapsed());
            if end_tokens.contains(&choice.token) {
                break Finish::Stop;
            }
            tokens.push(choice.token);
            if let ControlFlow::Break(finish) = output.push(choice.token)? {
                break finish;
            }
            if tokens.len() >= options.tokens_max {
                break Finish::Length;
            }
            if self.tokens().len() == self.context_length() {
                break Finish::ContextFull;
            }
            is_complete = self.forward_unless_cancelled(&[choice.token], cancel)?;
        };
        let text = output.finish(finish);
        let first_token = first_token.unwrap_or_default();
        let decode = start.elapsed().saturating_sub(first_token.max(prefill));
        Ok(Generated {
            tokens,
            text,
            finish,
            prompt_tokens: prompt.len(),
            reused_tokens,
            top_two_gap_min,
            timings: Timings { prefill, first_token, decode },
        })
    }
}

/// Tokens to text to the callback.
struct Output<'a> {
    model: &'a Model,
    utf8: Utf8Stream,
    stops: StopFilter<'a>,
    text: String,
    on_text: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
}

impl Output<'_> {
    /// Adds the text of a token; breaks at a stop string or if the callback asks to.
    fn push(&mut self, token: u32) -> Result<ControlFlow<Finish>, EngineError> {
        let tokenizer = self.model.tokenizer();
        if tokenizer.is_control(token) {
            return Ok(ControlFlow::Continue(()));
        }
        let text = self.utf8.push(tokenizer.piece(token)?);
        let passed = self.stops.push(&text);
        let shown = self.show(&passed.text);
        Ok(match (passed.stopped, shown) {
            (true, _) => ControlFlow::Break(Finish::StopString),
            (false, ControlFlow::Break(())) => ControlFlow::Break(Finish::Cancelled),
            (false, ControlFlow::Continue(())) => ControlFlow::Continue(()),
        })
    }

    /// Shows what was held back, unless the text ended before it. Returns the whole text.
    fn finish(mut self, finish: Finish) -> String {
        if finish != Finish::StopString {
            let rest = self.stops.push(self.utf8.finish()).text + &self.stops.finish();
            // Nothing is left to cancel.
            let _ = self.show(&rest);
        }
        self.text
    }

    fn show(&mut self, text: &str) -> ControlFlow<()> {
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        self.text.push_str(text);
        (self.on_text)(text)
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
