//! The exponential function and softmax as plain loops that compilers turn into vectors, to be
//! inlined into functions for a CPU with fused multiply-add.

/// e^x to within 2 units in the last place; 0 below -87.3, never more than e^88.3; NaN for NaN.
/// Cephes' `expf` (Moshier 1992): x = n · ln 2 + r, a polynomial in r, n into the exponent.
#[inline(always)]
pub(super) fn exponential(x: f32) -> f32 {
    /// Adding and subtracting this rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // In this order NaN passes through.
    let clamped = if x > 88.3 { 88.3 } else { x };
    let clamped = if clamped < -87.3 { -87.3 } else { clamped };
    let shifted = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_HIGH, clamped);
    let r = n.mul_add(-LN_2_LOW, r);
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_2e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 0.5);
    let p = p.mul_add(r * r, r) + 1.0;
    // The low bits of `shifted` are n; the exponent of f32 starts at bit 23, with 127 for 0.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    let result = p * power;
    if x < -87.3 { 0.0 } else { result }
}

/// Numbers to weights that sum to 1, in place, in a fixed order of additions: sixteen lanes and
/// what is left over.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    const LANES: usize = 16;
    let (chunks, rest) = scores.as_chunks_mut::<LANES>();
    let mut largest = [f32::NEG_INFINITY; LANES];
    for chunk in &*chunks {
        for (largest, score) in largest.iter_mut().zip(chunk) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    let largest = largest.iter().chain(&*rest).copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sums = [0.0; LANES];
    for chunk in &mut *chunks {
        for (score, sum) in chunk.iter_mut().zip(&mut sums) {
            *score = exponential(*score - largest);
            *sum += *score;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for score in &mut *rest {
        *score = exponential(*score - largest);
        sum += *score;
    }
    let factor = 1.0 / sum;
    for score in scores {
        *score *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_exact_to_two_units() {
        for i in -87_000..88_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exponential(x)) / exact - 1.0).abs();
            assert!(error < 2.0 * f64::from(f32::EPSILON), "{x}: {error}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert_eq!(exponential(-88.0), 0.0);
        assert_eq!(exponential(f32::NEG_INFINITY), 0.0);
        assert!(exponential(f32::INFINITY) > 1e38);
        assert!(exponential(f32::NAN).is_nan());
    }

    #[test]
    fn softmax_of_huge_scores_is_finite() {
        let mut scores = [1e30, 1e30, -1e30];
        softmax(&mut scores);
        assert_eq!(scores, [0.5, 0.5, 0.0]);
        let mut scores = [-3.0; 40];
        scores[7] = f32::NAN;
        softmax(&mut scores);
        assert!(scores.iter().all(|score| score.is_nan()));
    }
}
