//! Control packets: what the two sides say beside the audio. An octet of version, one of kind, then fields of fixed
//! length, at most one of free length at the end; numbers little-endian. Anything else is refused whole.

use card::{HookState, LineEvent, LineSignal, SpanKind};
use idl::spans::{Alarms, E1Config, Framing, LineCoding, LoopKind, SpanCounters};
use thiserror::Error;
use vocab::Timeslot;

/// The version of the encoding; another one is refused.
pub const VERSION: u8 = 1;
/// Longest text of a place.
pub const MAX_PLACE_BYTES: usize = 128;
/// Longest packet: a frame of the D channel with its head.
pub const MAX_PACKET: usize = HEAD + card::driver::MAX_D_FRAME;

/// What the far side says to the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToBox<'a> {
    /// First of all.
    Hello(Hello<'a>),
    /// A frame of the D channel.
    Frame(&'a [u8]),
    /// A frame that arrives damaged.
    BadFrame,
    /// The alarms of the box's receiver from now on.
    Alarms(Alarms),
    /// Its error counters from now on.
    Counters(SpanCounters),
    /// Something is seen on a line.
    Line(Timeslot, LineEvent),
}

/// What the box says to the far side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToFar<'a> {
    /// First of all.
    Hello(Hello<'a>),
    /// The span is set so, with or without a D channel.
    Configure(E1Config, bool),
    /// A frame of the D channel.
    Frame(&'a [u8]),
    /// Something is done to a line.
    Signal(Timeslot, LineSignal),
    /// Which loop the card has closed.
    Loop(Option<LoopKind>),
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// What the span is.
    pub kind: SpanKind,
    /// Where it is plugged, for people.
    pub place: &'a str,
}

/// Why a packet is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketError {
    /// Another version.
    #[error("a packet of version {0}")]
    Version(u8),
    /// No such kind of packet.
    #[error("a packet of unknown kind {0}")]
    Kind(u8),
    /// Too short, too long, or a field out of its range.
    #[error("a packet whose fields make no sense")]
    Fields,
}

/// An encoded packet, on the stack.
#[derive(Debug, Clone, Copy)]
pub struct Encoded {
    bytes: [u8; MAX_PACKET],
    length: usize,
}

impl Encoded {
    fn new(kind: u8) -> Self {
        let mut encoded = Self { bytes: [0; MAX_PACKET], length: 0 };
        encoded.put(&[VERSION, kind]);
        encoded
    }

    /// What does not fit is cut; the callers' fields all fit.
    fn put(&mut self, bytes: &[u8]) {
        let length = bytes.len().min(MAX_PACKET - self.length);
        debug_assert_eq!(length, bytes.len(), "a packet longer than its bound");
        self.bytes[self.length..self.length + length].copy_from_slice(&bytes[..length]);
        self.length += length;
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<'a> ToBox<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let (kind, body) = open(bytes)?;
        match (kind, body) {
            (HELLO, body) => hello(body).map(Self::Hello),
            (FRAME, body) if is_frame(body) => Ok(Self::Frame(body)),
            (BAD_FRAME, []) => Ok(Self::BadFrame),
            (ALARMS, &[bits]) => alarms(bits).map(Self::Alarms),
            (COUNTERS, body) => counters(body).map(Self::Counters),
            (LINE, &[slot, code, digit]) => Ok(Self::Line(Timeslot(slot), line_event(code, digit)?)),
            (FRAME | BAD_FRAME | ALARMS | LINE, _) => Err(PacketError::Fields),
            (kind, _) => Err(PacketError::Kind(kind)),
        }
    }

    /// Writes it. Texts and frames beyond their bound are cut.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        match self {
            Self::Hello(hello) => encode_hello(hello),
            Self::Frame(frame) => encode_frame(frame),
            Self::BadFrame => Encoded::new(BAD_FRAME),
            Self::Alarms(alarms) => with(ALARMS, &[alarm_bits(alarms)]),
            Self::Counters(counters) => {
                let SpanCounters { bipolar, crc4, e_bit, frame, slips, hdlc } = counters;
                let mut encoded = Encoded::new(COUNTERS);
                for counter in [bipolar, crc4, e_bit, frame, slips, hdlc] {
                    encoded.put(&counter.to_le_bytes());
                }
                encoded
            }
            Self::Line(slot, event) => {
                let (code, digit) = line_code(*event);
                with(LINE, &[slot.0, code, digit])
            }
        }
    }
}

impl<'a> ToFar<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let (kind, body) = open(bytes)?;
        match (kind, body) {
            (HELLO, body) => hello(body).map(Self::Hello),
            (CONFIGURE, &[coding, framing, crc4, timing, echo, d_channel]) => {
                let e1 = E1Config {
                    coding: if flag(coding)? { LineCoding::Ami } else { LineCoding::Hdb3 },
                    framing: if flag(framing)? { Framing::Cas } else { Framing::Ccs },
                    crc4: flag(crc4)?,
                    timing,
                    echo_canceller: flag(echo)?,
                };
                Ok(Self::Configure(e1, flag(d_channel)?))
            }
            (FRAME, body) if is_frame(body) => Ok(Self::Frame(body)),
            (SIGNAL, &[slot, code]) => Ok(Self::Signal(Timeslot(slot), line_signal(code)?)),
            (LOOP, &[code]) => loop_of(code).map(Self::Loop).ok_or(PacketError::Fields),
            (CONFIGURE | FRAME | SIGNAL | LOOP, _) => Err(PacketError::Fields),
            (kind, _) => Err(PacketError::Kind(kind)),
        }
    }

    /// Writes it. Texts and frames beyond their bound are cut.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        match self {
            Self::Hello(hello) => encode_hello(hello),
            Self::Configure(e1, d_channel) => {
                let coding = u8::from(e1.coding == LineCoding::Ami);
                let framing = u8::from(e1.framing == Framing::Cas);
                let (crc4, echo) = (u8::from(e1.crc4), u8::from(e1.echo_canceller));
                with(CONFIGURE, &[coding, framing, crc4, e1.timing, echo, u8::from(*d_channel)])
            }
            Self::Frame(frame) => encode_frame(frame),
            Self::Signal(slot, signal) => with(SIGNAL, &[slot.0, signal_code(*signal)]),
            Self::Loop(kind) => with(LOOP, &[loop_code(*kind)]),
        }
    }
}

/// The octet of a loop, or of none.
#[must_use]
pub const fn loop_code(kind: Option<LoopKind>) -> u8 {
    match kind {
        None => 0,
        Some(LoopKind::Local) => 1,
        Some(LoopKind::Network) => 2,
        Some(LoopKind::Payload) => 3,
    }
}

/// The loop of an octet.
#[must_use]
pub const fn loop_of(code: u8) -> Option<Option<LoopKind>> {
    match code {
        0 => Some(None),
        1 => Some(Some(LoopKind::Local)),
        2 => Some(Some(LoopKind::Network)),
        3 => Some(Some(LoopKind::Payload)),
        _ => None,
    }
}

/// Cuts a place to its bound, at the end of a character.
#[must_use]
pub fn bounded(place: &str) -> &str {
    &place[..place.floor_char_boundary(MAX_PLACE_BYTES)]
}

fn open(bytes: &[u8]) -> Result<(u8, &[u8]), PacketError> {
    match bytes {
        [VERSION, kind, body @ ..] if bytes.len() <= MAX_PACKET => Ok((*kind, body)),
        [version, ..] if *version != VERSION => Err(PacketError::Version(*version)),
        _ => Err(PacketError::Fields),
    }
}

fn with(kind: u8, body: &[u8]) -> Encoded {
    let mut encoded = Encoded::new(kind);
    encoded.put(body);
    encoded
}

fn is_frame(body: &[u8]) -> bool {
    !body.is_empty() && body.len() <= card::driver::MAX_D_FRAME
}

fn encode_frame(frame: &[u8]) -> Encoded {
    with(FRAME, &frame[..frame.len().min(card::driver::MAX_D_FRAME)])
}

fn encode_hello(hello: &Hello<'_>) -> Encoded {
    let ports = match hello.kind {
        SpanKind::E1 => 0,
        SpanKind::Analogue { ports } => ports,
    };
    let mut encoded = with(HELLO, &[u8::from(hello.kind != SpanKind::E1), ports]);
    encoded.put(bounded(hello.place).as_bytes());
    encoded
}

fn hello(body: &[u8]) -> Result<Hello<'_>, PacketError> {
    let (kind, place) = match body {
        [0, 0, place @ ..] => (SpanKind::E1, place),
        [1, ports @ 1..=idl::spans::E1_TIMESLOTS, place @ ..] => {
            (SpanKind::Analogue { ports: *ports }, place)
        }
        _ => return Err(PacketError::Fields),
    };
    let place = str::from_utf8(place).map_err(|_| PacketError::Fields)?;
    if place.len() > MAX_PLACE_BYTES {
        return Err(PacketError::Fields);
    }
    Ok(Hello { kind, place })
}

const fn flag(octet: u8) -> Result<bool, PacketError> {
    match octet {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(PacketError::Fields),
    }
}

fn alarm_bits(alarms: &Alarms) -> u8 {
    let Alarms { los, red, yellow, blue, recovering, loopback, not_open } = *alarms;
    let bits = [los, red, yellow, blue, recovering, loopback, not_open];
    bits.iter().rev().fold(0, |octet, &bit| octet << 1 | u8::from(bit))
}

const fn alarms(bits: u8) -> Result<Alarms, PacketError> {
    if bits & 0x80 != 0 {
        return Err(PacketError::Fields);
    }
    Ok(Alarms {
        los: bits & 0x01 != 0,
        red: bits & 0x02 != 0,
        yellow: bits & 0x04 != 0,
        blue: bits & 0x08 != 0,
        recovering: bits & 0x10 != 0,
        loopback: bits & 0x20 != 0,
        not_open: bits & 0x40 != 0,
    })
}

fn counters(body: &[u8]) -> Result<SpanCounters, PacketError> {
    let (numbers, []) = body.as_chunks::<4>() else { return Err(PacketError::Fields) };
    let &[bipolar, crc4, e_bit, frame, slips, hdlc] = numbers else { return Err(PacketError::Fields) };
    Ok(SpanCounters {
        bipolar: u32::from_le_bytes(bipolar),
        crc4: u32::from_le_bytes(crc4),
        e_bit: u32::from_le_bytes(e_bit),
        frame: u32::from_le_bytes(frame),
        slips: u32::from_le_bytes(slips),
        hdlc: u32::from_le_bytes(hdlc),
    })
}

/// The code of an event, and the digit of a pulse train.
const fn line_code(event: LineEvent) -> (u8, u8) {
    match event {
        LineEvent::RingBegins => (0, 0),
        LineEvent::RingEnds => (1, 0),
        LineEvent::PolarityReversed => (2, 0),
        LineEvent::LoopOpen => (3, 0),
        LineEvent::LoopClosed => (4, 0),
        LineEvent::Hook(HookState::On) => (5, 0),
        LineEvent::Hook(HookState::Off) => (6, 0),
        LineEvent::Flash => (7, 0),
        LineEvent::Pulse(digit) => (8, digit),
    }
}

const fn line_event(code: u8, digit: u8) -> Result<LineEvent, PacketError> {
    match (code, digit) {
        (0, 0) => Ok(LineEvent::RingBegins),
        (1, 0) => Ok(LineEvent::RingEnds),
        (2, 0) => Ok(LineEvent::PolarityReversed),
        (3, 0) => Ok(LineEvent::LoopOpen),
        (4, 0) => Ok(LineEvent::LoopClosed),
        (5, 0) => Ok(LineEvent::Hook(HookState::On)),
        (6, 0) => Ok(LineEvent::Hook(HookState::Off)),
        (7, 0) => Ok(LineEvent::Flash),
        (8, digit) => Ok(LineEvent::Pulse(digit)),
        _ => Err(PacketError::Fields),
    }
}

const fn signal_code(signal: LineSignal) -> u8 {
    match signal {
        LineSignal::Hook(HookState::On) => 0,
        LineSignal::Hook(HookState::Off) => 1,
        LineSignal::Flash => 2,
        LineSignal::Ring(false) => 3,
        LineSignal::Ring(true) => 4,
        LineSignal::Reverse(false) => 5,
        LineSignal::Reverse(true) => 6,
        LineSignal::Break => 7,
    }
}

const fn line_signal(code: u8) -> Result<LineSignal, PacketError> {
    match code {
        0 => Ok(LineSignal::Hook(HookState::On)),
        1 => Ok(LineSignal::Hook(HookState::Off)),
        2 => Ok(LineSignal::Flash),
        3 => Ok(LineSignal::Ring(false)),
        4 => Ok(LineSignal::Ring(true)),
        5 => Ok(LineSignal::Reverse(false)),
        6 => Ok(LineSignal::Reverse(true)),
        7 => Ok(LineSignal::Break),
        _ => Err(PacketError::Fields),
    }
}

const HEAD: usize = 2;
const HELLO: u8 = 1;
const FRAME: u8 = 2;
const BAD_FRAME: u8 = 3;
const ALARMS: u8 = 4;
const COUNTERS: u8 = 5;
const LINE: u8 = 6;
const CONFIGURE: u8 = 7;
const SIGNAL: u8 = 8;
const LOOP: u8 = 9;
