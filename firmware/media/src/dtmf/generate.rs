//! DTMF tones as samples (ITU-T Q.23): for lines without telephone events and for tests.

use std::f64::consts::TAU;

use super::Digit;
use crate::units::SAMPLE_RATE_HZ;

/// The low group in Hz, by row.
pub const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// The high group in Hz, by column.
pub const COLUMNS_HZ: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// How a tone is made; the defaults are what Q.24 calls nominal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneShape {
    /// Level of the low tone in dBm0.
    pub row_dbm0: f64,
    /// Level of the high tone in dBm0.
    pub column_dbm0: f64,
    /// Relative error of the low frequency.
    pub row_offset: f64,
    /// Relative error of the high frequency.
    pub column_offset: f64,
}

impl Default for ToneShape {
    fn default() -> Self {
        Self { row_dbm0: -10.0, column_dbm0: -8.0, row_offset: 0.0, column_offset: 0.0 }
    }
}

/// Adds a digit's tones to `samples`, from phase zero.
pub fn add_digit(digit: Digit, shape: &ToneShape, samples: &mut [i16]) {
    let (row, column) = place(digit);
    add_tone(ROWS_HZ[row] * (1.0 + shape.row_offset), shape.row_dbm0, samples);
    add_tone(COLUMNS_HZ[column] * (1.0 + shape.column_offset), shape.column_dbm0, samples);
}

/// Adds one sine to `samples`, from phase zero.
pub fn add_tone(hz: f64, dbm0: f64, samples: &mut [i16]) {
    let amplitude = amplitude_of_dbm0(dbm0);
    let step = TAU * hz / f64::from(SAMPLE_RATE_HZ);
    for (n, sample) in samples.iter_mut().enumerate() {
        let value = f64::from(*sample) + amplitude * (step * n as f64).sin();
        *sample = value.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
    }
}

/// Peak amplitude of a sine: full scale of A-law is +3.14 dBm0 (ITU-T G.711 section 4).
#[must_use]
pub fn amplitude_of_dbm0(dbm0: f64) -> f64 {
    FULL_SCALE * 10f64.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
}

/// Row and column of a key on the pad.
pub(crate) fn place(digit: Digit) -> (usize, usize) {
    let at = PAD.iter().position(|key| *key == digit.as_char()).unwrap_or(0);
    (at / 4, at % 4)
}

/// The key of a row and column.
pub(crate) fn key_at(row: usize, column: usize) -> Option<Digit> {
    PAD.get(row * 4 + column).copied().and_then(Digit::from_char)
}

const PAD: [char; 16] = ['1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D'];
const FULL_SCALE: f64 = 32_256.0;
#[expect(clippy::approx_constant, reason = "a level of ITU-T G.711, not a circle's ratio")]
const FULL_SCALE_DBM0: f64 = 3.14;
