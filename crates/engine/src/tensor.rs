//! Element types of stored tensors, and matrices that stay in their file format.
//!
//! Block format Q8_0: 32 weights share an f16 scale `d`; weight = d × signed byte. 34 bytes, the
//! scale first. Dequantising is exact in f32 (11 + 8 significant bits), which is why fast and
//! slow ways to compute with these weights see the same numbers.

use half::f16;

use crate::storage::Slice;

/// Weights in one block of Q8_0.
pub(crate) const Q8_0_WEIGHTS: usize = 32;
/// Bytes of one block of Q8_0: an f16 scale and 32 signed bytes.
pub(crate) const Q8_0_BYTES: usize = 34;

/// How the elements of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TensorType {
    F32,
    F16,
    Q8_0,
}

impl TensorType {
    /// Names of all types, for messages.
    pub(crate) const SUPPORTED: &'static str = "F32, F16, Q8_0";

    /// The type with this number in a GGUF file, or the name of one that is not supported.
    pub(crate) fn from_number(number: u32) -> Result<TensorType, String> {
        match number {
            0 => Ok(TensorType::F32),
            1 => Ok(TensorType::F16),
            8 => Ok(TensorType::Q8_0),
            other => Err(match foreign_name(other) {
                Some(name) => name.to_owned(),
                None => format!("unknown type {other}"),
            }),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            TensorType::F32 => "F32",
            TensorType::F16 => "F16",
            TensorType::Q8_0 => "Q8_0",
        }
    }

    /// Elements and bytes of the smallest unit that can be stored.
    fn block(self) -> (usize, usize) {
        match self {
            TensorType::F32 => (1, 4),
            TensorType::F16 => (1, 2),
            TensorType::Q8_0 => (Q8_0_WEIGHTS, Q8_0_BYTES),
        }
    }

    /// Bytes of `elements` elements in rows of `row_length`. None if a row is not a whole number
    /// of blocks or the product overflows.
    pub(crate) fn byte_count(self, row_length: usize, elements: usize) -> Option<usize> {
        let (block_elements, block_bytes) = self.block();
        if !row_length.is_multiple_of(block_elements) {
            return None;
        }
        (elements / block_elements).checked_mul(block_bytes)
    }

    /// Writes the `out.len()` elements stored in `bytes` as f32. Exact for all types.
    pub(crate) fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.byte_count(out.len(), out.len()));
        match self {
            TensorType::F32 => {
                for (value, bytes) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *value = f32::from_le_bytes(*bytes);
                }
            }
            TensorType::F16 => {
                for (value, bytes) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *value = f16::from_le_bytes(*bytes).to_f32();
                }
            }
            TensorType::Q8_0 => {
                let blocks = bytes.as_chunks::<Q8_0_BYTES>().0;
                for (values, block) in out.as_chunks_mut::<Q8_0_WEIGHTS>().0.iter_mut().zip(blocks)
                {
                    let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
                    for (value, byte) in values.iter_mut().zip(&block[2..]) {
                        *value = scale * f32::from(byte.cast_signed());
                    }
                }
            }
        }
    }
}

/// Types of the GGUF specification that are known by name only.
fn foreign_name(number: u32) -> Option<&'static str> {
    const NAMES: &[(u32, &str)] = &[
        (2, "Q4_0"),
        (3, "Q4_1"),
        (6, "Q5_0"),
        (7, "Q5_1"),
        (9, "Q8_1"),
        (10, "Q2_K"),
        (11, "Q3_K"),
        (12, "Q4_K"),
        (13, "Q5_K"),
        (14, "Q6_K"),
        (15, "Q8_K"),
        (16, "IQ2_XXS"),
        (17, "IQ2_XS"),
        (18, "IQ3_XXS"),
        (19, "IQ1_S"),
        (20, "IQ4_NL"),
        (21, "IQ3_S"),
        (22, "IQ2_S"),
        (23, "IQ4_XS"),
        (24, "I8"),
        (25, "I16"),
        (26, "I32"),
        (27, "I64"),
        (28, "F64"),
        (29, "IQ1_M"),
        (30, "BF16"),
        (34, "TQ1_0"),
        (35, "TQ2_0"),
        (39, "MXFP4"),
    ];
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// A matrix of `rows` × `columns` in row-major order, in its file format.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    kind: TensorType,
    rows: usize,
    columns: usize,
    row_bytes: usize,
    data: Slice,
}

/// A borrowed [`Matrix`]: what the kernels see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatrixView<'a> {
    pub(crate) kind: TensorType,
    pub(crate) rows: usize,
    /// Elements in a row.
    pub(crate) columns: usize,
    /// Bytes in a row.
    pub(crate) row_bytes: usize,
    /// `rows` × `row_bytes` bytes.
    pub(crate) bytes: &'a [u8],
}

impl Matrix {
    /// None if `data` is not exactly as long as the shape demands.
    pub(crate) fn new(
        kind: TensorType,
        rows: usize,
        columns: usize,
        data: Slice,
    ) -> Option<Matrix> {
        let row_bytes = kind.byte_count(columns, columns)?;
        if row_bytes.checked_mul(rows)? != data.bytes().len() {
            return None;
        }
        Some(Matrix { kind, rows, columns, row_bytes, data })
    }

    pub(crate) fn view(&self) -> MatrixView<'_> {
        MatrixView {
            kind: self.kind,
            rows: self.rows,
            columns: self.columns,
            row_bytes: self.row_bytes,
            bytes: self.data.bytes(),
        }
    }
}

impl<'a> MatrixView<'a> {
    /// The stored bytes of row `index`.
    pub(crate) fn row(&self, index: usize) -> &'a [u8] {
        &self.bytes[index * self.row_bytes..][..self.row_bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q8_0_is_scale_times_byte() {
        let mut block = f16::from_f32(0.5).to_le_bytes().to_vec();
        block.extend((0..32_u8).map(|i| i.wrapping_sub(16)));
        let mut out = [0.0; 32];
        TensorType::Q8_0.dequantize(&block, &mut out);
        for (i, value) in out.iter().enumerate() {
            assert_eq!(*value, 0.5 * (i as f32 - 16.0));
        }
    }

    #[test]
    fn rows_are_whole_blocks() {
        assert_eq!(TensorType::Q8_0.byte_count(64, 128), Some(136));
        assert_eq!(TensorType::Q8_0.byte_count(48, 96), None);
        assert_eq!(TensorType::F32.byte_count(1, usize::MAX), None);
    }
}
