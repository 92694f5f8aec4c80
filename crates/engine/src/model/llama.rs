//! Architecture `llama` (Touvron et al. 2023, arXiv:2302.13971): Llama 1 to 3, SmolLM, the
//! built-in model and many others.
//!
//! Each block: x += attention(norm(x)); x += feed-forward(norm(x)). Root mean square norms,
//! rotary positions on adjacent pairs, grouped-query attention (Ainslie et al. 2023,
//! arXiv:2305.13245), SwiGLU, no biases. The output matrix may be the embedding.

use super::rope::{Rope, Rotation};
use super::weights::Weights;
use super::{Network, NetworkShape};
use crate::cache::KvCache;
use crate::error::EngineError;
use crate::gguf::{Gguf, invalid};
use crate::kernels::{Head, Kernels, add, rms_norm, swiglu};
use crate::tensor::Matrix;

pub(super) const NAME: &str = "llama";

/// Inverse frequencies that old converters wrote and that follow from the metadata.
const REDUNDANT: &[&str] = &[".attn_rot_embd.weight", ".attention.rotary_emb.inv_freq"];

#[derive(Debug)]
struct Llama {
    shape: Shape,
    /// Added to the mean square in norms.
    epsilon: f32,
    rope: Rope,
    /// [vocabulary, width].
    embedding: Matrix,
    blocks: Vec<Block>,
    /// `[width]`.
    output_norm: Vec<f32>,
    /// [vocabulary, width]; none where the embedding serves.
    output: Option<Matrix>,
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    context_length: usize,
    /// Elements of a token's state.
    width: usize,
    heads: usize,
    /// Heads of keys and values; divides `heads`.
    kv_heads: usize,
    head_width: usize,
    /// Elements between the feed-forward matrices.
    hidden_width: usize,
    blocks: usize,
}

#[derive(Debug)]
struct Block {
    /// `[width]`.
    attention_norm: Vec<f32>,
    /// [heads × head width, width].
    query: Matrix,
    /// [kv heads × head width, width].
    key: Matrix,
    /// [kv heads × head width, width].
    value: Matrix,
    /// [width, heads × head width].
    attention_output: Matrix,
    /// `[width]`.
    feed_forward_norm: Vec<f32>,
    /// [hidden width, width].
    gate: Matrix,
    /// [hidden width, width].
    up: Matrix,
    /// [width, hidden width].
    down: Matrix,
}

/// Builds the network from a file.
pub(super) fn load(
    gguf: &Gguf<'_>,
    weights: &mut Weights<'_>,
    vocabulary: usize,
) -> Result<Box<dyn Network>, EngineError> {
    refuse_variants(gguf)?;
    let shape = Shape::from_gguf(gguf, vocabulary)?;
    let epsilon_key = "llama.attention.layer_norm_rms_epsilon";
    let epsilon = gguf.optional_float(epsilon_key)?;
    let epsilon = epsilon.ok_or_else(|| crate::gguf::missing(epsilon_key))?;
    if !(0.0..1.0).contains(&epsilon) {
        return Err(invalid(epsilon_key, format!("{epsilon} is not in 0 to 1")));
    }
    let rope = Rope::from_gguf(gguf, NAME, shape.head_width, |pairs| {
        weights.optional_vector("rope_freqs.weight", pairs)
    })?;
    let mut blocks = Vec::new();
    for index in 0..shape.blocks {
        blocks.push(Block::load(weights, index, &shape)?);
    }
    let network = Llama {
        embedding: weights.matrix("token_embd.weight", vocabulary, shape.width)?,
        output_norm: weights.vector("output_norm.weight", shape.width)?,
        output: weights.optional_matrix("output.weight", vocabulary, shape.width)?,
        shape,
        epsilon,
        rope,
        blocks,
    };
    weights.finish(NAME, REDUNDANT)?;
    Ok(Box::new(network))
}

/// Variants that share the name and compute something else.
fn refuse_variants(gguf: &Gguf<'_>) -> Result<(), EngineError> {
    for key in ["llama.expert_count", "llama.attention.sliding_window"] {
        if let Some(count) = gguf.optional_count(key)?
            && count > 0
        {
            return Err(EngineError::UnsupportedFeature { what: format!("{key} = {count}") });
        }
    }
    Ok(())
}

impl Shape {
    fn from_gguf(gguf: &Gguf<'_>, vocabulary: usize) -> Result<Shape, EngineError> {
        let size = |name: &str| gguf.size(&format!("llama.{name}"));
        let width = size("embedding_length")?;
        let heads = size("attention.head_count")?;
        let kv_key = "llama.attention.head_count_kv";
        let kv_heads = gguf.optional_size(kv_key)?.unwrap_or(heads);
        if !heads.is_multiple_of(kv_heads) {
            let why = format!("{kv_heads} does not divide the {heads} attention heads");
            return Err(invalid(kv_key, why));
        }
        let head_width = head_width(gguf, width, heads)?;
        if let Some(count) = gguf.optional_size("llama.vocab_size")?
            && count != vocabulary
        {
            let why = format!("{count}, but the tokenizer has {vocabulary} tokens");
            return Err(invalid("llama.vocab_size", why));
        }
        Ok(Shape {
            context_length: size("context_length")?,
            width,
            heads,
            kv_heads,
            head_width,
            hidden_width: size("feed_forward_length")?,
            blocks: size("block_count")?,
        })
    }

    fn query_width(&self) -> usize {
        self.heads * self.head_width
    }

    fn kv_width(&self) -> usize {
        self.kv_heads * self.head_width
    }
}

/// The width of a head: its own key, or the model's width over the heads.
fn head_width(gguf: &Gguf<'_>, width: usize, heads: usize) -> Result<usize, EngineError> {
    let key = "llama.attention.key_length";
    let head_width = match gguf.optional_size(key)? {
        Some(head_width) => head_width,
        None if width.is_multiple_of(heads) => width / heads,
        None => {
            let why = format!("{heads} heads do not divide the width {width}");
            return Err(invalid("llama.attention.head_count", why));
        }
    };
    let value_key = "llama.attention.value_length";
    if gguf.optional_size(value_key)?.is_some_and(|value| value != head_width) {
        let what = format!("{value_key} other than {key}");
        return Err(EngineError::UnsupportedFeature { what });
    }
    if heads.checked_mul(head_width).is_none() {
        return Err(invalid(key, format!("{head_width} × {heads} heads is too large")));
    }
    Ok(head_width)
}

impl Block {
    fn load(weights: &mut Weights<'_>, index: usize, shape: &Shape) -> Result<Block, EngineError> {
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        let (width, hidden) = (shape.width, shape.hidden_width);
        let (query, kv) = (shape.query_width(), shape.kv_width());
        Ok(Block {
            attention_norm: weights.vector(&name("attn_norm"), width)?,
            query: weights.matrix(&name("attn_q"), query, width)?,
            key: weights.matrix(&name("attn_k"), kv, width)?,
            value: weights.matrix(&name("attn_v"), kv, width)?,
            attention_output: weights.matrix(&name("attn_output"), width, query)?,
            feed_forward_norm: weights.vector(&name("ffn_norm"), width)?,
            gate: weights.matrix(&name("ffn_gate"), hidden, width)?,
            up: weights.matrix(&name("ffn_up"), hidden, width)?,
            down: weights.matrix(&name("ffn_down"), width, hidden)?,
        })
    }
}

impl Network for Llama {
    fn shape(&self) -> NetworkShape {
        NetworkShape {
            layers: self.shape.blocks,
            cache_width: self.shape.kv_width(),
            context_length: self.shape.context_length,
        }
    }

    fn forward(
        &self,
        kernels: Kernels,
        tokens: &[u32],
        cache: &mut KvCache,
        logits: Option<&mut [f32]>,
    ) {
        let width = self.shape.width;
        // The state of each token, [tokens, width].
        let mut x = vec![0.0; tokens.len() * width];
        let embedding = self.embedding.view();
        for (token, x) in tokens.iter().zip(x.chunks_exact_mut(width)) {
            embedding.kind.dequantize(embedding.row(*token as usize), x);
        }
        let rotation = self.rope.rotation(cache.length(), tokens.len());
        for (layer, block) in self.blocks.iter().enumerate() {
            self.attention(kernels, block, layer, &rotation, cache, &mut x);
            self.feed_forward(kernels, block, &mut x);
        }
        cache.advance(tokens.len());

        if let Some(logits) = logits {
            let output = self.output.as_ref().unwrap_or(&self.embedding).view();
            let last = &x[x.len() - logits.len() / output.rows * width..];
            let mut normed = vec![0.0; last.len()];
            rms_norm(last, &self.output_norm, self.epsilon, &mut normed);
            kernels.matmul(output, &normed, logits);
        }
    }
}

impl Llama {
    /// `x += attention(norm(x))` for x [tokens, width], appending to the layer's cache.
    fn attention(
        &self,
        kernels: Kernels,
        block: &Block,
        layer: usize,
        rotation: &Rotation,
        cache: &mut KvCache,
        x: &mut [f32],
    ) {
        let Shape { width, heads, kv_heads, head_width, .. } = self.shape;
        let (query_width, kv_width) = (self.shape.query_width(), self.shape.kv_width());
        let tokens = x.len() / width;
        let start = cache.length();

        let mut normed = vec![0.0; tokens * width];
        rms_norm(x, &block.attention_norm, self.epsilon, &mut normed);
        let mut queries = vec![0.0; tokens * query_width];
        let mut keys = vec![0.0; tokens * kv_width];
        let mut values = vec![0.0; tokens * kv_width];
        kernels.matmul(block.query.view(), &normed, &mut queries);
        kernels.matmul(block.key.view(), &normed, &mut keys);
        kernels.matmul(block.value.view(), &normed, &mut values);
        rotation.turn_adjacent(&mut queries, heads, head_width);
        rotation.turn_adjacent(&mut keys, kv_heads, head_width);
        let (keys, values) = cache.extend(layer, &keys, &values);

        let queries_per_key = heads / kv_heads;
        let mut scores = vec![0.0; start + tokens];
        let mut mixed = vec![0.0; tokens * query_width];
        let rows = queries.chunks_exact(query_width).zip(mixed.chunks_exact_mut(query_width));
        for (token, (queries, mixed)) in rows.enumerate() {
            // A token sees itself and what came before it.
            let scores = &mut scores[..=start + token];
            let pairs = queries.chunks_exact(head_width).zip(mixed.chunks_exact_mut(head_width));
            for (head, (query, mixed)) in pairs.enumerate() {
                let head = Head {
                    query,
                    keys,
                    values,
                    stride: kv_width,
                    offset: head / queries_per_key * head_width,
                    scale: 1.0 / (head_width as f32).sqrt(),
                };
                kernels.attend(head, scores, mixed);
            }
        }
        kernels.matmul(block.attention_output.view(), &mixed, &mut normed);
        add(x, &normed);
    }

    /// `x += down(silu(gate(norm(x))) · up(norm(x)))` for x [tokens, width].
    fn feed_forward(&self, kernels: Kernels, block: &Block, x: &mut [f32]) {
        let tokens = x.len() / self.shape.width;
        let mut normed = vec![0.0; x.len()];
        rms_norm(x, &block.feed_forward_norm, self.epsilon, &mut normed);
        let mut gate = vec![0.0; tokens * self.shape.hidden_width];
        let mut up = vec![0.0; tokens * self.shape.hidden_width];
        kernels.matmul(block.gate.view(), &normed, &mut gate);
        kernels.matmul(block.up.view(), &normed, &mut up);
        swiglu(&mut gate, &up);
        kernels.matmul(block.down.view(), &gate, &mut normed);
        add(x, &normed);
    }
}
