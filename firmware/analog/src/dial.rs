//! Dialling: a number as keys and pauses, and the DTMF samples of it.
//!
//! It does not know when to dial; pulse dialling towards the exchange is not done (no Chinese exchange asks for it).

use crate::{BLOCK_MS, Block};
use media::Digit;
use media::dtmf::generate::{ToneShape, add_digit};
use std::fmt;
use thiserror::Error;

/// Most keys and pauses of a dial string.
pub const MAX_DIAL_STEPS: usize = 40;
/// How long a comma waits: for the second dial tone behind a private exchange.
pub const PAUSE_MS: u16 = 1_000;

/// One step of dialling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Key(Digit),
    Pause,
}

/// What is dialled: `0`–`9`, `*`, `#`, `A`–`D`, and a comma for a pause. Its `Debug` tells only the length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DialString {
    steps: [Step; MAX_DIAL_STEPS],
    len: usize,
}

/// Why a text cannot be dialled; it does not show the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DialStringError {
    /// No key in it.
    #[error("there is nothing to dial")]
    Empty,
    /// Too long.
    #[error("more than {MAX_DIAL_STEPS} keys")]
    TooLong,
    /// A character that no key has; its place counts from 1.
    #[error("character {0} cannot be dialled")]
    BadCharacter(usize),
}

impl DialString {
    /// Reads a text.
    ///
    /// # Errors
    /// [`DialStringError`].
    pub fn parse(text: &str) -> Result<Self, DialStringError> {
        let mut string = Self { steps: [Step::Pause; MAX_DIAL_STEPS], len: 0 };
        for (at, character) in text.chars().enumerate() {
            let step = match character {
                ',' => Step::Pause,
                other => Step::Key(Digit::from_char(other).ok_or(DialStringError::BadCharacter(at + 1))?),
            };
            *string.steps.get_mut(string.len).ok_or(DialStringError::TooLong)? = step;
            string.len += 1;
        }
        let keys = string.steps[..string.len].iter().any(|step| *step != Step::Pause);
        if keys { Ok(string) } else { Err(DialStringError::Empty) }
    }

    /// How many keys and pauses.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.len
    }
}

impl fmt::Debug for DialString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DialString({} steps)", self.len)
    }
}

/// How long the tones and the gaps between them last, and how loud they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DtmfTiming {
    /// A key's tones; Q.24 receivers need 40 ms, GB/T 3378 asks for as much.
    pub on_ms: u16,
    /// The gap after it.
    pub off_ms: u16,
    /// Level of the low tone in dBm0.
    pub low_dbm0: f64,
    /// Level of the high tone in dBm0: 2 dB more, as lines lose more there.
    pub high_dbm0: f64,
}

impl Default for DtmfTiming {
    fn default() -> Self {
        Self { on_ms: 100, off_ms: 100, low_dbm0: -9.0, high_dbm0: -7.0 }
    }
}

/// Gives the blocks of a dial string. Times are rounded up to whole blocks, never below two.
#[derive(Debug, Clone, Copy)]
pub struct DtmfSender {
    string: DialString,
    timing: DtmfTiming,
    at: usize,
    block: u16,
}

impl DtmfSender {
    /// From the first key on.
    #[must_use]
    pub const fn new(string: DialString, timing: DtmfTiming) -> Self {
        Self { string, timing, at: 0, block: 0 }
    }

    /// How long all of it takes.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        let each = |step: &Step| u64::from(self.on_blocks(*step) + self.off_blocks(*step)) * BLOCK_MS;
        self.string.steps[..self.string.len].iter().map(each).sum()
    }

    /// Writes the next block; `false` (and silence) once all is dialled.
    pub fn fill(&mut self, block: &mut Block) -> bool {
        block.fill(0);
        let Some(step) = self.string.steps[..self.string.len].get(self.at).copied() else { return false };
        let on = self.on_blocks(step);
        if let (Step::Key(digit), true) = (step, self.block < on) {
            self.tone(digit, block);
        }
        self.block += 1;
        if self.block >= on + self.off_blocks(step) {
            self.block = 0;
            self.at += 1;
        }
        true
    }

    /// Keeps the phase over the blocks of a key by making the key from its start.
    fn tone(&self, digit: Digit, block: &mut Block) {
        let shape = ToneShape {
            row_dbm0: self.timing.low_dbm0,
            column_dbm0: self.timing.high_dbm0,
            ..ToneShape::default()
        };
        let mut whole = [0_i16; MAX_KEY_BLOCKS * 160];
        let end = (usize::from(self.block) + 1) * block.len();
        let whole = &mut whole[..end.min(MAX_KEY_BLOCKS * 160)];
        add_digit(digit, &shape, whole);
        let from = whole.len().saturating_sub(block.len());
        block.copy_from_slice(&whole[from..]);
    }

    fn on_blocks(&self, step: Step) -> u16 {
        match step {
            Step::Key(_) => blocks(self.timing.on_ms).min(MAX_KEY_BLOCKS as u16),
            Step::Pause => 0,
        }
    }

    fn off_blocks(&self, step: Step) -> u16 {
        match step {
            Step::Key(_) => blocks(self.timing.off_ms),
            Step::Pause => blocks(PAUSE_MS),
        }
    }
}

/// Whole blocks of a time: at least 40 ms.
fn blocks(ms: u16) -> u16 {
    ms.div_ceil(BLOCK_MS as u16).max(2)
}

/// Longest tone of a key: half a second.
const MAX_KEY_BLOCKS: usize = 25;

#[cfg(test)]
mod tests {
    use super::{DialString, DialStringError, DtmfSender, DtmfTiming, MAX_DIAL_STEPS};
    use media::dtmf::inband::InBandDetector;

    fn dialled(text: &str, timing: DtmfTiming) -> (String, u64) {
        let string = DialString::parse(text).expect("a dial string");
        let mut sender = DtmfSender::new(string, timing);
        let mut detector = InBandDetector::new();
        let (mut keys, mut blocks) = (String::new(), 0);
        let mut block = [0; 160];
        while sender.fill(&mut block) {
            blocks += 1;
            keys.extend(detector.process(&block).map(|digit| digit.as_char()));
        }
        (keys, blocks * 20)
    }

    #[test]
    fn what_is_dialled_is_what_a_receiver_hears() {
        assert_eq!(dialled("13800138000", DtmfTiming::default()), ("13800138000".into(), 2_200));
        assert_eq!(dialled("0,11*#ABCD", DtmfTiming::default()).0, "011*#ABCD");
    }

    #[test]
    fn tones_and_gaps_last_as_told_and_a_comma_waits_a_second() {
        let quick = DtmfTiming { on_ms: 60, off_ms: 60, ..DtmfTiming::default() };
        assert_eq!(dialled("9,1", quick), ("91".into(), 1_240));
        let sender = DtmfSender::new(DialString::parse("9,1").expect("a dial string"), quick);
        assert_eq!(sender.duration_ms(), 1_240);
    }

    #[test]
    fn a_tone_of_one_millisecond_still_lasts_forty() {
        let hasty = DtmfTiming { on_ms: 1, off_ms: 1, ..DtmfTiming::default() };
        assert_eq!(dialled("5", hasty).1, 80);
    }

    #[test]
    fn what_no_keypad_has_is_not_dialled() {
        assert_eq!(DialString::parse(""), Err(DialStringError::Empty));
        assert_eq!(DialString::parse(",,"), Err(DialStringError::Empty));
        assert_eq!(DialString::parse("12+4"), Err(DialStringError::BadCharacter(3)));
        assert_eq!(DialString::parse(&"1".repeat(MAX_DIAL_STEPS + 1)), Err(DialStringError::TooLong));
    }

    #[test]
    fn dat_04_a_dial_string_shows_no_digit() {
        let string = DialString::parse("13812345678").expect("a dial string");
        assert_eq!(format!("{string:?}"), "DialString(11 steps)");
    }
}
