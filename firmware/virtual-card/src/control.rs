//! The box's control half: D channel, line signals, alarms, counters, loops. It keeps what it was told and tells it to
//! each far side that comes; it decides nothing about calls.

use crate::has_slot;
use crate::packet::{Hello, MAX_PACKET, ToBox, ToFar, bounded};
use crate::shared::Shared;
use crate::socket::{Backoff, Packets, Received, Sent};
use card::driver::MAX_D_FRAME;
use card::{CardError, CardEvent, HookState, LineSignal, SpanControl, SpanKind};
use idl::spans::{Alarms, E1Config, LoopKind, SpanConfig, SpanCounters};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vocab::Timeslot;

/// Control of a virtual span.
#[derive(Debug)]
pub struct VirtualControl {
    path: PathBuf,
    kind: SpanKind,
    place: String,
    shared: Arc<Shared>,
    ready: Epoll,
    wake: TimerFd,
    link: Link,
    backoff: Backoff,
    complained: bool,
    configured: Option<(E1Config, bool)>,
    loop_kind: Option<LoopKind>,
    held: Held,
    alarms: Alarms,
    counters: SpanCounters,
    waiting: VecDeque<CardEvent>,
    buffer: [u8; MAX_PACKET + 1],
}

/// The far side.
#[derive(Debug)]
enum Link {
    /// Nobody listens.
    Away,
    /// Connected, its hello is awaited.
    Greeting(Packets),
    /// It said who it is.
    Up(Packets),
}

/// Signals that stay until they are taken back, a bit for each slot: told again to a far side that comes back.
#[derive(Debug, Default)]
struct Held {
    off_hook: u32,
    ringing: u32,
    reversed: u32,
}

impl VirtualControl {
    pub(crate) fn new(
        path: PathBuf,
        kind: SpanKind,
        place: &str,
        shared: Arc<Shared>,
    ) -> Result<Self, CardError> {
        let ready =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(system("make an epoll descriptor"))?;
        let wake = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK)
            .map_err(system("make a timer"))?;
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
        ready.add(&wake, readable).map_err(system("watch the timer"))?;
        let mut control = Self {
            path,
            kind,
            place: bounded(place).to_owned(),
            shared,
            ready,
            wake,
            link: Link::Away,
            backoff: Backoff::default(),
            complained: false,
            configured: None,
            loop_kind: None,
            held: Held::default(),
            alarms: no_signal(kind),
            counters: SpanCounters::default(),
            waiting: VecDeque::with_capacity(MAX_WAITING_EVENTS),
            buffer: [0; MAX_PACKET + 1],
        };
        control.try_connect()?;
        Ok(control)
    }

    /// Whether a far side of the right kind is there.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up(_))
    }

    fn try_connect(&mut self) -> Result<(), CardError> {
        let Ok(packets) = Packets::connect(&self.path) else { return self.wake_at_next_try() };
        let hello = ToFar::Hello(Hello { kind: self.kind, place: &self.place }).encode();
        if packets.send(hello.as_bytes()) != Sent::Done {
            return self.wake_at_next_try();
        }
        let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
        self.ready.add(&packets, readable).map_err(system("watch the far side"))?;
        self.link = Link::Greeting(packets);
        Ok(())
    }

    fn wake_at_next_try(&mut self) -> Result<(), CardError> {
        let wait = self.backoff.next_wait();
        self.wake_in(wait)
    }

    fn wake_in(&self, wait: Duration) -> Result<(), CardError> {
        self.wake
            .set(Expiration::OneShot(wait.into()), TimerSetTimeFlags::empty())
            .map_err(system("set the timer"))
    }

    /// The far side is gone: closing its socket takes it out of the watched ones.
    fn lost(&mut self) -> Result<(), CardError> {
        let before = self.shown_alarms();
        self.link = Link::Away;
        self.alarms = no_signal(self.kind);
        self.alarms_may_have_changed(before);
        self.wake_at_next_try()
    }

    /// One packet of the far side lies in the buffer; false if it is not to be talked with.
    fn take(&mut self, length: usize) -> bool {
        let buffer = self.buffer;
        let packet = match ToBox::decode(&buffer[..length]) {
            Ok(packet) => packet,
            Err(error) => return self.complain(format_args!("{error}")),
        };
        match (&self.link, packet) {
            (Link::Greeting(_), ToBox::Hello(hello)) if hello.kind == self.kind => self.greeted(),
            (Link::Greeting(_), ToBox::Hello(hello)) => {
                let ours = self.kind;
                return self.complain(format_args!("its span is {:?}, ours {ours:?}", hello.kind));
            }
            (Link::Up(_), ToBox::Frame(frame)) => self.frame(frame),
            (Link::Up(_), ToBox::BadFrame) if self.hears_far_frames() => self.push(CardEvent::BadFrame),
            (Link::Up(_), ToBox::BadFrame) => {}
            (Link::Up(_), ToBox::Alarms(alarms)) => self.set_alarms(alarms),
            (Link::Up(_), ToBox::Counters(counters)) => self.counters = counters,
            (Link::Up(_), ToBox::Line(slot, event)) if has_slot(self.kind, slot) => {
                self.push(CardEvent::Line(slot, event));
            }
            (Link::Up(_), ToBox::Line(slot, _)) => return self.complain(format_args!("it has no {slot}")),
            (Link::Up(_), ToBox::Hello(_)) | (Link::Greeting(_), _) => {
                return self.complain(format_args!("its hello is not at the beginning"));
            }
            (Link::Away, _) => {}
        }
        true
    }

    /// Logs why the far side is left, once until one is accepted; the answer is always no.
    fn complain(&mut self, why: std::fmt::Arguments<'_>) -> bool {
        if !std::mem::replace(&mut self.complained, true) {
            log::warn!("virtual card {}: the far side is refused: {why}", self.path.display());
        }
        false
    }

    fn greeted(&mut self) {
        let before = self.shown_alarms();
        if let Link::Greeting(packets) = std::mem::replace(&mut self.link, Link::Away) {
            self.link = Link::Up(packets);
        }
        self.backoff.reached();
        self.complained = false;
        if let Some((e1, d_channel)) = self.configured {
            self.tell(&ToFar::Configure(e1, d_channel));
        }
        if self.loop_kind.is_some() {
            self.tell(&ToFar::Loop(self.loop_kind));
        }
        for slot in (1..=self.kind.slots()).map(Timeslot) {
            for signal in self.held.signals(slot) {
                self.tell(&ToFar::Signal(slot, signal));
            }
        }
        self.alarms = Alarms::default();
        self.alarms_may_have_changed(before);
    }

    fn frame(&mut self, frame: &[u8]) {
        if !self.hears_far_frames() {
            return;
        }
        if matches!(self.loop_kind, Some(LoopKind::Network | LoopKind::Payload)) {
            self.tell(&ToFar::Frame(frame));
        }
        self.push(CardEvent::Frame(frame.to_vec()));
    }

    fn hears_far_frames(&self) -> bool {
        self.has_d_channel() && has_signal(self.alarms) && self.loop_kind != Some(LoopKind::Local)
    }

    fn has_d_channel(&self) -> bool {
        self.configured.is_some_and(|(_, d_channel)| d_channel)
    }

    /// Sends, or loses: what is lost is repeated by the protocol above, or the far side is gone anyway.
    fn tell(&self, packet: &ToFar<'_>) -> Sent {
        match &self.link {
            Link::Up(packets) => packets.send(packet.encode().as_bytes()),
            Link::Away | Link::Greeting(_) => Sent::Closed,
        }
    }

    fn set_alarms(&mut self, alarms: Alarms) {
        let before = self.shown_alarms();
        self.alarms = alarms;
        self.alarms_may_have_changed(before);
    }

    fn alarms_may_have_changed(&mut self, before: Alarms) {
        let now = self.shown_alarms();
        self.shared.set_signal(has_signal(now));
        if now != before {
            self.push(CardEvent::Alarms);
        }
    }

    /// A card looped onto itself sees its own signal, as long as it has a clock.
    fn shown_alarms(&self) -> Alarms {
        let loopback = self.loop_kind.is_some();
        if self.is_connected() && self.loop_kind == Some(LoopKind::Local) {
            return Alarms { loopback, ..Alarms::default() };
        }
        Alarms { loopback: loopback || self.alarms.loopback, ..self.alarms }
    }

    /// Events wait for the owner, who takes one after each packet; the bound only holds a looped D channel.
    fn push(&mut self, event: CardEvent) {
        if self.waiting.len() < MAX_WAITING_EVENTS {
            self.waiting.push_back(event);
        }
    }
}

impl SpanControl for VirtualControl {
    fn kind(&self) -> SpanKind {
        self.kind
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.ready.0.as_fd()
    }

    fn configure(&mut self, config: &SpanConfig) -> Result<(), CardError> {
        let (e1, d_channel) = (config.e1, config.purpose.has_d_channel());
        if d_channel && self.kind != SpanKind::E1 {
            return Err(CardError::NotSupported("analogue ports have no D channel"));
        }
        if let Some(port) = config.purpose.ports().iter().find(|port| !has_slot(self.kind, port.port)) {
            return Err(CardError::NoSuchSlot(port.port));
        }
        if self.configured.replace((e1, d_channel)) != Some((e1, d_channel)) {
            self.tell(&ToFar::Configure(e1, d_channel));
        }
        Ok(())
    }

    fn next_event(&mut self) -> Result<Option<CardEvent>, CardError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let (Link::Greeting(packets) | Link::Up(packets)) = &self.link else {
                if self.wake.wait().is_err() {
                    return Ok(None);
                }
                self.try_connect()?;
                continue;
            };
            match packets.receive(&mut self.buffer) {
                Received::Packet(length) if self.take(length) => {}
                Received::Packet(_) | Received::Closed => self.lost()?,
                Received::Empty => {
                    let _ = self.wake.wait();
                    return Ok(None);
                }
            }
        }
    }

    fn send_frame(&mut self, frame: &[u8]) -> Result<(), CardError> {
        if !self.has_d_channel() {
            return Err(CardError::NotSupported("the span has no D channel"));
        }
        if frame.is_empty() || frame.len() > MAX_D_FRAME {
            return Err(CardError::NotSupported("a D channel frame of no or too many octets"));
        }
        match self.loop_kind {
            Some(LoopKind::Local) if self.waiting.len() >= MAX_WAITING_EVENTS => Err(CardError::Full),
            Some(LoopKind::Local) => {
                self.push(CardEvent::Frame(frame.to_vec()));
                self.wake_in(NOW)
            }
            Some(LoopKind::Network | LoopKind::Payload) => Ok(()),
            None if self.tell(&ToFar::Frame(frame)) == Sent::Full => Err(CardError::Full),
            None => Ok(()),
        }
    }

    fn status(&mut self) -> Result<(Alarms, SpanCounters), CardError> {
        let slips = self.counters.slips.wrapping_add(self.shared.slips());
        Ok((self.shown_alarms(), SpanCounters { slips, ..self.counters }))
    }

    fn set_loop(&mut self, kind: Option<LoopKind>) -> Result<(), CardError> {
        if self.kind != SpanKind::E1 {
            return Err(CardError::NotSupported("analogue ports have no loops"));
        }
        let before = self.shown_alarms();
        if std::mem::replace(&mut self.loop_kind, kind) != kind {
            self.shared.set_loop(kind);
            self.tell(&ToFar::Loop(kind));
            self.alarms_may_have_changed(before);
            self.wake_in(NOW)?;
        }
        Ok(())
    }

    fn signal(&mut self, slot: Timeslot, signal: LineSignal) -> Result<(), CardError> {
        if !has_slot(self.kind, slot) {
            return Err(CardError::NoSuchSlot(slot));
        }
        self.held.hold(slot, signal);
        match self.tell(&ToFar::Signal(slot, signal)) {
            Sent::Done | Sent::Closed => Ok(()),
            Sent::Full => Err(CardError::Full),
        }
    }
}

impl Held {
    fn hold(&mut self, slot: Timeslot, signal: LineSignal) {
        let (bits, on) = match signal {
            LineSignal::Hook(hook) => (&mut self.off_hook, hook == HookState::Off),
            LineSignal::Ring(on) => (&mut self.ringing, on),
            LineSignal::Reverse(on) => (&mut self.reversed, on),
            LineSignal::Flash | LineSignal::Break => return,
        };
        let bit = 1 << (slot.0 & 31);
        *bits = if on { *bits | bit } else { *bits & !bit };
    }

    fn signals(&self, slot: Timeslot) -> impl Iterator<Item = LineSignal> + use<> {
        let held = |bits: u32, signal| (bits >> (slot.0 & 31) & 1 == 1).then_some(signal);
        [
            held(self.off_hook, LineSignal::Hook(HookState::Off)),
            held(self.ringing, LineSignal::Ring(true)),
            held(self.reversed, LineSignal::Reverse(true)),
        ]
        .into_iter()
        .flatten()
    }
}

/// What a span of each kind shows without its far side.
const fn no_signal(kind: SpanKind) -> Alarms {
    let clear = Alarms {
        los: false,
        red: false,
        yellow: false,
        blue: false,
        recovering: false,
        loopback: false,
        not_open: false,
    };
    match kind {
        SpanKind::E1 => Alarms { los: true, red: true, ..clear },
        SpanKind::Analogue { .. } => Alarms { not_open: true, ..clear },
    }
}

const fn has_signal(alarms: Alarms) -> bool {
    !(alarms.los || alarms.red || alarms.blue || alarms.not_open)
}

fn system(step: &'static str) -> impl FnOnce(Errno) -> CardError {
    move |errno| CardError::System { step, source: errno.into() }
}

/// Most events that wait: what a looped D channel holds before it says that it is full.
const MAX_WAITING_EVENTS: usize = 64;
/// The shortest wait: a timer of nothing would never end.
const NOW: Duration = Duration::from_nanos(1);
