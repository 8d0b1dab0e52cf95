//! The wrapped keys of data subjects: one file of fixed records, appended to, an index of them in memory.
//!
//! A record is subject 16 | state 1 | generation 4 | wrapped key 60 | durable 4 | zeros 3 | check 8, where `durable` is how
//! many records were on the disk for certain when it was written. A power cut may lose any part of what comes behind
//! those, in any order: from the first of them that is not whole the file is cut, nothing of it was relied upon. Before
//! them a damaged record is an error. What a sync made certain is marked at once by a record of its own, so that damage of
//! later years is never taken for what a power cut lost.
//!
//! Destroying a key first appends a record that says so and names the place, and then overwrites the key there; torn by a
//! power cut, that is done again. What the disk may still hold of it dies with its KEK generation.

use crate::ports::PortError;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use store::{WRAPPED_KEY_BYTES, WrappedKey};
use vocab::SubjectId;

const RECORD_BYTES: usize = 96;
const CHECK_BYTES: usize = 8;
const CHECKED: usize = RECORD_BYTES - CHECK_BYTES;
const KEY_AT: usize = 21;
const DURABLE_AT: usize = KEY_AT + WRAPPED_KEY_BYTES;
const HELD: u8 = 1;
/// In the place of a key.
const DESTROYED: u8 = 2;
/// The key at the place that its generation names is to be destroyed.
const DESTROYS: u8 = 3;
/// Of nobody: it says alone how many records are on the disk.
const MARK: u8 = 4;

/// What is known of a subject's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// There never was one.
    No,
    /// It was destroyed.
    Destroyed,
    /// Wrapped.
    Yes(WrappedKey),
}

/// The file of wrapped keys.
#[derive(Debug)]
pub struct SubjectKeys {
    file: File,
    index: HashMap<SubjectId, u32>,
    records: u32,
    /// Of them on the disk for certain.
    durable: u32,
    /// What the newest mark says of that.
    marked: u32,
    /// Where the newest record ends that is no mark.
    keys_end: u32,
}

impl SubjectKeys {
    /// Opens or makes the file; what a power cut left of records that were never relied upon is cut.
    ///
    /// # Errors
    /// [`PortError`]; a damaged record that was relied upon is an error, never skipped.
    pub fn open(path: &Path) -> Result<Self, PortError> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let records = u32::try_from(length / RECORD_BYTES as u64).map_err(|_| failed("too long"))?;
        let mut keys = Self { file, index: HashMap::new(), records, durable: 0, marked: 0, keys_end: 0 };
        let found = keys.look()?;
        if let Some(at) =
            found.damaged.iter().find(|at| **at < found.durable && !found.destroyed.contains(at))
        {
            return Err(failed(format!("record {at} is damaged")));
        }
        let lost = found.damaged.iter().find(|at| **at >= found.durable);
        keys.records = lost.copied().unwrap_or(records);
        keys.keys_end = keys.keys_end.min(keys.records);
        keys.index.retain(|_, at| *at < keys.records);
        if u64::from(keys.records) * RECORD_BYTES as u64 != length {
            keys.file.set_len(u64::from(keys.records) * RECORD_BYTES as u64).map_err(failed)?;
        }
        for at in found.destroyed.into_iter().filter(|at| *at < keys.records) {
            if !is_blank(&keys.record(at)?) {
                keys.overwrite(at)?;
            }
        }
        keys.file.sync_data().map_err(failed)?;
        keys.marked = found.durable;
        keys.synced(keys.records)?;
        Ok(keys)
    }

    /// Reads every record once.
    fn look(&mut self) -> Result<Found, PortError> {
        let mut found = Found::default();
        for at in 0..self.records {
            let record = self.record(at)?;
            let durable = number(&record, DURABLE_AT);
            if record[CHECKED..] != check(&record[..CHECKED]) || durable > at {
                found.damaged.push(at);
                continue;
            }
            found.durable = found.durable.max(durable);
            if record[16] == DESTROYS {
                found.destroyed.insert(number(&record, 17));
            }
            if record[16] == MARK {
                continue;
            }
            self.keys_end = at + 1;
            if !is_blank(&record) {
                self.index.insert(subject_of(&record), at);
            }
        }
        Ok(found)
    }

    /// The key of a subject.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn held(&self, subject: SubjectId) -> Result<Held, PortError> {
        let Some(at) = self.index.get(&subject) else {
            return Ok(Held::No);
        };
        let record = self.record(*at)?;
        if record[CHECKED..] != check(&record[..CHECKED]) || subject_of(&record) != subject {
            return Err(PortError::new("read a subject's key", format!("record {at} is damaged")));
        }
        if record[16] != HELD {
            return Ok(Held::Destroyed);
        }
        let generation = number(&record, 17);
        let bytes = record[KEY_AT..KEY_AT + WRAPPED_KEY_BYTES].to_vec();
        Ok(Held::Yes(WrappedKey { generation, bytes }))
    }

    /// Adds a subject's first key. Durable once the next [`SubjectKeys::sync_handle`] was synced.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn add(&mut self, subject: SubjectId, key: &WrappedKey) -> Result<(), PortError> {
        self.append(subject, HELD, key)
    }

    /// Destroys a subject's key for good, durable when it returns; `false` if there was none.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn destroy(&mut self, subject: SubjectId) -> Result<bool, PortError> {
        let Some(at) = self.index.get(&subject).copied() else {
            return Ok(false);
        };
        let sync =
            |file: &File| file.sync_data().map_err(|error| PortError::new("destroy a subject's key", error));
        if self.record(at)?[16] == HELD {
            self.append(
                subject,
                DESTROYS,
                &WrappedKey { generation: at, bytes: vec![0; WRAPPED_KEY_BYTES] },
            )?;
            sync(&self.file)?;
            self.synced(self.records)?;
            self.overwrite(at)?;
            sync(&self.file)?;
        }
        Ok(true)
    }

    /// A handle by which another thread makes what was added durable without holding a lock, and how many records that are;
    /// it says so with [`SubjectKeys::synced`].
    ///
    /// # Errors
    /// [`PortError`].
    pub fn sync_handle(&self) -> Result<(File, u32), PortError> {
        let file = self.file.try_clone().map_err(|error| PortError::new("sync the subjects' keys", error))?;
        Ok((file, self.records))
    }

    /// So many records are on the disk; a mark says so to later starts.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn synced(&mut self, records: u32) -> Result<(), PortError> {
        self.durable = self.durable.max(records);
        if self.durable.min(self.keys_end) > self.marked {
            let nothing = WrappedKey { generation: 0, bytes: vec![0; WRAPPED_KEY_BYTES] };
            self.write(self.records, SubjectId([0; 16]), MARK, &nothing)?;
            self.marked = self.durable;
            self.records += 1;
        }
        Ok(())
    }

    /// Subjects with a record.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    fn append(&mut self, subject: SubjectId, state: u8, key: &WrappedKey) -> Result<(), PortError> {
        let at = self.records;
        self.write(at, subject, state, key)?;
        self.records = at + 1;
        self.keys_end = self.records;
        self.index.insert(subject, at);
        Ok(())
    }

    /// Where a key stood nothing stands.
    fn overwrite(&self, at: u32) -> Result<(), PortError> {
        let nothing = WrappedKey { generation: 0, bytes: vec![0; WRAPPED_KEY_BYTES] };
        self.write(at, SubjectId([0; 16]), DESTROYED, &nothing)
    }

    fn write(&self, at: u32, subject: SubjectId, state: u8, key: &WrappedKey) -> Result<(), PortError> {
        assert_eq!(key.bytes.len(), WRAPPED_KEY_BYTES, "a wrapped key has one length");
        let mut record = [0; RECORD_BYTES];
        record[..16].copy_from_slice(&subject.0);
        record[16] = state;
        record[17..KEY_AT].copy_from_slice(&key.generation.to_be_bytes());
        record[KEY_AT..DURABLE_AT].copy_from_slice(&key.bytes);
        record[DURABLE_AT..DURABLE_AT + 4].copy_from_slice(&self.durable.min(at).to_be_bytes());
        let sum = check(&record[..CHECKED]);
        record[CHECKED..].copy_from_slice(&sum);
        let offset = u64::from(at) * RECORD_BYTES as u64;
        self.file
            .write_all_at(&record, offset)
            .map_err(|error| PortError::new("write a subject's key", error))
    }

    fn record(&self, at: u32) -> Result<[u8; RECORD_BYTES], PortError> {
        let mut record = [0; RECORD_BYTES];
        let offset = u64::from(at) * RECORD_BYTES as u64;
        let read = self.file.read_exact_at(&mut record, offset);
        read.map_err(|error| PortError::new("read a subject's key", error))?;
        Ok(record)
    }
}

/// What reading the file found.
#[derive(Debug, Default)]
struct Found {
    durable: u32,
    damaged: Vec<u32>,
    /// Places whose keys are to be destroyed.
    destroyed: HashSet<u32>,
}

fn failed(error: impl std::fmt::Display) -> PortError {
    PortError::new("open the subjects' keys", error)
}

/// A place whose key was destroyed.
fn is_blank(record: &[u8; RECORD_BYTES]) -> bool {
    record[16] == DESTROYED
        && subject_of(record) == SubjectId([0; 16])
        && record[CHECKED..] == check(&record[..CHECKED])
}

fn number(record: &[u8; RECORD_BYTES], at: usize) -> u32 {
    u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

fn subject_of(record: &[u8; RECORD_BYTES]) -> SubjectId {
    let mut subject = [0; 16];
    subject.copy_from_slice(&record[..16]);
    SubjectId(subject)
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut sum = [0; CHECK_BYTES];
    sum.copy_from_slice(&digest(&SHA256, bytes).as_ref()[..CHECK_BYTES]);
    sum
}

const _: () = assert!(DURABLE_AT + 4 <= CHECKED, "a record holds a wrapped key");

#[cfg(test)]
mod tests {
    use super::{Held, RECORD_BYTES, SubjectKeys};
    use store::{WRAPPED_KEY_BYTES, WrappedKey};
    use vocab::SubjectId;

    fn key(byte: u8) -> WrappedKey {
        WrappedKey { generation: 1, bytes: vec![byte; WRAPPED_KEY_BYTES] }
    }

    #[test]
    fn a_destroyed_key_stays_destroyed_and_its_bytes_leave_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let mut keys = SubjectKeys::open(&path).unwrap();
        keys.add(SubjectId([1; 16]), &key(0xaa)).unwrap();
        keys.add(SubjectId([2; 16]), &key(0xbb)).unwrap();
        assert!(keys.destroy(SubjectId([1; 16])).unwrap());
        let keys = SubjectKeys::open(&path).unwrap();
        assert_eq!(keys.held(SubjectId([1; 16])).unwrap(), Held::Destroyed);
        assert_eq!(keys.held(SubjectId([2; 16])).unwrap(), Held::Yes(key(0xbb)));
        assert_eq!(keys.held(SubjectId([3; 16])).unwrap(), Held::No);
        assert!(!std::fs::read(&path).unwrap().contains(&0xaa));
    }

    /// A file with a key and a mark on the disk for certain, and four keys that are not.
    fn with_four_unsynced(path: &std::path::Path) -> Vec<u8> {
        let mut keys = SubjectKeys::open(path).unwrap();
        keys.add(SubjectId([1; 16]), &key(1)).unwrap();
        let (file, records) = keys.sync_handle().unwrap();
        file.sync_data().unwrap();
        keys.synced(records).unwrap();
        for subject in 2..6 {
            keys.add(SubjectId([subject; 16]), &key(subject)).unwrap();
        }
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_power_cut_may_lose_any_part_of_what_was_never_relied_upon() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let whole = with_four_unsynced(&path);
        // Lost in the middle, though later ones are there; the mark, too; torn at the end; all of them there.
        for (lost, length, left) in
            [(3..4, 6 * 96, 2), (1..3, 6 * 96, 1), (5..6, 5 * 96 + 50, 4), (0..0, 6 * 96, 5)]
        {
            let mut bytes = whole.clone();
            bytes[lost.start * RECORD_BYTES..lost.end * RECORD_BYTES].fill(0);
            bytes.truncate(length);
            std::fs::write(&path, &bytes).unwrap();
            let mut keys = SubjectKeys::open(&path).unwrap();
            assert_eq!(keys.len(), left, "{lost:?}");
            keys.add(SubjectId([9; 16]), &key(9)).unwrap();
            let keys = SubjectKeys::open(&path).unwrap();
            assert_eq!(keys.held(SubjectId([9; 16])).unwrap(), Held::Yes(key(9)));
            assert_eq!(keys.len(), left + 1);
        }
    }

    #[test]
    fn a_damaged_record_that_was_relied_upon_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let mut bytes = with_four_unsynced(&path);
        bytes[3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(SubjectKeys::open(&path).unwrap_err().to_string().contains("record 0 is damaged"));
        // What a start found whole is relied upon from then on, though nothing was added since.
        bytes[3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        drop(SubjectKeys::open(&path).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        drop(SubjectKeys::open(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap().len(), bytes.len(), "one mark is enough");
        bytes[5 * RECORD_BYTES + 3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(SubjectKeys::open(&path).unwrap_err().to_string().contains("record 5 is damaged"));
    }

    #[test]
    fn a_destruction_that_the_power_cut_tore_is_done_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let before = with_four_unsynced(&path);
        assert!(SubjectKeys::open(&path).unwrap().destroy(SubjectId([2; 16])).unwrap());
        let after = std::fs::read(&path).unwrap();
        // The key still there whole, in part, and gone.
        for torn in [0, 40, 96] {
            let mut bytes = after.clone();
            let (from, to) = (2 * RECORD_BYTES + torn, 3 * RECORD_BYTES);
            bytes[from..to].copy_from_slice(&before[from..to]);
            std::fs::write(&path, &bytes).unwrap();
            let mut keys = SubjectKeys::open(&path).unwrap();
            assert_eq!(keys.held(SubjectId([2; 16])).unwrap(), Held::Destroyed, "{torn}");
            assert_eq!(keys.len(), 5);
            assert!(keys.destroy(SubjectId([2; 16])).unwrap());
            let left = std::fs::read(&path).unwrap();
            assert_eq!(left.windows(60).filter(|bytes| **bytes == [2; 60]).count(), 0, "{torn}");
            assert_eq!(left.len(), after.len());
        }
    }
}
