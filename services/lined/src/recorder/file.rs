//! One recording's file: created exclusively, headed when the first audio comes, closed with its totals.

use crate::clock::wall;
use crate::loopback::{is_loopback, throw_away};
use crate::voice::Block;
use idl::lines::RecordingClosed;
use media::g711::Law;
use recording::{Codec, Encoder, FRAME_MS, Gaps, Header};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocab::{CallId, ObjectHash, Secret};

/// The name of a call's recording within its folder.
#[must_use]
pub fn file_name(call: CallId) -> String {
    // The loop-back call's is no recording of anybody: it must never count as one.
    if is_loopback(call) { "loop-back.test".to_owned() } else { format!("{}.rfr", call.0) }
}

/// Where a call's recording lies.
#[must_use]
pub fn recording_path(folder: &Path, call: CallId) -> PathBuf {
    folder.join(file_name(call))
}

/// A recording being made.
pub(super) struct Recording {
    path: PathBuf,
    file: Arc<File>,
    call: CallId,
    key: Secret<[u8; 32]>,
    notice: ObjectHash,
    encoder: Option<Encoder>,
    pub(super) failed: bool,
    frames: u64,
    gaps_left: u64,
    gaps_right: u64,
    bytes: u64,
}

impl Recording {
    /// Makes the file; it must not exist.
    pub fn create(
        folder: &Path,
        call: CallId,
        key: Secret<[u8; 32]>,
        notice: ObjectHash,
    ) -> std::io::Result<Self> {
        let path = recording_path(folder, call);
        if is_loopback(call) {
            // One that a dead process left.
            throw_away(&path);
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path)?;
        Ok(Self {
            path,
            file: Arc::new(file),
            call,
            key,
            notice,
            encoder: None,
            failed: false,
            frames: 0,
            gaps_left: 0,
            gaps_right: 0,
            bytes: 0,
        })
    }

    /// The file, to be made durable.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Appends a block; the header comes before the first.
    pub fn append(&mut self, block: &Block) -> std::io::Result<()> {
        if self.encoder.is_none() {
            let codec = match block.law() {
                Law::A => Codec::ALaw,
                Law::Mu => Codec::MuLaw,
            };
            let spoken_ms = i64::try_from(block.len()).unwrap_or(0) * FRAME_MS.cast_signed();
            let started = wall().plus(-spoken_ms);
            let header = Header { call: self.call, codec, started, notice_prompt: self.notice };
            let encoder = Encoder::new(&self.key, &header);
            let mut file: &File = &self.file;
            file.write_all(encoder.header_bytes())?;
            self.bytes += encoder.header_bytes().len() as u64;
            self.encoder = Some(encoder);
        }
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        let mut file: &File = &self.file;
        for (left, right, left_missing, right_missing) in block.frames() {
            let gaps = Gaps { left: left_missing, right: right_missing };
            let chunk = encoder.push(left, right, gaps).map_err(std::io::Error::other)?;
            if let Some(chunk) = chunk {
                file.write_all(chunk)?;
                self.bytes += chunk.len() as u64;
            }
            self.frames += 1;
            self.gaps_left += u64::from(left_missing);
            self.gaps_right += u64::from(right_missing);
        }
        Ok(())
    }

    /// Writes the closing chunk; `None` and no file if nothing was recorded.
    pub fn close(mut self, expected_ms: u64) -> std::io::Result<Option<(Arc<File>, RecordingClosed)>> {
        let Some(encoder) = &mut self.encoder else {
            std::fs::remove_file(&self.path)?;
            return Ok(None);
        };
        let end = encoder.finish(wall());
        let mut file: &File = &self.file;
        file.write_all(end)?;
        self.bytes += end.len() as u64;
        let closed = RecordingClosed {
            duration_ms: self.frames * FRAME_MS,
            expected_ms,
            gaps_customer_ms: self.gaps_left * FRAME_MS,
            gaps_agent_ms: self.gaps_right * FRAME_MS,
            bytes: self.bytes,
        };
        Ok(Some((self.file, closed)))
    }
}

/// Ours to write; the group's to read, because `vaultd` verifies it as another user. It holds ciphertext only.
const FILE_MODE: u32 = 0o640;
