//! What this machine can do at most, found by trying: bytes read from memory and products of
//! bytes, on the threads and with the instructions that models compute with. No model can be
//! faster than these two allow (Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785).

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use memmap2::MmapMut;

use super::pool::Pool;
use super::{Instructions, Path};

/// Bytes that are read: more than caches hold, in less time than a system gives to one thread.
const READ_BYTES: usize = 256 << 20;
/// Bytes of a part of them: what a thread reads in a stretch.
const PART_BYTES: usize = 1 << 20;
/// Steps of a part of the products: less than a millisecond.
const STEPS: usize = 1 << 17;
/// Chains of products that do not wait for each other.
const CHAINS: usize = 12;
/// How often each is tried. The best counts, as others may work on the machine.
const ROUNDS: usize = 20;

/// The most that all threads together can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceilings {
    /// Bytes a second, read from memory in order. NaN if there is no memory to try it with.
    pub memory_bytes_per_s: f64,
    /// Operations a second on bytes: two for each product that is added to a sum. NaN for the
    /// portable instructions, with which compilers do as they like.
    pub integer_operations_per_s: f64,
}

impl Ceilings {
    /// Tries it for about a second; both arguments as in [`crate::LoadLimits`].
    #[must_use]
    pub fn measure(instructions: Instructions, threads: Option<NonZeroUsize>) -> Ceilings {
        let pool = Pool::new(threads);
        Ceilings {
            memory_bytes_per_s: memory(&pool),
            integer_operations_per_s: integers(&pool, Path::detect(instructions)),
        }
    }
}

fn memory(pool: &Pool) -> f64 {
    let Ok(mut map) = MmapMut::map_anon(READ_BYTES) else { return f64::NAN };
    #[cfg(target_os = "linux")]
    // As for the weights of models.
    let _ = map.advise(memmap2::Advice::HugePage);
    let mut parts: Vec<&mut [u8]> = map.chunks_exact_mut(PART_BYTES).collect();
    pool.run_each(&mut parts, |_, part| part.fill(1));
    let seconds = best_s(|| {
        pool.run_each(&mut parts, |_, part| {
            let mut sums = [0_u64; 16];
            for numbers in part.as_chunks::<8>().0.as_chunks::<16>().0 {
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    *sum = sum.wrapping_add(u64::from_ne_bytes(*number));
                }
            }
            black_box(sums);
        });
    });
    READ_BYTES as f64 / seconds
}

fn integers(pool: &Pool, path: Path) -> f64 {
    // Several parts for each thread, so that one that is held up matters less.
    let parts = 4 * pool.threads();
    let (products_at_once, part): (usize, &(dyn Fn(usize) + Sync)) = match path {
        Path::Reference => return f64::NAN,
        #[cfg(target_arch = "x86_64")]
        Path::Avx2(_) => (32, &|_| {
            // SAFETY: the path proves that the CPU has the features of the callee.
            unsafe { x86::avx2() }
        }),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512(..) => (64, &|_| {
            // SAFETY: as above.
            unsafe { x86::avx512() }
        }),
        #[cfg(target_arch = "aarch64")]
        Path::Neon(_) => (8, &|_| {
            // SAFETY: the path proves that the CPU has the features of the callee.
            unsafe { arm::neon() }
        }),
        #[cfg(target_arch = "aarch64")]
        Path::NeonDot(..) => (16, &|_| {
            // SAFETY: as above.
            unsafe { arm::dot() }
        }),
    };
    let operations = parts * STEPS * CHAINS * products_at_once * 2;
    operations as f64 / best_s(|| pool.run(parts, part))
}

fn best_s(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{CHAINS, STEPS};

    /// Each product depends on the last of its chain, so that no loop is folded.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    pub(super) fn avx512() {
        let factors = _mm512_set1_epi8(black_box(3));
        let mut sums = [_mm512_setzero_si512(); CHAINS];
        for (chain, sum) in sums.iter_mut().enumerate() {
            *sum = _mm512_set1_epi32(chain as i32);
        }
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, factors, factors);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn avx2() {
        let factors = _mm256_set1_epi8(black_box(3));
        let mut sums = [_mm256_setzero_si256(); CHAINS];
        for (chain, sum) in sums.iter_mut().enumerate() {
            *sum = _mm256_set1_epi32(chain as i32);
        }
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(*sum, factors));
            }
        }
        black_box(sums);
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;
    use std::arch::asm;
    use std::hint::black_box;

    use super::{CHAINS, STEPS};

    /// Each product depends on the last of its chain, so that no loop is folded.
    #[target_feature(enable = "neon,dotprod")]
    pub(super) fn dot() {
        let factors = vdupq_n_s8(black_box(3));
        let mut sums = [vdupq_n_s32(0); CHAINS];
        for (chain, sum) in sums.iter_mut().enumerate() {
            *sum = vdupq_n_s32(chain as i32);
        }
        for _ in 0..STEPS {
            for sum in &mut sums {
                // SAFETY: the CPU has this instruction, as the features say. It reads and writes
                // the registers that are named and nothing else.
                unsafe {
                    asm!(
                        "sdot {sum:v}.4s, {factors:v}.16b, {factors:v}.16b",
                        sum = inout(vreg) *sum,
                        factors = in(vreg) factors,
                        options(pure, nomem, nostack, preserves_flags),
                    );
                }
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "neon")]
    pub(super) fn neon() {
        let factors = vdup_n_s8(black_box(3));
        let mut sums = [vdupq_n_s16(0); CHAINS];
        for (chain, sum) in sums.iter_mut().enumerate() {
            *sum = vdupq_n_s16(chain as i16);
        }
        for _ in 0..STEPS {
            for sum in &mut sums {
                let bytes = vget_low_s8(vreinterpretq_s8_s16(*sum));
                *sum = vmlal_s8(*sum, bytes, factors);
            }
        }
        black_box(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_numbers_where_there_are_instructions() {
        let found = Ceilings::measure(Instructions::Best, NonZeroUsize::new(2));
        assert!(found.memory_bytes_per_s > 1e6, "{found:?}");
        let is_portable = Path::detect(Instructions::Best) == Path::Reference;
        assert_eq!(found.integer_operations_per_s.is_nan(), is_portable, "{found:?}");
    }
}
