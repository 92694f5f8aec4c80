//! Activations as signed bytes, 32 columns to a scale: the other factor of integer products.
//!
//! For each 32 columns of a token: scale = largest magnitude / 127, byte = round(x / scale). So
//! every byte is in -127 to 127, which the kernels count on. A block with NaN or an infinity
//! gets a scale of NaN, so that the products show it.
//!
//! Tokens are computed in tiles, and a tile's bytes lie in the order in which the kernels read
//! them: [blocks, tokens of the tile, 32].

use super::pool::Pool;
use crate::tensor::blocks::BLOCK;

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
    /// Minus the sum of the first 16 bytes.
    pub(super) minus_first: i32,
}

/// Some tokens.
pub(super) struct Activations {
    /// Tokens in each tile. All tiles but the last few are as large as the kernels can take.
    tiles: Vec<usize>,
    /// Blocks of a token, zeros included that were added to fill the last unit of weights.
    blocks: usize,
    quants: Vec<Quants>,
    scales: Vec<BlockScale>,
}

/// The tokens of one tile, a number that the kernels know when they are compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a, const T: usize> {
    /// For each block, the bytes of each token; bit patterns of i8.
    pub(super) quants: &'a [[Quants; T]],
    pub(super) scales: &'a [[BlockScale; T]],
}

/// A tile of some size.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyTile<'a> {
    /// Index of the first token.
    pub(super) first: usize,
    pub(super) tokens: usize,
    quants: &'a [Quants],
    scales: &'a [BlockScale],
}

impl<'a> AnyTile<'a> {
    /// The same, where `T` is its size.
    pub(super) fn sized<const T: usize>(&self) -> Tile<'a, T> {
        assert_eq!(T, self.tokens, "the caller looks at the size");
        Tile { quants: self.quants.as_chunks().0, scales: self.scales.as_chunks().0 }
    }
}

impl Activations {
    /// Room for the tokens of x [tokens, columns], `blocks` blocks each, where those beyond the
    /// columns are zero. `sizes` are the tiles that the kernels can take, largest first, ending
    /// with 1.
    pub(super) fn new(tokens: usize, blocks: usize, sizes: &[usize]) -> Activations {
        let mut tiles = Vec::new();
        let mut left = tokens;
        for size in sizes {
            tiles.extend(std::iter::repeat_n(*size, left / size));
            left %= size;
        }
        assert_eq!(left, 0, "the smallest tile is one token");
        Activations {
            tiles,
            blocks,
            quants: vec![[0; BLOCK]; tokens * blocks],
            scales: vec![BlockScale::default(); tokens * blocks],
        }
    }

    /// Fills in x [tokens, columns], some tokens on each thread. `quantize` is
    /// [`quantize_block`], compiled for the CPU.
    pub(super) fn fill(
        &mut self,
        pool: &Pool,
        x: &[f32],
        columns: usize,
        quantize: impl Fn(&[f32; BLOCK], &mut Quants) -> BlockScale + Sync,
    ) {
        let blocks = self.blocks;
        let mut parts = Vec::with_capacity(self.tiles.len());
        let (mut x, mut quants, mut scales) = (x, &mut self.quants[..], &mut self.scales[..]);
        for tokens in &self.tiles {
            let (x_tile, x_rest) = x.split_at(tokens * columns);
            let (quants_tile, quants_rest) = quants.split_at_mut(tokens * blocks);
            let (scales_tile, scales_rest) = scales.split_at_mut(tokens * blocks);
            parts.push((*tokens, x_tile, quants_tile, scales_tile));
            (x, quants, scales) = (x_rest, quants_rest, scales_rest);
        }
        pool.run_each(&mut parts, |_, (tokens, x, quants, scales)| {
            for (token, x) in x.chunks_exact(columns).enumerate() {
                for (block, x) in x.as_chunks().0.iter().enumerate() {
                    let at = block * *tokens + token;
                    scales[at] = quantize(x, &mut quants[at]);
                }
            }
        });
    }

    pub(super) fn tiles(&self) -> impl Iterator<Item = AnyTile<'_>> {
        let mut first = 0;
        self.tiles.iter().map(move |tokens| {
            let range = first * self.blocks..(first + tokens) * self.blocks;
            let tile = AnyTile {
                first,
                tokens: *tokens,
                quants: &self.quants[range.clone()],
                scales: &self.scales[range],
            };
            first += tokens;
            tile
        })
    }
}

/// The bytes and the scale of 32 numbers. Plain loops that compilers turn into vectors: the
/// largest magnitude is found among the bits, which order like the numbers, and rounding is an
/// addition that pushes the fraction out of the significand (ties to even).
#[inline(always)]
pub(super) fn quantize_block(x: &[f32; BLOCK], quants: &mut Quants) -> BlockScale {
    const SIGN_OFF: u32 = 0x7fff_ffff;
    const INFINITY: u32 = 0x7f80_0000;
    /// 1.5 · 2²³: in this range, the spacing of f32 is 1.
    const ROUND: f32 = 12_582_912.0;
    let mut largest = 0;
    for x in x {
        largest = largest.max(x.to_bits() & SIGN_OFF);
    }
    if largest >= INFINITY {
        quants.fill(0);
        return BlockScale { scale: f32::NAN, scaled_sum: f32::NAN, ..BlockScale::default() };
    }
    let scale = f32::from_bits(largest) / 127.0;
    let inverse = 1.0 / scale;
    if !inverse.is_finite() {
        // All zero, or too small for 1 / scale: less than 10⁻³⁶ in magnitude.
        quants.fill(0);
        return BlockScale::default();
    }
    let mut sums = [0; 2];
    for (half, sum) in sums.iter_mut().enumerate() {
        for i in half * BLOCK / 2..(half + 1) * BLOCK / 2 {
            let byte = (x[i] * inverse + ROUND).to_bits() as u8;
            quants[i] = byte;
            *sum += i32::from(byte.cast_signed());
        }
    }
    let sum = sums[0] + sums[1];
    BlockScale { scale, scaled_sum: scale * sum as f32, minus_sum: -sum, minus_first: -sums[0] }
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
        assert_eq!((scale.minus_sum, scale.minus_first), (-sum(&bytes), -sum(&bytes[..16])));
        (bytes, scale)
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
    fn what_is_not_a_number_stays_visible() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = [1.0; BLOCK];
            x[17] = bad;
            assert!(quantize_block(&x, &mut [0; BLOCK]).scale.is_nan());
        }
    }

    #[test]
    fn tiles_cover_all_tokens_in_order() {
        let pool = Pool::new(std::num::NonZeroUsize::new(2));
        let x: Vec<f32> = (0..13 * 32).map(|i| (i / 32) as f32 + 1.0).collect();
        let mut activations = Activations::new(13, 2, &[8, 4, 2, 1]);
        activations.fill(&pool, &x, 32, quantize_block);
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
}
