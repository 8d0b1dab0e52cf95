//! The cipher of chunks. The key belongs to one recording, so the index alone makes the nonce.

use crate::bytes::array;
use crate::chunk::{CHUNK_HEADER_BYTES, TAG_BYTES};
use crate::header::HEADER_BYTES;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use vocab::Secret;

pub(crate) struct Cipher {
    key: LessSafeKey,
    header_hash: [u8; 32],
}

impl Cipher {
    pub(crate) fn new(key: &Secret<[u8; 32]>, header: &[u8; HEADER_BYTES]) -> Self {
        let Ok(unbound) = UnboundKey::new(&AES_256_GCM, key.expose()) else {
            unreachable!("a key of 32 bytes is an AES-256 key")
        };
        let header_hash = array(digest(&SHA256, header).as_ref(), 0);
        Self { key: LessSafeKey::new(unbound), header_hash }
    }

    pub(crate) fn seal(&self, index: u32, header: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES] {
        match self.key.seal_in_place_separate_tag(nonce(index), Aad::from(self.aad(header)), text) {
            Ok(tag) => array(tag.as_ref(), 0),
            Err(_) => unreachable!("a chunk is far below the limit of AES-GCM"),
        }
    }

    /// Decrypts ciphertext ‖ tag in place; `None` if it was altered or belongs elsewhere.
    pub(crate) fn open<'a>(&self, index: u32, header: &[u8], text: &'a mut [u8]) -> Option<&'a [u8]> {
        self.key.open_in_place(nonce(index), Aad::from(self.aad(header)), text).ok().map(|open| &*open)
    }

    fn aad(&self, header: &[u8]) -> [u8; 32 + CHUNK_HEADER_BYTES] {
        let mut out = [0_u8; 32 + CHUNK_HEADER_BYTES];
        out[..32].copy_from_slice(&self.header_hash);
        out[32..].copy_from_slice(header);
        out
    }
}

fn nonce(index: u32) -> Nonce {
    let mut bytes = [0_u8; 12];
    bytes[8..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}
