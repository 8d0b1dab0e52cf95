//! Trunks: registration with a carrier, keep-alive, detection of a dead trunk.
//!
//! Deliberately not here: the choice among trunks; its tests stand beside it.

mod support;

use sip::{HeaderName, Method, NameAddr, Request};
use sip_ua::registration::RegistrationConfig;
use sip_ua::trunk::MonitorConfig;
use sip_ua::{
    CallHandle, Endpoint, Event, Login, Millis, Output, RegistrationState, TrunkConfig, TrunkId, TrunkState,
};
use support::*;
use vocab::{Pii, Secret};

const T: TrunkId = TrunkId(1);

fn trunk(registers: bool, watched: bool) -> TrunkConfig {
    TrunkConfig {
        id: T,
        flow: udp(),
        target: uri("sip:carrier.example"),
        monitor: watched.then(MonitorConfig::default),
        registration: registers.then(|| RegistrationConfig {
            registrar: uri("sip:carrier.example"),
            aor: NameAddr::new(uri("sip:01012345678@carrier.example")),
            contact_user: Some("box".into()),
            expires_s: 600,
            login: Some(Login { user: Pii::new("box".into()), password: Secret::new("secret".into()) }),
        }),
    }
}

fn start(registers: bool, watched: bool) -> (Endpoint, Vec<Output>) {
    let mut ep = endpoint();
    let mut out = Vec::new();
    ep.add_trunk(Millis(0), trunk(registers, watched), &mut out);
    (ep, out)
}

fn states(out: &[Output]) -> Vec<TrunkState> {
    events(out)
        .into_iter()
        .filter_map(|event| match event {
            Event::TrunkState { state, .. } => Some(*state),
            _ => None,
        })
        .collect()
}

fn registrations(out: &[Output]) -> Vec<RegistrationState> {
    events(out)
        .into_iter()
        .filter_map(|event| match event {
            Event::Registration { state, .. } => Some(*state),
            _ => None,
        })
        .collect()
}

/// Runs to the first request of a method and says when it came.
fn next(ep: &mut Endpoint, method: &Method, until: u64) -> (u64, Request) {
    while let Some(at) = ep.deadline().filter(|at| at.0 <= until) {
        let mut out = Vec::new();
        ep.expire(at, &mut out);
        if let Some(request) = requests(&out, method).into_iter().next() {
            return (at.0, request);
        }
    }
    panic!("no {method} until {until}");
}

#[test]
fn lin_06_a_trunk_that_falls_silent_is_down_within_ten_seconds() {
    let (mut ep, out) = start(false, true);
    let mut options = only(&out, &Method::Options);
    let mut alive = 0;
    for _ in 0..5 {
        give(&mut ep, alive + 20, reply(&options, 200, "o"));
        assert_eq!(ep.trunk_state(T), Some(TrunkState::Up));
        (alive, options) = next(&mut ep, &Method::Options, alive + 6_000);
    }
    let last_sign = alive - 5_000 + 20;
    while ep.trunk_state(T) == Some(TrunkState::Up) {
        let at = ep.deadline().unwrap();
        let mut out = Vec::new();
        ep.expire(at, &mut out);
        if states(&out) == [TrunkState::Down] {
            assert!(at.0 - last_sign <= 10_000, "{}", at.0 - last_sign);
        }
    }
    assert_eq!(ep.trunk_state(T), Some(TrunkState::Down));
}

#[test]
fn lin_06_a_trunk_that_was_never_there_is_down_within_ten_seconds() {
    let (mut ep, _) = start(false, true);
    assert_eq!(states(&run(&mut ep, 10_000)), [TrunkState::Down]);
}

#[test]
fn a_trunk_comes_back_in_two_steps() {
    let (mut ep, _) = start(false, true);
    run(&mut ep, 9_000);
    let (at, options) = next(&mut ep, &Method::Options, 20_000);
    assert_eq!(states(&give(&mut ep, at + 10, reply(&options, 200, "o"))), [TrunkState::Degraded]);
    let (mut at, mut options) = next(&mut ep, &Method::Options, 40_000);
    while options.headers.cseq().unwrap().seq < 4 {
        (at, options) = next(&mut ep, &Method::Options, 40_000);
    }
    assert_eq!(states(&give(&mut ep, at + 10, reply(&options, 404, "o"))), [TrunkState::Up]);
}

#[test]
fn an_old_options_that_runs_out_does_not_take_a_living_trunk_down() {
    let (mut ep, _) = start(false, true);
    // The first two OPTIONS are lost, everything after them is answered.
    run(&mut ep, 9_000);
    assert_eq!(ep.trunk_state(T), Some(TrunkState::Down));
    while let Some(at) = ep.deadline().filter(|at| at.0 <= 60_000) {
        let mut out = Vec::new();
        ep.expire(at, &mut out);
        for options in requests(&out, &Method::Options) {
            if options.headers.cseq().unwrap().seq > 2 {
                give(&mut ep, at.0, reply(&options, 200, "o"));
            }
        }
        if at.0 > 20_000 {
            assert_eq!(ep.trunk_state(T), Some(TrunkState::Up), "at {}", at.0);
        }
    }
}

#[test]
fn any_final_answer_shows_life_and_503_shows_overload() {
    for status in [200, 404, 405, 481, 486, 500] {
        let (mut ep, out) = start(false, true);
        let out = give(&mut ep, 10, reply(&only(&out, &Method::Options), status, "o"));
        assert_eq!(states(&out), [TrunkState::Up], "{status}");
    }
    let (mut ep, out) = start(false, true);
    let out = give(&mut ep, 10, reply(&only(&out, &Method::Options), 503, "o"));
    assert_eq!(states(&out), [TrunkState::Degraded]);
    let (mut ep, out) = start(false, true);
    let out = give(&mut ep, 10, reply(&only(&out, &Method::Options), 408, "o"));
    assert_eq!(states(&out), [TrunkState::Down]);
}

#[test]
fn the_answers_of_calls_count_as_signs_of_life() {
    let (mut ep, _) = start(false, false);
    let mut out = Vec::new();
    let mut call = spec(1);
    call.trunk = Some(T);
    ep.call(Millis(0), call, &mut out).unwrap();
    let out = give(&mut ep, 10, reply(&only(&out, &Method::Invite), 100, ""));
    assert_eq!(states(&out), [TrunkState::Up]);
    ep.hangup(Millis(20), CallHandle(1), sip_ua::EndCause::local(None, "x"), &mut Vec::new());
}

#[test]
fn lin_06_a_callee_who_does_not_answer_takes_no_trunk_down() {
    let (mut ep, _) = start(false, false);
    let mut out = Vec::new();
    let mut call = spec(1);
    call.trunk = Some(T);
    ep.call(Millis(0), call, &mut out).unwrap();
    let invite = only(&out, &Method::Invite);
    let out = give(&mut ep, 10, reply(&invite, 180, "a"));
    assert_eq!(states(&out), [TrunkState::Up]);
    let out = give(&mut ep, 20_000, reply(&invite, 408, "a"));
    assert_eq!(states(&out), []);
    assert_eq!(ep.trunk_state(T), Some(TrunkState::Up));
}

fn challenge(request: &Request) -> sip::Response {
    let mut response = reply(request, 401, "r");
    let value = "Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";
    response.headers.push(HeaderName::WwwAuthenticate, value);
    response
}

fn granted(request: &Request, contact: &str, expires: Option<&str>) -> sip::Response {
    let mut response = reply(request, 200, "r");
    response.headers.set(HeaderName::Contact, contact);
    if let Some(expires) = expires {
        response.headers.push(HeaderName::Expires, expires);
    }
    response
}

#[test]
fn a_trunk_registers_with_credentials_and_refreshes_within_the_grant() {
    let (mut ep, out) = start(true, false);
    assert_eq!(states(&out), [TrunkState::RegistrationFailed], "unusable until it is granted");
    let first = only(&out, &Method::Register);
    let second = only(&give(&mut ep, 10, challenge(&first)), &Method::Register);
    assert_eq!(second.headers.authorization().unwrap().len(), 1);
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    // The parameter of our Contact outweighs the Expires header, another box's counts not.
    let contact = "<sip:other@192.0.2.99>;expires=9999, <sip:box@192.0.2.1:5060>;expires=100";
    let out = give(&mut ep, 20, granted(&second, contact, Some("5000")));
    assert_eq!(registrations(&out), [RegistrationState::Registered { expires_s: 100 }]);
    assert_eq!(states(&out), [TrunkState::Unknown]);
    let (at, refresh) = next(&mut ep, &Method::Register, 100_020);
    assert!((50_020..=90_020).contains(&at), "{at}");
    assert!(refresh.headers.cseq().unwrap().seq > second.headers.cseq().unwrap().seq);
}

#[test]
fn a_423_is_followed_once() {
    let (mut ep, out) = start(true, false);
    let mut response = reply(&only(&out, &Method::Register), 423, "r");
    response.headers.push(HeaderName::MinExpires, "1800");
    let again = only(&give(&mut ep, 10, response), &Method::Register);
    assert_eq!(again.headers.expires().unwrap(), Some(1_800));
}

#[test]
fn failures_back_off_up_to_five_minutes_and_obey_retry_after() {
    let (mut ep, out) = start(true, false);
    let mut request = only(&out, &Method::Register);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..9 {
        let out = give(&mut ep, now, reply(&request, 500, "r"));
        let [RegistrationState::Failed { status: Some(500), retry_ms }] = registrations(&out)[..] else {
            panic!("{out:?}")
        };
        let at;
        (at, request) = next(&mut ep, &Method::Register, now + 400_000);
        assert_eq!(at - now, retry_ms);
        waits.push(retry_ms);
        now = at;
    }
    assert!((5_000..=5_500).contains(&waits[0]) && (10_000..=11_000).contains(&waits[1]));
    assert!(waits.iter().all(|wait| *wait <= 330_000) && waits[8] >= 300_000);
    let mut response = reply(&request, 503, "r");
    response.headers.push(HeaderName::RetryAfter, "900");
    let out = give(&mut ep, now, response);
    let [RegistrationState::Failed { retry_ms, .. }] = registrations(&out)[..] else { panic!() };
    assert!(retry_ms >= 900_000);
}

#[test]
fn a_wrong_password_is_tried_once_per_attempt() {
    let (mut ep, out) = start(true, false);
    let second = only(&give(&mut ep, 10, challenge(&only(&out, &Method::Register))), &Method::Register);
    let out = give(&mut ep, 20, challenge(&second));
    assert!(requests(&out, &Method::Register).is_empty());
    assert!(matches!(registrations(&out)[..], [RegistrationState::Failed { status: Some(401), .. }]));
}

#[test]
fn a_lost_registration_takes_the_trunk_out_of_use() {
    let (mut ep, out) = start(true, false);
    let request = only(&out, &Method::Register);
    give(&mut ep, 10, granted(&request, "<sip:box@192.0.2.1:5060>;expires=100", None));
    let (at, refresh) = next(&mut ep, &Method::Register, 100_000);
    let out = give(&mut ep, at + 10, reply(&refresh, 403, "r"));
    assert_eq!(states(&out), [TrunkState::RegistrationFailed]);
}

#[test]
fn a_stopped_trunk_takes_its_registration_back_and_falls_silent() {
    let (mut ep, out) = start(true, true);
    let request = only(&out, &Method::Register);
    give(&mut ep, 10, granted(&request, "<sip:box@192.0.2.1:5060>;expires=600", None));
    let mut out = Vec::new();
    ep.stop_trunk(Millis(100), T, &mut out);
    let last = only(&out, &Method::Register);
    assert_eq!(last.headers.expires().unwrap(), Some(0));
    assert_eq!(states(&out), [TrunkState::Disabled]);
    let out = give(&mut ep, 110, granted(&last, "<sip:box@192.0.2.1:5060>;expires=0", None));
    assert_eq!(registrations(&out), [RegistrationState::Unregistered]);
    let out = run(&mut ep, 1_000_000);
    let fresh = requests(&out, &Method::Options).into_iter().any(|r| r.headers.cseq().unwrap().seq > 1);
    assert!(!fresh && requests(&out, &Method::Register).is_empty());
    assert_eq!((ep.transaction_count(), ep.deadline()), (0, None));
}

#[test]
fn a_trunk_that_is_changed_to_be_left_alone_is_sent_no_options_any_more() {
    let (mut ep, out) = start(false, true);
    give(&mut ep, 20, reply(&only(&out, &Method::Options), 200, "o"));
    let mut out = Vec::new();
    ep.add_trunk(Millis(1_000), trunk(false, false), &mut out);
    assert!(requests(&out, &Method::Options).is_empty());
    let out = run(&mut ep, 1_000_000);
    assert!(requests(&out, &Method::Options).is_empty(), "the carrier forbids OPTIONS");
    assert_eq!(states(&out), []);
    assert_eq!((ep.transaction_count(), ep.deadline()), (0, None));
}

#[test]
fn what_is_heard_of_a_trunks_former_address_says_nothing_of_the_new_one() {
    let (mut ep, out) = start(false, true);
    let old = only(&out, &Method::Options);
    let mut out = Vec::new();
    let mut call = spec(1);
    call.trunk = Some(T);
    ep.call(Millis(0), call, &mut out).unwrap();
    let invite = only(&out, &Method::Invite);
    let mut moved = trunk(false, false);
    moved.flow.remote = "192.0.2.20:5060".parse().unwrap();
    ep.add_trunk(Millis(10), moved, &mut Vec::new());
    assert_eq!(states(&give(&mut ep, 20, reply(&old, 200, "o"))), []);
    assert_eq!(states(&give(&mut ep, 30, reply(&invite, 100, ""))), []);
    let failed = sip_ua::Input::TransportFailed { flow: udp() };
    let mut out = Vec::new();
    ep.receive(Millis(40), failed, &mut out);
    assert_eq!(states(&out), []);
    assert_eq!(states(&run(&mut ep, 1_000_000)), []);
    assert_eq!(ep.trunk_state(T), Some(TrunkState::Unknown));
}

#[test]
fn a_refusal_of_the_former_registrar_does_not_touch_the_new_registration() {
    let (mut ep, out) = start(true, false);
    let old = only(&out, &Method::Register);
    let mut out = Vec::new();
    ep.add_trunk(Millis(10), trunk(true, false), &mut out);
    let new = only(&out, &Method::Register);
    assert_eq!(registrations(&give(&mut ep, 20, reply(&old, 403, "r"))), []);
    let out = give(&mut ep, 30, granted(&new, "<sip:box@192.0.2.1:5060>;expires=600", None));
    assert_eq!(registrations(&out), [RegistrationState::Registered { expires_s: 600 }]);
}
