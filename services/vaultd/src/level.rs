//! How loud a prompt is: active speech level and peak in dBm0, and whether people could hear it well. It changes
//! no sound.
//!
//! 0 dBm0 is 3.14 dB below the overload of A-law (ITU-T G.711 §5); speech counts as active within 15.9 dB of its
//! own mean, as in ITU-T P.56.

use media::Law;
use thiserror::Error;

/// What was measured, in whole dBm0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Mean of the active speech.
    pub mean_dbm0: i32,
    /// Highest sample.
    pub peak_dbm0: i32,
}

/// Why a sound is no good prompt. Its author can make it better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LevelError {
    /// Too short to be understood, or too long to be heard out.
    #[error("the prompt lasts {ms} ms; it must last between {MIN_MS} and {MAX_MS} ms")]
    Length {
        /// Its length.
        ms: u64,
    },
    /// There is no speech in it.
    #[error("there is only silence in the prompt; record it anew")]
    Silent,
    /// Samples at the end of the scale.
    #[error("the prompt is distorted: it was recorded too loud; record it anew with less gain")]
    Clipped,
    /// The mean lies below the bound.
    #[error("the prompt is too quiet: {mean_dbm0} dBm0, at least {MIN_DBM0} are needed; raise its level")]
    Quiet {
        /// The mean.
        mean_dbm0: i32,
    },
    /// The mean lies above the bound.
    #[error("the prompt is too loud: {mean_dbm0} dBm0, at most {MAX_DBM0} are allowed; lower its level")]
    Loud {
        /// The mean.
        mean_dbm0: i32,
    },
}

impl LevelError {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length { .. } => "prompt-length",
            Self::Silent => "prompt-silent",
            Self::Clipped => "prompt-clipped",
            Self::Quiet { .. } => "prompt-quiet",
            Self::Loud { .. } => "prompt-loud",
        }
    }

    /// Chinese.
    #[must_use]
    pub fn text_zh(self) -> String {
        match self {
            Self::Length { ms } => {
                format!("语音时长为{ms}毫秒，须在{MIN_MS}至{MAX_MS}毫秒之间。")
            }
            Self::Silent => "语音中没有声音，请重新录制。".to_owned(),
            Self::Clipped => "语音录制音量过大而失真，请降低增益后重新录制。".to_owned(),
            Self::Quiet { mean_dbm0 } => {
                format!("语音音量过低（{mean_dbm0} dBm0），不得低于{MIN_DBM0} dBm0，请提高音量。")
            }
            Self::Loud { mean_dbm0 } => {
                format!("语音音量过高（{mean_dbm0} dBm0），不得高于{MAX_DBM0} dBm0，请降低音量。")
            }
        }
    }
}

/// Measures a prompt in A-law at 8 kHz.
///
/// # Errors
/// [`LevelError`] says what to do.
pub fn measure(alaw: &[u8]) -> Result<Level, LevelError> {
    let ms = alaw.len() as u64 / SAMPLES_A_MS;
    if !(MIN_MS..=MAX_MS).contains(&ms) {
        return Err(LevelError::Length { ms });
    }
    let mut clipped = 0;
    let mut peak = 0;
    let mut powers = Vec::with_capacity(alaw.len() / FRAME_SAMPLES + 1);
    for frame in alaw.chunks(FRAME_SAMPLES) {
        let mut power = 0.0;
        for octet in frame {
            let sample = Law::A.decode(*octet).unsigned_abs();
            peak = peak.max(sample);
            clipped += usize::from(sample >= CLIPPED_SAMPLE);
            power += f64::from(sample).powi(2);
        }
        powers.push(power / frame.len() as f64);
    }
    let mean = active_mean(&powers).ok_or(LevelError::Silent)?;
    if clipped * CLIPPED_ONE_OF > alaw.len() {
        return Err(LevelError::Clipped);
    }
    let mean_dbm0 = whole(dbm0(mean * 2.0));
    let peak_dbm0 = whole(dbm0(f64::from(peak).powi(2)));
    match mean_dbm0 {
        ..MIN_DBM0 => Err(LevelError::Quiet { mean_dbm0 }),
        MIN_DBM0..=MAX_DBM0 => Ok(Level { mean_dbm0, peak_dbm0 }),
        _ => Err(LevelError::Loud { mean_dbm0 }),
    }
}

/// The mean power of the frames in which somebody speaks; `None`: nobody does.
fn active_mean(powers: &[f64]) -> Option<f64> {
    let mut threshold = power_of(SILENCE_DBM0);
    let mut mean = None;
    for _ in 0..ROUNDS {
        let active: Vec<f64> = powers.iter().copied().filter(|power| *power > threshold).collect();
        if active.is_empty() {
            break;
        }
        let found = active.iter().sum::<f64>() / active.len() as f64;
        mean = Some(found);
        threshold = (found / 10_f64.powf(MARGIN_DB / 10.0)).max(power_of(SILENCE_DBM0));
    }
    mean
}

/// The level of a sine with this squared amplitude.
fn dbm0(squared_amplitude: f64) -> f64 {
    10.0 * (squared_amplitude.max(1.0) / OVERLOAD.powi(2)).log10() + OVERLOAD_DBM0
}

/// The mean power of a sine of this level.
fn power_of(level_dbm0: f64) -> f64 {
    OVERLOAD.powi(2) * 10_f64.powf((level_dbm0 - OVERLOAD_DBM0) / 10.0) / 2.0
}

#[expect(clippy::cast_possible_truncation, reason = "a level lies between -90 and 4")]
fn whole(level_dbm0: f64) -> i32 {
    level_dbm0.round() as i32
}

/// Shortest and longest prompt.
const MIN_MS: u64 = 100;
const MAX_MS: u64 = 120_000;
/// Bounds of the mean. Speech on the network stands at about -20 dBm0.
const MIN_DBM0: i32 = -33;
const MAX_DBM0: i32 = -6;
const SAMPLES_A_MS: u64 = 8;
const FRAME_SAMPLES: usize = 160;
const OVERLOAD: f64 = 32_768.0;
#[expect(clippy::approx_constant, reason = "the overload level of A-law, not the circle's number")]
const OVERLOAD_DBM0: f64 = 3.14;
/// Nobody speaks below this.
const SILENCE_DBM0: f64 = -50.0;
/// P.56: speech is active down to this below its mean.
const MARGIN_DB: f64 = 15.9;
const ROUNDS: usize = 8;
/// The highest step of A-law.
const CLIPPED_SAMPLE: u16 = 32_256;
/// One sample of so many may touch the end of the scale.
const CLIPPED_ONE_OF: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::{Law, Level, LevelError, measure};

    /// A tone of an amplitude, then silence.
    fn tone(amplitude: f64, ms: usize, silent_ms: usize) -> Vec<u8> {
        let sample = |n: usize| (n as f64 * 0.37).sin() * amplitude;
        let tone = (0..ms * 8).map(|n| Law::A.encode(sample(n) as i16));
        tone.chain(std::iter::repeat_n(0xd5, silent_ms * 8)).collect()
    }

    #[test]
    fn a_tone_has_the_level_that_g_711_gives_it() {
        // 9,000 of 32,768 lie 11.2 dB below the overload of +3.14 dBm0.
        assert_eq!(measure(&tone(9_000.0, 1_000, 0)), Ok(Level { mean_dbm0: -8, peak_dbm0: -8 }));
    }

    #[test]
    fn silence_around_the_speech_does_not_make_it_quieter() {
        let dense = measure(&tone(3_000.0, 1_000, 0)).unwrap();
        let sparse = measure(&tone(3_000.0, 1_000, 9_000)).unwrap();
        assert_eq!(dense, sparse);
        assert_eq!(dense.mean_dbm0, -18);
    }

    #[test]
    fn what_people_could_not_hear_well_is_refused_and_says_why() {
        assert_eq!(measure(&[0xd5; 8_000]), Err(LevelError::Silent));
        assert_eq!(measure(&tone(9_000.0, 99, 0)), Err(LevelError::Length { ms: 99 }));
        assert_eq!(measure(&vec![0xd5; 120_001 * 8]), Err(LevelError::Length { ms: 120_001 }));
        assert_eq!(measure(&tone(60_000.0, 1_000, 0)), Err(LevelError::Clipped));
        assert!(matches!(measure(&tone(400.0, 1_000, 0)), Err(LevelError::Quiet { mean_dbm0: ..-33 })));
        assert!(matches!(measure(&tone(20_000.0, 1_000, 0)), Err(LevelError::Loud { mean_dbm0: -1 })));
        for error in [LevelError::Silent, LevelError::Clipped, LevelError::Quiet { mean_dbm0: -40 }] {
            assert!(!error.to_string().is_empty() && !error.text_zh().is_ascii());
        }
    }
}
