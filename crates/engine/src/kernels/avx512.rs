//! The fast way for x86-64 with AVX-512 and VNNI: products of quantised weights with activations
//! as bytes, 16 rows in the lanes of a register, 64 products an instruction.
//!
//! A lane is a row: it adds up its blocks in order, by the formula of [`super::reference`], so
//! results are the same to the bit. VNNI multiplies unsigned weights by signed activations;
//! weights with an offset (8 for Q4_0, 16 for Q5_0, 32 for Q6_K, 128 for Q8_0 whose sign bit is
//! turned) come with minus the offset times the sum of the activations.

mod attention;
mod blocks;
mod super_blocks;

use std::arch::x86_64::*;

use super::Token;
use super::activations::{
    AnyTile, BlockScale, PARTS, Quantize, Quants, SuperScale, Tile, quantize_block,
    quantize_super_block,
};
use super::matrix_product::IntegerPath;
use super::packed::{LINE, Quantized, ROWS};
use crate::tensor::blocks::{BLOCK, SUPER_BLOCK, array_at};

/// Proof that this CPU has AVX-512 F, BW, VL and VNNI: made by [`Avx512::detect`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        has_all.then_some(Avx512(()))
    }

    /// Whether [`Avx512::attend`] can do heads of this width.
    pub(super) fn can_attend(self, head_width: usize) -> bool {
        attention::can_do(head_width)
    }

    /// See [`super::Kernels::attend`].
    pub(super) fn attend(self, tokens: &mut [Token<'_>]) {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { attention::attend(tokens) }
    }
}

impl Quantize for Avx512 {
    #[inline]
    fn block(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { block(x, quants) }
    }

    #[inline]
    fn super_block(self, x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
        // SAFETY: `self` proves that the CPU has the features of the callee.
        unsafe { super_block(x, quants) }
    }
}

impl IntegerPath for Avx512 {
    /// Eight need half of the registers, and make the unpacking of weights a small part.
    const TILES: &'static [usize] = &[8, 4, 2, 1];

    fn group_times_tile(
        self,
        kind: Quantized,
        group: &[u8],
        tile: AnyTile<'_>,
        put: impl FnMut(usize, &[f32; ROWS]),
    ) {
        // SAFETY: `self` proves that the CPU has the features of the callees.
        unsafe {
            match tile.tokens {
                8 => products(kind, group, tile.sized::<8>(), put),
                4 => products(kind, group, tile.sized::<4>(), put),
                2 => products(kind, group, tile.sized::<2>(), put),
                _ => products(kind, group, tile.sized::<1>(), put),
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn block(x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
    quantize_block(x, quants)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn super_block(x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
    quantize_super_block(x, quants)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn products<const T: usize>(
    kind: Quantized,
    group: &[u8],
    tile: Tile<'_, T>,
    mut put: impl FnMut(usize, &[f32; ROWS]),
) {
    let products = match kind {
        Quantized::Q8_0 => blocks::q8_0(group.as_chunks().0, tile),
        Quantized::Q4_0 => blocks::q4_0(group.as_chunks().0, tile),
        Quantized::Q4_1 => blocks::q4_1(group.as_chunks().0, tile),
        Quantized::Q5_0 => blocks::q5_0(group.as_chunks().0, tile),
        Quantized::Q5_1 => blocks::q5_1(group.as_chunks().0, tile),
        Quantized::Q4K => super_blocks::q4_k(group.as_chunks().0, tile),
        Quantized::Q5K => super_blocks::q5_k(group.as_chunks().0, tile),
        Quantized::Q6K => super_blocks::q6_k(group.as_chunks().0, tile),
    };
    let mut rows = [0.0; ROWS];
    for (token, products) in products.into_iter().enumerate() {
        store(&mut rows, products);
        put(token, &rows);
    }
}

/// `sums[t] += weights · quants[t][at..at + 4]` in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn multiply<const T: usize>(
    sums: &mut [__m512i; T],
    weights: __m512i,
    quants: &[Quants; T],
    at: usize,
) {
    for t in 0..T {
        let four = i32::from_le_bytes(*array_at(&quants[t], at));
        sums[t] = _mm512_dpbusd_epi32(sums[t], weights, _mm512_set1_epi32(four));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_sums<const T: usize>(sums: &mut [__m512i; T], others: &[__m512i; T]) {
    for t in 0..T {
        sums[t] = _mm512_add_epi32(sums[t], others[t]);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn low_bits(bytes: __m512i) -> __m512i {
    _mm512_and_si512(bytes, _mm512_set1_epi8(15))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn high_bits(bytes: __m512i) -> __m512i {
    _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), _mm512_set1_epi8(15))
}

/// `low | (high & mask)`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn or_masked(low: __m512i, high: __m512i, mask: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xf8>(low, high, mask)
}

/// Sixteen f16 at `at`, as f32.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn halves(unit: &[u8], at: usize) -> __m512 {
    _mm512_cvtph_ps(half_line(unit, at))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn half_line(unit: &[u8], at: usize) -> __m256i {
    let bytes: &[u8; LINE / 2] = array_at(unit, at);
    // SAFETY: the array is exactly the 32 bytes that are read; no alignment is needed.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn line(unit: &[u8], at: usize) -> __m512i {
    let bytes: &[u8; LINE] = array_at(unit, at);
    // SAFETY: the array is exactly the 64 bytes that are read; no alignment is needed.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn store(rows: &mut [f32; ROWS], lanes: __m512) {
    // SAFETY: the array is exactly the 64 bytes that are written; no alignment is needed.
    unsafe { _mm512_storeu_ps(rows.as_mut_ptr(), lanes) }
}
