//! Whole calls through samples: the machine of an FXO line with its ear and mouth, against an exchange made of the
//! plan's tones, a DTMF receiver and a far side that answers, is busy, or never picks up.

use analog::caller_id::send::{Fsk, fsk, single};
use analog::fxo::AnsweredBy;
use analog::{
    CallerId, DialString, Fxo, FxoAudio, FxoConfig, FxoInput, FxoOutput, FxoReport, FxoState, LineCause,
    ToneKind, TonePlan, TonePlayer,
};
use card::{HookState, LineEvent, LineSignal};
use idl::spans::AnswerDetection;
use media::dtmf::inband::InBandDetector;
use vocab::Millis;

/// What the number leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Far {
    /// Ringback for so long, then a voice; hangs up after so long.
    Answers { after_ms: u64, talks_ms: u64 },
    /// A tone for ever.
    Tone(ToneKind),
    /// Ringback, then the exchange's busy tone.
    RingsOut { after_ms: u64 },
    /// Silence.
    Nothing,
}

/// The exchange's side of the line.
struct Exchange {
    plan: TonePlan,
    far: Far,
    dial_tone: bool,
    reverses: bool,
    off_hook: bool,
    digits: String,
    keys: InBandDetector,
    playing: Option<TonePlayer>,
    /// When the digits were complete, and when it was answered.
    dialled: Option<u64>,
    answered: Option<u64>,
    over: bool,
}

const NUMBER: &str = "02112345678";

impl Exchange {
    fn new(plan: &TonePlan, far: Far) -> Self {
        Self {
            plan: plan.clone(),
            far,
            dial_tone: true,
            reverses: true,
            off_hook: false,
            digits: String::new(),
            keys: InBandDetector::new(),
            playing: None,
            dialled: None,
            answered: None,
            over: false,
        }
    }

    fn play(&mut self, kind: ToneKind) {
        self.playing = self.plan.tone(kind).map(|tone| TonePlayer::new(tone, -18.0));
    }

    fn signal(&mut self, signal: LineSignal) {
        self.off_hook = signal == LineSignal::Hook(HookState::Off);
        self.playing = None;
        if self.off_hook && self.dial_tone {
            self.play(ToneKind::Dial);
        }
    }

    /// One turn of 20 ms: what the line hears, and what its card sees.
    fn turn(&mut self, now: u64, said: &[i16; 160], heard: &mut [i16; 160]) -> Option<LineEvent> {
        heard.fill(0);
        if !self.off_hook {
            return None;
        }
        if let Some(digit) = self.keys.process(said) {
            self.playing = None;
            self.digits.push(digit.as_char());
            if self.digits.len() == NUMBER.len() {
                self.dialled = Some(now + 200);
            }
        }
        let event = self.go_on(now);
        if let Some(player) = &mut self.playing {
            player.add(heard);
        }
        if self.answered.is_some() && !self.over {
            speak(now, heard);
        }
        event
    }

    fn go_on(&mut self, now: u64) -> Option<LineEvent> {
        let since = now.checked_sub(self.dialled?)?;
        match self.far {
            Far::Answers { after_ms, talks_ms } => match self.answered {
                None if since == 0 => self.play(ToneKind::Ringback),
                None if since >= after_ms => {
                    self.playing = None;
                    self.answered = Some(now);
                    return self.reverses.then_some(LineEvent::PolarityReversed);
                }
                Some(at) if now - at >= talks_ms && !self.over => {
                    self.over = true;
                    self.play(ToneKind::Busy);
                    return self.reverses.then_some(LineEvent::PolarityReversed);
                }
                None | Some(_) => {}
            },
            Far::Tone(kind) if since == 0 => self.play(kind),
            Far::RingsOut { .. } if since == 0 => self.play(ToneKind::Ringback),
            Far::RingsOut { after_ms } if since == after_ms => self.play(ToneKind::Busy),
            Far::Tone(_) | Far::RingsOut { .. } | Far::Nothing => {}
        }
        None
    }
}

/// Syllables with a gliding pitch.
fn speak(now: u64, heard: &mut [i16; 160]) {
    for (n, sample) in heard.iter_mut().enumerate() {
        let t = now as f64 / 1_000.0 + n as f64 / 8_000.0;
        let syllable = (t * 2.5).fract();
        let envelope = if syllable < 0.6 { (syllable / 0.6 * std::f64::consts::PI).sin() } else { 0.0 };
        let phase = std::f64::consts::TAU * (150.0 * t + 8.0 * (t * 3.0).sin());
        let wave: f64 = (1..10).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum();
        *sample = (wave * envelope * 3_000.0) as i16;
    }
}

/// Runs a call until the line is free again; every report with its time.
fn call(config: FxoConfig, exchange: &mut Exchange) -> Vec<(u64, FxoReport)> {
    let mut line = Fxo::new(config);
    let mut audio = FxoAudio::new(&exchange.plan);
    let mut reports = Vec::new();
    let mut out = Vec::new();
    let number = DialString::parse(NUMBER).expect("a number");
    line.step(Millis(0), FxoInput::Dial(number), &mut out);
    // What goes out in a turn reaches the exchange in the next.
    let mut before = [0; 160];
    for turn in 0..6_000 {
        let now = turn * 20;
        let (mut heard, mut said) = ([0; 160], [0; 160]);
        if let Some(event) = exchange.turn(now, &before, &mut heard) {
            line.step(Millis(now), FxoInput::Line(event), &mut out);
        }
        if let Some(told) = audio.block(&heard, &mut said) {
            line.step(Millis(now), FxoInput::Ear(told), &mut out);
        }
        before = said;
        line.expire(Millis(now), &mut out);
        for output in out.drain(..) {
            match output {
                FxoOutput::Signal(signal) => exchange.signal(signal),
                FxoOutput::Audio(order) => audio.order(order),
                FxoOutput::Report(report) => reports.push((now, report)),
            }
        }
        if line.state() == FxoState::Idle {
            return reports;
        }
    }
    panic!("the line is never free again: {reports:?}");
}

fn names(reports: &[(u64, FxoReport)]) -> Vec<FxoReport> {
    reports.iter().map(|(_, report)| *report).collect()
}

#[test]
fn a_call_is_answered_by_reversal_at_once_and_ends_when_the_far_side_hangs_up() {
    for name in TonePlan::BUILT_IN {
        let plan = TonePlan::built_in(name).expect("it is built in");
        let mut exchange = Exchange::new(&plan, Far::Answers { after_ms: 9_000, talks_ms: 10_000 });
        let reports = call(FxoConfig::new(AnswerDetection::PolarityReversal), &mut exchange);
        assert_eq!(exchange.digits, NUMBER);
        assert_eq!(
            names(&reports),
            [
                FxoReport::Dialled,
                FxoReport::Alerting,
                FxoReport::Answered(AnsweredBy::Polarity),
                FxoReport::Ended(LineCause::FarHungUp),
                FxoReport::Free
            ],
            "{name}"
        );
        assert_eq!(Some(reports[2].0), exchange.answered);
    }
}

#[test]
fn without_reversal_the_voice_answers_within_a_second_and_busy_tone_ends_the_call() {
    let mut exchange = Exchange::new(&TonePlan::cn(), Far::Answers { after_ms: 7_300, talks_ms: 8_000 });
    exchange.reverses = false;
    let reports = call(FxoConfig::new(AnswerDetection::Voice), &mut exchange);
    let expected = [
        FxoReport::Dialled,
        FxoReport::Alerting,
        FxoReport::Answered(AnsweredBy::Voice),
        FxoReport::Ended(LineCause::FarHungUp),
        FxoReport::Free,
    ];
    assert_eq!(names(&reports), expected);
    let answered = exchange.answered.expect("answered");
    assert!(reports[2].0 - answered <= 1_000, "{} ms", reports[2].0 - answered);
    assert!(reports[3].0 - (answered + 8_000) <= 1_300, "{} ms", reports[3].0 - answered - 8_000);
}

#[test]
fn every_tone_of_refusal_ends_the_call_with_its_cause() {
    for (kind, cause) in [
        (ToneKind::Busy, LineCause::Busy),
        (ToneKind::Congestion, LineCause::Congestion),
        (ToneKind::Unobtainable, LineCause::Unobtainable),
        (ToneKind::Sit, LineCause::Unobtainable),
        (ToneKind::Dial, LineCause::NotDialled),
        (ToneKind::Howler, LineCause::Busy),
    ] {
        let mut exchange = Exchange::new(&TonePlan::cn(), Far::Tone(kind));
        let reports = call(FxoConfig::new(AnswerDetection::PolarityReversal), &mut exchange);
        assert_eq!(
            names(&reports),
            [FxoReport::Dialled, FxoReport::Ended(cause), FxoReport::Free],
            "{kind:?}"
        );
        assert!(reports[1].0 - reports[0].0 <= 3_000, "{kind:?}: {reports:?}");
    }
}

#[test]
fn a_callee_who_never_answers_is_no_answer_by_the_exchange_or_by_our_limit() {
    let mut exchange = Exchange::new(&TonePlan::cn(), Far::RingsOut { after_ms: 20_000 });
    let reports = call(FxoConfig::new(AnswerDetection::PolarityReversal), &mut exchange);
    assert_eq!(reports[2].1, FxoReport::Ended(LineCause::NoAnswer));
    assert!(reports[2].0 - reports[0].0 <= 22_000);

    let mut exchange = Exchange::new(&TonePlan::cn(), Far::Nothing);
    let reports = call(FxoConfig::new(AnswerDetection::PolarityReversal), &mut exchange);
    assert_eq!(reports[1].1, FxoReport::Ended(LineCause::NoProgress));
    assert_eq!(reports[1].0 - reports[0].0, 60_000);
}

#[test]
fn without_dial_tone_no_digit_leaves_the_line() {
    let mut exchange = Exchange::new(&TonePlan::cn(), Far::Nothing);
    exchange.dial_tone = false;
    let reports = call(FxoConfig::new(AnswerDetection::PolarityReversal), &mut exchange);
    assert_eq!(names(&reports), [FxoReport::Ended(LineCause::NoDialTone), FxoReport::Free]);
    assert_eq!(exchange.digits, "");
}

#[test]
fn l_23_who_calls_in_is_told_between_the_rings_and_the_hook_is_not_touched() {
    let mut line = Fxo::new(FxoConfig::new(AnswerDetection::PolarityReversal));
    let mut audio = FxoAudio::new(&TonePlan::cn());
    let message = fsk(&single("03171656", "2156430144"), &Fsk::BELL_202);
    let mut samples = vec![0; 4_000];
    samples.extend(message);
    samples.resize(samples.len() + 1_600, 0);
    let mut out = Vec::new();
    let mut callers = Vec::new();
    line.step(Millis(0), FxoInput::Line(LineEvent::RingBegins), &mut out);
    line.step(Millis(1_000), FxoInput::Line(LineEvent::RingEnds), &mut out);
    for (n, block) in samples.as_chunks::<160>().0.iter().enumerate() {
        for output in out.drain(..) {
            match output {
                FxoOutput::Audio(order) => audio.order(order),
                FxoOutput::Report(FxoReport::Caller(raw)) => callers.push(CallerId::read(&raw)),
                FxoOutput::Report(report) => assert_eq!(report, FxoReport::Incoming),
                FxoOutput::Signal(signal) => panic!("{signal:?}"),
            }
        }
        if let Some(told) = audio.block(block, &mut [0; 160]) {
            line.step(Millis(1_000 + 20 * n as u64), FxoInput::Ear(told), &mut out);
        }
    }
    let caller = callers[0].as_ref().expect("it can be read");
    assert_eq!(caller.number.as_ref().map(|number| number.reveal().as_str()), Some("2156430144"));
}
