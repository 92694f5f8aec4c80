//! The random numbers of sampling: part of this crate, so that a seed means the same for ever.

/// The generator PCG-XSH-RR 64/32 (O'Neill 2014, <https://www.pcg-random.org>): small, good
/// enough for sampling, not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Pcg32 {
    state: u64,
}

impl Pcg32 {
    const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
    /// Odd: which of the 2⁶³ sequences. This is number 54, that of the reference demonstration.
    const INCREMENT: u64 = (54 << 1) | 1;

    pub(super) fn new(seed: u64) -> Pcg32 {
        let mut random = Pcg32 { state: 0 };
        random.next();
        random.state = random.state.wrapping_add(seed);
        random.next();
        random
    }

    fn next(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// From 0 to just below 1, in steps of 2⁻³².
    pub(super) fn unit(&mut self) -> f64 {
        f64::from(self.next()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // Output of `pcg32-demo` for seed 42, sequence 54.
        let mut random = Pcg32::new(42);
        let expected =
            [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e];
        assert_eq!(expected.map(|_| random.next()), expected);
    }
}
