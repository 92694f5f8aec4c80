//! Published shapes: the numbers of their `config.json`, under the names of GGUF.

use crate::writer::{Content, Kind, Writer};

/// The sizes of one model.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    architecture: &'static str,
    vocabulary: usize,
    /// `tokenizer.ggml.pre`, or none for SentencePiece.
    pre: Option<&'static str>,
    context: u32,
    width: usize,
    pub blocks: usize,
    heads: usize,
    kv_heads: usize,
    head_width: usize,
    hidden: usize,
    rope_base: f32,
    /// Whether the embedding is the output as well.
    tied: bool,
    /// Sliding window; 0 for none.
    window: u32,
    experts: Experts,
}

/// All 0 where there are none.
#[derive(Debug, Clone, Copy)]
struct Experts {
    count: usize,
    used: u32,
    hidden: usize,
    shared: usize,
}

const DENSE: Experts = Experts { count: 0, used: 0, hidden: 0, shared: 0 };

/// Of DeepSeek-V2-Lite: latent, plain part of a query, turned part, value.
const LATENT: [usize; 4] = [512, 128, 64, 128];

const QWEN_CODER_05B: Shape = Shape {
    name: "qwen2.5-coder-0.5b",
    architecture: "qwen2",
    vocabulary: 151_936,
    pre: Some("qwen2"),
    context: 32_768,
    width: 896,
    blocks: 24,
    heads: 14,
    kv_heads: 2,
    head_width: 64,
    hidden: 4864,
    rope_base: 1e6,
    tied: true,
    window: 0,
    experts: DENSE,
};

/// All shapes, by name.
pub const SHAPES: &[Shape] = &[
    QWEN_CODER_05B,
    Shape {
        name: "qwen2.5-coder-1.5b",
        width: 1536,
        blocks: 28,
        heads: 12,
        head_width: 128,
        hidden: 8960,
        ..QWEN_CODER_05B
    },
    Shape {
        name: "qwen2.5-coder-7b",
        vocabulary: 152_064,
        width: 3584,
        blocks: 28,
        heads: 28,
        kv_heads: 4,
        head_width: 128,
        hidden: 18_944,
        tied: false,
        ..QWEN_CODER_05B
    },
    Shape {
        name: "qwen3-coder-30b-a3b",
        architecture: "qwen3moe",
        context: 262_144,
        width: 2048,
        blocks: 48,
        heads: 32,
        kv_heads: 4,
        head_width: 128,
        hidden: 5472,
        rope_base: 1e7,
        tied: false,
        experts: Experts { count: 128, used: 8, hidden: 768, shared: 0 },
        ..QWEN_CODER_05B
    },
    Shape {
        name: "gemma3-1b",
        architecture: "gemma3",
        vocabulary: 262_144,
        pre: None,
        width: 1152,
        blocks: 26,
        heads: 4,
        kv_heads: 1,
        head_width: 256,
        hidden: 6912,
        window: 512,
        ..QWEN_CODER_05B
    },
    Shape {
        name: "starcoder2-3b",
        architecture: "starcoder2",
        vocabulary: 49_152,
        pre: Some("starcoder"),
        context: 16_384,
        width: 3072,
        blocks: 30,
        heads: 24,
        head_width: 128,
        hidden: 12_288,
        rope_base: 999_999.44,
        window: 4096,
        ..QWEN_CODER_05B
    },
    Shape {
        name: "phi3-mini",
        architecture: "phi3",
        vocabulary: 32_064,
        pre: None,
        context: 4096,
        width: 3072,
        blocks: 32,
        heads: 32,
        kv_heads: 32,
        head_width: 96,
        hidden: 8192,
        rope_base: 1e4,
        tied: false,
        window: 2047,
        ..QWEN_CODER_05B
    },
    Shape {
        name: "deepseek-coder-v2-lite",
        architecture: "deepseek2",
        vocabulary: 102_400,
        pre: Some("deepseek-llm"),
        context: 163_840,
        width: 2048,
        blocks: 27,
        heads: 16,
        kv_heads: 16,
        head_width: 192,
        hidden: 10_944,
        rope_base: 1e4,
        tied: false,
        experts: Experts { count: 64, used: 6, hidden: 1408, shared: 2 },
        ..QWEN_CODER_05B
    },
];

impl Shape {
    pub fn add_metadata(&self, writer: &mut Writer) {
        writer.text("general.architecture", self.architecture);
        writer.text("general.name", self.name);
        let key = |name: &str| format!("{}.{name}", self.architecture);
        let mut number = |name: &str, value: usize| writer.number(&key(name), value as u32);
        number("context_length", self.context as usize);
        number("embedding_length", self.width);
        number("block_count", self.blocks);
        number("feed_forward_length", self.hidden);
        number("attention.head_count", self.heads);
        number("attention.head_count_kv", self.kv_heads);
        number("attention.key_length", self.head_width);
        if self.window > 0 {
            number("attention.sliding_window", self.window as usize);
        }
        if self.experts.count > 0 {
            number("expert_count", self.experts.count);
            number("expert_used_count", self.experts.used as usize);
            number("expert_feed_forward_length", self.experts.hidden);
        }
        if self.architecture == "deepseek2" {
            number("attention.value_length", LATENT[3]);
            number("attention.kv_lora_rank", LATENT[0]);
            number("rope.dimension_count", LATENT[2]);
            number("rope.scaling.original_context_length", 4096);
            number("leading_dense_block_count", 1);
            number("expert_shared_count", self.experts.shared);
            writer.text(&key("rope.scaling.type"), "yarn");
            writer.float(&key("rope.scaling.factor"), 40.0);
            writer.float(&key("rope.scaling.yarn_log_multiplier"), 0.0707);
        }
        writer.float(&key("rope.freq_base"), self.rope_base);
        let norm = if self.architecture == "starcoder2" { "norm" } else { "norm_rms" };
        writer.float(&key(&format!("attention.layer_{norm}_epsilon")), 1e-6);
        self.add_vocabulary(writer);
    }

    /// Bytes, then words that no text has.
    fn add_vocabulary(&self, writer: &mut Writer) {
        let count = self.vocabulary;
        let Some(pre) = self.pre else {
            let text = |id: usize| match id {
                0 => "<unk>".to_owned(),
                1 => "</s>".to_owned(),
                2..258 => format!("<0x{:02X}>", id - 2),
                _ => format!("\u{2581}word{id}"),
            };
            let kind = |id: usize| match id {
                0 => 2,
                1 => 3,
                2..258 => 6,
                _ => 1,
            };
            writer.text("tokenizer.ggml.model", "llama");
            writer.texts("tokenizer.ggml.tokens", (0..count).map(text));
            writer.integers("tokenizer.ggml.token_type", (0..count).map(kind));
            writer.floats("tokenizer.ggml.scores", (0..count).map(|id| -(id as f32)));
            writer.number("tokenizer.ggml.eos_token_id", 1);
            writer.switch("tokenizer.ggml.add_bos_token", false);
            return;
        };
        let letter = |id: u32| byte_letter(id as u8).to_string();
        let text = |id: usize| match id as u32 {
            id @ 0..256 => letter(id),
            256 => "<|endoftext|>".to_owned(),
            257 => "th".to_owned(),
            id => format!("word{id}"),
        };
        writer.text("tokenizer.ggml.model", "gpt2");
        writer.text("tokenizer.ggml.pre", pre);
        writer.texts("tokenizer.ggml.tokens", (0..count).map(text));
        let kinds = (0..count).map(|id| if id == 256 { 3 } else { 1 });
        writer.integers("tokenizer.ggml.token_type", kinds);
        writer.texts("tokenizer.ggml.merges", ["t h".to_owned()].into_iter());
        writer.number("tokenizer.ggml.eos_token_id", 256);
        writer.switch("tokenizer.ggml.add_bos_token", false);
    }

    pub fn add_tensors(&self, writer: &mut Writer, kind: Kind, content: Content) {
        let random = Content::Random;
        let ends = [self.width, self.vocabulary];
        writer.tensor("token_embd.weight".into(), &ends, kind, random);
        if !self.tied {
            writer.tensor("output.weight".into(), &ends, kind, random);
        }
        let mut parts = Parts { writer, prefix: "output_norm".to_owned(), kind, content };
        parts.norm("", self.width, self.architecture == "starcoder2");
        for block in 0..self.blocks {
            parts.prefix = format!("blk.{block}.");
            self.add_attention(&mut parts);
            self.add_feed_forward(&mut parts, block);
        }
    }

    fn add_attention(&self, parts: &mut Parts<'_>) {
        let Shape { width, heads, kv_heads, head_width, .. } = *self;
        let (queries, kv) = (heads * head_width, kv_heads * head_width);
        let is_starcoder = self.architecture == "starcoder2";
        parts.norm("attn_norm", width, is_starcoder);
        match self.architecture {
            "phi3" => parts.matrix("attn_qkv", &[width, queries + 2 * kv]),
            "deepseek2" => {
                let [latent, plain, turned, value] = LATENT;
                parts.matrix("attn_q", &[width, queries]);
                parts.matrix("attn_kv_a_mqa", &[width, latent + turned]);
                parts.norm("attn_kv_a_norm", latent, false);
                parts.matrix("attn_kv_b", &[latent, heads * (plain + value)]);
                return parts.matrix("attn_output", &[heads * value, width]);
            }
            _ => {
                for (name, rows) in [("attn_q", queries), ("attn_k", kv), ("attn_v", kv)] {
                    parts.matrix(name, &[width, rows]);
                    if is_starcoder || self.architecture == "qwen2" {
                        parts.bias(name, rows);
                    }
                }
            }
        }
        if ["qwen3moe", "gemma3"].contains(&self.architecture) {
            parts.norm("attn_q_norm", head_width, false);
            parts.norm("attn_k_norm", head_width, false);
        }
        parts.matrix("attn_output", &[queries, width]);
        if is_starcoder {
            parts.bias("attn_output", width);
        }
    }

    fn add_feed_forward(&self, parts: &mut Parts<'_>, block: usize) {
        let Shape { width, hidden, experts, .. } = *self;
        let is_starcoder = self.architecture == "starcoder2";
        parts.norm("ffn_norm", width, is_starcoder);
        if self.architecture == "gemma3" {
            parts.norm("post_attention_norm", width, false);
            parts.norm("post_ffw_norm", width, false);
        }
        if experts.count > 0 && (self.architecture != "deepseek2" || block > 0) {
            parts.router([width, experts.count]);
            parts.matrix("ffn_gate_exps", &[width, experts.hidden, experts.count]);
            parts.matrix("ffn_up_exps", &[width, experts.hidden, experts.count]);
            parts.matrix("ffn_down_exps", &[experts.hidden, width, experts.count]);
            if experts.shared > 0 {
                let hidden = experts.hidden * experts.shared;
                parts.matrix("ffn_gate_shexp", &[width, hidden]);
                parts.matrix("ffn_up_shexp", &[width, hidden]);
                parts.matrix("ffn_down_shexp", &[hidden, width]);
            }
            return;
        }
        match self.architecture {
            "phi3" => parts.matrix("ffn_up", &[width, 2 * hidden]),
            "starcoder2" => {
                parts.matrix("ffn_up", &[width, hidden]);
                parts.bias("ffn_up", hidden);
                parts.bias("ffn_down", width);
            }
            _ => {
                parts.matrix("ffn_gate", &[width, hidden]);
                parts.matrix("ffn_up", &[width, hidden]);
            }
        }
        parts.matrix("ffn_down", &[hidden, width]);
    }
}

/// The tensors of one block.
struct Parts<'w> {
    writer: &'w mut Writer,
    /// What names begin with.
    prefix: String,
    /// Of matrices.
    kind: Kind,
    content: Content,
}

impl Parts<'_> {
    fn matrix(&mut self, name: &str, dimensions: &[usize]) {
        let name = format!("{}{name}.weight", self.prefix);
        self.writer.tensor(name, dimensions, self.kind, self.content);
    }

    /// Never a hole: all experts alike would always choose the same.
    fn router(&mut self, dimensions: [usize; 2]) {
        let name = format!("{}ffn_gate_inp.weight", self.prefix);
        self.writer.tensor(name, &dimensions, Kind::F32, Content::Random);
    }

    fn norm(&mut self, name: &str, width: usize, biased: bool) {
        let weight = format!("{}{name}.weight", self.prefix);
        self.writer.tensor(weight, &[width], Kind::F32, Content::NearOne);
        if biased {
            self.bias(name, width);
        }
    }

    fn bias(&mut self, name: &str, width: usize) {
        let name = format!("{}{name}.bias", self.prefix);
        self.writer.tensor(name, &[width], Kind::F32, Content::Random);
    }
}

/// The letter that stands for a byte in byte-level vocabularies.
fn byte_letter(byte: u8) -> char {
    let is_plain = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    if is_plain(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !is_plain(*other)).count();
    char::from_u32(256 + before as u32).expect("U+0100 to U+0143 are characters")
}
