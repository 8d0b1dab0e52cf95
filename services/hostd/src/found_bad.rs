//! What a confirmation that failed left behind. Another process writes into that folder: what lies there is read only if
//! it is a plain file of its own and no longer than any that the supervisor leaves, never by way of a link. It judges
//! nothing and takes nothing away.

use nix::fcntl::OFlag;
use serde::Deserialize;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use thiserror::Error;

/// Why a boot came to a bad end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FoundBad {
    /// The kernel's name for that boot.
    pub boot: String,
    /// The reasons, a line each.
    pub reasons: Vec<String>,
}

/// Why what lies there is passed over.
#[derive(Debug, Error)]
pub enum FoundBadError {
    /// It cannot be opened or read; a link is not followed.
    #[error("it cannot be read: {0}")]
    File(#[from] io::Error),
    /// A folder, a pipe, a device, a file with another name.
    #[error("it is no plain file of its own")]
    NotPlain,
    /// Longer than any.
    #[error("it is longer than {MAX_FOUND_BAD_BYTES} bytes")]
    TooLong,
}

/// The bytes that were left; `None`: nothing was.
///
/// # Errors
/// [`FoundBadError`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FoundBadError> {
    // A pipe that nobody writes to would hold the start for ever.
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata().is_ok_and(|data| data.is_file() && data.nlink() == 1) {
        return Err(FoundBadError::NotPlain);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FOUND_BAD_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FOUND_BAD_BYTES {
        return Err(FoundBadError::TooLong);
    }
    Ok(Some(bytes))
}

/// A reason is a line, and a fact with all of them fits a frame to `vaultd`.
const MAX_FOUND_BAD_BYTES: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::{FoundBadError, MAX_FOUND_BAD_BYTES, read};
    use std::fs;

    #[test]
    fn what_was_left_is_read_up_to_the_longest_and_nothing_that_is_no_plain_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(matches!(read(&at("none")), Ok(None)));
        let longest = vec![b' '; usize::try_from(MAX_FOUND_BAD_BYTES).unwrap()];
        fs::write(at("longest"), &longest).unwrap();
        assert_eq!(read(&at("longest")).unwrap(), Some(longest.clone()));
        fs::write(at("longer"), [&longest[..], b" "].concat()).unwrap();
        assert!(matches!(read(&at("longer")), Err(FoundBadError::TooLong)));
        fs::create_dir(at("folder")).unwrap();
        assert!(matches!(read(&at("folder")), Err(FoundBadError::NotPlain)));
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(read(&at("pipe")), Err(FoundBadError::NotPlain)));
        std::os::unix::fs::symlink(at("longest"), at("link")).unwrap();
        assert!(matches!(read(&at("link")), Err(FoundBadError::File(_))));
        fs::hard_link(at("longest"), at("second name")).unwrap();
        assert!(matches!(read(&at("longest")), Err(FoundBadError::NotPlain)));
    }
}
