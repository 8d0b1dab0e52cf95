//! A span's audio half over DAHDI: blocks of 20 ms on B channels and ports, by one thread, paced by the card.
//!
//! What wakes the thread is a channel of the span itself, the pacer: the highest slot that carries audio, which is
//! open always, in a call or not. The driver serves the slots of a span in their order within one interrupt, so when
//! the highest has its block all others have theirs. A timer of the system, or DAHDI's own (which counts the master
//! span's clock), would drift against this span. Other slots are open only during calls.
//!
//! Each open slot is one block ahead in sending, which is the jitter the thread may have without a gap. After a stall
//! only the newest blocks count. What was lost (a full or empty buffer, a block that waited behind an event or came too
//! late) is counted into the span's slips.
//!
//! It fetches events of the channels it opened itself. Those of ports belong to control: while one waits, the driver
//! gives no audio, and the block is made good in the next turn.

use crate::control::AUDIO_BUFFERS;
use crate::device::{ChannelFile, Transfer};
use crate::shared::{SLOTS, Shared, SlotUse};
use crate::{FoundSpan, Paths, abi};
use card::{AudioReady, CardError, SLOT_BLOCK, SpanAudio};
use nix::libc::c_int;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// A span's audio half.
#[derive(Debug)]
pub struct DahdiAudio {
    paths: Paths,
    first_channel: u32,
    shared: Arc<Shared>,
    generation: u32,
    echo_canceller: bool,
    seats: Vec<Seat>,
    pacer: Option<usize>,
    last_turn: Option<Instant>,
}

/// One slot, by its number.
#[derive(Debug)]
struct Seat {
    kind: SlotUse,
    file: Option<Arc<ChannelFile>>,
    in_call: bool,
    /// Something was sent in this call: the block ahead is there.
    primed: bool,
    /// The last turn's block still waits in the driver, behind an event.
    behind: bool,
    received: Option<[u8; SLOT_BLOCK]>,
    to_send: [u8; SLOT_BLOCK],
}

/// A-law silence.
const SILENCE: u8 = 0xd5;
/// Taps of the echo canceller: 16 ms, the tail of a local loop and a hybrid.
const ECHO_TAPS: c_int = 128;
/// Events fetched before a transfer is given up; the driver keeps 64.
const MAX_EVENTS: usize = 64;
/// A turn that comes later than this after the last starts anew: the buffers for receiving are all but full. What is
/// late by less is made up for, and stays as delay until the end of the call.
const STALL: Duration = Duration::from_millis(100);
/// How long a block behind an event of a port is waited for before it is asked for again.
const EVENT_PAUSE: Duration = Duration::from_millis(1);

impl Seat {
    const fn empty() -> Self {
        Self {
            kind: SlotUse::None,
            file: None,
            in_call: false,
            primed: false,
            behind: false,
            received: None,
            to_send: [SILENCE; SLOT_BLOCK],
        }
    }

    const fn owns_events(&self) -> bool {
        matches!(self.kind, SlotUse::Clear)
    }
}

/// How the block of a slot was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Block,
    Nothing,
    Behind,
    Gone,
}

impl DahdiAudio {
    pub(crate) fn new(paths: Paths, span: &FoundSpan, shared: Arc<Shared>) -> Self {
        Self {
            paths,
            first_channel: span.first_channel,
            shared,
            generation: 0,
            echo_canceller: false,
            seats: (0..SLOTS).map(|_| Seat::empty()).collect(),
            pacer: None,
            last_turn: None,
        }
    }

    /// Blocks of this span that were lost so far.
    #[must_use]
    pub fn lost_blocks(&self) -> u32 {
        self.shared.lost()
    }

    /// Takes a new layout over: all slots are closed, the pacer is opened.
    fn relayout(&mut self) {
        self.generation = self.shared.generation();
        let layout = self.shared.layout();
        self.echo_canceller = layout.echo_canceller;
        self.pacer = None;
        for (seat, kind) in self.seats.iter_mut().zip(layout.slots) {
            *seat = Seat::empty();
            if let SlotUse::Port(file) = &kind {
                seat.file = Some(Arc::clone(file));
            }
            seat.kind = kind;
        }
        if let Err(error) = self.open_pacer() {
            log::warn!("a span's audio stands still: {error}");
        }
    }

    /// Opens the highest slot that carries audio. Tried again in each turn: whoever had it may let it go.
    fn open_pacer(&mut self) -> Result<(), CardError> {
        let highest = (1..SLOTS).rev().find(|slot| !matches!(self.seats[*slot].kind, SlotUse::None));
        let Some(slot) = highest else { return Ok(()) };
        self.open_file(slot)?;
        self.pacer = Some(slot);
        Ok(())
    }

    /// Opens the file of a clear slot; a port's is open already.
    fn open_file(&mut self, slot: usize) -> Result<(), CardError> {
        let seat = &mut self.seats[slot];
        if seat.file.is_some() {
            return Ok(());
        }
        let channel = self.first_channel + u32::try_from(slot).unwrap_or(0) - 1;
        let file = ChannelFile::open(&self.paths, channel)?;
        file.audio_mode()?;
        file.a_law()?;
        file.buffers(SLOT_BLOCK, AUDIO_BUFFERS)?;
        seat.file = Some(Arc::new(file));
        Ok(())
    }

    /// Fetches the block of a slot.
    fn fetch(&mut self, slot: usize) -> Fetched {
        let fetched = read_block(&mut self.seats[slot], &self.shared);
        let seat = &mut self.seats[slot];
        match fetched {
            Fetched::Block if seat.behind => {
                // The block that waited behind the event is heard too late: the one after it takes its place.
                seat.behind = false;
                if read_block(seat, &self.shared) == Fetched::Block {
                    self.shared.count_lost();
                }
            }
            Fetched::Behind => seat.behind = true,
            Fetched::Block | Fetched::Nothing | Fetched::Gone => {}
        }
        fetched
    }

    /// After a stall only the newest block counts, and sending begins anew with one block ahead.
    fn catch_up(&mut self) {
        let now = Instant::now();
        let stalled = self.last_turn.is_some_and(|last| now.saturating_duration_since(last) > STALL);
        self.last_turn = Some(now);
        if !stalled {
            return;
        }
        for slot in 1..SLOTS {
            if self.seats[slot].in_call || self.pacer == Some(slot) {
                for _ in 0..AUDIO_BUFFERS {
                    if self.fetch(slot) != Fetched::Block {
                        break;
                    }
                    if self.seats[slot].in_call {
                        self.shared.count_lost();
                    }
                }
                self.seats[slot].primed = false;
            }
        }
    }

    /// Waits until the pacer has a block, and fetches it.
    fn wait_for_pacer(&mut self, slot: usize, until: Instant) -> AudioReady {
        loop {
            let Some(file) = self.seats[slot].file.clone() else { return AudioReady::Gone };
            let left = until.saturating_duration_since(Instant::now());
            match poll_input(&file, left) {
                PollEnd::Ready => {}
                PollEnd::Interrupted => continue,
                PollEnd::TimedOut => return AudioReady::TimedOut,
                PollEnd::Gone => return AudioReady::Gone,
            }
            match self.fetch(slot) {
                Fetched::Block => return AudioReady::Block,
                Fetched::Gone => return AudioReady::Gone,
                Fetched::Nothing => {}
                Fetched::Behind => pause(EVENT_PAUSE.min(left)),
            }
        }
    }
}

/// Reads one block into the seat. A channel's own events are fetched on the way.
fn read_block(seat: &mut Seat, shared: &Shared) -> Fetched {
    let Some(file) = &seat.file else { return Fetched::Nothing };
    let mut block = [SILENCE; SLOT_BLOCK];
    for _ in 0..MAX_EVENTS {
        match file.read(&mut block) {
            Transfer::Done(_) => {
                seat.received = Some(block);
                return Fetched::Block;
            }
            Transfer::Wait => return Fetched::Nothing,
            Transfer::Failed(_) => return Fetched::Gone,
            Transfer::EventFirst if !seat.owns_events() => return Fetched::Behind,
            Transfer::EventFirst => take_event(file, seat.in_call && seat.primed, shared),
        }
    }
    Fetched::Nothing
}

/// Fetches an event of a channel of our own: buffers that were full or empty are lost blocks, alarms are control's.
fn take_event(file: &ChannelFile, counts: bool, shared: &Shared) {
    let event = file.event().ok().flatten();
    if counts && matches!(event, Some(abi::EVENT_READ_OVERRUN | abi::EVENT_WRITE_UNDERRUN)) {
        shared.count_lost();
    }
}

/// Sends one block; `false` where it was lost.
fn send_block(file: &ChannelFile, owns_events: bool, block: &[u8; SLOT_BLOCK], shared: &Shared) -> bool {
    for _ in 0..MAX_EVENTS {
        match file.write(block) {
            Transfer::Done(_) => return true,
            Transfer::EventFirst if owns_events => take_event(file, true, shared),
            Transfer::EventFirst | Transfer::Wait | Transfer::Failed(_) => return false,
        }
    }
    false
}

enum PollEnd {
    Ready,
    TimedOut,
    Interrupted,
    Gone,
}

fn poll_input(file: &ChannelFile, at_most: Duration) -> PollEnd {
    let mut polled = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    match ppoll(&mut polled, Some(TimeSpec::from_duration(at_most)), None) {
        Ok(0) => return PollEnd::TimedOut,
        Err(nix::errno::Errno::EINTR) => return PollEnd::Interrupted,
        Ok(_) => {}
        Err(_) => return PollEnd::Gone,
    }
    let events = polled[0].revents().unwrap_or(PollFlags::POLLERR);
    if events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL) {
        return PollEnd::Gone;
    }
    PollEnd::Ready
}

/// Waits without anything to wait for; a signal ends it early, which does no harm.
fn pause(time: Duration) {
    let _ = ppoll(&mut [], Some(TimeSpec::from_duration(time)), None);
}

impl SpanAudio for DahdiAudio {
    fn wait(&mut self, at_most: Duration) -> AudioReady {
        if self.generation != self.shared.generation() {
            self.relayout();
        }
        let Some(pacer) = self.pacer else {
            pause(at_most);
            // The warning was given when it failed first.
            let _ = self.open_pacer();
            return AudioReady::TimedOut;
        };
        for seat in &mut self.seats {
            seat.received = None;
        }
        let ready = self.wait_for_pacer(pacer, Instant::now() + at_most);
        if ready == AudioReady::Block {
            for slot in (1..SLOTS).filter(|slot| *slot != pacer) {
                if self.seats[slot].in_call {
                    self.fetch(slot);
                }
            }
            self.catch_up();
        }
        ready
    }

    fn read(&mut self, slot: Timeslot, block: &mut [u8; SLOT_BLOCK]) -> bool {
        let seat = self.seats.get_mut(usize::from(slot.0)).filter(|seat| seat.in_call);
        let received = seat.and_then(|seat| seat.received.take());
        *block = received.unwrap_or([SILENCE; SLOT_BLOCK]);
        received.is_some()
    }

    fn write(&mut self, slot: Timeslot, block: &[u8; SLOT_BLOCK]) {
        if let Some(seat) = self.seats.get_mut(usize::from(slot.0)) {
            seat.to_send = *block;
        }
    }

    fn flush(&mut self) {
        for seat in self.seats.iter_mut().filter(|seat| seat.in_call) {
            let Some(file) = &seat.file else { continue };
            if !seat.primed {
                send_block(file, seat.owns_events(), &[SILENCE; SLOT_BLOCK], &self.shared);
            }
            if !send_block(file, seat.owns_events(), &seat.to_send, &self.shared) {
                self.shared.count_lost();
            }
            if !seat.primed {
                seat.primed = true;
                // Only from here on is an empty buffer a loss.
                if seat.owns_events() && file.buffer_events(true).is_err() {
                    log::warn!("a channel tells of no lost blocks");
                }
            }
            seat.to_send = [SILENCE; SLOT_BLOCK];
        }
    }

    fn set_open(&mut self, slot: Timeslot, open: bool) -> Result<(), CardError> {
        if self.generation != self.shared.generation() {
            self.relayout();
        }
        let index = usize::from(slot.0);
        if self.seats.get(index).is_none_or(|seat| matches!(seat.kind, SlotUse::None)) {
            return Err(CardError::NoSuchSlot(slot));
        }
        if !open {
            return self.close(index);
        }
        self.open_file(index)?;
        let seat = &mut self.seats[index];
        let Some(file) = &seat.file else { return Err(CardError::NoSuchSlot(slot)) };
        file.flush_audio()?;
        if self.echo_canceller {
            file.echo_cancel(ECHO_TAPS)?;
        }
        seat.in_call = true;
        seat.primed = false;
        seat.behind = false;
        seat.to_send = [SILENCE; SLOT_BLOCK];
        Ok(())
    }

    fn set_clear(&mut self, slot: Timeslot, clear: bool) -> Result<(), CardError> {
        let file = self.seats.get(usize::from(slot.0)).and_then(|seat| seat.file.as_ref());
        let file = file.ok_or(CardError::NoSuchSlot(slot))?;
        if self.echo_canceller { file.echo_cancel(if clear { 0 } else { ECHO_TAPS }) } else { Ok(()) }
    }
}

impl DahdiAudio {
    /// Ends the audio of a slot; the pacer and ports stay open.
    fn close(&mut self, index: usize) -> Result<(), CardError> {
        let is_pacer = self.pacer == Some(index);
        let seat = &mut self.seats[index];
        if !seat.in_call {
            return Ok(());
        }
        seat.in_call = false;
        seat.received = None;
        let Some(file) = &seat.file else { return Ok(()) };
        if seat.owns_events() && !is_pacer {
            seat.file = None;
            return Ok(());
        }
        if seat.owns_events() {
            file.buffer_events(false)?;
        }
        file.echo_cancel(0)
    }
}

#[cfg(test)]
#[path = "audio_tests.rs"]
mod tests;
