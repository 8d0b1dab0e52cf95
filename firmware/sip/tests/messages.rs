//! Whole messages through the front end: what it repairs, what it keeps, what it prints.

use sip::uas::Profile;
use sip::{
    Answer, Contacts, HeaderName, Host, Message, Method, Problem, Refresher, Request, Response, StatusCode,
    Uri, Via, parse_datagram,
};

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

#[test]
fn an_invite_in_canonical_form_is_as_recorded() {
    let text = String::from_utf8(request(INVITE).to_bytes()).unwrap();
    insta::assert_snapshot!(text.replace('\r', ""), @r#"
    INVITE sip:+8613800000000@carrier.example:5060;user=phone SIP/2.0
    Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9;rport
    Via: SIP/2.0/TCP 192.0.2.11
    From: "Bank, Ltd." <sip:95588@box.example>;tag=9fxced76sl
    To: <sip:+8613800000000@carrier.example>
    Call-ID: 3848276298220188511@box.example
    CSeq: 1 INVITE
    Max-Forwards: 70
    Contact: <sip:95588@192.0.2.10:5060;transport=udp>
    Supported: 100rel
    Supported: timer
    Content-Length: 4

    body
    "#);
}

#[test]
fn nothing_a_caller_sets_opens_a_second_line() {
    let mut request = request(INVITE);
    request.method = Method::Extension("A\r\nB".into());
    request.uri.user = Some("x\r\nEvil: 1".into());
    request.headers.push(HeaderName::Other("C\r\nEvil".into()), "1");
    request.headers.push(HeaderName::Subject, "d\r\nEvil: 1");
    let text = String::from_utf8(request.to_bytes()).unwrap();
    assert!(!text.lines().any(|line| line.starts_with("Evil")), "{text}");
    let mut params = sip::Params::new();
    params.set("a", Some("\"x\";tag=\"y\""));
    params.set("b;c", Some("\"whole\""));
    assert_eq!(params.to_string(), r#";a="\"x\";tag=\"y\"";bc="whole""#);
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced_and_the_message_lives() {
    let mut bytes = INVITE.replace("Max-Forwards: 70", "Subject: x").into_bytes();
    let at = bytes.windows(10).position(|w| w == b"Subject: x").unwrap() + 9;
    bytes[at] = 0xff;
    let message = parse_datagram(&bytes).unwrap();
    assert_eq!(message.headers().get(&HeaderName::Subject), Some("\u{fffd}"));
}

#[test]
fn ipv6_literals_and_tel_uris_are_request_uris_too() {
    for uri in ["sip:[2001:db8::9]:5070", "sip:a@[2001:db8::9]", "tel:+86-138-0000-0000", "sips:b.c@d_e"] {
        let text = INVITE.replacen("sip:+8613800000000@carrier.example:5060;user=phone", uri, 1);
        let request = request(&text);
        assert_eq!(request.uri.to_string(), uri);
    }
    let via = "Via: SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKx;received=2001:db8::7\r\nf:";
    let via = request(&INVITE.replacen("f:", via, 1)).headers.vias().unwrap().remove(2);
    assert_eq!(via.received(), Some("2001:db8::7".parse().unwrap()));
    assert_eq!(via.port, Some(5070));
}

#[test]
fn uri_equality_follows_the_examples_of_rfc_3261_19_1_4() {
    let same = |a: &str, b: &str| a.parse::<Uri>().unwrap() == b.parse::<Uri>().unwrap();
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+86-10-1234", "tel:+86101234"),
    ] {
        assert!(same(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
}

#[test]
fn responses_go_where_rfc_3581_says() {
    let via = |text: &str| text.parse::<Via>().unwrap();
    let source = "203.0.113.5:1024".parse().unwrap();
    let mut natted = via("SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bKx");
    natted.note_source(source);
    assert_eq!(natted.response_target(), (Host::V4([203, 0, 113, 5].into()), 1024));
    let mut old = via("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx");
    old.note_source(source);
    assert_eq!(old.response_target(), (Host::V4([203, 0, 113, 5].into()), 5070));
    assert_eq!(old.rport(), None);
    let plain = via("SIP/2.0/TLS proxy.example;branch=z9hG4bKx");
    assert_eq!(plain.response_target(), (Host::Name("proxy.example".into()), 5061));
    let multicast = via("SIP/2.0/UDP 10.0.0.1;maddr=192.0.2.9;ttl=3");
    assert_eq!(multicast.response_target(), (Host::V4([192, 0, 2, 9].into()), 5060));
    assert_eq!(multicast.ttl(), Some(3));
}

#[test]
fn rarer_headers_are_read() {
    let extra = "Retry-After: 120 (in a (busy\\)) meeting);duration=60\r\n\
                 Reason: Q.850;cause=16;text=\"Normal, clearing\", SIP;cause=200\r\n\
                 RSeq: 988789\r\nRAck: 776656 1 INVITE\r\nx: 1800;refresher=uas\r\nMin-SE: 90\r\n\
                 Contact: *\r\n";
    let contact = "m: <sip:95588@192.0.2.10:5060;transport=udp>\r\n";
    let headers = request(&INVITE.replacen(contact, extra, 1)).headers;
    let retry = headers.retry_after().unwrap().unwrap();
    assert_eq!((retry.seconds, retry.duration_s), (120, Some(60)));
    let reasons = headers.reason().unwrap();
    assert_eq!(reasons[0].cause, Some(16));
    assert_eq!(reasons[0].text.as_deref(), Some("Normal, clearing"));
    assert_eq!(reasons[1].protocol, "SIP");
    assert_eq!(headers.rseq().unwrap(), Some(988_789));
    assert_eq!(headers.rack().unwrap().unwrap().to_string(), "776656 1 INVITE");
    let session = headers.session_expires().unwrap().unwrap();
    assert_eq!((session.interval_s, session.refresher), (1800, Some(Refresher::Uas)));
    assert_eq!(headers.min_se().unwrap(), Some(90));
    assert_eq!(headers.contacts().unwrap(), Contacts::Star);
}

#[test]
fn a_known_method_not_served_is_405_and_an_optional_body_is_passed_over() {
    let profile = Profile {
        methods: &[Method::Invite],
        extensions: &["timer"],
        content_types: &[("application", "sdp")],
    };
    let mut bye = request(INVITE);
    bye.method = Method::Bye;
    let refused = profile.check(&bye).unwrap_err();
    assert_eq!(refused.status, 405);
    assert_eq!(refused.response(&bye, "t").headers.get(&HeaderName::Allow), Some("INVITE"));
    let mut ack = request(INVITE);
    ack.method = Method::Ack;
    assert_eq!(profile.check(&ack), Ok(()));
    let mut invite = request(INVITE);
    invite.set_body("text/plain", b"x".to_vec());
    assert_eq!(profile.check(&invite).unwrap_err().status, 415);
    invite.headers.set(HeaderName::ContentDisposition, "render;handling=optional");
    assert_eq!(profile.check(&invite), Ok(()));
    invite.headers.push(HeaderName::Require, "timer, odd");
    let refused = profile.check(&invite).unwrap_err();
    assert_eq!(refused.hint, Some((HeaderName::Unsupported, "odd".into())));
}

#[test]
fn an_error_in_an_ack_is_never_answered() {
    let text = INVITE.replace("INVITE sip", "ACK sip");
    let error = parse_datagram(text.as_bytes()).unwrap_err();
    assert_eq!(error.problem, Problem::CSeqMismatch);
    assert_eq!((error.answer, error.response("t")), (Answer::Drop, None));
    assert_eq!(parse_datagram(b"\r\n\r\n").unwrap_err().problem, Problem::KeepAlive);
    let stun = [0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42];
    assert_eq!(parse_datagram(&stun).unwrap_err().answer, Answer::Drop);
}
