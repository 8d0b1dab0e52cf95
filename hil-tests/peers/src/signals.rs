//! Generated signals, the same from the same seed: noise, a voice, keys and tones with everything a line does to them.
//!
//! They are generated, not recorded: a real voice and a real exchange may behave otherwise.

use media::Digit;
use media::dtmf::generate::{ToneShape, add_digit, amplitude_of_dbm0};
use media::g711::Law;
use std::f64::consts::TAU;

/// Seeded numbers (SplitMix64; Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly between two values.
    pub fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of so many.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// One of two values.
    pub fn either(&mut self, one: f64, other: f64) -> f64 {
        if self.below(2) == 0 { one } else { other }
    }

    /// Normally distributed, of variance 1 (sum of twelve).
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }
}

/// Silence.
#[must_use]
pub fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

/// Adds white noise of this power.
pub fn add_noise(samples: &mut [i16], dbm0: f64, random: &mut Random) {
    let scale = amplitude_of_dbm0(dbm0) / 2_f64.sqrt();
    for sample in samples {
        let value = f64::from(*sample) + random.normal() * scale;
        *sample = value.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
    }
}

/// What A-law makes of it.
pub fn through_a_law(samples: &mut [i16]) {
    for sample in samples {
        *sample = Law::A.decode(Law::A.encode(*sample));
    }
}

/// Keys, each with its own shape and length, between pauses.
#[must_use]
pub fn keys(keys: &[(Digit, ToneShape, usize, usize)]) -> Vec<i16> {
    let mut samples = silence(100);
    for (digit, shape, on_samples, off_samples) in keys {
        let mut tone = vec![0; *on_samples];
        add_digit(*digit, shape, &mut tone);
        samples.extend(tone);
        samples.resize(samples.len() + off_samples, 0);
    }
    samples
}

/// A voice: glottal pulses with a gliding pitch through three formants, syllables and pauses.
#[must_use]
pub fn voice(seconds: usize, dbm0: f64, random: &mut Random) -> Vec<i16> {
    let mut wave = Vec::with_capacity(seconds * 8_000);
    let mut formants = [Resonator::default(), Resonator::default(), Resonator::default()];
    let (mut phase, mut hz) = (0.0_f64, 130.0_f64);
    while wave.len() < seconds * 8_000 {
        let goal = random.between(85.0, 280.0);
        let length = random.between(900.0, 2_600.0) as usize;
        let breath = random.between(0.02, 0.4);
        for (formant, (low, high)) in
            formants.iter_mut().zip([(270.0, 850.0), (850.0, 2_300.0), (2_200.0, 3_200.0)])
        {
            formant.tune(random.between(low, high));
        }
        for n in 0..length {
            hz += (goal - hz) * 0.0006;
            phase += hz / 8_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let source = pulse + random.normal() * 0.05 * breath;
            let sum: f64 = formants.iter_mut().map(|formant| formant.next(source)).sum();
            wave.push(sum * (std::f64::consts::PI * n as f64 / length as f64).sin());
        }
        wave.resize(wave.len() + random.between(100.0, 3_000.0) as usize, 0.0);
    }
    wave.truncate(seconds * 8_000);
    let active: Vec<f64> = wave.iter().copied().filter(|value| value.abs() > 1e-6).collect();
    let power = active.iter().map(|value| value * value).sum::<f64>() / active.len().max(1) as f64;
    let scale = amplitude_of_dbm0(dbm0) / (2.0 * power).sqrt().max(1e-9);
    wave.iter().map(|value| (value * scale).clamp(-32_000.0, 32_000.0) as i16).collect()
}

/// A formant: two poles.
#[derive(Debug, Clone, Copy, Default)]
struct Resonator {
    a: f64,
    b: f64,
    last: [f64; 2],
}

impl Resonator {
    fn tune(&mut self, hz: f64) {
        let radius = (-std::f64::consts::PI * 80.0 / 8_000.0).exp();
        self.a = 2.0 * radius * (TAU * hz / 8_000.0).cos();
        self.b = -radius * radius;
    }

    fn next(&mut self, input: f64) -> f64 {
        let value = input + self.a * self.last[0] + self.b * self.last[1];
        self.last = [value, self.last[0]];
        value
    }
}
