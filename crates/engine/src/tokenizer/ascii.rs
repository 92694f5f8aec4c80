//! Words of ASCII text, for the patterns that most models share: what their regular expressions
//! match, several times as fast. Most code is ASCII, and most time went into finding words.

/// What tells apart the patterns that look like that of GPT-2.
#[derive(Debug)]
pub(super) struct AsciiRules {
    /// The patterns since GPT-4: contractions in any case, words that may start with any one
    /// sign, line breaks that belong to the signs before them, and to the blanks before them.
    pub(super) is_modern: bool,
    /// Most digits of a word, which then takes no space before them; none for a run of any length
    /// that may.
    pub(super) digits_max: Option<usize>,
}

/// What a byte is to the patterns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Space,
    Sign,
    /// Part of a character that the regular expression has to look at.
    Foreign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Foreign; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t'..=b'\r' => Class::Space,
            _ => Class::Sign,
        };
        byte += 1;
    }
    classes
};

/// None at the end of the text.
fn class(text: &[u8], at: usize) -> Option<Class> {
    text.get(at).map(|byte| CLASSES[usize::from(*byte)])
}

/// Where a run of one class ends; none if a foreign character may belong to it.
fn run(text: &[u8], from: usize, of: Class) -> Option<usize> {
    let rest = text[from..].iter();
    let end = from + rest.take_while(|byte| CLASSES[usize::from(**byte)] == of).count();
    (class(text, end) != Some(Class::Foreign)).then_some(end)
}

impl AsciiRules {
    /// The end of the word that starts at `at`, before the end of the text. None if that depends
    /// on a character that is not ASCII.
    pub(super) fn word_end(&self, text: &[u8], at: usize) -> Option<usize> {
        let (first, next) = (class(text, at)?, class(text, at + 1));
        let is_blank = text[at] == b' ';
        match (first, next) {
            (Class::Letter, _) => run(text, at, Class::Letter),
            (Class::Digit, _) => self.number(text, at),
            (Class::Foreign, _) | (_, Some(Class::Foreign)) => None,
            (Class::Sign, Some(Class::Letter)) if text[at] == b'\'' => {
                match self.contraction(&text[at + 1..]) {
                    Some(length) => Some(at + 1 + length),
                    None if self.is_modern => run(text, at + 1, Class::Letter),
                    None => self.signs(text, at),
                }
            }
            (_, Some(Class::Letter)) if is_blank || self.takes_sign(text[at]) => {
                run(text, at + 1, Class::Letter)
            }
            (_, Some(Class::Digit)) if is_blank && self.digits_max.is_none() => {
                run(text, at + 1, Class::Digit)
            }
            (Class::Sign, _) => self.signs(text, at),
            (Class::Space, Some(Class::Sign)) if is_blank => self.signs(text, at + 1),
            (Class::Space, _) => self.spaces(text, at),
        }
    }

    /// Whether a word may start with this byte, which is no letter and no digit.
    fn takes_sign(&self, byte: u8) -> bool {
        self.is_modern && !matches!(byte, b'\r' | b'\n')
    }

    /// Letters of the contraction that follows an apostrophe.
    fn contraction(&self, text: &[u8]) -> Option<usize> {
        let lower = |at: usize| {
            let byte = *text.get(at)?;
            Some(if self.is_modern { byte.to_ascii_lowercase() } else { byte })
        };
        match (lower(0)?, lower(1)) {
            (b's' | b't' | b'm' | b'd', _) => Some(1),
            (b'r' | b'v', Some(b'e')) | (b'l', Some(b'l')) => Some(2),
            _ => None,
        }
    }

    fn number(&self, text: &[u8], at: usize) -> Option<usize> {
        let Some(max) = self.digits_max else { return run(text, at, Class::Digit) };
        for end in at + 1..at + max {
            match class(text, end) {
                Some(Class::Digit) => {}
                Some(Class::Foreign) => return None,
                _ => return Some(end),
            }
        }
        Some(at + max)
    }

    fn signs(&self, text: &[u8], from: usize) -> Option<usize> {
        let end = run(text, from, Class::Sign)?;
        let breaks = text[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Some(if self.is_modern { end + breaks } else { end })
    }

    /// All but the last, which goes to the word that follows.
    fn spaces(&self, text: &[u8], at: usize) -> Option<usize> {
        let end = run(text, at, Class::Space)?;
        let last_break = text[at..end].iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
        match last_break {
            Some(last) if self.is_modern => Some(at + last + 1),
            _ if end == text.len() || end == at + 1 => Some(end),
            _ => Some(end - 1),
        }
    }
}
