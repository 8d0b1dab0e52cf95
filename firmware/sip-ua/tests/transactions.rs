//! The transaction layer: the pace of every timer, matching, absorption.
//!
//! Deliberately not here: the tables themselves; their walk stands beside them.

mod support;

use sip::{HeaderName, Message, Method, Request};
use sip_ua::transaction::{Effect, Layer};
use sip_ua::{Flow, Millis, Timing, Transport};
use support::*;

fn layer() -> Layer<()> {
    Layer::new(Timing::default(), 100)
}

fn client(layer: &mut Layer<()>, method: &str, transport: Transport) -> (Request, Vec<u64>) {
    let mut request = stranger(method, 1);
    request.headers.remove(&HeaderName::Via);
    let mut out = Vec::new();
    layer.request(Millis(0), request, flow(transport), "z9hG4bKb", (), &mut out).unwrap();
    let first = sends(&out).remove(0);
    (first, drive(layer, u64::MAX).0)
}

fn sends(out: &[Effect<()>]) -> Vec<Request> {
    out.iter()
        .filter_map(|effect| match effect {
            Effect::Send { bytes, .. } => match sip::parse_datagram(bytes).unwrap() {
                Message::Request(request) => Some(request),
                Message::Response(_) => None,
            },
            _ => None,
        })
        .collect()
}

/// Runs all timers; answers when something was sent and when the layer was empty.
fn drive(layer: &mut Layer<()>, until: u64) -> (Vec<u64>, u64) {
    let mut at_times = Vec::new();
    let mut last = 0;
    while let Some(at) = layer.deadline().filter(|at| at.0 <= until) {
        let mut out = Vec::new();
        layer.expire(at, &mut out);
        let count = out.iter().filter(|e| matches!(e, Effect::Send { .. })).count();
        at_times.extend(std::iter::repeat_n(at.0, count));
        last = at.0;
    }
    (at_times, last)
}

#[test]
fn an_invite_is_repeated_with_doubling_pauses_until_64_t1() {
    let (_, times) = client(&mut layer(), "INVITE", Transport::Udp);
    assert_eq!(times, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
}

#[test]
fn other_requests_are_repeated_at_most_every_t2() {
    let (_, times) = client(&mut layer(), "OPTIONS", Transport::Udp);
    assert_eq!(times, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
}

#[test]
fn nothing_is_repeated_on_reliable_transports() {
    for transport in [Transport::Tcp, Transport::Tls] {
        for method in ["INVITE", "OPTIONS"] {
            assert!(client(&mut layer(), method, transport).1.is_empty());
        }
    }
}

#[test]
fn our_via_asks_for_rport_and_names_transport_and_branch() {
    let (request, _) = client(&mut layer(), "OPTIONS", Transport::Tls);
    let via = request.headers.get(&HeaderName::Via).unwrap();
    assert!(via.starts_with("SIP/2.0/TLS 192.0.2.1:5060;"), "{via}");
    let via = request.headers.via_top().unwrap();
    assert_eq!((via.branch(), via.rport()), (Some("z9hG4bKb"), Some(None)));
}

#[test]
fn a_failure_is_acknowledged_each_time_and_absorbed_for_32_seconds() {
    let mut layer = layer();
    let mut out = Vec::new();
    let mut invite = stranger("INVITE", 1);
    invite.headers.remove(&HeaderName::Via);
    invite.headers.push(HeaderName::Route, "<sip:p.example;lr>");
    layer.request(Millis(0), invite, udp(), "z9hG4bKb", (), &mut out).unwrap();
    let invite = sends(&out).remove(0);
    for round in 0..3 {
        out.clear();
        layer.receive(Millis(round), Message::Response(reply(&invite, 486, "t")), udp(), &mut out);
        let ack = sends(&out).remove(0);
        assert_eq!(ack.method, Method::Ack);
        assert_eq!(ack.headers.get(&HeaderName::Via), invite.headers.get(&HeaderName::Via));
        assert_eq!(ack.headers.to().unwrap().tag(), Some("t"));
        assert_eq!(ack.headers.routes().unwrap().len(), 1);
        let delivered = out.iter().filter(|e| matches!(e, Effect::Response { .. })).count();
        assert_eq!(delivered, usize::from(round == 0));
    }
    assert_eq!(drive(&mut layer, u64::MAX).1, 32_000);
    assert!(layer.is_empty());
}

#[test]
fn a_request_again_gets_the_last_response_again_without_the_user() {
    let mut layer = layer();
    let mut out = Vec::new();
    let request = stranger("OPTIONS", 1);
    layer.receive(Millis(0), Message::Request(request.clone()), udp(), &mut out);
    let Some(Effect::Request { id, request: marked, .. }) = out.pop() else { panic!() };
    layer.receive(Millis(1), Message::Request(request.clone()), udp(), &mut out);
    assert!(out.is_empty(), "nothing was answered yet");
    assert!(layer.respond(Millis(2), id, &reply(&marked, 200, "t"), &mut out));
    out.clear();
    layer.receive(Millis(3), Message::Request(request), udp(), &mut out);
    assert!(matches!(out[..], [Effect::Send { .. }]));
    assert_eq!(drive(&mut layer, u64::MAX).1, 32_002, "timer J");
}

#[test]
fn the_same_branch_from_another_host_or_with_another_method_is_another_transaction() {
    let mut layer = layer();
    let mut out = Vec::new();
    let request = stranger("OPTIONS", 1);
    let mut other_host = request.clone();
    other_host.headers.set(HeaderName::Via, "SIP/2.0/UDP 198.51.100.8;branch=z9hG4bK-OPTIONS-1");
    let mut other_method = request.clone();
    other_method.method = Method::Info;
    for request in [request, other_host, other_method] {
        layer.receive(Millis(0), Message::Request(request), udp(), &mut out);
    }
    assert_eq!(out.iter().filter(|e| matches!(e, Effect::Request { .. })).count(), 3);
}

#[test]
fn a_response_that_answers_nothing_of_ours_is_dropped() {
    let mut layer = layer();
    let mut out = Vec::new();
    layer.receive(Millis(0), Message::Response(reply(&stranger("BYE", 1), 200, "t")), udp(), &mut out);
    assert!(out.is_empty());
}

#[test]
fn a_broken_flow_ends_only_its_own_transactions() {
    let mut layer = layer();
    let mut out = Vec::new();
    let other = Flow { connection: Some(2), ..flow(Transport::Tcp) };
    for (branch, flow) in [("z9hG4bK1", flow(Transport::Tcp)), ("z9hG4bK2", other)] {
        layer.request(Millis(0), stranger("OPTIONS", 1), flow, branch, (), &mut out).unwrap();
    }
    out.clear();
    layer.transport_failed(Millis(1), &other, &mut out);
    assert!(matches!(out[..], [Effect::Undeliverable { .. }, Effect::Ended { .. }]));
    assert_eq!(layer.len(), 1);
}

#[test]
fn ten_thousand_transactions_cost_no_scan_per_event() {
    let mut layer = Layer::new(Timing::default(), 10_000);
    let mut out = Vec::new();
    for number in 0..10_000_u64 {
        let branch = format!("z9hG4bK{number}");
        layer.request(Millis(number), stranger("OPTIONS", 1), udp(), &branch, (), &mut out).unwrap();
    }
    assert!(layer.request(Millis(1), stranger("OPTIONS", 1), udp(), "z9hG4bKx", (), &mut out).is_err());
    // Each step touches what is due and nothing else: one transaction for each time.
    out.clear();
    layer.expire(Millis(500), &mut out);
    assert_eq!(out.len(), 1);
    layer.expire(Millis(501), &mut out);
    assert_eq!(out.len(), 2);
}
