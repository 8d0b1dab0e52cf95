//! The non-INVITE client transaction: RFC 3261 17.1.2.2.
//!
//! Deliberately not here: messages, clocks and durations; [`super::layer`] performs the actions.
//!
//! | state | input | next | actions |
//! |---|---|---|---|
//! | — | start | Trying | send; start F; start E if unreliable |
//! | Trying | 1xx | Proceeding | deliver |
//! | Trying, Proceeding | 2xx–6xx | Completed | stop E, F; start K; deliver |
//! | Trying | E | Trying | send again; start E (doubled, at most T2) |
//! | Proceeding | E | Proceeding | send again; start E (T2) |
//! | Trying, Proceeding | F | Terminated | timeout |
//! | Trying, Proceeding | transport error | Terminated | transport error |
//! | Proceeding | 1xx | Proceeding | deliver |
//! | Completed | K | Terminated | |
//!
//! Every pair not in the table changes nothing.

use super::{Action, Timer};

/// The states of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request was sent; nothing came back.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// A final response came; retransmissions of it are absorbed.
    Completed,
    /// Gone.
    Terminated,
}

/// What may happen to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 1xx response.
    Provisional,
    /// A 2xx–6xx response.
    Final,
    /// Timer E: retransmit.
    TimerE,
    /// Timer F: no answer.
    TimerF,
    /// Timer K: no more retransmitted responses.
    TimerK,
    /// The transport could not send.
    TransportError,
}

/// What to do when the transaction is created.
pub fn start(reliable: bool) -> (State, &'static [Action]) {
    if reliable {
        (State::Trying, &[Action::Send, Action::Start(Timer::F)])
    } else {
        (State::Trying, &[Action::Send, Action::Start(Timer::F), Action::Start(Timer::E)])
    }
}

/// One step of the machine.
pub fn step(state: State, input: Input) -> (State, &'static [Action]) {
    use Action as Do;
    match (state, input) {
        (State::Trying | State::Proceeding, Input::Provisional) => (State::Proceeding, &[Do::Deliver]),
        (State::Trying | State::Proceeding, Input::Final) => {
            (State::Completed, &[Do::Stop(Timer::E), Do::Stop(Timer::F), Do::Start(Timer::K), Do::Deliver])
        }
        (State::Trying, Input::TimerE) => (State::Trying, &[Do::SendAgain, Do::Start(Timer::E)]),
        (State::Proceeding, Input::TimerE) => {
            (State::Proceeding, &[Do::SendAgain, Do::StartSlowest(Timer::E)])
        }
        (State::Trying | State::Proceeding, Input::TimerF) => (State::Terminated, &[Do::Timeout]),
        (State::Trying | State::Proceeding, Input::TransportError) => {
            (State::Terminated, &[Do::TransportError])
        }
        (State::Completed, Input::TimerK) => (State::Terminated, &[]),
        (State::Trying | State::Proceeding, Input::TimerK)
        | (
            State::Completed,
            Input::Provisional | Input::Final | Input::TimerE | Input::TimerF | Input::TransportError,
        )
        | (
            State::Terminated,
            Input::Provisional
            | Input::Final
            | Input::TimerE
            | Input::TimerF
            | Input::TimerK
            | Input::TransportError,
        ) => (state, &[]),
    }
}
