//! Follows the chain over bytes that are handed in, and names the first fault and its place.
//!
//! It needs no decryption key. It reads no file and does not repair.

use crate::bytes::array;
use crate::format::{
    ChainHash, ENTRY_HEADER_BYTES, EntryHeader, HASH_BYTES, HeaderFault, SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::head::{HEAD_REACH_ENTRIES, HeadCheck, HeadKey, Recent, SignedHead, SignedSpan};
use crate::key::{OpenError, SegmentKey};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// Where the walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The segment's index.
    pub segment: u32,
    /// The byte in the segment.
    pub offset: u64,
    /// The entry that should stand there.
    pub seq: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}, segment {} at byte {}", self.seq, self.segment, self.offset)
    }
}

/// The first thing that is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{place}: {kind}")]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// The segment does not begin with a sound header.
    #[error("the segment's header is damaged or foreign")]
    SegmentHeader,
    /// A segment is missing, repeated or out of order.
    #[error("segment {found} stands where segment {expected} belongs")]
    SegmentOrder {
        /// The index that belongs here.
        expected: u32,
        /// The index that stands here.
        found: u32,
    },
    /// The segment does not continue the one before.
    #[error("the segment does not continue the one before it")]
    SegmentLink,
    /// The entry's header is altered.
    #[error("the entry's header was altered")]
    EntryHeader,
    /// Another version of the format.
    #[error("format version {0} is not known")]
    Version(u16),
    /// Another algorithm profile.
    #[error("algorithm profile {0} is not known")]
    Profile(u8),
    /// A length no entry has.
    #[error("no entry has {0} bytes")]
    Length(u32),
    /// An entry is missing, repeated or moved.
    #[error("entry {found} stands where entry {expected} belongs (deleted, repeated or moved)")]
    Order {
        /// The seq that belongs here.
        expected: u64,
        /// The seq that stands here.
        found: u64,
    },
    /// Header, payload or hash were altered, or the entry belongs to another chain.
    #[error("the entry was altered: its hash does not continue the chain")]
    Hash,
    /// The signature of a head does not verify.
    #[error("the signature of the head is not valid")]
    HeadSignature,
    /// A head names another state than the chain has.
    #[error("the signed head of entry {0} does not match the chain")]
    HeadMismatch(u64),
    /// The segment is longer than any.
    #[error("the segment is longer than any segment")]
    SegmentTooLong,
    /// A segment that is not the last ends inside an entry.
    #[error("the segment ends inside an entry")]
    CutSegment,
    /// Entries at the end are missing.
    #[error("the ledger ends before entry {0}, which is known to exist")]
    Truncated(u64),
}

/// The end of the walk: what a writer continues from.
#[derive(Debug, Clone)]
pub struct Tip {
    /// The index of the segment to come.
    pub next_segment: u32,
    /// The seq to come.
    pub next_seq: u64,
    /// The chain hash.
    pub hash: ChainHash,
    pub(crate) recent: Recent,
    /// Hashes of entries before this one were checked by an earlier walk and are not at hand.
    known_from: u64,
}

impl Tip {
    /// The beginning of an empty ledger.
    #[must_use]
    pub fn genesis() -> Self {
        Self::resume(0, 1, ChainHash::GENESIS)
    }

    /// A place from which the chain is trusted: the end of a segment that was checked before.
    #[must_use]
    pub fn resume(next_segment: u32, next_seq: u64, hash: ChainHash) -> Self {
        Self { next_segment, next_seq, hash, recent: Recent::default(), known_from: next_seq }
    }

    /// The last entry: its seq and the chain hash after it.
    #[must_use]
    pub fn last(&self) -> Option<(u64, ChainHash)> {
        self.recent.last()
    }

    /// The chain hash after entry `seq`, if it is among the last [`crate::HEAD_REACH_ENTRIES`].
    #[must_use]
    pub fn hash_of(&self, seq: u64) -> Option<ChainHash> {
        self.recent.hash_of(seq)
    }

    /// Does the head match the chain? One that signs an entry before a resumed walk cannot be compared.
    fn may_hold(&self, signed: &SignedHead) -> bool {
        let seq = signed.head.seq;
        let in_reach = seq > 0 && self.next_seq.saturating_sub(seq) <= HEAD_REACH_ENTRIES as u64;
        let before_walk = in_reach && seq < self.known_from;
        before_walk || self.recent.hash_of(seq) == Some(signed.head.hash)
    }

    pub(crate) fn advance(&mut self, hash: ChainHash) {
        self.recent.push(self.next_seq, hash);
        self.hash = hash;
        self.next_seq = self.next_seq.saturating_add(1);
    }

    /// Checks that the ledger reaches `known`, a head kept elsewhere (side file, witness).
    ///
    /// # Errors
    /// [`FaultKind::Truncated`] or [`FaultKind::HeadMismatch`].
    pub fn reaches(&self, known: &SignedHead) -> Result<(), FaultKind> {
        if known.head.seq >= self.next_seq {
            return Err(FaultKind::Truncated(known.head.seq));
        }
        match self.recent.hash_of(known.head.seq) {
            Some(hash) if hash != known.head.hash => Err(FaultKind::HeadMismatch(known.head.seq)),
            Some(_) | None => Ok(()),
        }
    }
}

/// An entry as it stands on disk, its place in the chain proven.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its clear header.
    pub header: EntryHeader,
    /// Where it stands.
    pub place: Place,
    /// The chain hash after it.
    pub hash: ChainHash,
    /// The signed head it is, if it is one.
    pub head: Option<SignedHead>,
    raw_header: [u8; ENTRY_HEADER_BYTES],
    previous: ChainHash,
    payload: &'a [u8],
}

impl<'a> Entry<'a> {
    /// An entry read alone, away from a walk: its place in the chain is the hash that stands before it, and its
    /// own hash must follow from that.
    ///
    /// # Errors
    /// [`FaultKind`] of the frame.
    pub fn alone(previous: ChainHash, place: Place, frame: &'a [u8]) -> Result<Self, FaultKind> {
        let Some((raw_header, _)) = frame.split_first_chunk::<ENTRY_HEADER_BYTES>() else {
            return Err(FaultKind::EntryHeader);
        };
        let header = EntryHeader::decode(raw_header)?;
        if header.frame_bytes as usize != frame.len() {
            return Err(FaultKind::Length(header.frame_bytes));
        }
        let payload = &frame[ENTRY_HEADER_BYTES..frame.len() - HASH_BYTES];
        let hash = previous.after_entry(raw_header, payload);
        if hash.0 != array::<HASH_BYTES>(frame, frame.len() - HASH_BYTES) {
            return Err(FaultKind::Hash);
        }
        let head = if header.flags == 0 { None } else { SignedHead::from_payload(payload) };
        Ok(Self { header, place, hash, head, raw_header: *raw_header, previous, payload })
    }

    /// Decrypts the payload.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, key: &SegmentKey) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if self.head.is_some() {
            return Err(OpenError::Clear);
        }
        key.open(self.header.seq, &self.raw_header, self.previous, self.payload)
    }
}

/// What the bytes at hand hold.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "returned once per entry and taken apart at once")]
pub enum Step<'a> {
    /// An entry, and the bytes it took.
    Entry(Entry<'a>, usize),
    /// This many bytes are needed before it can go on; if there are no more, see [`Walker::end_segment`].
    Need(usize),
}

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// After a whole entry.
    Clean,
    /// Inside an entry that was never acknowledged: cutting the file here is safe.
    Torn {
        /// Where to cut.
        place: Place,
        /// Bytes to cut.
        bytes: u64,
    },
}

/// Follows the chain from a tip.
#[derive(Debug)]
pub struct Walker {
    tip: Tip,
    place: Place,
    heads: Option<HeadCheck>,
    last_head: Option<SignedHead>,
}

impl Walker {
    /// Begins at `tip`. With a key, the signatures of heads are checked too.
    #[must_use]
    pub fn new(tip: Tip, head_key: Option<HeadKey>) -> Self {
        let place = Place { segment: tip.next_segment, offset: 0, seq: tip.next_seq };
        Self { tip, place, heads: head_key.map(HeadCheck::new), last_head: None }
    }

    /// Checks a segment's header and moves into the segment.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn begin_segment(&mut self, raw: &[u8; SEGMENT_HEADER_BYTES]) -> Result<SegmentHeader, Fault> {
        self.place = Place { segment: self.tip.next_segment, offset: 0, seq: self.tip.next_seq };
        let header = SegmentHeader::decode(raw).ok_or_else(|| self.fault(FaultKind::SegmentHeader))?;
        if header.index != self.tip.next_segment {
            let kind = FaultKind::SegmentOrder { expected: self.tip.next_segment, found: header.index };
            return Err(self.fault(kind));
        }
        if header.previous != self.tip.hash || header.first_seq != self.tip.next_seq {
            return Err(self.fault(FaultKind::SegmentLink));
        }
        self.tip.hash = self.tip.hash.after_segment(raw);
        self.tip.next_segment = self.tip.next_segment.saturating_add(1);
        self.place.offset = SEGMENT_HEADER_BYTES as u64;
        Ok(header)
    }

    /// Takes the next entry from `bytes`, which begin where the last one ended.
    ///
    /// # Errors
    /// [`Fault`]; the walk is over.
    pub fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<Step<'a>, Fault> {
        let Some((raw_header, _)) = bytes.split_first_chunk::<ENTRY_HEADER_BYTES>() else {
            return Ok(Step::Need(ENTRY_HEADER_BYTES));
        };
        let header = EntryHeader::decode(raw_header).map_err(|fault| self.fault(fault.into()))?;
        if header.seq != self.tip.next_seq {
            return Err(self.fault(FaultKind::Order { expected: self.tip.next_seq, found: header.seq }));
        }
        let length = header.frame_bytes as usize;
        let Some(frame) = bytes.get(..length) else {
            return Ok(Step::Need(length));
        };
        let payload = &frame[ENTRY_HEADER_BYTES..length - HASH_BYTES];
        let hash = self.tip.hash.after_entry(raw_header, payload);
        if hash.0 != array::<HASH_BYTES>(frame, length - HASH_BYTES) {
            return Err(self.fault(FaultKind::Hash));
        }
        let head = self.check_head(&header, payload)?;
        let entry = Entry {
            header,
            place: self.place,
            hash,
            head,
            raw_header: *raw_header,
            previous: self.tip.hash,
            payload,
        };
        self.advance(hash, length as u64);
        Ok(Step::Entry(entry, length))
    }

    /// Ends a segment: `rest` are its bytes that made no entry, `last` if no segment follows.
    ///
    /// # Errors
    /// [`Fault`] where the rest is not what a crash leaves.
    pub fn end_segment(&mut self, rest: &[u8], last: bool) -> Result<Tail, Fault> {
        if rest.is_empty() {
            return Ok(Tail::Clean);
        }
        if !last {
            return Err(self.fault(FaultKind::CutSegment));
        }
        // A crash leaves a beginning of an entry, or zeros where the size reached the disk before the data.
        if rest.iter().any(|byte| *byte != 0) {
            match self.step(rest)? {
                Step::Need(_) => {}
                Step::Entry(_, _) => return Err(self.fault(FaultKind::CutSegment)),
            }
        }
        Ok(Tail::Torn { place: self.place, bytes: rest.len() as u64 })
    }

    /// The last signed head met.
    #[must_use]
    pub const fn last_head(&self) -> Option<&SignedHead> {
        self.last_head.as_ref()
    }

    /// Which keys signed which heads, where signatures are checked.
    #[must_use]
    pub fn signers(&self) -> &[SignedSpan] {
        self.heads.as_ref().map_or(&[], HeadCheck::spans)
    }

    /// Where the walk stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The chain so far.
    #[must_use]
    pub const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Ends the walk.
    #[must_use]
    pub fn into_tip(self) -> Tip {
        self.tip
    }

    fn check_head(&mut self, header: &EntryHeader, payload: &[u8]) -> Result<Option<SignedHead>, Fault> {
        if header.flags == 0 {
            return Ok(None);
        }
        let signed = SignedHead::from_payload(payload).ok_or_else(|| self.fault(FaultKind::EntryHeader))?;
        if !self.tip.may_hold(&signed) {
            return Err(self.fault(FaultKind::HeadMismatch(signed.head.seq)));
        }
        if self.heads.as_mut().is_some_and(|heads| !heads.take(&signed)) {
            return Err(self.fault(FaultKind::HeadSignature));
        }
        self.last_head = Some(signed);
        Ok(Some(signed))
    }

    fn advance(&mut self, hash: ChainHash, bytes: u64) {
        self.tip.advance(hash);
        self.place.offset += bytes;
        self.place.seq = self.tip.next_seq;
    }

    const fn fault(&self, kind: FaultKind) -> Fault {
        Fault { place: self.place, kind }
    }
}

impl From<HeaderFault> for FaultKind {
    fn from(fault: HeaderFault) -> Self {
        match fault {
            HeaderFault::Damaged => Self::EntryHeader,
            HeaderFault::Version(version) => Self::Version(version),
            HeaderFault::Profile(profile) => Self::Profile(profile),
            HeaderFault::Length(length) => Self::Length(length),
        }
    }
}
