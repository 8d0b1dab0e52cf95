//! The life of one call as campaigns see it. It only ever moves forward, whatever order the news comes in.
//!
//! `Ticketed → Dialling → Ringing → Announcing → WaitingForAgent → Talking → OptedOut → Over → Closed`; any
//! state may go to a later one at once. `Over` is the line's word, `Closed` the vault's: the end is durable.
//! A call the line does not know any more is over; its outcome then comes from the vault.

use idl::lines::LiveState;
use vocab::Outcome;

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The vault has issued its ticket; the line has said nothing yet.
    Ticketed,
    /// The line is at it.
    Live(LiveState),
    /// The line is done with it; `None`: the line lost it.
    Over(Option<Outcome>),
    /// Its end is durable.
    Closed(Outcome),
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The line's news.
    Line(LiveState),
    /// The line was asked what it has, and this call is not among it.
    UnknownToLine,
    /// The vault has stored the end.
    Closed(Outcome),
}

impl Stage {
    /// One step; says whether anything changed.
    pub fn step(&mut self, input: Input) -> bool {
        let next = match (*self, input) {
            (Self::Closed(_), Input::Line(_) | Input::UnknownToLine | Input::Closed(_)) => *self,
            (Self::Ticketed | Self::Live(_) | Self::Over(_), Input::Closed(outcome)) => Self::Closed(outcome),
            (Self::Over(_), Input::Line(_) | Input::UnknownToLine) => *self,
            (Self::Ticketed | Self::Live(_), Input::Line(LiveState::Ended(outcome))) => {
                Self::Over(Some(outcome))
            }
            (Self::Ticketed | Self::Live(_), Input::UnknownToLine) => Self::Over(None),
            (Self::Ticketed, Input::Line(state)) => Self::Live(state),
            (Self::Live(now), Input::Line(state)) if rank(state) > rank(now) => Self::Live(state),
            (Self::Live(_), Input::Line(_)) => *self,
        };
        let changed = next != *self;
        *self = next;
        changed
    }

    /// Whether the line may still be using a channel for it.
    #[must_use]
    pub const fn holds_a_line(self) -> bool {
        matches!(self, Self::Ticketed | Self::Live(_))
    }
}

const fn rank(state: LiveState) -> u8 {
    match state {
        LiveState::Dialling => 0,
        LiveState::Ringing => 1,
        LiveState::Announcing => 2,
        LiveState::WaitingForAgent => 3,
        LiveState::Talking => 4,
        LiveState::OptedOut => 5,
        LiveState::Ended(_) => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, Stage, rank};
    use idl::lines::LiveState::{
        self, Announcing, Dialling, Ended, OptedOut, Ringing, Talking, WaitingForAgent,
    };
    use proptest::prelude::*;
    use vocab::{EndedBy, FailCause, Outcome};

    const ANSWERED: Outcome = Outcome::Answered { by: EndedBy::Callee };

    #[test]
    fn late_news_never_takes_a_call_back() {
        let mut stage = Stage::Ticketed;
        assert!(stage.step(Input::Line(Announcing)));
        assert!(!stage.step(Input::Line(Ringing)));
        assert_eq!(stage, Stage::Live(Announcing));
    }

    #[test]
    fn a_call_the_line_does_not_know_is_over_and_waits_for_the_vault() {
        let mut stage = Stage::Ticketed;
        assert!(stage.step(Input::UnknownToLine));
        assert_eq!(stage, Stage::Over(None));
        assert!(!stage.holds_a_line());
        assert!(stage.step(Input::Closed(Outcome::Failed(FailCause::Lost))));
        assert_eq!(stage, Stage::Closed(Outcome::Failed(FailCause::Lost)));
    }

    fn any_input() -> impl Strategy<Value = Input> {
        let states = vec![Dialling, Ringing, Announcing, WaitingForAgent, Talking, OptedOut, Ended(ANSWERED)];
        prop_oneof![
            proptest::sample::select(states).prop_map(Input::Line),
            Just(Input::UnknownToLine),
            Just(Input::Closed(ANSWERED)),
        ]
    }

    const fn order(stage: Stage) -> u8 {
        match stage {
            Stage::Ticketed => 0,
            Stage::Live(state) => 1 + rank(state),
            Stage::Over(_) => 20,
            Stage::Closed(_) => 21,
        }
    }

    proptest! {
        #[test]
        fn a_call_only_moves_forward(inputs in proptest::collection::vec(any_input(), 0..40)) {
            let mut stage = Stage::Ticketed;
            for input in inputs {
                let before = stage;
                let changed = stage.step(input);
                prop_assert_eq!(changed, before != stage);
                prop_assert!(order(stage) >= order(before));
            }
        }
    }

    #[test]
    fn every_live_state_has_its_own_rank() {
        let states: [LiveState; 7] =
            [Dialling, Ringing, Announcing, WaitingForAgent, Talking, OptedOut, Ended(ANSWERED)];
        let ranks: std::collections::BTreeSet<u8> = states.into_iter().map(rank).collect();
        assert_eq!(ranks.len(), states.len());
    }
}
