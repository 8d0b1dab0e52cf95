//! The clear header of a recording.

use crate::bytes::{array, i64_at, u16_at, u64_at};
use aws_lc_rs::digest::{SHA256, digest};
use vocab::{CallId, ObjectHash, UnixMs};

/// Bytes of the header.
pub const HEADER_BYTES: usize = 72;
/// The algorithm profile `intl`: AES-256-GCM and SHA-256.
pub const PROFILE_INTL: u8 = 1;

pub(crate) const CHECK_BYTES: usize = 8;
const MAGIC: &[u8; 8] = b"RFRECORD";
const VERSION: u16 = 1;
const CHECKED: usize = HEADER_BYTES - CHECK_BYTES;

/// How the samples are coded (ITU-T G.711).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// A-law.
    ALaw,
    /// µ-law.
    MuLaw,
}

impl Codec {
    /// The octet that is silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::ALaw => 0xd5,
            Self::MuLaw => 0xff,
        }
    }
}

/// What a recording says of itself in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The call.
    pub call: CallId,
    /// The coding of both sides.
    pub codec: Codec,
    /// When the recorder started.
    pub started: UnixMs,
    /// The notice that had been played in full before (REC-01): the hash of its audio.
    pub notice_prompt: ObjectHash,
}

impl Header {
    /// The header as it stands in the file.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0_u8; HEADER_BYTES];
        out[0..8].copy_from_slice(MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_be_bytes());
        out[10] = PROFILE_INTL;
        out[11] = match self.codec {
            Codec::ALaw => 1,
            Codec::MuLaw => 2,
        };
        out[16..24].copy_from_slice(&self.call.0.to_be_bytes());
        out[24..32].copy_from_slice(&self.started.0.to_be_bytes());
        out[32..64].copy_from_slice(&self.notice_prompt.0);
        let check = check(&out[..CHECKED]);
        out[CHECKED..].copy_from_slice(&check);
        out
    }

    /// Reads a header; `None` if the bytes are none of ours or damaged.
    #[must_use]
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let sound = bytes[CHECKED..] == check(&bytes[..CHECKED])
            && &bytes[0..8] == MAGIC
            && u16_at(bytes, 8) == VERSION
            && bytes[10] == PROFILE_INTL;
        let codec = match bytes[11] {
            1 => Codec::ALaw,
            2 => Codec::MuLaw,
            _ => return None,
        };
        sound.then(|| Self {
            call: CallId(u64_at(bytes, 16)),
            codec,
            started: UnixMs(i64_at(bytes, 24)),
            notice_prompt: ObjectHash(array(bytes, 32)),
        })
    }
}

/// The start of a SHA-256: tells chance damage from a cut; deceit is found by the cipher.
pub(crate) fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    array(digest(&SHA256, bytes).as_ref(), 0)
}
