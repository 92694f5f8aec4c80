//! Architecture `starcoder2` (Lozhkov et al. 2024, arXiv:2402.19173).
//!
//! Norms that centre, biases everywhere, a plain feed-forward net with GELU, rotary positions on
//! halves. A sliding window where the file has one.

use super::Network;
use super::attention::{Attention, usual_scale};
use super::decoder::{Block, Decoder, Ends, Mixer};
use super::feed_forward::{FeedForward, Plain};
use super::keys::Keys;
use super::layers::{Activation, Linear, Norm};
use super::rope::{Pairing, Rope};
use super::weights::Weights;
use crate::error::EngineError;
use crate::gguf::Gguf;

pub(super) const NAME: &str = "starcoder2";

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
    let epsilon = keys.epsilon("attention.layer_norm_epsilon")?;
    let window = keys.window()?;
    let rope = Rope::from_keys(&keys, weights, heads.width, Pairing::Halves)?;

    let mut blocks = Vec::new();
    for index in 0..dimensions.blocks {
        let name = |part: &str| format!("blk.{index}.{part}");
        let attention_norm = Norm::layer(weights, &name("attn_norm"), width, epsilon)?;
        let (queries, kv) = (heads.query_width(), heads.kv_width());
        let attention = Attention {
            heads,
            query: Linear::load_biased(weights, &name("attn_q"), queries, width)?,
            key: Linear::load_biased(weights, &name("attn_k"), kv, width)?,
            value: Linear::load_biased(weights, &name("attn_v"), kv, width)?,
            output: Linear::load_biased(weights, &name("attn_output"), width, queries)?,
            norms: None,
            scale: usual_scale(heads.width),
            window,
            rope: 0,
        };
        let feed_forward = Plain {
            up: Linear::load_biased(weights, &name("ffn_up"), hidden, width)?,
            down: Linear::load_biased(weights, &name("ffn_down"), width, hidden)?,
            activation: Activation::GeluTanh,
        };
        blocks.push(Block::new(
            attention_norm,
            Mixer::Attention(attention),
            Norm::layer(weights, &name("ffn_norm"), width, epsilon)?,
            FeedForward::Plain(feed_forward),
        ));
    }
    let output_norm = Norm::layer(weights, "output_norm", width, epsilon)?;
    let ends = Ends::load(weights, vocabulary, width, output_norm)?;
    let network = Decoder::new(dimensions, heads.kv_width(), rope, ends, blocks);
    weights.finish(NAME, &[])?;
    Ok(Box::new(network))
}
