//! What all architectures here share: a stack of blocks, each of attention and feed-forward with
//! norms around them. An architecture's file describes its blocks; this file runs them.
//!
//! Each block: x += after(attention(norm(x))); x += after(feed-forward(norm(x))), where most
//! have no norm after.

use super::attention::Attention;
use super::feed_forward::FeedForward;
use super::keys::Dimensions;
use super::latent::Latent;
use super::layers::Norm;
use super::rope::{Rope, Rotation};
use super::weights::Weights;
use super::{Chunk, Network, NetworkShape};
use crate::error::EngineError;
use crate::kernels::{Kernels, add};
use crate::tensor::Matrix;

/// A network that predicts the next token.
#[derive(Debug)]
pub(super) struct Decoder {
    pub(super) dimensions: Dimensions,
    /// Elements of a key, and of a value, of one token in one layer.
    pub(super) cache_width: usize,
    /// Rotations that blocks refer to by index.
    pub(super) ropes: Vec<Rope>,
    pub(super) ends: Ends,
    /// Multiplies the embedding of each token.
    pub(super) embedding_scale: f32,
    pub(super) blocks: Vec<Block>,
    /// Logits are kept within ± this by `cap · tanh(logit / cap)`.
    pub(super) logit_cap: Option<f32>,
}

/// What comes before the first block and after the last.
#[derive(Debug)]
pub(super) struct Ends {
    /// [vocabulary, width].
    embedding: Matrix,
    output_norm: Norm,
    /// [vocabulary, width]; none where the embedding serves.
    output: Option<Matrix>,
}

#[derive(Debug)]
pub(super) struct Block {
    pub(super) attention_norm: Norm,
    pub(super) attention: Mixer,
    pub(super) attention_after: Option<Norm>,
    pub(super) feed_forward_norm: Norm,
    pub(super) feed_forward: FeedForward,
    pub(super) feed_forward_after: Option<Norm>,
}

/// The part of a block through which tokens see each other.
#[derive(Debug)]
pub(super) enum Mixer {
    Attention(Attention),
    Latent(Latent),
}

impl Ends {
    /// `token_embd`, and where it has one of its own, `output`.
    pub(super) fn load(
        weights: &mut Weights<'_>,
        vocabulary: usize,
        width: usize,
        output_norm: Norm,
    ) -> Result<Ends, EngineError> {
        Ok(Ends {
            embedding: weights.matrix("token_embd.weight", vocabulary, width)?,
            output_norm,
            output: weights.optional_matrix("output.weight", vocabulary, width)?,
        })
    }
}

impl Decoder {
    /// The usual network: one rotation, embeddings and logits as they are.
    pub(super) fn new(
        dimensions: Dimensions,
        cache_width: usize,
        rope: Rope,
        ends: Ends,
        blocks: Vec<Block>,
    ) -> Decoder {
        let ropes = vec![rope];
        let (embedding_scale, logit_cap) = (1.0, None);
        Decoder { dimensions, cache_width, ropes, ends, embedding_scale, blocks, logit_cap }
    }
}

impl Block {
    /// The usual block: norms before, none after.
    pub(super) fn new(
        attention_norm: Norm,
        attention: Mixer,
        feed_forward_norm: Norm,
        feed_forward: FeedForward,
    ) -> Block {
        let (attention_after, feed_forward_after) = (None, None);
        Block {
            attention_norm,
            attention,
            attention_after,
            feed_forward_norm,
            feed_forward,
            feed_forward_after,
        }
    }
}

impl Network for Decoder {
    fn shape(&self) -> NetworkShape {
        NetworkShape {
            layers: self.dimensions.blocks,
            cache_width: self.cache_width,
            context_length: self.dimensions.context_length,
        }
    }

    fn forward(&self, kernels: &Kernels, batch: &mut [Chunk<'_>], logits: &mut [f32]) {
        let mut x = self.embed(batch);
        let mut positions = Vec::new();
        let mut positions_max = 0;
        for chunk in &mut *batch {
            chunk.cache.reserve(chunk.tokens.len());
            let start = chunk.cache.length();
            positions.extend(start..start + chunk.tokens.len());
            positions_max = chunk.cache.positions_max();
        }
        let turn = |rope: &Rope| rope.rotation(&positions, positions_max);
        let rotations: Vec<Rotation> = self.ropes.iter().map(turn).collect();
        for (layer, block) in self.blocks.iter().enumerate() {
            block.apply(kernels, &rotations, layer, batch, &mut x);
        }
        for chunk in &mut *batch {
            chunk.cache.advance(chunk.tokens.len());
        }
        if !logits.is_empty() {
            self.predict(kernels, &self.wanted_rows(batch, &x), logits);
        }
    }
}

impl Decoder {
    /// The states of those tokens whose logits are wanted, of x [tokens, width].
    fn wanted_rows(&self, batch: &[Chunk<'_>], x: &[f32]) -> Vec<f32> {
        let width = self.dimensions.width;
        let mut wanted = Vec::new();
        let mut end = 0;
        for chunk in batch {
            end += chunk.tokens.len();
            wanted.extend_from_slice(&x[(end - chunk.rows) * width..end * width]);
        }
        wanted
    }

    /// The logits [rows, vocabulary] for states [rows, width] after the last block.
    fn predict(&self, kernels: &Kernels, x: &[f32], logits: &mut [f32]) {
        let output = self.ends.output.as_ref().unwrap_or(&self.ends.embedding).view();
        kernels.matmul(output, &self.ends.output_norm.apply(x), logits);
        if let Some(cap) = self.logit_cap {
            for logit in logits {
                *logit = cap * (*logit / cap).tanh();
            }
        }
    }

    /// The state of each token before the first block, [tokens, width].
    fn embed(&self, batch: &[Chunk<'_>]) -> Vec<f32> {
        let width = self.dimensions.width;
        let tokens: Vec<u32> = batch.iter().flat_map(|chunk| chunk.tokens).copied().collect();
        let mut x = vec![0.0; tokens.len() * width];
        let embedding = self.ends.embedding.view();
        for (token, x) in tokens.iter().zip(x.chunks_exact_mut(width)) {
            embedding.kind.dequantize(embedding.row(*token as usize), x);
        }
        if self.embedding_scale != 1.0 {
            x.iter_mut().for_each(|x| *x *= self.embedding_scale);
        }
        x
    }
}

impl Block {
    /// In place on x [tokens, width], the tokens of all chunks.
    fn apply(
        &self,
        kernels: &Kernels,
        rotations: &[Rotation],
        layer: usize,
        batch: &mut [Chunk<'_>],
        x: &mut [f32],
    ) {
        let normed = self.attention_norm.apply(x);
        let mixed = match &self.attention {
            Mixer::Attention(attention) => {
                attention.apply(kernels, &rotations[attention.rope], layer, batch, &normed)
            }
            Mixer::Latent(latent) => latent.apply(kernels, &rotations[0], layer, batch, &normed),
        };
        add(x, &after(self.attention_after.as_ref(), mixed));
        let normed = self.feed_forward_norm.apply(x);
        let given = self.feed_forward.apply(kernels, &normed);
        add(x, &after(self.feed_forward_after.as_ref(), given));
    }
}

fn after(norm: Option<&Norm>, x: Vec<f32>) -> Vec<f32> {
    match norm {
        Some(norm) => norm.apply(&x),
        None => x,
    }
}
