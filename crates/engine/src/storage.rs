//! The bytes of a model file: mapped, linked into the program, or owned.
//!
//! Weights stay where they are. A [`Slice`] is a cheap handle to a part of the file that keeps
//! the whole alive.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::EngineError;

/// Where the bytes of a model file live.
pub(crate) enum Storage {
    /// A file mapped read-only.
    Mapped(memmap2::Mmap),
    /// Bytes that are part of the program.
    Static(&'static [u8]),
    /// Bytes on the heap.
    Owned(Vec<u8>),
}

impl Storage {
    /// Maps a file read-only.
    #[allow(unsafe_code, reason = "mapping a file is unsafe: someone else may change it")]
    pub(crate) fn map(path: &Path) -> Result<Storage, EngineError> {
        let read_error = |source| EngineError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read_error)?;
        // SAFETY: the map is private to this value and only read. That no one else writes to the
        // file while it is mapped cannot be proven here: it is the documented condition of
        // `Model::open`, and kept by installing model files under a new name and renaming them.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(read_error)?;
        Ok(Storage::Mapped(map))
    }

    /// All bytes of the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Storage::Mapped(map) => map,
            Storage::Static(bytes) => bytes,
            Storage::Owned(bytes) => bytes,
        }
    }
}

/// A part of the file that was checked to lie inside it.
#[derive(Clone)]
pub(crate) struct Slice {
    storage: Arc<Storage>,
    range: Range<usize>,
}

impl Slice {
    /// `range` in bytes from the start of the file. None if it does not lie inside.
    pub(crate) fn new(storage: &Arc<Storage>, range: Range<usize>) -> Option<Slice> {
        storage.bytes().get(range.clone())?;
        Some(Slice { storage: Arc::clone(storage), range })
    }

    /// The bytes of this part.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.range.clone()]
    }
}

impl Slice {
    /// Says that this part will hardly be read again: its pages of a mapped file may leave
    /// memory, and are read from the file if they are needed after all.
    #[cfg_attr(unix, allow(unsafe_code, reason = "advice that can change contents is unsafe"))]
    pub(crate) fn release(&self) {
        #[cfg(unix)]
        if let Storage::Mapped(map) = &*self.storage {
            let (offset, length) = (self.range.start, self.range.len());
            // SAFETY: the map is never written, so that pages which are dropped come back from
            // the file with the same contents.
            let advised = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, offset, length)
            };
            // Only a wish: where the system refuses, more memory stays in use.
            drop(advised);
        }
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {:?}", self.range)
    }
}
