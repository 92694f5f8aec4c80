//! Code that the edit writes and that nothing runs or reads.

use types::Loss;

use super::{Measured, Measures, number};
use crate::lexical::TokenKind;
use crate::outline::{Body, Declared, Outline};

/// Tokens of texts whose private functions are looked for.
const TOKENS_MAX: usize = 200_000;

pub(super) fn measure(measures: &Measures<'_>) -> Measured {
    let analysis = measures.after.analysis().map_err(Clone::clone)?;
    let Some(outline) = &analysis.outline else {
        return Err("the language is not read that far".to_owned());
    };
    if let Some(gap) = &analysis.gap {
        return Err(gap.clone());
    }
    let (text, edited) = (measures.after.text, measures.edited);
    let line = |byte: usize| measures.after.lines().position(text, byte).line;
    let mut losses = Vec::new();
    let mut lost = 0.0;
    for range in outline.unreachable.iter().filter(|range| edited.touches(range)) {
        lost += 0.3;
        losses.push(Loss { what: "never reached".to_owned(), line: line(range.start) });
    }
    for function in outline.functions.iter().filter(|one| edited.touches(&one.name_range)) {
        if is_private(function) && !is_used(measures, &function.name) {
            lost += 0.3;
            let what = format!("`{}` is never used", function.name);
            losses.push(Loss { what, line: line(function.name_range.start) });
        }
    }
    let unused: Vec<_> = outline
        .functions
        .iter()
        .filter(|function| edited.touches(&function.range))
        .flat_map(|function| unused_parameters(text, outline, function))
        .collect();
    lost += 0.1 * number(unused.len());
    losses.extend(unused.into_iter().map(|(name, at)| {
        let what = format!("the parameter `{name}` is not used");
        Loss { what, line: line(at) }
    }));
    Ok((1.0 - lost, losses))
}

fn is_private(function: &Declared) -> bool {
    let name = &function.name;
    name.starts_with('_') && !name.ends_with("__") && function.decorators.is_empty()
}

/// Whether a name stands in the text more than once.
fn is_used(measures: &Measures<'_>, name: &str) -> bool {
    let Ok(lexed) = measures.after.lexed() else { return true };
    let text = measures.after.text;
    let tokens = lexed.tokens.iter().take(TOKENS_MAX);
    // A text may name a function too: `getattr(self, "_name")`, `__all__`.
    let said = tokens.filter(|token| match token.kind {
        TokenKind::Word => token.of(text) == name,
        TokenKind::Text => token.of(text).contains(name),
        TokenKind::Mark => false,
    });
    said.count() > 1 || lexed.tokens.len() > TOKENS_MAX
}

/// Parameters that the body does not read, where the function may choose its own.
fn unused_parameters<'o>(
    text: &'o str,
    outline: &'o Outline,
    function: &'o Declared,
) -> impl Iterator<Item = (&'o str, usize)> {
    let derived = function.class.as_ref().is_some_and(|class| class.derived || class.is_abstract);
    let chosen = function.decorators.is_empty()
        && function.body == Body::Code
        && !derived
        && !function.name.starts_with("__")
        && !function.inner
        && !text[function.body_range.clone()].contains("locals()");
    let parameters = function.parameters.iter().filter(move |(name, _)| {
        let own = matches!(name.as_str(), "self" | "cls" | "args" | "kwargs" | "request" | "event");
        chosen && !own && !name.starts_with('_')
    });
    parameters
        .filter(move |(name, _)| !outline.reads_within(text, name, &function.body_range))
        .map(|(name, range)| (name.as_str(), range.start))
}
