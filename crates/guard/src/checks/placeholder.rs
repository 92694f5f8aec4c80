//! `placeholder`: what stands where code should be.
//!
//! Left-out code ("... existing code ..."), functions that were never written, values to be filled
//! in, and what belongs to the conversation and not to the program. Abstract methods, protocols,
//! overloads and stubs are meant to be empty and are no findings.

mod phrases;
mod rules;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use types::{Confidence, Language, Severity};

use super::{Check, Outcome, Places};
use crate::found::Found;
use crate::lexical::{Lexed, Token, TokenKind};
use crate::outline::{Body, Declared, Outline};
use crate::source::Source;
pub(crate) use rules::RULES;
use rules::{CHAT, CONSTANT, EMPTY, EXAMPLE, NOT_IMPLEMENTED, VALUE};

pub(crate) static CHECK: Check =
    Check { name: "placeholder", tool, run, places: Places::Stable, rules: RULES };

/// Findings of one kind in one text.
const FOUND_MAX: usize = 500;

fn tool(_: Option<Language>) -> Result<String, String> {
    Ok(format!("{} own rules", RULES.len()))
}

fn run(source: &Source<'_>) -> Outcome {
    let lexed = match source.lexed() {
        Ok(lexed) => lexed,
        Err(reason) => return Outcome::Not(reason),
    };
    let text = source.text;
    let mut all = Vec::new();
    for hit in phrases::COMMENTS.in_comments(text, lexed, FOUND_MAX) {
        all.push(found(hit.phrase.rule, hit.range).message(hit.phrase.message));
    }
    fences(text, lexed, source.path, &mut all);
    in_tokens(text, lexed, is_sample(source.path), &mut all);
    if let Ok(analysis) = source.analysis()
        && let Some(outline) = &analysis.outline
    {
        in_outline(source.path, outline, &mut all);
    }
    all.sort_by_key(|found| found.range.start);
    Outcome::Done(all)
}

fn found(rule: usize, range: Range<usize>) -> Found {
    let doc = &RULES[rule];
    let mut found = Found::new(doc.id, doc.severity, range);
    found.confidence = rules::confidence(rule);
    found.cwe = doc.cwe;
    found
}

/// Tests, examples and documentation may hold values that are made up.
fn is_sample(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["test", "spec", "example", "sample", "fixture", "mock", "docs/", "demo"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Marks of chat templates and lines of Markdown, outside comments and texts.
fn fences(text: &str, lexed: &Lexed, path: &str, all: &mut Vec<Found>) {
    let lower = path.to_ascii_lowercase();
    let prose = [".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".ipynb", ".jinja"];
    if prose.iter().any(|end| lower.ends_with(end)) {
        return;
    }
    for hit in FENCE.find_iter(text) {
        let start = hit.start() + (hit.len() - hit.as_str().trim_start().len());
        let token = lexed.tokens.partition_point(|token| token.start < start);
        let inside = token.checked_sub(1).is_some_and(|index| lexed.tokens[index].end > start);
        if !inside && lexed.comment_at(start).is_none() && all.len() < FOUND_MAX {
            let range = start..start + hit.as_str().trim().len();
            all.push(found(CHAT, range).message("a Markdown fence stands in the code"));
        }
    }
    for hit in MARKUP.find_iter(text) {
        let token = lexed.tokens.partition_point(|token| token.start <= hit.start());
        let in_text = token.checked_sub(1).is_some_and(|index| {
            let token = &lexed.tokens[index];
            token.is_text() && token.end > hit.start()
        });
        if !in_text && all.len() < FOUND_MAX {
            let mark = hit.as_str();
            all.push(found(CHAT, hit.range()).message(format!("`{mark}` belongs to a chat")));
        }
    }
}

static FENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:```|~~~)[A-Za-z0-9_+#-]{0,20}[ \t]*\r?$").expect("a fixed pattern")
});

static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    let names = "im_start|im_end|im_sep|endoftext|end_of_text|begin_of_text|assistant|user|system\
                 |eot_id|start_header_id|end_header_id|fim_prefix|fim_middle|fim_suffix|fim_pad\
                 |file_sep|repo_name|end_of_turn|start_of_turn";
    Regex::new(&format!(r"<\|(?:{names})\|>|\[/?INST\]|</?think>|<(?:start|end)_of_turn>"))
        .expect("a fixed pattern")
});

static FILL_IN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^[<\[{]*(?:(?:your|insert|enter|replace|put|add)(?:[-_ ](?:your|with|my|the|own|here|in))*[-_ ](?:[a-z0-9]+[-_ ]){0,3}(?:key|token|secret|password|passwd|credentials?|id|username|user|email|domain|bucket|host|url|endpoint|project)(?:[-_ ]here)?|(?:sk|pk|ghp|xoxb|key|token)[-_]x{4,}|x{12,}|change[-_ ]?me|replace[-_ ]?me)[>\]}]*$",
    )
    .expect("a fixed pattern")
});

/// Functions that open a connection to the address they are given.
const REQUESTS: &[&str] = &[
    "get", "post", "put", "patch", "delete", "head", "request", "fetch", "urlopen", "Get", "Post",
    "connect", "axios", "open",
];

fn in_tokens(text: &str, lexed: &Lexed, sample: bool, all: &mut Vec<Found>) {
    let from = all.len();
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    for (index, token) in tokens.iter().enumerate() {
        if all.len() - from >= FOUND_MAX {
            return;
        }
        match token.kind {
            TokenKind::Text if !sample => in_text(text, tokens, index, all),
            TokenKind::Word => {
                let end = match token.of(text) {
                    "todo" | "unimplemented" if reads(index + 1) == "!" => Some(index + 1),
                    "TODO" if reads(index + 1) == "(" && !reads(index + 2).is_empty() => {
                        let before = index.checked_sub(1).map_or("", reads);
                        matches!(before, "=" | "{" | "return" | "}" | ";").then_some(index)
                    }
                    "throw" | "panic" | "fatalError" => refusal(text, tokens, index),
                    "function" | "fn" | "func" => {
                        all.extend(empty_function(text, lexed, index));
                        None
                    }
                    _ => None,
                };
                if let Some(end) = end {
                    let range = token.start..tokens[end].end;
                    all.push(not_implemented(range));
                }
            }
            _ => {}
        }
    }
}

fn not_implemented(range: Range<usize>) -> Found {
    found(NOT_IMPLEMENTED, range).message("this was never written: it fails when it runs")
}

/// `throw new Error("not implemented")`, `panic("TODO")`: the last token of what is refused.
fn refusal(text: &str, tokens: &[Token], index: usize) -> Option<usize> {
    let mut words = tokens[index + 1..].iter().take(6).enumerate();
    words.find_map(|(offset, token)| {
        let said = token.of(text).to_ascii_lowercase();
        let by_name = token.kind == TokenKind::Word && said.starts_with("notimplemented");
        let inner = said.trim_matches(['"', '\'', '`', '.', '!', ' ']);
        let by_text = token.is_text()
            && (["not implemented", "not yet implemented", "unimplemented"]
                .iter()
                .any(|start| inner.starts_with(start))
                || matches!(inner, "todo" | "implement me" | "method not implemented"));
        (by_name || by_text).then_some(index + 1 + offset)
    })
}

fn in_text(text: &str, tokens: &[Token], index: usize, all: &mut Vec<Found>) {
    let token = tokens[index];
    let whole = token.of(text);
    if whole.len() > 2_000 {
        return;
    }
    let inner = whole.trim_matches(['"', '\'', '`']);
    if FILL_IN.is_match(inner) {
        // What is compared with it, or replaced, is a check for the placeholder.
        let before = index.checked_sub(1).map_or("", |at| tokens[at].of(text));
        if !matches!(before, "==" | "===" | "!=" | "!==" | "in") {
            let message = "a value to be filled in stands in the code";
            all.push(found(VALUE, token.range()).message(message));
        }
    } else if inner.len() > 10 && starts_with_any_case(inner, "lorem ipsum") {
        all.push(found(VALUE, token.range()).message("a filler text stands in the code"));
        if let Some(last) = all.last_mut() {
            last.severity = Severity::Info;
        }
    } else if let Some(rest) = inner.split_once("://").map(|(_, rest)| rest)
        && is_example(rest)
        && index >= 2
        && tokens[index - 1].of(text) == "("
        && REQUESTS.contains(&tokens[index - 2].of(text))
    {
        let message = "an address that stands for one is called";
        all.push(found(EXAMPLE, token.range()).message(message));
    }
}

fn starts_with_any_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// The names that RFC 2606 reserves for examples.
fn is_example(rest: &str) -> bool {
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// `function name(...) {}`, `fn name(...) {}`, `func name(...) {}` without anything in it.
fn empty_function(text: &str, lexed: &Lexed, index: usize) -> Option<Found> {
    let tokens = &lexed.tokens;
    let name = tokens.get(index + 1).filter(|token| token.kind == TokenKind::Word)?;
    let said = name.of(text).to_ascii_lowercase();
    let meant = ["noop", "no_op", "nop", "empty", "nothing", "dummy", "test", "main", "init"];
    if meant.iter().any(|word| said.contains(word)) || tokens.get(index + 2)?.of(text) != "(" {
        return None;
    }
    let close = lexed.closing(text, index + 2)?;
    let (open, end) = (tokens.get(close + 1)?, tokens.get(close + 2)?);
    if open.of(text) != "{" || end.of(text) != "}" || close == index + 3 {
        return None;
    }
    // A comment says why, or is a finding itself.
    if lexed.comment_between(open.start, end.end) {
        return None;
    }
    let mut found = found(EMPTY, name.range());
    (found.severity, found.confidence) = (Severity::Info, Confidence::Low);
    Some(found.message(format!("`{}` does nothing with what it is given", name.of(text))))
}

fn in_outline(path: &str, outline: &Outline, all: &mut Vec<Found>) {
    if path.to_ascii_lowercase().ends_with(".pyi") {
        return;
    }
    for function in &outline.functions {
        let Some((rule, severity, message)) = judge(function, is_sample(path)) else { continue };
        let mut found = found(rule, function.name_range.clone());
        found.severity = severity;
        if severity == Severity::Info {
            found.confidence = Confidence::Low;
        }
        all.push(found.message(format!("`{}` {message}", function.name)));
    }
}

/// What there is to say of one Python function.
fn judge(function: &Declared, sample: bool) -> Option<(usize, Severity, &'static str)> {
    let name = function.name.as_str();
    let meant = |(decorator, _): &(String, Range<usize>)| {
        let last = decorator.rsplit('.').next().unwrap_or_default();
        last.starts_with("abstract") || matches!(last, "overload" | "singledispatch" | "property")
    };
    let is_abstract = function.class.as_ref().is_some_and(|class| class.is_abstract);
    if is_abstract || function.decorators.iter().any(meant) {
        return None;
    }
    let free = function.class.is_none() && !function.inner;
    match &function.body {
        Body::Code => None,
        Body::Empty => {
            let takes = function.parameters.len() > usize::from(function.class.is_some());
            let hook = name.starts_with('_') || name.starts_with("on_") || name.contains("noop");
            // A method that does nothing is often what its base class or its caller asks for.
            let asked = !free || sample || !function.decorators.is_empty();
            let plain = takes && !hook && !asked;
            plain.then_some((EMPTY, Severity::Warning, "has no body"))
        }
        Body::NotImplemented(message) => {
            let lower = message.to_ascii_lowercase();
            let for_others = ["subclass", "override", "overrid", "derived", "abstract", "must"];
            if for_others.iter().any(|word| lower.contains(word)) {
                return None;
            }
            let derived = function.class.as_ref().is_some_and(|class| class.derived);
            let todo = lower.contains("todo") || lower.contains("yet");
            match (free && !sample, derived || todo) {
                (true, _) => Some((NOT_IMPLEMENTED, Severity::Warning, "was never written")),
                (false, true) => Some((NOT_IMPLEMENTED, Severity::Info, "was never written")),
                (false, false) => None,
            }
        }
        Body::Constant => {
            let verbs = ["calculate", "compute", "validate", "verify", "process", "fetch", "parse"];
            let works = verbs.iter().any(|verb| name.starts_with(verb));
            let fixed = works && free && !sample && !function.parameters.is_empty();
            fixed.then_some((CONSTANT, Severity::Info, "returns the same whatever it is given"))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::phrases::COMMENTS.broken().is_empty());
    }
}
