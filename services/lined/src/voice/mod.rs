//! The media threads and signalling's way to them: plain threads, rings both ways, no lock and no allocation
//! while calls run.
//!
//! Signalling owns the numbering of places in each thread; a thread only ever fills a place it was told to and
//! gives it back. It decides nothing about a call: that is `media`'s and the call machine's business.

mod analogue;
mod batch;
mod block;
mod card_side;
mod handset;
mod place;
mod port;
mod ports;
mod thread;

pub use analogue::{FxoProcessor, FxsProcessor, MAX_SLOT_ORDERS};
pub use block::{BLOCK_FRAMES, Block};
pub use handset::{HandsetDevice, HandsetLane, HandsetProcessor, OpenHandset};
pub use place::Place;
pub use port::{FrameRings, LegSockets, Port, SlotNews, SlotProcessor};
pub use ports::{PortError, Ports};

use card::SpanAudio;
use media::stats::CallStats;
use media::{Command, Event};
use nix::sys::eventfd::{EfdFlags, EventFd};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use thiserror::Error;
use vocab::{CallId, SpanId, Timeslot};

/// Calls one media thread takes.
pub const MAX_PLACES: usize = 1_000;
/// Calls a span's thread takes: those of its slots, and as many that are still closing.
pub const MAX_SPAN_PLACES: usize = 2 * idl::spans::E1_TIMESLOTS as usize;
/// Orders and reports waiting in a ring.
pub const MAX_RING: usize = 8_192;

/// Where a call's media lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlaceId {
    thread: u16,
    index: u16,
}

/// From signalling to a media thread.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "no allocation on the way to the media thread")]
pub(crate) enum Order {
    /// Take this call.
    Add { index: u16, place: Box<Place> },
    /// What the call's agent is plugged into.
    Agent { index: u16, port: Box<Port> },
    /// What runs on a slot that carries no call; nothing, if `None`.
    Processor { slot: Timeslot, processor: Option<Box<dyn SlotProcessor>> },
    /// For the call's media.
    Command { index: u16, command: Command },
    /// Finish: send RTCP BYE, drain the recording, give the place back.
    Close { index: u16 },
}

/// From a media thread to signalling.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "no allocation on the way from the media thread")]
pub enum Report {
    /// Something happened in a call's media.
    Event {
        /// The call.
        call: CallId,
        /// When, in microseconds of the boot clock.
        at_us: u64,
        /// What.
        event: Event,
    },
    /// The recorder cannot keep up; blocks were lost.
    RecorderBehind {
        /// The call.
        call: CallId,
    },
    /// The call's media is over; sockets and buffers come back to be freed.
    Closed {
        /// The call.
        call: CallId,
        /// Its totals.
        stats: Box<CallStats>,
        /// What is left of it.
        place: Box<Place>,
    },
    /// A port that is no longer used.
    Port(Box<Port>),
    /// Something happened on a slot without a call.
    Slot {
        /// The span.
        span: SpanId,
        /// The slot.
        slot: Timeslot,
        /// What.
        news: SlotNews,
    },
    /// What ran on a slot, to be freed.
    Processor(Box<dyn SlotProcessor>),
    /// A card stands still, or runs again.
    Card {
        /// The span.
        span: SpanId,
        /// Whether it delivers audio.
        runs: bool,
    },
}

/// Work for the recorder, from a media thread.
#[derive(Debug)]
pub enum Recorded {
    /// Audio of a call.
    Block {
        /// The call.
        call: CallId,
        /// The audio.
        block: Box<Block>,
    },
    /// The last block of the call has been handed over.
    End {
        /// The call.
        call: CallId,
        /// Milliseconds between first and last recorded sample by the clock.
        expected_ms: u64,
    },
}

/// The recorder's ends of one thread's rings.
#[derive(Debug)]
pub struct RecorderEnd {
    /// Full blocks.
    pub recorded: Consumer<Recorded>,
    /// Empty ones go back here.
    pub empty: Producer<Box<Block>>,
}

/// Why a thread could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VoiceError {
    /// Every place is taken.
    #[error("all media places are taken")]
    Full,
    /// The thread does not read its orders: it is stuck.
    #[error("a media thread does not read its orders")]
    Stuck,
}

/// The media threads.
#[derive(Debug)]
pub struct Voice {
    threads: Vec<Lane>,
    /// The spans, whose lanes are the last of `threads`, in this order.
    spans: Vec<SpanId>,
    wake: Arc<EventFd>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Lane {
    orders: Producer<Order>,
    reports: Consumer<Report>,
    free: Vec<u16>,
    taken: usize,
    beats: Arc<AtomicU64>,
    handle: Option<JoinHandle<()>>,
}

impl Voice {
    /// Starts `threads` threads paced by the system's clock, and one for each span, paced by its card. The second
    /// value goes to the recorder.
    ///
    /// # Errors
    /// The system's, if no thread or descriptor can be had.
    pub fn start(
        threads: usize,
        spans: Vec<(SpanId, Box<dyn SpanAudio>)>,
    ) -> std::io::Result<(Self, Vec<RecorderEnd>)> {
        let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?);
        let mut voice =
            Self { threads: Vec::new(), spans: Vec::new(), wake, stop: Arc::new(AtomicBool::new(false)) };
        let mut ends = Vec::new();
        for number in 0..threads.max(1) {
            ends.push(voice.lane(format!("media-{number}"), MAX_PLACES, None)?);
        }
        for (span, audio) in spans {
            voice.spans.push(span);
            ends.push(voice.lane(format!("{span}"), MAX_SPAN_PLACES, Some((span, audio)))?);
        }
        Ok((voice, ends))
    }

    fn lane(
        &mut self,
        name: String,
        places: usize,
        card: Option<(SpanId, Box<dyn SpanAudio>)>,
    ) -> std::io::Result<RecorderEnd> {
        let blocks = 2 * places;
        let (orders, incoming) = RingBuffer::new(MAX_RING);
        let (outgoing, reports) = RingBuffer::new(MAX_RING);
        let (full, recorded) = RingBuffer::new(blocks);
        let (mut empty, spare) = RingBuffer::new(blocks);
        for _ in 0..blocks {
            let _ = empty.push(Block::boxed());
        }
        let beats = Arc::new(AtomicU64::new(0));
        let ends = thread::Ends {
            orders: incoming,
            reports: outgoing,
            recorded: full,
            spare,
            wake: Arc::clone(&self.wake),
            stop: Arc::clone(&self.stop),
            beats: Arc::clone(&beats),
        };
        let worker = thread::Worker::new(ends, places, card)?;
        let handle = std::thread::Builder::new().name(name).spawn(move || run_or_abort(worker))?;
        let free = (0..u16::try_from(places).unwrap_or(u16::MAX)).rev().collect();
        self.threads.push(Lane { orders, reports, free, taken: 0, beats, handle: Some(handle) });
        Ok(RecorderEnd { recorded, empty })
    }

    /// The descriptor that becomes readable when reports wait.
    #[must_use]
    pub fn wake(&self) -> Arc<EventFd> {
        Arc::clone(&self.wake)
    }

    /// Gives a call to the least loaded thread.
    ///
    /// # Errors
    /// [`VoiceError`].
    pub fn add(&mut self, place: Box<Place>) -> Result<PlaceId, VoiceError> {
        let lanes = self.threads.iter().enumerate().take(self.clocked());
        let (number, _) = lanes.min_by_key(|(_, lane)| lane.taken).ok_or(VoiceError::Full)?;
        self.add_at(number, place)
    }

    /// Gives a call whose customer is on a slot of this span to the span's thread.
    ///
    /// # Errors
    /// [`VoiceError`].
    pub fn add_on_span(&mut self, span: SpanId, place: Box<Place>) -> Result<PlaceId, VoiceError> {
        let number = self.lane_of(span).ok_or(VoiceError::Full)?;
        self.add_at(number, place)
    }

    /// Runs something on a slot that carries no call, or stops what runs there.
    ///
    /// # Errors
    /// [`VoiceError::Stuck`].
    pub fn process(
        &mut self,
        span: SpanId,
        slot: Timeslot,
        processor: Option<Box<dyn SlotProcessor>>,
    ) -> Result<(), VoiceError> {
        let number = self.lane_of(span).ok_or(VoiceError::Stuck)?;
        let lane = self.threads.get_mut(number).ok_or(VoiceError::Stuck)?;
        lane.orders.push(Order::Processor { slot, processor }).map_err(|_| VoiceError::Stuck)
    }

    /// Threads that the system's clock paces: they come first.
    fn clocked(&self) -> usize {
        self.threads.len() - self.spans.len()
    }

    fn lane_of(&self, span: SpanId) -> Option<usize> {
        self.spans.iter().position(|known| *known == span).map(|at| self.clocked() + at)
    }

    fn add_at(&mut self, number: usize, place: Box<Place>) -> Result<PlaceId, VoiceError> {
        let lane = self.threads.get_mut(number).ok_or(VoiceError::Full)?;
        let index = lane.free.pop().ok_or(VoiceError::Full)?;
        if lane.orders.push(Order::Add { index, place }).is_err() {
            lane.free.push(index);
            return Err(VoiceError::Stuck);
        }
        lane.taken += 1;
        Ok(PlaceId { thread: u16::try_from(number).unwrap_or(0), index })
    }

    /// An order for a call's media.
    ///
    /// # Errors
    /// [`VoiceError::Stuck`].
    pub fn command(&mut self, at: PlaceId, command: Command) -> Result<(), VoiceError> {
        self.order(at, Order::Command { index: at.index, command })
    }

    /// What a call's agent is plugged into, before `ConnectAgent`.
    ///
    /// # Errors
    /// [`VoiceError::Stuck`].
    pub fn agent_port(&mut self, at: PlaceId, port: Box<Port>) -> Result<(), VoiceError> {
        self.order(at, Order::Agent { index: at.index, port })
    }

    /// Ends a call's media; answered by [`Report::Closed`].
    ///
    /// # Errors
    /// [`VoiceError::Stuck`].
    pub fn close(&mut self, at: PlaceId) -> Result<(), VoiceError> {
        self.order(at, Order::Close { index: at.index })
    }

    /// The place of a closed call is free again.
    pub fn release(&mut self, at: PlaceId) {
        if let Some(lane) = self.threads.get_mut(usize::from(at.thread)) {
            lane.free.push(at.index);
            lane.taken = lane.taken.saturating_sub(1);
        }
    }

    /// The next report of any thread.
    pub fn report(&mut self) -> Option<Report> {
        self.threads.iter_mut().find_map(|lane| lane.reports.pop().ok())
    }

    /// Calls with media now.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.threads.iter().map(|lane| lane.taken).sum()
    }

    /// Places left for calls by packets; a span has one for each of its slots.
    #[must_use]
    pub fn room(&self) -> usize {
        self.threads.iter().take(self.clocked()).map(|lane| lane.free.len()).sum()
    }

    /// Ticks of each thread so far: a thread whose count stands still is stuck.
    #[must_use]
    pub fn beats(&self) -> Vec<u64> {
        self.threads.iter().map(|lane| lane.beats.load(Ordering::Relaxed)).collect()
    }

    fn order(&mut self, at: PlaceId, order: Order) -> Result<(), VoiceError> {
        let lane = self.threads.get_mut(usize::from(at.thread)).ok_or(VoiceError::Stuck)?;
        lane.orders.push(order).map_err(|_| VoiceError::Stuck)
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for lane in &mut self.threads {
            if let Some(handle) = lane.handle.take() {
                let _ = handle.join();
            }
        }
    }
}

/// A media thread that dies would leave calls mute and unrecorded: the process goes with it and is restarted.
fn run_or_abort(worker: thread::Worker) {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || worker.run()));
    if ended.is_err() {
        log::error!(target: "media", "a media thread died; the process ends");
        std::process::abort();
    }
}
