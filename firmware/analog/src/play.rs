//! Tones as samples, block by block: for telephones on FXS ports and for tests. It hears nothing.

use crate::Block;
use crate::plan::{MAX_HZ_OF_STEP, MAX_STEPS, ToneSpec};
use media::dtmf::generate::amplitude_of_dbm0;
use std::f64::consts::TAU;

/// Plays one tone of a plan for as long as it is asked to. It is a value of fixed size: making it takes no memory.
#[derive(Debug, Clone, Copy)]
pub struct TonePlayer {
    steps: [Played; MAX_STEPS],
    len: usize,
    repeat: bool,
    at: usize,
    sample: u32,
    phases: [f64; MAX_HZ_OF_STEP],
    amplitude: f64,
    ramp: Option<Ramp>,
}

#[derive(Debug, Clone, Copy)]
struct Played {
    turns: [f64; MAX_HZ_OF_STEP],
    count: usize,
    /// 0 is for ever.
    samples: u32,
}

/// The howler grows louder.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    gain: f64,
    step: f64,
}

impl TonePlayer {
    /// At this level in dBm0; the power of a tone of two frequencies is shared between them.
    #[must_use]
    pub fn new(spec: &ToneSpec, dbm0: f64) -> Self {
        let silent = Played { turns: [0.0; MAX_HZ_OF_STEP], count: 0, samples: 0 };
        let mut player = Self {
            steps: [silent; MAX_STEPS],
            len: spec.steps().len().min(MAX_STEPS),
            repeat: spec.repeats(),
            at: 0,
            sample: 0,
            phases: [0.0; MAX_HZ_OF_STEP],
            amplitude: amplitude_of_dbm0(dbm0),
            ramp: None,
        };
        for (played, step) in player.steps.iter_mut().zip(spec.steps()) {
            played.samples = step.ms.unwrap_or(0) * 8;
            for (turn, hz) in played.turns.iter_mut().zip(step.hz()) {
                *turn = TAU * hz / 8_000.0;
                played.count += 1;
            }
        }
        player
    }

    /// As an exchange plays it whose frequencies are off by so many hertz and whose times by so many percent.
    #[must_use]
    pub fn off_by(mut self, hz: f64, percent: f64) -> Self {
        for step in &mut self.steps[..self.len] {
            step.samples = (f64::from(step.samples) * (1.0 + percent / 100.0)).round() as u32;
            for turn in &mut step.turns[..step.count] {
                *turn += TAU * hz / 8_000.0;
            }
        }
        self
    }

    /// Begins this much below its level and reaches it after so many seconds.
    #[must_use]
    pub fn rising(mut self, from_db: f64, seconds: f64) -> Self {
        let gain = 10f64.powf(-from_db.abs() / 20.0);
        self.ramp = Some(Ramp { gain, step: gain.recip().powf(1.0 / (8_000.0 * seconds.max(0.1))) });
        self
    }

    /// Adds the next block of the tone to what is there; `false` once the tone is over.
    pub fn add(&mut self, block: &mut Block) -> bool {
        for sample in block.iter_mut() {
            let Some(value) = self.next() else { return false };
            let sum = f64::from(*sample) + value;
            *sample = sum.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
        }
        true
    }

    fn next(&mut self) -> Option<f64> {
        let step = *self.steps[..self.len].get(self.at)?;
        let mut value = 0.0;
        for (phase, turn) in self.phases.iter_mut().zip(&step.turns[..step.count]) {
            value += phase.sin();
            *phase = (*phase + turn) % TAU;
        }
        if step.count > 1 {
            value /= (step.count as f64).sqrt();
        }
        self.sample += 1;
        if step.samples != 0 && self.sample >= step.samples {
            self.sample = 0;
            self.phases = [0.0; MAX_HZ_OF_STEP];
            self.at += 1;
            if self.at == self.len && self.repeat {
                self.at = 0;
            }
        }
        let gain = self.ramp.as_mut().map_or(1.0, |ramp| {
            ramp.gain = (ramp.gain * ramp.step).min(1.0);
            ramp.gain
        });
        Some(value * self.amplitude * gain)
    }
}
