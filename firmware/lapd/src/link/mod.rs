//! One data link: its variables (3.5.2), its timers, and the way of an input to the state table and of an output back.
//!
//! Deliberately not here: what each input does in each state; that is `table`, with its helpers in `establish`,
//! `transfer` and `persist`.

mod establish;
mod event;
mod persist;
mod table;
#[cfg(test)]
mod tests;
mod transfer;

use std::collections::VecDeque;

use vocab::Millis;

use crate::api::{Counters, Input, Output, RefuseCause, State};
use crate::config::{Config, MAX_QUEUE, N201};
use crate::error::{FrameError, MdlError};
use crate::frame::{Frame, MODULUS, Role, Supervisory};
use event::Event;

/// A point-to-point data link of SAPI 0, TEI 0, either side.
///
/// A new link has its line down and nobody who wants it. Give it [`Input::PhysicalUp`] and [`Input::Establish`], in
/// any order; then call [`Link::expire`] whenever [`Link::deadline`] has come. Times must not go backwards.
#[derive(Debug)]
pub struct Link {
    config: Config,
    state: State,
    /// V(S): the number of the next I frame to send.
    vs: u8,
    /// V(A): the oldest number not acknowledged.
    va: u8,
    /// V(R): the number expected next.
    vr: u8,
    /// I frames from V(A) on: those sent and not acknowledged, then those not sent.
    queue: Messages,
    /// How many of the next I frames were sent before.
    repeats: u8,
    /// RC: how often the present frame was sent again.
    rc: u8,
    layer3_initiated: bool,
    peer_busy: bool,
    own_busy: bool,
    reject_exception: bool,
    acknowledge_pending: bool,
    /// A request of layer 3 that waits for the end of states 5 and 6 (the SDL's save symbol).
    saved: Option<Saved>,
    t200: Option<Millis>,
    t203: Option<Millis>,
    physical_up: bool,
    layer3: Layer3,
    /// Layer 3 asked for the link and has not asked for its release.
    wanted: bool,
    /// When a lost link is called again.
    retry: Option<Millis>,
    /// Losses in a row.
    losses: u32,
    /// Since when the link stands.
    up_since: Option<Millis>,
    counters: Counters,
}

/// A request of layer 3 that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saved {
    Establish,
    Release,
}

/// What layer 3 believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer3 {
    /// There is no link, and it does not wait for one.
    Down,
    /// It asked and has no answer.
    Waiting,
    /// It has a link.
    Up,
}

impl Link {
    /// A link in state 4 whose line is down. Values of `config` outside their bounds are brought inside.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config: config.bounded(),
            state: State::TeiAssigned,
            vs: 0,
            va: 0,
            vr: 0,
            queue: Messages::default(),
            repeats: 0,
            rc: 0,
            layer3_initiated: false,
            peer_busy: false,
            own_busy: false,
            reject_exception: false,
            acknowledge_pending: false,
            saved: None,
            t200: None,
            t203: None,
            physical_up: false,
            layer3: Layer3::Down,
            wanted: false,
            retry: None,
            losses: 0,
            up_since: None,
            counters: Counters::default(),
        }
    }

    /// Takes an input; what follows from it is appended to `out`.
    pub fn step(&mut self, now: Millis, input: Input<'_>, out: &mut Vec<Output>) {
        let event = match input {
            Input::Frame(octets) => self.read(octets),
            Input::Establish => Event::Establish,
            Input::Release => Event::Release,
            Input::Data(message) => Event::Data(message),
            Input::PhysicalUp => Event::PhysicalUp,
            Input::PhysicalDown => Event::PhysicalDown,
            Input::SetBusy(true) => Event::SetBusy,
            Input::SetBusy(false) => Event::ClearBusy,
        };
        self.turn(now, event, out);
    }

    /// Lets every timer expire that is due. A call that is planned for at once comes with the next expiry, so look at
    /// [`Link::deadline`] again afterwards.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Output>) {
        let is_due = |timer: &Option<Millis>| timer.is_some_and(|due| due <= now);
        let (t200, t203, retry) = (is_due(&self.t200), is_due(&self.t203), is_due(&self.retry));
        if t200 {
            self.t200 = None;
            self.turn(now, Event::T200, out);
        }
        if t203 {
            self.t203 = None;
            self.turn(now, Event::T203, out);
        }
        if retry {
            self.retry = None;
            self.turn(now, Event::Retry, out);
        }
    }

    /// When [`Link::expire`] must be called, if no input comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        [self.t200, self.t203, self.retry].into_iter().flatten().min()
    }

    /// The state of annex D.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What it counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What it is set to.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// I frames sent and not acknowledged: V(S) - V(A), never more than k.
    #[must_use]
    pub const fn outstanding(&self) -> u8 {
        distance(self.va, self.vs)
    }

    /// Messages of layer 3 not acknowledged, sent or not, never more than [`MAX_QUEUE`].
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.0.len()
    }

    /// Losses in a row, which decide how long a lost link rests ([`crate::Persistence::wait_ms`]).
    #[must_use]
    pub const fn losses_in_a_row(&self) -> u32 {
        self.losses
    }

    /// One turn of the machine: the table's row, then what the row left to do.
    fn turn(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Output>) {
        self.take(now, event, out);
        self.take_saved(now, out);
        self.send_information(now, out);
        self.acknowledge(out);
        self.check();
    }

    /// Reads a frame of the peer.
    fn read<'a>(&mut self, octets: &'a [u8]) -> Event<'a> {
        self.counters.frames_received += 1;
        match Frame::parse(self.config.side.peer(), octets) {
            Ok(frame) => Event::of(frame),
            Err(FrameError::TooShort | FrameError::Address) => {
                self.counters.invalid += 1;
                Event::Invalid
            }
            Err(FrameError::OtherLink { .. }) => {
                self.counters.other_link += 1;
                Event::OtherLink
            }
            Err(FrameError::OwnSide) => {
                self.counters.own_side += 1;
                Event::Rejected(MdlError::L)
            }
            Err(FrameError::Undefined) => Event::Rejected(MdlError::L),
            Err(FrameError::FieldNotPermitted) => Event::Rejected(MdlError::M),
            Err(FrameError::WrongSize) => Event::Rejected(MdlError::N),
            Err(FrameError::TooLong) => Event::Rejected(MdlError::O),
        }
    }

    fn send(&mut self, frame: Frame<'_>, out: &mut Vec<Output>) {
        self.counters.frames_sent += 1;
        out.push(Output::Send(frame.encode(self.config.side)));
    }

    fn send_supervisory(&mut self, kind: Supervisory, role: Role, pf: bool, out: &mut Vec<Output>) {
        self.send(Frame::S { kind, role, nr: self.vr, pf }, out);
    }

    fn error(&mut self, error: MdlError, out: &mut Vec<Output>) {
        self.counters.errors[error as usize] += 1;
        out.push(Output::Error(error));
    }

    fn refuse(&mut self, cause: RefuseCause, out: &mut Vec<Output>) {
        self.counters.refused += 1;
        out.push(Output::Refused(cause));
    }

    /// Takes a message of layer 3 into the queue.
    fn enqueue(&mut self, message: Vec<u8>, out: &mut Vec<Output>) {
        if message.is_empty() || message.len() > N201 {
            self.refuse(RefuseCause::Size, out);
        } else if self.queue.0.len() >= MAX_QUEUE {
            self.refuse(RefuseCause::QueueFull, out);
        } else {
            self.queue.0.push_back(message);
        }
    }

    fn start_t200(&mut self, now: Millis) {
        self.t200 = Some(now + self.config.t200_ms);
    }

    fn start_t203(&mut self, now: Millis) {
        self.t203 = Some(now + self.config.t203_ms);
    }

    fn stop_timers(&mut self) {
        self.t200 = None;
        self.t203 = None;
    }

    /// What must hold between two inputs; anything else is a fault of this code.
    fn check(&self) {
        let outstanding = self.outstanding();
        assert!(outstanding <= self.config.k, "more than k I frames are outstanding");
        assert!(usize::from(outstanding) <= self.queue.0.len(), "an unacknowledged I frame was forgotten");
        assert!(self.queue.0.len() <= MAX_QUEUE, "the queue is too long");
        assert!(self.vs < MODULUS && self.va < MODULUS && self.vr < MODULUS, "a number is past the modulus");
        assert!(!self.acknowledge_pending, "an acknowledgement was not sent");
        assert!(self.saved.is_none() || !self.is_stable(), "a request of layer 3 was forgotten");
        let timers = (self.t200.is_some(), self.t203.is_some());
        let expected = match self.state {
            State::TeiAssigned => timers == (false, false),
            State::AwaitingEstablishment | State::AwaitingRelease | State::TimerRecovery => {
                timers == (true, false)
            }
            State::MultipleFrameEstablished => {
                timers.0 != timers.1 && (timers.0 || outstanding == 0 && !self.peer_busy)
            }
        };
        assert!(expected, "T200 and T203 do not fit the state");
        assert!(self.retry.is_none() || self.state == State::TeiAssigned, "a standing link is called again");
        assert!(self.physical_up || self.state == State::TeiAssigned, "a link without a line");
    }

    /// States 4, 7 and 8, which end no request of layer 3.
    const fn is_stable(&self) -> bool {
        match self.state {
            State::TeiAssigned | State::MultipleFrameEstablished | State::TimerRecovery => true,
            State::AwaitingEstablishment | State::AwaitingRelease => false,
        }
    }
}

/// Messages of layer 3; `Debug` shows how many, never what they say.
#[derive(Default)]
struct Messages(VecDeque<Vec<u8>>);

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} messages", self.0.len())
    }
}

/// How far `to` is after `from`, modulo 128.
const fn distance(from: u8, to: u8) -> u8 {
    to.wrapping_sub(from) % MODULUS
}

/// The next number, modulo 128.
const fn next(number: u8) -> u8 {
    (number + 1) % MODULUS
}
