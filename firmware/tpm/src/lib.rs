//! The TPM 2.0: the root key sealed to measured boot, the key that signs the ledger's heads, the security epoch.
//!
//! One thread owns the connection ([`Tpm`]); everything else sends it work and waits. It stores nothing: sealed
//! and wrapped blobs are bytes the caller keeps in files. It signs no PCR sets, which is the image's
//! matter (ukify), and it does not log: the C library's own log is silenced with `TSS2_LOG=all+none` in the
//! unit file of whoever links this crate.

mod blob;
mod epoch;
mod error;
mod handle;
mod owner;
mod policy;
mod release;
mod signatures;
mod signed;
mod template;

pub use blob::{SealedRoot, SigningKey};
pub use epoch::MAX_EPOCH_STEP;
pub use error::{Fault, TpmError};
pub use handle::{Tpm, is_simulator};
pub use owner::{ClockReading, MAX_RANDOM_BYTES, PublicKey};
pub use release::{MAX_KEY_FILE_BYTES, ReleaseKey, ReleaseKeyError};
pub use signatures::{
    MAX_SIGNATURE_FILE_BYTES, MAX_SIGNATURES, PcrSignatures, SignaturesError, SignedPolicy,
    fuzz_pcr_signatures,
};

#[cfg(test)]
mod simulator;
