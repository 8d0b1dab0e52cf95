//! What can go wrong with the ledger's files, one enum for each operation.

use crate::fs::FileError;
use crate::seal::SealError;
use ledger::{AppendError, Fault, OpenError};
use std::path::PathBuf;
use thiserror::Error;

use crate::ledger_files::MAX_BATCH_ENTRIES;

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
