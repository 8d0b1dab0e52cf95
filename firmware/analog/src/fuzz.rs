//! Entries for the fuzzer: callers' numbers as octets, keys and samples, and CAS bits with their times.

use crate::caller_id::{CallerId, CallerIdKind, CallerIdReceiver, MAX_MESSAGE, RawCallerId};
use crate::cas::{Abcd, OfficeCas, StationCas};
use crate::hook::HookTiming;
use media::g711::Law;
use vocab::Millis;

/// Most steps of one input.
const MAX_STEPS: usize = 4_096;

/// Octets as a message, as keys, and as A-law samples of a line.
pub fn fuzz_caller_id(data: &[u8]) {
    for kind in [CallerIdKind::Fsk, CallerIdKind::Dtmf] {
        let raw = RawCallerId::new(kind, data);
        assert_eq!(raw.octets(), &data[..data.len().min(MAX_MESSAGE)]);
        check(&raw);
    }
    let mut receiver = CallerIdReceiver::new();
    let mut pcm = [0; 160];
    for block in data.chunks(160).take(MAX_STEPS) {
        pcm.fill(0);
        Law::A.decode_into(block, &mut pcm);
        if let Some(raw) = receiver.process(&pcm) {
            check(&raw);
            // What the receiver lets through has its checksum, or its marks.
            let octets = raw.octets();
            match raw.kind() {
                CallerIdKind::Fsk => {
                    assert_eq!(octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet)), 0);
                }
                CallerIdKind::Dtmf => assert!(octets.len() >= 2),
            }
        }
    }
}

fn check(raw: &RawCallerId) {
    let Ok(caller) = CallerId::read(raw) else { return };
    if let Some(number) = &caller.number {
        let number = number.reveal();
        assert!(!number.is_empty() && number.len() <= 25);
        assert!(number.chars().all(|key| key.is_ascii_digit() || matches!(key, '*' | '#' | '+')));
    }
    assert!(caller.name.as_ref().is_none_or(|name| name.reveal().len() <= 50));
    assert!(caller.time.is_none_or(|time| time.month <= 12 && time.hour < 24));
    assert!(caller.number.is_some() || caller.absence.is_some() || caller.name.is_some());
}

/// Each octet is four bits and a time: both ends read them.
pub fn fuzz_cas(data: &[u8]) {
    let mut station = StationCas::default();
    let mut office = OfficeCas::new(HookTiming::default());
    let mut now = Millis(0);
    let mut rings = false;
    let mut open = false;
    for octet in data.iter().take(MAX_STEPS) {
        now = now + u64::from(octet >> 4) * u64::from(octet >> 4) * 8;
        let bits = Abcd::new(*octet);
        for event in station.step(now, bits).iter() {
            alternate(event, &mut rings, &mut open);
        }
        if let Some(due) = station.deadline() {
            assert!(due > now);
        }
        for event in office.step(now, bits).iter() {
            fxs_only(event);
        }
        // Nothing is due for ever: what is expired is told.
        for _ in 0..MAX_STEPS {
            let Some(due) = office.deadline().filter(|due| *due <= now) else { break };
            for event in office.expire(now).iter() {
                fxs_only(event);
            }
            assert!(office.deadline().is_none_or(|next| next > due));
        }
    }
}

/// A ring begins and ends in turn, the loop opens and closes in turn.
fn alternate(event: card::LineEvent, rings: &mut bool, open: &mut bool) {
    use card::LineEvent::{Flash, Hook, LoopClosed, LoopOpen, PolarityReversed, Pulse, RingBegins, RingEnds};
    match event {
        RingBegins => assert!(!std::mem::replace(rings, true)),
        RingEnds => assert!(std::mem::replace(rings, false)),
        LoopOpen => assert!(!std::mem::replace(open, true)),
        LoopClosed => assert!(std::mem::replace(open, false)),
        PolarityReversed | Hook(_) | Flash | Pulse(_) => panic!("an office sends none of these"),
    }
}

fn fxs_only(event: card::LineEvent) {
    use card::LineEvent::{Flash, Hook, LoopClosed, LoopOpen, PolarityReversed, Pulse, RingBegins, RingEnds};
    match event {
        Hook(_) | Flash => {}
        Pulse(digit) => assert!(digit < 10),
        RingBegins | RingEnds | LoopOpen | LoopClosed | PolarityReversed => {
            panic!("a station sends none of these");
        }
    }
}
