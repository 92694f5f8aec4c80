//! Quantised weights in the order in which integer kernels read them: 16 rows interleaved by 4
//! bytes, so that one load gives every lane 4 columns of its own row.
//!
//! Rows are taken in groups of 16 (the last one is filled up with zero rows), columns in units:
//!
//! | type | columns of a unit | heads, 16 rows each | lines of 64 bytes |
//! |---|---|---|---|
//! | Q8_0 | 64 | 2 × d f16 | 2 × 8 |
//! | Q4_0 | 64 | 2 × d f16 | 2 × 4 |
//! | Q4_1 | 64 | 2 × d, 2 × m f16 | 2 × 4 |
//! | Q5_0 | 64 | 2 × d f16 | 2 × (1 of fifth bits, 4) |
//! | Q5_1 | 64 | 2 × d, 2 × m f16 | 2 × (1 of fifth bits, 4) |
//! | Q4_K | 256 | d, m f16; 4 × 2 scales, 4 × 2 mins u8 | 32 |
//! | Q5_K | 256 | d, m f16; 4 × 2 scales, 4 × 2 mins u8 | 8 of fifth bits among 32 |
//! | Q6_K | 256 | d f16; 32 unused; 8 × 2 scales i8 | 16 of high bits among 32 |
//!
//! A line holds 4 bytes of each of 16 rows. So repacking only moves bytes (and the fifth bits of
//! Q5_0 and Q5_1, and spreads the 6-bit scales of Q4_K and Q5_K), and takes as much memory as the
//! file: 0 to 3 % more. Scales of K types come in pairs: those of two neighbouring parts of a row
//! lie side by side. The lines of a unit come in the order of the file, those of Q6_K in that in
//! which they are needed first ([`q6_k_lines`]), units of a group follow each other, groups as
//! well: one stream, which processors fetch ahead of time by themselves. Asking for what comes
//! next made it slower.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use memmap2::{MmapMut, MmapRaw};

use super::activations::Grain;
use super::pool::{Disjoint, Pool};
use crate::tensor::blocks::{
    BLOCK, Q4_0_BYTES, Q4_1_BYTES, Q4_K_BYTES, Q5_0_BYTES, Q5_1_BYTES, Q5_K_BYTES, Q6_K_BYTES,
    Q8_0_BYTES, SUPER_BLOCK, array_at, scales_and_mins,
};
use crate::tensor::{MatrixView, TensorType};

/// Rows of a group.
pub(crate) const ROWS: usize = 16;
/// Bytes of a line: 4 of each row.
pub(super) const LINE: usize = 64;

/// Bytes before the lines of a unit.
pub(super) const SMALL_HEAD: usize = 2 * 2 * ROWS;
pub(super) const SMALL_HEAD_WITH_MINS: usize = 2 * SMALL_HEAD;
pub(super) const K_HEAD: usize = 2 * 2 * ROWS + 16 * ROWS;
/// Where the pairs of scales of a K unit start, and those of minima; each pair takes two bytes of
/// each row.
pub(super) const K_SCALES: usize = 2 * 2 * ROWS;
pub(super) const K_MINS: usize = K_SCALES + 8 * ROWS;
/// Bytes of a unit.
pub(super) const Q8_0_UNIT: usize = SMALL_HEAD + 16 * LINE;
pub(super) const Q4_0_UNIT: usize = SMALL_HEAD + 8 * LINE;
pub(super) const Q4_1_UNIT: usize = SMALL_HEAD_WITH_MINS + 8 * LINE;
pub(super) const Q5_0_UNIT: usize = SMALL_HEAD + 10 * LINE;
pub(super) const Q5_1_UNIT: usize = SMALL_HEAD_WITH_MINS + 10 * LINE;
pub(super) const Q4_K_UNIT: usize = K_HEAD + 32 * LINE;
pub(super) const Q5_K_UNIT: usize = K_HEAD + 40 * LINE;
pub(super) const Q6_K_UNIT: usize = K_HEAD + 48 * LINE;

/// Types whose products are computed with integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantized {
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q4K,
    Q5K,
    Q6K,
}

/// The weights of a matrix, repacked.
pub(crate) struct Packed {
    /// Shared with other matrices.
    chunk: Arc<MmapRaw>,
    /// [groups, units, bytes of a unit] of this one: where in the chunk.
    range: Range<usize>,
    group_bytes: usize,
}

/// Where repacked weights are put, one after the other in chunks so large that the system can
/// use huge pages for all of it. Streaming through small ones takes half as long again.
#[derive(Default)]
pub(super) struct Arena {
    /// The last chunk, and how much of it was given out.
    last: Option<(Arc<MmapRaw>, usize)>,
}

/// Bytes of a chunk, unless a matrix needs more. What is not given out takes no memory.
const CHUNK_BYTES: usize = 256 << 20;

impl Quantized {
    /// None for floats.
    pub(crate) fn from_type(kind: TensorType) -> Option<Quantized> {
        match kind {
            TensorType::F32 | TensorType::F16 | TensorType::BF16 => None,
            TensorType::Q8_0 => Some(Quantized::Q8_0),
            TensorType::Q4_0 => Some(Quantized::Q4_0),
            TensorType::Q4_1 => Some(Quantized::Q4_1),
            TensorType::Q5_0 => Some(Quantized::Q5_0),
            TensorType::Q5_1 => Some(Quantized::Q5_1),
            TensorType::Q4K => Some(Quantized::Q4K),
            TensorType::Q5K => Some(Quantized::Q5K),
            TensorType::Q6K => Some(Quantized::Q6K),
        }
    }

    /// Columns of a unit.
    fn unit_columns(self) -> usize {
        match self.grain() {
            Grain::Block => 2 * BLOCK,
            Grain::SuperBlock => SUPER_BLOCK,
        }
    }

    /// How many activations share a scale.
    pub(super) fn grain(self) -> Grain {
        match self {
            Quantized::Q8_0
            | Quantized::Q4_0
            | Quantized::Q4_1
            | Quantized::Q5_0
            | Quantized::Q5_1 => Grain::Block,
            Quantized::Q4K | Quantized::Q5K | Quantized::Q6K => Grain::SuperBlock,
        }
    }

    fn unit_bytes(self) -> usize {
        match self {
            Quantized::Q8_0 => Q8_0_UNIT,
            Quantized::Q4_0 => Q4_0_UNIT,
            Quantized::Q4_1 => Q4_1_UNIT,
            Quantized::Q5_0 => Q5_0_UNIT,
            Quantized::Q5_1 => Q5_1_UNIT,
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
            Quantized::Q4_1 => pack_pair::<Q4_1_BYTES>(bytes, index, row, unit),
            Quantized::Q5_0 => pack_pair::<Q5_0_BYTES>(bytes, index, row, unit),
            Quantized::Q5_1 => pack_pair::<Q5_1_BYTES>(bytes, index, row, unit),
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
                    unit[K_SCALES + paired(part, row)] = *scale;
                }
                let (low, high) = quants.split_at(128);
                for (index, four) in low.as_chunks().0.iter().enumerate() {
                    let line = q6_k_lines(index / 16, index % 8)[index / 8 % 2];
                    put(four, row, &mut unit[K_HEAD + line * LINE..]);
                }
                for (index, four) in high.as_chunks().0.iter().enumerate() {
                    let line = q6_k_lines(index / 8, index % 8)[2];
                    put(four, row, &mut unit[K_HEAD + line * LINE..]);
                }
            }
        }
    }
}

/// Where the fifth bits of columns 4j to 4j + 4 of all parts are, and the lower bits of two
/// neighbouring parts: line numbers.
pub(super) const fn q5_k_lines(pair: usize, j: usize) -> (usize, usize) {
    (j, 8 + 8 * pair + j)
}

/// Lines of a half of a Q6_K unit.
pub(super) const Q6_K_HALF: usize = 24;

/// Where columns 4j to 4j + 4 of the four parts of a half are: the low bits of parts 0 and 2, of
/// parts 1 and 3, the high bits of all four.
pub(super) const fn q6_k_lines(half: usize, j: usize) -> [usize; 3] {
    let first = Q6_K_HALF * half + 3 * j;
    [first, first + 1, first + 2]
}

/// Some lines of a K unit. An array, so that compilers see which of its lines exist: checks
/// between products would keep sums out of registers.
#[inline]
pub(super) fn k_lines<const N: usize>(unit: &[u8], first: usize) -> &[[u8; LINE]; N] {
    unit[K_HEAD + first * LINE..].as_chunks().0.first_chunk().expect("units have so many lines")
}

/// Two blocks of 32 columns; in the last unit there may be only one.
fn pack_pair<const BYTES: usize>(bytes: &[u8], index: usize, row: usize, unit: &mut [u8]) {
    let has_mins = matches!(BYTES, Q4_1_BYTES | Q5_1_BYTES);
    let has_fifth_bits = matches!(BYTES, Q5_0_BYTES | Q5_1_BYTES);
    let head = if has_mins { SMALL_HEAD_WITH_MINS } else { SMALL_HEAD };
    let (heads, lines) = unit.split_at_mut(head);
    let halves = lines.len() / 2;
    let blocks = bytes.as_chunks::<BYTES>().0[2 * index..].iter().take(2);
    for (half, block) in blocks.enumerate() {
        let (scale, mut quants) = block.split_at(2);
        heads[(half * ROWS + row) * 2..][..2].copy_from_slice(scale);
        if has_mins {
            heads[SMALL_HEAD + (half * ROWS + row) * 2..][..2].copy_from_slice(&quants[..2]);
            quants = &quants[2..];
        }
        let mut lines = &mut lines[half * halves..];
        if has_fifth_bits {
            put(&fifth_bits(*array_at(quants, 0)), row, lines);
            (quants, lines) = (&quants[4..], &mut lines[LINE..]);
        }
        interleave(quants, row, lines);
    }
}

/// The fifth bits of 32 columns, so that bit j of byte i belongs to column 4j + i: to the byte
/// that is i-th among four in the lines of the lower bits.
fn fifth_bits(bytes: [u8; 4]) -> [u8; 4] {
    let bits = u32::from_le_bytes(bytes);
    let mut out = [0; 4];
    for (i, out) in out.iter_mut().enumerate() {
        for j in 0..8 {
            *out |= ((bits >> (4 * j + i) & 1) as u8) << j;
        }
    }
    out
}

/// Where a small scale of a row is: neighbours in pairs, the pairs of all rows one after another.
fn paired(part: usize, row: usize) -> usize {
    (part / 2 * ROWS + row) * 2 + part % 2
}

/// The scales of a Q4_K or Q5_K block.
fn pack_mins(block: &[u8], row: usize, unit: &mut [u8]) {
    unit[2 * row..][..2].copy_from_slice(&block[..2]);
    unit[2 * (ROWS + row)..][..2].copy_from_slice(&block[2..4]);
    for (part, (scale, min)) in scales_and_mins(array_at(block, 4)).into_iter().enumerate() {
        unit[K_SCALES + paired(part, row)] = scale;
        unit[K_MINS + paired(part, row)] = min;
    }
}

/// Every four bytes of `quants` to the next line, at the place of `row`.
fn interleave(quants: &[u8], row: usize, lines: &mut [u8]) {
    for (four, line) in quants.as_chunks::<4>().0.iter().zip(lines.chunks_exact_mut(LINE)) {
        put(four, row, line);
    }
}

/// Four bytes of `row` into a line.
fn put(four: &[u8; 4], row: usize, line: &mut [u8]) {
    line[4 * row..][..4].copy_from_slice(four);
}

impl Arena {
    /// A part of a chunk that no one else has, aligned to a line. None if the system has no
    /// memory.
    fn take(&mut self, bytes: usize) -> Option<(Arc<MmapRaw>, Range<usize>)> {
        if let Some((chunk, used)) = &mut self.last
            && bytes <= chunk.len() - *used
        {
            let range = *used..*used + bytes;
            // Every unit is whole lines, so the next part is aligned as well.
            *used = range.end;
            return Some((Arc::clone(chunk), range));
        }
        let chunk = MmapMut::map_anon(bytes.max(CHUNK_BYTES)).ok()?;
        #[cfg(target_os = "linux")]
        // A wish: where the system refuses, pages are small.
        let _ = chunk.advise(memmap2::Advice::HugePage);
        let chunk = Arc::new(MmapRaw::from(chunk));
        self.last = Some((Arc::clone(&chunk), bytes));
        Some((chunk, 0..bytes))
    }
}

impl Packed {
    /// Repacks a matrix, some groups on each thread. None for floats, and if the system has no
    /// memory for it.
    pub(super) fn new(pool: &Pool, arena: &mut Arena, weights: MatrixView<'_>) -> Option<Packed> {
        let kind = Quantized::from_type(weights.kind)?;
        let group_bytes = kind.group_bytes(weights.columns);
        let groups = weights.rows.div_ceil(ROWS);
        let (chunk, range) = arena.take(groups.checked_mul(group_bytes)?)?;
        // SAFETY: inside the chunk, which lives until the end of this function, and given out
        // to no one else: not read by anyone before this function returns.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(chunk.as_mut_ptr().add(range.start), range.len())
        };
        let target = Disjoint::new(bytes);
        pool.run(groups, &|group| {
            // SAFETY: `run` hands out each group once, and groups do not overlap.
            let target = unsafe { target.slice(group * group_bytes, group_bytes) };
            kind.pack_group(weights, group * ROWS, target);
        });
        Some(Packed { chunk, range, group_bytes })
    }

    pub(crate) fn byte_count(&self) -> usize {
        self.range.len()
    }

    /// The bytes of a group: [units, bytes of a unit].
    pub(super) fn group(&self, index: usize) -> &[u8] {
        // SAFETY: inside the chunk, which lives as long as `self`, and given out to `self` alone,
        // which never writes.
        let bytes = unsafe {
            std::slice::from_raw_parts(self.chunk.as_ptr().add(self.range.start), self.range.len())
        };
        &bytes[index * self.group_bytes..][..self.group_bytes]
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes repacked", self.range.len())
    }
}
