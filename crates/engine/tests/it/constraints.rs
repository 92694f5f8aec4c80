//! Constraints and healing, with models that would rather say something else.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::{
    CancelToken, Constraint, Finish, GenerateOptions, Generated, Healed, IndentationSyntax, Model,
    Pair, Piece, Progress, Sampling, Session, Speculation, StringSyntax, Syntax, SyntaxConstraint,
    TokenIndex, heal,
};

use crate::seedling;
use crate::tiny::{F32, File};

fn run(
    model: &Arc<Model>,
    prompt: &[u32],
    options: &GenerateOptions,
    constraint: Option<&mut dyn Constraint>,
) -> Generated {
    let mut shown = String::new();
    let mut on_text = |text: &str| {
        shown.push_str(text);
        ControlFlow::Continue(())
    };
    let cancel = CancelToken::new();
    let mut session = Session::new(Arc::clone(model));
    let generated = match constraint {
        Some(constraint) => {
            session.generate_constrained(prompt, options, constraint, &cancel, &mut on_text)
        }
        None => session.generate(prompt, options, &cancel, &mut on_text),
    };
    let generated = generated.unwrap();
    assert_eq!(shown, generated.text);
    assert!(generated.text.is_char_boundary(generated.whole_bytes));
    generated
}

/// Allows the bytes of a text, then the end.
struct Exactly<'a> {
    rest: &'a [u8],
    completes: bool,
}

impl Constraint for Exactly<'_> {
    fn allows(&mut self, piece: Piece<'_>) -> bool {
        self.rest.starts_with(piece.bytes)
    }

    fn advance(&mut self, piece: Piece<'_>) -> Progress {
        self.rest = &self.rest[piece.bytes.len()..];
        let is_complete = self.completes && self.rest.is_empty();
        if is_complete { Progress::Complete(piece.bytes.len()) } else { Progress::Open }
    }

    fn may_end(&mut self) -> bool {
        self.rest.is_empty()
    }
}

fn samplings() -> [Sampling; 3] {
    let hot = Sampling { temperature: 2.0, top_k: 0, seed: 3, ..Sampling::default() };
    [Sampling::greedy(), Sampling::default(), hot]
}

#[test]
fn a_constraint_decides_what_is_said() {
    let random = Arc::new(File::tiny(F32, 1).load().unwrap());
    let text = "the theory: the\u{e9} \u{1f980}\n";
    for model in [&random, &*seedling::Q8_0] {
        for sampling in samplings() {
            for (completes, tokens_max, finish) in
                [(true, 99, Finish::Complete), (false, 99, Finish::Stop), (true, 3, Finish::Length)]
            {
                let options = GenerateOptions {
                    sampling: sampling.clone(),
                    tokens_max,
                    ..GenerateOptions::default()
                };
                let prompt = model.tokenizer().encode("say", false).unwrap();
                let mut constraint = Exactly { rest: text.as_bytes(), completes };
                let generated = run(model, &prompt, &options, Some(&mut constraint));
                assert_eq!(generated.finish, finish);
                if finish == Finish::Length {
                    assert_eq!((generated.tokens.len(), generated.whole_bytes), (3, 0));
                } else {
                    assert_eq!(
                        (generated.text.as_str(), generated.whole_bytes),
                        (text, text.len())
                    );
                }
            }
        }
        let options = GenerateOptions { end_tokens: Some(vec![]), ..GenerateOptions::default() };
        let mut constraint = Exactly { rest: b"the", completes: false };
        let generated = run(model, &[97], &options, Some(&mut constraint));
        assert_eq!((generated.finish, &*generated.text), (Finish::NothingAllowed, "the"));
    }
}

#[test]
fn guesses_do_not_change_constrained_text_either() {
    let model = &*seedling::Q8_0;
    let code = "def f(a):\n    return g(a, [a, (a + 1)])\n\n\n";
    let prompt = model.tokenizer().encode(&format!("{code}{code}def "), false).unwrap();
    let reference = model.tokenizer().encode(code, false).unwrap();
    let speculation = Speculation {
        references: vec![Arc::new(TokenIndex::new(&reference).unwrap())],
        row_cost: Some(0.0),
        ..Speculation::default()
    };
    let mut accepted = 0;
    for sampling in samplings() {
        let said = [None, Some(speculation.clone())].map(|speculation| {
            let options = GenerateOptions {
                sampling: sampling.clone(),
                tokens_max: 60,
                speculation,
                ..GenerateOptions::default()
            };
            let syntax = python();
            let mut constraint = SyntaxConstraint::new(&syntax, "def ", "").unwrap();
            let generated = run(model, &prompt, &options, Some(&mut constraint));
            accepted += generated.speculation.accepted;
            (generated.tokens, generated.text, generated.finish, generated.whole_bytes)
        });
        assert_eq!(said[0], said[1]);
    }
    assert!(accepted > 10, "{accepted}");
}

fn python() -> Syntax {
    let string = |quote: &str, spans_lines| StringSyntax {
        open: quote.to_owned(),
        close: quote.to_owned(),
        escape: Some(b'\\'),
        spans_lines,
    };
    Syntax {
        pairs: [b"()", b"[]", b"{}"]
            .map(|[open, close]| Pair { open: *open, close: *close })
            .into(),
        strings: vec![string("\"\"\"", true), string("\"", false), string("'", false)],
        line_comments: vec!["#".to_owned()],
        block_comments: vec![],
        indentation: Some(IndentationSyntax { opener: b':' }),
    }
}

/// Whether brackets match outside of strings: written anew, for one line of simple text.
fn is_balanced(text: &str) -> bool {
    let mut due = Vec::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '(') => due.push(')'),
            (None, '[') => due.push(']'),
            (None, '{') => due.push('}'),
            (None, ')' | ']' | '}') if due.pop() != Some(char) => return false,
            _ => {}
        }
    }
    due.is_empty() && quote.is_none()
}

/// Random models say anything; whatever they say is whole where it says so.
#[test]
fn random_text_is_whole_where_it_claims_to_be() {
    let mut syntax = python();
    syntax.indentation = None;
    syntax.line_comments.clear();
    syntax.strings.remove(0);
    let model = Arc::new(File::tiny(F32, 3).load().unwrap());
    // Only punctuation, so that something happens.
    let likely = b"()[]{}\"'\\ab";
    let (mut whole, mut cut, mut ended) = (0, 0, 0);
    for seed in 0..300 {
        let mut logit_bias: Vec<(u32, f32)> =
            likely.iter().map(|byte| (u32::from(*byte), 9.0)).collect();
        // The end, where it may come.
        logit_bias.push((259, 10.0));
        let sampling =
            Sampling { temperature: 2.0, top_k: 0, seed, logit_bias, ..Sampling::default() };
        let options = GenerateOptions { sampling, tokens_max: 30, ..GenerateOptions::default() };
        let mut constraint = SyntaxConstraint::new(&syntax, "", "").unwrap();
        let generated = run(&model, &[97, 98], &options, Some(&mut constraint));
        let text = &generated.text[..generated.whole_bytes];
        assert!(is_balanced(text), "{text:?} of {:?}", generated.text);
        whole += usize::from(text.len() > 4);
        cut += usize::from(text.len() < generated.text.len());
        if generated.finish == Finish::Stop {
            assert_eq!(text, generated.text);
            ended += 1;
        }
    }
    assert!(whole > 100 && cut > 50 && ended > 50, "{whole} {cut} {ended}");
}

fn check_healing(model: &Model, text: &str, kept: &str) {
    let tokenizer = model.tokenizer();
    let tokens = tokenizer.encode(text, true).unwrap();
    let Healed { kept: count, start_bytes } = heal(tokenizer, &tokens).unwrap();
    assert_eq!(tokenizer.decode(&tokens[..count]).unwrap(), kept.as_bytes(), "{text:?}");
    assert_eq!([kept.as_bytes(), &start_bytes].concat(), text.as_bytes(), "{text:?}");
}

#[test]
fn healing_takes_back_what_a_longer_token_starts_with() {
    let tiny = File::tiny(F32, 1).load().unwrap();
    // Its tokens beyond bytes: `th`, `the`, ` the`.
    check_healing(&tiny, "abc", "abc");
    check_healing(&tiny, "at", "a");
    check_healing(&tiny, "a ", "a");
    check_healing(&tiny, "a t", "a");
    check_healing(&tiny, "a th", "a");
    check_healing(&tiny, "a the", "a the");
    check_healing(&tiny, "bthe", "bthe");
    check_healing(&tiny, "t", "t");
    check_healing(&tiny, "<|user|>t", "<|user|>");
    check_healing(&tiny, "t<|user|>", "t<|user|>");
    assert_eq!(heal(tiny.tokenizer(), &[]).unwrap().kept, 0);
    assert!(heal(tiny.tokenizer(), &[1, 9999]).is_err());
}

#[test]
fn healed_prompts_go_on_as_if_the_cursor_were_not_there() {
    let model = &*seedling::Q8_0;
    let tokenizer = model.tokenizer();
    let whole = "def total(items):\n    total = 0\n    for item in items:\n        total += item\n    return total\n";
    let (mut healed_any, mut better) = (0, 0);
    for cut in 20..whole.len() - 1 {
        let tokens = tokenizer.encode(&whole[..cut], false).unwrap();
        let Healed { kept, start_bytes } = heal(tokenizer, &tokens).unwrap();
        let options = |start_bytes| GenerateOptions {
            sampling: Sampling::greedy(),
            tokens_max: 4,
            start_bytes,
            ..GenerateOptions::default()
        };
        let healed = run(model, &tokens[..kept], &options(start_bytes.clone()), None);
        let mut said = tokenizer.decode(&healed.tokens).unwrap();
        assert!(said.starts_with(&start_bytes), "{said:?} {start_bytes:?}");
        said.drain(..start_bytes.len());
        assert_eq!(healed.text, String::from_utf8_lossy(&said));
        let plain = run(model, &tokens, &options(vec![]), None);
        if start_bytes.is_empty() {
            assert_eq!(healed.text, plain.text);
            continue;
        }
        healed_any += 1;
        // Which of them goes on with the word that was cut?
        let next = |text: &str| whole[cut..].chars().next() == text.chars().next();
        better += i32::from(next(&healed.text)) - i32::from(next(&plain.text));
    }
    assert!(healed_any > 20 && better > 0, "{healed_any} {better}");
}

#[test]
fn healing_and_a_constraint_meet_at_the_cursor() {
    let model = &*seedling::Q8_0;
    let prompt = model.tokenizer().encode("x = ", false).unwrap();
    for sampling in samplings() {
        let options = GenerateOptions {
            sampling,
            start_bytes: b"retu".to_vec(),
            ..GenerateOptions::default()
        };
        let mut constraint = Exactly { rest: b"rn x\n", completes: true };
        let generated = run(model, &prompt, &options, Some(&mut constraint));
        assert_eq!((&*generated.text, generated.finish), ("rn x\n", Finish::Complete));
        assert_eq!(model.tokenizer().decode(&generated.tokens).unwrap(), b"return x\n");
    }
}
