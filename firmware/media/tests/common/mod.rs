//! What the tests share: a peer that makes RTP, a seeded random source, a driver of ticks.
#![expect(dead_code, reason = "each test file uses its part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use media::call::TickOutput;
use media::prompt::{Clip, ClipRole, ListId, Playlist, PromptId};
use media::rtp::{RtpHeader, RtpPacket};
use media::srtp::{SdesKey, Srtp, Suite};
use media::units::{FRAME_SAMPLES, TICK_US};
use media::watchdog::WatchLimits;
use media::{CallMedia, Event, Law, Leg, LegConfig, Session, SrtpPair};

pub const CUSTOMER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4_000);
pub const AGENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 4_000);

/// A small seeded generator: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    /// Uniform in −1..1.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.next()) / f64::from(1u32 << 30) - 1.0
    }

    /// Nearly Gaussian, standard deviation one.
    pub fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.unit() / 2.0).sum()
    }
}

/// The far end of a leg.
pub struct Peer {
    pub address: SocketAddr,
    pub law: Law,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub srtp: Option<Srtp>,
}

impl Peer {
    pub fn new(address: SocketAddr, law: Law) -> Self {
        Self { address, law, ssrc: 0x1234, sequence: 65_000, timestamp: 77, srtp: None }
    }

    /// The next 20 ms of audio as a datagram.
    pub fn audio(&mut self, payload: &[u8]) -> Vec<u8> {
        let datagram = self.packet(false, self.law.payload_type(), self.timestamp, payload);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
        datagram
    }

    /// Any payload at any timestamp.
    pub fn packet(&mut self, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let header = RtpHeader { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        let mut out = vec![0; 12 + payload.len() + 16];
        let len = header.write(payload, &mut out).expect("room");
        let len = match &mut self.srtp {
            Some(srtp) => srtp.protect(&mut out, len).expect("protected"),
            None => len,
        };
        out.truncate(len);
        out
    }

    /// One packet of a telephone event; the clock does not advance.
    pub fn event(&mut self, code: u8, timestamp: u32, duration: u16, end: bool) -> Vec<u8> {
        let [high, low] = duration.to_be_bytes();
        self.packet(false, 101, timestamp, &[code, (u8::from(end) << 7) | 10, high, low])
    }
}

pub fn key(suite: Suite, seed: u8) -> SdesKey {
    let octets: Vec<u8> = (0..suite.master_len() as u8).map(|n| n.wrapping_mul(7) ^ seed).collect();
    SdesKey::from_bytes(suite, &octets).expect("the suite's length")
}

pub fn config(law: Law, remote: SocketAddr) -> LegConfig {
    LegConfig::new(law, remote, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
}

pub fn session(law: Law, remote: SocketAddr) -> Box<Session> {
    Box::new(Session::new(config(law, remote), None))
}

/// A leg and its peer under one suite.
pub fn secure(law: Law, remote: SocketAddr, suite: Suite) -> (Box<Session>, Peer) {
    let pair = SrtpPair::new(&key(suite, 1), &key(suite, 2)).expect("keys");
    let mut peer = Peer::new(remote, law);
    peer.srtp = Some(Srtp::new(&key(suite, 2)).expect("key"));
    (Box::new(Session::new(config(law, remote), Some(pair))), peer)
}

pub fn clip(id: u32, role: ClipRole, ms: usize, octet: u8) -> Clip {
    Clip { id: PromptId(id), role, law: Law::A, audio: Arc::from(vec![octet; ms * 8]) }
}

pub fn playlist(id: u32, clips: &[Clip]) -> Playlist {
    let mut list = Playlist::new(ListId(id));
    for clip in clips {
        list.push(clip.clone()).expect("room");
    }
    list
}

/// A call with virtual time.
pub struct Rig {
    pub call: CallMedia,
    pub out: TickOutput,
    pub now_us: u64,
    pub events: Vec<Event>,
}

impl Rig {
    pub fn new(customer: Box<Session>) -> Self {
        Self {
            call: CallMedia::new(customer, WatchLimits::default()),
            out: TickOutput::default(),
            now_us: 1_000_000,
            events: Vec::new(),
        }
    }

    pub fn command(&mut self, command: media::Command) {
        self.call.command(command, self.now_us);
    }

    pub fn receive(&mut self, leg: Leg, from: SocketAddr, mut datagram: Vec<u8>) {
        self.call.receive(leg, from, &mut datagram, self.now_us);
    }

    /// Runs one tick and collects its events.
    pub fn tick(&mut self) {
        self.call.tick(self.now_us, &mut self.out);
        self.now_us += TICK_US;
        self.events.extend(self.out.events.drain());
    }

    /// The payload of the packet to a leg, when it is a clear one.
    pub fn sent(&self, leg: Leg) -> Option<Vec<u8>> {
        let datagram = match leg {
            Leg::Customer => &self.out.customer,
            Leg::Agent => &self.out.agent,
        };
        let (octets, _) = datagram.packet()?;
        RtpPacket::parse(octets).ok().map(|packet| packet.payload.to_vec())
    }

    pub fn digits(&self) -> String {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Digit(digit, _) => Some(digit.as_char()),
                _ => None,
            })
            .collect()
    }
}

pub const SILENT: [u8; FRAME_SAMPLES] = [0xD5; FRAME_SAMPLES];
