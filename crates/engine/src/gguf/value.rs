//! Metadata values. Texts borrow from the file; number arrays stay encoded until asked for.

use super::cursor::Cursor;
use crate::error::EngineError;

/// A metadata value. Integers and floats of all widths are widened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Texts(Vec<&'a str>),
    /// Numbers or booleans, little-endian, one after another.
    Scalars {
        kind: ScalarKind,
        bytes: &'a [u8],
    },
}

/// Types of fixed size, with their numbers in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

const TEXT: u32 = 8;
const ARRAY: u32 = 9;

impl ScalarKind {
    fn from_number(number: u32) -> Option<ScalarKind> {
        Some(match number {
            0 => ScalarKind::U8,
            1 => ScalarKind::I8,
            2 => ScalarKind::U16,
            3 => ScalarKind::I16,
            4 => ScalarKind::U32,
            5 => ScalarKind::I32,
            6 => ScalarKind::F32,
            7 => ScalarKind::Bool,
            10 => ScalarKind::U64,
            11 => ScalarKind::I64,
            12 => ScalarKind::F64,
            _ => return None,
        })
    }

    /// Size of one value in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            ScalarKind::U8 | ScalarKind::I8 | ScalarKind::Bool => 1,
            ScalarKind::U16 | ScalarKind::I16 => 2,
            ScalarKind::U32 | ScalarKind::I32 | ScalarKind::F32 => 4,
            ScalarKind::U64 | ScalarKind::I64 | ScalarKind::F64 => 8,
        }
    }

    /// Decodes exactly [`ScalarKind::size`] bytes; any byte but 0 is true.
    fn decode(self, bytes: &[u8]) -> Value<'static> {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let [a, b, c, d, ..] = wide;
        match self {
            ScalarKind::U8 | ScalarKind::U16 | ScalarKind::U32 | ScalarKind::U64 => {
                Value::Unsigned(u64::from_le_bytes(wide))
            }
            ScalarKind::I8 => Value::Signed(i8::from_le_bytes([a]).into()),
            ScalarKind::I16 => Value::Signed(i16::from_le_bytes([a, b]).into()),
            ScalarKind::I32 => Value::Signed(i32::from_le_bytes([a, b, c, d]).into()),
            ScalarKind::I64 => Value::Signed(i64::from_le_bytes(wide)),
            ScalarKind::F32 => Value::Float(f32::from_le_bytes([a, b, c, d]).into()),
            ScalarKind::F64 => Value::Float(f64::from_le_bytes(wide)),
            ScalarKind::Bool => Value::Bool(a != 0),
        }
    }
}

impl<'a> Value<'a> {
    /// Reads a value with its type number before it.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Value<'a>, EngineError> {
        let offset = cursor.offset();
        match cursor.u32("a metadata type")? {
            TEXT => Ok(Value::Text(cursor.text(u64::MAX, "a metadata text")?)),
            ARRAY => Value::read_array(cursor),
            number => match ScalarKind::from_number(number) {
                Some(kind) => {
                    let bytes = cursor.take(kind.size() as u64, "a metadata value")?;
                    Ok(kind.decode(bytes))
                }
                None => Err(unknown_type(offset, number)),
            },
        }
    }

    fn read_array(cursor: &mut Cursor<'a>) -> Result<Value<'a>, EngineError> {
        let offset = cursor.offset();
        match cursor.u32("a metadata array type")? {
            TEXT => {
                // Every text has its length, 8 bytes, in front.
                let count = cursor.count(8, "a metadata array of texts")?;
                let mut texts = Vec::with_capacity(count);
                for _ in 0..count {
                    texts.push(cursor.text(u64::MAX, "a text in a metadata array")?);
                }
                Ok(Value::Texts(texts))
            }
            ARRAY => Err(EngineError::Malformed {
                offset,
                what: "an array of arrays, which no known key uses".to_owned(),
            }),
            number => {
                let kind =
                    ScalarKind::from_number(number).ok_or_else(|| unknown_type(offset, number))?;
                let count = cursor.count(kind.size() as u64, "a metadata array")?;
                let bytes = cursor.take((count * kind.size()) as u64, "a metadata array")?;
                Ok(Value::Scalars { kind, bytes })
            }
        }
    }

    /// The numbers of an array, one by one.
    pub(crate) fn scalars(&self) -> Option<impl Iterator<Item = Value<'static>>> {
        match self {
            Value::Scalars { kind, bytes } => {
                Some(bytes.chunks_exact(kind.size()).map(|bytes| kind.decode(bytes)))
            }
            _ => None,
        }
    }

    /// The type, for error messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Unsigned(_) => "an unsigned integer",
            Value::Signed(_) => "a signed integer",
            Value::Float(_) => "a float",
            Value::Bool(_) => "a boolean",
            Value::Text(_) => "a text",
            Value::Texts(_) => "an array of texts",
            Value::Scalars { .. } => "an array of numbers",
        }
    }

    /// The value as a count, if it is an integer that is not negative.
    pub(crate) fn as_count(&self) -> Option<u64> {
        match *self {
            Value::Unsigned(value) => Some(value),
            Value::Signed(value) => u64::try_from(value).ok(),
            _ => None,
        }
    }
}

fn unknown_type(offset: usize, number: u32) -> EngineError {
    EngineError::Malformed { offset, what: format!("metadata type {number} does not exist") }
}
