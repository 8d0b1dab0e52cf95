//! One leg's media: datagram to frame and frame to datagram.
//!
//! Receive: source check, SRTP, RTP, probation, jitter buffer. Send: RTP, SRTP. It neither mixes
//! nor records.

use std::fmt;
use std::net::SocketAddr;

use crate::dtmf::Digit;
use crate::dtmf::event::{EventPacket, EventReceiver, EventSender};
use crate::g711::Law;
use crate::jitter::{JitterBuffer, JitterConfig, MAX_PAYLOAD, Popped};
use crate::latch::{Latch, LatchPolicy, Verdict};
use crate::rtp::{self, RtpHeader, RtpPacket};
use crate::source::{Arrival, Source};
use crate::srtp::{SdesKey, Srtp, SrtpError};
use crate::stats::LegStats;
use crate::units::{FRAME_SAMPLES, Frame, MAX_PACKET, us_to_ticks};

mod control;

/// Comfort noise (RFC 3551 table 4).
const COMFORT_NOISE: u8 = 13;
/// How long a digit we send lasts.
const SENT_DIGIT_MS: u16 = 120;
/// Digits waiting to be sent on one leg.
pub const MAX_QUEUED_DIGITS: usize = 16;

/// SRTP contexts of one leg, both directions.
#[derive(Debug)]
pub struct SrtpPair {
    tx: Srtp,
    rx: Srtp,
}

impl SrtpPair {
    /// Derives the session keys of both directions.
    ///
    /// # Errors
    /// `Key` when the cipher library refuses one.
    pub fn new(tx: &SdesKey, rx: &SdesKey) -> Result<Self, SrtpError> {
        Ok(Self { tx: Srtp::new(tx)?, rx: Srtp::new(rx)? })
    }
}

/// Where a leg's RTCP goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcpMode {
    /// Not used.
    Off,
    /// On the RTP port (RFC 5761).
    Muxed,
    /// To its own address.
    To(SocketAddr),
}

/// What signalling negotiated for a leg.
#[derive(Clone, Copy, Debug)]
pub struct LegConfig {
    /// The codec of both directions.
    pub law: Law,
    /// Payload type of telephone events, when negotiated.
    pub telephone_event: Option<u8>,
    /// Where media goes and comes from.
    pub remote: SocketAddr,
    /// What else is accepted.
    pub latch: LatchPolicy,
    /// RTCP.
    pub rtcp: RtcpMode,
    /// The jitter buffer.
    pub jitter: JitterConfig,
    /// Our SSRC, from the random source.
    pub ssrc: u32,
    /// Our first sequence number, from the random source.
    pub first_sequence: u16,
    /// Our first timestamp, from the random source.
    pub first_timestamp: u32,
}

impl LegConfig {
    /// A leg with the usual choices; `random` comes from the random source.
    #[must_use]
    pub fn new(law: Law, remote: SocketAddr, random: [u8; 10]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = random;
        Self {
            law,
            telephone_event: Some(101),
            remote,
            latch: LatchPolicy::NegotiatedOnly,
            rtcp: RtcpMode::Off,
            jitter: JitterConfig::default(),
            ssrc: u32::from_be_bytes([a, b, c, d]),
            // The top bit stays clear: the first rollover comes late (RFC 3711 section 3.3.1).
            first_sequence: u16::from_be_bytes([e & 0x7F, f]),
            first_timestamp: u32::from_be_bytes([g, h, i, j]),
        }
    }
}

/// Why a datagram was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// From an address that may not send.
    WrongSource,
    /// Not RTP.
    Malformed,
    /// SRTP refused it.
    Srtp(SrtpError),
    /// The payload type was not negotiated.
    PayloadType(u8),
    /// A new SSRC, not yet believed.
    Probation,
    /// Seen before.
    Duplicate,
    /// Too late to be played.
    Late,
    /// No room in the jitter buffer, or a payload of no sane length.
    NoRoom,
}

/// What a datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Audio, stored.
    Audio,
    /// A telephone event; the digit when a key went down.
    Event(Option<Digit>),
    /// RTCP.
    Control,
    /// RTCP with BYE.
    Bye,
    /// Dropped.
    Refused(Refusal),
}

/// One leg.
pub struct Session {
    config: LegConfig,
    latch: Latch,
    srtp: Option<Box<SrtpPair>>,
    source: Option<Source>,
    suspect: Option<Suspect>,
    jitter: JitterBuffer,
    events: EventReceiver,
    sequence: u16,
    timestamp: u32,
    talking: bool,
    digits: [Option<Digit>; MAX_QUEUED_DIGITS],
    sending: Option<EventSender>,
    control: control::Control,
    stats: LegStats,
}

/// A new source on probation, with its last packet kept so that nothing is lost.
struct Suspect {
    source: Source,
    timestamp: u32,
    payload: [u8; MAX_PAYLOAD],
    len: usize,
}

/// Shows no audio.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("law", &self.config.law)
            .field("encrypted", &self.srtp.is_some())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A leg. `srtp` is `None` only where plain RTP was allowed.
    #[must_use]
    pub fn new(config: LegConfig, srtp: Option<SrtpPair>) -> Self {
        Self {
            latch: Latch::new(config.latch, config.remote),
            srtp: srtp.map(Box::new),
            source: None,
            suspect: None,
            jitter: JitterBuffer::new(config.law, config.jitter),
            events: EventReceiver::default(),
            sequence: config.first_sequence,
            timestamp: config.first_timestamp,
            talking: false,
            digits: [None; MAX_QUEUED_DIGITS],
            sending: None,
            control: control::Control::new(config.ssrc),
            stats: LegStats::default(),
            config,
        }
    }

    /// The leg's codec.
    #[must_use]
    pub fn law(&self) -> Law {
        self.config.law
    }

    /// Where its media goes now.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.latch.remote()
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.srtp.is_some()
    }

    /// Whether the peer holds a key down by telephone events.
    #[must_use]
    pub fn event_is_down(&self, now_us: u64) -> bool {
        self.events.is_down(now_us)
    }

    /// Signalling named a new address for the peer.
    pub fn set_remote(&mut self, remote: SocketAddr) {
        self.latch.renegotiated(remote);
    }

    /// Changes the SRTP contexts; gives the old ones back.
    pub fn rekey(&mut self, mut pair: Box<SrtpPair>) -> Option<Box<SrtpPair>> {
        match &mut self.srtp {
            Some(current) => {
                std::mem::swap(current, &mut pair);
                Some(pair)
            }
            None => {
                self.srtp = Some(pair);
                None
            }
        }
    }

    /// Whether missing samples count as gaps: not while the peer is on hold.
    pub fn expect_audio(&mut self, expecting: bool) {
        self.jitter.count_gaps(expecting);
    }

    /// Queues a key to be sent by telephone events; `false` when they were not negotiated or the
    /// queue is full.
    pub fn queue_digit(&mut self, digit: Digit) -> bool {
        let free = self.digits.iter_mut().find(|slot| slot.is_none());
        match free {
            Some(slot) if self.config.telephone_event.is_some() => {
                *slot = Some(digit);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Takes a datagram.
    pub fn receive(&mut self, from: SocketAddr, datagram: &mut [u8], now_us: u64) -> Received {
        self.stats.datagrams += 1;
        if datagram.len() > MAX_PACKET {
            return self.refuse(Refusal::Malformed);
        }
        if rtp::looks_like_rtcp(datagram) {
            return self.receive_control(from, datagram, now_us);
        }
        let verdict = self.latch.judge(from, now_us, self.srtp.is_some());
        if verdict == Verdict::Refuse {
            return self.refuse(Refusal::WrongSource);
        }
        let clear = match &mut self.srtp {
            Some(pair) => match pair.rx.unprotect(datagram) {
                Ok(len) => len,
                Err(error) => return self.refuse(Refusal::Srtp(error)),
            },
            None => datagram.len(),
        };
        let Some(Ok(packet)) = datagram.get(..clear).map(RtpPacket::parse) else {
            return self.refuse(Refusal::Malformed);
        };
        if !self.is_negotiated(packet.header.payload_type) {
            return self.refuse(Refusal::PayloadType(packet.header.payload_type));
        }
        self.latch.settle(from);
        self.accept(&packet, now_us)
    }

    /// Takes the next frame for this tick; see [`JitterBuffer::pop`].
    pub fn take_frame(&mut self, raw: &mut Frame, heard: &mut Frame) -> Popped {
        self.jitter.pop(raw, heard)
    }

    /// Frames that came faster than they are taken; see [`JitterBuffer::surplus_frames`].
    #[must_use]
    pub fn surplus_frames(&self) -> u32 {
        self.jitter.surplus_frames()
    }

    /// Writes this tick's packet: the frame, or a telephone event while one is being sent. Gives
    /// its length.
    ///
    /// # Errors
    /// An SRTP error, or `NoSpace`.
    pub fn send_frame(&mut self, frame: &Frame, out: &mut [u8]) -> Result<usize, SrtpError> {
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME_SAMPLES as u32);
        if let Some((payload_type, (marker, at, payload))) = self.next_event(timestamp) {
            self.talking = false;
            return self.send(marker, payload_type, at, &payload, out);
        }
        let marker = !std::mem::replace(&mut self.talking, true);
        self.send(marker, self.config.law.payload_type(), timestamp, frame, out)
    }

    /// Lets a tick pass without a packet.
    pub fn skip_frame(&mut self) {
        self.timestamp = self.timestamp.wrapping_add(FRAME_SAMPLES as u32);
        self.talking = false;
    }

    /// The totals of the leg.
    #[must_use]
    pub fn stats(&self) -> LegStats {
        let mut stats = self.stats;
        if let Some(source) = &self.source {
            stats.add_source(source);
        }
        stats.jitter_buffer = *self.jitter.stats();
        stats.round_trip_us = self.control.round_trip_us();
        stats
    }

    fn is_negotiated(&self, payload_type: u8) -> bool {
        payload_type == self.config.law.payload_type()
            || payload_type == COMFORT_NOISE
            || Some(payload_type) == self.config.telephone_event
    }

    fn refuse(&mut self, refusal: Refusal) -> Received {
        self.stats.count_refusal(refusal);
        Received::Refused(refusal)
    }

    /// A packet from the right place: sequence numbers, then its payload.
    fn accept(&mut self, packet: &RtpPacket<'_>, now_us: u64) -> Received {
        let header = packet.header;
        if self.source.is_none() {
            // The first source comes from the negotiated address: believed, so that its first
            // packet is not lost.
            let mut source = Source::new(header.ssrc, header.sequence);
            source.trust();
            self.source = Some(source);
        }
        let arrival = match &mut self.source {
            Some(source) if source.ssrc() == header.ssrc => {
                // A packet of the believed source ends any other's probation.
                self.suspect = None;
                source.arrived(header.sequence)
            }
            Some(_) | None => match self.probation(packet) {
                Some(arrival) => arrival,
                None => return self.refuse(Refusal::Probation),
            },
        };
        self.stats.last_packet_us = Some(now_us);
        if arrival == Arrival::Duplicate {
            return self.refuse(Refusal::Duplicate);
        }
        self.stats.accepted += 1;
        let newest = arrival != Arrival::Misordered;
        self.payload(&header, packet.payload, newest, now_us)
    }

    /// A source that is not the believed one. `Some` when it has just become it.
    fn probation(&mut self, packet: &RtpPacket<'_>) -> Option<Arrival> {
        let header = packet.header;
        let same = self.suspect.as_ref().is_some_and(|s| s.source.ssrc() == header.ssrc);
        if !same {
            self.suspect = Some(Suspect {
                source: Source::new(header.ssrc, header.sequence),
                timestamp: header.timestamp,
                payload: [0; MAX_PAYLOAD],
                len: 0,
            });
        }
        let authenticated = self.srtp.is_some();
        let suspect = self.suspect.as_mut()?;
        if authenticated {
            suspect.source.trust();
        }
        let arrival = suspect.source.arrived(header.sequence);
        let is_audio = header.payload_type == self.config.law.payload_type();
        if !suspect.source.is_valid() {
            suspect.len = 0;
            if is_audio && packet.payload.len() <= MAX_PAYLOAD {
                suspect.len = packet.payload.len();
                suspect.payload[..suspect.len].copy_from_slice(packet.payload);
                suspect.timestamp = header.timestamp;
            }
            return None;
        }
        self.switch_source(header.timestamp);
        Some(arrival)
    }

    /// The suspect becomes the source; its kept packet is played first.
    fn switch_source(&mut self, timestamp: u32) {
        let Some(suspect) = self.suspect.take() else { return };
        if let Some(old) = self.source.replace(suspect.source) {
            self.stats.add_source(&old);
        }
        self.stats.source_changes += 1;
        self.events.reset();
        if suspect.len > 0 {
            self.jitter.rejoin(suspect.timestamp);
            self.jitter.insert(suspect.timestamp, &suspect.payload[..suspect.len], true);
        } else {
            self.jitter.rejoin(timestamp);
        }
    }

    fn payload(&mut self, header: &RtpHeader, payload: &[u8], newest: bool, now_us: u64) -> Received {
        use crate::jitter::Insert;
        if Some(header.payload_type) == self.config.telephone_event {
            self.stats.events += 1;
            return Received::Event(self.events.receive(header.timestamp, payload, now_us));
        }
        if header.payload_type == COMFORT_NOISE {
            self.jitter.comfort_noise();
            return Received::Audio;
        }
        if let Some(source) = &mut self.source {
            source.timed(us_to_ticks(now_us), header.timestamp);
        }
        match self.jitter.insert(header.timestamp, payload, newest) {
            Insert::Stored => Received::Audio,
            Insert::Duplicate => Received::Refused(Refusal::Duplicate),
            Insert::Late => Received::Refused(Refusal::Late),
            Insert::Refused => Received::Refused(Refusal::NoRoom),
        }
    }

    /// The next packet of the event being sent, or of the next one queued.
    fn next_event(&mut self, timestamp: u32) -> Option<(u8, EventPacket)> {
        let payload_type = self.config.telephone_event?;
        if let Some(packet) = self.sending.as_mut().and_then(EventSender::next_packet) {
            return Some((payload_type, packet));
        }
        self.sending = None;
        let digit = self.digits[0].take()?;
        self.digits.rotate_left(1);
        let mut sender = EventSender::new(digit, timestamp, SENT_DIGIT_MS);
        let packet = sender.next_packet()?;
        self.sending = Some(sender);
        Some((payload_type, packet))
    }

    fn send(
        &mut self,
        marker: bool,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SrtpError> {
        let header =
            RtpHeader { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.config.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        let len = header.write(payload, out).map_err(|_| SrtpError::NoSpace)?;
        self.stats.sent += 1;
        self.stats.sent_octets += payload.len() as u64;
        match &mut self.srtp {
            Some(pair) => pair.tx.protect(out, len),
            None => Ok(len),
        }
    }
}
