//! How deeply a text may nest before it is handed to a parser that recurses.
//!
//! Nothing but a parser can tell JavaScript's brackets in regular expressions, templates and
//! markup from those of the code. So this counts, without any of that, everything that can make
//! the parser go one level deeper: a text cannot nest deeper than that. Large files that nest
//! little are refused too; how large stands at [`DEPTH_MAX`].

/// The largest [`depth`] at which a text may be parsed on a stack of 256 MiB.
pub const DEPTH_MAX: usize = 40_000;

/// Words before an operand, a body or another type.
const WORDS: [&[u8]; 17] = [
    b"asserts",
    b"async",
    b"await",
    b"class",
    b"delete",
    b"do",
    b"else",
    b"extends",
    b"infer",
    b"is",
    b"keyof",
    b"new",
    b"readonly",
    b"typeof",
    b"unique",
    b"void",
    b"yield",
];

/// An upper bound of how deep the parser recurses on a text.
#[must_use]
pub fn depth(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut found = 0;
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        if is_word(byte) {
            let length = bytes[place..].iter().take_while(|byte| is_word(byte)).count();
            if WORDS.contains(&&bytes[place..place + length]) {
                found += 1;
            }
            place += length;
            continue;
        }
        found += usize::from(matches!(
            byte,
            b'(' | b'['
                | b'{'
                | b'<'
                | b'`'
                | b'!'
                | b'~'
                | b'+'
                | b'-'
                | b'='
                | b'?'
                | b':'
                | b'@'
                | b'*'
        ));
        place += 1;
    }
    found
}
