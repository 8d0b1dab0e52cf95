//! The four transaction machines of RFC 3261 17 with RFC 6026, and the layer that runs them.
//!
//! Each machine is a pure table: `step(state, input) -> (next, actions)`. The tables stand
//! in the documentation of the modules and the tests walk every row. Deliberately not here:
//! what a request means; that is the business of dialogs, calls and the other users.

mod effect;
pub mod invite_client;
pub mod invite_server;
mod key;
pub mod layer;
mod machine;
pub mod non_invite_client;
pub mod non_invite_server;
#[cfg(test)]
mod tests;

pub use effect::Effect;
pub use layer::{Layer, LayerFull, TxId};

/// What a machine wants done. Durations follow from the timer and [`crate::Timing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the message that came with the input (or that started the machine).
    Send,
    /// Send the last message again.
    SendAgain,
    /// Send the ACK of a 3xx–6xx.
    Ack,
    /// Hand the message to the user.
    Deliver,
    /// Start a timer.
    Start(Timer),
    /// Start a retransmission timer at its slowest pace (T2).
    StartSlowest(Timer),
    /// Stop a timer.
    Stop(Timer),
    /// Tell the user that no answer came.
    Timeout,
    /// Tell the user that the transport failed.
    TransportError,
}

/// The timers of RFC 3261 table 4 and RFC 6026 (C belongs to proxies).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE retransmission.
    A,
    /// INVITE without an answer.
    B,
    /// Wait for retransmitted INVITE failures.
    D,
    /// Non-INVITE retransmission.
    E,
    /// Non-INVITE without an answer.
    F,
    /// INVITE failure retransmission.
    G,
    /// INVITE failure without an ACK.
    H,
    /// Wait for retransmitted ACKs.
    I,
    /// Wait for retransmitted non-INVITE requests.
    J,
    /// Wait for retransmitted non-INVITE responses.
    K,
    /// Wait for retransmitted INVITEs after a 2xx.
    L,
    /// Wait for retransmitted 2xx.
    M,
}
