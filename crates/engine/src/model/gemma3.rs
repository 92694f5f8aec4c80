//! Architecture `gemma3` (Gemma Team 2025, arXiv:2503.19786), text only.
//!
//! Norms before and after both halves of a block, and of each query and key; GELU as the gate;
//! embeddings times √width; five blocks with a sliding window and a fast rotation for each that
//! sees everything. Files hold norms' gains as they are applied (the published weights lack 1).

use super::Network;
use super::attention::{Attention, QueryKeyNorms, usual_scale};
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::feed_forward::{FeedForward, Gated};
use super::keys::{Dimensions, Heads, Keys};
use super::layers::{Activation, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "gemma3";

/// One block in so many sees all positions, the last.
const PERIOD: usize = 6;
/// Base of the rotation of blocks with a sliding window.
const LOCAL_BASE: f32 = 10_000.0;
/// Indices of the two rotations.
const EVERYWHERE: usize = 0;
const NEARBY: usize = 1;
/// Blocks of the one published model, 27B, whose scores are scaled by the width of the model
/// over its heads instead of the width of a head.
const BLOCKS_OF_27B: usize = 62;

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    let keys = Keys::new(gguf, NAME);
    let dimensions = keys.dimensions(vocabulary)?;
    let width = dimensions.width;
    let heads = keys.heads(width)?;
    let hidden = keys.size("feed_forward_length")?;
    let epsilon = keys.epsilon("attention.layer_norm_rms_epsilon")?;
    let window = keys.size("attention.sliding_window")?;
    let period = keys.optional_size("attention.sliding_window_pattern")?.unwrap_or(PERIOD);
    let scale = score_scale(&keys, dimensions, heads)?;
    let everywhere = Rope::from_keys(&keys, weights, heads.width, Pairing::Halves)?;
    let local_base = keys.optional_positive("rope.freq_base_swa")?.unwrap_or(LOCAL_BASE);
    let nearby = Rope::plain(local_base, heads.width, Pairing::Halves);

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let mut norm =
            |part: &str| Norm::rms(weights, &format!("blk.{index}.{part}"), width, epsilon);
        let (attention_norm, attention_after) = (norm("attn_norm")?, norm("post_attention_norm")?);
        let (feed_forward_norm, feed_forward_after) = (norm("ffn_norm")?, norm("post_ffw_norm")?);
        let is_local = !(index + 1).is_multiple_of(period);
        let attention = Attention {
            norms: Some(QueryKeyNorms::load(weights, index, heads.width, epsilon)?),
            scale,
            window: is_local.then_some(window),
            rope: if is_local { NEARBY } else { EVERYWHERE },
            ..Attention::load(weights, index, width, heads)?
        };
        let feed_forward = Gated::load(weights, index, "", [width, hidden], Activation::GeluTanh)?;
        blocks.push(Block {
            attention_norm,
            attention: Mixer::Attention(attention),
            attention_after: Some(attention_after),
            feed_forward_norm,
            feed_forward: FeedForward::Gated(feed_forward),
            feed_forward_after: Some(feed_forward_after),
        });
    }
    let output_norm = Norm::rms(weights, "output_norm", width, epsilon)?;
    let network = Decoder {
        dimensions,
        cache_width: heads.kv_width(),
        ropes: vec![everywhere, nearby],
        ends: Ends::load(weights, vocabulary, width, output_norm)?,
        embedding_scale: (width as f32).sqrt(),
        blocks,
        logit_cap: keys.optional_positive("final_logit_softcapping")?,
    };
    weights.finish(NAME, &[])?;
    Ok(Box::new(network))
}

/// What multiplies scores: 1 / √(width of a head), but for one model.
fn score_scale(keys: &Keys<'_>, dimensions: Dimensions, heads: Heads) -> Result<f32, EngineError> {
    if let Some(scale) = keys.optional_positive("attention.scale")? {
        return Ok(scale);
    }
    Ok(usual_scale(match dimensions.blocks {
        BLOCKS_OF_27B => dimensions.width / heads.count,
        _ => heads.width,
    }))
}
