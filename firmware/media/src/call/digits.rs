//! One press, one digit: the same key reported by events, tones and INFO is told once.

use crate::dtmf::{Digit, DigitSource};

/// A report of the same key by another way within this time is the same press.
const SAME_PRESS_US: u64 = 600_000;

#[derive(Debug, Default)]
pub(super) struct DigitMerger {
    last: Option<(Digit, DigitSource, u64)>,
}

impl DigitMerger {
    /// Whether this report is a new press.
    pub(super) fn is_new(&mut self, digit: Digit, source: DigitSource, now_us: u64) -> bool {
        let echo = self.last.is_some_and(|(last, by, at)| {
            last == digit && by != source && now_us.saturating_sub(at) < SAME_PRESS_US
        });
        if !echo {
            self.last = Some((digit, source, now_us));
        }
        !echo
    }
}
