//! Settings of tools before and after: read line by line, `key: value` or `key = value`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::found;
use super::rules::CHECK_DISABLED;
use crate::checks::Change;
use crate::found::Found;

/// Settings that protect while they are on.
const ON: &[&str] = &[
    "strict",
    "strictnullchecks",
    "noimplicitany",
    "noimplicitthis",
    "noimplicitreturns",
    "strictfunctiontypes",
    "strictbindcallapply",
    "strictpropertyinitialization",
    "noemitonerror",
    "nounusedlocals",
    "nounusedparameters",
    "nouncheckedindexedaccess",
    "nofallthroughcasesinswitch",
    "alwaysstrict",
    "useunknownincatchvariables",
    "checkjs",
    "disallow_untyped_defs",
    "disallow_any_generics",
    "disallow_incomplete_defs",
    "check_untyped_defs",
    "no_implicit_optional",
    "warn_unused_ignores",
    "warn_return_any",
    "warn_redundant_casts",
    "warn_unreachable",
    "strict_equality",
    "strict_optional",
    "branch",
    "failonerror",
    "fail_on_error",
    "fail-on-error",
    "treatwarningsaserrors",
    "xfail_strict",
];

/// Settings that protect while they are off.
const OFF: &[&str] = &[
    "ignore_errors",
    "ignore_missing_imports",
    "allow_untyped_defs",
    "allowunreachablecode",
    "allowunusedlabels",
    "skiplibcheck",
    "suppressimplicitanyindexerrors",
    "continue-on-error",
    "allow_failure",
    "passwithnotests",
    "skip_tests",
];

/// Limits that protect by being high.
const HIGH: &[&str] = &[
    "fail_under",
    "fail-under",
    "minimum_coverage",
    "min_coverage",
    "coverage_threshold",
    "branches",
    "functions",
    "lines",
    "statements",
    "min_score",
    "cov-fail-under",
    "threshold",
];

/// Levels of a rule, the strictest last.
const LEVELS: &[&str] =
    &["off", "allow", "none", "ignore", "info", "warn", "warning", "error", "deny", "forbid"];

/// Lists of what is left out: what is added to them is no longer checked.
const LEFT_OUT: &[&str] = &[
    "ignore",
    "extend-ignore",
    "extend_ignore",
    "disable",
    "exclude",
    "extend-exclude",
    "omit",
    "per-file-ignores",
    "exclude_lines",
    "exclude_dirs",
    "skips",
    "ignorepatterns",
    "skip",
    "coveragepathignorepatterns",
    "testpathignorepatterns",
];

pub(super) fn look(change: &Change<'_>, all: &mut Vec<Found>) -> Result<(), String> {
    let path = change.after.path.to_ascii_lowercase();
    if change.before.text.is_empty() || !is_settings(&path) {
        return Ok(());
    }
    let before = entries(change.before.text);
    let mut old: HashMap<(&str, usize), &Entry<'_>> = HashMap::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for entry in &before {
        let nth = seen.entry(entry.key.as_str()).or_default();
        old.insert((entry.key.as_str(), *nth), entry);
        *nth += 1;
    }
    let after = entries(change.after.text);
    let mut nths: HashMap<&str, usize> = HashMap::new();
    for entry in &after {
        let nth = nths.entry(entry.key.as_str()).or_default();
        let before = old.get(&(entry.key.as_str(), *nth));
        *nth += 1;
        let was = before.map(|before| before.value.as_str());
        if was == Some(entry.value.as_str()) {
            continue;
        }
        if let Some(message) = judge(entry, was) {
            all.push(found(CHECK_DISABLED, entry.range.clone(), message));
        }
    }
    for (key, count) in &seen {
        let left = nths.get(key).copied().unwrap_or_default();
        let on = before.iter().any(|entry| entry.key == *key && entry.value == "true");
        if left == 0 && *count > 0 && ON.contains(key) && on {
            let at = change.edited.inserted.first().map_or(0, |range| range.start);
            all.push(found(CHECK_DISABLED, at..at, format!("`{key}` is no longer set")));
        }
    }
    Ok(())
}

fn is_settings(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let ends = [".json", ".jsonc", ".json5", ".toml", ".yml", ".yaml", ".ini", ".cfg"];
    ends.iter().any(|end| name.ends_with(end))
        || name.contains(".config.")
        || ["eslintrc", "pylintrc", "coveragerc", "flake8", "nycrc", "editorconfig"]
            .iter()
            .any(|known| name.contains(known))
}

struct Entry<'t> {
    /// In lower case, without quotes.
    key: String,
    /// The same; of a list, all its elements.
    value: String,
    range: Range<usize>,
    line: &'t str,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut all: Vec<Entry<'_>> = Vec::new();
    let mut at = 0;
    let mut in_list = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let said = line.trim();
        if said.is_empty() || said.starts_with(['#', ';']) || said.starts_with("//") {
            continue;
        }
        let clean = |part: &str| {
            let part = part.trim().trim_end_matches(',').trim();
            part.trim_matches(['"', '\'']).to_ascii_lowercase()
        };
        let split = said.find([':', '=']).filter(|split| *split > 0);
        let item = said.starts_with(['"', '\'', '-']) && !said.contains(':');
        if in_list && (item || split.is_none()) {
            if let Some(last) = all.last_mut() {
                last.value.push(' ');
                last.value.push_str(&clean(said));
            }
            in_list = !said.starts_with(']');
            continue;
        }
        let Some(split) = split else { continue };
        let (key, value) = said.split_at(split);
        let key = clean(key.trim_start_matches("- "));
        let value = clean(&value[1..]);
        in_list =
            value.is_empty() || value == "[" || value.starts_with('[') && !value.ends_with(']');
        let from = start + (line.len() - line.trim_start().len());
        all.push(Entry { key, value, range: from..from + said.len(), line: said });
    }
    all
}

/// What an entry lets through that it did not before.
fn judge(entry: &Entry<'_>, was: Option<&str>) -> Option<String> {
    let (key, value) = (entry.key.as_str(), entry.value.as_str());
    let name = key.rsplit('.').next().unwrap_or(key);
    let shown = || entry.line.trim_end_matches(',').chars().take(60).collect::<String>();
    if ON.contains(&name) && matches!(value, "false" | "off" | "no" | "0") {
        return (was != Some(value)).then(|| format!("`{}` switches a check off", shown()));
    }
    if OFF.contains(&name) && matches!(value, "true" | "on" | "yes" | "1") {
        return Some(format!("`{}` switches a check off", shown()));
    }
    let was = was?;
    if HIGH.contains(&name)
        && let (Ok(old), Ok(new)) = (number(was), number(value))
        && new < old
    {
        return Some(format!("`{name}` was lowered from {was} to {value}"));
    }
    if let (Some(old), Some(new)) = (level(was), level(value))
        && new < old
    {
        return Some(format!("the rule `{name}` was lowered from {was} to {value}"));
    }
    if LEFT_OUT.contains(&name) {
        let old: HashSet<&str> = elements(was).collect();
        let new = elements(value).find(|part| !old.contains(part))?;
        return Some(format!("`{new}` was added to what `{name}` leaves out"));
    }
    None
}

/// The elements of a list, whatever its marks.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let parts = list.split([' ', ',', '[', ']', '"', '\'', '\t']);
    parts.filter(|part| part.len() > 1)
}

fn number(value: &str) -> Result<f64, std::num::ParseFloatError> {
    value.trim_end_matches('%').parse()
}

/// How strict a level is; ESLint's numbers count too, but only within a list or alone.
fn level(value: &str) -> Option<usize> {
    let value = value.trim_start_matches('[').split([',', ' ']).next()?.trim_matches(['"', '\'']);
    let place = LEVELS.iter().position(|level| *level == value)?;
    Some(match place {
        0..=3 => 0,
        4 => 1,
        5 | 6 => 2,
        _ => 3,
    })
}
