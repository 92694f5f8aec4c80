//! Rotary position embedding (Su et al. 2021, arXiv:2104.09864): each pair of elements of a head
//! is turned by an angle that grows with the position.
//!
//! Contexts beyond those of training are reached by turning slower: all pairs alike (Chen et al.
//! 2023, arXiv:2306.15595), slow pairs only (YaRN, Peng et al. 2023, arXiv:2309.00071), or each
//! by a divisor of its own that the file holds (Llama 3.1; LongRoPE, Ding et al. 2024,
//! arXiv:2402.13753).

use super::keys::Keys;
use super::weights::Weights;
use crate::error::EngineError;

/// The metadata key that names the way to turn slower.
const SCALING_TYPE: &str = "rope.scaling.type";

/// The widest head: no tensor was looked at yet, and a file may claim any width.
const HEAD_WIDTH_MAX: usize = 1 << 16;

/// Which elements of a head are turned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairing {
    /// 2i and 2i + 1.
    Adjacent,
    /// i and i + half of what is turned.
    Halves,
}

/// How fast each pair turns.
#[derive(Debug)]
pub(super) struct Rope {
    pairing: Pairing,
    /// Radians per position, one for each pair.
    speeds: Vec<f32>,
    /// Where they differ: speeds for sessions that can hold more tokens than this.
    beyond: Option<(usize, Vec<f32>)>,
    /// Multiplies what is turned.
    magnitude: f32,
}

/// Cosine and sine of each pair at some positions, both times the magnitude.
pub(super) struct Rotation {
    pairing: Pairing,
    /// [positions, pairs] of (cosine, sine).
    turns: Vec<(f32, f32)>,
    pairs: usize,
}

impl Rope {
    /// Reads `<architecture>.rope.*` and the divisors that the file may hold. `head_width` is the
    /// width of one head.
    pub(super) fn from_keys(
        keys: &Keys<'_>,
        weights: &mut Weights<'_>,
        head_width: usize,
        pairing: Pairing,
    ) -> Result<Rope, EngineError> {
        let width = rotated_width(keys, head_width)?;
        let pairs = width / 2;
        let base = keys.optional_positive("rope.freq_base")?.unwrap_or(10_000.0);
        let plain = plain_speeds(base, width);
        let magnitude = keys.optional_positive("rope.scaling.attn_factor")?.unwrap_or(1.0);
        let short = weights.optional_vector("rope_factors_short.weight", pairs)?;
        let long = weights.optional_vector("rope_factors_long.weight", pairs)?;
        if let (Some(short), Some(long)) = (short, long) {
            let original = keys.size("rope.scaling.original_context_length")?;
            let speeds = narrow(&divided(&plain, &short));
            let beyond = Some((original, narrow(&divided(&plain, &long))));
            return Ok(Rope { pairing, speeds, beyond, magnitude });
        }
        let divisors = weights.optional_vector("rope_freqs.weight", pairs)?;
        let plain = divided(&plain, &divisors.unwrap_or_else(|| vec![1.0; pairs]));
        let factor = keys.optional_positive("rope.scaling.factor")?.unwrap_or(1.0);
        let (speeds, magnitude) = match keys.optional_text(SCALING_TYPE)? {
            None | Some("none") => (plain, magnitude),
            Some("linear") => (divided(&plain, &vec![factor; pairs]), magnitude),
            Some("yarn") => {
                let speeds = yarn(keys, &plain, f64::from(base), f64::from(factor))?;
                (speeds, magnitude * (1.0 + 0.1 * factor.max(1.0).ln()))
            }
            Some("longrope") => {
                let what = format!(
                    "{} = \"longrope\" without tensors `rope_factors_short.weight` and \
                     `rope_factors_long.weight`",
                    keys.key(SCALING_TYPE)
                );
                return Err(EngineError::UnsupportedFeature { what });
            }
            Some(other) => return Err(keys.unsupported_text(SCALING_TYPE, other)),
        };
        Ok(Rope { pairing, speeds: narrow(&speeds), beyond: None, magnitude })
    }

    /// All of a head of `width` elements, an even number, turned without any scaling.
    pub(super) fn plain(base: f32, width: usize, pairing: Pairing) -> Rope {
        let speeds = narrow(&plain_speeds(base, width));
        Rope { pairing, speeds, beyond: None, magnitude: 1.0 }
    }

    /// The same speeds, with another magnitude.
    pub(super) fn with_magnitude(self, magnitude: f32) -> Rope {
        Rope { magnitude, ..self }
    }

    /// The turns of some positions, in a session that can hold `positions_max`.
    pub(super) fn rotation(&self, positions: &[usize], positions_max: usize) -> Rotation {
        let speeds = match &self.beyond {
            Some((original, speeds)) if positions_max > *original => speeds,
            _ => &self.speeds,
        };
        let mut turns = Vec::with_capacity(positions.len() * speeds.len());
        for position in positions {
            for speed in speeds {
                let (sine, cosine) = (*position as f32 * speed).sin_cos();
                turns.push((cosine * self.magnitude, sine * self.magnitude));
            }
        }
        Rotation { pairing: self.pairing, turns, pairs: speeds.len() }
    }
}

/// How many elements of a head are turned: the first ones.
fn rotated_width(keys: &Keys<'_>, head_width: usize) -> Result<usize, EngineError> {
    const NAME: &str = "rope.dimension_count";
    if head_width > HEAD_WIDTH_MAX {
        let why = format!("heads of {head_width} elements, the limit is {HEAD_WIDTH_MAX}");
        return Err(keys.invalid("attention.key_length", why));
    }
    let width = keys.optional_size(NAME)?.unwrap_or(head_width);
    if width % 2 != 0 || width > head_width {
        let why = format!("{width} is odd or more than the head width {head_width}");
        return Err(keys.invalid(NAME, why));
    }
    Ok(width)
}

/// Radians per position of each pair of `width` elements.
fn plain_speeds(base: f32, width: usize) -> Vec<f64> {
    let exponent = |pair: usize| -2.0 * pair as f64 / width as f64;
    (0..width / 2).map(|pair| f64::from(base).powf(exponent(pair))).collect()
}

/// Each speed over its divisor.
fn divided(speeds: &[f64], divisors: &[f32]) -> Vec<f64> {
    speeds.iter().zip(divisors).map(|(speed, divisor)| speed / f64::from(*divisor)).collect()
}

fn narrow(speeds: &[f64]) -> Vec<f32> {
    speeds.iter().map(|speed| *speed as f32).collect()
}

/// YaRN: pairs that turn often within the original context keep their speed, those that turn
/// less than once are slowed by `factor`, and between the two it is blended.
fn yarn(keys: &Keys<'_>, plain: &[f64], base: f64, factor: f64) -> Result<Vec<f64>, EngineError> {
    let original = match keys.optional_size("rope.scaling.original_context_length")? {
        Some(original) => original,
        None => keys.size("context_length")?,
    };
    let fast = keys.optional_positive("rope.scaling.yarn_beta_fast")?.unwrap_or(32.0);
    let slow = keys.optional_positive("rope.scaling.yarn_beta_slow")?.unwrap_or(1.0);
    let width = 2.0 * plain.len() as f64;
    // The pair that makes so many turns within the original context.
    let pair_with = |turns: f32| {
        let turn = original as f64 / (f64::from(turns) * std::f64::consts::TAU);
        width * turn.ln() / (2.0 * base.ln())
    };
    let low = pair_with(fast).floor().max(0.0);
    let high = pair_with(slow).ceil().min(width - 1.0);
    let blend = |(pair, speed): (usize, &f64)| {
        let slowed = ((pair as f64 - low) / (high - low).max(0.001)).clamp(0.0, 1.0);
        speed / factor * slowed + speed * (1.0 - slowed)
    };
    Ok(plain.iter().enumerate().map(blend).collect())
}

impl Rotation {
    /// Turns the pairs of every head, in place; x [positions, heads, head width]. Elements
    /// beyond the pairs stay as they are.
    pub(super) fn turn(&self, x: &mut [f32], heads: usize, head_width: usize) {
        let rows = x.chunks_exact_mut(heads * head_width);
        for (row, turns) in rows.zip(self.turns.chunks_exact(self.pairs)) {
            for head in row.chunks_exact_mut(head_width) {
                match self.pairing {
                    Pairing::Adjacent => turn_adjacent(head, turns),
                    Pairing::Halves => turn_halves(head, turns),
                }
            }
        }
    }
}

fn turn_adjacent(head: &mut [f32], turns: &[(f32, f32)]) {
    for (pair, (cosine, sine)) in head.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
        let [a, b] = *pair;
        *pair = [a * cosine - b * sine, a * sine + b * cosine];
    }
}

fn turn_halves(head: &mut [f32], turns: &[(f32, f32)]) {
    let (left, right) = head.split_at_mut(turns.len());
    for ((a, b), (cosine, sine)) in left.iter_mut().zip(right).zip(turns) {
        (*a, *b) = (*a * cosine - *b * sine, *a * sine + *b * cosine);
    }
}
