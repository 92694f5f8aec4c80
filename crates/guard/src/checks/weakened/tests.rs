//! Tests and their assertions before and after.

use std::collections::HashMap;
use std::ops::Range;

use super::rules::{
    ASSERTION_LOOSENED, ASSERTION_REMOVED, EXPECTATION_CHANGED, TEST_EMPTIED, TEST_REMOVED,
};
use super::{found, place};
use crate::checks::Change;
use crate::found::Found;
use crate::lexical::{Lexed, Token, TokenKind};
use crate::source::Source;

/// Most tests of one text that are compared.
const TESTS_MAX: usize = 5_000;

/// One test of a text.
struct Test {
    name: String,
    /// Where its name stands.
    name_range: Range<usize>,
    assertions: Vec<Assertion>,
}

/// One assertion: its tokens, and how much it says.
struct Assertion {
    range: Range<usize>,
    /// Its tokens without the texts and numbers in it.
    form: String,
    /// The texts and numbers.
    values: Vec<String>,
    exact: bool,
}

pub(super) fn look(change: &Change<'_>, all: &mut Vec<Found>) -> Result<(), String> {
    let before = tests(change.before)?;
    if before.is_empty() {
        return Ok(());
    }
    let after = tests(change.after)?;
    let mut left: HashMap<&str, Vec<&Test>> = HashMap::new();
    for test in after.iter().rev() {
        left.entry(&test.name).or_default().push(test);
    }
    let mut gone = Vec::new();
    for test in &before {
        match left.get_mut(test.name.as_str()).and_then(Vec::pop) {
            Some(same) => compare(test, same, all),
            None => gone.push(test),
        }
    }
    // A test with a new name may be the old one.
    let added: usize = left.values().map(Vec::len).sum();
    for test in gone.iter().skip(added) {
        let range = place(change, test.name_range.start);
        all.push(found(TEST_REMOVED, range, format!("the test `{}` is gone", shown(&test.name))));
    }
    Ok(())
}

fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

fn compare(before: &Test, after: &Test, all: &mut Vec<Found>) {
    let name = shown(&after.name);
    let at = after.name_range.clone();
    let (had, has) = (before.assertions.len(), after.assertions.len());
    if had > 0 && has == 0 {
        all.push(found(TEST_EMPTIED, at, format!("the test `{name}` checks nothing any more")));
        return;
    }
    let exact = |test: &Test| test.assertions.iter().filter(|one| one.exact).count();
    let changed = || {
        let old: Vec<&str> = before.assertions.iter().map(|one| one.form.as_str()).collect();
        let new = after.assertions.iter().find(|one| !old.contains(&one.form.as_str()));
        new.map_or(at.clone(), |one| one.range.clone())
    };
    if has < had {
        let message = format!("the test `{name}` has {has} assertions instead of {had}");
        all.push(found(ASSERTION_REMOVED, at, message));
    } else if exact(after) < exact(before) {
        let message = format!("an assertion of `{name}` no longer compares with the exact value");
        all.push(found(ASSERTION_LOOSENED, changed(), message));
    } else if has == had {
        compare_values(&name, before, after, all);
    }
}

/// Assertions of the same form with other values: another expectation, or a wider tolerance.
fn compare_values(name: &str, before: &Test, after: &Test, all: &mut Vec<Found>) {
    for (old, new) in before.assertions.iter().zip(&after.assertions) {
        if old.form != new.form || old.values == new.values {
            continue;
        }
        let mut wider = false;
        for word in ["abs=", "rel=", "delta=", "atol=", "rtol=", "tolerance", "epsilon", "places="]
        {
            wider |= old.form.contains(word) && is_wider(word, old, new);
        }
        wider |= old.form.contains("toBeCloseTo") && last_number(new) < last_number(old);
        if wider {
            let message = format!("an assertion of `{name}` allows a larger error than before");
            all.push(found(ASSERTION_LOOSENED, new.range.clone(), message));
        } else {
            let message = format!("the test `{name}` expects something else than before");
            all.push(found(EXPECTATION_CHANGED, new.range.clone(), message));
        }
    }
}

fn last_number(assertion: &Assertion) -> Option<f64> {
    assertion.values.iter().rev().find_map(|value| value.parse().ok())
}

/// Whether the last number grew; of places after the point, whether it shrank.
fn is_wider(word: &str, old: &Assertion, new: &Assertion) -> bool {
    let (Some(old), Some(new)) = (last_number(old), last_number(new)) else { return false };
    if word == "places=" { new < old } else { new > old }
}

fn tests(source: &Source<'_>) -> Result<Vec<Test>, String> {
    let text = source.text;
    // Parsing a text for nothing would cost more than all else here.
    if !["test", "Test", "it(", "specify("].iter().any(|word| text.contains(word)) {
        return Ok(Vec::new());
    }
    let lexed = source.lexed()?;
    let mut tests: Vec<Test> = Vec::new();
    let outline = source.analysis().ok().and_then(|analysis| analysis.outline.as_ref());
    if let Some(outline) = outline {
        for function in outline.functions.iter().filter(|one| one.name.starts_with("test")) {
            let class = function.class.as_ref().map_or("", |class| class.name.as_str());
            let from = lexed.token_from(function.body_range.start);
            let to = lexed.token_from(function.body_range.end);
            tests.push(Test {
                name: format!(
                    "{class}{}{}",
                    if class.is_empty() { "" } else { "." },
                    function.name
                ),
                name_range: function.name_range.clone(),
                assertions: assertions(text, &lexed.tokens[from..to]),
            });
        }
        tests.truncate(TESTS_MAX);
        return Ok(tests);
    }
    // Bodies within bodies are read again, so many times at most.
    let mut left = 4 * lexed.tokens.len();
    for (index, token) in lexed.tokens.iter().enumerate() {
        let Some((name, body)) = test_at(text, lexed, index, token) else { continue };
        if tests.len() == TESTS_MAX || body.len() > left {
            break;
        }
        left -= body.len();
        tests.push(Test {
            name: name.of(text).trim_matches(['"', '\'', '`']).to_owned(),
            name_range: name.range(),
            assertions: assertions(text, &lexed.tokens[body]),
        });
    }
    Ok(tests)
}

/// `it("name", ...)`, `#[test] fn name() {}`, `func TestName(t ...) {}`, `@Test void name() {}`:
/// the token of its name, and its body as tokens.
fn test_at(
    text: &str,
    lexed: &Lexed,
    index: usize,
    token: &Token,
) -> Option<(Token, Range<usize>)> {
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    match token.of(text) {
        "it" | "test" | "specify" if token.kind == TokenKind::Word => {
            let open = match (reads(index + 1), reads(index + 3)) {
                ("(", _) => index + 1,
                (".", "(") => index + 3,
                _ => return None,
            };
            let name = tokens.get(open + 1).filter(|name| name.is_text())?;
            let close = lexed.closing(text, open)?;
            Some((*name, open + 2..close))
        }
        "#" if reads(index + 1) == "[" => {
            let close = lexed.closing(text, index + 1)?;
            let last = reads(close - 1);
            let test = matches!(last, "test" | "rstest" | "test_case")
                || (last == ")" && (index..close).any(|at| reads(at) == "test"));
            let near = close + 1..tokens.len().min(close + 40);
            let function = near.into_iter().find(|at| matches!(reads(*at), "fn" | "{"))?;
            (test && reads(function) == "fn").then(|| body_of(text, lexed, function + 1))?
        }
        "func" if reads(index + 1).starts_with("Test") => body_of(text, lexed, index + 1),
        "Test" | "ParameterizedTest" if reads(index.checked_sub(1)?) == "@" => {
            let near = index + 1..tokens.len().min(index + 40);
            let open = near.into_iter().find(|at| reads(*at) == "(" && reads(at - 1) != "Test")?;
            body_of(text, lexed, open - 1)
        }
        _ => None,
    }
}

fn body_of(text: &str, lexed: &Lexed, name: usize) -> Option<(Token, Range<usize>)> {
    let rest = lexed.tokens.iter().enumerate().skip(name).take(200);
    let open = rest.into_iter().find(|(_, token)| token.of(text) == "{")?.0;
    let close = lexed.closing(text, open)?;
    Some((*lexed.tokens.get(name)?, open + 1..close))
}

/// The assertions among some tokens. One that compares nothing is none.
fn assertions(text: &str, tokens: &[Token]) -> Vec<Assertion> {
    let mut all: Vec<Assertion> = Vec::new();
    let mut from = 0;
    for index in 0..tokens.len() {
        if index < from || !begins_assertion(text, tokens, index) {
            continue;
        }
        let end = end_of(text, tokens, index);
        from = end;
        let inside = &tokens[index..end];
        let is_value = |token: &&Token| {
            token.is_text() || token.of(text).starts_with(|c: char| c.is_ascii_digit())
        };
        let mut form = String::new();
        for token in inside {
            form.push_str(if is_value(&token) { "_" } else { token.of(text) });
        }
        let values: Vec<String> =
            inside.iter().filter(is_value).map(|token| token.of(text).to_owned()).collect();
        const TRIVIAL: &[&str] = &[
            "assertTrue",
            "assert1",
            "assert_",
            "assert(true)",
            "assert!(true)",
            "assert.ok(true)",
            "expect(true).toBe(true)",
            "expect(true).toBeTruthy()",
            "self.assertTrue(True)",
            "assertTrue(True)",
            "assertTrue(true)",
            "assert.True(t,true)",
        ];
        if TRIVIAL.contains(&form.trim_end_matches(';')) {
            continue;
        }
        let last = inside.last().map_or(tokens[index].end, |token| token.end);
        let exact = is_exact(&form);
        all.push(Assertion { range: tokens[index].start..last, form, values, exact });
    }
    all
}

fn begins_assertion(text: &str, tokens: &[Token], index: usize) -> bool {
    let token = &tokens[index];
    if token.kind != TokenKind::Word {
        return false;
    }
    let word = token.of(text);
    let before = index.checked_sub(1).map_or("", |at| tokens[at].of(text));
    let receiver = index.checked_sub(2).map_or("", |at| tokens[at].of(text));
    match word {
        "Error" | "Errorf" | "Fatal" | "Fatalf" | "Fail" | "FailNow" => {
            before == "." && matches!(receiver, "t" | "b")
        }
        "raises" => before == "." && receiver == "pytest",
        "expect" => before != ".",
        _ => {
            let called = tokens.get(index + 1).map_or("", |next| next.of(text));
            word == "assert" || (word.starts_with("assert") && matches!(called, "(" | "!" | "."))
        }
    }
}

/// One past the last token of a statement: up to a semicolon or a line end outside brackets.
fn end_of(text: &str, tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        let word = token.of(text);
        if depth == 0 && index > start {
            let between = text.get(tokens[index - 1].end..token.start).unwrap_or_default();
            if word == ";" || word == "}" || (between.contains('\n') && word != ".") {
                return index;
            }
        }
        match word {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return index,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Whether an assertion compares with a value that it names.
fn is_exact(form: &str) -> bool {
    if form.starts_with("expect") {
        let exact = ["toBe(", "toEqual(", "toStrictEqual(", "toHaveBeenCalledWith(", "toThrow(_"];
        let exact = exact.iter().any(|matcher| form.contains(matcher))
            || [".equal(", ".eql(", ".equals(", "toHaveLength(", "toBeCloseTo(", "toBeNull("]
                .iter()
                .any(|matcher| form.contains(matcher));
        return exact && !form.contains(".not.");
    }
    let name = form.split('(').next().unwrap_or_default().to_ascii_lowercase();
    form.contains("==")
        || ["equal", "_eq", "same", "raises", "throws", "almost"]
            .iter()
            .any(|word| name.contains(word) && !name.contains("not"))
}
