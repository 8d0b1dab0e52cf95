//! What an input means to an FXO line in the state it is in. It changes nothing.

use super::{AnsweredBy, Fxo, FxoEar, FxoInput, FxoState};
use crate::caller_id::RawCallerId;
use crate::plan::ToneKind;
use crate::progress::Heard;
use card::LineEvent;
use idl::spans::AnswerDetection;

/// The rows of the table.
#[expect(
    clippy::large_enum_variant,
    reason = "it crosses from the media thread by value: nothing there may take memory"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Dial,
    HangUp,
    RingBegins,
    RingEnds,
    Polarity,
    LoopOpen,
    LoopClosed,
    Dialled,
    DialTone,
    Ringback,
    Busy,
    Congestion,
    Unobtainable,
    Voice,
    AnswerVoice,
    Caller(RawCallerId),
    Nothing,
    Timer,
    BlindTimer,
}

impl Fxo {
    pub(super) fn sign_of(&self, input: FxoInput) -> Sign {
        match input {
            FxoInput::Dial(_) => Sign::Dial,
            FxoInput::HangUp => Sign::HangUp,
            FxoInput::Line(event) => self.sign_of_line(event),
            FxoInput::Ear(FxoEar::Dialled) => Sign::Dialled,
            FxoInput::Ear(FxoEar::Caller(raw)) => Sign::Caller(raw),
            FxoInput::Ear(FxoEar::Heard(heard)) => self.sign_of_heard(heard),
        }
    }

    fn sign_of_line(&self, event: LineEvent) -> Sign {
        match event {
            LineEvent::RingBegins => Sign::RingBegins,
            LineEvent::RingEnds => Sign::RingEnds,
            LineEvent::PolarityReversed => {
                let unexpected =
                    self.state == FxoState::Connected && self.answered_by == Some(AnsweredBy::Voice);
                if unexpected { Sign::Nothing } else { Sign::Polarity }
            }
            LineEvent::LoopOpen => Sign::LoopOpen,
            LineEvent::LoopClosed => Sign::LoopClosed,
            LineEvent::Hook(_) | LineEvent::Flash | LineEvent::Pulse(_) => Sign::Nothing,
        }
    }

    fn sign_of_heard(&self, heard: Heard) -> Sign {
        match heard {
            Heard::Voice => {
                let by_voice = self.config.answer == AnswerDetection::Voice;
                let after_ringback = self.state == FxoState::Alerting || self.config.voice_before_ringback;
                if by_voice && after_ringback { Sign::AnswerVoice } else { Sign::Voice }
            }
            Heard::Silence => Sign::Nothing,
            Heard::Tone(kind) => match kind {
                ToneKind::Dial | ToneKind::SpecialDial => Sign::DialTone,
                ToneKind::Ringback => Sign::Ringback,
                ToneKind::Busy | ToneKind::Howler => Sign::Busy,
                ToneKind::Congestion => Sign::Congestion,
                ToneKind::Unobtainable | ToneKind::Sit => Sign::Unobtainable,
                ToneKind::CallWaiting | ToneKind::Confirmation | ToneKind::Intrusion => Sign::Nothing,
            },
        }
    }
}
