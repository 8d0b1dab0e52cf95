//! Reading the ledger backward: the newest entries first, without walking it from its beginning.
//!
//! It keeps where every so many entries of a segment stand, learned by reading their headers once. An entry is
//! proven by its cipher and by the chain hash before it; the chain as a whole is proven by verification alone.

use crate::fs::{At, FileError};
use crate::ledger_open::read_headers;
use ledger::{
    ChainHash, ENTRY_HEADER_BYTES, Entry, EntryHeader, FaultKind, HASH_BYTES, KIND_HEAD, LedgerKey,
    OpenError, Place, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentKey,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::UnixMs;
use zeroize::Zeroizing;

/// A place is kept for every so many entries.
const MARK_ENTRIES: u64 = 128;

/// Why an entry cannot be read backward.
#[derive(Debug, Error)]
pub enum BackError {
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key of a generation is missing.
    #[error("the ledger key of generation {0} is missing")]
    NoKey(u32),
    /// An entry's frame is damaged.
    #[error("entry {seq}: {fault:?}")]
    Damaged {
        /// The entry.
        seq: u64,
        /// What is wrong.
        fault: FaultKind,
    },
    /// An entry does not open.
    #[error("entry {seq}: {source}")]
    Refused {
        /// The entry.
        seq: u64,
        /// Why.
        #[source]
        source: OpenError,
    },
}

/// Where an entry stands in its segment's file.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: u64,
    seq: u64,
    time: UnixMs,
}

/// What is known of a segment.
#[derive(Debug)]
struct Known {
    header: SegmentHeader,
    path: PathBuf,
    marks: Vec<Mark>,
    end: u64,
    next_seq: u64,
}

/// An entry met on the way back; opened only where it is wanted.
#[derive(Debug)]
pub struct BackEntry<'a> {
    /// Its clear header.
    pub header: EntryHeader,
    frame: &'a [u8],
    previous: ChainHash,
    key: &'a SegmentKey,
}

impl BackEntry<'_> {
    /// Its plaintext.
    ///
    /// # Errors
    /// [`BackError`].
    pub fn open(&self) -> Result<Zeroizing<Vec<u8>>, BackError> {
        let seq = self.header.seq;
        let place = Place { segment: 0, offset: 0, seq };
        let entry = Entry::alone(self.previous, place, self.frame)
            .map_err(|fault| BackError::Damaged { seq, fault })?;
        entry.open(self.key).map_err(|source| BackError::Refused { seq, source })
    }
}

/// Reads a ledger that another thread appends to.
#[derive(Debug)]
pub struct LedgerBack {
    dir: PathBuf,
    keys: Vec<LedgerKey>,
    known: BTreeMap<u32, Known>,
}

impl LedgerBack {
    /// Over a ledger's folder.
    #[must_use]
    pub fn new(dir: &Path, keys: Vec<LedgerKey>) -> Self {
        Self { dir: dir.to_owned(), keys, known: BTreeMap::new() }
    }

    /// Hands entries below `before` to `receive`, newest first, signed heads left out, until it breaks or none is
    /// left. `before` is at most the first entry that is not durable yet. Stretches that lie wholly at or after
    /// `until` are passed over.
    ///
    /// # Errors
    /// [`BackError`].
    pub fn back(
        &mut self,
        before: u64,
        until: Option<UnixMs>,
        mut receive: impl FnMut(&BackEntry<'_>) -> Result<ControlFlow<()>, BackError>,
    ) -> Result<(), BackError> {
        let segments = read_headers(&self.dir)?;
        for (path, header) in segments.into_iter().rev() {
            let later = until.is_some_and(|until| header.opened >= until);
            if header.first_seq >= before || later {
                continue;
            }
            let key = self.keys.iter().find(|key| key.generation == header.generation);
            let key = SegmentKey::derive(&key.ok_or(BackError::NoKey(header.generation))?.key, &header);
            let known = self.known.entry(header.index).or_insert_with(|| Known::of(header, path));
            known.learn(before)?;
            if known.back(&key, before, until, &mut receive)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Known {
    const fn of(header: SegmentHeader, path: PathBuf) -> Self {
        let next_seq = header.first_seq;
        Self { header, path, marks: Vec::new(), end: SEGMENT_HEADER_BYTES as u64, next_seq }
    }

    /// Reads headers from where the last reading ended up to an entry, which is not read.
    fn learn(&mut self, before: u64) -> Result<(), BackError> {
        if self.next_seq >= before {
            return Ok(());
        }
        let mut file = File::open(&self.path).at("open", &self.path)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(self.end)).at("seek", &self.path)?;
        let mut reader = BufReader::with_capacity(READ_BYTES, file);
        while self.next_seq < before {
            let mut raw = [0; ENTRY_HEADER_BYTES];
            match reader.read_exact(&mut raw) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
                Err(source) => {
                    return Err(FileError { step: "read", path: self.path.clone(), source }.into());
                }
            }
            // Zeros lie ahead of the writer; the segment ends here.
            let Some(header) = EntryHeader::peek(&raw).filter(|header| header.seq == self.next_seq) else {
                break;
            };
            if (header.seq - self.header.first_seq).is_multiple_of(MARK_ENTRIES) {
                self.marks.push(Mark { offset: self.end, seq: header.seq, time: header.time });
            }
            let rest = i64::from(header.frame_bytes) - ENTRY_HEADER_BYTES as i64;
            reader.seek_relative(rest).at("seek", &self.path)?;
            self.end += u64::from(header.frame_bytes);
            self.next_seq += 1;
        }
        Ok(())
    }

    fn back(
        &self,
        key: &SegmentKey,
        before: u64,
        until: Option<UnixMs>,
        receive: &mut impl FnMut(&BackEntry<'_>) -> Result<ControlFlow<()>, BackError>,
    ) -> Result<ControlFlow<()>, BackError> {
        let file = File::open(&self.path).at("open", &self.path)?;
        for (at, mark) in self.marks.iter().enumerate().rev() {
            let later = until.is_some_and(|until| mark.time >= until);
            if mark.seq >= before || later {
                continue;
            }
            let end = self.marks.get(at + 1).map_or(self.end, |next| next.offset);
            let found = self.stretch(&file, mark, end)?;
            for (header, previous, frame) in found.entries.iter().rev() {
                if header.seq >= before || header.kind == KIND_HEAD {
                    continue;
                }
                let entry = BackEntry {
                    header: *header,
                    frame: &found.bytes[frame.clone()],
                    previous: *previous,
                    key,
                };
                if receive(&entry)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The entries between two marks, with the chain hash before each.
    fn stretch(&self, file: &File, mark: &Mark, end: u64) -> Result<Stretch, BackError> {
        let damaged = || BackError::Damaged { seq: mark.seq, fault: FaultKind::EntryHeader };
        let length = usize::try_from(end - mark.offset).map_err(|_| damaged())?;
        let first = mark.offset == SEGMENT_HEADER_BYTES as u64;
        // The hash before the first entry of a segment follows from the segment's header.
        let mut bytes = vec![0; HASH_BYTES + length];
        file.read_exact_at(&mut bytes, mark.offset - HASH_BYTES as u64).at("read", &self.path)?;
        let mut previous =
            if first { self.header.chain_hash() } else { ChainHash(hash_at(&bytes, 0).ok_or_else(damaged)?) };
        let mut entries = Vec::new();
        let mut at = HASH_BYTES;
        while at < bytes.len() {
            let raw = bytes[at..].first_chunk::<ENTRY_HEADER_BYTES>().ok_or_else(damaged)?;
            let header = EntryHeader::peek(raw).ok_or_else(damaged)?;
            let frame = at..at + header.frame_bytes as usize;
            let hash = hash_at(&bytes, frame.end.saturating_sub(HASH_BYTES)).ok_or_else(damaged)?;
            entries.push((header, previous, frame.clone()));
            previous = ChainHash(hash);
            at = frame.end;
        }
        Ok(Stretch { bytes, entries })
    }
}

struct Stretch {
    bytes: Vec<u8>,
    entries: Vec<(EntryHeader, ChainHash, std::ops::Range<usize>)>,
}

fn hash_at(bytes: &[u8], at: usize) -> Option<[u8; HASH_BYTES]> {
    bytes.get(at..)?.first_chunk().copied()
}

const READ_BYTES: usize = 256 * 1024;
