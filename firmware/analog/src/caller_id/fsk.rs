//! FSK at 1200 bit/s: mark 1200 or 1300 Hz, space 2200 or 2100 Hz, characters of eight bits with start and stop bit.
//!
//! For every sample the power at a mark and at a space frequency over one bit is compared; the two lie between Bell 202's
//! and V.23's so that one receiver serves both. A character begins where mark turns into space; its bits are read in
//! their middles. A message begins after the mark signal (80 bits or more; China sends 180).

use super::{CallerIdKind, MAX_MESSAGE, RawCallerId};
use crate::Block;
use media::dtmf::generate::amplitude_of_dbm0;
use std::f32::consts::TAU;

/// Samples of a bit, rounded up.
const BIT: usize = 7;

/// Hears messages.
pub(super) struct FskReceiver {
    /// Cosine and sine of mark and space over a bit.
    tables: [[f32; BIT]; 4],
    last: [f32; BIT],
    least: f32,
    /// Marks in a row, in samples.
    marks: u32,
    /// The comparison one sample before.
    before: f32,
    state: State,
    octets: [u8; MAX_MESSAGE],
    len: usize,
}

#[derive(Clone, Copy)]
enum State {
    /// Waits for the mark signal.
    Hunting,
    /// Waits for a start bit; the message has begun or not.
    Ready,
    /// In a character: samples since its start, bits so far.
    Character { samples: f32, bits: u8, value: u8 },
}

impl std::fmt::Debug for FskReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FskReceiver")
    }
}

impl FskReceiver {
    pub(super) fn new() -> Self {
        let wave = |hz: f32, quarter: f32| -> [f32; BIT] {
            std::array::from_fn(|n| (TAU * (hz * n as f32 / 8_000.0 + quarter)).sin())
        };
        let amplitude = amplitude_of_dbm0(LEAST_DBM0) as f32;
        Self {
            tables: [wave(MARK_HZ, 0.25), wave(MARK_HZ, 0.0), wave(SPACE_HZ, 0.25), wave(SPACE_HZ, 0.0)],
            last: [0.0; BIT],
            least: amplitude * amplitude / 2.0 * BIT as f32,
            marks: 0,
            before: 0.0,
            state: State::Hunting,
            octets: [0; MAX_MESSAGE],
            len: 0,
        }
    }

    pub(super) fn process(&mut self, block: &Block) -> Option<RawCallerId> {
        let mut found = None;
        for sample in block {
            found = self.sample(f32::from(*sample)).or(found);
        }
        found
    }

    fn sample(&mut self, sample: f32) -> Option<RawCallerId> {
        self.last.copy_within(1.., 0);
        self.last[BIT - 1] = sample;
        let energy: f32 = self.last.iter().map(|sample| sample * sample).sum();
        if energy < self.least {
            self.marks = 0;
            self.before = 0.0;
            self.state = State::Hunting;
            return None;
        }
        let now = self.compare();
        let before = std::mem::replace(&mut self.before, now);
        self.marks = if now > 0.0 { self.marks.saturating_add(1) } else { 0 };
        self.follow(before, now)
    }

    /// Above zero for mark, below for space.
    fn compare(&self) -> f32 {
        let along = |table: &[f32; BIT]| -> f32 {
            let sum: f32 = table.iter().zip(&self.last).map(|(a, b)| a * b).sum();
            sum * sum
        };
        let [mark_cos, mark_sin, space_cos, space_sin] = &self.tables;
        along(mark_cos) + along(mark_sin) - along(space_cos) - along(space_sin)
    }

    fn follow(&mut self, before: f32, now: f32) -> Option<RawCallerId> {
        match self.state {
            State::Hunting => {
                if self.marks >= MARK_SIGNAL {
                    self.len = 0;
                    self.state = State::Ready;
                }
                None
            }
            State::Ready => {
                if before > 0.0 && now <= 0.0 {
                    // Where between the two samples it crossed.
                    let since = now / (now - before);
                    self.state = State::Character { samples: since, bits: 0, value: 0 };
                } else if self.len > 0 && self.marks > LONGEST_GAP {
                    self.len = 0;
                }
                None
            }
            State::Character { samples, bits, value } => self.character(samples + 1.0, bits, value, now),
        }
    }

    /// Bits are read half a bit after they begin: the window of a bit then lies over it.
    fn character(&mut self, samples: f32, bits: u8, value: u8, now: f32) -> Option<RawCallerId> {
        let due = (f32::from(bits) + 0.5) * SAMPLES_OF_BIT;
        if samples < due {
            self.state = State::Character { samples, bits, value };
            return None;
        }
        let mark = now > 0.0;
        match bits {
            // The start bit turned out to be none.
            0 if mark => self.state = State::Ready,
            0 => self.state = State::Character { samples, bits: 1, value },
            1..=8 => {
                let value = value >> 1 | if mark { 0x80 } else { 0 };
                self.state = State::Character { samples, bits: bits + 1, value };
            }
            _ if mark => {
                self.state = State::Ready;
                return self.octet(value);
            }
            // No stop bit: noise, or the channel seizure of a new message.
            _ => self.state = State::Hunting,
        }
        None
    }

    fn octet(&mut self, octet: u8) -> Option<RawCallerId> {
        if self.len == 0 && !matches!(octet, super::message::SINGLE | super::message::MULTIPLE) {
            return None;
        }
        self.octets[self.len] = octet;
        self.len += 1;
        let length = if self.len < 2 { MAX_MESSAGE } else { usize::from(self.octets[1]) + 3 };
        if self.len < length.min(MAX_MESSAGE) {
            return None;
        }
        let octets = &self.octets[..self.len];
        let whole = octets.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet)) == 0;
        let raw = whole.then(|| RawCallerId::new(CallerIdKind::Fsk, octets));
        self.len = 0;
        self.state = State::Hunting;
        raw
    }
}

const MARK_HZ: f32 = 1_240.0;
const SPACE_HZ: f32 = 2_160.0;
const SAMPLES_OF_BIT: f32 = 8_000.0 / 1_200.0;
/// Signals of −40 dBm0 are heard (EN 300 659-1 wants −36 dBV at the terminal).
const LEAST_DBM0: f64 = -43.0;
/// 30 bits of mark, in samples: less than the shortest mark signal, more than a character of ones.
const MARK_SIGNAL: u32 = 200;
/// 20 bits of mark between characters (EN 300 659-1 allows 10), in samples.
const LONGEST_GAP: u32 = 133;
