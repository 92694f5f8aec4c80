//! The real file, cut and changed in thousands of ways: no panic, whatever the bytes.

use std::sync::Arc;

use engine::{EngineError, LoadLimits, Model, Session};

use crate::parity;
use crate::seedling;
use crate::tiny::{F32, File, Random};

/// Where the tensor data of the file begin; everything before is the header.
fn header_bytes(bytes: &[u8]) -> usize {
    let name = b"blk.5.ffn_down.weight";
    let last = bytes.windows(name.len()).rposition(|window| window == name).unwrap();
    (last + name.len() + 32).next_multiple_of(32)
}

/// Loads a file; if that works, computes two tokens. Returns whether it loaded.
fn try_out(bytes: Vec<u8>) -> bool {
    // A small context, so that no mutation asks for more memory than a test should take.
    let limits = LoadLimits { context_max: 64, cache_bytes_max: 1 << 24, ..LoadLimits::default() };
    let Ok(model) = Model::from_bytes(bytes, &limits) else { return false };
    let vocabulary = model.info().vocabulary_size;
    let mut session = Session::new(Arc::new(model));
    match session.forward(&[1, (vocabulary - 1) as u32]) {
        Ok(logits) => {
            assert_eq!(logits.len(), vocabulary);
            assert!(logits.iter().all(|logit| logit.is_finite()));
        }
        Err(EngineError::NotFinite { .. }) => {}
        Err(other) => panic!("only bad numbers can go wrong here: {other}"),
    }
    let _ = session.model().tokenizer().encode("def f(x):\n    return 1<|end|>", true);
    true
}

fn mutate(bytes: &mut [u8], at: usize, random: &mut Random) {
    let end = (at + 8).min(bytes.len());
    match random.below(6) {
        0 => bytes[at] = 0,
        1 => bytes[at] = 0xff,
        2 => bytes[at..end].fill(0xff),
        3 => bytes[at..end].fill(0),
        4 => bytes[at] = bytes[at].wrapping_add(1),
        _ => bytes[at] ^= 1 << random.below(8),
    }
}

#[test]
fn cut_files_never_load() {
    let bytes = std::fs::read(seedling::path("seedling-Q8_0.gguf")).unwrap();
    let header = header_bytes(&bytes);
    let mut random = Random(1);
    let mut lengths: Vec<usize> = (0..300).collect();
    lengths.extend((0..300).map(|_| random.below(header)));
    lengths.extend((0..50).map(|_| header + random.below(bytes.len() - header)));
    lengths.extend([header, bytes.len() - 1]);
    for length in lengths {
        assert!(!try_out(bytes[..length].to_vec()), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn changed_files_never_panic() {
    let bytes = std::fs::read(seedling::path("seedling-Q8_0.gguf")).unwrap();
    let header = header_bytes(&bytes);
    let mut random = Random(2);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..1800 {
        // Most of the header is vocabulary; two thirds of the changes go to the rest.
        let at = match round % 3 {
            0 => random.below(header),
            1 => random.below(900),
            _ => header - 1 - random.below(3900),
        };
        let mut changed = bytes.clone();
        mutate(&mut changed, at, &mut random);
        if try_out(changed) { loaded += 1 } else { refused += 1 }
    }
    assert!(loaded > 100 && refused > 100, "{loaded} loaded, {refused} refused");
}

/// The same for a file so small that thousands of changes reach everything, weights included.
#[test]
fn changed_tiny_files_never_panic() {
    let bytes = File::tiny(F32, 1).bytes();
    let mut random = Random(3);
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..6000 {
        let mut changed = bytes.clone();
        for _ in 0..=random.below(3) {
            let end = if random.below(4) == 0 { bytes.len() } else { 8000 };
            let at = random.below(end);
            mutate(&mut changed, at, &mut random);
        }
        if try_out(changed) { loaded += 1 } else { refused += 1 }
    }
    assert!(loaded > 100 && refused > 100, "{loaded} loaded, {refused} refused");
}

/// Every architecture: its keys, its tensors, and for some a vocabulary of the other kind.
#[test]
fn changed_files_of_all_architectures_never_panic() {
    let names = ["qwen2", "qwen3", "qwen3moe", "starcoder2", "gemma3", "phi3", "phi3-long"];
    for name in [&names[..], &["deepseek2", "deepseek2-split"]].concat() {
        let bytes = std::fs::read(parity::path(&format!("{name}.gguf"))).unwrap();
        let last = bytes.windows(7).rposition(|window| window == b".weight").unwrap();
        let header = last + 40;
        let mut random = Random(name.len() as u64);
        let (mut loaded, mut refused) = (0, 0);
        for round in 0..1500 {
            let mut changed = bytes.clone();
            for _ in 0..=random.below(2) {
                // The first keys are those of the architecture; the last third is tensors.
                let at = match round % 4 {
                    0 => random.below(bytes.len()),
                    1 => random.below(header),
                    2 => random.below(1100),
                    _ => header - 1 - random.below(header / 3),
                };
                mutate(&mut changed, at, &mut random);
            }
            if try_out(changed) { loaded += 1 } else { refused += 1 }
        }
        assert!(loaded > 100 && refused > 100, "{name}: {loaded} loaded, {refused} refused");
        for length in (0..header).step_by(97) {
            assert!(!try_out(bytes[..length].to_vec()), "{name}: {length} bytes");
        }
    }
}
