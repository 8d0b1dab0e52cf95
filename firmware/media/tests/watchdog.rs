//! The watchdog: each fault is raised once, cleared once, and said in both languages.

mod common;

use common::{AGENT, CUSTOMER, Peer, Rig, SILENT, secure, session};
use media::srtp::Suite;
use media::watchdog::{MEDIA_FAULTS, MediaFault};
use media::{Command, Event, Law, Leg};

fn seconds(rig: &mut Rig, seconds: u32, mut each: impl FnMut(&mut Rig, u32)) {
    for tick in 0..seconds * 50 {
        each(rig, tick);
        rig.tick();
    }
}

/// What was raised (`+`) and cleared (`-`) on a leg, in order.
fn faults(rig: &Rig, wanted: Leg) -> Vec<(char, MediaFault)> {
    rig.events
        .iter()
        .filter_map(|event| match event {
            Event::Fault(leg, fault) if *leg == wanted => Some(('+', *fault)),
            Event::Cleared(leg, fault) if *leg == wanted => Some(('-', *fault)),
            _ => None,
        })
        .collect()
}

#[test]
fn no_packets_since_the_answer_are_told_after_four_seconds_and_cleared_by_the_first() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    seconds(&mut rig, 20, |_, _| {});
    assert!(faults(&rig, Leg::Customer).is_empty(), "ringing is no fault");
    rig.command(Command::Answered);
    seconds(&mut rig, 3, |_, _| {});
    assert!(faults(&rig, Leg::Customer).is_empty());
    seconds(&mut rig, 2, |_, _| {});
    assert_eq!(faults(&rig, Leg::Customer), [('+', MediaFault::NoRtp)]);
    seconds(&mut rig, 1, |rig, _| {
        let datagram = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
    });
    assert_eq!(faults(&rig, Leg::Customer)[1..], [('-', MediaFault::NoRtp)]);
}

#[test]
fn audio_that_stops_is_one_way_but_not_while_the_leg_is_held() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    rig.command(Command::Answered);
    seconds(&mut rig, 2, |rig, _| {
        let datagram = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
    });
    rig.command(Command::Hold(Leg::Customer, true));
    seconds(&mut rig, 10, |_, _| {});
    rig.command(Command::Hold(Leg::Customer, false));
    seconds(&mut rig, 2, |_, _| {});
    assert!(faults(&rig, Leg::Customer).is_empty());
    seconds(&mut rig, 2, |_, _| {});
    assert_eq!(faults(&rig, Leg::Customer), [('+', MediaFault::OneWay)]);
    let gap = rig.call.stats().customer.gap_ms();
    assert!((3_900..=4_100).contains(&gap), "the hold is no gap: {gap} ms");
}

#[test]
fn wrong_payload_wrong_source_and_forged_packets_are_told_by_their_names() {
    let (leg, mut peer) = secure(Law::A, CUSTOMER, Suite::AeadAes256Gcm);
    let mut rig = Rig::new(leg);
    rig.command(Command::Answered);
    rig.command(Command::ConnectAgent(session(Law::A, AGENT).into()));
    let mut forger = Peer::new(CUSTOMER, Law::A);
    forger.ssrc = 0x6666;
    let mut agent = Peer::new(AGENT, Law::A);
    seconds(&mut rig, 3, |rig, tick| {
        let good = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, good);
        let forged = forger.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, forged);
        let datagram =
            if tick % 2 == 0 { agent.packet(false, 18, 0, &[1; 20]) } else { agent.audio(&SILENT) };
        rig.receive(Leg::Agent, AGENT, datagram);
        let stray = agent.packet(false, 8, 0, &SILENT);
        rig.receive(Leg::Agent, CUSTOMER, stray);
    });
    assert_eq!(faults(&rig, Leg::Customer), [('+', MediaFault::SrtpAuthentication)]);
    let agent_faults = faults(&rig, Leg::Agent);
    assert!(agent_faults.contains(&('+', MediaFault::WrongPayloadType)), "{agent_faults:?}");
    assert!(agent_faults.contains(&('+', MediaFault::WrongSource)), "{agent_faults:?}");
    seconds(&mut rig, 3, |rig, _| {
        let good = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, good);
    });
    assert_eq!(faults(&rig, Leg::Customer)[1..], [('-', MediaFault::SrtpAuthentication)]);
}

#[test]
fn a_fast_clock_is_told_after_a_minute_and_heavy_loss_after_ten_seconds() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    rig.command(Command::Answered);
    seconds(&mut rig, 65, |rig, tick| {
        let twice = tick % 200 == 0;
        for _ in 0..1 + u32::from(twice) {
            let datagram = peer.audio(&SILENT);
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        }
    });
    assert_eq!(faults(&rig, Leg::Customer), [('+', MediaFault::ClockDrift)]);
    seconds(&mut rig, 12, |rig, tick| {
        let datagram = peer.audio(&SILENT);
        if tick % 10 != 0 {
            rig.receive(Leg::Customer, CUSTOMER, datagram);
        }
    });
    assert_eq!(faults(&rig, Leg::Customer)[1..], [('+', MediaFault::HeavyLoss)]);
    let stats = rig.call.stats().customer;
    assert!(stats.mos_estimate() < 4.3 && stats.mos_estimate() > 2.0, "{}", stats.mos_estimate());
}

#[test]
fn a_good_call_of_two_minutes_raises_nothing_and_sounds_well() {
    let mut rig = Rig::new(session(Law::A, CUSTOMER));
    let mut peer = Peer::new(CUSTOMER, Law::A);
    rig.command(Command::Answered);
    seconds(&mut rig, 120, |rig, _| {
        let datagram = peer.audio(&SILENT);
        rig.receive(Leg::Customer, CUSTOMER, datagram);
    });
    assert!(faults(&rig, Leg::Customer).is_empty());
    let stats = rig.call.stats().customer;
    assert_eq!((stats.accepted, stats.lost, stats.gap_ms()), (6_000, 0, 0));
    assert!(stats.mos_estimate() > 4.3, "{}", stats.mos_estimate());
}

#[test]
fn every_fault_has_its_words_in_both_languages() {
    for fault in MEDIA_FAULTS {
        assert!(fault.text_en().is_ascii() && fault.text_en().ends_with('.'));
        assert!(fault.text_zh().ends_with('。') && fault.text_zh().chars().count() > 10);
    }
}
