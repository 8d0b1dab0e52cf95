//! Signed heads: what the TPM vouches for, and the key that checks it. Signing itself happens elsewhere.

use crate::bytes::{array, i64_at, u64_at};
use crate::format::{ChainHash, check};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use std::collections::VecDeque;
use thiserror::Error;
use vocab::UnixMs;

/// Bytes of a signature: r and s of ECDSA P-256, 32 bytes each.
pub const SIGNATURE_BYTES: usize = 64;
/// Bytes of a head in the side file of heads.
pub const HEAD_RECORD_BYTES: usize = HEAD_PAYLOAD_BYTES + 8;
/// How many entries may come between an entry and the head that signs it.
pub const HEAD_REACH_ENTRIES: usize = 4_096;

pub(crate) const HEAD_PAYLOAD_BYTES: usize = HEAD_BYTES + SIGNATURE_BYTES;
const HEAD_BYTES: usize = 48;
const MESSAGE_LABEL: &[u8] = b"ringfence ledger head v1\0";
const POINT_BYTES: usize = 65;
/// SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The state of the ledger at one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The entry.
    pub seq: u64,
    /// The chain hash after it.
    pub hash: ChainHash,
    /// When the head was taken.
    pub time: UnixMs,
}

impl Head {
    /// The bytes to sign (ECDSA P-256 over their SHA-256).
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        [MESSAGE_LABEL, &self.encode()].concat()
    }

    fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut out = [0_u8; HEAD_BYTES];
        out[0..8].copy_from_slice(&self.seq.to_be_bytes());
        out[8..40].copy_from_slice(&self.hash.0);
        out[40..48].copy_from_slice(&self.time.0.to_be_bytes());
        out
    }
}

/// A head with its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    /// r ‖ s.
    pub signature: [u8; SIGNATURE_BYTES],
}

impl SignedHead {
    pub(crate) fn payload(&self) -> [u8; HEAD_PAYLOAD_BYTES] {
        let mut out = [0_u8; HEAD_PAYLOAD_BYTES];
        out[..HEAD_BYTES].copy_from_slice(&self.head.encode());
        out[HEAD_BYTES..].copy_from_slice(&self.signature);
        out
    }

    pub(crate) fn from_payload(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == HEAD_PAYLOAD_BYTES).then(|| Self {
            head: Head {
                seq: u64_at(bytes, 0),
                hash: ChainHash(array(bytes, 8)),
                time: UnixMs(i64_at(bytes, 40)),
            },
            signature: array(bytes, HEAD_BYTES),
        })
    }

    /// The record of the side file of heads.
    #[must_use]
    pub fn record(&self) -> [u8; HEAD_RECORD_BYTES] {
        let mut out = [0_u8; HEAD_RECORD_BYTES];
        out[..HEAD_PAYLOAD_BYTES].copy_from_slice(&self.payload());
        let check = check(&out[..HEAD_PAYLOAD_BYTES]);
        out[HEAD_PAYLOAD_BYTES..].copy_from_slice(&check);
        out
    }

    /// Reads a record of the side file; `None` if it is damaged.
    #[must_use]
    pub fn from_record(record: &[u8; HEAD_RECORD_BYTES]) -> Option<Self> {
        let (payload, found) = record.split_at(HEAD_PAYLOAD_BYTES);
        (found == check(payload)).then(|| Self::from_payload(payload)).flatten()
    }
}

/// The public key heads are checked with.
#[derive(Clone)]
pub struct HeadKey {
    point: [u8; POINT_BYTES],
    parsed: ParsedPublicKey,
}

impl std::fmt::Debug for HeadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeadKey(P-256)")
    }
}

/// Why a public key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeadKeyError {
    /// Neither PEM nor DER of a P-256 key nor an uncompressed point.
    #[error("this is no P-256 public key (PEM, DER or uncompressed point)")]
    Form,
    /// The point is not on the curve.
    #[error("the point is not on the curve P-256")]
    Point,
}

impl HeadKey {
    /// Reads a P-256 public key: PEM or DER (SubjectPublicKeyInfo) or the uncompressed point of 65 bytes.
    ///
    /// # Errors
    /// [`HeadKeyError`] where it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeadKeyError> {
        let der;
        let bytes = match pem_body(bytes) {
            Some(decoded) => {
                der = decoded;
                der.as_slice()
            }
            None => bytes,
        };
        let point = bytes.strip_prefix(&SPKI_PREFIX).unwrap_or(bytes);
        if point.len() != POINT_BYTES || point[0] != 4 {
            return Err(HeadKeyError::Form);
        }
        let parsed =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| HeadKeyError::Point)?;
        Ok(Self { point: array(point, 0), parsed })
    }

    /// The uncompressed point.
    #[must_use]
    pub const fn point(&self) -> &[u8; POINT_BYTES] {
        &self.point
    }

    /// Does the signature belong to the head?
    #[must_use]
    pub fn verifies(&self, signed: &SignedHead) -> bool {
        self.parsed.verify_sig(&signed.head.message(), &signed.signature).is_ok()
    }
}

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";
const MAX_PEM_BYTES: usize = 1_024;

fn pem_body(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > MAX_PEM_BYTES {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let body = text.strip_prefix(PEM_BEGIN)?.strip_suffix(PEM_END)?;
    let letters: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    data_encoding::BASE64.decode(&letters).ok()
}

/// The hashes of the last entries, so that a head is checked against the chain it claims to sign.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent(VecDeque<(u64, ChainHash)>);

impl Recent {
    pub(crate) fn push(&mut self, seq: u64, hash: ChainHash) {
        if self.0.len() == HEAD_REACH_ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back((seq, hash));
    }

    pub(crate) fn last(&self) -> Option<(u64, ChainHash)> {
        self.0.back().copied()
    }

    pub(crate) fn hash_of(&self, seq: u64) -> Option<ChainHash> {
        let first = self.0.front()?.0;
        let at = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.0.get(at).map(|found| found.1)
    }
}
