//! Signed heads: what the TPM vouches for, and the key that checks it. Signing itself happens elsewhere.

use crate::bytes::{array, i64_at, u64_at};
use crate::format::{ChainHash, check};
use aws_lc_rs::digest::{SHA256, digest};
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
/// Keys a box can have had: one for each chip.
pub const MAX_HEAD_KEYS: usize = 16;

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

/// The public key heads are checked with, and the keys of chips that the box had before: a key never leaves its chip, so a
/// recovery on another one begins a new key, and the chain goes on.
#[derive(Clone)]
pub struct HeadKey {
    point: [u8; POINT_BYTES],
    parsed: ParsedPublicKey,
    /// Oldest first.
    former: Vec<HeadKey>,
}

impl std::fmt::Debug for HeadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeadKey(P-256, {} former)", self.former.len())
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
    /// More than a box can have had.
    #[error("more than {MAX_HEAD_KEYS} public keys")]
    TooMany,
}

impl HeadKey {
    /// Reads P-256 public keys: one as DER (SubjectPublicKeyInfo) or as the uncompressed point of 65 bytes, or PEM, one
    /// after the other where the box had several: oldest first.
    ///
    /// # Errors
    /// [`HeadKeyError`] where it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeadKeyError> {
        let Some(bodies) = pem_bodies(bytes) else { return Self::one(bytes) };
        if bodies.len() > MAX_HEAD_KEYS {
            return Err(HeadKeyError::TooMany);
        }
        let mut keys = bodies.iter().map(|der| Self::one(der)).collect::<Result<Vec<_>, _>>()?;
        let newest = keys.pop().ok_or(HeadKeyError::Form)?;
        Ok(Self { former: keys, ..newest })
    }

    fn one(der: &[u8]) -> Result<Self, HeadKeyError> {
        let point = der.strip_prefix(&SPKI_PREFIX).unwrap_or(der);
        if point.len() != POINT_BYTES || point[0] != 4 {
            return Err(HeadKeyError::Form);
        }
        let parsed =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| HeadKeyError::Point)?;
        Ok(Self { point: array(point, 0), parsed, former: Vec::new() })
    }

    /// This key after those: what they signed stands, and from here on this one signs.
    #[must_use]
    pub fn after(self, before: Self) -> Self {
        let newest = Self { former: Vec::new(), ..before.clone() };
        let mut former = before.former;
        former.push(newest);
        former.retain(|key| key.point != self.point);
        Self { former, ..self }
    }

    /// SHA-256 of the key as DER, as other tools print it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let hash = digest(&SHA256, &[SPKI_PREFIX.as_slice(), &self.point].concat());
        array(hash.as_ref(), 0)
    }

    /// The uncompressed point.
    #[must_use]
    pub const fn point(&self) -> &[u8; POINT_BYTES] {
        &self.point
    }

    /// Does the signature belong to the head, whichever of the keys made it?
    #[must_use]
    pub fn verifies(&self, signed: &SignedHead) -> bool {
        self.signer(signed).is_some()
    }

    /// Which key made the signature, counted from the oldest; the last one is this.
    fn signer(&self, signed: &SignedHead) -> Option<usize> {
        let message = signed.head.message();
        let made = |key: &Self| key.parsed.verify_sig(&message, &signed.signature).is_ok();
        if made(self) { Some(self.former.len()) } else { self.former.iter().rposition(made) }
    }
}

/// Heads in a row that one key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSpan {
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// It is not the box's key any more.
    pub former: bool,
    /// The entry of the first of these heads.
    pub first: u64,
    /// The entry of the last of them.
    pub last: u64,
    at: usize,
}

/// Checks heads in their order: once a newer key has signed, an older one vouches for nothing any more. Whoever has the
/// old chip cannot write on.
#[derive(Debug, Clone)]
pub struct HeadCheck {
    key: HeadKey,
    spans: Vec<SignedSpan>,
}

impl HeadCheck {
    /// With these keys.
    #[must_use]
    pub const fn new(key: HeadKey) -> Self {
        Self { key, spans: Vec::new() }
    }

    /// Takes the next head; false: its signature counts for nothing here.
    pub fn take(&mut self, signed: &SignedHead) -> bool {
        let Some(at) = self.key.signer(signed) else { return false };
        match self.spans.last_mut() {
            Some(span) if at < span.at => return false,
            Some(span) if at == span.at => span.last = signed.head.seq,
            Some(_) | None => {
                let former = self.key.former.get(at);
                let key = former.unwrap_or(&self.key).fingerprint();
                let seq = signed.head.seq;
                self.spans.push(SignedSpan { key, former: former.is_some(), first: seq, last: seq, at });
            }
        }
        true
    }

    /// Who signed what, so far.
    #[must_use]
    pub fn spans(&self) -> &[SignedSpan] {
        &self.spans
    }
}

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";
const MAX_PEM_BYTES: usize = 1_024;

/// The bodies of PEM blocks, and nothing else between them.
fn pem_bodies(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    if bytes.len() > MAX_PEM_BYTES * (MAX_HEAD_KEYS + 1) {
        return None;
    }
    let mut rest = std::str::from_utf8(bytes).ok()?.trim();
    let mut bodies = Vec::new();
    while !rest.is_empty() {
        let (body, after) = rest.strip_prefix(PEM_BEGIN)?.split_once(PEM_END)?;
        let letters: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        bodies.push(data_encoding::BASE64.decode(&letters).ok()?);
        rest = after.trim_start();
    }
    Some(bodies)
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
