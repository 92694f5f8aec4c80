//! The two keys of a ledger: one signs checkpoints, one encrypts bodies and pre-images.
//!
//! Each is a file of one line, mode 0600, made once and never replaced. Their text never reaches a
//! message, a log or a `Debug` form.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

use crate::checkpoint::{Checkpoint, Verifier, is_name};
use crate::error::LedgerError;
use crate::files;
use crate::hex::hex;
use crate::merkle::Hash;

const SIGNING_PREFIX: &str = "PRIVATE+KEY+";
const BODY_PREFIX: &str = "countersign-body-key+";
const KEY_FILE_BYTES_MAX: u64 = 1024;

/// What a ledger signs with. The file holds `PRIVATE+KEY+name+id+base64(0x01 || seed)`, the form
/// that Go's note package uses beside C2SP signed-note.
pub(crate) struct SigningKey {
    key: ed25519_dalek::SigningKey,
    verifier: Verifier,
}

impl SigningKey {
    /// Makes the key file with a new key and a new origin, unless there is one.
    pub(crate) fn create(path: &Path) -> Result<(), LedgerError> {
        let name = format!("countersign/ledger/{}", hex(&random::<8>()?));
        let key = ed25519_dalek::SigningKey::from_bytes(&random()?);
        let verifier = Verifier::new(name, key.verifying_key());
        let secret = BASE64.encode([&[0x01], key.as_bytes().as_slice()].concat());
        let line = format!("{SIGNING_PREFIX}{}+{}+{secret}\n", verifier.name(), verifier.id_hex());
        files::create(path, line.as_bytes()).map(|_| ())
    }

    /// Reads the key file; `None` where there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<SigningKey>, LedgerError> {
        let Some(line) = read_key_line(path)? else { return Ok(None) };
        match SigningKey::parse(&line) {
            Some(key) => Ok(Some(key)),
            None => Err(LedgerError::KeyDamaged {
                path: path.to_owned(),
                what: "it is no Ed25519 note signing key",
            }),
        }
    }

    fn parse(line: &str) -> Option<SigningKey> {
        let mut parts = line.strip_prefix(SIGNING_PREFIX)?.splitn(3, '+');
        let (name, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let secret = BASE64.decode(secret).ok()?;
        let (&0x01, seed) = secret.split_first()? else { return None };
        let key = ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?);
        let verifier = Verifier::new(name.to_owned(), key.verifying_key());
        (is_name(name) && verifier.id_hex() == id).then_some(SigningKey { key, verifier })
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The log's name.
    pub(crate) fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// A signed checkpoint of the log at this size.
    pub(crate) fn sign(&self, size: u64, root: Hash) -> Checkpoint {
        Checkpoint::sign(&self.verifier, size, root, |text| self.key.sign(text))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret not shown)", self.verifier)
    }
}

/// What bodies and pre-images are encrypted with.
#[derive(Clone)]
pub(crate) struct BodyKey {
    pub(crate) cipher: XChaCha20Poly1305,
    fingerprint: String,
}

impl BodyKey {
    /// Makes the key file with a new key, unless there is one.
    pub(crate) fn create(path: &Path) -> Result<(), LedgerError> {
        let line = format!("{BODY_PREFIX}{}\n", BASE64.encode(random::<32>()?));
        files::create(path, line.as_bytes()).map(|_| ())
    }

    /// Reads the key file; `None` where there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<BodyKey>, LedgerError> {
        let Some(line) = read_key_line(path)? else { return Ok(None) };
        let key = line.strip_prefix(BODY_PREFIX).and_then(|text| BASE64.decode(text).ok());
        match key.and_then(|key| <[u8; 32]>::try_from(key).ok()) {
            Some(key) => Ok(Some(BodyKey::new(&key))),
            None => Err(LedgerError::KeyDamaged {
                path: path.to_owned(),
                what: "it is no key of 32 bytes for bodies",
            }),
        }
    }

    fn new(key: &[u8; 32]) -> BodyKey {
        let hash =
            Sha256::new().chain_update("countersign/body-key\n").chain_update(key).finalize();
        BodyKey { cipher: XChaCha20Poly1305::new(key.into()), fingerprint: hex(&hash[..8]) }
    }

    /// Says which key it is, without saying the key.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Debug for BodyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyKey({}, secret not shown)", self.fingerprint)
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], LedgerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(LedgerError::Random)?;
    Ok(bytes)
}

fn read_key_line(path: &Path) -> Result<Option<String>, LedgerError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LedgerError::io("read", path)(e)),
    };
    let mode = file.metadata().map_err(LedgerError::io("read", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(LedgerError::KeyExposed { path: path.to_owned(), mode: mode & 0o777 });
    }
    let mut line = String::new();
    let what = "it is not one line of text";
    match file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut line) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            return Err(LedgerError::KeyDamaged { path: path.to_owned(), what });
        }
        Err(e) => return Err(LedgerError::io("read", path)(e)),
    }
    match line.strip_suffix('\n') {
        Some(line) if !line.contains('\n') => Ok(Some(line.to_owned())),
        _ => Err(LedgerError::KeyDamaged { path: path.to_owned(), what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's note package: its key, its text, its signature.
    #[test]
    fn signs_like_the_note_package_of_go() {
        let key = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let key = SigningKey::parse(key).unwrap();
        let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(key.verifier().to_string(), verifier);
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let line = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ\
                    SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(key.verifier().signature_line(&key.key.sign(text.as_bytes())), line);
        let note = format!("{text}\n{line}");
        assert_eq!(verifier.parse::<Verifier>().unwrap().open(&note), Ok(text));
    }

    #[test]
    fn debug_forms_show_no_secret() {
        let line = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let signing = format!("{:?}", SigningKey::parse(line).unwrap());
        assert!(!signing.contains("AYEKFALVFGyN"), "{signing}");
        let body = format!("{:?}", BodyKey::new(&[0xAB; 32]));
        assert!(!body.contains("171") && !body.to_lowercase().contains("abab"), "{body}");
    }
}
