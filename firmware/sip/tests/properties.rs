//! What is printed is read back the same, for values nobody thought of.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sip::auth::{Algorithm, Challenge, QopSet};
use sip::sdp::{Attribute, Crypto, SrtpKey, SrtpSuite, parse_sdp};
use sip::{
    CSeq, HeaderName, Headers, Host, Message, Method, NameAddr, RAck, Reason, Refresher, Request, RetryAfter,
    SessionExpires, Transport, Uri, Via, parse_datagram,
};

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,12}"
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z][a-z0-9-]{0,8}(\\.[a-z][a-z0-9]{0,5}){0,2}".prop_map(Host::Name),
        any::<[u8; 4]>().prop_map(|b| Host::V4(b.into())),
        any::<[u8; 16]>().prop_map(|b| Host::V6(b.into())),
    ]
}

prop_compose! {
    fn uri()(
        user in option::of("\\PC{1,12}"),
        host in host(),
        port in option::of(any::<u16>()),
        params in vec(("[a-z]{1,8}", option::of("[a-zA-Z0-9\\[\\]/:&+$.-]{1,8}")), 0..4),
        headers in vec(("[a-zA-Z]{1,8}", "[a-zA-Z0-9%]{0}[a-zA-Z0-9/:+]{0,8}"), 0..3),
    ) -> Uri {
        let mut uri = Uri::sip(user.as_deref(), host, port);
        for (name, value) in params {
            if !uri.params.has(&name) {
                let text = match &value {
                    Some(value) => format!("sip:a;{name}={value}"),
                    None => format!("sip:a;{name}"),
                };
                let one: Uri = text.parse().unwrap();
                let (name, value) = one.params.iter().next().unwrap();
                if !value.is_some_and(|v| v.contains(['&', '$'])) {
                    uri.params.set(name, value);
                }
            }
        }
        uri.headers = headers;
        uri
    }
}

prop_compose! {
    fn name_addr()(
        display in option::of("\\PC{0,16}"),
        uri in uri(),
        tag in option::of(token()),
        text in option::of("\\PC{0,10}"),
    ) -> NameAddr {
        let mut value = NameAddr::new(uri);
        value.display = display;
        if let Some(tag) = tag {
            value.set_tag(&tag);
        }
        if let Some(text) = text {
            value.params.set("text", Some(&text));
        }
        value
    }
}

prop_compose! {
    fn via()(
        transport in prop_oneof![Just("UDP"), Just("TCP"), Just("TLS"), Just("SCTP")],
        host in host(),
        port in option::of(any::<u16>()),
        branch in token(),
        received in option::of(any::<[u8; 16]>()),
    ) -> Via {
        let mut via = Via::new(Transport::from_token(transport), host, port, &branch);
        if let Some(bytes) = received {
            let ip: std::net::Ipv6Addr = bytes.into();
            via.note_source((ip, 5062).into());
        }
        via
    }
}

proptest! {
    #[test]
    fn uris(uri in uri()) {
        let text = uri.to_string();
        let read: Uri = text.parse().map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(&read, &uri);
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(read.user_unescaped(), uri.user_unescaped());
    }

    #[test]
    fn name_addrs(value in name_addr()) {
        let text = value.to_string();
        let read: NameAddr = text.parse().map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(&read.display, &value.display);
        prop_assert_eq!(read.tag(), value.tag());
        prop_assert_eq!(read.to_string(), text);
    }

    #[test]
    fn lists_of_name_addrs(values in vec(name_addr(), 1..5)) {
        let text = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" , ");
        let read = NameAddr::parse_list(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(read, values);
    }

    #[test]
    fn vias(via in via()) {
        let read: Via = via.to_string().parse().unwrap();
        prop_assert_eq!(read.received(), via.received());
        prop_assert_eq!(read, via);
    }

    #[test]
    fn small_values(seq in 0_u32..1 << 31, rseq: u32, method in token(), seconds: u32, text in "\\PC{0,12}") {
        let method = Method::from_token(&method);
        let cseq = CSeq { seq, method: method.clone() };
        prop_assert_eq!(CSeq::parse(&cseq.to_string()).unwrap(), cseq);
        let rack = RAck { rseq, cseq: seq, method };
        prop_assert_eq!(RAck::parse(&rack.to_string()).unwrap(), rack);
        for refresher in [None, Some(Refresher::Uac), Some(Refresher::Uas)] {
            let value = SessionExpires { interval_s: seconds, refresher };
            prop_assert_eq!(SessionExpires::parse(&value.to_string()).unwrap(), value);
        }
        let retry = RetryAfter { seconds, duration_s: Some(rseq) };
        prop_assert_eq!(RetryAfter::parse(&retry.to_string()).unwrap(), retry);
        let reason = Reason { protocol: "Q.850".into(), cause: Some(16), text: Some(text) };
        prop_assert_eq!(Reason::parse(&reason.to_string()).unwrap(), reason);
    }

    #[test]
    fn challenges(realm in "\\PC{0,16}", nonce in "\\PC{1,16}", stale: bool, auth: bool, auth_int: bool) {
        let qop = QopSet { auth, auth_int, other: false };
        let mut challenge = Challenge::new(&realm, &nonce, Algorithm::Sha256, qop);
        challenge.stale = stale;
        if !auth && !auth_int {
            challenge.qop = None;
        }
        prop_assert_eq!(Challenge::parse_list(&challenge.to_string()).unwrap(), [challenge]);
    }

    #[test]
    fn requests(
        uri in uri(), from in name_addr(), to in name_addr(), vias in vec(via(), 1..4),
        extra in vec(("X-[a-z]{1,8}", "\\PC{0,24}"), 0..6), body in vec(any::<u8>(), 0..64),
    ) {
        let mut request = Request::new(Method::Invite, uri);
        request.uri.headers.clear();
        for via in &vias {
            request.headers.push(HeaderName::Via, via.to_string());
        }
        request.headers.push(HeaderName::From, from.to_string());
        request.headers.push(HeaderName::To, to.to_string());
        request.headers.push(HeaderName::CallId, "c@d");
        request.headers.push(HeaderName::CSeq, "7 INVITE");
        for (name, value) in &extra {
            request.headers.push(HeaderName::from_wire(name), value.trim());
        }
        request.set_body("application/octet-stream", body);
        let read = match parse_datagram(&request.to_bytes()) {
            Ok(Message::Request(read)) => read,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(&read.uri, &request.uri);
        prop_assert_eq!(&read.body, &request.body);
        prop_assert_eq!(read.headers.vias().unwrap(), vias);
        prop_assert_eq!(read.to_bytes(), request.to_bytes());
    }

    #[test]
    fn a_value_never_opens_a_second_line(value in "[a-z\r\n: ]{0,40}") {
        let mut headers = Headers::new();
        headers.push(HeaderName::Subject, value.as_str());
        headers.set(HeaderName::Server, value.as_str());
        headers.prepend(HeaderName::Via, value.as_str());
        headers.set_first(&HeaderName::Subject, value.as_str());
        for (_, value) in headers.iter() {
            prop_assert!(!value.contains(['\r', '\n']));
        }
        let addr = NameAddr { display: Some(value.clone()), ..name_addr_of("sip:a@b") };
        prop_assert!(!addr.to_string().contains(['\r', '\n']));
    }

    #[test]
    fn crypto_lines(which in 0_usize..6, fill: u8, tag in 1_u32..1_000_000_000, lifetime in option::of(1_u64..1 << 48)) {
        let suite = SrtpSuite::ALL[which];
        let key = SrtpKey::new(suite, &vec![fill; suite.key_bytes() + suite.salt_bytes()]).unwrap();
        let crypto = Crypto { tag, suite, key, lifetime, mki: None };
        prop_assert_eq!(Crypto::parse(&crypto.to_value()).unwrap(), crypto);
    }

    #[test]
    fn session_descriptions(names in vec("[!-9;-~]{1,10}", 0..8), values in vec("\\PC{0,20}", 8), port: u16) {
        let base = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 1 RTP/AVP 8\r\n";
        let mut session = parse_sdp(base).unwrap();
        session.media[0].port = port;
        for (name, value) in names.iter().zip(&values) {
            session.attributes.push(Attribute::flag(name));
            session.media[0].attributes.push(Attribute::new(name, value.as_str()));
        }
        prop_assert_eq!(parse_sdp(&session.to_bytes()).unwrap(), session);
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..400)) {
        sip::fuzz_datagram(&bytes);
        sip::fuzz_sdp(&bytes);
    }
}

fn name_addr_of(uri: &str) -> NameAddr {
    NameAddr::new(uri.parse().unwrap())
}
