//! RFC 4733 telephone events: receive (one digit per event, whatever is lost or repeated) and send.
//!
//! Only the events 0–15 are digits; flash and the tones of other events are ignored.

use super::Digit;

/// Octets of one event payload (RFC 4733 section 2.3).
pub const EVENT_LEN: usize = 4;

/// One event payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code.
    pub event: u8,
    /// The E bit.
    pub end: bool,
    /// Power below 0 dBm0, 0–63.
    pub volume: u8,
    /// In timestamp units since the event's start.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads the first event of a payload.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let octets = payload.get(..EVENT_LEN)?;
        Some(Self {
            event: octets[0],
            end: octets[1] & 0x80 != 0,
            volume: octets[1] & 0x3F,
            duration: u16::from_be_bytes([octets[2], octets[3]]),
        })
    }

    /// The payload.
    #[must_use]
    pub fn octets(&self) -> [u8; EVENT_LEN] {
        let duration = self.duration.to_be_bytes();
        [self.event, (u8::from(self.end) << 7) | (self.volume & 0x3F), duration[0], duration[1]]
    }
}

/// Tells one digit per event.
#[derive(Clone, Debug, Default)]
pub struct EventReceiver {
    current: Option<Current>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    event: u8,
    timestamp: u32,
    duration: u16,
    ended: bool,
    last_us: u64,
}

impl EventReceiver {
    /// Forgets the timeline: the source changed.
    pub fn reset(&mut self) {
        self.current = None;
    }

    /// Takes a payload; a digit when it is the first packet seen of an event.
    pub fn receive(&mut self, timestamp: u32, payload: &[u8], now_us: u64) -> Option<Digit> {
        let event = TelephoneEvent::parse(payload)?;
        let digit = Digit::from_event(event.event)?;
        // RFC 4733 section 2.3.4: weaker than −55 dBm0 is no digit.
        if event.volume > LOWEST_VOLUME {
            return None;
        }
        let fresh = Current {
            event: event.event,
            timestamp,
            duration: event.duration,
            ended: event.end,
            last_us: now_us,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(fresh);
            return Some(digit);
        };
        let age = timestamp.wrapping_sub(current.timestamp).cast_signed();
        if age == 0 {
            current.duration = current.duration.max(event.duration);
            current.ended |= event.end;
            current.last_us = now_us;
            return None;
        }
        if (-REORDER_TICKS..0).contains(&age) {
            return None;
        }
        // A key held longer than a segment goes on under a new timestamp (section 2.5.1.3).
        let continued = event.event == current.event
            && !current.ended
            && timestamp == current.timestamp.wrapping_add(u32::from(current.duration))
            && current.duration >= LONG_SEGMENT;
        self.current = Some(fresh);
        (!continued).then_some(digit)
    }

    /// Whether a key is down: its end was not seen and packets still come.
    #[must_use]
    pub fn is_down(&self, now_us: u64) -> bool {
        self.current.is_some_and(|c| !c.ended && now_us.saturating_sub(c.last_us) < LOST_END_US)
    }
}

/// A packet of an event being sent: marker, timestamp, payload.
pub type EventPacket = (bool, u32, [u8; EVENT_LEN]);

/// Sends one event: updates each tick, then the end three times.
#[derive(Clone, Debug)]
pub struct EventSender {
    digit: Digit,
    timestamp: u32,
    duration: u16,
    ticks: u16,
    first: bool,
    ends: u8,
}

impl EventSender {
    /// An event that begins at `timestamp`.
    #[must_use]
    pub fn new(digit: Digit, timestamp: u32, duration_ms: u16) -> Self {
        Self {
            digit,
            timestamp,
            duration: 0,
            ticks: (duration_ms / 20).clamp(2, MAX_TICKS),
            first: true,
            ends: 0,
        }
    }

    /// The next packet: marker, timestamp, payload. `None` when the event is over.
    pub fn next_packet(&mut self) -> Option<EventPacket> {
        if self.ends == END_PACKETS {
            return None;
        }
        if self.ticks > 0 {
            self.ticks -= 1;
            self.duration = self.duration.saturating_add(160);
        }
        let end = self.ticks == 0;
        self.ends += u8::from(end);
        let payload =
            TelephoneEvent { event: self.digit.event(), end, volume: SEND_VOLUME, duration: self.duration };
        let marker = std::mem::take(&mut self.first);
        Some((marker, self.timestamp, payload.octets()))
    }
}

const LOWEST_VOLUME: u8 = 55;
const SEND_VOLUME: u8 = 10;
const END_PACKETS: u8 = 3;
/// Eight seconds, inside the 16 bits of the duration.
const MAX_TICKS: u16 = 400;
/// Events this much older than the current one are late packets of it or its predecessors.
const REORDER_TICKS: i32 = 16_000;
/// Segments end near the top of the 16-bit duration.
const LONG_SEGMENT: u16 = 0xF000;
/// After this the end packets are taken to be lost.
const LOST_END_US: u64 = 200_000;
