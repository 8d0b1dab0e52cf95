//! A caller's number by DTMF: keys from a first mark (A, B, C, D) to a last one. It reads nothing into them.

use super::{CallerIdKind, RawCallerId};
use crate::Block;
use media::dtmf::inband::InBandDetector;

/// Most keys of a number with its marks.
const MAX_KEYS: usize = 32;

/// Collects keys.
#[derive(Debug)]
pub(super) struct DtmfCaller {
    detector: InBandDetector,
    keys: [u8; MAX_KEYS],
    len: usize,
    /// Blocks since the last key.
    quiet: u32,
}

impl DtmfCaller {
    pub(super) fn new() -> Self {
        Self { detector: InBandDetector::new(), keys: [0; MAX_KEYS], len: 0, quiet: 0 }
    }

    pub(super) fn process(&mut self, block: &Block) -> Option<RawCallerId> {
        self.quiet += 1;
        if self.quiet > LONGEST_PAUSE {
            self.len = 0;
            self.quiet = 0;
        }
        let key = self.detector.process(block)?.as_char();
        self.quiet = 0;
        let key = u8::try_from(key).unwrap_or(b'?');
        if self.len == 0 && !key.is_ascii_alphabetic() {
            return None;
        }
        if self.len == MAX_KEYS {
            self.len = 0;
            return None;
        }
        self.keys[self.len] = key;
        self.len += 1;
        let last = self.len > 1 && (key.is_ascii_alphabetic() || key == b'#');
        if !last {
            return None;
        }
        let raw = RawCallerId::new(CallerIdKind::Dtmf, &self.keys[..self.len]);
        self.len = 0;
        Some(raw)
    }
}

/// Keys follow each other within 500 ms.
const LONGEST_PAUSE: u32 = 25;
