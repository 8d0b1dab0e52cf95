//! One call's media: two legs, the prompt player, the recording gate and tap, digits, watchdogs.
//!
//! It is driven by three things only: datagrams, commands, and a tick every 20 ms. It decides
//! nothing about the call.

mod delay;
mod digits;
mod recording;
mod tick;

use std::fmt;
use std::net::SocketAddr;

use crate::command::{Command, Event, Leg, RecordingState, Retired};
use crate::dtmf::inband::InBandDetector;
use crate::dtmf::{Digit, DigitSource};
use crate::g711::Law;
use crate::line::Line;
use crate::list::Bounded;
use crate::prompt::{PlayEvent, Player};
use crate::session::{Received, SrtpPair};
use crate::stats::{CallStats, LegStats};
use crate::units::{Frame, MAX_TX_PACKET};
use crate::watchdog::{WatchLimits, Watchdog};

use delay::DelayLine;
use digits::DigitMerger;
use recording::RecordingGate;

pub use delay::TAP_DELAY_TICKS;
pub use recording::MIN_NOTICE_SAMPLES;

/// Events one tick can carry; what does not fit is counted.
pub const MAX_EVENTS: usize = 32;

/// A datagram to be sent.
#[derive(Clone)]
pub struct Datagram {
    octets: [u8; MAX_TX_PACKET],
    len: usize,
    to: Option<SocketAddr>,
}

/// Shows no audio.
impl fmt::Debug for Datagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagram").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Datagram {
    /// The octets and where they go; `None` when there is nothing to send.
    #[must_use]
    pub fn packet(&self) -> Option<(&[u8], SocketAddr)> {
        self.to.map(|to| (&self.octets[..self.len], to))
    }

    const fn empty() -> Self {
        Self { octets: [0; MAX_TX_PACKET], len: 0, to: None }
    }
}

/// One tick of the recording.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TapFrame {
    /// The law of both channels.
    pub law: Law,
    /// What the customer said; silence where it is missing.
    pub left: Frame,
    /// What the customer heard from us: agent or prompt; silence where it is missing.
    pub right: Frame,
    /// Samples missing on the left.
    pub left_missing: u16,
    /// Samples missing on the right.
    pub right_missing: u16,
}

/// Shows no audio.
impl fmt::Debug for TapFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapFrame")
            .field("left_missing", &self.left_missing)
            .field("right_missing", &self.right_missing)
            .finish_non_exhaustive()
    }
}

/// What a tick gives out. Made once per thread and used again for every call.
pub struct TickOutput {
    /// To the customer.
    pub customer: Datagram,
    /// To the agent.
    pub agent: Datagram,
    /// To the customer, where that leg is on a timeslot.
    pub customer_frame: Option<Frame>,
    /// To the agent, where that leg is on a timeslot.
    pub agent_frame: Option<Frame>,
    /// RTCP to the customer.
    pub customer_control: Datagram,
    /// RTCP to the agent.
    pub agent_control: Datagram,
    /// For the recorder, when recording is on.
    pub tap: Option<TapFrame>,
    /// For signalling.
    pub events: Bounded<Event, MAX_EVENTS>,
}

/// Shows no audio.
impl fmt::Debug for TickOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TickOutput")
            .field("tap", &self.tap)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Default for TickOutput {
    fn default() -> Self {
        Self {
            customer: Datagram::empty(),
            agent: Datagram::empty(),
            customer_frame: None,
            agent_frame: None,
            customer_control: Datagram::empty(),
            agent_control: Datagram::empty(),
            tap: None,
            events: Bounded::new(),
        }
    }
}

/// The media of one call.
pub struct CallMedia {
    customer: Side,
    agent: Option<Side>,
    last_agent: LegStats,
    limits: WatchLimits,
    player: Player,
    gate: RecordingGate,
    delay: DelayLine,
    detector: InBandDetector,
    merger: DigitMerger,
    suppress: bool,
    key_is_down: bool,
    left_missing: u64,
    right_missing: u64,
    ending: bool,
    ended: bool,
    events: Bounded<Event, MAX_EVENTS>,
    stats: CallStats,
}

/// A leg and what the call knows of it.
struct Side {
    line: Line,
    watchdog: Watchdog,
    held: bool,
    heard_of: bool,
}

impl Side {
    fn new(line: Line, limits: WatchLimits) -> Self {
        Self { line, watchdog: Watchdog::new(limits), held: false, heard_of: false }
    }
}

/// Shows no audio.
impl fmt::Debug for CallMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallMedia")
            .field("recording", &self.gate)
            .field("ticks", &self.stats.ticks)
            .finish_non_exhaustive()
    }
}

impl CallMedia {
    /// A call with its customer's leg.
    #[must_use]
    pub fn new(customer: impl Into<Line>, limits: WatchLimits) -> Self {
        let customer = customer.into();
        let law = customer.law();
        Self {
            customer: Side::new(customer, limits),
            agent: None,
            last_agent: LegStats::default(),
            limits,
            player: Player::default(),
            gate: RecordingGate::default(),
            delay: DelayLine::new(law),
            detector: InBandDetector::new(),
            merger: DigitMerger::default(),
            suppress: false,
            key_is_down: false,
            left_missing: 0,
            right_missing: 0,
            ending: false,
            ended: false,
            events: Bounded::new(),
            stats: CallStats::default(),
        }
    }

    /// Takes a datagram of a leg, RTP or multiplexed RTCP; it is decrypted in place.
    pub fn receive(&mut self, leg: Leg, from: SocketAddr, datagram: &mut [u8], now_us: u64) {
        let received = match self.side(leg) {
            Some(side) => side.line.receive(from, datagram, now_us),
            None => return,
        };
        self.received(leg, received, now_us);
    }

    /// Takes a datagram of a leg's own RTCP port.
    pub fn receive_rtcp(&mut self, leg: Leg, from: SocketAddr, datagram: &mut [u8], now_us: u64) {
        let received = match self.side(leg) {
            Some(side) => side.line.receive_control(from, datagram, now_us),
            None => return,
        };
        self.received(leg, received, now_us);
    }

    /// Takes the frame a card delivered for a leg on a timeslot; at most one before each tick.
    pub fn put_frame(&mut self, leg: Leg, frame: &Frame, now_us: u64) {
        let received = match self.side(leg) {
            Some(side) => side.line.put(frame, now_us),
            None => return,
        };
        self.received(leg, received, now_us);
    }

    /// Carries out an order.
    pub fn command(&mut self, command: Command, now_us: u64) {
        match command {
            Command::Answered => self.customer.watchdog.answered(now_us),
            Command::Play(list) => {
                let cut = self.player.play(list);
                self.tell_cut(cut);
            }
            Command::Stop => {
                let cut = self.player.stop();
                self.tell_cut(cut);
            }
            Command::ConnectAgent(line) => self.connect(line, now_us),
            Command::DisconnectAgent => self.disconnect(),
            Command::SetRecording(wanted) => {
                let change = self.gate.set_wanted(wanted);
                self.tell_recording(change);
            }
            Command::PauseRecording(paused) => {
                let change = self.gate.set_paused(paused);
                self.tell_recording(change);
            }
            Command::Hold(leg, held) => self.hold(leg, held, now_us),
            Command::SetRemote(leg, remote) => {
                if let Some(side) = self.side(leg) {
                    side.line.set_remote(remote);
                }
            }
            Command::Rekey(leg, pair) => self.rekey(leg, pair),
            Command::SuppressDigits(suppress) => self.suppress = suppress,
            Command::SendDigit(leg, digit) => {
                if let Some(side) = self.side(leg) {
                    side.line.queue_digit(digit);
                }
            }
            Command::InfoDigit(digit) => self.digit(digit, DigitSource::Info, now_us),
            Command::HangUp => self.ending = true,
        }
    }

    /// Where the recorder stands.
    #[must_use]
    pub fn recording(&self) -> RecordingState {
        self.gate.state()
    }

    /// Where the player stands.
    #[must_use]
    pub fn prompt_position(&self) -> Option<crate::prompt::Position> {
        self.player.position()
    }

    /// The totals.
    #[must_use]
    pub fn stats(&self) -> CallStats {
        CallStats {
            customer: self.customer.line.stats(),
            agent: self.agent.as_ref().map_or(self.last_agent, |side| side.line.stats()),
            ..self.stats
        }
    }

    fn side(&mut self, leg: Leg) -> Option<&mut Side> {
        match leg {
            Leg::Customer => Some(&mut self.customer),
            Leg::Agent => self.agent.as_mut(),
        }
    }

    fn received(&mut self, leg: Leg, received: Received, now_us: u64) {
        match received {
            Received::Audio => {
                self.first_packet(leg);
                if leg == Leg::Customer {
                    self.catch_up(now_us);
                }
            }
            Received::Event(digit) => {
                self.first_packet(leg);
                if let (Leg::Customer, Some(digit)) = (leg, digit) {
                    self.digit(digit, DigitSource::TelephoneEvent, now_us);
                }
            }
            Received::Bye => self.tell(Event::Bye(leg)),
            Received::Control | Received::Refused(_) => {}
        }
    }

    fn first_packet(&mut self, leg: Leg) {
        let first = self.side(leg).is_some_and(|side| !std::mem::replace(&mut side.heard_of, true));
        if first {
            self.tell(Event::FirstPacket(leg));
        }
    }

    fn connect(&mut self, line: Line, now_us: u64) {
        self.disconnect();
        let mut side = Side::new(line, self.limits);
        side.watchdog.answered(now_us);
        self.agent = Some(side);
    }

    fn disconnect(&mut self) {
        if let Some(side) = self.agent.take() {
            self.last_agent = side.line.stats();
            self.tell(Event::Retired(Retired::Agent(side.line)));
        }
    }

    fn hold(&mut self, leg: Leg, held: bool, now_us: u64) {
        if let Some(side) = self.side(leg) {
            side.held = held;
            side.line.expect_audio(!held);
            side.watchdog.expect(!held, now_us);
        }
    }

    fn rekey(&mut self, leg: Leg, pair: Box<SrtpPair>) {
        let old = match self.side(leg) {
            Some(side) => side.line.rekey(pair),
            None => Some(pair),
        };
        if let Some(old) = old {
            self.tell(Event::Retired(Retired::Srtp(old)));
        }
    }

    fn digit(&mut self, digit: Digit, source: DigitSource, now_us: u64) {
        if self.merger.is_new(digit, source, now_us) {
            self.tell(Event::Digit(digit, source));
        }
    }

    fn tell_cut(&mut self, cut: Option<PlayEvent>) {
        if let Some(event) = cut {
            self.tell_play(event);
        }
    }

    fn tell_play(&mut self, event: PlayEvent) {
        self.tell(match event {
            PlayEvent::Started(place, _) => {
                Event::PromptStarted { list: place.list, index: place.index, prompt: place.prompt }
            }
            PlayEvent::Finished(place, _) => {
                Event::PromptFinished { list: place.list, index: place.index, prompt: place.prompt }
            }
            PlayEvent::ListFinished(list) => Event::ListFinished(list),
            PlayEvent::Interrupted(place, _) => {
                Event::ListInterrupted { list: place.list, prompt: place.prompt, offset: place.offset }
            }
        });
    }

    fn tell_recording(&mut self, change: Option<RecordingState>) {
        if let Some(state) = change {
            self.tell(Event::Recording(state));
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.push(event).is_err() {
            self.stats.events_lost += 1;
        }
    }
}
