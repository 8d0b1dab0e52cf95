//! The recording gate: nothing is recorded before a recording notice was played to its end.
//!
//! It does not play and does not record; it only says whether a tick belongs to the recording.

use crate::command::RecordingState;
use crate::prompt::{ClipRole, PlayEvent, PromptId};

/// A notice shorter than this (200 ms) is none.
pub const MIN_NOTICE_SAMPLES: usize = 1_600;

/// Three facts; the state follows from them.
#[derive(Debug, Default)]
pub(super) struct RecordingGate {
    wanted: bool,
    paused: bool,
    notice: Option<PromptId>,
}

impl RecordingGate {
    pub(super) fn state(&self) -> RecordingState {
        match (self.wanted, self.notice, self.paused) {
            (false, _, _) => RecordingState::Off,
            (true, None, _) => RecordingState::AwaitingNotice,
            (true, Some(notice), false) => RecordingState::On(notice),
            (true, Some(notice), true) => RecordingState::Paused(notice),
        }
    }

    /// Whether the present tick belongs to the recording.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state(), RecordingState::On(_))
    }

    pub(super) fn set_wanted(&mut self, wanted: bool) -> Option<RecordingState> {
        self.changed(|gate| gate.wanted = wanted)
    }

    pub(super) fn set_paused(&mut self, paused: bool) -> Option<RecordingState> {
        self.changed(|gate| gate.paused = paused)
    }

    /// Looks for the notice's end among what the player did in this tick.
    pub(super) fn played(&mut self, event: &PlayEvent) -> Option<RecordingState> {
        match event {
            PlayEvent::Finished(place, ClipRole::RecordingNotice) if place.offset >= MIN_NOTICE_SAMPLES => {
                self.changed(|gate| {
                    gate.notice.get_or_insert(place.prompt);
                })
            }
            PlayEvent::Finished(..)
            | PlayEvent::Started(..)
            | PlayEvent::ListFinished(_)
            | PlayEvent::Interrupted(..) => None,
        }
    }

    fn changed(&mut self, change: impl FnOnce(&mut Self)) -> Option<RecordingState> {
        let before = self.state();
        change(self);
        let after = self.state();
        (before != after).then_some(after)
    }
}
