//! Verifies a ledger's directory from its files and the public key alone. It decrypts and changes nothing.

use crate::fs::{At, FileError};
use crate::ledger_open::{heads_path, segment_path, segment_paths};
use ledger::{
    EntryHeader, Fault, FaultKind, HEAD_RECORD_BYTES, HeadCheck, HeadKey, Place, Scan, ScanError, Scanned,
    SignedHead, SignedSpan, Tail, Tip, Walker,
};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::UnixMs;

/// Why a verification ended early.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// A file could not be read: nothing is said about the ledger.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger is not as it was written.
    #[error("{}: {fault}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// What and where.
        fault: Fault,
    },
    /// A record of the side file of heads is damaged.
    #[error("{}: record {record} is damaged", path.display())]
    HeadRecord {
        /// The side file.
        path: PathBuf,
        /// Which record, counting from 0.
        record: u64,
    },
}

/// One segment as verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its index.
    pub index: u32,
    /// The seq of its first entry.
    pub first_seq: u64,
    /// Entries in it.
    pub entries: u64,
    /// When it was begun.
    pub opened: UnixMs,
}

/// A ledger as verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// The segments.
    pub segments: Vec<SegmentReport>,
    /// The last entry; 0 if there is none.
    pub last_seq: u64,
    /// The chain hash at the end.
    pub hash: ledger::ChainHash,
    /// The last signed head.
    pub last_head: Option<SignedHead>,
    /// Were signatures checked?
    pub signatures_checked: bool,
    /// Which keys signed which heads: more than one where the box was recovered on another chip.
    pub signers: Vec<SignedSpan>,
    /// Where an entry that was being written when the power failed begins, and its bytes.
    pub torn: Option<(Place, u64)>,
}

/// An entry's clear header, for listing.
pub type Listed = EntryHeader;

/// Verifies the whole ledger; `list` sees each entry's clear header. `known` is a head or a seq kept elsewhere
/// (by an external witness) that the ledger must reach.
///
/// # Errors
/// [`VerifyError`] with the first fault.
pub fn verify_dir(
    dir: &Path,
    key: Option<&HeadKey>,
    known_seq: Option<u64>,
    mut list: impl FnMut(&Listed),
) -> Result<VerifyReport, VerifyError> {
    let mut heads = Heads::open(dir, key)?;
    let mut walker = Walker::new(Tip::genesis(), key.cloned());
    let paths = segment_paths(dir)?;
    let mut report = VerifyReport {
        segments: Vec::new(),
        last_seq: 0,
        hash: ledger::ChainHash::GENESIS,
        last_head: None,
        signatures_checked: key.is_some(),
        signers: Vec::new(),
        torn: None,
    };
    for (at, path) in paths.iter().enumerate() {
        let last = at + 1 == paths.len();
        verify_segment(&mut walker, path, last, &mut report, &mut heads, &mut list)?;
    }
    report.last_seq = walker.tip().next_seq - 1;
    report.hash = walker.tip().hash;
    report.last_head = walker.last_head().copied();
    report.signers = walker.signers().to_vec();
    let missing =
        heads.pending.map(|signed| signed.head.seq).or(known_seq.filter(|seq| *seq > report.last_seq));
    if let Some(seq) = missing {
        let path = paths.last().cloned().unwrap_or_else(|| segment_path(dir, 0));
        let fault = Fault { place: walker.place(), kind: FaultKind::Truncated(seq) };
        return Err(VerifyError::Fault { path, fault });
    }
    Ok(report)
}

fn verify_segment(
    walker: &mut Walker,
    path: &Path,
    last: bool,
    report: &mut VerifyReport,
    heads: &mut Heads,
    list: &mut impl FnMut(&Listed),
) -> Result<(), VerifyError> {
    let failed = |error| from_scan(path, error);
    let file = File::open(path).at("open", path)?;
    let Some(mut scan) = Scan::begin(walker, BufReader::new(file), last).map_err(failed)? else {
        return Ok(());
    };
    let header = *scan.header();
    let mut entries = 0;
    loop {
        match scan.next_entry().map_err(failed)? {
            Scanned::Entry(entry) => {
                entries += 1;
                heads.meet(entry.header.seq, entry.hash, entry.place, path)?;
                list(&entry.header);
            }
            Scanned::End(tail) => {
                if let Tail::Torn { place, bytes } = tail {
                    report.torn = Some((place, bytes));
                }
                report.segments.push(SegmentReport {
                    index: header.index,
                    first_seq: header.first_seq,
                    entries,
                    opened: header.opened,
                });
                return Ok(());
            }
        }
    }
}

/// The side file of heads, read along with the chain.
struct Heads {
    reader: Option<BufReader<File>>,
    path: PathBuf,
    check: Option<HeadCheck>,
    record: u64,
    pending: Option<SignedHead>,
}

impl Heads {
    fn open(dir: &Path, key: Option<&HeadKey>) -> Result<Self, VerifyError> {
        let path = heads_path(dir);
        let reader = match File::open(&path) {
            Ok(file) => Some(BufReader::new(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(FileError { step: "open", path, source }.into()),
        };
        let check = key.cloned().map(HeadCheck::new);
        let mut heads = Self { reader, path, check, record: 0, pending: None };
        heads.advance()?;
        Ok(heads)
    }

    /// The next record; an incomplete one at the end is what a crash leaves.
    fn advance(&mut self) -> Result<(), VerifyError> {
        self.pending = None;
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let mut bytes = Vec::with_capacity(HEAD_RECORD_BYTES);
        reader.take(HEAD_RECORD_BYTES as u64).read_to_end(&mut bytes).at("read", &self.path)?;
        let Ok(record) = <[u8; HEAD_RECORD_BYTES]>::try_from(bytes) else { return Ok(()) };
        let check = &mut self.check;
        let signed = SignedHead::from_record(&record)
            .filter(|signed| check.as_mut().is_none_or(|check| check.take(signed)));
        let damaged = VerifyError::HeadRecord { path: self.path.clone(), record: self.record };
        self.pending = Some(signed.ok_or(damaged)?);
        self.record += 1;
        Ok(())
    }

    fn meet(
        &mut self,
        seq: u64,
        hash: ledger::ChainHash,
        place: Place,
        path: &Path,
    ) -> Result<(), VerifyError> {
        while let Some(signed) = self.pending.filter(|signed| signed.head.seq <= seq) {
            if signed.head.seq == seq && signed.head.hash != hash {
                let fault = Fault { place, kind: FaultKind::HeadMismatch(seq) };
                return Err(VerifyError::Fault { path: path.to_owned(), fault });
            }
            self.advance()?;
        }
        Ok(())
    }
}

fn from_scan(path: &Path, error: ScanError) -> VerifyError {
    match error {
        ScanError::Fault(fault) => VerifyError::Fault { path: path.to_owned(), fault },
        ScanError::Read(source) => FileError { step: "read", path: path.to_owned(), source }.into(),
    }
}
