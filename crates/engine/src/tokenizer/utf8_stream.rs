//! Bytes that arrive in pieces, as text: a character that is cut between two tokens is held back.

/// Turns pieces of UTF-8 into text without ever splitting a character.
///
/// Bytes that can never become UTF-8 are replaced by U+FFFD, as `String::from_utf8_lossy` does.
#[derive(Debug, Clone, Default)]
pub struct Utf8Stream {
    /// The start of a character, at most three bytes.
    held: Vec<u8>,
}

impl Utf8Stream {
    /// A stream that holds nothing.
    #[must_use]
    pub fn new() -> Utf8Stream {
        Utf8Stream::default()
    }

    /// Adds bytes and returns the text that is now complete, which may be empty.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = &self.held[..];
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at(error.valid_up_to());
            text.push_str(std::str::from_utf8(valid).expect("valid_up_to says so"));
            rest = after;
            match error.error_len() {
                Some(length) => {
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[length..];
                }
                None => break,
            }
        }
        self.held = rest.to_vec();
        text
    }

    /// Ends the stream: what was held back can no longer become a character and is replaced.
    pub fn finish(&mut self) -> &'static str {
        let is_cut = !self.held.is_empty();
        self.held.clear();
        if is_cut { "\u{fffd}" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any way to cut the bytes gives the same text as the whole.
    fn check(bytes: &[u8]) {
        let expected = String::from_utf8_lossy(bytes);
        for size in 1..=bytes.len().max(1) {
            let mut stream = Utf8Stream::new();
            let mut text: String = bytes.chunks(size).map(|piece| stream.push(piece)).collect();
            text.push_str(stream.finish());
            assert_eq!(text, expected, "pieces of {size}");
        }
    }

    #[test]
    fn pieces_give_the_whole() {
        check("".as_bytes());
        check("naïve – 日本語 🦀 e\u{301}".as_bytes());
        check(b"\xff\xfea\xf0\x9f\xa6b\xc3");
        check(b"\xed\xa0\x80 surrogate, \xc0\xaf overlong, \xf4\x90\x80\x80 beyond");
    }
}
