//! The clear header of a chunk and the closing chunk's content.

use crate::bytes::{array, i64_at, u16_at, u32_at, u64_at};
use crate::header::{CHECK_BYTES, check};
use vocab::UnixMs;

/// Samples of one side in a frame.
pub const FRAME_SAMPLES: usize = 160;
/// The length of a frame.
pub const FRAME_MS: u64 = 20;
/// Frames of a full chunk: one second.
pub const FRAMES_PER_CHUNK: usize = 50;
/// Bytes of a chunk's clear header.
pub const CHUNK_HEADER_BYTES: usize = 36;
/// The longest chunk.
pub const MAX_CHUNK_BYTES: usize = CHUNK_HEADER_BYTES + AUDIO_BYTES + TAG_BYTES;
/// The longest recording, in chunks: four hours.
pub const MAX_CHUNKS: u32 = 4 * 3_600;

pub(crate) const TAG_BYTES: usize = 16;
pub(crate) const AUDIO_BYTES: usize = FRAMES_PER_CHUNK * FRAME_PAIR_BYTES;
pub(crate) const FRAME_PAIR_BYTES: usize = 2 * FRAME_SAMPLES;
pub(crate) const CLOSING_BYTES: usize = 64;
pub(crate) const CLOSING_CHUNK_BYTES: usize = CHUNK_HEADER_BYTES + CLOSING_BYTES + TAG_BYTES;
const CHECKED: usize = CHUNK_HEADER_BYTES - CHECK_BYTES;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkHeader {
    pub(crate) index: u32,
    pub(crate) kind: Kind,
    pub(crate) frames: u16,
    pub(crate) gaps_left: u64,
    pub(crate) gaps_right: u64,
}

impl ChunkHeader {
    pub(crate) const fn text_bytes(&self) -> usize {
        match self.kind {
            Kind::Audio => self.frames as usize * FRAME_PAIR_BYTES,
            Kind::Closing => CLOSING_BYTES,
        }
    }

    pub(crate) const fn frame_bytes(&self) -> usize {
        CHUNK_HEADER_BYTES + self.text_bytes() + TAG_BYTES
    }

    pub(crate) fn encode(&self) -> [u8; CHUNK_HEADER_BYTES] {
        let mut out = [0_u8; CHUNK_HEADER_BYTES];
        let length = u32::try_from(self.frame_bytes()).unwrap_or(u32::MAX);
        out[0..4].copy_from_slice(&length.to_be_bytes());
        out[4..8].copy_from_slice(&self.index.to_be_bytes());
        out[8] = match self.kind {
            Kind::Audio => 1,
            Kind::Closing => 2,
        };
        out[10..12].copy_from_slice(&self.frames.to_be_bytes());
        out[12..20].copy_from_slice(&self.gaps_left.to_be_bytes());
        out[20..28].copy_from_slice(&self.gaps_right.to_be_bytes());
        let check = check(&out[..CHECKED]);
        out[CHECKED..].copy_from_slice(&check);
        out
    }

    /// `None` where no encoder of ours wrote this.
    pub(crate) fn decode(bytes: &[u8; CHUNK_HEADER_BYTES]) -> Option<Self> {
        let kind = match bytes[8] {
            1 => Kind::Audio,
            2 => Kind::Closing,
            _ => return None,
        };
        let header = Self {
            index: u32_at(bytes, 4),
            kind,
            frames: u16_at(bytes, 10),
            gaps_left: u64_at(bytes, 12),
            gaps_right: u64_at(bytes, 20),
        };
        let frames = usize::from(header.frames);
        let frames_fit = match kind {
            Kind::Audio => (1..=FRAMES_PER_CHUNK).contains(&frames),
            Kind::Closing => frames == 0,
        };
        // Encoding again proves length, check and reserved bytes at once.
        let sound = frames_fit
            && header.index <= MAX_CHUNKS
            && (header.gaps_left | header.gaps_right) >> frames == 0
            && header.encode() == *bytes;
        sound.then_some(header)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) chunks: u32,
    pub(crate) frames: u64,
    pub(crate) gaps_left: u32,
    pub(crate) gaps_right: u32,
    pub(crate) ended: UnixMs,
    pub(crate) digest: [u8; 32],
}

impl Closing {
    pub(crate) fn encode(&self) -> [u8; CLOSING_BYTES] {
        let mut out = [0_u8; CLOSING_BYTES];
        out[0..4].copy_from_slice(&self.chunks.to_be_bytes());
        out[8..16].copy_from_slice(&self.frames.to_be_bytes());
        out[16..20].copy_from_slice(&self.gaps_left.to_be_bytes());
        out[20..24].copy_from_slice(&self.gaps_right.to_be_bytes());
        out[24..32].copy_from_slice(&self.ended.0.to_be_bytes());
        out[32..64].copy_from_slice(&self.digest);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        Self {
            chunks: u32_at(bytes, 0),
            frames: u64_at(bytes, 8),
            gaps_left: u32_at(bytes, 16),
            gaps_right: u32_at(bytes, 20),
            ended: UnixMs(i64_at(bytes, 24)),
            digest: array(bytes, 32),
        }
    }
}
