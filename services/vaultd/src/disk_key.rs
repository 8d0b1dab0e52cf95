//! The disk's recovery key, which the first stage of the boot leaves in a folder of the opened disk: the vault seals it
//! under the root key, and only then takes it away. Nobody but the custodians' copy is ever given it.

use crate::ports::PortError;
use crate::recovery::erase;
use custodians::{MAX_DISK_KEY_BYTES, is_disk_key};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use store::{open_field, seal_field, write_whole};
use vocab::Secret;
use zeroize::Zeroizing;

const LEFT: &str = "key";
const SEALED: &str = "key.sealed";
const CONTEXT: &[u8] = b"recovery key of the disk";

/// Takes a key that was left, if there is one; durable.
///
/// # Errors
/// [`PortError`].
pub fn take(folder: &Path, root: &Secret<[u8; 32]>) -> Result<(), PortError> {
    let step = "take the disk's recovery key";
    let path = folder.join(LEFT);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(PortError::new(step, error)),
    };
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_DISK_KEY_BYTES + 1));
    file.take(MAX_DISK_KEY_BYTES as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| PortError::new(step, error))?;
    if !std::str::from_utf8(&text).is_ok_and(is_disk_key) {
        return Err(PortError::new(step, "what lies there is no key of a disk"));
    }
    let sealed = seal_field(root, CONTEXT, &text).map_err(|error| PortError::new(step, error))?;
    write_whole(&folder.join(SEALED), &sealed).map_err(|error| PortError::new(step, error))?;
    erase(&path).map_err(|error| PortError::new(step, error))?;
    log::info!("the disk's recovery key is sealed; custodians can be named");
    Ok(())
}

/// The key, where the disk has one.
#[must_use]
pub fn held(folder: &Path, root: &Secret<[u8; 32]>) -> Option<Secret<String>> {
    let sealed = std::fs::read(folder.join(SEALED)).ok()?;
    let Ok(key) = open_field(root, CONTEXT, &sealed) else {
        log::error!("the disk's recovery key does not open under this root key: the disk has no recovery");
        return None;
    };
    let key = std::str::from_utf8(&key).ok().filter(|key| is_disk_key(key))?;
    Some(Secret::new(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{held, take};
    use vocab::Secret;

    const KEY: &str = "btbtkrft-cukbnihb-guvrikhr-jnjrlktb-jbkgnhtv-hetvgtek-ebbdbbnu-ivdkugvd";

    #[test]
    fn enc_05_the_disks_key_is_sealed_before_it_is_taken_away_and_opens_under_its_root_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = Secret::new([7; 32]);
        assert_eq!(held(dir.path(), &root), None);
        take(dir.path(), &root).unwrap();
        std::fs::write(dir.path().join("key"), KEY).unwrap();
        take(dir.path(), &root).unwrap();
        assert!(!dir.path().join("key").exists());
        let sealed = std::fs::read(dir.path().join("key.sealed")).unwrap();
        assert!(!sealed.windows(8).any(|part| part == &KEY.as_bytes()[..8]));
        assert_eq!(held(dir.path(), &root), Some(Secret::new(KEY.to_owned())));
        assert_eq!(held(dir.path(), &Secret::new([8; 32])), None);
        std::fs::write(dir.path().join("key"), "no key").unwrap();
        assert!(take(dir.path(), &root).is_err());
        assert!(dir.path().join("key").exists(), "what is no key is left where it lies");
    }
}
