//! One prompt from a request, a snapshot and, for a rewrite, what was wrong before.

use std::sync::Arc;

use types::{
    BudgetAccount, Message, ModelProfile, Place, Prompt, PromptBody, PromptStyle, Request, Role,
    Snapshot, Task,
};

use crate::budget::Budget;
use crate::infill;
use crate::templates::{self, Slots};

/// What was wrong with the last answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The text that was refused.
    pub attempt: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// Why there is no prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The part that may not be cut does not fit.
    #[error(
        "the {part} has {tokens} tokens, but {model} has room for {room} beside its answer; \
         shorten it, ask for a shorter answer, or use a model with a larger context"
    )]
    TooLong {
        /// The part.
        part: &'static str,
        /// Its tokens.
        tokens: usize,
        /// The room there is.
        room: usize,
        /// The model.
        model: String,
    },
    /// A completion was asked of a model without fill-in-the-middle tokens.
    #[error("{model} has no fill-in-the-middle tokens, so it cannot complete at a cursor")]
    NoInfill {
        /// The model.
        model: String,
    },
    /// There is nothing to go by.
    #[error("the request is empty; say what is to be written")]
    Empty,
}

/// Builds the prompt for a request.
///
/// `count` gives the tokens of a text in the model's own tokenizer.
///
/// # Errors
/// [`PromptError`], all of them the caller's to show.
pub fn build(
    request: &Request,
    snapshot: &Snapshot,
    feedback: Option<&Feedback>,
    model: &ModelProfile,
    count: &dyn Fn(&str) -> usize,
) -> Result<Prompt, PromptError> {
    let answer = request.max_tokens.min(model.context_tokens / 2);
    let room = model.context_tokens - answer;
    let mut budget = Budget::new(&model.identity.name, room, count);
    let body = match request.task {
        Task::Complete if !model.infill => {
            return Err(PromptError::NoInfill { model: model.identity.name.clone() });
        }
        Task::Complete => infill::split(&snapshot.document.text, request, &mut budget)?,
        _ if request.instruction.trim().is_empty() && request.selection.is_empty() => {
            return Err(PromptError::Empty);
        }
        _ => match model.style {
            PromptStyle::Bare => bare(request, snapshot, feedback, model, &mut budget)?,
            PromptStyle::Chat => chat(request, snapshot, feedback, model, &mut budget)?,
        },
    };
    let account =
        BudgetAccount { context: model.context_tokens, answer, lines: budget.into_lines() };
    let place = Place {
        language: request.language,
        text: Arc::clone(&snapshot.document.text),
        range: request.selection.clone(),
        extent: request.extent,
    };
    Ok(Prompt { body, stop: Vec::new(), place: Some(place), account })
}

fn slots<'a>(
    request: &'a Request,
    snapshot: &'a Snapshot,
    feedback: Option<&'a Feedback>,
) -> Slots<'a> {
    Slots {
        language: request.language.name(),
        path: &snapshot.document.path,
        instruction: request.instruction.trim(),
        selection: &snapshot.document.text[request.selection.clone()],
        code: "",
        attempt: "",
        reasons: feedback.map_or(&[], |feedback| &feedback.reasons),
    }
}

/// The instruction alone; the reasons of a rewrite go along where they fit.
fn bare(
    request: &Request,
    snapshot: &Snapshot,
    feedback: Option<&Feedback>,
    model: &ModelProfile,
    budget: &mut Budget<'_>,
) -> Result<PromptBody, PromptError> {
    budget.must_fit("template", model.message_overhead)?;
    let full = slots(request, snapshot, feedback);
    let plain = Slots { reasons: &[], ..full };
    let render = |slots| templates::render(PromptStyle::Bare, request.task, slots);
    let content = match budget.fit("instruction", &render(&full)) {
        true => render(&full),
        false => {
            let content = render(&plain);
            budget.must_fit("instruction", budget.tokens(&content))?;
            content
        }
    };
    Ok(PromptBody::Chat(vec![Message { role: Role::User, content }]))
}

/// Standing instructions, an example, the file's code, the request, and a refused attempt.
///
/// Instruction and standing instructions must fit. What is left goes, in this order, to the
/// refused attempt, the code before the cursor (its end first) and the example.
fn chat(
    request: &Request,
    snapshot: &Snapshot,
    feedback: Option<&Feedback>,
    model: &ModelProfile,
    budget: &mut Budget<'_>,
) -> Result<PromptBody, PromptError> {
    let mut slots = slots(request, snapshot, feedback);
    let render = |slots: &Slots<'_>| templates::render(PromptStyle::Chat, request.task, slots);
    let system = templates::system(request.language);
    budget.must_fit("template", 2 * model.message_overhead)?;
    budget.must_fit("system", budget.tokens(&system))?;
    budget.must_fit("instruction", budget.tokens(&render(&slots)))?;
    if let Some(feedback) = feedback
        && budget.fit("attempt", &feedback.attempt)
    {
        slots.attempt = &feedback.attempt;
    }
    let end = match request.task {
        Task::Generate => snapshot.document.text.len(),
        _ => request.selection.start,
    };
    slots.code = budget.tail("code", &snapshot.document.text[..end]);
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let mut messages = vec![message(Role::System, &system)];
    if let Some((question, answer)) = templates::example(request.language)
        && budget.fit_with("example", &format!("{question}{answer}"), 2 * model.message_overhead)
    {
        messages.extend([message(Role::User, question), message(Role::Assistant, answer)]);
    }
    messages.push(message(Role::User, &render(&slots)));
    Ok(PromptBody::Chat(messages))
}

#[cfg(test)]
mod tests;
