//! The non-INVITE server transaction: RFC 3261 17.2.2.
//!
//! Deliberately not here: messages, clocks and durations; [`super::layer`] performs the actions.
//!
//! | state | input | next | actions |
//! |---|---|---|---|
//! | Trying | user: 1xx | Proceeding | send |
//! | Trying, Proceeding | user: 2xx–6xx | Completed | send; start J |
//! | Proceeding | request again | Proceeding | send again |
//! | Proceeding | user: 1xx | Proceeding | send |
//! | Completed | request again | Completed | send again |
//! | Completed | J | Terminated | |
//! | Proceeding, Completed | transport error | Terminated | transport error |
//!
//! Every pair not in the table changes nothing.

use super::{Action, Timer};

/// The states of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request is with the user; nothing went out.
    Trying,
    /// A provisional response went out.
    Proceeding,
    /// The final response went out; it answers retransmissions.
    Completed,
    /// Gone.
    Terminated,
}

/// What may happen to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The request again.
    Request,
    /// The user answers 1xx.
    SendProvisional,
    /// The user answers 2xx–6xx.
    SendFinal,
    /// Timer J: no more retransmitted requests.
    TimerJ,
    /// The transport could not send.
    TransportError,
}

/// One step of the machine.
pub fn step(state: State, input: Input) -> (State, &'static [Action]) {
    use Action as Do;
    match (state, input) {
        (State::Trying | State::Proceeding, Input::SendProvisional) => (State::Proceeding, &[Do::Send]),
        (State::Trying | State::Proceeding, Input::SendFinal) => {
            (State::Completed, &[Do::Send, Do::Start(Timer::J)])
        }
        (State::Proceeding | State::Completed, Input::Request) => (state, &[Do::SendAgain]),
        (State::Proceeding | State::Completed, Input::TransportError) => {
            (State::Terminated, &[Do::TransportError])
        }
        (State::Completed, Input::TimerJ) => (State::Terminated, &[]),
        (State::Trying, Input::Request | Input::TimerJ | Input::TransportError)
        | (State::Proceeding, Input::TimerJ)
        | (State::Completed, Input::SendProvisional | Input::SendFinal)
        | (
            State::Terminated,
            Input::Request
            | Input::SendProvisional
            | Input::SendFinal
            | Input::TimerJ
            | Input::TransportError,
        ) => (state, &[]),
    }
}
