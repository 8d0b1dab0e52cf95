//! The INVITE server transaction: RFC 3261 17.2.1 as changed by RFC 6026 7.1 and 8.5.
//!
//! Deliberately not here: messages, clocks and durations; [`super::layer`] performs the actions.
//! The user of the transaction repeats its own 2xx until the ACK comes (RFC 3261 13.3.1.4).
//!
//! | state | input | next | actions |
//! |---|---|---|---|
//! | Proceeding | INVITE again | Proceeding | send again (if anything was sent) |
//! | Proceeding | user: 1xx | Proceeding | send |
//! | Proceeding | user: 2xx | Accepted | send; start L |
//! | Proceeding | user: 3xx–6xx | Completed | send; start H; start G if unreliable |
//! | Proceeding, Completed | transport error | Terminated | transport error |
//! | Completed | INVITE again | Completed | send again |
//! | Completed | ACK | Confirmed | stop G, H; start I |
//! | Completed | G | Completed | send again; start G (doubled, at most T2) |
//! | Completed | H | Terminated | timeout |
//! | Accepted | user: 2xx | Accepted | send |
//! | Accepted | ACK | Accepted | deliver |
//! | Accepted | L | Terminated | |
//! | Accepted | transport error | Accepted | transport error |
//! | Confirmed | I | Terminated | |
//!
//! Every pair not in the table changes nothing.

use super::{Action, Timer};

/// The states of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE is with the user; provisional responses may have gone out.
    Proceeding,
    /// A 3xx–6xx went out; its ACK is awaited.
    Completed,
    /// A 2xx went out (RFC 6026): INVITEs are absorbed, ACKs go to the user.
    Accepted,
    /// The ACK of a 3xx–6xx came; further ACKs are absorbed.
    Confirmed,
    /// Gone.
    Terminated,
}

/// What may happen to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The INVITE again.
    Request,
    /// An ACK.
    Ack,
    /// The user answers 1xx.
    SendProvisional,
    /// The user answers 2xx.
    SendSuccess,
    /// The user answers 3xx–6xx.
    SendFailure,
    /// Timer G: retransmit the failure.
    TimerG,
    /// Timer H: no ACK came.
    TimerH,
    /// Timer I: no more ACKs.
    TimerI,
    /// Timer L: no more INVITEs.
    TimerL,
    /// The transport could not send.
    TransportError,
}

/// One step of the machine.
pub fn step(state: State, input: Input, reliable: bool) -> (State, &'static [Action]) {
    use Action as Do;
    match (state, input) {
        (State::Proceeding | State::Completed, Input::Request) => (state, &[Do::SendAgain]),
        (State::Proceeding, Input::SendProvisional) => (State::Proceeding, &[Do::Send]),
        (State::Proceeding, Input::SendSuccess) => (State::Accepted, &[Do::Send, Do::Start(Timer::L)]),
        (State::Proceeding, Input::SendFailure) if reliable => {
            (State::Completed, &[Do::Send, Do::Start(Timer::H)])
        }
        (State::Proceeding, Input::SendFailure) => {
            (State::Completed, &[Do::Send, Do::Start(Timer::H), Do::Start(Timer::G)])
        }
        (State::Proceeding | State::Completed, Input::TransportError) => {
            (State::Terminated, &[Do::TransportError])
        }
        (State::Completed, Input::Ack) => {
            (State::Confirmed, &[Do::Stop(Timer::G), Do::Stop(Timer::H), Do::Start(Timer::I)])
        }
        (State::Completed, Input::TimerG) => (State::Completed, &[Do::SendAgain, Do::Start(Timer::G)]),
        (State::Completed, Input::TimerH) => (State::Terminated, &[Do::Timeout]),
        (State::Accepted, Input::SendSuccess) => (State::Accepted, &[Do::Send]),
        (State::Accepted, Input::Ack) => (State::Accepted, &[Do::Deliver]),
        (State::Accepted, Input::TransportError) => (State::Accepted, &[Do::TransportError]),
        (State::Accepted, Input::TimerL) | (State::Confirmed, Input::TimerI) => (State::Terminated, &[]),
        (State::Proceeding, Input::Ack | Input::TimerG | Input::TimerH | Input::TimerI | Input::TimerL)
        | (
            State::Completed,
            Input::SendProvisional | Input::SendSuccess | Input::SendFailure | Input::TimerI | Input::TimerL,
        )
        | (
            State::Accepted,
            Input::Request
            | Input::SendProvisional
            | Input::SendFailure
            | Input::TimerG
            | Input::TimerH
            | Input::TimerI,
        )
        | (
            State::Confirmed,
            Input::Request
            | Input::Ack
            | Input::SendProvisional
            | Input::SendSuccess
            | Input::SendFailure
            | Input::TimerG
            | Input::TimerH
            | Input::TimerL
            | Input::TransportError,
        )
        | (
            State::Terminated,
            Input::Request
            | Input::Ack
            | Input::SendProvisional
            | Input::SendSuccess
            | Input::SendFailure
            | Input::TimerG
            | Input::TimerH
            | Input::TimerI
            | Input::TimerL
            | Input::TransportError,
        ) => (state, &[]),
    }
}
