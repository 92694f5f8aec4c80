//! Processor seconds that another tokenizer takes for a text: `<name> <ranks> <text> <rounds>`, where the
//! ranks are lines of base64 and a number, in order.

use std::error::Error;

use base64::prelude::*;
use bpe::byte_pair_encoding::{BytePairEncoding, find_hash_factor_for_dictionary};

/// That of Llama 3, as `crates/engine/benches/peers/tokens.py` has it.
const WORDS: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, ranks, text, rounds] = &arguments[..] else {
        return Err("usage: <name> <ranks> <text> <rounds>".into());
    };
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for line in std::fs::read_to_string(ranks)?.lines() {
        pieces.push(BASE64_STANDARD.decode(line.split(' ').next().unwrap_or_default())?);
    }
    let text = std::fs::read_to_string(text)?;
    let encode: Box<dyn Fn(&str) -> Vec<u32>> = match name.as_str() {
        "bpe-openai" => {
            let factor = find_hash_factor_for_dictionary(pieces.clone());
            let bpe = BytePairEncoding::from_dictionary(pieces, Some(factor));
            let patterns =
                [(&format!(r"{WORDS}|\s+$")[..], false), (r"\s+\s", true), (r"\s+", false)];
            let tokenizer = bpe_openai::Tokenizer::new_lookahead(bpe, &patterns, false)
                .map_err(|error| error.to_string())?;
            Box::new(move |text| tokenizer.encode(text))
        }
        "tiktoken-rs" => {
            let ranks = pieces.into_iter().zip(0..).collect();
            let pattern = format!(r"{WORDS}|\s+(?!\S)|\s+");
            let bpe = tiktoken_rs::CoreBPE::new(ranks, Default::default(), &pattern)
                .map_err(|error| error.to_string())?;
            Box::new(move |text| bpe.encode_ordinary(text))
        }
        other => return Err(format!("there is no {other}").into()),
    };
    let mut seconds = Vec::new();
    for _ in 0..rounds.parse()? {
        let start = processor_seconds()?;
        let tokens = encode(&text);
        seconds.push(processor_seconds()? - start);
        assert!(!tokens.is_empty());
    }
    println!("{seconds:?}");
    Ok(())
}

/// What this thread has had of the processor, on Linux. Other work on the machine does not count.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? / 1e9)
}
