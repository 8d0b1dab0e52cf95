//! Whole messages through the front end: what it repairs, what it keeps, what it prints.

use sip::{HeaderName, Message, Method, Request, Response, StatusCode, parse_datagram};

const INVITE: &str = "INVITE sip:+8613800000000@carrier.example:5060;user=phone SIP/2.0\r\n\
v: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9;rport, SIP/2.0/TCP 192.0.2.11\r\n\
f: \"Bank, Ltd.\" <sip:95588@box.example>;tag=9fxced76sl\r\n\
t: <sip:+8613800000000@carrier.example>\r\n\
i: 3848276298220188511@box.example\r\n\
CSeq : 1 INVITE\r\n\
Max-Forwards: 70\r\n\
m: <sip:95588@192.0.2.10:5060;transport=udp>\r\n\
k: 100rel,\r\n timer\r\n\
l: 4\r\n\r\nbodyjunk";

fn request(text: &str) -> Request {
    match parse_datagram(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

#[test]
fn compact_folded_and_listed_headers_are_read() {
    let request = request(INVITE);
    assert_eq!(request.method, Method::Invite);
    assert_eq!(request.body, b"body");
    let vias = request.headers.vias().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!(vias[0].branch(), Some("z9hG4bK74bf9"));
    assert_eq!(vias[0].rport(), Some(None));
    assert_eq!(request.headers.from().unwrap().tag(), Some("9fxced76sl"));
    assert_eq!(request.headers.from().unwrap().display.as_deref(), Some("Bank, Ltd."));
    let supported = request.headers.supported().unwrap();
    assert!(supported.contains("timer") && supported.contains("100rel"));
    assert_eq!(request.headers.get_all(&HeaderName::Supported).count(), 2);
}

#[test]
fn what_is_printed_is_read_back_the_same() {
    let first = request(INVITE);
    let again = parse_datagram(&first.to_bytes()).unwrap();
    assert_eq!(again.to_bytes(), first.to_bytes());
}

#[test]
fn a_response_copies_what_rfc_3261_8_2_6_2_names() {
    let request = request(INVITE);
    let ringing = Response::for_request(&request, StatusCode::RINGING, "", Some("abc"));
    let text = String::from_utf8(ringing.to_bytes()).unwrap();
    assert!(text.starts_with("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;"));
    assert_eq!(ringing.headers.to().unwrap().tag(), Some("abc"));
    assert_eq!(ringing.headers.vias().unwrap().len(), 2);
    assert_eq!(ringing.headers.cseq().unwrap().seq, 1);
}

#[test]
fn debug_shows_no_number() {
    let request = request(INVITE);
    let shown = format!("{request:?} {:?} {:?}", request.uri, request.headers.from().unwrap());
    assert!(!shown.contains("138") && !shown.contains("95588") && !shown.contains("Bank"));
}
