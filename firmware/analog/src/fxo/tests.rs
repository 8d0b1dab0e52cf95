//! The table of the module's documentation, walked cell by cell, and what it does not show: times, glare, secrets.

use super::*;
use crate::caller_id::CallerIdKind;
use crate::plan::ToneKind;
use crate::progress::Heard;
use idl::spans::AnswerDetection;
use std::collections::BTreeMap;

const NOW: Millis = Millis(50_000);

fn number() -> DialString {
    DialString::parse("02112345678").expect("a dial string")
}

fn raw() -> RawCallerId {
    RawCallerId::new(CallerIdKind::Dtmf, b"D123C")
}

fn state_of(letter: &str) -> FxoState {
    let at = ["X", "I", "R", "S", "D", "L", "A", "C", "G", "O"].iter().position(|known| *known == letter);
    FxoState::ALL[at.unwrap_or_else(|| panic!("{letter} is no state"))]
}

/// A line brought into a state by hand.
fn line(state: FxoState) -> Fxo {
    let mut config = FxoConfig::new(AnswerDetection::PolarityReversal);
    config.guard_ms = 1_234;
    let mut line = Fxo::new(config);
    line.state = state;
    if matches!(state, FxoState::Seized) {
        line.number = Some(number());
    }
    if matches!(state, FxoState::Connected) {
        line.answered_by = Some(AnsweredBy::Polarity);
    }
    line
}

fn sign(name: &str) -> Sign {
    match name {
        "Dial" => Sign::Dial,
        "HangUp" => Sign::HangUp,
        "RingBegins" => Sign::RingBegins,
        "RingEnds" => Sign::RingEnds,
        "Polarity" => Sign::Polarity,
        "LoopOpen" => Sign::LoopOpen,
        "LoopClosed" => Sign::LoopClosed,
        "Dialled" => Sign::Dialled,
        "DialTone" => Sign::DialTone,
        "Ringback" => Sign::Ringback,
        "Busy" => Sign::Busy,
        "Congestion" => Sign::Congestion,
        "Unobtainable" => Sign::Unobtainable,
        "Voice" => Sign::Voice,
        "AnswerVoice" => Sign::AnswerVoice,
        "Caller" => Sign::Caller(raw()),
        "Nothing" => Sign::Nothing,
        "Timer" => Sign::Timer,
        "BlindTimer" => Sign::BlindTimer,
        other => panic!("{other} is no input"),
    }
}

const SIGNS: usize = 19;

fn outputs(action: &str) -> Vec<FxoOutput> {
    use FxoOutput::{Audio, Report, Signal};
    let hook = |hook| Signal(LineSignal::Hook(hook));
    let told = |order, report| vec![Audio(order), Report(report)];
    match action {
        "" => vec![],
        "dead" => vec![Report(FxoReport::Refused(LineCause::NotConnected))],
        "refuse" => vec![Report(FxoReport::Refused(LineCause::NotIdle))],
        "seize" => vec![hook(HookState::Off), Audio(FxoAudioOrder::Listen)],
        "dial" => vec![Audio(FxoAudioOrder::Dial(number(), FxoConfig::new(AnswerDetection::Voice).dtmf))],
        "dialled" => told(FxoAudioOrder::Listen, FxoReport::Dialled),
        "alert" => vec![Report(FxoReport::Alerting)],
        "answer" => told(FxoAudioOrder::Through, FxoReport::Answered(AnsweredBy::Polarity)),
        "voice" => told(FxoAudioOrder::Through, FxoReport::Answered(AnsweredBy::Voice)),
        "ring" => told(FxoAudioOrder::Caller, FxoReport::Incoming),
        "again" => vec![Report(FxoReport::Incoming)],
        "watch" => vec![Audio(FxoAudioOrder::Caller)],
        "caller" => vec![Report(FxoReport::Caller(raw()))],
        "free" => told(FxoAudioOrder::Off, FxoReport::Free),
        "unplug" => told(FxoAudioOrder::Off, FxoReport::Unplugged),
        cause => {
            let cause = LineCause::ALL.into_iter().find(|known| format!("{known:?}") == cause);
            let cause = cause.unwrap_or_else(|| panic!("{action} is no action"));
            vec![hook(HookState::On), Audio(FxoAudioOrder::Off), Report(FxoReport::Ended(cause))]
        }
    }
}

/// Rows of the documentation's table by input.
fn table() -> BTreeMap<String, Vec<String>> {
    let rows = include_str!("../fxo.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells =
        |row: &str| row.trim_end_matches(" |").split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let mut rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert_eq!(rows.remove(0).join(" "), "input X I R S D L A C G O");
    rows.into_iter().map(|mut row| (row.remove(0), row)).collect()
}

#[test]
fn the_line_does_what_every_cell_of_its_table_says() {
    let table = table();
    assert_eq!(table.len(), SIGNS, "a row is missing or stands twice");
    for (input, row) in &table {
        assert_eq!(row.len(), FxoState::ALL.len(), "{input}: a cell is missing");
        for (state, cell) in FxoState::ALL.into_iter().zip(row) {
            let mut line = line(state);
            let mut out = Vec::new();
            line.take(NOW, sign(input), &mut out);
            let (next, action) = match cell.as_str() {
                "·" => (state, ""),
                cell => {
                    let (next, action) = cell.split_once(' ').unwrap_or((cell, ""));
                    (state_of(next), action)
                }
            };
            assert_eq!(line.state, next, "{state:?} {input}");
            assert_eq!(out, outputs(action), "{state:?} {input}");
        }
    }
}

#[test]
fn every_fact_of_a_card_and_every_tone_has_a_row() {
    let table = table();
    let line = Fxo::new(FxoConfig::new(AnswerDetection::PolarityReversal));
    let facts = [
        LineEvent::RingBegins,
        LineEvent::RingEnds,
        LineEvent::PolarityReversed,
        LineEvent::LoopOpen,
        LineEvent::LoopClosed,
        LineEvent::Hook(HookState::Off),
        LineEvent::Flash,
        LineEvent::Pulse(1),
    ];
    let signs = facts.map(|fact| line.sign_of(FxoInput::Line(fact)));
    let heard = ToneKind::ALL.map(|kind| line.sign_of(FxoInput::Ear(FxoEar::Heard(Heard::Tone(kind)))));
    for sign in signs.iter().chain(&heard) {
        assert!(table.contains_key(&format!("{sign:?}")), "{sign:?}");
    }
}

/// A line with its outputs, driven by inputs.
struct Bench {
    line: Fxo,
    now: Millis,
    out: Vec<FxoOutput>,
}

impl Bench {
    fn new(answer: AnswerDetection) -> Self {
        Self { line: Fxo::new(FxoConfig::new(answer)), now: Millis(0), out: Vec::new() }
    }

    fn give(&mut self, input: FxoInput) -> &mut Self {
        self.line.step(self.now, input, &mut self.out);
        self
    }

    fn hear(&mut self, heard: Heard) -> &mut Self {
        self.give(FxoInput::Ear(FxoEar::Heard(heard)))
    }

    /// Runs the clock to the deadline.
    fn wait(&mut self) -> &mut Self {
        let due = self.line.deadline().expect("a deadline");
        self.line.expire(Millis(due.0 - 1), &mut Vec::new());
        self.now = due;
        self.line.expire(due, &mut self.out);
        self
    }

    fn dial_and_ring(&mut self) -> &mut Self {
        self.give(FxoInput::Dial(number()))
            .hear(Heard::Tone(ToneKind::Dial))
            .give(FxoInput::Ear(FxoEar::Dialled))
            .hear(Heard::Tone(ToneKind::Ringback))
    }

    fn reports(&self) -> Vec<FxoReport> {
        let report = |out: &FxoOutput| match out {
            FxoOutput::Report(report) => Some(*report),
            FxoOutput::Signal(_) | FxoOutput::Audio(_) => None,
        };
        self.out.iter().filter_map(report).collect()
    }
}

#[test]
fn a_call_is_dialled_rings_is_answered_by_reversal_and_ends_by_the_reversal_back() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.dial_and_ring().hear(Heard::Voice);
    assert_eq!(bench.line.state(), FxoState::Alerting, "a voice is no answer on this line");
    bench.give(FxoInput::Line(LineEvent::PolarityReversed));
    assert_eq!(bench.line.deadline(), None);
    bench.give(FxoInput::Line(LineEvent::PolarityReversed)).wait();
    assert_eq!(
        bench.reports(),
        [
            FxoReport::Dialled,
            FxoReport::Alerting,
            FxoReport::Answered(AnsweredBy::Polarity),
            FxoReport::Ended(LineCause::FarHungUp),
            FxoReport::Free
        ]
    );
}

#[test]
fn a_voice_answers_only_after_ringback_unless_the_site_wants_it_otherwise() {
    let mut bench = Bench::new(AnswerDetection::Voice);
    bench.give(FxoInput::Dial(number())).hear(Heard::Tone(ToneKind::Dial));
    bench.give(FxoInput::Ear(FxoEar::Dialled)).hear(Heard::Voice);
    assert_eq!(bench.line.state(), FxoState::Listening);
    bench.hear(Heard::Tone(ToneKind::Ringback)).hear(Heard::Voice);
    assert_eq!(bench.line.state(), FxoState::Connected);

    let mut eager = Bench::new(AnswerDetection::Voice);
    eager.line.config.voice_before_ringback = true;
    eager.give(FxoInput::Dial(number())).hear(Heard::Tone(ToneKind::Dial));
    eager.give(FxoInput::Ear(FxoEar::Dialled)).hear(Heard::Voice);
    assert_eq!(eager.line.state(), FxoState::Connected);
}

#[test]
fn a_reversal_after_an_answer_by_voice_does_not_end_the_call() {
    let mut bench = Bench::new(AnswerDetection::Voice);
    bench.dial_and_ring().hear(Heard::Voice).give(FxoInput::Line(LineEvent::PolarityReversed));
    assert_eq!(bench.line.state(), FxoState::Connected);
    bench.hear(Heard::Tone(ToneKind::Busy));
    assert_eq!(bench.reports().last(), Some(&FxoReport::Ended(LineCause::FarHungUp)));
}

#[test]
fn without_dial_tone_the_line_is_given_back_or_dialled_blindly() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Dial(number())).wait();
    assert_eq!(bench.reports(), [FxoReport::Ended(LineCause::NoDialTone)]);

    let mut blind = Bench::new(AnswerDetection::PolarityReversal);
    blind.line.config.blind_dial = true;
    blind.give(FxoInput::Dial(number())).wait();
    assert_eq!(blind.line.state(), FxoState::Dialling);
    assert_eq!(blind.now, Millis(5_000));
}

#[test]
fn the_time_for_the_answer_runs_from_the_last_digit_and_ringback_does_not_begin_it_anew() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Dial(number())).hear(Heard::Tone(ToneKind::Dial));
    bench.now = Millis(3_000);
    bench.give(FxoInput::Ear(FxoEar::Dialled));
    bench.now = Millis(20_000);
    bench.hear(Heard::Tone(ToneKind::Ringback)).wait();
    assert_eq!(bench.now, Millis(63_000));
    assert_eq!(bench.reports().last(), Some(&FxoReport::Ended(LineCause::NoAnswer)));
}

#[test]
fn a_media_thread_that_never_ends_dialling_does_not_hold_the_line() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Dial(number())).hear(Heard::Tone(ToneKind::Dial)).wait();
    assert_eq!(bench.reports(), [FxoReport::Ended(LineCause::NotDialled)]);
    assert_eq!(bench.now, Millis(11 * 200 + 2_000));
}

#[test]
fn l_23_an_incoming_call_is_told_once_and_never_answered() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    for _ in 0..3 {
        bench.give(FxoInput::Line(LineEvent::RingBegins)).give(FxoInput::Line(LineEvent::RingEnds));
        bench.now = bench.now + 5_000;
        bench.line.expire(bench.now, &mut bench.out);
    }
    bench.give(FxoInput::Ear(FxoEar::Caller(raw()))).give(FxoInput::Dial(number())).wait();
    assert_eq!(
        bench.reports(),
        [
            FxoReport::Incoming,
            FxoReport::Caller(raw()),
            FxoReport::Refused(LineCause::NotIdle),
            FxoReport::Free
        ]
    );
    assert!(!bench.out.iter().any(|out| matches!(out, FxoOutput::Signal(_))), "the hook was touched");
}

#[test]
fn a_number_announced_before_the_first_ring_is_heard_and_the_ring_is_told() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Line(LineEvent::PolarityReversed));
    bench.give(FxoInput::Ear(FxoEar::Caller(raw()))).give(FxoInput::Line(LineEvent::RingBegins));
    assert_eq!(bench.reports(), [FxoReport::Caller(raw()), FxoReport::Incoming]);
}

#[test]
fn a_ring_while_seizing_gives_the_line_back_and_the_call_may_go_by_another() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Dial(number())).give(FxoInput::Line(LineEvent::RingBegins));
    assert_eq!(bench.reports(), [FxoReport::Ended(LineCause::Glare)]);
    assert!(LineCause::Glare.may_try_another_line());
    // The caller who rang on goes on to ring: told, not answered.
    bench.now = bench.now + 1_000;
    bench.give(FxoInput::Line(LineEvent::RingBegins));
    assert_eq!(bench.line.state(), FxoState::Incoming);
}

#[test]
fn a_line_that_is_cut_in_a_call_is_not_free_until_its_loop_is_back() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.dial_and_ring().give(FxoInput::Line(LineEvent::LoopOpen)).wait();
    assert_eq!(bench.line.state(), FxoState::Disconnected);
    bench.give(FxoInput::Dial(number())).give(FxoInput::Line(LineEvent::LoopClosed));
    let reports = bench.reports();
    let last = &reports[reports.len() - 4..];
    assert_eq!(
        last,
        [
            FxoReport::Ended(LineCause::Dropped),
            FxoReport::Unplugged,
            FxoReport::Refused(LineCause::NotConnected),
            FxoReport::Free
        ]
    );
}

#[test]
fn the_same_number_is_never_dialled_twice() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.dial_and_ring().hear(Heard::Tone(ToneKind::Dial)).wait();
    bench.hear(Heard::Tone(ToneKind::Dial));
    let dials = bench.out.iter().filter(|out| matches!(out, FxoOutput::Audio(FxoAudioOrder::Dial(..))));
    assert_eq!(dials.count(), 1);
    assert_eq!(bench.line.state(), FxoState::Idle);
}

#[test]
fn dat_04_neither_line_nor_outputs_show_a_number() {
    let mut bench = Bench::new(AnswerDetection::PolarityReversal);
    bench.give(FxoInput::Dial(number()));
    let held = format!("{:?}", bench.line);
    bench.hear(Heard::Tone(ToneKind::Dial)).give(FxoInput::HangUp).wait();
    bench.give(FxoInput::Ear(FxoEar::Caller(raw())));
    let shown = format!("{held} {:?} {:?}", bench.line, bench.out);
    assert!(shown.contains("DialString(11 steps)") && !shown.contains("1234") && !shown.contains("123"));
}
