//! What a regular expression admits: a text that matches one of harmless characters only is
//! harmless itself.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

use crate::rule::Extent;

/// Whether every text that `pattern` accepts, matched to this extent, is made of characters of the
/// class `harmless` only. Patterns that this crate cannot read accept anything.
pub(crate) fn is_harmless(pattern: &str, extent: Extent, harmless: &str) -> bool {
    let Ok(pattern) = regex_syntax::parse(&translated(pattern)) else { return false };
    let Ok(harmless) = regex_syntax::parse(harmless) else { return false };
    let HirKind::Class(Class::Unicode(harmless)) = harmless.kind() else { return false };
    let (begins, ends) = anchors(&pattern);
    let is_whole = match extent {
        Extent::Whole => true,
        Extent::Start => ends,
        Extent::Anywhere => begins && ends,
    };
    is_whole && admits_only(&pattern, harmless)
}

/// `\Z` of Python is `\z` here.
fn translated(pattern: &str) -> String {
    pattern.replace("\\Z", "\\z")
}

/// Whether it begins at the start and ends at the end of the text.
fn anchors(pattern: &Hir) -> (bool, bool) {
    match pattern.kind() {
        HirKind::Concat(parts) => (
            parts.first().is_some_and(|first| anchors(first).0),
            parts.last().is_some_and(|last| anchors(last).1),
        ),
        HirKind::Alternation(parts) => {
            (parts.iter().all(|part| anchors(part).0), parts.iter().all(|part| anchors(part).1))
        }
        HirKind::Capture(capture) => anchors(&capture.sub),
        HirKind::Look(Look::Start) => (true, false),
        HirKind::Look(Look::End) => (false, true),
        _ => (false, false),
    }
}

fn admits_only(pattern: &Hir, harmless: &ClassUnicode) -> bool {
    let mut open = vec![pattern];
    while let Some(part) = open.pop() {
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => {
                let Ok(text) = std::str::from_utf8(&literal.0) else { return false };
                if !text.chars().all(|one| contains(harmless, one, one)) {
                    return false;
                }
            }
            HirKind::Class(Class::Unicode(class)) => {
                if !class.iter().all(|range| contains(harmless, range.start(), range.end())) {
                    return false;
                }
            }
            HirKind::Class(Class::Bytes(_)) => return false,
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Capture(capture) => open.push(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => open.extend(parts),
        }
    }
    true
}

fn contains(class: &ClassUnicode, start: char, end: char) -> bool {
    let within = |range: &ClassUnicodeRange| range.start() <= start && end <= range.end();
    class.iter().any(within)
}
