//! Multi-head latent attention (DeepSeek-AI 2024, arXiv:2405.04434): keys and values of all
//! heads are linear in one short vector for each token, its latent, and only that is kept.
//!
//! A head's key is `[up_k · latent | position]`, where the position part, turned by its place, is
//! the same for all heads; its value is `up_v · latent`. Instead of expanding what is kept for
//! every head, the query is carried over: `query · (up_k · latent) = (up_kᵀ · query) · latent`,
//! and values are expanded after they were mixed. So all heads attend over the rows
//! `[latent | position]`, which serve as keys and as values.

use super::Chunk;
use super::attention::remember;
use super::layers::{Linear, Norm};
use super::rope::Rotation;
use super::weights::Weights;
use crate::error::EngineError;
use crate::kernels::{self, Kernels};
use crate::tensor::Matrix;

/// The attention of one block.
#[derive(Debug)]
pub(super) struct Latent {
    pub(super) shape: LatentShape,
    /// [heads × (plain width + turned width), width].
    pub(super) query: Linear,
    /// [latent width + turned width, width].
    pub(super) compress: Linear,
    /// `[latent width]`.
    pub(super) latent_norm: Norm,
    /// One for each head.
    pub(super) expansions: Vec<Expansion>,
    /// [width, heads × value width].
    pub(super) output: Linear,
    /// Multiplies each score.
    pub(super) scale: f32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct LatentShape {
    pub(super) heads: usize,
    /// Elements of a query without position.
    pub(super) plain_width: usize,
    /// Elements of a query and of a row with position.
    pub(super) turned_width: usize,
    pub(super) latent_width: usize,
    pub(super) value_width: usize,
}

/// What makes keys and values of one head from latents.
#[derive(Debug)]
pub(super) struct Expansion {
    key: KeyExpansion,
    /// [value width, latent width].
    value: Linear,
}

/// Files keep `up_k` in one of two ways.
#[derive(Debug)]
enum KeyExpansion {
    /// [plain width, latent width].
    AsIs(Matrix),
    /// [latent width, plain width].
    Transposed(Linear),
}

/// Sums and products saturate: numbers that are too large never fit the shape of a tensor.
impl LatentShape {
    /// Elements of a row `[latent | position]`.
    pub(super) fn row_width(&self) -> usize {
        self.latent_width.saturating_add(self.turned_width)
    }

    /// Elements of one query.
    pub(super) fn query_width(&self) -> usize {
        self.plain_width.saturating_add(self.turned_width)
    }

    /// Elements of the queries of all heads.
    pub(super) fn queries_width(&self) -> usize {
        self.heads.saturating_mul(self.query_width())
    }

    /// Elements of the values of all heads.
    pub(super) fn values_width(&self) -> usize {
        self.heads.saturating_mul(self.value_width)
    }
}

impl Expansion {
    /// Those of all heads of block `index`: `attn_kv_b`, [heads × (plain width + value width),
    /// latent width], or newer `attn_k_b`, [heads, latent width, plain width], and `attn_v_b`,
    /// [heads, value width, latent width].
    pub(super) fn load(
        weights: &mut Weights<'_>,
        index: usize,
        shape: &LatentShape,
    ) -> Result<Vec<Expansion>, EngineError> {
        let LatentShape { heads, plain_width, latent_width, value_width, .. } = *shape;
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        if !weights.contains(&name("attn_k_b")) {
            let parts = [plain_width, value_width];
            let joined = weights.repeated_parts(&name("attn_kv_b"), heads, parts, latent_width)?;
            return Ok(joined
                .into_iter()
                .map(|[key, value]| Expansion {
                    key: KeyExpansion::AsIs(key),
                    value: Linear::from_matrix(value, value_width),
                })
                .collect());
        }
        let keys = weights.matrices(&name("attn_k_b"), heads, latent_width, plain_width)?;
        let values = weights.matrices(&name("attn_v_b"), heads, value_width, latent_width)?;
        let expansions = keys.into_iter().zip(values).map(|(key, value)| Expansion {
            key: KeyExpansion::Transposed(Linear::from_matrix(key, latent_width)),
            value: Linear::from_matrix(value, value_width),
        });
        Ok(expansions.collect())
    }
}

impl Latent {
    /// For x [tokens, width], the tokens of all chunks, the same shape; appends to `layer` of
    /// their caches.
    pub(super) fn apply(
        &self,
        kernels: &Kernels,
        rotation: &Rotation,
        layer: usize,
        batch: &mut [Chunk<'_>],
        x: &[f32],
    ) -> Vec<f32> {
        let LatentShape { heads, turned_width, latent_width, value_width, .. } = self.shape;
        let row_width = self.shape.row_width();
        let [queries, compressed] = Linear::apply_all([&self.query, &self.compress], kernels, x);
        let tokens = compressed.len() / row_width;

        let (latents, mut positions) = split_rows(&compressed, row_width, latent_width);
        rotation.turn(&mut positions, 1, turned_width);
        let latents = self.latent_norm.apply(&latents);
        let rows = join_rows(&latents, latent_width, &positions, turned_width);
        let sequences = remember(batch, layer, row_width, &rows, &rows);

        let mut carried = vec![0.0; tokens * heads * row_width];
        for (h, expansion) in self.expansions.iter().enumerate() {
            let of_head = self.head_queries(kernels, rotation, expansion, h, &queries);
            place(&of_head, row_width, h, heads, &mut carried);
        }
        let mut mixed = vec![0.0; carried.len()];
        let attention = kernels::Attention {
            queries: &carried,
            sequences: &sequences,
            heads,
            kv_heads: 1,
            head_width: row_width,
            scale: self.scale,
            window: None,
        };
        kernels.attention(attention, &mut mixed);
        let mut values = vec![0.0; tokens * heads * value_width];
        for (h, expansion) in self.expansions.iter().enumerate() {
            let of_head = mixed.chunks_exact(heads * row_width);
            let of_head: Vec<f32> = of_head
                .flat_map(|token| &token[h * row_width..][..latent_width])
                .copied()
                .collect();
            let expanded = expansion.value.apply(kernels, &of_head);
            place(&expanded, value_width, h, heads, &mut values);
        }
        self.output.apply(kernels, &values)
    }

    /// The queries of head `h` carried over to rows, [tokens, row width].
    fn head_queries(
        &self,
        kernels: &Kernels,
        rotation: &Rotation,
        expansion: &Expansion,
        h: usize,
        queries: &[f32],
    ) -> Vec<f32> {
        let LatentShape { heads, plain_width, turned_width, latent_width, .. } = self.shape;
        let width = self.shape.query_width();
        let of_head: Vec<f32> = queries
            .chunks_exact(heads * width)
            .flat_map(|token| &token[h * width..][..width])
            .copied()
            .collect();
        let (plain, mut turned) = split_rows(&of_head, width, plain_width);
        rotation.turn(&mut turned, 1, turned_width);
        let carried = match &expansion.key {
            KeyExpansion::Transposed(key) => key.apply(kernels, &plain),
            KeyExpansion::AsIs(key) => transposed_times(key, &plain),
        };
        join_rows(&carried, latent_width, &turned, turned_width)
    }
}

/// `out[t, c] = Σ_r x[t, r] · matrix[r, c]` for x [tokens, rows]. Each row is dequantised once.
fn transposed_times(matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    let view = matrix.view();
    let mut out = vec![0.0; x.len() / view.rows * view.columns];
    let mut row = vec![0.0; view.columns];
    for r in 0..view.rows {
        view.kind.dequantize(view.row(r), &mut row);
        for (x, out) in x.chunks_exact(view.rows).zip(out.chunks_exact_mut(view.columns)) {
            for (out, value) in out.iter_mut().zip(&row) {
                *out += x[r] * value;
            }
        }
    }
    out
}

/// Writes what belongs to head `h` of each token, [tokens, width], to its place among `heads`.
fn place(of_head: &[f32], width: usize, h: usize, heads: usize, out: &mut [f32]) {
    for (row, out) in of_head.chunks_exact(width).zip(out.chunks_exact_mut(heads * width)) {
        out[h * width..][..width].copy_from_slice(row);
    }
}

/// Rows of `width` as their first `first` elements, and as the others.
fn split_rows(x: &[f32], width: usize, first: usize) -> (Vec<f32>, Vec<f32>) {
    let rows = x.chunks_exact(width).map(|row| row.split_at(first));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (a, b) in rows {
        left.extend_from_slice(a);
        right.extend_from_slice(b);
    }
    (left, right)
}

/// Rows of both, side by side.
fn join_rows(left: &[f32], left_width: usize, right: &[f32], right_width: usize) -> Vec<f32> {
    let pairs = left.chunks_exact(left_width).zip(right.chunks_exact(right_width));
    pairs.flat_map(|(left, right)| left.iter().chain(right)).copied().collect()
}
