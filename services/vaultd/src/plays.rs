//! Recordings being heard (REC-05, REC-06): which pieces were handed out, and how fast. In memory only: a restart
//! ends every play. It opens no file; the pieces are read beside the core.

use crate::admin::Refusal;
use idl::account::SessionId;
use idl::views::PlayId;
use std::collections::{BTreeMap, BTreeSet};
use vocab::{CallId, PersonId};

/// Milliseconds of a piece, but for the last one.
pub const SEGMENT_MS: u32 = 5_000;
/// Pieces may run ahead of real time by this much at the begin.
pub const START_ALLOWANCE_MS: u64 = 15_000;
/// A play lives so long after its length or its last piece, whatever is later.
pub const PLAY_LIFE_MS: u64 = 60_000;
/// Plays of one person at once; a further one ends the oldest.
pub const MAX_OF_A_PERSON: usize = 4;

/// Who hears: a person within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) person: PersonId,
    pub(crate) session: Option<SessionId>,
}

/// A recording being heard.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    pub(crate) call: CallId,
    listener: Listener,
    duration_ms: u64,
    begun_ms: u64,
    ends_ms: u64,
    given: BTreeSet<u32>,
    given_ms: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Plays {
    last: u64,
    open: BTreeMap<PlayId, Play>,
}

impl Plays {
    /// The number of the next play.
    pub(crate) const fn next(&mut self) -> PlayId {
        self.last += 1;
        PlayId(self.last)
    }

    /// Begins a play at an instant of the boot clock.
    pub(crate) fn begin(&mut self, id: PlayId, call: CallId, listener: Listener, duration_ms: u64, now: u64) {
        self.forget_ended(now);
        let own = |play: &Play| play.listener.person == listener.person;
        while self.open.values().filter(|play| own(play)).count() >= MAX_OF_A_PERSON {
            let oldest = self.open.iter().find(|(_, play)| own(play)).map(|(id, _)| *id);
            oldest.and_then(|id| self.open.remove(&id));
        }
        let play = Play {
            call,
            listener,
            duration_ms,
            begun_ms: now,
            ends_ms: now + duration_ms + PLAY_LIFE_MS,
            given: BTreeSet::new(),
            given_ms: 0,
        };
        self.open.insert(id, play);
    }

    /// The call of a play that is the listener's own and has not ended.
    pub(crate) fn call_of(&self, id: PlayId, listener: Listener, now: u64) -> Result<CallId, Refusal> {
        Ok(self.own(id, listener, now)?.call)
    }

    /// Hands out a piece once: its begin and end in milliseconds.
    pub(crate) fn give(
        &mut self,
        id: PlayId,
        listener: Listener,
        index: u32,
        now: u64,
    ) -> Result<(u64, u64), Refusal> {
        self.own(id, listener, now)?;
        let play = self.open.get_mut(&id).ok_or_else(ended)?;
        let from = u64::from(index) * u64::from(SEGMENT_MS);
        if from >= play.duration_ms {
            return Err(Refusal::unknown("piece"));
        }
        let to = (from + u64::from(SEGMENT_MS)).min(play.duration_ms);
        if play.given.contains(&index) {
            return Err(Refusal::new(
                "played-already",
                "This piece was played already. Begin to hear the recording anew.",
                "该片段已播放，请重新打开录音。",
            ));
        }
        let allowed = START_ALLOWANCE_MS + (now - play.begun_ms) * 3 / 2;
        if play.given_ms + (to - from) > allowed {
            return Err(Refusal::new(
                "too-fast",
                "Pieces are asked for faster than they can be heard. Wait a little.",
                "请求过快，请稍候再播放。",
            ));
        }
        play.given.insert(index);
        play.given_ms += to - from;
        play.ends_ms = play.ends_ms.max(now + PLAY_LIFE_MS);
        Ok((from, to))
    }

    /// Lets go of what has ended.
    pub(crate) fn forget_ended(&mut self, now: u64) {
        self.open.retain(|_, play| now <= play.ends_ms);
    }

    fn own(&self, id: PlayId, listener: Listener, now: u64) -> Result<&Play, Refusal> {
        let own = |play: &&Play| play.listener == listener && now <= play.ends_ms;
        self.open.get(&id).filter(own).ok_or_else(ended)
    }
}

fn ended() -> Refusal {
    Refusal::new(
        "play-ended",
        "This play has ended. Begin to hear the recording anew.",
        "本次播放已结束，请重新打开录音。",
    )
}

#[cfg(test)]
mod tests {
    use super::{Listener, MAX_OF_A_PERSON, PLAY_LIFE_MS, Plays, SEGMENT_MS};
    use idl::account::SessionId;
    use idl::views::PlayId;
    use vocab::{CallId, PersonId};

    const ME: Listener = Listener { person: PersonId(8), session: Some(SessionId(1)) };

    fn playing(duration_ms: u64) -> (Plays, PlayId) {
        let mut plays = Plays::default();
        let id = plays.next();
        plays.begin(id, CallId(1), ME, duration_ms, 1_000);
        (plays, id)
    }

    fn code(result: Result<(u64, u64), crate::admin::Refusal>) -> &'static str {
        result.expect_err("refused").code
    }

    #[test]
    fn rec_06_each_piece_is_handed_out_once() {
        let (mut plays, id) = playing(12_000);
        assert_eq!(plays.give(id, ME, 0, 1_000), Ok((0, 5_000)));
        assert_eq!(code(plays.give(id, ME, 0, 30_000)), "played-already");
        assert_eq!(plays.give(id, ME, 2, 30_000), Ok((10_000, 12_000)), "the last piece is what is left");
        assert_eq!(code(plays.give(id, ME, 3, 30_000)), "unknown");
    }

    #[test]
    fn rec_06_pieces_come_no_faster_than_one_and_a_half_times_real_time() {
        let (mut plays, id) = playing(600_000);
        for index in 0..3 {
            assert!(plays.give(id, ME, index, 1_000).is_ok());
        }
        assert_eq!(code(plays.give(id, ME, 3, 1_000)), "too-fast");
        // Five seconds more may be heard after three and a third.
        assert_eq!(code(plays.give(id, ME, 3, 1_000 + 3_333)), "too-fast");
        assert!(plays.give(id, ME, 3, 1_000 + 3_334).is_ok());
        // Whatever is asked, in whatever order, the sum stays within the bound.
        let mut given = 20_000_u64;
        let mut now = 4_334;
        for index in (4..120).rev() {
            now += 997;
            if let Ok((from, to)) = plays.give(id, ME, index, now) {
                given += to - from;
            }
            assert!(given <= 15_000 + (now - 1_000) * 3 / 2, "{given} at {now}");
        }
    }

    #[test]
    fn rec_06_a_play_is_bound_to_its_person_and_session() {
        let (mut plays, id) = playing(12_000);
        let other_session = Listener { session: Some(SessionId(2)), ..ME };
        let other_person = Listener { person: PersonId(7), ..ME };
        for listener in [other_session, other_person] {
            assert_eq!(code(plays.give(id, listener, 0, 1_000)), "play-ended");
        }
        assert!(plays.give(id, ME, 0, 1_000).is_ok());
    }

    #[test]
    fn rec_06_a_piece_asked_for_after_the_play_has_ended_is_refused() {
        let (mut plays, id) = playing(12_000);
        let end = 1_000 + 12_000 + PLAY_LIFE_MS;
        assert!(plays.give(id, ME, 0, end).is_ok(), "until then");
        assert!(plays.give(id, ME, 1, end + PLAY_LIFE_MS).is_ok(), "and a minute after the last piece");
        assert_eq!(code(plays.give(id, ME, 2, end + 2 * PLAY_LIFE_MS + 1)), "play-ended");
        plays.forget_ended(end + 2 * PLAY_LIFE_MS + 1);
        assert!(plays.open.is_empty());
    }

    #[test]
    fn a_person_hears_few_recordings_at_once() {
        let mut plays = Plays::default();
        let ids: Vec<PlayId> = (0..=MAX_OF_A_PERSON).map(|_| plays.next()).collect();
        for id in &ids {
            plays.begin(*id, CallId(1), ME, u64::from(SEGMENT_MS), 1_000);
        }
        assert_eq!(code(plays.give(ids[0], ME, 0, 1_000)), "play-ended", "the oldest gave way");
        assert!(ids[1..].iter().all(|id| plays.give(*id, ME, 0, 1_000).is_ok()));
    }
}
