//! The order of the stages, with a provider that says what the test tells it to.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;

use ledger::{EventKind, Filter, Ledger};
use pipeline::{PipelineError, Stages, Suggestion};
use policy::Policy;
use providers::{Cancel, Chunk, Limits, Provider, ProviderError};
use types::{
    Actor, Completion, Document, Extent, FinishReason, Language, ModelIdentity, ModelProfile,
    Prompt, PromptBody, PromptStyle, Request, Sampling, Snapshot, Task, Timings, Usage,
};

const GOOD: &str = "def double(n):\n    return n * 2\n";
const WARNS: &str =
    "def double(n):\n    try:\n        return n * 2\n    except:\n        return 0\n";
const UNDEFINED: &str = "def double(n):\n    return n * factor\n";
const BROKEN: &str = "def double(n:\n    return n * 2\n";

/// Gives the rounds of answers it was told to, and remembers what it was asked.
struct Scripted {
    profile: ModelProfile,
    rounds: Mutex<Vec<Vec<&'static str>>>,
    asked: Mutex<Vec<(Prompt, Limits, Vec<EventKind>)>>,
    ledger: PathBuf,
    finish: FinishReason,
}

impl Provider for Scripted {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len() / 4
    }

    fn addresses(&self) -> Vec<String> {
        Vec::new()
    }

    fn complete(
        &self,
        prompt: &Prompt,
        limits: &Limits,
        _: &Cancel,
        on_chunk: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<Completion>, ProviderError> {
        // Another connection sees only what is durable.
        let ledger = Ledger::open_existing(&self.ledger).unwrap().unwrap();
        let kinds = ledger.entries(&Filter::default()).unwrap().into_iter().map(|e| e.kind);
        self.asked.lock().unwrap().push((prompt.clone(), limits.clone(), kinds.collect()));
        let mut rounds = self.rounds.lock().unwrap();
        if rounds.is_empty() {
            return Err(ProviderError::Unsupported { model: "scripted".to_owned(), what: "go on" });
        }
        let answers = rounds.remove(0);
        let completion = |(candidate, text): (usize, &&str)| {
            let _ = on_chunk(Chunk { candidate, text });
            Completion {
                text: (*text).to_owned(),
                whole_bytes: None,
                model: self.profile.identity.clone(),
                usage: Usage::default(),
                timings: Timings::default(),
                finish: self.finish,
            }
        };
        Ok(answers.iter().enumerate().map(completion).collect())
    }
}

struct Bench {
    dir: tempfile::TempDir,
    provider: Scripted,
    ledger: RefCell<Ledger>,
}

impl Bench {
    fn new(rounds: &[&[&'static str]]) -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("ledger");
        let ledger = RefCell::new(Ledger::open(&folder).unwrap());
        let identity = ModelIdentity {
            name: "scripted".to_owned(),
            version: "1".to_owned(),
            digest: None,
            label: None,
        };
        let profile = ModelProfile {
            identity,
            context_tokens: 4096,
            message_overhead: 2,
            style: PromptStyle::Chat,
            infill: true,
        };
        let rounds = rounds.iter().map(|round| round.to_vec()).collect();
        let (rounds, asked) = (Mutex::new(rounds), Mutex::default());
        let finish = FinishReason::Stop;
        Bench { dir, provider: Scripted { profile, rounds, asked, ledger: folder, finish }, ledger }
    }

    fn suggest(&self, candidates: usize) -> Result<Suggestion, PipelineError> {
        let request = Request {
            task: Task::Generate,
            language: Language::Python,
            instruction: "Write double(n).".to_owned(),
            selection: 0..0,
            extent: Extent::Block,
            actor: Actor { name: "tester".to_owned(), client: "test".to_owned() },
            candidates,
            max_tokens: 100,
            sampling: Sampling { temperature: 0.0, top_k: 40, top_p: 0.95, seed: 5 },
        };
        let mut stages = Stages {
            provider: &self.provider,
            policy: &Policy::default(),
            facts: &types::Facts::default(),
            ledger: &mut self.ledger.borrow_mut(),
            cancel: &Cancel::default(),
            progress: &mut |_| {},
        };
        pipeline::suggest(&mut stages, &request, &Snapshot::of(Document::absent("a.py")))
    }

    fn kinds(&self) -> String {
        let entries = self.ledger.borrow().entries(&Filter::default()).unwrap();
        entries.iter().map(|entry| entry.kind.name()).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn verifies(&self) {
        let verification = self.ledger.borrow().verify(&mut |_, _| {}).unwrap();
        assert!(verification.holds(), "{:?}", verification.failure);
        assert!(self.dir.path().exists());
    }
}

#[test]
fn the_best_passing_candidate_wins() {
    let bench = Bench::new(&[&[BROKEN, WARNS, UNDEFINED, GOOD]]);
    let suggestion = bench.suggest(4).unwrap();
    assert_eq!((suggestion.verdict.name(), suggestion.text().as_deref()), ("pass", Some(GOOD)));
    assert_eq!((suggestion.candidates, suggestion.rewrites), (4, 0));
    assert!(
        suggestion.completion.text.is_empty(),
        "the text is only to be had through the verdict"
    );
    assert_eq!(bench.kinds(), format!("request {}decision", "response check ".repeat(4)));
    bench.verifies();
}

#[test]
fn the_request_is_durable_before_the_model_runs() {
    let bench = Bench::new(&[&[GOOD]]);
    bench.suggest(1).unwrap();
    let asked = bench.provider.asked.lock().unwrap();
    assert_eq!(asked[0].2, [EventKind::Request]);
    let samplings = &asked[0].1.samplings;
    assert_eq!((samplings.len(), samplings[0].temperature, samplings[0].seed), (1, 0.0, 5));
}

#[test]
fn a_block_asks_for_a_rewrite_with_the_findings() {
    let bench = Bench::new(&[&[UNDEFINED], &[BROKEN], &[GOOD]]);
    let suggestion = bench.suggest(1).unwrap();
    assert_eq!((suggestion.verdict.name(), suggestion.rewrites), ("pass", 2));
    let asked = bench.provider.asked.lock().unwrap();
    let last = |index: usize| match &asked[index].0.body {
        PromptBody::Chat(messages) => messages.last().unwrap().content.clone(),
        PromptBody::Infill { .. } => panic!("a chat was expected"),
    };
    assert!(!last(0).contains("refused"));
    assert!(last(1).contains("n * factor") && last(1).contains("F821"), "{}", last(1));
    assert!(last(2).contains("def double(n:"), "{}", last(2));
    let first = |index: usize| asked[index].1.samplings[0];
    assert!(first(1).temperature > 0.0, "a greedy rewrite would likely be the same again");
    assert_ne!(first(1).seed, first(2).seed);
    bench.verifies();
}

#[test]
fn after_two_rewrites_it_stays_blocked_and_is_not_shown() {
    let bench = Bench::new(&[&[UNDEFINED], &[BROKEN], &[UNDEFINED], &[GOOD]]);
    let suggestion = bench.suggest(1).unwrap();
    assert_eq!((suggestion.verdict.name(), suggestion.text()), ("block", None));
    let finding = &suggestion.report.findings[0];
    assert!(!finding.message.contains("factor") && !finding.message.is_empty());
    assert!(!suggestion.verdict.reasons().concat().contains("factor"));
    assert!(suggestion.report.functions.is_empty());
    assert_eq!(bench.kinds().matches("decision").count(), 3);
    bench.verifies();
}

#[test]
fn an_empty_answer_is_blocked() {
    let bench = Bench::new(&[&["```python\n\n```"], &["  \n"], &[""]]);
    let suggestion = bench.suggest(1).unwrap();
    assert_eq!(suggestion.verdict.reasons(), ["the model wrote nothing"]);
}

#[test]
fn a_failure_is_recorded() {
    let bench = Bench::new(&[]);
    let error = bench.suggest(1).unwrap_err();
    assert_eq!(error.to_string(), "scripted cannot go on");
    assert_eq!(bench.kinds(), "request failure");

    let mut bench = Bench::new(&[&[GOOD]]);
    bench.provider.finish = FinishReason::Cancelled;
    assert!(matches!(bench.suggest(1), Err(PipelineError::Cancelled)));
    assert_eq!(bench.kinds(), "request failure");
    bench.verifies();
}
