//! Writing the image and reading it back. The first mebibyte, which holds the table, is written last: a disk whose power
//! went half-way starts nothing.

use crate::manifest::Manifest;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use thiserror::Error;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is written.
    Writing,
    /// It is read back.
    Reading,
}

/// Why a disk has no system now. Each says what to do.
#[derive(Debug, Error)]
pub enum WriteError {
    /// What is carried cannot be read: the stick, or the memory it was read into.
    #[error("the image on the stick cannot be read")]
    Image(#[source] io::Error),
    /// The disk does not take it.
    #[error("the disk cannot be written")]
    Write(#[source] io::Error),
    /// The disk does not give it back.
    #[error("the disk cannot be read")]
    Read(#[source] io::Error),
    /// What came back is not what the manifest says.
    #[error("what was read back is not the image")]
    Differs,
}

/// Writes an image to a disk of this size and reads it back; per cents are told as they are reached.
///
/// # Errors
/// [`WriteError`]; the disk then has no table, and nothing on it starts.
pub fn install(
    image: &mut impl Read,
    manifest: &Manifest,
    disk: &File,
    disk_bytes: u64,
    told: &mut dyn FnMut(Stage, u8),
) -> Result<(), WriteError> {
    wipe(disk, disk_bytes).map_err(WriteError::Write)?;
    let done = body(image, manifest, disk, told).and_then(|()| read_back(manifest, disk, told));
    if done.is_err() {
        // It already failed: whether the table goes, too, changes nothing about what is told.
        let _ = wipe(disk, disk_bytes);
    }
    done
}

fn wipe(disk: &File, bytes: u64) -> io::Result<()> {
    let empty = vec![0; TABLE];
    disk.write_all_at(&empty, 0)?;
    disk.write_all_at(&empty, bytes.saturating_sub(TABLE as u64))?;
    disk.sync_all()
}

fn body(
    image: &mut impl Read,
    manifest: &Manifest,
    disk: &File,
    told: &mut dyn FnMut(Stage, u8),
) -> Result<(), WriteError> {
    let mut table = vec![0; TABLE];
    image.read_exact(&mut table).map_err(WriteError::Image)?;
    let (mut at, mut chunk, mut progress) =
        (TABLE as u64, vec![0; CHUNK], Progress::new(Stage::Writing, manifest.bytes));
    while at < manifest.bytes {
        let length = usize::try_from(manifest.bytes - at).unwrap_or(CHUNK).min(CHUNK);
        let part = chunk.get_mut(..length).unwrap_or_default();
        image.read_exact(part).map_err(WriteError::Image)?;
        disk.write_all_at(part, at).map_err(WriteError::Write)?;
        at += length as u64;
        // So that what is told is what the disk has.
        if at % SYNC_EVERY < CHUNK as u64 {
            disk.sync_data().map_err(WriteError::Write)?;
        }
        progress.tell(at, told);
    }
    if image.read(&mut [0]).map_err(WriteError::Image)? != 0 {
        return Err(WriteError::Image(io::Error::other("it is longer than its manifest says")));
    }
    disk.sync_all().map_err(WriteError::Write)?;
    disk.write_all_at(&table, 0).and_then(|()| disk.sync_all()).map_err(WriteError::Write)
}

fn read_back(manifest: &Manifest, disk: &File, told: &mut dyn FnMut(Stage, u8)) -> Result<(), WriteError> {
    // From the disk itself, not from what is remembered of it.
    posix_fadvise(disk, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)
        .map_err(|error| WriteError::Read(error.into()))?;
    let (mut at, mut chunk, mut hash) = (0, vec![0; CHUNK], Sha256::new());
    let mut progress = Progress::new(Stage::Reading, manifest.bytes);
    while at < manifest.bytes {
        let length = usize::try_from(manifest.bytes - at).unwrap_or(CHUNK).min(CHUNK);
        let part = chunk.get_mut(..length).unwrap_or_default();
        disk.read_exact_at(part, at).map_err(WriteError::Read)?;
        hash.update(&*part);
        at += length as u64;
        progress.tell(at, told);
    }
    if hash.finalize()[..] == manifest.sha256 { Ok(()) } else { Err(WriteError::Differs) }
}

/// Tells each per cent once.
struct Progress {
    stage: Stage,
    total: u64,
    shown: Option<u8>,
}

impl Progress {
    const fn new(stage: Stage, total: u64) -> Self {
        Self { stage, total, shown: None }
    }

    fn tell(&mut self, at: u64, told: &mut dyn FnMut(Stage, u8)) {
        let percent = u8::try_from(at * 100 / self.total.max(1)).unwrap_or(100).min(100);
        if self.shown != Some(percent) {
            self.shown = Some(percent);
            told(self.stage, percent);
        }
    }
}

/// Both ends of a disk hold its table.
pub const TABLE: usize = 1 << 20;
const CHUNK: usize = 4 << 20;
const SYNC_EVERY: u64 = 64 << 20;
