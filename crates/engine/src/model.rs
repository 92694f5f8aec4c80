//! A model: its file, its tokenizer and its network. A file per architecture.
//!
//! To add an architecture: write `model/<name>.rs` with `NAME` and `load`, then name it here,
//! in the `mod` lines and in [`ARCHITECTURES`].

mod deepseek2;
mod gemma3;
mod llama;
mod phi3;
mod qwen2;
mod qwen3;
mod qwen3moe;
mod starcoder2;

mod attention;
mod decoder;
mod experts;
mod feed_forward;
mod keys;
mod latent;
mod layers;
mod rope;
mod weights;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use self::weights::Weights;
use crate::cache::{CacheShape, KvCache, PageCount};
use crate::constraint::GrammarVocabulary;
use crate::error::{EngineError, excerpt};
use crate::gguf::Gguf;
pub use crate::kernels::Instructions;
use crate::kernels::Kernels;
use crate::shards;
use crate::storage::Storage;
use crate::tensor::TensorType;
use crate::tokenizer::{FimTokens, Tokenizer};

/// Builds a network from a file whose vocabulary has the given size.
type Load = fn(&Gguf<'_>, &mut Weights<'_>, usize) -> Result<Box<dyn Network>, EngineError>;

/// All architectures, by `general.architecture`.
const ARCHITECTURES: &[(&str, Load)] = &[
    (deepseek2::NAME, deepseek2::load),
    (gemma3::NAME, gemma3::load),
    (llama::NAME, llama::load),
    (phi3::NAME, phi3::load),
    (qwen2::NAME, qwen2::load),
    (qwen3::NAME, qwen3::load),
    (qwen3moe::NAME, qwen3moe::load),
    (starcoder2::NAME, starcoder2::load),
];

/// What an architecture implements. Immutable: what changes is in the cache.
trait Network: fmt::Debug + Send + Sync {
    fn shape(&self) -> NetworkShape;

    /// Computes the tokens of all chunks, and appends them to their caches. `logits` [n,
    /// vocabulary] are those that the chunks ask for, in order; n may be 0.
    fn forward(&self, kernels: &Kernels, batch: &mut [Chunk<'_>], logits: &mut [f32]);
}

/// Some tokens of one sequence, which are computed together with those of others.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    /// At least one. In range, and they fit the cache.
    pub(crate) tokens: &'a [u32],
    /// What came before them; they are appended.
    pub(crate) cache: &'a mut KvCache,
    /// Of how many of the last tokens the logits are wanted.
    pub(crate) rows: usize,
}

/// What the cache must hold for a network.
#[derive(Debug, Clone, Copy)]
struct NetworkShape {
    layers: usize,
    /// Elements of a key, and of a value, of one token in one layer.
    cache_width: usize,
    /// Tokens that it was trained for.
    context_length: usize,
}

/// Limits on what a model may ask for, and what to compute with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadLimits {
    /// Tokens. A model with a longer context is used with this one.
    pub context_max: usize,
    /// Bytes of keys and values of one session with a full context. A model that needs more is
    /// refused.
    pub cache_bytes_max: u64,
    /// Threads that compute together, the caller's included; None for one on each core. Results
    /// do not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// What to compute with.
    pub instructions: Instructions,
}

impl Default for LoadLimits {
    /// 8,192 tokens and 2 GiB, all cores and their fastest instructions.
    fn default() -> LoadLimits {
        LoadLimits {
            context_max: 8192,
            cache_bytes_max: 2 << 30,
            threads: None,
            instructions: Instructions::Best,
        }
    }
}

/// What a model says of itself. Texts come from the file: untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// `general.name`.
    pub name: Option<String>,
    /// `general.description`.
    pub description: Option<String>,
    /// `general.license`, usually an SPDX expression.
    pub license: Option<String>,
    /// `general.architecture`, one of those supported.
    pub architecture: &'static str,
    /// Elements of all tensors.
    pub parameters: u64,
    /// Tokens that a session can hold: that of the file, or the limit if it is lower.
    pub context_length: usize,
    /// Tokens that the model was trained for.
    pub context_length_trained: usize,
    /// Tokens in the vocabulary.
    pub vocabulary_size: usize,
    /// How most of the parameters are stored: `F16`, `Q8_0`, `Q4_K` and the like.
    pub quantization: &'static str,
    /// Size in bytes of the file, or of all files of a model that is split.
    pub file_bytes: u64,
    /// Bytes of weights that were repacked for faster products: they are in memory beside the
    /// file, whose own pages are then hardly used.
    pub repacked_bytes: u64,
    /// The arithmetic that this CPU can do: `avx512`, `avx2`, `neon-dotprod`, `neon`, or
    /// `reference`, which is slow.
    pub kernels: &'static str,
    /// Threads that compute together.
    pub threads: usize,
}

/// A loaded model. Immutable; share it in an [`Arc`] among any number of sessions.
pub struct Model {
    /// One, or more if the model is split.
    files: Vec<Arc<Storage>>,
    info: ModelInfo,
    tokenizer: Tokenizer,
    chat_template: Option<String>,
    network: Box<dyn Network>,
    kernels: Kernels,
    cache_shape: CacheShape,
    /// Made when the first grammar asks for it.
    grammar_vocabulary: Mutex<Option<Arc<GrammarVocabulary>>>,
}

impl Model {
    /// Maps a GGUF file, and if it has the name of the first of several
    /// (`<name>-00001-of-00003.gguf`) the others beside it. Floats and experts are read from it as
    /// they are used, and processes that use the same file share its memory; other quantised
    /// weights are repacked into memory of this process ([`ModelInfo::repacked_bytes`]).
    ///
    /// The file must not be changed in place while it is open: replace it by renaming.
    ///
    /// # Errors
    /// [`EngineError::Read`], or anything that is wrong with the file.
    pub fn open(path: &Path, limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(shards::map(path)?, limits)
    }

    /// Uses a GGUF file that is part of the program.
    ///
    /// # Errors
    /// Anything that is wrong with the file.
    pub fn from_static(bytes: &'static [u8], limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(vec![Storage::Static(bytes)], limits)
    }

    /// Uses a GGUF file in memory.
    ///
    /// # Errors
    /// Anything that is wrong with the file.
    pub fn from_bytes(bytes: Vec<u8>, limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(vec![Storage::Owned(bytes)], limits)
    }

    fn load(files: Vec<Storage>, limits: &LoadLimits) -> Result<Model, EngineError> {
        let files: Vec<Arc<Storage>> = files.into_iter().map(Arc::new).collect();
        let gguf = shards::parse(&files)?;
        let found = gguf.text("general.architecture")?;
        let Some((architecture, load)) = ARCHITECTURES.iter().find(|(name, _)| *name == found)
        else {
            let names: Vec<&str> = Model::architectures().collect();
            return Err(EngineError::UnsupportedArchitecture {
                found: excerpt(found),
                supported: names.join(", "),
            });
        };
        let tokenizer = Tokenizer::from_gguf(&gguf)?;
        let vocabulary_size = tokenizer.vocabulary_size();
        let kernels = Kernels::new(limits.instructions, limits.threads);
        let mut weights = Weights::new(&gguf, &files, &kernels);
        let network = load(&gguf, &mut weights, vocabulary_size)?;
        let repacked_bytes = weights.repacked_bytes();
        let cache_shape = cache_shape(network.shape(), limits)?;

        let owned = |key| Ok(gguf.optional_text(key)?.map(str::to_owned));
        let info = ModelInfo {
            name: owned("general.name")?,
            description: owned("general.description")?,
            license: owned("general.license")?,
            architecture,
            parameters: gguf.tensors().map(|(_, entry)| entry.elements as u64).sum(),
            context_length: cache_shape.positions_max,
            context_length_trained: network.shape().context_length,
            vocabulary_size,
            quantization: most_common_type(&gguf).name(),
            file_bytes: files.iter().map(|file| file.bytes().len() as u64).sum(),
            repacked_bytes,
            kernels: kernels.name(),
            threads: kernels.threads(),
        };
        let chat_template = owned("tokenizer.chat_template")?;
        drop(gguf);
        Ok(Model {
            files,
            info,
            tokenizer,
            chat_template,
            network,
            kernels,
            cache_shape,
            grammar_vocabulary: Mutex::default(),
        })
    }

    /// Names of all architectures that can be run, as files name them, sorted.
    pub fn architectures() -> impl Iterator<Item = &'static str> {
        ARCHITECTURES.iter().map(|(name, _)| *name)
    }

    /// What the model says of itself.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Text to tokens and back.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The file's Jinja template for chats, as it stands there. Rendering is the caller's.
    #[must_use]
    pub fn chat_template(&self) -> Option<&str> {
        self.chat_template.as_deref()
    }

    /// Tokens for fill-in-the-middle, if this model was trained with them.
    #[must_use]
    pub fn fim_tokens(&self) -> Option<FimTokens> {
        self.tokenizer.fim_tokens()
    }

    /// All tokens that end a text, of a turn or of everything, sorted.
    #[must_use]
    pub fn end_tokens(&self) -> &[u32] {
        self.tokenizer.end_tokens()
    }

    /// The whole file, for its digest; of a model that is split, the first.
    #[must_use]
    pub fn file_bytes(&self) -> &[u8] {
        self.files[0].bytes()
    }

    /// All files: one, or more if the model is split.
    pub fn files(&self) -> impl Iterator<Item = &[u8]> {
        self.files.iter().map(|file| file.bytes())
    }

    pub(crate) fn cache_shape(&self) -> CacheShape {
        self.cache_shape
    }

    /// The vocabulary as grammars need it.
    pub(crate) fn grammar_vocabulary(&self) -> Result<Arc<GrammarVocabulary>, EngineError> {
        let made = self.grammar_vocabulary.lock();
        let mut made = made.unwrap_or_else(PoisonError::into_inner);
        if let Some(vocabulary) = &*made {
            return Ok(Arc::clone(vocabulary));
        }
        let vocabulary = Arc::new(GrammarVocabulary::new(&self.tokenizer)?);
        *made = Some(Arc::clone(&vocabulary));
        Ok(vocabulary)
    }

    pub(crate) fn new_cache(&self) -> KvCache {
        KvCache::new(self.cache_shape, PageCount::default())
    }

    /// See [`Network::forward`].
    pub(crate) fn forward(&self, batch: &mut [Chunk<'_>], logits: &mut [f32]) {
        let rows: usize = batch.iter().map(|chunk| chunk.rows).sum();
        assert_eq!(logits.len(), rows * self.info.vocabulary_size);
        self.network.forward(&self.kernels, batch, logits);
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("info", &self.info).finish_non_exhaustive()
    }
}

fn cache_shape(network: NetworkShape, limits: &LoadLimits) -> Result<CacheShape, EngineError> {
    let shape = CacheShape {
        layers: network.layers,
        width: network.cache_width,
        positions_max: network.context_length.min(limits.context_max),
    };
    if shape.positions_max == 0 {
        let why = "must not be zero".to_owned();
        return Err(EngineError::InvalidOption { option: "context_max", why });
    }
    let bytes = shape.bytes_max().unwrap_or(u64::MAX);
    if bytes > limits.cache_bytes_max {
        return Err(EngineError::LimitExceeded {
            what: "the memory for keys and values of a full context, in bytes,",
            found: bytes,
            limit: limits.cache_bytes_max,
            remedy: "allow more, or a shorter context",
        });
    }
    Ok(shape)
}

/// The type that holds most of the parameters.
fn most_common_type(gguf: &Gguf<'_>) -> TensorType {
    let mut elements = BTreeMap::new();
    for (_, entry) in gguf.tensors() {
        *elements.entry(entry.kind).or_insert(0) += entry.elements;
    }
    let most = elements.into_iter().max_by_key(|(_, elements)| *elements);
    most.map_or(TensorType::F32, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole network on the readable kernels: the same logits but for rounding. On a CPU
    /// without a fast path both sides are the same.
    #[test]
    fn fast_and_readable_kernels_agree_on_a_real_model() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        for file in ["seedling-F16.gguf", "seedling-Q8_0.gguf"] {
            let open = |instructions| {
                let limits = LoadLimits { instructions, ..LoadLimits::default() };
                Model::open(&folder.join(file), &limits).unwrap()
            };
            let model = open(Instructions::Best);
            let tokens = model.tokenizer.encode("<|user|>\nWrite f(xs).\n", true).unwrap();
            let logits = |model: &Model| {
                let mut logits = vec![0.0; model.info.vocabulary_size];
                let mut cache = model.new_cache();
                let chunk = Chunk { tokens: &tokens, cache: &mut cache, rows: 1 };
                model.forward(&mut [chunk], &mut logits);
                logits
            };
            let slow = logits(&open(Instructions::Portable));
            for instructions in Instructions::FAST {
                for (fast, slow) in logits(&open(*instructions)).iter().zip(&slow) {
                    assert!((fast - slow).abs() < 1e-3, "{file}: {fast} {slow}");
                }
            }
        }
    }

    /// As above, for the tiny model of every architecture.
    #[test]
    fn fast_and_readable_kernels_agree_on_every_architecture() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        for (name, _) in ARCHITECTURES {
            let file = folder.join(format!("{name}.gguf"));
            let tokens: Vec<u32> = (0..40).map(|i| i * i % 104).collect();
            let logits = |instructions| {
                let limits = LoadLimits { instructions, ..LoadLimits::default() };
                let model = Model::open(&file, &limits).unwrap();
                assert_eq!(model.info.architecture, *name);
                let mut logits = vec![0.0; model.info.vocabulary_size];
                let mut cache = model.new_cache();
                let chunk = Chunk { tokens: &tokens, cache: &mut cache, rows: 1 };
                model.forward(&mut [chunk], &mut logits);
                logits
            };
            let slow = logits(Instructions::Portable);
            for instructions in Instructions::FAST {
                for (fast, slow) in logits(*instructions).iter().zip(&slow) {
                    assert!((fast - slow).abs() < 1e-4, "{name}: {fast} {slow}");
                }
            }
        }
    }
}
