//! One generation, step by step.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::guide::Guide;
use super::output::Output;
use super::{CancelToken, Finish, GenerateOptions, Generated, Timings};
use crate::constraint::Constraint;
use crate::error::EngineError;
use crate::sampler::{Choice, Sampler, TokenLogProbabilities, log_probabilities};
use crate::session::Session;
use crate::speculation::{Drafts, SpeculationCounts};

/// What a generation needs and what it has so far.
struct Run<'a, 'c> {
    session: &'a mut Session,
    options: &'a GenerateOptions,
    cancel: &'a CancelToken,
    end_tokens: &'a [u32],
    sampler: Sampler,
    guide: Guide<'a, 'c>,
    output: Output<'a>,
    drafts: Option<Drafts<'a>>,
    prompt_tokens: usize,
    tokens: Vec<u32>,
    log_probabilities: Vec<TokenLogProbabilities>,
    top_two_gap_min: Option<f32>,
    whole_bytes: usize,
    counts: SpeculationCounts,
    start: Instant,
    timings: Timings,
}

/// See [`Session::generate`].
pub(super) fn run(
    session: &mut Session,
    prompt: &[u32],
    options: &GenerateOptions,
    constraint: Option<&mut (dyn Constraint + '_)>,
    cancel: &CancelToken,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<Generated, EngineError> {
    options.check()?;
    let mut sampler = Sampler::new(&options.sampling)?;
    let model = Arc::clone(session.model());
    let end_tokens = options.end_tokens.as_deref().unwrap_or(model.end_tokens());
    let start = Instant::now();
    let reused_tokens = session.keep_common_prefix(prompt);
    let is_complete = session.forward_unless_cancelled(&prompt[reused_tokens..], cancel)?;
    let timings = Timings { prefill: start.elapsed(), ..Timings::default() };

    sampler.remember(prompt);
    let costs = session.step_costs();
    let mut run = Run {
        options,
        cancel,
        end_tokens,
        sampler,
        guide: Guide::new(model.tokenizer(), end_tokens, &options.start_bytes, constraint),
        output: Output::new(&options.stop, on_text),
        drafts: options.speculation.as_ref().map(|options| Drafts::new(options, prompt, costs)),
        prompt_tokens: prompt.len(),
        tokens: Vec::new(),
        log_probabilities: Vec::new(),
        top_two_gap_min: None,
        whole_bytes: 0,
        counts: SpeculationCounts::default(),
        start,
        timings,
        session,
    };
    let finish = if is_complete { run.decode()? } else { Finish::Cancelled };
    Ok(run.finish(finish, reused_tokens))
}

impl Run<'_, '_> {
    /// The loop: choose, keep, compute. Returns why it ended.
    fn decode(&mut self) -> Result<Finish, EngineError> {
        // Tokens that were computed after the last chosen one because they may come next, and
        // how many of them did. Row n of the logits follows n of them.
        let mut draft = Vec::new();
        let mut accepted = 0;
        let mut step_time = None;
        loop {
            if self.cancel.is_cancelled() {
                return Ok(Finish::Cancelled);
            }
            if self.tokens.len() >= self.options.tokens_max {
                return Ok(Finish::Length);
            }
            let Some(choice) = self.choose(accepted)? else {
                return Ok(Finish::NothingAllowed);
            };
            if let ControlFlow::Break(finish) = self.keep(choice.token, accepted)? {
                return Ok(finish);
            }
            if draft.get(accepted) == Some(&choice.token) {
                accepted += 1;
                self.counts.accepted += 1;
                continue;
            }
            if let (Some(drafts), Some(elapsed)) = (&mut self.drafts, step_time) {
                drafts.verified(draft.len(), accepted, elapsed);
            }
            if self.cancel.is_cancelled() {
                return Ok(Finish::Cancelled);
            }
            draft.clear();
            accepted = 0;
            let step_start = Instant::now();
            self.step(choice.token, &mut draft)?;
            step_time = Some(step_start.elapsed());
        }
    }

    /// The next token by the logits of a row, None if none is allowed.
    fn choose(&mut self, row: usize) -> Result<Option<Choice>, EngineError> {
        let logits = self.session.logits(row);
        let guide = &mut self.guide;
        let choice = if guide.is_active() {
            self.sampler.choose_among(logits, Some(&mut |token| guide.allows(token)))?
        } else {
            self.sampler.choose_among(logits, None)?
        };
        if self.timings.first_token.is_zero() {
            self.timings.first_token = self.start.elapsed();
        }
        if let Some(gap) = choice.and_then(|choice| choice.top_two_gap) {
            self.top_two_gap_min = Some(self.top_two_gap_min.map_or(gap, |least| least.min(gap)));
        }
        Ok(choice)
    }

    /// Adds a chosen token to the text; breaks if nothing may follow.
    fn keep(&mut self, token: u32, row: usize) -> Result<ControlFlow<Finish>, EngineError> {
        if self.end_tokens.contains(&token) {
            return Ok(ControlFlow::Break(Finish::Stop));
        }
        self.tokens.push(token);
        self.sampler.remember(&[token]);
        if let Some(drafts) = &mut self.drafts {
            drafts.keep(token);
        }
        if let Some(top) = self.options.log_probabilities {
            self.log_probabilities.push(log_probabilities(self.session.logits(row), token, top));
        }
        let added = self.guide.advance(token)?;
        if let ControlFlow::Break(finish) = self.output.push(added.bytes) {
            return Ok(ControlFlow::Break(finish));
        }
        if added.is_complete || self.guide.may_end() {
            self.whole_bytes = self.output.text_bytes();
        }
        Ok(if added.is_complete {
            ControlFlow::Break(Finish::Complete)
        } else if self.tokens.len() >= self.options.tokens_max {
            ControlFlow::Break(Finish::Length)
        } else if self.computed_tokens() == self.session.context_length() {
            ControlFlow::Break(Finish::ContextFull)
        } else {
            ControlFlow::Continue(())
        })
    }

    /// Tokens whose successors are known: all but the last one that was chosen.
    fn computed_tokens(&self) -> usize {
        self.prompt_tokens + self.tokens.len() - 1
    }

    /// Computes `token` and, where that may pay, a guess of what follows it.
    fn step(&mut self, token: u32, draft: &mut Vec<u32>) -> Result<(), EngineError> {
        // What was guessed wrong.
        self.session.truncate(self.computed_tokens());
        if let Some(drafts) = &mut self.drafts {
            // After the last token that is asked for, or that fits, nothing needs computing.
            let wanted = self.options.tokens_max - self.tokens.len() - 1;
            let fitting = self.session.context_length() - self.session.tokens().len() - 1;
            drafts.propose(wanted.min(fitting), draft);
        }
        self.counts.steps += 1;
        self.counts.proposed += draft.len();
        draft.insert(0, token);
        self.session.forward_rows(draft)?;
        draft.remove(0);
        Ok(())
    }

    fn finish(self, finish: Finish, reused_tokens: usize) -> Generated {
        let guessed = self.session.tokens().get(self.prompt_tokens..).unwrap_or_default();
        let right = guessed.iter().zip(&self.tokens).take_while(|(a, b)| a == b).count();
        self.session.truncate(self.prompt_tokens + right);
        if let Some(drafts) = &self.drafts {
            self.session.set_step_costs(drafts.costs());
        }
        let text = self.output.finish(finish);
        let timings = Timings {
            decode: (self.start.elapsed())
                .saturating_sub(self.timings.first_token.max(self.timings.prefill)),
            ..self.timings
        };
        let whole_bytes =
            if self.guide.has_constraint() { self.whole_bytes.min(text.len()) } else { text.len() };
        Generated {
            whole_bytes,
            tokens: self.tokens,
            text,
            finish,
            prompt_tokens: self.prompt_tokens,
            reused_tokens,
            top_two_gap_min: self.top_two_gap_min,
            log_probabilities: self.log_probabilities,
            speculation: self.counts,
            timings,
        }
    }
}
