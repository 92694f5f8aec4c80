//! The store of pre-images: the bytes of files before and after each write, for undo.
//!
//! A file is named by the SHA-256 of the bytes, `preimages/ab/cdef...`, and holds a line that names
//! the form, a nonce, and the bytes, compressed and encrypted with the ledger's body key: source may
//! hold secrets.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::LedgerError;
use crate::files;
use crate::keys::BodyKey;
use crate::seal;
use crate::store;
use types::Digest;

/// Largest file that is kept.
pub const PREIMAGE_BYTES_MAX: u64 = 256 * 1024 * 1024;

const FIRST_LINE: &[u8] = b"countersign-preimage-1\n";

/// Content-addressed, encrypted bytes of files.
#[derive(Debug, Clone)]
pub struct PreimageStore {
    root: PathBuf,
    key: BodyKey,
}

impl PreimageStore {
    /// Opens the store in the state folder `dir`, and makes folder and key on first use. The key is
    /// the one that the ledger in the same folder encrypts its bodies with.
    ///
    /// # Errors
    /// A key file that is damaged or readable by other users; a folder that cannot be made.
    pub fn open(dir: &Path) -> Result<PreimageStore, LedgerError> {
        files::create_folder(dir)?;
        let store = PreimageStore::with_key(dir, store::body_key(dir)?);
        files::create_folder(&store.root)?;
        Ok(store)
    }

    pub(crate) fn with_key(dir: &Path, key: BodyKey) -> PreimageStore {
        PreimageStore { root: folder(dir), key }
    }

    /// Keeps these bytes. When this returns, they are on the disk. Bytes that are kept already are
    /// not written again, unless the file that holds them is damaged.
    ///
    /// # Errors
    /// Bytes beyond [`PREIMAGE_BYTES_MAX`]; files that cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, LedgerError> {
        let len = bytes.len() as u64;
        if len > PREIMAGE_BYTES_MAX {
            let bytes_max = PREIMAGE_BYTES_MAX;
            return Err(LedgerError::PreimageTooLarge { bytes: len, bytes_max });
        }
        let digest = Digest::of(bytes);
        match self.get(&digest) {
            Ok(Some(_)) => return Ok(digest),
            Ok(None) | Err(LedgerError::PreimageDamaged { .. }) => {}
            Err(e) => return Err(e),
        }
        let path = self.path(&digest);
        let shard = path.parent().expect("every pre-image lies in a shard");
        if !shard.exists() {
            let state_folder = self.root.parent().expect("the store lies in the state folder");
            files::create_folder(shard)?;
            files::sync_folder(&self.root)?;
            files::sync_folder(state_folder)?;
        }
        let sealed = seal::seal_preimage(&self.key, &digest, bytes)?;
        files::replace(&path, &[FIRST_LINE, &sealed.nonce, &sealed.ciphertext].concat())?;
        Ok(digest)
    }

    /// The bytes with this digest, checked against it; `None` where they are not kept.
    ///
    /// # Errors
    /// A file that does not hold what its name says.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        let path = self.path(digest);
        let damaged =
            |what: &str| LedgerError::PreimageDamaged { path: path.clone(), what: what.to_owned() };
        // Sealed bytes are not larger than the largest file and a little.
        let len = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LedgerError::io("read", &path)(e)),
        };
        if len > PREIMAGE_BYTES_MAX + PREIMAGE_BYTES_MAX / 128 + 1024 {
            return Err(damaged("the file is larger than any pre-image"));
        }
        let content = fs::read(&path).map_err(LedgerError::io("read", &path))?;
        let sealed = content.strip_prefix(FIRST_LINE);
        let Some((nonce, ciphertext)) =
            sealed.and_then(|sealed| sealed.split_at_checked(seal::NONCE_BYTES))
        else {
            return Err(damaged("it does not begin as a pre-image does"));
        };
        seal::open_preimage(&self.key, digest, (nonce, ciphertext), PREIMAGE_BYTES_MAX)
            .map(Some)
            .map_err(|e| damaged(&e.to_string()))
    }

    /// Whether there is a file for this digest; [`PreimageStore::get`] checks that it holds.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Checks every file of the store, and gives back how many there are.
    ///
    /// # Errors
    /// The first file that does not hold, or that has no business in the store.
    pub fn verify_all(&self) -> Result<u64, LedgerError> {
        let mut count = 0;
        for shard in list(&self.root)? {
            for path in list(&shard)? {
                let Some(digest) = self.digest_of(&path) else {
                    let what = "its name is not that of a pre-image".to_owned();
                    return Err(LedgerError::PreimageDamaged { path, what });
                };
                self.get(&digest)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.root.join(&hex[..2]).join(&hex[2..])
    }

    fn digest_of(&self, path: &Path) -> Option<Digest> {
        let shard = path.parent()?.file_name()?.to_str()?;
        let digest = format!("sha256:{shard}{}", path.file_name()?.to_str()?).parse().ok()?;
        (self.path(&digest) == path).then_some(digest)
    }
}

/// The store's folder in a state folder.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("preimages")
}

/// What lies in a folder, sorted; unfinished files of a crash are no part of the store.
fn list(dir: &Path) -> Result<BTreeSet<PathBuf>, LedgerError> {
    let mut paths = BTreeSet::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(paths),
        Err(e) => return Err(LedgerError::io("list", dir)(e)),
    };
    for entry in entries {
        let entry = entry.map_err(LedgerError::io("list", dir))?;
        if !entry.file_name().to_string_lossy().starts_with(files::UNFINISHED) {
            paths.insert(entry.path());
        }
    }
    Ok(paths)
}
