//! The call-progress tones: frequency, cadence, level, and no click where a loop joins.

use media::Law;
use media::dtmf::generate::amplitude_of_dbm0;
use media::prompt::{Clip, PromptId};
use media::tone::{beep, busy, ringback};

fn samples(clip: &Clip) -> Vec<i16> {
    clip.audio.iter().map(|octet| clip.law.decode(*octet)).collect()
}

/// Frequency by the rising zero crossings.
fn hz(samples: &[i16]) -> f64 {
    let crossings = samples.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
    crossings as f64 * 8_000.0 / samples.len() as f64
}

#[test]
fn ringback_is_450_hz_for_one_second_and_silent_for_four() {
    for law in [Law::A, Law::Mu] {
        let clip = ringback(PromptId(1), law);
        let samples = samples(&clip);
        assert_eq!(samples.len(), 40_000);
        assert!((hz(&samples[..8_000]) - 450.0).abs() <= 1.0);
        assert!(clip.audio[8_000..].iter().all(|octet| *octet == law.silence()));
    }
}

#[test]
fn tones_are_at_minus_10_dbm0() {
    for clip in [beep(PromptId(1), Law::A), ringback(PromptId(2), Law::A), busy(PromptId(3), Law::A)] {
        let samples = samples(&clip);
        let on = &samples[..1_600];
        let power = on.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 1_600.0;
        let wanted = amplitude_of_dbm0(-10.0).powi(2) / 2.0;
        assert!((power / wanted - 1.0).abs() < 0.07, "{power} for {wanted}");
    }
}

#[test]
fn tones_begin_and_end_near_zero() {
    for clip in [beep(PromptId(1), Law::A), ringback(PromptId(2), Law::A)] {
        let samples = samples(&clip);
        let on = if samples.len() > 8_000 { 8_000 } else { samples.len() };
        assert!(samples[0].unsigned_abs() < 100);
        // Whole periods: the last sample is one step before zero, at most 0.71 of the peak.
        assert!(f64::from(samples[on - 1].unsigned_abs()) < 0.75 * amplitude_of_dbm0(-10.0));
    }
}
