//! How much of the last 40 ms lies in the bands of a tone.
//!
//! A frequency that may be off by so many hertz is not one line of a spectrum but a band. The Goertzel sums over one
//! frequency would lose up to 60 % of a tone at the edge of 450 ± 25 Hz; so for every group of frequencies a few
//! oscillations that span its bands are made orthogonal once, and the power that they explain is what counts. Of white
//! noise they explain only their number's share of the 320 samples. Where a tone has two frequencies, each must explain
//! what the other cannot.

use super::HOP;
use crate::plan::{TonePlan, ToneSpec};
use media::dtmf::generate::amplitude_of_dbm0;
use std::f64::consts::TAU;

/// Samples looked at.
pub(super) const WINDOW: usize = 4 * HOP;

/// The last 40 ms.
#[derive(Debug)]
pub(super) struct Bank {
    window: [f32; WINDOW],
    energy: f32,
}

impl Bank {
    pub(super) const fn new() -> Self {
        Self { window: [0.0; WINDOW], energy: 0.0 }
    }

    pub(super) fn push(&mut self, half: &[i16; HOP]) {
        self.window.copy_within(HOP.., 0);
        for (to, from) in self.window[WINDOW - HOP..].iter_mut().zip(half) {
            *to = f32::from(*from);
        }
        self.energy = dot(&self.window, &self.window);
    }

    pub(super) const fn window(&self) -> &[f32; WINDOW] {
        &self.window
    }

    /// Mean power of a sample.
    pub(super) fn level(&self) -> f32 {
        self.energy / WINDOW as f32
    }
}

type Basis = Vec<[f32; WINDOW]>;

/// The groups of frequencies that sound together anywhere in a plan.
#[derive(Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    least_power: f32,
}

struct Group {
    hz: Vec<f64>,
    tolerance_hz: f64,
    /// Spans the first band, then what the second adds.
    joint: Basis,
    /// How many of it belong to the first band.
    first: usize,
    /// Spans the second band alone.
    second: Basis,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Group({:?} Hz)", self.hz)
    }
}

impl Groups {
    pub(super) fn of(plan: &TonePlan) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for tone in plan.tones() {
            for step in tone.steps() {
                if !step.hz().is_empty() && !groups.iter().any(|group| group.is(tone, step.hz())) {
                    groups.push(Group::new(step.hz(), tone.tolerance_hz));
                }
            }
        }
        let amplitude = amplitude_of_dbm0(LEAST_DBM0);
        Self { groups, least_power: (amplitude * amplitude / 2.0) as f32 }
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The group of a sounding step.
    pub(super) fn of_step(&self, tone: &ToneSpec, hz: &[f64]) -> Option<usize> {
        self.groups.iter().position(|group| group.is(tone, hz))
    }

    /// Whether a group sounds; a sound that is on is let go of later than it is taken for one.
    pub(super) fn sounds(&self, at: usize, bank: &Bank, was_on: bool) -> bool {
        if bank.level() < self.least_power {
            return false;
        }
        let group = &self.groups[at];
        let joint = explained(&group.joint, &bank.window);
        let share = if was_on { LEAVE_SHARE } else { ENTER_SHARE };
        if joint < share * bank.energy {
            return false;
        }
        if group.second.is_empty() {
            return true;
        }
        let of_second = joint - explained(&group.joint[..group.first], &bank.window);
        let of_first = joint - explained(&group.second, &bank.window);
        of_first.min(of_second) >= LEAST_OF_TWO * joint
    }
}

impl Group {
    fn new(hz: &[f64], tolerance_hz: f64) -> Self {
        let mut group =
            Self { hz: hz.to_vec(), tolerance_hz, joint: Vec::new(), first: 0, second: Vec::new() };
        for (n, hz) in hz.iter().enumerate() {
            add_band(&mut group.joint, *hz, tolerance_hz);
            if n == 0 {
                group.first = group.joint.len();
            } else {
                add_band(&mut group.second, *hz, tolerance_hz);
            }
        }
        group
    }

    #[expect(clippy::float_cmp, reason = "both come from the same text")]
    fn is(&self, tone: &ToneSpec, hz: &[f64]) -> bool {
        self.hz == hz && self.tolerance_hz == tone.tolerance_hz
    }
}

/// Makes oscillations over a band orthogonal to what is there, and adds them.
fn add_band(basis: &mut Basis, hz: f64, tolerance_hz: f64) {
    let seconds = WINDOW as f64 / 8_000.0;
    let count = (2.0 * tolerance_hz * seconds / SPACING).ceil() as usize + 1;
    for n in 0..count {
        let at = hz - tolerance_hz + 2.0 * tolerance_hz * n as f64 / (count - 1) as f64;
        for quarter in [0.0, 0.25] {
            let wave: Vec<f64> =
                (0..WINDOW).map(|n| (TAU * (at * n as f64 / 8_000.0 + quarter)).sin()).collect();
            add_orthogonal(basis, wave);
        }
    }
}

fn add_orthogonal(basis: &mut Basis, mut wave: Vec<f64>) {
    let before = norm(&wave);
    // Twice, as the first pass leaves what rounding makes of nearly equal waves.
    for _ in 0..2 {
        for known in basis.iter() {
            let along: f64 = wave.iter().zip(known).map(|(a, b)| a * f64::from(*b)).sum();
            for (sample, other) in wave.iter_mut().zip(known) {
                *sample -= along * f64::from(*other);
            }
        }
    }
    let left = norm(&wave);
    if left > before * NEW_ENOUGH {
        let mut vector = [0.0; WINDOW];
        for (to, from) in vector.iter_mut().zip(wave) {
            *to = (from / left) as f32;
        }
        basis.push(vector);
    }
}

fn norm(wave: &[f64]) -> f64 {
    wave.iter().map(|sample| sample * sample).sum::<f64>().sqrt()
}

fn explained(basis: &[[f32; WINDOW]], window: &[f32; WINDOW]) -> f32 {
    basis.iter().map(|vector| dot(vector, window)).map(|along| along * along).sum()
}

fn dot(a: &[f32; WINDOW], b: &[f32; WINDOW]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// Sums kept apart so that the compiler can use vectors.
const LANES: usize = 8;
/// Tones of −40 dBm0 are heard, also where a window holds only half of one.
const LEAST_DBM0: f64 = -43.0;
/// Of the power, a tone must have this share: 4 dB above what else sounds.
const ENTER_SHARE: f32 = 0.70;
/// And keeps being one down to this.
const LEAVE_SHARE: f32 = 0.55;
/// Of a tone of two frequencies, what each alone must explain: 10 dB between them leave 0.09.
const LEAST_OF_TWO: f32 = 0.05;
/// Oscillations lie this far apart, in parts of the window's resolution.
const SPACING: f64 = 0.7;
/// A wave that is this much explained already adds nothing but rounding.
const NEW_ENOUGH: f64 = 0.02;
