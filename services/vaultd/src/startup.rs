//! From folders and a TPM to a running core: first start, unsealing, recovery, replay.
//!
//! It never makes new keys where there is old data, and never repairs more than a torn tail.

use crate::disk_key;
use crate::entries::{Entry, EntryResult, Event, Who};
use crate::files::{BatchFiles, CallFiles, KeyFiles, LedgerOnDisk, SharedKeys, Snapshots, replay};
use crate::import::load_do_not_call;
use crate::ports::{Clock, PortError};
use crate::recovery::{self, RecoveryError};
use crate::start_keys::{Opened, first_keys, open_keys};
use crate::state::{Calls, SCHEMA, State};
use crate::subject_keys::SubjectKeys;
use crate::tape_files::{TapeFiles, TapesOnDisk};
use crate::vault::{Ports, Vault};
use idl::hello::Process;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{
    Domain, HeadKey, Keyring, KeyringError, LedgerFiles, LedgerOpenError, ObjectError, Objects, Projection,
    ProjectionError, ProjectionOptions,
};
use thiserror::Error;
use vocab::{ObjectHash, Secret, UnixMs};

/// Where everything lies.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Ledger, keys, projection.
    pub state: PathBuf,
    /// Object files.
    pub objects: PathBuf,
    /// Recordings.
    pub recordings: PathBuf,
    /// Traces of D channels: `lined` makes and writes them.
    pub traces: PathBuf,
    /// Where three custodians' shares are left for a start that cannot unseal.
    pub shares: PathBuf,
}

impl Folders {
    /// The ledger's folder.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.state.join("ledger")
    }

    /// The folder of bundles, which `hostd` installs from.
    #[must_use]
    pub fn bundles(&self) -> PathBuf {
        self.recordings.with_file_name("bundles")
    }

    /// The folder of diagnostics bundles, which `hostd` writes.
    #[must_use]
    pub fn diagnostics(&self) -> PathBuf {
        self.recordings.with_file_name("diagnostics")
    }

    /// The folder in which the first stage of the boot leaves the disk's recovery key.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.state.with_file_name("disk")
    }

    /// The folder of console sessions' recordings.
    #[must_use]
    pub fn consoles(&self) -> PathBuf {
        self.state.join("consoles")
    }

    fn keys(&self) -> PathBuf {
        self.state.join("keys")
    }
}

/// What the TPM does for this process.
pub trait Chip {
    /// Whether it is a real chip, in words for the status page.
    fn kind(&self) -> String;
    /// A fresh root key.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn new_root(&self) -> Result<Secret<[u8; 32]>, String>;
    /// Seals the root key; the bytes to store.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn seal(&self, root: &Secret<[u8; 32]>) -> Result<Vec<u8>, String>;
    /// Unseals it.
    ///
    /// # Errors
    /// The TPM's, in words that say what to do.
    fn unseal(&self, sealed: &[u8]) -> Result<Secret<[u8; 32]>, String>;
    /// Whether it would seal these bytes the way they are sealed.
    fn sealed_as_wanted(&self, sealed: &[u8]) -> bool;
    /// Makes the signing key; the bytes to store.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn new_signing_key(&self) -> Result<Vec<u8>, String>;
    /// Loads the signing key; its public half as PEM.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn load_signing_key(&self, wrapped: &[u8]) -> Result<String, String>;
    /// Signs a head's message: r ‖ s.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String>;
}

/// Why it does not start. Each says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is data, but no sealed root key.
    #[error(
        "there is data in {0}, but its sealed root key is missing: restore the folder `keys` from the backup \
         or recover the key with the custodians' shares; no new keys are made over old data"
    )]
    KeyMissing(PathBuf),
    /// The TPM does not do its part.
    #[error("the TPM cannot {step}: {reason}")]
    Tpm {
        /// What was asked.
        step: &'static str,
        /// Why not, and what to do.
        reason: String,
    },
    /// The root key does not unseal, and the shares did not help.
    #[error(
        "the TPM cannot unseal the root key: {reason}; and the custodians' shares did not open it: {shares}"
    )]
    Recovery {
        /// The TPM's reason.
        reason: String,
        /// Why the shares did not.
        #[source]
        shares: RecoveryError,
    },
    /// The keyring does not open.
    #[error("the keyring: {0}; restore it from the backup of this box")]
    Keyring(#[from] KeyringError),
    /// The ledger does not open.
    #[error("the ledger: {0}; it is never repaired: run `ringfence-ledger verify` and call support")]
    Ledger(#[from] LedgerOpenError),
    /// The projection cannot be made.
    #[error("the projection: {0}")]
    Projection(#[from] ProjectionError),
    /// The objects' folder does not open.
    #[error("the objects: {0}")]
    Objects(#[from] ObjectError),
    /// A file failed.
    #[error("{step}: {source}")]
    File {
        /// What was done.
        step: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A stored file failed.
    #[error(transparent)]
    Store(#[from] store::FileError),
}

/// A started core and what its threads share with it.
#[derive(Debug)]
pub struct Started {
    /// The core; its first entries are staged.
    pub vault: Vault,
    /// The projection.
    pub snapshots: Arc<Snapshots>,
    /// The objects.
    pub objects: Arc<Objects>,
    /// The keys.
    pub keys: Arc<KeyFiles>,
    /// Console sessions' recordings.
    pub tapes: Arc<TapeFiles>,
    /// The public key of heads.
    pub head_key: HeadKey,
    /// Bytes of a torn tail that was cut.
    pub cut_bytes: u64,
    /// Entries replayed.
    pub replayed: u64,
}

/// Opens everything.
///
/// # Errors
/// [`StartError`], each saying what to do.
pub fn start(folders: &Folders, chip: &dyn Chip, clock: Clock) -> Result<Started, StartError> {
    for dir in [&folders.state, &folders.objects, &folders.recordings] {
        std::fs::create_dir_all(dir).map_err(|source| StartError::File { step: "make a folder", source })?;
    }
    let keys = folders.keys();
    if !keys.exists() {
        if has_data(folders) {
            return Err(StartError::KeyMissing(folders.state.clone()));
        }
        first_keys(&keys, chip, clock.now)?;
    }
    let opened = open_keys(&keys, &folders.shares, chip)?;
    let (mut ledger, recovery) =
        LedgerFiles::open(&folders.ledger(), opened.keyring.ledger_key(), clock.now)?;
    if recovery.last_seq == 0 {
        note(&mut ledger, Event::Genesis { tpm: chip.kind() }, clock.now)?;
    }
    // Written down first: a power cut in between tells it twice, not never.
    for event in opened.events() {
        note(&mut ledger, event, clock.now)?;
    }
    let owed = opened.keep(&keys)?;
    let keys_recovered = opened.recovered.is_some();
    let Opened { keyring, head_key, root, .. } = opened;
    if let Err(error) = disk_key::take(&folders.disk(), &root) {
        // The box works without it; the page says that the disk has no recovery.
        log::error!("{error}");
    }
    let objects = Arc::new(Objects::open(&folders.objects)?);
    let (snapshots, state, calls, replayed) = project(folders, &keyring, &ledger, clock.now)?;
    let dnc = match &state.dnc {
        Some(known) => match load_do_not_call(&objects, &known.object) {
            Ok(list) => Some(list),
            Err(error) => {
                // The gate refuses marketing without a list, so this fails closed.
                log::error!("{error}");
                None
            }
        },
        None => None,
    };
    let tapes = TapeFiles::open(folders.consoles(), keyring.domain_key(Domain::Console))
        .map_err(|source| StartError::File { step: "make the folder of console recordings", source })?;
    let tapes = Arc::new(tapes);
    let subjects = SubjectKeys::open(&folders.state.join("subject-keys"))?;
    let keys = Arc::new(KeyFiles::new(keyring, subjects, root, keys, folders.disk()));
    recovery::drop_others(&folders.keys(), state.custody.as_ref().map(|kept| kept.set))?;
    let ports = Ports {
        ledger: Box::new(LedgerOnDisk(ledger)),
        keys: Box::new(SharedKeys(Arc::clone(&keys))),
        contacts: Box::new(BatchFiles::new(Arc::clone(&objects))),
        tapes: Box::new(TapesOnDisk::new(Arc::clone(&tapes))),
        entropy: Box::new(|bytes| {
            assert!(getrandom::fill(bytes).is_ok(), "the operating system always gives random bytes");
        }),
    };
    let mut vault = Vault::new(state, calls, dnc, ports, clock);
    let signed = recovery.last_head.map_or((0, None), |head| (head.head.seq, Some(head.head.time)));
    vault.set_signed(signed.0, signed.1);
    vault.set_shares_owed(owed);
    vault.set_keys_recovered(keys_recovered);
    let cut_bytes = recovery.cut.as_ref().map_or(0, |cut| cut.bytes);
    Ok(Started { vault, snapshots, objects, keys, tapes, head_key, cut_bytes, replayed })
}

/// Writes what the start itself did, before anything is served.
fn note(ledger: &mut LedgerFiles, event: Event, now: UnixMs) -> Result<(), StartError> {
    let entry =
        Entry { who: Who::Process(Process::Vaultd), from: Process::Vaultd, result: EntryResult::Done, event };
    let plain =
        postcard::to_stdvec(&entry).map_err(|error| PortError::new("write an entry of the start", error))?;
    let appended = ledger.append_batch(&[(entry.event.kind(), now, &plain)]);
    appended.map_err(|error| PortError::new("write an entry of the start", error))?;
    Ok(())
}

fn has_data(folders: &Folders) -> bool {
    let holds = |dir: &Path, wanted: &dyn Fn(&str) -> bool| {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return false;
        };
        entries.flatten().any(|entry| wanted(&entry.file_name().to_string_lossy()))
    };
    let object = |name: &str| name.len() == 2 * size_of::<ObjectHash>();
    holds(&folders.ledger(), &|name| name.starts_with("segment-"))
        || holds(&folders.objects, &object)
        || holds(&folders.recordings, &|name| name.ends_with(".rfr"))
}

type Projected = (Arc<Snapshots>, State, Calls, u64);

fn project(
    folders: &Folders,
    keyring: &Keyring,
    ledger: &LedgerFiles,
    now: UnixMs,
) -> Result<Projected, StartError> {
    let dir = folders.state.join("projection");
    let last = ledger.next_seq().unwrap_or(1) - 1;
    let key = keyring.domain_key(Domain::Projection);
    let options = |now| ProjectionOptions {
        dir: &dir,
        schema: SCHEMA,
        cache_bytes: CACHE_BYTES,
        ledger_last_seq: last,
        now,
    };
    let (projection, opened) = Projection::open(&options(now))?;
    log::info!("the projection: {opened:?}");
    let fresh = projection.applied_seq() == 0;
    let mut snapshots = Snapshots::new(projection, key.clone());
    let mut state = State::default();
    if !fresh {
        if let Some(stored) = snapshots.load() {
            state = stored;
        } else {
            log::warn!("the projection does not hold a state of this build: it is made anew");
            drop(snapshots);
            std::fs::remove_dir_all(&dir)
                .map_err(|source| StartError::File { step: "remove the projection", source })?;
            snapshots = Snapshots::new(Projection::open(&options(now))?.0, key);
        }
    }
    let snapshots = Arc::new(snapshots);
    let mut calls = Calls::new(Box::new(CallFiles(Arc::clone(&snapshots))));
    let replayed = replay(ledger, &mut state, &mut calls, &snapshots)?;
    Ok((snapshots, state, calls, replayed))
}

const CACHE_BYTES: u64 = 64 * 1024 * 1024;
