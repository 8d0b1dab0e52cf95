//! The recorder's side: 20 ms frames in, whole encrypted chunks out, no allocation after `new`.

use crate::chunk::{
    AUDIO_BYTES, CHUNK_HEADER_BYTES, CLOSING_CHUNK_BYTES, ChunkHeader, Closing, FRAME_PAIR_BYTES,
    FRAME_SAMPLES, FRAMES_PER_CHUNK, Kind, MAX_CHUNK_BYTES, MAX_CHUNKS, TAG_BYTES,
};
use crate::cipher::Cipher;
use crate::header::{HEADER_BYTES, Header};
use aws_lc_rs::digest::{Context, SHA256};
use thiserror::Error;
use vocab::{Secret, UnixMs};
use zeroize::Zeroize;

/// Which sides of a frame are missing and stand as silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    /// The callee's side.
    pub left: bool,
    /// The agent's and the prompts' side.
    pub right: bool,
}

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The recording has [`MAX_CHUNKS`].
    #[error("the recording has reached its longest duration")]
    Full,
    /// The recording was ended.
    #[error("the recording was already ended")]
    Finished,
}

/// Makes one recording.
pub struct Encoder {
    cipher: Cipher,
    header: [u8; HEADER_BYTES],
    silence: u8,
    audio: Box<[u8; AUDIO_BYTES]>,
    out: Box<[u8; MAX_CHUNK_BYTES + CLOSING_CHUNK_BYTES]>,
    frames: usize,
    gaps_left: u64,
    gaps_right: u64,
    totals: Closing,
    running: Context,
    finished: bool,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({} chunks)", self.totals.chunks)
    }
}

impl Encoder {
    /// Begins a recording. The key must be fresh: used for this recording and no other.
    #[must_use]
    pub fn new(key: &Secret<[u8; 32]>, header: &Header) -> Self {
        let raw = header.encode();
        let mut running = Context::new(&SHA256);
        running.update(&raw);
        Self {
            cipher: Cipher::new(key, &raw),
            header: raw,
            silence: header.codec.silence(),
            audio: Box::new([0; AUDIO_BYTES]),
            out: Box::new([0; MAX_CHUNK_BYTES + CLOSING_CHUNK_BYTES]),
            frames: 0,
            gaps_left: 0,
            gaps_right: 0,
            totals: Closing {
                chunks: 0,
                frames: 0,
                gaps_left: 0,
                gaps_right: 0,
                ended: header.started,
                digest: [0; 32],
            },
            running,
            finished: false,
        }
    }

    /// The first bytes of the file.
    #[must_use]
    pub const fn header_bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.header
    }

    /// Takes one frame of each side; where a side is missing, silence is stored whatever the samples hold.
    /// When a chunk is full, its bytes are returned: append them to the file.
    ///
    /// # Errors
    /// [`EncodeError::Full`]: finish the recording.
    pub fn push(
        &mut self,
        left: &[u8; FRAME_SAMPLES],
        right: &[u8; FRAME_SAMPLES],
        gaps: Gaps,
    ) -> Result<Option<&[u8]>, EncodeError> {
        if self.finished {
            return Err(EncodeError::Finished);
        }
        if self.totals.chunks == MAX_CHUNKS {
            return Err(EncodeError::Full);
        }
        let start = self.frames * FRAME_PAIR_BYTES;
        let pairs = self.audio[start..start + FRAME_PAIR_BYTES].chunks_exact_mut(2);
        for ((pair, left), right) in pairs.zip(left).zip(right) {
            pair[0] = if gaps.left { self.silence } else { *left };
            pair[1] = if gaps.right { self.silence } else { *right };
        }
        self.gaps_left |= u64::from(gaps.left) << self.frames;
        self.gaps_right |= u64::from(gaps.right) << self.frames;
        self.frames += 1;
        if self.frames < FRAMES_PER_CHUNK {
            return Ok(None);
        }
        let length = self.seal_audio();
        Ok(Some(&self.out[..length]))
    }

    /// Ends the recording: the last, shorter chunk if there is one, and the closing chunk. Nothing the second time.
    #[must_use]
    pub fn finish(&mut self, ended: UnixMs) -> &[u8] {
        if std::mem::replace(&mut self.finished, true) {
            return &[];
        }
        let audio = if self.frames > 0 { self.seal_audio() } else { 0 };
        self.totals.ended = ended;
        let running = std::mem::replace(&mut self.running, Context::new(&SHA256));
        self.totals.digest.copy_from_slice(running.finish().as_ref());
        let header = ChunkHeader {
            index: self.totals.chunks,
            kind: Kind::Closing,
            frames: 0,
            gaps_left: 0,
            gaps_right: 0,
        };
        let text = self.totals.encode();
        let end = self.seal(audio, &header, &text);
        &self.out[..end]
    }

    fn seal_audio(&mut self) -> usize {
        let header = ChunkHeader {
            index: self.totals.chunks,
            kind: Kind::Audio,
            frames: u16::try_from(self.frames).unwrap_or(u16::MAX),
            gaps_left: self.gaps_left,
            gaps_right: self.gaps_right,
        };
        let raw = header.encode();
        let text_end = CHUNK_HEADER_BYTES + header.text_bytes();
        self.out[..CHUNK_HEADER_BYTES].copy_from_slice(&raw);
        self.out[CHUNK_HEADER_BYTES..text_end].copy_from_slice(&self.audio[..header.text_bytes()]);
        let tag = self.cipher.seal(header.index, &raw, &mut self.out[CHUNK_HEADER_BYTES..text_end]);
        self.out[text_end..text_end + TAG_BYTES].copy_from_slice(&tag);
        self.running.update(&self.out[..text_end + TAG_BYTES]);
        self.totals.chunks += 1;
        self.totals.frames += self.frames as u64;
        self.totals.gaps_left += self.gaps_left.count_ones();
        self.totals.gaps_right += self.gaps_right.count_ones();
        (self.frames, self.gaps_left, self.gaps_right) = (0, 0, 0);
        text_end + TAG_BYTES
    }

    fn seal(&mut self, start: usize, header: &ChunkHeader, text: &[u8]) -> usize {
        let raw = header.encode();
        let text_start = start + CHUNK_HEADER_BYTES;
        let text_end = text_start + text.len();
        self.out[start..text_start].copy_from_slice(&raw);
        self.out[text_start..text_end].copy_from_slice(text);
        let tag = self.cipher.seal(header.index, &raw, &mut self.out[text_start..text_end]);
        self.out[text_end..text_end + TAG_BYTES].copy_from_slice(&tag);
        text_end + TAG_BYTES
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        self.audio.zeroize();
    }
}
