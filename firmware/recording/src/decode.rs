//! The reader's side: chunks in order, each authenticated before a sample of it is handed out.

use crate::bytes::array;
use crate::chunk::{CHUNK_HEADER_BYTES, ChunkHeader, Closing, FRAME_MS, Kind, MAX_CHUNK_BYTES, MAX_CHUNKS};
use crate::cipher::Cipher;
use crate::header::{HEADER_BYTES, Header};
use aws_lc_rs::digest::{Context, SHA256};
use std::io::{self, Read};
use thiserror::Error;
use vocab::{Secret, UnixMs};
use zeroize::Zeroize;

/// What is wrong with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// It does not begin with a sound header.
    #[error("the header is damaged or this is no recording")]
    Header,
    /// A chunk's clear header is damaged.
    #[error("the header of chunk {0} was altered")]
    ChunkHeader(u32),
    /// A chunk is missing, repeated or moved.
    #[error("chunk {found} stands where chunk {expected} belongs")]
    Order {
        /// The index that belongs here.
        expected: u32,
        /// The index that stands here.
        found: u32,
    },
    /// A chunk does not open: altered, of another recording, or another key.
    #[error("chunk {0} was altered, belongs to another recording, or the key is another")]
    Refused(u32),
    /// The closing chunk counts otherwise.
    #[error("the closing chunk does not match what stands before it")]
    Totals,
    /// Something follows the closing chunk.
    #[error("bytes follow the closing chunk")]
    AfterEnd,
}

/// Why reading ended early.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The recording is not as it was written.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The bytes could not be read.
    #[error("the recording could not be read")]
    Read(#[source] io::Error),
}

/// What has been read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Audio chunks.
    pub chunks: u32,
    /// Milliseconds of audio.
    pub duration_ms: u64,
    /// Milliseconds missing on the callee's side.
    pub gaps_left_ms: u64,
    /// Milliseconds missing on the agent's side.
    pub gaps_right_ms: u64,
}

/// One piece of a recording.
#[derive(Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Samples, left and right in turn, and the gap map of each side (bit n = frame n).
    Audio {
        /// Interleaved samples.
        samples: &'a [u8],
        /// Missing frames of the callee's side.
        gaps_left: u64,
        /// Missing frames of the agent's side.
        gaps_right: u64,
    },
    /// The recording was ended in order at this time.
    Closed(UnixMs),
    /// The file ends without a closing chunk: a crash or a cut; this many bytes of an incomplete chunk follow.
    Cut(usize),
}

/// Reads one recording.
pub struct Decoder<R> {
    reader: R,
    cipher: Cipher,
    header: Header,
    buffer: Vec<u8>,
    running: Context,
    totals: Totals,
}

impl<R> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder({:?})", self.totals)
    }
}

impl<R: Read> Decoder<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn new(mut reader: R, key: &Secret<[u8; 32]>) -> Result<Self, DecodeError> {
        let mut raw = [0_u8; HEADER_BYTES];
        let filled = fill(&mut reader, &mut raw).map_err(DecodeError::Read)?;
        let header = if filled == HEADER_BYTES { Header::decode(&raw) } else { None };
        let header = header.ok_or(Fault::Header)?;
        let mut running = Context::new(&SHA256);
        running.update(&raw);
        Ok(Self {
            reader,
            cipher: Cipher::new(key, &raw),
            header,
            buffer: Vec::with_capacity(MAX_CHUNK_BYTES),
            running,
            totals: Totals::default(),
        })
    }

    /// The clear header; proven to be this recording's by the first chunk that opens.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What has been read so far.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// The next piece. After [`Chunk::Closed`] or [`Chunk::Cut`] there is none: do not ask again.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn next_chunk(&mut self) -> Result<Chunk<'_>, DecodeError> {
        let Some(header) = read_chunk(&mut self.reader, self.totals.chunks, &mut self.buffer)? else {
            return Ok(Chunk::Cut(self.buffer.len()));
        };
        let digest = self.running.clone();
        if header.kind == Kind::Audio {
            self.running.update(&self.buffer);
        }
        let (raw, text) = self.buffer.split_at_mut(CHUNK_HEADER_BYTES);
        let text = self.cipher.open(header.index, raw, text).ok_or(Fault::Refused(header.index))?;
        match header.kind {
            Kind::Audio => {
                self.totals.chunks += 1;
                self.totals.duration_ms += u64::from(header.frames) * FRAME_MS;
                self.totals.gaps_left_ms += u64::from(header.gaps_left.count_ones()) * FRAME_MS;
                self.totals.gaps_right_ms += u64::from(header.gaps_right.count_ones()) * FRAME_MS;
                let (gaps_left, gaps_right) = (header.gaps_left, header.gaps_right);
                Ok(Chunk::Audio { samples: text, gaps_left, gaps_right })
            }
            Kind::Closing => {
                let closing = Closing::decode(text);
                if !matches(&closing, &self.totals, array(digest.finish().as_ref(), 0)) {
                    return Err(Fault::Totals.into());
                }
                let mut more = [0_u8; 1];
                match fill(&mut self.reader, &mut more).map_err(DecodeError::Read)? {
                    0 => Ok(Chunk::Closed(closing.ended)),
                    _ => Err(Fault::AfterEnd.into()),
                }
            }
        }
    }
}

impl<R> Drop for Decoder<R> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

fn matches(closing: &Closing, totals: &Totals, digest: [u8; 32]) -> bool {
    closing.chunks == totals.chunks
        && closing.frames.checked_mul(FRAME_MS) == Some(totals.duration_ms)
        && u64::from(closing.gaps_left) * FRAME_MS == totals.gaps_left_ms
        && u64::from(closing.gaps_right) * FRAME_MS == totals.gaps_right_ms
        && closing.digest == digest
}

/// Reads a whole chunk into `buffer`; `None` at the end of the file or inside a chunk (then `buffer` holds
/// what there is of it).
pub(crate) fn read_chunk(
    reader: &mut impl Read,
    expected: u32,
    buffer: &mut Vec<u8>,
) -> Result<Option<ChunkHeader>, DecodeError> {
    buffer.clear();
    buffer.resize(CHUNK_HEADER_BYTES, 0);
    let filled = fill(reader, buffer).map_err(DecodeError::Read)?;
    if filled < CHUNK_HEADER_BYTES {
        buffer.truncate(filled);
        return Ok(None);
    }
    let header = ChunkHeader::decode(&array(buffer, 0)).ok_or(Fault::ChunkHeader(expected))?;
    if header.index != expected || (header.kind == Kind::Audio && expected >= MAX_CHUNKS) {
        return Err(Fault::Order { expected, found: header.index }.into());
    }
    buffer.resize(header.frame_bytes(), 0);
    let filled = fill(reader, &mut buffer[CHUNK_HEADER_BYTES..]).map_err(DecodeError::Read)?;
    if CHUNK_HEADER_BYTES + filled < header.frame_bytes() {
        buffer.truncate(CHUNK_HEADER_BYTES + filled);
        return Ok(None);
    }
    Ok(Some(header))
}

pub(crate) fn fill(reader: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while !buffer.is_empty() {
        match reader.read(buffer) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                buffer = &mut buffer[count..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
