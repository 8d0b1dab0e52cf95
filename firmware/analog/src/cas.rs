//! Loop start over the ABCD bits of an E1 timeslot (CAS, G.704 5.1.3.1), decoder and encoder, for both ends.
//!
//! The codes are those of ANSI T1.403.02 loop start, with C and D repeating A and B as channel banks and DAHDI's
//! `fxs_ls`/`fxs_ks` and `fxo_ls`/`fxo_ks` send them. Only A and B are read: what some banks put into C and D is not told.
//!
//! | from the office (FXS end) | AB | from the station (FXO end) | AB |
//! |---|---|---|---|
//! | idle, talking, between rings | 01 | loop open (on-hook) | 01 |
//! | ringing | 00 | loop closed (off-hook) | 11 |
//! | loop current interrupted (disconnect) | 11 | not used | 00, 10 |
//! | not used | 10 | | |
//!
//! A decoder holds the last code it believed; columns are codes before, rows the code now. As a station it sees:
//!
//! | now | idle | ringing | open |
//! |---|---|---|---|
//! | 01 idle | · | RingEnds | LoopClosed |
//! | 00 ringing | RingBegins | · | LoopClosed+RingBegins |
//! | 11 open | LoopOpen | RingEnds+LoopOpen | · |
//! | 10 unused | · | · | · |
//!
//! As an office it sees the loop, which [`crate::hook::HookDecoder`] turns into hook, flash and pulses. A code counts
//! when it has stood for [`SETTLE_MS`]. On DAHDI the driver does all this; here it serves cards that hand over bits. The
//! polarity of a loop has no code.

use crate::hook::{HookDecoder, HookTiming};
use card::{HookState, LineEvent, LineSignal};
use vocab::Millis;

/// Signalling bits are sampled every 2 ms; a code that stands shorter is noise.
pub const SETTLE_MS: u64 = 8;
/// Most events of one step.
pub const MAX_EVENTS: usize = 2;

/// The four bits of a timeslot, A being bit 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Abcd(u8);

impl Abcd {
    /// Of the low four bits.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    /// The four bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    const fn ab(self) -> u8 {
        self.0 >> 2
    }

    /// A and B with C and D like them.
    const fn twice(ab: u8) -> Self {
        Self(ab << 2 | ab)
    }
}

/// Loop open at the station; idle at the office.
pub const IDLE: Abcd = Abcd::twice(0b01);
/// The station's loop is closed; the office's loop current is gone.
pub const ACTIVE: Abcd = Abcd::twice(0b11);
/// The office rings.
pub const RINGING: Abcd = Abcd::twice(0b00);

/// The bits a station sends (we are the FXO end); `None` where loop start has no code for it.
#[must_use]
pub const fn station_sends(signal: LineSignal) -> Option<Abcd> {
    match signal {
        LineSignal::Hook(HookState::Off) => Some(ACTIVE),
        // A flash is the loop open for as long as the caller waits before closing it again.
        LineSignal::Hook(HookState::On) | LineSignal::Flash => Some(IDLE),
        LineSignal::Ring(_) | LineSignal::Reverse(_) | LineSignal::Break => None,
    }
}

/// The bits an office sends (we are the FXS end); `None` where loop start has no code for it.
#[must_use]
pub const fn office_sends(signal: LineSignal) -> Option<Abcd> {
    match signal {
        LineSignal::Ring(true) => Some(RINGING),
        LineSignal::Ring(false) => Some(IDLE),
        LineSignal::Break => Some(ACTIVE),
        LineSignal::Hook(_) | LineSignal::Flash | LineSignal::Reverse(_) => None,
    }
}

/// What one step told, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CasEvents([Option<LineEvent>; MAX_EVENTS]);

impl CasEvents {
    const fn one(event: LineEvent) -> Self {
        Self([Some(event), None])
    }

    const fn two(first: LineEvent, then: LineEvent) -> Self {
        Self([Some(first), Some(then)])
    }

    /// The events.
    pub fn iter(&self) -> impl Iterator<Item = LineEvent> + '_ {
        self.0.iter().copied().flatten()
    }
}

/// What an office says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Office {
    Idle,
    Ringing,
    Open,
}

/// Believes a code once it has stood.
#[derive(Debug, Clone, Copy)]
struct Settled {
    seen: Abcd,
    due: Option<Millis>,
}

impl Settled {
    fn step(&mut self, now: Millis, bits: Abcd) {
        if bits.ab() != self.seen.ab() {
            self.due = Some(now + SETTLE_MS);
        }
        self.seen = bits;
    }

    fn expire(&mut self, now: Millis) -> Option<Abcd> {
        self.due.filter(|due| now >= *due)?;
        self.due = None;
        Some(self.seen)
    }
}

/// Reads what an office sends: we are the FXO end.
#[derive(Debug, Clone, Copy)]
pub struct StationCas {
    office: Office,
    settled: Settled,
}

impl Default for StationCas {
    fn default() -> Self {
        Self { office: Office::Idle, settled: Settled { seen: IDLE, due: None } }
    }
}

impl StationCas {
    /// When [`StationCas::expire`] must be called.
    #[must_use]
    pub const fn deadline(&self) -> Option<Millis> {
        self.settled.due
    }

    /// The bits are these now.
    pub fn step(&mut self, now: Millis, bits: Abcd) -> CasEvents {
        // A code that stood long enough before it changed counts, even if nobody looked in between.
        let events = self.expire(now);
        self.settled.step(now, bits);
        events
    }

    /// Takes the passing of time.
    pub fn expire(&mut self, now: Millis) -> CasEvents {
        let Some(code) = self.settled.expire(now) else { return CasEvents::default() };
        let Some(next) = office(code) else { return CasEvents::default() };
        let events = match (self.office, next) {
            (Office::Idle, Office::Idle)
            | (Office::Ringing, Office::Ringing)
            | (Office::Open, Office::Open) => CasEvents::default(),
            (Office::Ringing, Office::Idle) => CasEvents::one(LineEvent::RingEnds),
            (Office::Open, Office::Idle) => CasEvents::one(LineEvent::LoopClosed),
            (Office::Idle, Office::Ringing) => CasEvents::one(LineEvent::RingBegins),
            (Office::Open, Office::Ringing) => CasEvents::two(LineEvent::LoopClosed, LineEvent::RingBegins),
            (Office::Idle, Office::Open) => CasEvents::one(LineEvent::LoopOpen),
            (Office::Ringing, Office::Open) => CasEvents::two(LineEvent::RingEnds, LineEvent::LoopOpen),
        };
        self.office = next;
        events
    }
}

const fn office(code: Abcd) -> Option<Office> {
    match code.ab() {
        0b01 => Some(Office::Idle),
        0b00 => Some(Office::Ringing),
        0b11 => Some(Office::Open),
        _ => None,
    }
}

/// Reads what a station sends: we are the FXS end.
#[derive(Debug, Clone, Copy)]
pub struct OfficeCas {
    closed: bool,
    settled: Settled,
    hook: HookDecoder,
}

impl OfficeCas {
    /// A telephone that is on-hook.
    #[must_use]
    pub const fn new(timing: HookTiming) -> Self {
        Self { closed: false, settled: Settled { seen: IDLE, due: None }, hook: HookDecoder::new(timing) }
    }

    /// When [`OfficeCas::expire`] must be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        [self.settled.due, self.hook.deadline()].into_iter().flatten().min()
    }

    /// The bits are these now.
    pub fn step(&mut self, now: Millis, bits: Abcd) -> CasEvents {
        let events = self.expire(now);
        self.settled.step(now, bits);
        events
    }

    /// Takes the passing of time.
    pub fn expire(&mut self, now: Millis) -> CasEvents {
        // Whichever was due first.
        let hook_first =
            self.hook.deadline().is_some_and(|hook| self.settled.due.is_none_or(|due| hook < due));
        let first = if hook_first { self.hook.expire(now) } else { None };
        let loop_told = self.settled.expire(now).and_then(station).filter(|closed| *closed != self.closed);
        let then = match loop_told {
            Some(closed) => {
                self.closed = closed;
                self.hook.step(now, closed)
            }
            None => self.hook.expire(now),
        };
        match (first, then) {
            (Some(first), Some(then)) => CasEvents::two(first, then),
            (Some(event), None) | (None, Some(event)) => CasEvents::one(event),
            (None, None) => CasEvents::default(),
        }
    }
}

const fn station(code: Abcd) -> Option<bool> {
    match code.ab() {
        0b01 => Some(false),
        0b11 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
