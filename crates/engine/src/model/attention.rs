//! Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) with rotary positions, and
//! where an architecture has them norms of queries and keys and a sliding window.

use super::Chunk;
use super::keys::Heads;
use super::layers::{Linear, Norm};
use super::rope::Rotation;
use super::weights::Weights;
use crate::error::EngineError;
use crate::kernels::{self, Kernels, Past};

/// The attention of one block.
#[derive(Debug)]
pub(super) struct Attention {
    pub(super) heads: Heads,
    /// [heads × head width, width].
    pub(super) query: Linear,
    /// [kv heads × head width, width].
    pub(super) key: Linear,
    /// [kv heads × head width, width].
    pub(super) value: Linear,
    /// [width, heads × head width].
    pub(super) output: Linear,
    /// Of each query and of each key, `[head width]`, before they are turned.
    pub(super) norms: Option<QueryKeyNorms>,
    /// Multiplies each score.
    pub(super) scale: f32,
    /// How many positions a token sees, itself included; None for all.
    pub(super) window: Option<usize>,
    /// Which of the network's rotations applies.
    pub(super) rope: usize,
}

/// Norms of queries and keys (Henry et al. 2020, arXiv:2010.04245), each over one head.
#[derive(Debug)]
pub(super) struct QueryKeyNorms {
    query: Norm,
    key: Norm,
}

impl QueryKeyNorms {
    /// `attn_{q,k}_norm` of block `index`, both `[head width]`.
    pub(super) fn load(
        weights: &mut Weights<'_>,
        index: usize,
        head_width: usize,
        epsilon: f32,
    ) -> Result<QueryKeyNorms, EngineError> {
        let mut norm = |part: &str| {
            Norm::rms(weights, &format!("blk.{index}.attn_{part}_norm"), head_width, epsilon)
        };
        Ok(QueryKeyNorms { query: norm("q")?, key: norm("k")? })
    }
}

impl Attention {
    /// The usual attention: `attn_{q,k,v,output}` of block `index`, without biases or norms, the
    /// usual scale, over all positions.
    pub(super) fn load(
        weights: &mut Weights<'_>,
        index: usize,
        width: usize,
        heads: Heads,
    ) -> Result<Attention, EngineError> {
        let name = |part: &str| format!("blk.{index}.attn_{part}");
        let (query_width, kv_width) = (heads.query_width(), heads.kv_width());
        Ok(Attention {
            heads,
            query: Linear::load(weights, &name("q"), query_width, width)?,
            key: Linear::load(weights, &name("k"), kv_width, width)?,
            value: Linear::load(weights, &name("v"), kv_width, width)?,
            output: Linear::load(weights, &name("output"), width, query_width)?,
            norms: None,
            scale: usual_scale(heads.width),
            window: None,
            rope: 0,
        })
    }

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
        let Heads { count, kv_count, width } = self.heads;
        let projections = [&self.query, &self.key, &self.value];
        let [mut queries, mut keys, values] = Linear::apply_all(projections, kernels, x);
        if let Some(norms) = &self.norms {
            queries = norms.query.apply(&queries);
            keys = norms.key.apply(&keys);
        }
        rotation.turn(&mut queries, count, width);
        rotation.turn(&mut keys, kv_count, width);
        let sequences = remember(batch, layer, self.heads.kv_width(), &keys, &values);
        let mut mixed = vec![0.0; queries.len()];
        let attention = kernels::Attention {
            queries: &queries,
            sequences: &sequences,
            heads: count,
            kv_heads: kv_count,
            head_width: width,
            scale: self.scale,
            window: self.window,
        };
        kernels.attention(attention, &mut mixed);
        self.output.apply(kernels, &mixed)
    }
}

/// Adds keys and values, both [tokens, width], to `layer` of the caches of a batch. Returns what
/// the tokens of each chunk see there.
pub(super) fn remember<'b>(
    batch: &'b mut [Chunk<'_>],
    layer: usize,
    width: usize,
    keys: &[f32],
    values: &[f32],
) -> Vec<Past<'b>> {
    let mut start = 0;
    for chunk in &mut *batch {
        let rows = start..start + chunk.tokens.len() * width;
        chunk.cache.write(layer, &keys[rows.clone()], &values[rows.clone()]);
        start = rows.end;
    }
    batch.iter().map(|chunk| chunk.cache.past(layer, chunk.tokens.len())).collect()
}

/// The usual scale of scores, 1 / √(width of a head).
pub(super) fn usual_scale(head_width: usize) -> f32 {
    1.0 / (head_width as f32).sqrt()
}
