//! Ports without a card: what is told to whom, once, and in both languages. Whole calls are the integration tests'.

use super::Ports;
use crate::cards::{CardCall, DeckOutput, Now};
use crate::voice::SlotNews;
use analog::fxo::FxoEar;
use analog::{Heard, ToneKind};
use card::{HookState, LineEvent, LineSignal};
use idl::lines::TrunkState;
use idl::spans::{AnswerDetection, PortConfig, PortKind, SlotState};
use sip_ua::CallHandle;
use vocab::{AgentId, FailCause, Millis, PhoneNumber, Pii, SpanId, Timeslot, UnixMs};

const AGENT: AgentId = AgentId(7);
const PHONE: Timeslot = Timeslot(5);
const CALL: CallHandle = CallHandle(9);

fn now(ms: u64) -> Now {
    Now { at: Millis(ms), wall: UnixMs(0) }
}

fn ports(lines: u8) -> Ports {
    let fxo = |port| PortConfig {
        port: Timeslot(port),
        kind: PortKind::Fxo { answer: AnswerDetection::PolarityReversal, tones: "nobody's".to_owned() },
    };
    let mut config: Vec<PortConfig> = (1..=lines).map(fxo).collect();
    config.push(PortConfig { port: PHONE, kind: PortKind::Fxs { agent: AGENT } });
    let mut ports = Ports::new(SpanId(3), &config);
    let mut out = Vec::new();
    ports.install(&mut out);
    ports.line(now(0), true, &mut out);
    assert!(matches!(out.last(), Some(DeckOutput::Phone(AGENT, true))), "the telephone can be rung");
    ports
}

fn call() -> CardCall {
    let number = |text| Pii::new(PhoneNumber::parse(text).expect("a number"));
    CardCall { handle: CALL, number: number("13812345600"), caller: number("01088886666") }
}

#[test]
fn lin_06_why_lines_take_no_calls_is_said_in_both_languages() {
    let mut down = ports(1);
    let mut out = Vec::new();
    down.event(now(1), Timeslot(1), LineEvent::LoopOpen, &mut out);
    let mut blocked = ports(1);
    assert!(blocked.block(Timeslot(1), true) && !blocked.block(PHONE, true), "telephones are not blocked");
    let cases = [
        (ports(0), TrunkState::Disabled),
        (down, TrunkState::Down),
        (blocked, TrunkState::Down),
        (ports(2), TrunkState::Up),
    ];
    for (ports, wanted) in cases {
        let (state, reason, idle) = ports.trunk();
        assert_eq!((state, idle), (wanted, if wanted == TrunkState::Up { 2 } else { 0 }), "{reason}");
        assert_ne!(idl::reasons::chinese(reason), reason, "{reason}");
    }
}

#[test]
fn lin_06_a_call_that_no_line_gets_dial_tone_for_ends_once_and_may_go_elsewhere() {
    let mut ports = ports(2);
    let mut out = Vec::new();
    ports.call(now(0), &call(), &mut out);
    let mut at = 0;
    while let Some(due) = ports.deadline() {
        at = due.0.max(at);
        ports.expire(now(at), &mut out);
    }
    let ends: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            DeckOutput::Ended(CALL, end) => Some((end.failure.cause, end.next_line)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(FailCause::NoLine, true)]);
    let off = LineSignal::Hook(HookState::Off);
    let seized: Vec<_> = ports.signals().into_iter().filter(|(_, signal)| *signal == off).collect();
    assert_eq!(seized, [(Timeslot(1), off), (Timeslot(2), off)], "each line was tried once");
}

#[test]
fn lin_06_a_line_that_took_the_digits_keeps_the_call_whatever_tone_follows() {
    for (heard, cause) in [
        (ToneKind::Congestion, FailCause::Carrier),
        (ToneKind::Busy, FailCause::Busy),
        (ToneKind::Dial, FailCause::Carrier),
    ] {
        let mut ports = ports(2);
        let mut out = Vec::new();
        ports.call(now(0), &call(), &mut out);
        let mut hear = |ear| ports.news(now(100), Timeslot(1), SlotNews::Fxo(ear), &mut out);
        hear(FxoEar::Heard(Heard::Tone(ToneKind::Dial)));
        hear(FxoEar::Dialled);
        hear(FxoEar::Heard(Heard::Tone(heard)));
        let ends: Vec<_> = out
            .iter()
            .filter_map(|output| match output {
                DeckOutput::Ended(CALL, end) => Some((end.failure.cause, end.next_line)),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [(cause, false)], "{heard:?}");
        let off = LineSignal::Hook(HookState::Off);
        let seized = ports.signals().into_iter().filter(|(_, signal)| *signal == off).count();
        assert_eq!(seized, 1, "the other line is not seized");
    }
}

#[test]
fn a_card_that_goes_ends_its_calls_once_and_takes_the_telephone_away() {
    let mut ports = ports(1);
    let mut out = Vec::new();
    ports.call(now(0), &call(), &mut out);
    assert!(ports.ring(now(1), AGENT, CallHandle(10), &mut out));
    ports.line(now(2), false, &mut out);
    ports.expire(now(100_000), &mut out);
    let ends = out.iter().filter(|output| matches!(output, DeckOutput::Ended(..))).count();
    assert_eq!(ends, 2);
    assert!(out.iter().any(|output| matches!(output, DeckOutput::Phone(AGENT, false))));
    assert_eq!(ports.agents().count(), 0);
    assert!(!ports.ring(now(3), AGENT, CallHandle(11), &mut out), "it cannot be rung");
}

#[test]
fn a_telephone_that_is_off_hook_is_not_rung_and_what_it_dials_leads_nowhere() {
    let mut ports = ports(1);
    let mut out = Vec::new();
    ports.event(now(0), PHONE, LineEvent::Hook(HookState::Off), &mut out);
    for digit in [1, 1, 0] {
        ports.event(now(100), PHONE, LineEvent::Pulse(digit), &mut out);
    }
    ports.expire(now(10_000), &mut out);
    let state = |ports: &Ports| ports.slots().find(|(slot, _)| *slot == PHONE).map(|(_, state)| state);
    assert_eq!(state(&ports), Some(SlotState::Clearing), "busy tone");
    assert_eq!(ports.calls(), 0);
    assert!(ports.ring(now(10_001), AGENT, CALL, &mut out));
    assert!(matches!(out.last(), Some(DeckOutput::Ended(CALL, _))), "it is told as gone at once");
    assert!(ports.signals().is_empty(), "no line was seized and nothing rings");
}
