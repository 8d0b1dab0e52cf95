//! The INVITE client transaction: RFC 3261 17.1.1.2 as changed by RFC 6026 7.2 and 8.4.
//!
//! Deliberately not here: messages, clocks and durations; [`super::layer`] performs the actions.
//!
//! | state | input | next | actions |
//! |---|---|---|---|
//! | — | start | Calling | send; start B; start A if unreliable |
//! | Calling | 1xx | Proceeding | stop A, B; deliver |
//! | Calling | 2xx | Accepted | stop A, B; start M; deliver |
//! | Calling | 3xx–6xx | Completed | stop A, B; start D; ACK; deliver |
//! | Calling | A | Calling | send again; start A (doubled) |
//! | Calling | B | Terminated | timeout |
//! | Calling | transport error | Terminated | transport error |
//! | Proceeding | 1xx | Proceeding | deliver |
//! | Proceeding | 2xx | Accepted | start M; deliver |
//! | Proceeding | 3xx–6xx | Completed | start D; ACK; deliver |
//! | Completed | 3xx–6xx | Completed | ACK |
//! | Completed | D | Terminated | |
//! | Completed | transport error | Terminated | transport error |
//! | Accepted | 2xx | Accepted | deliver |
//! | Accepted | M | Terminated | |
//! | Accepted | transport error | Accepted | transport error |
//!
//! Every pair not in the table changes nothing.

use super::{Action, Timer};

/// The states of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE was sent; nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A 3xx–6xx came and was acknowledged; retransmissions of it are absorbed.
    Completed,
    /// A 2xx came (RFC 6026): further 2xx of any fork still reach the user.
    Accepted,
    /// Gone.
    Terminated,
}

/// What may happen to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 1xx response.
    Provisional,
    /// A 2xx response.
    Success,
    /// A 3xx–6xx response.
    Failure,
    /// Timer A: retransmit.
    TimerA,
    /// Timer B: no answer at all.
    TimerB,
    /// Timer D: no more retransmitted failures.
    TimerD,
    /// Timer M: no more 2xx.
    TimerM,
    /// The transport could not send.
    TransportError,
}

/// What to do when the transaction is created.
pub fn start(reliable: bool) -> (State, &'static [Action]) {
    if reliable {
        (State::Calling, &[Action::Send, Action::Start(Timer::B)])
    } else {
        (State::Calling, &[Action::Send, Action::Start(Timer::B), Action::Start(Timer::A)])
    }
}

/// One step of the machine.
pub fn step(state: State, input: Input) -> (State, &'static [Action]) {
    use Action as Do;
    match (state, input) {
        (State::Calling, Input::Provisional) => {
            (State::Proceeding, &[Do::Stop(Timer::A), Do::Stop(Timer::B), Do::Deliver])
        }
        (State::Calling, Input::Success) => {
            (State::Accepted, &[Do::Stop(Timer::A), Do::Stop(Timer::B), Do::Start(Timer::M), Do::Deliver])
        }
        (State::Calling, Input::Failure) => (
            State::Completed,
            &[Do::Stop(Timer::A), Do::Stop(Timer::B), Do::Start(Timer::D), Do::Ack, Do::Deliver],
        ),
        (State::Calling, Input::TimerA) => (State::Calling, &[Do::SendAgain, Do::Start(Timer::A)]),
        (State::Calling, Input::TimerB) => (State::Terminated, &[Do::Timeout]),
        (State::Calling | State::Completed, Input::TransportError) => {
            (State::Terminated, &[Do::TransportError])
        }
        (State::Proceeding, Input::Provisional) => (State::Proceeding, &[Do::Deliver]),
        (State::Proceeding, Input::Success) => (State::Accepted, &[Do::Start(Timer::M), Do::Deliver]),
        (State::Proceeding, Input::Failure) => {
            (State::Completed, &[Do::Start(Timer::D), Do::Ack, Do::Deliver])
        }
        (State::Completed, Input::Failure) => (State::Completed, &[Do::Ack]),
        (State::Completed, Input::TimerD) | (State::Accepted, Input::TimerM) => (State::Terminated, &[]),
        (State::Accepted, Input::Success) => (State::Accepted, &[Do::Deliver]),
        (State::Accepted, Input::TransportError) => (State::Accepted, &[Do::TransportError]),
        (State::Calling, Input::TimerD | Input::TimerM)
        | (
            State::Proceeding,
            Input::TimerA | Input::TimerB | Input::TimerD | Input::TimerM | Input::TransportError,
        )
        | (
            State::Completed,
            Input::Provisional | Input::Success | Input::TimerA | Input::TimerB | Input::TimerM,
        )
        | (
            State::Accepted,
            Input::Provisional | Input::Failure | Input::TimerA | Input::TimerB | Input::TimerD,
        )
        | (
            State::Terminated,
            Input::Provisional
            | Input::Success
            | Input::Failure
            | Input::TimerA
            | Input::TimerB
            | Input::TimerD
            | Input::TimerM
            | Input::TransportError,
        ) => (state, &[]),
    }
}
