//! The GGUF container, versions 2 and 3, little-endian: metadata and where each tensor lies.
//!
//! Layout: `GGUF`, version u32, tensor count u64, metadata count u64; the metadata; for each
//! tensor its name, dimensions, type and offset; padding to the alignment; the tensor data.
//! Specification: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//!
//! The file is untrusted. Nothing is allocated for a claimed count before the count was checked
//! against the bytes that are left, and every range that leaves here lies inside the file.

mod cursor;
mod value;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use self::cursor::Cursor;
pub(crate) use self::value::Value;
use crate::error::{EngineError, excerpt};
use crate::tensor::TensorType;

/// Limits of the format's specification.
const KEY_BYTES_MAX: u64 = 65_535;
const TENSOR_NAME_BYTES_MAX: u64 = 64;
const DIMENSIONS_MAX: u32 = 4;
const ALIGNMENT_DEFAULT: u64 = 32;
const ALIGNMENT_MAX: u64 = 1 << 20;

/// The least a metadata entry takes: key length 8, type 4, value 1.
const METADATA_BYTES_MIN: u64 = 13;
/// The least a tensor entry takes: name length 8, rank 4, a dimension 8, type 4, offset 8.
const TENSOR_BYTES_MIN: u64 = 32;

/// A parsed header. Borrows keys, names and texts from the file.
#[derive(Debug)]
pub(crate) struct Gguf<'a> {
    metadata: HashMap<&'a str, Value<'a>>,
    tensors: HashMap<&'a str, TensorEntry>,
}

/// One tensor of the file.
#[derive(Debug)]
pub(crate) struct TensorEntry {
    /// Lengths, the contiguous one (a row) first. One to four, none is zero.
    pub(crate) dimensions: Vec<usize>,
    pub(crate) kind: TensorType,
    /// Product of the dimensions.
    pub(crate) elements: usize,
    /// Which of the files of a model that is split, from 0.
    pub(crate) file: usize,
    /// Where the data lie, in bytes from the start of that file.
    pub(crate) range: Range<usize>,
}

impl<'a> Gguf<'a> {
    /// Reads and checks the header of a whole file.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Gguf<'a>, EngineError> {
        let mut cursor = Cursor::new(bytes);
        check_magic_and_version(bytes, &mut cursor)?;
        let tensor_count = cursor.count(TENSOR_BYTES_MIN, "the tensor count")?;
        let metadata_count = cursor.count(METADATA_BYTES_MIN, "the metadata count")?;

        let mut gguf = Gguf { metadata: HashMap::new(), tensors: HashMap::new() };
        for _ in 0..metadata_count {
            let offset = cursor.offset();
            let key = cursor.text(KEY_BYTES_MAX, "a metadata key")?;
            let value = Value::read(&mut cursor)?;
            match gguf.metadata.entry(key) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(_) => {
                    let what = format!("metadata key {} appears twice", excerpt(key));
                    return Err(EngineError::Malformed { offset, what });
                }
            };
        }

        let alignment = gguf.alignment()?;
        let mut raw_tensors = Vec::new();
        for _ in 0..tensor_count {
            raw_tensors.push(RawTensor::read(&mut cursor)?);
        }
        let data_start = (cursor.offset() as u64).next_multiple_of(alignment);
        for raw in raw_tensors {
            let entry = raw.locate(data_start, alignment, bytes.len())?;
            if gguf.tensors.insert(raw.name, entry).is_some() {
                let what = format!("tensor {} appears twice", excerpt(raw.name));
                return Err(EngineError::Malformed { offset: raw.offset, what });
            }
        }
        Ok(gguf)
    }

    /// Adds the tensors of another file of the same model. Its metadata are not needed.
    pub(crate) fn add_part(&mut self, file: usize, part: Gguf<'a>) -> Result<(), EngineError> {
        for (name, entry) in part.tensors {
            if self.tensors.insert(name, TensorEntry { file, ..entry }).is_some() {
                let what = format!("tensor {} appears in two of them", excerpt(name));
                return Err(EngineError::Shards { what });
            }
        }
        Ok(())
    }

    fn alignment(&self) -> Result<u64, EngineError> {
        const KEY: &str = "general.alignment";
        match self.optional_count(KEY)?.map(|value| value as u64) {
            None => Ok(ALIGNMENT_DEFAULT),
            Some(value) if value.is_power_of_two() && value <= ALIGNMENT_MAX => Ok(value),
            Some(value) => Err(invalid(
                KEY,
                format!("{value} is not a power of two of at most {ALIGNMENT_MAX}"),
            )),
        }
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&TensorEntry> {
        self.tensors.get(name)
    }

    /// All tensors, in no order.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = (&'a str, &TensorEntry)> {
        self.tensors.iter().map(|(name, entry)| (*name, entry))
    }

    /// Any value.
    pub(crate) fn optional(&self, key: &str) -> Option<&Value<'a>> {
        self.metadata.get(key)
    }

    pub(crate) fn optional_text(&self, key: &str) -> Result<Option<&'a str>, EngineError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(key, "a text", other)),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Result<&'a str, EngineError> {
        self.optional_text(key)?.ok_or_else(|| missing(key))
    }

    pub(crate) fn optional_texts(&self, key: &str) -> Result<Option<&[&'a str]>, EngineError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Texts(texts)) => Ok(Some(texts)),
            Some(other) => Err(wrong_type(key, "an array of texts", other)),
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<&[&'a str], EngineError> {
        self.optional_texts(key)?.ok_or_else(|| missing(key))
    }

    /// An integer that is not negative.
    pub(crate) fn optional_count(&self, key: &str) -> Result<Option<usize>, EngineError> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        let Some(count) = value.as_count() else {
            return Err(match value {
                Value::Signed(number) => invalid(key, format!("{number} is negative")),
                other => wrong_type(key, "an unsigned integer", other),
            });
        };
        usize::try_from(count).map(Some).map_err(|_| invalid(key, format!("{count} is too large")))
    }

    /// An integer that is not zero.
    pub(crate) fn size(&self, key: &str) -> Result<usize, EngineError> {
        self.optional_size(key)?.ok_or_else(|| missing(key))
    }

    /// An integer that, where present, is not zero.
    pub(crate) fn optional_size(&self, key: &str) -> Result<Option<usize>, EngineError> {
        match self.optional_count(key)? {
            Some(0) => Err(invalid(key, "must not be zero".to_owned())),
            other => Ok(other),
        }
    }

    /// A finite float.
    pub(crate) fn optional_float(&self, key: &str) -> Result<Option<f32>, EngineError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Float(number)) if (*number as f32).is_finite() => Ok(Some(*number as f32)),
            Some(Value::Float(number)) => Err(invalid(key, format!("{number} is not finite"))),
            Some(other) => Err(wrong_type(key, "a float", other)),
        }
    }

    pub(crate) fn optional_bool(&self, key: &str) -> Result<Option<bool>, EngineError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(wrong_type(key, "a boolean", other)),
        }
    }
}

fn check_magic_and_version(bytes: &[u8], cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if !bytes.starts_with(b"GGUF") {
        return Err(EngineError::NotGguf { found: bytes[..bytes.len().min(4)].to_vec() });
    }
    cursor.take(4, "the magic number")?;
    match cursor.u32("the version")? {
        2 | 3 => Ok(()),
        // Small numbers read with the wrong byte order have their low half empty.
        version if version & 0xffff == 0 && version != 0 => Err(EngineError::BigEndian),
        found => Err(EngineError::UnsupportedVersion { found }),
    }
}

/// A tensor entry as it stands in the file.
struct RawTensor<'a> {
    /// Where the entry itself stands.
    offset: usize,
    name: &'a str,
    dimensions: Vec<usize>,
    elements: usize,
    kind: TensorType,
    /// In bytes from the start of the tensor data.
    data_offset: u64,
}

impl<'a> RawTensor<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<RawTensor<'a>, EngineError> {
        let offset = cursor.offset();
        let malformed = |what| EngineError::Malformed { offset, what };
        let name = cursor.text(TENSOR_NAME_BYTES_MAX, "a tensor name")?;
        let rank = cursor.u32("a tensor's rank")?;
        if !(1..=DIMENSIONS_MAX).contains(&rank) {
            let name = excerpt(name);
            return Err(malformed(format!("tensor {name} has {rank} dimensions, not 1 to 4")));
        }
        let mut dimensions = Vec::new();
        let mut elements = 1_usize;
        for _ in 0..rank {
            let length = usize::try_from(cursor.u64("a tensor's dimension")?).unwrap_or(usize::MAX);
            dimensions.push(length);
            elements = match elements.checked_mul(length) {
                Some(product) if product > 0 => product,
                _ => {
                    let name = excerpt(name);
                    return Err(malformed(format!(
                        "tensor {name} has impossible dimensions {dimensions:?}"
                    )));
                }
            };
        }
        let number = cursor.u32("a tensor's type")?;
        let kind = TensorType::from_number(number).map_err(|found| {
            EngineError::UnsupportedTensorType {
                tensor: excerpt(name),
                found,
                supported: TensorType::SUPPORTED,
            }
        })?;
        let data_offset = cursor.u64("a tensor's offset")?;
        Ok(RawTensor { offset, name, dimensions, elements, kind, data_offset })
    }

    /// Checks that the data lie inside the file.
    fn locate(
        &self,
        data_start: u64,
        alignment: u64,
        file_bytes: usize,
    ) -> Result<TensorEntry, EngineError> {
        let name = excerpt(self.name);
        let malformed = |what| EngineError::Malformed { offset: self.offset, what };
        if !self.data_offset.is_multiple_of(alignment) {
            return Err(malformed(format!(
                "tensor {name} starts at {}, which is not aligned to {alignment}",
                self.data_offset
            )));
        }
        let Some(bytes) = self.kind.byte_count(self.dimensions[0], self.elements) else {
            return Err(malformed(format!(
                "tensor {name} of type {} cannot have shape {:?}",
                self.kind.name(),
                self.dimensions
            )));
        };
        let start = data_start.checked_add(self.data_offset);
        let start = start.and_then(|start| usize::try_from(start).ok());
        let range = start.and_then(|start| Some(start..start.checked_add(bytes)?));
        match range {
            Some(range) if range.end <= file_bytes => Ok(TensorEntry {
                dimensions: self.dimensions.clone(),
                kind: self.kind,
                elements: self.elements,
                file: 0,
                range,
            }),
            _ => Err(EngineError::Truncated {
                what: "the data of a tensor",
                offset: start.unwrap_or(usize::MAX),
                needed: bytes as u64,
                left: file_bytes.saturating_sub(start.unwrap_or(usize::MAX)),
            }),
        }
    }
}

/// An error about the value of a key.
pub(crate) fn invalid(key: &str, why: String) -> EngineError {
    EngineError::InvalidValue { key: key.to_owned(), why }
}

/// An error about the type of a key.
pub(crate) fn wrong_type(key: &str, expected: &'static str, found: &Value<'_>) -> EngineError {
    EngineError::WrongType { key: key.to_owned(), expected, found: found.type_name() }
}

/// An error about a key that is not there.
pub(crate) fn missing(key: &str) -> EngineError {
    EngineError::MissingKey { key: key.to_owned() }
}
