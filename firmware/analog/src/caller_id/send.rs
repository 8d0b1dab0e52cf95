//! Callers' numbers as an exchange sends them: messages, FSK and DTMF samples. For tests and test calls; the box never
//! sends a number on an FXO line.

use super::message::{MULTIPLE, NAME, NO_NUMBER, NUMBER, SINGLE, TIME};
use crate::dial::DtmfTiming;
use media::Digit;
use media::dtmf::generate::{ToneShape, add_digit, amplitude_of_dbm0};
use std::f64::consts::TAU;

/// A modulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fsk {
    /// Hertz of a one.
    pub mark_hz: f64,
    /// Hertz of a nought.
    pub space_hz: f64,
    /// Bits a second.
    pub baud: f64,
    /// Level.
    pub dbm0: f64,
    /// Bits of 0 and 1 in turn before the message; none off-hook.
    pub seizure_bits: usize,
    /// Bits of mark before the message.
    pub mark_bits: usize,
}

impl Fsk {
    /// Bell 202, as in China (YDN 069-1997) and North America.
    pub const BELL_202: Self = Self {
        mark_hz: 1_200.0,
        space_hz: 2_200.0,
        baud: 1_200.0,
        dbm0: -13.5,
        seizure_bits: 300,
        mark_bits: 180,
    };
    /// V.23, as in most of Europe (EN 300 659-1).
    pub const V23: Self = Self { mark_hz: 1_300.0, space_hz: 2_100.0, ..Self::BELL_202 };
}

/// A message with its length and checksum; a body is cut off at 255 octets.
#[must_use]
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let body = body.get(..usize::from(u8::MAX)).unwrap_or(body);
    let mut octets = vec![kind, u8::try_from(body.len()).unwrap_or(u8::MAX)];
    octets.extend_from_slice(body);
    let sum = octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet));
    octets.push(sum.wrapping_neg());
    octets
}

/// A single data message: `MMDDhhmm` and a number, or `P`, `O`.
#[must_use]
pub fn single(time: &str, number: &str) -> Vec<u8> {
    message(SINGLE, format!("{time}{number}").as_bytes())
}

/// A multiple data message.
#[must_use]
pub fn multiple(time: Option<&str>, number: Result<&str, char>, name: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut add = |kind: u8, value: &[u8]| {
        body.extend_from_slice(&[kind, u8::try_from(value.len()).unwrap_or(0)]);
        body.extend_from_slice(value);
    };
    if let Some(time) = time {
        add(TIME, time.as_bytes());
    }
    match number {
        Ok(number) => add(NUMBER, number.as_bytes()),
        Err(absence) => add(NO_NUMBER, absence.to_string().as_bytes()),
    }
    if let Some(name) = name {
        add(NAME, name);
    }
    message(MULTIPLE, &body)
}

/// The samples of a message, with the phase running on over all bits.
#[must_use]
pub fn fsk(octets: &[u8], form: &Fsk) -> Vec<i16> {
    let mut bits: Vec<bool> = (0..form.seizure_bits).map(|n| n % 2 == 1).collect();
    bits.extend(std::iter::repeat_n(true, form.mark_bits));
    for octet in octets {
        bits.push(false);
        bits.extend((0..8).map(|bit| octet >> bit & 1 == 1));
        bits.push(true);
    }
    bits.extend([true; 4]);
    let amplitude = amplitude_of_dbm0(form.dbm0);
    let count = (bits.len() as f64 * 8_000.0 / form.baud) as usize;
    let mut phase = 0.0_f64;
    let sample = |n: usize| {
        let bit = (n as f64 * form.baud / 8_000.0) as usize;
        let mark = bits.get(bit).copied().unwrap_or(true);
        phase = (phase + TAU * if mark { form.mark_hz } else { form.space_hz } / 8_000.0) % TAU;
        (phase.sin() * amplitude) as i16
    };
    (0..count).map(sample).collect()
}

/// The samples of keys.
#[must_use]
pub fn dtmf(keys: &str, timing: &DtmfTiming) -> Vec<i16> {
    let shape =
        ToneShape { row_dbm0: timing.low_dbm0, column_dbm0: timing.high_dbm0, ..ToneShape::default() };
    let mut samples = Vec::new();
    for digit in keys.chars().filter_map(Digit::from_char) {
        let mut tone = vec![0_i16; usize::from(timing.on_ms) * 8];
        add_digit(digit, &shape, &mut tone);
        samples.extend(tone);
        samples.resize(samples.len() + usize::from(timing.off_ms) * 8, 0);
    }
    samples
}
