//! Architecture `llama` (Touvron et al. 2023, arXiv:2302.13971): Llama 1 to 3, SmolLM, the
//! built-in model and many others.
//!
//! Root mean square norms, rotary positions on adjacent pairs, grouped-query attention, SwiGLU,
//! no biases. The output matrix may be the embedding.

use super::Network;
use super::attention::Attention;
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::feed_forward::{FeedForward, Gated};
use super::keys::Keys;
use super::layers::{Activation, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "llama";

/// Inverse frequencies that old converters wrote and that follow from the metadata.
const REDUNDANT: &[&str] = &[".attn_rot_embd.weight", ".attention.rotary_emb.inv_freq"];

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
    let rope = Rope::from_keys(&keys, weights, heads.width, Pairing::Adjacent)?;

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let name = |part: &str| format!("blk.{index}.{part}");
        let attention_norm = Norm::rms(weights, &name("attn_norm"), width, epsilon)?;
        let attention = Attention::load(weights, index, width, heads)?;
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
    weights.finish(NAME, REDUNDANT)?;
    Ok(Box::new(network))
}
