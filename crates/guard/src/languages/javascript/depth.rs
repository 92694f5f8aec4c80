//! How deeply a text may nest before it is handed to code that recurses.
//!
//! The scan knows brackets, texts, comments and where a statement ends; within one statement,
//! operators and words that take an operand count as levels, for the tree of `1 + 1 + 1` is as
//! deep as it is long. What looks like a text to the scan and is none can hide brackets from it,
//! so [`LEVELS_MAX`] bounds what could hide, too.

/// Most levels that the scan may find.
const SCANNED_MAX: usize = 1_000;

/// Most characters and words that can open a level, whether or not they do. The parser survives
/// 40,000 levels of anything on the stack it is given, in builds without optimisation; a quarter
/// of the characters that can open one do so in the densest code.
const LEVELS_MAX: usize = 160_000;

/// Words before an operand, a body or another type.
const WORDS: [&str; 21] = [
    "as",
    "async",
    "await",
    "class",
    "delete",
    "do",
    "else",
    "extends",
    "for",
    "function",
    "if",
    "in",
    "infer",
    "instanceof",
    "keyof",
    "new",
    "of",
    "typeof",
    "void",
    "while",
    "yield",
];

/// Words with which a line goes on.
const GOES_ON: [&str; 8] =
    ["as", "else", "extends", "implements", "in", "instanceof", "of", "satisfies"];

/// Whether a text may nest deeper than the parser is let.
pub(super) fn is_too_deep(text: &str) -> bool {
    let mut scan = Scan { text: text.as_bytes(), at: 0, open: Vec::new(), chain: 0, deepest: 0 };
    scan.run();
    scan.deepest > SCANNED_MAX || levels(text) > LEVELS_MAX
}

fn levels(text: &str) -> usize {
    text.bytes().filter(|byte| b"([{<`!~?=:+-".contains(byte)).count()
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// Levels around each open bracket, and whether it is that of a template's hole.
    open: Vec<(usize, bool)>,
    /// Levels in the statement so far.
    chain: usize,
    deepest: usize,
}

impl Scan<'_> {
    fn run(&mut self) {
        // What stood before, blanks apart: the end of an operand, or not.
        let mut operand = false;
        while let Some(&byte) = self.text.get(self.at) {
            let around: usize = self.open.last().map_or(0, |(levels, _)| *levels);
            match byte {
                b'\n' | b'\r' if operand && self.next_line_begins_anew() => self.chain = 0,
                byte if byte.is_ascii_whitespace() => {}
                b'"' | b'\'' => {
                    self.skip_text(byte);
                    operand = true;
                    continue;
                }
                b'`' => {
                    self.at += 1;
                    self.skip_template();
                    operand = true;
                    continue;
                }
                b'/' if self.skip_comment() => continue,
                b'/' if !operand && self.skip_pattern() => {
                    operand = true;
                    continue;
                }
                b'(' | b'[' | b'{' => {
                    self.chain += 1;
                    self.open.push((around + self.chain, false));
                    self.chain = 0;
                    operand = false;
                }
                b')' | b']' | b'}' => {
                    let (levels, hole) = self.open.pop().unwrap_or_default();
                    let before = self.open.last().map_or(0, |(levels, _)| *levels);
                    self.chain = levels.saturating_sub(before);
                    operand = true;
                    if hole && byte == b'}' {
                        self.at += 1;
                        self.skip_template();
                        continue;
                    }
                }
                b';' | b',' => {
                    self.chain = 0;
                    operand = false;
                }
                byte if byte.is_ascii_alphanumeric()
                    || byte == b'_'
                    || byte == b'$'
                    || byte >= 0x80 =>
                {
                    let word = std::str::from_utf8(self.word()).unwrap_or_default();
                    let length = word.len().max(1);
                    let is_word = WORDS.contains(&word);
                    operand = !is_word && !["return", "case"].contains(&word);
                    self.chain += usize::from(is_word);
                    self.at += length;
                    self.deepest = self.deepest.max(around + self.chain);
                    continue;
                }
                _ => {
                    self.chain += 1;
                    operand = false;
                }
            }
            self.deepest = self.deepest.max(around + self.chain);
            self.at += 1;
        }
    }

    fn word(&self) -> &[u8] {
        let rest = &self.text[self.at..];
        let is_word = |byte: &&u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || **byte >= 0x80
        };
        &rest[..rest.iter().take_while(is_word).count()]
    }

    /// Whether a new statement begins on the next line that is not blank.
    fn next_line_begins_anew(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at += blanks.saturating_sub(1);
        let Some(next) = rest.get(blanks) else { return true };
        if !(next.is_ascii_alphabetic() || matches!(next, b'_' | b'$' | b'@' | b'}')) {
            return false;
        }
        let word = rest[blanks..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = std::str::from_utf8(&rest[blanks..blanks + word]).unwrap_or_default();
        !GOES_ON.contains(&word)
    }

    /// Past a text, which ends with its line at the latest.
    fn skip_text(&mut self, quote: u8) {
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return,
                byte if byte == quote => return,
                _ => {}
            }
        }
    }

    /// Past what is left of a template, up to its end or into its next hole.
    fn skip_template(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'`' => return,
                b'$' if self.text.get(self.at) == Some(&b'{') => {
                    self.at += 1;
                    let around = self.open.last().map_or(0, |(levels, _)| *levels);
                    self.chain += 1;
                    self.open.push((around + self.chain, true));
                    self.deepest = self.deepest.max(around + self.chain);
                    self.chain = 0;
                    return;
                }
                _ => {}
            }
        }
    }

    fn skip_comment(&mut self) -> bool {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"//") {
            self.at += rest.iter().take_while(|byte| **byte != b'\n').count();
            return true;
        }
        if rest.starts_with(b"/*") {
            let end = rest.windows(2).skip(2).position(|two| two == b"*/");
            self.at += end.map_or(rest.len(), |end| end + 4);
            return true;
        }
        false
    }

    /// Past a regular expression, where one ends on this line.
    fn skip_pattern(&mut self) -> bool {
        let mut at = self.at + 1;
        let mut in_class = false;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' => return false,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
                    self.at = at + 1;
                    return true;
                }
                _ => {}
            }
            at += 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_and_shallow() {
        let n = 2_000;
        for (text, expected) in [
            ("[".repeat(n), true),
            ("1 + ".repeat(n), true),
            ("a\n+ ".repeat(n), true),
            ("`${".repeat(n), true),
            ("if (a) {} else ".repeat(n), true),
            ("a => ".repeat(n), true),
            ("<a>".repeat(n), true),
            ("f(a, [b]);\n".repeat(n), false),
            ("f(a, [b])\n".repeat(n), false),
            ("if (a) { b() }\n".repeat(n), false),
            ("x = `a${b}c`\n".repeat(n), false),
            ("x = /[(]{2}\"/ // ((( '\n".repeat(n), false),
            (format!("x = [{}]", "1, ".repeat(n)), false),
            (format!("x = {{{}}}", "a: f(1), ".repeat(n)), false),
        ] {
            assert_eq!(is_too_deep(&text), expected, "{}", &text[..12]);
        }
    }
}
