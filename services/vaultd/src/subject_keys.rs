//! The wrapped keys of data subjects: one file of fixed records, appended to, an index of them in memory.
//!
//! A record is subject 16 | state 1 | generation 4 | wrapped key 60 | zeros 7 | check 8. Destroying a key
//! overwrites its record in place; what the disk may still hold of it dies with its KEK generation.

use crate::ports::PortError;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use store::{WRAPPED_KEY_BYTES, WrappedKey};
use vocab::SubjectId;

const RECORD_BYTES: usize = 96;
const CHECK_BYTES: usize = 8;
const CHECKED: usize = RECORD_BYTES - CHECK_BYTES;
const KEY_AT: usize = 21;
const HELD: u8 = 1;
const DESTROYED: u8 = 2;

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
}

impl SubjectKeys {
    /// Opens or makes the file; an incomplete record at its end was never relied upon and is cut.
    ///
    /// # Errors
    /// [`PortError`]; a damaged record in the middle is an error, never skipped.
    pub fn open(path: &Path) -> Result<Self, PortError> {
        let failed = |error| PortError::new("open the subjects' keys", error);
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
        let records = length / RECORD_BYTES as u64;
        let mut keys = Self { file, index: HashMap::new(), records: 0 };
        let records =
            u32::try_from(records).map_err(|_| PortError::new("open the subjects' keys", "too long"))?;
        for at in 0..records {
            let record = keys.record(at)?;
            if record[CHECKED..] != check(&record[..CHECKED]) {
                if at + 1 == records {
                    break;
                }
                return Err(PortError::new("open the subjects' keys", format!("record {at} is damaged")));
            }
            keys.index.insert(subject_of(&record), at);
            keys.records = at + 1;
        }
        let whole = u64::from(keys.records) * RECORD_BYTES as u64;
        if whole != length {
            keys.file.set_len(whole).map_err(failed)?;
        }
        Ok(keys)
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
        let generation = u32::from_be_bytes([record[17], record[18], record[19], record[20]]);
        let bytes = record[KEY_AT..KEY_AT + WRAPPED_KEY_BYTES].to_vec();
        Ok(Held::Yes(WrappedKey { generation, bytes }))
    }

    /// Adds a subject's first key. Durable after the next [`SubjectKeys::sync_handle`] was synced.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn add(&mut self, subject: SubjectId, key: &WrappedKey) -> Result<(), PortError> {
        let at = self.records;
        self.write(at, subject, HELD, key)?;
        self.records = at + 1;
        self.index.insert(subject, at);
        Ok(())
    }

    /// Destroys a subject's key for good, durable when it returns; `false` if there was none.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn destroy(&mut self, subject: SubjectId) -> Result<bool, PortError> {
        let Some(at) = self.index.get(&subject).copied() else {
            return Ok(false);
        };
        let nothing = WrappedKey { generation: 0, bytes: vec![0; WRAPPED_KEY_BYTES] };
        self.write(at, subject, DESTROYED, &nothing)?;
        self.file.sync_data().map_err(|error| PortError::new("destroy a subject's key", error))?;
        Ok(true)
    }

    /// A handle by which another thread makes what was added durable without holding a lock.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn sync_handle(&self) -> Result<File, PortError> {
        self.file.try_clone().map_err(|error| PortError::new("sync the subjects' keys", error))
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

    fn write(&self, at: u32, subject: SubjectId, state: u8, key: &WrappedKey) -> Result<(), PortError> {
        assert_eq!(key.bytes.len(), WRAPPED_KEY_BYTES, "a wrapped key has one length");
        let mut record = [0; RECORD_BYTES];
        record[..16].copy_from_slice(&subject.0);
        record[16] = state;
        record[17..KEY_AT].copy_from_slice(&key.generation.to_be_bytes());
        record[KEY_AT..KEY_AT + WRAPPED_KEY_BYTES].copy_from_slice(&key.bytes);
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

const _: () = assert!(KEY_AT + WRAPPED_KEY_BYTES <= CHECKED, "a record holds a wrapped key");

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

    #[test]
    fn a_torn_record_at_the_end_is_cut_and_a_damaged_one_before_it_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let mut keys = SubjectKeys::open(&path).unwrap();
        keys.add(SubjectId([1; 16]), &key(1)).unwrap();
        keys.add(SubjectId([2; 16]), &key(2)).unwrap();
        drop(keys);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(RECORD_BYTES + 50);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(SubjectKeys::open(&path).unwrap().len(), 1);
        bytes.resize(3 * RECORD_BYTES, 7);
        bytes[3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(SubjectKeys::open(&path).is_err());
    }
}
