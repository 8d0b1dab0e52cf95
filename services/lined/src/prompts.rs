//! Prompts: encrypted object files read once, kept in memory under their hash, bounded.
//!
//! Only the format of object files is known here (as `store` writes them), not the store: header
//! `"RFOBJECT" | version u16 | profile u8 | 0 | salt 32`, then chunks of 64 KiB under AES-256-GCM with
//! HKDF-SHA256(key, salt), nonce = counter ‖ final flag, the header as associated data. Nothing is written.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use idl::lines::Prompt;
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::mpsc;
use vocab::{ObjectHash, Secret};
use zeroize::Zeroize;

/// Longest prompt: ten minutes of 8 kHz A-law.
pub const MAX_PROMPT_BYTES: u64 = 10 * 60 * 8_000;
/// Audio kept in memory.
pub const MAX_CACHED_BYTES: usize = 128 * 1024 * 1024;
/// Files being read at once.
pub const MAX_LOADS: usize = 64;

/// Why a prompt cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PromptError {
    /// The file is not there or cannot be read.
    #[error("the prompt's file cannot be read")]
    Missing,
    /// The file is longer than any prompt.
    #[error("the prompt is too long")]
    TooLong,
    /// The file is not what its name says, or the key is another's.
    #[error("the prompt was altered or its key is another's")]
    Altered,
    /// Too many files are being read.
    #[error("too many prompts are being read")]
    Busy,
}

/// A prompt was read, or not.
#[derive(Debug)]
pub struct Loaded {
    /// Which.
    pub object: ObjectHash,
    /// Its A-law octets.
    pub audio: Result<Arc<[u8]>, PromptError>,
}

/// The prompts in memory.
#[derive(Debug)]
pub struct Prompts {
    folder: PathBuf,
    loaded: mpsc::Sender<Loaded>,
    cache: HashMap<ObjectHash, Arc<[u8]>>,
    order: VecDeque<ObjectHash>,
    bytes: usize,
    loading: Vec<ObjectHash>,
}

impl Prompts {
    /// Nothing in memory; results of reading come through `loaded`.
    #[must_use]
    pub fn new(folder: &Path, loaded: mpsc::Sender<Loaded>) -> Self {
        Self {
            folder: folder.to_owned(),
            loaded,
            cache: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            loading: Vec::new(),
        }
    }

    /// The audio, if it is in memory; otherwise it is being read, and [`Loaded`] follows.
    ///
    /// # Errors
    /// [`PromptError::Busy`].
    pub fn want(&mut self, prompt: &Prompt) -> Result<Option<Arc<[u8]>>, PromptError> {
        if let Some(audio) = self.cache.get(&prompt.object) {
            return Ok(Some(Arc::clone(audio)));
        }
        if self.loading.contains(&prompt.object) {
            return Ok(None);
        }
        if self.loading.len() >= MAX_LOADS {
            return Err(PromptError::Busy);
        }
        self.loading.push(prompt.object);
        let (path, object, key) = (self.path(prompt.object), prompt.object, prompt.key.clone());
        let loaded = self.loaded.clone();
        // Bounded by MAX_LOADS; owned by the runtime, which waits for it at its end.
        tokio::task::spawn_blocking(move || {
            let _ = loaded.blocking_send(Loaded { object, audio: read(&path, object, &key) });
        });
        Ok(None)
    }

    /// A file was read.
    pub fn take(&mut self, loaded: &Loaded) {
        self.loading.retain(|object| *object != loaded.object);
        let Ok(audio) = &loaded.audio else { return };
        if self.cache.insert(loaded.object, Arc::clone(audio)).is_none() {
            self.order.push_back(loaded.object);
            self.bytes += audio.len();
        }
        while self.bytes > MAX_CACHED_BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(audio) = self.cache.remove(&oldest) {
                self.bytes -= audio.len();
            }
        }
    }

    fn path(&self, object: ObjectHash) -> PathBuf {
        self.folder.join(object.to_string())
    }
}

/// Reads and opens one object file.
///
/// # Errors
/// [`PromptError`].
pub fn read(path: &Path, object: ObjectHash, key: &Secret<[u8; 32]>) -> Result<Arc<[u8]>, PromptError> {
    let length = std::fs::metadata(path).map_err(|_| PromptError::Missing)?.len();
    if length > MAX_PROMPT_BYTES + OVERHEAD {
        return Err(PromptError::TooLong);
    }
    let bytes = std::fs::read(path).map_err(|_| PromptError::Missing)?;
    if digest(&SHA256, &bytes).as_ref() != object.0 {
        return Err(PromptError::Altered);
    }
    open(&bytes, key)
}

/// Opens the bytes of an object file.
///
/// # Errors
/// [`PromptError::Altered`].
pub fn open(bytes: &[u8], key: &Secret<[u8; 32]>) -> Result<Arc<[u8]>, PromptError> {
    let (header, mut rest) = bytes.split_at_checked(HEADER_BYTES).ok_or(PromptError::Altered)?;
    if !header.starts_with(MAGIC) || header[8..10] != VERSION.to_be_bytes() || header[10] != PROFILE_INTL {
        return Err(PromptError::Altered);
    }
    let cipher = object_cipher(key, &header[12..HEADER_BYTES]);
    let mut audio = Vec::with_capacity(rest.len());
    let mut counter = 0_u32;
    loop {
        let (chunk, later) = rest.split_at(rest.len().min(CHUNK_BYTES + TAG_BYTES));
        let mut chunk = chunk.to_vec();
        let nonce = chunk_nonce(counter, later.is_empty());
        let plain =
            cipher.open_in_place(nonce, Aad::from(header), &mut chunk).map_err(|_| PromptError::Altered)?;
        audio.extend_from_slice(plain);
        if later.is_empty() {
            return Ok(audio.into());
        }
        rest = later;
        counter += 1;
    }
}

fn object_cipher(key: &Secret<[u8; 32]>, salt: &[u8]) -> LessSafeKey {
    let mut bytes = [0_u8; 32];
    let extracted = Salt::new(HKDF_SHA256, salt).extract(key.expose());
    let filled = extracted.expand(&[LABEL], &AES_256_GCM).and_then(|okm| okm.fill(&mut bytes));
    assert!(filled.is_ok(), "32 bytes are within the limit of HKDF-SHA256");
    let unbound = UnboundKey::new(&AES_256_GCM, &bytes);
    bytes.zeroize();
    assert!(unbound.is_ok(), "the key has the length of its cipher");
    #[expect(clippy::unwrap_used, reason = "asserted in the line above; UnboundKey has no other constructor")]
    LessSafeKey::new(unbound.unwrap())
}

fn chunk_nonce(counter: u32, last: bool) -> Nonce {
    let mut bytes = [0_u8; 12];
    bytes[7..11].copy_from_slice(&counter.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

const MAGIC: &[u8; 8] = b"RFOBJECT";
const VERSION: u16 = 1;
const PROFILE_INTL: u8 = 1;
const HEADER_BYTES: usize = 44;
const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const LABEL: &[u8] = b"ringfence object v1";
/// Header and tags of the longest prompt, generously.
const OVERHEAD: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{PromptError, open, read};
    use vocab::{ObjectHash, Secret};

    fn stored(audio: &[u8]) -> (tempfile::TempDir, ObjectHash) {
        let dir = tempfile::tempdir().expect("a folder");
        let objects = store::Objects::open(dir.path()).expect("a store");
        let hash = objects.put(&Secret::new([3; 32]), audio).expect("an object");
        (dir, hash)
    }

    #[test]
    fn what_the_store_wrote_is_read_whatever_its_length() {
        for length in [0, 1, 8_000, 65_535, 65_536, 65_537, 200_000] {
            let audio: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
            let (dir, hash) = stored(&audio);
            let found = read(&dir.path().join(hash.to_string()), hash, &Secret::new([3; 32]));
            assert_eq!(found.as_deref(), Ok(audio.as_slice()), "{length}");
        }
    }

    #[test]
    fn an_altered_prompt_or_another_key_is_refused() {
        let (dir, hash) = stored(&[0xd5; 9_000]);
        let path = dir.path().join(hash.to_string());
        assert_eq!(read(&path, hash, &Secret::new([4; 32])), Err(PromptError::Altered));
        let mut bytes = std::fs::read(&path).expect("the file");
        bytes[100] ^= 1;
        assert_eq!(open(&bytes, &Secret::new([3; 32])), Err(PromptError::Altered));
        std::fs::write(&path, &bytes).expect("written");
        assert_eq!(read(&path, hash, &Secret::new([3; 32])), Err(PromptError::Altered));
        assert_eq!(read(&dir.path().join("none"), hash, &Secret::new([3; 32])), Err(PromptError::Missing));
    }

    #[test]
    fn a_cut_prompt_is_refused_wherever_it_is_cut() {
        let (dir, hash) = stored(&[0xd5; 70_000]);
        let bytes = std::fs::read(dir.path().join(hash.to_string())).expect("the file");
        for length in (0..bytes.len()).step_by(997).chain([44, 60, 44 + 65_552]) {
            assert!(open(&bytes[..length], &Secret::new([3; 32])).is_err(), "{length}");
        }
    }
}
