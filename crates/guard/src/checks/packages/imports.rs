//! The packages that a program imports.

use std::collections::HashSet;

use types::Language;

use super::{Ecosystem, How, Named, names};
use crate::lexical::{Lexed, Token, TokenKind};
use crate::source::Source;

/// Tokens of one group of imports that are read.
const GROUP_TOKENS_MAX: usize = 500;

/// What a text imports that does not come with its language; why it could not be read.
pub(super) fn of(source: &Source<'_>, lexed: &Lexed) -> Result<Vec<Named>, String> {
    let text = source.text;
    let mut named = match source.language {
        Some(Language::Python) => python(source)?,
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => node(text, lexed),
        Some(Language::Rust) => rust(text, lexed),
        Some(Language::Go) => go(text, lexed),
        _ => Vec::new(),
    };
    named.retain(|one| !names::is_builtin(one.ecosystem, &one.name));
    Ok(named)
}

fn python(source: &Source<'_>) -> Result<Vec<Named>, String> {
    let analysis = source.analysis().map_err(Clone::clone)?;
    let Some(outline) = &analysis.outline else { return Ok(Vec::new()) };
    let absolute = outline.imports.iter().filter(|import| import.level == 0);
    let named = absolute.map(|import| Named {
        ecosystem: Ecosystem::Python,
        name: import.module.split('.').next().unwrap_or_default().to_owned(),
        range: import.range.clone(),
        optional: import.optional,
        how: How::Import,
    });
    Ok(named.filter(|one| !one.name.is_empty()).collect())
}

/// `import ... from "a"`, `import "a"`, `import("a")`, `require("a")`, `export ... from "a"`.
fn node(text: &str, lexed: &Lexed) -> Vec<Named> {
    let tokens = &lexed.tokens;
    let reads = |index: Option<usize>| {
        index.and_then(|index| tokens.get(index)).map_or("", |token| token.of(text))
    };
    let mut named = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let whole = token.of(text);
        if !token.is_text() || !whole.starts_with(['"', '\'']) || whole.len() < 3 {
            continue;
        }
        let one = index.checked_sub(1);
        let two = index.checked_sub(2);
        let from = reads(one) == "from" && !matches!(reads(two), "." | "(" | ",")
            || reads(one) == "import" && reads(two) != ".";
        let called = reads(one) == "(" && matches!(reads(two), "require" | "import");
        if !(from || called) {
            continue;
        }
        let path = &whole[1..whole.len() - 1];
        let Some(name) = node_package(path) else { continue };
        let range = token.start + 1..token.end - 1;
        let optional = in_try(text, tokens, index);
        named.push(Named { ecosystem: Ecosystem::Node, name, range, optional, how: How::Import });
    }
    named
}

/// The package that a path names; `None` for files, addresses and aliases.
fn node_package(path: &str) -> Option<String> {
    let alias = path.starts_with(['.', '/', '#', '~', '$']) || path.starts_with("@/");
    if alias || path.contains(['!', ' ', '\\', '{', '<', '*']) || path.is_empty() {
        return None;
    }
    if names::is_builtin(Ecosystem::Node, path) {
        return None;
    }
    if path.contains(':') {
        let rest = path.strip_prefix("npm:")?;
        return node_package(rest.split_once('@').map_or(rest, |(name, _)| name));
    }
    let mut parts = path.split('/');
    let first = parts.next()?;
    match first.starts_with('@') {
        true => parts.next().map(|second| format!("{first}/{second}")),
        false => Some(first.to_owned()),
    }
}

/// Whether `try {` stands a few tokens before.
fn in_try(text: &str, tokens: &[Token], index: usize) -> bool {
    let near = &tokens[index.saturating_sub(12)..index];
    near.windows(2).any(|pair| pair[0].of(text) == "try" && pair[1].of(text) == "{")
}

/// `use a::b;`, `extern crate a;`. Names that the file itself brings are no crates.
fn rust(text: &str, lexed: &Lexed) -> Vec<Named> {
    let tokens = &lexed.tokens;
    let reads = |index: usize| tokens.get(index).map_or("", |token| token.of(text));
    let mut own: HashSet<&str> = HashSet::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.of(text) {
            "mod" | "enum" | "struct" | "trait" | "type" | "union" | "as" => {
                own.insert(reads(index + 1));
            }
            // What another `use` brings can begin a path.
            "::" | "{" | "," if matches!(reads(index + 2), ";" | "," | "}") => {
                own.insert(reads(index + 1));
            }
            _ => {}
        }
    }
    let mut named = Vec::new();
    let mut push = |index: usize| {
        let Some(token) = tokens.get(index) else { return };
        let name = token.of(text);
        let lower = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if token.kind == TokenKind::Word && lower && !own.contains(name) {
            named.push(Named {
                ecosystem: Ecosystem::Rust,
                name: name.to_owned(),
                range: token.range(),
                optional: false,
                how: How::Import,
            });
        }
    };
    for (index, token) in tokens.iter().enumerate() {
        let begins = index == 0 || matches!(reads(index - 1), ";" | "{" | "}" | "]" | "pub" | ")");
        match token.of(text) {
            "use" if begins && reads(index + 1) == "{" => {
                let close = lexed.closing(text, index + 1).unwrap_or(index + 1);
                let close = close.min(index + GROUP_TOKENS_MAX);
                let mut depth = 0_usize;
                for inside in index + 1..close {
                    let opens = reads(inside) == "{";
                    depth = match reads(inside) {
                        "{" => depth + 1,
                        "}" => depth.saturating_sub(1),
                        _ => depth,
                    };
                    if depth == 1 && (opens || reads(inside) == ",") {
                        push(inside + 1);
                    }
                }
            }
            "use" if begins && reads(index + 1) == "::" => push(index + 2),
            "use" if begins && matches!(reads(index + 2), "::" | ";" | "as") => push(index + 1),
            "extern" if reads(index + 1) == "crate" => push(index + 2),
            _ => {}
        }
    }
    named
}

/// `import "a"`, `import ( ... )`.
fn go(text: &str, lexed: &Lexed) -> Vec<Named> {
    let tokens = &lexed.tokens;
    let mut named = Vec::new();
    let mut push = |token: &Token| {
        let path = token.of(text).trim_matches(['"', '`']);
        if token.is_text() && !path.is_empty() && !path.starts_with('.') {
            named.push(Named {
                ecosystem: Ecosystem::Go,
                name: path.to_owned(),
                range: token.start + 1..(token.end - 1).max(token.start + 1),
                optional: false,
                how: How::Import,
            });
        }
    };
    for (index, token) in tokens.iter().enumerate() {
        match token.of(text) {
            "import" => {}
            "func" | "type" | "var" | "const" => break,
            _ => continue,
        }
        match tokens.get(index + 1) {
            Some(open) if open.of(text) == "(" => {
                let close = lexed.closing(text, index + 1).unwrap_or(index + 1);
                let group = tokens[index + 1..close].iter().take(GROUP_TOKENS_MAX);
                group.for_each(&mut push);
            }
            Some(next) if next.is_text() => push(next),
            Some(_) => tokens.get(index + 2).into_iter().for_each(&mut push),
            None => {}
        }
    }
    named
}
