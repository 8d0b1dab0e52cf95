//! Every tone of every built-in plan is heard as itself, and the rest as what it is. How many are missed over noise,
//! offsets and levels is measured in `hil-tests/peers`.

use super::{Heard, ProgressDetector};
use crate::plan::{ToneKind, TonePlan};
use crate::play::TonePlayer;

/// What a detector tells of these samples, with the block it told it in.
fn told(detector: &mut ProgressDetector, samples: &[i16]) -> Vec<(usize, Heard)> {
    let blocks = samples.as_chunks::<160>().0.iter().enumerate();
    blocks.filter_map(|(at, block)| detector.process(block).map(|heard| (at, heard))).collect()
}

fn heard(plan: &TonePlan, samples: &[i16]) -> Vec<Heard> {
    told(&mut ProgressDetector::new(plan), samples).into_iter().map(|(_, heard)| heard).collect()
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

fn play(player: TonePlayer, seconds: usize) -> Vec<i16> {
    let mut player = player;
    let mut samples = silence(seconds * 1_000);
    for block in samples.as_chunks_mut::<160>().0 {
        if !player.add(block) {
            break;
        }
    }
    samples
}

/// A tone after 300 ms of silence: a cadence is judged from its first whole sound on.
fn tone(plan: &TonePlan, kind: ToneKind, seconds: usize) -> Vec<i16> {
    let player = TonePlayer::new(plan.tone(kind).expect("the plan has it"), plan.level_dbm0());
    [silence(300), play(player, seconds)].concat()
}

/// Kinds that another of the plan cannot be told from, by design.
fn same(kind: ToneKind) -> ToneKind {
    // 40 ms of pause are too short to be seen: the line may be dialled on either.
    if kind == ToneKind::SpecialDial { ToneKind::Dial } else { kind }
}

#[test]
fn every_tone_of_every_built_in_plan_is_heard_as_itself_and_as_nothing_else() {
    for name in TonePlan::BUILT_IN {
        let plan = TonePlan::built_in(name).expect("it is built in");
        for spec in plan.tones() {
            let player = TonePlayer::new(spec, plan.level_dbm0());
            let samples = [silence(300), play(player, 14)].concat();
            let tones: Vec<ToneKind> = heard(&plan, &samples)
                .into_iter()
                .filter_map(|heard| match heard {
                    Heard::Tone(kind) => Some(same(kind)),
                    Heard::Voice | Heard::Silence => None,
                })
                .collect();
            assert_eq!(tones, [same(spec.kind)], "{name} {spec:?}");
        }
    }
}

#[test]
fn tones_are_told_as_soon_as_they_can_be_told_apart() {
    let cn = TonePlan::cn();
    let after_ms = |kind| {
        let told = told(&mut ProgressDetector::new(&cn), &tone(&cn, kind, 14));
        let (at, _) = told.into_iter().find(|(_, heard)| *heard == Heard::Tone(kind)).expect("it is heard");
        (at + 1) * 20 - 300
    };
    assert!(after_ms(ToneKind::Dial) <= 1_300);
    assert!(after_ms(ToneKind::Ringback) <= 1_300);
    assert!(after_ms(ToneKind::Busy) <= 1_150);
    assert!(after_ms(ToneKind::Congestion) <= 2_200);
    assert!(after_ms(ToneKind::Unobtainable) <= 2_500);
    assert!(after_ms(ToneKind::Sit) <= 1_100);
}

#[test]
fn a_tone_is_told_once_and_its_end_is_silence() {
    let cn = TonePlan::cn();
    let samples = [tone(&cn, ToneKind::Ringback, 20), silence(8_000)].concat();
    assert_eq!(heard(&cn, &samples), [Heard::Tone(ToneKind::Ringback), Heard::Silence]);
    let samples = [tone(&cn, ToneKind::Dial, 5), silence(3_000), tone(&cn, ToneKind::Busy, 5)].concat();
    assert_eq!(
        heard(&cn, &samples),
        [Heard::Tone(ToneKind::Dial), Heard::Silence, Heard::Tone(ToneKind::Busy)]
    );
}

#[test]
fn ringback_that_turns_into_busy_is_both() {
    let cn = TonePlan::cn();
    let samples = [tone(&cn, ToneKind::Ringback, 12), tone(&cn, ToneKind::Busy, 4)].concat();
    assert_eq!(heard(&cn, &samples), [Heard::Tone(ToneKind::Ringback), Heard::Tone(ToneKind::Busy)]);
}

#[test]
fn a_tone_joined_in_the_middle_is_judged_by_its_next_whole_sounds() {
    let cn = TonePlan::cn();
    let samples = tone(&cn, ToneKind::Busy, 6);
    for cut_ms in (300..1_000).step_by(37) {
        assert_eq!(heard(&cn, &samples[cut_ms * 8..]), [Heard::Tone(ToneKind::Busy)], "{cut_ms}");
    }
}

/// Syllables of 200 ms: a gliding pitch with falling harmonics, and pauses.
fn speech(seconds: usize) -> Vec<i16> {
    let mut phase = 0.0_f64;
    (0..seconds * 8_000)
        .map(|n| {
            let t = n as f64 / 8_000.0;
            let syllable = (t * 2.5).fract();
            let hz = 140.0 + 40.0 * (t * 1.3).sin() - 30.0 * syllable;
            phase = (phase + hz / 8_000.0).fract();
            let wave: f64 = (1..12)
                .map(|k| {
                    let formant = (-((f64::from(k) * hz - 600.0) / 500.0).powi(2)).exp() + 0.1;
                    (std::f64::consts::TAU * phase * f64::from(k)).sin() * formant
                })
                .sum();
            let envelope = if syllable < 0.5 { (syllable * std::f64::consts::TAU).sin() } else { 0.0 };
            (wave * envelope * 2_500.0) as i16
        })
        .collect()
}

#[test]
fn a_voice_is_heard_as_a_voice_within_half_a_second_and_as_no_tone() {
    for name in TonePlan::BUILT_IN {
        let plan = TonePlan::built_in(name).expect("it is built in");
        let told = told(&mut ProgressDetector::new(&plan), &[silence(300), speech(20)].concat());
        let (at, first) = told[0];
        assert_eq!(first, Heard::Voice);
        assert!(at * 20 <= 800, "{} ms", at * 20 - 300);
        assert!(told.iter().all(|(_, heard)| !matches!(heard, Heard::Tone(_))), "{told:?}");
    }
}

#[test]
fn a_voice_in_the_pause_of_ringback_is_heard() {
    let cn = TonePlan::cn();
    let ringback = tone(&cn, ToneKind::Ringback, 7);
    let samples = [&ringback, &speech(1)[..]].concat();
    assert_eq!(heard(&cn, &samples), [Heard::Tone(ToneKind::Ringback), Heard::Voice]);
}

#[test]
fn steady_tones_of_no_plan_and_noise_are_no_voice() {
    let cn = TonePlan::cn();
    for hz in [200.0, 300.0, 697.0, 1_000.0, 1_100.0, 2_100.0] {
        let samples = (0..80_000)
            .map(|n| ((std::f64::consts::TAU * hz * f64::from(n) / 8_000.0).sin() * 4_000.0) as i16);
        let samples: Vec<i16> = samples.collect();
        assert!(!heard(&cn, &samples).contains(&Heard::Voice), "{hz}");
    }
    let mut state = 1_u32;
    let noise: Vec<i16> = (0..80_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i16) / 16
        })
        .collect();
    let heard = heard(&cn, &noise);
    assert!(!heard.contains(&Heard::Voice), "{heard:?}");
    assert!(heard.iter().all(|heard| !matches!(heard, Heard::Tone(_))));
}

#[test]
fn what_was_heard_is_forgotten_on_reset() {
    let cn = TonePlan::cn();
    let mut detector = ProgressDetector::new(&cn);
    told(&mut detector, &tone(&cn, ToneKind::Dial, 3));
    assert_eq!(detector.current(), Some(Heard::Tone(ToneKind::Dial)));
    detector.reset();
    assert_eq!(detector.current(), None);
    assert_eq!(told(&mut detector, &tone(&cn, ToneKind::Dial, 3)).len(), 1);
}
