//! The ports of the running process: the ledger's files, the keyring, batches in object files, the projection.
//!
//! They translate; what an entry means or who may read a key is not known here.

use crate::disk_key;
use crate::entries::{BatchEntry, Entry, StoredObject};
use crate::ports::{ContactPort, Draft, KeyPort, LedgerPort, PortError, StoredRow};
use crate::recovery;
use crate::state::{CallDisk, Calls, State};
use crate::subject_keys::{Held, SubjectKeys};
use custodians::{RecoverySecret, SetId};
use ledger::{AppendError, Head, SignedHead};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{
    Batch, Domain, Keyring, LedgerError, LedgerFiles, MAX_BATCH_ENTRIES, Objects, Projection, Tree,
    open_field, seal_field,
};
use vocab::{CallId, ObjectHash, PhoneNumber, Secret, SubjectId, UnixMs};

/// Rows of one shard of a batch: what is decrypted to reach one contact.
pub const SHARD_ROWS: u64 = 512;
/// Bytes of a shard or of a batch's index at most.
pub const MAX_SHARD_BYTES: usize = 16 * 1024 * 1024;
/// Shards kept decrypted; campaigns read their contacts in order.
const KEPT_SHARDS: usize = 8;
/// Indexes of batches kept.
const KEPT_INDEXES: usize = 8;

/// The ledger's files as the core's port.
#[derive(Debug)]
pub struct LedgerOnDisk(pub LedgerFiles);

impl LedgerPort for LedgerOnDisk {
    fn next_seq(&self) -> u64 {
        self.0.next_seq().unwrap_or(0)
    }

    fn append(&mut self, drafts: &[Draft]) -> Result<(), PortError> {
        for part in drafts.chunks(MAX_BATCH_ENTRIES) {
            let entries: Vec<_> =
                part.iter().map(|(kind, at, plain)| (*kind, *at, plain.as_slice())).collect();
            self.0.append_batch(&entries).map_err(|error| PortError::new("append to the ledger", error))?;
        }
        Ok(())
    }

    fn head(&self, now: UnixMs) -> Option<Head> {
        self.0.head(now)
    }

    fn append_head(&mut self, signed: &SignedHead, now: UnixMs) -> Result<bool, PortError> {
        match self.0.append_head(signed, now) {
            Ok(_) => Ok(true),
            // The TPM took so long that the head is no longer within reach: the next one covers it.
            Err(LedgerError::Entry { source: AppendError::ForeignHead(_), .. }) => Ok(false),
            Err(error) => Err(PortError::new("append a head", error)),
        }
    }
}

/// A subject's key.
pub type SubjectKey = Secret<[u8; 32]>;

/// The keyring and the subjects' keys, shared by the core and the worker.
#[derive(Debug)]
pub struct KeyFiles {
    keyring: Keyring,
    subjects: Mutex<SubjectKeys>,
    root: Secret<[u8; 32]>,
    folder: PathBuf,
    disk: PathBuf,
}

impl KeyFiles {
    /// Over an open keyring; the root key, the keys' folder and that of the disk's key are for the custodians alone.
    #[must_use]
    pub const fn new(
        keyring: Keyring,
        subjects: SubjectKeys,
        root: Secret<[u8; 32]>,
        folder: PathBuf,
        disk: PathBuf,
    ) -> Self {
        Self { keyring, subjects: Mutex::new(subjects), root, folder, disk }
    }

    /// The keyring.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The subject's key, made if needed but not yet durable; `None` if it was destroyed.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn key_unsynced(&self, subject: SubjectId) -> Result<(Option<SubjectKey>, bool), PortError> {
        let mut subjects = locked(&self.subjects);
        let context = subject.0;
        let wrong = |error| PortError::new("unwrap a subject's key", error);
        match subjects.held(subject)? {
            Held::Destroyed => Ok((None, false)),
            Held::Yes(wrapped) => Ok((Some(self.keyring.unwrap(&context, &wrapped).map_err(wrong)?), false)),
            Held::No => {
                let (key, wrapped) = self.keyring.new_key(&context).map_err(wrong)?;
                subjects.add(subject, &wrapped)?;
                Ok((Some(key), true))
            }
        }
    }

    /// Makes all keys durable. The lock is not held while the disk works.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn sync(&self) -> Result<(), PortError> {
        let (file, records) = locked(&self.subjects).sync_handle()?;
        file.sync_data().map_err(|error| PortError::new("sync the subjects' keys", error))?;
        locked(&self.subjects).synced(records)
    }

    /// Destroys a subject's key for good.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn destroy(&self, subject: SubjectId) -> Result<bool, PortError> {
        locked(&self.subjects).destroy(subject)
    }
}

/// The core's share of [`KeyFiles`].
#[derive(Debug, Clone)]
pub struct SharedKeys(pub Arc<KeyFiles>);

impl KeyPort for SharedKeys {
    fn subject_of(&self, number: &PhoneNumber) -> SubjectId {
        subject_of(self.0.keyring(), number)
    }

    fn subject_key(&self, subject: SubjectId) -> Result<Option<Secret<[u8; 32]>>, PortError> {
        let (key, fresh) = self.0.key_unsynced(subject)?;
        if fresh {
            self.0.sync()?;
        }
        Ok(key)
    }

    fn blacklist_key(&self) -> Secret<[u8; 32]> {
        self.0.keyring().domain_key(Domain::Projection)
    }

    fn keep_recovery_copy(&self, secret: &RecoverySecret) -> Result<(), PortError> {
        recovery::keep(&self.0.folder, &self.0.root, secret)?;
        match disk_key::held(&self.0.disk, &self.0.root) {
            Some(key) => recovery::keep_for_disk(&self.0.folder, &key, secret),
            None => Ok(()),
        }
    }

    fn disk_copy(&self, set: [u8; 4]) -> Option<Vec<u8>> {
        recovery::for_disk(&self.0.folder, SetId(set))
    }

    fn drop_recovery_copies(&self, in_force: Option<[u8; 4]>) -> Result<(), PortError> {
        recovery::drop_others(&self.0.folder, in_force)
    }
}

/// The subject behind a number: the start of its keyed hash.
#[must_use]
pub fn subject_of(keyring: &Keyring, number: &PhoneNumber) -> SubjectId {
    let hash = keyring.index_hash(number.digits());
    let mut subject = [0; 16];
    subject.copy_from_slice(&hash[..16]);
    SubjectId(subject)
}

/// Batches in object files: an index object names the shards, each shard holds [`SHARD_ROWS`] rows.
#[derive(Debug)]
pub struct BatchFiles {
    objects: Arc<Objects>,
    indexes: VecDeque<(ObjectHash, Vec<StoredObject>)>,
    shards: VecDeque<(ObjectHash, Vec<StoredRow>)>,
}

impl BatchFiles {
    /// Over the objects' folder.
    #[must_use]
    pub const fn new(objects: Arc<Objects>) -> Self {
        Self { objects, indexes: VecDeque::new(), shards: VecDeque::new() }
    }

    fn load<T: serde::de::DeserializeOwned>(&self, object: &StoredObject) -> Option<T> {
        match self.objects.get(object.hash, &object.key, MAX_SHARD_BYTES) {
            Ok(bytes) => postcard::from_bytes(&bytes).ok(),
            Err(error) => {
                log::error!("a batch cannot be read: {error}");
                None
            }
        }
    }

    fn shard(&mut self, batch: &BatchEntry, number: usize) -> Option<&Vec<StoredRow>> {
        if !self.indexes.iter().any(|(hash, _)| *hash == batch.index.hash) {
            let index: Vec<StoredObject> = self.load(&batch.index)?;
            self.indexes.truncate(KEPT_INDEXES - 1);
            self.indexes.push_front((batch.index.hash, index));
        }
        let (_, index) = self.indexes.iter().find(|(hash, _)| *hash == batch.index.hash)?;
        let object = index.get(number)?.clone();
        if !self.shards.iter().any(|(hash, _)| *hash == object.hash) {
            let rows: Vec<StoredRow> = self.load(&object)?;
            self.shards.truncate(KEPT_SHARDS - 1);
            self.shards.push_front((object.hash, rows));
        }
        self.shards.iter().find(|(hash, _)| *hash == object.hash).map(|(_, rows)| rows)
    }
}

impl ContactPort for BatchFiles {
    fn row(&mut self, batch: &BatchEntry, row: u64) -> Option<StoredRow> {
        let shard = usize::try_from(row / SHARD_ROWS).ok()?;
        let place = usize::try_from(row % SHARD_ROWS).ok()?;
        self.shard(batch, shard)?.get(place).cloned()
    }
}

const CALLS: Tree = Tree(1);
const STATE: Tree = Tree(2);
/// Bytes of a piece of the stored state; sealed, it fits a value.
const PIECE_BYTES: usize = 15 * 1024;
/// Pieces of the stored state at most: far beyond what a million contacts need.
const MAX_PIECES: u32 = 100_000;

/// The projection with its key.
pub struct Snapshots {
    projection: Mutex<Projection>,
    key: Secret<[u8; 32]>,
}

impl std::fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshots(…)")
    }
}

impl Snapshots {
    /// Over an open projection.
    #[must_use]
    pub const fn new(projection: Projection, key: Secret<[u8; 32]>) -> Self {
        Self { projection: Mutex::new(projection), key }
    }

    /// The stored state; `None` if there is none or it does not fit this build.
    #[must_use]
    pub fn load(&self) -> Option<State> {
        let projection = locked(&self.projection);
        let mut bytes = Vec::new();
        for piece in 0..MAX_PIECES {
            let name = piece.to_be_bytes();
            let Some(sealed) = projection.get(STATE, &name).ok()? else {
                break;
            };
            bytes.extend_from_slice(&open_field(&self.key, &name, &sealed).ok()?);
        }
        let state: State = postcard::from_bytes(&bytes).ok()?;
        (state.applied_seq == projection.applied_seq()).then_some(state)
    }

    /// Writes the state and the changed calls together; the calls may then leave memory.
    ///
    /// # Errors
    /// [`PortError`]; end the process then.
    pub fn store(&self, state: &State, calls: &mut Calls) -> Result<(), PortError> {
        let failed = |error: &dyn std::fmt::Display| PortError::new("store the projection", error);
        let mut projection = locked(&self.projection);
        if state.applied_seq <= projection.applied_seq() {
            return Ok(());
        }
        let mut batch = Batch::new();
        let bytes = postcard::to_stdvec(state).map_err(|error| failed(&error))?;
        let pieces = bytes.chunks(PIECE_BYTES);
        let count = u32::try_from(pieces.len()).map_err(|error| failed(&error))?;
        for (piece, number) in pieces.zip(0_u32..) {
            let name = number.to_be_bytes();
            let sealed = seal_field(&self.key, &name, piece).map_err(|error| failed(&error))?;
            batch.put(STATE, &name, &sealed).map_err(|error| failed(&error))?;
        }
        for number in count..MAX_PIECES {
            let name = number.to_be_bytes();
            if projection.get(STATE, &name).map_err(|error| failed(&error))?.is_none() {
                break;
            }
            batch.delete(STATE, &name).map_err(|error| failed(&error))?;
        }
        for (call, record) in calls.encode_fresh().map_err(|error| failed(&error))? {
            let name = call.0.to_be_bytes();
            let sealed = seal_field(&self.key, &name, &record).map_err(|error| failed(&error))?;
            batch.put(CALLS, &name, &sealed).map_err(|error| failed(&error))?;
        }
        projection.apply(&batch, state.applied_seq).map_err(|error| failed(&error))?;
        calls.written();
        Ok(())
    }

    /// Makes what was stored durable, so that the next start replays little.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn checkpoint(&self) -> Result<(), PortError> {
        locked(&self.projection).checkpoint().map_err(|error| PortError::new("checkpoint", error))
    }
}

/// The calls' share of [`Snapshots`].
#[derive(Debug, Clone)]
pub struct CallFiles(pub Arc<Snapshots>);

impl CallDisk for CallFiles {
    fn read(&self, call: CallId) -> Option<Vec<u8>> {
        let name = call.0.to_be_bytes();
        let sealed = locked(&self.0.projection).get(CALLS, &name).ok()??;
        open_field(&self.0.key, &name, &sealed).ok().map(|plain| plain.to_vec())
    }

    fn after(&self, after: CallId, max: usize) -> Vec<CallId> {
        let name = after.0.to_be_bytes();
        let rows = locked(&self.0.projection).scan(CALLS, &[], Some(&name), max).unwrap_or_default();
        let id =
            |(key, _): &(Vec<u8>, Vec<u8>)| Some(CallId(u64::from_be_bytes(key.as_slice().try_into().ok()?)));
        rows.iter().filter_map(id).collect()
    }

    fn before(&self, before: CallId, max: usize) -> Vec<(CallId, Vec<u8>)> {
        let name = before.0.to_be_bytes();
        let rows = locked(&self.0.projection).scan_back(CALLS, &[], Some(&name), max).unwrap_or_default();
        let row = |(key, sealed): &(Vec<u8>, Vec<u8>)| {
            let call = CallId(u64::from_be_bytes(key.as_slice().try_into().ok()?));
            Some((call, open_field(&self.0.key, key, sealed).ok()?.to_vec()))
        };
        rows.iter().filter_map(row).collect()
    }
}

/// Replays the ledger from where the state stands.
///
/// # Errors
/// [`PortError`] if an entry cannot be read: the ledger is then not this build's, or not whole.
pub fn replay(
    ledger: &LedgerFiles,
    state: &mut State,
    calls: &mut Calls,
    store: &Snapshots,
) -> Result<u64, PortError> {
    let from = state.applied_seq + 1;
    let mut replayed = 0_u64;
    let done = ledger.replay(from, |record| {
        let entry: Entry = postcard::from_bytes(record.payload)
            .map_err(|error| PortError::new("read an entry", format!("{}: {error}", record.seq)))?;
        state.pass_heads(record.seq - 1);
        state.apply(calls, record.seq, record.time, &entry);
        replayed += 1;
        if calls.in_memory() > MAX_CALLS_IN_MEMORY {
            store.store(state, calls)?;
        }
        Ok::<(), PortError>(())
    });
    let last = done.map_err(|error| PortError::new("replay the ledger", error_text(&error)))?;
    state.pass_heads(last);
    Ok(replayed)
}

fn error_text(error: &store::ReplayError<PortError>) -> String {
    match error {
        store::ReplayError::Receiver(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

/// A lock whose holder panicked guards plain data that is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls kept in memory before they are written out.
pub const MAX_CALLS_IN_MEMORY: usize = 20_000;
