//! Recordings of console sessions as files: one a session, a sealed frame for each piece, durable before it is
//! acknowledged. What a power cut leaves of a frame is cut off. Who may record or read is not known here.
//!
//! A frame is its length (four bytes, little endian), then nonce, ciphertext and tag of: the recording's length so far in
//! milliseconds (eight bytes, little endian) and the piece. It is bound to its session and its place.

use crate::ports::{PortError, TapePort, TapeSum};
use aws_lc_rs::digest::{Context, SHA256};
use idl::account::SessionId;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use store::{open_field, seal_field};
use vocab::Secret;
use zeroize::Zeroizing;

/// The folder of recordings, with their key.
pub struct TapeFiles {
    folder: PathBuf,
    key: Secret<[u8; 32]>,
}

impl std::fmt::Debug for TapeFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TapeFiles").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What was read of a recording.
#[derive(Debug, Default)]
pub struct TapePart {
    /// Whole pieces.
    pub bytes: Zeroizing<Vec<u8>>,
    /// From which piece to go on.
    pub next: u32,
    /// More are there.
    pub more: bool,
}

impl TapeFiles {
    /// Over a folder, which is made.
    ///
    /// # Errors
    /// The system's.
    pub fn open(folder: PathBuf, key: Secret<[u8; 32]>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, key })
    }

    /// Pieces from one on, as many as fit so many bytes, at least one.
    ///
    /// # Errors
    /// The system's; a recording that is not there has no piece.
    pub fn part(&self, session: SessionId, from: u32, max: usize) -> io::Result<TapePart> {
        let bytes = self.load(session)?;
        let mut part = TapePart { next: from, ..TapePart::default() };
        for (index, frame) in (0_u32..).zip(Frames(&bytes)) {
            if index < from {
                continue;
            }
            let Some((_, piece)) = self.unseal(session, index, frame) else { break };
            if !part.bytes.is_empty() && part.bytes.len() + piece.len() > max {
                part.more = true;
                break;
            }
            part.bytes.extend_from_slice(&piece);
            part.next = index + 1;
        }
        Ok(part)
    }

    fn path(&self, session: SessionId) -> PathBuf {
        self.folder.join(format!("{:016x}.tape", session.0))
    }

    fn load(&self, session: SessionId) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match File::open(self.path(session)) {
            Ok(file) => file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(bytes)
    }

    fn unseal(&self, session: SessionId, index: u32, frame: &[u8]) -> Option<(u64, Zeroizing<Vec<u8>>)> {
        let plain = open_field(&self.key, &context(session, index), frame).ok()?;
        let (length, piece) = plain.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*length), Zeroizing::new(piece.to_vec())))
    }

    /// What stands of a recording, and where its last whole frame ends in the file.
    fn sum_up(&self, session: SessionId) -> io::Result<(TapeSum, u64)> {
        let bytes = self.load(session)?;
        let mut sum = TapeSum::default();
        let (mut hash, mut end) = (Context::new(&SHA256), 0);
        for (index, frame) in (0_u32..).zip(Frames(&bytes)) {
            let Some((length_ms, piece)) = self.unseal(session, index, frame) else { break };
            hash.update(&piece);
            sum.pieces = index + 1;
            sum.bytes += piece.len() as u64;
            sum.length_ms = length_ms;
            end += (LENGTH_BYTES + frame.len()) as u64;
        }
        sum.sha256.copy_from_slice(hash.finish().as_ref());
        Ok((sum, end))
    }

    fn make(&self, session: SessionId) -> io::Result<File> {
        let path = self.path(session);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }
}

/// The core's share: the recording that is being made.
#[derive(Debug)]
pub struct TapesOnDisk {
    files: Arc<TapeFiles>,
    /// Its file, and where the next frame goes.
    open: Option<(SessionId, File, u64)>,
}

impl TapesOnDisk {
    /// Over the files.
    #[must_use]
    pub const fn new(files: Arc<TapeFiles>) -> Self {
        Self { files, open: None }
    }
}

impl TapePort for TapesOnDisk {
    fn resume(&mut self, session: SessionId) -> Result<TapeSum, PortError> {
        let failed = |error| PortError::new("open a console recording", error);
        let (sum, end) = self.files.sum_up(session).map_err(failed)?;
        let file = self.files.make(session).map_err(failed)?;
        file.set_len(end).and_then(|()| file.sync_all()).map_err(failed)?;
        self.open = Some((session, file, end));
        Ok(sum)
    }

    fn append(
        &mut self,
        session: SessionId,
        index: u32,
        length_ms: u64,
        piece: &[u8],
    ) -> Result<(), PortError> {
        let failed = |error: &dyn std::fmt::Display| PortError::new("write a console recording", error);
        let open = self.open.as_mut().filter(|(open, ..)| *open == session);
        let (_, file, end) = open.ok_or_else(|| failed(&"it is not open"))?;
        let plain = Zeroizing::new([&length_ms.to_le_bytes(), piece].concat());
        let sealed =
            seal_field(&self.files.key, &context(session, index), &plain).map_err(|error| failed(&error))?;
        let length = u32::try_from(sealed.len()).map_err(|error| failed(&error))?;
        let frame = [&length.to_le_bytes(), sealed.as_slice()].concat();
        file.write_all_at(&frame, *end).and_then(|()| file.sync_data()).map_err(|error| failed(&error))?;
        *end += frame.len() as u64;
        Ok(())
    }

    fn sum(&mut self, session: SessionId) -> Result<TapeSum, PortError> {
        self.open.take_if(|(open, ..)| *open == session);
        let failed = |error| PortError::new("read a console recording", error);
        self.files.sum_up(session).map(|(sum, _)| sum).map_err(failed)
    }

    fn remove(&mut self, session: SessionId) -> Result<(), PortError> {
        match std::fs::remove_file(self.files.path(session)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(PortError::new("remove a console recording", error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn context(session: SessionId, index: u32) -> Vec<u8> {
    [b"console".as_slice(), &session.0.to_be_bytes(), &index.to_be_bytes()].concat()
}

/// The whole frames of a file, sealed.
struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (frame, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(frame)
    }
}

const LENGTH_BYTES: usize = 4;
/// More than the longest recording takes with its frames, if every piece held one line.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{TapeFiles, TapesOnDisk};
    use crate::ports::TapePort;
    use idl::account::SessionId;
    use std::sync::Arc;
    use tempfile::TempDir;
    use vocab::Secret;

    const SESSION: SessionId = SessionId(77);

    fn bench() -> (TempDir, Arc<TapeFiles>) {
        let dir = tempfile::tempdir().unwrap();
        let files = TapeFiles::open(dir.path().join("consoles"), Secret::new([3; 32])).unwrap();
        (dir, Arc::new(files))
    }

    fn recorded(files: &Arc<TapeFiles>, pieces: &[&str]) {
        let mut tapes = TapesOnDisk::new(Arc::clone(files));
        let sum = tapes.resume(SESSION).unwrap();
        for (index, piece) in (sum.pieces..).zip(pieces) {
            tapes.append(SESSION, index, u64::from(index) * 10, piece.as_bytes()).unwrap();
        }
    }

    #[test]
    fn aud_09_a_power_cut_at_any_byte_loses_at_most_the_piece_that_was_not_acknowledged() {
        let (_dir, files) = bench();
        recorded(&files, &["one\n", "two\n"]);
        let kept = std::fs::metadata(files.path(SESSION)).unwrap().len();
        recorded(&files, &["three\n"]);
        let whole = std::fs::read(files.path(SESSION)).unwrap();
        for cut in usize::try_from(kept).unwrap()..=whole.len() {
            std::fs::write(files.path(SESSION), &whole[..cut]).unwrap();
            let mut tapes = TapesOnDisk::new(Arc::clone(&files));
            let sum = tapes.resume(SESSION).unwrap();
            let all = cut == whole.len();
            assert_eq!((sum.pieces, sum.bytes), if all { (3, 14) } else { (2, 8) }, "{cut}");
            tapes.append(SESSION, sum.pieces, 90, b"after\n").unwrap();
            let part = files.part(SESSION, 0, 1_000).unwrap();
            let wanted = if all { "one\ntwo\nthree\nafter\n" } else { "one\ntwo\nafter\n" };
            assert_eq!((part.bytes.as_slice(), part.next), (wanted.as_bytes(), sum.pieces + 1));
            assert_eq!(tapes.sum(SESSION).unwrap().length_ms, 90);
        }
    }

    #[test]
    fn aud_03_nothing_of_a_recording_lies_in_clear_and_no_piece_can_be_altered_or_moved() {
        let (_dir, files) = bench();
        recorded(&files, &["status of the trunk\n", "status of the span \n"]);
        let path = files.path(SESSION);
        let whole = std::fs::read(&path).unwrap();
        assert!(!whole.windows(6).any(|six| six == b"status"));
        let half = whole.len() / 2;
        std::fs::write(&path, [&whole[half..], &whole[..half]].concat()).unwrap();
        assert!(files.part(SESSION, 0, 1_000).unwrap().bytes.is_empty(), "another order");
        std::fs::write(files.path(SessionId(78)), &whole).unwrap();
        assert!(files.part(SessionId(78), 0, 1_000).unwrap().bytes.is_empty(), "another session");
        let mut altered = whole.clone();
        altered[half + 20] ^= 1;
        std::fs::write(&path, &altered).unwrap();
        assert_eq!(files.part(SESSION, 0, 1_000).unwrap().bytes.as_slice(), b"status of the trunk\n");
    }

    #[test]
    fn a_recording_is_read_in_parts_and_one_that_is_not_there_is_empty() {
        let (_dir, files) = bench();
        recorded(&files, &["aaaa\n", "bbbb\n", "cccc\n"]);
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let part = files.part(SESSION, from, 10).unwrap();
            assert!(part.bytes.len() <= 10);
            all.extend_from_slice(&part.bytes);
            from = part.next;
            if !part.more {
                break;
            }
        }
        assert_eq!((all.as_slice(), from), (b"aaaa\nbbbb\ncccc\n".as_slice(), 3));
        let none = files.part(SessionId(1), 0, 10).unwrap();
        assert!(none.bytes.is_empty() && none.next == 0 && !none.more);
        let mut tapes = TapesOnDisk::new(Arc::clone(&files));
        tapes.remove(SESSION).unwrap();
        tapes.remove(SESSION).unwrap();
        assert_eq!(tapes.sum(SESSION).unwrap().pieces, 0);
        assert!(tapes.append(SESSION, 0, 0, b"x").is_err(), "it is not open");
    }
}
