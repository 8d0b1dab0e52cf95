//! What the tests share: seeded ids, addresses, calls to place, and reading what came out.
//!
//! Deliberately not here: any code of the crate under test; peers are written from the RFCs.

#![expect(dead_code, reason = "each test binary uses its part")]

use sip::{HeaderName, Message, Method, NameAddr, Request, Response, StatusCode, Uri};
use sip_ua::{
    CallHandle, CallSpec, Config, Endpoint, Event, Flow, IdSource, Input, Millis, Output, Transport,
};

/// splitmix64: small, seeded, the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl IdSource for Rng {
    fn token(&mut self) -> [u8; 16] {
        let mut token = [0; 16];
        token[..8].copy_from_slice(&self.next().to_le_bytes());
        token[8..].copy_from_slice(&self.next().to_le_bytes());
        token
    }
}

pub fn udp() -> Flow {
    flow(Transport::Udp)
}

pub fn flow(transport: Transport) -> Flow {
    Flow {
        transport,
        remote: "192.0.2.10:5060".parse().unwrap(),
        local: "192.0.2.1:5060".parse().unwrap(),
        connection: None,
    }
}

pub fn endpoint() -> Endpoint {
    Endpoint::new(Config::default(), Box::new(Rng(7)))
}

pub fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

pub fn spec(handle: u64) -> CallSpec {
    CallSpec {
        handle: CallHandle(handle),
        target: uri("sip:13800000000@carrier.example"),
        flow: udp(),
        from: NameAddr::new(uri("sip:01012345678@ours.example")),
        to: NameAddr::new(uri("sip:13800000000@carrier.example")),
        asserted_identity: None,
        contact_user: Some("box".into()),
        routes: Vec::new(),
        offer: OFFER.to_vec(),
        login: None,
        ring_timeout_ms: 60_000,
        session_expires_s: None,
        reliable_provisionals: true,
        trunk: None,
    }
}

pub const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
pub const ANSWER: &[u8] = b"v=0\r\no=- 9 9 IN IP4 192.0.2.10\r\ns=-\r\n";
pub const SDP: &str = "application/sdp";

/// All messages in `out`, parsed.
pub fn sent(out: &[Output]) -> Vec<Message> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send { bytes, .. } => Some(sip::parse_datagram(bytes).unwrap()),
            Output::Event(_) => None,
        })
        .collect()
}

/// The requests of one method in `out`.
pub fn requests(out: &[Output], method: &Method) -> Vec<Request> {
    sent(out)
        .into_iter()
        .filter_map(|message| match message {
            Message::Request(request) if request.method == *method => Some(request),
            Message::Request(_) | Message::Response(_) => None,
        })
        .collect()
}

/// The only request of one method in `out`.
pub fn only(out: &[Output], method: &Method) -> Request {
    let mut found = requests(out, method);
    assert_eq!(found.len(), 1, "{method} in {out:?}");
    found.remove(0)
}

/// The statuses of the responses in `out`.
pub fn statuses(out: &[Output]) -> Vec<u16> {
    sent(out)
        .into_iter()
        .filter_map(|message| match message {
            Message::Response(response) => Some(response.status.code()),
            Message::Request(_) => None,
        })
        .collect()
}

pub fn events(out: &[Output]) -> Vec<&Event> {
    out.iter()
        .filter_map(|output| match output {
            Output::Event(event) => Some(event),
            Output::Send { .. } => None,
        })
        .collect()
}

/// How the call ended, if it did; it may end once only.
pub fn ended(out: &[Output]) -> Option<sip_ua::EndCause> {
    let mut all = events(out).into_iter().filter_map(|event| match event {
        Event::Ended { how, .. } => Some(how.clone()),
        _ => None,
    });
    let first = all.next();
    assert!(all.next().is_none(), "ended twice");
    first
}

/// A response of a peer with its Contact.
pub fn reply(request: &Request, status: u16, tag: &str) -> Response {
    let status = StatusCode::new(status).unwrap();
    let mut response = Response::for_request(request, status, "", Some(tag));
    response.headers.push(HeaderName::Contact, "<sip:gw@192.0.2.10:5060>");
    response
}

pub fn with_sdp(mut response: Response) -> Response {
    response.set_body(SDP, ANSWER.to_vec());
    response
}

/// A request of the peer inside the dialog that `invite` and `tag` made.
pub fn peer_request(invite: &Request, tag: &str, method: Method, seq: u32) -> Request {
    let mut to = invite.headers.to().unwrap();
    to.set_tag(tag);
    let mut request =
        Request::new(method.clone(), invite.headers.contacts().unwrap().first().unwrap().uri.clone());
    let headers = &mut request.headers;
    headers.push(
        HeaderName::Via,
        format!("SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{tag}-{seq}-{method};rport"),
    );
    headers.push(HeaderName::MaxForwards, "70");
    headers.push(HeaderName::From, to.to_string());
    headers.push(HeaderName::To, invite.headers.get(&HeaderName::From).unwrap());
    headers.push(HeaderName::CallId, invite.headers.call_id().unwrap());
    headers.push(HeaderName::CSeq, format!("{seq} {method}"));
    headers.push(HeaderName::Contact, "<sip:gw@192.0.2.10:5060>");
    request
}

/// A request from outside any dialog.
pub fn stranger(method: &str, seq: u32) -> Request {
    let text = format!(
        "{method} sip:box@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK-{method}-{seq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:x@198.51.100.7>;tag=f{seq}\r\nTo: <sip:box@192.0.2.1>\r\n\
         Call-ID: stranger-{seq}\r\nCSeq: {seq} {method}\r\nContent-Length: 0\r\n\r\n"
    );
    match sip::parse_datagram(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("a request was written"),
    }
}

/// Delivers a message to the endpoint and returns what it did.
pub fn give(ep: &mut Endpoint, now: u64, message: impl Into<Message>) -> Vec<Output> {
    give_from(ep, now, message, udp())
}

pub fn give_from(ep: &mut Endpoint, now: u64, message: impl Into<Message>, source: Flow) -> Vec<Output> {
    let mut out = Vec::new();
    // Over the wire and back: what the endpoint gets is what a socket brings.
    let message = sip::parse_datagram(&message.into().to_bytes()).unwrap();
    ep.receive(Millis(now), Input::Received { message, source }, &mut out);
    out
}

/// Runs all timers up to `until`.
pub fn run(ep: &mut Endpoint, until: u64) -> Vec<Output> {
    let mut out = Vec::new();
    while let Some(at) = ep.deadline().filter(|at| at.0 <= until) {
        ep.expire(at, &mut out);
    }
    out
}

/// Places a call and answers its INVITE; returns the INVITE.
pub fn answered(ep: &mut Endpoint, spec: CallSpec) -> Request {
    let mut out = Vec::new();
    ep.call(Millis(0), spec, &mut out).unwrap();
    let invite = only(&out, &Method::Invite);
    let out = give(ep, 100, with_sdp(reply(&invite, 200, "t1")));
    assert_eq!(requests(&out, &Method::Ack).len(), 1);
    assert!(matches!(events(&out)[..], [Event::Answered { .. }]));
    invite
}
