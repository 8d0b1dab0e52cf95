//! What strangers, phones and trunks get that send requests outside a call.
//!
//! Deliberately not here: REGISTER; see `phones.rs`.

mod support;

use sip::{HeaderName, Message, Method, Response};
use sip_ua::{Config, Endpoint, Event, Flow, Millis, TrunkConfig, TrunkId};
use support::*;

fn first(out: &[sip_ua::Output]) -> Response {
    match sent(out).remove(0) {
        Message::Response(response) => response,
        Message::Request(request) => panic!("{request:?}"),
    }
}

fn elsewhere() -> Flow {
    Flow { remote: "198.51.100.7:40000".parse().unwrap(), ..udp() }
}

fn from_stranger(ep: &mut Endpoint, request: sip::Request) -> Response {
    first(&give_from(ep, 0, request, elsewhere()))
}

#[test]
fn l_23_every_incoming_call_is_refused_and_nothing_leaves_the_box() {
    let mut ep = endpoint();
    let out = give_from(&mut ep, 0, stranger("INVITE", 1), elsewhere());
    assert_eq!(first(&out).status, 403);
    assert!(matches!(events(&out)[..], [Event::IncomingRefused { status: 403, .. }]));
    assert!(requests(&out, &Method::Invite).is_empty());
    let trunk = TrunkConfig {
        id: TrunkId(1),
        flow: udp(),
        target: uri("sip:192.0.2.10"),
        monitor: None,
        registration: None,
    };
    ep.add_trunk(Millis(0), trunk, &mut Vec::new());
    let out = give_from(&mut ep, 0, stranger("INVITE", 2), udp());
    assert_eq!(first(&out).status, 603);
    assert!(requests(&out, &Method::Invite).is_empty());
}

#[test]
fn a_refused_invite_is_repeated_until_its_ack() {
    let mut ep = endpoint();
    let invite = stranger("INVITE", 1);
    give_from(&mut ep, 0, invite.clone(), elsewhere());
    assert_eq!(statuses(&give_from(&mut ep, 100, invite.clone(), elsewhere())), [403]);
    assert_eq!(statuses(&run(&mut ep, 600)), [403]);
    let mut ack = invite;
    ack.method = Method::Ack;
    ack.headers.set(HeaderName::CSeq, "1 ACK");
    assert!(give_from(&mut ep, 700, ack, elsewhere()).is_empty());
    assert!(statuses(&run(&mut ep, 60_000)).is_empty());
    assert_eq!(ep.transaction_count(), 0);
}

#[test]
fn options_are_answered_with_what_we_can() {
    let mut ep = endpoint();
    let response = from_stranger(&mut ep, stranger("OPTIONS", 1));
    assert_eq!(response.status, 200);
    assert!(response.headers.allow().unwrap().contains("INVITE"));
    assert_eq!(response.headers.get_all(&HeaderName::Accept).count(), 2);
    assert!(response.headers.supported().unwrap().contains("timer"));
    assert!(response.headers.to().unwrap().tag().is_some());
}

#[test]
fn answers_go_where_the_request_came_from_when_it_asked_for_rport() {
    let mut ep = endpoint();
    let out = give_from(&mut ep, 0, stranger("OPTIONS", 1), elsewhere());
    let via = first(&out).headers.via_top().unwrap();
    assert_eq!(via.rport(), Some(Some(40_000)));
    assert_eq!(via.received().unwrap().to_string(), "198.51.100.7");
    let [sip_ua::Output::Send { flow, .. }] = &out[..] else { panic!() };
    assert_eq!(flow.remote, elsewhere().remote);
    let mut plain = stranger("OPTIONS", 2);
    plain.headers.set(HeaderName::Via, "SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKx");
    let out = give_from(&mut ep, 0, plain, elsewhere());
    let [sip_ua::Output::Send { flow, .. }] = &out[..] else { panic!() };
    assert_eq!(flow.remote.port(), 5070);
}

#[test]
fn methods_are_refused_by_what_is_known_of_them() {
    let mut ep = endpoint();
    let cases = [
        ("SUBSCRIBE", 405),
        ("NOTIFY", 405),
        ("REFER", 405),
        ("MESSAGE", 405),
        ("PUBLISH", 405),
        ("FROBNICATE", 501),
        ("BYE", 481),
        ("UPDATE", 481),
        ("PRACK", 481),
        ("INFO", 481),
        ("CANCEL", 481),
        ("REGISTER", 405),
    ];
    for (seq, (method, status)) in cases.into_iter().enumerate() {
        let response = from_stranger(&mut ep, stranger(method, seq as u32 + 1));
        assert_eq!(response.status, status, "{method}");
    }
}

#[test]
fn a_request_of_an_unknown_dialog_gets_481_and_an_ack_nothing() {
    let mut ep = endpoint();
    for (seq, method) in [(1, "BYE"), (2, "INVITE"), (3, "OPTIONS")] {
        let mut request = stranger(method, seq);
        request.headers.set(HeaderName::To, "<sip:box@192.0.2.1>;tag=gone");
        assert_eq!(from_stranger(&mut ep, request).status, 481);
    }
    assert!(give_from(&mut ep, 0, stranger("ACK", 9), elsewhere()).is_empty());
}

#[test]
fn extensions_bodies_and_schemes_we_do_not_understand_are_named() {
    let mut ep = endpoint();
    let mut request = stranger("OPTIONS", 1);
    request.headers.push(HeaderName::Require, "timer, holographic");
    let response = from_stranger(&mut ep, request);
    assert_eq!(response.status, 420);
    assert_eq!(response.headers.get(&HeaderName::Unsupported), Some("holographic"));

    let mut request = stranger("INVITE", 2);
    request.set_body("text/plain", b"hello".to_vec());
    let response = from_stranger(&mut ep, request);
    assert_eq!(response.status, 415);
    assert_eq!(response.headers.get(&HeaderName::Accept), Some("application/sdp"));

    let mut request = stranger("INVITE", 3);
    request.set_body(SDP, OFFER.to_vec());
    request.headers.push(HeaderName::ContentEncoding, "gzip");
    let response = from_stranger(&mut ep, request);
    assert_eq!(response.status, 415);
    assert_eq!(response.headers.get(&HeaderName::AcceptEncoding), Some("identity"));

    let mut request = stranger("INVITE", 4);
    request.uri = uri("tel:+8613800000000");
    assert_eq!(from_stranger(&mut ep, request).status, 416);
}

#[test]
fn l_23_a_request_for_another_host_is_not_forwarded() {
    let config = Config { domains: vec!["192.0.2.1".into()], ..Config::default() };
    let mut ep = Endpoint::new(config, Box::new(Rng(1)));
    let mut request = stranger("OPTIONS", 1);
    request.uri = uri("sip:13800000000@elsewhere.example");
    assert_eq!(from_stranger(&mut ep, request.clone()).status, 403);
    request.headers.set(HeaderName::MaxForwards, "0");
    request.headers.set(HeaderName::Via, "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKspent;rport");
    request.headers.set(HeaderName::CallId, "other");
    assert_eq!(from_stranger(&mut ep, request).status, 483);
}

#[test]
fn a_request_that_came_over_two_ways_and_one_that_came_home_get_482() {
    let mut ep = endpoint();
    let request = stranger("OPTIONS", 1);
    assert_eq!(from_stranger(&mut ep, request.clone()).status, 200);
    let mut other = request;
    other.headers.set(HeaderName::Via, "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKother;rport");
    assert_eq!(from_stranger(&mut ep, other).status, 482);

    let mut out = Vec::new();
    ep.call(Millis(0), spec(1), &mut out).unwrap();
    let mut home = only(&out, &Method::Invite);
    home.headers.prepend(HeaderName::Via, "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKloop;rport");
    assert_eq!(from_stranger(&mut ep, home).status, 482);
}

#[test]
fn a_full_box_answers_503_with_retry_after_and_keeps_no_state() {
    let config = Config { max_transactions: 3, ..Config::default() };
    let mut ep = Endpoint::new(config, Box::new(Rng(1)));
    for seq in 1..=3 {
        from_stranger(&mut ep, stranger("OPTIONS", seq));
    }
    let response = from_stranger(&mut ep, stranger("OPTIONS", 4));
    assert_eq!(response.status, 503);
    assert_eq!(response.headers.retry_after().unwrap().unwrap().seconds, 5);
    assert_eq!(ep.transaction_count(), 3);
}

#[test]
fn messages_without_what_they_need_are_refused_or_dropped_and_never_panic() {
    let mut ep = endpoint();
    let all = [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
        HeaderName::MaxForwards,
    ];
    for (seq, name) in all.iter().enumerate() {
        for method in ["INVITE", "OPTIONS", "CANCEL", "BYE", "ACK", "REGISTER"] {
            for value in [None, Some("nonsense \"<"), Some("")] {
                let mut request = stranger(method, seq as u32 + 50);
                request.headers.remove(name);
                if let Some(value) = value {
                    request.headers.push(name.clone(), value);
                }
                let mut out = Vec::new();
                let message = Message::Request(request);
                ep.receive(Millis(0), sip_ua::Input::Received { message, source: elsewhere() }, &mut out);
                assert!(requests(&out, &Method::Invite).is_empty());
            }
        }
    }
    run(&mut ep, 100_000);
    assert_eq!(ep.transaction_count(), 0);
}

#[test]
fn a_peer_of_rfc_2543_is_matched_without_the_magic_cookie() {
    let mut ep = endpoint();
    let mut invite = stranger("INVITE", 1);
    invite.headers.set(HeaderName::Via, "SIP/2.0/UDP 198.51.100.7:5060");
    assert_eq!(statuses(&give_from(&mut ep, 0, invite.clone(), elsewhere())), [403]);
    assert_eq!(statuses(&give_from(&mut ep, 10, invite.clone(), elsewhere())), [403]);
    assert_eq!(ep.transaction_count(), 1);
    let mut ack = invite;
    ack.method = Method::Ack;
    ack.headers.set(HeaderName::CSeq, "1 ACK");
    give_from(&mut ep, 20, ack, elsewhere());
    assert!(statuses(&run(&mut ep, 60_000)).is_empty());
}
