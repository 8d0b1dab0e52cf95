//! Audio and loops of a span, over real sockets: the far side sends when the test says.

mod bench;

use bench::{BOUND, Bench};
use card::driver::SLOT_BLOCK;
use card::{AudioReady, CardError, CardEvent, SpanAudio, SpanControl, SpanKind};
use idl::spans::{Alarms, LoopKind};
use std::time::Duration;
use virtual_card::FarEvent;
use vocab::Timeslot;

const SLOT: Timeslot = Timeslot(5);
const SILENCE: [u8; SLOT_BLOCK] = [0xD5; SLOT_BLOCK];

/// Samples nobody else sends: of this slot, in this turn, by one side or the other.
fn samples(slot: Timeslot, turn: u8, side: u8) -> [u8; SLOT_BLOCK] {
    let mut at = 0_u8;
    [(); SLOT_BLOCK].map(|()| {
        at = at.wrapping_add(1);
        at.wrapping_mul(slot.0).wrapping_add(turn).rotate_left(3) ^ side
    })
}

#[test]
fn every_slot_of_an_e1_is_bit_exact_both_ways() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    let slots: Vec<Timeslot> = (1..=31).filter(|&slot| slot != 16).map(Timeslot).collect();
    for &slot in &slots {
        bench.audio.set_open(slot, true).expect("open");
    }
    for turn in 0..5 {
        for &slot in &slots {
            bench.far.audio.write(slot, &samples(slot, turn, 1));
        }
        bench.turn(|audio| {
            for &slot in &slots {
                let mut heard = [0; SLOT_BLOCK];
                assert!(audio.read(slot, &mut heard));
                assert_eq!(heard, samples(slot, turn, 1));
                audio.write(slot, &samples(slot, turn, 2));
            }
        });
        for &slot in &slots {
            let mut heard = [0; SLOT_BLOCK];
            bench.far.audio.read(slot, &mut heard);
            assert_eq!(heard, samples(slot, turn, 2));
        }
    }
}

#[test]
fn slots_that_are_closed_or_not_written_are_silent_and_slot_16_is_signallings() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.audio.set_open(SLOT, true).expect("open");
    for slot in [SLOT, Timeslot(6), Timeslot(16)] {
        bench.far.audio.write(slot, &samples(slot, 0, 1));
    }
    bench.turn(|audio| {
        let mut heard = [0; SLOT_BLOCK];
        assert!(audio.read(SLOT, &mut heard));
        for slot in [Timeslot(6), Timeslot(16), Timeslot(0), Timeslot(32)] {
            assert!(!audio.read(slot, &mut heard) && heard == SILENCE, "{slot}");
            audio.write(slot, &samples(slot, 0, 2));
        }
    });
    for slot in [SLOT, Timeslot(6), Timeslot(16)] {
        let mut heard = [0; SLOT_BLOCK];
        bench.far.audio.read(slot, &mut heard);
        assert_eq!(heard, SILENCE, "{slot}");
    }
    for slot in [Timeslot(0), Timeslot(16), Timeslot(32)] {
        assert!(matches!(bench.audio.set_open(slot, true), Err(CardError::NoSuchSlot(_))), "{slot}");
    }
}

#[test]
fn an_analogue_card_has_a_block_for_each_port_and_uses_16() {
    let mut bench = Bench::with_audio(SpanKind::Analogue { ports: 16 });
    let last = Timeslot(16);
    bench.audio.set_open(last, true).expect("open");
    bench.far.audio.write(last, &samples(last, 3, 1));
    bench.turn(|audio| {
        let mut heard = [0; SLOT_BLOCK];
        assert!(audio.read(last, &mut heard));
        assert_eq!(heard, samples(last, 3, 1));
        assert!(!audio.read(Timeslot(17), &mut heard));
    });
}

#[test]
fn a_wait_without_far_side_times_out_and_the_span_lives_again_when_it_comes_back() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.turn(|_| {});
    bench.far_goes();
    assert_eq!(bench.audio.wait(Duration::ZERO), AudioReady::TimedOut);
    bench.audio.flush();
    bench.far_comes();
    bench.audio_connects();
    bench.turn(|_| {});
    assert_eq!(bench.control.status().expect("status").1.slips, 0, "a far side that began anew is no slip");
}

#[test]
fn blocks_that_were_lost_on_the_way_are_slips() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.turn(|_| {});
    let mut lost = 0;
    // The box does not read: the queue between them fills, then the far side's blocks are lost.
    while lost < 3 {
        lost += u32::from(bench.far.audio.send().is_none());
    }
    while bench.audio.wait(Duration::ZERO) == AudioReady::Block {}
    assert_eq!(bench.control.status().expect("status").1.slips, 0, "nobody saw the gap yet");
    bench.far.audio.send().expect("there is room again");
    assert_eq!(bench.audio.wait(BOUND), AudioReady::Block);
    assert_eq!(bench.control.status().expect("status").1.slips, 3);
}

#[test]
fn without_signal_the_line_is_silent_though_the_clock_runs() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.audio.set_open(SLOT, true).expect("open");
    let cut = Alarms { los: true, red: true, ..Alarms::default() };
    bench.far.control.set_alarms(cut).expect("told");
    assert_eq!(bench.event(), CardEvent::Alarms);
    bench.far.audio.write(SLOT, &samples(SLOT, 0, 1));
    bench.turn(|audio| {
        let mut heard = [0; SLOT_BLOCK];
        assert!(!audio.read(SLOT, &mut heard) && heard == SILENCE);
    });
}

#[test]
fn a_local_loop_gives_back_audio_and_frames_of_the_box_and_hides_the_line() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.audio.set_open(SLOT, true).expect("open");
    bench.control.configure(&bench::pri()).expect("configured");
    bench.control.set_loop(Some(LoopKind::Local)).expect("looped");
    assert!(matches!(bench.far_event(), FarEvent::Configured(..)));
    assert_eq!(bench.far_event(), FarEvent::Loop(Some(LoopKind::Local)));
    assert_eq!(bench.event(), CardEvent::Alarms);
    assert!(bench.control.status().expect("status").0.loopback);
    for turn in 0..3 {
        bench.far.audio.write(SLOT, &samples(SLOT, turn, 1));
        bench.turn(|audio| {
            let mut heard = [0; SLOT_BLOCK];
            assert!(audio.read(SLOT, &mut heard));
            let before = if turn == 0 { SILENCE } else { samples(SLOT, turn - 1, 2) };
            assert_eq!(heard, before);
            audio.write(SLOT, &samples(SLOT, turn, 2));
        });
    }
    bench.far.control.send_frame(&[1, 1, 1]).expect("sent");
    bench.control.send_frame(&[2, 2, 2]).expect("sent");
    assert_eq!(bench.event(), CardEvent::Frame(vec![2, 2, 2]));
    // A line that fails is not seen from inside the loop; opening it shows the line again.
    bench.far.control.set_alarms(Alarms { blue: true, ..Alarms::default() }).expect("told");
    bench.control.set_loop(None).expect("opened");
    assert_eq!(bench.far_event(), FarEvent::Loop(None));
    bench.pump_until(|bench| {
        bench.control.status().is_ok_and(|(alarms, _)| alarms == Alarms { blue: true, ..Alarms::default() })
    });
}

#[test]
fn a_looped_d_channel_that_nobody_reads_says_that_it_is_full() {
    let mut bench = Bench::connected_e1();
    bench.control.set_loop(Some(LoopKind::Local)).expect("looped");
    let sent = (0..1_000).take_while(|_| bench.control.send_frame(&[2, 2, 2]).is_ok()).count();
    assert!(sent < 1_000, "the queue has a bound");
    assert!(matches!(bench.control.send_frame(&[2, 2, 2]), Err(CardError::Full)));
}

#[test]
fn network_and_payload_loops_give_the_far_side_its_own_audio_and_frames() {
    for kind in [LoopKind::Network, LoopKind::Payload] {
        let mut bench = Bench::with_audio(SpanKind::E1);
        bench.audio.set_open(SLOT, true).expect("open");
        bench.control.configure(&bench::pri()).expect("configured");
        bench.control.set_loop(Some(kind)).expect("looped");
        bench.far.audio.write(SLOT, &samples(SLOT, 1, 1));
        bench.far.audio.write(Timeslot(9), &samples(Timeslot(9), 1, 1));
        bench.turn(|audio| {
            let mut heard = [0; SLOT_BLOCK];
            assert!(audio.read(SLOT, &mut heard), "the box goes on hearing the line");
            assert_eq!(heard, samples(SLOT, 1, 1));
            audio.write(SLOT, &samples(SLOT, 1, 2));
        });
        for slot in [SLOT, Timeslot(9)] {
            let mut heard = [0; SLOT_BLOCK];
            bench.far.audio.read(slot, &mut heard);
            assert_eq!(heard, samples(slot, 1, 1), "{kind:?}: also where the box has no slot open");
        }
        assert!(matches!(bench.far_event(), FarEvent::Configured(..)));
        assert_eq!(bench.far_event(), FarEvent::Loop(Some(kind)));
        bench.control.send_frame(&[2, 2, 2]).expect("lost in the loop");
        bench.far.control.send_frame(&[1, 1, 1]).expect("sent");
        assert_eq!(bench.far_event(), FarEvent::Frame(vec![1, 1, 1]), "its own");
    }
}

#[test]
fn a_loop_at_the_far_side_brings_back_what_the_box_sends() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.audio.set_open(SLOT, true).expect("open");
    bench.control.configure(&bench::pri()).expect("configured");
    bench.far.control.set_loop(true);
    bench.turn(|audio| audio.write(SLOT, &samples(SLOT, 1, 2)));
    bench.turn(|audio| {
        let mut heard = [0; SLOT_BLOCK];
        assert!(audio.read(SLOT, &mut heard));
        assert_eq!(heard, samples(SLOT, 1, 2));
    });
    bench.control.send_frame(&[2, 2, 2]).expect("sent");
    assert_eq!(bench.event(), CardEvent::Frame(vec![2, 2, 2]));
}
