//! Element types of stored tensors, and matrices in their file format, repacked where it pays.
//!
//! [`TensorType::dequantize`] is the definition of what stored bytes stand for.

pub(crate) mod blocks;

use half::{bf16, f16};

use self::blocks::{
    BLOCK, Q4_0_BYTES, Q4_1_BYTES, Q4_K_BYTES, Q5_0_BYTES, Q5_1_BYTES, Q5_K_BYTES, Q6_K_BYTES,
    Q8_0_BYTES, SUPER_BLOCK,
};
use crate::kernels::{Kernels, Packed};
use crate::storage::Slice;

/// How the elements of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TensorType {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q4K,
    Q5K,
    Q6K,
}

impl TensorType {
    /// Every type that can be computed with.
    pub(crate) const ALL: [TensorType; 11] = [
        TensorType::F32,
        TensorType::F16,
        TensorType::BF16,
        TensorType::Q8_0,
        TensorType::Q4_0,
        TensorType::Q4_1,
        TensorType::Q5_0,
        TensorType::Q5_1,
        TensorType::Q4K,
        TensorType::Q5K,
        TensorType::Q6K,
    ];
    /// Names of all types, for messages.
    pub(crate) const SUPPORTED: &'static str =
        "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K";

    /// The type with this number in a GGUF file, or the name of one that is not supported.
    pub(crate) fn from_number(number: u32) -> Result<TensorType, String> {
        let found = TensorType::ALL.into_iter().find(|kind| kind.number() == number);
        found.ok_or_else(|| match foreign_name(number) {
            Some(name) => name.to_owned(),
            None => format!("unknown type {number}"),
        })
    }

    /// Its number in a GGUF file.
    fn number(self) -> u32 {
        match self {
            TensorType::F32 => 0,
            TensorType::F16 => 1,
            TensorType::Q4_0 => 2,
            TensorType::Q4_1 => 3,
            TensorType::Q5_0 => 6,
            TensorType::Q5_1 => 7,
            TensorType::Q8_0 => 8,
            TensorType::Q4K => 12,
            TensorType::Q5K => 13,
            TensorType::Q6K => 14,
            TensorType::BF16 => 30,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            TensorType::F32 => "F32",
            TensorType::F16 => "F16",
            TensorType::BF16 => "BF16",
            TensorType::Q8_0 => "Q8_0",
            TensorType::Q4_0 => "Q4_0",
            TensorType::Q4_1 => "Q4_1",
            TensorType::Q5_0 => "Q5_0",
            TensorType::Q5_1 => "Q5_1",
            TensorType::Q4K => "Q4_K",
            TensorType::Q5K => "Q5_K",
            TensorType::Q6K => "Q6_K",
        }
    }

    /// Elements and bytes of the smallest unit that can be stored.
    pub(crate) fn block(self) -> (usize, usize) {
        match self {
            TensorType::F32 => (1, 4),
            TensorType::F16 | TensorType::BF16 => (1, 2),
            TensorType::Q8_0 => (BLOCK, Q8_0_BYTES),
            TensorType::Q4_0 => (BLOCK, Q4_0_BYTES),
            TensorType::Q4_1 => (BLOCK, Q4_1_BYTES),
            TensorType::Q5_0 => (BLOCK, Q5_0_BYTES),
            TensorType::Q5_1 => (BLOCK, Q5_1_BYTES),
            TensorType::Q4K => (SUPER_BLOCK, Q4_K_BYTES),
            TensorType::Q5K => (SUPER_BLOCK, Q5_K_BYTES),
            TensorType::Q6K => (SUPER_BLOCK, Q6_K_BYTES),
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

    /// Writes the `out.len()` elements stored in `bytes` as f32: exact, but for the one rounding
    /// of the products and differences that formats with minima ask for.
    pub(crate) fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.byte_count(out.len(), out.len()));
        match self {
            TensorType::F32 => each(bytes, out, |bytes, [out]| *out = f32::from_le_bytes(*bytes)),
            TensorType::F16 => {
                each(bytes, out, |bytes, [out]| *out = f16::from_le_bytes(*bytes).to_f32());
            }
            TensorType::BF16 => {
                each(bytes, out, |bytes, [out]| *out = bf16::from_le_bytes(*bytes).to_f32());
            }
            TensorType::Q8_0 => each(bytes, out, blocks::dequantize_q8_0),
            TensorType::Q4_0 => each(bytes, out, blocks::dequantize_q4_0),
            TensorType::Q4_1 => each(bytes, out, blocks::dequantize_q4_1),
            TensorType::Q5_0 => each(bytes, out, blocks::dequantize_q5_0),
            TensorType::Q5_1 => each(bytes, out, blocks::dequantize_q5_1),
            TensorType::Q4K => each(bytes, out, blocks::dequantize_q4_k),
            TensorType::Q5K => each(bytes, out, blocks::dequantize_q5_k),
            TensorType::Q6K => each(bytes, out, blocks::dequantize_q6_k),
        }
    }
}

/// Calls `dequantize` for each block of `N` bytes and the `M` elements that it stands for.
fn each<const N: usize, const M: usize>(
    bytes: &[u8],
    out: &mut [f32],
    dequantize: impl Fn(&[u8; N], &mut [f32; M]),
) {
    for (bytes, out) in bytes.as_chunks::<N>().0.iter().zip(out.as_chunks_mut::<M>().0) {
        dequantize(bytes, out);
    }
}

/// Types of the GGUF specification that are known by name only.
fn foreign_name(number: u32) -> Option<&'static str> {
    const NAMES: &[(u32, &str)] = &[
        (9, "Q8_1"),
        (10, "Q2_K"),
        (11, "Q3_K"),
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
        (34, "TQ1_0"),
        (35, "TQ2_0"),
        (39, "MXFP4"),
    ];
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// A matrix of `rows` × `columns` in row-major order, in its file format.
#[derive(Debug)]
pub(crate) struct Matrix {
    kind: TensorType,
    rows: usize,
    columns: usize,
    row_bytes: usize,
    data: Slice,
    packed: Option<Packed>,
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
    /// The same weights in the order in which fast kernels read them.
    pub(crate) packed: Option<&'a Packed>,
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
        Some(Matrix { kind, rows, columns, row_bytes, data, packed: None })
    }

    /// Repacks the weights if that makes products faster, and returns the bytes that this took.
    /// The file's bytes stay readable; the system may drop them from memory until they are.
    pub(crate) fn pack(&mut self, kernels: &Kernels) -> usize {
        self.packed = kernels.pack(self.view());
        match &self.packed {
            None => 0,
            Some(packed) => {
                self.data.release();
                packed.byte_count()
            }
        }
    }

    pub(crate) fn view(&self) -> MatrixView<'_> {
        MatrixView {
            kind: self.kind,
            rows: self.rows,
            columns: self.columns,
            row_bytes: self.row_bytes,
            bytes: self.data.bytes(),
            packed: self.packed.as_ref(),
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

    /// The same bits as the package `gguf`, of which llama.cpp's converters are made;
    /// `tests/data/make_blocks.py` wrote the file.
    #[test]
    fn every_type_dequantizes_as_the_reference_does() {
        let file = include_str!("../tests/data/blocks.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
        let bytes = |case: &serde_json::Value, key: &str| -> Vec<u8> {
            let hex = case[key].as_str().unwrap();
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..hex.len()).step_by(2).map(byte).collect()
        };
        let mut kinds = Vec::new();
        for case in &cases {
            let kind = TensorType::ALL.into_iter().find(|kind| case["kind"] == kind.name());
            let kind = kind.expect("a known type");
            let expected = bytes(case, "f32");
            let mut found = vec![0.0; expected.len() / 4];
            kind.dequantize(&bytes(case, "bytes"), &mut found);
            let found: Vec<u8> = found.iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
            assert_eq!(found, expected, "{}", kind.name());
            kinds.push(kind);
        }
        assert_eq!(kinds, TensorType::ALL);
    }

    #[test]
    fn rows_are_whole_blocks() {
        assert_eq!(TensorType::Q8_0.byte_count(64, 128), Some(136));
        assert_eq!(TensorType::Q4K.byte_count(512, 512), Some(288));
        assert_eq!(TensorType::Q6K.byte_count(128, 256), None);
        assert_eq!(TensorType::Q8_0.byte_count(48, 96), None);
        assert_eq!(TensorType::F32.byte_count(1, usize::MAX), None);
    }
}
