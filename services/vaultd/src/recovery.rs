//! The copy of the root key that the custodians' secret opens, and the start that needs it (ENC-05).
//!
//! `recovery-SET` lies beside the sealed root key, one for each set that may still be in force. When the root key does
//! not unseal, a start takes the shares from a file that whoever collected them left in memory-backed storage (on a box
//! `ringfence-recover` does, on the serial console). `recovery-SET-disk` is the same for the disk's recovery key: what the
//! header of the disk is to hold.

use crate::ports::PortError;
use custodians::{
    CombineError, DiskCopy, MAX_DISK_COPY_BYTES, MAX_SHARE_TEXT_BYTES, RecoverySecret, SHARES, SetId, Share,
    ShareError, combine,
};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use store::{open_field, seal_field, write_whole};
use thiserror::Error;
use vocab::Secret;
use zeroize::Zeroizing;

const PREFIX: &str = "recovery-";
const CONTEXT: &[u8] = b"copy of the root key";
/// A share takes four lines; between two shares stands an empty one.
const MAX_FILE_BYTES: usize = SHARES * MAX_SHARE_TEXT_BYTES;

/// The root key, and the set of shares that opened it.
pub type Recovered = (Secret<[u8; 32]>, SetId);

/// Why the shares did not open anything.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// The file cannot be read.
    #[error("the file of shares cannot be read")]
    File(#[source] std::io::Error),
    /// The file is no file of shares.
    #[error("the file of shares is longer than {MAX_FILE_BYTES} bytes or no text")]
    Form,
    /// A share is none.
    #[error("share {at} of the file: {error}")]
    Share {
        /// Which, from 1.
        at: usize,
        /// Why.
        error: ShareError,
    },
    /// They give no secret.
    #[error(transparent)]
    Combine(#[from] CombineError),
    /// This set opens nothing on this box.
    #[error("set {0} of shares is of another box, or was replaced by a newer one")]
    NoCopy(SetId),
    /// The copy was altered.
    #[error("the copy of the root key for set {0} is damaged")]
    Damaged(SetId),
}

/// Stores a copy that the secret opens; durable.
///
/// # Errors
/// [`PortError`].
pub fn keep(keys: &Path, root: &Secret<[u8; 32]>, secret: &RecoverySecret) -> Result<(), PortError> {
    let step = "keep a recovery copy";
    let sealed = seal_field(&secret.wrapping_key(), CONTEXT, root.expose())
        .map_err(|error| PortError::new(step, error))?;
    write_whole(&keys.join(format!("{PREFIX}{}", secret.set())), &sealed)
        .map_err(|error| PortError::new(step, error))
}

/// Stores a copy of the disk's recovery key that the secret opens; durable.
///
/// # Errors
/// [`PortError`].
pub fn keep_for_disk(keys: &Path, key: &Secret<String>, secret: &RecoverySecret) -> Result<(), PortError> {
    let step = "keep a recovery copy for the disk";
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|error| PortError::new(step, error))?;
    let copy = DiskCopy::seal(secret, nonce, key);
    write_whole(&disk_path(keys, copy.set), &copy.sealed).map_err(|error| PortError::new(step, error))
}

/// The copy for the disk of a set, if there is one.
#[must_use]
pub fn for_disk(keys: &Path, set: SetId) -> Option<Vec<u8>> {
    fs::read(disk_path(keys, set)).ok().filter(|sealed| sealed.len() <= MAX_DISK_COPY_BYTES)
}

fn disk_path(keys: &Path, set: SetId) -> PathBuf {
    keys.join(format!("{PREFIX}{set}-disk"))
}

/// Removes the copies of all other sets: their shares are dead. Without a set in force nothing is removed, for nothing
/// says which one is dead.
///
/// # Errors
/// [`PortError`].
pub fn drop_others(keys: &Path, in_force: Option<[u8; 4]>) -> Result<(), PortError> {
    let Some(in_force) = in_force else { return Ok(()) };
    let step = "remove old recovery copies";
    let kept = format!("{PREFIX}{}", SetId(in_force));
    if !keys.join(&kept).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(keys).map_err(|error| PortError::new(step, error))?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && !name.starts_with(&kept) {
            fs::remove_file(entry.path()).map_err(|error| PortError::new(step, error))?;
        }
    }
    let folder = fs::File::open(keys).and_then(|folder| folder.sync_all());
    folder.map_err(|error| PortError::new(step, error))
}

/// Opens the copy with the shares of a file, which is used up by this. `None`: there is no file.
///
/// # Errors
/// [`RecoveryError`].
pub fn open(keys: &Path, shares: &Path) -> Result<Option<Recovered>, RecoveryError> {
    let file = match fs::File::open(shares) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RecoveryError::File(error)),
    };
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1));
    let read = file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut text);
    // Whatever they open, they are read once.
    erase(shares).map_err(RecoveryError::File)?;
    read.map_err(RecoveryError::File)?;
    let text = std::str::from_utf8(&text).ok().filter(|text| text.len() <= MAX_FILE_BYTES);
    let secret = combine(&shares_of(text.ok_or(RecoveryError::Form)?)?)?;
    let set = secret.set();
    let sealed = fs::read(keys.join(format!("{PREFIX}{set}"))).map_err(|_| RecoveryError::NoCopy(set))?;
    let root =
        open_field(&secret.wrapping_key(), CONTEXT, &sealed).map_err(|_| RecoveryError::Damaged(set))?;
    let root: [u8; 32] = root.as_slice().try_into().map_err(|_| RecoveryError::Damaged(set))?;
    Ok(Some((Secret::new(root), set)))
}

/// Overwrites a file in memory-backed storage and takes it away; one that is not there is gone.
///
/// # Errors
/// The system's.
pub fn erase(path: &Path) -> std::io::Result<()> {
    let length = match fs::metadata(path) {
        Ok(found) => usize::try_from(found.len()).unwrap_or(MAX_FILE_BYTES).min(MAX_FILE_BYTES),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut file = fs::File::options().write(true).open(path)?;
    file.write_all(&vec![0; length])?;
    fs::remove_file(path)
}

fn shares_of(text: &str) -> Result<Vec<Share>, RecoveryError> {
    let texts = text.split("\n\n").filter(|share| !share.trim().is_empty());
    let read = texts.take(SHARES).enumerate();
    read.map(|(at, text)| Share::parse(text).map_err(|error| RecoveryError::Share { at: at + 1, error }))
        .collect()
}
