//! Regular expressions that an engine with backtracking can need exponential time for: a repetition
//! inside a repetition, where the same text can be shared out between the two in many ways.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// Whether a text that almost matches can take exponential time. `is_whole`: whether all of the text
/// must match. `is_verbose`: whether spaces and comments in it mean nothing. Patterns that cannot be
/// read are not judged.
pub(crate) fn is_exponential(pattern: &str, is_whole: bool, is_verbose: bool) -> bool {
    let mut parser = regex_syntax::ParserBuilder::new().ignore_whitespace(is_verbose).build();
    let Ok(pattern) = parser.parse(&without_looks(pattern)) else { return false };
    // What stands open, and whether something behind it can still fail.
    let mut open = vec![(&pattern, is_whole)];
    while let Some((part, can_fail)) = open.pop() {
        match part.kind() {
            HirKind::Concat(parts) => {
                for (place, inner) in parts.iter().enumerate() {
                    let behind = parts[place + 1..].iter().any(is_demanding);
                    open.push((inner, can_fail || behind));
                }
            }
            HirKind::Alternation(parts) => open.extend(parts.iter().map(|one| (one, can_fail))),
            HirKind::Capture(capture) => open.push((&capture.sub, can_fail)),
            HirKind::Repetition(repetition) => {
                if can_fail && is_endless(repetition) && shares(&repetition.sub) {
                    return true;
                }
                open.push((&repetition.sub, can_fail));
            }
            _ => {}
        }
    }
    false
}

/// Whether what is repeated holds a repetition that can take over what the next round begins with.
fn shares(repeated: &Hir) -> bool {
    let ways = match inside(repeated).kind() {
        HirKind::Alternation(ways) => ways.iter().map(inside).collect(),
        _ => vec![inside(repeated)],
    };
    ways.into_iter().any(|way| {
        let parts: Vec<&Hir> = match way.kind() {
            HirKind::Concat(parts) => parts.iter().map(inside).collect(),
            _ => vec![way],
        };
        parts.iter().enumerate().any(|(place, part)| match part.kind() {
            HirKind::Repetition(inner) if is_endless(inner) => {
                let taken = characters(&inner.sub);
                let mut others = parts.iter().enumerate().filter(|(other, _)| *other != place);
                others.all(|(_, other)| is_optional(other) || meet(&taken, &characters(other)))
            }
            _ => false,
        })
    })
}

fn inside(part: &Hir) -> &Hir {
    let mut part = part;
    while let HirKind::Capture(capture) = part.kind() {
        part = &capture.sub;
    }
    part
}

fn is_endless(repetition: &Repetition) -> bool {
    repetition.max.is_none()
}

fn is_optional(part: &Hir) -> bool {
    part.properties().minimum_len() == Some(0) && !matches!(part.kind(), HirKind::Look(_))
}

/// Whether a text can fail here: something must be there, or the text must end.
fn is_demanding(part: &Hir) -> bool {
    !is_optional(part) || !part.properties().look_set().is_empty()
}

/// All characters that can stand in a match.
fn characters(part: &Hir) -> ClassUnicode {
    let mut all = ClassUnicode::empty();
    let mut open = vec![part];
    while let Some(part) = open.pop() {
        match part.kind() {
            HirKind::Literal(literal) => {
                for one in String::from_utf8_lossy(&literal.0).chars() {
                    all.push(ClassUnicodeRange::new(one, one));
                }
            }
            HirKind::Class(Class::Unicode(class)) => all.union(class),
            HirKind::Class(Class::Bytes(_)) | HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Capture(capture) => open.push(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => open.extend(parts),
        }
    }
    all
}

fn meet(one: &ClassUnicode, other: &ClassUnicode) -> bool {
    let mut both = one.clone();
    both.intersect(other);
    both.iter().next().is_some()
}

/// Looking ahead and behind, and `\Z` of Python, as what this crate can read.
fn without_looks(pattern: &str) -> String {
    let mut pattern = pattern.replace("\\Z", "\\z");
    for look in ["(?=", "(?!", "(?<=", "(?<!"] {
        pattern = pattern.replace(look, "(?:");
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::is_exponential;

    #[test]
    fn tells_exponential_patterns_from_others() {
        let all = [
            ("^(a+)+$", true),
            ("^([a-z0-9]+)*@", true),
            (r"^(\w+\s?)*$", true),
            ("^(.*a|.*b|.*)*$", true),
            ("(.*,)*x", true),
            (r"^(\d+\w*)*-", true),
            (r"(?=x)^(a+)+$", true),
            // Nothing behind can fail.
            ("(a+)+", false),
            (r"^\w+(?: \w+)*$", false),
            (r#"^("[^"]*"\s*)*$"#, false),
            ("^([^,]*,)*$", false),
            ("^(ab+)*$", false),
            ("^[a-z]+$", false),
            ("^(a{1,3})+$", false),
            ("(", false),
        ];
        for (pattern, wanted) in all {
            assert_eq!(is_exponential(pattern, false, false), wanted, "{pattern}");
        }
        assert!(is_exponential("(a+)+", true, false));
        assert!(is_exponential("^( a + ) + $ # all", false, true));
    }
}
