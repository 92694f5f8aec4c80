//! Guards that were there before: who may, how often, from where, how long.

use std::collections::{HashMap, HashSet};

use super::rules::{CHECK_DISABLED, GUARD_REMOVED, LIMIT_REMOVED};
use super::{found, lines_only_in, place};
use crate::checks::Change;
use crate::found::Found;
use crate::lexical::{Lexed, TokenKind};
use types::Severity;

/// Words in the names of guards, in lower case without separators.
const GUARDS: &[(&str, &[&str])] = &[
    ("loginrequired", &["CWE-306"]),
    ("permissionrequired", &["CWE-862"]),
    ("permissionclasses", &["CWE-862"]),
    ("requireauth", &["CWE-306"]),
    ("requiresauth", &["CWE-306"]),
    ("requirelogin", &["CWE-306"]),
    ("requireadmin", &["CWE-862"]),
    ("authrequired", &["CWE-306"]),
    ("tokenrequired", &["CWE-306"]),
    ("jwtrequired", &["CWE-306"]),
    ("rolesrequired", &["CWE-862"]),
    ("rolerequired", &["CWE-862"]),
    ("adminrequired", &["CWE-862"]),
    ("staffmemberrequired", &["CWE-862"]),
    ("userpassestest", &["CWE-862"]),
    ("preauthorize", &["CWE-862"]),
    ("rolesallowed", &["CWE-862"]),
    ("secured", &["CWE-862"]),
    ("useguards", &["CWE-862"]),
    ("authorize", &["CWE-862"]),
    ("isauthenticated", &["CWE-306"]),
    ("ensureauthenticated", &["CWE-306"]),
    ("ensureloggedin", &["CWE-306"]),
    ("checkpermission", &["CWE-862"]),
    ("haspermission", &["CWE-862"]),
    ("hasperm", &["CWE-862"]),
    ("csrfprotect", &["CWE-352"]),
    ("csrfprotection", &["CWE-352"]),
    ("csrfviewmiddleware", &["CWE-352"]),
    ("csurf", &["CWE-352"]),
    ("verifycsrftoken", &["CWE-352"]),
    ("authenticitytoken", &["CWE-352"]),
    ("protectfromforgery", &["CWE-352"]),
    ("helmet", &["CWE-693"]),
    ("securitymiddleware", &["CWE-693"]),
    ("verifysignature", &["CWE-347"]),
    ("comparedigest", &["CWE-208"]),
    ("timingsafeequal", &["CWE-208"]),
    ("validateinput", &["CWE-20"]),
    ("sanitize", &["CWE-20"]),
    ("escapehtml", &["CWE-79"]),
];

/// The same for limits.
const LIMITS: &[&str] = &[
    "ratelimit",
    "ratelimiter",
    "throttle",
    "throttleclasses",
    "timeout",
    "timeoutms",
    "connecttimeout",
    "readtimeout",
    "maxbodysize",
    "maxcontentlength",
];

pub(super) fn look(change: &Change<'_>, all: &mut Vec<Found>) -> Result<(), String> {
    if change.before.text.is_empty() {
        return Ok(());
    }
    let reported = decorators(change, all);
    let (before, after) = (change.before.lexed()?, change.after.lexed()?);
    let gone = lines_only_in(change.before.text, change.after.text);
    let come = lines_only_in(change.after.text, change.before.text);
    let (lost, won) = (guard_words(&gone, before), guard_words(&come, after));
    // What goes with its whole function guarded nothing else.
    let defines =
        |lines: &[(usize, &str)]| lines.iter().filter(|(_, line)| is_definition(line)).count();
    if defines(&gone) > defines(&come) {
        return Ok(());
    }
    // Another guard in its place is not none.
    let guards = |words: &HashMap<String, Lost>| -> usize {
        let guards = words.iter().filter(|(word, _)| !LIMITS.contains(&word.as_str()));
        guards.map(|(_, lost)| lost.count).sum()
    };
    let replaced = guards(&won) >= guards(&lost);
    let mut names: Vec<_> = lost.iter().collect();
    names.sort_by_key(|(_, lost)| lost.at);
    for (word, lost) in names {
        let back = won.get(word).map_or(0, |won| won.count);
        if back >= lost.count || reported.contains(word) {
            continue;
        }
        let range = place(change, lost.at);
        let shown = &lost.shown;
        if LIMITS.contains(&word.as_str()) {
            all.push(found(LIMIT_REMOVED, range, format!("the limit `{shown}` is gone")));
        } else if !replaced && let Some((_, cwe)) = GUARDS.iter().find(|(guard, _)| guard == word) {
            let mut found = found(GUARD_REMOVED, range, format!("the guard `{shown}` is gone"));
            found.cwe = cwe;
            all.push(found);
        }
    }
    forbidden(change, &gone, &come, all);
    Ok(())
}

/// Decorators gone from functions that are still there. Gives back which guards were reported.
fn decorators(change: &Change<'_>, all: &mut Vec<Found>) -> HashSet<String> {
    let mut reported = HashSet::new();
    let decorated = change.before.text.lines().map(str::trim_start).any(|line| {
        let word = line.strip_prefix('@').map(plain).unwrap_or_default();
        GUARDS.iter().any(|(guard, _)| word.contains(guard))
    });
    if !decorated {
        return reported;
    }
    let outline = |source: &'_ crate::source::Source<'_>| {
        let analysis = source.analysis().ok()?;
        let functions = analysis.outline.as_ref()?.functions.iter();
        Some(functions.cloned().collect::<Vec<_>>())
    };
    let (Some(before), Some(after)) = (outline(change.before), outline(change.after)) else {
        return reported;
    };
    let key = |one: &crate::outline::Declared| {
        (one.class.as_ref().map(|class| class.name.clone()), one.name.clone())
    };
    let now: HashMap<_, _> = after.iter().map(|one| (key(one), one)).collect();
    for old in &before {
        let Some(new) = now.get(&key(old)) else { continue };
        for (decorator, _) in &old.decorators {
            let word = plain(decorator.rsplit('.').next().unwrap_or_default());
            let kept = new.decorators.iter().any(|(other, _)| other == decorator);
            let Some((_, cwe)) = GUARDS.iter().find(|(guard, _)| *guard == word) else { continue };
            // Another guard may have come in its place.
            let guarded = new.decorators.iter().any(|(other, _)| {
                let other = plain(other.rsplit('.').next().unwrap_or_default());
                GUARDS.iter().any(|(guard, _)| *guard == other)
            });
            if kept || guarded {
                continue;
            }
            let message = format!("`{}` is no longer guarded by `@{decorator}`", new.name);
            let mut found = found(GUARD_REMOVED, new.name_range.clone(), message);
            found.severity = Severity::Error;
            found.cwe = cwe;
            all.push(found);
            reported.insert(word);
        }
    }
    reported
}

struct Lost {
    count: usize,
    /// Where the first one stood.
    at: usize,
    shown: String,
}

/// Guards and limits used on some lines, by their plain name. Imports and comments do not count.
fn guard_words(lines: &[(usize, &str)], lexed: &Lexed) -> HashMap<String, Lost> {
    let mut words: HashMap<String, Lost> = HashMap::new();
    for (at, line) in lines {
        let import = ["import ", "from ", "use ", "#include", "require"];
        if import.iter().any(|start| line.starts_with(start)) || line.contains("require(") {
            continue;
        }
        let (from, to) = (lexed.token_from(*at), lexed.token_from(at + line.len()));
        let inside = lexed.tokens.get(from..to).into_iter().flatten();
        for token in inside.filter(|token| token.kind != TokenKind::Mark) {
            let Some(said) = line.get(token.start - at..(token.end - at).min(line.len())) else {
                continue;
            };
            // In texts only names of middleware count: `"a.b.CsrfViewMiddleware"`.
            let said = said.trim_matches(['"', '\'', '`']).rsplit('.').next().unwrap_or_default();
            let word = plain(said);
            let known =
                LIMITS.contains(&word.as_str()) || GUARDS.iter().any(|(guard, _)| *guard == word);
            if known {
                let shown = said.to_owned();
                let lost = words.entry(word).or_insert(Lost { count: 0, at: token.start, shown });
                lost.count += 1;
            }
        }
    }
    words
}

/// A name without separators, in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

fn is_definition(line: &str) -> bool {
    let line = line.trim_start_matches("export ").trim_start_matches("pub ");
    let line = line.trim_start_matches("async ");
    ["def ", "class ", "function ", "fn ", "func ", "public ", "private ", "protected ", "static "]
        .iter()
        .any(|start| line.starts_with(start))
}

/// `#![forbid(...)]` and `#![deny(...)]` that are gone, `use strict` too.
fn forbidden(
    change: &Change<'_>,
    gone: &[(usize, &str)],
    come: &[(usize, &str)],
    all: &mut Vec<Found>,
) {
    for (at, line) in gone {
        let attribute = line.starts_with("#![forbid(") || line.starts_with("#![deny(");
        let strict = line.trim_matches([';', '"', '\'']) == "use strict";
        if !(attribute || strict) || come.iter().any(|(_, other)| other.contains(line)) {
            continue;
        }
        let shown: String = line.chars().take(60).collect();
        let range = place(change, *at);
        all.push(found(CHECK_DISABLED, range, format!("`{shown}` is gone")));
    }
}
