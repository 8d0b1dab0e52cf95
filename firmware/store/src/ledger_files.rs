//! The ledger's directory: segments, the side file of heads, one writer, one fdatasync for each batch.
//!
//! Each opening begins a new segment, so a segment is written in one life of one process (see the `ledger` crate
//! for why nonces need that). It does not know what entries mean and never repairs anything but a torn tail.

use crate::fs::{At, FileError, create_dir, create_new, lock_dir, names, remove_if_there, rename, sync_dir};
use crate::seal::{SealError, random};
use ledger::{
    AppendError, Appended, ChainHash, Fault, HASH_BYTES, HEAD_RECORD_BYTES, Head, KIND_HEAD, LedgerKey,
    MAX_PLAINTEXT_BYTES, OpenError, SEGMENT_HEADER_BYTES, Scan, ScanError, Scanned, SegmentHeader,
    SegmentKey, SegmentStart, SignedHead, Tail, Tip, Walker, Writer,
};
use nix::fcntl::{FallocateFlags, fallocate};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::UnixMs;
use zeroize::Zeroizing;

/// The most entries of one batch.
pub const MAX_BATCH_ENTRIES: usize = 1_024;
/// Space taken ahead of the writer, so that a batch changes no block map and a full disk is met early.
const PREALLOCATED_BYTES: u64 = 4 * 1024 * 1024;
/// How much of the end is walked at opening; before that, only the links between segments are checked and
/// the daily verification does the rest.
const WALKED_AT_OPEN_BYTES: u64 = 256 * 1024 * 1024;
const HEADS_NAME: &str = "heads";

/// An entry to append: kind, time, plaintext.
pub type EntryRef<'a> = (u16, UnixMs, &'a [u8]);

/// Why the ledger does not open.
#[derive(Debug, Error)]
pub enum LedgerOpenError {
    /// The storage failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A segment is not as it was written.
    #[error("{}: {fault}", path.display())]
    Corrupt {
        /// The segment's file.
        path: PathBuf,
        /// What and where.
        fault: Fault,
    },
    /// Files of segments are missing or have another name.
    #[error("segment {0} is missing")]
    MissingSegment(u32),
    /// The ledger ends before a head that was signed.
    #[error("the ledger ends at entry {last}, but entry {signed} was signed: entries are missing")]
    Truncated {
        /// The last entry that is there.
        last: u64,
        /// The entry a signed head names.
        signed: u64,
    },
    /// The side file of heads names another state than the chain has.
    #[error("the signed head of entry {0} does not match the ledger")]
    HeadMismatch(u64),
    /// The operating system gives no randomness.
    #[error("no randomness")]
    Randomness(#[from] SealError),
}

/// Why a batch was not appended.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The storage failed now; the handle is dead. Restart: what is durable is known only by reading again.
    #[error(transparent)]
    File(#[from] FileError),
    /// The storage failed before; the handle is dead.
    #[error("the ledger's handle is dead since a storage failure")]
    Dead,
    /// The batch has too many entries; nothing was written.
    #[error("{0} entries are more than {MAX_BATCH_ENTRIES}")]
    BatchTooLong(usize),
    /// An entry of the batch cannot be one; nothing was written.
    #[error("entry {index} of the batch: {source}")]
    Entry {
        /// Its place in the batch.
        index: usize,
        /// Why.
        #[source]
        source: AppendError,
    },
    /// The operating system gives no randomness.
    #[error("no randomness")]
    Randomness(#[from] SealError),
}

/// Why a replay ended early.
#[derive(Debug, Error)]
pub enum ReplayError<E> {
    /// The storage failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A segment is not as it was written.
    #[error("{}: {fault}", path.display())]
    Corrupt {
        /// The segment's file.
        path: PathBuf,
        /// What and where.
        fault: Fault,
    },
    /// The payload of an entry does not open.
    #[error("entry {seq}: {source}")]
    Entry {
        /// The entry.
        seq: u64,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// There is no key of this generation.
    #[error("there is no ledger key of generation {0}")]
    NoKey(u32),
    /// The receiver of the entries stopped.
    #[error("the replay was stopped by its receiver")]
    Receiver(E),
}

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

/// One entry of a replay.
#[derive(Debug)]
pub struct Record<'a> {
    /// Its place.
    pub seq: u64,
    /// When it was written.
    pub time: UnixMs,
    /// Its kind.
    pub kind: u16,
    /// Its plaintext.
    pub payload: &'a Zeroizing<Vec<u8>>,
}

/// The open ledger.
#[derive(Debug)]
pub struct LedgerFiles {
    dir: PathBuf,
    keys: Vec<LedgerKey>,
    writer: Option<Writer>,
    file: File,
    path: PathBuf,
    allocated: u64,
    heads: File,
    buffer: Vec<u8>,
    _lock: File,
}

impl LedgerFiles {
    /// Opens or begins the ledger for this process alone, cuts a torn tail, checks, and begins a segment.
    ///
    /// # Errors
    /// [`LedgerOpenError`]; corruption is never repaired.
    pub fn open(dir: &Path, key: LedgerKey, now: UnixMs) -> Result<(Self, Recovery), LedgerOpenError> {
        create_dir(dir)?;
        let lock = lock_dir(dir)?;
        for name in names(dir)?.iter().filter(|name| name.ends_with(".tmp")) {
            remove_if_there(&dir.join(name))?;
        }
        let (heads, last_head) = open_heads(dir)?;
        let (tip, cut) = check_segments(dir)?;
        if let Some(known) = &last_head {
            check_head(&tip, known)?;
        }
        let recovery = Recovery { last_seq: tip.next_seq - 1, cut, last_head };
        let mut buffer = Vec::new();
        let writer = Writer::begin(tip, SegmentStart { opened: now, salt: random()? }, &key, &mut buffer);
        let (file, path) = create_segment(dir, writer.segment().index, &buffer)?;
        buffer.clear();
        let ledger = Self {
            dir: dir.to_owned(),
            keys: vec![key],
            writer: Some(writer),
            file,
            path,
            allocated: 0,
            heads,
            buffer,
            _lock: lock,
        };
        Ok((ledger, recovery))
    }

    /// Adds a ledger key of an older generation, for reading.
    pub fn add_key(&mut self, key: LedgerKey) {
        self.keys.push(key);
    }

    /// Appends entries, all or none being acknowledged; when this returns, they are durable.
    ///
    /// # Errors
    /// [`LedgerError`]; after a storage failure the handle is dead.
    pub fn append_batch(&mut self, entries: &[EntryRef<'_>]) -> Result<Vec<Appended>, LedgerError> {
        check_batch(entries)?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let writer = self.writer.take().ok_or(LedgerError::Dead)?;
        // The writer comes back only if everything reached the disk.
        let (writer, appended) = self.write_batch(writer, entries)?;
        self.writer = Some(writer);
        Ok(appended)
    }

    /// The head to let the TPM sign; `None` while the ledger is empty or dead.
    #[must_use]
    pub fn head(&self, now: UnixMs) -> Option<Head> {
        self.writer.as_ref()?.head(now)
    }

    /// Appends a signed head to the ledger and to the side file; durable when it returns.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn append_head(&mut self, signed: &SignedHead, now: UnixMs) -> Result<Appended, LedgerError> {
        let writer = self.writer.take().ok_or(LedgerError::Dead)?;
        let mut writer = self.roll_if_full(writer, HEAD_RECORD_BYTES, now)?;
        self.buffer.clear();
        let appended = match writer.append_head(signed, now, &mut self.buffer) {
            Ok(appended) => appended,
            Err(source) => {
                self.writer = Some(writer);
                return Err(LedgerError::Entry { index: 0, source });
            }
        };
        self.write_buffer()?;
        self.sync()?;
        let heads = self.dir.join(HEADS_NAME);
        self.heads.write_all(&signed.record()).at("write", &heads)?;
        self.heads.sync_data().at("sync", &heads)?;
        self.writer = Some(writer);
        Ok(appended)
    }

    /// The seq the next entry will get; `None` if the handle is dead.
    #[must_use]
    pub fn next_seq(&self) -> Option<u64> {
        self.writer.as_ref().map(Writer::next_seq)
    }

    /// Hands every entry from `from_seq` on to `receive`, decrypted and proven, signed heads left out.
    /// Returns the last seq of the ledger.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn replay<E>(
        &self,
        from_seq: u64,
        mut receive: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<u64, ReplayError<E>> {
        let segments = read_headers(&self.dir)?;
        let begin = segments.iter().rposition(|(_, header)| header.first_seq <= from_seq).unwrap_or(0);
        let Some((_, first)) = segments.get(begin) else { return Ok(0) };
        let mut walker = Walker::new(Tip::resume(first.index, first.first_seq, first.previous), None);
        for (path, header) in &segments[begin..] {
            self.replay_segment(&mut walker, path, header, from_seq, &mut receive)?;
        }
        Ok(walker.tip().next_seq - 1)
    }

    fn replay_segment<E>(
        &self,
        walker: &mut Walker,
        path: &Path,
        header: &SegmentHeader,
        from_seq: u64,
        receive: &mut impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), ReplayError<E>> {
        let key = self
            .keys
            .iter()
            .find(|key| key.generation == header.generation)
            .ok_or(ReplayError::NoKey(header.generation))?;
        let key = SegmentKey::derive(&key.key, header);
        let file = File::open(path).at("open", path)?;
        let corrupt = |error| replay_scan(path, error);
        let Some(mut scan) = Scan::begin(walker, file, false).map_err(corrupt)? else { return Ok(()) };
        loop {
            match scan.next_entry().map_err(corrupt)? {
                Scanned::End(_) => return Ok(()),
                Scanned::Entry(entry) if entry.header.seq < from_seq || entry.header.kind == KIND_HEAD => {}
                Scanned::Entry(entry) => {
                    let seq = entry.header.seq;
                    let payload = entry.open(&key).map_err(|source| ReplayError::Entry { seq, source })?;
                    let (time, kind) = (entry.header.time, entry.header.kind);
                    receive(Record { seq, time, kind, payload: &payload }).map_err(ReplayError::Receiver)?;
                }
            }
        }
    }

    fn write_batch(
        &mut self,
        mut writer: Writer,
        entries: &[EntryRef<'_>],
    ) -> Result<(Writer, Vec<Appended>), LedgerError> {
        let mut appended = Vec::with_capacity(entries.len());
        self.buffer.clear();
        for (index, (kind, time, plaintext)) in entries.iter().enumerate() {
            if !writer.has_room(plaintext.len()) {
                self.write_buffer()?;
                writer = self.roll_if_full(writer, plaintext.len(), *time)?;
            }
            let done = writer.append(*kind, *time, plaintext, &mut self.buffer);
            appended.push(done.map_err(|source| LedgerError::Entry { index, source })?);
        }
        self.write_buffer()?;
        self.sync()?;
        Ok((writer, appended))
    }

    fn roll_if_full(&mut self, writer: Writer, plaintext: usize, now: UnixMs) -> Result<Writer, LedgerError> {
        if writer.has_room(plaintext) {
            return Ok(writer);
        }
        self.sync()?;
        let key = self.keys.first().ok_or(LedgerError::Dead)?;
        let start = SegmentStart { opened: now, salt: random()? };
        let mut header = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        let writer = Writer::begin(writer.into_tip(), start, key, &mut header);
        (self.file, self.path) = create_segment(&self.dir, writer.segment().index, &header)?;
        self.allocated = 0;
        Ok(writer)
    }

    fn write_buffer(&mut self) -> Result<(), FileError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let at = self.file.stream_position().at("seek", &self.path)?;
        let end = at + self.buffer.len() as u64;
        if end > self.allocated {
            self.allocated = preallocate(&self.file, at, end - at, &self.path)?;
        }
        self.file.write_all(&self.buffer).at("write", &self.path)?;
        self.buffer.clear();
        Ok(())
    }

    fn sync(&self) -> Result<(), FileError> {
        self.file.sync_data().at("sync", &self.path)
    }
}

fn check_batch(entries: &[EntryRef<'_>]) -> Result<(), LedgerError> {
    if entries.len() > MAX_BATCH_ENTRIES {
        return Err(LedgerError::BatchTooLong(entries.len()));
    }
    for (index, (kind, _, plaintext)) in entries.iter().enumerate() {
        let source = match (*kind, plaintext.len()) {
            (KIND_HEAD, _) => AppendError::ReservedKind,
            (_, length) if length > MAX_PLAINTEXT_BYTES => AppendError::TooLong(length),
            (_, _) => continue,
        };
        return Err(LedgerError::Entry { index, source });
    }
    Ok(())
}

/// Takes space beyond the size of the file, so that a crash leaves no zeros in it. A file system without
/// fallocate works all the same; a full disk is an error now and not inside an entry.
fn preallocate(file: &File, at: u64, needed: u64, path: &Path) -> Result<u64, FileError> {
    let bytes = needed.max(PREALLOCATED_BYTES);
    let (offset, length) = (i64::try_from(at).unwrap_or(i64::MAX), i64::try_from(bytes).unwrap_or(i64::MAX));
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, offset, length) {
        Ok(()) | Err(nix::errno::Errno::EOPNOTSUPP | nix::errno::Errno::ENOSYS) => Ok(at + bytes),
        Err(error) => Err(std::io::Error::from(error)).at("preallocate", path),
    }
}

fn create_segment(dir: &Path, index: u32, header: &[u8]) -> Result<(File, PathBuf), FileError> {
    let path = segment_path(dir, index);
    let temporary = path.with_extension("tmp");
    let mut file = create_new(&temporary)?;
    file.write_all(header).at("write", &temporary)?;
    file.sync_all().at("sync", &temporary)?;
    rename(&temporary, &path)?;
    Ok((file, path))
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

fn read_headers(dir: &Path) -> Result<Vec<(PathBuf, SegmentHeader)>, FileError> {
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
fn check_segments(dir: &Path) -> Result<(Tip, Option<Cut>), LedgerOpenError> {
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

/// The last hash of each segment must be the one its successor names. (An empty segment ends with its header.)
fn check_links(paths: &[PathBuf]) -> Result<(), LedgerOpenError> {
    for pair in paths.windows(2) {
        let (path, next) = (&pair[0], header_of(&pair[1])?);
        let mut file = File::open(path).at("open", path)?;
        let length = file.seek(SeekFrom::End(0)).at("seek", path)?;
        if length == SEGMENT_HEADER_BYTES as u64 {
            continue;
        }
        let mut hash = [0_u8; HASH_BYTES];
        file.seek(SeekFrom::End(-(HASH_BYTES as i64))).at("seek", path)?;
        file.read_exact(&mut hash).at("read", path)?;
        if ChainHash(hash) != next.previous {
            let place = ledger::Place { segment: next.index, offset: 0, seq: next.first_seq };
            let fault = Fault { place, kind: ledger::FaultKind::SegmentLink };
            return Err(LedgerOpenError::Corrupt { path: pair[1].clone(), fault });
        }
    }
    Ok(())
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

fn check_head(tip: &Tip, known: &SignedHead) -> Result<(), LedgerOpenError> {
    match tip.reaches(known) {
        Ok(()) => Ok(()),
        Err(ledger::FaultKind::Truncated(signed)) => {
            Err(LedgerOpenError::Truncated { last: tip.next_seq - 1, signed })
        }
        Err(_) => Err(LedgerOpenError::HeadMismatch(known.head.seq)),
    }
}

/// Opens the side file of heads, cuts an incomplete record, and reads the last one.
fn open_heads(dir: &Path) -> Result<(File, Option<SignedHead>), LedgerOpenError> {
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

fn replay_scan<E>(path: &Path, error: ScanError) -> ReplayError<E> {
    match error {
        ScanError::Fault(fault) => ReplayError::Corrupt { path: path.to_owned(), fault },
        ScanError::Read(source) => FileError { step: "read", path: path.to_owned(), source }.into(),
    }
}
