//! The ledger's directory: segments, the side file of heads, one writer, one fdatasync for each batch.
//!
//! Each opening begins a new segment, so a segment is written in one life of one process (see the `ledger` crate
//! for why nonces need that). It does not know what entries mean and never repairs anything but a torn tail.

use crate::fs::{At, FileError, create_dir, create_new, lock_dir, names, remove_if_there, rename};
use crate::ledger_error::{LedgerError, LedgerOpenError, ReplayError};
use crate::ledger_open::{
    HEADS_NAME, Recovery, check_head, check_segments, open_heads, read_headers, segment_path,
};
use crate::seal::random;
use ledger::{
    AppendError, Appended, HEAD_RECORD_BYTES, Head, KIND_HEAD, LedgerKey, MAX_PLAINTEXT_BYTES,
    SEGMENT_HEADER_BYTES, Scan, ScanError, Scanned, SegmentHeader, SegmentKey, SegmentStart, SignedHead, Tip,
    Walker, Writer,
};
use nix::fcntl::{FallocateFlags, fallocate};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use vocab::UnixMs;
use zeroize::Zeroizing;

/// The most entries of one batch.
pub const MAX_BATCH_ENTRIES: usize = 1_024;
/// Space taken ahead of the writer, so that a batch changes no block map and a full disk is met early.
const PREALLOCATED_BYTES: u64 = 4 * 1024 * 1024;
/// An entry to append: kind, time, plaintext.
pub type EntryRef<'a> = (u16, UnixMs, &'a [u8]);

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

fn replay_scan<E>(path: &Path, error: ScanError) -> ReplayError<E> {
    match error {
        ScanError::Fault(fault) => ReplayError::Corrupt { path: path.to_owned(), fault },
        ScanError::Read(source) => FileError { step: "read", path: path.to_owned(), source }.into(),
    }
}
