//! One call's RTP: a packet every 20 ms, telephone events, SRTP, and an ear for tones.
//!
//! It keeps no clock: its time is the count of its own packets.

use std::net::{SocketAddr, UdpSocket};

use super::{Begin, RtpSocket};
use crate::behaviour::{Press, Sound};
use crate::digest;
use crate::journal::{EventKind, Journal};
use crate::signal::{self, FRAME, Law};
use crate::srtp::Srtp;

/// The state of one session.
pub(crate) struct Session {
    call: u64,
    number: String,
    socket: RtpSocket,
    remote: Option<SocketAddr>,
    loopback_only: bool,
    law: Law,
    event_type: Option<u8>,
    seal: Option<Srtp>,
    open: Option<Srtp>,
    voice: u32,
    sound: Sound,
    press: Option<Press>,
    bleed: bool,
    sending: bool,
    out: Outgoing,
    heard: Heard,
}

struct Outgoing {
    // Packets of 20 ms since the sound began.
    tick: u64,
    seq: u16,
    timestamp: u32,
    ssrc: u32,
    marker: bool,
    foreign_seq: u16,
    sent: u64,
}

#[derive(Default)]
struct Heard {
    packets: u64,
    rejected: u64,
    audible: bool,
    tone: Option<u8>,
    agent: bool,
    event: Option<u32>,
}

impl Session {
    /// A session that begins with its next packet.
    pub(crate) fn new(begin: Begin, loopback_only: bool) -> Self {
        let mut random = [0u8; 12];
        digest::fill(&mut random);
        let [a, b, c, d, e, f, g, h, i, j, _, _] = random;
        let key = |crypto: &crate::sdp::Crypto| Srtp::new(crypto.suite, &crypto.keying);
        let voice = signal::voice_seed(&begin.number);
        let mut session = Self {
            call: begin.call,
            number: begin.number,
            socket: begin.socket,
            remote: None,
            loopback_only,
            law: begin.remote.law,
            event_type: begin.remote.event_type,
            seal: begin.local.crypto.as_ref().and_then(key),
            open: begin.remote.crypto.as_ref().and_then(key),
            voice,
            sound: begin.sound,
            press: None,
            bleed: false,
            sending: matches!(begin.local.direction, "sendrecv" | "sendonly"),
            out: Outgoing {
                tick: 0,
                // Half the range, so that a first packet lost does not hide a wrap (RFC 3711, 3.3.1).
                seq: u16::from_be_bytes([a & 0x7f, b]),
                timestamp: u32::from_be_bytes([c, d, e, f]),
                ssrc: u32::from_be_bytes([g, h, i, j]),
                marker: true,
                foreign_seq: 0,
                sent: 0,
            },
            heard: Heard::default(),
        };
        session.retarget(begin.remote.remote);
        session
    }

    /// Which call.
    pub(crate) fn call(&self) -> u64 {
        self.call
    }

    /// The call was answered.
    pub(crate) fn talk(&mut self, sound: Sound, press: Option<Press>, bleed: bool) {
        self.sound = sound;
        self.press = press;
        self.bleed = bleed;
        self.out.tick = 0;
        self.out.marker = true;
    }

    /// Sends, or not.
    pub(crate) fn set_sending(&mut self, on: bool) {
        self.out.marker |= on && !self.sending;
        self.sending = on;
    }

    /// Another address of the peer.
    pub(crate) fn retarget(&mut self, remote: SocketAddr) {
        self.remote = (!self.loopback_only || remote.ip().is_loopback()).then_some(remote);
    }

    /// Writes the summary and gives the socket back.
    pub(crate) fn finish(self, journal: &Journal) -> RtpSocket {
        let mut entry = journal.entry(EventKind::RtpSummary, self.call, &self.number);
        entry.rtp_sent = Some(self.out.sent);
        entry.rtp_received = Some(self.heard.packets);
        entry.rtp_rejected = Some(self.heard.rejected);
        journal.write(entry);
        self.socket
    }

    /// Sends this tick's packet.
    pub(crate) fn transmit(&mut self, foreign: &UdpSocket, journal: &Journal) {
        let tick = self.out.tick;
        self.out.tick += 1;
        self.out.timestamp = self.out.timestamp.wrapping_add(FRAME as u32);
        let gone = match self.sound {
            Sound::Nothing => true,
            Sound::VoiceThenGone(after_ms) => tick * TICK_MS >= after_ms,
            Sound::Voice | Sound::Ringback | Sound::Voicemail | Sound::AgentTone(_) => false,
        };
        if gone || !self.sending {
            return;
        }
        if self.bleed {
            self.transmit_foreign(foreign, tick);
        }
        if self.transmit_event(tick, journal) {
            return;
        }
        let law = self.law;
        let mut payload = [0u8; FRAME];
        let first = (tick * FRAME as u64) as u32;
        let in_band = self.in_band_at(tick, journal);
        for (n, byte) in (first..).zip(&mut payload) {
            *byte = law.encode(if in_band { signal::nine_sample(n) } else { self.sample(n) });
        }
        let marker = std::mem::take(&mut self.out.marker);
        self.send(law.payload_type(), marker, self.out.timestamp, &payload);
    }

    /// Reads what came in since the last tick.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], journal: &Journal) {
        for _ in 0..READS_PER_TICK {
            let Ok((length, _)) = self.socket.socket.recv_from(buffer) else { return };
            let mut packet = buffer[..length].to_vec();
            match self.take(&mut packet) {
                Some((payload_type, timestamp, header)) => {
                    self.listen(payload_type, timestamp, &packet[header..], journal);
                }
                None => self.heard.rejected += 1,
            }
        }
    }

    fn sample(&self, n: u32) -> i16 {
        match self.sound {
            Sound::Voice | Sound::VoiceThenGone(_) => signal::voice_sample(self.voice, n),
            Sound::Ringback => signal::ringback_sample(n),
            Sound::Voicemail => signal::voicemail_sample(self.voice, n),
            Sound::AgentTone(index) => signal::agent_sample(index, n),
            Sound::Nothing => 0,
        }
    }

    fn in_band_at(&self, tick: u64, journal: &Journal) -> bool {
        let Some(Press::InBand { at_ms }) = self.press else { return false };
        let (start, now) = (at_ms / TICK_MS, tick);
        if now == start {
            journal.note_detail(EventKind::DtmfSent, self.call, &self.number, "in-band");
        }
        (start..start + IN_BAND_TICKS).contains(&now)
    }

    // RFC 4733 section 2.5.1: one timestamp, growing duration, three end packets.
    fn transmit_event(&mut self, tick: u64, journal: &Journal) -> bool {
        let Some(Press::Event { at_ms, hold_ms, start_lost }) = self.press else { return false };
        let Some(event_type) = self.event_type else { return false };
        let (start, hold) = (at_ms / TICK_MS, hold_ms / TICK_MS);
        let Some(age) = tick.checked_sub(start).filter(|age| *age < hold + END_PACKETS) else { return false };
        if age == 0 {
            let detail = if start_lost { "rfc4733 end packets only" } else { "rfc4733" };
            journal.note_detail(EventKind::DtmfSent, self.call, &self.number, detail);
        }
        let ended = age >= hold;
        if start_lost && !ended {
            return true;
        }
        let began = self.out.timestamp.wrapping_sub((age * FRAME as u64) as u32);
        let duration = ((age + 1).min(hold.max(1)) * FRAME as u64) as u16;
        let [high, low] = duration.to_be_bytes();
        let flags = if ended { 0x80 | EVENT_VOLUME } else { EVENT_VOLUME };
        self.send(event_type, age == 0, began, &[EVENT_NINE, flags, high, low]);
        self.out.marker = true;
        true
    }

    fn transmit_foreign(&mut self, foreign: &UdpSocket, tick: u64) {
        let Some(remote) = self.remote else { return };
        let first = (tick * FRAME as u64) as u32;
        let payload: Vec<u8> =
            (first..).take(FRAME).map(|n| self.law.encode(signal::foreign_sample(n))).collect();
        let seq = self.out.foreign_seq;
        self.out.foreign_seq = seq.wrapping_add(1);
        let packet = rtp(self.law.payload_type(), tick == 0, seq, first, !self.out.ssrc, &payload);
        // A datagram lost here is a datagram lost on the wire.
        let _ = foreign.send_to(&packet, remote);
    }

    fn send(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) {
        let Some(remote) = self.remote else { return };
        let mut packet = rtp(payload_type, marker, self.out.seq, timestamp, self.out.ssrc, payload);
        self.out.seq = self.out.seq.wrapping_add(1);
        if let Some(seal) = &mut self.seal
            && seal.protect(&mut packet, RTP_HEADER).is_none()
        {
            return;
        }
        if self.socket.socket.send_to(&packet, remote).is_ok() {
            self.out.sent += 1;
        }
    }

    fn take(&mut self, packet: &mut Vec<u8>) -> Option<(u8, u32, usize)> {
        let (first, second) = (*packet.first()?, *packet.get(1)?);
        let mut header = RTP_HEADER + usize::from(first & 0x0f) * 4;
        if first >> 6 != 2 {
            return None;
        }
        if first & 0x10 != 0 {
            let words = packet.get(header + 2..header + 4)?;
            header += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
        }
        let timestamp = u32::from_be_bytes(packet.get(4..8)?.try_into().ok()?);
        if packet.len() < header {
            return None;
        }
        if let Some(open) = &mut self.open {
            open.unprotect(packet, header)?;
        }
        Some((second & 0x7f, timestamp, header))
    }

    fn listen(&mut self, payload_type: u8, timestamp: u32, payload: &[u8], journal: &Journal) {
        self.heard.packets += 1;
        if self.heard.packets == 1 {
            journal.note(EventKind::RtpFirst, self.call, &self.number);
        }
        if Some(payload_type) == self.event_type {
            if self.heard.event != Some(timestamp) {
                self.heard.event = Some(timestamp);
                let key = payload.first().map(|k| format!("event {k}"));
                journal.note_detail(
                    EventKind::DtmfReceived,
                    self.call,
                    &self.number,
                    &key.unwrap_or_default(),
                );
            }
            return;
        }
        if (self.heard.audible && self.heard.agent) || payload_type != self.law.payload_type() {
            return;
        }
        let frame: Vec<i16> = payload.iter().map(|code| self.law.decode(*code)).collect();
        if !signal::is_audible(&frame) {
            self.heard.tone = None;
            return;
        }
        if !std::mem::replace(&mut self.heard.audible, true) {
            journal.note(EventKind::AudioFirst, self.call, &self.number);
        }
        let tone = signal::agent_tone_in(&frame);
        if let Some(index) = tone
            && self.heard.tone == tone
        {
            self.heard.agent = true;
            let detail = format!("agent tone {index}");
            journal.note_detail(EventKind::AgentAudioFirst, self.call, &self.number, &detail);
        }
        self.heard.tone = tone;
    }
}

fn rtp(payload_type: u8, marker: bool, seq: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(RTP_HEADER + payload.len() + 16);
    packet.extend([0x80, payload_type | if marker { 0x80 } else { 0 }]);
    packet.extend(seq.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

const TICK_MS: u64 = 20;
const RTP_HEADER: usize = 12;
const READS_PER_TICK: usize = 8;
const IN_BAND_TICKS: u64 = 6;
const END_PACKETS: u64 = 3;
const EVENT_NINE: u8 = 9;
const EVENT_VOLUME: u8 = 10;
