//! The block formats of quantised weights, and what their bytes stand for.
//!
//! | type | weights | bytes | weight |
//! |---|---|---|---|
//! | Q8_0 | 32 | 34: d f16, 32 i8 | d · q |
//! | Q4_0 | 32 | 18: d f16, 32 × 4 bits | d · (q − 8) |
//! | Q4_1 | 32 | 20: d f16, m f16, 32 × 4 bits | d · q + m |
//! | Q5_0 | 32 | 22: d f16, 32 × 1 bit, 32 × 4 bits | d · (q − 16) |
//! | Q5_1 | 32 | 24: d f16, m f16, 32 × 1 bit, 32 × 4 bits | d · q + m |
//! | Q4_K | 256 | 144: d f16, m f16, 8 × (6 + 6 bits), 256 × 4 bits | d · scale · q − m · min |
//! | Q5_K | 256 | 176: as Q4_K, 256 × 1 bit before the 4 bits | d · scale · q − m · min |
//! | Q6_K | 256 | 210: 256 × 4 bits, 256 × 2 bits, 16 × i8, d f16 | d · scale · (q − 32) |
//!
//! d · scale and m · min are exact in f32 (11 + 8 significant bits at most), so every way to
//! compute with these weights starts from the same numbers. Definition: `ggml-common.h` and
//! `ggml-quants.c` of llama.cpp.

use half::f16;

/// Weights in a block whose type has no K in its name, and in a part of a K block that shares a scale or two.
pub(crate) const BLOCK: usize = 32;
/// Weights in a block of Q4_K, Q5_K and Q6_K.
pub(crate) const SUPER_BLOCK: usize = 256;

pub(crate) const Q8_0_BYTES: usize = 34;
pub(crate) const Q4_0_BYTES: usize = 18;
pub(crate) const Q4_1_BYTES: usize = 20;
pub(crate) const Q5_0_BYTES: usize = 22;
pub(crate) const Q5_1_BYTES: usize = 24;
pub(crate) const Q4_K_BYTES: usize = 144;
pub(crate) const Q5_K_BYTES: usize = 176;
pub(crate) const Q6_K_BYTES: usize = 210;

/// Scale and minimum of each of the eight parts of a Q4_K or Q5_K block, six bits each, from
/// the 12 bytes that hold them.
pub(crate) fn scales_and_mins(bytes: &[u8; 12]) -> [(u8, u8); 8] {
    std::array::from_fn(|part| {
        if part < 4 {
            (bytes[part] & 63, bytes[part + 4] & 63)
        } else {
            let low = bytes[part + 4];
            (low & 15 | bytes[part - 4] >> 6 << 4, low >> 4 | bytes[part] >> 6 << 4)
        }
    })
}

/// The 32 quants, 0 to 15, of a Q4_0 or Q4_1 block's 16 bytes: a byte holds columns 16 apart.
pub(crate) fn q4_quants(bytes: &[u8; 16]) -> [u8; BLOCK] {
    std::array::from_fn(|i| bytes[i % 16] >> (i / 16 * 4) & 15)
}

/// The 32 quants, 0 to 31, of a Q5_0 or Q5_1 block: bit i of `high` is the fifth of column i.
pub(crate) fn q5_quants(high: [u8; 4], low: &[u8; 16]) -> [u8; BLOCK] {
    let (high, low) = (u32::from_le_bytes(high), q4_quants(low));
    std::array::from_fn(|i| low[i] | ((high >> i & 1) as u8) << 4)
}

/// The 256 quants, 0 to 15, of a Q4_K block's 128 bytes: a byte holds the same column of two
/// neighbouring parts.
pub(crate) fn q4_k_quants(bytes: &[u8; 128]) -> [u8; SUPER_BLOCK] {
    std::array::from_fn(|i| {
        let (part, column) = (i / BLOCK, i % BLOCK);
        bytes[part / 2 * BLOCK + column] >> (part % 2 * 4) & 15
    })
}

/// The 256 quants, 0 to 31, of a Q5_K block: bit `part` of `high[column]` is the fifth bit.
pub(crate) fn q5_k_quants(high: &[u8; 32], low: &[u8; 128]) -> [u8; SUPER_BLOCK] {
    let mut quants = q4_k_quants(low);
    for (i, quant) in quants.iter_mut().enumerate() {
        *quant |= (high[i % BLOCK] >> (i / BLOCK) & 1) << 4;
    }
    quants
}

/// The 256 quants, 0 to 63, of a Q6_K block. Each half of the block: 64 bytes of low bits, a
/// byte holding columns 64 apart, and 32 bytes of high bits, a byte holding four columns 32 apart.
pub(crate) fn q6_k_quants(low: &[u8; 128], high: &[u8; 64]) -> [u8; SUPER_BLOCK] {
    std::array::from_fn(|i| {
        let (half, column) = (i / 128, i % 128);
        let low = low[half * 64 + column % 64] >> (column / 64 * 4) & 15;
        let high = high[half * 32 + column % 32] >> (column / 32 * 2) & 3;
        low | high << 4
    })
}

/// The f16 at `at`.
pub(crate) fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// The array of `N` bytes at `at`.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().expect("blocks have fixed sizes")
}

pub(super) fn dequantize_q8_0(block: &[u8; Q8_0_BYTES], out: &mut [f32; BLOCK]) {
    let scale = half_at(block, 0);
    for (value, byte) in out.iter_mut().zip(&block[2..]) {
        *value = scale * f32::from(byte.cast_signed());
    }
}

pub(super) fn dequantize_q4_0(block: &[u8; Q4_0_BYTES], out: &mut [f32; BLOCK]) {
    let scale = half_at(block, 0);
    for (value, quant) in out.iter_mut().zip(q4_quants(array_at(block, 2))) {
        *value = scale * (f32::from(quant) - 8.0);
    }
}

pub(super) fn dequantize_q4_1(block: &[u8; Q4_1_BYTES], out: &mut [f32; BLOCK]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    for (value, quant) in out.iter_mut().zip(q4_quants(array_at(block, 4))) {
        *value = scale * f32::from(quant) + min;
    }
}

pub(super) fn dequantize_q5_0(block: &[u8; Q5_0_BYTES], out: &mut [f32; BLOCK]) {
    let scale = half_at(block, 0);
    let quants = q5_quants(*array_at(block, 2), array_at(block, 6));
    for (value, quant) in out.iter_mut().zip(quants) {
        *value = scale * (f32::from(quant) - 16.0);
    }
}

pub(super) fn dequantize_q5_1(block: &[u8; Q5_1_BYTES], out: &mut [f32; BLOCK]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    let quants = q5_quants(*array_at(block, 4), array_at(block, 8));
    for (value, quant) in out.iter_mut().zip(quants) {
        *value = scale * f32::from(quant) + min;
    }
}

pub(super) fn dequantize_q4_k(block: &[u8; Q4_K_BYTES], out: &mut [f32; SUPER_BLOCK]) {
    dequantize_with_mins(block, &q4_k_quants(array_at(block, 16)), out);
}

pub(super) fn dequantize_q5_k(block: &[u8; Q5_K_BYTES], out: &mut [f32; SUPER_BLOCK]) {
    let quants = q5_k_quants(array_at(block, 16), array_at(block, 48));
    dequantize_with_mins(block, &quants, out);
}

fn dequantize_with_mins(head: &[u8], quants: &[u8; SUPER_BLOCK], out: &mut [f32; SUPER_BLOCK]) {
    let (scale, min) = (half_at(head, 0), half_at(head, 2));
    let parts = scales_and_mins(array_at(head, 4));
    for (i, (value, quant)) in out.iter_mut().zip(quants).enumerate() {
        let (part_scale, part_min) = parts[i / BLOCK];
        *value = scale * f32::from(part_scale) * f32::from(*quant) - min * f32::from(part_min);
    }
}

pub(super) fn dequantize_q6_k(block: &[u8; Q6_K_BYTES], out: &mut [f32; SUPER_BLOCK]) {
    let quants = q6_k_quants(array_at(block, 0), array_at(block, 128));
    let scales: &[u8; 16] = array_at(block, 192);
    let scale = half_at(block, 208);
    for (i, (value, quant)) in out.iter_mut().zip(quants).enumerate() {
        let part_scale = f32::from(scales[i / 16].cast_signed());
        *value = scale * part_scale * (f32::from(quant) - 32.0);
    }
}
