//! What the root key is sealed to, as the command line says: what a release signs (a box), or PCRs as they are (a
//! workstation). It reads the files; what they hold is judged by the crate `tpm`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use thiserror::Error;
use tpm::{
    MAX_KEY_FILE_BYTES, MAX_SIGNATURE_FILE_BYTES, PcrSignatures, ReleaseKey, ReleaseKeyError, SignaturesError,
};

/// Where the kernel shows the firmware's variable (UEFI 2.10, 3.3).
pub const SECURE_BOOT_VARIABLE: &str =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// The kernel puts four bytes of attributes before the value.
const SECURE_BOOT_ON: &[u8] = &[1];
const ATTRIBUTES_BYTES: usize = 4;

/// Which files say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFiles {
    /// The release's public key: part of the read-only root.
    pub key: PathBuf,
    /// The signatures that came with the running image.
    pub signatures: PathBuf,
    /// The firmware's variable SecureBoot.
    pub secure_boot: PathBuf,
}

/// What is sealed to.
#[derive(Debug)]
pub enum Sealing {
    /// PCRs as they are: nobody signs the boot of a workstation.
    Pcrs,
    /// What a release signs.
    Release(Box<Release>),
}

/// The release that runs, as it says of itself.
#[derive(Debug)]
pub struct Release {
    /// Its key.
    pub key: ReleaseKey,
    /// Its signatures.
    pub signatures: PcrSignatures,
    /// Whether the firmware enforces Secure Boot.
    pub secure_boot: bool,
}

/// Why the files cannot be used.
#[derive(Debug, Error)]
pub enum SealingError {
    /// A file cannot be read.
    #[error(
        "{0} cannot be read: the image was not started as a signed UKI, or the option names another file"
    )]
    File(PathBuf, #[source] std::io::Error),
    /// The key is none.
    #[error("{0} is no release key")]
    Key(PathBuf, #[source] ReleaseKeyError),
    /// The signatures are none.
    #[error("{0} holds no PCR signatures")]
    Signatures(PathBuf, #[source] SignaturesError),
}

impl Sealing {
    /// Reads the files; `None`: a workstation.
    ///
    /// # Errors
    /// [`SealingError`].
    pub fn read(files: Option<&PolicyFiles>) -> Result<Self, SealingError> {
        let Some(files) = files else { return Ok(Self::Pcrs) };
        let key = bounded(&files.key, MAX_KEY_FILE_BYTES)?;
        let key = ReleaseKey::parse(&key).map_err(|error| SealingError::Key(files.key.clone(), error))?;
        let signatures = bounded(&files.signatures, MAX_SIGNATURE_FILE_BYTES)?;
        let signatures = PcrSignatures::parse(&signatures)
            .map_err(|error| SealingError::Signatures(files.signatures.clone(), error))?;
        let secure_boot = is_on(&files.secure_boot);
        Ok(Self::Release(Box::new(Release { key, signatures, secure_boot })))
    }
}

/// A firmware without the variable has no Secure Boot.
fn is_on(variable: &Path) -> bool {
    std::fs::read(variable).is_ok_and(|bytes| bytes.get(ATTRIBUTES_BYTES..) == Some(SECURE_BOOT_ON))
}

/// A file up to one byte more than it may have: the parser then says that it is too long.
fn bounded(path: &Path, limit: usize) -> Result<Vec<u8>, SealingError> {
    let failed = |error| SealingError::File(path.to_owned(), error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{PolicyFiles, Sealing, SealingError};
    use std::path::Path;

    fn files(dir: &Path) -> PolicyFiles {
        PolicyFiles {
            key: dir.join("key.pem"),
            signatures: dir.join("signatures.json"),
            secure_boot: dir.join("SecureBoot"),
        }
    }

    #[test]
    fn l_36_secure_boot_is_on_only_where_the_firmware_says_one() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        std::fs::write(&files.key, include_bytes!("../../../firmware/tpm/testdata/vault.pem")).unwrap();
        std::fs::write(&files.signatures, "{}").unwrap();
        for (value, on) in
            [(&b"\x06\0\0\0\x01"[..], true), (b"\x06\0\0\0\0", false), (b"\x01", false), (b"", false)]
        {
            std::fs::write(&files.secure_boot, value).unwrap();
            let Ok(Sealing::Release(release)) = Sealing::read(Some(&files)) else { panic!("not read") };
            assert_eq!(release.secure_boot, on, "{value:?}");
        }
        assert!(matches!(Sealing::read(None), Ok(Sealing::Pcrs)));
    }

    #[test]
    fn a_file_that_is_missing_or_no_such_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        assert!(matches!(Sealing::read(Some(&files)), Err(SealingError::File(path, _)) if path == files.key));
        std::fs::write(&files.key, vec![b'x'; 10_000]).unwrap();
        assert!(matches!(Sealing::read(Some(&files)), Err(SealingError::Key(..))));
        std::fs::write(&files.key, include_bytes!("../../../firmware/tpm/testdata/vault.pem")).unwrap();
        std::fs::write(&files.signatures, "7").unwrap();
        assert!(matches!(Sealing::read(Some(&files)), Err(SealingError::Signatures(..))));
    }
}
