//! Everything that lies on the disk: the ledger's segments, the projection, object files and wrapped keys.
//!
//! It owns files, locks, fdatasync and sled. It does not know what an entry means, who may read what, or where
//! the root key comes from. Nothing here retries a failed write or fdatasync: after one, the page cache and the
//! disk may differ, so the handle is dead and the process must restart and read again.

mod fs;
mod keyring;
mod ledger_back;
mod ledger_error;
mod ledger_files;
mod ledger_open;
mod ledger_verify;
mod objects;
mod projection;
mod seal;

pub use fs::{FileError, write_whole};
pub use keyring::{Domain, Keyring, KeyringError, WRAPPED_KEY_BYTES, WrappedKey};
pub use ledger::{Appended, Head, HeadKey, LedgerKey, SignedHead, SignedSpan};
pub use ledger_back::{BackEntry, BackError, LedgerBack};
pub use ledger_error::{LedgerError, LedgerOpenError, ReplayError};
pub use ledger_files::{EntryRef, LedgerFiles, MAX_BATCH_ENTRIES, Record};
pub use ledger_open::{Cut, Recovery};
pub use ledger_verify::{Listed, SegmentReport, VerifyError, VerifyReport, verify_dir};
pub use objects::{OBJECT_CHUNK_BYTES, ObjectError, ObjectReader, ObjectWriter, Objects};
pub use projection::{
    Batch, MAX_KEY_BYTES, MAX_SCAN_ROWS, MAX_SET_ASIDE, MAX_VALUE_BYTES, Opened, Projection, ProjectionError,
    ProjectionOptions, Row, SetAside, Tree,
};
pub use seal::{SealError, open_field, random_key, seal_field};
