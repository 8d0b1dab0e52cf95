//! The writer's loop: orders of signalling, blocks of the media threads, encrypted chunks to files. It never
//! waits for the disk to be durable: that is the other thread's work.

use super::file::Recording;
use super::sync::ToSync;
use super::{MAX_OPEN, Order, RecorderEvent};
use crate::voice::{Block, Recorded, RecorderEnd};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::Duration;
use tokio::sync::mpsc;
use vocab::CallId;

/// The pause when there is nothing to do: far less than the second a block holds.
const IDLE: Duration = Duration::from_millis(10);

pub(super) struct Writer {
    folder: PathBuf,
    ends: Vec<RecorderEnd>,
    orders: Receiver<Order>,
    to_sync: SyncSender<ToSync>,
    events: mpsc::Sender<RecorderEvent>,
    open: HashMap<CallId, Recording>,
    stopping: bool,
}

impl Writer {
    pub fn new(
        folder: &Path,
        ends: Vec<RecorderEnd>,
        orders: Receiver<Order>,
        to_sync: SyncSender<ToSync>,
        events: mpsc::Sender<RecorderEvent>,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            ends,
            orders,
            to_sync,
            events,
            open: HashMap::new(),
            stopping: false,
        }
    }

    pub fn run(mut self) {
        loop {
            let busy = self.take_orders() | self.take_audio();
            if self.stopping && !busy {
                // What is still open belongs to calls that never closed: their chunks stay, their end is missing.
                return;
            }
            if !busy {
                self.wait();
            }
        }
    }

    /// Until an order comes: a call is not dialled before its file is there. Audio can wait for [`IDLE`].
    fn wait(&mut self) {
        match self.orders.recv_timeout(IDLE) {
            Ok(order) => self.take(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.stopping = true,
        }
    }

    fn take_orders(&mut self) -> bool {
        let mut busy = false;
        while !self.stopping {
            match self.orders.try_recv() {
                Ok(order) => self.take(order),
                Err(TryRecvError::Disconnected) => self.stopping = true,
                Err(TryRecvError::Empty) => return busy,
            }
            busy = true;
        }
        busy
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Open { call, key, notice } => {
                let made = if self.open.len() >= MAX_OPEN {
                    Err(std::io::Error::other("too many recordings"))
                } else {
                    Recording::create(&self.folder, call, key, notice)
                };
                match made {
                    Ok(recording) => {
                        let _ = self.to_sync.try_send(ToSync::Began { file: recording.file() });
                        self.open.insert(call, recording);
                        self.tell(RecorderEvent::Opened { call });
                    }
                    Err(error) => {
                        log::error!(target: "recorder", call:%, error:% ; "a recording cannot be made");
                        self.tell(RecorderEvent::Failed { call });
                    }
                }
            }
            Order::Discard { call } => self.close(call, 0),
            Order::Stop => self.stopping = true,
        }
    }

    fn take_audio(&mut self) -> bool {
        let mut busy = false;
        for at in 0..self.ends.len() {
            while let Ok(recorded) = self.ends[at].recorded.pop() {
                busy = true;
                match recorded {
                    Recorded::Block { call, block } => {
                        self.write(call, &block);
                        self.give_back(at, block);
                    }
                    Recorded::End { call, expected_ms } => self.close(call, expected_ms),
                }
            }
        }
        busy
    }

    fn write(&mut self, call: CallId, block: &Block) {
        let Some(recording) = self.open.get_mut(&call) else { return };
        if recording.failed {
            return;
        }
        if let Err(error) = recording.append(block) {
            log::error!(target: "recorder", call:%, error:% ; "a recording cannot be written");
            recording.failed = true;
            self.tell(RecorderEvent::Failed { call });
        }
    }

    fn give_back(&mut self, at: usize, mut block: Box<Block>) {
        block.clear();
        let _ = self.ends[at].empty.push(block);
    }

    fn close(&mut self, call: CallId, expected_ms: u64) {
        let Some(recording) = self.open.remove(&call) else {
            self.tell(RecorderEvent::Closed { call, written: None });
            return;
        };
        let failed = recording.failed;
        match recording.close(expected_ms) {
            Ok(Some((file, closed))) if !failed => {
                let _ = self.to_sync.send(ToSync::Ended { file, call, closed });
            }
            Ok(Some(_)) => self.tell(RecorderEvent::Failed { call }),
            Ok(None) => self.tell(RecorderEvent::Closed { call, written: None }),
            Err(error) => {
                log::error!(target: "recorder", call:%, error:% ; "a recording cannot be closed");
                self.tell(RecorderEvent::Failed { call });
            }
        }
    }

    fn tell(&self, event: RecorderEvent) {
        let _ = self.events.blocking_send(event);
    }
}
