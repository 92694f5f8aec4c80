//! One generation, step by step: which tokens it needs computed, and what it makes of the logits.
//!
//! It holds no keys and values and computes nothing, so that a session can drive it alone, and a
//! server many of them together.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guide::Guide;
use super::output::Output;
use super::{CancelToken, Finish, GenerateOptions, Generated, Timings};
use crate::constraint::Constraint;
use crate::error::EngineError;
use crate::model::Model;
use crate::sampler::{Choice, Sampler, TokenLogProbabilities, log_probabilities};
use crate::speculation::{Drafts, SpeculationCounts, StepCosts};

/// What a generation needs and what it has so far.
pub(crate) struct Sequence<'c> {
    model: Arc<Model>,
    options: GenerateOptions,
    cancel: CancelToken,
    sampler: Sampler,
    guide: Guide<'c>,
    output: Output,
    drafts: Option<Drafts>,
    /// The prompt, what was chosen, and a guess of what follows.
    tokens: Vec<u32>,
    prompt_tokens: usize,
    /// Tokens without the guess.
    known: usize,
    /// Of the tokens that were ever computed, as many are not wrong guesses.
    right: usize,
    reused_tokens: Option<usize>,
    log_probabilities: Vec<TokenLogProbabilities>,
    top_two_gap_min: Option<f32>,
    whole_bytes: usize,
    counts: SpeculationCounts,
    start: Instant,
    timings: Timings,
}

/// Where the text goes; a break cancels.
pub(crate) type OnText<'a> = &'a mut dyn FnMut(&str) -> ControlFlow<()>;

/// Checks that a model can compute a prompt, and that the options are in their ranges.
pub(crate) fn check(
    model: &Model,
    prompt: &[u32],
    options: &GenerateOptions,
) -> Result<(), EngineError> {
    options.check()?;
    Sampler::new(&options.sampling)?;
    if prompt.is_empty() {
        return Err(EngineError::NoTokens);
    }
    for token in prompt {
        model.tokenizer().check_range(*token)?;
    }
    let (tokens, context) = (prompt.len(), model.info().context_length);
    if tokens > context { Err(EngineError::ContextExceeded { tokens, context }) } else { Ok(()) }
}

/// Most positions that a generation takes.
pub(crate) fn positions_max(model: &Model, prompt: usize, options: &GenerateOptions) -> usize {
    // The last token is chosen and not computed.
    let more = options.tokens_max.saturating_sub(1);
    prompt.saturating_add(more).min(model.info().context_length)
}

/// What was computed in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepLoad {
    pub(crate) elapsed: Duration,
    /// How many sequences took part.
    pub(crate) sequences: usize,
}

impl<'c> Sequence<'c> {
    /// `costs` are what is known of the steps of this model; times are told from `start` on.
    pub(crate) fn new(
        model: &Arc<Model>,
        prompt: &[u32],
        options: GenerateOptions,
        constraint: Option<Box<dyn Constraint + 'c>>,
        cancel: CancelToken,
        costs: StepCosts,
        start: Instant,
    ) -> Result<Sequence<'c>, EngineError> {
        check(model, prompt, &options)?;
        let mut sampler = Sampler::new(&options.sampling)?;
        sampler.remember(prompt);
        let end_tokens = options.end_tokens.clone();
        let end_tokens = end_tokens.unwrap_or_else(|| model.end_tokens().to_vec());
        let speculation = options.speculation.clone();
        Ok(Sequence {
            model: Arc::clone(model),
            cancel,
            sampler,
            guide: Guide::new(end_tokens, options.start_bytes.clone(), constraint),
            output: Output::new(options.stop.clone()),
            drafts: speculation.map(|speculation| Drafts::new(speculation, prompt, costs)),
            tokens: prompt.to_vec(),
            prompt_tokens: prompt.len(),
            known: prompt.len(),
            right: prompt.len(),
            reused_tokens: None,
            log_probabilities: Vec::new(),
            top_two_gap_min: None,
            whole_bytes: 0,
            counts: SpeculationCounts::default(),
            start,
            timings: Timings::default(),
            options,
        })
    }

    /// The prompt and what was chosen.
    pub(crate) fn tokens(&self) -> &[u32] {
        &self.tokens[..self.known]
    }

    /// Whether the first token of the text was not chosen yet.
    pub(crate) fn is_in_prompt(&self) -> bool {
        self.known == self.prompt_tokens
    }

    /// Most positions that it will ever take.
    pub(crate) fn positions_max(&self) -> usize {
        positions_max(&self.model, self.prompt_tokens, &self.options)
    }

    /// Of the tokens that were computed, as many are not wrong guesses: the others must be
    /// forgotten.
    pub(crate) fn right_tokens(&self) -> usize {
        self.right
    }

    /// How many tokens of the prompt need no computing. The first call counts.
    pub(crate) fn set_reused(&mut self, tokens: usize) {
        self.reused_tokens.get_or_insert(tokens);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// What is known of how long steps take.
    pub(crate) fn step_costs(&self) -> Option<StepCosts> {
        self.drafts.as_ref().map(Drafts::costs)
    }

    /// The next tokens to compute, at least one and at most `limit`, after the first `computed`;
    /// and of how many of the last of them the logits are needed, for [`Sequence::advance`].
    pub(crate) fn next_tokens(&self, computed: usize, limit: usize) -> (&[u32], usize) {
        let end = self.tokens.len().min(computed.saturating_add(limit));
        (&self.tokens[computed..end], end.saturating_sub(computed.max(self.known - 1)))
    }

    /// Goes on by the logits [rows, vocabulary] after the last known token and after those of the
    /// guess that were computed with it, in a step of `load`. Returns why the generation ends, or
    /// None if there are more tokens to compute.
    pub(crate) fn advance(
        &mut self,
        logits: &[f32],
        load: StepLoad,
        on_text: OnText<'_>,
    ) -> Result<Option<Finish>, EngineError> {
        let rows = logits.chunks_exact(self.model.info().vocabulary_size);
        let draft = self.tokens[self.known..][..rows.len() - 1].to_vec();
        self.tokens.truncate(self.known);
        self.right = self.known;
        let is_in_prompt = self.is_in_prompt();
        if is_in_prompt {
            self.timings.prefill = self.start.elapsed();
        } else {
            self.counts.steps += 1;
            self.counts.proposed += draft.len();
        }
        for (accepted, logits) in rows.enumerate() {
            if self.cancel.is_cancelled() {
                return Ok(Some(Finish::Cancelled));
            }
            if self.chosen().len() >= self.options.tokens_max {
                return Ok(Some(Finish::Length));
            }
            let Some(choice) = self.choose(logits)? else {
                return Ok(Some(Finish::NothingAllowed));
            };
            let is_guessed = draft.get(accepted) == Some(&choice.token);
            if let ControlFlow::Break(finish) =
                self.add(choice.token, is_guessed, logits, on_text)?
            {
                return Ok(Some(finish));
            }
            if is_guessed {
                self.counts.accepted += 1;
                continue;
            }
            if let (Some(drafts), false) = (&mut self.drafts, is_in_prompt) {
                // Who shares a step does not know what its own part of it costs.
                let elapsed = if load.sequences == 1 { load.elapsed } else { Duration::ZERO };
                drafts.verified(draft.len(), accepted, elapsed);
            }
            break;
        }
        self.guess(load.sequences);
        Ok(self.cancel.is_cancelled().then_some(Finish::Cancelled))
    }

    fn chosen(&self) -> &[u32] {
        &self.tokens[self.prompt_tokens..self.known]
    }

    /// The next token, None if none is allowed.
    fn choose(&mut self, logits: &[f32]) -> Result<Option<Choice>, EngineError> {
        let choice = self.guide.choose(self.model.tokenizer(), &mut self.sampler, logits)?;
        if self.timings.first_token.is_zero() {
            self.timings.first_token = self.start.elapsed();
        }
        if let Some(gap) = choice.and_then(|choice| choice.top_two_gap) {
            self.top_two_gap_min = Some(self.top_two_gap_min.map_or(gap, |least| least.min(gap)));
        }
        Ok(choice)
    }

    /// Adds a chosen token to the text; breaks if nothing may follow.
    fn add(
        &mut self,
        token: u32,
        is_guessed: bool,
        logits: &[f32],
        on_text: OnText<'_>,
    ) -> Result<ControlFlow<Finish>, EngineError> {
        if self.guide.is_end(token) {
            return Ok(ControlFlow::Break(Finish::Stop));
        }
        self.tokens.push(token);
        self.known += 1;
        self.right += usize::from(is_guessed);
        self.sampler.remember(&[token]);
        if let Some(drafts) = &mut self.drafts {
            drafts.keep(token);
        }
        if let Some(top) = self.options.log_probabilities {
            self.log_probabilities.push(log_probabilities(logits, token, top));
        }
        let added = self.guide.advance(self.model.tokenizer(), token)?;
        if let ControlFlow::Break(finish) = self.output.push(added.bytes, on_text) {
            return Ok(ControlFlow::Break(finish));
        }
        if added.is_complete || self.guide.may_end() {
            self.whole_bytes = self.output.text_bytes();
        }
        Ok(if added.is_complete {
            ControlFlow::Break(Finish::Complete)
        } else if self.chosen().len() >= self.options.tokens_max {
            ControlFlow::Break(Finish::Length)
        } else if self.known > self.model.info().context_length {
            ControlFlow::Break(Finish::ContextFull)
        } else {
            ControlFlow::Continue(())
        })
    }

    /// Where that may pay in a step of as many sequences, guesses what follows the last token.
    fn guess(&mut self, sequences: usize) {
        let Some(drafts) = &mut self.drafts else { return };
        // After the last token that is asked for, or that fits, nothing needs computing.
        let wanted = self.options.tokens_max - (self.known - self.prompt_tokens) - 1;
        let fitting = self.model.info().context_length - self.known;
        drafts.propose(wanted.min(fitting), sequences, &mut self.tokens);
    }

    pub(crate) fn finish(self, finish: Finish, on_text: OnText<'_>) -> Generated {
        let has_constraint = self.guide.has_constraint();
        let text = self.output.finish(finish, on_text);
        let decode_start = self.timings.first_token.max(self.timings.prefill);
        let decode = self.start.elapsed().saturating_sub(decode_start);
        Generated {
            whole_bytes: if has_constraint { self.whole_bytes.min(text.len()) } else { text.len() },
            tokens: self.tokens[self.prompt_tokens..self.known].to_vec(),
            text,
            finish,
            prompt_tokens: self.prompt_tokens,
            reused_tokens: self.reused_tokens.unwrap_or(0),
            top_two_gap_min: self.top_two_gap_min,
            log_probabilities: self.log_probabilities,
            speculation: self.counts,
            timings: Timings { decode, ..self.timings },
        }
    }
}
