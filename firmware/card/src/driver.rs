//! The contract of a card's driver. A span has two halves that live in two threads: its control (D channel, line
//! signalling, alarms, counters, loops) in signalling, its audio in a media thread of its own that the card's clock
//! drives. Nothing here blocks but [`SpanAudio::wait`].

use idl::spans::{Alarms, LoopKind, SpanConfig, SpanCounters};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::time::Duration;
use thiserror::Error;
use vocab::Timeslot;

/// Samples of one block of one slot: 20 ms of A-law.
pub const SLOT_BLOCK: usize = 160;
/// Longest frame of a D channel without its checksum: address, control, N201 = 260 octets.
pub const MAX_D_FRAME: usize = 264;

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// An E1 interface with 31 timeslots.
    E1,
    /// Analogue ports.
    Analogue {
        /// How many.
        ports: u8,
    },
}

impl SpanKind {
    /// The highest slot.
    #[must_use]
    pub const fn slots(self) -> u8 {
        match self {
            Self::E1 => idl::spans::E1_TIMESLOTS,
            Self::Analogue { ports } => ports,
        }
    }
}

/// Why a card did not do what it was told.
#[derive(Debug, Error)]
pub enum CardError {
    /// The system's error, with the step that failed.
    #[error("{step}: {source}")]
    System {
        /// What was tried.
        step: &'static str,
        /// The error.
        #[source]
        source: std::io::Error,
    },
    /// The card has no such slot.
    #[error("the span has no slot {0}")]
    NoSuchSlot(Timeslot),
    /// The driver cannot do this.
    #[error("the card cannot do this: {0}")]
    NotSupported(&'static str),
    /// The send queue is full: the line takes nothing.
    #[error("the card's queue is full")]
    Full,
    /// What the other side of the driver sent makes no sense.
    #[error("the driver sent what cannot be read: {0}")]
    Protocol(&'static str),
    /// The driver or its far side is gone.
    #[error("the card is gone")]
    Gone,
}

/// What a card tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardEvent {
    /// A frame of the D channel, without its checksum.
    Frame(Vec<u8>),
    /// A frame of the D channel was damaged (checksum, abort, overrun).
    BadFrame,
    /// Alarms may have changed: ask for the status.
    Alarms,
    /// Something happened on an analogue line or a CAS timeslot.
    Line(Timeslot, LineEvent),
}

/// State of a telephone's hook, or of ours towards the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookState {
    /// On-hook: idle.
    On,
    /// Off-hook: the loop is closed.
    Off,
}

/// What is seen on an analogue line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEvent {
    /// FXO: the exchange began to ring.
    RingBegins,
    /// FXO: a ring burst is over.
    RingEnds,
    /// FXO: the polarity of the loop was reversed.
    PolarityReversed,
    /// FXO: loop current is gone (disconnect supervision), or the line is not plugged in.
    LoopOpen,
    /// FXO: loop current is there (again).
    LoopClosed,
    /// FXS: the telephone's hook.
    Hook(HookState),
    /// FXS: hook flash, or the R key.
    Flash,
    /// FXS: a digit by pulses.
    Pulse(u8),
}

/// What is done to an analogue line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineSignal {
    /// FXO: close the loop, or open it.
    Hook(HookState),
    /// FXO: open the loop for a flash.
    Flash,
    /// FXS: ring the telephone, or stop.
    Ring(bool),
    /// FXS: reverse the polarity (answer supervision towards a telephone system), or back.
    Reverse(bool),
    /// FXS: interrupt the loop current for a moment: the far side hung up.
    Break,
}

/// A span's control half. All calls return at once.
pub trait SpanControl: Send + fmt::Debug {
    /// What the span is.
    fn kind(&self) -> SpanKind;

    /// Where it is plugged, for people.
    fn place(&self) -> &str;

    /// Becomes readable when [`SpanControl::next_event`] has something (an epoll descriptor is one, too).
    fn descriptor(&self) -> BorrowedFd<'_>;

    /// Sets the electrical and frame layer, and what each slot is for: the D channel of a primary rate access to HDLC,
    /// the ports that the purpose names to line signalling. Repeating it with the same values changes nothing.
    ///
    /// # Errors
    /// [`CardError`].
    fn configure(&mut self, config: &SpanConfig) -> Result<(), CardError>;

    /// The next thing that happened; `None` when nothing waits.
    ///
    /// # Errors
    /// [`CardError::Gone`] and system errors: the span is not to be used until it is opened again.
    fn next_event(&mut self) -> Result<Option<CardEvent>, CardError>;

    /// Sends a frame on the D channel; the checksum is the card's.
    ///
    /// # Errors
    /// [`CardError::Full`]: the frame is lost, the data link repeats it.
    fn send_frame(&mut self, frame: &[u8]) -> Result<(), CardError>;

    /// Alarms and counters as they are now.
    ///
    /// # Errors
    /// [`CardError`].
    fn status(&mut self) -> Result<(Alarms, SpanCounters), CardError>;

    /// Closes a loop, or opens it.
    ///
    /// # Errors
    /// [`CardError::NotSupported`] where the card has none of this kind.
    fn set_loop(&mut self, kind: Option<LoopKind>) -> Result<(), CardError>;

    /// Signals on an analogue line or CAS timeslot.
    ///
    /// # Errors
    /// [`CardError`].
    fn signal(&mut self, slot: Timeslot, signal: LineSignal) -> Result<(), CardError>;
}

/// How [`SpanAudio::wait`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioReady {
    /// A block of every slot can be read, and one of every slot must be written.
    Block,
    /// Nothing came within the time: the card stands still (its tick is run by the system's clock instead).
    TimedOut,
    /// The driver is gone.
    Gone,
}

/// A span's audio half: blocks of 20 ms, A-law, paced by the card. Used by one thread; nothing here allocates.
pub trait SpanAudio: Send + fmt::Debug {
    /// Waits until a block of every slot is there.
    fn wait(&mut self, at_most: Duration) -> AudioReady;

    /// The block of a slot that [`SpanAudio::wait`] announced; `false` (and silence) where there is none.
    fn read(&mut self, slot: Timeslot, block: &mut [u8; SLOT_BLOCK]) -> bool;

    /// The block to send on a slot in this turn. Slots that are not written send silence (A-law 0xD5).
    fn write(&mut self, slot: Timeslot, block: &[u8; SLOT_BLOCK]);

    /// The turn is over: what was written goes out.
    fn flush(&mut self);

    /// Begins or ends the audio of a slot: a driver opens the channel's file, turns the echo canceller on or off.
    /// Called before the first and after the last block of a call.
    ///
    /// # Errors
    /// [`CardError`].
    fn set_open(&mut self, slot: Timeslot, open: bool) -> Result<(), CardError>;

    /// Turns off whatever alters the samples of an open slot (the echo canceller), for a bit error test; or on again.
    ///
    /// # Errors
    /// [`CardError`].
    fn set_clear(&mut self, slot: Timeslot, clear: bool) -> Result<(), CardError> {
        let _ = (slot, clear);
        Ok(())
    }
}
