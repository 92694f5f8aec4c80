//! The built-in model, loaded once for all tests.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use engine::{LoadLimits, Model};

pub static F16: LazyLock<Arc<Model>> = LazyLock::new(|| open("seedling-F16.gguf"));
pub static Q8_0: LazyLock<Arc<Model>> = LazyLock::new(|| open("seedling-Q8_0.gguf"));

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

fn open(name: &str) -> Arc<Model> {
    Arc::new(Model::open(&path(name), &LoadLimits::default()).unwrap())
}

/// Tokens of an instruction in the model's own format.
pub fn prompt(instruction: &str) -> Vec<u32> {
    let text = format!("<|user|>\n{instruction}\n<|assistant|>\n");
    Q8_0.tokenizer().encode(&text, true).unwrap()
}
