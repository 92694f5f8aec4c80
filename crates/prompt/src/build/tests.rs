//! Tests of what goes into a prompt, with a counter that takes words for tokens.

use types::{Actor, Document, Extent, Language, ModelIdentity, Sampling};

use super::*;

fn count(text: &str) -> usize {
    text.split_inclusive(char::is_whitespace).filter(|word| !word.trim().is_empty()).count()
}

fn model(context_tokens: usize, style: PromptStyle) -> ModelProfile {
    let identity =
        ModelIdentity { name: "m".to_owned(), version: "1".to_owned(), digest: None, label: None };
    ModelProfile { identity, context_tokens, message_overhead: 2, style, infill: true }
}

fn request(task: Task, instruction: &str, selection: std::ops::Range<usize>) -> Request {
    Request {
        task,
        language: Language::Python,
        instruction: instruction.to_owned(),
        selection,
        extent: Extent::Block,
        actor: Actor { name: "a".to_owned(), client: "test".to_owned() },
        candidates: 1,
        max_tokens: 100,
        sampling: Sampling { temperature: 0.0, top_k: 40, top_p: 1.0, seed: 0 },
    }
}

fn messages(prompt: &Prompt) -> Vec<(Role, &str)> {
    let PromptBody::Chat(messages) = &prompt.body else { panic!("not a chat: {prompt:?}") };
    messages.iter().map(|message| (message.role, message.content.as_str())).collect()
}

fn feedback() -> Feedback {
    Feedback { attempt: "def f(: pass".to_owned(), reasons: vec!["line 1: bad".to_owned()] }
}

#[test]
fn bare_is_the_request_alone() {
    let snapshot = Snapshot::of(Document::new("a.py", "import os\n"));
    let request = request(Task::Generate, " Write f(n). ", 0..0);
    let model = model(512, PromptStyle::Bare);
    let first = build(&request, &snapshot, None, &model, &count).unwrap();
    assert_eq!(messages(&first), [(Role::User, "Write f(n).")]);
    let second = build(&request, &snapshot, Some(&feedback()), &model, &count).unwrap();
    assert_eq!(messages(&second), [(Role::User, "Write f(n). Avoid this: line 1: bad.")]);
}

#[test]
fn chat_has_code_example_and_the_refused_attempt() {
    let snapshot = Snapshot::of(Document::new("a.py", "import os\n"));
    let request = request(Task::Generate, "Write f(n).", 0..0);
    let model = model(4096, PromptStyle::Chat);
    let prompt = build(&request, &snapshot, Some(&feedback()), &model, &count).unwrap();
    let messages = messages(&prompt);
    let roles: Vec<Role> = messages.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
    let last = messages[3].1;
    for part in ["import os", "Write f(n).", "def f(: pass", "- line 1: bad"] {
        assert!(last.contains(part), "{part} is missing in {last}");
    }
    assert!(prompt.account.used() + prompt.account.answer <= prompt.account.context);
}

#[test]
fn what_does_not_fit_is_cut_or_refused() {
    let code: String = (0..900).map(|n| format!("line_{n} = {n}\n")).collect();
    let snapshot = Snapshot::of(Document::new("a.py", &code));
    let generate = request(Task::Generate, "Write f(n).", 0..0);
    let small = model(400, PromptStyle::Chat);
    let prompt = build(&generate, &snapshot, None, &small, &count).unwrap();
    let text = messages(&prompt).last().unwrap().1.to_owned();
    assert!(text.contains("line_899") && !text.contains("line_0 "), "the nearest lines stay");
    assert!(prompt.account.used() + prompt.account.answer <= 400);
    assert!(
        prompt.account.lines.iter().any(|line| line.part == "code" && line.wanted > line.tokens)
    );

    let long = "word ".repeat(1000);
    let error = build(&request(Task::Generate, &long, 0..0), &snapshot, None, &small, &count);
    assert!(matches!(error, Err(PromptError::TooLong { part: "instruction", .. })), "{error:?}");
    let error = build(&request(Task::Generate, "", 0..0), &snapshot, None, &small, &count);
    assert_eq!(error, Err(PromptError::Empty));
}

#[test]
fn infill_keeps_the_lines_around_the_cursor() {
    let code: String = (0..900).map(|n| format!("line_{n} = {n}\n")).collect();
    let cursor = code.find("line_450").unwrap() + 4;
    let snapshot = Snapshot::of(Document::new("a.py", &code));
    let complete = request(Task::Complete, "", cursor..cursor);
    let prompt = build(&complete, &snapshot, None, &model(300, PromptStyle::Bare), &count).unwrap();
    let PromptBody::Infill { prefix, suffix } = &prompt.body else { panic!("{prompt:?}") };
    assert!(prefix.ends_with("line_449 = 449\nline") && suffix.starts_with("_450 = 450\nline_451"));
    assert!(prefix.starts_with("line_") && suffix.ends_with('\n'), "whole lines only");
    assert!(prompt.account.used() + prompt.account.answer <= 300);
    assert!(prompt.account.used() > 150, "the room is used");

    let whole = build(&complete, &snapshot, None, &model(9000, PromptStyle::Bare), &count).unwrap();
    let body = PromptBody::Infill { prefix: code[..cursor].into(), suffix: code[cursor..].into() };
    assert_eq!(whole.body, body);

    let one_line = "x ".repeat(5000);
    let snapshot = Snapshot::of(Document::new("a.py", &one_line));
    let complete = request(Task::Complete, "", 9000..9000);
    let error = build(&complete, &snapshot, None, &model(300, PromptStyle::Bare), &count);
    assert!(matches!(error, Err(PromptError::TooLong { .. })), "{error:?}");
    let without = ModelProfile { infill: false, ..model(300, PromptStyle::Bare) };
    let error = build(&complete, &snapshot, None, &without, &count);
    assert!(matches!(error, Err(PromptError::NoInfill { .. })));
}
