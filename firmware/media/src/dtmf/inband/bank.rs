//! The eight-frequency analysis: weighted correlations of two half-windows, and what they say.

use std::f32::consts::TAU;

use crate::dtmf::generate::{COLUMNS_HZ, ROWS_HZ};

/// Samples of a half-window.
const HALF: usize = 80;
const TONES: usize = 8;
/// Sums kept apart so that the compiler can use vectors.
const LANES: usize = 8;

/// Cosine and sine, under the rising and the falling half of the window.
#[derive(Clone, Copy)]
struct Table {
    rising: [[f32; HALF]; 2],
    falling: [[f32; HALF]; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Complex {
    re: f32,
    im: f32,
}

impl Complex {
    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn conjugate(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }
}

/// Tables and the half-window before.
pub(super) struct Bank {
    tables: [Table; TONES],
    /// Phase advance of each tone over a half-window.
    advance: [Complex; TONES],
    weights: [f32; HALF],
    rising: [Complex; TONES],
    rising_energy: f32,
}

impl std::fmt::Debug for Bank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bank")
    }
}

impl Default for Bank {
    fn default() -> Self {
        let mut weights = [0.0; HALF];
        for (n, weight) in weights.iter_mut().enumerate() {
            let angle = TAU * (n as f32 + 0.5) / (2 * HALF) as f32;
            *weight = 0.5 - 0.5 * angle.cos();
        }
        let mut bank = Self {
            tables: [Table { rising: [[0.0; HALF]; 2], falling: [[0.0; HALF]; 2] }; TONES],
            advance: [Complex::default(); TONES],
            weights,
            rising: [Complex::default(); TONES],
            rising_energy: 0.0,
        };
        for tone in 0..TONES {
            let step = TAU * frequency(tone) / 8_000.0;
            for (n, weight) in weights.iter().enumerate() {
                let (sin, cos) = (step * n as f32).sin_cos();
                bank.tables[tone].rising[0][n] = cos * weight;
                bank.tables[tone].rising[1][n] = -sin * weight;
                bank.tables[tone].falling[0][n] = cos * (1.0 - weight);
                bank.tables[tone].falling[1][n] = -sin * (1.0 - weight);
            }
            let (sin, cos) = (step * HALF as f32).sin_cos();
            bank.advance[tone] = Complex { re: cos, im: sin };
        }
        bank
    }
}

impl Bank {
    /// Takes a half-window and gives the spectrum of the window that ends with it.
    pub(super) fn window(&mut self, block: &[i16; HALF]) -> Spectrum {
        let mut samples = [0.0f32; HALF];
        for (to, from) in samples.iter_mut().zip(block) {
            *to = f32::from(*from);
        }
        let (rising_energy, falling_energy) = self.energies(&samples);
        let mut spectrum = Spectrum {
            tones: [Complex::default(); TONES],
            mean_power: (self.rising_energy + falling_energy) / HALF as f32,
        };
        self.rising_energy = rising_energy;
        if rising_energy + falling_energy < QUIET_ENERGY && spectrum.mean_power < QUIET_POWER {
            self.rising = [Complex::default(); TONES];
            return spectrum;
        }
        for tone in 0..TONES {
            let table = &self.tables[tone];
            let falling =
                Complex { re: dot(&samples, &table.falling[0]), im: dot(&samples, &table.falling[1]) };
            // Phases count from the window's first sample.
            let falling = falling.times(self.advance[tone].conjugate());
            spectrum.tones[tone] =
                Complex { re: self.rising[tone].re + falling.re, im: self.rising[tone].im + falling.im };
            self.rising[tone] =
                Complex { re: dot(&samples, &table.rising[0]), im: dot(&samples, &table.rising[1]) };
        }
        spectrum
    }

    fn energies(&self, samples: &[f32; HALF]) -> (f32, f32) {
        let mut rising = 0.0;
        let mut all = 0.0;
        for (sample, weight) in samples.iter().zip(&self.weights) {
            let square = sample * sample;
            rising += square * weight;
            all += square;
        }
        (rising, all - rising)
    }
}

/// What a window holds at the eight frequencies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    tones: [Complex; TONES],
    mean_power: f32,
}

impl Spectrum {
    /// Row and column, when the window holds one tone of each group and little else.
    pub(super) fn pair(&self) -> Option<(usize, usize)> {
        let rows: [f32; 4] = std::array::from_fn(|n| self.tones[n].power() * SCALE);
        let columns: [f32; 4] = std::array::from_fn(|n| self.tones[4 + n].power() * SCALE);
        let row = strongest(&rows)?;
        let column = strongest(&columns)?;
        let (low, high) = (rows[row], columns[column]);
        let loud = low >= LEAST_POWER && high >= LEAST_POWER;
        let twisted = high > low * MOST_FORWARD_TWIST || low > high * MOST_REVERSE_TWIST;
        let pure = low + high >= self.mean_power * LEAST_SHARE;
        (loud && !twisted && pure).then_some((row, column))
    }

    /// The powers of a pair's two tones.
    pub(super) fn powers(&self, pair: (usize, usize)) -> [f32; 2] {
        [self.tones[pair.0].power() * SCALE, self.tones[4 + pair.1].power() * SCALE]
    }

    /// Whether both tones advanced their phase as tones within ±1.5 % do, and hold nearly all
    /// of the window's power when what the offset costs is made good.
    pub(super) fn is_on_frequency(&self, before: &Spectrum, pair: (usize, usize)) -> bool {
        let mut power = 0.0;
        for tone in [pair.0, 4 + pair.1] {
            let offset_hz = self.offset_hz(before, tone);
            if offset_hz.abs() > frequency(tone) * WIDEST_OFFSET {
                return false;
            }
            power += self.tones[tone].power() * SCALE / hann_gain(offset_hz / BIN_HZ);
        }
        power >= self.mean_power * LEAST_TRUE_SHARE
    }

    /// How far a tone is from its nominal frequency, by its phase advance.
    fn offset_hz(&self, before: &Spectrum, tone: usize) -> f32 {
        let expected = frequency(tone) * HALF as f32 / 8_000.0 * TAU;
        let turn = self.tones[tone].times(before.tones[tone].conjugate());
        let turns = (turn.im.atan2(turn.re) - expected) / TAU;
        (turns - turns.round()) * 8_000.0 / HALF as f32
    }
}

/// Power gain of the Hann window so many bins off its centre.
fn hann_gain(bins: f32) -> f32 {
    let x = bins * TAU / 2.0;
    if x.abs() < 1e-3 {
        return 1.0;
    }
    let gain = x.sin() / (x * (1.0 - bins * bins));
    gain * gain
}

fn frequency(tone: usize) -> f32 {
    let hz = if tone < 4 { ROWS_HZ[tone] } else { COLUMNS_HZ[tone - 4] };
    hz as f32
}

/// The strongest of a group, when it stands clear of the other three.
fn strongest(powers: &[f32; 4]) -> Option<usize> {
    let best = (0..4).max_by(|a, b| powers[*a].total_cmp(&powers[*b]))?;
    let clear = (0..4).all(|n| n == best || powers[n] * GROUP_MARGIN < powers[best]);
    clear.then_some(best)
}

fn dot(samples: &[f32; HALF], table: &[f32; HALF]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let samples = samples.as_chunks::<LANES>().0;
    let table = table.as_chunks::<LANES>().0;
    for (s, t) in samples.iter().zip(table) {
        for lane in 0..LANES {
            sums[lane] += s[lane] * t[lane];
        }
    }
    sums.iter().sum()
}

/// A sine of amplitude a gives |X| = a·80/2, and has the power a²/2.
const SCALE: f32 = 2.0 / (HALF * HALF) as f32;
/// −33 dBm0 per tone, below the −29 dBm0 that must be heard (Q.24: with 1.5 % off frequency).
const LEAST_POWER: f32 = 501.0 * 501.0 / 2.0;
/// +7 dB and −10.5 dB: +4 dB and −8 dB must be accepted (Q.24 annex A).
const MOST_FORWARD_TWIST: f32 = 5.01;
const MOST_REVERSE_TWIST: f32 = 11.2;
/// Of the window's power, the two tones must hold this much: speech does not.
const LEAST_SHARE: f32 = 0.70;
/// The same once the frequencies are known: 0.88 is what a tone's edge at 15 dB of noise leaves.
const LEAST_TRUE_SHARE: f32 = 0.83;
/// The window's bin.
const BIN_HZ: f32 = 50.0;
/// 6 dB within a group.
const GROUP_MARGIN: f32 = 4.0;
/// Between the ±1.5 % to be accepted and the ±3.5 % to be refused.
const WIDEST_OFFSET: f32 = 0.023;
/// Below this no tone of the least level can be in the window.
const QUIET_POWER: f32 = LEAST_POWER;
const QUIET_ENERGY: f32 = LEAST_POWER * HALF as f32;
