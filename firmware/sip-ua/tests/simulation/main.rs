//! The endpoint against a scripted callee over a network that loses, doubles and reorders,
//! in virtual time, over a thousand seeds.
//!
//! Deliberately not here: single races; see `calls.rs`.

mod callee;
#[path = "../support/mod.rs"]
mod support;

use sip::{Message, Method, Request, parse_datagram};
use sip_ua::{CallHandle, EndCause, Event, Flow, Input, Millis, Output, Transport};
use std::collections::{BTreeMap, BTreeSet};
use support::{ANSWER, Rng, SDP, endpoint, flow, peer_request, spec};

const SEEDS: u64 = 1_000;
const CALLS: u64 = 4;
/// Ring timeout, CANCEL, BYE and the talk of the script, with room for retransmissions.
const BOUND_MS: u64 = 400_000;

#[test]
fn every_call_ends_and_nothing_is_left_over_whatever_the_network_does() {
    let mut answered = 0;
    for seed in 0..SEEDS {
        answered += World::new(seed, Transport::Udp).run();
    }
    assert!(answered > SEEDS / 2, "the scripts must reach conversations: {answered}");
}

#[test]
fn every_call_ends_when_connections_break_at_any_moment() {
    let mut answered = 0;
    for seed in 0..SEEDS / 4 {
        answered += World::new(seed, Transport::Tcp).run();
    }
    assert!(answered > SEEDS / 8, "the scripts must reach conversations: {answered}");
}

/// What the callee does with a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Silent,
    Trying,
    RingForever,
    Refuse,
    Challenge,
    Answer,
    AnswerReliably,
    TwoForksAnswer,
}

enum Arrival {
    AtEndpoint(Vec<u8>),
    AtCallee(Vec<u8>),
    /// The callee repeats until acknowledged or answered.
    Repeat {
        key: String,
        bytes: Vec<u8>,
        interval_ms: u64,
        left: u32,
    },
    CalleeSays(Vec<u8>),
    CalleeHangsUp {
        call_id: String,
        tag: String,
    },
    CalleeReinvites {
        call_id: String,
        tag: String,
    },
    UserHangsUp(u64),
    UserReinvites(u64),
    FlowFailed,
}

struct World {
    seed: u64,
    rng: Rng,
    ep: sip_ua::Endpoint,
    queue: BTreeMap<(u64, u64), Arrival>,
    count: u64,
    loss: u64,
    double: u64,
    flow: Flow,
    /// When the connection breaks, and nothing gets through any more.
    breaks_at: u64,
    scripts: BTreeMap<String, Script>,
    /// First INVITE of each call and the responses already given, by branch.
    invites: BTreeMap<String, Request>,
    last_response: BTreeMap<String, Vec<u8>>,
    /// Keys of repetitions that may stop.
    settled: BTreeSet<String>,
    /// 2xx that reached the endpoint, ACKs it sent: (Call-ID, To tag, CSeq).
    reached: BTreeSet<(String, String, u32)>,
    acked: BTreeSet<(String, String, u32)>,
    /// Initial INVITE branches by Call-ID, and calls that heard more than 100.
    branches: BTreeMap<String, BTreeSet<String>>,
    heard: BTreeSet<String>,
    /// Legs that were answered and legs that saw a BYE of either side.
    byes: BTreeSet<(String, String)>,
    ended: BTreeSet<u64>,
    answered: u64,
}

impl World {
    fn new(seed: u64, transport: Transport) -> Self {
        let mut rng = Rng(seed);
        let reliable = transport.is_reliable();
        let (loss, double) = if reliable { (0, 0) } else { (rng.below(30), rng.below(30)) };
        let breaks_at = if reliable { rng.below(90_000) } else { u64::MAX };
        Self {
            seed,
            rng,
            ep: endpoint(),
            queue: BTreeMap::new(),
            count: 0,
            loss,
            double,
            flow: flow(transport),
            breaks_at,
            scripts: BTreeMap::new(),
            invites: BTreeMap::new(),
            last_response: BTreeMap::new(),
            settled: BTreeSet::new(),
            reached: BTreeSet::new(),
            acked: BTreeSet::new(),
            branches: BTreeMap::new(),
            heard: BTreeSet::new(),
            byes: BTreeSet::new(),
            ended: BTreeSet::new(),
            answered: 0,
        }
    }

    fn run(mut self) -> u64 {
        for handle in 0..CALLS {
            let mut out = Vec::new();
            let mut call = spec(handle);
            call.flow = self.flow;
            call.ring_timeout_ms = 20_000 + self.rng.below(40_000);
            call.login = Some(sip_ua::Login {
                user: vocab::Pii::new("box".into()),
                password: vocab::Secret::new("secret".into()),
            });
            call.session_expires_s = self.rng.chance(50).then_some(90);
            self.ep.call(Millis(0), call, &mut out).unwrap();
            self.take(0, out);
            let hangup = self.rng.below(120_000);
            self.at(hangup, Arrival::UserHangsUp(handle));
            let reinvite = self.rng.below(60_000);
            self.at(reinvite, Arrival::UserReinvites(handle));
        }
        self.drive();
        self.check();
        self.answered
    }

    fn drive(&mut self) {
        loop {
            let next = self.queue.first_key_value().map(|(&(at, _), _)| at);
            let timer = self.ep.deadline().map(|at| at.0);
            let Some(now) = [next, timer].into_iter().flatten().min() else { return };
            assert!(now <= 2 * BOUND_MS, "seed {}: it never ends", self.seed);
            if timer == Some(now) {
                let mut out = Vec::new();
                self.ep.expire(Millis(now), &mut out);
                self.take(now, out);
            } else if let Some(((_, _), arrival)) = self.queue.pop_first() {
                self.arrive(now, arrival);
            }
        }
    }

    fn check(&self) {
        let seed = self.seed;
        assert_eq!(self.ended.len() as u64, CALLS, "seed {seed}: a call never ended");
        assert_eq!(self.ep.call_count(), 0, "seed {seed}: calls are left");
        assert_eq!(self.ep.transaction_count(), 0, "seed {seed}: transactions are left");
        for leg in &self.reached {
            assert!(self.acked.contains(leg), "seed {seed}: a 2xx without ACK");
            let dialog = (leg.0.clone(), leg.1.clone());
            assert!(self.byes.contains(&dialog), "seed {seed}: an answered leg without BYE");
        }
    }

    fn at(&mut self, at: u64, arrival: Arrival) {
        self.count += 1;
        self.queue.insert((at, self.count), arrival);
    }

    /// The network: loses, doubles, delays.
    fn transmit(&mut self, now: u64, bytes: &[u8], to_callee: bool) {
        if now >= self.breaks_at {
            if to_callee {
                self.at(now + 1, Arrival::FlowFailed);
            }
            return;
        }
        if self.rng.chance(self.loss) {
            return;
        }
        let copies = if self.rng.chance(self.double) { 2 } else { 1 };
        for _ in 0..copies {
            let at = now + 1 + self.rng.below(200);
            let bytes = bytes.to_vec();
            let arrival = if to_callee { Arrival::AtCallee(bytes) } else { Arrival::AtEndpoint(bytes) };
            self.at(at, arrival);
        }
    }

    /// What the endpoint did.
    fn take(&mut self, now: u64, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { bytes, .. } => {
                    self.note_sent(&bytes);
                    self.transmit(now, &bytes, true);
                }
                Output::Event(event) => self.event(now, event),
            }
        }
    }

    fn note_sent(&mut self, bytes: &[u8]) {
        let Message::Request(request) = parse_datagram(bytes).unwrap() else { return };
        let call_id = request.headers.call_id().unwrap().to_owned();
        let to = request.headers.to().unwrap().tag().unwrap_or_default().to_owned();
        let seq = request.headers.cseq().unwrap().seq;
        match request.method {
            Method::Ack => {
                self.acked.insert((call_id, to, seq));
            }
            Method::Bye => {
                self.byes.insert((call_id, to));
            }
            Method::Invite if to.is_empty() => {
                let branch = request.headers.via_top().unwrap().branch().unwrap().to_owned();
                let known = self.branches.entry(call_id.clone()).or_default();
                let new = known.insert(branch);
                assert!(
                    !new || !self.heard.contains(&call_id),
                    "seed {}: a new INVITE after a provisional response",
                    self.seed
                );
            }
            _ => {}
        }
    }

    fn event(&mut self, now: u64, event: Event) {
        match event {
            Event::Ended { handle, .. } => {
                assert!(self.ended.insert(handle.0), "seed {}: ended twice", self.seed);
                assert!(now <= BOUND_MS, "seed {}: ended too late", self.seed);
            }
            Event::Answered { dialog, .. } => {
                self.answered += 1;
                let bytes = dialog.to_bytes();
                let again = sip_ua::DialogSnapshot::from_bytes(&bytes).unwrap();
                assert_eq!(again.to_bytes(), bytes);
            }
            Event::RemoteOffer { handle, .. } => {
                let mut out = Vec::new();
                if self.rng.chance(80) {
                    self.ep.answer_offer(Millis(now), handle, ANSWER, &mut out).unwrap();
                }
                self.take(now, out);
            }
            _ => {}
        }
    }

    fn arrive(&mut self, now: u64, arrival: Arrival) {
        let mut out = Vec::new();
        match arrival {
            // What was under way on a broken connection is lost.
            Arrival::AtEndpoint(_) if now >= self.breaks_at => {}
            Arrival::AtEndpoint(bytes) => {
                let message = parse_datagram(&bytes).unwrap();
                self.note_delivered(&message);
                self.ep.receive(Millis(now), Input::Received { message, source: self.flow }, &mut out);
            }
            Arrival::AtCallee(bytes) => self.callee(now, parse_datagram(&bytes).unwrap()),
            Arrival::FlowFailed => {
                let flow = self.flow;
                self.ep.receive(Millis(now), Input::TransportFailed { flow }, &mut out);
            }
            Arrival::CalleeSays(bytes) => self.transmit(now, &bytes, false),
            Arrival::Repeat { key, bytes, interval_ms, left } => {
                if !self.settled.contains(&key) && left > 0 {
                    self.transmit(now, &bytes, false);
                    let next = (interval_ms * 2).min(4_000);
                    let again = Arrival::Repeat { key, bytes, interval_ms: next, left: left - 1 };
                    self.at(now + interval_ms, again);
                }
            }
            Arrival::CalleeHangsUp { call_id, tag } => {
                let bye = peer_request(&self.invites[&call_id], &tag, Method::Bye, 900);
                self.repeat(now, format!("{call_id}{tag}900"), bye.to_bytes());
            }
            Arrival::CalleeReinvites { call_id, tag } => {
                let mut again = peer_request(&self.invites[&call_id], &tag, Method::Invite, 500);
                again.set_body(SDP, ANSWER.to_vec());
                self.repeat(now, format!("{call_id}{tag}500"), again.to_bytes());
            }
            Arrival::UserHangsUp(handle) => {
                let cause = EndCause::local(Some(16), "test");
                self.ep.hangup(Millis(now), CallHandle(handle), cause, &mut out);
            }
            Arrival::UserReinvites(handle) => {
                let sdp = b"v=0\r\n".to_vec();
                let _busy_or_not = self.ep.reinvite(Millis(now), CallHandle(handle), sdp, &mut out);
            }
        }
        self.take(now, out);
    }

    fn note_delivered(&mut self, message: &Message) {
        let headers = message.headers();
        let call_id = headers.call_id().unwrap().to_owned();
        match message {
            Message::Response(response) => {
                let cseq = headers.cseq().unwrap();
                let code = response.status.code();
                let tag = headers.to().unwrap().tag().unwrap_or_default().to_owned();
                if cseq.method == Method::Invite && (200..300).contains(&code) && !tag.is_empty() {
                    // A re-INVITE answered after the call went away has no one left to ACK it.
                    if cseq.seq < 3 && !self.byes.contains(&(call_id.clone(), tag.clone())) {
                        self.reached.insert((call_id.clone(), tag, cseq.seq));
                    }
                }
                if cseq.method == Method::Invite && (101..200).contains(&code) {
                    self.heard.insert(call_id);
                }
            }
            Message::Request(request) if request.method == Method::Bye => {
                let tag = headers.from().unwrap().tag().unwrap().to_owned();
                self.byes.insert((call_id, tag));
            }
            Message::Request(_) => {}
        }
    }

    fn repeat(&mut self, now: u64, key: String, bytes: Vec<u8>) {
        self.at(now, Arrival::Repeat { key, bytes, interval_ms: 500, left: 11 });
    }
}
