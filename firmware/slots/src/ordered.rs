//! What the box ordered to be installed. RAUC installs any signed bundle for whoever reaches it, and opens it by its path, in
//! which another may lie by then: an older one, too. What is written becomes a system that starts only if it is the one
//! whose version and epoch were looked at before.

use crate::bundle::RootHash;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Lets this system become one that starts.
///
/// # Errors
/// It cannot be kept: nothing is to be installed then.
pub fn allow(path: &Path, root: &RootHash) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    writeln!(file, "{root}")?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

/// Lets none, from now on.
///
/// # Errors
/// It cannot be taken back.
pub fn forget(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether this system is the one.
///
/// # Errors
/// The file is there and cannot be read.
pub fn is_allowed(path: &Path, root: &RootHash) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(RootHash::parse(text.trim_end()).is_some_and(|ordered| ordered == *root))
}

const MAX_BYTES: u64 = 128;

#[cfg(test)]
mod tests {
    use super::{allow, forget, is_allowed};
    use crate::bundle::RootHash;

    #[test]
    fn only_what_was_ordered_last_may_become_a_system_that_starts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ordered");
        let (one, two) = (RootHash([1; 32]), RootHash([2; 32]));
        assert!(!is_allowed(&path, &one).unwrap());
        allow(&path, &one).unwrap();
        assert!(is_allowed(&path, &one).unwrap() && !is_allowed(&path, &two).unwrap());
        allow(&path, &two).unwrap();
        assert!(!is_allowed(&path, &one).unwrap());
        forget(&path).unwrap();
        forget(&path).unwrap();
        assert!(!is_allowed(&path, &two).unwrap());
        std::fs::write(&path, "00".repeat(500)).unwrap();
        assert!(!is_allowed(&path, &RootHash([0; 32])).unwrap());
    }
}
