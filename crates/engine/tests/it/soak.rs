//! Many short requests, many of them cancelled: nothing is kept that should be gone.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{CancelToken, Finish, GenerateOptions, Sampling, Session, Speculation};

use crate::tiny::{BLOCKS, CONTEXT, F32, File, HEAD_WIDTH, KV_HEADS, Random, VOCABULARY};

const REQUESTS: usize = 10_000;
const THREADS: usize = 4;
/// Sessions of a thread, each with another text, as open files are.
const SESSIONS: usize = 3;
/// Rows of logits that a session holds at most: of the longest guess.
const ROWS: usize = 16;

/// Positions whose keys and values are kept together.
const PAGE: usize = 32;

/// Keys and values of a full context in whole pages, logits, and tokens with room to grow.
const SESSION_BYTES_MAX: usize = 4
    * (CONTEXT.next_multiple_of(PAGE) * BLOCKS * 2 * KV_HEADS * HEAD_WIDTH
        + ROWS * VOCABULARY
        + 2 * CONTEXT);

/// How a request is cancelled.
enum Cancelling {
    Not,
    Before,
    /// By the callback, after so many pieces.
    ByCallback(usize),
    /// By another thread, whenever it gets there.
    ByAnother,
}

#[test]
fn ten_thousand_requests_leave_nothing_behind() {
    let model = Arc::new(File::tiny(F32, 1).load().unwrap());
    let (cancelled, completed, largest) =
        (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel::<CancelToken>();
        scope.spawn(move || receiver.iter().for_each(|token| token.cancel()));
        for thread in 0..THREADS {
            let (model, sender) = (&model, sender.clone());
            let (cancelled, completed, largest) = (&cancelled, &completed, &largest);
            scope.spawn(move || {
                let mut random = Random(thread as u64 + 1);
                let mut sessions = vec![Session::new(Arc::clone(model)); SESSIONS];
                for _ in 0..REQUESTS / THREADS {
                    let session = &mut sessions[random.below(SESSIONS)];
                    let finish = request(session, &mut random, &sender);
                    let counter = if finish == Finish::Cancelled { cancelled } else { completed };
                    counter.fetch_add(1, Ordering::Relaxed);
                    largest.fetch_max(session.memory_bytes(), Ordering::Relaxed);
                }
            });
        }
    });
    let (cancelled, completed) = (cancelled.into_inner(), completed.into_inner());
    assert_eq!(cancelled + completed, REQUESTS);
    assert!(cancelled > REQUESTS / 5 && completed > REQUESTS / 5, "{cancelled} {completed}");
    let largest = largest.into_inner();
    assert!(largest <= SESSION_BYTES_MAX, "{largest} bytes, at most {SESSION_BYTES_MAX}");
    let weak = Arc::downgrade(&model);
    assert_eq!(Arc::strong_count(&model), 1, "all sessions are gone");
    drop(model);
    assert!(weak.upgrade().is_none(), "and the model with them");
}

fn request(
    session: &mut Session,
    random: &mut Random,
    sender: &std::sync::mpsc::Sender<CancelToken>,
) -> Finish {
    let prompt: Vec<u32> = (0..1 + random.below(12)).map(|_| 97 + random.below(4) as u32).collect();
    let options = GenerateOptions {
        sampling: Sampling { seed: random.next(), ..Sampling::default() },
        tokens_max: random.below(12),
        end_tokens: (random.below(2) == 0).then(Vec::new),
        stop: vec!["\n".to_owned(); random.below(2)],
        speculation: (random.below(2) == 0).then(Speculation::default),
        ..GenerateOptions::default()
    };
    let cancelling = match random.below(5) {
        0 | 1 => Cancelling::Not,
        2 => Cancelling::Before,
        3 => Cancelling::ByCallback(random.below(4)),
        _ => Cancelling::ByAnother,
    };
    let cancel = CancelToken::new();
    match cancelling {
        Cancelling::Before => cancel.cancel(),
        Cancelling::ByAnother => sender.send(cancel.clone()).unwrap(),
        Cancelling::Not | Cancelling::ByCallback(_) => {}
    }
    let mut pieces = 0;
    let mut on_text = |_: &str| {
        pieces += 1;
        match cancelling {
            Cancelling::ByCallback(last) if pieces > last => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    let generated = session.generate(&prompt, &options, &cancel, &mut on_text).unwrap();
    // What is held is the start of the request, and nothing else.
    let whole: Vec<u32> = prompt.iter().chain(&generated.tokens).copied().collect();
    assert!(whole.starts_with(session.tokens()));
    match cancelling {
        Cancelling::Before => assert_eq!(generated.finish, Finish::Cancelled),
        Cancelling::Not => assert_ne!(generated.finish, Finish::Cancelled),
        Cancelling::ByCallback(_) | Cancelling::ByAnother => {}
    }
    generated.finish
}
