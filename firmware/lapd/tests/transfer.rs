//! Information transfer as a peer sees it: window, acknowledgement, REJ, RNR, timers, and the ends of a link.

mod support;

use lapd::{
    Config, Counters, Frame, FrameReject, Input, MAX_QUEUE, N201, Role, Side, State, T200_MS, T203_MS,
};
use support::{Bench, i, rej, rnr, rr};

#[test]
fn seven_i_frames_leave_and_the_eighth_waits_for_an_acknowledgement() {
    let mut bench = Bench::established();
    for n in 0..10_u8 {
        bench.data(&[n]);
    }
    let sent: Vec<_> = (0..7).map(|ns| format!("I N(S)={ns} N(R)=0 P=0 1 octets")).collect();
    assert_eq!(bench.seen(), sent);
    assert_eq!((bench.link.outstanding(), bench.link.queued()), (7, 10));
    bench.hear(rr(Role::Response, 2, false));
    assert_eq!(bench.seen(), ["I N(S)=7 N(R)=0 P=0 1 octets", "I N(S)=8 N(R)=0 P=0 1 octets"]);
    bench.hear(rr(Role::Response, 9, false));
    assert_eq!(bench.seen(), ["I N(S)=9 N(R)=0 P=0 1 octets"]);
}

#[test]
fn numbers_go_round_at_128() {
    let mut bench = Bench::established();
    for n in 0..300_u16 {
        let number = u8::try_from(n % 128).expect("below 128");
        bench.data(b"x");
        assert_eq!(bench.seen(), [format!("I N(S)={number} N(R)={number} P=0 1 octets")]);
        bench.hear(i(number, (number + 1) % 128, false));
        let next = (number + 1) % 128;
        assert_eq!(bench.seen(), ["Data(4 octets)".to_owned(), format!("RR response N(R)={next} P/F=0")]);
    }
    assert_eq!(bench.link.counters().retransmissions, 0);
}

#[test]
fn an_i_frame_that_leaves_at_once_carries_the_acknowledgement() {
    let mut bench = Bench::established();
    for n in 0..8_u8 {
        bench.data(&[n]);
    }
    bench.seen();
    bench.hear(i(0, 1, false));
    assert_eq!(bench.seen(), ["Data(4 octets)", "I N(S)=7 N(R)=1 P=0 1 octets"]);
}

#[test]
fn rej_makes_the_i_frames_from_its_number_on_leave_again() {
    let mut bench = Bench::established();
    for n in 0..4_u8 {
        bench.data(&[n]);
    }
    bench.seen();
    bench.hear(rej(Role::Response, 2, false));
    assert_eq!(bench.seen(), ["I N(S)=2 N(R)=0 P=0 1 octets", "I N(S)=3 N(R)=0 P=0 1 octets"]);
    let Counters { retransmissions, rejects_received, information_sent, .. } = *bench.link.counters();
    assert_eq!((retransmissions, rejects_received, information_sent), (2, 1, 6));
}

#[test]
fn one_rej_is_sent_for_a_gap_and_the_expected_frame_ends_it() {
    let mut bench = Bench::established();
    bench.hear(i(1, 0, false));
    assert_eq!(bench.seen(), ["REJ response N(R)=0 P/F=0"]);
    bench.hear(i(2, 0, false));
    assert!(bench.seen().is_empty());
    bench.hear(i(3, 0, true));
    assert_eq!(bench.seen(), ["RR response N(R)=0 P/F=1"]);
    bench.hear(i(0, 0, false));
    assert_eq!(bench.seen(), ["Data(4 octets)", "RR response N(R)=1 P/F=0"]);
    bench.hear(i(5, 0, false));
    assert_eq!(bench.seen(), ["REJ response N(R)=1 P/F=0"]);
    assert_eq!(bench.link.counters().information_discarded, 4);
}

#[test]
fn a_busy_peer_gets_no_i_frame_and_is_asked_after_t200() {
    let mut bench = Bench::established();
    bench.hear(rnr(Role::Response, 0, false));
    bench.data(b"x");
    assert!(bench.seen().is_empty());
    for _ in 0..20 {
        bench.pass(T200_MS);
        assert_eq!(bench.seen(), ["RR command N(R)=0 P/F=1"]);
        assert_eq!(bench.link.state(), State::TimerRecovery);
        bench.hear(rnr(Role::Response, 0, true));
        assert_eq!(bench.link.state(), State::MultipleFrameEstablished);
        assert!(bench.seen().is_empty());
    }
    bench.hear(rr(Role::Response, 0, false));
    assert_eq!(bench.seen(), ["I N(S)=0 N(R)=0 P=0 1 octets"]);
}

#[test]
fn a_busy_receiver_says_rnr_throws_away_and_says_rr_when_it_is_free() {
    let mut bench = Bench::established();
    bench.data(b"x");
    bench.seen();
    bench.step(Input::SetBusy(true));
    bench.step(Input::SetBusy(true));
    assert_eq!(bench.seen(), ["RNR response N(R)=0 P/F=0"]);
    bench.hear(i(0, 1, false));
    assert!(bench.seen().is_empty(), "N(R) counts, the message does not");
    assert_eq!(bench.link.outstanding(), 0);
    bench.hear(i(0, 1, true));
    assert_eq!(bench.seen(), ["RNR response N(R)=0 P/F=1"]);
    bench.hear(rr(Role::Command, 1, true));
    assert_eq!(bench.seen(), ["RNR response N(R)=0 P/F=1"]);
    bench.pass(T203_MS);
    assert_eq!(bench.seen(), ["RNR command N(R)=0 P/F=1"]);
    bench.hear(rr(Role::Response, 1, true));
    bench.step(Input::SetBusy(false));
    assert_eq!(bench.seen(), ["RR response N(R)=0 P/F=0"]);
    bench.hear(i(0, 1, false));
    assert_eq!(bench.seen(), ["Data(4 octets)", "RR response N(R)=1 P/F=0"]);
}

#[test]
fn a_busy_receiver_says_so_again_on_a_new_link() {
    let mut bench = Bench::new(Config::new(Side::Network));
    bench.step(Input::SetBusy(true));
    assert!(bench.seen().is_empty());
    bench.hear(Frame::Sabme { p: true });
    assert_eq!(
        bench.seen(),
        ["UA F=1", "RNR response N(R)=0 P/F=0", "Established { by_peer: true, reset: false }"]
    );
    bench.hear(Frame::Sabme { p: true });
    assert_eq!(bench.seen(), ["UA F=1", "Error(F)", "RNR response N(R)=0 P/F=0"]);
}

#[test]
fn after_t200_the_peer_says_how_far_it_is_and_the_rest_leaves_again() {
    let mut bench = Bench::established();
    for n in 0..3_u8 {
        bench.data(&[n]);
    }
    bench.seen();
    bench.pass(T200_MS);
    assert_eq!(bench.seen(), ["RR command N(R)=0 P/F=1"]);
    bench.data(b"waits for the answer");
    bench.hear(rr(Role::Response, 1, false));
    assert!(bench.seen().is_empty(), "F = 0 answers nothing");
    bench.hear(rr(Role::Response, 2, true));
    assert_eq!(bench.seen(), ["I N(S)=2 N(R)=0 P=0 1 octets", "I N(S)=3 N(R)=0 P=0 20 octets"]);
    assert_eq!(bench.link.state(), State::MultipleFrameEstablished);
    assert_eq!(bench.link.counters().retransmissions, 1);
}

#[test]
fn three_enquiries_without_an_answer_re_establish_the_link() {
    let mut bench = Bench::established();
    bench.data(b"x");
    bench.seen();
    bench.pass(3 * T200_MS);
    assert_eq!(bench.seen(), ["RR command N(R)=0 P/F=1"; 3]);
    bench.pass(T200_MS);
    assert_eq!(bench.seen(), ["Error(I)", "SABME P=1"]);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["Established { by_peer: false, reset: true }"]);
    assert_eq!(bench.link.queued(), 0);
}

#[test]
fn a_silent_link_is_asked_every_t203() {
    let mut bench = Bench::established();
    for _ in 0..5 {
        bench.pass(T203_MS - 1);
        assert!(bench.seen().is_empty());
        bench.pass(1);
        assert_eq!(bench.seen(), ["RR command N(R)=0 P/F=1"]);
        bench.hear(rr(Role::Response, 0, true));
    }
}

#[test]
fn a_peer_that_falls_silent_is_called_again_within_fourteen_seconds() {
    let mut bench = Bench::established();
    bench.pass(T203_MS + 4 * T200_MS);
    let seen = bench.seen();
    assert_eq!(seen[..4], ["RR command N(R)=0 P/F=1"; 4]);
    assert_eq!(seen[4..], ["Error(I)", "SABME P=1"]);
}

#[test]
fn sabme_is_sent_four_times_and_then_given_up() {
    let mut config = Config::new(Side::User);
    config.persistence.free_losses = 0;
    let mut bench = Bench::new(config);
    bench.step(Input::Establish);
    bench.pass(4 * T200_MS);
    let seen = bench.seen();
    assert_eq!(seen[..4], ["SABME P=1"; 4]);
    assert_eq!(seen[4..], ["Error(G)", "Released { cause: NoAnswer }"]);
    assert_eq!(bench.link.state(), State::TeiAssigned);
}

#[test]
fn disc_is_sent_four_times_and_then_the_link_is_released_anyway() {
    let mut bench = Bench::established();
    bench.step(Input::Release);
    bench.pass(4 * T200_MS);
    let seen = bench.seen();
    assert_eq!(seen[..4], ["DISC P=1"; 4]);
    assert_eq!(seen[4..], ["Error(H)", "Released { cause: Requested }"]);
    assert_eq!(bench.link.deadline(), None);
}

#[test]
fn a_reset_without_loss_keeps_what_was_not_sent() {
    let mut bench = Bench::established();
    bench.hear(rnr(Role::Response, 0, false));
    bench.data(b"x");
    bench.hear(Frame::Frmr { f: false, reject: rejected() });
    assert_eq!(bench.seen(), ["Error(K)", "SABME P=1"]);
    bench.data(b"and this");
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["I N(S)=0 N(R)=0 P=0 1 octets", "I N(S)=1 N(R)=0 P=0 8 octets"]);

    bench.hear(rr(Role::Response, 2, false));
    bench.hear(rnr(Role::Response, 2, false));
    bench.data(b"x");
    bench.hear(Frame::Sabme { p: true });
    assert_eq!(bench.seen(), ["UA F=1", "Error(F)", "I N(S)=0 N(R)=0 P=0 1 octets"]);
}

#[test]
fn layer_3_that_asks_again_in_use_resets_the_link() {
    let mut bench = Bench::established();
    bench.data(b"x");
    bench.seen();
    bench.step(Input::Establish);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["SABME P=1", "Established { by_peer: false, reset: false }"]);
    assert_eq!(bench.link.queued(), 0);
}

#[test]
fn requests_during_establishment_and_release_are_done_afterwards() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    bench.step(Input::Release);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["SABME P=1", "Established { by_peer: false, reset: false }", "DISC P=1"]);
    bench.step(Input::Establish);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["Released { cause: Requested }", "SABME P=1"]);
    bench.step(Input::Release);
    bench.hear(Frame::Dm { f: true });
    assert_eq!(bench.seen(), ["Released { cause: Peer }", "Released { cause: Requested }"]);
    assert_eq!(bench.link.deadline(), None);
}

#[test]
fn a_release_that_was_taken_back_is_not_done() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    bench.step(Input::Release);
    bench.step(Input::Establish);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["SABME P=1", "Established { by_peer: false, reset: false }"]);
    bench.step(Input::Release);
    bench.step(Input::Establish);
    bench.step(Input::Release);
    bench.hear(Frame::Ua { f: true });
    assert_eq!(bench.seen(), ["DISC P=1", "Released { cause: Requested }"]);
    assert_eq!(bench.link.state(), State::TeiAssigned);
}

#[test]
fn the_queue_is_bounded_and_a_message_has_1_to_n201_octets() {
    let mut bench = Bench::established();
    for _ in 0..MAX_QUEUE {
        bench.data(b"x");
    }
    assert_eq!(bench.seen().len(), 7);
    bench.data(b"one too many");
    assert_eq!(bench.seen(), ["Refused(QueueFull)"]);
    bench.hear(rr(Role::Response, 7, false));
    bench.seen();
    bench.data(&[0; N201]);
    assert!(bench.seen().is_empty());
    bench.data(&[0; N201 + 1]);
    bench.data(&[]);
    assert_eq!(bench.seen(), ["Refused(Size)"; 2]);
    assert_eq!(bench.link.counters().refused, 3);
}

#[test]
fn a_looped_line_never_carries_a_link() {
    let mut bench = Bench::new(Config::new(Side::User));
    bench.step(Input::Establish);
    for _ in 0..200 {
        let side = bench.link.config().side;
        for shown in bench.seen() {
            if shown.starts_with("SABME") {
                bench.step(Input::Frame(&Frame::Sabme { p: true }.encode(side)));
            }
        }
        assert!(!bench.link.state().is_established());
        bench.pass(T200_MS);
    }
    assert!(bench.link.counters().own_side > 20);
}

#[test]
fn nothing_a_link_shows_holds_a_message() {
    let mut bench = Bench::established();
    let mut out = Vec::new();
    let number = b"13800138000";
    let input = Input::Data(number.to_vec());
    let mut shown = format!("{input:?} {:?}", Input::Frame(number));
    bench.link.step(bench.now, input, &mut out);
    shown += &format!("{out:?} {:?}", bench.link);
    assert!(!shown.contains("138") && !shown.contains("49, 51, 56"), "{shown}");
}

fn rejected() -> FrameReject {
    FrameReject { control: [0; 2], vs: 0, vr: 0, response: false, w: true, x: false, y: false, z: false }
}
