//! The fast way for x86-64 with AVX2, FMA and F16C: eight lanes, fused multiply-add.
//!
//! Here are floats; products of quantised weights are in [`integers`]. One token: each weight is
//! widened in registers and used once, four rows side by side. Several tokens: four rows are
//! widened to f32 and multiplied in tiles of 4 rows × 3 tokens, which fill the sixteen registers.
//! In both, an output is the sum of eight lanes, each a chain of fused multiply-adds along the
//! row, plus the columns that are left over; so both give the same bits. Attention uses the same
//! tiles: 4 keys × 3 queries.

mod integers;

use std::arch::x86_64::*;
use std::ops::Range;

use half::{bf16, f16};

use super::Head;
use super::exponential::{exponential, softmax};
use super::matrix_product::FloatPath;
use crate::tensor::{MatrixView, TensorType};

/// f32 lanes of a register.
const LANES: usize = 8;
/// Rows computed side by side.
const ROWS: usize = 4;
/// Tokens computed side by side, when there are several.
const TOKENS: usize = 3;

/// Proof that this CPU has AVX2, FMA and F16C: made by [`Avx2::detect`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Avx2> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        has_all.then_some(Avx2(()))
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
        let three = 3 * width;
        scores.resize(3 * positions, 0.0);
        let mut triples = queries.chunks_exact(three);
        let mut outs = out.chunks_exact_mut(three);
        for (queries, out) in triples.by_ref().zip(outs.by_ref()) {
            let queries = std::array::from_fn(|h| &queries[h * width..][..width]);
            // SAFETY: `self` proves that the CPU has the features of the callee.
            unsafe { attend::<3>(head, queries, scores, out) }
        }
        let rest = triples.remainder().chunks_exact(width);
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

impl FloatPath for Avx2 {
    fn rows_times_tokens(
        self,
        weights: MatrixView<'_>,
        rows: Range<usize>,
        x: &[f32],
        put: impl FnMut(usize, usize, &[f32]),
    ) {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe {
            if x.len() == weights.columns {
                matrix_times_vector(weights, rows, x, put);
            } else {
                matrix_times_vectors(weights, rows, x, put);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn swiglu(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exponential(-*gate)) * up;
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn matrix_times_vector(
    weights: MatrixView<'_>,
    mut rows: Range<usize>,
    x: &[f32],
    mut put: impl FnMut(usize, usize, &[f32]),
) {
    while rows.len() >= ROWS {
        let four = std::array::from_fn(|r| weights.row(rows.start + r));
        put(0, rows.start, &rows_times_vector::<ROWS>(weights.kind, four, x));
        rows.start += ROWS;
    }
    for row in rows {
        put(0, row, &rows_times_vector::<1>(weights.kind, [weights.row(row)], x));
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn rows_times_vector<const R: usize>(kind: TensorType, rows: [&[u8]; R], x: &[f32]) -> [f32; R] {
    match kind {
        TensorType::F32 => rows_f32(rows, x),
        TensorType::F16 => rows_f16(rows, x),
        TensorType::BF16 => rows_bf16(rows, x),
        _ => unreachable!("products of quantised weights are computed with integers"),
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn rows_f32<const R: usize>(rows: [&[u8]; R], x: &[f32]) -> [f32; R] {
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let split = rows.map(|row| row.as_chunks::<{ LANES * 4 }>());
    let mut lanes = [_mm256_setzero_ps(); R];
    for (c, x) in x_chunks.iter().enumerate() {
        let x = load(x);
        for (lanes, (chunks, _)) in lanes.iter_mut().zip(split) {
            *lanes = _mm256_fmadd_ps(load_bytes(&chunks[c]), x, *lanes);
        }
    }
    std::array::from_fn(|r| {
        let rest = split[r].1.as_chunks::<4>().0;
        finish(lanes[r], rest.iter().map(|bytes| f32::from_le_bytes(*bytes)), x_rest)
    })
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn rows_f16<const R: usize>(rows: [&[u8]; R], x: &[f32]) -> [f32; R] {
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let split = rows.map(|row| row.as_chunks::<{ LANES * 2 }>());
    let mut lanes = [_mm256_setzero_ps(); R];
    for (c, x) in x_chunks.iter().enumerate() {
        let x = load(x);
        for (lanes, (chunks, _)) in lanes.iter_mut().zip(split) {
            *lanes = _mm256_fmadd_ps(load_f16(&chunks[c]), x, *lanes);
        }
    }
    std::array::from_fn(|r| {
        let rest = split[r].1.as_chunks::<2>().0;
        finish(lanes[r], rest.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()), x_rest)
    })
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn rows_bf16<const R: usize>(rows: [&[u8]; R], x: &[f32]) -> [f32; R] {
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let split = rows.map(|row| row.as_chunks::<{ LANES * 2 }>());
    let mut lanes = [_mm256_setzero_ps(); R];
    for (c, x) in x_chunks.iter().enumerate() {
        let x = load(x);
        for (lanes, (chunks, _)) in lanes.iter_mut().zip(split) {
            *lanes = _mm256_fmadd_ps(load_bf16(&chunks[c]), x, *lanes);
        }
    }
    std::array::from_fn(|r| {
        let rest = split[r].1.as_chunks::<2>().0;
        finish(lanes[r], rest.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()), x_rest)
    })
}

#[target_feature(enable = "avx2,fma,f16c")]
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
#[target_feature(enable = "avx2,fma,f16c")]
fn rows_times_vectors<const R: usize>(
    rows: [&[f32]; R],
    x: &[f32],
    mut put: impl FnMut(usize, &[f32; R]),
) {
    let columns = rows[0].len();
    let mut triples = x.chunks_exact(TOKENS * columns);
    let mut token = 0;
    for x in &mut triples {
        let x = std::array::from_fn(|t| &x[t * columns..][..columns]);
        for products in tile::<R, TOKENS>(rows, x) {
            put(token, &products);
            token += 1;
        }
    }
    for x in triples.remainder().chunks_exact(columns) {
        let [products] = tile::<R, 1>(rows, [x]);
        put(token, &products);
        token += 1;
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn tile<const R: usize, const T: usize>(rows: [&[f32]; R], x: [&[f32]; T]) -> [[f32; R]; T] {
    let rows = rows.map(|row| row.as_chunks::<LANES>());
    let x = x.map(|x| x.as_chunks::<LANES>());
    let chunks = rows[0].0.len();
    // Checked here once, so that the compiler drops the checks below.
    assert!(rows.iter().all(|row| row.0.len() == chunks));
    assert!(x.iter().all(|x| x.0.len() == chunks));
    let mut lanes = [[_mm256_setzero_ps(); R]; T];
    for c in 0..chunks {
        let mut x_lanes = [_mm256_setzero_ps(); T];
        for t in 0..T {
            x_lanes[t] = load(&x[t].0[c]);
        }
        for r in 0..R {
            let w = load(&rows[r].0[c]);
            for t in 0..T {
                lanes[t][r] = _mm256_fmadd_ps(w, x_lanes[t], lanes[t][r]);
            }
        }
    }
    // Loops, not closures: those would take the address of `lanes` and keep it out of registers.
    let mut products = [[0.0; R]; T];
    for t in 0..T {
        for r in 0..R {
            products[t][r] = finish(lanes[t][r], rows[r].1.iter().copied(), x[t].1);
        }
    }
    products
}

/// The same numbers as [`TensorType::dequantize`], which is exact.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
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
#[target_feature(enable = "avx2,fma,f16c")]
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

/// `out[h] = Σ_p weights[h, p] · values[p]`, 32 elements of the head at a time, then 1.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn weigh_values<const H: usize>(head: Head<'_>, weights: &[f32], out: &mut [f32]) {
    let (positions, width) = (weights.len() / H, out.len() / H);
    let mut first = 0;
    while width - first >= 4 * LANES {
        let mut lanes = [[_mm256_setzero_ps(); 4]; H];
        for (before, rows) in head.seen(head.values) {
            for position in 0..rows.len() / head.stride {
                let values: &[f32; 4 * LANES] = head.at(rows, position)[first..]
                    .first_chunk()
                    .expect("the loop runs while there are as many");
                let values = values.as_chunks::<LANES>().0;
                for h in 0..H {
                    let weight = _mm256_set1_ps(weights[h * positions + before + position]);
                    for i in 0..4 {
                        lanes[h][i] = _mm256_fmadd_ps(weight, load(&values[i]), lanes[h][i]);
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

/// The lanes together, then the columns that do not fill a register, in order.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn finish(lanes: __m256, weights: impl Iterator<Item = f32>, x: &[f32]) -> f32 {
    let mut total = sum(lanes);
    for (w, x) in weights.zip(x) {
        total = w.mul_add(*x, total);
    }
    total
}

/// The sum of eight lanes: halves, then quarters, then pairs.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn sum(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load(values: &[f32; LANES]) -> __m256 {
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn store(values: &mut [f32; LANES], lanes: __m256) {
    // SAFETY: the array is exactly the 32 bytes that are written; no alignment is needed.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), lanes) }
}

/// Eight little-endian f32, which is the byte order of every x86.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load_bytes(bytes: &[u8; LANES * 4]) -> __m256 {
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    unsafe { _mm256_loadu_ps(bytes.as_ptr().cast()) }
}

/// Eight f16 to f32, which is exact.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load_f16(bytes: &[u8; LANES * 2]) -> __m256 {
    // SAFETY: the array is exactly the 16 bytes that are read; no alignment is needed.
    let halves = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm256_cvtph_ps(halves)
}

/// Eight bf16 to f32: the upper halves.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn load_bf16(bytes: &[u8; LANES * 2]) -> __m256 {
    // SAFETY: the array is exactly the 16 bytes that are read; no alignment is needed.
    let halves = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(halves)))
}
