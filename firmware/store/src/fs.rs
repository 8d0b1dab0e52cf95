//! Durable file operations, each with the path in its error. No formats here.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file operation that failed. Always the storage's fault.
#[derive(Debug, Error)]
#[error("{step} {}", path.display())]
pub struct FileError {
    /// What was tried.
    pub step: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

pub(crate) trait At<T> {
    fn at(self, step: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, step: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError { step, path: path.to_owned(), source })
    }
}

/// Makes names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), FileError> {
    File::open(dir).and_then(|dir| dir.sync_all()).at("sync directory", dir)
}

/// Creates a directory (mode 0700) and makes its name durable.
pub(crate) fn create_dir(dir: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt;
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create directory", dir)?;
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

/// Creates a file that must not exist, readable by its owner only.
pub(crate) fn create_new(path: &Path) -> Result<File, FileError> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).at("create", path)
}

/// Writes a file whole or not at all: temporary name, fdatasync, rename, directory sync.
///
/// # Errors
/// [`FileError`]; the old file, if any, is as before or replaced as a whole.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let temporary = path.with_extension("tmp");
    remove_if_there(&temporary)?;
    let mut file = create_new(&temporary)?;
    file.write_all(bytes).at("write", &temporary)?;
    file.sync_all().at("sync", &temporary)?;
    rename(&temporary, path)
}

/// Renames within one directory and makes it durable.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::rename(from, to).at("rename", from)?;
    to.parent().map_or(Ok(()), sync_dir)
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes the directory for this process alone; the lock lives as long as the file.
pub(crate) fn lock_dir(dir: &Path) -> Result<File, FileError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .at("open", &path)?;
    file.try_lock().map_err(io::Error::from).at("lock", &path)?;
    Ok(file)
}

/// The names in a directory, sorted.
pub(crate) fn names(dir: &Path) -> Result<Vec<String>, FileError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).at("list", dir)? {
        if let Ok(name) = entry.at("list", dir)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
