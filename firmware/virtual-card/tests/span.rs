//! Both halves of a span against the far side, over real sockets: frames, alarms, lines, coming and going.

mod bench;

use bench::{Bench, E1, PLACE, away};
use card::{CardError, CardEvent, HookState, LineEvent, LineSignal, SpanControl, SpanKind};
use idl::spans::{Alarms, E1Config, Framing, LoopKind, SpanConfig, SpanCounters, SpanPurpose};
use virtual_card::FarEvent;
use vocab::Timeslot;

const SABME: &[u8] = &[0x00, 0x01, 0x7F];
const UA: &[u8] = &[0x00, 0x01, 0x73];

#[test]
fn frames_pass_both_ways_as_they_are() {
    let mut bench = Bench::connected_e1();
    bench.control.send_frame(SABME).expect("sent");
    assert_eq!(bench.far_event(), FarEvent::Frame(SABME.to_vec()));
    bench.far.control.send_frame(UA).expect("sent");
    bench.far.control.send_bad_frame().expect("sent");
    assert_eq!(bench.event(), CardEvent::Frame(UA.to_vec()));
    assert_eq!(bench.event(), CardEvent::BadFrame);
    let longest = [0x55; 264];
    bench.control.send_frame(&longest).expect("sent");
    assert_eq!(bench.far_event(), FarEvent::Frame(longest.to_vec()));
    assert!(matches!(bench.control.send_frame(&[0; 265]), Err(CardError::NotSupported(_))));
    assert!(matches!(bench.control.send_frame(&[]), Err(CardError::NotSupported(_))));
}

#[test]
fn a_span_without_far_side_has_no_signal_until_one_comes() {
    let mut bench = Bench::alone(E1);
    assert_eq!(bench.control.status().expect("status").0, away());
    assert_eq!(bench.control.next_event().expect("event"), None);
    bench.far_comes();
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert_eq!(bench.control.status().expect("status").0, Alarms::default());
    assert!(bench.control.is_connected());
}

#[test]
fn a_far_side_that_goes_is_loss_of_signal_and_hears_all_again_when_it_comes_back() {
    let mut bench = Bench::connected_e1();
    bench.far_goes();
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert_eq!(bench.control.status().expect("status").0, away());
    bench.control.send_frame(SABME).expect("a frame into a dead line is lost, as on a real one");
    bench.far_comes();
    assert_eq!(bench.far_event(), FarEvent::Connected { place: PLACE.to_owned() });
    assert_eq!(bench.far_event(), FarEvent::Configured(E1Config::default(), true));
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert_eq!(bench.control.status().expect("status").0, Alarms::default());
}

#[test]
fn alarms_and_counters_of_the_far_side_show_and_a_dead_line_brings_no_frames() {
    let mut bench = Bench::connected_e1();
    let blue = Alarms { blue: true, ..Alarms::default() };
    let counters = SpanCounters { bipolar: 1, crc4: 2, e_bit: 3, frame: 4, slips: 5, hdlc: 6 };
    bench.far.control.set_counters(counters).expect("told");
    bench.far.control.set_alarms(blue).expect("told");
    bench.far.control.send_frame(UA).expect("sent");
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert_eq!(bench.control.status().expect("status"), (blue, counters));
    bench.far.control.set_alarms(Alarms { yellow: true, ..Alarms::default() }).expect("told");
    bench.far.control.send_frame(SABME).expect("sent");
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert_eq!(
        bench.event(),
        CardEvent::Frame(SABME.to_vec()),
        "the frame under AIS is lost, this one is not"
    );
}

#[test]
fn alarms_set_before_the_box_comes_are_told_to_it() {
    let mut bench = Bench::alone(E1);
    bench.far_comes();
    let yellow = Alarms { yellow: true, ..Alarms::default() };
    assert!(matches!(bench.far.control.set_alarms(yellow), Err(CardError::Gone)));
    assert_eq!(bench.event(), CardEvent::Alarms);
    bench.pump_until(|bench| bench.control.status().is_ok_and(|(alarms, _)| alarms == yellow));
}

#[test]
fn configuring_tells_once_what_is_new() {
    let mut bench = Bench::connected_e1();
    let cas = E1Config { framing: Framing::Cas, ..E1Config::default() };
    bench.control.configure(&bench::pri()).expect("configured");
    bench
        .control
        .configure(&SpanConfig { e1: cas, purpose: SpanPurpose::Off, ..bench::pri() })
        .expect("configured");
    assert_eq!(bench.far_event(), FarEvent::Configured(cas, false), "the repeated one is not told");
    assert!(matches!(bench.control.send_frame(SABME), Err(CardError::NotSupported(_))));
}

#[test]
fn lines_and_signals_of_analogue_ports_arrive_and_states_are_told_again() {
    let mut bench = Bench::connected(SpanKind::Analogue { ports: 8 });
    bench.far.control.line(Timeslot(3), LineEvent::RingBegins).expect("told");
    bench.far.control.line(Timeslot(8), LineEvent::Pulse(9)).expect("told");
    assert_eq!(bench.event(), CardEvent::Line(Timeslot(3), LineEvent::RingBegins));
    assert_eq!(bench.event(), CardEvent::Line(Timeslot(8), LineEvent::Pulse(9)));
    for signal in [LineSignal::Hook(HookState::Off), LineSignal::Flash, LineSignal::Reverse(true)] {
        bench.control.signal(Timeslot(3), signal).expect("signalled");
        assert_eq!(bench.far_event(), FarEvent::Signal(Timeslot(3), signal));
    }
    bench.control.signal(Timeslot(3), LineSignal::Reverse(false)).expect("signalled");
    bench.far_goes();
    bench.far_comes();
    let place = PLACE.to_owned();
    assert_eq!(bench.far_event(), FarEvent::Connected { place });
    assert_eq!(bench.far_event(), FarEvent::Signal(Timeslot(3), LineSignal::Hook(HookState::Off)));
}

#[test]
fn an_analogue_card_has_no_d_channel_no_loops_and_no_slot_beyond_its_ports() {
    let mut bench = Bench::connected(SpanKind::Analogue { ports: 8 });
    assert!(matches!(bench.control.configure(&bench::pri()), Err(CardError::NotSupported(_))));
    assert!(matches!(bench.control.set_loop(Some(LoopKind::Local)), Err(CardError::NotSupported(_))));
    let beyond = bench.control.signal(Timeslot(9), LineSignal::Flash);
    assert!(matches!(beyond, Err(CardError::NoSuchSlot(Timeslot(9)))));
}

#[test]
fn a_far_side_of_another_kind_is_no_connection() {
    let mut bench = Bench::alone(E1);
    bench.far_comes_as(SpanKind::Analogue { ports: 8 });
    bench.pump_until(|bench| bench.far.control.descriptors().count() == 2);
    bench.pump_until(|bench| bench.far.control.descriptors().count() == 1);
    assert!(!bench.control.is_connected() && !bench.far.control.is_connected());
    assert_eq!(bench.control.status().expect("status").0, away());
}

#[test]
fn a_far_side_that_names_a_port_the_card_has_not_is_left() {
    let mut bench = Bench::connected(SpanKind::Analogue { ports: 2 });
    bench.far.control.line(Timeslot(3), LineEvent::RingBegins).expect("told");
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert!(bench.control.status().expect("status").0.not_open);
}

#[test]
fn a_second_box_takes_the_place_of_the_first() {
    let mut bench = Bench::connected_e1();
    bench.another_box();
    assert_eq!(bench.far_event(), FarEvent::Gone);
    assert_eq!(bench.far_event(), FarEvent::Connected { place: PLACE.to_owned() });
}
