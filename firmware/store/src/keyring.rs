//! Root key → KEK generations → domain keys and wrapped keys of subjects and recordings.
//!
//! KEKs are random, not derived, so that one can be destroyed: whoever holds the root key and an old copy of a
//! wrapped key can do nothing without the KEK of its generation. What must outlive a rotation (the domain keys:
//! the ledger's, the index's) hangs from a random seed that each rotation wraps again. It stores no file: the
//! caller writes [`Keyring::to_bytes`] in place of the old bytes and re-wraps before it destroys a generation.

use crate::seal::{OVERHEAD_BYTES, SealError, open_field, random_key, seal_field};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use ledger::LedgerKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vocab::{Secret, UnixMs};

/// Bytes of a wrapped key.
pub const WRAPPED_KEY_BYTES: usize = 32 + OVERHEAD_BYTES;
/// KEK generations kept at once; rotation is refused beyond (destroy the oldest first).
const MAX_GENERATIONS: usize = 8;
const VERSION: u16 = 1;
const HKDF_SALT: &[u8] = b"ringfence keyring v1";

/// What a domain key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// The ledger's payloads.
    Ledger,
    /// Keyed hashes of numbers.
    Index,
    /// Fields of the projection that belong to no subject.
    Projection,
    /// Object files that belong to no subject (prompts, lists).
    Objects,
    /// Recordings of console sessions.
    Console,
}

impl Domain {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Ledger => b"domain ledger",
            Self::Index => b"domain index",
            Self::Projection => b"domain projection",
            Self::Objects => b"domain objects",
            Self::Console => b"domain console",
        }
    }
}

/// A key of a subject or a recording, wrapped by the KEK of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// The generation of the KEK.
    pub generation: u32,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// Why a key could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// The bytes are no keyring, altered, or the root key is another box's.
    #[error("the keyring does not open under this root key")]
    Refused,
    /// The wrapped key was altered or belongs to another context.
    #[error("the wrapped key does not open in this context")]
    WrappedRefused,
    /// The KEK of this generation was destroyed.
    #[error("key generation {0} is destroyed")]
    Destroyed(u32),
    /// The current generation wraps the domain seed and cannot be destroyed.
    #[error("generation {0} is the current one")]
    Current(u32),
    /// Too many generations at once.
    #[error("{MAX_GENERATIONS} generations exist: destroy the oldest first")]
    TooMany,
    /// The operating system gives no randomness.
    #[error("no randomness")]
    Randomness,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u16,
    keks: Vec<StoredKek>,
    seed: WrappedKey,
}

#[derive(Serialize, Deserialize)]
struct StoredKek {
    generation: u32,
    created_ms: i64,
    wrapped: Vec<u8>,
}

#[derive(Debug)]
struct Kek {
    generation: u32,
    created: UnixMs,
    key: Secret<[u8; 32]>,
}

/// The open keyring. All keys in it leave memory with it.
#[derive(Debug)]
pub struct Keyring {
    root_wrap: Secret<[u8; 32]>,
    keks: Vec<Kek>,
    seed: Secret<[u8; 32]>,
}

impl Keyring {
    /// A new keyring for a new root key, with generation 1.
    ///
    /// # Errors
    /// [`KeyringError::Randomness`].
    pub fn create(root: &Secret<[u8; 32]>, now: UnixMs) -> Result<Self, KeyringError> {
        let kek = Kek { generation: 1, created: now, key: fresh()? };
        Ok(Self { root_wrap: derive(root, b"wrap of keks"), keks: vec![kek], seed: fresh()? })
    }

    /// Opens a stored keyring.
    ///
    /// # Errors
    /// [`KeyringError::Refused`].
    pub fn open(root: &Secret<[u8; 32]>, bytes: &[u8]) -> Result<Self, KeyringError> {
        let stored: Stored = postcard::from_bytes(bytes).map_err(|_| KeyringError::Refused)?;
        if stored.version != VERSION || stored.keks.is_empty() || stored.keks.len() > MAX_GENERATIONS {
            return Err(KeyringError::Refused);
        }
        let root_wrap = derive(root, b"wrap of keks");
        let mut keks = Vec::with_capacity(stored.keks.len());
        for kek in &stored.keks {
            let context = kek_context(kek.generation, kek.created_ms);
            let key = unwrap_key(&root_wrap, &context, &kek.wrapped).ok_or(KeyringError::Refused)?;
            keks.push(Kek { generation: kek.generation, created: UnixMs(kek.created_ms), key });
        }
        if !keks.is_sorted_by(|a, b| a.generation < b.generation) {
            return Err(KeyringError::Refused);
        }
        let mut keyring = Self { root_wrap, keks, seed: Secret::new([0; 32]) };
        keyring.seed = keyring.unwrap(b"domain seed", &stored.seed).map_err(|_| KeyringError::Refused)?;
        Ok(keyring)
    }

    /// The bytes to store; they hold no key in clear.
    ///
    /// # Errors
    /// [`KeyringError::Randomness`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyringError> {
        let mut keks = Vec::with_capacity(self.keks.len());
        for kek in &self.keks {
            let context = kek_context(kek.generation, kek.created.0);
            let wrapped = seal_field(&self.root_wrap, &context, kek.key.expose()).map_err(from_seal)?;
            keks.push(StoredKek { generation: kek.generation, created_ms: kek.created.0, wrapped });
        }
        let stored = Stored { version: VERSION, keks, seed: self.wrap(b"domain seed", &self.seed)? };
        postcard::to_stdvec(&stored).map_err(|_| KeyringError::Refused)
    }

    /// The current generation and when it was made.
    #[must_use]
    pub fn current(&self) -> (u32, UnixMs) {
        self.keks.last().map_or((0, UnixMs(0)), |kek| (kek.generation, kek.created))
    }

    /// The generations that still exist, oldest first.
    pub fn generations(&self) -> impl Iterator<Item = u32> + '_ {
        self.keks.iter().map(|kek| kek.generation)
    }

    /// Begins a new generation; older keys still unwrap until theirs is destroyed.
    ///
    /// # Errors
    /// [`KeyringError::TooMany`] or [`KeyringError::Randomness`].
    pub fn rotate(&mut self, now: UnixMs) -> Result<u32, KeyringError> {
        if self.keks.len() == MAX_GENERATIONS {
            return Err(KeyringError::TooMany);
        }
        let generation = self.current().0.saturating_add(1);
        self.keks.push(Kek { generation, created: now, key: fresh()? });
        Ok(generation)
    }

    /// Destroys an old generation: what is still wrapped by it is lost for good.
    ///
    /// # Errors
    /// [`KeyringError::Current`] or [`KeyringError::Destroyed`].
    pub fn destroy(&mut self, generation: u32) -> Result<(), KeyringError> {
        if generation == self.current().0 {
            return Err(KeyringError::Current(generation));
        }
        let before = self.keks.len();
        self.keks.retain(|kek| kek.generation != generation);
        if self.keks.len() == before { Err(KeyringError::Destroyed(generation)) } else { Ok(()) }
    }

    /// The key of a domain: the same for ever on this box.
    #[must_use]
    pub fn domain_key(&self, domain: Domain) -> Secret<[u8; 32]> {
        derive(&self.seed, domain.label())
    }

    /// The key of the ledger.
    #[must_use]
    pub fn ledger_key(&self) -> LedgerKey {
        LedgerKey { generation: 1, key: self.domain_key(Domain::Ledger) }
    }

    /// A fresh key for a subject or a recording, and its wrapping. The context (what it is for, and whose)
    /// must be the same to unwrap it.
    ///
    /// # Errors
    /// [`KeyringError::Randomness`].
    pub fn new_key(&self, context: &[u8]) -> Result<(Secret<[u8; 32]>, WrappedKey), KeyringError> {
        let key = fresh()?;
        let wrapped = self.wrap(context, &key)?;
        Ok((key, wrapped))
    }

    /// Wraps a key by the current generation.
    ///
    /// # Errors
    /// [`KeyringError::Randomness`].
    pub fn wrap(&self, context: &[u8], key: &Secret<[u8; 32]>) -> Result<WrappedKey, KeyringError> {
        let kek = self.keks.last().ok_or(KeyringError::Destroyed(0))?;
        let bytes =
            seal_field(&kek.key, &wrap_context(kek.generation, context), key.expose()).map_err(from_seal)?;
        Ok(WrappedKey { generation: kek.generation, bytes })
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// [`KeyringError::Destroyed`] or [`KeyringError::WrappedRefused`].
    pub fn unwrap(&self, context: &[u8], wrapped: &WrappedKey) -> Result<Secret<[u8; 32]>, KeyringError> {
        let kek = self
            .keks
            .iter()
            .find(|kek| kek.generation == wrapped.generation)
            .ok_or(KeyringError::Destroyed(wrapped.generation))?;
        unwrap_key(&kek.key, &wrap_context(kek.generation, context), &wrapped.bytes)
            .ok_or(KeyringError::WrappedRefused)
    }

    /// Wraps a key again by the current generation; `None` if it is already.
    ///
    /// # Errors
    /// As [`Keyring::unwrap`].
    pub fn rewrap(&self, context: &[u8], wrapped: &WrappedKey) -> Result<Option<WrappedKey>, KeyringError> {
        if wrapped.generation == self.current().0 {
            return Ok(None);
        }
        let key = self.unwrap(context, wrapped)?;
        self.wrap(context, &key).map(Some)
    }

    /// The keyed hash under which a number is indexed: equal numbers meet, nobody without the key can guess.
    #[must_use]
    pub fn index_hash(&self, canonical_number: &str) -> [u8; 32] {
        let key = self.domain_key(Domain::Index);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), canonical_number.as_bytes());
        let mut out = [0_u8; 32];
        out.copy_from_slice(tag.as_ref());
        out
    }
}

fn fresh() -> Result<Secret<[u8; 32]>, KeyringError> {
    random_key().map_err(from_seal)
}

fn from_seal(error: SealError) -> KeyringError {
    match error {
        SealError::Randomness => KeyringError::Randomness,
        SealError::Refused => KeyringError::WrappedRefused,
    }
}

fn unwrap_key(kek: &Secret<[u8; 32]>, context: &[u8], wrapped: &[u8]) -> Option<Secret<[u8; 32]>> {
    let plain = open_field(kek, context, wrapped).ok()?;
    let key: &[u8; 32] = plain.as_slice().try_into().ok()?;
    Some(Secret::new(*key))
}

fn kek_context(generation: u32, created_ms: i64) -> Vec<u8> {
    [b"kek".as_slice(), &generation.to_be_bytes(), &created_ms.to_be_bytes()].concat()
}

fn wrap_context(generation: u32, context: &[u8]) -> Vec<u8> {
    [b"wrapped".as_slice(), &generation.to_be_bytes(), context].concat()
}

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

fn derive(key: &Secret<[u8; 32]>, label: &[u8]) -> Secret<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    let prk = Salt::new(HKDF_SHA256, HKDF_SALT).extract(key.expose());
    let filled = prk.expand(&[label], Len32).and_then(|okm| okm.fill(&mut bytes));
    assert!(filled.is_ok(), "32 bytes are within HKDF-SHA256's limit");
    Secret::new(bytes)
}
