//! Many requests at once: each gives what it gives alone.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use engine::{
    CancelToken, Constraint, EngineError, Event, Finish, GenerateOptions, Generated, Handle,
    LoadLimits, Model, Piece, Progress, Request, Sampling, Server, ServerOptions, ServerStatistics,
    Session, Speculation, TokenIndex,
};

use crate::parity;
use crate::seedling;
use crate::tiny::{CONTEXT, F32, File, Random};

/// Positions of a page.
const PAGE: usize = 32;

/// Never the same piece twice in a row; the end may come after an even number, and must after
/// `pieces_max`.
struct Restless {
    last: Vec<u8>,
    pieces: usize,
    pieces_max: usize,
}

impl Constraint for Restless {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        self.last != piece.bytes
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        self.last = piece.bytes.to_vec();
        self.pieces += 1;
        if self.pieces < self.pieces_max { Progress::Open } else { Progress::Complete(1) }
    }

    fn may_end(&mut self) -> bool {
        self.pieces.is_multiple_of(2)
    }
}

fn restless(pieces_max: usize) -> Box<Restless> {
    Box::new(Restless { last: Vec::new(), pieces: 0, pieces_max })
}

/// A request as it can be made several times.
#[derive(Clone)]
struct Wish {
    prompt: Vec<u32>,
    options: GenerateOptions,
    /// Of each candidate.
    samplings: Vec<Sampling>,
    pieces_max: Option<usize>,
    client: String,
}

impl Wish {
    /// Everything on, now and then; prompts begin alike.
    fn random(model: &Model, random: &mut Random) -> Wish {
        let (vocabulary, context) = (model.info().vocabulary_size, model.info().context_length);
        let beginning = random.below(3) as u64 + 7;
        let mut same = Random(beginning);
        let mut prompt: Vec<u32> = (0..1 + random.below(context.min(100) - 12))
            .map(|_| same.below(vocabulary) as u32)
            .collect();
        prompt.extend((0..random.below(6)).map(|_| random.below(vocabulary) as u32));
        let samplings = (0..1 + random.below(3)).map(|_| sampling(random)).collect();
        let speculation = Speculation {
            draft_max: 1 + random.below(31),
            references: (0..random.below(2))
                .map(|_| Arc::new(TokenIndex::new(&prompt).unwrap()))
                .collect(),
            row_cost: [None, Some(0.0)][random.below(2)],
        };
        let mut start_bytes = Vec::new();
        if random.below(3) == 0 {
            let piece = model.tokenizer().piece(random.below(vocabulary) as u32).unwrap();
            start_bytes.extend(&piece[..piece.len().min(2)]);
        }
        let options = GenerateOptions {
            tokens_max: random.below(40),
            stop: vec!["e".to_owned(), "th".to_owned()][..random.below(3)].to_vec(),
            end_tokens: (random.below(2) == 0).then(Vec::new),
            start_bytes,
            speculation: (random.below(3) > 0).then_some(speculation),
            log_probabilities: (random.below(3) == 0).then_some(2),
            ..GenerateOptions::default()
        };
        Wish {
            prompt,
            options,
            samplings,
            pieces_max: (random.below(3) == 0).then(|| 1 + random.below(20)),
            client: format!("client {}", random.below(3)),
        }
    }

    fn request(&self) -> Request {
        let constraint = |_| self.pieces_max.map(|max| restless(max) as Box<_>);
        Request {
            samplings: self.samplings.clone(),
            constraints: self.samplings.iter().filter_map(constraint).collect(),
            client: self.client.clone(),
            ..Request::new(self.prompt.clone(), self.options.clone())
        }
    }

    /// Each candidate in a session of its own.
    fn alone(&self, model: &Arc<Model>) -> Vec<Generated> {
        let candidate = |sampling: &Sampling| {
            let options = GenerateOptions { sampling: sampling.clone(), ..self.options.clone() };
            let mut session = Session::new(Arc::clone(model));
            let mut on_text = |_: &str| ControlFlow::Continue(());
            let (prompt, cancel) = (&self.prompt, CancelToken::new());
            match self.pieces_max {
                None => session.generate(prompt, &options, &cancel, &mut on_text),
                Some(max) => {
                    let mut constraint = restless(max);
                    let constraint = &mut *constraint;
                    session.generate_constrained(
                        prompt,
                        &options,
                        constraint,
                        &cancel,
                        &mut on_text,
                    )
                }
            }
            .unwrap()
        };
        self.samplings.iter().map(candidate).collect()
    }
}

fn sampling(random: &mut Random) -> Sampling {
    let is_greedy = random.below(4) == 0;
    Sampling {
        temperature: if is_greedy { 0.0 } else { 0.5 + random.below(20) as f32 / 10.0 },
        top_k: random.below(3) * 20,
        seed: random.next(),
        repetition_penalty: [1.0, 1.3][random.below(2)],
        repetition_window: random.below(50),
        ..Sampling::default()
    }
}

/// The events of a request together: what was shown of each candidate, and what it came to.
fn collect(handle: Handle) -> Vec<Generated> {
    let mut shown: Vec<String> = Vec::new();
    let mut all: Vec<Option<Generated>> = Vec::new();
    for event in handle {
        let (Event::Text { candidate, .. }
        | Event::Finished { candidate, .. }
        | Event::Failed { candidate, .. }) = event
        else {
            unreachable!("no other events")
        };
        shown.resize(shown.len().max(candidate + 1), String::new());
        all.resize(all.len().max(candidate + 1), None);
        match event {
            Event::Text { text, .. } => {
                assert!(!text.is_empty() && all[candidate].is_none());
                shown[candidate].push_str(&text);
            }
            Event::Finished { generated, .. } => all[candidate] = Some(*generated),
            Event::Failed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
    let all: Vec<Generated> = all.into_iter().map(Option::unwrap).collect();
    for (generated, shown) in all.iter().zip(shown) {
        assert_eq!(generated.text, shown, "the pieces are the whole");
    }
    all
}

fn assert_same(found: &[Generated], expected: &[Generated], wish: &Wish) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let said = |generated: &Generated| {
            let gap = generated.top_two_gap_min.map(f32::to_bits);
            (generated.tokens.clone(), generated.text.clone(), generated.finish, gap)
        };
        assert_eq!(said(found), said(expected), "{:?}", wish.options);
        assert_eq!(found.whole_bytes, expected.whole_bytes);
        assert_eq!(found.log_probabilities, expected.log_probabilities);
    }
}

/// Pages that a model needs for its whole context.
fn context_pages(model: &Model) -> usize {
    model.info().context_length.div_ceil(PAGE)
}

fn start(model: &Arc<Model>, sequences_max: usize, pages: usize) -> Server {
    let options =
        |cache_bytes_max| ServerOptions { sequences_max, waiting_max: 1000, cache_bytes_max };
    let any = Server::start(Arc::clone(model), options(1 << 30)).unwrap();
    let page_bytes = any.statistics().page_bytes;
    Server::start(Arc::clone(model), options(page_bytes * pages as u64)).unwrap()
}

/// Waits until nothing runs, which is soon.
fn settled(server: &Server) -> ServerStatistics {
    loop {
        let statistics = server.statistics();
        if statistics.running + statistics.waiting == 0 {
            return statistics;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Random requests at once, some of them given up, on a server with little room and on one with
/// much: all others give what they give alone. Returns how many tokens needed no computing, and
/// how often a sequence made way.
fn check_mixes(model: &Arc<Model>, seed: u64, rounds: usize, wishes: usize) -> (u64, u64) {
    let mut random = Random(seed);
    let (mut reused, mut preempted) = (0, 0);
    for _ in 0..rounds {
        let sequences_max = [1, 2, 5, 16][random.below(4)];
        let pages = context_pages(model) + random.below(6) * random.below(10);
        let server = start(model, sequences_max, pages);
        let mut wishes: Vec<Wish> = (0..wishes).map(|_| Wish::random(model, &mut random)).collect();
        // One client comes first, and has to make way for others.
        wishes.iter_mut().take(6).for_each(|wish| wish.client.clear());
        let mut handles = Vec::new();
        for wish in &wishes {
            handles.push(server.submit(wish.request()).unwrap());
            if random.below(4) == 0 {
                let mut given_up = server.submit(wish.request()).unwrap();
                if random.below(2) == 0 {
                    given_up.next();
                }
            }
        }
        for (wish, handle) in wishes.iter().zip(handles) {
            assert_same(&collect(handle), &wish.alone(model), wish);
        }
        let statistics = settled(&server);
        assert_eq!((statistics.pages_in_use, statistics.failed), (0, 0), "{statistics:?}");
        assert_eq!(statistics.pages_cached + statistics.pages_free, pages);
        reused += statistics.tokens_reused;
        preempted += statistics.preempted;
    }
    (reused, preempted)
}

fn open(name: &str) -> Arc<Model> {
    Arc::new(Model::open(&parity::path(name), &LoadLimits::default()).unwrap())
}

#[test]
fn mixes_give_what_each_gives_alone_on_every_architecture() {
    let (mut files, mut reused, mut preempted) = (0, 0, 0);
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")).unwrap()
    {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".gguf") {
            files += 1;
            let counts = check_mixes(&open(&name), files, 6, 12);
            reused += counts.0;
            preempted += counts.1;
        }
    }
    assert!(files >= 8, "a tiny model for each architecture");
    assert!(reused > 1000 && preempted > 10, "{reused} {preempted}");
}

#[test]
fn mixes_give_what_each_gives_alone_on_real_models() {
    for (model, seed) in [(&*seedling::Q8_0, 11), (&*seedling::F16, 12)] {
        let (reused, _) = check_mixes(model, seed, 3, 10);
        assert!(reused > 100, "{reused}");
    }
}

const INSTRUCTION: &str = "Write f(xs): return the sum of all even numbers in `xs`.";

fn hot(seed: u64, tokens_max: usize) -> GenerateOptions {
    let sampling = wild(seed);
    let end_tokens = Some(Vec::new());
    GenerateOptions { sampling, tokens_max, end_tokens, ..GenerateOptions::default() }
}

fn wild(seed: u64) -> Sampling {
    Sampling { temperature: 1.5, seed, ..Sampling::default() }
}

#[test]
fn candidates_share_one_prompt() {
    let model = &*seedling::Q8_0;
    let server = start(model, 8, 4 * context_pages(model));
    let prompt = seedling::prompt(&INSTRUCTION.repeat(3));
    let wish = Wish {
        prompt: prompt.clone(),
        options: hot(0, 30),
        samplings: vec![Sampling::greedy(), wild(1), wild(2), Sampling::greedy(), wild(3)],
        pieces_max: None,
        client: String::new(),
    };
    let found = collect(server.submit(wish.request()).unwrap());
    assert_same(&found, &wish.alone(model), &wish);
    let reused: Vec<usize> = found.iter().map(|generated| generated.reused_tokens).collect();
    let shared = prompt.len() - 1;
    assert_eq!(reused, [0, shared, shared, shared, shared]);
    let statistics = settled(&server);
    assert_eq!(statistics.tokens_prefilled as usize, prompt.len() + 4, "one prefill");
    assert_eq!(statistics.tokens_decoded, 5 * 30);
    assert!(statistics.steps < 50, "candidates run together: {statistics:?}");
}

/// An editor's next keystroke: a prompt that differs near its end.
#[test]
fn a_prompt_that_differs_near_its_end_computes_the_difference() {
    let model = &*seedling::Q8_0;
    let server = start(model, 4, 4 * context_pages(model));
    let mut prompt = seedling::prompt(&INSTRUCTION.repeat(4));
    let length = prompt.len();
    assert!(length > 2 * PAGE && !length.is_multiple_of(PAGE));
    let reused = |prompt: &[u32]| {
        let request = Request::new(prompt.to_vec(), hot(1, 7));
        let found = server.submit(request).unwrap().wait().unwrap();
        let alone = {
            let mut session = Session::new(Arc::clone(model));
            let mut on_text = |_: &str| ControlFlow::Continue(());
            session.generate(prompt, &hot(1, 7), &CancelToken::new(), &mut on_text).unwrap()
        };
        assert_eq!(found[0].tokens, alone.tokens);
        found[0].reused_tokens
    };
    assert_eq!(reused(&prompt), 0);
    assert_eq!(reused(&prompt), length - 1, "the last one gives the logits");
    prompt[length - 3] = 9;
    assert_eq!(reused(&prompt), length - 3, "within the last page, which is not full");
    prompt.push(10);
    assert_eq!(reused(&prompt), length);
    prompt[PAGE + 5] = 9;
    assert_eq!(reused(&prompt), PAGE + 5, "within a full page");
    prompt[0] = 9;
    assert_eq!(reused(&prompt), 0);
}

#[test]
fn requests_that_cannot_be_served_are_refused() {
    let model = &*seedling::Q8_0;
    let server = start(model, 2, 3);
    let error = |request: Request| server.submit(request).unwrap_err();
    let plain = |prompt: Vec<u32>, tokens_max| {
        Request::new(prompt, GenerateOptions { tokens_max, ..GenerateOptions::default() })
    };
    assert!(matches!(error(plain(vec![], 1)), EngineError::NoTokens));
    assert!(matches!(error(plain(vec![1 << 20], 1)), EngineError::TokenOutOfRange { .. }));
    assert!(matches!(error(plain(vec![9; 513], 1)), EngineError::ContextExceeded { .. }));
    for (prompt, tokens_max) in [(3 * PAGE + 1, 1), (1, 3 * PAGE + 1), (1, usize::MAX), (512, 0)] {
        let error = error(plain(vec![9; prompt], tokens_max));
        assert!(matches!(error, EngineError::LimitExceeded { .. }), "{error}");
        assert!(error.to_string().contains("ask for fewer tokens"), "{error}");
    }
    server.submit(plain(vec![9; 3 * PAGE], 1)).unwrap().wait().unwrap();
    server.submit(plain(vec![9; 1], 3 * PAGE)).unwrap().wait().unwrap();
    for candidates in [0, 65] {
        let samplings = vec![wild(1); candidates];
        let error = error(Request { samplings, ..plain(vec![9], 1) });
        assert!(matches!(error, EngineError::InvalidOption { option: "candidates", .. }));
    }
    let samplings = vec![wild(1), Sampling { temperature: -1.0, ..wild(2) }];
    let cold = error(Request { samplings, ..plain(vec![9], 1) });
    assert!(matches!(cold, EngineError::InvalidOption { option: "temperature", .. }), "{cold}");
    let constraints = vec![restless(1) as Box<_>];
    let samplings = vec![wild(1), wild(2)];
    let uneven = error(Request { samplings, constraints, ..plain(vec![9], 1) });
    assert!(matches!(uneven, EngineError::InvalidOption { option: "constraints", .. }));
    let client = "x".repeat(1025);
    let long = error(Request { client, ..plain(vec![9], 1) });
    assert!(matches!(long, EngineError::InvalidOption { option: "client", .. }), "{long}");
    let stop = vec![String::new()];
    let options = GenerateOptions { stop, ..GenerateOptions::default() };
    assert!(matches!(error(Request::new(vec![9], options)), EngineError::InvalidOption { .. }));

    let refused = |options| Server::start(Arc::clone(model), options).unwrap_err().to_string();
    let cache_bytes_max = server.statistics().page_bytes - 1;
    let small = refused(ServerOptions { cache_bytes_max, ..ServerOptions::default() });
    assert!(small.contains("one page") && small.contains("allow the server more"), "{small}");
    let none = refused(ServerOptions { waiting_max: 0, ..ServerOptions::default() });
    assert!(none.contains("waiting_max"), "{none}");
    for sequences_max in [0, usize::MAX] {
        let none = refused(ServerOptions { sequences_max, ..ServerOptions::default() });
        assert!(none.contains("sequences_max"), "{none}");
    }
}

/// Says a few words, then nothing until it is released: then it goes on.
struct Gate {
    release: Receiver<()>,
    pieces: usize,
}

impl Constraint for Gate {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        piece.bytes.is_ascii()
    }

    fn advance(&mut self, _: Piece<'_>) -> Progress {
        self.pieces += 1;
        if self.pieces == 3 {
            // The other end is dropped.
            let _ = self.release.recv();
        }
        Progress::Open
    }

    fn may_end(&mut self) -> bool {
        false
    }
}

/// A request that writes, and ends only after the sender is dropped.
fn gated() -> (Request, Sender<()>) {
    let (sender, release) = channel();
    let constraints = vec![Box::new(Gate { release, pieces: 0 }) as Box<_>];
    (Request { constraints, ..Request::new(vec![9; 40], hot(3, 400)) }, sender)
}

#[test]
fn a_full_queue_refuses() {
    let model = &*seedling::Q8_0;
    let waiting_max = 3;
    let options = ServerOptions { sequences_max: 1, waiting_max, ..ServerOptions::default() };
    let server = Server::start(Arc::clone(model), options).unwrap();
    let submit = |candidates| {
        let request = Request::new(vec![9; 4], hot(2, 400));
        server.submit(Request { samplings: vec![wild(1); candidates], ..request })
    };
    let (request, release) = gated();
    let mut first = server.submit(request).unwrap();
    assert!(matches!(first.next(), Some(Event::Text { .. })), "it runs");
    let second = submit(2).unwrap();
    let error = submit(2).unwrap_err();
    let found = EngineError::to_string(&error);
    assert!(matches!(error, EngineError::LimitExceeded { found: 4, limit: 3, .. }), "{found}");
    assert!(found.contains("try again later"), "{found}");
    drop((first, second, release));
    settled(&server);
    assert_eq!(submit(3).unwrap().wait().unwrap().len(), 3);
}

#[test]
fn what_is_cancelled_or_late_keeps_its_text() {
    let model = &*seedling::Q8_0;
    let server = start(model, 2, 6 * context_pages(model));
    let (request, release) = gated();
    let mut handle = server.submit(request).unwrap();
    let Some(Event::Text { text, .. }) = handle.next() else { unreachable!("text comes first") };
    handle.cancel();
    drop(release);
    let cancelled = &handle.wait().unwrap()[0];
    assert_eq!(cancelled.finish, Finish::Cancelled);
    assert!(cancelled.text.starts_with(&text) && (1..=3).contains(&cancelled.tokens.len()));

    let (request, release) = gated();
    let cancel = request.cancel.clone();
    let handle = server.submit(request).unwrap();
    cancel.cancel();
    drop(release);
    let cancelled = &handle.wait().unwrap()[0];
    assert_eq!(cancelled.finish, Finish::Cancelled, "from outside");

    let samplings = vec![wild(1), wild(2), wild(3)];
    let request = Request { samplings, ..Request::new(vec![9; 4], hot(0, 400)) };
    let (first, release) = gated();
    let mut first = server.submit(first).unwrap();
    assert!(first.next().is_some(), "it keeps the server busy");
    let handle = server.submit(request).unwrap();
    handle.cancel_candidate(0);
    handle.cancel_candidate(2);
    handle.cancel_candidate(3);
    drop((first, release));
    let finishes: Vec<Finish> =
        handle.wait().unwrap().iter().map(|generated| generated.finish).collect();
    assert_eq!(finishes, [Finish::Cancelled, Finish::Length, Finish::Cancelled]);

    let deadline = Some(Instant::now());
    let samplings = vec![wild(3); 3];
    let request = Request { deadline, samplings, ..Request::new(vec![9; 40], hot(3, 400)) };
    let late = server.submit(request).unwrap().wait().unwrap();
    assert_eq!(late.len(), 3);
    assert!(late.iter().all(|late| late.finish == Finish::Deadline && late.text.is_empty()));

    // So long that something is written, and seldom all.
    for round in 0..3 {
        let deadline = Some(Instant::now() + Duration::from_millis(30 + 10 * round));
        let request = Request { deadline, ..Request::new(vec![8; 4], hot(3, 480)) };
        let late = &server.submit(request).unwrap().wait().unwrap()[0];
        let is_late = late.finish == Finish::Deadline && late.tokens.len() < 480;
        assert!(is_late || late.finish == Finish::Length, "{:?}", late.finish);
    }
    assert_eq!(settled(&server).pages_in_use, 0);
}

/// Panics when asked for the `left`th time.
struct Faulty {
    left: usize,
}

impl Constraint for Faulty {
    fn allows(&mut self, _: Piece<'_>) -> bool {
        self.left -= 1;
        assert!(self.left > 0, "as it was made to");
        true
    }

    fn advance(&mut self, _: Piece<'_>) -> Progress {
        Progress::Open
    }

    fn may_end(&mut self) -> bool {
        false
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        assert!(self.left != 0 || std::thread::panicking(), "and again at the end");
    }
}

#[test]
fn a_constraint_that_panics_fails_alone() {
    let model = &*seedling::Q8_0;
    let server = start(model, 8, 6 * context_pages(model));
    let wish = Wish {
        prompt: seedling::prompt(INSTRUCTION),
        options: hot(0, 60),
        samplings: vec![wild(5), wild(6)],
        pieces_max: None,
        client: String::new(),
    };
    let good = server.submit(wish.request()).unwrap();
    let faulty = |left| {
        let constraints = vec![Box::new(Faulty { left }) as Box<_>];
        let request = Request::new(wish.prompt.clone(), hot(1, 60));
        server.submit(Request { constraints, ..request }).unwrap()
    };
    let bad: Vec<Handle> = [1, 50, 300].map(faulty).into();
    for bad in bad {
        let error = bad.wait().unwrap_err();
        assert!(matches!(error, EngineError::Panicked { .. }), "{error}");
    }
    assert_same(&collect(good), &wish.alone(model), &wish);
    let statistics = settled(&server);
    assert_eq!((statistics.failed, statistics.pages_in_use), (3, 0));
}

#[test]
fn stopping_ends_what_runs_and_what_waits() {
    let model = &*seedling::Q8_0;
    let server = start(model, 1, 2 * context_pages(model));
    let submit = || {
        let request = Request::new(vec![9; 50], hot(4, 300));
        server.submit(Request { samplings: vec![wild(4), wild(5)], ..request }).unwrap()
    };
    // More than can be done in the time that dropping takes.
    let mut handles: Vec<Handle> = (0..40).map(|_| submit()).collect();
    assert!(handles[0].next().is_some());
    drop(server);
    let ended: Vec<Vec<Generated>> =
        handles.into_iter().map(|handle| handle.wait().unwrap()).collect();
    assert!(ended.iter().all(|candidates| candidates.len() == 2));
    assert!(ended[39].iter().all(|generated| generated.finish == Finish::Cancelled));
}

#[test]
fn damaged_weights_are_an_error_of_each_request() {
    let mut file = File::tiny(F32, 1);
    file.tensor("blk.1.ffn_norm.weight").bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let model = Arc::new(file.load().unwrap());
    let server = Server::start(model, ServerOptions::default()).unwrap();
    for _ in 0..2 {
        let samplings = vec![wild(1), wild(2)];
        let request = Request { samplings, ..Request::new(vec![9; CONTEXT], hot(1, 4)) };
        let error = server.submit(request).unwrap().wait().unwrap_err();
        assert!(matches!(error, EngineError::NotFinite { .. }), "{error}");
    }
}

/// Clients in threads, most of whom give up now and then: in the end all is as it was.
#[test]
fn ten_thousand_requests_leave_nothing_behind() {
    const REQUESTS: usize = 10_000;
    const CLIENTS: usize = 4;
    let model = Arc::new(File::tiny(F32, 1).load().unwrap());
    let server = start(&model, 8, 30);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                let mut random = Random(client as u64 + 1);
                let mut open = Vec::new();
                for _ in 0..REQUESTS / CLIENTS {
                    open.push(server.submit(request(&mut random, client)).unwrap());
                    if open.len() > random.below(16) {
                        let handle: Handle = open.swap_remove(random.below(open.len()));
                        give_up_or_wait(handle, &mut random);
                    }
                }
                open.into_iter().for_each(|handle| give_up_or_wait(handle, &mut random));
            });
        }
    });
    let statistics = settled(&server);
    assert_eq!((statistics.pages_in_use, statistics.pages_shared), (0, 0), "{statistics:?}");
    assert_eq!(statistics.pages_cached + statistics.pages_free, 30);
    assert!(statistics.finished > REQUESTS as u64 && statistics.failed == 0, "{statistics:?}");
    drop(server);
    assert_eq!(Arc::strong_count(&model), 1, "all that held it is gone");
}

fn request(random: &mut Random, client: usize) -> Request {
    let prompt = (0..1 + random.below(40)).map(|_| 97 + random.below(2) as u32).collect();
    let mut options = hot(random.next(), random.below(12));
    options.speculation = (random.below(2) == 0).then(Speculation::default);
    let deadline = match random.below(4) {
        0 => Some(Instant::now() + Duration::from_micros(random.below(2000) as u64)),
        _ => None,
    };
    let client = if random.below(2) == 0 { client.to_string() } else { String::new() };
    let samplings = vec![options.sampling.clone(); 1 + random.below(4) / 3];
    Request { deadline, client, samplings, ..Request::new(prompt, options) }
}

fn give_up_or_wait(mut handle: Handle, random: &mut Random) {
    match random.below(4) {
        0 => drop(handle),
        1 => {
            handle.next();
        }
        2 => {
            handle.cancel();
            handle.wait().unwrap();
        }
        _ => {
            handle.wait().unwrap();
        }
    }
}
