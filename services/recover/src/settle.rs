//! A disk that has no recovery key gets one: made and enrolled by systemd-cryptenroll, which unlocks by the TPM in this
//! phase of the boot and in no other; left on the opened disk, where the vault takes and seals it.
//!
//! A cut between enrolling and leaving it: the next start enrols another and wipes the one nobody knows.

use crate::Place;
use crate::programs::Programs;
use custodians::is_disk_key;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;
use vocab::Secret;

/// The key, until the vault has it.
const KEY: &str = "key";
/// The key as the vault keeps it.
const SEALED: &str = "key.sealed";

/// Why a disk has no recovery key.
#[derive(Debug, Error)]
pub enum SettleError {
    /// A program.
    #[error("systemd-cryptenroll cannot be run: {0}")]
    Program(#[source] io::Error),
    /// It refused.
    #[error("systemd-cryptenroll: {0}")]
    Refused(String),
    /// It printed no key.
    #[error("systemd-cryptenroll printed no recovery key")]
    NoKey,
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Does it, unless it is done.
///
/// # Errors
/// [`SettleError`]: the box goes on without.
pub fn settle(place: &Place, programs: &dyn Programs) -> Result<(), SettleError> {
    if [SEALED, KEY].iter().any(|name| place.data.join(name).exists()) {
        return Ok(());
    }
    // Before the slot is there: a folder that cannot be made leaves no key that nobody knows.
    let mut folder = DirBuilder::new();
    folder.recursive(true).mode(0o755);
    folder.create(&place.data).map_err(|source| failed(&place.data, source))?;
    let device = place.device.to_string_lossy();
    let words = ["--unlock-tpm2-device=auto", "--recovery-key", "--wipe-slot=recovery", &device];
    let done = programs.run("systemd-cryptenroll", &words, None).map_err(SettleError::Program)?;
    if !done.ok {
        return Err(SettleError::Refused(done.complaint));
    }
    let text = std::str::from_utf8(&done.output).unwrap_or_default().trim_end();
    if !is_disk_key(text) {
        return Err(SettleError::NoKey);
    }
    leave(&place.data, &Secret::new(text.to_owned()))
}

/// Durable when it returns.
fn leave(folder: &Path, key: &Secret<String>) -> Result<(), SettleError> {
    let (path, beside) = (folder.join(KEY), folder.join("key.new"));
    let write = || {
        if beside.exists() {
            fs::remove_file(&beside)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(key.expose().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        // The folders may be new themselves.
        folder.ancestors().take(MADE_FOLDERS).try_for_each(|folder| File::open(folder)?.sync_all())
    };
    write().map_err(|source| failed(&path, source))
}

fn failed(path: &Path, source: io::Error) -> SettleError {
    SettleError::File { path: path.to_owned(), source }
}

/// `disk`, `ringfence`, `lib` and the disk's own.
const MADE_FOLDERS: usize = 4;
