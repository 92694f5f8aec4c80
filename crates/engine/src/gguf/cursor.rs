//! Reads little-endian values from untrusted bytes, and never past their end.

use crate::error::EngineError;

/// A position in a byte string.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// Bytes from the start of the file to the next byte to read.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `count` bytes. `what` names them in the error.
    pub(super) fn take(&mut self, count: u64, what: &'static str) -> Result<&'a [u8], EngineError> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(count).ok().and_then(|count| rest.get(..count));
        let Some(taken) = taken else {
            return Err(EngineError::Truncated {
                what,
                offset: self.at,
                needed: count,
                left: rest.len(),
            });
        };
        self.at += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], EngineError> {
        let bytes = self.take(N as u64, what)?;
        Ok(bytes.try_into().expect("take(N) returns N bytes"))
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, EngineError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, EngineError> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A number of things of which each takes at least `size_min` bytes: checked against what is
    /// left, so that nothing is ever allocated for a mere claim.
    pub(super) fn count(
        &mut self,
        size_min: u64,
        what: &'static str,
    ) -> Result<usize, EngineError> {
        let offset = self.at;
        let claimed = self.u64(what)?;
        let needed = claimed.saturating_mul(size_min);
        if needed > self.left() as u64 {
            return Err(EngineError::Truncated { what, offset, needed, left: self.left() });
        }
        usize::try_from(claimed).map_err(|_| EngineError::Truncated {
            what,
            offset,
            needed,
            left: self.left(),
        })
    }

    /// A string: its length in bytes as u64, then UTF-8 of at most `bytes_max` bytes.
    pub(super) fn text(
        &mut self,
        bytes_max: u64,
        what: &'static str,
    ) -> Result<&'a str, EngineError> {
        let offset = self.at;
        let length = self.u64(what)?;
        if length > bytes_max {
            let what = format!("{what} is {length} bytes long, at most {bytes_max} are allowed");
            return Err(EngineError::Malformed { offset, what });
        }
        let bytes = self.take(length, what)?;
        std::str::from_utf8(bytes).map_err(|error| EngineError::Malformed {
            offset: offset + 8 + error.valid_up_to(),
            what: format!("{what} is not UTF-8"),
        })
    }
}
