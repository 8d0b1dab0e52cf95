//! Turns entries into the bytes to append. Writing them and making them durable is the caller's.

use crate::format::{
    ChainHash, ENTRY_HEADER_BYTES, EntryHeader, FLAG_CLEAR_HEAD, HASH_BYTES, KIND_HEAD, MAX_PLAINTEXT_BYTES,
    MAX_SEGMENT_BYTES, PROFILE_INTL, SEGMENT_HEADER_BYTES, SegmentHeader, TAG_BYTES,
};
use crate::head::{HEAD_PAYLOAD_BYTES, Head, SignedHead};
use crate::key::{LedgerKey, SegmentKey};
use crate::walk::Tip;
use thiserror::Error;
use vocab::UnixMs;

/// What an append gave the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its place.
    pub seq: u64,
    /// The chain hash after it.
    pub hash: ChainHash,
}

/// Why nothing was appended. Nothing changes in the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AppendError {
    /// The plaintext is longer than [`MAX_PLAINTEXT_BYTES`].
    #[error("an entry of {0} bytes is longer than {MAX_PLAINTEXT_BYTES}")]
    TooLong(usize),
    /// The kind of heads is not for others.
    #[error("kind {KIND_HEAD} is only for signed heads")]
    ReservedKind,
    /// The segment has no room: begin the next one.
    #[error("the segment is full")]
    SegmentFull,
    /// The head names an entry that is not here, was never here, or is too far back.
    #[error("the head of entry {0} does not match this ledger")]
    ForeignHead(u64),
}

/// What a new segment needs from outside.
#[derive(Debug, Clone, Copy)]
pub struct SegmentStart {
    /// When it is begun.
    pub opened: UnixMs,
    /// Fresh random bytes; never the same twice.
    pub salt: [u8; 32],
}

/// The end of the ledger as its only writer knows it.
#[derive(Debug)]
pub struct Writer {
    segment: SegmentHeader,
    key: SegmentKey,
    tip: Tip,
    bytes: u64,
}

impl Writer {
    /// Begins a segment after `tip`; its header is added to `out`.
    #[must_use]
    pub fn begin(mut tip: Tip, start: SegmentStart, key: &LedgerKey, out: &mut Vec<u8>) -> Self {
        let segment = SegmentHeader {
            index: tip.next_segment,
            first_seq: tip.next_seq,
            opened: start.opened,
            generation: key.generation,
            salt: start.salt,
            previous: tip.hash,
        };
        let header = segment.encode();
        out.extend_from_slice(&header);
        tip.hash = tip.hash.after_segment(&header);
        tip.next_segment = tip.next_segment.saturating_add(1);
        let key = SegmentKey::derive(&key.key, &segment);
        Self { segment, key, tip, bytes: SEGMENT_HEADER_BYTES as u64 }
    }

    /// Adds an entry's bytes to `out`. They must be written, all and in order, or the writer dropped.
    ///
    /// # Errors
    /// [`AppendError`]; the writer is as before.
    pub fn append(
        &mut self,
        kind: u16,
        time: UnixMs,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Appended, AppendError> {
        if kind == KIND_HEAD {
            return Err(AppendError::ReservedKind);
        }
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(AppendError::TooLong(plaintext.len()));
        }
        let header = self.header(kind, time, 0, plaintext.len() + TAG_BYTES)?;
        let start = out.len();
        out.extend_from_slice(&header);
        out.extend_from_slice(plaintext);
        let tag =
            self.key.seal(self.tip.next_seq, &header, self.tip.hash, &mut out[start + ENTRY_HEADER_BYTES..]);
        out.extend_from_slice(&tag);
        Ok(self.close(start, out))
    }

    /// Adds a signed head's bytes to `out`.
    ///
    /// # Errors
    /// [`AppendError`]; the writer is as before.
    pub fn append_head(
        &mut self,
        signed: &SignedHead,
        time: UnixMs,
        out: &mut Vec<u8>,
    ) -> Result<Appended, AppendError> {
        if self.tip.recent.hash_of(signed.head.seq) != Some(signed.head.hash) {
            return Err(AppendError::ForeignHead(signed.head.seq));
        }
        let header = self.header(KIND_HEAD, time, FLAG_CLEAR_HEAD, HEAD_PAYLOAD_BYTES)?;
        let start = out.len();
        out.extend_from_slice(&header);
        out.extend_from_slice(&signed.payload());
        Ok(self.close(start, out))
    }

    /// The head to sign now; `None` while the ledger is empty.
    #[must_use]
    pub fn head(&self, time: UnixMs) -> Option<Head> {
        self.tip.recent.last().map(|(seq, hash)| Head { seq, hash, time })
    }

    /// The seq the next entry will get.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.tip.next_seq
    }

    /// The segment being written.
    #[must_use]
    pub const fn segment(&self) -> &SegmentHeader {
        &self.segment
    }

    /// Bytes of the segment so far.
    #[must_use]
    pub const fn segment_bytes(&self) -> u64 {
        self.bytes
    }

    /// Is there room for a plaintext of this length?
    #[must_use]
    pub const fn has_room(&self, plaintext: usize) -> bool {
        self.bytes + (ENTRY_HEADER_BYTES + plaintext + TAG_BYTES + HASH_BYTES) as u64 <= MAX_SEGMENT_BYTES
    }

    /// Ends this segment: the tip a next one begins after.
    #[must_use]
    pub fn into_tip(self) -> Tip {
        self.tip
    }

    fn header(
        &self,
        kind: u16,
        time: UnixMs,
        flags: u8,
        payload: usize,
    ) -> Result<[u8; ENTRY_HEADER_BYTES], AppendError> {
        let frame = ENTRY_HEADER_BYTES + payload + HASH_BYTES;
        if self.bytes + frame as u64 > MAX_SEGMENT_BYTES {
            return Err(AppendError::SegmentFull);
        }
        let header = EntryHeader {
            frame_bytes: u32::try_from(frame).map_err(|_| AppendError::TooLong(payload))?,
            kind,
            seq: self.tip.next_seq,
            time,
            generation: self.segment.generation,
            profile: PROFILE_INTL,
            flags,
        };
        Ok(header.encode())
    }

    fn close(&mut self, start: usize, out: &mut Vec<u8>) -> Appended {
        let (header, payload) = out[start..].split_at(ENTRY_HEADER_BYTES);
        let appended = Appended { seq: self.tip.next_seq, hash: self.tip.hash.after_entry(header, payload) };
        out.extend_from_slice(&appended.hash.0);
        self.bytes += (out.len() - start) as u64;
        self.tip.advance(appended.hash);
        appended
    }
}
