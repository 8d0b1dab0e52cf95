//! `ringfence-recover`: what the first stage of the boot does for recovery by custodians. `settle` gives the disk a
//! recovery key at its first start and leaves it for the vault. `open` does nothing where the TPM opened the disk;
//! elsewhere it asks three custodians on the serial console, opens the disk, and seals it to this box's TPM.
//!
//! It knows no person, keeps no secret, and tells no journal what was typed.

mod console;
mod dialogue;
mod editor;
mod limits;
mod open;
mod programs;
mod settle;

pub use console::{Console, ConsoleError, Serial};
pub use dialogue::{Dialogue, Said};
pub use editor::{Editor, MAX_LINE_SIGNS, fuzz_typed};
pub use limits::{FIRST_SIGN_LIMIT, Limits, RECOVERY_LIMIT, SHARE_LIMIT};
pub use open::{OpenError, open};
pub use programs::{Done, Programs, Real};
pub use settle::{SettleError, settle};

use std::path::PathBuf;

/// Where things lie; other places in tests.
#[derive(Debug, Clone)]
pub struct Place {
    /// The data partition.
    pub device: PathBuf,
    /// The opened disk.
    pub mapped: PathBuf,
    /// Memory-backed, and still there after the first stage.
    pub run: PathBuf,
    /// The folder on the opened disk in which the vault finds the disk's recovery key.
    pub data: PathBuf,
    /// The firmware's variable SecureBoot.
    pub secure_boot: PathBuf,
    /// The key that signs what this release measures until the disk is opened.
    pub release_key: PathBuf,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            device: "/dev/disk/by-partlabel/data".into(),
            mapped: "/dev/mapper/data".into(),
            run: "/run/ringfence-recovery".into(),
            data: "/sysroot/var/lib/ringfence/disk".into(),
            secure_boot: "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c".into(),
            release_key: "/run/systemd/tpm2-pcr-public-key.pem".into(),
        }
    }
}
