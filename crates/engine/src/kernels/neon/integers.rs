//! Products of quantised weights with activations as bytes, for NEON: 4 of the 16 rows of a group
//! in the lanes of a register.
//!
//! A register of weights holds 4 columns of 4 rows. `sdot` multiplies it by 4 of the 16
//! activations in another register, which it picks itself, and adds up 4 products in each lane:
//! the order of [`super::super::packed`] is just what it wants. CPUs without it spread the 4
//! activations, multiply to 16 bits, and add pairs twice. What fits in 16 bits is added up there
//! first: a pair of columns of weights of 8 bits, 2 · 128 · 127, of two times 4 columns of 6 bits,
//! 2 · 2 · 63 · 127, of four times 4 columns of 5 bits, 4 · 2 · 31 · 127. All are less than 2¹⁵.
//!
//! Sums of integers are exact, so both ways give the bits of [`super::super::reference`]. Both
//! multiply in assembly: for `sdot` there is no stable function yet, and the compiler takes apart
//! those for products of bytes where it knows something of the bytes.

mod blocks;
mod super_blocks;

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use super::Neon;
use crate::kernels::activations::{
    AnyTile, BlockScale, PARTS, Quantize, Quants, SuperScale, Tile, quantize_block,
    quantize_super_block,
};
use crate::kernels::matrix_product::IntegerPath;
use crate::kernels::packed::{LINE, Quantized, ROWS};
use crate::tensor::blocks::{BLOCK, SUPER_BLOCK, array_at};

/// Rows in a register.
const LANES: usize = 4;
/// Registers of a group of rows.
const SIDES: usize = ROWS / LANES;
/// Registers of weights that are multiplied together: 16 columns of 4 rows.
const FOUR: usize = 4;

/// A line: 4 columns of 4 rows for each side.
type Line = [u8; LINE];
/// Totals of the 16 rows of a group, for each token of a tile.
type Totals<const T: usize> = [[float32x4_t; T]; SIDES];

/// Proof that this CPU has NEON and its instructions for dot products (the feature `dotprod`,
/// FEAT_DotProd of Armv8.2): made by [`NeonDot::detect`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) struct NeonDot(Neon);

impl NeonDot {
    pub(in crate::kernels) fn detect() -> Option<NeonDot> {
        let neon = Neon::detect()?;
        is_aarch64_feature_detected!("dotprod").then_some(NeonDot(neon))
    }
}

/// Either of the two ways; known when compiled.
trait Way: Copy + Sync {
    fn dot(self) -> Option<NeonDot>;
}

impl Way for Neon {
    #[inline(always)]
    fn dot(self) -> Option<NeonDot> {
        None
    }
}

impl Way for NeonDot {
    #[inline(always)]
    fn dot(self) -> Option<NeonDot> {
        Some(self)
    }
}

impl<W: Way> Quantize for W {
    #[inline]
    fn block(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        quantize_block(x, quants)
    }

    #[inline]
    fn super_block(self, x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
        quantize_super_block(x, quants)
    }
}

impl<W: Way> IntegerPath for W {
    /// The sums of four tokens leave most of the registers to weights.
    const TILES: &'static [usize] = &[4, 2, 1];

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
                4 => products(self, kind, group, tile.sized::<4>(), put),
                2 => products(self, kind, group, tile.sized::<2>(), put),
                _ => products(self, kind, group, tile.sized::<1>(), put),
            }
        }
    }
}

#[target_feature(enable = "neon")]
fn products<const T: usize>(
    way: impl Way,
    kind: Quantized,
    group: &[u8],
    tile: Tile<'_, T>,
    mut put: impl FnMut(usize, &[f32; ROWS]),
) {
    let totals = match kind {
        Quantized::Q8_0 => blocks::q8_0(way, group.as_chunks().0, tile),
        Quantized::Q4_0 => blocks::q4_0(way, group.as_chunks().0, tile),
        Quantized::Q4_1 => blocks::q4_1(way, group.as_chunks().0, tile),
        Quantized::Q5_0 => blocks::q5_0(way, group.as_chunks().0, tile),
        Quantized::Q5_1 => blocks::q5_1(way, group.as_chunks().0, tile),
        Quantized::Q4K => super_blocks::q4_k(way, group.as_chunks().0, tile),
        Quantized::Q5K => super_blocks::q5_k(way, group.as_chunks().0, tile),
        Quantized::Q6K => super_blocks::q6_k(way, group.as_chunks().0, tile),
    };
    let mut rows = [0.0; ROWS];
    for token in 0..T {
        for (rows, totals) in rows.as_chunks_mut().0.iter_mut().zip(totals) {
            super::store(rows, totals[token]);
        }
        put(token, &rows);
    }
}

/// `sums[t] += weights · quants[t][16 · sixteen..][..16]` for 16 columns of 4 rows; bit patterns of
/// i8. `N` registers of products of weights and activations, added up, fit in 16 bits in pairs.
#[inline]
#[target_feature(enable = "neon")]
fn multiply<const T: usize, const N: usize>(
    way: impl Way,
    sums: &mut [int32x4_t; T],
    weights: [uint8x16_t; FOUR],
    quants: &[Quants; T],
    sixteen: usize,
) {
    for t in 0..T {
        let x = load_bytes(array_at(&quants[t], 16 * sixteen));
        sums[t] = match way.dot() {
            Some(dot) => add_dot_products(dot, sums[t], weights, x),
            None => add_products::<N>(sums[t], weights, x),
        };
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn add_dot_products(
    _proof: NeonDot,
    mut sums: int32x4_t,
    weights: [uint8x16_t; FOUR],
    x: uint8x16_t,
) -> int32x4_t {
    let [first, second, third, fourth] = weights;
    // SAFETY: the proof says that the CPU has these instructions. They read and write the
    // registers that are named and nothing else. (The intrinsic functions are not stable.)
    unsafe {
        asm!(
            ".arch_extension dotprod",
            "sdot {sums:v}.4s, {first:v}.16b, {x:v}.4b[0]",
            "sdot {sums:v}.4s, {second:v}.16b, {x:v}.4b[1]",
            "sdot {sums:v}.4s, {third:v}.16b, {x:v}.4b[2]",
            "sdot {sums:v}.4s, {fourth:v}.16b, {x:v}.4b[3]",
            sums = inout(vreg) sums,
            first = in(vreg) first,
            second = in(vreg) second,
            third = in(vreg) third,
            fourth = in(vreg) fourth,
            x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

#[inline]
#[target_feature(enable = "neon")]
fn add_products<const N: usize>(
    mut sums: int32x4_t,
    weights: [uint8x16_t; FOUR],
    x: uint8x16_t,
) -> int32x4_t {
    let x = vreinterpretq_s32_u8(x);
    let fours = [
        vdupq_laneq_s32::<0>(x),
        vdupq_laneq_s32::<1>(x),
        vdupq_laneq_s32::<2>(x),
        vdupq_laneq_s32::<3>(x),
    ];
    for first in (0..FOUR).step_by(N) {
        let mut products = byte_products(weights[first], fours[first]);
        for i in first + 1..first + N {
            products = add_byte_products(products, weights[i], fours[i]);
        }
        sums = vpadalq_s16(sums, vpaddq_s16(products[0], products[1]));
    }
    sums
}

/// `a · b`, byte by byte: rows 0 and 1, rows 2 and 3.
#[inline]
#[target_feature(enable = "neon")]
fn byte_products(a: uint8x16_t, b: int32x4_t) -> [int16x8_t; 2] {
    let (lower, upper);
    // SAFETY: instructions of NEON, which read and write the registers that are named and nothing
    // else.
    unsafe {
        asm!(
            "smull {lower:v}.8h, {a:v}.8b, {b:v}.8b",
            "smull2 {upper:v}.8h, {a:v}.16b, {b:v}.16b",
            lower = out(vreg) lower,
            upper = out(vreg) upper,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [lower, upper]
}

/// `sums + a · b`.
#[inline]
#[target_feature(enable = "neon")]
fn add_byte_products(
    [mut lower, mut upper]: [int16x8_t; 2],
    a: uint8x16_t,
    b: int32x4_t,
) -> [int16x8_t; 2] {
    // SAFETY: as in `byte_products`.
    unsafe {
        asm!(
            "smlal {lower:v}.8h, {a:v}.8b, {b:v}.8b",
            "smlal2 {upper:v}.8h, {a:v}.16b, {b:v}.16b",
            lower = inout(vreg) lower,
            upper = inout(vreg) upper,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [lower, upper]
}

#[inline]
#[target_feature(enable = "neon")]
fn low_bits(mut bytes: [uint8x16_t; FOUR]) -> [uint8x16_t; FOUR] {
    for bytes in &mut bytes {
        *bytes = vandq_u8(*bytes, vdupq_n_u8(15));
    }
    bytes
}

#[inline]
#[target_feature(enable = "neon")]
fn high_bits(mut bytes: [uint8x16_t; FOUR]) -> [uint8x16_t; FOUR] {
    for bytes in &mut bytes {
        *bytes = vshrq_n_u8::<4>(*bytes);
    }
    bytes
}

/// One side of four lines from the `first` on.
#[inline]
#[target_feature(enable = "neon")]
fn load_lines<const N: usize>(lines: &[Line; N], first: usize, side: usize) -> [uint8x16_t; FOUR] {
    let mut four = [vdupq_n_u8(0); FOUR];
    for i in 0..FOUR {
        four[i] = load_side(&lines[first + i], side);
    }
    four
}

#[inline]
#[target_feature(enable = "neon")]
fn load_side(line: &Line, side: usize) -> uint8x16_t {
    load_bytes(&line.as_chunks().0[side])
}

/// Four of the sixteen f16 at `at`, as f32.
#[inline]
#[target_feature(enable = "neon")]
fn halves(unit: &[u8], at: usize, side: usize) -> float32x4_t {
    super::load_f16(array_at(unit, at + side * 2 * LANES))
}

/// Adds the bit `bit` of each byte of `high` as the fifth to the four of `low`.
#[inline]
#[target_feature(enable = "neon")]
fn with_fifth_bit(low: uint8x16_t, high: uint8x16_t, bit: usize) -> uint8x16_t {
    let is_set = vtstq_u8(high, vdupq_n_u8(1 << bit));
    vorrq_u8(low, vandq_u8(is_set, vdupq_n_u8(16)))
}

#[inline]
#[target_feature(enable = "neon")]
fn load_bytes(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the array is exactly the 16 bytes that are read; bytes need no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}
