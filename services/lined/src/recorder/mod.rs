//! Recordings being made: one thread encrypts and writes, one makes durable. Signalling asks and is told.
//!
//! No clear audio reaches a file. A file is made before the call is dialled (REC-02); of a call that is not
//! answered nothing stays. The bytes are `recording`'s; this module owns the files.

mod file;
mod sync;
#[cfg(test)]
mod tests;
mod writer;

pub use file::{file_name, recording_path};

use crate::voice::RecorderEnd;
use idl::lines::RecordingClosed;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use thiserror::Error;
use tokio::sync::mpsc;
use vocab::{CallId, ObjectHash, Secret};

/// Orders waiting for the writer.
pub const MAX_ORDERS: usize = 8_192;
/// Recordings open at once.
pub const MAX_OPEN: usize = 4_096;

/// From signalling to the writer.
#[derive(Debug)]
pub(crate) enum Order {
    Open { call: CallId, key: Secret<[u8; 32]>, notice: ObjectHash },
    Discard { call: CallId },
    Stop,
}

/// What signalling is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecorderEvent {
    /// The file is there: the call may be dialled.
    Opened {
        /// The call.
        call: CallId,
    },
    /// The file cannot be written; a recording that had begun keeps what was written.
    Failed {
        /// The call.
        call: CallId,
    },
    /// The file is closed and durable, or there is none because nothing was recorded.
    Closed {
        /// The call.
        call: CallId,
        /// What was written; `None` if nothing was.
        written: Option<RecordingClosed>,
    },
}

/// Why the recorder cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the recorder does not read its orders")]
pub struct RecorderStuck;

/// Signalling's hold on the recorder's threads.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    orders: SyncSender<Order>,
    threads: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the threads. Events come through `events`.
    ///
    /// # Errors
    /// The system's, if the folder cannot be used or no thread can be had.
    pub fn start(
        folder: &Path,
        ends: Vec<RecorderEnd>,
        events: mpsc::Sender<RecorderEvent>,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (orders, incoming): (_, Receiver<Order>) = sync_channel(MAX_ORDERS);
        let (to_sync, durable) = sync_channel(MAX_OPEN);
        let syncer = sync::Syncer::open(folder, durable, events.clone())?;
        let writer = writer::Writer::new(folder, ends, incoming, to_sync, events);
        let threads = vec![
            std::thread::Builder::new().name("recorder".to_owned()).spawn(move || writer.run())?,
            std::thread::Builder::new().name("recorder-sync".to_owned()).spawn(move || syncer.run())?,
        ];
        Ok(Self { folder: folder.to_owned(), orders, threads })
    }

    /// Makes the file of a call; [`RecorderEvent::Opened`] or `Failed` follows.
    ///
    /// # Errors
    /// [`RecorderStuck`].
    pub fn open(&self, call: CallId, key: Secret<[u8; 32]>, notice: ObjectHash) -> Result<(), RecorderStuck> {
        self.orders.try_send(Order::Open { call, key, notice }).map_err(|_| RecorderStuck)
    }

    /// Where the recording of a call is written.
    #[must_use]
    pub fn path(&self, call: CallId) -> PathBuf {
        recording_path(&self.folder, call)
    }

    /// The call had no media: nothing was recorded. [`RecorderEvent::Closed`] follows.
    ///
    /// # Errors
    /// [`RecorderStuck`].
    pub fn discard(&self, call: CallId) -> Result<(), RecorderStuck> {
        self.orders.try_send(Order::Discard { call }).map_err(|_| RecorderStuck)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
