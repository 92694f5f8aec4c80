//! Fast paths against the reference, and against themselves in other batch sizes.

use std::sync::Arc;

use half::f16;

use super::*;
use crate::storage::{Slice, Storage};
use crate::tensor::{Matrix, Q8_0_BYTES, Q8_0_WEIGHTS, TensorType};

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

fn matrix(kind: TensorType, rows: usize, columns: usize, numbers: &mut Numbers) -> Matrix {
    let count = rows * columns;
    let bytes: Vec<u8> = match kind {
        TensorType::F32 => numbers.floats(count).iter().flat_map(|x| x.to_le_bytes()).collect(),
        TensorType::F16 => {
            numbers.floats(count).iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect()
        }
        TensorType::Q8_0 => (0..count / Q8_0_WEIGHTS * Q8_0_BYTES)
            .collect::<Vec<_>>()
            .chunks(Q8_0_BYTES)
            .flat_map(|_| {
                let mut block = f16::from_f32(numbers.float() / 64.0).to_le_bytes().to_vec();
                // Includes -128, which quantisers avoid and files may hold.
                block.extend((0..Q8_0_WEIGHTS).map(|_| numbers.next().to_le_bytes()[0]));
                block
            })
            .collect(),
    };
    let storage = Arc::new(Storage::Owned(bytes));
    let slice = Slice::new(&storage, 0..storage.bytes().len()).expect("the whole");
    Matrix::new(kind, rows, columns, slice).expect("the bytes fit the shape")
}

/// Every output is within (columns + 8) · ε · Σ|w·x| of the reference: the worst that another
/// order of additions, with or without fusing, can do (Higham, Accuracy and Stability, 3.1).
fn check_matmul(kind: TensorType, rows: usize, columns: usize, tokens: usize, seed: u64) {
    let mut numbers = Numbers(seed);
    let weights = matrix(kind, rows, columns, &mut numbers);
    let x = numbers.floats(tokens * columns);
    let mut slow = vec![f32::NAN; tokens * rows];
    let mut fast = vec![f32::NAN; tokens * rows];
    Kernels::reference().matmul(weights.view(), &x, &mut slow);
    Kernels::detect().matmul(weights.view(), &x, &mut fast);

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
    check_batch_sizes(&weights, &x, &fast);
}

/// One token at a time gives the same bits as all at once.
fn check_batch_sizes(weights: &Matrix, x: &[f32], together: &[f32]) {
    let view = weights.view();
    let mut alone = vec![f32::NAN; view.rows];
    for (x, together) in x.chunks(view.columns).zip(together.chunks(view.rows)) {
        Kernels::detect().matmul(view, x, &mut alone);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&alone), bits(together), "{:?}", view.kind);
    }
}

#[test]
fn matmul_equals_the_reference() {
    let mut seed = 1;
    for tokens in [1, 2, 3, 4, 7] {
        for rows in [1, 3, 4, 5, 13] {
            for columns in [1, 7, 8, 9, 31, 64, 200] {
                for kind in [TensorType::F32, TensorType::F16] {
                    seed += 1;
                    check_matmul(kind, rows, columns, tokens, seed);
                }
            }
            for columns in [32, 64, 192, 512] {
                seed += 1;
                check_matmul(TensorType::Q8_0, rows, columns, tokens, seed);
            }
        }
    }
}

#[test]
fn a_fast_path_is_tested_on_cpus_that_have_one() {
    #[cfg(target_arch = "x86_64")]
    assert_eq!(Kernels::detect().name() == "avx2", avx2::Avx2::detect().is_some());
    assert_eq!(Kernels::reference().name(), "reference");
}

#[test]
fn not_a_number_is_not_hidden() {
    for kind in [TensorType::F32, TensorType::F16, TensorType::Q8_0] {
        let weights = matrix(kind, 5, 32, &mut Numbers(9));
        for tokens in [1, 4] {
            let mut x = vec![1.0; 32 * tokens];
            x[31] = f32::NAN;
            for kernels in [Kernels::reference(), Kernels::detect()] {
                let mut out = vec![0.0; 5 * tokens];
                kernels.matmul(weights.view(), &x, &mut out);
                assert!(out[..5].iter().all(|v| v.is_nan()), "{kind:?} {}", kernels.name());
                assert!(out[5..].iter().all(|v| v.is_finite()), "{kind:?} {}", kernels.name());
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
            let head = Head {
                query: &query,
                keys: &keys,
                values: &values,
                stride,
                offset: head * width,
                scale: 1.0 / (width as f32).sqrt(),
            };
            let mut scores = vec![0.0; positions];
            let (mut slow, mut fast) = (vec![0.0; width], vec![0.0; width]);
            Kernels::reference().attend(head, &mut scores, &mut slow);
            Kernels::detect().attend(head, &mut scores, &mut fast);
            // A weighted mean of numbers of at most 3: absolute and relative error are alike.
            for (slow, fast) in slow.iter().zip(&fast) {
                assert!((slow - fast).abs() <= 3e-5, "{width} {positions}: {slow} {fast}");
            }
        }
    }
}

#[test]
fn softmax_of_huge_scores_is_finite() {
    let mut scores = [1e30, 1e30, -1e30];
    softmax(&mut scores);
    assert_eq!(scores, [0.5, 0.5, 0.0]);
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
    let mut gate = [0.0, 1.0, -100.0, 100.0];
    swiglu(&mut gate, &[5.0, 2.0, 1.0, 1.0]);
    assert_eq!(gate[0], 0.0);
    assert!((gate[1] - 2.0 / (1.0 + (-1.0_f32).exp())).abs() < 1e-6);
    assert!(gate[2].abs() < 1e-30 && gate[3] == 100.0);
}
