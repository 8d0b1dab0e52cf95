//! The far side's half of a span: what a simulated exchange, or a test, is to the box. It listens, keeps the clock and
//! plays the line; it holds no protocol above the packets.

use crate::block::{Buffer, SILENCE};
use crate::packet::{Hello, MAX_PACKET, ToBox, ToFar, bounded};
use crate::socket::{Listening, Packets, Received, Sent, readable_within};
use crate::{audio_path, control_path};
use card::driver::MAX_D_FRAME;
use card::{CardError, LineEvent, LineSignal, SLOT_BLOCK, SpanKind};
use idl::spans::{Alarms, E1Config, LoopKind, SpanCounters};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use vocab::{SpanId, Timeslot};

/// Both halves; take them apart for two threads.
#[derive(Debug)]
pub struct FarEnd {
    /// D channel, lines, alarms.
    pub control: FarControl,
    /// Blocks.
    pub audio: FarAudio,
}

impl FarEnd {
    /// Listens for the box in `folder`, which must exist.
    ///
    /// # Errors
    /// The system's, if a socket cannot be made there.
    pub fn bind(folder: &Path, span: SpanId, kind: SpanKind, place: &str) -> std::io::Result<Self> {
        let looped = Arc::new(AtomicBool::new(false));
        let control = FarControl {
            listening: Listening::bind(control_path(folder, span))?,
            kind,
            place: bounded(place).to_owned(),
            link: None,
            greeted: false,
            alarms: Alarms::default(),
            counters: SpanCounters::default(),
            looped: Arc::clone(&looped),
            buffer: [0; MAX_PACKET + 1],
        };
        let audio = FarAudio {
            listening: Listening::bind(audio_path(folder, span))?,
            link: None,
            sequence: 0,
            looped,
            received: Buffer::new(kind),
            sending: Buffer::new(kind),
        };
        Ok(Self { control, audio })
    }
}

/// What the box did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FarEvent {
    /// It is there, and plugged into this place.
    Connected {
        /// The box's words.
        place: String,
    },
    /// It is gone, or spoke nonsense and was left.
    Gone,
    /// The span is set so, with or without a D channel.
    Configured(E1Config, bool),
    /// A frame of the D channel.
    Frame(Vec<u8>),
    /// Something is done to a line.
    Signal(Timeslot, LineSignal),
    /// The box's card closed this loop, or opened it.
    Loop(Option<LoopKind>),
}

/// The far side of the control half. One box at a time; the last to connect counts.
#[derive(Debug)]
pub struct FarControl {
    listening: Listening,
    kind: SpanKind,
    place: String,
    link: Option<Packets>,
    greeted: bool,
    alarms: Alarms,
    counters: SpanCounters,
    looped: Arc<AtomicBool>,
    buffer: [u8; MAX_PACKET + 1],
}

impl FarControl {
    /// The descriptors that are readable when [`FarControl::next_event`] has something: the socket that listens and,
    /// once a box is there, the connection. Ask again after each event.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.listening.as_fd()).chain(self.link.as_ref().map(AsFd::as_fd))
    }

    /// Waits until there may be an event.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        wait_for(&self.listening, self.link.as_ref(), at_most)
    }

    /// Whether a box is there and said hello.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.link.is_some() && self.greeted
    }

    /// What the box did next; `None` when nothing waits.
    pub fn next_event(&mut self) -> Option<FarEvent> {
        loop {
            if let Some(packets) = self.listening.accept() {
                let had_one = self.is_connected();
                self.link = Some(packets);
                self.greeted = false;
                if had_one {
                    return Some(FarEvent::Gone);
                }
            }
            match self.link.as_ref()?.receive(&mut self.buffer) {
                Received::Empty => return None,
                Received::Closed => {
                    self.link = None;
                    if std::mem::take(&mut self.greeted) {
                        return Some(FarEvent::Gone);
                    }
                }
                Received::Packet(length) => {
                    if let Some(event) = self.take(length) {
                        return Some(event);
                    }
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<FarEvent> {
        let buffer = self.buffer;
        match ToFar::decode(&buffer[..length]) {
            Ok(ToFar::Hello(hello)) if !self.greeted => {
                // The box hears our kind even where it is another one: its log then says which.
                self.greeted = hello.kind == self.kind;
                let ours = ToBox::Hello(Hello { kind: self.kind, place: &self.place }).encode();
                let _ = self.link.as_ref()?.send(ours.as_bytes());
                if !self.greeted {
                    return None;
                }
                let _ = self.tell(&ToBox::Alarms(self.alarms));
                let _ = self.tell(&ToBox::Counters(self.counters));
                Some(FarEvent::Connected { place: hello.place.to_owned() })
            }
            Ok(ToFar::Configure(e1, d_channel)) if self.greeted => Some(FarEvent::Configured(e1, d_channel)),
            Ok(ToFar::Frame(frame)) if self.greeted && self.looped.load(Ordering::Acquire) => {
                let _ = self.tell(&ToBox::Frame(frame));
                None
            }
            Ok(ToFar::Frame(frame)) if self.greeted => Some(FarEvent::Frame(frame.to_vec())),
            Ok(ToFar::Signal(slot, signal)) if self.greeted => Some(FarEvent::Signal(slot, signal)),
            Ok(ToFar::Loop(kind)) if self.greeted => Some(FarEvent::Loop(kind)),
            Ok(_) | Err(_) => {
                self.link = None;
                std::mem::take(&mut self.greeted).then_some(FarEvent::Gone)
            }
        }
    }

    /// Sends a frame on the D channel.
    ///
    /// # Errors
    /// [`CardError::Gone`] without a box, [`CardError::Full`] if it takes nothing, [`CardError::NotSupported`] if this
    /// is no frame.
    pub fn send_frame(&mut self, frame: &[u8]) -> Result<(), CardError> {
        if frame.is_empty() || frame.len() > MAX_D_FRAME {
            return Err(CardError::NotSupported("a D channel frame of no or too many octets"));
        }
        self.tell(&ToBox::Frame(frame))
    }

    /// Sends a frame that arrives damaged.
    ///
    /// # Errors
    /// As [`FarControl::send_frame`].
    pub fn send_bad_frame(&mut self) -> Result<(), CardError> {
        self.tell(&ToBox::BadFrame)
    }

    /// What the box sees on its line from now on, also after it went and came back. While it has no signal it hears
    /// neither frames nor audio.
    ///
    /// # Errors
    /// As [`FarControl::send_frame`]; without a box it is told to the next one.
    pub fn set_alarms(&mut self, alarms: Alarms) -> Result<(), CardError> {
        self.alarms = alarms;
        self.tell(&ToBox::Alarms(alarms))
    }

    /// What the box's error counters show from now on.
    ///
    /// # Errors
    /// As [`FarControl::set_alarms`].
    pub fn set_counters(&mut self, counters: SpanCounters) -> Result<(), CardError> {
        self.counters = counters;
        self.tell(&ToBox::Counters(counters))
    }

    /// Something happens on a line.
    ///
    /// # Errors
    /// As [`FarControl::send_frame`].
    pub fn line(&mut self, slot: Timeslot, event: LineEvent) -> Result<(), CardError> {
        self.tell(&ToBox::Line(slot, event))
    }

    /// Closes a loop at the far side, or opens it: audio and frames of the box come back to it, and its frames are no
    /// events.
    pub fn set_loop(&mut self, closed: bool) {
        self.looped.store(closed, Ordering::Release);
    }

    fn tell(&self, packet: &ToBox<'_>) -> Result<(), CardError> {
        let packets = self.link.as_ref().filter(|_| self.greeted).ok_or(CardError::Gone)?;
        match packets.send(packet.encode().as_bytes()) {
            Sent::Done => Ok(()),
            Sent::Full => Err(CardError::Full),
            Sent::Closed => Err(CardError::Gone),
        }
    }
}

/// The far side of the audio half: its [`FarAudio::send`] is the span's clock. One box at a time; the last to connect
/// counts.
#[derive(Debug)]
pub struct FarAudio {
    listening: Listening,
    link: Option<Packets>,
    sequence: u32,
    looped: Arc<AtomicBool>,
    received: Buffer,
    sending: Buffer,
}

impl FarAudio {
    /// The descriptors that are readable when a box connects or answers.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.listening.as_fd()).chain(self.link.as_ref().map(AsFd::as_fd))
    }

    /// Waits until a box connected or answered.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        wait_for(&self.listening, self.link.as_ref(), at_most)
    }

    /// Takes a box that wants to connect; whether one is there.
    pub fn accept(&mut self) -> bool {
        while let Some(packets) = self.listening.accept() {
            self.link = Some(packets);
        }
        self.link.is_some()
    }

    /// What is sent on a slot in the next turn; slots that are not written are silent.
    pub fn write(&mut self, slot: Timeslot, block: &[u8; SLOT_BLOCK]) {
        if let Some(samples) = self.sending.slot_mut(slot.0) {
            samples.copy_from_slice(block);
        }
    }

    /// A turn: sends a block of every slot, to be called each 20 ms. The number of the turn, if a box got it; turns
    /// count on without one.
    pub fn send(&mut self) -> Option<u32> {
        let number = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.accept();
        if self.looped.load(Ordering::Acquire) {
            self.sending.copy_samples(&self.received);
        }
        self.sending.set_sequence(number);
        let sent = self.link.as_ref().map(|packets| packets.send(self.sending.bytes()));
        self.sending.hush();
        if sent == Some(Sent::Closed) {
            self.link = None;
        }
        (sent == Some(Sent::Done)).then_some(number)
    }

    /// Takes the box's next answer: the number of the turn it answers. Its samples are read until the next one.
    pub fn receive(&mut self) -> Option<u32> {
        self.accept();
        loop {
            match self.link.as_ref()?.receive(self.received.room()) {
                Received::Packet(length) => {
                    if let Some(sequence) = self.received.received(length) {
                        return Some(sequence);
                    }
                }
                Received::Empty => return None,
                Received::Closed => self.link = None,
            }
        }
    }

    /// The samples of a slot in the answer that came last.
    pub fn read(&self, slot: Timeslot, block: &mut [u8; SLOT_BLOCK]) {
        match self.received.slot(slot.0) {
            Some(samples) => block.copy_from_slice(samples),
            None => block.fill(SILENCE),
        }
    }
}

fn wait_for(listening: &Listening, link: Option<&Packets>, at_most: Duration) -> bool {
    match link {
        Some(packets) => readable_within(&[listening.as_fd(), packets.as_fd()], at_most),
        None => readable_within(&[listening.as_fd()], at_most),
    }
}
