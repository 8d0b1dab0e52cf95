//! The in-band detector against the limits of ITU-T Q.24, over seeded noise and A-law.

mod common;

use common::Random;
use media::dtmf::Digit;
use media::dtmf::generate::{ToneShape, add_digit, add_tone, amplitude_of_dbm0};
use media::dtmf::inband::InBandDetector;
use media::g711::Law;

const KEYS: &str = "0123456789*#ABCD";

/// `lead` samples of nothing, `on` samples of the tone, silence up to a second, with noise of
/// this level in dBm0, through A-law.
fn line(digit: char, shape: &ToneShape, lead: usize, on: usize, noise: Option<f64>, seed: u64) -> Vec<i16> {
    let mut samples = vec![0i16; 8_000];
    let digit = Digit::from_char(digit).expect("a key");
    add_digit(digit, shape, &mut samples[lead..lead + on]);
    through_line(&mut samples, noise, seed);
    samples
}

fn through_line(samples: &mut [i16], noise: Option<f64>, seed: u64) {
    let mut random = Random(seed);
    let sigma = noise.map_or(0.0, |dbm0| amplitude_of_dbm0(dbm0) / 2f64.sqrt());
    for sample in samples {
        let noisy = f64::from(*sample) + sigma * random.gauss();
        let noisy = noisy.clamp(-32_768.0, 32_767.0) as i16;
        *sample = Law::A.decode(Law::A.encode(noisy));
    }
}

fn heard(samples: &[i16]) -> String {
    let mut detector = InBandDetector::new();
    samples
        .as_chunks::<160>()
        .0
        .iter()
        .filter_map(|frame| detector.process(frame))
        .map(Digit::as_char)
        .collect()
}

#[test]
fn every_key_of_40_ms_is_heard_once_at_every_phase_of_the_frames() {
    for key in KEYS.chars() {
        for lead in (0..320).step_by(13) {
            let samples = line(key, &ToneShape::default(), lead, 320, None, 1);
            assert_eq!(heard(&samples), key.to_string(), "lead {lead}");
        }
    }
}

#[test]
fn a_long_press_is_one_digit_and_presses_after_40_ms_of_pause_are_separate() {
    assert_eq!(heard(&line('5', &ToneShape::default(), 100, 6_000, None, 1)), "5");
    for lead in (0..160).step_by(11) {
        let mut samples = vec![0i16; 8_000];
        let five = Digit::from_char('5').expect("a key");
        for n in 0..6 {
            let start = lead + n * 720;
            add_digit(five, &ToneShape::default(), &mut samples[start..start + 400]);
        }
        through_line(&mut samples, None, 1);
        assert_eq!(heard(&samples), "555555", "lead {lead}");
    }
}

#[test]
fn an_interruption_of_10_ms_does_not_split_a_press() {
    for lead in (0..160).step_by(11) {
        let mut samples = line('8', &ToneShape::default(), lead, 1_600, None, 1);
        samples[lead + 800..lead + 880].fill(0);
        assert_eq!(heard(&samples), "8", "lead {lead}");
    }
}

#[test]
fn a_burst_of_23_ms_is_no_digit() {
    for key in KEYS.chars() {
        for lead in (0..320).step_by(7) {
            let samples = line(key, &ToneShape::default(), lead, 184, None, 1);
            assert_eq!(heard(&samples), "", "{key} lead {lead}");
        }
    }
}

#[test]
fn frequencies_within_1_5_percent_are_heard_and_beyond_3_5_percent_are_not() {
    for key in KEYS.chars() {
        for (row, column) in [(0.015, 0.015), (-0.015, -0.015), (0.015, -0.015), (-0.015, 0.015)] {
            let shape = ToneShape { row_offset: row, column_offset: column, ..ToneShape::default() };
            assert_eq!(heard(&line(key, &shape, 57, 400, Some(-35.0), 3)), key.to_string(), "{row} {column}");
        }
        for off in [0.035, -0.035, 0.045, -0.045, 0.06, -0.06] {
            let row = ToneShape { row_offset: off, ..ToneShape::default() };
            let column = ToneShape { column_offset: off, ..ToneShape::default() };
            for shape in [row, column] {
                let got = heard(&line(key, &shape, 57, 800, Some(-45.0), 3));
                assert!(!got.contains(key), "{key} {shape:?}");
            }
        }
    }
}

#[test]
fn twist_of_plus_4_and_minus_8_db_is_heard_and_far_more_is_not() {
    for key in KEYS.chars() {
        for (row, column, wanted) in
            [(-12.0, -8.0, true), (-8.0, -16.0, true), (-20.0, -8.0, false), (-5.0, -19.0, false)]
        {
            let shape = ToneShape { row_dbm0: row, column_dbm0: column, ..ToneShape::default() };
            let got = heard(&line(key, &shape, 33, 400, Some(-45.0), 5));
            assert_eq!(got == key.to_string(), wanted, "{key} {row} {column}: {got:?}");
        }
    }
}

#[test]
fn levels_from_0_to_minus_29_dbm0_are_heard_and_minus_38_is_not() {
    for key in KEYS.chars() {
        for level in [0.0, -3.0, -10.0, -20.0, -25.0, -29.0] {
            let shape = ToneShape { row_dbm0: level, column_dbm0: level, ..ToneShape::default() };
            assert_eq!(heard(&line(key, &shape, 90, 400, None, 5)), key.to_string(), "{level}");
        }
        let faint = ToneShape { row_dbm0: -38.0, column_dbm0: -38.0, ..ToneShape::default() };
        assert_eq!(heard(&line(key, &faint, 90, 800, None, 5)), "", "{key}");
    }
}

#[test]
fn a_signal_to_noise_ratio_of_15_db_is_enough_for_a_thousand_keys() {
    let mut missed = 0;
    for n in 0..1_000u64 {
        let key = KEYS.chars().nth(n as usize % 16).expect("a key");
        let shape = ToneShape { row_dbm0: -13.0, column_dbm0: -13.0, ..ToneShape::default() };
        let samples = line(key, &shape, n as usize % 320, 400, Some(-25.0), n);
        missed += u32::from(heard(&samples) != key.to_string());
    }
    assert!(missed <= 2, "{missed} of 1,000 missed or doubled");
}

#[test]
fn noise_single_tones_and_call_progress_tones_are_no_digits() {
    for seed in 0..20 {
        let mut samples = vec![0i16; 80_000];
        through_line(&mut samples, Some(-12.0), seed);
        assert_eq!(heard(&samples), "", "noise {seed}");
    }
    for hz in [350.0, 425.0, 440.0, 450.0, 697.0, 770.0, 852.0, 941.0, 1_004.0, 1_209.0, 1_477.0, 2_100.0] {
        let mut samples = vec![0i16; 16_000];
        add_tone(hz, -8.0, &mut samples);
        through_line(&mut samples, Some(-50.0), 2);
        assert_eq!(heard(&samples), "", "{hz} Hz");
    }
}

/// Talk-off: 20 minutes of speech-like sound — a gliding voice with formants, syllables, breath.
#[test]
fn speech_like_sound_of_twenty_minutes_gives_no_more_than_one_false_digit() {
    let mut random = Random(42);
    let mut detector = InBandDetector::new();
    let mut false_digits = 0;
    let mut phase = 0.0f64;
    let mut pitch = 140.0;
    let mut formants = [500.0, 1_500.0, 2_500.0];
    for _syllable in 0..6_000 {
        let glide = random.unit() * 0.4;
        let target = 90.0 + 130.0 * (random.unit() + 1.0);
        for formant in &mut formants {
            *formant *= 1.0 + 0.3 * random.unit();
        }
        formants = [
            formants[0].clamp(300.0, 900.0),
            formants[1].clamp(900.0, 2_300.0),
            formants[2].clamp(2_000.0, 3_300.0),
        ];
        for frame in 0..10 {
            let mut pcm = [0i16; 160];
            for (n, sample) in pcm.iter_mut().enumerate() {
                pitch += (target * (1.0 + glide) - pitch) * 0.0005;
                phase += pitch / 8_000.0;
                let envelope = ((frame * 160 + n) as f64 / 1_600.0 * std::f64::consts::PI).sin();
                let mut value = 0.0;
                for harmonic in 1..=(3_400.0 / pitch) as u32 {
                    let hz = pitch * f64::from(harmonic);
                    let gain: f64 = formants.iter().map(|f| 1.0 / (1.0 + ((hz - f) / 80.0).powi(2))).sum();
                    value += gain * (std::f64::consts::TAU * phase * f64::from(harmonic)).sin();
                }
                *sample =
                    (value * envelope * 6_000.0 + 60.0 * random.gauss()).clamp(-32_000.0, 32_000.0) as i16;
            }
            false_digits += u32::from(detector.process(&pcm).is_some());
        }
    }
    assert!(false_digits <= 1, "{false_digits} false digits");
}
