//! People's own suppressions: `countersign: allow RULE reason` in a comment, and entries of the
//! workspace's ignore file.
//!
//! A comment speaks for its line, or, alone on its line, for the next line of code. It counts only
//! where it is older than the edit: it stands in the text before, and the edit leaves every byte
//! of it alone. So nothing that an edit writes can hide what the edit does. Where a person stands
//! behind the whole text ([`CommentAllows::All`]), all comments count.
//!
//! What is allowed stays in the report, apart from what is judged.

use std::collections::BTreeSet;
use std::ops::Range;

use types::{
    Allow, AllowedBy, CheckOutcome, CheckState, CommentAllows, Edited, Facts, Severity, Suppression,
};

use crate::found::Found;
use crate::rule_doc::RuleDoc;
use crate::source::Source;

/// The check's name in reports.
pub(crate) const CHECK: &str = "allows";

/// How a comment begins that allows rules.
const MARK: &str = "countersign: allow";

/// Characters with which a comment begins in some language.
const OPENING: [char; 9] = ['#', '/', '*', '-', ';', '%', '<', '!', '"'];

/// Comments looked at in one text.
const COMMENTS_MAX: usize = 1_000;

const NO_REASON: &str = "allow-without-reason";
const UNUSED: &str = "allow-unused";
const NOT_OLDER: &str = "allow-not-older";
const FORBIDDEN: &str = "allow-forbidden";

pub(crate) const RULES: &[RuleDoc] = &[
    about(
        NO_REASON,
        "An allow without a reason",
        "A comment or an entry of the ignore file that allows a rule says why, after the rule's \
         id. Without a reason it does not count: whoever reads it later could not tell whether it \
         still holds.",
        "run(command)  # countersign: allow S603\n",
        "run(command)  # countersign: allow S603 the command is a constant of this file\n",
    ),
    about(
        UNUSED,
        "An allow that matches nothing",
        "No finding of this rule stands where the comment allows it. Either the code is better \
         now, or the id is wrong, or the comment stands on another line than the finding. Remove \
         it: it would hide the next finding there.",
        "x = 1  # countersign: allow S307 reads a constant\n",
        "x = 1\n",
    ),
    about(
        NOT_OLDER,
        "An allow that the change itself writes",
        "A change cannot excuse itself: a comment that allows a rule counts once it stands in the \
         text that the next change is compared with. Commit it on its own, after a person has \
         looked at it.",
        "",
        "",
    ),
    about(
        FORBIDDEN,
        "An allow that the policy forbids",
        "The setting `policy.suppressions` says that comments of this kind do not count. Settle \
         the finding itself, or enter it in the ignore file where the policy lets it.",
        "",
        "",
    ),
];

const fn about(
    id: &'static str,
    title: &'static str,
    explanation: &'static str,
    bad: &'static str,
    good: &'static str,
) -> RuleDoc {
    RuleDoc { id, title, severity: Severity::Info, cwe: &[], explanation, bad, good }
}

/// A finding that the edit introduces, on its way into the report.
pub(crate) struct Introduced {
    pub check: &'static str,
    pub found: Found,
    /// What a person wrote to allow it.
    pub suppression: Option<Suppression>,
}

/// One comment that allows rules.
#[derive(Debug, PartialEq, Eq)]
struct Comment<'t> {
    range: Range<usize>,
    /// The line it speaks for, from 1.
    line: usize,
    rules: Vec<&'t str>,
    reason: &'t str,
}

/// The texts before and after, and what lies between.
pub(crate) struct Change<'a> {
    pub before: &'a Source<'a>,
    pub after: &'a Source<'a>,
    pub edited: &'a Edited,
}

/// Marks what people allow, and adds what is to be said of the allows themselves. `outcomes` are
/// those of the checks: where all findings of one are allowed it has passed.
pub(crate) fn settle(
    change: &Change<'_>,
    facts: &Facts,
    outcomes: &mut Vec<CheckOutcome>,
    all: &mut Vec<Introduced>,
) {
    let comments = comments(change.after);
    let counts = counting(change, facts.allows.comments, &comments);
    let mut used = vec![false; comments.len()];
    let lines = change.after.lines();
    for one in all.iter_mut() {
        let line = lines.line(one.found.range.start);
        let rule = one.found.rule.as_str();
        let comment = (0..comments.len()).find(|&index| {
            let comment = &comments[index];
            counts[index] && comment.line == line && comment.rules.contains(&rule)
        });
        if let Some(index) = comment {
            used[index] = true;
            one.suppression = Some(by_comment(change.after, &comments[index]));
        } else if let Some(allow) = facts.allows.listed.iter().find(|allow| allow.rule == rule) {
            one.suppression = Some(by_file(allow));
        }
    }
    let whole = change.before.text.is_empty() && outcomes.iter().all(done);
    let mut said = Vec::new();
    for (index, comment) in comments.iter().enumerate() {
        let state = State {
            counts: counts[index],
            used: used[index] || !whole,
            written: change.edited.touches(&comment.range),
        };
        said.extend(remark(comment, facts.allows.comments, state));
    }
    pass_where_all_is_allowed(outcomes, all);
    let state = if said.is_empty() { CheckState::Passed } else { CheckState::Failed };
    let (reason, supported, duration_us) = (None, true, 0);
    outcomes.push(CheckOutcome { name: CHECK, state, reason, supported, duration_us });
    let said = said.into_iter();
    all.extend(said.map(|found| Introduced { check: CHECK, found, suppression: None }));
}

/// Whether nothing that could have been found is missing.
fn done(outcome: &CheckOutcome) -> bool {
    !(outcome.supported && outcome.state == CheckState::Unchecked)
}

fn pass_where_all_is_allowed(outcomes: &mut [CheckOutcome], all: &[Introduced]) {
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.state == CheckState::Failed) {
        let open = |one: &Introduced| one.check == outcome.name && one.suppression.is_none();
        if !all.iter().any(open) {
            let partly = outcome.reason.is_some();
            outcome.state = if partly { CheckState::Unchecked } else { CheckState::Passed };
        }
    }
}

/// How a comment stands.
struct State {
    counts: bool,
    used: bool,
    /// Whether the edit wrote it or a part of it.
    written: bool,
}

/// What there is to say of one comment.
fn remark(comment: &Comment<'_>, mode: CommentAllows, state: State) -> Option<Found> {
    let rules = comment.rules.join(", ");
    let (rule, message) = if !state.written && mode != CommentAllows::All {
        return None;
    } else if mode == CommentAllows::None {
        (FORBIDDEN, "the policy lets no comment allow a rule".to_owned())
    } else if comment.rules.is_empty() {
        (NO_REASON, format!("`{MARK}` names no rule; write `{MARK} RULE reason`"))
    } else if comment.reason.is_empty() {
        (NO_REASON, format!("no reason is given, so {rules} is not allowed here"))
    } else if !state.counts {
        (NOT_OLDER, format!("this change writes it, so it does not yet allow {rules}"))
    } else if !state.used {
        (UNUSED, format!("there is no finding of {rules} on line {}", comment.line))
    } else {
        return None;
    };
    Some(Found::new(rule, Severity::Info, comment.range.clone()).message(message))
}

/// For each comment, whether it counts.
fn counting(change: &Change<'_>, mode: CommentAllows, found: &[Comment<'_>]) -> Vec<bool> {
    let older = match mode {
        CommentAllows::Older if !found.is_empty() => older(change),
        _ => BTreeSet::new(),
    };
    let counts = |comment: &Comment<'_>| {
        let allowed = match mode {
            CommentAllows::None => false,
            CommentAllows::Older => older.contains(&(comment.range.start, comment.range.end)),
            CommentAllows::All => true,
        };
        allowed && !comment.rules.is_empty() && !comment.reason.is_empty()
    };
    found.iter().map(counts).collect()
}

/// Where the comments of the text before stand in the text after, untouched.
fn older(change: &Change<'_>) -> BTreeSet<(usize, usize)> {
    let narrow = narrowed(change);
    let moved = comments(change.before).into_iter().filter_map(|one| narrow.moved(&one.range));
    moved.map(|range| (range.start, range.end)).collect()
}

/// The same change with each part cut down to what differs: an edit that replaces a whole line
/// leaves the end of the line alone where it reads as before.
fn narrowed(change: &Change<'_>) -> Edited {
    let (old, new) = (change.before.text, change.after.text);
    let mut edited = change.edited.clone();
    for (inserted, removed) in edited.inserted.iter_mut().zip(&mut edited.removed) {
        let (a, b) = (&old.as_bytes()[removed.clone()], &new.as_bytes()[inserted.clone()]);
        let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let tails = a[prefix..].iter().rev().zip(b[prefix..].iter().rev());
        let suffix = tails.take_while(|(a, b)| a == b).count();
        *removed = removed.start + prefix..removed.end - suffix;
        *inserted = inserted.start + prefix..inserted.end - suffix;
    }
    edited
}

fn by_comment(after: &Source<'_>, comment: &Comment<'_>) -> Suppression {
    Suppression {
        by: AllowedBy::Comment,
        reason: comment.reason.to_owned(),
        path: after.path.to_owned(),
        line: after.lines().line(comment.range.start),
    }
}

fn by_file(allow: &Allow) -> Suppression {
    let (reason, path) = (allow.reason.clone(), allow.path.clone());
    Suppression { by: AllowedBy::File, reason, path, line: allow.line }
}

/// The comments of a text that allow rules.
fn comments<'t>(source: &Source<'t>) -> Vec<Comment<'t>> {
    if !source.text.contains(MARK) {
        return Vec::new();
    }
    let ranges: Vec<Range<usize>> = match source.analysis() {
        Ok(analysis) => analysis.comments.clone(),
        Err(_) => by_line(source.text),
    };
    let parsed = ranges.into_iter().filter_map(|range| parse(source, range));
    let mut found: Vec<Comment<'t>> = parsed.take(COMMENTS_MAX).collect();
    // A comment alone on its line speaks for the next line that is more than such a comment.
    let alone: BTreeSet<usize> =
        found.iter().filter(|one| is_alone(source, &one.range)).map(|one| one.line).collect();
    for comment in found.iter_mut().filter(|one| alone.contains(&one.line)) {
        let mut line = comment.line + 1;
        while alone.contains(&line) {
            line += 1;
        }
        comment.line = line;
    }
    found
}

fn is_alone(source: &Source<'_>, range: &Range<usize>) -> bool {
    let line = source.lines().line(range.start);
    let whole = source.lines().line_range(source.text, line).unwrap_or_default();
    let before = source.text.get(whole.start..range.start).unwrap_or_default();
    let after = source.text.get(range.end..whole.end).unwrap_or_default();
    before.trim().is_empty() && after.trim().is_empty()
}

fn parse<'t>(source: &Source<'t>, range: Range<usize>) -> Option<Comment<'t>> {
    let text = source.text.get(range.clone())?;
    let inner = text.trim_start_matches(|c: char| OPENING.contains(&c) || c.is_whitespace());
    let rest = inner.strip_prefix(MARK)?;
    if rest.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let rest = rest.lines().next().unwrap_or_default().trim();
    let rest = rest.trim_end_matches("*/").trim_end_matches("-->").trim();
    let (rules, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rules = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()).collect();
    let reason = reason.trim().trim_start_matches(['-', ':']).trim_start();
    let line = source.lines().line(range.start);
    Some(Comment { range, line, rules, reason })
}

/// Comments in a text of unknown form: from the characters before the mark to the line's end.
fn by_line(text: &str) -> Vec<Range<usize>> {
    let found = text.match_indices(MARK).map(|(at, _)| {
        let before = text[..at].trim_end_matches([' ', '\t']);
        let start = before.trim_end_matches(OPENING).len();
        let length = text[at..].find(['\n', '\r']).unwrap_or(text.len() - at);
        (start..at + length, start < before.len())
    });
    found.filter(|(_, opened)| *opened).map(|(range, _)| range).collect()
}
