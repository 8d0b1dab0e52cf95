//! Takes the low group of DTMF (697 to 941 Hz, Q.23) out of what somebody says, so that no key played into a handset
//! reaches an exchange, however short, loud or bent its tones are: a receiver wants both groups at about one level (Q.24).
//! Speech stays understandable. It detects nothing and never allocates.

use crate::units::PcmFrame;
use std::f64::consts::PI;

/// The filter, with what it has heard.
#[derive(Debug, Clone)]
pub struct LowGroupStop {
    notches: [Notch; NOTCHES_HZ.len()],
}

impl Default for LowGroupStop {
    fn default() -> Self {
        Self { notches: NOTCHES_HZ.map(Notch::at) }
    }
}

impl LowGroupStop {
    /// Filters 20 ms in their place.
    pub fn process(&mut self, pcm: &mut PcmFrame) {
        for sample in pcm {
            let out = self.notches.iter_mut().fold(f64::from(*sample), |signal, notch| notch.turn(signal));
            *sample = out.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
        }
    }
}

/// A notch: zeros on the unit circle, poles beside them; of gain one at 0 Hz.
#[derive(Debug, Clone, Copy)]
struct Notch {
    zero: f64,
    pole: f64,
    gain: f64,
    heard: [f64; 2],
    told: [f64; 2],
}

impl Notch {
    fn at(hz: f64) -> Self {
        let zero = -2.0 * (2.0 * PI * hz / RATE_HZ).cos();
        let pole = RADIUS * zero;
        let gain = (1.0 + pole + RADIUS * RADIUS) / (2.0 + zero);
        Self { zero, pole, gain, heard: [0.0; 2], told: [0.0; 2] }
    }

    fn turn(&mut self, signal: f64) -> f64 {
        let input = signal * self.gain;
        let out = input + self.zero * self.heard[0] + self.heard[1]
            - self.pole * self.told[0]
            - RADIUS * RADIUS * self.told[1];
        self.heard = [input, self.heard[0]];
        self.told = [out, self.told[0]];
        out
    }
}

/// Between them they leave 50 dB less of everything from 672 to 976 Hz: the low group with 3.5 % on both sides, twice what
/// a receiver takes for a key (Q.24: 1.5 % to 3.5 %).
const NOTCHES_HZ: [f64; 6] = [680.0, 730.0, 790.0, 860.0, 930.0, 970.0];
const RADIUS: f64 = 0.85;
const RATE_HZ: f64 = crate::units::SAMPLE_RATE_HZ as f64;

#[cfg(test)]
mod tests {
    use super::LowGroupStop;
    use crate::dtmf::generate::{COLUMNS_HZ, ROWS_HZ, add_tone};
    use crate::dtmf::inband::InBandDetector;
    use crate::units::{FRAME_SAMPLES, PcmFrame};

    /// So many frames of these tones, in one piece.
    fn frames(tones: &[(f64, f64)], count: usize) -> Vec<PcmFrame> {
        let mut pcm = vec![0; count * FRAME_SAMPLES];
        for (hz, dbm0) in tones {
            add_tone(*hz, *dbm0, &mut pcm);
        }
        pcm.as_chunks::<FRAME_SAMPLES>().0.to_vec()
    }

    fn power(frames: &[PcmFrame]) -> f64 {
        frames.iter().flatten().map(|sample| f64::from(*sample).powi(2)).sum::<f64>()
    }

    #[test]
    fn no_key_however_it_is_bent_or_twisted_is_heard_behind_it() {
        for row in ROWS_HZ {
            for column in COLUMNS_HZ {
                for bent in [0.985, 1.0, 1.015] {
                    for (low, high) in [(-3.0, -3.0), (-8.0, -10.0), (-22.0, -20.0)] {
                        let said = frames(&[(row * bent, low), (column * bent, high)], 10);
                        let (mut stop, mut before, mut behind) =
                            (LowGroupStop::default(), InBandDetector::new(), InBandDetector::new());
                        assert!(said.iter().any(|frame| before.process(frame).is_some()), "{row} {column}");
                        for mut frame in said {
                            stop.process(&mut frame);
                            assert!(behind.process(&frame).is_none(), "{row} {column} {bent} {low}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_low_group_is_gone_by_forty_decibels_and_speech_around_it_stays() {
        let left = |hz: f64| {
            let said = frames(&[(hz, -6.0)], 20);
            let mut stop = LowGroupStop::default();
            let mut heard = said.clone();
            heard.iter_mut().for_each(|frame| stop.process(frame));
            // What rings while the filter settles is left out.
            10.0 * (power(&heard[5..]) / power(&said[5..])).log10()
        };
        for hz in [672.0, 697.0, 733.0, 770.0, 811.0, 852.0, 896.0, 941.0, 974.0] {
            assert!(left(hz) < -40.0, "{hz} Hz: {:.1} dB", left(hz));
        }
        for hz in [200.0, 300.0, 400.0, 1_400.0, 1_700.0, 2_200.0, 3_000.0] {
            assert!(left(hz) > -6.0, "{hz} Hz: {:.1} dB", left(hz));
        }
    }
}
