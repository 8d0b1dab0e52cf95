//! The tables of the documentation, row by row; both ends together; what stands too short.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn run(station: &mut StationCas, now: &mut Millis, bits: Abcd) -> Vec<LineEvent> {
    let mut events: Vec<_> = station.step(*now, bits).iter().collect();
    *now = *now + 100;
    events.extend(station.expire(*now).iter());
    events
}

/// Rows of the station's table by the code now.
fn table() -> BTreeMap<String, Vec<String>> {
    let rows = include_str!("../cas.rs").lines().skip_while(|line| !line.starts_with("//! | now |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with("//! |"));
    let cells = |row: &str| -> Vec<String> {
        row.trim_start_matches("//! |")
            .trim_end_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    rows.map(cells).map(|mut row| (row.remove(0), row)).collect()
}

#[test]
fn a_station_tells_what_every_cell_of_its_table_says() {
    let table = table();
    assert_eq!(table.len(), 4, "a code is missing");
    let code = |ab: u8| Abcd::twice(ab);
    for (now_is, row) in table {
        let ab = u8::from_str_radix(&now_is[..2], 2).expect("two bits");
        assert_eq!(row.len(), 3);
        for (before, cell) in [IDLE, RINGING, ACTIVE].into_iter().zip(row) {
            let mut station = StationCas::default();
            let mut now = Millis(0);
            run(&mut station, &mut now, before);
            let told = run(&mut station, &mut now, code(ab));
            let expected: Vec<String> =
                if cell == "·" { vec![] } else { cell.split('+').map(str::to_owned).collect() };
            let told: Vec<String> = told.iter().map(|event| format!("{event:?}")).collect();
            assert_eq!(told, expected, "{before:?} {now_is}");
        }
    }
}

#[test]
fn only_a_and_b_are_read() {
    for cd in 0..4 {
        let mut station = StationCas::default();
        let mut now = Millis(0);
        assert_eq!(run(&mut station, &mut now, Abcd::new(cd)), [LineEvent::RingBegins]);
        assert_eq!(run(&mut station, &mut now, Abcd::new(0b0100 | cd)), [LineEvent::RingEnds]);
    }
}

#[test]
fn a_code_that_stands_too_short_is_noise_and_one_that_stood_counts_though_nobody_looked() {
    let mut station = StationCas::default();
    assert_eq!(station.step(Millis(0), RINGING).iter().count(), 0);
    assert_eq!(station.step(Millis(4), IDLE).iter().count(), 0);
    assert_eq!(station.expire(Millis(50)).iter().count(), 0);
    station.step(Millis(100), RINGING);
    assert_eq!(station.deadline(), Some(Millis(108)));
    let told: Vec<_> = station.step(Millis(500), IDLE).iter().collect();
    assert_eq!(told, [LineEvent::RingBegins]);
}

#[test]
fn what_one_end_sends_the_other_end_sees() {
    let mut station = StationCas::default();
    let mut now = Millis(0);
    let office = |signal| office_sends(signal).expect("a code");
    assert_eq!(run(&mut station, &mut now, office(LineSignal::Ring(true))), [LineEvent::RingBegins]);
    assert_eq!(run(&mut station, &mut now, office(LineSignal::Ring(false))), [LineEvent::RingEnds]);
    assert_eq!(run(&mut station, &mut now, office(LineSignal::Break)), [LineEvent::LoopOpen]);

    let mut end = OfficeCas::new(HookTiming::default());
    let sent = |hook| station_sends(LineSignal::Hook(hook)).expect("a code");
    end.step(Millis(0), sent(HookState::Off));
    assert_eq!(end.expire(Millis(8)).iter().collect::<Vec<_>>(), [LineEvent::Hook(HookState::Off)]);
    end.step(Millis(1_000), sent(HookState::On));
    end.expire(Millis(1_008));
    assert_eq!(end.deadline(), Some(Millis(1_808)), "it may be a flash");
    assert_eq!(end.expire(Millis(1_808)).iter().collect::<Vec<_>>(), [LineEvent::Hook(HookState::On)]);
}

#[test]
fn an_end_sends_only_what_is_its_own() {
    let station = [LineSignal::Hook(HookState::On), LineSignal::Hook(HookState::Off), LineSignal::Flash];
    let office = [LineSignal::Ring(true), LineSignal::Ring(false), LineSignal::Break];
    for signal in station {
        assert!(station_sends(signal).is_some() && office_sends(signal).is_none());
    }
    for signal in office {
        assert!(office_sends(signal).is_some() && station_sends(signal).is_none());
    }
    assert_eq!(office_sends(LineSignal::Reverse(true)), None);
    assert_eq!(station_sends(LineSignal::Hook(HookState::Off)).map(Abcd::bits), Some(0b1111));
    assert_eq!(office_sends(LineSignal::Ring(false)).map(Abcd::bits), Some(0b0101));
}

/// Drives an office end by breaks and makes, each in milliseconds, beginning with a make.
fn dial(times: &[u64]) -> Vec<LineEvent> {
    let mut end = OfficeCas::new(HookTiming::default());
    let mut told = Vec::new();
    let mut now = 0;
    for (n, ms) in times.iter().enumerate() {
        let bits = if n % 2 == 0 { ACTIVE } else { IDLE };
        told.extend(end.step(Millis(now), bits).iter());
        for _ in 0..*ms {
            now += 1;
            if end.deadline().is_some_and(|due| due <= Millis(now)) {
                told.extend(end.expire(Millis(now)).iter());
            }
        }
    }
    told
}

#[test]
fn pulses_a_flash_and_hanging_up_are_told_apart() {
    let off = LineEvent::Hook(HookState::Off);
    assert_eq!(dial(&[500, 60, 40, 60, 40, 60, 600]), [off, LineEvent::Pulse(3)]);
    let nought: Vec<u64> = [500].into_iter().chain([60, 40].repeat(9)).chain([60, 600]).collect();
    assert_eq!(dial(&nought), [off, LineEvent::Pulse(0)]);
    assert_eq!(dial(&[500, 300, 500]), [off, LineEvent::Flash]);
    assert_eq!(dial(&[500, 1_000]), [off, LineEvent::Hook(HookState::On)]);
    assert_eq!(dial(&[500, 12, 500]), [off], "a bounce");
    assert_eq!(dial(&[500, 60, 40, 60, 900, 60, 900]), [off, LineEvent::Pulse(2), LineEvent::Pulse(1)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bits_break_the_decoders(octets: Vec<u8>) {
        crate::fuzz::fuzz_cas(&octets);
    }
}
