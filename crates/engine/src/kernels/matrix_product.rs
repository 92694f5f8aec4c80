//! Matrix products on several threads: who computes which rows, and where the results go.

use std::ops::Range;

use super::activations::{Activations, AnyTile, Grain, Quantize};
use super::packed::{Quantized, ROWS};
use super::pool::{Disjoint, Pool};
use crate::tensor::MatrixView;

/// How often each thread comes back for more, about: enough to even out what slows one down.
const PARTS_PER_THREAD: usize = 8;
/// The least multiplications of a part: some microseconds of work.
const PART_PRODUCTS_MIN: usize = 1 << 17;

/// Integer products of a group of 16 rows with a tile of tokens.
pub(super) trait IntegerPath: Quantize {
    /// Tokens of a tile, largest first, ending with 1.
    const TILES: &'static [usize];

    /// Hands the products of 16 rows with each token of the tile to `put`: (token, rows).
    fn group_times_tile(
        self,
        kind: Quantized,
        group: &[u8],
        tile: AnyTile<'_>,
        put: impl FnMut(usize, &[f32; ROWS]),
    );
}

/// Products of rows of floats.
pub(super) trait FloatPath: Copy + Sync {
    /// Hands the products of some rows of floats with x [tokens, columns] to `put`: (token, first
    /// row, products of some rows from it on).
    fn rows_times_tokens(
        self,
        weights: MatrixView<'_>,
        rows: Range<usize>,
        x: &[f32],
        put: impl FnMut(usize, usize, &[f32]),
    );
}

/// A product, cut into parts by rows.
struct Product<'a> {
    weights: MatrixView<'a>,
    kind: Option<Quantized>,
    /// [tokens, rows]
    out: Disjoint<'a, f32>,
    /// Groups of 16 rows in each part but the last.
    part_groups: usize,
    parts: usize,
}

/// See [`super::Kernels::matmuls`].
pub(super) fn run(
    pool: &Pool,
    integers: impl IntegerPath,
    floats: impl FloatPath,
    x: &[f32],
    products: &mut [(MatrixView<'_>, &mut [f32])],
) {
    let products: Vec<Product<'_>> = products
        .iter_mut()
        .map(|(weights, out)| Product::new(pool, *weights, x.len() / weights.columns, out))
        .collect();
    let quantized = |grain| quantize(pool, integers, grain, x, &products);
    let (blocks, super_blocks) = (quantized(Grain::Block), quantized(Grain::SuperBlock));
    let parts = products.iter().map(|product| product.parts).sum();
    pool.run(parts, &|mut part| {
        for product in &products {
            if part < product.parts {
                let Some(kind) = product.kind else { return product.float_part(floats, x, part) };
                let activations = match kind.grain() {
                    Grain::Block => &blocks,
                    Grain::SuperBlock => &super_blocks,
                };
                let activations = activations.as_ref().expect("made for all kinds of products");
                return product.integer_part(integers, kind, activations, part);
            }
            part -= product.parts;
        }
    });
}

/// The activations as bytes, if a product needs them with scales for so many columns.
fn quantize<P: IntegerPath>(
    pool: &Pool,
    path: P,
    grain: Grain,
    x: &[f32],
    products: &[Product<'_>],
) -> Option<Activations> {
    let kinds = products.iter().filter_map(|product| product.kind);
    let kind = kinds.into_iter().find(|kind| kind.grain() == grain)?;
    // All have the same columns, and units of one grain are equally long.
    let columns = products[0].weights.columns;
    Some(Activations::new(pool, path, grain, [kind.blocks(columns), columns], P::TILES, x))
}

impl<'a> Product<'a> {
    fn new(pool: &Pool, weights: MatrixView<'a>, tokens: usize, out: &'a mut [f32]) -> Product<'a> {
        let groups = weights.rows.div_ceil(ROWS);
        let least = PART_PRODUCTS_MIN.div_ceil(ROWS * weights.columns * tokens.max(1));
        let part_groups = groups.div_ceil(PARTS_PER_THREAD * pool.threads()).max(least);
        Product {
            weights,
            kind: Quantized::from_type(weights.kind),
            out: Disjoint::new(out),
            part_groups,
            parts: groups.div_ceil(part_groups),
        }
    }

    fn integer_part(
        &self,
        path: impl IntegerPath,
        kind: Quantized,
        activations: &Activations,
        part: usize,
    ) {
        let weights = self.weights;
        let mut unpacked = Vec::new();
        let groups = weights.rows.div_ceil(ROWS);
        let first = part * self.part_groups;
        for index in first..groups.min(first + self.part_groups) {
            let rows = ROWS.min(weights.rows - index * ROWS);
            let group = match weights.packed {
                Some(packed) => packed.group(index),
                None => {
                    unpacked.clear();
                    unpacked.resize(kind.group_bytes(weights.columns), 0);
                    kind.pack_group(weights, index * ROWS, &mut unpacked);
                    &unpacked
                }
            };
            for tile in activations.tiles() {
                path.group_times_tile(kind, group, tile, |token, products| {
                    self.put(tile.first + token, index * ROWS, &products[..rows]);
                });
            }
        }
    }

    fn float_part(&self, path: impl FloatPath, x: &[f32], part: usize) {
        let first = part * self.part_groups * ROWS;
        let end = self.weights.rows.min(first + self.part_groups * ROWS);
        path.rows_times_tokens(self.weights, first..end, x, |token, row, products| {
            self.put(token, row, products);
        });
    }

    /// Writes products of one token. Rows belong to one part, and a part to one thread.
    #[inline(always)]
    fn put(&self, token: usize, row: usize, products: &[f32]) {
        let at = token * self.weights.rows + row;
        // SAFETY: a part writes only its own rows, each of them once, and the slice does not
        // outlive this line; so no two overlap.
        let out = unsafe { self.out.slice(at, products.len()) };
        // All groups but the last are of a length that is known when compiled.
        match (out.as_chunks_mut::<ROWS>().0, products.as_chunks::<ROWS>().0) {
            ([out], [products]) => *out = *products,
            _ => out.copy_from_slice(products),
        }
    }
}
