//! A link that fails again and again: how fast it is called, and what layer 3 hears of it.

mod support;

use lapd::{
    Config, FIRST_WAIT_MS, FREE_LOSSES, Frame, FrameReject, Input, LONGEST_WAIT_MS, Persistence, STABLE_MS,
    Side, State, T200_MS,
};
use support::Bench;

#[test]
fn waits_double_up_to_the_longest_after_the_free_losses() {
    let persistence = Persistence::DEFAULT;
    let waits: Vec<_> = (0..=10).map(|losses| persistence.wait_ms(losses)).collect();
    assert_eq!(waits, [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
    assert_eq!(persistence.wait_ms(u32::MAX), LONGEST_WAIT_MS);
    assert_eq!(persistence.wait_ms(FREE_LOSSES + 1), FIRST_WAIT_MS);
}

#[test]
fn a_peer_that_answers_every_call_with_dm_is_called_ever_more_slowly() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    let mut calls = Vec::new();
    while calls.len() < 9 {
        if bench.seen().iter().any(|shown| shown == "SABME P=1") {
            calls.push(bench.now.0);
            bench.hear(Frame::Dm { f: true });
        } else {
            let due = bench.link.deadline().expect("a call is planned");
            bench.pass(due - bench.now);
        }
    }
    assert_eq!(calls, [0, 0, 0, 0, 1_000, 3_000, 7_000, 15_000, 31_000]);
}

#[test]
fn layer_3_hears_of_the_first_failure_and_of_the_success() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    bench.pass(60_000);
    let seen = bench.seen();
    let released: Vec<_> = seen.iter().filter(|shown| shown.starts_with("Released")).collect();
    assert_eq!(released, ["Released { cause: NoAnswer }"]);
    assert!(seen.iter().filter(|shown| *shown == "Error(G)").count() > 5);
    while bench.link.state() != State::AwaitingEstablishment {
        bench.pass(100);
    }
    bench.seen();
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["Established { by_peer: false, reset: false }"]);
}

#[test]
fn layer_3_that_asks_again_during_the_rest_does_not_shorten_it_and_is_answered() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    for _ in 0..=FREE_LOSSES {
        bench.pass(0);
        bench.hear(Frame::Dm { f: true });
    }
    bench.seen();
    let due = bench.link.deadline();
    assert_eq!(due, Some(bench.now + FIRST_WAIT_MS));
    bench.step(Input::Establish);
    assert!(bench.seen().is_empty());
    assert_eq!(bench.link.deadline(), due);
    bench.pass(FIRST_WAIT_MS);
    bench.hear(Frame::Dm { f: true });
    assert_eq!(bench.seen(), ["SABME P=1", "Released { cause: Peer }"]);
}

#[test]
fn a_link_that_fails_in_use_again_and_again_rests() {
    let mut bench = Bench::established();
    for _ in 0..FREE_LOSSES {
        bench.hear(frmr());
        bench.hear(Frame::Ua { f: true });
        assert_eq!(bench.seen(), ["Error(K)", "SABME P=1"]);
    }
    bench.hear(frmr());
    assert_eq!(bench.seen(), ["Error(K)", "Released { cause: Bouncing }"]);
    assert_eq!(bench.link.state(), State::TeiAssigned);
    bench.hear(Frame::Dm { f: false });
    assert!(bench.seen().is_empty(), "a link that rests is not called at the peer's wish");
    bench.pass(FIRST_WAIT_MS - 1);
    assert!(bench.seen().is_empty());
    bench.pass(1);
    assert_eq!(bench.seen(), ["SABME P=1"]);
    assert_eq!(bench.link.losses_in_a_row(), FREE_LOSSES + 1);
}

#[test]
fn a_peer_that_answers_and_hangs_up_for_an_hour_gets_a_few_hundred_calls() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    let mut calls = 0;
    while bench.now.0 < 3_600_000 {
        if bench.seen().iter().any(|shown| shown == "SABME P=1") {
            calls += 1;
            bench.hear(Frame::Ua { f: true });
            bench.hear(Frame::Disc { p: true });
        } else {
            let due = bench.link.deadline().expect("a call is planned");
            bench.pass(due - bench.now);
        }
    }
    let at_least = 3_600_000 / LONGEST_WAIT_MS;
    assert!((at_least..at_least + 10).contains(&calls), "{calls}");
}

#[test]
fn losses_are_forgotten_when_the_link_stood_long_enough() {
    let mut bench = Bench::established();
    for _ in 0..FREE_LOSSES {
        bench.hear(frmr());
        bench.hear(Frame::Ua { f: true });
    }
    let rr = |pf| support::rr(lapd::Role::Response, 0, pf);
    for _ in 0..STABLE_MS / 5_000 {
        bench.pass(5_000);
        bench.hear(rr(false));
    }
    bench.seen();
    bench.hear(frmr());
    assert_eq!(bench.seen(), ["Error(K)", "SABME P=1"]);
    assert_eq!(bench.link.losses_in_a_row(), 1);
}

#[test]
fn a_link_that_rests_accepts_the_peers_call() {
    let mut bench = Bench::new(Config::new(Side::Network));
    bench.step(Input::Establish);
    for _ in 0..=FREE_LOSSES {
        bench.pass(0);
        bench.hear(Frame::Dm { f: true });
    }
    bench.seen();
    bench.hear(Frame::Sabme { p: true });
    assert_eq!(bench.seen(), ["UA F=1", "Established { by_peer: true, reset: false }"]);
    bench.pass(FIRST_WAIT_MS);
    assert!(bench.seen().is_empty(), "the planned call is not made");
}

#[test]
fn a_link_nobody_asked_for_is_not_called_again() {
    let mut bench = Bench::new(Config::new(Side::Network));
    bench.hear(Frame::Sabme { p: true });
    bench.hear(Frame::Disc { p: true });
    bench.seen();
    assert_eq!(bench.link.deadline(), None);

    let mut bench = Bench::established();
    bench.step(Input::Release);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.link.deadline(), None);
    bench.step(Input::PhysicalDown);
    bench.step(Input::PhysicalUp);
    assert_eq!(bench.link.deadline(), None);
}

#[test]
fn a_request_without_a_line_is_refused_and_met_when_the_line_comes() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::PhysicalDown);
    bench.step(Input::Establish);
    assert_eq!(bench.seen(), ["Released { cause: PhysicalDown }"]);
    bench.pass(100_000);
    assert!(bench.seen().is_empty());
    bench.step(Input::PhysicalUp);
    bench.pass(0);
    assert_eq!(bench.seen(), ["SABME P=1"]);
}

#[test]
fn a_line_that_comes_and_goes_is_called_ever_more_slowly() {
    let mut bench = Bench::established();
    let mut calls = 0;
    for _ in 0..600 {
        bench.step(Input::PhysicalDown);
        bench.step(Input::PhysicalUp);
        bench.pass(500);
        for shown in bench.seen() {
            if shown == "SABME P=1" {
                calls += 1;
                bench.hear(Frame::Ua { f: true });
            }
        }
    }
    // The rest begins anew with every alarm; half a second is never enough for it.
    assert_eq!(calls, FREE_LOSSES);
    bench.pass(LONGEST_WAIT_MS);
    assert_eq!(bench.seen()[0], "SABME P=1");
}

#[test]
fn lin_06_a_dead_peer_is_noticed_within_ten_seconds_of_the_next_message() {
    let mut bench = Bench::established();
    bench.data(b"x");
    bench.seen();
    bench.pass(10_000);
    let seen = bench.seen();
    assert!(seen.iter().any(|shown| shown == "Error(I)"), "{seen:?}");
    assert!(seen.iter().any(|shown| shown.starts_with("Released")), "{seen:?}");
}

#[test]
fn a_link_comes_back_within_the_longest_wait_of_the_peer() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    bench.pass(3_600_000);
    bench.seen();
    bench.pass(LONGEST_WAIT_MS + T200_MS);
    assert!(bench.seen().iter().any(|shown| shown == "SABME P=1"));
}

#[test]
fn without_free_losses_or_waits_every_value_is_brought_inside_its_bounds() {
    let mut config = Config::new(Side::User);
    (config.t200_ms, config.t203_ms, config.n200, config.k) = (0, 0, 0, 200);
    config.persistence =
        Persistence { free_losses: u32::MAX, first_wait_ms: 0, longest_wait_ms: 0, stable_ms: 0 };
    let bench = Bench::new(config);
    let inside = bench.link.config();
    assert_eq!((inside.t200_ms, inside.t203_ms, inside.n200, inside.k), (1, 1, 1, 127));
    assert_eq!((inside.persistence.first_wait_ms, inside.persistence.longest_wait_ms), (1, 1));
    assert_eq!(inside.persistence.wait_ms(u32::MAX), 0);
}

fn frmr() -> Frame<'static> {
    let reject =
        FrameReject { control: [0; 2], vs: 0, vr: 0, response: false, w: true, x: false, y: false, z: false };
    Frame::Frmr { f: false, reject }
}
