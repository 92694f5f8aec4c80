//! Text that arrives in any pieces: stop strings, characters that are cut, syntax.

#![no_main]

#[path = "../../crates/engine/src/stop.rs"]
#[allow(dead_code, reason = "shared with the engine; a target uses a part")]
mod stop;

use engine::{
    Constraint, IndentationSyntax, Pair, Piece, Progress, StringSyntax, Syntax, SyntaxConstraint,
    Utf8Stream,
};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::{Corpus, fuzz_target};

use stop::StopFilter;

fuzz_target!(|data: &[u8]| -> Corpus {
    match try_out(&mut Unstructured::new(data)) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});

fn try_out(data: &mut Unstructured<'_>) -> Result<()> {
    let mut stops: Vec<String> = Vec::new();
    for _ in 0..data.int_in_range(0..=3)? {
        let stop: &str = data.arbitrary()?;
        if !stop.is_empty() {
            stops.push(stop.chars().take(12).collect());
        }
    }
    let before: &str = data.arbitrary()?;
    let after: &str = data.arbitrary()?;
    let indents: bool = data.arbitrary()?;
    let mut pieces: Vec<&[u8]> = Vec::new();
    while !data.is_empty() {
        let length = data.int_in_range(1..=8_usize)?.min(data.len());
        pieces.push(data.bytes(length)?);
    }
    check_stream(&pieces, &stops);
    check_syntax(before, after, indents, &pieces);
    Ok(())
}

/// The pieces give the text of the whole, up to the first stop string.
fn check_stream(pieces: &[&[u8]], stops: &[String]) {
    let bytes = pieces.concat();
    let whole = String::from_utf8_lossy(&bytes);
    let mut stream = Utf8Stream::new();
    let mut texts: Vec<String> = pieces.iter().map(|piece| stream.push(piece)).collect();
    texts.push(stream.finish().to_owned());
    assert_eq!(texts.concat(), whole);

    let mut filter = StopFilter::new(stops.to_vec());
    let mut shown = String::new();
    let mut is_stopped = false;
    for text in &texts {
        let passed = filter.push(text);
        shown.push_str(&passed.text);
        is_stopped = passed.stopped;
        if is_stopped {
            break;
        }
    }
    if !is_stopped {
        shown.push_str(&filter.finish());
        assert_eq!(shown, whole);
        assert!(stops.iter().all(|stop| !whole.contains(stop)));
    } else {
        assert!(whole.starts_with(&shown));
        assert!(stops.iter().any(|stop| whole[shown.len()..].starts_with(stop)));
        assert!(stops.iter().all(|stop| !shown.contains(stop)));
    }
}

/// What is allowed can be given, and asking changes nothing.
fn check_syntax(before: &str, after: &str, indents: bool, pieces: &[&[u8]]) {
    let text = |text: &str| text.to_owned();
    let syntax = Syntax {
        pairs: [(b'(', b')'), (b'[', b']'), (b'{', b'}')]
            .map(|(open, close)| Pair { open, close })
            .to_vec(),
        strings: vec![
            StringSyntax {
                open: text("\""),
                close: text("\""),
                escape: Some(b'\\'),
                spans_lines: false,
            },
            StringSyntax {
                open: text("\"\"\""),
                close: text("\"\"\""),
                escape: None,
                spans_lines: true,
            },
        ],
        line_comments: vec![text("#")],
        block_comments: vec![(text("/*"), text("*/"))],
        indentation: indents.then_some(IndentationSyntax { opener: b':' }),
    };
    let Ok(mut constraint) = SyntaxConstraint::new(&syntax, before, after) else { return };
    for bytes in pieces {
        let piece = Piece { token: None, bytes };
        let allowed = constraint.allows(piece);
        assert_eq!(constraint.allows(piece), allowed);
        let may_end = constraint.may_end();
        assert_eq!(constraint.may_end(), may_end);
        if !allowed {
            continue;
        }
        if let Progress::Complete(used) = constraint.advance(piece) {
            assert!(used <= bytes.len());
            break;
        }
    }
}
