//! The official do-not-call list in memory: a sorted set of 64-bit keyed hashes (CAM-07).
//!
//! It never sees a number. The caller hashes with a key (HMAC of the E.164 digits) and hands over the first
//! eight bytes, big-endian. Two numbers may share those eight bytes: with 10 million entries a foreign
//! number hits by chance once in 1.8 × 10¹² look-ups, and is then refused: the list fails closed.

use crate::facts::DncFacts;
use thiserror::Error;
use vocab::UnixMs;

/// Entries a list holds at most: 160 MB.
pub const MAX_ENTRIES: usize = 20_000_000;
/// Entries of one chunk of the written form at most: 512 KiB.
pub const CHUNK_ENTRIES: usize = 65_536;
/// First bytes of the written form; the last one is its format version.
pub const MAGIC: [u8; 8] = *b"RFDNC\0\0\x01";
/// Bytes of the header: magic, version, import time, count.
pub const HEADER_BYTES: usize = 32;

const ENTRY_BYTES: usize = 8;
/// The table over the first bits of the hash; a bucket of a full list holds about 300 entries.
const INDEX_BITS: u32 = 16;
const BUCKETS: usize = 1 << INDEX_BITS;
/// Memory is taken in steps, so that building never holds two copies of much more than this.
const GROW_ENTRIES: usize = 1 << 20;

/// The list: 8 bytes an entry and a table of 256 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct DoNotCall {
    version: u64,
    imported_at: UnixMs,
    hashes: Vec<u64>,
    /// `index[b]..index[b + 1]` are the entries whose first bits are `b`.
    index: Vec<u32>,
}

/// Why a list cannot be built or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DncError {
    /// More entries than the box can hold.
    #[error("the list has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// The bytes are no written list of a format we know.
    #[error("this is not a do-not-call list of a known format")]
    BadMagic,
    /// Entries are not strictly ascending.
    #[error("entry {0} does not follow its predecessor")]
    Unsorted(usize),
    /// The bytes end too early.
    #[error("the list announces {announced} entries and holds {held}")]
    Truncated {
        /// Entries the header announces.
        announced: usize,
        /// Entries read.
        held: usize,
    },
    /// There are bytes after the last entry.
    #[error("there are bytes after the last entry")]
    Trailing,
    /// The header is not complete.
    #[error("the list ends within its header")]
    NoHeader,
}

impl DoNotCall {
    /// Builds a list from keyed hashes in any order; equal ones become one.
    ///
    /// # Errors
    /// [`DncError::TooMany`] beyond [`MAX_ENTRIES`].
    pub fn build(
        version: u64,
        imported_at: UnixMs,
        hashes: impl IntoIterator<Item = u64>,
    ) -> Result<Self, DncError> {
        let mut all = Vec::new();
        for hash in hashes {
            if all.len() == MAX_ENTRIES {
                return Err(DncError::TooMany);
            }
            if all.len() == all.capacity() {
                all.reserve_exact(GROW_ENTRIES);
            }
            all.push(hash);
        }
        all.sort_unstable();
        all.dedup();
        Ok(Self::from_sorted(version, imported_at, all))
    }

    fn from_sorted(version: u64, imported_at: UnixMs, mut hashes: Vec<u64>) -> Self {
        hashes.shrink_to_fit();
        let mut index = vec![0_u32; BUCKETS + 1];
        for &hash in &hashes {
            index[bucket(hash) + 1] += 1;
        }
        for at in 0..BUCKETS {
            index[at + 1] += index[at];
        }
        Self { version, imported_at, hashes, index }
    }

    /// The hash is on the list.
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        let at = bucket(hash);
        let (from, to) = (self.index[at] as usize, self.index[at + 1] as usize);
        self.hashes[from..to].binary_search(&hash).is_ok()
    }

    /// The list asked for one number, as the gate wants it.
    #[must_use]
    pub fn ask(&self, hash: u64) -> DncFacts {
        DncFacts { version: self.version, imported_at: self.imported_at, hit: self.contains(hash) }
    }

    /// Version of the list.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When it was imported.
    #[must_use]
    pub const fn imported_at(&self) -> UnixMs {
        self.imported_at
    }

    /// Entries held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Bytes of memory held.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.hashes.capacity() * ENTRY_BYTES + self.index.capacity() * size_of::<u32>()
    }

    /// The written form in chunks: the header, then entries, big-endian, ascending.
    pub fn chunks(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let header = [
            MAGIC,
            self.version.to_be_bytes(),
            self.imported_at.0.to_be_bytes(),
            (self.hashes.len() as u64).to_be_bytes(),
        ]
        .concat();
        let bodies = self
            .hashes
            .chunks(CHUNK_ENTRIES)
            .map(|part| part.iter().flat_map(|hash| hash.to_be_bytes()).collect::<Vec<u8>>());
        std::iter::once(header).chain(bodies)
    }
}

impl std::fmt::Debug for DoNotCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, imported_at, hashes, index: _ } = self;
        write!(f, "DoNotCall {{ version: {version}, imported_at: {imported_at:?}, len: {} }}", hashes.len())
    }
}

fn bucket(hash: u64) -> usize {
    usize::try_from(hash >> (u64::BITS - INDEX_BITS)).unwrap_or(BUCKETS - 1)
}

/// Reads the written form, cut anywhere.
#[derive(Debug, Default)]
pub struct Reader {
    /// Bytes of an incomplete header or entry.
    pending: Vec<u8>,
    header: Option<Header>,
    hashes: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    version: u64,
    imported_at: UnixMs,
    count: usize,
}

impl Reader {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`DncError`] at the first byte that cannot belong to a list; the reader is then of no more use.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), DncError> {
        while !bytes.is_empty() {
            let wanted = if self.header.is_some() { ENTRY_BYTES } else { HEADER_BYTES };
            let (part, rest) = bytes.split_at(bytes.len().min(wanted - self.pending.len()));
            self.pending.extend_from_slice(part);
            bytes = rest;
            if self.pending.len() == wanted {
                self.take_pending()?;
            }
        }
        Ok(())
    }

    fn take_pending(&mut self) -> Result<(), DncError> {
        let words: Vec<u64> =
            self.pending.as_chunks::<ENTRY_BYTES>().0.iter().map(|word| u64::from_be_bytes(*word)).collect();
        self.pending.clear();
        match (self.header, words.as_slice()) {
            (None, [magic, version, imported_at, count]) => {
                if *magic != u64::from_be_bytes(MAGIC) {
                    return Err(DncError::BadMagic);
                }
                let count = usize::try_from(*count).ok().filter(|count| *count <= MAX_ENTRIES);
                let count = count.ok_or(DncError::TooMany)?;
                let imported_at = UnixMs(imported_at.cast_signed());
                self.header = Some(Header { version: *version, imported_at, count });
                Ok(())
            }
            (Some(header), [hash]) => self.take_entry(header, *hash),
            (None | Some(_), _) => Err(DncError::NoHeader),
        }
    }

    fn take_entry(&mut self, header: Header, hash: u64) -> Result<(), DncError> {
        if self.hashes.len() == header.count {
            return Err(DncError::Trailing);
        }
        if self.hashes.last().is_some_and(|last| *last >= hash) {
            return Err(DncError::Unsorted(self.hashes.len() + 1));
        }
        if self.hashes.len() == self.hashes.capacity() {
            let left = header.count - self.hashes.len();
            self.hashes.reserve_exact(left.min(GROW_ENTRIES));
        }
        self.hashes.push(hash);
        Ok(())
    }

    /// The list, if all of it came.
    ///
    /// # Errors
    /// [`DncError`] if bytes are missing or left over.
    pub fn finish(self) -> Result<DoNotCall, DncError> {
        let Some(header) = self.header else {
            return Err(DncError::NoHeader);
        };
        let held = self.hashes.len();
        if held < header.count {
            return Err(DncError::Truncated { announced: header.count, held });
        }
        if !self.pending.is_empty() {
            return Err(DncError::Trailing);
        }
        Ok(DoNotCall::from_sorted(header.version, header.imported_at, self.hashes))
    }
}
