//! Callees as a caller meets them, code by code, over real sockets on loopback.
//!
//! What only changes a script's numbers is proven in the table's own tests.

use std::collections::HashSet;

use crate::caller::{Caller, their_tag};
use carrier::{Carrier, CarrierConfig, CarrierHandle, EventKind};

fn carrier() -> CarrierHandle {
    Carrier::start(CarrierConfig { ring_ms: Some(30), ..CarrierConfig::default() }).expect("starts")
}

fn finished(carrier: CarrierHandle) -> carrier::Report {
    let report = carrier.stop();
    assert_eq!(report.active_dialogs, 0, "{report:?}");
    report
}

#[test]
fn every_refusal_comes_with_the_code_of_the_table() {
    let carrier = carrier();
    let table = [
        (70, 486),
        (75, 603),
        (76, 404),
        (77, 480),
        (78, 500),
        (79, 503),
        (80, 486),
        (94, 408),
        (95, 606),
        (99, 302),
    ];
    for (code, status) in table {
        let caller = Caller::dial(carrier.addr(), &format!("+86138001380{code}"), &[]);
        let refusal = caller.expect(status);
        assert_eq!(refusal.header("Retry-After").is_empty(), code != 79);
        caller.ack(&refusal);
    }
    // The last ACK is behind this answer in the same queue.
    let last = Caller::dial(carrier.addr(), "13800138000", &[]);
    last.hang_up(&{
        let answer = last.expect(200);
        last.ack(&answer);
        answer
    });
    let report = finished(carrier);
    assert_eq!(report.invites, 11);
    assert_eq!(report.refused.values().sum::<u64>(), 10);
    assert!(report.violations.is_empty(), "{report:?}");
}

#[test]
fn the_voice_of_the_number_is_what_the_caller_hears() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138007", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    let voice = carrier::signal::voice_pcm("13800138007", 0, 50 * 160);
    let law = carrier::signal::Law::A;
    let mut heard = Vec::new();
    // The packets before the answer carry nothing: the first comes with the marker.
    for _ in 0..50 {
        let (packet, _) = caller.packet();
        heard.extend(packet[12..].iter().map(|c| law.decode(*c)));
    }
    let coded: Vec<i16> = voice.iter().map(|s| law.decode(law.encode(*s))).collect();
    assert_eq!(heard, coded);
    caller.hang_up(&answer);
    assert!(finished(carrier).rtp_sent >= 50);
}

#[test]
fn a_key_press_is_one_event_with_three_end_packets() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138060", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    let events: Vec<Vec<u8>> = (0..12).map(|_| caller.packet().0).filter(|p| p[1] & 0x7f == 101).collect();
    assert_eq!(events.len(), 8);
    let stamps: HashSet<&[u8]> = events.iter().map(|p| &p[4..8]).collect();
    assert_eq!(stamps.len(), 1, "one event has one timestamp");
    assert!(events.iter().all(|p| p[12] == 9));
    assert_eq!(events.iter().filter(|p| p[13] & 0x80 != 0).count(), 3);
    assert_eq!(events.last().map(|p| (p[14], p[15])), Some((3, 32)), "800 samples are 100 ms");
    caller.hang_up(&answer);
    assert_eq!(finished(carrier).dtmf_sent, 1);
}

#[test]
fn a_cancelled_call_ends_with_487() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138073", &[]);
    caller.expect(180);
    caller.cancel();
    let refusal = caller.expect(487);
    caller.ack(&refusal);
    caller.sip.send_to(b"OPTIONS sip:x SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n", carrier.addr()).expect("sends");
    caller.expect(200);
    assert_eq!(finished(carrier).cancelled, 1);
}

#[test]
fn a_200_may_cross_the_cancel() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138090", &[]);
    caller.expect(180);
    caller.cancel();
    let answer = caller.expect(200);
    assert_eq!(answer.cseq(), Some((1, "INVITE")), "the answer comes before the 200 to CANCEL");
    caller.ack(&answer);
    caller.hang_up(&answer);
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn a_reliable_183_is_repeated_until_its_prack() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138082", &[("Supported", "100rel")]);
    let first = caller.expect(183);
    assert_eq!(caller.expect(183), first);
    let rack = format!("{} 1 INVITE", first.header("RSeq"));
    caller.request("PRACK", 2, "p", &first, &[("RAck", &rack)]);
    assert_eq!(caller.expect(200).cseq(), Some((2, "PRACK")));
    let answer = caller.expect(200);
    caller.ack(&answer);
    caller.request("BYE", 3, "b", &answer, &[]);
    caller.expect(200);
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn a_fork_answers_twice_with_two_tags() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138089", &[]);
    let rung: HashSet<String> = [caller.expect(180), caller.expect(180)].iter().map(their_tag).collect();
    let answers = [caller.expect(200), caller.expect(200)];
    let answered: HashSet<String> = answers.iter().map(their_tag).collect();
    assert_eq!((rung.len(), &rung), (2, &answered));
    for answer in &answers {
        caller.ack(answer);
        caller.hang_up(answer);
    }
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn both_byes_cross_and_both_are_answered() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138091", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    caller.request("BYE", 2, "b", &answer, &[]);
    let theirs = caller.expect_request("BYE");
    caller.reply(&theirs, 200);
    caller.expect(200);
    let events = carrier.journal();
    assert!(events.iter().any(|e| e.event == EventKind::ByeReceived));
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn a_short_session_interval_is_refused_once() {
    let carrier = carrier();
    let ask = |value| [("Supported", "timer"), ("Session-Expires", value)];
    let caller = Caller::dial(carrier.addr(), "13800138098", &ask("1800"));
    let refusal = caller.expect(422);
    caller.ack(&refusal);
    let caller = Caller::dial(carrier.addr(), "13800138098", &ask(refusal.header("Min-SE")));
    let answer = caller.expect(200);
    assert!(answer.header("Session-Expires").starts_with("3600"));
    caller.ack(&answer);
    caller.hang_up(&answer);
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn a_foreign_source_sends_beside_the_right_one() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138084", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    let sources: HashSet<_> = (0..20).map(|_| caller.packet().1).collect();
    assert_eq!(sources.len(), 2);
    caller.hang_up(&answer);
    finished(carrier);
}

#[test]
fn a_second_call_to_a_number_that_is_up_and_a_foreign_caller_are_violations() {
    let config =
        CarrierConfig { ring_ms: Some(5), allowed_callers: vec!["95588".into()], ..CarrierConfig::default() };
    let carrier = Carrier::start(config).expect("starts");
    for _ in 0..2 {
        let caller = Caller::dial(carrier.addr(), "13800138001", &[]);
        caller.ack(&caller.expect(200));
    }
    let report = carrier.stop();
    let count = |rule: &str| report.violations.get(rule).copied().unwrap_or(0);
    assert_eq!(count("second_invite_while_up"), 1);
    assert_eq!(count("caller_not_allowed"), 2);
    assert_eq!(count("bye_missing_at_exit"), 2);
}

#[test]
fn a_callee_holds_and_resumes_and_sends_nothing_meanwhile() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138093", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    let hold = caller.expect_request("INVITE");
    assert!(hold.body.contains("a=sendonly"));
    assert_eq!(carrier::text::param(hold.header("From"), "tag"), Some(their_tag(&answer).as_str()));
    caller.reply(&hold, 200);
    assert_eq!(caller.expect_request("ACK").cseq().map(|(n, _)| n), hold.cseq().map(|(n, _)| n));
    let resume = caller.expect_request("INVITE");
    assert!(resume.body.contains("a=sendrecv"));
    caller.reply(&resume, 200);
    caller.expect_request("ACK");
    caller.hang_up(&answer);
    let report = finished(carrier);
    assert!(report.violations.is_empty());
    // One second before the hold, nothing for two, then the rest: well under three seconds.
    assert!((40..110).contains(&report.rtp_sent), "{report:?}");
}

#[test]
fn a_key_press_may_come_as_info() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138067", &[]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    let info = caller.expect_request("INFO");
    assert_eq!(info.header("Content-Type"), "application/dtmf-relay");
    assert!(info.body.starts_with("Signal=9"));
    caller.reply(&info, 200);
    caller.hang_up(&answer);
    assert_eq!(finished(carrier).dtmf_sent, 1);
}

#[test]
fn an_early_hang_up_waits_for_the_ack() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138068", &[]);
    let answer = caller.expect(200);
    // Two repetitions come at 0.5 s and 1.5 s: the callee wanted to hang up in between.
    caller.expect(200);
    caller.expect(200);
    caller.ack(&answer);
    let bye = caller.expect_request("BYE");
    caller.reply(&bye, 200);
    assert!(carrier.wait_until(std::time::Duration::from_secs(5), |r| r.active_dialogs == 0));
    assert!(finished(carrier).violations.is_empty());
}

#[test]
fn a_broken_sdp_is_none_and_the_call_still_ends_in_order() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138085", &[]);
    let answer = caller.expect(200);
    assert!(carrier::sdp::read(&answer.body).is_none());
    caller.ack(&answer);
    caller.hang_up(&answer);
    assert_eq!(finished(carrier).rtp_sent, 0);
}

#[test]
fn a_broken_refusal_is_followed_by_487_to_a_cancel() {
    let carrier = carrier();
    let caller = Caller::dial(carrier.addr(), "13800138086", &[]);
    caller.expect(180);
    let mut buffer = [0u8; 2_048];
    let length = caller.sip.recv(&mut buffer).expect("in time");
    assert!(carrier::text::Message::parse(&buffer[..length]).is_none());
    caller.cancel();
    let refusal = caller.expect(487);
    caller.ack(&refusal);
    assert!(carrier.wait_until(std::time::Duration::from_secs(5), |r| r.active_dialogs == 0));
    finished(carrier);
}

#[test]
fn a_challenged_invite_is_counted_once() {
    let auth = carrier::Credentials {
        user: "trunk".into(),
        password: "secret".into(),
        realm: "carrier".into(),
        algorithm: carrier::DigestAlgorithm::Sha256,
    };
    let config = CarrierConfig {
        ring_ms: Some(5),
        auth: Some(auth),
        challenge_invites: true,
        ..CarrierConfig::default()
    };
    let carrier = Carrier::start(config).expect("starts");
    let first = Caller::dial(carrier.addr(), "13800138000", &[]);
    let challenge = first.expect(407);
    first.ack(&challenge);
    let uri = format!("sip:13800138000@{}", carrier.addr());
    let asked = challenge.header("Proxy-Authenticate");
    let answer = carrier::digest::authorise(asked, "trunk", "secret", "INVITE", &uri).expect("supported");
    let caller = Caller::dial(carrier.addr(), "13800138000", &[("Proxy-Authorization", &answer)]);
    let answer = caller.expect(200);
    caller.ack(&answer);
    caller.hang_up(&answer);
    let report = finished(carrier);
    assert_eq!((report.invites, report.answered), (1, 1));
    assert!(report.violations.is_empty());
}
