//! Quantised weights in the order in which integer kernels read them: 16 rows interleaved by 4
//! bytes, so that one load gives every lane 4 columns of its own row.
//!
//! Rows are taken in groups of 16 (the last one is filled up with zero rows), columns in units:
//!
//! | type | columns of a unit | heads, 16 rows each | lines of 64 bytes |
//! |---|---|---|---|
//! | Q8_0 | 64 | 2 × d f16 | 2 × 8 |
//! | Q4_0 | 64 | 2 × d f16 | 2 × 4 |
//! | Q4_K | 256 | d, m f16; 8 × scale, 8 × min u8 | 32 |
//! | Q5_K | 256 | d, m f16; 8 × scale, 8 × min u8 | 8 of fifth bits, 32 |
//! | Q6_K | 256 | d f16; 16 × scale i8; 32 unused | 32, 16 of high bits |
//!
//! A line holds 4 bytes of each of 16 rows; the lines of a unit are the bytes of its quants in
//! the order of the file. So repacking only moves bytes (and spreads the 6-bit scales of Q4_K and
//! Q5_K), and takes as much memory as the file: 0 to 3 % more. Units of a group follow each other,
//! groups as well.

use std::fmt;

use memmap2::MmapMut;

use super::pool::{Disjoint, Pool};
use crate::tensor::blocks::{
    BLOCK, Q4_0_BYTES, Q4_K_BYTES, Q5_K_BYTES, Q6_K_BYTES, Q8_0_BYTES, SUPER_BLOCK, array_at,
    scales_and_mins,
};
use crate::tensor::{MatrixView, TensorType};

/// Rows of a group.
pub(crate) const ROWS: usize = 16;
/// Bytes of a line: 4 of each row.
pub(super) const LINE: usize = 64;

/// Bytes before the lines of a unit.
pub(super) const SMALL_HEAD: usize = 2 * 2 * ROWS;
pub(super) const K_HEAD: usize = 2 * 2 * ROWS + 16 * ROWS;
/// Bytes of a unit.
pub(super) const Q8_0_UNIT: usize = SMALL_HEAD + 16 * LINE;
pub(super) const Q4_0_UNIT: usize = SMALL_HEAD + 8 * LINE;
pub(super) const Q4_K_UNIT: usize = K_HEAD + 32 * LINE;
pub(super) const Q5_K_UNIT: usize = K_HEAD + 40 * LINE;
pub(super) const Q6_K_UNIT: usize = K_HEAD + 48 * LINE;

/// Types whose products are computed with integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantized {
    Q8_0,
    Q4_0,
    Q4K,
    Q5K,
    Q6K,
}

/// The weights of a matrix, repacked.
pub(crate) struct Packed {
    /// [groups, units, bytes of a unit]; starts at a page, so every line is aligned.
    bytes: MmapMut,
    group_bytes: usize,
}

impl Quantized {
    /// None for floats.
    pub(crate) fn from_type(kind: TensorType) -> Option<Quantized> {
        match kind {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => None,
            TensorType::Q8_0 => Some(Quantized::Q8_0),
            TensorType::Q4_0 => Some(Quantized::Q4_0),
            TensorType::Q4K => Some(Quantized::Q4K),
            TensorType::Q5K => Some(Quantized::Q5K),
            TensorType::Q6K => Some(Quantized::Q6K),
        }
    }

    /// Columns of a unit.
    fn unit_columns(self) -> usize {
        match self {
            Quantized::Q8_0 | Quantized::Q4_0 => 2 * BLOCK,
            Quantized::Q4K | Quantized::Q5K | Quantized::Q6K => SUPER_BLOCK,
        }
    }

    fn unit_bytes(self) -> usize {
        match self {
            Quantized::Q8_0 => Q8_0_UNIT,
            Quantized::Q4_0 => Q4_0_UNIT,
            Quantized::Q4K => Q4_K_UNIT,
            Quantized::Q5K => Q5_K_UNIT,
            Quantized::Q6K => Q6_K_UNIT,
        }
    }

    /// Blocks of 32 columns in the units that cover `columns`.
    pub(super) fn blocks(self, columns: usize) -> usize {
        columns.next_multiple_of(self.unit_columns()) / BLOCK
    }

    /// Bytes of a group of rows with `columns` columns.
    pub(super) fn group_bytes(self, columns: usize) -> usize {
        columns.div_ceil(self.unit_columns()) * self.unit_bytes()
    }

    /// Repacks up to 16 rows from `first` on; `group` is zero or holds another group of the same
    /// matrix with as many rows.
    pub(super) fn pack_group(self, weights: MatrixView<'_>, first: usize, group: &mut [u8]) {
        for row in 0..ROWS.min(weights.rows - first) {
            let bytes = weights.row(first + row);
            for (index, unit) in group.chunks_exact_mut(self.unit_bytes()).enumerate() {
                self.pack_unit(bytes, index, row, unit);
            }
        }
    }

    fn pack_unit(self, bytes: &[u8], index: usize, row: usize, unit: &mut [u8]) {
        match self {
            Quantized::Q8_0 => pack_pair::<Q8_0_BYTES>(bytes, index, row, unit),
            Quantized::Q4_0 => pack_pair::<Q4_0_BYTES>(bytes, index, row, unit),
            Quantized::Q4K => {
                let block: &[u8; Q4_K_BYTES] = array_at(bytes, index * Q4_K_BYTES);
                pack_mins(block, row, unit);
                interleave(&block[16..], row, &mut unit[K_HEAD..]);
            }
            Quantized::Q5K => {
                let block: &[u8; Q5_K_BYTES] = array_at(bytes, index * Q5_K_BYTES);
                pack_mins(block, row, unit);
                interleave(&block[16..], row, &mut unit[K_HEAD..]);
            }
            Quantized::Q6K => {
                let block: &[u8; Q6_K_BYTES] = array_at(bytes, index * Q6_K_BYTES);
                let (quants, scales) = block.split_at(192);
                let (scales, scale) = scales.split_at(16);
                unit[2 * row..][..2].copy_from_slice(scale);
                for (part, scale) in scales.iter().enumerate() {
                    unit[2 * ROWS + part * ROWS + row] = *scale;
                }
                interleave(quants, row, &mut unit[K_HEAD..]);
            }
        }
    }
}

/// Two blocks of Q8_0 or Q4_0; in the last unit there may be only one.
fn pack_pair<const BYTES: usize>(bytes: &[u8], index: usize, row: usize, unit: &mut [u8]) {
    let (heads, lines) = unit.split_at_mut(SMALL_HEAD);
    let halves = lines.len() / 2;
    let blocks = bytes.as_chunks::<BYTES>().0[2 * index..].iter().take(2);
    for (half, block) in blocks.enumerate() {
        let (scale, quants) = block.split_at(2);
        heads[(half * ROWS + row) * 2..][..2].copy_from_slice(scale);
        interleave(quants, row, &mut lines[half * halves..]);
    }
}

/// The scales of a Q4_K or Q5_K block.
fn pack_mins(block: &[u8], row: usize, unit: &mut [u8]) {
    unit[2 * row..][..2].copy_from_slice(&block[..2]);
    unit[2 * (ROWS + row)..][..2].copy_from_slice(&block[2..4]);
    for (part, (scale, min)) in scales_and_mins(array_at(block, 4)).into_iter().enumerate() {
        unit[4 * ROWS + part * ROWS + row] = scale;
        unit[12 * ROWS + part * ROWS + row] = min;
    }
}

/// Every four bytes of `quants` to the next line, at the place of `row`.
fn interleave(quants: &[u8], row: usize, lines: &mut [u8]) {
    for (four, line) in quants.as_chunks::<4>().0.iter().zip(lines.chunks_exact_mut(LINE)) {
        line[4 * row..][..4].copy_from_slice(four);
    }
}

impl Packed {
    /// Repacks a matrix, some groups on each thread. None for floats, and if the system has no
    /// memory for it.
    pub(super) fn new(pool: &Pool, weights: MatrixView<'_>) -> Option<Packed> {
        let kind = Quantized::from_type(weights.kind)?;
        let group_bytes = kind.group_bytes(weights.columns);
        let groups = weights.rows.div_ceil(ROWS);
        let mut bytes = MmapMut::map_anon(groups.checked_mul(group_bytes)?).ok()?;
        #[cfg(target_os = "linux")]
        // A wish: fewer, larger pages make streaming through gigabytes faster.
        let _ = bytes.advise(memmap2::Advice::HugePage);
        let target = Disjoint::new(&mut bytes);
        pool.run(groups, &|group| {
            // SAFETY: `run` hands out each group once, and groups do not overlap.
            let target = unsafe { target.slice(group * group_bytes, group_bytes) };
            kind.pack_group(weights, group * ROWS, target);
        });
        Some(Packed { bytes, group_bytes })
    }

    pub(crate) fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of a group: [units, bytes of a unit].
    pub(super) fn group(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.group_bytes..][..self.group_bytes]
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes repacked", self.bytes.len())
    }
}
