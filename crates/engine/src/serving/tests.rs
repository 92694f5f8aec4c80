//! The scheduler, step by step: who is served when is counted in steps, not in time.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::mpsc::TryRecvError;

use super::*;
use crate::generate::Finish;
use crate::kernels::PAGE_POSITIONS;
use crate::model::LoadLimits;
use crate::sampler::Sampling;

static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/seedling-Q8_0.gguf");
    Arc::new(Model::open(&path, &LoadLimits::default()).unwrap())
});

/// A request as seen from outside.
struct Asked {
    events: Receiver<Event>,
    cancel: CancelToken,
    text: String,
    generated: Option<Generated>,
}

impl Asked {
    /// Takes the events so far. Whether it is done.
    fn is_done(&mut self) -> bool {
        loop {
            match self.events.try_recv() {
                Ok(Event::Text { text, .. }) => self.text.push_str(&text),
                Ok(Event::Finished { generated, .. }) => self.generated = Some(*generated),
                Ok(Event::Failed { error, .. }) => panic!("{error}"),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    return self.generated.is_some();
                }
            }
        }
    }

    fn reused(&self) -> usize {
        self.generated.as_ref().unwrap().reused_tokens
    }
}

/// A prompt of `length` tokens, different for each `seed` from the first on.
fn prompt(seed: u32, length: u32) -> Vec<u32> {
    (0..length).map(|at| 300 + seed * 31 + at * at % 97).collect()
}

fn ask(scheduler: &mut Scheduler, client: &str, prompt: Vec<u32>, tokens_max: usize) -> Asked {
    let options = GenerateOptions {
        sampling: Sampling { temperature: 1.5, ..Sampling::default() },
        tokens_max,
        end_tokens: Some(Vec::new()),
        ..GenerateOptions::default()
    };
    let request = Request { client: client.to_owned(), ..Request::new(prompt, options) };
    let (sender, events) = channel();
    let cancel = CancelToken::new();
    let (of_worker, start) = (cancel.clone(), Instant::now());
    scheduler.add(Submitted { request, cancels: vec![of_worker], events: sender, start });
    Asked { events, cancel, text: String::new(), generated: None }
}

impl Scheduler {
    fn step(&mut self) {
        self.schedule();
        self.compute();
    }
}

fn scheduler(sequences_max: usize, pages_max: usize) -> Scheduler {
    Scheduler::new(Arc::clone(&MODEL), sequences_max, pages_max)
}

/// Steps until a request is done, at most `most`.
fn steps_until_done(scheduler: &mut Scheduler, asked: &mut Asked, most: usize) -> usize {
    for steps in 0..=most {
        if asked.is_done() {
            return steps;
        }
        scheduler.step();
    }
    panic!("not done after {most} steps: {:?}", scheduler.statistics());
}

#[test]
fn one_of_another_client_does_not_wait_for_fifty() {
    let mut scheduler = scheduler(4, 100);
    let many: Vec<Asked> =
        (0..50).map(|seed| ask(&mut scheduler, "many", prompt(seed, 20), 60)).collect();
    (0..10).for_each(|_| scheduler.step());
    assert_eq!(scheduler.statistics().running, 4);
    let mut single = ask(&mut scheduler, "single", prompt(60, 20), 5);
    // The prompt, whose last token gives the first of five, and at most three other prompts
    // before it.
    assert!(steps_until_done(&mut scheduler, &mut single, 100) <= 5 + 3);
    assert_eq!(scheduler.statistics().preempted, 1, "one of the many made way");
    for mut asked in many {
        steps_until_done(&mut scheduler, &mut asked, 2000);
    }
}

#[test]
fn clients_get_equal_parts() {
    let mut scheduler = scheduler(4, 200);
    let mut asked = ["a", "b"].map(|client| {
        let ask = |seed| ask(&mut scheduler, client, prompt(seed, 10), 100);
        (0..20).map(ask).collect::<Vec<Asked>>()
    });
    // In the order of arrival, all that is done by then would be the first client's.
    (0..250).for_each(|_| scheduler.step());
    let done = asked
        .each_mut()
        .map(|asked| asked.iter_mut().filter_map(|a| a.is_done().then_some(a)).count());
    assert_eq!(done, [4, 4]);
}

#[test]
fn a_short_text_does_not_wait_for_a_long_one() {
    let mut scheduler = scheduler(1, 100);
    let mut long = ask(&mut scheduler, "", prompt(1, 20), 470);
    (0..20).for_each(|_| scheduler.step());
    let mut short = ask(&mut scheduler, "", prompt(2, 20), 5);
    let steps = steps_until_done(&mut scheduler, &mut short, 1000);
    assert!((200..=256).contains(&steps), "after its turn of 256 steps: {steps}");
    assert_eq!(scheduler.statistics().preempted, 1);
    steps_until_done(&mut scheduler, &mut long, 1000);
    let statistics = scheduler.statistics();
    assert_eq!(statistics.steps, 470 + 5, "nothing was computed twice");
    let mut alone = self::scheduler(1, 100);
    let mut same = ask(&mut alone, "", prompt(1, 20), 470);
    steps_until_done(&mut alone, &mut same, 1000);
    assert_eq!(long.text, same.text);
}

#[test]
fn a_long_prompt_does_not_stop_others() {
    let mut scheduler = scheduler(4, 100);
    let mut writing = ask(&mut scheduler, "writing", prompt(1, 10), 200);
    (0..5).for_each(|_| scheduler.step());
    let long = ask(&mut scheduler, "reading", prompt(2, 400), 1);
    let mut short = ask(&mut scheduler, "asking", prompt(3, 40), 1);
    let before = scheduler.statistics();
    let steps = steps_until_done(&mut scheduler, &mut short, 100);
    assert!(steps <= 4, "two pieces, in turns with those of the long one: {steps}");
    let decoded = scheduler.statistics().tokens_decoded - before.tokens_decoded;
    assert_eq!(decoded, steps as u64 + 1, "one token each step, and that of the short one");
    let mut long = long;
    let steps = steps + steps_until_done(&mut scheduler, &mut long, 100);
    let pieces = 400_usize.div_ceil(32);
    assert!((pieces..=2 + pieces).contains(&steps), "small pieces, as one writes: {steps}");
    assert!(!writing.is_done());
}

#[test]
fn no_more_is_computed_in_a_step_than_allowed() {
    let mut scheduler = scheduler(16, 400);
    let asked: Vec<Asked> =
        (0..16).map(|seed| ask(&mut scheduler, "", prompt(seed, 100 + seed), 5)).collect();
    let mut before = scheduler.statistics();
    while !scheduler.is_idle() {
        scheduler.step();
        let now = scheduler.statistics();
        let prefilled = now.tokens_prefilled - before.tokens_prefilled;
        assert!(prefilled < 64 + PAGE_POSITIONS as u64, "{prefilled} tokens of prompts");
        before = now;
    }
    assert!(asked.into_iter().all(|mut asked| asked.is_done()));
}

#[test]
fn same_prompts_are_computed_together() {
    let mut scheduler = scheduler(4, 100);
    let mut asked: Vec<Asked> =
        (0..4).map(|_| ask(&mut scheduler, "", prompt(1, 200), 3)).collect();
    while !scheduler.is_idle() {
        scheduler.step();
        let statistics = scheduler.statistics();
        assert!(statistics.pages_shared <= statistics.pages_in_use);
    }
    assert!(asked.iter_mut().all(Asked::is_done));
    let prefilled = scheduler.statistics().tokens_prefilled;
    // The last 8 tokens do not fill a page.
    assert!(prefilled <= 192 + 4 * 8, "{prefilled}");
    let mut later = ask(&mut scheduler, "", prompt(1, 200), 3);
    steps_until_done(&mut scheduler, &mut later, 10);
    assert_eq!(later.reused(), 199);
}

#[test]
fn memory_is_never_exceeded() {
    // Room for two of the three at a time; then for one.
    for (pages_max, together) in [(8, 2), (4, 1)] {
        let mut scheduler = scheduler(8, pages_max);
        let tokens_max = 3 * PAGE_POSITIONS;
        let length = PAGE_POSITIONS as u32;
        let mut asked: Vec<Asked> =
            (0..3).map(|seed| ask(&mut scheduler, "", prompt(seed, length), tokens_max)).collect();
        let mut most = 0;
        while !scheduler.is_idle() {
            scheduler.step();
            let statistics = scheduler.statistics();
            let pages = statistics.pages_in_use + statistics.pages_cached;
            assert_eq!(pages + statistics.pages_free, pages_max);
            most = most.max(statistics.running);
        }
        assert_eq!(most, together);
        assert!(asked.iter_mut().all(Asked::is_done));
    }
}

#[test]
fn cancelling_takes_one_step() {
    let mut scheduler = scheduler(1, 100);
    let mut running = ask(&mut scheduler, "", prompt(1, 300), 50);
    let mut waiting = ask(&mut scheduler, "", prompt(2, 10), 50);
    (0..3).for_each(|_| scheduler.step());
    running.cancel.cancel();
    waiting.cancel.cancel();
    scheduler.step();
    assert!(running.is_done() && waiting.is_done() && scheduler.is_idle());
    for asked in [&running, &waiting] {
        assert_eq!(asked.generated.as_ref().unwrap().finish, Finish::Cancelled);
    }
    // What was computed of its prompt is of use.
    let mut again = ask(&mut scheduler, "", prompt(1, 300), 1);
    steps_until_done(&mut scheduler, &mut again, 20);
    assert_eq!(again.reused(), 3 * 64);
}
