//! Entry points for fuzzers: bytes of a stranger against an endpoint in full use.
//!
//! Deliberately not here: expectations beyond "no panic, bounded tables, every call ends".

use crate::api::{CallHandle, CallSpec, EndCause, Input, Login, Output};
use crate::registrar::RegistrarConfig;
use crate::{Config, DialogSnapshot, Endpoint, Flow, IdSource, Millis, Transport, TrunkConfig, TrunkId};
use sip::{Host, NameAddr, Uri};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use vocab::{Pii, Secret};

/// Feeds `data`, cut into messages at NUL bytes, to an endpoint with a call, a trunk and a
/// registrar, then lets all time pass. Answers how many events came of it.
///
/// # Panics
/// When a table is not empty at the end: that is the finding.
pub fn endpoint(data: &[u8]) -> usize {
    let mut events = 0;
    let mut ep = Endpoint::new(Config::default(), Box::new(Counter(0)));
    let mut out = Vec::new();
    ep.enable_registrar(RegistrarConfig::default());
    let trunk = TrunkConfig {
        id: TrunkId(1),
        flow: flow(),
        target: address("trunk"),
        monitor: None,
        registration: None,
    };
    ep.add_trunk(Millis(0), trunk, &mut out);
    let _placed = ep.call(Millis(0), call(), &mut out);
    for (number, bytes) in data.split(|byte| *byte == 0).take(MAX_MESSAGES).enumerate() {
        let now = Millis(number as u64 * 100);
        if let Ok(message) = sip::parse_datagram(bytes) {
            ep.receive(now, Input::Received { message, source: flow() }, &mut out);
        }
        ep.expire(now, &mut out);
        let offered =
            out.iter().any(|output| matches!(output, Output::Event(crate::Event::RemoteOffer { .. })));
        if offered {
            let _maybe_gone = ep.answer_offer(now, CallHandle(1), b"v=0\r\n", &mut out);
        }
        events += out.iter().filter(|output| matches!(output, Output::Event(_))).count();
        out.clear();
    }
    let end = Millis(MAX_MESSAGES as u64 * 100);
    ep.hangup(end, CallHandle(1), EndCause::local(None, "end"), &mut out);
    while let Some(at) = ep.deadline() {
        ep.expire(at, &mut out);
        out.clear();
    }
    assert_eq!((ep.call_count(), ep.transaction_count()), (0, 0));
    events
}

/// Reads a dialog snapshot; what can be read can be written and read again.
///
/// # Panics
/// When it cannot: that is the finding.
pub fn snapshot(data: &[u8]) {
    if let Ok(snapshot) = DialogSnapshot::from_bytes(data) {
        let bytes = snapshot.to_bytes();
        assert!(DialogSnapshot::from_bytes(&bytes).is_ok());
    }
}

struct Counter(u128);

impl IdSource for Counter {
    fn token(&mut self) -> [u8; 16] {
        self.0 += 1;
        self.0.to_be_bytes()
    }
}

fn flow() -> Flow {
    let at = |last| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), 5060);
    Flow { transport: Transport::Udp, remote: at(10), local: at(1), connection: None }
}

fn address(user: &str) -> Uri {
    Uri::sip(Some(user), Host::V4(Ipv4Addr::new(192, 0, 2, 10)), None)
}

fn call() -> CallSpec {
    CallSpec {
        handle: CallHandle(1),
        target: address("callee"),
        flow: flow(),
        from: NameAddr::new(address("box")),
        to: NameAddr::new(address("callee")),
        asserted_identity: None,
        contact_user: None,
        routes: Vec::new(),
        offer: b"v=0\r\n".to_vec(),
        login: Some(Login { user: Pii::new("box".to_owned()), password: Secret::new("secret".to_owned()) }),
        ring_timeout_ms: 60_000,
        session_expires_s: Some(90),
        reliable_provisionals: true,
        trunk: Some(TrunkId(1)),
    }
}

const MAX_MESSAGES: usize = 64;
