//! The arithmetic of a transformer: one readable reference, and fast paths with the same meaning.
//!
//! [`Kernels::new`] chooses at run time. The reference is the definition. Products of quantised
//! weights are the same on every path to the bit; of floats, and in attention, a fast path may
//! differ by the order of additions, and tests hold it to a bound on that.
//!
//! Within one path, the result for a token does not depend on how many tokens are computed
//! together, of its own sequence or of others, nor on how many threads compute them: each output
//! is one chain of additions in a fixed order. So a prompt computed at once, in pieces, or from a shared prefix gives
//! bit-identical logits, and the same seed gives the same text.
//!
//! | file | holds |
//! |---|---|
//! | `reference` | the definition |
//! | `activations`, `packed` | both factors of integer products, in the order of use |
//! | `avx512`, `avx2`, `avx2/integers` | products of some rows with some tokens; attention |
//! | `neon`, `neon/integers` | the same for aarch64 |
//! | `ceilings` | what this machine can do at most |
//! | `matrix_product`, `pool` | who computes which rows, and the threads |
//! | `exponential` | e^x and softmax for loops that become vectors |

mod activations;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector loads and CPU features; each block says why it is sound")]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector loads and CPU features; each block says why it is sound")]
mod avx512;
#[allow(unsafe_code, reason = "CPU features; each block says why it is sound")]
mod ceilings;
mod exponential;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[allow(unsafe_code, reason = "threads write disjoint parts; each block says why it is sound")]
mod matrix_product;
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code, reason = "vector loads and CPU features; each block says why it is sound")]
mod neon;
#[allow(unsafe_code, reason = "threads write disjoint parts; each block says why it is sound")]
mod packed;
#[allow(unsafe_code, reason = "threads borrow a closure; each block says why it is sound")]
mod pool;
mod reference;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

pub use self::ceilings::Ceilings;
use self::packed::Arena;
pub(crate) use self::packed::Packed;
use self::pool::Pool;
use crate::tensor::MatrixView;

/// Which instructions to compute with, where the CPU has them. Others give other roundings, so
/// this is for measuring and for reproducing what another machine computed. Those of another
/// architecture are those that every CPU has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// The fastest that there are.
    #[default]
    Best,
    /// At most AVX2.
    Avx2,
    /// At most NEON without dot products.
    Neon,
    /// What every CPU has. Slow.
    Portable,
}

impl Instructions {
    /// All that can be faster than [`Instructions::Portable`] on this architecture.
    pub const FAST: &[Instructions] = &[
        Instructions::Best,
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2,
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon,
    ];
}

/// A way to compute, and the threads to do it with. Holding one proves that this CPU has what it
/// needs.
pub(crate) struct Kernels {
    path: Path,
    pool: Pool,
    /// Memory of the weights that were repacked; each keeps what it needs of it.
    arena: Mutex<Arena>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Reference,
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    /// Quantised weights with AVX-512, everything else with AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512, avx2::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
    /// Quantised weights with dot products.
    #[cfg(target_arch = "aarch64")]
    NeonDot(neon::NeonDot, neon::Neon),
}

/// Positions whose keys, and whose values, lie together in memory: a page. With 16 or 64 nothing
/// was measurably faster; this is one piece of a prompt.
pub(crate) const PAGE_POSITIONS: usize = 32;

/// Tokens of a part of attention at most: what they share is read once for all of them.
const ATTENTION_TOKENS_MAX: usize = 16;
/// How many parts of attention there are for each thread, about, to even out what slows one down.
const PARTS_PER_THREAD: usize = 4;

/// Keys and values that some heads of a token see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    /// Pages of [positions, stride], rotated.
    pub(crate) keys: &'a [&'a [f32]],
    /// Pages of [positions, stride].
    pub(crate) values: &'a [&'a [f32]],
    /// The first position that is seen.
    pub(crate) first: usize,
    /// How many positions are seen.
    pub(crate) positions: usize,
    /// Elements of a key and of a value.
    pub(crate) width: usize,
    /// Elements from one position to the next: the width of all key heads together.
    pub(crate) stride: usize,
    /// First element of this head within a position.
    pub(crate) offset: usize,
    /// Multiplies each score, usually 1 / √(head width).
    pub(crate) scale: f32,
}

/// A token that sees them, by the heads that share them.
#[derive(Debug)]
pub(crate) struct Token<'a> {
    pub(crate) head: Head<'a>,
    /// [heads, head width], rotated.
    pub(crate) queries: &'a [f32],
    /// [heads, head width].
    pub(crate) out: &'a mut [f32],
}

/// Keys and values of one sequence in one layer, up to the last of the tokens that see them. Each
/// page but the last has [`PAGE_POSITIONS`] positions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past<'a> {
    /// Pages of [positions, kv heads, head width], rotated.
    pub(crate) keys: Vec<&'a [f32]>,
    /// Pages of [positions, kv heads, head width].
    pub(crate) values: Vec<&'a [f32]>,
    /// Those of the tokens included.
    pub(crate) positions: usize,
    /// How many tokens see them, the last positions.
    pub(crate) tokens: usize,
}

/// All heads of some tokens of one or more sequences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention<'a> {
    /// [tokens, heads, head width], rotated: those of each sequence after those of the one before.
    pub(crate) queries: &'a [f32],
    pub(crate) sequences: &'a [Past<'a>],
    pub(crate) heads: usize,
    /// Divides `heads`.
    pub(crate) kv_heads: usize,
    pub(crate) head_width: usize,
    /// Multiplies each score, usually 1 / √(head width).
    pub(crate) scale: f32,
    /// How many positions a token sees, itself included; None for all.
    pub(crate) window: Option<usize>,
}

impl Head<'_> {
    /// What is seen of `pages` ([positions, stride] each), page by page: how many positions were
    /// seen before, and the rows from the first one on that is seen.
    fn seen<'p>(&self, pages: &'p [&'p [f32]]) -> impl Iterator<Item = (usize, &'p [f32])> {
        let Head { first, positions, stride, .. } = *self;
        let end = first + positions;
        let pages = pages[..end.div_ceil(PAGE_POSITIONS)].iter().enumerate();
        pages.skip(first / PAGE_POSITIONS).map(move |(index, page)| {
            let start = index * PAGE_POSITIONS;
            let seen = first.max(start)..end.min(start + PAGE_POSITIONS);
            (seen.start - first, &page[(seen.start - start) * stride..(seen.end - start) * stride])
        })
    }

    /// The part of `rows` ([positions, stride]) that belongs to this head at `position`.
    fn at<'r>(&self, rows: &'r [f32], position: usize) -> &'r [f32] {
        &rows[position * self.stride + self.offset..][..self.width]
    }
}

impl Kernels {
    /// The fastest way that this CPU can do within `instructions`, on `threads` threads; None for
    /// one on each core.
    pub(crate) fn new(instructions: Instructions, threads: Option<NonZeroUsize>) -> Kernels {
        Kernels {
            path: Path::detect(instructions),
            pool: Pool::new(threads),
            arena: Mutex::default(),
        }
    }

    /// Name of the path, for reports.
    pub(crate) fn name(&self) -> &'static str {
        match self.path {
            Path::Reference => "reference",
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(..) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Path::Neon(_) => "neon",
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot(..) => "neon-dotprod",
        }
    }

    /// Threads that compute together.
    pub(crate) fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The weights in the order in which the fast paths read them, if there is one for their
    /// type and memory for it.
    pub(crate) fn pack(&self, weights: MatrixView<'_>) -> Option<Packed> {
        match self.path {
            Path::Reference => None,
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            _ => {
                // A panic while repacking wastes what was taken from it, and breaks nothing.
                let mut arena = self.arena.lock().unwrap_or_else(PoisonError::into_inner);
                Packed::new(&self.pool, &mut arena, weights)
            }
        }
    }

    /// `out[t, r] = Σ_c weights[r, c] · x[t, c]` for x [tokens, columns], out [tokens, rows].
    pub(crate) fn matmul(&self, weights: MatrixView<'_>, x: &[f32], out: &mut [f32]) {
        self.matmuls(x, &mut [(weights, out)]);
    }

    /// [`Kernels::matmul`] of several matrices with the same x.
    pub(crate) fn matmuls(&self, x: &[f32], products: &mut [(MatrixView<'_>, &mut [f32])]) {
        for (weights, out) in &*products {
            let tokens = x.len() / weights.columns;
            assert_eq!(x.len(), tokens * weights.columns, "x is [tokens, columns]");
            assert_eq!(out.len(), tokens * weights.rows, "out is [tokens, rows]");
        }
        match self.path {
            Path::Reference => {
                for (weights, out) in products {
                    reference::matmul(&self.pool, *weights, x, out);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(avx2) => {
                matrix_product::run(&self.pool, avx2, avx2, x, products);
            }
            #[cfg(target_arch = "x86_64")]
            Path::Avx512(avx512, avx2) => {
                matrix_product::run(&self.pool, avx512, avx2, x, products);
            }
            #[cfg(target_arch = "aarch64")]
            Path::Neon(neon) => {
                matrix_product::run(&self.pool, neon, neon, x, products);
            }
            #[cfg(target_arch = "aarch64")]
            Path::NeonDot(dot, neon) => {
                matrix_product::run(&self.pool, dot, neon, x, products);
            }
        }
    }

    /// Attention of all heads of some tokens; out [tokens, heads, head width]. A token sees itself
    /// and what came before it in its sequence, as far back as the window reaches.
    pub(crate) fn attention(&self, attention: Attention<'_>, out: &mut [f32]) {
        let Attention { queries, sequences, heads, kv_heads, head_width, scale, window } =
            attention;
        let (width, stride) = (heads * head_width, kv_heads * head_width);
        let tokens: usize = sequences.iter().map(|past| past.tokens).sum();
        assert!(queries.len() == out.len() && queries.len() == tokens * width);
        let group = heads / kv_heads * head_width;
        let mut rows = queries.chunks_exact(group).zip(out.chunks_exact_mut(group));
        let block = tokens * kv_heads / (PARTS_PER_THREAD * self.threads());
        let block = block.clamp(1, ATTENTION_TOKENS_MAX);
        // Of a kv head and some tokens of a sequence each.
        let mut parts: Vec<Vec<Token<'_>>> = Vec::new();
        for past in sequences {
            assert!(past.tokens <= past.positions, "keys hold those of the tokens themselves");
            for start in (past.positions - past.tokens..past.positions).step_by(block) {
                let ends = start + 1..past.positions.min(start + block) + 1;
                let first_part = parts.len();
                parts.resize_with(first_part + kv_heads, || Vec::with_capacity(ends.len()));
                for end in ends {
                    let first = window.map_or(0, |window| end.saturating_sub(window));
                    for (kv_head, part) in parts[first_part..].iter_mut().enumerate() {
                        let head = Head {
                            keys: &past.keys,
                            values: &past.values,
                            first,
                            positions: end - first,
                            width: head_width,
                            stride,
                            offset: kv_head * head_width,
                            scale,
                        };
                        let (queries, out) = rows.next().expect("as many as tokens and kv heads");
                        part.push(Token { head, queries, out });
                    }
                }
            }
        }
        self.pool.run_each(&mut parts, |_, tokens| self.attend(tokens));
    }

    /// `out[h] = softmax(scale · keys · queries[h])ᵀ · values` for tokens of one sequence and all
    /// heads that share keys and values.
    pub(crate) fn attend(&self, tokens: &mut [Token<'_>]) {
        #[cfg(target_arch = "x86_64")]
        if let Path::Avx512(avx512, _) = self.path
            && tokens.iter().all(|token| avx512.can_attend(token.head.width))
        {
            return avx512.attend(tokens);
        }
        for Token { head, queries, out } in tokens {
            assert!(queries.len() == out.len() && out.len().is_multiple_of(head.width));
            let mut scores = vec![0.0; head.positions];
            match self.path {
                Path::Reference => {
                    let heads = queries.chunks_exact(head.width);
                    for (query, out) in heads.zip(out.chunks_exact_mut(head.width)) {
                        reference::attend(*head, query, &mut scores, out);
                    }
                }
                #[cfg(target_arch = "x86_64")]
                Path::Avx2(avx2) | Path::Avx512(_, avx2) => {
                    avx2.attend(*head, queries, &mut scores, out);
                }
                #[cfg(target_arch = "aarch64")]
                Path::Neon(neon) | Path::NeonDot(_, neon) => {
                    neon.attend(*head, queries, &mut scores, out);
                }
            }
        }
    }

    /// The gate of SwiGLU (Shazeer 2020, arXiv:2002.05202), in place:
    /// `gate = gate · sigmoid(gate) · up`, all of the same length.
    pub(crate) fn swiglu(&self, gate: &mut [f32], up: &[f32]) {
        /// Elements of a part: a few microseconds of work.
        const PART: usize = 8192;
        let mut parts: Vec<_> = gate.chunks_mut(PART).zip(up.chunks(PART)).collect();
        self.pool.run_each(&mut parts, |_, (gate, up)| match self.path {
            Path::Reference => reference::swiglu(gate, up),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(avx2) | Path::Avx512(_, avx2) => avx2.swiglu(gate, up),
            #[cfg(target_arch = "aarch64")]
            Path::Neon(neon) | Path::NeonDot(_, neon) => neon.swiglu(gate, up),
        });
    }
}

impl Path {
    fn detect(instructions: Instructions) -> Path {
        #[cfg(target_arch = "x86_64")]
        if matches!(instructions, Instructions::Best | Instructions::Avx2)
            && let Some(avx2) = avx2::Avx2::detect()
        {
            return match avx512::Avx512::detect() {
                Some(avx512) if instructions == Instructions::Best => Path::Avx512(avx512, avx2),
                _ => Path::Avx2(avx2),
            };
        }
        #[cfg(target_arch = "aarch64")]
        if matches!(instructions, Instructions::Best | Instructions::Neon)
            && let Some(neon) = neon::Neon::detect()
        {
            return match neon::NeonDot::detect() {
                Some(dot) if instructions == Instructions::Best => Path::NeonDot(dot, neon),
                _ => Path::Neon(neon),
            };
        }
        let _ = instructions;
        Path::Reference
    }
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {} threads", self.name(), self.threads())
    }
}

/// Root mean square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467), row by row:
/// `out = x / √(mean(x²) + epsilon) · gain` for x, out [tokens, width], gain `[width]`. Squares
/// are added up in sixteen lanes, which is a fixed order too, and faster than one chain.
pub(crate) fn rms_norm(x: &[f32], gain: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = gain.len();
    for (row, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let (chunks, rest) = row.as_chunks::<16>();
        let mut sums = [0.0_f32; 16];
        for chunk in chunks {
            for (sum, v) in sums.iter_mut().zip(chunk) {
                *sum += v * v;
            }
        }
        let rest: f32 = rest.iter().map(|v| v * v).sum();
        let mean_square = (sums.iter().sum::<f32>() + rest) / width as f32;
        let factor = 1.0 / (mean_square + epsilon).sqrt();
        for ((out, value), gain) in out.iter_mut().zip(row).zip(gain) {
            *out = value * factor * gain;
        }
    }
}

/// `x += y`, element by element.
pub(crate) fn add(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}
