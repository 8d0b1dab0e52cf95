//! The handset's thread: it waits for the handset's own device, which signalling and media threads must not. One line at a
//! time; it ends with the other end of its rings.

use crate::voice::FrameRings;
use card::{CardError, SLOT_BLOCK};
use media::g711::Law;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The audio device of a handset.
pub trait HandsetDevice {
    /// Waits for a block that was said and plays one that is to be heard; `false`: none came in time.
    ///
    /// # Errors
    /// [`CardError`]: the device is gone.
    fn turn(
        &mut self,
        heard: &[i16; SLOT_BLOCK],
        said: &mut [i16; SLOT_BLOCK],
        at_most: Duration,
    ) -> Result<bool, CardError>;
}

impl HandsetDevice for alsa_line::Handset {
    fn turn(
        &mut self,
        heard: &[i16; SLOT_BLOCK],
        said: &mut [i16; SLOT_BLOCK],
        at_most: Duration,
    ) -> Result<bool, CardError> {
        Self::turn(self, heard, said, at_most)
    }
}

/// Opens the device for one test.
pub type OpenHandset = Box<dyn FnMut() -> Result<Box<dyn HandsetDevice>, CardError> + Send>;

/// The thread.
#[derive(Debug)]
pub struct HandsetLane {
    orders: Option<SyncSender<FrameRings>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl HandsetLane {
    /// Starts it; the device is opened for each test anew.
    ///
    /// # Errors
    /// The system's, if no thread can be had.
    pub fn start(mut open: OpenHandset) -> std::io::Result<Self> {
        let (orders, ordered) = sync_channel(MAX_ORDERS);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || serve(&ordered, &mut open, &stopped);
        let thread = std::thread::Builder::new().name("handset".to_owned()).spawn(run)?;
        Ok(Self { orders: Some(orders), stop, thread: Some(thread) })
    }

    /// Connects the handset to what is at the other end. Where it does not take them, the rings are dropped, and the
    /// other end sees that.
    pub fn connect(&self, rings: FrameRings) {
        let Some(orders) = &self.orders else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = orders.try_send(rings) {
            log::error!(target: "cards", "the handset's thread takes no order");
        }
    }
}

impl Drop for HandsetLane {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(ordered: &Receiver<FrameRings>, open: &mut OpenHandset, stop: &AtomicBool) {
    while let Ok(rings) = ordered.recv() {
        let done = open().and_then(|mut device| carry(&mut *device, rings, stop));
        if let Err(error) = done {
            log::error!(target: "cards", error:% ; "the handset cannot be used");
        }
    }
}

/// Carries audio until the line is given back.
fn carry(device: &mut dyn HandsetDevice, mut rings: FrameRings, stop: &AtomicBool) -> Result<(), CardError> {
    let (mut heard, mut said, mut block) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    let mut silent = 0;
    while !stop.load(Ordering::Relaxed) && !rings.outgoing.is_abandoned() {
        if !device.turn(&heard, &mut said, TURN)? {
            silent += 1;
            if silent >= MAX_SILENT_TURNS {
                return Err(CardError::Gone);
            }
            continue;
        }
        silent = 0;
        Law::A.encode_into(&said, &mut block);
        rings.send(&block);
        match rings.receive() {
            Some(frame) => Law::A.decode_into(&frame, &mut heard),
            None => heard = [0; SLOT_BLOCK],
        }
    }
    Ok(())
}

/// The next test may be ordered while the thread closes the device of the last.
const MAX_ORDERS: usize = 1;
/// A device has five of its turns for one.
const TURN: Duration = Duration::from_millis(100);
/// A device that says nothing for two seconds is gone.
const MAX_SILENT_TURNS: u32 = 20;
