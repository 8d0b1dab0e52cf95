//! Walks one segment from any reader with a bounded buffer. It opens no file.

use crate::format::{MAX_FRAME_BYTES, MAX_SEGMENT_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::walk::{Entry, Fault, FaultKind, Step, Tail, Walker};
use std::io::{self, Read};
use thiserror::Error;

const BUFFER_BYTES: usize = 4 * MAX_FRAME_BYTES;

/// Why a scan ended early.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The ledger is not as it was written.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The segment could not be read.
    #[error("the segment could not be read")]
    Read(#[source] io::Error),
}

/// What the next bytes of the segment hold.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "returned once per entry and taken apart at once")]
pub enum Scanned<'a> {
    /// An entry.
    Entry(Entry<'a>),
    /// The end.
    End(Tail),
}

/// One segment being read.
#[derive(Debug)]
pub struct Scan<'w, R> {
    walker: &'w mut Walker,
    reader: R,
    header: SegmentHeader,
    last: bool,
    buffer: Vec<u8>,
    start: usize,
    taken: u64,
    ended: bool,
}

impl<'w, R: Read> Scan<'w, R> {
    /// Reads the segment's header; `last` if no segment follows. `None` if the file ends inside the header
    /// of a last segment: its creation was torn, and it holds no entry.
    ///
    /// # Errors
    /// [`ScanError`].
    pub fn begin(walker: &'w mut Walker, mut reader: R, last: bool) -> Result<Option<Self>, ScanError> {
        let mut raw = [0_u8; SEGMENT_HEADER_BYTES];
        let filled = fill(&mut reader, &mut raw).map_err(ScanError::Read)?;
        if filled < SEGMENT_HEADER_BYTES {
            if last {
                return Ok(None);
            }
            return Err(Fault { place: walker.place(), kind: FaultKind::SegmentHeader }.into());
        }
        let header = walker.begin_segment(&raw)?;
        Ok(Some(Self {
            walker,
            reader,
            header,
            last,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            start: 0,
            taken: raw.len() as u64,
            ended: false,
        }))
    }

    /// The segment's header.
    pub const fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// The next entry or the end.
    ///
    /// # Errors
    /// [`ScanError`]; the scan is over.
    pub fn next_entry(&mut self) -> Result<Scanned<'_>, ScanError> {
        if !self.ended && self.buffer.len() - self.start < MAX_FRAME_BYTES {
            self.refill()?;
        }
        let bytes = &self.buffer[self.start..];
        if bytes.is_empty() {
            return Ok(Scanned::End(Tail::Clean));
        }
        if self.ended && self.last && bytes.iter().all(|byte| *byte == 0) {
            return Ok(Scanned::End(self.walker.end_segment(bytes, true)?));
        }
        match self.walker.step(bytes)? {
            Step::Entry(entry, length) => {
                self.start += length;
                Ok(Scanned::Entry(entry))
            }
            Step::Need(_) => Ok(Scanned::End(self.walker.end_segment(bytes, self.last)?)),
        }
    }

    fn refill(&mut self) -> Result<(), ScanError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let have = self.buffer.len();
        self.buffer.resize(BUFFER_BYTES, 0);
        let filled = fill(&mut self.reader, &mut self.buffer[have..]).map_err(ScanError::Read)?;
        self.buffer.truncate(have + filled);
        self.taken += filled as u64;
        self.ended = have + filled < BUFFER_BYTES;
        if self.taken > MAX_SEGMENT_BYTES {
            return Err(Fault { place: self.walker.place(), kind: FaultKind::SegmentTooLong }.into());
        }
        Ok(())
    }
}

fn fill(reader: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
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
