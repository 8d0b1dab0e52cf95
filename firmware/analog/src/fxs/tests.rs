//! The table of the module's documentation, walked cell by cell, and an agent's day on a plain telephone.

use super::*;
use std::collections::BTreeMap;

const NOW: Millis = Millis(50_000);
const SIGNS: usize = 11;

fn state_of(letter: &str) -> FxsState {
    let at = ["I", "R", "P", "D", "K", "W", "T", "B", "H", "L"].iter().position(|known| *known == letter);
    FxsState::ALL[at.unwrap_or_else(|| panic!("{letter} is no state"))]
}

fn key(character: char) -> Digit {
    Digit::from_char(character).expect("a key")
}

fn line(state: FxsState) -> Fxs {
    let mut line = Fxs::new(FxsConfig::default());
    line.state = state;
    if state == FxsState::Collecting {
        line.digits = Pii::new("12".to_owned());
    }
    line
}

fn sign(name: &str) -> Sign {
    match name {
        "Ring" => Sign::Ring,
        "HangUp" => Sign::HangUp,
        "Connect" => Sign::Connect,
        "OffHook" => Sign::OffHook,
        "OnHook" => Sign::OnHook,
        "Flash" => Sign::Flash,
        "Digit" => Sign::Digit(key('7')),
        "LastDigit" => Sign::LastDigit(key('#')),
        "Timer" => Sign::Timer,
        "RingOver" => Sign::RingOver,
        "Nothing" => Sign::Nothing,
        other => panic!("{other} is no input"),
    }
}

fn outputs(action: &str, input: &str) -> Vec<FxsOutput> {
    use FxsAudioOrder::{Off, Silence, Through, Tone};
    use FxsOutput::{Audio, Report, Signal};
    let ring = |on| Signal(LineSignal::Ring(on));
    let digits = |digits: &str| Report(FxsReport::Digits(Pii::new(digits.to_owned())));
    match action {
        "" | "cancel" | "next" => vec![],
        "ring" | "again" if input != "Flash" => vec![ring(true)],
        "refuse" => vec![Report(FxsReport::Refused)],
        "quiet" | "pause" => vec![ring(false)],
        "busy" => vec![Audio(Tone(ToneKind::Busy))],
        "drop" => vec![Signal(LineSignal::Break), Audio(Tone(ToneKind::Busy))],
        "through" => vec![Audio(Through)],
        "dial" => vec![Report(FxsReport::OffHook), Audio(Tone(ToneKind::Dial))],
        "again" => vec![Audio(Tone(ToneKind::Dial))],
        "trip" => vec![ring(false), Audio(Through), Report(FxsReport::Answered)],
        "answer" => vec![Audio(Through), Report(FxsReport::Answered)],
        "down" => vec![Audio(Off), Report(FxsReport::OnHook)],
        "flash" => vec![Report(FxsReport::Flash)],
        "first" => vec![Audio(Silence)],
        "key" => vec![Report(FxsReport::Key(Pii::new(if input == "Digit" { '7' } else { '#' })))],
        "tell" => vec![digits("12")],
        "howl" => vec![Audio(Tone(ToneKind::Howler))],
        "lock" => vec![Audio(Silence)],
        other => panic!("{other} is no action"),
    }
}

fn table() -> BTreeMap<String, Vec<String>> {
    let rows = include_str!("../fxs.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells =
        |row: &str| row.trim_end_matches(" |").split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let mut rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert_eq!(rows.remove(0).join(" "), "input I R P D K W T B H L");
    rows.into_iter().map(|mut row| (row.remove(0), row)).collect()
}

#[test]
fn the_telephone_does_what_every_cell_of_its_table_says() {
    let table = table();
    assert_eq!(table.len(), SIGNS, "a row is missing or stands twice");
    for (input, row) in &table {
        assert_eq!(row.len(), FxsState::ALL.len(), "{input}: a cell is missing");
        for (state, cell) in FxsState::ALL.into_iter().zip(row) {
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
            match (action, state) {
                // A lone # is told as itself; after digits it only ends them.
                ("done", FxsState::DialTone) => {
                    assert_eq!(out[0], FxsOutput::Audio(FxsAudioOrder::Silence));
                    assert_eq!(out[1], FxsOutput::Report(FxsReport::Digits(Pii::new("#".to_owned()))));
                }
                ("done", _) => assert_eq!(out, outputs("tell", input)),
                ("unanswered", _) => {
                    assert_eq!(out.last(), Some(&FxsOutput::Report(FxsReport::Unanswered)));
                    let quiet = out.contains(&FxsOutput::Signal(LineSignal::Ring(false)));
                    assert_eq!(quiet, state == FxsState::Ringing);
                }
                _ => assert_eq!(out, outputs(action, input), "{state:?} {input}"),
            }
        }
    }
}

struct Bench {
    line: Fxs,
    now: Millis,
    out: Vec<FxsOutput>,
}

impl Bench {
    fn new() -> Self {
        Self { line: Fxs::new(FxsConfig::default()), now: Millis(0), out: Vec::new() }
    }

    fn give(&mut self, input: FxsInput) -> &mut Self {
        self.line.step(self.now, input, &mut self.out);
        self
    }

    fn hook(&mut self, hook: HookState) -> &mut Self {
        self.give(FxsInput::Line(LineEvent::Hook(hook)))
    }

    fn wait(&mut self) -> &mut Self {
        let due = self.line.deadline().expect("a deadline");
        self.line.expire(Millis(due.0 - 1), &mut Vec::new());
        self.now = due;
        self.line.expire(due, &mut self.out);
        self
    }

    fn rings(&self) -> usize {
        self.out.iter().filter(|out| **out == FxsOutput::Signal(LineSignal::Ring(true))).count()
    }
}

#[test]
fn a_telephone_rings_one_second_in_five_until_it_is_picked_up() {
    let mut bench = Bench::new();
    bench.give(FxsInput::Ring).wait();
    assert_eq!((bench.now, bench.line.state()), (Millis(1_000), FxsState::Pause));
    bench.wait();
    assert_eq!((bench.now, bench.line.state()), (Millis(5_000), FxsState::Ringing));
    bench.hook(HookState::Off);
    assert_eq!(bench.line.state(), FxsState::Talking);
    assert_eq!(bench.rings(), 2);
    assert!(bench.out.contains(&FxsOutput::Signal(LineSignal::Ring(false))), "ring trip");
    assert_eq!(bench.line.deadline(), None);
}

#[test]
fn a_telephone_nobody_picks_up_is_told_after_half_a_minute() {
    let mut bench = Bench::new();
    bench.give(FxsInput::Ring);
    while bench.line.state() != FxsState::Idle {
        bench.wait();
    }
    assert_eq!(bench.now, Millis(30_000));
    assert_eq!(bench.rings(), 6);
    assert_eq!(bench.out.last(), Some(&FxsOutput::Report(FxsReport::Unanswered)));
}

#[test]
fn what_is_dialled_by_keys_and_pulses_is_told_after_a_pause() {
    let mut bench = Bench::new();
    bench.hook(HookState::Off).give(FxsInput::Key(key('*')));
    bench.give(FxsInput::Line(LineEvent::Pulse(0))).give(FxsInput::Line(LineEvent::Pulse(7)));
    bench.give(FxsInput::Line(LineEvent::Pulse(10))).give(FxsInput::Line(LineEvent::Pulse(11))).wait();
    assert_eq!(bench.out.last(), Some(&FxsOutput::Report(FxsReport::Digits(Pii::new("*070".to_owned())))));
    assert_eq!(bench.line.state(), FxsState::Waiting);
    bench.give(FxsInput::Connect);
    assert_eq!(bench.line.state(), FxsState::Talking);
}

#[test]
fn nobody_can_dial_without_end() {
    let mut bench = Bench::new();
    bench.hook(HookState::Off);
    for _ in 0..MAX_DIGITS + 5 {
        bench.give(FxsInput::Key(key('1')));
    }
    let told = FxsReport::Digits(Pii::new("1".repeat(MAX_DIGITS)));
    assert_eq!(bench.out.last(), Some(&FxsOutput::Report(told)));
}

#[test]
fn a_handset_left_off_gets_busy_tone_then_the_howler_then_silence() {
    let mut bench = Bench::new();
    bench.hook(HookState::Off).wait().wait().wait();
    let heard: Vec<_> = bench.out.iter().filter(|out| matches!(out, FxsOutput::Audio(_))).collect();
    let tone = |kind| FxsOutput::Audio(FxsAudioOrder::Tone(kind));
    assert_eq!(
        heard,
        [
            &tone(ToneKind::Dial),
            &tone(ToneKind::Busy),
            &tone(ToneKind::Howler),
            &FxsOutput::Audio(FxsAudioOrder::Silence)
        ]
    );
    assert_eq!((bench.line.state(), bench.line.deadline()), (FxsState::Locked, None));
    bench.hook(HookState::On);
    assert_eq!(bench.line.state(), FxsState::Idle);
}

#[test]
fn the_telephone_hears_the_plans_tones_and_its_keys_are_heard() {
    use crate::plan::TonePlan;
    let mut audio = FxsAudio::new(&TonePlan::cn());
    let mut loudness = |order| {
        audio.order(order);
        let mut block = [1_000; 160];
        assert_eq!(audio.block(&[0; 160], &mut block), None);
        block.iter().map(|sample| i32::from(*sample).abs()).max()
    };
    assert_eq!(loudness(FxsAudioOrder::Off), Some(0));
    assert!(loudness(FxsAudioOrder::Tone(ToneKind::Dial)) > Some(5_000));
    let howler = loudness(FxsAudioOrder::Tone(ToneKind::Howler));
    assert!(howler > Some(300) && howler < Some(1_500), "it begins softly");
    assert_eq!(loudness(FxsAudioOrder::Silence), Some(0));
    assert_eq!(loudness(FxsAudioOrder::Through), Some(1_000));

    let keys = crate::caller_id::send::dtmf("5", &crate::dial::DtmfTiming::default());
    let mut heard = keys.as_chunks::<160>().0.iter().filter_map(|block| audio.block(block, &mut [0; 160]));
    assert_eq!(heard.next().map(Digit::as_char), Some('5'));
}

#[test]
fn dat_04_no_digit_is_shown() {
    let mut bench = Bench::new();
    bench.hook(HookState::Off).give(FxsInput::Key(key('4'))).give(FxsInput::Key(key('2')));
    let held = format!("{:?}", bench.line);
    bench.wait();
    let shown = format!("{held} {:?} {:?}", bench.line, bench.out);
    assert!(!shown.contains("42") && !shown.contains("'4'"), "{shown}");
}
