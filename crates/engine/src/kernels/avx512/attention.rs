//! Attention of several tokens, page by page: softmax is kept as a running maximum and sum
//! (Milakov and Gimelshein 2018, arXiv:1805.02867), so a page of keys and values is read once
//! for all tokens and heads that see it (Dao et al. 2022, arXiv:2205.14135).
//!
//! Keys are turned so that a lane is a position: each score is one chain of fused multiply-adds
//! along the head. What a token gets depends on the pages that it sees, and pages lie where the
//! positions say; so it does not depend on the tokens beside it.

use std::arch::x86_64::*;
use std::ops::Range;

use crate::kernels::exponential::exponential;
use crate::kernels::{PAGE_POSITIONS, Token};

/// f32 lanes of a register.
const LANES: usize = 16;
/// Registers that hold a number for each position of a page.
const HALVES: usize = PAGE_POSITIONS / LANES;
const _: () = assert!(PAGE_POSITIONS == HALVES * LANES, "lanes are positions of a page");

/// A number for each position of a page.
type OfPage = [[f32; LANES]; HALVES];

/// Softmax so far of one head of one token.
#[derive(Clone, Copy)]
struct Running {
    largest: f32,
    /// Sums of the exponentials, of every sixteenth position each.
    sums: [f32; LANES],
}

/// Whether [`attend`] can do heads of this width.
pub(super) fn can_do(width: usize) -> bool {
    width.is_multiple_of(LANES)
}

/// See [`crate::kernels::Kernels::attend`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn attend(tokens: &mut [Token<'_>]) {
    let Some(Token { head, queries, .. }) = tokens.first() else { return };
    let (head, heads) = (*head, queries.len() / head.width);
    let first = tokens.iter().map(|token| token.head.first).min().unwrap_or(0);
    let end = tokens.iter().map(|token| token.head.first + token.head.positions).max();
    let end = end.unwrap_or(0);

    let mut keys: Vec<OfPage> = vec![[[0.0; LANES]; HALVES]; head.width];
    let nothing = Running { largest: f32::MIN, sums: [0.0; LANES] };
    let mut running = vec![nothing; tokens.len() * heads];
    tokens.iter_mut().for_each(|token| token.out.fill(0.0));
    for page in first / PAGE_POSITIONS..end.div_ceil(PAGE_POSITIONS) {
        turn_keys(head.keys[page], head.stride, head.offset, &mut keys);
        let start = page * PAGE_POSITIONS;
        for (token, mut running) in tokens.iter_mut().zip(running.chunks_exact_mut(heads)) {
            let end = token.head.first + token.head.positions;
            let seen = token.head.first.max(start)..end.min(start + PAGE_POSITIONS);
            if seen.is_empty() {
                continue;
            }
            let page = Page {
                keys: &keys,
                values: head.values[page],
                seen: seen.start - start..seen.end - start,
                stride: head.stride,
                offset: head.offset,
                scale: head.scale,
            };
            let (mut queries, mut out) = (token.queries, &mut *token.out);
            while !running.is_empty() {
                // At most four side by side, and about as many each time.
                let count = running.len().div_ceil(running.len().div_ceil(4));
                let (these, others) = running.split_at_mut(count);
                let (these_out, others_out) = out.split_at_mut(count * head.width);
                match count {
                    4 => page.add::<4>(queries, these, these_out),
                    3 => page.add::<3>(queries, these, these_out),
                    2 => page.add::<2>(queries, these, these_out),
                    _ => page.add::<1>(queries, these, these_out),
                }
                (running, out, queries) = (others, others_out, &queries[count * head.width..]);
            }
        }
    }
    for (token, running) in tokens.iter_mut().zip(running.chunks_exact(heads)) {
        for (out, running) in token.out.chunks_exact_mut(head.width).zip(running) {
            let factor = 1.0 / running.sums.iter().sum::<f32>();
            out.iter_mut().for_each(|out| *out *= factor);
        }
    }
}

/// The positions of a page that a token sees.
struct Page<'a> {
    /// [head width, positions].
    keys: &'a [OfPage],
    /// [positions, stride].
    values: &'a [f32],
    seen: Range<usize>,
    stride: usize,
    offset: usize,
    scale: f32,
}

impl Page<'_> {
    /// Adds this page to what `H` heads of a token have so far; queries, out [H, head width].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn add<const H: usize>(&self, queries: &[f32], running: &mut [Running], out: &mut [f32]) {
        let width = self.keys.len();
        let queries = std::array::from_fn(|h| &queries[h * width..][..width]);
        let mut weights = self.scores::<H>(queries);
        let heads = weights.iter_mut().zip(running).zip(out.chunks_exact_mut(width));
        for ((weights, running), out) in heads {
            self.weigh(weights, running, out);
        }
        let mut first = 0;
        while width - first >= 4 * LANES {
            self.add_values::<H, 4>(&weights, first, out);
            first += 4 * LANES;
        }
        while first < width {
            self.add_values::<H, 1>(&weights, first, out);
            first += LANES;
        }
    }

    /// The products of each query with the keys of all positions, seen or not.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn scores<const H: usize>(&self, queries: [&[f32]; H]) -> [OfPage; H] {
        let mut lanes = [[_mm512_setzero_ps(); HALVES]; H];
        for (i, keys) in self.keys.iter().enumerate() {
            for half in 0..HALVES {
                let keys = load(&keys[half]);
                for h in 0..H {
                    let query = _mm512_set1_ps(queries[h][i]);
                    lanes[h][half] = _mm512_fmadd_ps(query, keys, lanes[h][half]);
                }
            }
        }
        let mut scores = [[[0.0; LANES]; HALVES]; H];
        for h in 0..H {
            for half in 0..HALVES {
                store(&mut scores[h][half], lanes[h][half]);
            }
        }
        scores
    }

    /// Scores to weights, 0 for what is not seen. If the largest so far grows, what was added
    /// before shrinks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn weigh(&self, scores: &mut OfPage, running: &mut Running, out: &mut [f32]) {
        for (position, score) in scores.as_flattened_mut().iter_mut().enumerate() {
            let is_seen = position >= self.seen.start && position < self.seen.end;
            *score = if is_seen { *score * self.scale } else { f32::NEG_INFINITY };
        }
        let largest = _mm512_max_ps(load(&scores[0]), load(&scores[1]));
        let largest = _mm512_reduce_max_ps(largest);
        if largest > running.largest {
            let factor = exponential(running.largest - largest);
            running.sums.iter_mut().for_each(|sum| *sum *= factor);
            out.iter_mut().for_each(|out| *out *= factor);
            running.largest = largest;
        }
        for half in scores {
            for (score, sum) in half.iter_mut().zip(&mut running.sums) {
                *score = exponential(*score - running.largest);
                *sum += *score;
            }
        }
    }

    /// `out[h] += Σ_p weights[h, p] · values[p]` for `V` registers of a head from `first` on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn add_values<const H: usize, const V: usize>(
        &self,
        weights: &[OfPage; H],
        first: usize,
        out: &mut [f32],
    ) {
        let width = self.keys.len();
        let mut lanes = [[_mm512_setzero_ps(); V]; H];
        for h in 0..H {
            let out = out[h * width + first..].as_chunks::<LANES>().0;
            for v in 0..V {
                lanes[h][v] = load(&out[v]);
            }
        }
        for position in self.seen.clone() {
            let values = &self.values[position * self.stride + self.offset + first..];
            let values = values[..V * LANES].as_chunks::<LANES>().0;
            for h in 0..H {
                let weight = _mm512_set1_ps(weights[h].as_flattened()[position]);
                for v in 0..V {
                    lanes[h][v] = _mm512_fmadd_ps(weight, load(&values[v]), lanes[h][v]);
                }
            }
        }
        for h in 0..H {
            let out = out[h * width + first..].as_chunks_mut::<LANES>().0;
            for v in 0..V {
                store(&mut out[v], lanes[h][v]);
            }
        }
    }
}

/// One head of a page of [positions, stride] as [head width, positions]. Where the page is short,
/// what was there stays.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn turn_keys(page: &[f32], stride: usize, offset: usize, keys: &mut [OfPage]) {
    let positions = page.len() / stride;
    for half in 0..HALVES {
        for (first, columns) in (0..).step_by(LANES).zip(keys.chunks_exact_mut(LANES)) {
            let mut rows = [_mm512_setzero_ps(); LANES];
            let present = positions.saturating_sub(half * LANES).min(LANES);
            for (row, lanes) in rows.iter_mut().enumerate().take(present) {
                let at = (half * LANES + row) * stride + offset + first;
                if let Some(elements) = page[at..].first_chunk() {
                    *lanes = load(elements);
                }
            }
            for (column, lanes) in columns.iter_mut().zip(turn(rows)) {
                store(&mut column[half], lanes);
            }
        }
    }
}

/// Rows to columns. Each step interleaves the first eight rows with the last: the bits of an
/// element's place, row before column, move up by one, and after four steps the two are swapped.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn turn(mut rows: [__m512; LANES]) -> [__m512; LANES] {
    let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    for _ in 0..4 {
        let before = rows;
        for i in 0..LANES / 2 {
            let (first, second) = (before[i], before[i + LANES / 2]);
            rows[2 * i] = _mm512_permutex2var_ps(first, low, second);
            rows[2 * i + 1] = _mm512_permutex2var_ps(first, high, second);
        }
    }
    rows
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn load(values: &[f32; LANES]) -> __m512 {
    // SAFETY: the array is exactly the 64 bytes that are read; no alignment is needed.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn store(values: &mut [f32; LANES], lanes: __m512) {
    // SAFETY: the array is exactly the 64 bytes that are written; no alignment is needed.
    unsafe { _mm512_storeu_ps(values.as_mut_ptr(), lanes) }
}
