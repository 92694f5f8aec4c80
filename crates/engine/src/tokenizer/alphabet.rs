//! The byte-level alphabet of GPT-2: each byte has a visible character that stands for it.
//!
//! Printable Latin-1 characters stand for themselves, the other 68 bytes for U+0100 and up, in
//! order. Source: `bytes_to_unicode` in
//! <https://github.com/openai/gpt-2/blob/master/src/encoder.py>.

/// The first stand-in for a byte that is not printable.
const FIRST_STAND_IN: u32 = 0x100;

fn is_printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}

/// The character that stands for each byte.
pub(super) fn byte_to_char() -> [char; 256] {
    let mut table = ['\0'; 256];
    let mut next = FIRST_STAND_IN;
    for byte in 0..=255_u8 {
        table[usize::from(byte)] = if is_printable(byte) {
            char::from(byte)
        } else {
            next += 1;
            char::from_u32(next - 1).expect("U+0100 to U+0143 are characters")
        };
    }
    table
}

/// The inverse of [`byte_to_char`].
pub(super) struct CharToByte {
    /// By code point; the alphabet ends at U+0143.
    table: [Option<u8>; 0x144],
}

impl CharToByte {
    pub(super) fn new() -> CharToByte {
        let mut table = [None; 0x144];
        for (byte, char) in (0..=255_u8).zip(byte_to_char()) {
            table[char as usize] = Some(byte);
        }
        CharToByte { table }
    }

    /// The bytes that a piece of the vocabulary stands for. Characters outside the alphabet,
    /// which some vocabularies hold, stand for their own UTF-8.
    pub(super) fn decode(&self, piece: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(piece.len());
        for char in piece.chars() {
            match self.table.get(char as usize).copied().flatten() {
                Some(byte) => bytes.push(byte),
                None => bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_stand_ins() {
        let table = byte_to_char();
        let known = [(b' ', 'Ġ'), (b'\n', 'Ċ'), (b'\t', 'ĉ'), (b'a', 'a'), (0xad, 'Ń')];
        for (byte, char) in known {
            assert_eq!(table[usize::from(byte)], char);
        }
    }

    #[test]
    fn every_byte_comes_back() {
        let text: String = byte_to_char().iter().collect();
        assert_eq!(CharToByte::new().decode(&text), (0..=255).collect::<Vec<u8>>());
        assert_eq!(CharToByte::new().decode("€"), "€".as_bytes());
    }
}
