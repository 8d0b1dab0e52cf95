//! Files that this process and `hostd` share: bundles, which it installs from, and diagnostics bundles, which it writes.
//! Both are named by the SHA-256 of their bytes. Whether a bundle is one RAUC finds out.

use crate::command::{BundleRefused, TracePiece};
use crate::reads::plain_piece;
use aws_lc_rs::digest::{Context, SHA256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Stores a bundle; those not in `keep` go first, so that room is found.
///
/// # Errors
/// [`BundleRefused`].
pub fn store_bundle(folder: &Path, file: File, keep: &[[u8; 32]]) -> Result<([u8; 32], u64), BundleRefused> {
    write_bundle(folder, file, keep).map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidInput {
            return BundleRefused::Size;
        }
        log::error!("a bundle cannot be stored: {error}");
        BundleRefused::Storage
    })
}

fn write_bundle(folder: &Path, mut file: File, keep: &[[u8; 32]]) -> io::Result<([u8; 32], u64)> {
    DirBuilder::new().recursive(true).mode(0o750).create(folder)?;
    let kept: Vec<String> = keep.iter().map(bundle_name).collect();
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        if !found.file_name().to_str().is_some_and(|name| kept.iter().any(|kept| kept == name)) {
            std::fs::remove_file(found.path())?;
        }
    }
    // A pipe has no begin to go back to.
    let _may_be_a_pipe = file.rewind();
    let part = folder.join("part");
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&part)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0_u64;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes += read as u64;
        if bytes > MAX_BUNDLE_BYTES {
            std::fs::remove_file(&part)?;
            return Err(io::ErrorKind::InvalidInput.into());
        }
        digest.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
    }
    if bytes == 0 {
        std::fs::remove_file(&part)?;
        return Err(io::ErrorKind::InvalidInput.into());
    }
    to.sync_all()?;
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.finish().as_ref());
    std::fs::rename(&part, folder.join(bundle_name(&hash)))?;
    File::open(folder)?.sync_all()?;
    Ok((hash, bytes))
}

/// The name of a bundle's file.
#[must_use]
pub fn bundle_name(hash: &[u8; 32]) -> String {
    format!("{}.raucb", data_encoding::HEXLOWER.encode(hash))
}

/// A piece of a diagnostics bundle.
#[must_use]
pub fn diagnostics_piece(folder: &Path, hash: &[u8; 32], offset: u64) -> Option<TracePiece> {
    plain_piece(&folder.join(format!("{}.tar", data_encoding::HEXLOWER.encode(hash))), offset)
}

const READ_BYTES: usize = 256 * 1024;
/// Bytes of a bundle.
const MAX_BUNDLE_BYTES: u64 = 1024 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{bundle_name, store_bundle};
    use crate::command::BundleRefused;
    use std::fs::File;

    #[test]
    fn a_bundle_lies_by_the_hash_of_its_bytes_and_old_ones_make_room() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("bundles");
        let file = |text: &str| {
            let path = place.path().join("upload");
            std::fs::write(&path, text).unwrap();
            File::open(path).unwrap()
        };
        let (one, bytes) = store_bundle(&folder, file("one"), &[]).unwrap();
        assert_eq!(bytes, 3);
        let (two, _) = store_bundle(&folder, file("two"), &[one]).unwrap();
        let (three, _) = store_bundle(&folder, file("three"), &[two]).unwrap();
        assert!(!folder.join(bundle_name(&one)).exists() && folder.join(bundle_name(&two)).exists());
        assert_eq!(std::fs::read(folder.join(bundle_name(&three))).unwrap(), b"three");
        assert_eq!(store_bundle(&folder, file(""), &[]), Err(BundleRefused::Size));
    }
}
