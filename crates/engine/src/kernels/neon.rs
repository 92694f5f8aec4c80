//! The fast way for aarch64: NEON, which has four lanes and fused multiply-add.
//!
//! Here are floats; products of quantised weights are in [`integers`]. One token: each weight is
//! widened in registers and used once, eight rows side by side. Several tokens: four rows are
//! widened to f32 and multiplied in tiles of 4 rows × 4 tokens, whose sums take half of the
//! registers. In both, an output is the sum of four lanes, each a chain of fused multiply-adds
//! along the row, plus the columns that are left over; so both give the same bits. Attention uses
//! the same tiles: 4 keys × 4 queries.
//!
//! Tested under emulation. How fast it is on a CPU was not measured, so tiles and the like are
//! chosen by the number of registers and of instructions.

#![allow(clippy::needless_range_loop, reason = "iterators would keep sums out of registers")]

mod integers;

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;
use std::ops::Range;

pub(super) use self::integers::NeonDot;
use super::Head;
use super::exponential::{exponential, softmax};
use super::matrix_product::FloatPath;
use crate::tensor::{MatrixView, TensorType};

/// f32 lanes of a register.
const LANES: usize = 4;
/// Rows computed side by side with one token.
const ROWS_OF_VECTOR: usize = 8;
/// Rows computed side by side with several tokens.
const ROWS: usize = 4;
/// Tokens computed side by side, when there are several.
const TOKENS: usize = 4;

/// Proof that this CPU has NEON, and that its bytes are in the order of the files: made by
/// [`Neon::detect`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Neon(());

impl Neon {
    pub(super) fn detect() -> Option<Neon> {
        let has_all = cfg!(target_endian = "little") && is_aarch64_feature_detected!("neon");
        has_all.then_some(Neon(()))
    }

    /// See [`super::Kernels::attend`]: for all the heads in `queries` [heads, head width] that
    /// share keys and values.
    pub(super) fn attend(
        self,
        head: Head<'_>,
        queries: &[f32],
        scores: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let (width, positions) = (head.width, head.positions);
        let four = TOKENS * width;
        scores.resize(TOKENS * positions, 0.0);
        let mut fours = queries.chunks_exact(four);
        let mut outs = out.chunks_exact_mut(four);
        for (queries, out) in fours.by_ref().zip(outs.by_ref()) {
            let queries = std::array::from_fn(|h| &queries[h * width..][..width]);
            // SAFETY: `self` proves that the CPU has the features of the callee.
            unsafe { attend::<TOKENS>(head, queries, scores, out) }
        }
        let rest = fours.remainder().chunks_exact(width);
        for (query, out) in rest.zip(outs.into_remainder().chunks_exact_mut(width)) {
            // SAFETY: as above.
            unsafe { attend::<1>(head, [query], &mut scores[..positions], out) }
        }
    }

    /// See [`super::Kernels::swiglu`].
    pub(super) fn swiglu(self, gate: &mut [f32], up: &[f32]) {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { swiglu(gate, up) }
    }
}

impl FloatPath for Neon {
    fn rows_times_tokens(
        self,
        weights: MatrixView<'_>,
        rows: Range<usize>,
        x: &[f32],
        put: impl FnMut(usize, usize, &[f32]),
    ) {
        // SAFETY: `self` proves that the CPU has the features of the callees.
        unsafe {
            if x.len() == weights.columns {
                matrix_times_vector(weights, rows, x, put);
            } else {
                matrix_times_vectors(weights, rows, x, put);
            }
        }
    }
}

#[target_feature(enable = "neon")]
fn swiglu(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exponential(-*gate)) * up;
    }
}

#[target_feature(enable = "neon")]
fn matrix_times_vector(
    weights: MatrixView<'_>,
    mut rows: Range<usize>,
    x: &[f32],
    mut put: impl FnMut(usize, usize, &[f32]),
) {
    while rows.len() >= ROWS_OF_VECTOR {
        let eight = std::array::from_fn(|r| weights.row(rows.start + r));
        put(0, rows.start, &rows_times_vector::<ROWS_OF_VECTOR>(weights.kind, eight, x));
        rows.start += ROWS_OF_VECTOR;
    }
    for row in rows {
        put(0, row, &rows_times_vector::<1>(weights.kind, [weights.row(row)], x));
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn rows_times_vector<const R: usize>(kind: TensorType, rows: [&[u8]; R], x: &[f32]) -> [f32; R] {
    match kind {
        TensorType::F32 => widened_times_vector(kind, rows, x, |bytes| load_bytes(bytes)),
        TensorType::F16 => widened_times_vector(kind, rows, x, |bytes| load_f16(bytes)),
        TensorType::BF16 => widened_times_vector(kind, rows, x, |bytes| load_bf16(bytes)),
        _ => unreachable!("products of quantised weights are computed with integers"),
    }
}

/// `rows[r] · x`, where `widen` makes four f32 of the `BYTES` bytes of four weights.
#[inline]
#[target_feature(enable = "neon")]
fn widened_times_vector<const R: usize, const BYTES: usize>(
    kind: TensorType,
    rows: [&[u8]; R],
    x: &[f32],
    widen: impl Fn(&[u8; BYTES]) -> float32x4_t,
) -> [f32; R] {
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let split = rows.map(|row| row.as_chunks::<BYTES>());
    // Checked here once, so that the compiler drops the checks below.
    assert!(split.iter().all(|row| row.0.len() == x_chunks.len()));
    let mut lanes = [vdupq_n_f32(0.0); R];
    for c in 0..x_chunks.len() {
        let x = load(&x_chunks[c]);
        for r in 0..R {
            lanes[r] = vfmaq_f32(lanes[r], widen(&split[r].0[c]), x);
        }
    }
    let mut products = [0.0; R];
    let mut rest = [0.0; LANES];
    for r in 0..R {
        let rest = &mut rest[..x_rest.len()];
        kind.dequantize(split[r].1, rest);
        products[r] = finish(lanes[r], rest, x_rest);
    }
    products
}

#[target_feature(enable = "neon")]
fn matrix_times_vectors(
    weights: MatrixView<'_>,
    rows: Range<usize>,
    x: &[f32],
    mut put: impl FnMut(usize, usize, &[f32]),
) {
    let columns = weights.columns;
    let mut wide = vec![0.0; ROWS * columns];
    for first in rows.clone().step_by(ROWS) {
        let count = ROWS.min(rows.end - first);
        for (r, wide) in wide.chunks_exact_mut(columns).take(count).enumerate() {
            widen_row(weights.kind, weights.row(first + r), wide);
        }
        if count == ROWS {
            let rows = std::array::from_fn(|r| &wide[r * columns..][..columns]);
            rows_times_vectors::<ROWS>(rows, x, |token, products| put(token, first, products));
        } else {
            for r in 0..count {
                let row = [&wide[r * columns..][..columns]];
                rows_times_vectors::<1>(row, x, |token, product| put(token, first + r, product));
            }
        }
    }
}

/// Hands `rows[r] · x[t]` to `put` for all tokens in x [tokens, columns].
#[inline]
#[target_feature(enable = "neon")]
fn rows_times_vectors<const R: usize>(
    rows: [&[f32]; R],
    x: &[f32],
    mut put: impl FnMut(usize, &[f32; R]),
) {
    let columns = rows[0].len();
    let mut fours = x.chunks_exact(TOKENS * columns);
    let mut token = 0;
    for x in &mut fours {
        let x = std::array::from_fn(|t| &x[t * columns..][..columns]);
        for products in tile::<R, TOKENS>(rows, x) {
            put(token, &products);
            token += 1;
        }
    }
    for x in fours.remainder().chunks_exact(columns) {
        let [products] = tile::<R, 1>(rows, [x]);
        put(token, &products);
        token += 1;
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn tile<const R: usize, const T: usize>(rows: [&[f32]; R], x: [&[f32]; T]) -> [[f32; R]; T] {
    let rows = rows.map(|row| row.as_chunks::<LANES>());
    let x = x.map(|x| x.as_chunks::<LANES>());
    let chunks = rows[0].0.len();
    // Checked here once, so that the compiler drops the checks below.
    assert!(rows.iter().all(|row| row.0.len() == chunks));
    assert!(x.iter().all(|x| x.0.len() == chunks));
    let mut lanes = [[vdupq_n_f32(0.0); R]; T];
    for c in 0..chunks {
        let mut x_lanes = [vdupq_n_f32(0.0); T];
        for t in 0..T {
            x_lanes[t] = load(&x[t].0[c]);
        }
        for r in 0..R {
            let w = load(&rows[r].0[c]);
            for t in 0..T {
                lanes[t][r] = vfmaq_f32(lanes[t][r], w, x_lanes[t]);
            }
        }
    }
    // Loops, not closures: those would take the address of `lanes` and keep it out of registers.
    let mut products = [[0.0; R]; T];
    for t in 0..T {
        for r in 0..R {
            products[t][r] = finish(lanes[t][r], rows[r].1, x[t].1);
        }
    }
    products
}

/// The same numbers as [`TensorType::dequantize`], which is exact.
#[inline]
#[target_feature(enable = "neon")]
fn widen_row(kind: TensorType, bytes: &[u8], out: &mut [f32]) {
    if kind != TensorType::F16 {
        return kind.dequantize(bytes, out);
    }
    let (chunks, rest) = bytes.as_chunks::<{ LANES * 2 }>();
    let (out_chunks, out_rest) = out.as_chunks_mut::<LANES>();
    for (out, chunk) in out_chunks.iter_mut().zip(chunks) {
        store(out, load_f16(chunk));
    }
    kind.dequantize(rest, out_rest);
}

/// Attention of `H` heads with the same keys and values; scores [heads, positions], out [heads,
/// head width]. `head` says where those are; its own query is not looked at.
#[target_feature(enable = "neon")]
fn attend<const H: usize>(
    head: Head<'_>,
    queries: [&[f32]; H],
    scores: &mut [f32],
    out: &mut [f32],
) {
    let positions = scores.len() / H;
    for (before, rows) in head.seen(head.keys) {
        let count = rows.len() / head.stride;
        let whole = count / ROWS * ROWS;
        for first in (0..whole).step_by(ROWS) {
            let keys = std::array::from_fn(|k| head.at(rows, first + k));
            for (h, products) in tile::<ROWS, H>(keys, queries).into_iter().enumerate() {
                let products = products.map(|product| product * head.scale);
                scores[h * positions + before + first..][..ROWS].copy_from_slice(&products);
            }
        }
        for position in whole..count {
            let products = tile::<1, H>([head.at(rows, position)], queries);
            for (h, [product]) in products.into_iter().enumerate() {
                scores[h * positions + before + position] = product * head.scale;
            }
        }
    }
    for scores in scores.chunks_exact_mut(positions) {
        softmax(scores);
    }
    weigh_values::<H>(head, scores, out);
}

/// `out[h] = Σ_p weights[h, p] · values[p]`, 16 elements of the head at a time, then 1.
#[inline]
#[target_feature(enable = "neon")]
fn weigh_values<const H: usize>(head: Head<'_>, weights: &[f32], out: &mut [f32]) {
    let (positions, width) = (weights.len() / H, out.len() / H);
    let mut first = 0;
    while width - first >= 4 * LANES {
        let mut lanes = [[vdupq_n_f32(0.0); 4]; H];
        for (before, rows) in head.seen(head.values) {
            for position in 0..rows.len() / head.stride {
                let values: &[f32; 4 * LANES] = head.at(rows, position)[first..]
                    .first_chunk()
                    .expect("the loop runs while there are as many");
                let values = values.as_chunks::<LANES>().0;
                for h in 0..H {
                    let weight = vdupq_n_f32(weights[h * positions + before + position]);
                    for i in 0..4 {
                        lanes[h][i] = vfmaq_f32(lanes[h][i], weight, load(&values[i]));
                    }
                }
            }
        }
        for h in 0..H {
            let (out, _) = out[h * width + first..].as_chunks_mut::<LANES>();
            for i in 0..4 {
                store(&mut out[i], lanes[h][i]);
            }
        }
        first += 4 * LANES;
    }
    for h in 0..H {
        for i in first..width {
            let mut total = 0.0;
            for (before, rows) in head.seen(head.values) {
                for position in 0..rows.len() / head.stride {
                    let weight: f32 = weights[h * positions + before + position];
                    total = weight.mul_add(head.at(rows, position)[i], total);
                }
            }
            out[h * width + i] = total;
        }
    }
}

/// The lanes together, pairs first, then the columns that do not fill a register, in order.
#[inline]
#[target_feature(enable = "neon")]
fn finish(lanes: float32x4_t, weights: &[f32], x: &[f32]) -> f32 {
    let mut total = vaddvq_f32(lanes);
    for (w, x) in weights.iter().zip(x) {
        total = w.mul_add(*x, total);
    }
    total
}

#[inline]
#[target_feature(enable = "neon")]
fn load(values: &[f32; LANES]) -> float32x4_t {
    // SAFETY: the array is exactly the 16 bytes that are read.
    unsafe { vld1q_f32(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store(values: &mut [f32; LANES], lanes: float32x4_t) {
    // SAFETY: the array is exactly the 16 bytes that are written.
    unsafe { vst1q_f32(values.as_mut_ptr(), lanes) }
}

/// Four little-endian f32.
#[inline]
#[target_feature(enable = "neon")]
fn load_bytes(bytes: &[u8; LANES * 4]) -> float32x4_t {
    // SAFETY: the array is exactly the 16 bytes that are read; bytes need no alignment.
    vreinterpretq_f32_u8(unsafe { vld1q_u8(bytes.as_ptr()) })
}

/// Four f16 to f32, which is exact.
#[inline]
#[target_feature(enable = "neon")]
fn load_f16(bytes: &[u8; LANES * 2]) -> float32x4_t {
    // SAFETY: the array is exactly the 8 bytes that are read; bytes need no alignment.
    vcvt_f32_f16(vreinterpret_f16_u8(unsafe { vld1_u8(bytes.as_ptr()) }))
}

/// Four bf16 to f32: the upper halves.
#[inline]
#[target_feature(enable = "neon")]
fn load_bf16(bytes: &[u8; LANES * 2]) -> float32x4_t {
    // SAFETY: the array is exactly the 8 bytes that are read; bytes need no alignment.
    let halves = vreinterpret_u16_u8(unsafe { vld1_u8(bytes.as_ptr()) });
    vreinterpretq_f32_u32(vshll_n_u16::<16>(halves))
}
