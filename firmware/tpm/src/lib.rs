//! The TPM 2.0: the root key sealed to measured boot, and the key that signs the ledger's heads.
//!
//! One thread owns the connection ([`Tpm`]); everything else sends it work and waits. It stores nothing: sealed
//! and wrapped blobs are bytes the caller keeps in files. It does not sign PCR sets for updates, which is the
//! image's matter, and it does not log: the C library's own log is silenced with `TSS2_LOG=all+none` in the
//! unit file of whoever links this crate.

mod blob;
mod error;
mod handle;
mod owner;
mod template;

pub use blob::{SealedRoot, SigningKey};
pub use error::{Fault, TpmError};
pub use handle::{Tpm, is_simulator};
pub use owner::{ClockReading, MAX_RANDOM_BYTES, PublicKey};
