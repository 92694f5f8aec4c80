//! A model: its file, its tokenizer and its network. A file per architecture.
//!
//! To add an architecture: write `model/<name>.rs` with `NAME` and `load`, then name it here,
//! in the `mod` lines and in [`ARCHITECTURES`].

mod llama;
mod rope;
mod weights;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use self::weights::Weights;
use crate::cache::{CacheShape, KvCache};
use crate::error::{EngineError, excerpt};
use crate::gguf::Gguf;
use crate::kernels::Kernels;
use crate::storage::Storage;
use crate::tensor::TensorType;
use crate::tokenizer::{FimTokens, Tokenizer};

/// Builds a network from a file whose vocabulary has the given size.
type Load = fn(&Gguf<'_>, &mut Weights<'_>, usize) -> Result<Box<dyn Network>, EngineError>;

/// All architectures, by `general.architecture`.
const ARCHITECTURES: &[(&str, Load)] = &[(llama::NAME, llama::load)];

/// What an architecture implements. Immutable: what changes is in the cache.
trait Network: fmt::Debug + Send + Sync {
    fn shape(&self) -> NetworkShape;

    /// Computes `tokens`, which are in range and fit the cache, at the positions that follow
    /// those in the cache, and appends them to it. `logits` [n, vocabulary] are those of the
    /// last n tokens, n at least 1; without, they are not computed.
    fn forward(
        &self,
        kernels: Kernels,
        tokens: &[u32],
        cache: &mut KvCache,
        logits: Option<&mut [f32]>,
    );
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

/// Limits on what a model may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadLimits {
    /// Tokens. A model with a longer context is used with this one.
    pub context_max: usize,
    /// Bytes of keys and values of one session with a full context. A model that needs more is
    /// refused.
    pub cache_bytes_max: u64,
}

impl Default for LoadLimits {
    /// 8,192 tokens and 2 GiB.
    fn default() -> LoadLimits {
        LoadLimits { context_max: 8192, cache_bytes_max: 2 << 30 }
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
    /// How most of the parameters are stored: `F32`, `F16` or `Q8_0`.
    pub quantization: &'static str,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// The arithmetic that this CPU can do: `avx2`, or `reference`, which is slow.
    pub kernels: &'static str,
}

/// A loaded model. Immutable; share it in an [`Arc`] among any number of sessions.
pub struct Model {
    storage: Arc<Storage>,
    info: ModelInfo,
    tokenizer: Tokenizer,
    chat_template: Option<String>,
    network: Box<dyn Network>,
    kernels: Kernels,
    cache_shape: CacheShape,
}

impl Model {
    /// Maps a GGUF file. Weights are read from it as they are used, so loading is quick, and
    /// processes that use the same file share its memory.
    ///
    /// The file must not be changed in place while it is open: replace it by renaming.
    ///
    /// # Errors
    /// [`EngineError::Read`], or anything that is wrong with the file.
    pub fn open(path: &Path, limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(Storage::map(path)?, limits)
    }

    /// Uses a GGUF file that is part of the program.
    ///
    /// # Errors
    /// Anything that is wrong with the file.
    pub fn from_static(bytes: &'static [u8], limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(Storage::Static(bytes), limits)
    }

    /// Uses a GGUF file in memory.
    ///
    /// # Errors
    /// Anything that is wrong with the file.
    pub fn from_bytes(bytes: Vec<u8>, limits: &LoadLimits) -> Result<Model, EngineError> {
        Model::load(Storage::Owned(bytes), limits)
    }

    fn load(storage: Storage, limits: &LoadLimits) -> Result<Model, EngineError> {
        let storage = Arc::new(storage);
        let gguf = Gguf::parse(storage.bytes())?;
        let found = gguf.text("general.architecture")?;
        let Some((architecture, load)) = ARCHITECTURES.iter().find(|(name, _)| *name == found)
        else {
            let names: Vec<&str> = ARCHITECTURES.iter().map(|(name, _)| *name).collect();
            return Err(EngineError::UnsupportedArchitecture {
                found: excerpt(found),
                supported: names.join(", "),
            });
        };
        let tokenizer = Tokenizer::from_gguf(&gguf)?;
        let vocabulary_size = tokenizer.vocabulary_size();
        let network = load(&gguf, &mut Weights::new(&gguf, &storage), vocabulary_size)?;
        let cache_shape = cache_shape(network.shape(), limits)?;
        let kernels = Kernels::detect();

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
            file_bytes: storage.bytes().len() as u64,
            kernels: kernels.name(),
        };
        let chat_template = owned("tokenizer.chat_template")?;
        drop(gguf);
        Ok(Model { storage, info, tokenizer, chat_template, network, kernels, cache_shape })
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

    /// The whole file, for its digest.
    #[must_use]
    pub fn file_bytes(&self) -> &[u8] {
        self.storage.bytes()
    }

    pub(crate) fn new_cache(&self) -> KvCache {
        KvCache::new(self.cache_shape)
    }

    /// See [`Network::forward`].
    pub(crate) fn forward(&self, tokens: &[u32], cache: &mut KvCache, logits: Option<&mut [f32]>) {
        self.network.forward(self.kernels, tokens, cache, logits);
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
            let mut model = Model::open(&folder.join(file), &LoadLimits::default()).unwrap();
            let tokens = model.tokenizer.encode("<|user|>\nWrite f(xs).\n", true).unwrap();
            let logits = |model: &Model| {
                let mut logits = vec![0.0; model.info.vocabulary_size];
                model.forward(&tokens, &mut model.new_cache(), Some(&mut logits));
                logits
            };
            let fast = logits(&model);
            model.kernels = Kernels::reference();
            for (fast, slow) in fast.iter().zip(logits(&model)) {
                assert!((fast - slow).abs() < 1e-3, "{file}: {fast} {slow}");
            }
        }
    }
}
