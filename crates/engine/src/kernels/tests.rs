//! Fast paths against the reference, and against themselves in other batch sizes.

use std::num::NonZeroUsize;
use std::sync::Arc;

use half::{bf16, f16};

use super::packed::Quantized;
use super::*;
use crate::storage::{Slice, Storage};
use crate::tensor::blocks::{BLOCK, half_at};
use crate::tensor::{Matrix, TensorType};

fn kernels(instructions: Instructions, threads: usize) -> Kernels {
    Kernels::new(instructions, NonZeroUsize::new(threads))
}

/// The paths that this CPU has, on one thread and on several.
fn fast() -> Vec<Kernels> {
    let paths = Instructions::FAST.iter();
    paths.flat_map(|path| [1, 3].map(|threads| kernels(*path, threads))).collect()
}

fn slow() -> Kernels {
    kernels(Instructions::Portable, 1)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Deterministic numbers (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Mostly small numbers, with zeros, large, tiny and subnormal ones between them.
    fn float(&mut self) -> f32 {
        let unit = (self.next() >> 40) as f32 / 8_388_608.0 - 1.0;
        match self.next() % 16 {
            0 => 0.0,
            1 => -0.0,
            2 => unit * 1e4,
            3 => unit * 1e-6,
            4 => unit * 1e-40,
            _ => unit,
        }
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }
}

/// Bytes of random weights. Quants and the scales of K blocks are any bits: quantisers avoid
/// some of them, such as -128, and files may hold them.
fn random_bytes(kind: TensorType, count: usize, numbers: &mut Numbers) -> Vec<u8> {
    let (weights, bytes) = kind.block();
    let half = |numbers: &mut Numbers| f16::from_f32(numbers.float() / 64.0).to_le_bytes();
    let mut all = Vec::new();
    for _ in 0..count / weights {
        let start = all.len();
        match kind {
            TensorType::F32 => all.extend(numbers.float().to_le_bytes()),
            TensorType::F16 => all.extend(f16::from_f32(numbers.float()).to_le_bytes()),
            TensorType::BF16 => all.extend(bf16::from_f32(numbers.float()).to_le_bytes()),
            _ => {
                all.extend((0..bytes).map(|_| numbers.next().to_le_bytes()[0]));
                for at in scales_at(kind) {
                    all[start + at..][..2].copy_from_slice(&half(numbers));
                }
            }
        }
    }
    all
}

/// Where the f16 of a block are.
fn scales_at(kind: TensorType) -> &'static [usize] {
    match kind {
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => &[0, 2],
        TensorType::Q6K => &[208],
        _ => &[0],
    }
}

fn matrix(kind: TensorType, rows: usize, columns: usize, numbers: &mut Numbers) -> Matrix {
    let storage = Arc::new(Storage::Owned(random_bytes(kind, rows * columns, numbers)));
    let slice = Slice::new(&storage, 0..storage.bytes().len()).expect("the whole");
    Matrix::new(kind, rows, columns, slice).expect("the bytes fit the shape")
}

fn product(kernels: &Kernels, weights: &Matrix, x: &[f32]) -> Vec<f32> {
    let view = weights.view();
    let mut out = vec![f32::NAN; x.len() / view.columns * view.rows];
    kernels.matmul(view, x, &mut out);
    out
}

/// Floats: every output is within (columns + 8) · ε · Σ|w·x| of the reference: the worst that
/// another order of additions, with or without fusing, can do (Higham, Accuracy and Stability,
/// 3.1).
fn check_float_matmul(kind: TensorType, rows: usize, columns: usize, tokens: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    let weights = matrix(kind, rows, columns, &mut numbers);
    let x = numbers.floats(tokens * columns);
    let slow = product(&slow(), &weights, &x);
    for kernels in fast() {
        let fast = product(&kernels, &weights, &x);
        let mut row = vec![0.0; columns];
        for r in 0..rows {
            kind.dequantize(weights.view().row(r), &mut row);
            for t in 0..tokens {
                let x = &x[t * columns..][..columns];
                let magnitude: f32 = row.iter().zip(x).map(|(w, x)| (w * x).abs()).sum();
                let bound = (columns + 8) as f32 * f32::EPSILON * magnitude + f32::MIN_POSITIVE;
                let (slow, fast) = (slow[t * rows + r], fast[t * rows + r]);
                assert!(
                    (slow - fast).abs() <= bound,
                    "{kind:?} {rows}x{columns} t={t} r={r}: {slow} {fast}, bound {bound}"
                );
            }
        }
        check_batch_sizes(&kernels, &weights, &x, &fast);
    }
}

/// Quantised weights: the same bits as the reference on every path, repacked or not, and all
/// within what rounding the activations to bytes can do of the product of floats.
fn check_integer_matmul(kind: TensorType, rows: usize, columns: usize, tokens: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    let mut weights = matrix(kind, rows, columns, &mut numbers);
    let x = numbers.floats(tokens * columns);
    let slow = product(&slow(), &weights, &x);
    check_against_floats(&weights, &x, &slow);
    for kernels in fast() {
        let unpacked = product(&kernels, &weights, &x);
        assert_eq!(bits(&unpacked), bits(&slow), "{kind:?} {rows}x{columns} {kernels:?}");
        if kernels.name() != "reference" {
            assert!(weights.pack(&kernels) > 0, "{kind:?} has a fast order");
        }
        let packed = product(&kernels, &weights, &x);
        assert_eq!(bits(&packed), bits(&slow), "{kind:?} {rows}x{columns} {kernels:?}");
        check_batch_sizes(&kernels, &weights, &x, &packed);
        let view = weights.view();
        weights = Matrix::new(kind, rows, columns, whole(view.bytes)).expect("as before");
    }
}

fn whole(bytes: &[u8]) -> Slice {
    let storage = Arc::new(Storage::Owned(bytes.to_vec()));
    Slice::new(&storage, 0..bytes.len()).expect("the whole")
}

/// A byte is off by at most half a step of its block's scale, 1/254 of the largest magnitude of
/// the columns that share it.
fn check_against_floats(weights: &Matrix, x: &[f32], out: &[f32]) {
    let view = weights.view();
    let mut row = vec![0.0; view.columns];
    let grain = view.kind.block().0.max(BLOCK);
    for (t, x) in x.chunks(view.columns).enumerate() {
        for r in 0..view.rows {
            view.kind.dequantize(view.row(r), &mut row);
            let (mut exact, mut bound) = (0.0, 1e-30);
            for (w, x) in row.chunks(grain).zip(x.chunks(grain)) {
                let largest = x.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
                for (w, x) in w.iter().zip(x) {
                    exact += f64::from(*w) * f64::from(*x);
                    // Half a step, and some roundings of f32.
                    bound += f64::from(w.abs() * largest) * (0.501 / 127.0 + 1e-5);
                }
                // With minima, a block adds large parts that cancel.
                bound += f64::from(largest) * grain as f64 * 1e-5 * largest_part(view, r);
            }
            let found = f64::from(out[t * view.rows + r]);
            assert!((found - exact).abs() <= bound, "{:?}: {found} {exact} {bound}", view.kind);
        }
    }
}

/// The most that d · scale · q and m · min can be, which cancel in a weight.
fn largest_part(view: MatrixView<'_>, row: usize) -> f64 {
    let (quant, min) = match view.kind {
        TensorType::Q4_1 | TensorType::Q5_1 => (31.0, 1.0),
        TensorType::Q4K | TensorType::Q5K => (63.0 * 31.0, 63.0),
        _ => return 0.0,
    };
    let blocks = view.row(row).chunks(view.kind.block().1);
    let part = |block: &[u8]| half_at(block, 0).abs() * quant + half_at(block, 2).abs() * min;
    f64::from(blocks.map(part).fold(0.0, f32::max))
}

/// One token at a time gives the same bits as all at once.
fn check_batch_sizes(kernels: &Kernels, weights: &Matrix, x: &[f32], together: &[f32]) {
    let view = weights.view();
    for (x, together) in x.chunks(view.columns).zip(together.chunks(view.rows)) {
        assert_eq!(bits(&product(kernels, weights, x)), bits(together), "{:?}", view.kind);
    }
}

#[test]
fn matmul_equals_the_reference() {
    let mut seed = 1;
    for tokens in [1, 2, 3, 4, 7, 8, 17] {
        for rows in [1, 3, 4, 5, 13, 16, 50] {
            for columns in [1, 7, 8, 9, 31, 64, 200] {
                for kind in [TensorType::F32, TensorType::F16, TensorType::BF16] {
                    seed += 1;
                    check_float_matmul(kind, rows, columns, tokens, seed);
                }
            }
            for columns in [32, 64, 96, 256, 768] {
                for kind in TensorType::ALL {
                    let is_whole = kind.byte_count(columns, columns).is_some();
                    if is_whole && Quantized::from_type(kind).is_some() {
                        seed += 1;
                        check_integer_matmul(kind, rows, columns, tokens, seed);
                    }
                }
            }
        }
    }
}

/// Quants and activations at the ends of their ranges: nothing saturates or overflows.
#[test]
fn extreme_bytes_multiply_exactly() {
    for kind in TensorType::ALL {
        if Quantized::from_type(kind).is_none() {
            continue;
        }
        let (columns, bytes) = kind.block();
        for fill in [0x00, 0x7f, 0x80, 0x81, 0xff] {
            let mut row = vec![fill; 17 * bytes];
            for block in row.chunks_mut(bytes) {
                for at in scales_at(kind) {
                    block[*at..][..2].copy_from_slice(&f16::ONE.to_le_bytes());
                }
            }
            let weights = Matrix::new(kind, 17, columns, whole(&row)).expect("17 blocks");
            for sign in [1.0, -1.0] {
                let x: Vec<f32> = vec![sign * 127.0; 5 * columns];
                let slow = product(&slow(), &weights, &x);
                for kernels in fast() {
                    let fast = product(&kernels, &weights, &x);
                    assert_eq!(bits(&fast), bits(&slow), "{kind:?} {fill:#x} {kernels:?}");
                }
            }
        }
    }
}

#[test]
fn several_matrices_of_different_types_share_the_activations() {
    let mut numbers = Numbers(5);
    let kinds = [TensorType::Q4K, TensorType::F16, TensorType::Q6K, TensorType::Q5_0];
    let weights = kinds.map(|kind| matrix(kind, 33, 512, &mut numbers));
    let x = numbers.floats(9 * 512);
    for kernels in fast() {
        let mut outs = vec![vec![f32::NAN; 9 * 33]; 4];
        let mut products: Vec<_> = weights
            .iter()
            .zip(&mut outs)
            .map(|(weights, out)| (weights.view(), &mut out[..]))
            .collect();
        kernels.matmuls(&x, &mut products);
        for (weights, out) in weights.iter().zip(&outs) {
            assert_eq!(bits(out), bits(&product(&kernels, weights, &x)));
        }
    }
}

#[test]
fn fast_paths_are_tested_on_cpus_that_have_them() {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = avx2::Avx2::detect().is_some();
        assert_eq!(kernels(Instructions::Avx2, 1).name() == "avx2", has_avx2);
        let has_both = has_avx2 && avx512::Avx512::detect().is_some();
        assert_eq!(kernels(Instructions::Best, 1).name() == "avx512", has_both);
    }
    #[cfg(target_arch = "aarch64")]
    {
        let has_neon = neon::Neon::detect().is_some();
        assert_eq!(kernels(Instructions::Neon, 1).name() == "neon", has_neon);
        let has_both = has_neon && neon::NeonDot::detect().is_some();
        assert_eq!(kernels(Instructions::Best, 1).name() == "neon-dotprod", has_both);
    }
    assert_eq!(slow().name(), "reference");
}

#[test]
fn not_a_number_is_not_hidden() {
    for kind in TensorType::ALL {
        let columns = kind.block().0.max(32);
        let mut weights = matrix(kind, 5, columns, &mut Numbers(9));
        for tokens in [1, 4] {
            let mut x = vec![1.0; columns * tokens];
            x[31] = f32::NAN;
            for kernels in fast().into_iter().chain([slow()]) {
                weights.pack(&kernels);
                let out = product(&kernels, &weights, &x);
                assert!(out[..5].iter().all(|v| v.is_nan()), "{kind:?} {kernels:?}");
                assert!(out[5..].iter().all(|v| v.is_finite()), "{kind:?} {kernels:?}");
            }
        }
    }
}

#[test]
fn attention_equals_the_reference() {
    for (width, heads, positions) in [(64, 3, 17), (32, 1, 1), (40, 2, 300), (6, 4, 5), (128, 2, 9)]
    {
        let mut numbers = Numbers(width as u64);
        let stride = width * heads;
        let mut small = |count: usize| -> Vec<f32> {
            numbers.floats(count).iter().map(|x| x.clamp(-3.0, 3.0)).collect()
        };
        let (query, keys, values) =
            (small(width), small(stride * positions), small(stride * positions));
        for head in 0..heads {
            let (keys, values) = (pages(&keys, stride), pages(&values, stride));
            let head = Head {
                keys: &keys,
                values: &values,
                first: 0,
                positions,
                width,
                stride,
                offset: head * width,
                scale: 1.0 / (width as f32).sqrt(),
            };
            let attend = |kernels: &Kernels| {
                let mut out = vec![0.0; width];
                kernels.attend(&mut [Token { head, queries: &query, out: &mut out }]);
                out
            };
            let slow = attend(&slow());
            for kernels in fast() {
                // A weighted mean of numbers of at most 3: absolute and relative error are alike.
                for (slow, fast) in slow.iter().zip(attend(&kernels)) {
                    assert!((slow - fast).abs() <= 3e-5, "{width} {positions}: {slow} {fast}");
                }
            }
        }
    }
}

/// Rows of `stride` as pages, of which the last may be short.
fn pages(rows: &[f32], stride: usize) -> Vec<&[f32]> {
    rows.chunks(PAGE_POSITIONS * stride).collect()
}

/// All heads of several tokens: each as if computed alone, whatever is computed with it, of the
/// same sequence or another.
#[test]
fn attention_of_a_token_does_not_depend_on_others() {
    let shapes = [
        (6, 2, 64, None),
        (7, 1, 24, Some(7)),
        (7, 1, 32, Some(7)),
        (4, 2, 80, None),
        (4, 4, 128, Some(1)),
        (1, 1, 6, None),
        (2, 2, 16, Some(100)),
    ];
    for (heads, kv_heads, head_width, window) in shapes {
        let mut numbers = Numbers(heads as u64);
        let (width, stride, positions, tokens) =
            (heads * head_width, kv_heads * head_width, 40, 19);
        let queries = numbers.floats(tokens * width);
        let (keys, values) =
            (numbers.floats(positions * stride), numbers.floats(positions * stride));
        let scale = 0.125;
        let past = |seen: usize, tokens| Past {
            keys: pages(&keys[..seen * stride], stride),
            values: pages(&values[..seen * stride], stride),
            positions: seen,
            tokens,
        };
        // The last tokens of the same rows, as two sequences.
        let sequences = [past(positions - 4, tokens - 4), past(positions, 4)];
        let all = Attention {
            queries: &queries,
            sequences: &sequences,
            heads,
            kv_heads,
            head_width,
            scale,
            window,
        };
        for kernels in fast().into_iter().chain([slow()]) {
            let mut together = vec![f32::NAN; tokens * width];
            kernels.attention(all, &mut together);
            for token in 0..tokens {
                let seen = positions - tokens + token + 1;
                let queries = &queries[token * width..][..width];
                let sequences = [past(seen, 1)];
                let one = Attention { queries, sequences: &sequences, ..all };
                let mut alone = vec![f32::NAN; width];
                kernels.attention(one, &mut alone);
                assert_eq!(bits(&alone), bits(&together[token * width..][..width]), "{kernels:?}");
                let positions = seen.min(window.unwrap_or(usize::MAX));
                let head = Head {
                    keys: &sequences[0].keys,
                    values: &sequences[0].values,
                    first: seen - positions,
                    positions,
                    width: head_width,
                    stride,
                    offset: stride - head_width,
                    scale,
                };
                let mut last = vec![f32::NAN; head_width];
                let queries = &queries[width - head_width..];
                kernels.attend(&mut [Token { head, queries, out: &mut last }]);
                assert_eq!(bits(&last), bits(&alone[width - head_width..]), "{kernels:?}");
            }
        }
    }
}

#[test]
fn rms_norm_by_hand() {
    let mut out = [0.0; 4];
    rms_norm(&[3.0, 4.0, 0.0, 0.0], &[1.0, 2.0], 0.0, &mut out);
    let root = 12.5_f32.sqrt();
    assert!((out[0] - 3.0 / root).abs() < 1e-6 && (out[1] - 8.0 / root).abs() < 1e-6);
    assert!(out[2].is_nan(), "0 / 0 without epsilon is not hidden");
    rms_norm(&[0.0, 0.0], &[1.0, 2.0], 1e-5, &mut out[..2]);
    assert_eq!(out[..2], [0.0, 0.0]);
}

#[test]
fn swiglu_by_hand() {
    for kernels in fast().into_iter().chain([slow()]) {
        let mut gate = [0.0, 1.0, -100.0, 100.0];
        kernels.swiglu(&mut gate, &[5.0, 2.0, 1.0, 1.0]);
        assert_eq!(gate[0], 0.0);
        assert!((gate[1] - 2.0 / (1.0 + (-1.0_f32).exp())).abs() < 1e-6);
        assert!(gate[2].abs() < 1e-30 && gate[3] == 100.0);
    }
}
