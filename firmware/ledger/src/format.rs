//! Headers of segments and entries, and the chain hash. No ciphers and no order of entries here.

use crate::bytes::{array, i64_at, u16_at, u32_at, u64_at};
use aws_lc_rs::digest::{Context, SHA256};
use std::fmt;
use vocab::UnixMs;

/// Bytes of a chain hash.
pub const HASH_BYTES: usize = 32;
/// Bytes of an entry's header.
pub const ENTRY_HEADER_BYTES: usize = 40;
/// Bytes of a segment's header.
pub const SEGMENT_HEADER_BYTES: usize = 112;
/// The longest entry on disk, header and hash included.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// The longest plaintext of an entry.
pub const MAX_PLAINTEXT_BYTES: usize = MAX_FRAME_BYTES - ENTRY_HEADER_BYTES - TAG_BYTES - HASH_BYTES;
/// The longest segment.
pub const MAX_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The kind of a signed head; no other entry may use it.
pub const KIND_HEAD: u16 = u16::MAX;
/// The algorithm profile `intl`: AES-256-GCM and SHA-256.
pub const PROFILE_INTL: u8 = 1;

pub(crate) const TAG_BYTES: usize = 16;
pub(crate) const VERSION: u16 = 1;
pub(crate) const FLAG_CLEAR_HEAD: u8 = 1;
const MAGIC: &[u8; 8] = b"RFLEDGER";
const CHECK_BYTES: usize = 8;
const ENTRY_CHECKED: usize = ENTRY_HEADER_BYTES - CHECK_BYTES;
const SEGMENT_CHECKED: usize = SEGMENT_HEADER_BYTES - CHECK_BYTES;
const SMALLEST_FRAME: usize = ENTRY_HEADER_BYTES + TAG_BYTES + HASH_BYTES;

/// A link of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; HASH_BYTES]);

impl ChainHash {
    /// What stands before the first segment.
    pub const GENESIS: Self = Self([0; HASH_BYTES]);

    pub(crate) fn after_segment(self, header: &[u8; SEGMENT_HEADER_BYTES]) -> Self {
        self.link(b"segment", header, &[])
    }

    pub(crate) fn after_entry(self, header: &[u8], payload: &[u8]) -> Self {
        self.link(b"entry", header, payload)
    }

    fn link(self, label: &[u8], header: &[u8], payload: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [label, &self.0, header, payload] {
            context.update(part);
        }
        Self(array(context.finish().as_ref(), 0))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The clear part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryHeader {
    /// Bytes of the whole frame.
    pub frame_bytes: u32,
    /// What the entry is; the ledger gives only [`KIND_HEAD`] a meaning.
    pub kind: u16,
    /// Its place: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// When it was written.
    pub time: UnixMs,
    /// The generation of the ledger key it is encrypted under.
    pub generation: u32,
    /// The algorithm profile.
    pub profile: u8,
    /// 1 for a signed head in clear, else 0.
    pub flags: u8,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Damaged,
    Version(u16),
    Profile(u8),
    Length(u32),
}

impl EntryHeader {
    pub(crate) fn encode(&self) -> [u8; ENTRY_HEADER_BYTES] {
        let mut out = [0_u8; ENTRY_HEADER_BYTES];
        out[0..4].copy_from_slice(&self.frame_bytes.to_be_bytes());
        out[4..6].copy_from_slice(&VERSION.to_be_bytes());
        out[6..8].copy_from_slice(&self.kind.to_be_bytes());
        out[8..16].copy_from_slice(&self.seq.to_be_bytes());
        out[16..24].copy_from_slice(&self.time.0.to_be_bytes());
        out[24..28].copy_from_slice(&self.generation.to_be_bytes());
        out[28] = self.profile;
        out[29] = self.flags;
        let check = check(&out[..ENTRY_CHECKED]);
        out[ENTRY_CHECKED..].copy_from_slice(&check);
        out
    }

    pub(crate) fn decode(bytes: &[u8; ENTRY_HEADER_BYTES]) -> Result<Self, HeaderFault> {
        if bytes[ENTRY_CHECKED..] != check(&bytes[..ENTRY_CHECKED]) || bytes[30..32] != [0, 0] {
            return Err(HeaderFault::Damaged);
        }
        let version = u16_at(bytes, 4);
        if version != VERSION {
            return Err(HeaderFault::Version(version));
        }
        let header = Self {
            frame_bytes: u32_at(bytes, 0),
            kind: u16_at(bytes, 6),
            seq: u64_at(bytes, 8),
            time: UnixMs(i64_at(bytes, 16)),
            generation: u32_at(bytes, 24),
            profile: bytes[28],
            flags: bytes[29],
        };
        if header.profile != PROFILE_INTL {
            return Err(HeaderFault::Profile(header.profile));
        }
        if !(SMALLEST_FRAME..=MAX_FRAME_BYTES).contains(&(header.frame_bytes as usize)) {
            return Err(HeaderFault::Length(header.frame_bytes));
        }
        if header.flags > FLAG_CLEAR_HEAD || (header.flags == FLAG_CLEAR_HEAD) != (header.kind == KIND_HEAD) {
            return Err(HeaderFault::Damaged);
        }
        Ok(header)
    }
}

impl EntryHeader {
    /// Reads a header alone; `None` if the bytes are none or damaged.
    #[must_use]
    pub fn peek(bytes: &[u8; ENTRY_HEADER_BYTES]) -> Option<Self> {
        Self::decode(bytes).ok()
    }
}

/// The clear start of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The segment's place: 0, 1, 2 … without gaps.
    pub index: u32,
    /// The seq of its first entry.
    pub first_seq: u64,
    /// When it was begun.
    pub opened: UnixMs,
    /// The generation of the ledger key.
    pub generation: u32,
    /// Fresh random bytes that make the segment's key its own.
    pub salt: [u8; 32],
    /// The chain hash at the end of the segment before.
    pub previous: ChainHash,
}

impl SegmentHeader {
    /// The header as it stands on disk.
    #[must_use]
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut out = [0_u8; SEGMENT_HEADER_BYTES];
        out[0..8].copy_from_slice(MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_be_bytes());
        out[10] = PROFILE_INTL;
        out[12..16].copy_from_slice(&self.index.to_be_bytes());
        out[16..24].copy_from_slice(&self.first_seq.to_be_bytes());
        out[24..32].copy_from_slice(&self.opened.0.to_be_bytes());
        out[32..36].copy_from_slice(&self.generation.to_be_bytes());
        out[36..68].copy_from_slice(&self.salt);
        out[68..100].copy_from_slice(&self.previous.0);
        let check = check(&out[..SEGMENT_CHECKED]);
        out[SEGMENT_CHECKED..].copy_from_slice(&check);
        out
    }

    /// The chain hash after this header: also the end of a segment without entries.
    #[must_use]
    pub fn chain_hash(&self) -> ChainHash {
        self.previous.after_segment(&self.encode())
    }

    /// Reads a header; `None` if the bytes are none of ours or damaged.
    #[must_use]
    pub fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Option<Self> {
        let sound = bytes[SEGMENT_CHECKED..] == check(&bytes[..SEGMENT_CHECKED])
            && &bytes[0..8] == MAGIC
            && u16_at(bytes, 8) == VERSION
            && bytes[10] == PROFILE_INTL;
        sound.then(|| Self {
            index: u32_at(bytes, 12),
            first_seq: u64_at(bytes, 16),
            opened: UnixMs(i64_at(bytes, 24)),
            generation: u32_at(bytes, 32),
            salt: array(bytes, 36),
            previous: ChainHash(array(bytes, 68)),
        })
    }
}

/// The start of a SHA-256: enough to tell chance damage; deceit is found by chain and signature.
pub(crate) fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    array(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref(), 0)
}
