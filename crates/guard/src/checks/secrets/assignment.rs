//! `name = "value"` in any language: what is assigned to the name around a word.
//!
//! Read by hand and not by a pattern: the ways are many (`token = '...'`, `"token": "..."`,
//! `TOKEN=...`, `<token>...</token>`, `let token: &str = "..."`, `setenv("TOKEN", "...")`), and
//! each step looks at a bounded number of bytes.

use std::ops::Range;

/// Bytes of a name on either side of the word.
const NAME_SIDE_MAX: usize = 80;
/// Bytes of blanks, of a type or of a call that may stand between name and value.
const BETWEEN_MAX: usize = 48;
/// Bytes of a value.
const VALUE_MAX: usize = 2_200;

/// A value assigned to a name; both in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub name: Range<usize>,
    pub value: Range<usize>,
    pub how: How,
}

/// How the value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Quoted,
    /// `NAME=value`, with nothing between.
    Plain,
    /// `name: value` or `name = value`: in code, the value is an expression.
    Loose,
}

/// What stands between name and value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `=` without blanks.
    Tight,
    /// Any other.
    Loose,
    /// Only a text in quotes may follow: `==`, `,`, `||`.
    QuotedOnly,
    /// The text of an element: `<token>...`.
    Element,
}

/// The assignment to the name around the byte `at`.
pub(super) fn around(text: &[u8], at: usize) -> Option<Assignment> {
    let name = name_around(text, at);
    let (at, in_quotes) = closers(text, name.end);
    let (operator, at) = operator(text, &name, at, in_quotes)?;
    let (value, quoted) = match operator {
        Operator::Element => (until(text, at, |byte| byte == b'<' || byte == b'\n'), true),
        Operator::QuotedOnly => (quoted(text, at)?, true),
        Operator::Tight | Operator::Loose => match quoted(text, at) {
            Some(value) => (value, true),
            None => (plain(text, at)?, false),
        },
    };
    let how = match (quoted, operator) {
        (true, _) => How::Quoted,
        (false, Operator::Tight) => How::Plain,
        (false, _) => How::Loose,
    };
    (!value.is_empty() && value.len() <= VALUE_MAX).then_some(Assignment { name, value, how })
}

pub(super) fn name_around(text: &[u8], at: usize) -> Range<usize> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let before = text[..at].iter().rev().take(NAME_SIDE_MAX).take_while(|byte| part(byte)).count();
    let after = text[at..].iter().take(NAME_SIDE_MAX).take_while(|byte| part(byte)).count();
    at - before..at + after
}

/// Steps over what closes a name in quotes or brackets; whether it was in quotes.
fn closers(text: &[u8], mut at: usize) -> (usize, bool) {
    let mut in_quotes = false;
    // `\"` is a quote in a text in quotes.
    if text.get(at) == Some(&b'\\') && text.get(at + 1).is_some_and(|&byte| is_quote(byte)) {
        at += 1;
    }
    if text.get(at).is_some_and(|&byte| is_quote(byte)) {
        in_quotes = true;
        at += 1;
    }
    if text.get(at) == Some(&b']') {
        at += 1;
    }
    (at, in_quotes)
}

fn operator(
    text: &[u8],
    name: &Range<usize>,
    at: usize,
    in_quotes: bool,
) -> Option<(Operator, usize)> {
    let blank = blanks(text, at);
    let rest = &text[blank..];
    let found = |operator, length: usize| Some((operator, blanks(text, blank + length)));
    if let Some(value) = named_value(text, at) {
        return Some((Operator::Loose, value));
    }
    for sign in [b"===".as_slice(), b"==", b"!==", b"!=", b"||=", b"??=", b"||", b"??"] {
        if rest.starts_with(sign) {
            return found(Operator::QuotedOnly, sign.len());
        }
    }
    for sign in [b":=".as_slice(), b"=>", b"?=", b"<-"] {
        if rest.starts_with(sign) {
            return found(Operator::Loose, sign.len());
        }
    }
    match rest.first()? {
        b'=' if rest.get(1).is_some_and(|byte| !byte.is_ascii_whitespace()) && blank == at => {
            Some((Operator::Tight, blank + 1))
        }
        b'=' => found(Operator::Loose, 1),
        b':' => match after_type(text, blank + 1) {
            Some(at) => Some((Operator::Loose, blanks(text, at))),
            None => found(Operator::Loose, 1),
        },
        b',' if in_quotes => found(Operator::QuotedOnly, 1),
        b'>' if name.start > 0 && text[name.start - 1] == b'<' => {
            Some((Operator::Element, blank + 1))
        }
        _ if blank > at && is_directive(text, name.start) => Some((Operator::Tight, blank)),
        _ => None,
    }
}

/// `name: TOKEN`, then `value: ...` on the next line or beside it: the start of the value.
fn named_value(text: &[u8], at: usize) -> Option<usize> {
    let gap = text[at..].iter().take(BETWEEN_MAX);
    let at = at + gap.take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
    let at = at + usize::from(text.get(at).is_some_and(|&byte| is_quote(byte)));
    let word = text.get(at..at + 5)?;
    if !word.eq_ignore_ascii_case(b"value") {
        return None;
    }
    let (at, _) = closers(text, at + 5);
    let at = blanks(text, at);
    matches!(text.get(at), Some(b':' | b'=')).then(|| blanks(text, at + 1))
}

/// Steps over a type and the sign that follows: `: Option<&'static str> =`.
fn after_type(text: &[u8], at: usize) -> Option<usize> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_&'<>[]|?. ".contains(byte);
    let length = text[at..].iter().take(BETWEEN_MAX).take_while(|byte| part(byte)).count();
    let end = at + length;
    let sign = text.get(end) == Some(&b'=') && !matches!(text.get(end + 1), Some(b'=' | b'>'));
    (length > 0 && sign).then_some(end + 1)
}

/// Whether the name is set by a word before it: `ENV TOKEN abc`, or is an option: `--token abc`.
fn is_directive(text: &[u8], name: usize) -> bool {
    let before = &text[..name];
    let option = text[name..].starts_with(b"--");
    option || [b"ENV ".as_slice(), b"ARG ", b"setx "].iter().any(|word| before.ends_with(word))
}

/// The inside of a text in quotes at `at`, or just inside a call or a list that begins there.
fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let opening = opening(text, at)?;
    let quote = text[opening];
    let three = [quote; 3];
    let (start, end): (usize, &[u8]) = match text[opening..].starts_with(&three) {
        true => (opening + 3, &three),
        false => (opening + 1, &three[..1]),
    };
    let mut at = start;
    while at - start <= VALUE_MAX {
        match text.get(at)? {
            b'\n' => return None,
            // In a text in quotes, `\"` ends what began with `\"`.
            b'\\' if opening > 0 && text[opening - 1] == b'\\' => return Some(start..at),
            b'\\' => at += 1,
            _ if text[at..].starts_with(end) => return Some(start..at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The quote that opens the value: at once, or after a prefix or a call that keeps the text.
fn opening(text: &[u8], at: usize) -> Option<usize> {
    const CALLS: &[&[u8]] =
        &[b"from(", b"String(", b"Some(", b"Secret(", b"SecretStr(", b"str(", b"bytes(", b"("];
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_:.(@$&[\\ ".contains(byte);
    let length = text[at..].iter().take(BETWEEN_MAX).take_while(|byte| part(byte)).count();
    let before = &text[at..at + length];
    let quote = at + length;
    if !text.get(quote).is_some_and(|&byte| is_quote(byte)) {
        return None;
    }
    let before = before.strip_suffix(b"\\").unwrap_or(before);
    let prefix = before.len() <= 2 && !before.contains(&b' ');
    let call = CALLS.iter().any(|call| before.ends_with(call));
    // `get("TOKEN")`: the text is a name again.
    let asked = before.len() > 1
        && before.ends_with(b"(")
        && !CALLS[..7].iter().any(|call| before.ends_with(call));
    (prefix || (call && !asked)).then_some(quote)
}

/// A value without quotes, up to a blank or the end of what it stands in.
fn plain(text: &[u8], at: usize) -> Option<Range<usize>> {
    let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'`<>,;(){}[]|\\".contains(&byte);
    let value = until(text, at, ends);
    let expression = matches!(text.get(value.end), Some(b'(' | b'[' | b'{' | b'<' | b'|'));
    (!expression).then_some(value)
}

fn until(text: &[u8], at: usize, ends: impl Fn(u8) -> bool) -> Range<usize> {
    let length = text[at..].iter().take(VALUE_MAX).take_while(|byte| !ends(**byte)).count();
    at..at + length
}

fn blanks(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take(BETWEEN_MAX).take_while(|byte| b" \t".contains(byte)).count()
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assigned() {
        for (text, value, how) in [
            ("token = 'abc'", "abc", How::Quoted),
            ("\"token\": \"abc\"", "abc", How::Quoted),
            ("{\\\"token\\\": \\\"abc\\\"}", "abc", How::Quoted),
            ("let token: &'static str = \"abc\";", "abc", How::Quoted),
            ("token: str | None = 'abc'", "abc", How::Quoted),
            ("String token = new String(\"abc\")", "abc", How::Quoted),
            ("os.environ[\"TOKEN\"] = b'abc'", "abc", How::Quoted),
            ("setenv(\"TOKEN\", \"abc\")", "abc", How::Quoted),
            ("process.env.TOKEN || 'abc'", "abc", How::Quoted),
            ("if token == \"abc\":", "abc", How::Quoted),
            ("<token>abc</token>", "abc", How::Quoted),
            ("<add key=\"token\" value=\"abc\" />", "abc", How::Quoted),
            ("- name: TOKEN\n  value: \"abc\"", "abc", How::Quoted),
            ("token := `abc`", "abc", How::Quoted),
            ("TOKEN=abc # here", "abc", How::Plain),
            ("ENV TOKEN abc", "abc", How::Plain),
            ("run --token abc", "abc", How::Plain),
            ("token: abc", "abc", How::Loose),
            ("token = abc", "abc", How::Loose),
        ] {
            let at = text.to_ascii_lowercase().find("token").unwrap();
            let found = around(text.as_bytes(), at).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&text[found.value], found.how), (value, how), "{text}");
        }
        for text in ["token", "token = f(x)", "token = get('abc')", "f(token, 'abc')", "token ="] {
            let found = around(text.as_bytes(), text.find("token").unwrap());
            assert_eq!(found, None, "{text}");
        }
    }
}
