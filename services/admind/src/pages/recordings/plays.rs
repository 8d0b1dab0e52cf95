//! Hearings that have begun: what their players need to be shown again, such as after a change of language. No
//! sound stands here, and `vaultd` alone decides what is still given out.

use idl::account::SessionId;
use idl::views::{PlayId, Playing};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use vocab::CallId;

/// A hearing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// Of this call.
    pub call: CallId,
    /// What its player needs.
    pub playing: Playing,
}

/// The hearings of all sessions; the oldest is forgotten when there are too many.
#[derive(Debug, Default)]
pub struct Plays(Mutex<VecDeque<(SessionId, Play)>>);

impl Plays {
    /// Keeps one.
    pub fn keep(&self, session: SessionId, play: Play) {
        let mut plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plays.len() >= MAX_PLAYS {
            plays.pop_front();
        }
        plays.push_back((session, play));
    }

    /// One of a session; nobody else's exists for it.
    #[must_use]
    pub fn of(&self, session: SessionId, call: CallId, play: PlayId) -> Option<Play> {
        let plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = |(of, kept): &&(SessionId, Play)| {
            *of == session && kept.call == call && kept.playing.play == play
        };
        plays.iter().find(mine).map(|(_, kept)| kept.clone())
    }
}

/// Hearings kept.
const MAX_PLAYS: usize = 128;

#[cfg(test)]
mod tests {
    use super::{MAX_PLAYS, Play, Plays};
    use idl::account::SessionId;
    use idl::views::{PlayId, Playing};
    use vocab::CallId;

    fn play(id: u64) -> Play {
        let playing = Playing {
            play: PlayId(id),
            duration_ms: 1,
            segment_ms: 1,
            peaks_customer: vec![],
            peaks_agent: vec![],
            watermark: String::new(),
        };
        Play { call: CallId(7), playing }
    }

    #[test]
    fn a_hearing_is_of_one_session_and_one_call_and_the_oldest_is_forgotten() {
        let plays = Plays::default();
        for id in 0..=MAX_PLAYS as u64 {
            plays.keep(SessionId(1), play(id));
        }
        assert_eq!(plays.of(SessionId(1), CallId(7), PlayId(1)), Some(play(1)));
        assert_eq!(plays.of(SessionId(1), CallId(7), PlayId(0)), None);
        assert_eq!(plays.of(SessionId(2), CallId(7), PlayId(1)), None);
        assert_eq!(plays.of(SessionId(1), CallId(8), PlayId(1)), None);
    }
}
