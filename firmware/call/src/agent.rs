//! One agent at work (CAM-15): free, reserved, speaking, writing up. It does not choose calls.
//!
//! | state | ask Ready | ask Break / Out | Reserve | Connected | CallOver | WrittenUp |
//! |---|---|---|---|---|---|---|
//! | Out, Break | Ready | that state | refused | refused | – | – |
//! | Ready | – | that state | Reserved | refused | – | – |
//! | Reserved | forgets the wish | wish | refused | Talking | wish, or Ready | – |
//! | Talking | forgets the wish | wish | refused | – | WrapUp | – |
//! | WrapUp | refused: wrap-up missing | wish | refused | refused | – | wish, or Ready |

use idl::campaign::AgentState;
use thiserror::Error;

/// An agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    state: AgentState,
    wish: Option<Pause>,
}

/// Where an agent wants to go when the present call is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    Break,
    Out,
}

/// What happens to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The agent asks for `Ready`, `Break` or `Out`; other states cannot be asked for.
    Ask(AgentState),
    /// A call is dialled for this agent.
    Reserve,
    /// The customer hears the agent.
    Connected,
    /// The call is over, or was never placed.
    CallOver,
    /// The disposition is durable.
    WrittenUp,
}

/// Why an agent stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The last call has no disposition yet.
    #[error("write up the last call first")]
    WrapUpMissing,
    /// The agent is not free.
    #[error("the agent is not free")]
    NotFree,
    /// This state cannot be asked for.
    #[error("this state cannot be asked for")]
    NotAskable,
}

impl Agent {
    /// An agent in a state, as recorded before a restart or signed out.
    #[must_use]
    pub const fn new(state: AgentState) -> Self {
        Self { state, wish: None }
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> AgentState {
        self.state
    }

    /// One step; says whether the state changed.
    ///
    /// # Errors
    /// [`Refusal`] leaves everything as it was.
    pub fn step(&mut self, input: Input) -> Result<bool, Refusal> {
        let before = self.state;
        match (self.state, input) {
            (_, Input::Ask(AgentState::Reserved | AgentState::Talking | AgentState::WrapUp)) => {
                return Err(Refusal::NotAskable);
            }
            (AgentState::WrapUp, Input::Ask(AgentState::Ready)) => return Err(Refusal::WrapUpMissing),
            (AgentState::Out | AgentState::Break | AgentState::Ready, Input::Ask(asked)) => {
                self.state = asked
            }
            (AgentState::Reserved | AgentState::Talking | AgentState::WrapUp, Input::Ask(asked)) => {
                self.wish = pause(asked);
            }
            (AgentState::Ready, Input::Reserve) => self.state = AgentState::Reserved,
            (AgentState::WrapUp, Input::Reserve) => return Err(Refusal::WrapUpMissing),
            (
                AgentState::Out | AgentState::Break | AgentState::Reserved | AgentState::Talking,
                Input::Reserve,
            ) => {
                return Err(Refusal::NotFree);
            }
            (AgentState::Reserved, Input::Connected) => self.state = AgentState::Talking,
            (AgentState::Talking, Input::Connected) => {}
            (
                AgentState::Out | AgentState::Break | AgentState::Ready | AgentState::WrapUp,
                Input::Connected,
            ) => {
                return Err(Refusal::NotFree);
            }
            (AgentState::Reserved, Input::CallOver) | (AgentState::WrapUp, Input::WrittenUp) => self.rest(),
            (AgentState::Talking, Input::CallOver) => self.state = AgentState::WrapUp,
            (
                AgentState::Out | AgentState::Break | AgentState::Ready | AgentState::WrapUp,
                Input::CallOver,
            ) => {}
            (
                AgentState::Out
                | AgentState::Break
                | AgentState::Ready
                | AgentState::Reserved
                | AgentState::Talking,
                Input::WrittenUp,
            ) => {}
        }
        Ok(self.state != before)
    }

    fn rest(&mut self) {
        self.state = match self.wish.take() {
            None => AgentState::Ready,
            Some(Pause::Break) => AgentState::Break,
            Some(Pause::Out) => AgentState::Out,
        };
    }
}

const fn pause(asked: AgentState) -> Option<Pause> {
    match asked {
        AgentState::Break => Some(Pause::Break),
        AgentState::Out => Some(Pause::Out),
        AgentState::Ready | AgentState::Reserved | AgentState::Talking | AgentState::WrapUp => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Agent, Input, Refusal};
    use idl::campaign::AgentState::{self, Break, Out, Ready, Reserved, Talking, WrapUp};
    use proptest::prelude::*;

    fn after(state: AgentState, inputs: &[Input]) -> AgentState {
        let mut agent = Agent::new(state);
        for &input in inputs {
            agent.step(input).expect("the table allows it");
        }
        agent.state()
    }

    #[test]
    fn cam_15_an_agent_without_a_disposition_gets_no_next_call() {
        let mut agent = Agent::new(Ready);
        for input in [Input::Reserve, Input::Connected, Input::CallOver] {
            agent.step(input).expect("a call");
        }
        assert_eq!(agent.state(), WrapUp);
        assert_eq!(agent.step(Input::Reserve), Err(Refusal::WrapUpMissing));
        assert_eq!(agent.step(Input::Ask(Ready)), Err(Refusal::WrapUpMissing));
        assert_eq!(agent.step(Input::WrittenUp), Ok(true));
        assert_eq!(agent.state(), Ready);
    }

    #[test]
    fn an_agent_who_asked_for_a_break_gets_it_after_the_wrap_up() {
        let inputs = [Input::Reserve, Input::Connected, Input::Ask(Break), Input::CallOver, Input::WrittenUp];
        assert_eq!(after(Ready, &inputs), Break);
    }

    #[test]
    fn a_call_that_never_reached_the_agent_needs_no_wrap_up() {
        assert_eq!(after(Ready, &[Input::Reserve, Input::CallOver]), Ready);
        assert_eq!(after(Ready, &[Input::Reserve, Input::Ask(Out), Input::CallOver]), Out);
        assert_eq!(
            after(Ready, &[Input::Reserve, Input::Ask(Out), Input::Ask(Ready), Input::CallOver]),
            Ready
        );
    }

    #[test]
    fn states_that_only_a_call_makes_cannot_be_asked_for() {
        for asked in [Reserved, Talking, WrapUp] {
            assert_eq!(Agent::new(Ready).step(Input::Ask(asked)), Err(Refusal::NotAskable));
        }
    }

    fn any_input() -> impl Strategy<Value = Input> {
        prop_oneof![
            proptest::sample::select(vec![Out, Break, Ready, Reserved, Talking, WrapUp]).prop_map(Input::Ask),
            Just(Input::Reserve),
            Just(Input::Connected),
            Just(Input::CallOver),
            Just(Input::WrittenUp),
        ]
    }

    proptest! {
        #[test]
        fn cam_15_no_history_lets_a_call_follow_a_talk_without_its_wrap_up(
            inputs in proptest::collection::vec(any_input(), 0..64),
        ) {
            let mut agent = Agent::new(Out);
            let mut owed = false;
            for input in inputs {
                let before = agent.state();
                let done = agent.step(input);
                if agent.state() == Talking { owed = true; }
                if before == WrapUp && input == Input::WrittenUp { owed = false; }
                if input == Input::Reserve && done.is_ok() { prop_assert!(!owed); }
                if done.is_err() { prop_assert_eq!(agent.state(), before); }
            }
        }
    }
}
