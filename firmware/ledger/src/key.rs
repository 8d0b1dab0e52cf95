//! The keys of the ledger and the cipher of its payloads. Where the ledger key comes from is not known here.

use crate::format::{ChainHash, ENTRY_HEADER_BYTES, HASH_BYTES, SegmentHeader, TAG_BYTES};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use thiserror::Error;
use vocab::Secret;
use zeroize::{Zeroize, Zeroizing};

const SEGMENT_LABEL: &[u8] = b"ringfence ledger segment v1";

/// One generation of the ledger key.
#[derive(Debug, Clone)]
pub struct LedgerKey {
    /// The generation's number, which entries name.
    pub generation: u32,
    /// The key.
    pub key: Secret<[u8; 32]>,
}

/// Why a payload could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// A signed head has no ciphertext.
    #[error("a signed head is not encrypted")]
    Clear,
    /// The key is another generation's or the payload was altered.
    #[error("the payload does not open under this key")]
    Refused,
}

/// The key of one segment.
pub struct SegmentKey(LessSafeKey);

impl std::fmt::Debug for SegmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SegmentKey(…)")
    }
}

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl SegmentKey {
    /// Derives the key of the segment with this header.
    #[must_use]
    pub fn derive(key: &Secret<[u8; 32]>, segment: &SegmentHeader) -> Self {
        let prk = Salt::new(HKDF_SHA256, &segment.salt).extract(key.expose());
        let index = segment.index.to_be_bytes();
        let info: [&[u8]; 2] = [SEGMENT_LABEL, &index];
        let mut bytes = [0_u8; 32];
        let filled = prk.expand(&info, Len32).and_then(|okm| okm.fill(&mut bytes));
        let unbound = UnboundKey::new(&AES_256_GCM, &bytes);
        bytes.zeroize();
        assert!(filled.is_ok(), "32 bytes are within HKDF-SHA256's limit");
        match unbound {
            Ok(unbound) => Self(LessSafeKey::new(unbound)),
            Err(_) => unreachable!("a key of 32 bytes is an AES-256 key"),
        }
    }

    pub(crate) fn seal(
        &self,
        seq: u64,
        header: &[u8; ENTRY_HEADER_BYTES],
        previous: ChainHash,
        text: &mut [u8],
    ) -> [u8; TAG_BYTES] {
        let sealed = self.0.seal_in_place_separate_tag(nonce(seq), Aad::from(aad(header, previous)), text);
        match sealed {
            Ok(tag) => crate::bytes::array(tag.as_ref(), 0),
            Err(_) => unreachable!("an entry is far below the limit of AES-GCM"),
        }
    }

    pub(crate) fn open(
        &self,
        seq: u64,
        header: &[u8; ENTRY_HEADER_BYTES],
        previous: ChainHash,
        payload: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut text = Zeroizing::new(payload.to_vec());
        let length = self
            .0
            .open_in_place(nonce(seq), Aad::from(aad(header, previous)), &mut text)
            .map_err(|_| OpenError::Refused)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

fn nonce(seq: u64) -> Nonce {
    let mut bytes = [0_u8; 12];
    bytes[4..].copy_from_slice(&seq.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn aad(header: &[u8; ENTRY_HEADER_BYTES], previous: ChainHash) -> [u8; ENTRY_HEADER_BYTES + HASH_BYTES] {
    let mut out = [0_u8; ENTRY_HEADER_BYTES + HASH_BYTES];
    out[..ENTRY_HEADER_BYTES].copy_from_slice(header);
    out[ENTRY_HEADER_BYTES..].copy_from_slice(&previous.0);
    out
}
