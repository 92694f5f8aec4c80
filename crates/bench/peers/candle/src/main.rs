//! How fast candle runs a GGUF file of the architecture `llama`: prefill of 512 tokens and decode
//! of 128 after them. `candle_speed FILE`, with the number of threads in `RAYON_NUM_THREADS`.
//! Build it with `RUSTFLAGS=-Ctarget-cpu=native`: candle chooses its instructions when it is built.
//!
//! Prints one line of JSON with the keys that `crates/engine/examples/speed.rs` prints.

use std::fs::File;
use std::time::Instant;

use candle_core::quantized::gguf_file;
use candle_core::{Device, Result, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;

const PREFILL: usize = 512;
const DECODE: usize = 128;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or_else(|| candle_core::Error::msg("which file?"))?;
    let mut file = File::open(path)?;
    let content = gguf_file::Content::read(&mut file)?;
    let mut model = ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;
    let mut forward = |tokens: &[u32], position: usize| -> Result<()> {
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        // Bring the logits into being: they are what the others compute as well.
        model.forward(&input, position)?.to_vec2::<f32>().map(drop)
    };
    forward(&[1, 2, 3], 0)?;
    let prompt: Vec<u32> = (0..PREFILL as u32).map(|index| index * 7 % 251).collect();
    let prefill = rate(PREFILL, || forward(&prompt, 0))?;
    let decode = rate(DECODE, || {
        (0..DECODE).try_for_each(|index| forward(&[(index * 11 % 251) as u32], PREFILL + index))
    })?;
    println!(
        "{{\"prefill_wall\": {:.2}, \"prefill_cpu\": {:.2}, \"decode_wall\": {:.2}, \
         \"decode_cpu\": {:.2}}}",
        prefill.0, prefill.1, decode.0, decode.1
    );
    Ok(())
}

/// Tokens per second of wall time and of processor time.
fn rate(tokens: usize, work: impl FnOnce() -> Result<()>) -> Result<(f64, f64)> {
    let (start, processor) = (Instant::now(), processor_s());
    work()?;
    let wall = start.elapsed().as_secs_f64();
    Ok((tokens as f64 / wall, tokens as f64 / (processor_s() - processor)))
}

/// Seconds that all threads of this process computed; NaN where the system does not say.
fn processor_s() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    // Fields 14 and 15, in hundredths of a second on every Linux; 2, in brackets, may hold spaces.
    let fields = status.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Option<Vec<f64>> = fields.skip(11).take(2).map(|field| field.parse().ok()).collect();
    ticks.map_or(f64::NAN, |ticks| ticks.iter().sum::<f64>() / 100.0)
}
