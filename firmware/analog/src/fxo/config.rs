//! What a site sets an FXO line to, and the times of its machine. It names no tone plan: that is the ear's.

use crate::dial::DtmfTiming;
use idl::spans::AnswerDetection;

/// How an FXO line behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FxoConfig {
    /// How an answer is known. A reversal counts as an answer in any case.
    pub answer: AnswerDetection,
    /// A voice counts as an answer even if no ringback came before it.
    pub voice_before_ringback: bool,
    /// How long dial tone may take.
    pub dial_tone_limit_ms: u64,
    /// Dial when that time is over, even without dial tone.
    pub blind_dial: bool,
    /// How digits are sent.
    pub dtmf: DtmfTiming,
    /// How long the answer may take, from the last digit on.
    pub answer_limit_ms: u64,
    /// How long the line rests after a call, so that the exchange sees the loop open and releases.
    pub guard_ms: u64,
    /// How long after a ring the next one may come: the cadence's 5 s and one second more.
    pub ring_gap_ms: u64,
    /// How long after a reversal a caller's number or a ring may come.
    pub caller_window_ms: u64,
}

impl FxoConfig {
    /// The defaults for this way of knowing an answer.
    #[must_use]
    pub fn new(answer: AnswerDetection) -> Self {
        Self {
            answer,
            voice_before_ringback: false,
            dial_tone_limit_ms: 5_000,
            blind_dial: false,
            dtmf: DtmfTiming::default(),
            answer_limit_ms: 60_000,
            guard_ms: 2_000,
            ring_gap_ms: 6_000,
            caller_window_ms: 3_000,
        }
    }
}
