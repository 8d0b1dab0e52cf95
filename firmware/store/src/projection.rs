//! The projection: a sled store that can always be thrown away and rebuilt from the ledger.
//!
//! sled 0.34.7 panics on a flipped byte, opens a truncated file with records silently missing, refuses to open
//! after a crash at the wrong moment, and its `flush` is not durable. Therefore: leftovers are removed before
//! opening; opening and every use are guarded; each batch carries the seq it reflects and a sum over all
//! records, which opening compares with what is there; whatever does not fit is set aside and an empty
//! projection is handed out for the caller to replay into. Where a panic ends the process (release builds), a
//! mark beside the folder tells the next opening. It knows nothing of what records mean.

use crate::fs::{At, FileError, create_dir, names, remove_if_there, sync_dir};
use aws_lc_rs::digest::{Context, SHA256};
use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use thiserror::Error;
use vocab::UnixMs;

/// The longest key.
pub const MAX_KEY_BYTES: usize = 512;
/// The longest value.
pub const MAX_VALUE_BYTES: usize = 16 * 1024 - 1;
/// The most rows one scan returns; continue after the last key.
pub const MAX_SCAN_ROWS: usize = 1_000;
/// Damaged folders kept for inspection.
pub const MAX_SET_ASIDE: usize = 2;

const META_TREE: u8 = 0;
const META_KEY: &[u8] = b"state";
const META_BYTES: usize = 36;
const MARK_EXTENSION: &str = "suspect";
const ASIDE_INFIX: &str = ".damaged-";

/// One kind of records. Number 0 is taken by the projection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree(pub u8);

/// One record: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// How to open a projection.
#[derive(Debug, Clone, Copy)]
pub struct ProjectionOptions<'a> {
    /// Its folder.
    pub dir: &'a Path,
    /// The version of the records' meaning; another one on the disk is set aside.
    pub schema: u32,
    /// The most memory of sled's page cache.
    pub cache_bytes: u64,
    /// The ledger's last entry: a projection that is ahead of it is set aside.
    pub ledger_last_seq: u64,
    /// The time, for the name of a folder set aside.
    pub now: UnixMs,
}

/// Why a projection was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetAside {
    /// sled refused or panicked when it opened.
    DoesNotOpen(String),
    /// The last process died while sled was opening, or in sled.
    DiedInside,
    /// It was written by another version.
    Schema {
        /// The version on the disk.
        found: u32,
    },
    /// Records are missing or too many.
    Incomplete,
    /// It reflects entries the ledger does not have.
    AheadOfLedger {
        /// The entry it reflects.
        applied_seq: u64,
    },
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Whole: replay from `applied_seq + 1`.
    Kept,
    /// There was none: replay from the beginning.
    New,
    /// It was set aside: replay from the beginning.
    Rebuilt(SetAside),
}

/// Why the projection failed. Except for `Limit` and `Backwards`, end the process: the next start rebuilds.
#[derive(Debug, Error)]
pub enum ProjectionError {
    /// The storage failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// sled reported an error or panicked.
    #[error("the projection is damaged: {0}")]
    Damaged(String),
    /// A key or value is longer than allowed, or the tree is the projection's own.
    #[error("a key of {key} or a value of {value} bytes, or the tree {tree}, is not allowed")]
    Limit {
        /// The tree.
        tree: u8,
        /// Bytes of the key.
        key: usize,
        /// Bytes of the value.
        value: usize,
    },
    /// A batch does not come after what is applied.
    #[error("entry {batch} does not come after entry {applied}, which is applied")]
    Backwards {
        /// What is applied.
        applied: u64,
        /// What the batch reflects.
        batch: u64,
    },
}

/// Changes that are applied together. The last change of a key counts.
#[derive(Debug, Default)]
pub struct Batch(BTreeMap<Vec<u8>, Option<Vec<u8>>>);

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record.
    ///
    /// # Errors
    /// [`ProjectionError::Limit`].
    pub fn put(&mut self, tree: Tree, key: &[u8], value: &[u8]) -> Result<(), ProjectionError> {
        check_limits(tree, key, value.len())?;
        self.0.insert(full_key(tree, key), Some(value.to_vec()));
        Ok(())
    }

    /// Removes a record, if it is there.
    ///
    /// # Errors
    /// [`ProjectionError::Limit`].
    pub fn delete(&mut self, tree: Tree, key: &[u8]) -> Result<(), ProjectionError> {
        check_limits(tree, key, 0)?;
        self.0.insert(full_key(tree, key), None);
        Ok(())
    }

    /// Does it change nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What stands in the projection's own record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Meta {
    schema: u32,
    applied_seq: u64,
    records: u64,
    sum: u128,
}

impl Meta {
    fn encode(self) -> [u8; META_BYTES] {
        let mut out = [0_u8; META_BYTES];
        out[0..4].copy_from_slice(&self.schema.to_be_bytes());
        out[4..12].copy_from_slice(&self.applied_seq.to_be_bytes());
        out[12..20].copy_from_slice(&self.records.to_be_bytes());
        out[20..36].copy_from_slice(&self.sum.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (schema, rest) = bytes.split_first_chunk()?;
        let (applied_seq, rest) = rest.split_first_chunk()?;
        let (records, rest) = rest.split_first_chunk()?;
        Some(Self {
            schema: u32::from_be_bytes(*schema),
            applied_seq: u64::from_be_bytes(*applied_seq),
            records: u64::from_be_bytes(*records),
            sum: u128::from_be_bytes(rest.try_into().ok()?),
        })
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_add(1);
        self.sum = self.sum.wrapping_add(fingerprint(key, value));
    }

    fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(fingerprint(key, value));
    }
}

/// The open projection.
#[derive(Debug)]
pub struct Projection {
    dir: PathBuf,
    db: sled::Db,
    meta: Meta,
}

impl Projection {
    /// Opens the projection, or sets it aside and opens an empty one.
    ///
    /// # Errors
    /// [`ProjectionError`] only where not even an empty one can be made.
    pub fn open(options: &ProjectionOptions<'_>) -> Result<(Self, Opened), ProjectionError> {
        let parent = options.dir.parent().unwrap_or(Path::new("."));
        create_dir(parent)?;
        mark_on_panic(&mark_path(options.dir));
        let there = options.dir.exists();
        let why = if there { Self::try_existing(options)? } else { Ok(None) };
        match why {
            Ok(Some(kept)) => Ok((kept, Opened::Kept)),
            Ok(None) => Ok((Self::create(options)?, Opened::New)),
            Err(why) => {
                set_aside(options.dir, options.now)?;
                Ok((Self::create(options)?, Opened::Rebuilt(why)))
            }
        }
    }

    /// The last ledger entry this projection reflects.
    #[must_use]
    pub const fn applied_seq(&self) -> u64 {
        self.meta.applied_seq
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, ProjectionError> {
        check_limits(tree, key, 0)?;
        self.guard(|| Ok(self.db.get(full_key(tree, key))?.map(|value| value.to_vec())))
    }

    /// Reads records whose key begins with `prefix`, in order, after the key `after`, at most `limit`
    /// (and [`MAX_SCAN_ROWS`]).
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub fn scan(
        &self,
        tree: Tree,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, ProjectionError> {
        check_limits(tree, prefix, 0)?;
        let prefix = full_key(tree, prefix);
        let start = after.map_or_else(|| prefix.clone(), |after| [full_key(tree, after), vec![0]].concat());
        self.guard(|| {
            let mut rows = Vec::new();
            for row in self.db.range(start.max(prefix.clone())..).take(limit.min(MAX_SCAN_ROWS)) {
                let (key, value) = row?;
                if !key.starts_with(&prefix) {
                    break;
                }
                rows.push((key[1..].to_vec(), value.to_vec()));
            }
            Ok(rows)
        })
    }

    /// Reads records whose key begins with `prefix`, in reverse order, before the key `before`, at most
    /// `limit` (and [`MAX_SCAN_ROWS`]).
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub fn scan_back(
        &self,
        tree: Tree,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, ProjectionError> {
        check_limits(tree, prefix, 0)?;
        let first = full_key(tree, prefix);
        // Past every key with this prefix: none is longer than a key may be.
        let past = || [first.clone(), vec![u8::MAX; MAX_KEY_BYTES + 1]].concat();
        let end = before.map_or_else(past, |before| full_key(tree, before)).max(first.clone());
        self.guard(|| {
            let mut rows = Vec::new();
            for row in self.db.range(first.clone()..end.clone()).rev().take(limit.min(MAX_SCAN_ROWS)) {
                let (key, value) = row?;
                if !key.starts_with(&first) {
                    break;
                }
                rows.push((key[1..].to_vec(), value.to_vec()));
            }
            Ok(rows)
        })
    }

    /// Applies a batch and the seq it reflects together. The seq must grow.
    ///
    /// # Errors
    /// [`ProjectionError`]; nothing of the batch is applied.
    pub fn apply(&mut self, batch: &Batch, applied_seq: u64) -> Result<(), ProjectionError> {
        if applied_seq <= self.meta.applied_seq {
            return Err(ProjectionError::Backwards { applied: self.meta.applied_seq, batch: applied_seq });
        }
        let mut meta = Meta { applied_seq, ..self.meta };
        self.guard(|| {
            let mut changes = sled::Batch::default();
            for (key, value) in &batch.0 {
                if let Some(old) = self.db.get(key)? {
                    meta.remove(key, &old);
                }
                match value {
                    Some(value) => {
                        meta.add(key, value);
                        changes.insert(key.as_slice(), value.as_slice());
                    }
                    None => changes.remove(key.as_slice()),
                }
            }
            changes.insert(meta_key(), meta.encode().as_slice());
            self.db.apply_batch(changes)
        })?;
        self.meta = meta;
        Ok(())
    }

    /// Makes what is applied durable, so that the next start replays little.
    ///
    /// # Errors
    /// [`ProjectionError`].
    pub fn checkpoint(&self) -> Result<(), ProjectionError> {
        self.guard(|| self.db.flush())?;
        let file = self.dir.join("db");
        File::open(&file).and_then(|file| file.sync_data()).at("sync", &file)?;
        sync_dir(&self.dir)?;
        Ok(self.dir.parent().map_or(Ok(()), sync_dir)?)
    }

    /// The outer result is the storage's, the inner one says why the existing projection cannot be kept.
    fn try_existing(options: &ProjectionOptions<'_>) -> Result<Result<Option<Self>, SetAside>, FileError> {
        let mark = mark_path(options.dir);
        if mark.exists() {
            remove_if_there(&mark)?;
            return Ok(Err(SetAside::DiedInside));
        }
        for name in names(options.dir)?.iter().filter(|name| name.ends_with(".generating")) {
            remove_if_there(&options.dir.join(name))?;
        }
        File::create(&mark).at("create", &mark)?;
        let opened = open_sled(options);
        // After a panic inside sled the hook has set the mark again; it has done its work here.
        remove_if_there(&mark)?;
        Ok(opened.and_then(|(db, meta)| {
            if meta.schema != options.schema {
                return Err(SetAside::Schema { found: meta.schema });
            }
            if meta.applied_seq > options.ledger_last_seq {
                return Err(SetAside::AheadOfLedger { applied_seq: meta.applied_seq });
            }
            Ok(Some(Self { dir: options.dir.to_owned(), db, meta }))
        }))
    }

    fn create(options: &ProjectionOptions<'_>) -> Result<Self, ProjectionError> {
        remove_if_there(&mark_path(options.dir))?;
        let db = guarded(|| config(options).open()).map_err(ProjectionError::Damaged)?;
        let meta = Meta { schema: options.schema, ..Meta::default() };
        let projection = Self { dir: options.dir.to_owned(), db, meta };
        projection.guard(|| projection.db.insert(meta_key(), meta.encode().as_slice()))?;
        projection.checkpoint()?;
        Ok(projection)
    }

    fn guard<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<T, ProjectionError> {
        guarded(work).map_err(|why| {
            // The next start must not trust this folder; if even the mark fails, its sum will tell.
            let _marked = File::create(mark_path(&self.dir));
            ProjectionError::Damaged(why)
        })
    }
}

fn open_sled(options: &ProjectionOptions<'_>) -> Result<(sled::Db, Meta), SetAside> {
    let (db, stored) = guarded(|| {
        let db = config(options).open()?;
        let stored = db.get(meta_key())?;
        Ok((db, stored))
    })
    .map_err(SetAside::DoesNotOpen)?;
    let stored = stored.and_then(|stored| Meta::decode(&stored)).ok_or(SetAside::Incomplete)?;
    // Reading every record now meets every damaged page now, and shows whether any is missing.
    let found = guarded(|| {
        let mut found = Meta { schema: stored.schema, applied_seq: stored.applied_seq, ..Meta::default() };
        for row in db.iter() {
            let (key, value) = row?;
            if key.first() != Some(&META_TREE) {
                found.add(&key, &value);
            }
        }
        Ok(found)
    })
    .map_err(SetAside::DoesNotOpen)?;
    if found == stored { Ok((db, stored)) } else { Err(SetAside::Incomplete) }
}

fn config(options: &ProjectionOptions<'_>) -> sled::Config {
    sled::Config::new()
        .path(options.dir)
        .cache_capacity(options.cache_bytes)
        .mode(sled::Mode::LowSpace)
        .flush_every_ms(None)
}

fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it panicked".to_owned())),
    }
}

/// Lets a panic inside sled leave its mark even where panics end the process. The first folder counts: a
/// process has one projection.
fn mark_on_panic(mark: &Path) {
    static HOOK: Once = Once::new();
    let mark = mark.to_owned();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|at| at.file().contains("/sled-")) {
                let _marked = File::create(&mark);
            }
            before(info);
        }));
    });
}

fn mark_path(dir: &Path) -> PathBuf {
    dir.with_extension(MARK_EXTENSION)
}

/// Renames the folder and keeps the newest [`MAX_SET_ASIDE`] of its kind.
fn set_aside(dir: &Path, now: UnixMs) -> Result<(), FileError> {
    let parent = dir.parent().unwrap_or(Path::new("."));
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut aside = parent.join(format!("{name}{ASIDE_INFIX}{:015}", now.0));
    let mut attempt = 0_u32;
    while aside.exists() {
        attempt += 1;
        aside = parent.join(format!("{name}{ASIDE_INFIX}{:015}-{attempt:04}", now.0));
    }
    std::fs::rename(dir, &aside).at("set aside", dir)?;
    let kind = format!("{name}{ASIDE_INFIX}");
    let mut old: Vec<_> = names(parent)?.into_iter().filter(|name| name.starts_with(&kind)).collect();
    while old.len() > MAX_SET_ASIDE {
        let oldest = parent.join(old.remove(0));
        std::fs::remove_dir_all(&oldest).at("remove", &oldest)?;
    }
    sync_dir(parent)
}

fn check_limits(tree: Tree, key: &[u8], value: usize) -> Result<(), ProjectionError> {
    if tree.0 == META_TREE || key.len() > MAX_KEY_BYTES || value > MAX_VALUE_BYTES {
        return Err(ProjectionError::Limit { tree: tree.0, key: key.len(), value });
    }
    Ok(())
}

fn full_key(tree: Tree, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(tree.0);
    full.extend_from_slice(key);
    full
}

fn meta_key() -> Vec<u8> {
    full_key(Tree(META_TREE), META_KEY)
}

fn fingerprint(key: &[u8], value: &[u8]) -> u128 {
    let mut context = Context::new(&SHA256);
    context.update(&(key.len() as u64).to_be_bytes());
    context.update(key);
    context.update(value);
    let digest = context.finish();
    let mut out = [0_u8; 16];
    out.copy_from_slice(&digest.as_ref()[..16]);
    u128::from_be_bytes(out)
}
