//! Opening a ledger's directory: finds the segments, walks their end, cuts a torn tail, reads the last head.
//!
//! It repairs nothing but what a crash leaves, and writes no entry.

use crate::fs::{At, FileError, create_new, names, remove_if_there, sync_dir};
use crate::ledger_error::LedgerOpenError;
use ledger::{
    ChainHash, Fault, HASH_BYTES, HEAD_RECORD_BYTES, SEGMENT_HEADER_BYTES, Scan, ScanError, Scanned,
    SegmentHeader, SignedHead, Tail, Tip, Walker,
};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How much of the end is walked at opening; before that, only the links between segments are checked and
/// the daily verification does the rest.
const WALKED_AT_OPEN_BYTES: u64 = 256 * 1024 * 1024;
pub(crate) const HEADS_NAME: &str = "heads";

/// A torn tail that was cut: bytes that were never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The segment's file.
    pub path: PathBuf,
    /// Where it was cut.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The seq the torn entry would have had.
    pub seq: u64,
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The last entry; 0 if there is none.
    pub last_seq: u64,
    /// The torn tail that was cut, if there was one: write it into the ledger.
    pub cut: Option<Cut>,
    /// The last head of the side file.
    pub last_head: Option<SignedHead>,
}

pub(crate) fn segment_path(dir: &Path, index: u32) -> PathBuf {
    dir.join(format!("segment-{index:08}.rfl"))
}

/// The segments' files in order, whatever they hold.
pub(crate) fn segment_paths(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let names = names(dir)?;
    Ok(names
        .iter()
        .filter(|name| name.starts_with("segment-") && name.ends_with(".rfl"))
        .map(|name| dir.join(name))
        .collect())
}

pub(crate) fn heads_path(dir: &Path) -> PathBuf {
    dir.join(HEADS_NAME)
}

pub(crate) fn read_headers(dir: &Path) -> Result<Vec<(PathBuf, SegmentHeader)>, FileError> {
    let mut headers = Vec::new();
    for path in segment_paths(dir)? {
        let mut raw = [0_u8; SEGMENT_HEADER_BYTES];
        File::open(&path).and_then(|mut file| file.read_exact(&mut raw)).at("read header of", &path)?;
        let damaged = || std::io::Error::new(std::io::ErrorKind::InvalidData, "the header is damaged");
        let header = SegmentHeader::decode(&raw).ok_or_else(damaged).at("read header of", &path)?;
        headers.push((path, header));
    }
    Ok(headers)
}

/// Walks the end of the ledger, cuts its torn tail, and checks the links of the segments before.
pub(crate) fn check_segments(dir: &Path) -> Result<(Tip, Option<Cut>), LedgerOpenError> {
    let paths = drop_torn_creation(segment_paths(dir)?)?;
    for (index, path) in (0_u32..).zip(&paths) {
        if *path != segment_path(dir, index) {
            return Err(LedgerOpenError::MissingSegment(index));
        }
    }
    let begin = first_walked(&paths)?;
    let mut walker = Walker::new(tip_before(&paths, begin)?, None);
    check_links(paths.get(..=begin).unwrap_or(&[]))?;
    let mut cut = None;
    for (at, path) in paths.iter().enumerate().skip(begin) {
        let last = at + 1 == paths.len();
        match walk_segment(&mut walker, path, last)? {
            Tail::Clean => {}
            Tail::Torn { place, bytes } => {
                let file = OpenOptions::new().write(true).open(path).at("open", path)?;
                file.set_len(place.offset).at("cut", path)?;
                file.sync_all().at("sync", path)?;
                cut = Some(Cut { path: path.clone(), offset: place.offset, bytes, seq: place.seq });
            }
        }
    }
    Ok((walker.into_tip(), cut))
}

fn walk_segment(walker: &mut Walker, path: &Path, last: bool) -> Result<Tail, LedgerOpenError> {
    let corrupt = |error| open_scan(path, error);
    let file = File::open(path).at("open", path)?;
    let Some(mut scan) = Scan::begin(walker, BufReader::new(file), last).map_err(corrupt)? else {
        return Ok(Tail::Clean);
    };
    loop {
        if let Scanned::End(tail) = scan.next_entry().map_err(corrupt)? {
            return Ok(tail);
        }
    }
}

/// A segment gets its name only with a whole header; a shorter file is the disk's doing and holds no entry.
fn drop_torn_creation(mut paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, FileError> {
    if let Some(last) = paths.last() {
        let length = std::fs::metadata(last).at("stat", last)?.len();
        if length < SEGMENT_HEADER_BYTES as u64 {
            remove_if_there(last)?;
            last.parent().map_or(Ok(()), sync_dir)?;
            paths.pop();
        }
    }
    Ok(paths)
}

fn first_walked(paths: &[PathBuf]) -> Result<usize, FileError> {
    let mut bytes = 0;
    for (at, path) in paths.iter().enumerate().rev() {
        bytes += std::fs::metadata(path).at("stat", path)?.len();
        if bytes > WALKED_AT_OPEN_BYTES {
            return Ok((at + 1).min(paths.len() - 1));
        }
    }
    Ok(0)
}

fn tip_before(paths: &[PathBuf], begin: usize) -> Result<Tip, LedgerOpenError> {
    if begin == 0 {
        return Ok(Tip::genesis());
    }
    let header = header_of(&paths[begin])?;
    Ok(Tip::resume(header.index, header.first_seq, header.previous))
}

/// The end of each segment must be what its successor names.
fn check_links(paths: &[PathBuf]) -> Result<(), LedgerOpenError> {
    for pair in paths.windows(2) {
        let next = header_of(&pair[1])?;
        if end_of(&pair[0])? != next.previous {
            let place = ledger::Place { segment: next.index, offset: 0, seq: next.first_seq };
            let fault = Fault { place, kind: ledger::FaultKind::SegmentLink };
            return Err(LedgerOpenError::Corrupt { path: pair[1].clone(), fault });
        }
    }
    Ok(())
}

fn end_of(path: &Path) -> Result<ChainHash, LedgerOpenError> {
    let mut file = File::open(path).at("open", path)?;
    if file.seek(SeekFrom::End(0)).at("seek", path)? == SEGMENT_HEADER_BYTES as u64 {
        return Ok(header_of(path)?.chain_hash());
    }
    let mut hash = [0_u8; HASH_BYTES];
    file.seek(SeekFrom::End(-(HASH_BYTES as i64))).at("seek", path)?;
    file.read_exact(&mut hash).at("read", path)?;
    Ok(ChainHash(hash))
}

fn header_of(path: &Path) -> Result<SegmentHeader, LedgerOpenError> {
    let mut raw = [0_u8; SEGMENT_HEADER_BYTES];
    File::open(path).and_then(|mut file| file.read_exact(&mut raw)).at("read header of", path)?;
    SegmentHeader::decode(&raw).ok_or_else(|| {
        let place = ledger::Place { segment: 0, offset: 0, seq: 0 };
        let fault = Fault { place, kind: ledger::FaultKind::SegmentHeader };
        LedgerOpenError::Corrupt { path: path.to_owned(), fault }
    })
}

pub(crate) fn check_head(tip: &Tip, known: &SignedHead) -> Result<(), LedgerOpenError> {
    match tip.reaches(known) {
        Ok(()) => Ok(()),
        Err(ledger::FaultKind::Truncated(signed)) => {
            Err(LedgerOpenError::Truncated { last: tip.next_seq - 1, signed })
        }
        Err(_) => Err(LedgerOpenError::HeadMismatch(known.head.seq)),
    }
}

/// Opens the side file of heads, cuts an incomplete record, and reads the last one.
pub(crate) fn open_heads(dir: &Path) -> Result<(File, Option<SignedHead>), LedgerOpenError> {
    let path = heads_path(dir);
    if !path.exists() {
        let file = create_new(&path)?;
        sync_dir(dir)?;
        return Ok((file, None));
    }
    let mut file = OpenOptions::new().read(true).write(true).open(&path).at("open", &path)?;
    let length = file.seek(SeekFrom::End(0)).at("seek", &path)?;
    let whole = length - length % HEAD_RECORD_BYTES as u64;
    file.set_len(whole).at("cut", &path)?;
    let mut last = None;
    if whole > 0 {
        let mut record = [0_u8; HEAD_RECORD_BYTES];
        file.seek(SeekFrom::Start(whole - HEAD_RECORD_BYTES as u64)).at("seek", &path)?;
        file.read_exact(&mut record).at("read", &path)?;
        last = Some(SignedHead::from_record(&record).ok_or(LedgerOpenError::HeadMismatch(0))?);
    }
    file.seek(SeekFrom::End(0)).at("seek", &path)?;
    Ok((file, last))
}

fn open_scan(path: &Path, error: ScanError) -> LedgerOpenError {
    match error {
        ScanError::Fault(fault) => LedgerOpenError::Corrupt { path: path.to_owned(), fault },
        ScanError::Read(source) => FileError { step: "read", path: path.to_owned(), source }.into(),
    }
}
