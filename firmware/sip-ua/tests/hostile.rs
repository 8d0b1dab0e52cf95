//! Mutated messages against an endpoint in use: it never panics and always empties.
//!
//! Deliberately not here: coverage guidance; the fuzz targets have that.

mod support;

use support::Rng;

/// With the ids of the fuzz entry point, these belong to its call.
fn seed_messages() -> Vec<u8> {
    let hex = |n: u128| n.to_be_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (registrar_ids, trunk_ids) = (3, 2);
    let call_id = hex(registrar_ids + trunk_ids + 1);
    let tag = &hex(registrar_ids + trunk_ids + 2)[..20];
    let branch = format!("z9hG4bK{}", hex(registrar_ids + trunk_ids + 3));
    let response = |status: &str, extra: &str, body: &str| {
        format!(
            "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch={branch};rport\r\n\
             From: <sip:box@192.0.2.10>;tag={tag}\r\nTo: <sip:callee@192.0.2.10>;tag=t1\r\n\
             Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@192.0.2.10>\r\n{extra}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let request = |method: &str, seq: u32, body: &str| {
        format!(
            "{method} sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{method}{seq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:callee@192.0.2.10>;tag=t1\r\n\
             To: <sip:box@192.0.2.10>;tag={tag}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n\
             Contact: <sip:gw@192.0.2.10>\r\nContent-Type: application/sdp\r\n\
             Session-Expires: 90;refresher=uac\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let sdp = "Content-Type: application/sdp\r\n";
    [
        response("183 Progress", &format!("{sdp}Require: 100rel\r\nRSeq: 1\r\n"), "v=0\r\n"),
        response("200 OK", &format!("{sdp}Session-Expires: 90;refresher=uac\r\n"), "v=0\r\n"),
        request("INVITE", 5, "v=0\r\n"),
        request("ACK", 5, ""),
        request("UPDATE", 6, "v=0\r\n"),
        request("INFO", 7, "Signal=9\r\n"),
        request("BYE", 8, ""),
    ]
    .join("\0")
    .into_bytes()
}

#[test]
fn the_unchanged_messages_reach_the_call() {
    // The seed is only worth mutating if it walks through a whole call.
    let seed = seed_messages();
    let text = String::from_utf8(seed.clone()).unwrap();
    assert_eq!(text.matches("CSeq").count(), 7);
    for message in seed.split(|byte| *byte == 0) {
        assert!(sip::parse_datagram(message).is_ok());
    }
    // Progress, trunk up, answer, offer, offer by UPDATE, INFO, end.
    assert_eq!(sip_ua::fuzz::endpoint(&seed), 7);
}

#[test]
fn mutated_messages_never_panic_and_leave_nothing_behind() {
    let seed = seed_messages();
    let mut rng = Rng(11);
    for _ in 0..2_000 {
        let mut data = seed.clone();
        for _ in 0..=rng.below(6) {
            let at = rng.below(data.len() as u64) as usize;
            match rng.below(4) {
                0 => data[at] = rng.next() as u8,
                1 => drop(data.remove(at)),
                2 => data.insert(at, b"0;:<>,\"= \r\n"[rng.below(11) as usize]),
                _ => {
                    let end = (at + rng.below(60) as usize).min(data.len());
                    let piece = data[at..end].to_vec();
                    data.splice(at..at, piece);
                }
            }
        }
        sip_ua::fuzz::endpoint(&data);
        sip_ua::fuzz::snapshot(&data);
    }
}
