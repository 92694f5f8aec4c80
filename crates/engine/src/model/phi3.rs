//! Architecture `phi3` (Abdin et al. 2024, arXiv:2404.14219): Phi-3 and Phi-4, mini to medium.
//!
//! As `llama`, but queries, keys and values are rows of one matrix, gate and up of another, and
//! rotary positions turn halves. Long contexts come with divisors for each pair (LongRoPE), and
//! where the file has one there is a sliding window.

use super::Network;
use super::attention::{Attention, usual_scale};
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::feed_forward::{FeedForward, Gated};
use super::keys::Keys;
use super::layers::{Activation, Linear, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "phi3";

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    let keys = Keys::new(gguf, NAME);
    keys.refuse(&["expert_count"])?;
    let dimensions = keys.dimensions(vocabulary)?;
    let width = dimensions.width;
    let heads = keys.heads(width)?;
    let hidden = keys.size("feed_forward_length")?;
    let epsilon = keys.epsilon("attention.layer_norm_rms_epsilon")?;
    let window = keys.window()?;
    let rope = Rope::from_keys(&keys, weights, heads.width, Pairing::Halves)?;

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let name = |part: &str| format!("blk.{index}.{part}");
        let attention_norm = Norm::rms(weights, &name("attn_norm"), width, epsilon)?;
        let (queries, kv) = (heads.query_width(), heads.kv_width());
        let [query, key, value] =
            Linear::load_fused(weights, &name("attn_qkv"), [queries, kv, kv], width)?;
        let attention = Attention {
            heads,
            query,
            key,
            value,
            output: Linear::load(weights, &name("attn_output"), width, queries)?,
            norms: None,
            scale: usual_scale(heads.width),
            window,
            rope: 0,
        };
        let [gate, up] = Linear::load_fused(weights, &name("ffn_up"), [hidden, hidden], width)?;
        let down = Linear::load(weights, &name("ffn_down"), width, hidden)?;
        let feed_forward = Gated { gate, up, down, activation: Activation::Silu };
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
