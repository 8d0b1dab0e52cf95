//! Which ends of an attempt let the call go to the next trunk (LIN-06): each as it comes from the wire.
//!
//! Deliberately not here: the table itself, walked beside [`may_fail_over`].

mod support;

use sip::{HeaderName, Method};
use sip_ua::trunk::{Attempt, may_fail_over};
use sip_ua::{CallHandle, EndCause, EndedBy, Endpoint, Event, Millis, Transport};
use support::*;

/// 64*T1.
const LIFE: u64 = 32_000;

fn place(ep: &mut Endpoint, spec: sip_ua::CallSpec) -> sip::Request {
    let mut out = Vec::new();
    ep.call(Millis(0), spec, &mut out).unwrap();
    only(&out, &Method::Invite)
}

#[test]
fn lin_06_a_silent_trunk_keeps_the_call_since_a_phone_may_ring() {
    let mut ep = endpoint();
    place(&mut ep, spec(1));
    let how = ended(&run(&mut ep, LIFE)).unwrap();
    assert_eq!((how.by, how.attempt), (EndedBy::Timeout, Attempt::Silent));
    assert!(!may_fail_over(how.attempt));
}

/// How a call ends that gets these responses, one after the other; the last may carry a Q.850 cause.
fn refused_after(transport: Transport, statuses: &[u16], q850: Option<u8>) -> EndCause {
    let mut ep = endpoint();
    let mut call = spec(1);
    call.flow = flow(transport);
    let invite = place(&mut ep, call);
    let mut out = Vec::new();
    for status in statuses {
        let mut response = reply(&invite, *status, if *status == 100 { "" } else { "t1" });
        if let Some(q850) = q850.filter(|_| *status >= 300) {
            response.headers.push(HeaderName::Reason, format!("Q.850;cause={q850}"));
        }
        out = give(&mut ep, 10, response);
    }
    ended(&out).expect("the last response ends the call")
}

#[test]
fn lin_06_only_a_503_before_anything_can_have_rung_gives_the_call_away() {
    use Transport::{Tcp, Tls, Udp};
    for (transport, statuses, q850, next) in [
        (Udp, &[503][..], None, true),
        // A 180 may have been lost after the 100, unless the carrier says that it found no circuit.
        (Udp, &[100, 503], None, false),
        (Udp, &[100, 503], Some(41), false),
        (Udp, &[100, 503], Some(34), true),
        (Udp, &[180, 503], Some(34), false),
        // Nothing is lost on a stream.
        (Tcp, &[100, 503], None, true),
        (Tls, &[100, 503], None, true),
        (Tls, &[183, 503], None, false),
        (Tls, &[100, 180, 503], None, false),
        // The next hop's own time-out: what lies behind it may have rung.
        (Tls, &[408], None, false),
        (Udp, &[408], None, false),
        (Tls, &[100, 500], None, false),
        (Tls, &[603], None, false),
    ] {
        let how = refused_after(transport, statuses, q850);
        assert_eq!(may_fail_over(how.attempt), next, "{transport:?} {statuses:?} {q850:?}");
    }
}

#[test]
fn lin_06_a_connection_that_broke_after_the_invite_was_given_to_it_keeps_the_call() {
    let mut ep = endpoint();
    let mut call = spec(1);
    call.flow = flow(Transport::Tls);
    place(&mut ep, call);
    let mut out = Vec::new();
    let failed = sip_ua::Input::TransportFailed { flow: flow(Transport::Tls) };
    ep.receive(Millis(5), failed, &mut out);
    let how = ended(&out).unwrap();
    assert_eq!((how.by, how.attempt), (EndedBy::Transport, Attempt::Broken));
    assert!(!may_fail_over(how.attempt), "the INVITE may have arrived");
    assert_eq!((ep.call_count(), ep.transaction_count()), (0, 0));
}

/// The only thing to be sent, as the system refuses it.
fn refused_by_the_system(out: &[sip_ua::Output]) -> sip_ua::Input {
    let mut sends = out.iter().filter_map(|output| match output {
        sip_ua::Output::Send { flow, bytes } => {
            Some(sip_ua::Input::NotSent { flow: *flow, bytes: std::sync::Arc::clone(bytes) })
        }
        sip_ua::Output::Event(_) => None,
    });
    let first = sends.next().expect("something is sent");
    assert!(sends.next().is_none());
    first
}

#[test]
fn lin_06_an_invite_that_never_left_gives_its_call_away_and_no_other() {
    let mut ep = endpoint();
    let mut not_sent = Vec::new();
    for handle in [1, 2] {
        let mut call = spec(handle);
        call.flow = flow(Transport::Tls);
        let mut out = Vec::new();
        ep.call(Millis(0), call, &mut out).unwrap();
        not_sent.push(refused_by_the_system(&out));
    }
    let mut out = Vec::new();
    ep.receive(Millis(5), not_sent.remove(1), &mut out);
    let [Event::Ended { handle, how }] = events(&out)[..] else { panic!("{out:?}") };
    assert_eq!((*handle, how.attempt), (CallHandle(2), Attempt::NotSent));
    assert!(may_fail_over(how.attempt));
    assert_eq!(ep.active_calls(), 1, "the other call's INVITE was written");
}

#[test]
fn lin_06_a_repeated_invite_that_was_not_sent_says_nothing_of_the_first() {
    let mut ep = endpoint();
    place(&mut ep, spec(1));
    let again = refused_by_the_system(&run(&mut ep, 500));
    let mut out = Vec::new();
    ep.receive(Millis(501), again, &mut out);
    assert!(out.is_empty(), "{out:?}");
    let how = ended(&run(&mut ep, LIFE)).unwrap();
    assert_eq!(how.attempt, Attempt::Silent);
}
