//! Architecture `qwen3moe` (Qwen Team 2025, arXiv:2505.09388): Qwen3 and Qwen3-Coder with a
//! mixture of experts, as 30B-A3B.
//!
//! As `qwen3`, but the feed-forward half of each block is a choice of experts. The weights of
//! those that are chosen sum to 1.

use super::Network;
use super::attention::{Attention, QueryKeyNorms};
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::experts::{Experts, Routing};
use super::feed_forward::FeedForward;
use super::keys::Keys;
use super::layers::Norm;
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "qwen3moe";

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    let keys = Keys::new(gguf, NAME);
    keys.refuse(&["expert_shared_count", "attention.sliding_window"])?;
    let dimensions = keys.dimensions(vocabulary)?;
    let width = dimensions.width;
    let heads = keys.heads(width)?;
    let hidden = keys.size("expert_feed_forward_length")?;
    let (count, used) = keys.experts()?;
    let normalise = keys.optional_bool("expert_weights_norm")?.unwrap_or(true);
    let scale = keys.optional_float("expert_weights_scale")?.unwrap_or(1.0);
    let routing = Routing { count, used, normalise, scale };
    let epsilon = keys.epsilon("attention.layer_norm_rms_epsilon")?;
    let rope = Rope::from_keys(&keys, weights, heads.width, Pairing::Halves)?;

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let name = |part: &str| format!("blk.{index}.{part}");
        let attention_norm = Norm::rms(weights, &name("attn_norm"), width, epsilon)?;
        let attention = Attention {
            norms: Some(QueryKeyNorms::load(weights, index, heads.width, epsilon)?),
            ..Attention::load(weights, index, width, heads)?
        };
        let feed_forward = Experts::load(weights, index, [width, hidden], routing, None)?;
        blocks.push(Block::new(
            attention_norm,
            Mixer::Attention(attention),
            Norm::rms(weights, &name("ffn_norm"), width, epsilon)?,
            FeedForward::Experts(feed_forward),
        ));
    }
    let output_norm = Norm::rms(weights, "output_norm", width, epsilon)?;
    let ends = Ends::load(weights, vocabulary, width, output_norm)?;
    let network = Decoder::new(dimensions, heads.kv_width(), rope, ends, blocks);
    weights.finish(NAME, &[])?;
    Ok(Box::new(network))
}
