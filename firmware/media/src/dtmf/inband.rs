//! In-band DTMF detection on 8 kHz samples, within the limits of ITU-T Q.24.
//!
//! Windows of 20 ms every 10 ms, Hann-weighted, at the eight nominal frequencies; the true
//! frequency follows from the phase advance between windows. It never allocates.

use super::Digit;
use super::generate::key_at;
use crate::units::{FRAME_SAMPLES, PcmFrame};

mod bank;

use bank::{Bank, Spectrum};

/// Detects keys in one direction of audio, one digit per press.
#[derive(Debug)]
pub struct InBandDetector {
    bank: Bank,
    previous: Option<(Spectrum, (usize, usize))>,
    candidate: Option<(usize, usize)>,
    hits: u8,
    /// Least and greatest power of both tones over the hits in a row.
    range: [(f32, f32); 2],
    active: Option<(usize, usize)>,
    misses: u8,
}

impl Default for InBandDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl InBandDetector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bank: Bank::default(),
            previous: None,
            candidate: None,
            hits: 0,
            range: [(0.0, 0.0); 2],
            active: None,
            misses: 0,
        }
    }

    /// Takes 20 ms; the digit whose 40 ms are reached in it.
    pub fn process(&mut self, pcm: &PcmFrame) -> Option<Digit> {
        let mut found = None;
        for block in pcm.as_chunks::<{ FRAME_SAMPLES / 2 }>().0 {
            found = self.block(block).or(found);
        }
        found
    }

    /// Whether a key's tones sound, or have just ended, or are about to be recognised.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.is_some() || self.hits >= HITS
    }

    fn block(&mut self, block: &[i16; FRAME_SAMPLES / 2]) -> Option<Digit> {
        let spectrum = self.bank.window(block);
        let pair = spectrum.pair();
        let hit = pair.filter(|pair| match &self.previous {
            Some((before, same)) if same == pair => spectrum.is_on_frequency(before, *pair),
            Some(_) | None => true,
        });
        self.previous = pair.map(|pair| (spectrum, pair));
        self.count(hit, &spectrum);
        self.follow(hit)
    }

    /// Counts windows in a row that hold the same key at a steady level.
    fn count(&mut self, hit: Option<(usize, usize)>, spectrum: &Spectrum) {
        let Some(pair) = hit else {
            self.hits = 0;
            self.candidate = None;
            return;
        };
        let powers = spectrum.powers(pair);
        let joined: [(f32, f32); 2] =
            std::array::from_fn(|n| (self.range[n].0.min(powers[n]), self.range[n].1.max(powers[n])));
        let steady = joined.iter().all(|(least, most)| *most <= least * STEADY);
        if hit == self.candidate && steady {
            self.hits = (self.hits + 1).min(HITS);
            self.range = joined;
        } else {
            self.hits = 1;
            self.range = powers.map(|power| (power, power));
        }
        self.candidate = hit;
    }

    fn follow(&mut self, hit: Option<(usize, usize)>) -> Option<Digit> {
        if self.active.is_some() {
            self.misses = if hit == self.active { 0 } else { self.misses + 1 };
            if self.misses < MISSES {
                return None;
            }
            self.active = None;
        }
        if self.hits < HITS {
            return None;
        }
        self.active = self.candidate;
        self.misses = 0;
        self.active.and_then(|(row, column)| key_at(row, column))
    }
}

/// Windows in a row: 40 ms of tone give three, 23 ms give two.
const HITS: u8 = 3;
/// Windows without the key: 10 ms of interruption give two, 40 ms of pause give four.
const MISSES: u8 = 3;
/// 2 dB: what a window at the tone's edge may differ from one within it.
const STEADY: f32 = 1.6;
