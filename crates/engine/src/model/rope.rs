//! Rotary position embedding (Su et al. 2021, arXiv:2104.09864): each pair of elements of a head
//! is turned by an angle that grows with the position.

use crate::error::EngineError;
use crate::gguf::{Gguf, invalid};

/// How fast each pair turns.
#[derive(Debug)]
pub(super) struct Rope {
    /// Radians per position, one for each pair.
    speeds: Vec<f32>,
}

/// Cosine and sine of each pair at some positions.
pub(super) struct Rotation {
    /// [positions, pairs] of (cosine, sine).
    turns: Vec<(f32, f32)>,
    pairs: usize,
}

impl Rope {
    /// Reads `<architecture>.rope.*`. `head_width` is the width of one head; `divisors`, one for
    /// each pair, slow pairs down (Llama 3.1 keeps them in `rope_freqs.weight`).
    pub(super) fn from_gguf(
        gguf: &Gguf<'_>,
        architecture: &str,
        head_width: usize,
        divisors: impl FnOnce(usize) -> Result<Option<Vec<f32>>, EngineError>,
    ) -> Result<Rope, EngineError> {
        let key = format!("{architecture}.rope.dimension_count");
        let width = gguf.optional_size(&key)?.unwrap_or(head_width);
        if width % 2 != 0 || width > head_width {
            let why = format!("{width} is odd or more than the head width {head_width}");
            return Err(invalid(&key, why));
        }
        let key = format!("{architecture}.rope.freq_base");
        let base = gguf.optional_float(&key)?.unwrap_or(10_000.0);
        if base <= 0.0 {
            return Err(invalid(&key, format!("{base} is not positive")));
        }
        let factor = linear_factor(gguf, architecture)?;
        let pairs = width / 2;
        let divisors = divisors(pairs)?.unwrap_or_else(|| vec![1.0; pairs]);
        let speeds = (0..pairs).zip(divisors).map(|(pair, divisor)| {
            let exponent = -2.0 * pair as f64 / width as f64;
            (f64::from(base).powf(exponent) / f64::from(divisor) / f64::from(factor)) as f32
        });
        Ok(Rope { speeds: speeds.collect() })
    }

    /// The turns of `count` positions from `start` on.
    pub(super) fn rotation(&self, start: usize, count: usize) -> Rotation {
        let mut turns = Vec::with_capacity(count * self.speeds.len());
        for position in start..start + count {
            for speed in &self.speeds {
                let (sine, cosine) = (position as f32 * speed).sin_cos();
                turns.push((cosine, sine));
            }
        }
        Rotation { turns, pairs: self.speeds.len() }
    }
}

/// Positions are divided by this (Chen et al. 2023, arXiv:2306.15595); 1 where nothing is said.
fn linear_factor(gguf: &Gguf<'_>, architecture: &str) -> Result<f32, EngineError> {
    let type_key = format!("{architecture}.rope.scaling.type");
    let factor_key = format!("{architecture}.rope.scaling.factor");
    match gguf.optional_text(&type_key)? {
        None | Some("none") => Ok(1.0),
        Some("linear") => match gguf.optional_float(&factor_key)? {
            None => Ok(1.0),
            Some(factor) if factor > 0.0 => Ok(factor),
            Some(factor) => Err(invalid(&factor_key, format!("{factor} is not positive"))),
        },
        Some(other) => Err(EngineError::UnsupportedFeature {
            what: format!("{type_key} = {}", crate::error::excerpt(other)),
        }),
    }
}

impl Rotation {
    /// Turns the pairs (2i, 2i + 1) of every head, in place; x [positions, heads, head width].
    /// Elements beyond the pairs stay as they are.
    pub(super) fn turn_adjacent(&self, x: &mut [f32], heads: usize, head_width: usize) {
        let rows = x.chunks_exact_mut(heads * head_width);
        for (row, turns) in rows.zip(self.turns.chunks_exact(self.pairs)) {
            for head in row.chunks_exact_mut(head_width) {
                for (pair, (cosine, sine)) in head.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
                    let [a, b] = *pair;
                    *pair = [a * cosine - b * sine, a * sine + b * cosine];
                }
            }
        }
    }
}
