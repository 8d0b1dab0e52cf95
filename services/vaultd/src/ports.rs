//! What the core needs from outside, as traits: the ledger's disk, the keys, the contacts' rows.
//!
//! The running process puts files and the TPM behind them, tests put memory. No decision is made here.

use crate::entries::{BatchEntry, Sealed};
use custodians::RecoverySecret;
use idl::account::SessionId;
use jiff::civil::Date;
use ledger::{Head, SignedHead};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vocab::{PhoneNumber, Pii, Secret, SubjectId, UnixMs};

/// An entry to append: kind, instant, plaintext.
pub type Draft = (u16, UnixMs, Vec<u8>);

/// Why the ledger or the keys failed. After it the process ends and starts anew: what is durable is the truth.
#[derive(Debug, Error)]
#[error("{step}: {reason}")]
pub struct PortError {
    /// What was being done.
    pub step: &'static str,
    /// What went wrong; holds no personal data.
    pub reason: String,
}

impl PortError {
    /// An error of a step.
    pub fn new(step: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { step, reason: reason.to_string() }
    }
}

/// The ledger's disk.
pub trait LedgerPort {
    /// The seq the next entry will get.
    fn next_seq(&self) -> u64;
    /// Appends all of these and makes them durable together; their seqs follow each other without a gap.
    ///
    /// # Errors
    /// Nothing may be relied upon then.
    fn append(&mut self, drafts: &[Draft]) -> Result<(), PortError>;
    /// The head to sign now.
    fn head(&self, now: UnixMs) -> Option<Head>;
    /// Appends a signed head, durable; it takes one seq. `false`: the ledger has moved too far past it.
    ///
    /// # Errors
    /// As [`LedgerPort::append`].
    fn append_head(&mut self, signed: &SignedHead, now: UnixMs) -> Result<bool, PortError>;
}

/// The keys of data subjects and the key of the number index.
pub trait KeyPort {
    /// The keyed hash of a number: its first 16 bytes name the subject, its first eight the entry of a list.
    fn subject_of(&self, number: &PhoneNumber) -> SubjectId;
    /// The subject's key, made if it is not there and was never destroyed.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn subject_key(&self, subject: SubjectId) -> Result<Option<Secret<[u8; 32]>>, PortError>;
    /// The key of the blacklist's numbers.
    fn blacklist_key(&self) -> Secret<[u8; 32]>;
    /// Keeps a copy of the root key that this secret opens, and of the disk's recovery key where the box has one.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn keep_recovery_copy(&self, secret: &RecoverySecret) -> Result<(), PortError>;
    /// The copy for the disk of a set; `None`: the disk has no recovery key.
    fn disk_copy(&self, set: [u8; 4]) -> Option<Vec<u8>>;
    /// Removes the copies of all sets but this one.
    ///
    /// # Errors
    /// If one cannot be removed.
    fn drop_recovery_copies(&self, in_force: Option<[u8; 4]>) -> Result<(), PortError>;
}

/// What a contact's row holds of the person, as stored under the person's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPerson {
    /// The number.
    pub number: PhoneNumber,
    /// The name.
    pub name: Option<Pii<String>>,
    /// Order number.
    pub order_no: Option<Pii<String>>,
    /// What the person asked for.
    pub demand: Option<Pii<String>>,
    /// Tag.
    pub tag: Option<Pii<String>>,
    /// The question.
    pub issue: Option<Pii<String>>,
    /// Consent.
    pub consent: Option<ConsentHeld>,
    /// Birth date.
    pub birth: Option<Pii<Date>>,
    /// The source attests an adult, or the contrary.
    pub adult: Option<bool>,
}

/// A consent as held with a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentHeld {
    /// What was agreed to.
    pub purpose: String,
    /// When.
    pub given_at: UnixMs,
    /// Until when.
    pub expires_at: Option<UnixMs>,
    /// How.
    pub channel: String,
    /// Where the evidence is.
    pub evidence: Option<Pii<String>>,
}

/// A row as it lies in its batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRow {
    /// The person behind the number.
    pub subject: SubjectId,
    /// [`ContactPerson`], sealed under the person's key.
    pub person: Sealed,
}

/// The rows of stored batches.
pub trait ContactPort {
    /// A row; `None` if the object is missing or damaged.
    fn row(&mut self, batch: &BatchEntry, row: u64) -> Option<StoredRow>;
}

/// Where the time stands when a command is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Wall time.
    pub now: UnixMs,
    /// `CLOCK_BOOTTIME` in milliseconds.
    pub boot_ms: u64,
    /// A time source holds the wall clock.
    pub synchronised: bool,
}

/// Fills a buffer with random bytes.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// What stands of a console session's recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TapeSum {
    /// Pieces.
    pub pieces: u32,
    /// Bytes of them all.
    pub bytes: u64,
    /// How long it is.
    pub length_ms: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// The recordings of console sessions. An error ends the session that is recorded, never the process.
pub trait TapePort {
    /// Opens a session's recording to go on with it; what stands of it.
    ///
    /// # Errors
    /// If it cannot be written.
    fn resume(&mut self, session: SessionId) -> Result<TapeSum, PortError>;
    /// Adds a piece, durable.
    ///
    /// # Errors
    /// If it is not durable, or the recording is not open.
    fn append(
        &mut self,
        session: SessionId,
        index: u32,
        length_ms: u64,
        piece: &[u8],
    ) -> Result<(), PortError>;
    /// Closes it; what stands of it.
    ///
    /// # Errors
    /// If it cannot be read.
    fn sum(&mut self, session: SessionId) -> Result<TapeSum, PortError>;
    /// Removes it.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&mut self, session: SessionId) -> Result<(), PortError>;
}
