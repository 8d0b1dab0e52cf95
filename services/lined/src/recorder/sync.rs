//! Makes recordings durable: all that are open every five seconds in one system call, each finished one before
//! its end is reported. A disk that reports an error is believed.

use super::RecorderEvent;
use idl::lines::RecordingClosed;
use nix::unistd::syncfs;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use vocab::CallId;

/// Between two rounds over everything open.
const ROUND: Duration = Duration::from_secs(5);
/// From this many finished files on, one call for the whole file system is cheaper.
const MANY: usize = 4;

pub(super) enum ToSync {
    Began { file: Arc<File> },
    Ended { file: Arc<File>, call: CallId, closed: RecordingClosed },
}

pub(super) struct Syncer {
    folder: File,
    work: Receiver<ToSync>,
    events: mpsc::Sender<RecorderEvent>,
    dirty: bool,
}

impl Syncer {
    pub fn open(
        folder: &Path,
        work: Receiver<ToSync>,
        events: mpsc::Sender<RecorderEvent>,
    ) -> std::io::Result<Self> {
        Ok(Self { folder: File::open(folder)?, work, events, dirty: false })
    }

    pub fn run(mut self) {
        let mut open: Vec<std::sync::Weak<File>> = Vec::new();
        let mut round = Instant::now() + ROUND;
        loop {
            let mut ended = Vec::new();
            match self.work.recv_timeout(round.saturating_duration_since(Instant::now())) {
                Ok(first) => {
                    self.sort(first, &mut open, &mut ended);
                    while let Ok(next) = self.work.try_recv() {
                        self.sort(next, &mut open, &mut ended);
                    }
                    self.finish(ended);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() >= round {
                open.retain(|file| file.strong_count() > 0);
                if self.dirty || !open.is_empty() {
                    self.dirty = false;
                    if let Err(error) = syncfs(&self.folder) {
                        log::error!(target: "recorder", error:% ; "recordings could not be made durable");
                    }
                }
                round = Instant::now() + ROUND;
            }
        }
    }

    fn sort(
        &mut self,
        work: ToSync,
        open: &mut Vec<std::sync::Weak<File>>,
        ended: &mut Vec<(Arc<File>, CallId, RecordingClosed)>,
    ) {
        match work {
            ToSync::Began { file } => {
                self.dirty = true;
                open.push(Arc::downgrade(&file));
            }
            ToSync::Ended { file, call, closed } => ended.push((file, call, closed)),
        }
    }

    fn finish(&self, ended: Vec<(Arc<File>, CallId, RecordingClosed)>) {
        let all = (ended.len() >= MANY).then(|| syncfs(&self.folder).map_err(std::io::Error::from));
        for (file, call, closed) in ended {
            // fdatasync reports an error of this file even where the whole file system was synced before.
            let durable = match &all {
                Some(Err(_)) => false,
                Some(Ok(())) => file.sync_data().is_ok(),
                None => file.sync_data().is_ok() && self.folder.sync_all().is_ok(),
            };
            let event = if durable {
                RecorderEvent::Closed { call, written: Some(closed) }
            } else {
                log::error!(target: "recorder", call:% ; "a recording could not be made durable");
                RecorderEvent::Failed { call }
            };
            let _ = self.events.blocking_send(event);
        }
    }
}
