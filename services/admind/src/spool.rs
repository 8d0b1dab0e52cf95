//! A large file of a form on its way to `vaultd`: on the data partition and without a name, so that it neither fills
//! the memory nor outlives its use. It looks into nothing and decides no right.

use crate::fault::Fault;
use nix::sys::statvfs::fstatvfs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes the folder of such files, empty: what a dead process left is nobody's any more.
///
/// # Errors
/// The system's.
pub fn prepare(state: &Path) -> io::Result<PathBuf> {
    let folder = state.join("uploads");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// A file that comes in.
#[derive(Debug)]
pub struct Spool {
    file: Arc<File>,
    waiting: Vec<u8>,
    bytes: u64,
}

impl Spool {
    /// An empty one in a folder.
    ///
    /// # Errors
    /// [`Fault::NoRoom`], or [`Fault::Bug`] if the folder cannot be written.
    pub async fn new(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(format!("{:016x}", u64::from_be_bytes(crate::random::bytes())));
        let file = away(move || {
            let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
            std::fs::remove_file(&path)?;
            room_for(&file, 0)?;
            Ok(file)
        });
        Ok(Self { file: Arc::new(file.await?), waiting: Vec::with_capacity(WRITE_BYTES), bytes: 0 })
    }

    /// Takes the next bytes; they are written in pieces, and whoever sends waits for the disk.
    ///
    /// # Errors
    /// [`Fault::NoRoom`], or [`Fault::Bug`] if the disk refuses.
    pub async fn append(&mut self, data: &[u8]) -> Result<(), Fault> {
        for piece in data.chunks(WRITE_BYTES) {
            if self.waiting.len() + piece.len() > WRITE_BYTES {
                self.flush().await?;
            }
            self.waiting.extend_from_slice(piece);
        }
        Ok(())
    }

    /// The whole file with its size.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub async fn finish(mut self) -> Result<(Arc<File>, u64), Fault> {
        self.flush().await?;
        Ok((self.file, self.bytes))
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        let data = std::mem::replace(&mut self.waiting, Vec::with_capacity(WRITE_BYTES));
        self.bytes += data.len() as u64;
        let (file, bytes) = (Arc::clone(&self.file), self.bytes);
        away(move || {
            room_for(&file, bytes)?;
            (&*file).write_all(&data)
        })
        .await
    }
}

/// Room must be left for the copy that `vaultd` makes of it, and beside both for the ledger and the recordings.
fn room_for(file: &File, bytes: u64) -> io::Result<()> {
    let disk = fstatvfs(file)?;
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if free < bytes + MIN_FREE_BYTES { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

/// Does what may wait for the disk where nobody else waits with it.
async fn away<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Bug)?;
    done.map_err(|error| {
        log::error!("an uploaded file cannot be kept: {error}");
        if error.kind() == io::ErrorKind::StorageFull { Fault::NoRoom } else { Fault::Bug }
    })
}

/// Bytes written at once.
const WRITE_BYTES: usize = 512 * 1_024;
/// What stays free on the data partition, whatever is uploaded.
const MIN_FREE_BYTES: u64 = 256 * 1_024 * 1_024;

#[cfg(test)]
mod tests {
    use super::{Spool, WRITE_BYTES, prepare, room_for};
    use std::io::{ErrorKind, Read, Seek};

    #[tokio::test]
    async fn what_comes_in_pieces_of_any_size_lies_whole_and_nameless() {
        let state = tempfile::tempdir().unwrap();
        let folder = prepare(state.path()).unwrap();
        let mut spool = Spool::new(&folder).await.unwrap();
        let whole: Vec<u8> = (0..WRITE_BYTES * 2 + 7).map(|at| (at % 251) as u8).collect();
        let (small, large) = whole.split_at(9);
        spool.append(small).await.unwrap();
        spool.append(large).await.unwrap();
        let (file, bytes) = spool.finish().await.unwrap();
        let (mut file, mut read) = (&*file, vec![]);
        file.rewind().unwrap();
        file.read_to_end(&mut read).unwrap();
        assert_eq!((bytes, read == whole), (whole.len() as u64, true));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_process_left_goes_at_the_start() {
        let state = tempfile::tempdir().unwrap();
        let folder = prepare(state.path()).unwrap();
        std::fs::write(folder.join("left"), "x").unwrap();
        assert_eq!(std::fs::read_dir(prepare(state.path()).unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_would_leave_no_room_is_refused() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(room_for(&file, u64::MAX / 2).unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
