//! Architecture `deepseek2` (DeepSeek-AI 2024, arXiv:2405.04434) without low-rank queries and
//! with softmax routing: DeepSeek-V2-Lite, DeepSeek-Coder-V2-Lite.
//!
//! Latent attention; a few dense blocks, then choices of experts beside shared ones. With YaRN,
//! scores are scaled up for the longer context and what is turned keeps its size.

use super::Network;
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::experts::{Experts, Routing};
use super::feed_forward::{FeedForward, Gated};
use super::keys::Keys;
use super::latent::{Expansion, Latent, LatentShape};
use super::layers::{Activation, Linear, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "deepseek2";

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    let keys = Keys::new(gguf, NAME);
    refuse_variants(&keys)?;
    let dimensions = keys.dimensions(vocabulary)?;
    let width = dimensions.width;
    let shape = latent_shape(&keys)?;
    let feed_forwards = FeedForwards::from_keys(&keys, width)?;
    let epsilon = keys.epsilon("attention.layer_norm_rms_epsilon")?;
    let rope = Rope::from_keys(&keys, weights, shape.turned_width, Pairing::Adjacent)?;
    let scale = score_scale(&keys, &shape)?;

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let name = |part: &str| format!("blk.{index}.{part}");
        let attention_norm = Norm::rms(weights, &name("attn_norm"), width, epsilon)?;
        let rank = shape.latent_width;
        let latent = Latent {
            shape,
            query: Linear::load(weights, &name("attn_q"), shape.queries_width(), width)?,
            compress: Linear::load(weights, &name("attn_kv_a_mqa"), shape.row_width(), width)?,
            latent_norm: Norm::rms(weights, &name("attn_kv_a_norm"), rank, epsilon)?,
            expansions: Expansion::load(weights, index, &shape)?,
            output: Linear::load(weights, &name("attn_output"), width, shape.values_width())?,
            scale,
        };
        blocks.push(Block::new(
            attention_norm,
            Mixer::Latent(latent),
            Norm::rms(weights, &name("ffn_norm"), width, epsilon)?,
            feed_forwards.load(weights, index)?,
        ));
    }
    let output_norm = Norm::rms(weights, "output_norm", width, epsilon)?;
    let ends = Ends::load(weights, vocabulary, width, output_norm)?;
    let rope = rope.with_magnitude(1.0);
    let network = Decoder::new(dimensions, shape.row_width(), rope, ends, blocks);
    weights.finish(NAME, &[])?;
    Ok(Box::new(network))
}

/// Variants that share the name and compute something else.
fn refuse_variants(keys: &Keys<'_>) -> Result<(), EngineError> {
    keys.refuse(&["attention.q_lora_rank"])?;
    for (name, most) in [("expert_gating_func", 1), ("expert_group_count", 1)] {
        if let Some(number) = keys.optional_count(name)?
            && number > most
        {
            return Err(keys.unsupported(name, &number.to_string()));
        }
    }
    Ok(())
}

/// Newer files count rows `[latent | position]` as keys, and name the widths of what they stand
/// for by keys of their own.
fn latent_shape(keys: &Keys<'_>) -> Result<LatentShape, EngineError> {
    let size = |newer: &str, older: &str| match keys.optional_size(newer)? {
        Some(size) => Ok(size),
        None => keys.size(older),
    };
    let query_width = size("attention.key_length_mla", "attention.key_length")?;
    let turned_width = keys.size("rope.dimension_count")?;
    let Some(plain_width @ 1..) = query_width.checked_sub(turned_width) else {
        let why = format!("{turned_width} leaves nothing of a key of {query_width}");
        return Err(keys.invalid("rope.dimension_count", why));
    };
    let shape = LatentShape {
        heads: keys.size("attention.head_count")?,
        plain_width,
        turned_width,
        latent_width: keys.size("attention.kv_lora_rank")?,
        value_width: size("attention.value_length_mla", "attention.value_length")?,
    };
    Ok(shape)
}

/// What multiplies scores: 1 / √(width of a query), times the square of what YaRN adds.
fn score_scale(keys: &Keys<'_>, shape: &LatentShape) -> Result<f32, EngineError> {
    // A tenth of `mscale_all_dim` of the published configurations.
    let growth = keys.optional_float("rope.scaling.yarn_log_multiplier")?.unwrap_or(0.0);
    let factor = keys.optional_positive("rope.scaling.factor")?.unwrap_or(1.0);
    let scale = 1.0 + growth * factor.max(1.0).ln();
    Ok(scale * scale / (shape.query_width() as f32).sqrt())
}

/// The feed-forward halves: dense ones first, then experts.
struct FeedForwards {
    width: usize,
    /// Blocks without experts.
    dense_blocks: usize,
    dense_hidden: usize,
    expert_hidden: usize,
    /// The hidden width of the shared experts together.
    shared_hidden: Option<usize>,
    routing: Routing,
}

impl FeedForwards {
    fn from_keys(keys: &Keys<'_>, width: usize) -> Result<FeedForwards, EngineError> {
        let (count, used) = keys.experts()?;
        let expert_hidden = keys.size("expert_feed_forward_length")?;
        let shared = keys.optional_count("expert_shared_count")?.unwrap_or(0);
        Ok(FeedForwards {
            width,
            dense_blocks: keys.optional_count("leading_dense_block_count")?.unwrap_or(0),
            dense_hidden: keys.size("feed_forward_length")?,
            expert_hidden,
            shared_hidden: (shared > 0).then(|| expert_hidden.saturating_mul(shared)),
            routing: Routing {
                count,
                used,
                normalise: keys.optional_bool("expert_weights_norm")?.unwrap_or(false),
                scale: keys.optional_float("expert_weights_scale")?.unwrap_or(1.0),
            },
        })
    }

    fn load(&self, weights: &mut Weights<'_>, index: usize) -> Result<FeedForward, EngineError> {
        if index < self.dense_blocks {
            let widths = [self.width, self.dense_hidden];
            let dense = Gated::load(weights, index, "", widths, Activation::Silu)?;
            return Ok(FeedForward::Gated(dense));
        }
        let widths = [self.width, self.expert_hidden];
        let experts = Experts::load(weights, index, widths, self.routing, self.shared_hidden)?;
        Ok(FeedForward::Experts(experts))
    }
}
