//! The last four ticks of the conversation, so that a key's tones can still be wiped out when
//! the detector has recognised them. It does not detect anything.

use super::TapFrame;
use crate::g711::Law;
use crate::units::{FRAME_SAMPLES, Frame};

/// Ticks between a sound and its recording: more than the detector needs to recognise a key.
pub const TAP_DELAY_TICKS: usize = 4;

/// One tick kept.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    pub(super) tap: TapFrame,
    /// The customer as the agent is to hear it.
    pub(super) heard: Frame,
    /// Whether this tick belongs to the recording.
    pub(super) record: bool,
}

pub(super) struct DelayLine {
    law: Law,
    kept: [Kept; TAP_DELAY_TICKS],
    at: usize,
}

impl DelayLine {
    pub(super) fn new(law: Law) -> Self {
        Self { law, kept: [Self::silent(law); TAP_DELAY_TICKS], at: 0 }
    }

    /// A tick of nothing that is not recorded.
    pub(super) fn silent(law: Law) -> Kept {
        let silence = [law.silence(); FRAME_SAMPLES];
        Kept {
            tap: TapFrame { law, left: silence, right: silence, left_missing: 0, right_missing: 0 },
            heard: silence,
            record: false,
        }
    }

    /// Silences the customer in everything kept.
    pub(super) fn wipe(&mut self) {
        for kept in &mut self.kept {
            kept.tap.left.fill(self.law.silence());
            kept.heard.fill(self.law.silence());
        }
    }

    /// Keeps a tick and gives the one of [`TAP_DELAY_TICKS`] ago.
    pub(super) fn exchange(&mut self, kept: Kept) -> Kept {
        let old = std::mem::replace(&mut self.kept[self.at], kept);
        self.at = (self.at + 1) % TAP_DELAY_TICKS;
        old
    }

    /// Whether anything kept still belongs to the recording.
    pub(super) fn holds_recording(&self) -> bool {
        self.kept.iter().any(|kept| kept.record)
    }
}
