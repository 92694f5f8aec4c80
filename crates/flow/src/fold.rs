//! What calls compute, by the names that models give: on constants here, on lists and dictionaries
//! in [`crate::interpret`].

use std::rc::Rc;

use crate::value::{Constant, TEXT_MAX};

/// What a call computes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fold {
    /// A constant out of constants: the object first, then the arguments.
    Constants(fn(&[&Constant]) -> Option<Constant>),
    /// Something with lists, dictionaries or texts known in part.
    Whole(Whole),
}

/// What is done with lists, dictionaries and texts known in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Append,
    Extend,
    Insert,
    Pop,
    Remove,
    Clear,
    Get,
    Set,
    SetDefault,
    Update,
    Keys,
    Values,
    Items,
    Copy,
    List,
    SetOf,
    Dictionary,
    Enumerate,
    Zip,
    Range,
    Bytes,
    Length,
    Join,
    Format,
    FormatPercent,
    Text,
    Concat,
    JoinPath,
    Regex,
    Split,
    Same,
    Attribute,
}

impl Fold {
    /// Whether the result is a text or number that keeps where the arguments come from.
    pub fn is_text(self) -> bool {
        matches!(self, Fold::Constants(_))
    }

    pub fn parse(name: &str) -> Option<Fold> {
        if let Some((_, whole)) = WHOLE.iter().find(|(known, _)| *known == name) {
            return Some(Fold::Whole(*whole));
        }
        let found = CONSTANTS.iter().find(|(known, _)| *known == name)?;
        Some(Fold::Constants(found.1))
    }

    /// All names that models can give.
    pub fn names() -> impl Iterator<Item = &'static str> {
        WHOLE.iter().map(|(name, _)| *name).chain(CONSTANTS.iter().map(|(name, _)| *name))
    }
}

const WHOLE: &[(&str, Whole)] = &[
    ("append", Whole::Append),
    ("extend", Whole::Extend),
    ("insert", Whole::Insert),
    ("pop", Whole::Pop),
    ("remove", Whole::Remove),
    ("clear", Whole::Clear),
    ("get", Whole::Get),
    ("set-entry", Whole::Set),
    ("set-default", Whole::SetDefault),
    ("update", Whole::Update),
    ("keys", Whole::Keys),
    ("values", Whole::Values),
    ("items", Whole::Items),
    ("copy", Whole::Copy),
    ("list", Whole::List),
    ("sorted", Whole::List),
    ("reversed", Whole::List),
    ("set", Whole::SetOf),
    ("dict", Whole::Dictionary),
    ("enumerate", Whole::Enumerate),
    ("zip", Whole::Zip),
    ("range", Whole::Range),
    ("bytes", Whole::Bytes),
    ("len", Whole::Length),
    ("join", Whole::Join),
    ("format", Whole::Format),
    ("format-percent", Whole::FormatPercent),
    ("str", Whole::Text),
    ("concat", Whole::Concat),
    ("join-path", Whole::JoinPath),
    ("regex", Whole::Regex),
    ("split", Whole::Split),
    ("identity", Whole::Same),
    ("getattr", Whole::Attribute),
];

type Pure = fn(&[&Constant]) -> Option<Constant>;

const CONSTANTS: &[(&str, Pure)] = &[
    ("upper", |a| text(a, 1, str::to_uppercase)),
    ("lower", |a| text(a, 1, str::to_lowercase)),
    ("capitalize", |a| text(a, 1, capitalized)),
    ("strip", |a| stripped(a, true, true)),
    ("lstrip", |a| stripped(a, true, false)),
    ("rstrip", |a| stripped(a, false, true)),
    ("replace", replaced),
    ("removeprefix", |a| Some(kept(texts::<2>(a)?[0].strip_prefix(&**texts::<2>(a)?[1]), a))),
    ("removesuffix", |a| Some(kept(texts::<2>(a)?[0].strip_suffix(&**texts::<2>(a)?[1]), a))),
    ("startswith", |a| two(a, |text, part| text.starts_with(part))),
    ("endswith", |a| two(a, |text, part| text.ends_with(part))),
    ("contains", |a| two(a, |text, part| text.contains(part))),
    ("equals", |a| two(a, |text, other| text == other)),
    ("equals-ignore-case", |a| two(a, str::eq_ignore_ascii_case)),
    ("is-empty", |a| Some(Constant::Boolean(texts::<1>(a)?[0].is_empty()))),
    ("isdigit", |a| every(a, |c| c.is_ascii_digit())),
    ("isalnum", |a| every(a, char::is_alphanumeric)),
    ("isalpha", |a| every(a, char::is_alphabetic)),
    ("index-of", index_of),
    ("char-at", char_at),
    ("char-code-at", char_code_at),
    ("substring", substring),
    ("repeat", repeated),
    ("chr", |a| Some(text_of(&char::from_u32(u32::try_from(integer(a, 0)?).ok()?)?.to_string()))),
    ("ord", |a| {
        let mut characters = texts::<1>(a)?[0].chars();
        let code = i64::from(u32::from(characters.next()?));
        characters.next().is_none().then_some(Constant::Integer(code))
    }),
    ("int", whole),
    ("float", |a| match a.first()? {
        Constant::Text(text) => text.trim().parse().ok().map(Constant::Float),
        one => one.number().map(Constant::Float),
    }),
    ("bool", |a| a.first()?.truth().map(Constant::Boolean)),
    ("abs", |a| integer(a, 0)?.checked_abs().map(Constant::Integer)),
    ("hex", |a| Some(text_of(&format!("0x{:x}", u64::try_from(integer(a, 0)?).ok()?)))),
    ("min", |a| all_integers(a)?.into_iter().min().map(Constant::Integer)),
    ("max", |a| all_integers(a)?.into_iter().max().map(Constant::Integer)),
    ("encode", |a| ascii(a).map(Constant::Bytes)),
    ("decode", |a| ascii(a).map(Constant::Text)),
    ("base64-encode", |a| base64_encode(a)),
    ("base64-decode", |a| base64_decode(a)),
    ("hex-encode", |a| {
        Some(text_of(&bytes_of(a)?.bytes().map(|b| format!("{b:02x}")).collect::<String>()))
    }),
    ("hex-decode", hex_decode),
    ("basename", |a| text(a, 1, |t| t.rsplit('/').next().unwrap_or(t).to_owned())),
    ("dirname", |a| text(a, 1, |t| t.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned())),
    ("normalize-path", |a| text(a, 1, normalized)),
    ("repr", |a| text(a, 1, |t| format!("'{t}'"))),
];

fn text_of(text: &str) -> Constant {
    Constant::Text(text.into())
}

fn bounded(text: String) -> Option<Constant> {
    (text.len() <= TEXT_MAX).then(|| Constant::Text(text.into()))
}

fn as_text(constant: &Constant) -> Option<&Rc<str>> {
    match constant {
        Constant::Text(text) | Constant::Bytes(text) => Some(text),
        _ => None,
    }
}

fn texts<'a, const N: usize>(all: &[&'a Constant]) -> Option<[&'a Rc<str>; N]> {
    if all.len() < N {
        return None;
    }
    let found: Option<Vec<_>> = all[..N].iter().map(|one| as_text(one)).collect();
    found?.try_into().ok()
}

fn text(all: &[&Constant], count: usize, change: impl Fn(&str) -> String) -> Option<Constant> {
    if all.len() != count {
        return None;
    }
    let changed = change(texts::<1>(all)?[0]);
    match all[0] {
        Constant::Bytes(_) => Some(Constant::Bytes(changed.into())),
        _ => bounded(changed),
    }
}

fn two(all: &[&Constant], test: impl Fn(&str, &str) -> bool) -> Option<Constant> {
    let [left, right] = texts::<2>(all)?;
    (all.len() == 2).then(|| Constant::Boolean(test(left, right)))
}

fn every(all: &[&Constant], test: impl Fn(char) -> bool) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    Some(Constant::Boolean(!text.is_empty() && text.chars().all(test)))
}

fn integer(all: &[&Constant], place: usize) -> Option<i64> {
    match all.get(place)? {
        Constant::Integer(number) => Some(*number),
        Constant::Boolean(truth) => Some(i64::from(*truth)),
        _ => None,
    }
}

fn all_integers(all: &[&Constant]) -> Option<Vec<i64>> {
    (all.len() > 1).then(|| (0..all.len()).map(|place| integer(all, place)).collect())?
}

fn kept(part: Option<&str>, all: &[&Constant]) -> Constant {
    part.map_or_else(|| all[0].clone(), text_of)
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => {
            first.to_uppercase().chain(characters.flat_map(char::to_lowercase)).collect()
        }
        None => String::new(),
    }
}

fn stripped(all: &[&Constant], start: bool, end: bool) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    let set = match all.get(1) {
        None | Some(Constant::Nothing) => None,
        Some(set) => Some(as_text(set)?),
    };
    let drop = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
    let mut rest: &str = text;
    if start {
        rest = rest.trim_start_matches(drop);
    }
    if end {
        rest = rest.trim_end_matches(drop);
    }
    Some(text_of(rest))
}

fn replaced(all: &[&Constant]) -> Option<Constant> {
    let [text, from, to] = texts::<3>(all)?;
    if all.len() != 3 || from.is_empty() {
        return None;
    }
    let found = text.matches(&**from).count();
    let bytes = text.len().checked_add(found.checked_mul(to.len())?)?;
    if bytes > TEXT_MAX * 2 {
        return None;
    }
    bounded(text.replace(&**from, to))
}

fn index_of(all: &[&Constant]) -> Option<Constant> {
    let [text, part] = texts::<2>(all)?;
    let place = text.find(&**part).map(|bytes| text[..bytes].chars().count());
    Some(Constant::Integer(place.map_or(-1, |place| place as i64)))
}

fn char_at(all: &[&Constant]) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    let place = usize::try_from(integer(all, 1)?).ok()?;
    Some(text_of(&text.chars().nth(place).map(String::from).unwrap_or_default()))
}

fn char_code_at(all: &[&Constant]) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    let place = usize::try_from(integer(all, 1)?).ok()?;
    text.chars().nth(place).map(|one| Constant::Integer(i64::from(u32::from(one))))
}

fn substring(all: &[&Constant]) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    let count = text.chars().count();
    let from = usize::try_from(integer(all, 1)?).ok()?.min(count);
    let to = match all.get(2) {
        None => count,
        Some(_) => usize::try_from(integer(all, 2)?).ok()?.min(count),
    };
    let part: String = text.chars().take(to).skip(from).collect();
    Some(text_of(&part))
}

fn repeated(all: &[&Constant]) -> Option<Constant> {
    let [text] = texts::<1>(all)?;
    let times = usize::try_from(integer(all, 1)?).ok()?;
    let bytes = text.len().checked_mul(times)?;
    (bytes <= TEXT_MAX).then(|| text_of(&text.repeat(times)))
}

fn whole(all: &[&Constant]) -> Option<Constant> {
    match (all.first()?, all.get(1)) {
        (Constant::Text(text), None) => text.trim().parse().ok().map(Constant::Integer),
        (Constant::Text(text), Some(_)) => {
            let base = u32::try_from(integer(all, 1)?).ok().filter(|b| (2..=36).contains(b))?;
            let digits = text.trim();
            let digits = match base {
                16 => digits.trim_start_matches("0x"),
                8 => digits.trim_start_matches("0o"),
                2 => digits.trim_start_matches("0b"),
                _ => digits,
            };
            i64::from_str_radix(digits, base).ok().map(Constant::Integer)
        }
        (Constant::Float(number), None) if number.abs() < 1e15 => {
            Some(Constant::Integer(number.trunc() as i64))
        }
        (_, None) => integer(all, 0).map(Constant::Integer),
        _ => None,
    }
}

fn bytes_of<'a>(all: &[&'a Constant]) -> Option<&'a Rc<str>> {
    let [text] = texts::<1>(all)?;
    text.is_ascii().then_some(text)
}

fn ascii(all: &[&Constant]) -> Option<Rc<str>> {
    bytes_of(all).map(Rc::clone)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_encode(all: &[&Constant]) -> Option<Constant> {
    let bytes = bytes_of(all)?.as_bytes();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (number >> (18 - 6 * place)) & 63;
            text.push(if place <= group.len() { BASE64[digit as usize].into() } else { '=' });
        }
    }
    Some(Constant::Bytes(text.into()))
}

fn base64_decode(all: &[&Constant]) -> Option<Constant> {
    let text = bytes_of(all)?;
    let mut bytes = Vec::new();
    let (mut number, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let byte = match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
        let digit = BASE64.iter().position(|digit| *digit == byte)?;
        number = number << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((number >> bits) & 255) as u8);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    Some(Constant::Bytes(text.into()))
}

fn hex_decode(all: &[&Constant]) -> Option<Constant> {
    let text = bytes_of(all)?;
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
        u8::from_str_radix(digits, 16).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    let text = String::from_utf8(bytes?).ok()?;
    Some(Constant::Bytes(text.into()))
}

fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let is_absolute = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
