//! Tiny GGUF files made in memory: right ones with random weights, and then spoilt on purpose.

use engine::{EngineError, LoadLimits, Model};
use half::f16;

/// A metadata value, with the type to write.
#[derive(Clone)]
pub enum Meta {
    U32(u32),
    I32(i32),
    U64(u64),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
    F32s(Vec<f32>),
}

#[derive(Clone)]
pub struct Tensor {
    pub name: String,
    /// Row length first.
    pub dimensions: Vec<u64>,
    /// Number of the type in the file.
    pub kind: u32,
    pub bytes: Vec<u8>,
    /// What the bytes stand for.
    pub values: Vec<f32>,
}

#[derive(Clone)]
pub struct File {
    pub version: u32,
    pub metadata: Vec<(String, Meta)>,
    pub tensors: Vec<Tensor>,
}

pub const F32: u32 = 0;
pub const F16: u32 = 1;

pub const WIDTH: usize = 24;
pub const HEADS: usize = 4;
pub const KV_HEADS: usize = 2;
pub const HEAD_WIDTH: usize = WIDTH / HEADS;
/// Less than the head width, so that some elements are not turned.
pub const ROPE_WIDTH: usize = 4;
pub const HIDDEN: usize = 40;
pub const BLOCKS: usize = 2;
pub const CONTEXT: usize = 48;
pub const EPSILON: f32 = 1e-5;
pub const FREQ_BASE: f32 = 500.0;

/// 256 bytes, then these; `<|end|>` is 259.
const MERGED: [&str; 3] = ["th", "the", "Ġthe"];
const CONTROL: [&str; 2] = ["<|end|>", "<|user|>"];
pub const VOCABULARY: usize = 256 + MERGED.len() + CONTROL.len();

impl File {
    /// A `llama` of two blocks with grouped heads, partial rotation and an output of its own.
    pub fn tiny(kind: u32, seed: u64) -> File {
        let mut file = File { version: 3, metadata: metadata(), tensors: Vec::new() };
        let mut random = Random(seed);
        let mut add = |name: String, columns: usize, rows: Option<usize>| {
            let count = columns * rows.unwrap_or(1);
            let spread = if rows.is_some() { 2.0 / (columns as f32).sqrt() } else { 0.3 };
            let offset = if rows.is_some() { 0.0 } else { 1.0 };
            let values = (0..count).map(|_| offset + spread * random.unit()).collect();
            let kind = if rows.is_some() { kind } else { F32 };
            file.tensors.push(Tensor::new(name, columns, rows, kind, values));
        };
        add("token_embd.weight".into(), WIDTH, Some(VOCABULARY));
        add("output_norm.weight".into(), WIDTH, None);
        add("output.weight".into(), WIDTH, Some(VOCABULARY));
        for block in 0..BLOCKS {
            let name = |part: &str| format!("blk.{block}.{part}.weight");
            add(name("attn_norm"), WIDTH, None);
            add(name("attn_q"), WIDTH, Some(WIDTH));
            add(name("attn_k"), WIDTH, Some(KV_HEADS * HEAD_WIDTH));
            add(name("attn_v"), WIDTH, Some(KV_HEADS * HEAD_WIDTH));
            add(name("attn_output"), WIDTH, Some(WIDTH));
            add(name("ffn_norm"), WIDTH, None);
            add(name("ffn_gate"), WIDTH, Some(HIDDEN));
            add(name("ffn_up"), WIDTH, Some(HIDDEN));
            add(name("ffn_down"), HIDDEN, Some(WIDTH));
        }
        file
    }

    pub fn set(&mut self, key: &str, value: Meta) {
        self.remove(key);
        self.metadata.push((key.to_owned(), value));
    }

    pub fn remove(&mut self, key: &str) {
        self.metadata.retain(|(other, _)| other != key);
    }

    /// Makes the embedding and the output fit another vocabulary, with zeros.
    pub fn resize_vocabulary(&mut self, count: usize) {
        for name in ["token_embd.weight", "output.weight"] {
            let tensor = self.tensor(name);
            tensor.dimensions[1] = count as u64;
            tensor.bytes.resize(count * WIDTH * 4, 0);
            tensor.values.resize(count * WIDTH, 0.0);
        }
    }

    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).expect("a tensor of that name")
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self
            .tensors
            .iter()
            .find(|tensor| tensor.name == name)
            .expect("a tensor of that name")
            .values
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            put_text(&mut out, key);
            put_value(&mut out, value);
        }
        let mut data = Vec::new();
        for tensor in &self.tensors {
            put_text(&mut out, &tensor.name);
            out.extend((tensor.dimensions.len() as u32).to_le_bytes());
            out.extend(tensor.dimensions.iter().flat_map(|length| length.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend((data.len() as u64).to_le_bytes());
            data.extend(&tensor.bytes);
            data.resize(data.len().next_multiple_of(32), 0);
        }
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(data);
        out
    }

    pub fn load(&self) -> Result<Model, EngineError> {
        Model::from_bytes(self.bytes(), &LoadLimits::default())
    }
}

impl Tensor {
    fn new(
        name: String,
        columns: usize,
        rows: Option<usize>,
        kind: u32,
        values: Vec<f32>,
    ) -> Tensor {
        let halves: Vec<f16> = values.iter().map(|value| f16::from_f32(*value)).collect();
        let (bytes, values) = if kind == F16 {
            let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            (bytes, halves.iter().map(|half| half.to_f32()).collect())
        } else {
            (values.iter().flat_map(|value| value.to_le_bytes()).collect(), values)
        };
        let mut dimensions = vec![columns as u64];
        dimensions.extend(rows.map(|rows| rows as u64));
        Tensor { name, dimensions, kind, bytes, values }
    }
}

fn metadata() -> Vec<(String, Meta)> {
    let mut tokens: Vec<String> = (0..=255).map(|byte| stand_in(byte).to_string()).collect();
    tokens.extend(MERGED.iter().chain(&CONTROL).map(|text| (*text).to_owned()));
    let mut kinds = vec![1; 256 + MERGED.len()];
    kinds.extend([3; CONTROL.len()]);
    let merges = ["t h", "th e", "Ġ the"].map(str::to_owned).to_vec();
    let entries = [
        ("general.architecture", Meta::Text("llama".into())),
        ("general.name", Meta::Text("tiny".into())),
        ("llama.context_length", Meta::U32(CONTEXT as u32)),
        ("llama.embedding_length", Meta::U32(WIDTH as u32)),
        ("llama.block_count", Meta::U32(BLOCKS as u32)),
        ("llama.feed_forward_length", Meta::U64(HIDDEN as u64)),
        ("llama.attention.head_count", Meta::U32(HEADS as u32)),
        ("llama.attention.head_count_kv", Meta::I32(KV_HEADS as i32)),
        ("llama.rope.dimension_count", Meta::U32(ROPE_WIDTH as u32)),
        ("llama.rope.freq_base", Meta::F32(FREQ_BASE)),
        ("llama.attention.layer_norm_rms_epsilon", Meta::F32(EPSILON)),
        ("tokenizer.ggml.model", Meta::Text("gpt2".into())),
        ("tokenizer.ggml.pre", Meta::Text("gpt-2".into())),
        ("tokenizer.ggml.tokens", Meta::Texts(tokens)),
        ("tokenizer.ggml.token_type", Meta::I32s(kinds)),
        ("tokenizer.ggml.merges", Meta::Texts(merges)),
        ("tokenizer.ggml.eos_token_id", Meta::U32(259)),
        ("tokenizer.ggml.add_bos_token", Meta::Bool(false)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The character that stands for a byte in byte-level vocabularies.
fn stand_in(byte: u8) -> char {
    let is_plain = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    if is_plain(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !is_plain(*other)).count();
    char::from_u32(256 + before as u32).expect("a byte stands for itself or one more than 255")
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Meta) {
    let mut put = |kind: u32, bytes: &[u8]| {
        out.extend(kind.to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Meta::U32(value) => put(4, &value.to_le_bytes()),
        Meta::I32(value) => put(5, &value.to_le_bytes()),
        Meta::U64(value) => put(10, &value.to_le_bytes()),
        Meta::F32(value) => put(6, &value.to_le_bytes()),
        Meta::Bool(value) => put(7, &[u8::from(*value)]),
        Meta::Text(text) => {
            put(8, &[]);
            put_text(out, text);
        }
        Meta::Texts(texts) => {
            put(9, &8_u32.to_le_bytes());
            out.extend((texts.len() as u64).to_le_bytes());
            for text in texts {
                put_text(out, text);
            }
        }
        Meta::I32s(numbers) => {
            put(9, &5_u32.to_le_bytes());
            out.extend((numbers.len() as u64).to_le_bytes());
            out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Meta::F32s(numbers) => {
            put(9, &6_u32.to_le_bytes());
            out.extend((numbers.len() as u64).to_le_bytes());
            out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
}

/// Deterministic numbers (xorshift, Marsaglia 2003).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    /// From -1 to 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}
