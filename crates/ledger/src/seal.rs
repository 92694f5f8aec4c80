//! How bytes are kept: zstd, then XChaCha20-Poly1305, each with a bound.
//!
//! What is sealed is bound to its place: the associated data names the record or the digest it
//! belongs to, so that a sealed body moved to another record does not open.

use std::io::Read as _;

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use sha2::{Digest as _, Sha256};

use crate::error::LedgerError;
use crate::keys::{BodyKey, random};
use types::Digest;

/// Bytes of the random salt in front of a body.
pub(crate) const SALT_BYTES: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 24;

const ZSTD_LEVEL: i32 = 3;

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it does not decrypt: the key is another one, or the bytes were changed or moved")]
    Decrypt,
    #[error("it does not decompress within the limit")]
    Decompress,
    #[error("it does not match its digest")]
    Digest,
}

/// A nonce and the sealed bytes.
pub(crate) struct Sealed {
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Vec<u8>,
}

/// A body made ready before its place in the log is known.
pub(crate) struct PackedBody {
    /// `SHA-256(salt || bytes)`: it says nothing about the bytes to who does not have the salt.
    pub(crate) commitment: Digest,
    /// Length of the bytes.
    pub(crate) len: u64,
    /// `salt || zstd(bytes)`.
    packed: Vec<u8>,
}

/// The place of a body in the log.
pub(crate) struct BodyPlace<'a> {
    pub(crate) origin: &'a str,
    pub(crate) index: u64,
    pub(crate) name: &'a str,
}

impl PackedBody {
    pub(crate) fn new(bytes: &[u8]) -> Result<PackedBody, LedgerError> {
        let salt: [u8; SALT_BYTES] = random()?;
        let mut packed = salt.to_vec();
        packed.extend(compress(bytes));
        Ok(PackedBody { commitment: commitment(&salt, bytes), len: bytes.len() as u64, packed })
    }

    pub(crate) fn seal(&self, key: &BodyKey, place: &BodyPlace<'_>) -> Result<Sealed, LedgerError> {
        encrypt(key, &self.packed, &place.associated(&self.commitment))
    }
}

impl BodyPlace<'_> {
    /// Opens a body of at most `len_max` bytes that was sealed for this place, and checks it against
    /// its commitment.
    pub(crate) fn open(
        &self,
        key: &BodyKey,
        commitment_expected: &Digest,
        (nonce, ciphertext): (&[u8], &[u8]),
        len_max: u64,
    ) -> Result<Vec<u8>, OpenError> {
        let associated = self.associated(commitment_expected);
        let packed = decrypt(key, nonce, ciphertext, &associated)?;
        let (salt, packed) = packed.split_at_checked(SALT_BYTES).ok_or(OpenError::Decompress)?;
        let bytes = decompress(packed, len_max)?;
        if commitment(salt, &bytes) != *commitment_expected {
            return Err(OpenError::Digest);
        }
        Ok(bytes)
    }

    /// Every part has a fixed length or ends in a line feed that it cannot hold itself.
    fn associated(&self, commitment: &Digest) -> Vec<u8> {
        let (origin, index, name) = (self.origin, self.index, self.name);
        format!("countersign/body/1\n{origin}\n{index}\n{name}\n{commitment}\n").into_bytes()
    }
}

/// Seals the bytes of a pre-image under its digest.
pub(crate) fn seal_preimage(
    key: &BodyKey,
    digest: &Digest,
    bytes: &[u8],
) -> Result<Sealed, LedgerError> {
    encrypt(key, &compress(bytes), &preimage_associated(digest))
}

/// Opens a pre-image of at most `len_max` bytes and checks it against its digest.
pub(crate) fn open_preimage(
    key: &BodyKey,
    digest: &Digest,
    (nonce, ciphertext): (&[u8], &[u8]),
    len_max: u64,
) -> Result<Vec<u8>, OpenError> {
    let packed = decrypt(key, nonce, ciphertext, &preimage_associated(digest))?;
    let bytes = decompress(&packed, len_max)?;
    if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(OpenError::Digest) }
}

fn preimage_associated(digest: &Digest) -> Vec<u8> {
    format!("countersign/preimage/1\n{digest}\n").into_bytes()
}

fn commitment(salt: &[u8], bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update(salt).chain_update(bytes).finalize().into())
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, ZSTD_LEVEL).expect("compressing memory into memory succeeds")
}

fn decompress(packed: &[u8], len_max: u64) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(packed).map_err(|_| OpenError::Decompress)?;
    decoder.take(len_max + 1).read_to_end(&mut bytes).map_err(|_| OpenError::Decompress)?;
    if bytes.len() as u64 > len_max { Err(OpenError::Decompress) } else { Ok(bytes) }
}

fn encrypt(key: &BodyKey, plain: &[u8], associated: &[u8]) -> Result<Sealed, LedgerError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let payload = Payload { msg: plain, aad: associated };
    let ciphertext = key
        .cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("bodies are far below the 256 GiB that one nonce can encrypt");
    Ok(Sealed { nonce, ciphertext })
}

fn decrypt(
    key: &BodyKey,
    nonce: &[u8],
    ciphertext: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, OpenError> {
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| OpenError::Decrypt)?;
    let payload = Payload { msg: ciphertext, aad: associated };
    key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| OpenError::Decrypt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let packed = compress(&vec![0; 1_000_000]);
        assert!(packed.len() < 1000);
        assert_eq!(decompress(&packed, 999_999), Err(OpenError::Decompress));
        assert_eq!(decompress(&packed, 1_000_000).map(|bytes| bytes.len()), Ok(1_000_000));
    }
}
