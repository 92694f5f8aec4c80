//! Any bytes as a model file, and valid tiny files with some bytes changed. What loads must run.

#![no_main]

use std::num::NonZeroUsize;
use std::sync::Arc;

use engine::{EngineError, LoadLimits, Model, Session};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::{Corpus, fuzz_target};

macro_rules! tiny {
    ($($name:literal),*) => {
        [$(include_bytes!(concat!("../../crates/engine/tests/data/", $name, ".gguf"))),*]
    };
}

/// One of each architecture and variant.
const FILES: [&[u8]; 12] = tiny!(
    "llama",
    "qwen2",
    "qwen2-yarn",
    "qwen3",
    "qwen3moe",
    "starcoder2",
    "gemma3",
    "gemma3-scaled",
    "phi3",
    "phi3-long",
    "deepseek2",
    "deepseek2-split"
);
/// Most changes to a valid file.
const CHANGES_MAX: usize = 16;

fuzz_target!(|data: &[u8]| -> Corpus {
    match file(&mut Unstructured::new(data)) {
        Ok(bytes) => try_out(bytes),
        Err(_) => return Corpus::Reject,
    }
    Corpus::Keep
});

/// The first byte says which file to change; one beyond them, that the rest is a file.
fn file(data: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let choice = usize::from(data.arbitrary::<u8>()?);
    let Some(valid) = FILES.get(choice) else {
        return Ok(data.bytes(data.len())?.to_vec());
    };
    let mut bytes = valid.to_vec();
    for _ in 0..CHANGES_MAX {
        if data.len() < 6 {
            break;
        }
        let word: u32 = data.arbitrary()?;
        // Most changes go to the header, which is where decisions are made.
        let end = if word & 3 == 0 { bytes.len() } else { bytes.len().min(9000) };
        let at = (word >> 2) as usize % end;
        let width = 1 << (data.arbitrary::<u8>()? & 3);
        let new = data.bytes(width.min(data.len()).min(bytes.len() - at))?;
        bytes[at..at + new.len()].copy_from_slice(new);
        if word & 0xff == 0xfc {
            bytes.truncate(at.max(1));
        }
    }
    Ok(bytes)
}

fn try_out(bytes: Vec<u8>) {
    let limits = LoadLimits {
        context_max: 64,
        cache_bytes_max: 1 << 24,
        threads: NonZeroUsize::new(1),
        ..LoadLimits::default()
    };
    let Ok(model) = Model::from_bytes(bytes, &limits) else { return };
    let vocabulary = model.info().vocabulary_size;
    let mut session = Session::new(Arc::new(model));
    for tokens in [&[0, (vocabulary - 1) as u32][..], &[vocabulary as u32 / 2]] {
        match session.forward(tokens) {
            Ok(logits) => assert_eq!(logits.len(), vocabulary),
            Err(EngineError::NotFinite { .. } | EngineError::ContextExceeded { .. }) => {}
            Err(other) => panic!("only bad numbers can go wrong here: {other}"),
        }
    }
    let tokenizer = session.model().tokenizer();
    if let Ok(tokens) = tokenizer.encode("def f(x):\n    return '1é'<|end|>", true) {
        tokenizer.decode(&tokens).expect("these are tokens");
    }
}
