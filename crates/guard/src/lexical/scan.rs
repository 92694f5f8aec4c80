//! One pass over a text's bytes. Nothing is looked at more than a bounded number of times.

use super::family::{Family, Special};
use super::{Lexed, Token, TokenKind};

/// Operators of more than one character that are one token, the longest first.
const OPERATORS: &[&str] = &[
    "===", "!==", "...", "**=", "<<=", ">>=", "<<", "==", "!=", "=>", "->", "::", "<=", ">=", "&&",
    "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", ":=",
];

/// Words after which a slash begins a pattern.
const BEFORE_PATTERN: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "await",
    "yield",
    "instanceof",
];

pub(super) fn scan(family: &'static Family, text: &str) -> Lexed {
    let mut scan = Scan {
        family,
        text,
        bytes: text.as_bytes(),
        at: 0,
        lexed: Lexed::default(),
        templates: Vec::new(),
        waiting: None,
        unclosed: [(b'"', 0), (b'\'', 0), (b'/', 0)],
    };
    scan.run();
    scan.lexed
}

struct Scan<'t> {
    family: &'static Family,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    lexed: Lexed,
    /// Braces open within each `${` around.
    templates: Vec<usize>,
    /// The word that ends a here document which begins on the next line.
    waiting: Option<&'t str>,
    /// For each quote that was seen not to be closed on its line, the end of that line.
    unclosed: [(u8, usize); 3],
}

impl<'t> Scan<'t> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.here_document();
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ if self.comment() || self.string(byte) => {}
                _ if is_word(byte) => self.word(),
                _ => self.mark(byte),
            }
        }
    }

    fn comment(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        for (open, close) in self.family.block {
            if rest.starts_with(open.as_bytes()) {
                self.block_comment(open, close);
                return true;
            }
        }
        if !self.family.line.iter().any(|mark| rest.starts_with(mark.as_bytes())) {
            return false;
        }
        let before = self.at.checked_sub(1).map(|at| self.bytes[at]);
        if self.family.line_after_blank
            && !matches!(before, None | Some(b' ' | b'\t' | b'\n' | b';' | b'(' | b')'))
        {
            return false;
        }
        if self.family.line_at_start {
            let before = self.bytes[..self.at].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
            if before.is_some_and(|byte| *byte != b'\n') {
                return false;
            }
        }
        let end = self.line_end(self.at);
        self.lexed.comments.push(self.at..end);
        self.at = end;
        true
    }

    fn block_comment(&mut self, open: &str, close: &str) {
        let start = self.at;
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(close.as_bytes()) && depth > 0 {
                depth -= 1;
                self.at += close.len();
                if depth == 0 {
                    break;
                }
            } else if rest.starts_with(open.as_bytes()) && (depth == 0 || self.family.nests) {
                depth += 1;
                self.at += open.len();
            } else {
                self.at += 1;
            }
        }
        self.lexed.comments.push(start..self.at);
    }

    /// Reads a text, where one begins here.
    fn string(&mut self, byte: u8) -> bool {
        match self.family.special {
            Special::JavaScript if byte == b'`' => {
                self.template();
                return true;
            }
            Special::JavaScript if byte == b'}' && self.templates.last() == Some(&0) => {
                self.templates.pop();
                self.template();
                return true;
            }
            Special::JavaScript if byte == b'/' => return self.pattern(),
            Special::Backticks if byte == b'`' => {
                let end = self.text[self.at + 1..].find('`');
                let end = end.map_or(self.text.len(), |length| self.at + length + 2);
                self.push(TokenKind::Text, end);
                return true;
            }
            Special::RawHashes if matches!(byte, b'r' | b'b') => {
                if let Some(end) = self.raw() {
                    self.push(TokenKind::Text, end);
                    return true;
                }
            }
            Special::Prefixes if byte.is_ascii_alphabetic() => {
                let prefix = self.prefix();
                if prefix > 0 {
                    return self.quoted(prefix);
                }
            }
            _ => {}
        }
        if byte == b'\'' && self.family.characters {
            return self.character();
        }
        self.quoted(0)
    }

    /// Reads a text in quotes, after a prefix of so many bytes.
    fn quoted(&mut self, prefix: usize) -> bool {
        let start = self.at + prefix;
        let Some(&quote) = self.bytes.get(start) else { return false };
        if !self.family.quotes.contains(&char::from(quote)) {
            return false;
        }
        let after_word = self.at.checked_sub(1).is_some_and(|at| is_word(self.bytes[at]));
        if after_word && !self.family.quote_after_word {
            return false;
        }
        if self.is_unclosed(quote) {
            return false;
        }
        let triple = [quote; 3];
        let is_triple = self.family.triple && self.bytes[start..].starts_with(&triple);
        let mut at = start + if is_triple { 3 } else { 1 };
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' if self.family.escapes => at += 1,
                b'\n' if !is_triple && !self.family.long_texts => {
                    self.leave_unclosed(quote, at);
                    return false;
                }
                _ if byte != quote => {}
                _ if !is_triple => {
                    self.push(TokenKind::Text, at + 1);
                    return true;
                }
                _ if self.bytes[at..].starts_with(&triple) => {
                    self.push(TokenKind::Text, at + 3);
                    return true;
                }
                _ => {}
            }
            at += 1;
        }
        if !is_triple && !self.family.long_texts {
            self.leave_unclosed(quote, at);
            return false;
        }
        self.push(TokenKind::Text, self.bytes.len());
        true
    }

    /// How many letters before a quote belong to the text.
    fn prefix(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let letters = rest.iter().take(3).take_while(|byte| b"rRbBfFuUtT".contains(byte)).count();
        let quoted = rest.get(letters).is_some_and(|byte| matches!(byte, b'"' | b'\''));
        if letters <= 2 && quoted { letters } else { 0 }
    }

    /// `'a'`, `'\n'`; an apostrophe alone is a mark.
    fn character(&mut self) -> bool {
        let rest = &self.text[self.at + 1..];
        let mut chars = rest.char_indices();
        let end = match chars.next() {
            Some((_, '\\')) => {
                let near = &rest[..rest.floor_char_boundary(16)];
                let line = near.lines().next().unwrap_or_default();
                // What follows the backslash may be a quote itself.
                line.char_indices().skip(2).find(|(_, c)| *c == '\'').map(|(at, _)| at)
            }
            Some((_, '\n')) | None => None,
            Some(_) => chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at),
        };
        let Some(end) = end else { return false };
        self.push(TokenKind::Text, self.at + 1 + end + 1);
        true
    }

    /// The end of `r"..."`, `br#"..."#` and their like.
    fn raw(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        let inner = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
        let unhashed = inner.trim_start_matches('#');
        let hashes = inner.len() - unhashed.len();
        let body = unhashed.strip_prefix('"')?;
        if hashes > 255 {
            return None;
        }
        let close = format!("\"{}", "#".repeat(hashes));
        let from = self.text.len() - body.len();
        Some(body.find(&close).map_or(self.text.len(), |at| from + at + close.len()))
    }

    /// Reads a piece of a template, up to its end or to the code in it.
    fn template(&mut self) {
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => {
                    self.push(TokenKind::Text, at + 1);
                    return;
                }
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    self.push(TokenKind::Text, at + 2);
                    self.templates.push(0);
                    return;
                }
                _ => {}
            }
            at += 1;
        }
        self.push(TokenKind::Text, self.bytes.len());
    }

    /// Reads a pattern between slashes, where the token before says that it is one.
    fn pattern(&mut self) -> bool {
        let before = self.lexed.tokens.last().copied();
        let begins = match before {
            None => true,
            Some(token) if token.kind == TokenKind::Text => false,
            Some(token) if token.kind == TokenKind::Word => {
                BEFORE_PATTERN.contains(&token.of(self.text))
            }
            Some(token) => !matches!(token.of(self.text), ")" | "]" | "}" | "<" | "++" | "--"),
        };
        if !begins || self.is_unclosed(b'/') {
            return false;
        }
        let mut in_class = false;
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' => break,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
                    let flags = &self.bytes[at + 1..];
                    let flags = flags.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                    self.push(TokenKind::Text, at + 1 + flags);
                    return true;
                }
                _ => {}
            }
            at += 1;
        }
        self.leave_unclosed(b'/', at);
        false
    }

    /// Whether this quote is known not to be closed on this line: it is not looked for again.
    fn is_unclosed(&self, quote: u8) -> bool {
        self.unclosed.iter().any(|(known, end)| *known == quote && self.at < *end)
    }

    fn leave_unclosed(&mut self, quote: u8, line_end: usize) {
        for (known, end) in &mut self.unclosed {
            if *known == quote {
                *end = line_end;
            }
        }
    }

    fn word(&mut self) {
        let mut end = self.at;
        while let Some(&byte) = self.bytes.get(end) {
            // A point belongs to a number where a digit follows it.
            let point = byte == b'.'
                && self.bytes[self.at].is_ascii_digit()
                && self.bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if !is_word(byte) && !point {
                break;
            }
            end += 1;
        }
        self.push(TokenKind::Word, end);
    }

    fn mark(&mut self, byte: u8) {
        if self.family.special == Special::HereDocuments && self.bytes[self.at..].starts_with(b"<<")
        {
            self.waiting = self.here_word();
        }
        if let Some(braces) = self.templates.last_mut() {
            match byte {
                b'{' => *braces += 1,
                b'}' => *braces = braces.saturating_sub(1),
                _ => {}
            }
        }
        let rest = &self.bytes[self.at..];
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(operator.as_bytes()));
        // Every byte of a character outside ASCII counts as one of a word.
        self.push(TokenKind::Mark, self.at + operator.map_or(1, |operator| operator.len()));
    }

    /// The word of `<<WORD`, `<<-'WORD'`.
    fn here_word(&self) -> Option<&'t str> {
        let rest = self.text[self.at + 2..].trim_start_matches(['-', ' ', '\'', '"', '\\']);
        let length = rest.bytes().take_while(|byte| is_word(*byte)).count();
        (length > 0 && !rest.starts_with(|c: char| c.is_ascii_digit())).then(|| &rest[..length])
    }

    /// Takes the lines of a here document as one text, where one begins here.
    fn here_document(&mut self) {
        let Some(word) = self.waiting.take() else { return };
        let mut at = self.at;
        while at < self.text.len() {
            let end = self.line_end(at);
            if self.text[at..end].trim() == word {
                break;
            }
            at = (end + 1).min(self.text.len());
        }
        if at > self.at {
            self.push(TokenKind::Text, at);
        }
        // The word that ends it is no code.
        self.at = self.line_end(at);
    }

    fn line_end(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |length| from + length)
    }

    fn push(&mut self, kind: TokenKind, end: usize) {
        let end = self.text.ceil_char_boundary(end.min(self.text.len()));
        self.lexed.tokens.push(Token { kind, start: self.at, end });
        self.at = end;
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
