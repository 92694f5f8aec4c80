//! Activations as signed bytes: the other factor of integer products.
//!
//! For each 32 columns of a token, or each 256 where weights come in blocks of as many: scale =
//! largest magnitude / 127, byte = round(x / scale). So every byte is in -127 to 127, which the
//! kernels count on. A block with NaN or an infinity gets a scale of NaN, so that the products
//! show it.
//!
//! One scale for 256 columns lets products be added up as integers, with the small scales that
//! K blocks of weights have for each 16 or 32 columns.
//!
//! Tokens are computed in tiles, and a tile's bytes lie in the order in which the kernels read
//! them: [blocks of 32, tokens of the tile, 32].

use super::pool::Pool;
use crate::tensor::blocks::{BLOCK, SUPER_BLOCK};

/// The bytes of one block of one token.
pub(super) type Quants = [u8; BLOCK];

/// What belongs to the bytes of one block of one token.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub(super) struct BlockScale {
    /// x = scale · byte.
    pub(super) scale: f32,
    /// scale · sum of the 32 bytes, rounded once.
    pub(super) scaled_sum: f32,
    /// Minus the sum of the 32 bytes: corrects for weights that are stored with an offset.
    pub(super) minus_sum: i32,
}

/// Blocks of 32 columns in a block of 256.
pub(super) const PARTS: usize = SUPER_BLOCK / BLOCK;

/// What belongs to the bytes of 256 columns of one token.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(C)]
pub(super) struct SuperScale {
    /// x = scale · byte.
    pub(super) scale: f32,
    /// For each 32 columns the sums of the first and of the last 16 bytes, as the two i16 of a
    /// number: the first is the lower.
    pub(super) sixteens: [i32; PARTS],
    /// For each 64 columns the sums of the first and of the last 32 bytes, in the same way.
    pub(super) thirty_twos: [i32; PARTS / 2],
}

/// How many columns share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// 32.
    Block,
    /// 256.
    SuperBlock,
}

/// How a path turns numbers into bytes: [`quantize_block`] and [`quantize_super_block`],
/// compiled for its CPU.
pub(super) trait Quantize: Copy + Sync {
    fn block(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale;
    fn super_block(self, x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale;
}

/// Some tokens.
pub(super) struct Activations {
    /// Tokens in each tile. All tiles but the last few are as large as the kernels can take.
    tiles: Vec<usize>,
    /// Blocks of a token, zeros included that were added to fill the last unit of weights.
    blocks: usize,
    quants: Vec<Quants>,
    /// [tiles, blocks, tokens of the tile], if that is the grain.
    scales: Vec<BlockScale>,
    /// [tiles, blocks / 8, tokens of the tile], if that is the grain.
    super_scales: Vec<SuperScale>,
}

/// The tokens of one tile, a number that the kernels know when they are compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a, const T: usize> {
    /// For each block, the bytes of each token; bit patterns of i8.
    pub(super) quants: &'a [[Quants; T]],
    /// Empty unless each block has a scale.
    pub(super) scales: &'a [[BlockScale; T]],
    /// Empty unless eight blocks share a scale.
    pub(super) super_scales: &'a [[SuperScale; T]],
}

/// A tile of some size.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyTile<'a> {
    /// Index of the first token.
    pub(super) first: usize,
    pub(super) tokens: usize,
    quants: &'a [Quants],
    scales: &'a [BlockScale],
    super_scales: &'a [SuperScale],
}

impl<'a> AnyTile<'a> {
    /// The same, where `T` is its size.
    pub(super) fn sized<const T: usize>(&self) -> Tile<'a, T> {
        assert_eq!(T, self.tokens, "the caller looks at the size");
        Tile {
            quants: self.quants.as_chunks().0,
            scales: self.scales.as_chunks().0,
            super_scales: self.super_scales.as_chunks().0,
        }
    }
}

impl Activations {
    /// The tokens of x [tokens, columns] in `blocks` blocks of 32 each, where those beyond the
    /// columns are zero, some tokens on each thread. `sizes` are the tiles that the kernels can
    /// take, largest first, ending with 1.
    pub(super) fn new(
        pool: &Pool,
        quantize: impl Quantize,
        grain: Grain,
        [blocks, columns]: [usize; 2],
        sizes: &[usize],
        x: &[f32],
    ) -> Activations {
        let tokens = x.len() / columns;
        let mut tiles = Vec::new();
        let mut left = tokens;
        for size in sizes {
            tiles.extend(std::iter::repeat_n(*size, left / size));
            left %= size;
        }
        assert_eq!(left, 0, "the smallest tile is one token");
        let (scales, super_scales) = match grain {
            Grain::Block => (tokens * blocks, 0),
            Grain::SuperBlock => (0, tokens * (blocks / PARTS)),
        };
        let mut activations = Activations {
            tiles,
            blocks,
            quants: vec![[0; BLOCK]; tokens * blocks],
            scales: vec![BlockScale::default(); scales],
            super_scales: vec![SuperScale::default(); super_scales],
        };
        activations.fill(pool, quantize, x, columns);
        activations
    }

    fn fill(&mut self, pool: &Pool, quantize: impl Quantize, x: &[f32], columns: usize) {
        let is_fine = !self.scales.is_empty();
        let blocks = self.blocks;
        let mut parts = Vec::with_capacity(self.tiles.len());
        let (mut x, mut quants) = (x, &mut self.quants[..]);
        let (mut scales, mut super_scales) = (&mut self.scales[..], &mut self.super_scales[..]);
        for tokens in &self.tiles {
            let (scale_count, super_count) =
                if is_fine { (tokens * blocks, 0) } else { (0, tokens * (blocks / PARTS)) };
            parts.push((
                *tokens,
                x.split_off(..tokens * columns).expect("x has all tokens"),
                quants.split_off_mut(..tokens * blocks).expect("as many as tokens"),
                scales.split_off_mut(..scale_count).expect("as many as tokens"),
                super_scales.split_off_mut(..super_count).expect("as many as tokens"),
            ));
        }
        pool.run_each(&mut parts, |_, (tokens, x, quants, scales, super_scales)| {
            let tokens = *tokens;
            for (token, x) in x.chunks_exact(columns).enumerate() {
                if is_fine {
                    for (block, x) in x.as_chunks().0.iter().enumerate() {
                        let at = block * tokens + token;
                        scales[at] = quantize.block(x, &mut quants[at]);
                    }
                    continue;
                }
                for (index, x) in x.as_chunks().0.iter().enumerate() {
                    let mut bytes = [[0; BLOCK]; PARTS];
                    let scale = quantize.super_block(x, &mut bytes);
                    super_scales[index * tokens + token] = scale;
                    for (part, bytes) in bytes.iter().enumerate() {
                        quants[(index * PARTS + part) * tokens + token] = *bytes;
                    }
                }
            }
        });
    }

    pub(super) fn tiles(&self) -> impl Iterator<Item = AnyTile<'_>> {
        let mut first = 0;
        // One of the two is empty.
        let scales = self.blocks.min(self.scales.len());
        let super_scales = (self.blocks / PARTS).min(self.super_scales.len());
        self.tiles.iter().map(move |tokens| {
            let end = first + tokens;
            let tile = AnyTile {
                first,
                tokens: *tokens,
                quants: &self.quants[first * self.blocks..end * self.blocks],
                scales: &self.scales[first * scales..end * scales],
                super_scales: &self.super_scales[first * super_scales..end * super_scales],
            };
            first = end;
            tile
        })
    }
}

/// [`Quantize`] for every CPU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Quantize for Portable {
    fn block(self, x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
        quantize_block(x, quants)
    }

    fn super_block(self, x: &[f32; SUPER_BLOCK], quants: &mut [Quants; PARTS]) -> SuperScale {
        quantize_super_block(x, quants)
    }
}

/// The bytes and the scale of 32 numbers.
#[inline(always)]
pub(super) fn quantize_block(x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
    match Step::of(x) {
        Step::Zero => {
            quants.fill(0);
            BlockScale::default()
        }
        Step::NotFinite => {
            quants.fill(0);
            BlockScale { scale: f32::NAN, scaled_sum: f32::NAN, ..BlockScale::default() }
        }
        Step::Of { scale, inverse } => {
            let sum: i32 = to_bytes(x, inverse, quants).iter().sum();
            BlockScale { scale, scaled_sum: scale * sum as f32, minus_sum: -sum }
        }
    }
}

/// The bytes and the scale of 256 numbers.
#[inline(always)]
pub(super) fn quantize_super_block(
    x: &[f32; SUPER_BLOCK],
    quants: &mut [Quants; PARTS],
) -> SuperScale {
    let (scale, inverse) = match Step::of(x) {
        Step::Of { scale, inverse } => (scale, inverse),
        other => {
            quants.as_flattened_mut().fill(0);
            let scale = if matches!(other, Step::NotFinite) { f32::NAN } else { 0.0 };
            return SuperScale { scale, ..SuperScale::default() };
        }
    };
    let pair = |[low, high]: [i32; 2]| low & 0xffff | high << 16;
    let mut sums = [0; PARTS];
    let mut found = SuperScale { scale, ..SuperScale::default() };
    for (part, x) in x.as_chunks().0.iter().enumerate() {
        let halves = to_bytes(x, inverse, &mut quants[part]);
        found.sixteens[part] = pair(halves);
        sums[part] = halves[0] + halves[1];
    }
    for (thirty_twos, sums) in found.thirty_twos.iter_mut().zip(sums.as_chunks().0) {
        *thirty_twos = pair(*sums);
    }
    found
}

/// How far bytes of some numbers are apart.
enum Step {
    /// All zero, or too small for 1 / scale: less than 10⁻³⁶ in magnitude.
    Zero,
    NotFinite,
    Of {
        scale: f32,
        inverse: f32,
    },
}

impl Step {
    /// A plain loop that compilers turn into vectors: the largest magnitude is found among the
    /// bits, which order like the numbers.
    #[inline(always)]
    fn of<const N: usize>(x: &[f32; N]) -> Step {
        const SIGN_OFF: u32 = 0x7fff_ffff;
        const INFINITY: u32 = 0x7f80_0000;
        let mut largest = 0;
        for x in x {
            largest = largest.max(x.to_bits() & SIGN_OFF);
        }
        if largest >= INFINITY {
            return Step::NotFinite;
        }
        let scale = f32::from_bits(largest) / 127.0;
        let inverse = 1.0 / scale;
        if inverse.is_finite() { Step::Of { scale, inverse } } else { Step::Zero }
    }
}

/// Rounds to bytes, and returns the sums of the first and of the last 16. Rounding is an addition
/// that pushes the fraction out of the significand (ties to even).
#[inline(always)]
fn to_bytes(x: &[f32; BLOCK], inverse: f32, quants: &mut Quants) -> [i32; 2] {
    /// 1.5 · 2²³: in this range, the spacing of f32 is 1.
    const ROUND: f32 = 12_582_912.0;
    let mut sums = [0; 2];
    for (half, sum) in sums.iter_mut().enumerate() {
        for i in half * BLOCK / 2..(half + 1) * BLOCK / 2 {
            let byte = (x[i] * inverse + ROUND).to_bits() as u8;
            quants[i] = byte;
            *sum += i32::from(byte.cast_signed());
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: [f32; BLOCK]) -> ([i8; BLOCK], BlockScale) {
        let mut quants = [0; BLOCK];
        let scale = quantize_block(&x, &mut quants);
        let bytes = quants.map(u8::cast_signed);
        for (x, byte) in x.iter().zip(bytes) {
            assert!(byte != -128);
            assert!((x - scale.scale * f32::from(byte)).abs() <= scale.scale * 0.5001 + 1e-36);
        }
        let sum = |bytes: &[i8]| bytes.iter().map(|byte| i32::from(*byte)).sum::<i32>();
        assert_eq!(scale.minus_sum, -sum(&bytes));
        (bytes, scale)
    }

    fn check_super_block(x: &[f32; SUPER_BLOCK]) {
        let mut quants = [[0; BLOCK]; PARTS];
        let found = quantize_super_block(x, &mut quants);
        let bytes: Vec<i8> = quants.as_flattened().iter().map(|byte| byte.cast_signed()).collect();
        for (x, byte) in x.iter().zip(&bytes) {
            assert!(*byte != -128);
            assert!((x - found.scale * f32::from(*byte)).abs() <= found.scale * 0.5001 + 1e-36);
        }
        let sums = |columns: usize| -> Vec<i16> {
            bytes.chunks(columns).map(|bytes| bytes.iter().copied().map(i16::from).sum()).collect()
        };
        let halves = |pairs: &[i32]| -> Vec<i16> {
            pairs.iter().flat_map(|pair| [*pair as i16, (pair >> 16) as i16]).collect()
        };
        assert_eq!(halves(&found.sixteens), sums(16));
        assert_eq!(halves(&found.thirty_twos), sums(32));
    }

    #[test]
    fn bytes_are_the_nearest() {
        let (bytes, scale) = check(std::array::from_fn(|i| i as f32 - 127.0));
        assert_eq!((bytes[0], bytes[31], scale.scale), (-127, -96, 1.0));
        check(std::array::from_fn(|i| (i as f32 * 1.7).sin() * 1e-30));
        check(std::array::from_fn(|i| (i as f32 * 0.3).cos() * 1e30));
        check([f32::MAX / 2.0; BLOCK]);
        check([-1e-42; BLOCK]);
        assert_eq!(check([-0.0; BLOCK]), ([0; BLOCK], BlockScale::default()));
    }

    #[test]
    fn bytes_of_256_are_the_nearest_and_their_sums_right() {
        check_super_block(&std::array::from_fn(|i| (i as f32 * 1.7).sin()));
        check_super_block(&std::array::from_fn(|i| if i % 3 == 0 { -2.0 } else { 2.0 }));
        for same in [-3.0, 3.0, 0.0, -1e-42] {
            check_super_block(&[same; SUPER_BLOCK]);
        }
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = [1.0; SUPER_BLOCK];
            x[17] = bad;
            assert!(quantize_block(x.first_chunk().unwrap(), &mut [0; BLOCK]).scale.is_nan());
            assert!(quantize_super_block(&x, &mut [[0; BLOCK]; PARTS]).scale.is_nan());
        }
    }

    #[test]
    fn tiles_cover_all_tokens_in_order() {
        let pool = Pool::new(std::num::NonZeroUsize::new(2));
        let x: Vec<f32> = (0..13 * 32).map(|i| (i / 32) as f32 + 1.0).collect();
        let activations =
            Activations::new(&pool, Portable, Grain::Block, [2, 32], &[8, 4, 2, 1], &x);
        let tiles: Vec<_> = activations.tiles().map(|tile| (tile.first, tile.tokens)).collect();
        assert_eq!(tiles, [(0, 8), (8, 4), (12, 1)]);
        for tile in activations.tiles() {
            for token in 0..tile.tokens {
                assert_eq!(tile.quants[token], [127; BLOCK]);
                assert_eq!(tile.scales[token].scale, (tile.first + token + 1) as f32 / 127.0);
                assert_eq!(tile.scales[tile.tokens + token], BlockScale::default());
            }
        }
    }

    #[test]
    fn tiles_of_super_blocks_cover_all_tokens_in_order() {
        let pool = Pool::new(std::num::NonZeroUsize::new(2));
        let x: Vec<f32> = (0..3 * 512).map(|i| (i / 256) as f32 + 1.0).collect();
        let activations =
            Activations::new(&pool, Portable, Grain::SuperBlock, [16, 512], &[2, 1], &x);
        for tile in activations.tiles() {
            for token in 0..tile.tokens {
                for index in 0..2 {
                    let expected = (2 * (tile.first + token) + index + 1) as f32 / 127.0;
                    assert_eq!(tile.super_scales[index * tile.tokens + token].scale, expected);
                    assert_eq!(tile.quants[8 * index * tile.tokens + token], [127; BLOCK]);
                }
            }
        }
    }
}
