//! Architecture `qwen3` (Qwen Team 2025, arXiv:2505.09388), the dense models.
//!
//! As `llama`, but each query and each key is brought to a common size before it is turned, the
//! width of a head is a number of its own, and rotary positions turn halves.

use super::Network;
use super::attention::{Attention, QueryKeyNorms};
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::feed_forward::{FeedForward, Gated};
use super::keys::Keys;
use super::layers::{Activation, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "qwen3";

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    let keys = Keys::new(gguf, NAME);
    keys.refuse(&["expert_count", "attention.sliding_window"])?;
    let dimensions = keys.dimensions(vocabulary)?;
    let width = dimensions.width;
    let heads = keys.heads(width)?;
    let hidden = keys.size("feed_forward_length")?;
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
        let feed_forward = Gated::load(weights, index, "", [width, hidden], Activation::Silu)?;
        blocks.push(Block::new(
            attention_norm,
            Mixer::Attention(attention),
            Norm::rms(weights, &name("ffn_norm"), width, epsilon)?,
            FeedForward::Gated(feed_forward),
        ));
    }
    let output_norm = Norm::rms(weights, "output_norm", width, epsilon)?;
    let ends = Ends::load(weights, vocabulary, width, output_norm)?;
    let network = Decoder::new(dimensions, heads.kv_width(), rope, ends, blocks);
    weights.finish(NAME, &[])?;
    Ok(Box::new(network))
}
